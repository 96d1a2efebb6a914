"""One file to its documents: find the loader, run it, go into files inside files, finish the result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.documents import ocr
from rag.documents.canonical import one_line
from rag.documents.language import language_of
from rag.documents.legacy import find_office
from rag.documents.registry import loader_for
from rag.documents.walk import File
from rag.errors import DocumentError
from rag.plugins import Part
from rag.types import Document

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["FINGERPRINT", "documents_in", "read"]

# Goes up whenever a file may be read differently than before; what the system can read is part of it.
FINGERPRINT = "+".join(
    ["documents-18", *(["ocr"] if ocr.is_available() else []), *(["office"] if find_office() else [])]
)
MAX_DEPTH = 3  # files inside files inside files
MAX_PARTS = 2000
MAX_PART_BYTES = 400 * 2**20
MAX_CHARACTERS = 200_000_000
_MAX_WARNINGS = 20


def read(file: File, *, settings: Settings) -> list[Document]:
    """The documents in a file, in this process.

    Raises:
        DocumentError: the file cannot be read, or holds no text; the message is the reason.
    """
    return list(documents_in(file, settings=settings))


def documents_in(file: File, *, settings: Settings) -> Iterator[Document]:
    """What ``read`` gives, one by one, as the file is read. What was odd about the file is said with the last."""
    if file.problem:
        raise DocumentError(file.problem)
    budget = _Budget(settings)
    held: Document | None = None
    n_characters = 0
    for document in _load(file.path, budget, 0):
        n_characters += len(document.text)
        if n_characters > MAX_CHARACTERS:
            budget.warn(f"cut after {MAX_CHARACTERS:,} characters")
            break
        if held is not None:
            yield held
        source = f"{file.source}#{document.source}" if document.source else file.source
        held = replace(document, source=source, collection=file.collection)
    if held is None:
        raise DocumentError(_why_nothing(budget.warnings))
    if budget.warnings:
        warnings = [*held.metadata.get("warnings", []), *budget.warnings]
        held = replace(held, metadata={**held.metadata, "warnings": warnings})
    yield held


def _why_nothing(warnings: list[str]) -> str:
    if not warnings:
        return "holds no text"
    more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
    return f"holds nothing that can be read: {warnings[0]}{more}"


@dataclass(slots=True)
class _Budget:
    """What may still be unpacked from one file, and what went wrong inside it."""

    settings: Settings
    n_parts: int = MAX_PARTS
    n_bytes: int = MAX_PART_BYTES
    warnings: list[str] = field(default_factory=list)
    n_unsaid: int = 0

    def warn(self, message: str) -> None:
        """Keep the first warnings; the rest is counted."""
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(message)
            return
        self.n_unsaid += 1
        self.warnings[_MAX_WARNINGS - 1 :] = [f"{self.n_unsaid + 1} more parts could not be read"]


def _load(path: Path, budget: _Budget, depth: int) -> Iterator[Document]:
    try:
        for found in loader_for(path, budget.settings).load(path):
            if isinstance(found, Part):
                yield from _load_part(found, budget, depth + 1)
            elif found.text.strip():
                yield _finished(found)
    except OSError as error:
        raise DocumentError(f"cannot be opened: {error.strerror or error or type(error).__name__}") from error
    except MemoryError as error:
        raise DocumentError("needs more memory than one file may take") from error
    except RecursionError as error:
        raise DocumentError("is nested too deeply") from error


def _load_part(part: Part, budget: _Budget, depth: int) -> Iterator[Document]:
    """The documents of a file inside a file; its failure is a warning, not the end."""
    budget.n_parts -= 1
    budget.n_bytes -= len(part.data)
    name = one_line(part.name)[:300] or "part"
    if budget.n_parts < 0 or budget.n_bytes < 0 or depth > MAX_DEPTH:
        budget.warn(f"{name!r} was left out: beyond the limits for files inside files")
        return
    try:
        if part.problem or not part.data:
            raise DocumentError(part.problem or "is empty")
        with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
            suffix = Path(name.replace("\\", "/")).suffix[:20]
            path = Path(folder) / f"part{suffix if suffix.isprintable() else ''}"
            path.write_bytes(part.data)
            for document in _load(path, budget, depth):
                yield replace(document, source=f"{name}#{document.source}" if document.source else name)
    except DocumentError as error:
        budget.warn(f"{name!r} was left out: it {error}")


def _finished(document: Document) -> Document:
    """The document with the language of its text, where that can be told."""
    if language := document.metadata.get("language") or language_of(document.text):
        return replace(document, metadata={**document.metadata, "language": language})
    return document
