"""A year with the customers: what they asked, how fast it was answered, meetings, feedback."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import company_calendar, is_working_day
from punctual.domain.customer_relations.models import (
    AskedAfter,
    Channel,
    Meeting,
    MeetingState,
    PortalAccount,
    ReplyTemplate,
    RequestKind,
    SlaRule,
    SurveyKind,
    Urgency,
)
from punctual.domain.customer_relations.selectors import company_zone, sla_calendar
from punctual.domain.customer_relations.services.feedback import answer, ask
from punctual.domain.customer_relations.services.meetings import call_series, end, start
from punctual.domain.customer_relations.services.minutes import Line, write_line
from punctual.domain.customer_relations.services.portal import invite
from punctual.domain.customer_relations.services.requests import (
    RequestInput,
    add_note,
    hear,
    record_request,
    reply,
    resolve,
    wait_for_customer,
)
from punctual.domain.customer_relations.services.tracking import SHOWN, give_link, set_rule, want
from punctual.domain.customer_relations.services.watching import watch_clocks
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.parties.models import Contact, Customer
from punctual.flows.demo.customer_texts import ASKED, COMPLAINT
from punctual.flows.demo.documents import ask_for_protocol
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.demo import DEMO_PASSWORD
from punctual.platform.accounts.models import Role, User
from punctual.platform.notifications.models import Delivery, DeliveryState

RULES: Final = (
    ("A", "", "", 4, 24),
    ("B", "", "", 8, 40),
    ("C", "", "", 16, 80),
    ("", "complaint", "", 2, 40),
    ("A", "complaint", "", 1, 24),
    ("A", "service", "delivering", 2, 16),
    ("", "schedule", "making", 4, 16),
)
"""Grade, kind, phase, hours to the first response and to the resolution."""

TEMPLATES: Final = (
    (
        "已收到，几点前答复",
        "{contact}您好，{order} 的问题已收到，我们在 {due} 前给您答复。",
        "Dear {contact}, we have your question on {order} and will answer it by {due}.",
    ),
    (
        "线上见证安排",
        "{contact}您好，{order} 可以改为线上见证：三个机位直播，您可随时要求停、重测，录像三天内给您。",
        "Dear {contact}, the test of {order} can be witnessed online: three cameras live, stop or repeat whenever you "
        "ask, and the recording within three days.",
    ),
    (
        "交期没变的说明",
        "{contact}您好，{order} 的交期没有变化；进度随时可在跟踪页上看到。",
        "Dear {contact}, the date of {order} has not moved; you can follow it on its tracking page at any time.",
    ),
)

NOTES: Final = (
    "合同 6.3 写的是“现场见证”，线上要客户书面同意。",
    "库存够，今天可以备料。",
    "这个点之前答应过，注意口径一致。",
)


@dataclass(slots=True)
class Clockwork:
    """Working moments near a day, so that nobody answers at night."""

    today: dt.date
    calendar: WorkingCalendar = field(default_factory=company_calendar)

    def moment(self, day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
        """On that day or the next working one; where that is no longer past, on the last one before."""
        wish, step = day, dt.timedelta(days=1)
        while not is_working_day(self.calendar, day):
            day += step
            if wish < self.today <= day:
                day, step = wish, -step
        return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))


@transaction.atomic
def build_customer_relations(today: dt.date) -> None:
    """Rules, templates, requests of a year, meetings, feedback, tracking."""
    SlaRule.objects.bulk_create(
        SlaRule(grade=grade, kind=kind, phase=phase, response_minutes=first * 60, resolution_minutes=last * 60)
        for grade, kind, phase, first, last in RULES
    )
    ReplyTemplate.objects.bulk_create(
        ReplyTemplate(name=name, text=text, text_en=english, position=at)
        for at, (name, text, english) in enumerate(TEMPLATES)
    )
    work = Clockwork(today)
    now = timezone.now() if timezone.localdate() == today else work.moment(today, 10)
    _settled_requests(work)
    _open_requests(work, now)
    _meetings(work, now)
    _feedback(work)
    _tracking(work)
    # What went out in the past is not sent now.
    Delivery.objects.filter(state=DeliveryState.WAITING).update(state=DeliveryState.SENT, sent_at=now)


def _orders(*states: str) -> list[Order]:
    rows = Order.objects.filter(state__in=states).select_related("customer", "owner", "contact").order_by("pk")
    return list(rows.prefetch_related("customer__contacts"))


def _asked(order: Order, at: int) -> RequestInput:
    kind, urgency, channel, title, text, _answer = ASKED[at % len(ASKED)]
    contact = order.contact or next(iter(order.customer.contacts.all()), None) if order.customer else None
    assert order.customer is not None
    return RequestInput(
        customer=order.customer,
        title=title,
        text=text,
        kind=kind,
        urgency=urgency,
        channel=channel,
        contact=contact,
        order=order,
        owner=order.owner,
    )


def _settled_requests(work: Clockwork) -> None:
    """What was asked in the past twelve months and is settled: mostly in time, some not."""
    orders = _orders(OrderState.IN_PROGRESS, OrderState.DELIVERED, OrderState.ACCEPTED, OrderState.CLOSED)
    manager = demo_user(Role.ORDER_MANAGER)
    for number in range(40):
        order = orders[(number * 5) % len(orders)]
        day = work.today - dt.timedelta(days=355 - number * 8)
        came = work.moment(day, 9 + number % 6, number * 7 % 60)
        data = _asked(order, number)
        found = record_request(actor=manager, data=data, at=came)
        slow = number % 9 == 4
        answered = work.moment(came.date() + dt.timedelta(days=3 if slow else 0), 16, number * 11 % 60)
        if answered <= came:
            answered = came + dt.timedelta(minutes=25)
        waiting = number % 4 == 1
        text = ASKED[number % len(ASKED)][5]
        reply(actor=manager, request_id=found.pk, text=text, and_wait=waiting, at=answered)
        settled = work.moment(answered.date() + dt.timedelta(days=1 + number % 3), 11)
        if waiting:
            hear(found=found, text="收到，按这个办。", at=settled - dt.timedelta(hours=2))
        resolve(actor=manager, request_id=found.pk, at=settled)


def _open_requests(work: Clockwork, now: dt.datetime) -> None:
    """What is on the desk today: one overdue, some near their limit, some that wait for the customer."""
    orders = _orders(OrderState.IN_PROGRESS, OrderState.CONFIRMED)
    manager, quality = demo_user(Role.ORDER_MANAGER), demo_user(Role.QUALITY)
    zone = company_zone()
    calendar = sla_calendar(work.today - dt.timedelta(days=30), work.today)

    def ago(minutes: int) -> dt.datetime:
        """So many working minutes before now."""
        naive = calendar.add_work(now.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0), -minutes)
        return naive.replace(tzinfo=zone)

    # working minutes ago, and what happened since
    desk = (
        (200, "over"),
        (110, "open"),
        (420, "answered"),
        (70, "open"),
        (700, "answered"),
        (140, "open"),
        (4300, "waits"),
        (1500, "waits"),
    )
    for number, (minutes, then) in enumerate(desk):
        order = orders[(number * 3 + 1) % len(orders)]
        owner: User = manager if number % 4 != 3 else demo_user(Role.SALES)
        data = _asked(order, number)
        data.owner = owner
        found = record_request(actor=manager, data=data, at=ago(minutes))
        if then == "over":
            text = NOTES[0] + " @林晓岚 可以答应。"
            add_note(actor=quality, request_id=found.pk, text=text, at=ago(minutes - 60))
        elif then != "open":
            text = ASKED[number][5]
            waits = then == "waits"
            reply(actor=owner, request_id=found.pk, text=text, and_wait=waits, at=ago(minutes - 45))
    delivered = _orders(OrderState.DELIVERED, OrderState.ACCEPTED)[-1]
    assert delivered.customer is not None
    complaint = RequestInput(
        customer=delivered.customer,
        title=COMPLAINT[0],
        text=COMPLAINT[1],
        kind=RequestKind.COMPLAINT,
        urgency=Urgency.HIGH,
        channel=Channel.PHONE,
        order=delivered,
        owner=manager,
    )
    record_request(actor=manager, data=complaint, at=ago(25))
    waiting = orders[0]
    assert waiting.customer is not None
    asked = RequestInput(customer=waiting.customer, title="安装场地要不要两路气源", order=waiting, owner=manager)
    found = record_request(actor=manager, data=asked, at=ago(60))
    wait_for_customer(actor=manager, request_id=found.pk, reason="等客户给气源图", at=ago(30))
    watch_clocks(now=now)


# — meetings —

SAID: Final = (
    ("decision", "主线体能发就先发，备件柜可以晚一周。"),
    ("action", ""),
    ("note", "车间地面已做完，下周可以进场放线。"),
    ("internal", "赶工方案还没批，会上不谈具体日期。"),
    ("note", "MES 接口按三方会签的报文走。"),
)
TO_DO: Final = (
    "本周五前给全底座图纸会签版",
    "把 FAT 大纲发给客户会签",
    "核对气源和电源的接口位置",
    "安排客户工程师参加联机调试",
    "补一份易损件清单和报价",
    "确认叉车和吊装的进场时间",
    "把培训日程发给客户",
    "给出 MES 报文的测试数据",
    "约第三方做防爆检查",
    "更新装箱清单并发给货代",
    "确认现场网络的固定地址",
    "整理上次 FAT 的遗留项",
)
"""What one meeting after the other gave us to do."""


def _meetings(work: Clockwork, now: dt.datetime) -> None:
    """Three customers met every two weeks for six weeks; the next meetings are prepared."""
    manager, sales = demo_user(Role.ORDER_MANAGER), demo_user(Role.SALES)
    chosen: dict[int, Order] = {}
    for order in _orders(OrderState.IN_PROGRESS):
        if len(chosen) < 3:
            chosen.setdefault(order.customer_id or 0, order)
    for number, order in enumerate(chosen.values()):
        first = work.moment(work.today - dt.timedelta(days=41 - number), 14)
        assert order.customer is not None
        meeting = call_series(
            actor=manager,
            title="双周例会",
            customer=order.customer,
            starts_at=first,
            order=order if number == 2 else None,
            place="腾讯会议 884 210 776",
            agenda="1 交期与进度\n2 待客户决定\n3 未结请求与行动",
            users=[sales],
            now=first - dt.timedelta(days=7),
        )
        for round_number in range(4):
            if meeting.starts_at >= now:
                break
            _held(meeting, manager, number + round_number, TO_DO[(number * 4 + round_number) % len(TO_DO)])
            meeting = meeting.series.meetings.filter(starts_at__gt=meeting.starts_at).get()


def _held(meeting: Meeting, manager: User, shift: int, to_do: str) -> None:
    """It took place and its minutes are out."""
    day = timezone.localdate(meeting.starts_at)
    start(actor=manager, meeting_id=meeting.pk, today=day)
    meeting.attendees.update(present=True)
    for at in range(3):
        kind, text = SAID[(shift + at) % len(SAID)]
        line = Line(text=text or to_do, kind=kind, due=day + dt.timedelta(days=9))
        moment = meeting.starts_at + dt.timedelta(minutes=5 + 6 * at)
        write_line(actor=manager, meeting_id=meeting.pk, line=line, today=day, at=moment)
    end(actor=manager, meeting_id=meeting.pk)
    Meeting.objects.filter(pk=meeting.pk).update(
        state=MeetingState.SENT,
        approved_by=manager,
        approved_at=meeting.starts_at + dt.timedelta(hours=2),
        sent_at=meeting.starts_at + dt.timedelta(hours=3),
    )


# — what customers see and think —

ANSWERS: Final = (
    (5, (), "交付准时，现场服务很到位。"),
    (4, ("on_time",), ""),
    (5, ("service",), "沈卫师傅很负责。"),
    (3, ("response",), "有两次问题回复慢了。"),
    (4, ("quality",), ""),
    (2, ("on_time", "response"), "晚了一周多，事先没有告诉我们。"),
    (5, (), ""),
    (4, ("service",), "培训资料再细一些就更好。"),
)


def _feedback(work: Clockwork) -> None:
    """An answer after most deliveries; a low one became a request. Running orders carry an open question."""
    manager = demo_user(Role.ORDER_MANAGER)
    for number, order in enumerate(_orders(OrderState.DELIVERED, OrderState.ACCEPTED, OrderState.CLOSED)):
        assert order.customer is not None
        day = (order.actual_date or work.today) + dt.timedelta(days=6)
        if day >= work.today:
            continue
        at = work.moment(day, 10)
        kind = SurveyKind.NPS if number % 4 == 3 else SurveyKind.CSAT
        by_itself = kind == SurveyKind.CSAT and order.state != OrderState.DELIVERED
        occasion = "" if by_itself else "交付后回访"
        survey, _token = ask(actor=manager, customer=order.customer, order=order, kind=kind, occasion=occasion, at=at)
        if by_itself:
            survey.asked_after = AskedAfter.FINAL
            survey.save(update_fields=["asked_after"])
        if number % 7 == 6:
            continue
        score, drivers, comment = ANSWERS[number % len(ANSWERS)]
        points = score * 2 if kind == "nps" else score
        came = at + dt.timedelta(hours=5)
        survey = answer(survey=survey, score=points, comment=comment, drivers=drivers, at=came)
        if survey.request_id is not None:
            said = "已电话道歉并说明原因，后续每周五主动通报进度。"
            text = work.moment(came.date() + dt.timedelta(days=1), 9)
            reply(actor=manager, request_id=survey.request_id, text=said, and_resolve=True, at=text)
    for order in _orders(OrderState.IN_PROGRESS)[:6]:
        assert order.customer is not None
        ask(actor=manager, customer=order.customer, order=order, occasion="设计冻结后")


def _tracking(work: Clockwork) -> None:
    """What we wait for from the customers, and links that some of them have."""
    manager = demo_user(Role.ORDER_MANAGER)
    wanted = (
        ("寄出电芯样件 50 只", 6, "晚一天，联调也晚一天。"),
        ("确认 FAT 日期", 10, "三天不确认，检测间要让给别的订单。"),
        ("底座图纸会签", -3, "晚一周，交期晚四天。"),
    )
    for number, order in enumerate(_orders(OrderState.IN_PROGRESS)[:6]):
        title, days, consequence = wanted[number % 3]
        due = work.today + dt.timedelta(days=days)
        want(actor=manager, order=order, title=title, due=due, consequence=consequence)
        if order.contact is not None and number % 2 == 0:
            give_link(actor=manager, order=order, contact=order.contact)
            if number % 4 == 0 and order.customer is not None:
                _release_names(order.customer)
    _portal(work)


def _release_names(customer: Customer) -> None:
    """Good customers are told whom to call; to all others our names are not shown."""
    set_rule(actor=demo_user(Role.SALES), customer=customer, shown=dict.fromkeys(SHOWN, True))


def _portal(work: Clockwork) -> None:
    """A contact who signs in to the portal and has a document to approve there, and one whose invitation waits."""
    sales = demo_user(Role.SALES)
    invited = Contact.objects.filter(customer__orders__state=OrderState.IN_PROGRESS).exclude(email="").distinct()
    for contact in invited.order_by("customer__code", "pk")[:2]:
        account = invite(actor=sales, contact=contact)
        if contact.is_primary and not PortalAccount.objects.exclude(activated_at=None).exists():
            begun = work.today - dt.timedelta(days=30)
            account.password = make_password(DEMO_PASSWORD)
            account.invited_at, account.activated_at = work.moment(begun, 9), work.moment(begun, 14)
            account.invite_hash = account.invite_until = None
            account.save()
            _release_names(contact.customer)
            ask_for_protocol(contact.customer.orders.filter(state=OrderState.IN_PROGRESS).earliest("pk"), work.today)
