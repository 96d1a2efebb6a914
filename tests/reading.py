"""What the tests of readers share: bytes to documents, and the shape that every document has."""

from __future__ import annotations

import json
from pathlib import Path

from rag.documents import File, read, walk
from rag.settings import Settings
from rag.types import Document


def file_at(path: Path) -> File:
    return next(walk([path]))


def read_bytes(folder: Path, name: str, data: bytes | str) -> list[Document]:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(file_at(path), settings=Settings())


def read_one(folder: Path, name: str, data: bytes | str) -> Document:
    (document,) = read_bytes(folder, name, data)
    check_shape(document)
    return document


def check_shape(document: Document) -> None:
    """What holds for every document of every format."""
    n = len(document.text)
    spans = [(h.start, h.end) for h in document.headings] + [(b.start, b.end) for b in document.blocks]
    assert all(0 <= start < end <= n and document.text[start:end].strip() for start, end in spans)
    assert list(document.headings) == sorted(document.headings)
    assert list(document.page_starts) == sorted(document.page_starts)
    assert not document.page_starts or document.page_starts[0] == 0
    assert not document.page_labels or len(document.page_labels) == len(document.page_starts)
    assert document.text.encode("utf-8")  # no lone surrogates
    assert "\0" not in document.text
    assert "\r" not in document.text
    assert json.loads(json.dumps(dict(document.metadata))) == dict(document.metadata)


def headings(document: Document) -> list[tuple[int, str]]:
    return [(h.level, document.text[h.start : h.end]) for h in document.headings]


def blocks(document: Document) -> list[str]:
    return [document.text[b.start : b.end] for b in document.blocks]
