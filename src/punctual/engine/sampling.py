"""Acceptance sampling by attributes: single sampling plans and switching rules of GB/T 2828.1 / ISO 2859-1.

Sources of the tables
- Code letters (:data:`CODE_LETTERS`): table 1 of GB/T 2828.1-2012, identical in ISO 2859-1:1999 and MIL-STD-105E.
- Normal, tightened and reduced plans (:data:`MASTER_TABLES`): tables 2-A, 2-B and 2-C of GB/T 2828.1-2012, which adopts
  ISO 2859-1:1999. The printed standard was not at hand: the tables were written down from their diagonal build (a step
  to the next letter and the next lower AQL keeps the acceptance number). Normal and tightened plans, which these
  editions share with MIL-STD-105E and ANSI/ASQ Z1.4, were compared with a published program of those tables, n and Ac
  after following the arrows: normal 416 of 416 cells agree; tightened 415 of 416, the one that differs is
  :data:`DOUBTFUL`. Of the reduced plans only a part of the rows was compared with a public transcription, so none of
  them counts as verified (:attr:`SamplingPlan.verified`).
- Reduced plans have no gap between Ac and Re since the editions of 1999 (ISO) and 2003 (GB/T). MIL-STD-105E still has
  one; its table II-C is a different one and is not used here.
- The plans with fractional acceptance numbers (optional, table 11) are not offered.

Quality is nonconforming units per 100 (up to AQL 10) or nonconformities per 100 units (any AQL).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_

AQLS: Final = (
    0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5,
    4.0, 6.5, 10.0, 15.0, 25.0, 40.0, 65.0, 100.0, 150.0, 250.0, 400.0, 650.0, 1000.0,
)  # fmt: skip
"""The preferred acceptance quality limits, the columns of the master tables."""

LEVELS: Final = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
"""Inspection levels, the columns of :data:`CODE_LETTERS`; II unless something else is agreed."""

LARGEST_LOT: Final = 10**12

_LETTERS: Final = "ABCDEFGHJKLMNPQRS"


class Severity(StrEnum):
    """How strictly is inspected."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    REDUCED = "reduced"


CODE_LETTERS: Final[Sequence[tuple[int, str]]] = (
    (8, "AAAAAAB"),
    (15, "AAAAABC"),
    (25, "AABBBCD"),
    (50, "ABBCCDE"),
    (90, "BBCCCEF"),
    (150, "BBCDDFG"),
    (280, "BCDEEGH"),
    (500, "BCDEFHJ"),
    (1_200, "CCEFGJK"),
    (3_200, "CDEGHKL"),
    (10_000, "CDFGJLM"),
    (35_000, "CDFHKMN"),
    (150_000, "DEGJLNP"),
    (500_000, "DEGJMPQ"),
    (LARGEST_LOT, "DEHKNQR"),
)
"""Largest lot of each range and its letters in the order of :data:`LEVELS`. The standard begins at 2; a lot of 1 is
inspected whole by any plan."""

SAMPLE_SIZES: Final[Mapping[Severity, Sequence[int]]] = {
    Severity.NORMAL: (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000),
    Severity.TIGHTENED: (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150),
    Severity.REDUCED: (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800),
}
"""Sample size of each code letter A to R (tightened also S)."""


def _rows(text: str) -> Mapping[str, Sequence[str]]:
    return {line.split()[0]: tuple(line.split()[1:]) for line in text.strip().splitlines()}


MASTER_TABLES: Final[Mapping[Severity, Mapping[str, Sequence[str]]]] = {
    Severity.NORMAL: _rows("""
A  v  v  v  v  v  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  7 10 14 21 30
B  v  v  v  v  v  v  v  v  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21 30 44
C  v  v  v  v  v  v  v  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21 30 44  ^
D  v  v  v  v  v  v  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21 30 44  ^  ^
E  v  v  v  v  v  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21 30 44  ^  ^  ^
F  v  v  v  v  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^
G  v  v  v  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^
H  v  v  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^
J  v  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^  ^
K  v  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
L  v  v  v  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
M  v  v  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
N  v  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
P  v  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
Q  0  ^  v  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
R  ^  ^  1  2  3  5  7 10 14 21  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
"""),
    Severity.TIGHTENED: _rows("""
A  v  v  v  v  v  v  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18 27
B  v  v  v  v  v  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18 27 41
C  v  v  v  v  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18 27 41  ^
D  v  v  v  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18 27 41  ^  ^
E  v  v  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18 27 41  ^  ^  ^
F  v  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^
G  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^
H  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^
J  v  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^  ^
K  v  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
L  v  v  v  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
M  v  v  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
N  v  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
P  v  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
Q  v  0  v  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
R  0  ^  v  1  2  3  5  8 12 18  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
S  -  -  1  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -
"""),
    Severity.REDUCED: _rows("""
A  v  v  v  v  v  v  v  v  v  v  v  v  v  v  0  v  v  1  2  3  5  7 10 14 21 30
B  v  v  v  v  v  v  v  v  v  v  v  v  v  0  ^  v  v  1  2  3  5  7 10 14 21 30
C  v  v  v  v  v  v  v  v  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10 14 21  ^
D  v  v  v  v  v  v  v  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10 14 21  ^  ^
E  v  v  v  v  v  v  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10 14 21  ^  ^  ^
F  v  v  v  v  v  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^
G  v  v  v  v  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^
H  v  v  v  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^
J  v  v  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^  ^
K  v  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
L  v  v  v  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
M  v  v  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
N  v  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
P  v  0  ^  v  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
Q  0  ^  ^  v  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
R  ^  ^  ^  1  2  3  5  6  8 10  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^  ^
"""),
}
"""Acceptance number by code letter (row) and AQL (column, as :data:`AQLS`); v takes the first plan below, ^ the first
above, - is blank. The rejection number is one more."""


DOUBTFUL: Final = frozenset({(Severity.TIGHTENED, "A", 10.0)})
"""(severity, code letter of the lot, AQL) where a published source says something else: it follows the arrow to letter
D (n = 8, Ac = 1), where the diagonal gives n = 2, Ac = 0, which accepts less."""


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """The plan in force after the arrows.

    ``lot_code_letter``  letter of the lot size and level (table 1); ``code_letter`` the one to which the arrows lead.
    ``n``                sample size of the table; with ``inspect_all`` it reaches the lot and every unit is inspected.
    ``ac``, ``re``       accept with at most ``ac`` nonconforming, reject from ``re`` on.
    """

    lot: int
    level: str
    aql: float
    severity: Severity
    lot_code_letter: str
    code_letter: str
    n: int
    ac: int
    re: int
    inspect_all: bool

    @property
    def verified(self) -> bool:
        """Whether this cell agrees with a published source; where not, the printed standard decides a dispute."""
        if self.severity is Severity.REDUCED:
            return False
        return (self.severity, self.lot_code_letter, self.aql) not in DOUBTFUL

    def accepts(self, nonconforming: int) -> bool:
        """Whether a sample with so many nonconforming units (or nonconformities) is accepted."""
        return nonconforming <= self.ac

    def acceptance_probability(self, quality: float, *, nonconformities: bool = False) -> float:
        """Pa of the operating characteristic for a process at ``quality`` per 100 units.

        Nonconforming units: binomial (``quality`` up to 100). Nonconformities per 100 units: Poisson. As in the
        standard's tables 10, the lot is taken as large against the sample.
        """
        if not 0 <= quality <= (1e9 if nonconformities else 100):
            raise ValueError(f"quality {quality} is not a rate per 100 units")
        rate = quality / 100
        if nonconformities:
            expected = self.n * rate
            if expected == 0:
                return 1.0
            terms = (math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(self.ac + 1))
            return min(1.0, math.fsum(terms))
        most = min(self.ac, self.n)
        return min(1.0, math.fsum(math.comb(self.n, k) * rate**k * (1 - rate) ** (self.n - k) for k in range(most + 1)))

    def as_data(self) -> dict[str, object]:
        """The document of ``punctual sampling-plan --json``."""
        return {
            "lot": self.lot,
            "level": self.level,
            "aql": self.aql,
            "severity": self.severity.value,
            "lot_code_letter": self.lot_code_letter,
            "code_letter": self.code_letter,
            "n": self.n,
            "ac": self.ac,
            "re": self.re,
            "inspect_all": self.inspect_all,
            "verified": self.verified,
        }


def code_letter(lot: int, level: str) -> str:
    """The sample size code letter of a lot (table 1). Refuses a lot below 1 and an unknown level."""
    refuse_if(_lot_problems(lot, level))
    column = LEVELS.index(level)
    return next(letters[column] for largest, letters in CODE_LETTERS if lot <= largest)


def sampling_plan(lot: int, *, aql: float, level: str = "II", severity: Severity = Severity.NORMAL) -> SamplingPlan:
    """The single sampling plan for a lot of ``lot`` units at ``aql`` per 100. Refuses values outside the tables."""
    reasons = _lot_problems(lot, level)
    column = next((k for k, known in enumerate(AQLS) if math.isclose(known, aql, rel_tol=1e-9)), None)
    if column is None:
        text = N_("the AQL must be one of %(known)s; it is %(given)s")
        params = {"known": ", ".join(f"{known:g}" for known in AQLS), "given": f"{aql:g}"}
        reasons.append(Reason("sampling.unknown_aql", text, params, field="aql"))
    refuse_if(reasons)
    first = code_letter(lot, level)
    return _plan(lot, level, column or 0, severity, first, first)


def _plan(lot: int, level: str, column: int, severity: Severity, lot_letter: str, letter: str) -> SamplingPlan:
    table = MASTER_TABLES[severity]
    row = _LETTERS.index(letter)
    while (cell := table[_LETTERS[row]][column]) in "v^":
        row += 1 if cell == "v" else -1
    size, accepted = SAMPLE_SIZES[severity][row], int(cell)
    return SamplingPlan(
        lot=lot,
        level=level,
        aql=AQLS[column],
        severity=severity,
        lot_code_letter=lot_letter,
        code_letter=_LETTERS[row],
        n=size,
        ac=accepted,
        re=accepted + 1,
        inspect_all=size >= lot,
    )


def one_aql_tighter(plan: SamplingPlan) -> SamplingPlan | None:
    """The plan of the same code letter one AQL column tighter (for the switching score); None at the tightest."""
    column = AQLS.index(plan.aql)
    if column == 0:
        return None
    return _plan(plan.lot, plan.level, column - 1, plan.severity, plan.lot_code_letter, plan.code_letter)


def _lot_problems(lot: int, level: str) -> list[Reason]:
    reasons = []
    if not 1 <= lot <= LARGEST_LOT:
        text = N_("the lot must have from 1 to %(largest)d units, it has %(lot)d")
        reasons.append(Reason("sampling.lot_out_of_range", text, {"largest": LARGEST_LOT, "lot": lot}, field="lot"))
    if level not in LEVELS:
        text = N_("the inspection level must be one of %(known)s; it is %(given)s")
        params = {"known": ", ".join(LEVELS), "given": level}
        reasons.append(Reason("sampling.unknown_level", text, params, field="level"))
    return reasons


@dataclass(frozen=True, slots=True)
class Switching:
    """Where the switching rules stand (GB/T 2828.1-2012 and ISO 2859-1:1999, 9.3 and 9.4); start with ``Switching()``.

    ``recent``               acceptance of the last lots on original normal inspection, at most five.
    ``score``                switching score on normal inspection.
    ``accepted_in_a_row``    lots accepted one after the other on tightened inspection.
    ``rejected_tightened``   lots not accepted since tightened inspection began; at five inspection is discontinued.
    """

    severity: Severity = Severity.NORMAL
    recent: tuple[bool, ...] = ()
    score: int = 0
    accepted_in_a_row: int = 0
    rejected_tightened: int = 0

    @property
    def discontinued(self) -> bool:
        """Whether inspection is stopped until the supplier has improved (then :meth:`resumed`)."""
        return self.rejected_tightened >= 5

    @property
    def may_reduce(self) -> bool:
        """Whether the score allows reduced inspection; production must also be steady and the authority want it."""
        return self.severity is Severity.NORMAL and self.score >= 30

    def after(self, plan: SamplingPlan, nonconforming: int) -> Switching:
        """The state after an original lot inspected by ``plan`` (resubmitted lots do not count)."""
        if self.discontinued:
            text = N_("inspection is discontinued; resume it when the supplier has improved the process")
            raise Refusal(Reason("sampling.discontinued", text))
        if plan.severity is not self.severity:
            text = N_("the plan is for %(plan)s inspection, but %(severity)s inspection is in force")
            params = {"plan": plan.severity.value, "severity": self.severity.value}
            raise Refusal(Reason("sampling.other_severity", text, params, field="severity"))
        accepted = plan.accepts(nonconforming)
        if self.severity is Severity.TIGHTENED:
            return self._after_tightened(accepted)
        if self.severity is Severity.REDUCED:
            return self if accepted else Switching()
        recent = (*self.recent, accepted)[-5:]
        if recent.count(False) >= 2:
            return Switching(Severity.TIGHTENED)
        return replace(self, recent=recent, score=self._score(plan, nonconforming))

    def _after_tightened(self, accepted: bool) -> Switching:
        if not accepted:
            return replace(self, accepted_in_a_row=0, rejected_tightened=self.rejected_tightened + 1)
        if self.accepted_in_a_row == 4:
            return Switching()
        return replace(self, accepted_in_a_row=self.accepted_in_a_row + 1)

    def _score(self, plan: SamplingPlan, nonconforming: int) -> int:
        """9.3.3.2: 3 points when the lot would pass one AQL tighter (Ac of 2 or more), 2 when it passes (Ac 0 or 1)."""
        if plan.ac <= 1:
            return self.score + 2 if plan.accepts(nonconforming) else 0
        tighter = one_aql_tighter(plan)
        return self.score + 3 if tighter is not None and tighter.accepts(nonconforming) else 0

    def reduced(self) -> Switching:
        """Reduced inspection, as the responsible authority decides when :attr:`may_reduce`."""
        if not self.may_reduce:
            text = N_("reduced inspection needs normal inspection and a switching score of 30; the score is %(score)d")
            raise Refusal(Reason("sampling.score_too_low", text, {"score": self.score}))
        return Switching(Severity.REDUCED)

    def irregular(self) -> Switching:
        """Production is irregular or delayed: reduced inspection ends, nothing else changes."""
        return Switching() if self.severity is Severity.REDUCED else self

    def resumed(self) -> Switching:
        """Inspection goes on after an improvement: tightened, counting anew."""
        return Switching(Severity.TIGHTENED) if self.discontinued else self
