"""Resource-constrained projects of the scheduling literature: PSPLIB single mode (``.sm``) and Patterson/RanGen
(``.rcp``).

PSPLIB: Kolisch & Sprecher, European Journal of Operational Research 96 (1997) 205–216. Patterson's form: Patterson,
Management Science 30 (1984) 854–867; used by RanGen (Demeulemeester, Vanhoucke & Herroelen, Journal of Scheduling 6
(2003) 17–38). Both number their jobs from 1, dummies included; the tasks of the problem keep these numbers as ids and
stand in this order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from punctual.engine.capacity.model import Link, Mode, Problem, Resource, Task, problem
from punctual.engine.formats.text_file import Word, read_text, refuse, whole, words_of
from punctual.kernel.wording import N_

JOBS_LIMIT = 100_000


def read(path: Path) -> Problem:
    """The project of a ``.sm`` or ``.rcp`` file (told apart by their content); one clear refusal for anything else."""
    text = read_text(path)
    if "PRECEDENCE RELATIONS" in text.upper():
        return parse_psplib(text)
    return parse_patterson(text)


def parse_psplib(text: str) -> Problem:
    """PSPLIB single-mode text: precedence by successors, then durations and requests, then availabilities."""
    lines = text.splitlines()
    sections = {
        name: _section(lines, name) for name in ("PRECEDENCE RELATIONS", "REQUESTS/DURATIONS", "RESOURCEAVAILABILITIES")
    }
    _refuse_nonrenewable(lines)
    names = _header_resources(lines, sections["RESOURCEAVAILABILITIES"])
    successors = _psplib_successors(lines, sections["PRECEDENCE RELATIONS"])
    first = sections["REQUESTS/DURATIONS"]
    rows = [row for row in _rows(lines, first + 1) if row[0].text.isdecimal()]
    if len(rows) != len(successors):
        message = N_("%(rows)s jobs have a duration but %(jobs)s have precedence; every job needs both.")
        refuse("psplib.jobs", message, row=first + 1, rows=len(rows), jobs=len(successors))
    durations, demands = [], []
    for number, row in enumerate(rows, start=1):
        if len(row) != 3 + names or int(row[0].text) != number:
            message = N_("Job %(number)s should stand here as: job, mode, duration and %(count)s requests.")
            refuse("psplib.request", message, row=row[0].line, number=number, count=names)
        durations.append(whole(row[2], "The duration"))
        demands.append([whole(word, "The request", high=32_767) for word in row[3:]])
    return _problem([whole(w, "The availability", high=32_767) for w in _capacities(lines, sections, names)],
                    durations, demands, successors)  # fmt: skip


def parse_patterson(text: str) -> Problem:
    """Patterson's form: jobs and resources; availabilities; per job duration, requests, number of successors,
    successors.
    """
    words = list(words_of(text))
    position = 0

    def take(what: str, *, low: int = 0, high: int = 2**30) -> int:
        nonlocal position
        if position >= len(words):
            message = N_("The file ends where %(what)s should stand.")
            refuse("patterson.short", message, row=words[-1].line if words else 1, what=what[0].lower() + what[1:])
        position += 1
        return whole(words[position - 1], what, low=low, high=high)

    jobs = take("The number of jobs", low=1, high=JOBS_LIMIT)
    kinds = take("The number of resources", high=1_000)
    capacities = [take("The availability", high=32_767) for _ in range(kinds)]
    durations: list[int] = []
    demands: list[list[int]] = []
    successors: list[list[int]] = []
    for _ in range(jobs):
        durations.append(take("The duration"))
        demands.append([take("The request", high=32_767) for _ in range(kinds)])
        count = take("The number of successors", high=jobs)
        successors.append([take("The successor", low=1, high=jobs) for _ in range(count)])
    if position < len(words):
        message = N_("After the %(jobs)s jobs nothing more may stand, but there is '%(word)s'.")
        refuse("patterson.long", message, row=words[position].line, jobs=jobs, word=words[position].text[:40])
    return _problem(capacities, durations, demands, successors)


def _problem(
    capacities: Sequence[int],
    durations: Sequence[int],
    demands: Sequence[Sequence[int]],
    successors: Sequence[list[int]],
) -> Problem:
    before: list[list[Link]] = [[] for _ in durations]
    for number, after in enumerate(successors, start=1):
        for other in dict.fromkeys(after):
            before[other - 1].append(Link(str(number)))
    names = [f"R{index + 1}" for index in range(len(capacities))]
    tasks = (
        Task(
            id=str(index + 1),
            modes=(Mode(durations[index], {name: n for name, n in zip(names, demands[index], strict=True) if n}),),
            predecessors=tuple(before[index]),
        )
        for index in range(len(durations))
    )
    resources = (Resource(name, ((0, units),)) for name, units in zip(names, capacities, strict=True))
    return problem(resources=resources, tasks=tasks)


def _section(lines: Sequence[str], name: str) -> int:
    for number, line in enumerate(lines):
        if line.upper().startswith(name):
            return number
    text = N_("The section %(name)s is missing; is this a PSPLIB .sm or a Patterson .rcp file?")
    return refuse("psplib.section", text, row=len(lines), name=name)


def _rows(lines: Sequence[str], first: int) -> list[list[Word]]:
    """The rows of a section up to the next line of stars, without rulers and blank lines."""
    rows = []
    for number in range(first, len(lines)):
        if lines[number].startswith("***"):
            break
        row = [Word(text, number + 1) for text in lines[number].split()]
        if row and not row[0].text.startswith("---"):
            rows.append(row)
    return rows


def _refuse_nonrenewable(lines: Sequence[str]) -> None:
    for number, line in enumerate(lines, start=1):
        found = re.match(r"\s*-\s*(nonrenewable|doubly constrained)\s*:\s*(\d+)", line)
        if found and int(found[2]):
            text = N_("There are %(kind)s resources; only renewable ones are scheduled.")
            refuse("psplib.nonrenewable", text, row=number, kind=found[1])


def _header_resources(lines: Sequence[str], section: int) -> int:
    rows = _rows(lines, section + 1)
    if len(rows) < 2:
        text = N_("Under RESOURCEAVAILABILITIES the names and then the units of the resources should stand.")
        refuse("psplib.availability", text, row=section + 1)
    return len(rows[-1])


def _capacities(lines: Sequence[str], sections: dict[str, int], count: int) -> list[Word]:
    row = _rows(lines, sections["RESOURCEAVAILABILITIES"] + 1)[-1]
    if sum(word.text.upper() == "R" or word.text.upper().startswith("R") for word in
           _rows(lines, sections["RESOURCEAVAILABILITIES"] + 1)[0]) != count:  # fmt: skip
        text = N_("%(count)s availabilities stand under a different number of resource names.")
        refuse("psplib.availability", text, row=row[0].line, count=count)
    return row


def _psplib_successors(lines: Sequence[str], section: int) -> list[list[int]]:
    rows = [row for row in _rows(lines, section + 1) if row[0].text.isdecimal()]
    successors = []
    for number, row in enumerate(rows, start=1):
        head = [whole(word, "The number", high=JOBS_LIMIT) for word in row[:3]]
        if len(head) < 3 or head[0] != number or len(row) != 3 + head[2]:
            text = N_(
                "Job %(number)s should stand here as: job, modes, number of successors, and that many successors."
            )
            refuse("psplib.precedence", text, row=row[0].line, number=number)
        if head[1] != 1:
            text = N_("Job %(number)s has %(modes)s modes; only single-mode projects are read.")
            refuse("psplib.modes", text, row=row[0].line, number=number, modes=head[1])
        successors.append([whole(word, "The successor", low=1, high=len(rows)) for word in row[3:]])
    if not successors:
        refuse("psplib.precedence", N_("Under PRECEDENCE RELATIONS no job stands."), row=section + 1)
    return successors
