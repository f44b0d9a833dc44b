"""The two addresses of each noun's import."""

from __future__ import annotations

from django.urls import URLPattern, path

from punctual.web.imports import views


def import_urls(subject: str, address: str, back: str) -> list[URLPattern]:
    """``<address>import/`` takes the file, ``<address>import/<token>/`` shows and commits it; ``back`` is the list."""
    name = subject.replace("-", "_")
    words = {"subject": subject, "back": back}
    return [
        path(f"{address}import/", views.upload, words, name=f"{name}_import"),
        path(f"{address}import/<str:token>/", views.preview, words, name=f"{name}_import_preview"),
    ]
