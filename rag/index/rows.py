"""Rows of the record <-> values: each row is sealed with a checksum when written and held to it when read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rag.errors import IndexDamaged
from rag.index.record import checksum, verify
from rag.types import Document, FileReport, Heading, Passage, Span, title_of

__all__ = [
    "DOCUMENT_QUERY",
    "ENTRY_QUERY",
    "PASSAGE_QUERY",
    "DocumentEntry",
    "document_of",
    "entry_of",
    "passage_of",
    "report_of",
    "report_to_json",
    "sealed_document",
    "sealed_file",
    "sealed_passage",
    "sealed_source",
]

# one row a passage, for ``passage_of``; the source is the first by name when a text is there under several
PASSAGE_QUERY = """
SELECT p.number, p.id, p.start, p."end", p.page, p.heading, p.text, p.sentences, p.vector, p.crc,
       d.number, d.id, d.title, d.label_crc, s.source, s.file, s.collection, s.crc
FROM passages p JOIN documents d ON d.number = p.document
LEFT JOIN sources s ON s.source = (SELECT min(source) FROM sources WHERE document = d.number)
"""

# one row a document, for ``document_of``
DOCUMENT_QUERY = """
SELECT d.number, d.id, d.title, d.structure, d.metadata, d.text, d.crc, s.source, s.file, s.collection, s.crc
FROM documents d JOIN sources s ON s.source = (SELECT min(source) FROM sources WHERE document = d.number)
"""

# one row a source, for ``entry_of``
ENTRY_QUERY = """
SELECT s.source, s.file, s.collection, s.crc, f.path, f.stamp, f.sha256, f.report, f.crc,
       d.number, d.id, d.title, d.structure, d.metadata, d.text, d.crc,
       (SELECT count(*) FROM passages WHERE document = d.number)
FROM sources s JOIN documents d ON d.number = s.document JOIN files f ON f.source = s.file ORDER BY s.source
"""


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A line of the library: one source with what a person wants to know of its document."""

    source: str
    document_id: str
    title: str
    collection: str
    path: str
    n_passages: int
    n_pages: int
    n_characters: int
    metadata: dict[str, Any] = field(default_factory=dict)


def sealed_document(number: int, document: Document) -> tuple[Any, ...]:
    """The row of ``documents`` for a document."""
    structure = json.dumps(
        {
            "page_starts": document.page_starts,
            "page_labels": document.page_labels,
            "headings": document.headings,
            "blocks": document.blocks,
        }
    )
    metadata = json.dumps(dict(document.metadata), ensure_ascii=False, default=str)
    id_, title, text = document.id, document.title, document.text
    label_crc = checksum("labels", number, id_, title)
    crc = checksum("documents", number, id_, title, structure, metadata, text)
    return number, id_, title, label_crc, document.name, structure, metadata, text, crc


def document_of(row: tuple[Any, ...]) -> Document:
    """A document from ``number, id, title, structure, metadata, text, crc`` and its ``source, file, collection,
    crc``.

    Raises:
        IndexDamaged: the row does not match its checksum.
    """
    number, id_, title, structure, metadata, text, crc, source, file, collection, source_crc = row
    verify(source_crc, "sources", "the name of a document", source, number, file, collection)
    verify(crc, "documents", f"the text of {source}", number, id_, title, structure, metadata, text)
    shape = json.loads(structure)
    return Document(
        source=source,
        text=text,
        title=title,
        collection=collection,
        page_starts=tuple(shape["page_starts"]),
        page_labels=tuple(shape["page_labels"]),
        headings=tuple(Heading(*heading) for heading in shape["headings"]),
        blocks=tuple(Span(*block) for block in shape["blocks"]),
        metadata=json.loads(metadata),
    )


def sealed_passage(number: int, document: int, passage: Passage, vector: bytes) -> tuple[Any, ...]:
    """The row of ``passages`` for a passage of the document with that number."""
    spans = json.dumps([(a - passage.start, b - passage.start) for a, b in passage.sentences])
    middle = (passage.start, passage.end, passage.page, passage.heading, passage.text, spans, vector)
    return number, passage.id, document, *middle, checksum("passages", number, passage.id, passage.document_id, *middle)


def passage_of(row: tuple[Any, ...]) -> Passage:
    """A passage from a row of ``PASSAGE_QUERY``.

    Raises:
        IndexDamaged: the row, or that of its document or source, does not match its checksum.
    """
    number, id_, start, end, page, heading, text, sentences, vector, crc, *of = row
    document, document_id, title, label_crc, source, file, collection, source_crc = of
    if source is None:
        raise IndexDamaged("a document in the index has no name: rag doctor repairs what can be repaired")
    verify(source_crc, "sources", "the name of a document", source, document, file, collection)
    verify(label_crc, "labels", f"the title of {source}", document, document_id, title)
    middle = (start, end, page, heading, text, sentences, vector)
    verify(crc, "passages", f"a passage of {source}", number, id_, document_id, *middle)
    return Passage(
        id=id_,
        document_id=document_id,
        source=source,
        title=title or title_of(source),
        text=text,
        start=start,
        end=end,
        page=page,
        heading=heading,
        sentences=tuple(Span(start + a, start + b) for a, b in json.loads(sentences)),
        collection=collection,
    )


def sealed_source(source: str, document: int, file: str, collection: str) -> tuple[Any, ...]:
    """The row of ``sources``."""
    return source, document, file, collection, checksum("sources", source, document, file, collection)


def sealed_file(source: str, path: bytes, stamp: str, sha256: str, report: FileReport) -> tuple[Any, ...]:
    """The row of ``files``."""
    row = (source, path, stamp, sha256, report_to_json(report))
    return *row, checksum("files", *row)


def report_to_json(report: FileReport) -> str:
    """A file's report as it is kept."""
    return json.dumps(asdict(report), ensure_ascii=False)


def report_of(facts: str) -> FileReport:
    """A file's report as it was kept."""
    values: Mapping[str, Any] = json.loads(facts)
    return FileReport(**{**values, "warnings": tuple(values.get("warnings", ()))})


def entry_of(row: tuple[Any, ...]) -> DocumentEntry:
    """A line of the library from a row of ``ENTRY_QUERY``.

    Raises:
        IndexDamaged: the row is not as it was written.
    """
    source, file, collection, source_crc, path, *of_file = row[:9]
    document, n_passages = row[9:16], row[16]
    verify(of_file[-1], "files", "the name of a file", file, path, *of_file[:-1])
    found = document_of((*document, source, file, collection, source_crc))
    return DocumentEntry(
        source=source,
        document_id=document[1],
        title=found.title or title_of(source),
        collection=collection,
        path=path.decode("utf-8", "replace"),
        n_passages=n_passages,
        n_pages=len(found.page_starts),
        n_characters=len(found.text),
        metadata=dict(found.metadata),
    )
