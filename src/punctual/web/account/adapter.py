"""Nobody signs up by themselves: an administrator makes accounts."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from punctual.platform.sealing import Unreadable, seal, unseal
from punctual.web.account.known import known_browser, remember_browser
from punctual.web.account.sessions import begin


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        begin(request)

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **more)
        remember_browser(response, user)
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Under which wrong tries of an account are counted: a browser that is known for it has its own."""
        account = str(super()._get_login_attempts_cache_key(request, **credentials))
        browser = known_browser(request, str(credentials.get("email") or credentials.get("username") or ""))
        return f"{account}:{browser}" if browser else account

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Signing in and out speaks for itself."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """The key of the codes, and what the recovery codes are made from, are sealed in the database."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return unseal(encrypted_text)
        except Unreadable as error:
            raise ValidationError(
                _("Your second factor can’t be read here any more; tell your administrator.")
            ) from error


def social_adapter() -> type:
    """Loaded only where sign-in through a directory is configured, because its tables exist only there."""
    from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

    class Adapter(DefaultSocialAccountAdapter):
        def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
            return False

    return Adapter


def __getattr__(name: str) -> Any:
    if name == "SocialAdapter":
        return social_adapter()
    raise AttributeError(name)
