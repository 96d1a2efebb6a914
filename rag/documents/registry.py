"""Which loader reads a file: by its first bytes where they are sure, else by its suffix."""

from __future__ import annotations

import re
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag import plugins
from rag.documents.encodings import is_binary
from rag.errors import DocumentError, MissingExtra

if TYPE_CHECKING:
    from rag.plugins import Loader
    from rag.settings import Settings

__all__ = ["loader_for", "suffixes"]

_ZIP_KINDS = (".docx", ".docm", ".dotx", ".dotm", ".pptx", ".pptm", ".potx", ".ppsx", ".xlsx", ".xlsm", ".xltx",
              ".odt", ".ott", ".odp", ".otp", ".ods", ".ots", ".odg", ".epub", ".zip")  # fmt: skip
_OLE_KINDS = (".doc", ".dot", ".xls", ".xlt", ".ppt", ".pps", ".pot", ".msg")
_IMAGES = (
    (b"\x89PNG\r\n", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"II*\0", ".tif"), (b"MM\0*", ".tif"),
    (b"BM", ".bmp"),
)  # fmt: skip
_HEADER = re.compile(rb"^([A-Za-z][A-Za-z0-9-]{1,60}):")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@lru_cache(maxsize=4)
def _loaders(settings: Settings) -> dict[str, Loader]:
    """Loaders by suffix. One that does not come with Footnote takes precedence."""
    by_suffix: dict[str, Loader] = {}
    for name in plugins.names("loaders"):
        try:
            loader: Loader = plugins.load("loaders", name, settings)
        except MissingExtra:
            continue
        for suffix in loader.suffixes:
            if suffix not in by_suffix or not type(loader).__module__.startswith("rag."):
                by_suffix[suffix] = loader
    return by_suffix


def suffixes(settings: Settings) -> list[str]:
    """The suffixes of files that are read, sorted."""
    return sorted(_loaders(settings))


def loader_for(path: Path, settings: Settings) -> Loader:
    """The loader for the file at ``path``.

    Raises:
        DocumentError: no loader reads such a file.
    """
    loaders = _loaders(settings)
    suffix = path.suffix.lower()
    with path.open("rb") as stream:
        head = stream.read(8192)
    if len(head) < 8192 and not head.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise DocumentError("holds no text")
    found = _sniff(path, head, suffix)
    if loader := loaders.get(found):
        return loader
    if is_binary(head):
        raise DocumentError(
            f"is of a kind that is not read ({suffix})" if suffix not in ("", ".txt") else "is a binary file, not text"
        )
    return loaders[".txt"]


def _sniff(path: Path, head: bytes, suffix: str) -> str:
    """The suffix that the content calls for; ``suffix`` itself where the content does not contradict."""
    if head.startswith(b"{\\rtf"):
        return ".rtf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return suffix if suffix in _ZIP_KINDS else _zip_kind(path)
    if head.startswith(_OLE):
        if suffix in (".docx", ".xlsx", ".pptx") or _is_encrypted_office(path):
            raise DocumentError("needs a password")
        return suffix if suffix in _OLE_KINDS else ".doc"
    if b"%PDF-" in head[:1024]:
        return ".pdf"
    for mark, kind in _IMAGES:
        if head.startswith(mark) and suffix not in (".txt", ".md", ".csv"):
            return kind
    if suffix in (".pdf", ".rtf", *_ZIP_KINDS, *_OLE_KINDS):
        return _misnamed(head, suffix)
    if not suffix or suffix == ".txt":
        return _text_kind(head, suffix)
    return suffix


def _misnamed(head: bytes, suffix: str) -> str:
    """What a file is that lacks its format's mark: a web page at times, else damaged."""
    kind = _text_kind(head, "")
    if kind != ".txt" and not is_binary(head):
        return kind
    raise DocumentError(f"is damaged: it does not begin like a {suffix[1:].upper()} file")


def _text_kind(head: bytes, suffix: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")) and not suffix:
        return ".html"
    if start.startswith(b"from ") and b"\nfrom: " in head.lower() and not suffix:
        return ".mbox"
    if _is_mail(head):
        return ".eml"
    return suffix or ".txt"


def _is_mail(head: bytes) -> bool:
    """Whether a text begins with a mail's headers, the marks of how it is encoded among them."""
    names = set()
    for line in head.splitlines()[:200]:
        if not line.strip():
            break
        match = _HEADER.match(line)
        if match:
            names.add(match[1].lower())
        elif line[:1] not in (b" ", b"\t"):
            return False
    return b"from" in names and bool(names & {b"mime-version", b"content-type", b"received", b"message-id"})


def _zip_kind(path: Path) -> str:
    """Which packaged format a ZIP file is, by what it holds."""
    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist()[:20_000])
            mimetype = package.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return ".zip"
    for name, kind in (("word/document.xml", ".docx"), ("ppt/presentation.xml", ".pptx"), ("xl/workbook.xml", ".xlsx")):
        if name in names:
            return kind
    if b"epub" in mimetype:
        return ".epub"
    return ".odt" if b"opendocument" in mimetype else ".zip"


def _is_encrypted_office(path: Path) -> bool:
    """Whether an OLE file is an encrypted Office package (its directory names the stream)."""
    with path.open("rb") as stream:
        return "EncryptedPackage".encode("utf-16-le") in stream.read(4 * 2**20)
