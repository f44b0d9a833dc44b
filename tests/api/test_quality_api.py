"""Quality over HTTP: lots, nonconformities, plans and templates, what stands behind them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

import inspecting
import planning
from punctual.domain.quality.models import Gauge, Inspection, QualityTemplate
from punctual.domain.quality.services.charts import ChartIn, put_chart
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]


def send(client: Client, verb: str, path: str, **body: object) -> tuple[int, dict]:  # type: ignore[type-arg]
    answer = getattr(client, verb)(f"/api/v1{path}", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json() if answer.content else {}


def codes(problem: dict) -> set[str]:  # type: ignore[type-arg]
    return {one["code"] for one in problem["reasons"]}


class TestLots:
    def test_who_may_not_gets_a_problem_and_nothing_changes(self, person: Person, signed_in: SignedIn) -> None:
        client = signed_in("sales")
        status, problem = send(client, "post", "/inspections", stage="iqc", item_name="轴", lot_size=320, aql=1)
        assert (status, problem["code"]) == (403, "permission.missing")
        status, problem = send(
            signed_in("quality"), "post", "/inspections", stage="iqc", item_name="轴", lot_size=0, aql=0.5
        )
        assert status == 422
        assert {one["code"] for one in problem["reasons"]} >= {"inspection.lot_size", "sampling.unknown_aql"}
        assert not Inspection.objects.exists()

    def test_from_the_lot_to_the_closed_nonconformity(self, person: Person, signed_in: SignedIn) -> None:
        planning.company_calendar()
        client = signed_in("quality")
        status, lot = send(client, "post", "/inspections", stage="iqc", item_name="导向轴", lot_size=320, aql=1)
        assert (status, lot["code_letter"], lot["sample_size"], lot["ac"]) == (201, "H", 50, 1)
        assert lot["verified"]
        send(client, "post", f"/inspections/{lot['id']}/results", inspected=50, nonconforming=2)
        status, lot = send(client, "post", f"/inspections/{lot['id']}/submit")
        assert (status, lot["state"]) == (200, "rejected")
        ncr = client.get("/api/v1/nonconformities").json()["items"][0]
        assert [ncr["number"]] == lot["nonconformities"]
        base = f"/nonconformities/{ncr['id']}"
        assert send(client, "post", f"{base}/verify", note="x")[0] == 422
        send(client, "post", f"{base}/contain", places=[{"place": "仓库", "action": "隔离", "quantity": 320}])
        send(client, "post", f"{base}/dispose", disposition="scrap", cause="supplier", cost=10)
        send(client, "post", f"{base}/verify", note="已报废")
        status, ncr = send(client, "post", f"{base}/close")
        assert (status, ncr["state"], ncr["cost"]) == (200, "closed", "10.00")
        status, capa = send(client, "post", "/corrective-actions", title="外径超差", nonconformity=ncr["id"])
        assert (status, len(capa["steps"])) == (201, 9)


class TestStandingRecords:
    def test_who_may_not_look_gets_a_problem(self, person: Person, signed_in: SignedIn) -> None:
        client = signed_in("worker")
        for path in ("inspection-severities", "control-charts", "quality-reviews", "quality-figures"):
            assert client.get(f"/api/v1/{path}").status_code == 403, path
        assert client.get("/api/v1/gauges").status_code == 200
        body = json.dumps({"code": "X", "name": "x", "unit": "mm"})
        assert client.post("/api/v1/gauges", body, content_type="application/json").status_code == 403
        assert not Gauge.objects.exists()

    def test_gauges_severities_charts_reviews_and_figures_are_read_and_written(
        self, person: Person, signed_in: SignedIn
    ) -> None:
        planning.company_calendar()
        client, quality = signed_in("quality"), person("quality")

        status, gauge = send(client, "post", "/gauges", code="CAL-9", name="卡尺", unit="mm", maximum="300")
        status, changed = send(client, "put", f"/gauges/{gauge['id']}", **gauge_body(gauge, place="检验室"))
        assert (changed["place"], changed["version"]) == ("检验室", 2)
        inspecting.found(quality, inspecting.inspection(quality), inspected=50, bad=2)
        row = client.get("/api/v1/inspection-severities").json()["items"][0]
        assert (row["item"], row["severity"]) == ("GS-20", "normal")
        assert client.get(f"/api/v1/inspection-severities/{row['id']}").json()["history"] == []
        figures = client.get("/api/v1/quality-figures?days=30").json()
        assert (figures["lots"], figures["first_pass_yield"], figures["ppm"]) == (1, 0.0, 40000)
        chart = put_chart(actor=quality, given=ChartIn("C-1", "一次合格", "p", item_key="GS-20"))
        full = client.get(f"/api/v1/control-charts/{chart.pk}").json()
        assert [point["inspection"] for point in full["points"]] in ([], ["IQC-2026-0001"])
        audit = {"title": "过程审核", "kind": "process", "planned_on": "2026-12-01", "every_months": 6}
        status, made = send(client, "post", "/quality-reviews", **audit)
        assert status == 201
        assert (made["state"], made["every_months"]) == ("planned", 6)


def gauge_body(gauge: dict, **more: object) -> dict:  # type: ignore[type-arg]
    return {name: value for name, value in gauge.items() if name != "id"} | more


POINT = {
    "name": "装配检",
    "stage": "ipqc",
    "sampling": "aql",
    "aql": "1.0",
    "hold": "hold",
    "characteristics": [
        {"name": "外径", "kind": "measured", "unit": "mm", "lower": "19.987", "upper": "20", "gauge": "MIC-01"},
        {"name": "外观"},
    ],
}


class TestTemplates:
    def test_only_quality_changes_templates(self, signed_in: SignedIn) -> None:
        for role in ("sales", "order_manager", "worker"):
            client = signed_in(role)
            assert send(client, "post", "/quality-templates", code="T9", name="检测机")[0] == 403
        assert client.get("/api/v1/quality-templates").status_code == 403
        assert not QualityTemplate.objects.exists()

    def test_a_template_with_its_points_is_made_changed_and_used(self, person: Person, signed_in: SignedIn) -> None:
        product, client = planning.product(), signed_in("quality")
        assert send(client, "post", "/quality-templates", code="T9", name="x", product=99999)[0] == 404
        status, problem = send(client, "post", "/quality-templates", code="a b", name="")
        assert (status, codes(problem)) == (422, {"quality_template.code.form", "quality_template.name.missing"})
        status, made = send(client, "post", "/quality-templates", code="T9", name="检测机", product=product.pk)
        assert (status, made["version"]) == (201, 1)
        base = f"/quality-templates/{made['id']}"
        wrong = POINT | {"level": "X" * 300, "characteristics": [POINT["characteristics"][0]]}
        status, problem = send(client, "post", f"{base}/points", **wrong)
        assert (status, codes(problem)) == (422, {"point.level", "sampling.unknown_level", "characteristic.gauge"})
        inspecting.gauge()
        status, made = send(client, "post", f"{base}/points", **POINT, task_words="装配", version=1)
        assert (status, made["version"], made["points"][0]["characteristics"][0]["gauge"]) == (201, 2, "MIC-01")
        assert send(client, "post", f"{base}/points", **POINT, version=1)[0] == 409
        point = made["points"][0]
        changed = POINT | {"hold": "witness", "characteristics": [{"name": "外观"}]}
        status, made = send(client, "put", f"{base}/points/{point['id']}", **changed, task_words="装配")
        assert [(one["hold"], len(one["characteristics"])) for one in made["points"]] == [("witness", 1)]
        assert send(client, "put", base, code="T9", name="检测台", product=product.pk, version=1)[0] == 409
        assert send(client, "put", base, code="T9", name="检测台", product=product.pk)[1]["name"] == "检测台"
        order = planning.order((product, 2))
        status, plan = send(client, "post", f"/quality-plans/{order.key}")
        assert (status, [(one["name"], one["line"]) for one in plan["points"]]) == (
            201,
            [("装配检", order.lines.get().pk)],
        )
        assert client.delete(f"/api/v1{base}/points/{point['id']}").status_code == 204
        assert client.get(f"/api/v1{base}").json()["points"] == []
        assert client.get("/api/v1/quality-templates").json()["items"][0]["points"] == 0


class TestPlans:
    def test_a_plan_is_read_revised_changed_and_approved(self, person: Person, signed_in: SignedIn) -> None:
        control = inspecting.quality_plan(planning.plan(person("planner")))
        base = f"/quality-plans/{control.plan.order.key}"
        client = signed_in("sales")
        read = client.get(f"/api/v1{base}").json()
        assert (read["state"], read["uncovered"], read["points"][0]["task"]) == ("approved", ["节拍"], control.task_id)
        assert [one["target"] for one in read["gates"]] == [control.pk]
        for path, body in (("/points", POINT), ("/revise", {"reason": "x"}), ("/approve", {})):
            assert send(client, "post", base + path, **body)[0] == 403, path
        client = signed_in("order_manager")
        inspecting.gauge()
        assert codes(send(client, "post", f"{base}/points", **POINT)[1]) == {"quality_plan.state.change"}
        assert codes(send(client, "post", f"{base}/revise", reason=" ")[1]) == {"quality_plan.reason"}
        status, plan = send(client, "post", f"{base}/revise", reason="客户要加一道检验", version=read["version"])
        assert (status, plan["revision"], plan["state"]) == (200, 2, "draft")
        other = planning.order((planning.product(), 1), number="SO-2026-00002").lines.get()
        assert codes(send(client, "post", f"{base}/points", **POINT, line=other.pk)[1]) == {"point.of_other_order"}
        assert send(client, "post", f"{base}/points", **POINT, version=read["version"])[0] == 409
        shows = control.standards.values_list("pk", flat=True)
        status, plan = send(client, "post", f"{base}/points", **POINT, task=control.task_id, standards=list(shows))
        assert (status, len(plan["points"])) == (201, 2)
        point = plan["points"][1]["id"]
        status, plan = send(client, "put", f"{base}/points/{point}", **POINT | {"name": "终检", "stage": "fqc"})
        assert (plan["points"][1]["name"], plan["points"][1]["standards"]) == ("终检", [])
        assert send(client, "put", f"{base}/points/999999", **POINT)[0] == 404
        assert send(client, "post", f"{base}/approve")[0] == 403
        status, plan = send(signed_in("manager"), "post", f"{base}/approve", version=plan["version"])
        assert (status, plan["state"], plan["approved_by"]) == (200, "approved", str(person("manager")))
        kept = client.get(f"/api/v1{base}/revisions").json()["items"]
        assert [(one["number"], len(one["points"])) for one in kept] == [(2, 2)]
        assert client.delete(f"/api/v1{base}/points/{point}").status_code == 403
        assert [one["points"] for one in client.get("/api/v1/quality-plans?state=approved").json()["items"]] == [2]

    def test_a_gate_is_let_pass_by_name_and_stops_again(self, person: Person, signed_in: SignedIn) -> None:
        control = inspecting.quality_plan(planning.plan(person("planner")))
        base = f"/quality-plans/{control.plan.order.key}"
        pass_it = {"kind": "hold", "target": control.pk, "reason": "客户已电话同意"}
        assert send(signed_in("order_manager"), "post", f"{base}/concessions", **pass_it)[0] == 403
        client = signed_in("manager")
        plan = send(client, "post", f"{base}/concessions", **pass_it)[1]
        assert plan["gates"][0]["conceded_by"] == str(person("manager"))
        gone = f"/api/v1{base}/concessions/{plan['gates'][0]['concession']}"
        assert client.delete(gone).status_code == 204
        assert client.delete(gone).status_code == 404
        assert client.get(f"/api/v1{base}").json()["gates"][0]["conceded_by"] is None
