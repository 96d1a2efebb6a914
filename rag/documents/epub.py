"""EPUB: the chapters in reading order, each a page labelled with its title."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from rag.documents.canonical import Writer, one_line
from rag.documents.encodings import decode
from rag.documents.html import write_html
from rag.documents.htmlpage import declared_encoding
from rag.documents.loading import FileLoader
from rag.documents.packages import Package
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Epub"]


class Epub(FileLoader):
    """The loader for e-books."""

    suffixes = (".epub",)

    def load(self, path: Path) -> Iterator[Document]:
        """The book as one document, a page for each chapter file."""
        with Package(path) as package:
            if "META-INF/rights.xml" in package or "META-INF/sinf.xml" in package:
                raise DocumentError("is protected against reading (DRM)")
            main = _main_part(package)
            root = package.xml(main)
            writer = Writer()
            for part in _chapters(root, main):
                if part not in package:
                    writer.warn(f"a chapter is missing: {part}")
                    continue
                _write_chapter(writer, package, part)
            fields = _properties(root)
        yield writer.document(fields.pop("title", ""), mime="application/epub+zip", kind="book", **fields)


def _main_part(package: Package) -> str:
    for item in package.xml("META-INF/container.xml").iter("rootfile"):
        if (path := item.get("full-path", "")) in package:
            return path
    raise DocumentError("is not an e-book: it has no table of contents")


def _chapters(root: Element, main: str) -> Iterator[str]:
    """The chapter files in the order of the spine."""
    folder = posixpath.dirname(main)
    files = {
        item.get("id", ""): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in root.iter("item")
        if "html" in item.get("media-type", "") and "nav" not in item.get("properties", "").split()
    }
    for item in root.iter("itemref"):
        if item.get("idref", "") in files:
            yield files[item.get("idref", "")]


def _write_chapter(writer: Writer, package: Package, part: str) -> None:
    data = package.read(part)
    text, _, _ = decode(data, declared_encoding(data))
    chapter = Writer()
    fields = write_html(chapter, text)
    writer.page(chapter.first_heading or fields.get("title", ""))
    writer.append(chapter)


def _properties(root: Element) -> dict[str, str]:
    meta = root.find("metadata")
    if meta is None:
        return {}
    fields = {
        "title": one_line(meta.findtext("title") or ""),
        "author": ", ".join(one_line(item.text or "") for item in meta.findall("creator")),
        "date": (meta.findtext("date") or "")[:10],
        "language": (meta.findtext("language") or "")[:2].lower(),
        "publisher": one_line(meta.findtext("publisher") or ""),
    }
    return {key: value for key, value in fields.items() if value}
