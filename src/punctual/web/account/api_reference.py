"""The API's schema as people read it: a list a subject, each operation with its parameters and body."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.urls import resolve
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    summary: SafeString
    parameters: list[Field]
    body: list[Field]


@cache
def operations_by_subject() -> dict[str, list[Operation]]:
    """Tag → operations, in the order of the addresses."""
    schema = _schema()
    subjects: dict[str, list[Operation]] = {}
    for path, methods in sorted(schema["paths"].items()):
        for method, told in methods.items():
            operation = Operation(
                method.upper(),
                path,
                _prose(told.get("description") or told.get("summary", "")),
                [_parameter(item) for item in told.get("parameters", [])],
                _body(told.get("requestBody", {}), schema),
            )
            subjects.setdefault((told.get("tags") or ["other"])[0], []).append(operation)
    return dict(sorted(subjects.items()))


def _schema() -> dict[str, Any]:
    """The document that /api/v1/openapi.json serves; pages don't import the API, so it is asked for at its address."""
    match = resolve("/api/v1/openapi.json")
    request = HttpRequest()
    request.method = "GET"
    return dict(json.loads(match.func(request, *match.args, **match.kwargs).content))


def _prose(text: str) -> SafeString:
    """What stands between double backticks in a docstring, as code."""
    parts = enumerate(text.split("``"))
    shown = (format_html("<code>{}</code>", part) if at % 2 else linebreaksbr(part) for at, part in parts)
    return format_html_join("", "{}", ((part,) for part in shown))


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")


def _parameter(item: dict[str, Any]) -> Field:
    return Field(item["name"], _kind(item.get("schema", {})), bool(item.get("required")))


def _body(told: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    for content in told.get("content", {}).values():
        found = content.get("schema", {})
        if "$ref" in found:
            found = schema["components"]["schemas"][_kind(found)]
        required = set(found.get("required", []))
        return [Field(name, _kind(one), name in required) for name, one in found.get("properties", {}).items()]
    return []
