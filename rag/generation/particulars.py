"""What a document says of itself: its date, where it was issued and by whom, its title, address and rights.

Such things stand in datelines, by-lines and notices, which are no answer to any other question and are kept out of
it. Here they are looked up by their form (``masthead``) for a question that asks for one (``documentquestions``), and
quoted as they stand. What only the file's properties tell (the author field of a PDF) is said as such, without a
citation, for there are no words to point at.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.generation.masthead import FINDERS, Place
from rag.generation.scanning import Found, Scan, listing
from rag.index import DocumentEntry, Snapshot
from rag.types import Document, Passage, Span

__all__ = ["state"]

# passages that are looked at: what is sought stands at the beginning or at the end
_FIRST, _LAST = 60, 20


def state(snapshot: Snapshot, entries: Sequence[DocumentEntry], kind: str) -> Scan | None:
    """The particular of each document that tells it, quoted; None when none does."""
    found: list[Found] = []
    unquoted: list[str] = []
    for entry in entries:
        document = snapshot.document(entry.document_id)
        if document is None:
            continue
        place = FINDERS[kind](document)
        quoted = _as_found(snapshot, document, place) if place else None
        if quoted:
            found.append(quoted)
        elif value := _property(document, kind):
            unquoted.append(f"{document.name}: {value}")
    note = "taken from what the document says of itself: dateline, by-line, notices"
    if found:
        return listing(found, note, named=len(entries) > 1)
    if unquoted:
        said = "; ".join(unquoted)
        return Scan((), (f"{said} (by the properties of the file; its text does not say it).",), note)
    return None


def _as_found(snapshot: Snapshot, document: Document, place: Place) -> Found | None:
    numbers = snapshot.passages_of(document.id)
    looked_at = numbers if len(numbers) <= _FIRST + _LAST else [*numbers[:_FIRST], *numbers[-_LAST:]]
    for passage in snapshot.passages(looked_at).values():
        if passage.start <= place.fact.start < passage.end:
            span, fact = _within(place.span, passage), _within(place.fact, passage)
            return Found(passage, span, fact if fact != span else None)
    return None


def _within(span: Span, passage: Passage) -> Span:
    return Span(max(span.start, passage.start), min(span.end, passage.end))


def _property(document: Document, kind: str) -> str:
    """What the file's properties say; "" when they say nothing."""
    if kind == "title":
        return document.title or f"no title; the file is called {document.source}"
    names = {"date": "date", "author": "author", "publisher": "publisher", "address": "url"}
    return str(document.metadata.get(names.get(kind, ""), "") or "")
