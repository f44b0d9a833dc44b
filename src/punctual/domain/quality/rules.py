"""Pure decisions of quality: how many are looked at, whether a value is right, the verdict, what speaks against it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from punctual.domain.quality.models import DefectClass, Kind, Sampling
from punctual.engine.sampling import SamplingPlan, Severity, sampling_plan
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_, Word
from punctual.platform.accounts.permissions import Listed

MOST_UNITS: Final = 1_000_000
LONGEST_REASON: Final = 1000


# ------------------------------------------------------------------------------------------------------ sampling


@dataclass(frozen=True, slots=True)
class SamplingRule:
    """``number`` is the fixed number or the percentage; ``aql`` and ``level`` belong to AQL alone."""

    sampling: str
    number: Decimal | None = None
    aql: Decimal | None = None
    level: str = "II"


@dataclass(frozen=True, slots=True)
class Sample:
    """How many are looked at, and the verdict's numbers. ``plan`` only by AQL."""

    size: int
    ac: int
    re: int
    code_letter: str = ""
    plan: SamplingPlan | None = None


def reasons_against_rule(rule: SamplingRule) -> list[Reason]:
    """What is wrong with a sampling rule by itself."""
    if rule.sampling not in Sampling.values:
        text = N_("Choose how many are inspected: all, a fixed number, a percentage or by AQL.")
        return [Reason("quality.sampling.unknown", text, field="sampling")]
    if rule.sampling == Sampling.FIXED and (
        rule.number is None or rule.number < 1 or rule.number != int(rule.number) or rule.number > MOST_UNITS
    ):
        text = N_("A fixed sample is a whole number of at least 1.")
        return [Reason("quality.sampling.number", text, field="sample_number")]
    if rule.sampling == Sampling.PERCENT and (rule.number is None or not 0 < rule.number <= 100):
        text = N_("A percentage lies above 0 and at most 100.")
        return [Reason("quality.sampling.percent", text, field="sample_number")]
    if rule.sampling == Sampling.AQL:
        try:
            sampling_plan(2, aql=float(rule.aql or 0), level=rule.level)
        except Refusal as refusal:
            return list(refusal.reasons)
    return []


def reasons_against_lot(lot: int, rule: SamplingRule, *, asked: bool = False) -> list[Reason]:
    """``asked``: somebody typed the sample for this very lot, so that one larger than the lot is an error; a rule of
    the quality plan just takes the whole lot then."""
    reasons = reasons_against_rule(rule)
    if not 1 <= lot <= MOST_UNITS:
        text = N_("A lot has from 1 to %(most)s units; this one has %(lot)s.")
        reasons.append(Reason("inspection.lot_size", text, {"most": MOST_UNITS, "lot": lot}, field="lot_size"))
    elif asked and rule.sampling == Sampling.FIXED and rule.number is not None and rule.number > lot:
        text = N_("The sample of %(sample)s is larger than the lot of %(lot)s.")
        params = {"sample": int(rule.number), "lot": lot}
        reasons.append(Reason("inspection.sample_larger", text, params, field="sample_number"))
    return reasons


def sample_of(lot: int, rule: SamplingRule, severity: Severity = Severity.NORMAL) -> Sample:
    """The sample for a lot; the lot and the rule have been checked. Ac is 0 unless by AQL."""
    if rule.sampling == Sampling.AQL:
        plan = sampling_plan(lot, aql=float(rule.aql or 0), level=rule.level, severity=severity)
        return Sample(min(plan.n, lot), plan.ac, plan.re, plan.code_letter, plan)
    size = lot
    if rule.sampling == Sampling.FIXED:
        size = min(lot, int(rule.number or lot))
    elif rule.sampling == Sampling.PERCENT:
        size = min(lot, math.ceil(lot * (rule.number or Decimal(100)) / 100))
    return Sample(size, 0, 1)


# ------------------------------------------------------------------------------------------------ measured values


@dataclass(frozen=True, slots=True)
class GaugeFacts:
    code: str
    unit: str
    minimum: Decimal | None
    maximum: Decimal | None
    calibration_due: dt.date | None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A characteristic as it is asked for."""

    id: int
    kind: str
    name: str
    unit: str = ""
    lower: Decimal | None = None
    upper: Decimal | None = None
    defect_class: str = DefectClass.MAJOR.value


@dataclass(frozen=True, slots=True)
class ValueIn:
    """A value read at one unit, in ``unit`` (empty: the characteristic's own), by ``gauge``."""

    item: int
    unit_no: int
    value: Decimal
    unit: str = ""
    gauge: GaugeFacts | None = None


def within(value: Decimal, lower: Decimal | None, upper: Decimal | None) -> bool:
    """Limits belong to what is allowed."""
    return (lower is None or value >= lower) and (upper is None or value <= upper)


def reasons_against_value(value: ValueIn, item: ItemFacts, *, today: dt.date, sample: int) -> list[Reason]:
    """Why a value can't be used: unit number, unit of measure, gauge."""
    reasons = []
    where: dict[str, object] = {"name": item.name, "unit": value.unit_no}
    place = f"value-{item.id}-{value.unit_no}"
    if item.kind != Kind.MEASURED:
        reasons.append(Reason("measurement.kind", N_("“%(name)s” is not measured."), {"name": item.name}, place))
    if not value.value.is_finite():
        reasons.append(Reason("measurement.number", N_("“%(name)s”, unit %(unit)s: this is no number."), where, place))
    if not 1 <= value.unit_no <= sample:
        text = N_("“%(name)s”: there is no unit %(unit)s in a sample of %(sample)s.")
        reasons.append(Reason("measurement.unit_no", text, where | {"sample": sample}, place))
    if value.unit and item.unit and value.unit != item.unit:
        text = N_("“%(name)s” is measured in %(wanted)s; %(given)s was given.")
        params = {"name": item.name, "wanted": item.unit, "given": value.unit}
        reasons.append(Reason("measurement.unit", text, params, place))
    if value.gauge is not None:
        reasons += reasons_against_gauge(value.gauge, item, today=today, place=place)
        reasons += _outside_range(value, item, value.gauge, place)
    return reasons


def _outside_range(value: ValueIn, item: ItemFacts, gauge: GaugeFacts, place: str) -> list[Reason]:
    if within(value.value, gauge.minimum, gauge.maximum):
        return []
    text = N_("“%(name)s”: %(value)s lies outside what gauge %(gauge)s can show (%(least)s to %(most)s).")
    params = {
        "name": item.name,
        "value": f"{value.value:f}",
        "gauge": gauge.code,
        "least": "−∞" if gauge.minimum is None else f"{gauge.minimum.normalize():f}",
        "most": "∞" if gauge.maximum is None else f"{gauge.maximum.normalize():f}",
    }
    return [Reason("measurement.gauge_range", text, params, place)]


def reasons_against_gauge(gauge: GaugeFacts, item: ItemFacts, *, today: dt.date, place: str = "gauge") -> list[Reason]:
    """Why this gauge can't measure that: other unit, calibration overdue."""
    reasons = []
    if item.unit and gauge.unit != item.unit:
        text = N_("Gauge %(gauge)s shows %(given)s; “%(name)s” is measured in %(wanted)s.")
        params = {"gauge": gauge.code, "given": gauge.unit, "name": item.name, "wanted": item.unit}
        reasons.append(Reason("measurement.gauge_unit", text, params, place))
    if gauge.calibration_due is not None and gauge.calibration_due < today:
        text = N_("The calibration of gauge %(gauge)s ended on %(day)s; have it calibrated or take another one.")
        reasons.append(
            Reason("measurement.gauge_expired", text, {"gauge": gauge.code, "day": gauge.calibration_due}, place)
        )
    return reasons


# ----------------------------------------------------------------------------------------------------- the verdict


@dataclass(frozen=True, slots=True)
class Lot:
    """What the verdict needs to know of the inspection."""

    size: int
    sample: int
    ac: int
    needs_evidence: bool = False
    needs_certificate: bool = False
    needs_witness: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """What was found. ``bad_units`` have a value beyond its limits; ``failed`` are checks answered with no."""

    inspected: int
    counted: int
    bad_units: frozenset[int] = frozenset()
    failed: Sequence[ItemFacts] = ()
    unanswered: Sequence[ItemFacts] = ()
    critical: Sequence[str] = ()
    defects: int = 0
    has_evidence: bool = False
    has_certificate: bool = False
    has_witness: bool = False

    @property
    def nonconforming(self) -> int:
        """The count, but never fewer than the units whose values say so."""
        return max(self.counted, len(self.bad_units))


@dataclass(frozen=True, slots=True)
class Verdict:
    """``why`` says in a sentence what decided."""

    accepted: bool
    why: Reason


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    reasons: list[Reason] = field(default_factory=list)


def reasons_against_results(lot: Lot, results: Results) -> list[Reason]:
    """Counts that can't be."""
    reasons = []
    if results.inspected < 0 or results.counted < 0:
        reasons.append(Reason("inspection.negative", N_("A count is 0 or more."), field="inspected"))
    if results.inspected > lot.size:
        text = N_("%(inspected)s inspected is more than the lot of %(lot)s.")
        params = {"inspected": results.inspected, "lot": lot.size}
        reasons.append(Reason("inspection.more_than_lot", text, params, field="inspected"))
    if results.nonconforming > results.inspected:
        text = N_("%(count)s nonconforming is more than the %(inspected)s inspected.")
        params = {"count": results.nonconforming, "inspected": results.inspected}
        reasons.append(Reason("inspection.more_defects", text, params, field="nonconforming"))
    return reasons


def verdict(lot: Lot, results: Results) -> Verdict:
    """Reject on a critical finding, on a failed check, or on more than Ac nonconforming; else accept."""
    if results.critical:
        text = N_("Critical: %(names)s.")
        return Verdict(False, Reason("inspection.critical", text, {"names": _names(results.critical)}))
    if results.failed:
        text = N_("Not fulfilled: %(names)s.")
        params = {"names": _names(one.name for one in results.failed)}
        return Verdict(False, Reason("inspection.check_failed", text, params))
    numbers = {"count": results.nonconforming, "ac": lot.ac, "re": lot.ac + 1}
    if results.nonconforming > lot.ac:
        text = N_("%(count)s nonconforming reaches Re %(re)s.")
        return Verdict(False, Reason("inspection.re_reached", text, numbers))
    text = N_("%(count)s nonconforming is within Ac %(ac)s.")
    return Verdict(True, Reason("inspection.within_ac", text, numbers))


def _names(names: Iterable[str]) -> Listed:
    return Listed(dict.fromkeys(names))


def judge(lot: Lot, results: Results) -> Judgement:
    """The verdict with everything that stands against giving it now. A lot is rejected as soon as Re is reached; it is
    accepted only when the whole sample was looked at and every check answered."""
    found = verdict(lot, results)
    reasons = reasons_against_results(lot, results)
    if found.accepted and results.inspected < lot.sample:
        text = N_("%(inspected)s of %(sample)s are inspected; inspect the whole sample before accepting.")
        params = {"inspected": results.inspected, "sample": lot.sample}
        reasons.append(Reason("inspection.incomplete", text, params, field="inspected"))
    if found.accepted and results.unanswered:
        text = N_("Not answered yet: %(names)s.")
        names = {"names": _names(one.name for one in results.unanswered)}
        reasons.append(Reason("inspection.unanswered", text, names, field="items"))
    if lot.needs_evidence and not results.has_evidence:
        text = N_("The quality plan asks for evidence; attach a photo or a file.")
        reasons.append(Reason("inspection.evidence", text, field="file"))
    if found.accepted and lot.needs_certificate and not results.has_certificate:
        text = N_("The certificate is missing; attach it as a certificate.")
        reasons.append(Reason("inspection.certificate", text, field="certificate"))
    if found.accepted and lot.needs_witness and not results.has_witness:
        text = N_(
            "This is a witness point: name who was present for the customer, or who agreed to do without and when."
        )
        reasons.append(Reason("inspection.witness", text, field="witness"))
    return Judgement(found, reasons)


# ------------------------------------------------------------------------------------------------------ decisions


def reasons_against_text(code: str, text: str, sentence: str, *, field_name: str) -> list[Reason]:
    """A text that has to say something and fits."""
    if not text.strip():
        return [Reason(code, sentence, field=field_name)]
    if len(text) > LONGEST_REASON:
        words = N_("This has %(length)s characters; at most %(longest)s fit.")
        return [Reason(code, words, {"length": len(text), "longest": LONGEST_REASON}, field_name)]
    return []


def reasons_against_limits(lower: Decimal | None, nominal: Decimal | None, upper: Decimal | None) -> list[Reason]:
    """Limits of a measured characteristic: one at least, the lower below the upper, the nominal between."""
    if lower is None and upper is None:
        text = N_("A measured characteristic needs a lower or an upper limit.")
        return [Reason("characteristic.limits", text, field="lower")]
    if lower is not None and upper is not None and lower > upper:
        text = N_("The lower limit %(lower)s lies above the upper limit %(upper)s.")
        return [Reason("characteristic.limits_crossed", text, {"lower": lower, "upper": upper}, field="lower")]
    if nominal is not None and not within(nominal, lower, upper):
        text = N_("The nominal value %(nominal)s lies outside its limits.")
        return [Reason("characteristic.nominal", text, {"nominal": nominal}, field="nominal")]
    return []


def reasons_against_four_eyes(*, inspector: object, approver: object) -> list[Reason]:
    """Who inspected can't accept the deviation."""
    if inspector is not None and inspector == approver:
        text = N_("Who inspected the lot can't accept it by deviation; somebody else has to answer for it.")
        return [Reason("inspection.four_eyes", text)]
    return []


def reasons_against_disposition(
    disposition: str, *, known: Sequence[str], has_supplier: bool, customer_agreed: str, has_order: bool, critical: bool
) -> list[Reason]:
    """Which dispositions are impossible here, and why."""
    if disposition not in known:
        return [Reason("ncr.disposition", N_("Choose what is done with it."), field="disposition")]
    reasons = []
    if disposition == "return" and not has_supplier:
        text = N_("It can't be returned: no supplier is named.")
        reasons.append(Reason("ncr.return_no_supplier", text, field="disposition"))
    if disposition in ("use_as_is", "repair") and has_order and not customer_agreed.strip():
        text = N_("Using it as it is needs the customer's concession; say who agreed and when.")
        reasons.append(Reason("ncr.no_concession", text, field="customer_agreed"))
    if disposition == "use_as_is" and critical:
        text = N_("A critical nonconformity can't be used as it is.")
        reasons.append(Reason("ncr.critical_use", text, field="disposition"))
    return reasons


def word(text: object) -> Word:
    """A label that is put into the reader's language with its sentence."""
    return Word(str(text))
