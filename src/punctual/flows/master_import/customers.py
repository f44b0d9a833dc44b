"""Customers in sheets: a row each, further rows of the same code for further contacts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, replace

from punctual.domain.parties.models import Customer
from punctual.domain.parties.rules import ContactFacts, CustomerFacts
from punctual.domain.parties.selectors import contact_facts, customer_facts, customers
from punctual.domain.parties.services.contacts import change_contact, create_contact
from punctual.domain.parties.services.customers import change_customer, create_customer
from punctual.flows.master_import.columns import (
    ImportColumn,
    MasterImport,
    Outcome,
    Shape,
    Values,
    fields_named,
)
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.custom_fields.selectors import fields_of

_CONTACT = {
    "name": "contact_name",
    "title": "contact_title",
    "phone": "contact_phone",
    "email": "contact_email",
    "language": "contact_language",
    "is_primary": "contact_first",
}
"""The contact's field → the sheet's."""
BEGIN = "custom_"
"""Begins the name of a column that is a field of the company's own."""


def _save(actor: User, values: Values, today: dt.date) -> Outcome:
    given = {name: values[name] for name in CustomerFacts.__dataclass_fields__ if name in values}
    custom = {name.removeprefix(BEGIN): value for name, value in values.items() if name.startswith(BEGIN)}
    found = customers(actor, archived=True).filter(code__iexact=values["code"]).first()
    if found is None:
        facts = CustomerFacts(**{"name": "", **given})
        found = create_customer(actor=actor, facts=facts, custom=custom, complete=True)
        outcome = Outcome.CREATED
    else:
        facts = replace(customer_facts(found), **{**given, "code": found.code})
        after = change_customer(actor=actor, customer_id=found.pk, facts=facts, expected_version=None, custom=custom)
        outcome = Outcome.CHANGED if after.version != found.version else Outcome.UNCHANGED
    if _save_contact(actor, found, values) and outcome is Outcome.UNCHANGED:
        outcome = Outcome.CHANGED
    return outcome


def _save_contact(actor: User, customer: Customer, values: Values) -> bool:
    """Make or change the row's contact; whether anything changed."""
    given = {name: values[column] for name, column in _CONTACT.items() if column in values}
    if "name" not in given:
        if given:
            raise Refusal(
                Reason("import.contact_name.missing", N_("The contact's name is missing."), field="contact_name")
            )
        return False
    found = customer.contacts.filter(name=given["name"], archived_at=None).first()
    with fields_named(_CONTACT):
        if found is None:
            create_contact(actor=actor, customer_id=customer.pk, facts=ContactFacts(**given))
            return True
        facts = replace(contact_facts(found), **given)
        after = change_contact(actor=actor, contact_id=found.pk, facts=facts, expected_version=None)
    return bool(after.version != found.version)


def _custom_columns() -> list[ImportColumn]:
    """The company's own fields; the service reads them, so each is text here, numbers and days included."""
    return [
        ImportColumn(
            f"{BEGIN}{field.key}", field.label, tuple(filter(None, (field.key, field.label_zh, field.label_en)))
        )
        for field in fields_of("customer")
    ]


def _records(found: Customer) -> Iterable[Values]:
    """``found`` comes with ``current_contacts``."""
    own = asdict(customer_facts(found))
    people = [
        {column: value for name, column in _CONTACT.items() if (value := getattr(contact, name)) not in ("", False)}
        for contact in found.current_contacts  # type: ignore[attr-defined]
    ]
    yield from ({**own, **contact} for contact in people or [{}])


CUSTOMERS = MasterImport(
    name="customers",
    label=N_("Customers"),
    permission="customers.change",
    key=("code", "contact_name"),
    columns=(
        ImportColumn("code", N_("Code"), ("客户编号", "客户编码", "编码", "代码", "customer code"), required=True),
        ImportColumn("name", N_("Name"), ("客户", "客户名称", "全称", "公司名称", "customer")),
        ImportColumn("short_name", N_("Short name"), ("客户简称",)),
        ImportColumn("grade", N_("Grade"), ("客户等级", "级别", "class")),
        ImportColumn("currency", N_("Currency"), ("货币", "结算币种")),
        ImportColumn("payment_terms", N_("Payment terms"), ("付款方式", "结算方式", "terms")),
        ImportColumn("delivery_place", N_("Delivery place"), ("交货地点", "收货地址", "交货地", "ship to")),
        ImportColumn("address", N_("Address"), ("公司地址", "通讯地址")),
        ImportColumn("wants_photos", N_("Wants photos of what is shipped"), ("发货照片", "photos"), Shape.YES_NO),
        ImportColumn("notes", N_("Notes"), ("说明", "remarks", "note")),
        ImportColumn("contact_name", N_("Contact"), ("联系人姓名", "contact person")),
        ImportColumn("contact_title", N_("Position"), ("职位", "岗位", "title")),
        ImportColumn("contact_phone", N_("Phone"), ("手机", "联系电话", "电话号码", "mobile", "tel")),
        ImportColumn("contact_email", N_("E-mail"), ("电子邮箱", "email", "邮件")),
        ImportColumn("contact_language", N_("Language"), ("联系人语言", "language")),
        ImportColumn("contact_first", N_("First contact"), ("主要联系人",), Shape.YES_NO),
    ),
    more=_custom_columns,
    save=_save,
    records=_records,
)
