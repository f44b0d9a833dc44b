"""Pages of quality: what is refused where it was typed, what is shown, what is one's own, how much SQL."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal

import pdfplumber
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import inspecting
import planning
from punctual.domain.quality.models import Inspection, Nonconformity, QualityTemplate
from punctual.domain.quality.services.capas import give_link, open_capa, token_of
from punctual.domain.quality.services.gauges import GaugeIn, put_gauge
from punctual.domain.quality.services.inspections import attach_to_inspection
from punctual.domain.quality.services.ncrs import LossIn, attach_to_ncr, book_loss, draft_debit_note
from punctual.domain.quality.services.plans import make_quality_plan
from punctual.domain.quality.services.results import ResultsIn, enter_results
from punctual.platform.accounts.models import User
from punctual.platform.attachments.services import attachments_of

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]
TODAY = inspecting.TODAY


def words_of(paper: bytes) -> str:
    with pdfplumber.open(io.BytesIO(paper)) as found:
        return "".join(page.extract_text() for page in found.pages)


def measured(person: Person) -> Inspection:
    inspecting.gauge(calibration_due=dt.date(2099, 1, 1))
    return inspecting.inspection(person("quality"), characteristics=[inspecting.shaft_item()])


class TestRefusals:
    def test_a_wrong_value_comes_back_with_its_reason_and_what_was_typed(
        self, person: Person, signed_in: SignedIn
    ) -> None:
        one = measured(person)
        item = one.items.get()
        answer = signed_in("quality").post(
            f"/inspections/{one.pk}/save/",
            {"version": 1, "unit": 1, "inspected": "3", "nonconforming": "0", f"value-{item.pk}": "26"},
        )
        assert answer.status_code == 422
        text = answer.content.decode()
        assert "MIC-01" in text
        assert 'value="26"' in text
        one.refresh_from_db()
        assert one.version == 1

    def test_a_stale_form_is_a_conflict_that_shows_what_changed(self, person: Person, signed_in: SignedIn) -> None:
        one = measured(person)
        enter_results(actor=person("quality"), inspection_id=one.pk, results=ResultsIn(7, 0), today=TODAY)
        answer = signed_in("quality").post(f"/inspections/{one.pk}/save/", {"version": 1, "inspected": "5"})
        assert answer.status_code == 409
        one.refresh_from_db()
        assert one.inspected == 7

    def test_the_second_inspector_sees_what_the_first_entered_and_keeps_what_was_typed(
        self, person: Person, signed_in: SignedIn
    ) -> None:
        one = inspecting.inspection(person("quality"), role="worker")
        enter_results(actor=person("worker"), inspection_id=one.pk, results=ResultsIn(7, 1), today=TODAY)
        typed = {"version": 2, "inspected": "41", "nonconforming": "3", "note": "看过两遍"}
        answer = signed_in("quality").post(f"/inspections/{one.pk}/save/", typed)
        text = answer.content.decode()
        assert answer.status_code == 409
        assert 'name="take_over"' in text
        assert "<b>7</b>" in text
        for kept in ('value="41"', 'value="3"', "看过两遍"):
            assert kept in text
        one.refresh_from_db()
        assert (one.inspected, one.nonconforming) == (7, 1)
        signed_in("quality").post(f"/inspections/{one.pk}/save/", typed | {"take_over": "1"})
        one.refresh_from_db()
        assert (one.inspected, one.inspector) == (41, person("quality"))

    def test_a_refused_submit_can_be_mended_and_sent_again(self, person: Person, signed_in: SignedIn) -> None:
        """The refused page names the version that stands, though what was entered is taken back with the refusal."""
        plan = inspecting.quality_plan(planning.plan(person("order_manager")), evidence="FAT 记录")
        one = inspecting.inspection(person("quality"), point=plan)
        client, address = signed_in("quality"), f"/inspections/{one.pk}/save/"
        typed = {"inspected": str(one.sample_size), "nonconforming": "0", "submit": "1"}
        refused = client.post(address, {**typed, "version": "1", "form_key": "first"})
        assert refused.status_code == 422
        shown = re.search(r'name="version" value="(\d+)"', refused.content.decode())
        assert shown
        photo = io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"0" * 20)
        photo.name = "FAT.png"
        again = {**typed, "version": shown[1], "form_key": "second", "photo": photo}
        assert client.post(address, again).status_code == 302
        one.refresh_from_db()
        assert one.judged_at is not None

    def test_text_where_a_number_belongs_is_refused_not_an_error(self, person: Person, signed_in: SignedIn) -> None:
        one = measured(person)
        client = signed_in("quality")
        for field, wrong in (("inspected", "viele"), ("nonconforming", "1.5"), ("inspected", "9" * 40)):
            answer = client.post(f"/inspections/{one.pk}/save/", {"version": 1, field: wrong})
            assert answer.status_code == 422, (field, wrong)
        assert client.post("/inspections/new/", {"lot_size": "0", "item_name": "x", "stage": "iqc"}).status_code == 422
        assert client.post("/ncr/new/", {"title": ""}).status_code == 422
        assert not Nonconformity.objects.exists()

    def test_a_worker_finds_no_workbench_and_no_lot_of_others(self, person: Person, signed_in: SignedIn) -> None:
        hidden = measured(person)
        mine = inspecting.inspection(person("quality"), role="worker")
        client = signed_in("worker")
        assert client.get("/quality/").status_code == 403
        assert client.get(f"/inspections/{hidden.pk}/").status_code == 404
        assert client.get(f"/inspections/{mine.pk}/").status_code == 200
        assert hidden.number not in client.get("/inspections/").content.decode()

    def test_money_is_not_shown_to_those_who_may_not_see_it(self, person: Person, signed_in: SignedIn) -> None:
        one = inspecting.ncr(person("quality"))
        Nonconformity.objects.filter(pk=one.pk).update(cost=Decimal("98765"))
        assert "98,765" not in signed_in("planner").get(f"/ncr/{one.pk}/").content.decode()
        assert "98,765" in signed_in("finance").get(f"/ncr/{one.pk}/").content.decode()


class TestPages:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_every_page_opens_in_both_languages(self, person: Person, signed_in: SignedIn, language: str) -> None:
        plan = planning.plan(person("planner"))
        point = inspecting.quality_plan(plan)
        one = inspecting.contained(person("quality"), inspecting.ncr(person("quality"), plan))
        capa = open_capa(actor=person("quality"), title="气孔", today=TODAY, ncr=one)
        lot = measured(person)
        gauge = put_gauge(actor=person("quality"), given=GaugeIn("CAL-02", "卡尺", "mm"))
        client = signed_in("quality")
        client.cookies["django_language"] = language
        order = plan.order.key
        for address in (
            "/quality/", "/quality/?days=365", "/inspections/", "/inspections/new/", f"/inspections/{lot.pk}/?unit=2",
            "/ncr/", "/ncr/new/", f"/ncr/new/?order={order}", f"/ncr/{one.pk}/", "/8d/", "/8d/new/", f"/8d/{capa.pk}/",
            f"/8d/{capa.pk}/?step=5", "/charts/", "/quality/plans/", f"/quality/plans/{order}/", "/quality/severity/",
            "/quality/severity/new/", "/quality/reviews/", "/quality/reviews/new/", "/quality/gauges/",
            "/quality/gauges/new/", f"/quality/gauges/{gauge.pk}/", "/quality/templates/", f"/orders/{order}/",
            f"/orders/{order}/later/",
            f"/ncr/{one.pk}/preview/?disposition=rework&work=2&recheck=0.5",
        ):  # fmt: skip
            assert client.get(address).status_code == 200, address
        assert point.name in client.get(f"/quality/plans/{order}/").content.decode()

    def test_counting_up_works_without_a_script(self, person: Person, signed_in: SignedIn) -> None:
        one = inspecting.inspection(person("quality"))
        form = {"inspected": "50", "nonconforming": "0", "defect-name": ["划伤"], "defect-count-0": "0"}
        client = signed_in("quality")
        client.post(f"/inspections/{one.pk}/save/", {**form, "bump": "划伤"})
        client.post(f"/inspections/{one.pk}/save/", {"nonconforming": "1", "inspected": "50", "step": "+1"})
        one.refresh_from_db()
        assert one.nonconforming == 2

    def test_submitting_a_rejected_lot_leads_to_its_nonconformity(self, person: Person, signed_in: SignedIn) -> None:
        one = inspecting.inspection(person("quality"))
        answer = signed_in("quality").post(
            f"/inspections/{one.pk}/save/", {"inspected": "50", "nonconforming": "2", "submit": "1"}
        )
        ncr = Nonconformity.objects.get()
        assert answer.headers["Location"] == f"/ncr/{ncr.pk}/"

    def test_report_and_8d_are_papers_in_both_languages(self, person: Person, signed_in: SignedIn) -> None:
        one = inspecting.inspection(person("quality"))
        client = signed_in("quality")
        assert client.get(f"/inspections/{one.pk}/report.pdf").status_code == 422
        inspecting.found(person("quality"), one, inspected=50, bad=0)
        capa = open_capa(actor=person("quality"), title="外径超差", today=TODAY)
        for language, words in (("zh-hans", "检验报告"), ("en", "Inspection report")):
            client.cookies["django_language"] = language
            text = words_of(client.get(f"/inspections/{one.pk}/report.pdf").content)
            assert words in text
            assert one.number in text
            assert capa.number in words_of(client.get(f"/8d/{capa.pk}/report.pdf").content)

    def test_a_debit_note_goes_to_the_supplier_in_either_language_from_those_who_see_money(
        self, person: Person, signed_in: SignedIn
    ) -> None:
        one = inspecting.ncr(person("quality"), supplier=inspecting.supplier(), item_name="导向轴")
        note = draft_debit_note(one, person("quality"), Decimal("2100.50"), TODAY)
        address = f"/ncr/{one.pk}/debit-notes/{note.pk}.pdf"
        for role, status in (("sales", 403), ("worker", 403)):
            assert signed_in(role).get(address).status_code == status
        client = signed_in("finance")
        other = inspecting.ncr(person("quality"))
        assert client.get(f"/ncr/{other.pk}/debit-notes/{note.pk}.pdf").status_code == 404
        assert address in client.get(f"/ncr/{one.pk}/").content.decode()
        for language, words in (("zh-hans", "扣款通知单"), ("en", "Debit note"), ("xx", "扣款通知单")):
            text = words_of(client.get(f"{address}?language={language}").content)
            for found in (words, note.number, one.number, "2,100.50", "东莞轴业", "导向轴"):
                assert found in text, (language, found)

    def test_photos_and_documents_of_a_lot_stand_in_one_place_each(self, person: Person, signed_in: SignedIn) -> None:
        one = inspecting.inspection(person("quality"), needs_certificate=True)
        for name, kind in (("划痕.png", False), ("材质证明.pdf", True)):
            attach_to_inspection(
                actor=person("quality"), inspection_id=one.pk, file=io.BytesIO(b"x"), name=name, is_certificate=kind
            )
        shown = signed_in("quality").get(f"/inspections/{one.pk}/").content.decode()
        photos, documents = shown.split("qstory")[0].split('id="documents"')
        assert ("划痕.png" in photos, "材质证明.pdf" in photos) == (True, False)
        assert ("划痕.png" in documents, "材质证明.pdf" in documents) == (False, True)

    def test_the_workbench_goes_out_as_excel_and_pdf(self, person: Person, signed_in: SignedIn) -> None:
        inspecting.found(person("quality"), inspecting.inspection(person("quality")), inspected=50, bad=1)
        client = signed_in("manager")
        assert client.get("/quality/?export=xlsx").content[:2] == b"PK"
        assert client.get("/quality/?export=pdf").content[:4] == b"%PDF"
        assert client.get("/inspections/?export=csv").status_code == 200

    def test_the_suppliers_page_needs_no_sign_in_and_shows_nothing_else(self, person: Person, client: Client) -> None:
        ncr = inspecting.ncr(person("quality"), supplier=inspecting.supplier(), title="外径超差")
        capa = open_capa(actor=person("quality"), title="外径超差", today=dt.date.today(), ncr=ncr)  # noqa: DTZ011
        other = open_capa(actor=person("quality"), title="别家的问题", today=TODAY)
        capa = give_link(actor=person("quality"), capa_id=capa.pk, today=dt.date.today())  # noqa: DTZ011
        address = f"/supplier/8d/{token_of(capa)}/"
        page = client.get(address)
        assert page.status_code == 200
        assert other.title not in page.content.decode()
        assert client.get("/supplier/8d/forged/").status_code == 404
        assert client.get(f"/8d/{capa.pk}/").status_code == 302
        assert client.post(address, {"step": "0", "text": "x", "done": "1"}).status_code == 422
        assert client.post(address, {"step": "5", "text": "换砂轮后首件对刀"}).status_code == 302
        assert capa.disciplines.get(number=5).by_supplier

    def test_lists_take_the_same_sql_for_two_rows_as_for_many(self, person: Person, signed_in: SignedIn) -> None:
        client = signed_in("quality")

        def count(address: str) -> int:
            client.get(address)
            with CaptureQueriesContext(connection) as taken:
                assert client.get(address).status_code == 200
            return len(taken)

        def more() -> None:
            for _ in range(3):
                inspecting.inspection(person("quality"))
                one = inspecting.ncr(person("quality"), supplier=inspecting.supplier())
                open_capa(actor=person("quality"), title="x", today=TODAY, ncr=one)

        more()
        addresses = ("/inspections/", "/ncr/", "/8d/", "/quality/gauges/")
        before = {address: count(address) for address in addresses}
        more()
        more()
        assert {address: count(address) for address in addresses} == before


class TestTemplatesAndCharts:
    def test_a_template_is_made_on_its_page_and_the_next_order_is_inspected_by_it(
        self, person: Person, signed_in: SignedIn
    ) -> None:
        product = planning.product()
        assert signed_in("planner").post("/quality/templates/new/", {"code": "T9", "name": "x"}).status_code == 403
        desk = signed_in("quality")
        refused = desk.post("/quality/templates/new/", {"code": "T9", "name": ""})
        assert (refused.status_code, QualityTemplate.objects.count()) == (422, 0)
        desk.post("/quality/templates/new/", {"code": "T9", "name": "检测机", "product": str(product.pk)})
        made = QualityTemplate.objects.get()
        point = {
            "version": "1", "name": "装配检", "stage": "ipqc", "anchor": "task", "defect_class": "major",
            "sampling": "all", "hold": "hold", "role": "quality", "level": "II", "task_words": "装配", "rows": "1",
            "name-0": "外径", "kind-0": "measured", "defect_class-0": "major", "unit-0": "mm", "lower-0": "1",
            "upper-0": "2", "chart-0": "C9",
        }  # fmt: skip
        refused = desk.post(f"/quality/templates/{made.pk}/points/new/", point)
        assert (refused.status_code, made.points.count()) == (422, 0)
        chart = {"code": "C9", "name": "外径", "type": "xbar-r", "subgroup_size": "5", "lower": "1", "upper": "2"}
        assert desk.post("/charts/new/", chart | {"subgroup_size": "1"}).status_code == 422
        desk.post("/charts/new/", chart)
        desk.post(f"/quality/templates/{made.pk}/points/new/", point)
        plan = make_quality_plan(order=planning.order((product, 2)), actor=person("quality"))
        assert [(one.name, one.hold) for one in plan.points.all()] == [("装配检", "hold")]
        assert plan.points.get().characteristics.get().chart.code == "C9"
        for page in (f"/quality/templates/{made.pk}/", f"/quality/templates/{made.pk}/edit/", "/charts/new/"):
            assert desk.get(page).status_code == 200
        stands = made.points.get().pk
        assert desk.get(f"/quality/templates/{made.pk}/points/{stands}/").status_code == 200
        desk.post(f"/quality/templates/{made.pk}/points/{stands}/", {"remove": "1", "version": "2"})
        assert not made.points.exists()

    def test_a_second_template_for_the_same_product_is_refused_with_the_first_one_named(
        self, signed_in: SignedIn
    ) -> None:
        product, desk = planning.product(), signed_in("quality")
        for code in ("T1", "T2"):
            answer = desk.post("/quality/templates/new/", {"code": code, "name": "x", "product": str(product.pk)})
        assert answer.status_code == 422
        assert "T1" in answer.content.decode()
        assert QualityTemplate.objects.count() == 1


def test_costs_drill_down_to_their_rows_for_those_who_may_see_money(person: Person, signed_in: SignedIn) -> None:
    one = inspecting.ncr(person("quality"))
    book_loss(actor=person("quality"), ncr_id=one.pk, loss=LossIn("返工", Decimal(120)), today=timezone.localdate())
    assert signed_in("sales").get("/quality/costs/").status_code == 403
    client = signed_in("quality")
    shown = client.get("/quality/costs/?kind=internal&days=30").content.decode()
    assert one.number in shown
    assert one.number not in client.get("/quality/costs/?kind=external").content.decode()
    assert "kind=internal" in client.get("/quality/").content.decode()


def test_photos_are_shown_other_files_are_only_downloaded(person: Person, signed_in: SignedIn) -> None:
    one = inspecting.ncr(person("quality"))
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    for name, content in (("划痕.png", picture), ("脚本.png", b"<script>alert(1)</script>")):
        attach_to_ncr(actor=person("quality"), ncr_id=one.pk, file=io.BytesIO(content), name=name)
    client = signed_in("quality")
    assert client.get(f"/ncr/{one.pk}/").content.decode().count("<img ") >= 2
    false, true = attachments_of(one)
    shown = client.get(f"/ncr/{one.pk}/files/{true.pk}/?show=1")
    assert (shown["Content-Type"], shown.content) == ("image/png", picture)
    for address in (f"/ncr/{one.pk}/files/{false.pk}/?show=1", f"/ncr/{one.pk}/files/{true.pk}/"):
        assert "attachment" in client.get(address)["Content-Disposition"]


def test_what_was_photographed_at_the_inspection_stands_on_its_nonconformity(
    person: Person, signed_in: SignedIn
) -> None:
    lot = inspecting.inspection(person("quality"))
    picture = io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    attach_to_inspection(actor=person("quality"), inspection_id=lot.pk, file=picture, name="流挂.png")
    inspecting.found(person("quality"), lot, inspected=lot.sample_size, bad=lot.sample_size)
    shown = signed_in("quality").get(f"/ncr/{lot.nonconformities.get().pk}/").content.decode()
    assert f"/inspections/{lot.pk}/files/{attachments_of(lot)[0].pk}/?show=1" in shown


def test_suppliers_products_and_customers_show_their_quality(person: Person, signed_in: SignedIn) -> None:
    quality = person("quality")
    judged = inspecting.found(quality, inspecting.inspection(quality), inspected=50, bad=2)
    assert judged.ncr is not None
    plan = planning.plan(person("planner"))
    ordered = inspecting.ncr(quality, plan)
    client = signed_in("quality")
    shown = client.get(f"/suppliers/{inspecting.supplier().pk}/").content.decode()
    for text in (judged.ncr.number, "40000", "/quality/severity/"):
        assert text in shown
    assert plan.order.customer is not None
    assert ordered.number in client.get(f"/customers/{plan.order.customer.pk}/").content.decode()
    assert judged.ncr.number not in signed_in("worker").get(f"/suppliers/{inspecting.supplier().pk}/").content.decode()
