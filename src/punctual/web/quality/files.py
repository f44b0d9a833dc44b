"""Files on records of quality: pictures are shown, everything else is downloaded."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import path_of, picture_type
from punctual.web.orders.actions import as_download


def answer_with(request: HttpRequest, file: Attachment) -> HttpResponse:
    """The file as it came; with ``?show=1`` a picture is shown in the page."""
    content = path_of(file.sha256).read_bytes()
    kind = picture_type(content) if request.GET.get("show") else ""
    if not kind:
        return as_download(content, file.name)
    response = HttpResponse(content, content_type=kind)
    response["Cache-Control"] = "private, max-age=86400"
    return response
