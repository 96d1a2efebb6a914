"""One file to its documents: find the loader, run it, and finish what it returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.documents.registry import loader_for
from rag.documents.walk import File
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["FINGERPRINT", "read"]

FINGERPRINT = "documents-1"


def read(file: File, *, settings: Settings) -> list[Document]:
    """The documents in a file, in this process.

    Raises:
        DocumentError: the file cannot be read, or holds no text; the message is the reason.
    """
    if file.problem:
        raise DocumentError(file.problem)
    documents = [
        replace(document, source=_part_of(file.source, document.source), collection=file.collection)
        for document in _load(file.path, settings)
    ]
    if not documents:
        raise DocumentError("holds no text")
    return documents


def _part_of(source: str, part: str) -> str:
    return f"{source}#{part}" if part else source


def _load(path: Path, settings: Settings) -> Iterator[Document]:
    try:
        for document in loader_for(path, settings).load(path):
            if not document.text.strip():
                continue
            yield replace(document, metadata={**_language(document), **document.metadata})
    except OSError as error:
        raise DocumentError(f"cannot be opened: {error.strerror or error}") from error
    except MemoryError as error:
        raise DocumentError("needs more memory than one file may take") from error
    except RecursionError as error:
        raise DocumentError("is nested too deeply") from error


def _language(document: Document) -> dict[str, Any]:
    """The language of the text as ISO 639-1, where it is long enough to tell."""
    if len(document.text) < 60:
        return {}
    import py3langid

    language, _ = py3langid.classify(document.text[:2000])
    return {"language": language}
