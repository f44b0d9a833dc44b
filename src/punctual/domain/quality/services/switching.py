"""How strictly a supplier's item is inspected, and every switch with its reason."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from punctual.domain.parties.models import Supplier
from punctual.domain.quality.models import Inspection, SeverityChange, SupplierSeverity
from punctual.domain.quality.rules import SamplingRule, reasons_against_rule, reasons_against_text
from punctual.domain.quality.selectors import severities_of
from punctual.engine.sampling import SamplingPlan, Severity, Switching
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.records import lock, save_next

DISCONTINUED = "discontinued"
RULES = {
    ("normal", "tightened"): "two_of_five",
    ("tightened", "normal"): "five_accepted",
    ("reduced", "normal"): "reduced_rejected",
    ("tightened", DISCONTINUED): "five_rejected",
}
"""What the standard's rule is called by which a lot switches."""
RULE_WORDS = {
    "two_of_five": N_("2 of at most 5 lots in a row were not accepted."),
    "five_accepted": N_("5 lots in a row were accepted on tightened inspection."),
    "reduced_rejected": N_("A lot was not accepted on reduced inspection."),
    "five_rejected": N_("5 lots were not accepted on tightened inspection."),
    "reduced": N_("The switching score reached 30 and production is steady."),
    "irregular": N_("Production is irregular or delayed."),
    "resumed": N_("The supplier has improved the process."),
}


TOLD = {
    Severity.TIGHTENED.value: N_("%(supplier)s, %(item)s: inspection is tightened after %(number)s."),
    DISCONTINUED: N_("%(supplier)s, %(item)s: inspection is discontinued after %(number)s, until somebody resumes it."),
}
"""What is told of a switch to the stricter side."""


def state_of(row: SupplierSeverity) -> Switching:
    """The row as the engine knows it."""
    return Switching(
        Severity(row.severity), tuple(row.recent), row.score, row.accepted_in_a_row, row.rejected_tightened
    )


def word_of(row: SupplierSeverity) -> str:
    """normal, tightened, reduced, or discontinued."""
    return DISCONTINUED if row.is_discontinued else row.severity


def severity_for(supplier: Supplier | None, item_key: str) -> SupplierSeverity | None:
    """Where an item of a supplier stands; None while nothing of it was inspected."""
    if supplier is None or not item_key:
        return None
    return SupplierSeverity.objects.filter(supplier=supplier, item_key=item_key).first()


def _write(row: SupplierSeverity, state: Switching) -> None:
    row.severity, row.recent, row.score = state.severity.value, list(state.recent), state.score
    row.accepted_in_a_row, row.rejected_tightened = state.accepted_in_a_row, state.rejected_tightened
    row.is_discontinued = state.discontinued
    save_next(row)


def after_lot(inspection: Inspection, plan: SamplingPlan, nonconforming: int, *, actor: User) -> SeverityChange | None:
    """Count one judged original lot; returns the switch where there is one. Part of the judgement's transaction."""
    assert inspection.supplier is not None
    row, _ = SupplierSeverity.objects.get_or_create(
        supplier=inspection.supplier, item_key=inspection.item_key, defaults={"item_name": inspection.item_name}
    )
    row = SupplierSeverity.objects.select_for_update().get(pk=row.pk)
    state = state_of(row)
    if state.severity is not plan.severity or state.discontinued:
        return None
    old = word_of(row)
    _write(row, state.after(plan, nonconforming))
    new = word_of(row)
    if old == new:
        return None
    change = SeverityChange.objects.create(
        of=row, old=old, new=new, rule=RULES[old, new], inspection=inspection, by=actor
    )
    record(actor=actor, verb="switch", target=row, changes=[Change(field="severity", old=old, new=new)])
    if new in TOLD:
        notify(
            users=User.objects.filter(role__in=[Role.QUALITY, Role.SUPPLY_CHAIN], is_active=True),
            kind="quality",
            text=TOLD[new],
            params={
                "supplier": str(inspection.supplier),
                "item": inspection.item_name,
                "number": inspection.number,
            },
            url=f"/quality/severity/{row.pk}/",
        )
    return change


@transaction.atomic
def put_under_inspection(
    *, actor: User, supplier: Supplier | None, item_key: str, item_name: str, aql: Decimal | None, level: str
) -> SupplierSeverity:
    """From now on every receipt of the item from this supplier is inspected; again: by another AQL or level."""
    require(actor, "quality.handle")
    reasons = reasons_against_rule(SamplingRule("aql", aql=aql, level=level))
    if supplier is None:
        reasons.append(Reason("severity.supplier", N_("Name the supplier."), field="supplier"))
    if not item_key.strip() or len(item_key) > 60:
        reasons.append(
            Reason("severity.item", N_("Name the item by its code, at most 60 characters."), field="item_key")
        )
    refuse_if(reasons)
    assert supplier is not None
    row, fresh = SupplierSeverity.objects.get_or_create(supplier=supplier, item_key=item_key.strip())
    row = SupplierSeverity.objects.select_for_update().get(pk=row.pk)
    before = {} if fresh else {"aql": row.aql, "level": row.level}
    row.aql, row.level, row.item_name = aql or row.aql, level, item_name.strip()[:160] or row.item_name
    save_next(row)
    after = {"aql": row.aql, "level": row.level}
    record(actor=actor, verb="create" if fresh else "change", target=row, changes=differences(before, after))
    return row


@transaction.atomic
def switch(
    *, actor: User, severity_id: int, verb: str, reason: str, expected_version: int | None = None
) -> SupplierSeverity:
    """What the responsible authority decides: ``reduce`` (score of 30), ``irregular`` (reduced ends), ``resume``."""
    require(actor, "quality.handle")
    row = lock(severities_of(actor), expected_version=expected_version, pk=severity_id)
    refuse_if(reasons_against_text("severity.reason", reason, N_("Say why."), field_name="reason"))
    state, old = state_of(row), word_of(row)
    if verb == "reduce":
        state, rule = state.reduced(), "reduced"
    elif verb == "irregular":
        state, rule = state.irregular(), "irregular"
    elif verb == "resume":
        state, rule = state.resumed(), "resumed"
    else:
        refuse_if([Reason("severity.verb", N_("Choose: reduce, end reduced inspection, or resume."), field="verb")])
    _write(row, state)
    new = word_of(row)
    if old == new:
        refuse_if(
            [Reason("severity.same", N_("Nothing would change: this does not apply to the inspection in force."))]
        )
    SeverityChange.objects.create(of=row, old=old, new=new, rule=rule, reason=reason.strip(), by=actor)
    changes = [Change(field="severity", old=old, new=new)]
    record(actor=actor, verb="switch", target=row, changes=changes, reason=reason.strip())
    return row
