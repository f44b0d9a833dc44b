"""Quality plans, control charts, reviews, gauges and figures: who may not, what is wrong, then what happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

import inspecting
import planning
from punctual.domain.actions.models import ActionItem
from punctual.domain.plans.models import DeliveryStandard
from punctual.domain.quality import selectors
from punctual.domain.quality.dashboard import first_pass_yield, pareto, period_of, ppm_by_supplier
from punctual.domain.quality.models import (
    ControlChart,
    ControlPoint,
    QualityReview,
    QualityTemplate,
    TemplatePoint,
)
from punctual.domain.quality.services import plans, points, reviews
from punctual.domain.quality.services.charts import answer_signal, choose_base, compute
from punctual.domain.quality.services.gauges import GaugeIn, put_gauge
from punctual.domain.quality.services.results import ResultsIn, enter_results
from punctual.flows.failed_inspection import submit_inspection
from punctual.kernel.refusal import Forbidden
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Notification

TODAY = inspecting.TODAY
pytestmark = pytest.mark.django_db
refused = inspecting.refused
Person = Callable[[str], User]


class TestPlans:
    def test_the_plan_comes_from_the_familys_template_tied_to_tasks_and_criteria(self, person: Person) -> None:
        plan = planning.plan(person("planner"))
        DeliveryStandard.objects.create(plan=plan, criterion="焊缝无气孔")
        DeliveryStandard.objects.create(plan=plan, criterion="节拍达到 12 s")
        family = plan.order.lines.get().product.family
        template = QualityTemplate.objects.create(code="Q", name="专机", family=family)
        TemplatePoint.objects.create(
            template=template, name="焊缝", stage="ipqc", task_words="装配", standard_words="焊缝", hold="hold"
        )
        made = plans.make_quality_plan(order=plan.order, actor=person("order_manager"))
        point = made.points.get()
        assert point.task == planning.task(plan, "装配")
        assert [one.criterion for one in point.standards.all()] == ["焊缝无气孔"]
        assert [one.criterion for one in selectors.uncovered_standards(plan.order)] == ["节拍达到 12 s"]
        assert plans.make_quality_plan(order=plan.order, actor=person("order_manager")) == made

    def test_a_draft_is_changed_an_approved_plan_is_revised_with_a_reason(self, person: Person) -> None:
        point = inspecting.quality_plan(planning.plan(person("planner")))
        quality, plan = person("quality"), point.plan
        wish = points.PointIn("终检", "fqc", characteristics=[points.CharacteristicIn("外观")])
        refused("quality_plan.state.change", lambda: plans.put_point(actor=quality, plan_id=plan.pk, point=wish))
        refused("quality_plan.reason", lambda: plans.revise_quality_plan(actor=quality, plan_id=plan.pk, reason=""))
        plans.revise_quality_plan(actor=quality, plan_id=plan.pk, reason="客户加了终检")
        with pytest.raises(Forbidden):
            plans.put_point(actor=person("sales"), plan_id=plan.pk, point=wish)
        wrong = points.PointIn(
            " ", "xx", sampling="fixed", characteristics=[points.CharacteristicIn("外径", "measured")]
        )
        found = refused("point.name", lambda: plans.put_point(actor=quality, plan_id=plan.pk, point=wrong))
        assert found.codes == {"point.name", "point.stage", "quality.sampling.number", "characteristic.limits"}
        plans.put_point(actor=quality, plan_id=plan.pk, point=wish)
        with pytest.raises(Forbidden):
            plans.approve_quality_plan(actor=person("order_manager"), plan_id=plan.pk)
        approved = plans.approve_quality_plan(actor=person("manager"), plan_id=plan.pk)
        assert (approved.revision, approved.state) == (2, "approved")
        assert len(plan.revisions.get(number=2).document) == ControlPoint.objects.filter(plan=plan).count() == 2


class TestCharts:
    def chart(self, person: Person, means: list[float]) -> ControlChart:
        chart = ControlChart.objects.create(
            code="C", name="外径", type="i-mr", unit="mm", lower=Decimal("19.9"), upper=Decimal("20.1")
        )
        for mean in means:
            item = inspecting.shaft_item(chart_id=chart.pk, lower=Decimal("19.9"), upper=Decimal("20.1"))
            one = inspecting.inspection(person("quality"), 2, characteristics=[item], supplier=None)
            enter_results(
                actor=person("quality"),
                inspection_id=one.pk,
                results=ResultsIn(2, 0, values=[inspecting.value(one, str(mean))]),
                today=TODAY,
            )
            submit_inspection(actor=person("quality"), inspection_id=one.pk, today=TODAY)
        return chart

    def test_six_rising_points_are_told_once_and_answered_by_name(self, person: Person) -> None:
        chart = self.chart(person, [20.0, 19.98, 20.01, 19.99, 20.0, 20.01, 20.02, 20.03, 20.04])
        signal = chart.signals.get(rule=3)
        assert len(signal.points) == 6
        told = Notification.objects.filter(text__contains="shows a signal").count()
        assert told == chart.signals.count()
        with pytest.raises(Forbidden):
            answer_signal(actor=person("planner"), chart_id=chart.pk, signal_id=signal.pk, answer="x")
        refused(
            "chart.answer",
            lambda: answer_signal(actor=person("quality"), chart_id=chart.pk, signal_id=signal.pk, answer=" "),
        )
        answer_signal(actor=person("quality"), chart_id=chart.pk, signal_id=signal.pk, answer="砂轮磨损，已换")
        signal.refresh_from_db()
        assert signal.answered_by == person("quality")

    def test_a_base_period_without_points_is_refused_and_the_chart_stays(self, person: Person) -> None:
        chart = self.chart(person, [20.0, 20.01])
        refused(
            "chart.base",
            lambda: choose_base(
                actor=person("quality"), chart_id=chart.pk, base_from=dt.date(2020, 1, 1), base_to=dt.date(2020, 2, 1)
            ),
        )
        chart.refresh_from_db()
        assert chart.base_from is None
        computed = compute(chart)
        assert computed.chart is not None
        assert computed.cpk is not None


class TestReviewsAndGauges:
    def test_what_is_not_fulfilled_needs_a_finding_with_its_action(self, person: Person) -> None:
        review = reviews.plan_review(
            actor=person("quality"), kind="project", title="月度", planned_on=TODAY, today=TODAY, checks=["量具在期"]
        )
        check = review.checks.get()
        hold = {
            "actor": person("quality"),
            "review_id": review.pk,
            "answers": {check.pk: False},
            "notes": {},
            "summary": "",
            "today": TODAY,
        }
        refused("review.future", lambda: reviews.hold_review(held_on=TODAY + dt.timedelta(days=1), **hold))  # type: ignore[arg-type]
        refused("review.findings", lambda: reviews.hold_review(held_on=TODAY, **hold))  # type: ignore[arg-type]
        reviews.add_finding(
            actor=person("quality"),
            review_id=review.pk,
            text="声级计过期",
            defect_class="minor",
            owner=person("planner"),
            due=TODAY,
        )
        assert ActionItem.objects.get().owner == person("planner")
        assert reviews.hold_review(held_on=TODAY, **hold).state == "held"  # type: ignore[arg-type]

    def test_a_review_that_repeats_plans_its_next_one_when_it_is_held(self, person: Person) -> None:
        quality = person("quality")
        same = {"actor": quality, "kind": "process", "title": "焊接审核", "today": TODAY, "checks": ["量具在期"]}
        for wrong in (0, 61):
            refused(
                "review.every_months",
                lambda n=wrong: reviews.plan_review(planned_on=TODAY, every_months=n, **same),  # type: ignore[misc,arg-type]
            )
        planned = TODAY - dt.timedelta(days=70)
        review = reviews.plan_review(planned_on=planned, every_months=1, **same)  # type: ignore[arg-type]
        reviews.hold_review(
            actor=quality, review_id=review.pk, answers={}, notes={}, summary="", held_on=TODAY, today=TODAY
        )
        after = QualityReview.objects.get(state="planned")
        assert after.planned_on == reviews.months_later(planned, 3) > TODAY
        assert (after.title, after.every_months) == ("焊接审核", 1)
        assert [one.text for one in after.checks.all()] == ["量具在期"]
        assert reviews.months_later(dt.date(2026, 1, 31), 1) == dt.date(2026, 2, 28)

    def test_a_gauge_is_refused_with_every_reason(self, person: Person) -> None:
        wrong = GaugeIn("a b", "", "mm", Decimal(5), Decimal(1), calibrated_on=TODAY, calibration_due=TODAY)
        found = refused("gauge.range", lambda: put_gauge(actor=person("quality"), given=wrong))
        assert found.codes == {"gauge.code.form", "gauge.name.missing", "gauge.range", "gauge.calibration"}
        with pytest.raises(Forbidden):
            put_gauge(actor=person("worker"), given=GaugeIn("A", "尺", "mm"))


def test_the_figures_count_what_was_judged(person: Person) -> None:
    for bad in (0, 0, 2):
        one = inspecting.inspection(person("quality"))
        inspecting.found(person("quality"), one, inspected=one.sample_size, bad=bad)
    real_today = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    period = period_of(30, today=real_today)
    assert first_pass_yield(person("manager"), period) == pytest.approx(2 / 3)
    row = ppm_by_supplier(person("manager"), period)[0]
    assert (row.lots, row.rejected, row.ppm) == (3, 1, round(1e6 * 2 / (3 * 50)))
    assert [one.count for one in pareto(person("manager"), period)] == [1]
