"""OpenDocument text, presentations and spreadsheets (LibreOffice, OpenOffice)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from rag.documents.canonical import Writer, one_line
from rag.documents.loading import FileLoader
from rag.documents.packages import Package, parse_xml
from rag.documents.sheets import write_sheet
from rag.documents.tables import write_table
from rag.documents.xlsx import MAX_COLUMNS, MAX_ROWS
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["OpenDocument"]

_KINDS = {"text": "odt", "presentation": "slides", "spreadsheet": "spreadsheet", "drawing": "slides"}
_LEFT_OUT = frozenset(("annotation", "tracked-changes", "note-citation", "ruby-text", "forms", "script"))
_MAX_REPEATS = 1000


class OpenDocument(FileLoader):
    """The loader for OpenDocument files."""

    suffixes = (".odt", ".ott", ".odp", ".otp", ".ods", ".ots", ".odg", ".fodt", ".fods", ".fodp")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document; slides and sheets are its pages."""
        content, styles, meta = _parts(path)
        body = content.find("body")
        if body is None or not len(body):
            raise DocumentError("holds no text")
        writer = Writer()
        _drop_hidden(content, writer)
        if self.settings.comments:
            _show_annotations(content)
        reader = _Reader(writer)
        kind = body[0].tag
        if kind == "spreadsheet":
            reader.sheets(body[0])
        elif kind in ("presentation", "drawing"):
            reader.slides(body[0])
        else:
            reader.container(body[0])
        boilerplate = _write_edges(writer, styles)
        fields = _properties(meta)
        yield writer.document(
            fields.pop("title", "") or reader.title or _title(writer, kind),
            mime=f"application/vnd.oasis.opendocument.{kind}",
            kind="word" if kind == "text" else _KINDS.get(kind, kind),
            boilerplate=boilerplate,
            **fields,
        )


def _title(writer: Writer, kind: str) -> str:
    """The heading that a text begins with; a sheet's name is no title."""
    return writer.leading_heading if kind == "text" else ""


def _parts(path: Path) -> tuple[Element, Element | None, Element | None]:
    """Content, styles and metadata: parts of a package, or one XML file that holds all of them."""
    if not zipfile.is_zipfile(path):
        root = parse_xml(path.read_bytes())
        if root.tag != "document":
            raise DocumentError("is not an OpenDocument file")
        return root, root.find("master-styles"), root
    with Package(path) as package:
        _refuse_encrypted(package)
        try:
            meta = package.xml_or_none("meta.xml")
        except DocumentError:
            meta = None
        return package.xml("content.xml"), package.xml_or_none("styles.xml"), meta


def _drop_hidden(root: Element, writer: Writer) -> None:
    """Empty what a style hides: words, paragraphs, sheets."""
    hidden = {
        style.get("name", "")
        for style in root.iter("style")
        for child in style
        if (child.tag == "text-properties" and child.get("display") == "none")
        or (child.tag == "table-properties" and child.get("display") == "false")
    }
    for element in list(root.iter()) if hidden else ():
        if element.tag == "table" and element.get("style-name") in hidden:
            writer.warn(f"the hidden sheet {element.get('name', '')!r} was left out")
            element.tag = "hidden-table"
        elif element.tag in ("span", "p", "h") and element.get("style-name") in hidden:
            writer.warn("hidden text was left out")
            tail = element.tail
            element.clear()
            element.tail = tail


def _show_annotations(root: Element) -> None:
    """Make comments part of the text that they are about."""
    for element in list(root.iter("annotation")):
        words = one_line(_all_text(element))
        who, tail = element.findtext("creator") or "unknown", element.tail
        element.clear()
        element.tag, element.tail = "span", tail
        element.text = f" (Comment, {who}: {words}) " if words else ""


def _refuse_encrypted(package: Package) -> None:
    root = package.xml_or_none("META-INF/manifest.xml")
    if root is not None and any(True for _ in root.iter("encryption-data")):
        raise DocumentError("needs a password")


def _text(element: Element) -> str:
    """The words of a paragraph, with its spaces and breaks."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == "s":
            count = child.get("c", "1")
            parts.append(" " * min(int(count) if count.isdigit() else 1, 100))
        elif child.tag == "tab":
            parts.append(" ")
        elif child.tag == "line-break":
            parts.append("\n")
        elif child.tag == "note":
            parts.append(f" ({one_line(_all_text(child.find('note-body')))})")
        elif child.tag not in _LEFT_OUT and child.tag != "frame":
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _all_text(element: Element | None) -> str:
    if element is None:
        return ""
    return "\n".join(_text(p) for p in element.iter() if p.tag in ("p", "h"))


class _Reader:
    def __init__(self, writer: Writer) -> None:
        self.title = ""
        self._writer = writer

    def container(self, parent: Element, depth: int = 0) -> None:
        """Paragraphs, headings, lists and tables in their order."""
        for child in parent:
            if child.tag == "h":
                level = child.get("outline-level", "1")
                self._writer.heading(_text(child), int(level) if level.isdigit() else 1)
            elif child.tag == "p":
                style = child.get("style-name", "")
                if style == "Title" and not self.title:
                    self.title = one_line(_text(child))
                    self._writer.heading(self.title, 1)
                elif depth:
                    self._writer.item("- " + _text(child) if _text(child).strip() else "")
                else:
                    self._writer.paragraph(_text(child))
                for frame in child.iter("frame"):
                    self.container(frame)
            elif child.tag == "list":
                self.container(child, depth + 1)
            elif child.tag == "table":
                self._table(child)
            elif child.tag not in _LEFT_OUT and child.tag not in ("sequence-decls", "object", "image"):
                self.container(child, depth)

    def _table(self, table: Element) -> None:
        """A table, then the tables in its cells."""
        write_table(self._writer, _table_rows(table), _n_header(table))
        for row in _rows(table):
            for inner in (i for cell in row if cell.tag == "table-cell" for i in cell.iter("table")):
                write_table(self._writer, _table_rows(inner), _n_header(inner))

    def slides(self, body: Element) -> None:
        """Each slide as a page; the title's frame as its heading."""
        for number, page in enumerate(body.iter("page"), 1):
            self._writer.page(f"Slide {number}")
            frames = [child for child in page if child.tag in ("frame", "custom-shape", "g", "rect")]
            for frame in frames:
                if frame.get("class") == "title":
                    words = one_line(_all_text(frame))
                    self._writer.heading(words, 1)
                    self.title = self.title or words
            for frame in frames:
                if frame.get("class") != "title":
                    self.container(frame)
            if (notes := page.find("notes")) is not None and (words := _all_text(notes)).strip():
                self._writer.paragraph("Notes: " + words)

    def sheets(self, body: Element) -> None:
        """Each sheet as a page, its rows with their column names."""
        for table in body.iter("table"):
            self._writer.page(table.get("name", ""))
            self._writer.heading(table.get("name", ""), 1)
            rows = {}
            for number, cells in enumerate(_table_rows(table)):
                if number >= MAX_ROWS:
                    self._writer.warn(f"a sheet was cut after {MAX_ROWS:,} rows")
                    break
                if filled := {column: words for column, words in enumerate(cells) if words}:
                    rows[number] = filled
            write_sheet(self._writer, rows)


def _rows(table: Element) -> Iterator[Element]:
    """The rows of a table, not those of tables in its cells."""
    for child in table:
        if child.tag == "table-row":
            yield child
        elif child.tag in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(child)


def _own_text(cell: Element) -> str:
    """The words of a cell without those of tables inside it."""
    parts = []
    for child in cell:
        if child.tag in ("p", "h"):
            parts.append(_text(child))
        elif child.tag not in ("table", "annotation"):
            parts.append(_own_text(child))
    return "\n".join(part for part in parts if part)


def _n_header(table: Element) -> int | None:
    header = table.find("table-header-rows")
    return sum(1 for child in header if child.tag == "table-row") if header is not None else None


def _table_rows(table: Element) -> Iterator[list[str]]:
    hanging: dict[int, tuple[int, str]] = {}  # column -> rows that a cell still reaches down, its words
    for row in _rows(table):
        cells: list[str] = []
        for cell in row:
            if cell.tag not in ("table-cell", "covered-table-cell"):
                continue
            words = _own_text(cell)
            left, above = hanging.pop(len(cells), (0, ""))
            if cell.tag == "covered-table-cell" and left:
                words = words or above
                hanging[len(cells)] = (left - 1, words)
            elif (spanned := cell.get("number-rows-spanned", "1")).isdigit() and int(spanned) > 1:
                hanging[len(cells)] = (int(spanned) - 1, words)
            repeats = cell.get("number-columns-repeated", "1")
            n = int(repeats) if repeats.isdigit() else 1
            if not words.strip() and len(cells) + n > MAX_COLUMNS:
                break
            cells += [words] * min(n, _MAX_REPEATS)
        repeats = row.get("number-rows-repeated", "1")
        for _ in range(min(int(repeats), _MAX_REPEATS) if repeats.isdigit() and any(cells) else 1):
            yield cells


def _write_edges(writer: Writer, root: Element | None) -> list[list[int]]:
    """Write page headers and footers once; returns their spans, which are boilerplate."""
    spans = []
    seen: set[str] = set()
    for element in root.iter() if root is not None else ():
        words = one_line(_all_text(element)) if element.tag in ("header", "footer") else ""
        if words and words not in seen and not words.isdigit():
            seen.add(words)
            writer.paragraph(words)
            spans.append([writer.n_characters - len(words), writer.n_characters])
    return spans


def _properties(root: Element | None) -> dict[str, str]:
    meta = root.find("meta") if root is not None else None
    if meta is None:
        return {}
    fields = {
        "title": one_line(meta.findtext("title") or ""),
        "author": one_line(meta.findtext("creator") or meta.findtext("initial-creator") or ""),
        "date": (meta.findtext("date") or meta.findtext("creation-date") or "")[:10],
    }
    return {key: value for key, value in fields.items() if value}
