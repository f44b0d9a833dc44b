"""Shapes of the account pages' input; the services decide."""

from __future__ import annotations

import zoneinfo
from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from punctual.platform.accounts.models import Role, Theme, User

ZONES = sorted(
    zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
)


class SignInForm(LoginForm):
    """allauth's own, in the product's words and without placeholders that repeat the labels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Sign-in name or e-mail")
        for name in ("login", "password"):
            self.fields[name].widget.attrs.pop("placeholder", None)


class NewPasswordForm(ResetPasswordForm):
    """allauth's own, for the one address that an administrator gave the account: one it had before opens nothing."""

    users: list[User]

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [one for one in self.users if one.email.casefold() == email.casefold()]
        return email


class MySettingsForm(forms.Form):
    display_name = forms.CharField(label=_("Name"), max_length=80, required=False)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As the browser")), *settings.LANGUAGES]
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=[(zone, zone) for zone in ZONES])


class PersonForm(forms.Form):
    username = forms.CharField(label=_("Sign-in name"), max_length=60)
    display_name = forms.CharField(label=_("Name"), max_length=80, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    department = forms.CharField(label=_("Department"), max_length=80, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    password = forms.CharField(
        label=_("First password"), required=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    is_active = forms.BooleanField(label=_("May sign in"), required=False, initial=True)

    def __init__(self, *args: Any, existing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if existing:
            del self.fields["password"]
            self.fields["username"].disabled = True
        else:
            del self.fields["is_active"]
            self.fields["password"].required = True
