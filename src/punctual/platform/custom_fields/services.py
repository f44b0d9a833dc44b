"""Define custom fields; write their values as part of the service that changes the thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences
from punctual.platform.custom_fields.models import CustomField, CustomValue, Kind
from punctual.platform.custom_fields.rules import (
    MOST_FIELDS,
    FieldFacts,
    Value,
    missing,
    read_value,
    reasons_against_field,
)
from punctual.platform.custom_fields.selectors import PREFIX, column_of, facts_of, fields_of, values_of
from punctual.platform.master_data import change, create, set_archived
from punctual.platform.records import lock


def _columns(facts: FieldFacts) -> dict[str, Any]:
    options = [{"key": key, "en": english} for key, english in facts.options] if facts.kind == Kind.CHOICE else []
    return {
        "label_zh": facts.label_zh.strip(),
        "label_en": facts.label_en.strip(),
        "options": options,
        "required": facts.required,
        "in_list": facts.in_list,
        "position": facts.position,
    }


@transaction.atomic
def define_field(*, actor: User, facts: FieldFacts) -> CustomField:
    """A new field of orders, tasks or customers; everything there is has nothing in it yet."""
    require(actor, "custom_fields.define")
    reasons = reasons_against_field(facts)
    if CustomField.objects.filter(subject=facts.subject, key=facts.key).exists():
        text = N_("There is already a field “%(key)s”, maybe among the archived ones; choose another key.")
        reasons.append(Reason("custom_field.key.taken", text, {"key": facts.key}, field="key"))
    if fields_of(facts.subject).count() >= MOST_FIELDS:
        text = N_("There are %(most)d fields already. Archive one that nobody uses first.")
        reasons.append(Reason("custom_field.most", text, {"most": MOST_FIELDS}))
    refuse_if(reasons)
    return create(CustomField(subject=facts.subject, key=facts.key, kind=facts.kind, **_columns(facts)), actor=actor)


@transaction.atomic
def change_field(*, actor: User, field_id: int, facts: FieldFacts, expected_version: int | None) -> CustomField:
    """Other names, choices or place; what it belongs to, its key and what it holds stay. A choice that is taken out
    stays readable where it was chosen."""
    require(actor, "custom_fields.define")
    found = lock(CustomField.objects.all(), expected_version=expected_version, pk=field_id)
    reasons = reasons_against_field(facts)
    for name in ("subject", "key", "kind"):
        if getattr(found, name) != getattr(facts, name):
            text = N_("This can't be changed any more, values depend on it. Archive the field and define another.")
            reasons.append(Reason(f"custom_field.{name}.fixed", text, field=name))
    refuse_if(reasons)
    change(found, _columns(facts), actor=actor)
    return found


@transaction.atomic
def archive_field(*, actor: User, field_id: int, archived: bool, expected_version: int | None) -> CustomField:
    """Take a field off forms, lists, files and the API, or bring it back; its values are kept."""
    require(actor, "custom_fields.define")
    return set_archived(
        lock(CustomField.objects.all(), expected_version=expected_version, pk=field_id), archived, actor=actor
    )


# ------------------------------------------------------------------------------------------------------- the values


def against_values(*, subject: str, target_ids: Sequence[int], given: Mapping[str, Any]) -> dict[int, list[Reason]]:
    """What :func:`write_values` would say against writing the same into each of these; nothing is written."""
    fields = list(fields_of(subject))
    before = values_of(fields, list(target_ids))
    return {target: _read(fields, given, before[target], complete=False)[1] for target in target_ids}


def write_values(*, subject: str, target_id: int, given: Mapping[str, Any], complete: bool = False) -> list[Change]:
    """Write what is given (key → value, None or empty clears) for a thing that the caller has locked, for an actor whom
    the caller has authorised; returns the changes for its story. ``complete``: fields that must be filled in and are
    not given count as well."""
    fields = list(fields_of(subject))
    before = values_of(fields, [target_id])[target_id]
    wanted, reasons = _read(fields, given, before, complete=complete)
    refuse_if(reasons)
    changed = {field: value for field, value in wanted.items() if before.get(field.key) != value}
    emptied = [field for field, value in changed.items() if value is None]
    CustomValue.objects.filter(target_id=target_id, field__in=emptied).delete()
    for field, value in changed.items():
        if value is not None:
            CustomValue.objects.update_or_create(field=field, target_id=target_id, defaults=_row(field, value))
    return differences(
        {f"{PREFIX}{field.key}": before.get(field.key) for field in changed},
        {f"{PREFIX}{field.key}": value for field, value in changed.items()},
    )


def _read(
    fields: list[CustomField], given: Mapping[str, Any], before: Mapping[str, Value], *, complete: bool
) -> tuple[dict[CustomField, Value], list[Reason]]:
    wanted: dict[CustomField, Value] = {}
    reasons: list[Reason] = []
    for field in fields:
        if field.key in given:
            value, reason = read_value(facts_of(field), given[field.key], label=field.label)
            if reason and str(given[field.key]) == str(before.get(field.key)):
                reason, value = None, before[field.key]  # a choice that is no longer offered may stay
            wanted[field] = value
            if reason:
                reasons.append(reason)
                continue
        value = wanted[field] if field in wanted else before.get(field.key)
        if field.required and value is None and (complete or field.key in given):
            reasons.append(missing(facts_of(field), label=field.label))
    known = {field.key for field in fields}
    for key in given:
        if key not in known:
            text = N_("There is no custom field “%(key)s” here. There are: %(known)s.")
            shown = {"key": str(key)[:40], "known": ", ".join(sorted(known)) or "—"}
            reasons.append(Reason("custom.unknown", text, shown, field="custom"))
    return wanted, reasons


def _row(field: CustomField, value: Value) -> dict[str, Any]:
    if field.kind == Kind.YES_NO:
        return {"text": "yes" if value else "no"}
    return {column_of(field): value}


def missing_values(subject: str, target_id: int) -> list[Reason]:
    """The fields that must be filled in and are not."""
    fields = [field for field in fields_of(subject) if field.required]
    values = values_of(fields, [target_id])[target_id] if fields else {}
    return [missing(facts_of(field), label=field.label) for field in fields if values.get(field.key) is None]
