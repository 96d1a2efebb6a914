"""Which loader reads a file: by its first bytes where they are sure, else by its suffix."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import plugins
from rag.documents.encodings import is_binary
from rag.errors import DocumentError, MissingExtra

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["loader_for"]


@lru_cache(maxsize=4)
def _loaders(settings: Settings) -> dict[str, Any]:
    """Loaders by suffix. One that does not come with Footnote takes precedence."""
    by_suffix: dict[str, Any] = {}
    names = plugins.names("loaders")
    for name in names:
        try:
            loader = plugins.load("loaders", name, settings)
        except MissingExtra:
            continue
        for suffix in loader.suffixes:
            if suffix not in by_suffix or not type(loader).__module__.startswith("rag."):
                by_suffix[suffix] = loader
    return by_suffix


def loader_for(path: Path, settings: Settings) -> Any:
    """The loader for the file at ``path``.

    Raises:
        DocumentError: no loader reads such a file.
    """
    loaders = _loaders(settings)
    suffix = path.suffix.lower()
    with path.open("rb") as stream:
        head = stream.read(8192)
    if not head.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise DocumentError("holds no text")
    found = _sniff(head, suffix)
    if loader := loaders.get(found):
        return loader
    if is_binary(head):
        kind = f"{suffix} files are" if suffix else "its format is"
        raise DocumentError(f"{kind} not a kind of document that is read")
    return loaders[".txt"]


def _sniff(head: bytes, suffix: str) -> str:
    """The suffix that the content calls for; ``suffix`` itself where the content does not contradict."""
    if b"%PDF-" in head[:1024]:
        return ".pdf"
    if head.startswith(b"{\\rtf"):
        return ".rtf"
    if suffix in (".pdf", ".rtf"):
        return _sniff_text(head, suffix)
    return suffix if suffix else _sniff_text(head, "")


def _sniff_text(head: bytes, suffix: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return ".html"
    return suffix or ".txt"
