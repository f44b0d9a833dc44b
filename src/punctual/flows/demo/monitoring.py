"""Months of progress behind the demo orders: reports, hours, money, forecasts that moved, people on tasks, warnings;
and one order that is late because of two others and a supplier."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from punctual.domain.costs.models import Commitment, Expense, TimeEntry, TimeState
from punctual.domain.monitoring.models import (
    Block,
    BoardLimit,
    ForecastPoint,
    MilestonePoint,
    ProgressReport,
    ReportSending,
    Thresholds,
)
from punctual.domain.monitoring.services.schedules import Wish, schedule_report
from punctual.domain.monitoring.services.warnings import override_health
from punctual.domain.orders.life import RUNNING, Health
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Assignment, BudgetKind, BudgetLine, Plan, Task
from punctual.domain.plans.services.editing import edit_locked
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.resources.models import Resource, ResourceKind
from punctual.flows.demo.people import demo_user
from punctual.flows.demo.records import nothing_waits
from punctual.flows.early_warning import look_at
from punctual.flows.purchase_costs import follow_all
from punctual.platform.accounts.models import Role, User
from punctual.platform.notifications.models import Delivery, DeliveryState, Way

WEEKS: Final = 14
AT_A_TIME: Final = 8
NOTES: Final = ("按图完成", "首件合格", "等吊车半天", "返工一处，已补", "与电气并行", "")
STUCK: Final = ("导向轴来料拒收，等处置", "客户样件未到", "缺 2 只伺服，采购在催")


def give_tasks_to_people(today: dt.date) -> None:
    """Who does what, and three orders that stand in each other's way; before everything is scheduled."""
    _people_on_tasks(today)
    _entangled(today)


def is_watched() -> bool:
    """What has happened stands already."""
    return Thresholds.objects.filter(grade="A").exists()


def build_monitoring(today: dt.date) -> None:
    """What has happened, dated relative to ``today``."""
    _settings()
    _history(today)
    _money(today)
    _blocks(today)
    _forecasts(today)
    _scheduled_reports(today)
    _said_by_hand(today)


def look_at_all(today: dt.date) -> None:
    """What is seen of it: a few orders at a time, since people write meanwhile; who was seen is not looked at again."""
    orders = Order.objects.filter(state__in=(*RUNNING, OrderState.IN_REVIEW)).order_by("pk")
    waiting = list(orders.exclude(forecast_points__day=today).values_list("pk", flat=True))
    for first in range(0, len(waiting), AT_A_TIME):
        with transaction.atomic(), nothing_waits():
            look_at(waiting[first : first + AT_A_TIME], today=today)


def _settings() -> None:
    Thresholds.objects.create(grade="")
    Thresholds.objects.create(grade="A", late_probability=15, grade_weight=Decimal("1.50"), start_days=1)
    Thresholds.objects.create(grade="C", late_probability=30, grade_weight=Decimal("0.70"), float_days=1)
    BoardLimit.objects.create(column="doing", most=40)


def _said_by_hand(today: dt.date) -> None:
    """One order that the manager answers for against the rules."""
    running = Order.objects.filter(state=OrderState.IN_PROGRESS, promised_date__gt=today, confidence__lt=80)
    found = running.order_by("-confidence", "pk").first()
    if found is not None:
        override_health(
            actor=demo_user(Role.ORDER_MANAGER),
            order_id=found.pk,
            health=Health.ON_TIME,
            reason="客户已口头同意分两批发货，首批不受影响",
            until=today + dt.timedelta(days=10),
            today=today,
        )


def _scheduled_reports(today: dt.date) -> None:
    """The report of all orders goes to those who steer, every Friday; what went out in the last two weeks."""
    boss, steering = demo_user(Role.MANAGER), demo_user(Role.ORDER_MANAGER)
    wish = Wish(weekday=5, hour=16, language="zh-hans", people=[boss.pk, steering.pk])
    made = schedule_report(actor=steering, wish=wish)
    late = (
        Order.objects.filter(state=OrderState.IN_PROGRESS, planned_date__gt=F("promised_date")).order_by("pk").first()
    )
    if late is not None:
        sales = Wish(order=late.key, weekday=1, hour=8, language="zh-hans", people=[demo_user(Role.SALES).pk])
        schedule_report(actor=steering, wish=sales)
    friday = today - dt.timedelta(days=(today.isoweekday() - 5) % 7 or 7)
    for day in (friday - dt.timedelta(days=7), friday):
        at = timezone.make_aware(dt.datetime.combine(day, dt.time(16, 0)))
        sending = ReportSending.objects.create(schedule=made, at=at, title="全部订单状态报告")
        deliveries = [
            Delivery(
                way=Way.MAIL, address=user.email, subject=sending.title, state=DeliveryState.SENT,
                attempts=1, created_at=at, sent_at=at,
            )
            for user in (boss, steering)
        ]  # fmt: skip
        sending.deliveries.set(Delivery.objects.bulk_create(deliveries))
        made.last_sent_on = day
    made.save(update_fields=["last_sent_on"])


def _local(moment: dt.datetime | None) -> dt.datetime:
    found = plan_time(moment)
    assert found is not None
    return found


def _people_on_tasks(today: dt.date) -> None:
    """Who does what in the next weeks: a person of the skill instead of "anybody with the skill"."""
    by_skill: dict[int, list[Resource]] = {}
    people = Resource.objects.filter(kind=ResourceKind.PERSON, archived_at=None, user__isnull=False)
    for person in people.order_by("code").prefetch_related("skills"):
        for skill in person.skills.all():
            by_skill.setdefault(skill.pk, []).append(person)
    worker = demo_user(Role.WORKER)
    needs = Assignment.objects.filter(
        skill__isnull=False,
        units=1,
        task__percent__lt=100,
        task__plan__order__state__in=RUNNING,
        task__start__lte=timezone.now() + dt.timedelta(days=16),
    )
    changed = []
    for position, need in enumerate(needs.select_related("task", "skill").order_by("task__start", "pk")[:70]):
        known = by_skill.get(need.skill_id or 0)
        if not known:
            continue
        mine = next((one for one in known if one.user_id == worker.pk), None)
        need.resource = mine or known[position % len(known)]
        need.asked, need.skill = need.skill, None
        changed.append(need)
    Assignment.objects.bulk_update(changed, ["resource", "skill", "asked"])
    _tasks_of(worker, today)


def _tasks_of(worker: User, today: dt.date) -> None:
    """The one who signs in as worker has something under way, something to begin, something due."""
    mine = Resource.objects.filter(user=worker).first()
    if mine is None:
        return
    have = Task.objects.filter(needs__resource=mine, percent__lt=100).count()
    rows = Task.objects.filter(
        plan__order__state=OrderState.IN_PROGRESS, percent__lt=100, is_summary=False, is_milestone=False
    ).exclude(needs__resource=mine)
    under_way = list(rows.filter(percent__gt=0).order_by("finish")[: max(0, 3 - have)])
    soon = list(rows.filter(percent=0).order_by("start")[:2])
    Assignment.objects.bulk_create([Assignment(task=task, resource=mine) for task in (*under_way, *soon)])


def _entangled(today: dt.date) -> None:
    """Order A waits for a fitter whom B holds; B waits for a bench that C holds; C waits for its supplier.

    The latest order in progress is A. Each of the three gets one named person in common with the next.
    """
    running = list(
        Order.objects.filter(state=OrderState.IN_PROGRESS, promised_date__gte=today)
        .order_by("-planned_date")
        .select_related("plan", "customer")[:40]
    )
    late = [
        order
        for order in running
        if order.planned_date and order.promised_date and order.planned_date > order.promised_date
    ]
    others = [order for order in running if order not in late[:1]]
    if not late or len(others) < 2:
        return
    fitters = list(Resource.objects.filter(kind=ResourceKind.PERSON, skills__code="FIT").order_by("code")[:2])
    if len(fitters) < 2:
        return
    first, second = fitters
    a, b, c = _open_task(late[0]), _open_task(others[0]), _open_task(others[1])
    if a is None or b is None or c is None:
        return
    for task, person in ((a, first), (b, first), (b, second), (c, second)):
        Assignment.objects.get_or_create(task=task, resource=person, skill=None)
    _supplier_late(c, today)
    for plan, days in ((b.plan, 12), (c.plan, 9)):
        task = b if plan == b.plan else c
        locked = Plan.objects.select_related("order").get(pk=plan.pk)
        command = {"verb": "resize", "task": task.pk, "duration": days * 480}
        edit_locked(locked, actor=demo_user(Role.PLANNER), today=today, command=command)


def _open_task(order: Order) -> Task | None:
    """The first step of the order that has not begun and has days of work."""
    rows = Task.objects.filter(plan=order.plan, percent=0, is_summary=False, is_milestone=False, duration__gte=960)
    return rows.exclude(actual_start__isnull=False).select_related("plan__order").order_by("start", "sequence").first()


def _supplier_late(task: Task, today: dt.date) -> None:
    """What the task needs comes six days after it was to begin."""
    start = max(_local(task.start).date(), today) + dt.timedelta(days=8)
    locked = Plan.objects.select_related("order").get(pk=task.plan_id)
    command = {
        "verb": "change",
        "task": task.pk,
        "values": {"constraint": "SNET", "constraint_date": start.isoformat(), "notes": "恒达减速机晚到 6 天"},
    }
    edit_locked(locked, actor=demo_user(Role.PLANNER), today=today, command=command)


def _history(today: dt.date) -> None:
    """A report at the end of each finished task, one or two of what is under way, and the hours."""
    rng = random.Random(5)  # noqa: S311 made-up data, the same every time
    people = {
        need.task_id: need.resource.user
        for need in Assignment.objects.filter(resource__user__isnull=False).select_related("resource__user")
        if need.resource is not None
    }
    crew = list(User.objects.filter(role=Role.WORKER).order_by("pk"))
    rates = dict(Resource.objects.filter(user__isnull=False).values_list("user_id", "hourly_cost"))
    tasks = Task.objects.filter(is_summary=False, actual_start__isnull=False, plan__order__state__in=RUNNING)
    reports, hours, now = [], [], timezone.now()  # nobody has reported at an hour that is still to come
    for task in tasks.select_related("plan").order_by("pk"):
        who = people.get(task.pk) or crew[task.pk % len(crew)]
        begun = _local(task.actual_start)
        end = (
            _local(task.actual_finish)
            if task.actual_finish
            else dt.datetime.combine(today - dt.timedelta(days=rng.choice((0, 1, 1, 2, 3, 9))), dt.time(16))
        )
        end = max(end, begun)
        if end.date() < today - dt.timedelta(weeks=WEEKS):
            continue
        moved = rng.choice((0, 0, 0, 0, 1, -1)) if end.date() >= today - dt.timedelta(days=3) else 0
        after = task.plan.planned_date
        reports.append(
            ProgressReport(
                task=task,
                plan=task.plan,
                by=who,
                at=min(timezone.make_aware(end), now),
                day=end.date(),
                percent=task.percent,
                actual_start=task.actual_start,
                actual_finish=task.actual_finish,
                note=rng.choice(NOTES),
                source=rng.choice(("page", "page", "qr", "sheet")),
                before={
                    "percent": max(0, task.percent - 30),
                    "remaining": None,
                    "actual_start": None,
                    "actual_finish": None,
                },
                finish_before=after and after - dt.timedelta(days=moved),
                finish_after=after,
            )
        )
        if not task.is_milestone:
            hours += _hours(task, who, rates.get(who.pk), (begun.date(), end.date()), today, rng)
    ProgressReport.objects.bulk_create(reports, batch_size=500)
    TimeEntry.objects.bulk_create(hours, batch_size=500)


def _hours(
    task: Task, who: User, rate: Decimal | None, spell: tuple[dt.date, dt.date], today: dt.date, rng: random.Random
) -> list[TimeEntry]:
    """What was worked on the first days of a task; this week's is not yet approved."""
    first, last = spell
    monday = today - dt.timedelta(days=today.weekday() + 1)
    made = []
    for day in (first + dt.timedelta(days=n) for n in range(min(5, (last - first).days + 1))):
        if day.weekday() > 5 or day > today:
            continue
        amount = Decimal(rng.choice((4, 6, 7, 8)))
        made.append(
            TimeEntry(
                user=who,
                plan=task.plan,
                task=task,
                task_name=str(task)[:160],
                day=day,
                hours=amount,
                cost=amount * rate if rate else None,
                state=TimeState.ENTERED if day > monday else TimeState.APPROVED,
            )
        )
    return made


def _money(today: dt.date) -> None:
    """What was bought so far, about as far as the work is; what is ordered and not yet invoiced."""
    rng = random.Random(6)  # noqa: S311
    finance = demo_user(Role.FINANCE)
    follow_all()
    counted = set(Commitment.objects.values_list("plan", "kind"))
    spent, ordered = [], []
    plans = {plan.pk: plan for plan in Plan.objects.filter(order__state__in=RUNNING)}
    for line in BudgetLine.objects.filter(plan__in=plans).order_by("pk"):
        plan = plans[line.plan_id]
        share = Decimal(min(100, plan.progress + 3)) / 100
        if line.kind == BudgetKind.LABOUR:  # mostly in the hours
            share *= Decimal("0.55")
        factor = Decimal(rng.choice((78, 84, 90, 95, 98, 112))) / 100
        amount = (line.amount * share * factor).quantize(Decimal("0.01"))
        parts = 4
        for part in range(parts):
            day = plan.start + (today - plan.start) * (part + 1) // (parts + 1)
            if amount > 0 and day <= today:
                spent.append(
                    Expense(
                        plan=plan, budget_line=line, kind=line.kind, day=day,
                        amount=(amount / parts).quantize(Decimal("0.01")),
                        subject=line.name or "采购", reference=f"INV-{line.pk:05d}-{part + 1}", created_by=finance,
                    )
                )  # fmt: skip
        bought = line.kind in (BudgetKind.MATERIAL, BudgetKind.OUTSOURCED) and (plan.pk, line.kind) not in counted
        if bought and plan.progress < 80 and line.amount > 0:
            ordered.append(
                Commitment(
                    plan=plan,
                    budget_line=line,
                    kind=line.kind,
                    subject=line.name or "采购",
                    amount=(line.amount * (1 - share) * Decimal("0.6")).quantize(Decimal("0.01")),
                    expected_on=today + dt.timedelta(days=20),
                )
            )
    Expense.objects.bulk_create(spent, batch_size=500)
    Commitment.objects.bulk_create([one for one in ordered if one.amount > 0], batch_size=500)


def _blocks(today: dt.date) -> None:
    rows = Task.objects.filter(
        plan__order__state=OrderState.IN_PROGRESS, percent__gt=0, percent__lt=100, is_summary=False, is_milestone=False
    )
    worker = demo_user(Role.WORKER)
    mine = rows.filter(needs__resource__user=worker).order_by("pk")[1:2]
    chosen = [*mine, *rows.exclude(needs__resource__user=worker).order_by("plan__planned_date", "pk")[4:6]]
    for number, task in enumerate(chosen):
        Block.objects.create(
            task=task,
            reason=STUCK[number % len(STUCK)],
            waits_for=task.plan.order.owner,
            by=worker,
            since=timezone.now() - dt.timedelta(days=1 + number),
        )


def _forecasts(today: dt.date) -> None:
    """How each order's forecast moved, week by week."""
    rng = random.Random(7)  # noqa: S311
    points, marks = [], []
    for order in Order.objects.filter(state__in=RUNNING, plan__isnull=False).select_related("plan"):
        planned, due = order.planned_date, order.promised_date or order.requested_date
        begun = max(order.plan.start, today - dt.timedelta(weeks=WEEKS))
        if planned is None:
            continue
        weeks = max(0, (today - begun).days // 7)
        drift = rng.choice((-4, 0, 0, 2, 5, 9)) if due and planned <= due else rng.choice((6, 10, 14))
        milestones = list(Task.objects.filter(plan=order.plan, is_milestone=True).order_by("sequence")[:4])
        for back in range(1, weeks + 1):
            day = today - dt.timedelta(weeks=back)
            moved = round(drift * back / max(1, weeks)) + rng.choice((-1, 0, 0, 1))
            then = planned - dt.timedelta(days=moved)
            p80 = then + dt.timedelta(days=3 + (weeks - back) % 3)
            kept = 0.9 if due is None or p80 <= due else 0.6 if then <= due else 0.3
            points.append(
                ForecastPoint(
                    order=order, day=day, planned=then, p50=then + dt.timedelta(days=1), p80=p80, promised=due,
                    progress=max(0, order.progress - 6 * back), confidence=kept,
                )
            )  # fmt: skip
            for task in milestones:
                date = _local(task.finish).date() - dt.timedelta(days=moved)
                marks.append(
                    MilestonePoint(order=order, task_ref=task.pk, name=task.name, day=day, date=date, done=False)
                )
    ForecastPoint.objects.bulk_create(points, batch_size=500)
    MilestonePoint.objects.bulk_create(marks, batch_size=500)
