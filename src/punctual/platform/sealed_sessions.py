"""Sessions as the database holds them: their content is sealed, since what is shown once stands in it until it was
shown; and of the key that a browser sends only a hash is kept, so that who reads the table is nobody by it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as PlainStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

from punctual.platform.sealing import MARK, Unreadable, seal, unseal


def kept_key(session_key: str) -> str:
    """What stands in the table for the key that a browser has: longer than any key, so that the two are told apart."""
    return sha256(session_key.encode()).hexdigest()[:40]


class SessionStore(PlainStore):
    # Asked asynchronously it does the same: Django's own ways would write the key itself.
    aexists, acreate, asave = SessionBase.aexists, SessionBase.acreate, SessionBase.asave
    aload, adelete = SessionBase.aload, SessionBase.adelete

    def exists(self, session_key: str) -> bool:
        return super().exists(kept_key(session_key))

    def load(self) -> dict[str, Any]:
        rows = self.model.objects.filter(expire_date__gt=timezone.now())
        found = rows.filter(session_key=kept_key(self.session_key or "")).first()
        if found is None:
            self._session_key = None
        return self.decode(found.session_data) if found else {}

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        made = super().create_model_instance(data)
        made.session_key = kept_key(made.session_key)
        return made

    def delete(self, session_key: str | None = None) -> None:
        known = session_key or self.session_key
        if known:
            super().delete(kept_key(known))

    def encode(self, session_dict: dict[str, Any]) -> str:
        return seal(json.dumps(session_dict, separators=(",", ":")))

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Empty, which is signed out, where the signing secret is another; one from before sealing as it was."""
        kept = session_data if isinstance(session_data, str) else session_data.decode()
        if not kept.startswith(MARK):
            return super().decode(kept)
        try:
            found: dict[str, Any] = json.loads(unseal(kept))
        except Unreadable:
            return {}
        return found


def forget_ended() -> None:
    """Drop the sessions whose time is over."""
    SessionStore.clear_expired()
