"""Keep documents and find them: SQLite FTS5 or PostgreSQL's text search, whichever the database is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, models
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from punctual.platform.audit.services import target_type
from punctual.platform.search.models import SearchDocument
from punctual.platform.search.tokens import document_tokens, query_tokens


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of a thing: ``texts`` are searched, ``label`` and ``detail`` are shown."""

    target: models.Model
    label: str
    detail: str
    texts: Sequence[str]


def index(documents: Iterable[Document]) -> None:
    """Write or replace the documents; part of the change's own transaction, so a found thing is never stale."""
    SearchDocument.objects.bulk_create(
        [
            SearchDocument(
                target_type=target_type(document.target),
                target_id=document.target.pk,
                label=document.label[:200],
                detail=document.detail[:300],
                tokens=" ".join(document_tokens(document.texts)),
            )
            for document in documents
        ],
        update_conflicts=True,
        unique_fields=["target_type", "target_id"],
        update_fields=["label", "detail", "tokens"],
        batch_size=500,
    )


def forget(target: models.Model) -> None:
    SearchDocument.objects.filter(target_type=target_type(target), target_id=target.pk).delete()


def find(query: str, *, kinds: Sequence[str] = ()) -> QuerySet[SearchDocument]:
    """The documents that hold every part of the query. The caller narrows them to what its actor may see."""
    parts = query_tokens(query)
    found = SearchDocument.objects.all()
    if kinds:
        found = found.filter(target_type__in=kinds)
    if not parts:
        return found.none()
    return found.filter(pk__in=_matching(parts))


def by_label(kind: str, text: str) -> int:
    """The thing of a kind whose label is, or begins with, the number that somebody typed; 0 where none or several."""
    named = SearchDocument.objects.filter(target_type=kind)
    found = named.filter(Q(label__iexact=text) | Q(label__istartswith=f"{text} ")).values_list("target_id", flat=True)
    exact = list(found[:2]) if text else []
    return int(exact[0]) if len(exact) == 1 else 0


def ids(query: str, kind: str) -> QuerySet[SearchDocument, int]:
    """The ids of the things of one kind, as a subquery for a list's filter."""
    return find(query, kinds=[kind]).values_list("target_id", flat=True)


def _matching(parts: list[list[str]]) -> RawSQL:
    # Tokens hold letters, digits and Han characters only, so quoting them cannot be escaped from.
    if connection.vendor == "postgresql":
        expression = " & ".join("(" + " | ".join(f"'{token}'" for token in part) + ")" for part in parts)
        return RawSQL(
            "SELECT id FROM search_searchdocument WHERE to_tsvector('simple', tokens) @@ to_tsquery('simple', %s)",
            [expression],
        )
    expression = " AND ".join("(" + " OR ".join(f'"{token}"' for token in part) + ")" for part in parts)
    return RawSQL("SELECT rowid FROM search_fts WHERE search_fts MATCH %s", [expression])
