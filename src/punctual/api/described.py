"""The schema with what every operation shares: the token, the key against doing twice, and how errors look."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from punctual.kernel.told_json import NotJson, NotKept, read_json

PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457; a conflict (409) also carries the current version and what changed.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "reasons": {"type": "array", "items": {"$ref": "#/components/schemas/Reason"}},
        "version": {"type": "integer"},
        "changes": {"type": "array", "items": {"type": "object"}},
    },
}
REASON: Final[dict[str, Any]] = {
    "title": "Reason",
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "severity": {"type": "string", "enum": ["error", "warning"]},
        "field": {"type": "string"},
        "row": {"type": "integer"},
    },
}
REFUSED: Final[dict[str, Any]] = {
    "description": "Refused: 401 without a token, 403 not permitted, 404 not there or not visible, 409 changed in the "
    "meantime, 422 with every reason",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
KEY: Final[dict[str, Any]] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "A repeated POST under the same key does its work once and gets the first answer again.",
    "schema": {"type": "string", "maxLength": 180},
}


class StrictParser(Parser):
    """JSON as RFC 8259 has it, with text that every database keeps."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return read_json(request.body)
        except NotJson as error:
            raise HttpError(400, "The body is not JSON") from error
        except NotKept as error:
            raise HttpError(400, "The body holds NUL or half a surrogate pair") from error


class DescribedApi(NinjaAPI):
    """ninja's own with a schema that tells all of it."""

    def get_openapi_schema(self, **more: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**more)
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {}).update(Problem=PROBLEM, Reason=REASON)
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for methods in schema["paths"].values():
            for method, operation in methods.items():
                told = {str(status): answer for status, answer in operation["responses"].items()}
                operation["responses"] = {**told, "default": REFUSED}
                operation["security"] = [{"token": []}]
                if method == "post":
                    operation.setdefault("parameters", []).append(KEY)
        return schema
