"""Today."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def home(request: HttpRequest) -> HttpResponse:
    """What waits for me."""
    return render(request, "home/home.html", {"title": _("Today")})
