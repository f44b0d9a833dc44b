"""Response times and reply templates."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from punctual.domain.customer_relations.models import Phase, ReplyTemplate, RequestKind, SlaRule
from punctual.domain.customer_relations.rules import against_rule, against_text
from punctual.domain.parties.models import Grade
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.records import get_or_not_found


@transaction.atomic
def set_rule(*, actor: User, grade: str, kind: str, phase: str, response: int, resolution: int) -> SlaRule:
    """Agree on times, in working minutes; requests that are under way keep theirs."""
    require(actor, "requests.rules")
    reasons = against_rule(response=response, resolution=resolution)
    for field, value, known in (
        ("grade", grade, Grade.values),
        ("kind", kind, RequestKind.values),
        ("phase", phase, Phase.values),
    ):
        if value and value not in known:
            reasons.append(
                Reason(f"sla.{field}", N_("“%(value)s” is not offered here."), {"value": value}, field=field)
            )
    refuse_if(reasons)
    rule, _fresh = SlaRule.objects.update_or_create(
        grade=grade,
        kind=kind,
        phase=phase,
        defaults={"response_minutes": response, "resolution_minutes": resolution},
    )
    record(actor=actor, verb="set", target=rule, reason=f"{response} / {resolution}")
    return rule


@transaction.atomic
def drop_rule(*, actor: User, rule_id: int) -> None:
    require(actor, "requests.rules")
    rule = get_or_not_found(SlaRule.objects.all(), pk=rule_id)
    record(actor=actor, verb="delete", target=rule)
    rule.delete()


@transaction.atomic
def set_template(
    *, actor: User, name: str, text: str, text_en: str = "", template_id: int | None = None
) -> ReplyTemplate:
    """A text for what is asked again and again."""
    require(actor, "requests.rules")
    reasons = against_text(text)
    if text_en.strip():
        reasons += [replace(reason, field="text_en") for reason in against_text(text_en)]
    if not name.strip():
        reasons.append(Reason("reply_template.name", N_("Give the template a name."), field="name"))
    taken = ReplyTemplate.objects.filter(name=name.strip()).exclude(pk=template_id or 0)
    if taken.exists():
        reasons.append(Reason("reply_template.taken", N_("A template has this name already."), field="name"))
    refuse_if(reasons)
    found = get_or_not_found(ReplyTemplate.objects.all(), pk=template_id) if template_id else ReplyTemplate()
    found.name, found.text, found.text_en = name.strip()[:80], text.strip(), text_en.strip()
    found.save()
    record(actor=actor, verb="set", target=found)
    return found


@transaction.atomic
def drop_template(*, actor: User, template_id: int) -> None:
    require(actor, "requests.rules")
    found = get_or_not_found(ReplyTemplate.objects.all(), pk=template_id)
    record(actor=actor, verb="delete", target=found)
    found.delete()
