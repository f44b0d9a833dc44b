"""People, equipment and outsourced services."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.resources import selectors, services
from punctual.domain.resources.models import Resource, ResourceKind
from punctual.domain.resources.rules import ResourceFacts, SkillFacts
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import story_of
from punctual.platform.company.services import company
from punctual.web.formatting import listed, money_text
from punctual.web.master.cells import STATE_FILTER, state_column, two_lines
from punctual.web.master.history import story
from punctual.web.master.lists import MasterList
from punctual.web.master.pages import Crumb, actor_of, archive, edit
from punctual.web.master.words import words_page
from punctual.web.resources.forms import ResourceForm
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.panels import panels_of
from punctual.web.templatetags.punctual import icon

ICONS = {"person": "user", "equipment": "tool", "outsourced": "truck-delivery"}


def _url(found: Resource) -> str:
    return reverse("resource", args=[found.pk])


def _skills(item: Any) -> str:
    return listed(skill.name for skill in item.skills.all())


def _kind_cell(item: Any) -> SafeString:
    return format_html('<span class="st pl">{}{}</span>', icon(ICONS[item.kind]), item.get_kind_display())


def _cost_column(currency: str) -> Column:
    return Column(
        "hourly_cost",
        gettext_lazy("Cost per hour"),
        lambda item: money_text(item.hourly_cost, currency),
        sort=("hourly_cost",),
        number=True,
    )


class ResourceList(MasterList):
    key = "resources"
    subject = "resources"
    permission = "resources.read"
    title = gettext_lazy("Resources")
    icon = "users"
    search_kind = "resource"
    search_hint = gettext_lazy("Name, code, team, pinyin initials")
    create = ("resource_new", gettext_lazy("New resource"), "resources.change")
    import_url = ("resources_import", "resources.change")
    empty_text = gettext_lazy("Who and what does the work: people, equipment, outsourced services.")
    tabs = (
        BuiltInView(gettext_lazy("In use"), ""),
        BuiltInView(gettext_lazy("Persons"), "kind=person"),
        BuiltInView(gettext_lazy("Equipment"), "kind=equipment"),
        BuiltInView(gettext_lazy("Outsourced service"), "kind=outsourced"),
        BuiltInView(gettext_lazy("Archived"), "state=archived"),
    )
    filters = (
        STATE_FILTER,
        Filter(
            "kind",
            gettext_lazy("Kind"),
            lambda actor: list(ResourceKind.choices),
            lambda rows, values: rows.filter(kind__in=values),
        ),
        Filter(
            "team",
            gettext_lazy("Team"),
            lambda actor: [(team, team) for team in selectors.teams(actor)],
            lambda rows, values: rows.filter(team__in=values),
        ),
        Filter(
            "skill",
            gettext_lazy("Skill"),
            lambda actor: list(selectors.skills(actor).values_list("code", "name")),
            lambda rows, values: rows.filter(skills__code__in=values).distinct(),
        ),
    )
    columns = (
        Column(
            "name",
            gettext_lazy("Resource"),
            str,
            lambda item: two_lines(_url(item), item.name, item.code),
            sort=("name",),
        ),
        Column("kind", gettext_lazy("Kind"), lambda item: item.get_kind_display(), _kind_cell, sort=("kind", "code")),
        Column("team", gettext_lazy("Team"), lambda item: item.team, sort=("team", "code")),
        Column("skills", gettext_lazy("Skills"), _skills),
        Column("calendar", gettext_lazy("Calendar"), lambda item: item.calendar, sort=("calendar__code",), fold=True),
        Column("units", gettext_lazy("Units"), lambda item: item.units, sort=("units",), number=True, fold=True),
        state_column(),
    )

    def shown_columns(self, actor: User) -> list[Column]:
        """With the cost for who may see it, in the company's currency, which is asked for once."""
        columns = super().shown_columns(actor)
        if may(actor, "resources.see_cost"):
            columns.insert(-1, _cost_column(company().currency))
        return columns

    def everything(self, actor: User) -> QuerySet[Resource]:
        return selectors.resources_with_details(actor)

    def url_of(self, item: Any) -> str:
        return _url(item)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        return {"side_links": [(reverse("skills"), "tool", _("Skills"))]}


def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one resource."""
    actor = actor_of(request)
    found = selectors.get_resource(actor, pk)
    sees_cost = may(actor, "resources.see_cost")
    context = {
        "title": found.name,
        "found": found,
        "sub": " · ".join(filter(None, [found.code, found.team])),
        "skills": found.skills.all(),
        "cost": selectors.hourly_cost(actor, found),
        "currency": company().currency,
        "sees_cost": sees_cost,
        "sees_supplier": may(actor, "suppliers.read"),
        "may_change": may(actor, "resources.change"),
        "edit_url": reverse("resource_edit", args=[pk]),
        "archive_url": reverse("resource_archive", args=[pk]),
        "story": story(story_of(found)[:50], [Resource], hidden=() if sees_cost else ("hourly_cost",)),
        "panels": panels_of("resource", request, found),
    }
    return render(request, "resources/resource.html", context)


def _initial(actor: User, found: Resource) -> dict[str, Any]:
    facts = selectors.resource_facts(found)
    return {
        **{name: getattr(facts, name) for name in ("kind", "code", "name", "team", "units")},
        "calendar": str(facts.calendar_id),
        "user": str(facts.user_id or ""),
        "supplier": str(facts.supplier_id or ""),
        "skills": [str(pk) for pk in facts.skill_ids],
        "hourly_cost": selectors.hourly_cost(actor, found),
        "version": found.version,
    }


def edit_resource(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a resource."""
    actor = actor_of(request)
    found = selectors.get_resource(actor, pk) if pk else None
    require(actor, "resources.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        if found is None:
            return services.create_resource(actor=actor, facts=ResourceFacts(**facts))
        return services.change_resource(
            actor=actor, resource_id=found.pk, facts=ResourceFacts(**facts), expected_version=version
        )

    crumbs = [Crumb(reverse("resources"), _("Resources"))]
    if found:
        crumbs.append(Crumb(_url(found), found, is_data=True))
    form = ResourceForm(
        request.POST or None, initial=_initial(actor, found) if found else None, actor=actor, found=found
    )
    return edit(
        request,
        form,
        save,
        title=_("Edit resource") if found else _("New resource"),
        crumbs=crumbs,
        back=_url(found) if found else reverse("resources"),
        done=_url,
        wide={"name": "w2x", "skills": "w4x"},
    )


@require_POST
def archive_resource(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return archive(
        request,
        archive=lambda version: services.archive_resource(actor=actor, resource_id=pk, expected_version=version),
        restore=lambda version: services.restore_resource(actor=actor, resource_id=pk, expected_version=version),
        done=reverse("resource", args=[pk]),
    )


def skills(request: HttpRequest) -> HttpResponse:
    """What tasks need and resources have."""
    actor = actor_of(request)
    require(actor, "resources.read")
    return words_page(
        request,
        selectors.skills(actor).annotate(uses=Count("resources")),
        permission="resources.change",
        create=lambda code, name: services.create_skill(actor=actor, facts=SkillFacts(code, name)),
        change=lambda pk, code, name: services.change_skill(actor=actor, skill_id=pk, facts=SkillFacts(code, name)),
        context={
            "title": _("Skills"),
            "back": reverse("resources"),
            "back_text": _("Resources"),
            "count_label": _("Resources"),
        },
    )
