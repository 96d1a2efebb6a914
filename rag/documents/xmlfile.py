"""XML of any kind: elements that hold only words become rows of names and values, the rest paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from rag.documents.canonical import Writer, one_line
from rag.documents.encodings import decode
from rag.documents.html import write_html
from rag.documents.htmlpage import declared_encoding
from rag.documents.loading import FileLoader
from rag.documents.packages import parse_xml
from rag.types import Document

__all__ = ["Xml"]

_MARKUP = re.compile(r"<(?:p|div|br|a|ul|ol|li|h[1-6]|span|b|i|em|strong|img|table)\b[^>]{0,500}>", re.IGNORECASE)
_HEADINGS = frozenset(("title", "head", "heading", "subtitle"))
_TEXT = frozenset(("p", "para", "paragraph", "abstract", "note", "seg", "li", "item", "description", "summary"))


class Xml(FileLoader):
    """The loader for XML files."""

    suffixes = (".xml", ".rss", ".atom", ".kml", ".gpx", ".opml", ".xliff", ".tei", ".dbk")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        data = path.read_bytes()
        text, encoding, warnings = decode(data, declared_encoding(data))
        start = text.find("<")
        body = text[start:] if start >= 0 else text
        if body.startswith("<?xml"):
            body = body[body.find("?>") + 2 :]  # the text is decoded already
        root = parse_xml(body.encode("utf-8", "replace"))
        writer = Writer()
        _write(writer, root, 1)
        title = next((one_line("".join(e.itertext())) for e in root.iter() if e.tag.lower() == "title"), "")
        yield writer.document(title, mime="application/xml", kind="xml", encoding=encoding, warnings=warnings)


def _write(writer: Writer, element: Element, level: int) -> None:
    if not len(element):
        _write_leaf(writer, element, level)
        return
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        writer.paragraph("".join(element.itertext()))
        return
    row = []
    for child in element:
        words = one_line("".join(child.itertext()))
        is_plain = child.tag.lower() not in _HEADINGS | _TEXT and not _MARKUP.search(words)
        if len(child) == 0 and is_plain and len(words) < 300:
            if words or child.attrib:
                row.append(_pair(child, words))
            continue
        if row:
            writer.item("; ".join(row))
            row = []
        _write(writer, child, level + 1)
    if row:
        writer.item("; ".join(row))


def _pair(element: Element, words: str) -> str:
    """ "name: words", with attributes that hold words too."""
    extra = ", ".join(f"{key} {value}" for key, value in element.attrib.items() if value and len(value) < 100)
    label = f"{element.tag} ({extra})" if extra and words else element.tag
    return f"{label}: {words or extra}"


def _write_leaf(writer: Writer, element: Element, level: int) -> None:
    words = element.text or ""
    if element.tag.lower() in _HEADINGS:
        writer.heading(words, min(level, 6))
    elif _MARKUP.search(words):
        write_html(writer, words)  # a feed carries pages as text
    elif element.tag.lower() in _TEXT or len(words) >= 300:
        writer.paragraph(words)
    elif words.strip() or element.attrib:
        writer.item(_pair(element, one_line(words)))
