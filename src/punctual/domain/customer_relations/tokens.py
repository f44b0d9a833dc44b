"""Tokens for people who do not sign in: 256 random bits, kept only as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets


def make() -> tuple[str, str]:
    """The text, which is told once, and the hash that is kept."""
    text = secrets.token_urlsafe(32)
    return text, digest(text)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
