"""What stands in a history is told in words: no name of a step or of a field as the code calls it."""

import re

import pytest
from django.utils.translation import override

from punctual.domain.orders.life import Health
from punctual.platform.audit.models import AuditEntry
from punctual.web.orders.story import step_of
from punctual.web.shell.latest import COMMON, verb_of, words_of

RAW = re.compile(r"^[a-z0-9.]*[a-z]_[a-z_]*$")


@pytest.mark.usefixtures("demo_company")
def test_every_step_the_demo_has_taken_on_an_order_has_words_of_its_own():
    entries = list(AuditEntry.objects.filter(target_type="order"))
    taken = {entry.verb for entry in entries}
    assert len(taken) > 20
    assert [verb for verb in sorted(taken) if words_of("order", verb) is None] == []


@pytest.mark.usefixtures("demo_company")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_field_and_no_health_of_an_order_is_told_by_the_name_the_code_has_for_it(language):
    with override(language):
        told = [one for entry in AuditEntry.objects.filter(target_type="order") for one in step_of(entry).changes]
    labels = {one.label for one in told}
    assert labels
    assert [label for label in sorted(labels) if RAW.match(label)] == []
    assert not {value for one in told for value in (one.old, one.new)} & {str(health) for health in Health}


def test_a_step_without_words_is_told_as_a_change():
    with override("en"):
        assert verb_of(AuditEntry(target_type="order", target_id=1, verb="no_such_step")) == COMMON["change"]
