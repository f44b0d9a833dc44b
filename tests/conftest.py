"""What every test may use: people of each role, a frozen day, the catalogues compiled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def person(db: None) -> Callable[[str], object]:
    """``person("sales")`` is somebody of that role; the same one each time within a test."""
    from punctual.platform.accounts.models import User

    def make(role: str) -> User:
        name = role.replace("_", ".")
        found = User.objects.filter(username=name).first()
        return found or User.objects.create_user(
            username=name, email=f"{name}@example.test", password="punctual-demo", role=role, display_name=name
        )

    return make


@pytest.fixture
def signed_in(client: Client, person: Callable[[str], object]) -> Callable[[str], Client]:
    """A browser of somebody of that role."""

    def enter(role: str) -> Client:
        client.force_login(person(role))  # type: ignore[arg-type]
        return client

    return enter
