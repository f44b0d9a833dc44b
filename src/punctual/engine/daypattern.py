"""Working shifts of one day: plain integer arithmetic on minutes after midnight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

DAY = 1440
"""Minutes of a wall-clock day."""

Shift = tuple[int, int]
"""From and to in minutes after midnight; ``to`` may pass 1440 where a shift ends on the next day."""

Shifts = tuple[Shift, ...]


def parse_clock(text: str) -> int | None:
    """``"08:30"`` → 510, ``"24:00"`` → 1440, ``"30:00"`` → 1800; None where it is no such time."""
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and hours.isascii() and hours.isdecimal() and minutes.isascii() and minutes.isdecimal()):
        return None
    value = int(hours) * 60 + int(minutes)
    return value if int(minutes) < 60 and value <= 2 * DAY else None


def parse_shift(text: str) -> Shift | None:
    """``"08:00-12:00"`` → (480, 720); an end at or before the start lies on the next day. None where it is no shift."""
    left, dash, right = text.partition("-")
    start, end = parse_clock(left), parse_clock(right)
    if not dash or start is None or end is None:
        return None
    return (start, end + DAY) if end <= start else (start, end)


def shift_faults(shifts: Iterable[Shift], where: str) -> list[Reason]:
    """Everything wrong with the shifts of one day: outside the day, empty, overlapping."""
    faults = []
    previous_end = 0
    for start, end in sorted(shifts):
        if not (0 <= start < DAY and start < end <= start + DAY):
            faults.append(
                Reason(
                    code="calendar.shift_outside_day",
                    text=N_(
                        "%(where)s: the shift from minute %(start)s to %(end)s is not possible; a shift starts "
                        "between 00:00 and 23:59 and lasts one minute to 24 hours"
                    ),
                    params={"where": where, "start": start, "end": end},
                    field="shifts",
                )
            )
        elif start < previous_end:
            faults.append(
                Reason(
                    code="calendar.shifts_overlap",
                    text=N_("%(where)s: the shift at %(start)s begins before the one before it ends; separate them"),
                    params={"where": where, "start": f"{start // 60:02d}:{start % 60:02d}"},
                    field="shifts",
                )
            )
        previous_end = max(previous_end, end)
    return faults


def merged(shifts: Iterable[Shift]) -> Shifts:
    """Sorted, touching and overlapping ones joined."""
    result: list[Shift] = []
    for start, end in sorted(shifts):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return tuple(result)


def within_day(today: Shifts, yesterday: Shifts) -> Shifts:
    """What is worked between 00:00 and 24:00: today's shifts and the tail of yesterday's night shift."""
    tail = [(max(0, start - DAY), end - DAY) for start, end in yesterday if end > DAY]
    return merged(tail + [(start, min(end, DAY)) for start, end in today])


def intersection(left: Shifts, right: Shifts) -> Shifts:
    """Minutes worked in both."""
    return merged((max(a, c), min(b, d)) for a, b in left for c, d in right if max(a, c) < min(b, d))


def union(left: Shifts, right: Shifts) -> Shifts:
    """Minutes worked in one or the other."""
    return merged((*left, *right))


def without(shifts: Shifts, hole: Shift) -> Shifts:
    """The shifts less the minutes of ``hole``."""
    pieces: list[Shift] = []
    for start, end in shifts:
        pieces += [(start, min(end, hole[0])), (max(start, hole[1]), end)]
    return tuple((start, end) for start, end in pieces if start < end)


def worked(shifts: Sequence[Shift]) -> int:
    """Minutes of all shifts together."""
    return sum(end - start for start, end in shifts)
