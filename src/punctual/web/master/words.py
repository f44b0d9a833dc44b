"""A page for a short list of codes and names: product families, skills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found
from punctual.web.master.pages import actor_of
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import whole
from punctual.web.shell.refusals import show_in


class WordForm(forms.Form):
    code = forms.CharField(label=gettext_lazy("Code"), max_length=20)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)


def words_page(
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    permission: str,
    create: Callable[[str, str], object],
    change: Callable[[int, str, str], object],
    context: dict[str, Any],
) -> HttpResponse:
    """``rows`` carry ``uses``; the one named by ``?edit=`` is in the form."""
    wish = request.GET.get("edit", "")
    editing = get_or_not_found(rows, pk=whole(wish)) if wish.isdecimal() else None
    form = WordForm(request.POST or None, initial={"code": editing.code, "name": editing.name} if editing else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        code, name = form.cleaned_data["code"], form.cleaned_data["name"]
        try:
            if editing:
                change(editing.pk, code, name)
            else:
                create(code, name)
        except Refusal as refusal:
            status = status_of(refusal)
            show_in(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(request.path)
    may_change = may(actor_of(request), permission)
    return render(
        request,
        "master/words.html",
        {"items": rows, "form": form, "editing": editing, "may_change": may_change, **context},
        status=status,
    )
