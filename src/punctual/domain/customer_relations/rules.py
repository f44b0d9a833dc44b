"""What is wrong with a request, a meeting or an answer before it is written; which response time counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from punctual.domain.customer_relations.models import (
    Channel,
    LineKind,
    MeetingState,
    Phase,
    RequestKind,
    SurveyKind,
    Urgency,
)
from punctual.domain.customer_relations.models.meetings import Rhythm
from punctual.domain.orders.models import OrderState
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LONGEST_TITLE: Final = 200
LONGEST_TEXT: Final = 20_000
DEFAULT_RESPONSE: Final = 8 * 60
DEFAULT_RESOLUTION: Final = 40 * 60
"""Working minutes where no rule fits."""
LONGEST_MINUTES: Final = 600_000
"""Ten thousand working hours, five years: what is longer is a typing error."""

HURRY: Final = {Urgency.NORMAL: 1, Urgency.HIGH: 2, Urgency.URGENT: 4}
"""By how much urgency shortens both times."""

_PHASES: Final = {
    OrderState.DRAFT: Phase.TAKING,
    OrderState.QUOTED: Phase.TAKING,
    OrderState.IN_REVIEW: Phase.TAKING,
    OrderState.CONFIRMED: Phase.MAKING,
    OrderState.IN_PROGRESS: Phase.MAKING,
    OrderState.ON_HOLD: Phase.MAKING,
    OrderState.PARTIALLY_DELIVERED: Phase.DELIVERING,
    OrderState.DELIVERED: Phase.DELIVERING,
    OrderState.ACCEPTED: Phase.SERVICE,
    OrderState.CLOSED: Phase.SERVICE,
}


def phase_of(order_state: str | None) -> str:
    """The delivery phase that an order's state stands for; empty without one."""
    return str(_PHASES.get(OrderState(order_state), "")) if order_state else ""


@dataclass(frozen=True, slots=True)
class Terms:
    """One rule: empty = any."""

    grade: str
    kind: str
    phase: str
    response: int
    resolution: int

    def fits(self, grade: str, kind: str, phase: str) -> bool:
        return self.grade in ("", grade) and self.kind in ("", kind) and self.phase in ("", phase)

    @property
    def precision(self) -> tuple[int, bool, bool, bool]:
        named = (bool(self.kind), bool(self.grade), bool(self.phase))
        return (sum(named), *named)


def times(rules: Iterable[Terms], *, grade: str, kind: str, phase: str, urgency: str) -> tuple[int, int]:
    """Working minutes to the first response and to the resolution: the rule that names most counts; where two name as
    many, the one that names the kind, then the grade."""
    fitting = [rule for rule in rules if rule.fits(grade, kind, phase)]
    best = max(fitting, key=lambda rule: rule.precision, default=None)
    response, resolution = (best.response, best.resolution) if best else (DEFAULT_RESPONSE, DEFAULT_RESOLUTION)
    hurry = HURRY.get(Urgency(urgency), 1)
    return max(1, response // hurry), max(1, resolution // hurry)


def against_request(
    *, title: str, kind: str, urgency: str, channel: str, fits_customer: bool, line_fits: bool
) -> list[Reason]:
    """Every reason against recording a request so."""
    reasons = []
    if not title.strip() or len(title.strip()) > LONGEST_TITLE:
        reasons.append(
            Reason(
                "request.title",
                N_("Say in 1 to %(limit)d characters what the customer wants."),
                {"limit": LONGEST_TITLE},
                field="title",
            )
        )
    for field, value, known in (
        ("kind", kind, RequestKind.values),
        ("urgency", urgency, Urgency.values),
        ("channel", channel, Channel.values),
    ):
        if value not in known:
            reasons.append(
                Reason(
                    f"request.{field}",
                    N_("“%(value)s” is not offered here; choose one of %(known)s."),
                    {"value": value, "known": ", ".join(known)},
                    field=field,
                )
            )
    if not fits_customer:
        reasons.append(Reason("request.order", N_("This order or contact belongs to another customer."), field="order"))
    if not line_fits:
        reasons.append(Reason("request.line", N_("This line belongs to another order."), field="order_line"))
    return reasons


def against_resolving(*, answered: bool) -> list[Reason]:
    """Nothing is settled that the customer was never answered."""
    if answered:
        return []
    text = N_("Answer the customer first; then it can be resolved.")
    return [Reason("request.unanswered", text, field="text")]


def against_reopening(reason: str) -> list[Reason]:
    return [] if reason.strip() else [Reason("request.reason", N_("Say why it is open again."), field="reason")]


def against_text(text: str) -> list[Reason]:
    """Every reason against a message."""
    if not text.strip():
        return [Reason("request.text", N_("Write something first."), field="text")]
    if len(text) > LONGEST_TEXT:
        return [
            Reason(
                "request.text_long",
                N_("The text has %(length)d characters; at most %(longest)d fit."),
                {"length": len(text), "longest": LONGEST_TEXT},
                field="text",
            )
        ]
    return []


LONGEST_WORDS, MOST_OPEN = 5_000, 30
"""Of a message from outside: its signs; and so many unsettled requests of one link, or messages without an answer, are
enough, which keeps a forwarded link from filling the desk."""


def against_words(text: str) -> list[Reason]:
    """Every reason against what a customer writes."""
    if not text.strip():
        return [Reason("tracking.text", N_("Write your question first."), field="text")]
    if len(text) > LONGEST_WORDS:
        return [Reason("tracking.long", N_("At most 5,000 characters fit."), field="text")]
    return []


def against_more(waiting: int) -> list[Reason]:
    """Against a further request or message while ``waiting`` have no answer from us."""
    if waiting < MOST_OPEN:
        return []
    return [Reason("tracking.many", N_("We still owe you answers; we will write to you."))]


MOST_AT_ONCE: Final = 5
MOST_FILES: Final = 20
LARGEST_FILE: Final = 20 << 20
"""Of files that come with a customer's own words: with one message, with one request, and bytes of each."""
_ZIPPED, _OLE = (b"PK\x03\x04",), (b"\xd0\xcf\x11\xe0",)
_JPEG, _TIFF = (b"\xff\xd8\xff",), (b"II*\0", b"MM\0*")
TAKEN: Final[dict[str, tuple[bytes, ...]]] = {
    ".jpg": _JPEG, ".jpeg": _JPEG, ".png": (b"\x89PNG",), ".gif": (b"GIF8",), ".webp": (b"RIFF",), ".bmp": (b"BM",),
    ".tif": _TIFF, ".tiff": _TIFF, ".heic": (), ".heif": (), ".mp4": (), ".mov": (),
    ".pdf": (b"%PDF",), ".doc": _OLE, ".xls": _OLE, ".ppt": _OLE, ".docx": _ZIPPED, ".xlsx": _ZIPPED, ".pptx": _ZIPPED,
    ".txt": (), ".csv": (), ".dwg": (b"AC",), ".dxf": (), ".stp": (b"ISO-10303",), ".step": (b"ISO-10303",),
    ".igs": (), ".iges": (),
}  # fmt: skip
"""Endings that are taken from outside, and how such a file begins where that is known: no archives, no programs."""
_PROGRAMS: Final = (b"MZ", b"\x7fELF", b"#!", b"PK\x03\x04")


@dataclass(frozen=True, slots=True)
class FileFact:
    """What is known of a file before it is kept; ``begin`` are its first bytes."""

    name: str
    size: int
    begin: bytes

    @property
    def is_what_it_says(self) -> bool:
        begins = TAKEN[PurePath(self.name).suffix.lower()]
        return self.begin.startswith(begins) if begins else not self.begin.startswith(_PROGRAMS)


def against_files(files: Sequence[FileFact], *, kept: int = 0) -> list[Reason]:
    """Every reason against files that a customer sends along; ``kept`` are with the request already."""
    reasons = []
    if len(files) > MOST_AT_ONCE:
        text = N_("At most %(limit)d files fit in one message.")
        reasons.append(Reason("files.many", text, {"limit": MOST_AT_ONCE}, field="file"))
    elif kept + len(files) > MOST_FILES:
        text = N_("A request holds at most %(limit)d files; ask a new question for more.")
        reasons.append(Reason("files.full", text, {"limit": MOST_FILES}, field="file"))
    for file in files:
        told = {"name": file.name[:80], "limit": LARGEST_FILE >> 20}
        if PurePath(file.name).suffix.lower() not in TAKEN:
            text = N_(
                "“%(name)s” is of a kind that is not taken here; send a picture, a PDF, an Office file, a drawing "
                "(DWG, DXF, STEP, IGES) or a video (MP4, MOV)."
            )
            reasons.append(Reason("files.kind", text, told, field="file"))
        elif file.size > LARGEST_FILE:
            reasons.append(Reason("files.large", N_("“%(name)s” is larger than %(limit)d MB."), told, field="file"))
        elif not file.size:
            reasons.append(Reason("files.empty", N_("“%(name)s” is empty."), told, field="file"))
        elif not file.is_what_it_says:
            text = N_("“%(name)s” is not the kind of file that its name says; save it again and send that.")
            reasons.append(Reason("files.content", text, told, field="file"))
    return reasons


def against_rule(*, response: int, resolution: int) -> list[Reason]:
    """A first response takes time, and a resolution at least as much."""
    reasons = []
    if response < 1:
        reasons.append(Reason("sla.response", N_("The first response takes at least a minute."), field="response"))
    if resolution < response:
        reasons.append(
            Reason("sla.resolution", N_("The resolution can't be due before the first response."), field="resolution")
        )
    if max(response, resolution) > LONGEST_MINUTES:
        text = N_("A time is at most %(hours)d working hours.")
        reasons.append(Reason("sla.longest", text, {"hours": LONGEST_MINUTES // 60}, field="resolution"))
    return reasons


def against_meeting(*, starts_at: dt.datetime | None, minutes: int, now: dt.datetime) -> list[Reason]:
    """Every reason against a meeting at that time."""
    reasons = []
    if starts_at is None:
        reasons.append(Reason("meeting.start", N_("Say when it begins."), field="starts_at"))
    elif starts_at < now:
        reasons.append(Reason("meeting.past", N_("A meeting begins in the future."), field="starts_at"))
    return reasons + against_length(minutes)


def against_series(*, title: str, rhythm: str, customer: int, order_of: int | None) -> list[Reason]:
    """Every reason against a series of meetings with ``customer`` so; whose its order is."""
    reasons = []
    if not title.strip():
        reasons.append(Reason("meeting.title", N_("Give the meeting a title."), field="title"))
    if rhythm not in Rhythm.values:
        reasons.append(Reason("meeting.rhythm", N_("Choose one of the rhythms offered."), field="rhythm"))
    if order_of is not None and order_of != customer:
        reasons.append(Reason("meeting.order", N_("This order belongs to another customer."), field="order"))
    return reasons


def against_chair(*, stays: bool, is_active: bool, may_write: bool) -> list[Reason]:
    """Every reason against somebody chairing a series; who chairs it already may stay."""
    if stays or (is_active and may_write):
        return []
    return [Reason("meeting.chair", N_("Choose a chair who may call meetings and write minutes."), field="owner")]


def against_length(minutes: int) -> list[Reason]:
    if 5 <= minutes <= 12 * 60:
        return []
    return [Reason("meeting.minutes", N_("A meeting takes 5 minutes to 12 hours."), field="minutes")]


def against_resuming(*, has_ended: bool) -> list[Reason]:
    return [] if has_ended else [Reason("meeting.series_runs", N_("This series has not ended."))]


def against_taking_out(state: str) -> list[Reason]:
    """Every reason against taking somebody out of a meeting: once its minutes are approved they say who was there."""
    if state in (MeetingState.PLANNED, MeetingState.RUNNING, MeetingState.HELD):
        return []
    return [Reason("meeting.settled", N_("The minutes are settled; who was there stays."), field="attendee")]


def against_line(
    *, text: str, kind: str, offered: Sequence[str], customer: int, order_of: int | None, contact_of: int | None
) -> list[Reason]:
    """Every reason against a line of the minutes of a meeting with ``customer``; whose its order and contact are."""
    reasons = against_text(text)
    if kind not in offered:
        reasons.append(Reason("meeting.kind", N_("A line can't become “%(kind)s” here."), {"kind": kind}, "kind"))
    if order_of is not None and order_of != customer:
        reasons.append(Reason("meeting.order", N_("This order belongs to another customer."), field="order"))
    if contact_of is not None and contact_of != customer:
        reasons.append(Reason("meeting.contact", N_("A contact belongs to another customer."), field="contact"))
    return reasons


def against_settling(*, kind: str, is_wanted: bool, is_open: bool) -> list[Reason]:
    """Every reason against keeping a line of this kind as the customer's decision about something wanted of them."""
    reasons = []
    if kind != LineKind.DECISION:
        text = N_("What settles a question is a decision; write another line for what follows from it.")
        reasons.append(Reason("meeting.not_decision", text, field="kind"))
    if not is_wanted:
        reasons.append(Reason("meeting.not_wanted", N_("The customer was not asked to decide this."), field="settles"))
    elif not is_open:
        reasons.append(Reason("meeting.decided", N_("This is decided already."), field="settles"))
    return reasons


def against_turning(*, before: str, into: str, is_done: bool, work: Collection[str]) -> list[Reason]:
    """Every reason against making one of the kinds ``work`` out of a line that was kept."""
    reasons = []
    if is_done:
        reasons.append(Reason("meeting.turned", N_("This line has become something already."), field="line"))
    if into not in work:
        reasons.append(Reason("meeting.kind", N_("A line can't become “%(kind)s” here."), {"kind": into}, "kind"))
    elif before == LineKind.INTERNAL and into != LineKind.RISK:
        text = N_("The customer may not read this line: only a risk can come of it. Write another one for the rest.")
        reasons.append(Reason("meeting.internal", text, field="kind"))
    return reasons


SCALE: Final = {SurveyKind.CSAT: (1, 5), SurveyKind.NPS: (0, 10)}
LOW: Final = {SurveyKind.CSAT: 2, SurveyKind.NPS: 6}
"""A score up to this is a request of its own."""


def against_score(kind: str, score: int) -> list[Reason]:
    low, high = SCALE[SurveyKind(kind)]
    if low <= score <= high:
        return []
    return [
        Reason(
            "feedback.score", N_("The score lies between %(low)d and %(high)d."), {"low": low, "high": high}, "score"
        )
    ]


def is_low(kind: str, score: int) -> bool:
    return score <= LOW[SurveyKind(kind)]
