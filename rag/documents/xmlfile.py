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
from rag.documents.tables import write_table
from rag.types import Document

__all__ = ["Xml"]

_MARKUP = re.compile(r"<(?:p|div|br|a|ul|ol|li|h[1-6]|span|b|i|em|strong|img|table)\b[^>]{0,500}>", re.IGNORECASE)
_TABLES = frozenset(("table", "informaltable"))
_HEADINGS = frozenset(("title", "head", "heading", "subtitle", "article-title"))
_STRETCHES = frozenset(("p", "para", "paragraph", "table", "informaltable", "section", "sec", "div", "title"))
_TEXT = frozenset(("p", "para", "paragraph", "abstract", "note", "seg", "li", "item", "description", "summary"))


class Xml(FileLoader):
    """The loader for XML files."""

    suffixes = (".xml", ".rss", ".atom", ".kml", ".gpx", ".opml", ".xliff", ".tei", ".dbk", ".svg", ".fb2")

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
        if root.tag == "svg":
            _write_drawing(writer, root)
        elif root.tag == "wordDocument":  # Word 2003
            for paragraph in root.iter("p"):
                writer.paragraph("".join(words.text or "" for words in paragraph.iter("t")))
        elif root.tag == "opml":
            for outline in root.iter("outline"):
                writer.item(outline.get("text", ""))
                writer.paragraph(outline.get("_note", ""))
        else:
            _write(writer, root, 1)
        found = (one_line("".join(e.itertext())) for e in root.iter() if e.tag.lower() in ("title", "article-title"))
        title = next(filter(None, found), "")
        yield writer.document(title, mime="application/xml", kind="xml", encoding=encoding, warnings=warnings)


def _write_drawing(writer: Writer, root: Element) -> None:
    """What a drawing says in words: its title, description and labels."""
    for element in root.iter():
        if element.tag in ("title", "desc", "text"):
            writer.item(one_line(" ".join(part for part in element.itertext())))


def _write(writer: Writer, element: Element, level: int) -> None:
    if not len(element):
        _write_leaf(writer, element, level)
        return
    if element.tag.lower() in _TABLES and (rows := _table_rows(element)):
        write_table(writer, rows)
        return
    if _is_record(element):
        writer.item(
            "; ".join(_pair(child, one_line(child.text or "")) for child in element if (child.text or "").strip())
        )
        return
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        if any(child.tag.lower() in _STRETCHES for child in element):
            writer.paragraph(element.text or "")
            for child in element:
                _write(writer, child, level + 1)
                writer.paragraph(child.tail or "")
        else:
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


def _table_rows(table: Element) -> list[list[str]]:
    """The rows of a table in DocBook, JATS, TEI or HTML; of a table in it, only its words."""
    rows = []
    for row in table.iter():
        if row.tag.lower() in ("tr", "row"):
            rows.append(
                [one_line("".join(c.itertext())) for c in row if c.tag.lower() in ("td", "th", "entry", "cell")]
            )
    return [row for row in rows if row]


def _is_record(element: Element) -> bool:
    """Whether an element holds nothing but short values under different names."""
    names = [child.tag.lower() for child in element]
    return (
        len(names) >= 2
        and len(set(names)) == len(names)
        and not _HEADINGS & set(names)
        and not (element.text or "").strip()
        and not any(
            len(child) or (child.tail or "").strip() or len(words := child.text or "") >= 300 or _MARKUP.search(words)
            for child in element
        )
    )


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
