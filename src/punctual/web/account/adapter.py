"""Nobody signs up by themselves: an administrator makes accounts."""

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from punctual.platform.accounts.models import User
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


NOT_VERIFIED: Final = frozenset({"false", "0", "no", "n", "f"})
VERIFIED_BY_SAML: Final = "http://schemas.auth0.com/email_verified"


def social_adapter() -> type:
    """Loaded only where sign-in through a directory is configured, because its tables exist only there."""
    from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
    from allauth.socialaccount.models import SocialLogin

    class Adapter(DefaultSocialAccountAdapter):
        def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
            return False

        def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
            """Who comes for the first time is known by the address that an administrator gave the account; from then
            on by the directory's own number of the person. The password stays as it is."""
            if sociallogin.is_existing or sociallogin.state.get("process") != "login":
                return
            person = _person_with(_vouched(sociallogin))
            if person is not None:
                sociallogin.connect(request, person)

    return Adapter


def _vouched(sociallogin: Any) -> set[str]:
    """The addresses that the directory stands in for. SAML has no common word for "verified": there an address counts
    unless the answer says that it is not."""
    saml = sociallogin.provider.id == "saml"
    said = sociallogin.account.extra_data.get(VERIFIED_BY_SAML, []) if saml else []
    trusted = saml and not any(str(word).strip().lower() in NOT_VERIFIED for word in said)
    return {address.email for address in sociallogin.email_addresses if address.verified or trusted}


def _person_with(addresses: set[str]) -> User | None:
    """Nobody where several people share an address."""
    named = Q()
    for address in addresses:
        named |= Q(email__iexact=address)
    found = list(User.objects.filter(named)[:2]) if addresses else []
    return found[0] if len(found) == 1 else None


def __getattr__(name: str) -> Any:
    if name == "SocialAdapter":
        return social_adapter()
    raise AttributeError(name)
