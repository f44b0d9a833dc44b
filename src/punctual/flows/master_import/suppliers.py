"""Suppliers in sheets: one row each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, replace

from punctual.domain.parties.models import Supplier
from punctual.domain.parties.rules import SupplierFacts
from punctual.domain.parties.selectors import supplier_facts, suppliers
from punctual.domain.parties.services.suppliers import change_supplier, create_supplier
from punctual.flows.master_import.columns import ImportColumn, MasterImport, Outcome, Shape, Values
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User


def _save(actor: User, values: Values, today: dt.date) -> Outcome:
    found = suppliers(actor, archived=True).filter(code__iexact=values["code"]).first()
    if found is None:
        create_supplier(actor=actor, facts=SupplierFacts(**{"name": "", **values}))
        return Outcome.CREATED
    facts = replace(supplier_facts(found), **{**values, "code": found.code})
    after = change_supplier(actor=actor, supplier_id=found.pk, facts=facts, expected_version=None)
    return Outcome.CHANGED if after.version != found.version else Outcome.UNCHANGED


def _records(found: Supplier) -> Iterable[Values]:
    yield asdict(supplier_facts(found))


SUPPLIERS = MasterImport(
    name="suppliers",
    label=N_("Suppliers"),
    permission="suppliers.change",
    key=("code",),
    columns=(
        ImportColumn("code", N_("Code"), ("供应商编号", "供应商编码", "编码", "代码", "supplier code"), required=True),
        ImportColumn("name", N_("Name"), ("供应商", "供应商名称", "全称", "公司名称", "supplier")),
        ImportColumn("short_name", N_("Short name"), ("供应商简称",)),
        ImportColumn("contact_name", N_("Contact"), ("联系人姓名", "contact person")),
        ImportColumn("phone", N_("Phone"), ("手机", "联系电话", "电话号码", "mobile", "tel")),
        ImportColumn("email", N_("E-mail"), ("电子邮箱", "email", "邮件")),
        ImportColumn("lead_time_days", N_("Usual lead time, days"), ("交货期", "交期", "lead time"), Shape.WHOLE),
        ImportColumn("notes", N_("Notes"), ("说明", "供货范围", "remarks", "note")),
    ),
    save=_save,
    records=_records,
)
