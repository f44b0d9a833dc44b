"""Nobody signs up by themselves: an administrator makes accounts."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from punctual.web.account.sessions import begin


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        begin(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Signing in and out speaks for itself."""


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
