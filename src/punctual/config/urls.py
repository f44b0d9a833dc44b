"""Addresses: sign-in, API, pages."""

from django.urls import include, path

from punctual.api.v1 import api
from punctual.web.account import directory
from punctual.web.shell.views import page_not_found

handler400 = "punctual.web.shell.views.bad_request"
handler403 = "punctual.web.shell.views.sign_in_ended"
handler404 = "punctual.web.shell.views.page_not_found"
handler500 = "punctual.web.shell.views.server_error"

urlpatterns = [
    *directory.addresses(),
    # Whose address is whose says an administrator: who could take another's would be met by that person's directory.
    path("accounts/email/", page_not_found),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
    path("", include("punctual.web.urls")),
]
