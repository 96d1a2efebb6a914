"""Word documents: headings, lists, tables, text boxes, footnotes; comments and deleted text left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from rag.documents.canonical import Writer, one_line
from rag.documents.docxstyles import Numbering, list_of, styles_of
from rag.documents.loading import FileLoader
from rag.documents.ooxml import core_properties, find_main, is_on
from rag.documents.packages import Package
from rag.documents.tables import write_table
from rag.types import Document

__all__ = ["Docx"]

_LEFT_OUT = frozenset(("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "tblPr", "sectPr", "Fallback",
                       "commentReference", "annotationRef", "delInstrText", "rt"))  # fmt: skip


class Docx(FileLoader):
    """The loader for Word documents."""

    suffixes = (".docx", ".docm", ".dotx", ".dotm")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        with Package(path) as package:
            main = find_main(package, "word/document.xml")
            writer = Writer()
            reader = _Reader(package, writer, with_comments=self.settings.comments)
            reader.read(package.xml(main))
            boilerplate = reader.write_edges()
            fields = core_properties(package)
        yield writer.document(
            fields.pop("title", "") or reader.title or writer.leading_heading,
            mime="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            kind="word",
            boilerplate=boilerplate,
            **fields,
        )


@dataclass(slots=True)
class _Paragraph:
    text: list[str] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Reader:
    """Walks the body and writes what it finds."""

    def __init__(self, package: Package, writer: Writer, *, with_comments: bool) -> None:
        self.title = ""
        self._with_comments = with_comments
        self._comments = _comments(package) if with_comments else {}
        self._package = package
        self._writer = writer
        self._styles = styles_of(package)
        self._numbering = Numbering(package)
        self._footnotes = _notes(package, "word/footnotes.xml", "footnote")
        self._endnotes = _notes(package, "word/endnotes.xml", "endnote")

    def read(self, root: Element) -> None:
        self._container(root.find("body") if root.tag == "document" else root)

    def _container(self, parent: Element | None) -> None:
        for child in parent if parent is not None else ():
            if child.tag == "p":
                self._paragraph(child)
            elif child.tag == "tbl":
                self._table(child)
            elif child.tag not in _LEFT_OUT:
                self._container(child)

    def _paragraph(self, element: Element) -> None:
        found = _Paragraph()
        self._collect(element, found)
        text = "".join(found.text)
        style, level, number = self._properties(element)
        if text.strip():
            if level:
                self._writer.heading(self._numbering.number(*number) + text if number is not None else text, level)
            elif style in self._styles.titles:
                self._writer.heading(text, 1)
                self.title = self.title or one_line(text)
            elif number is not None:
                self._writer.item(self._numbering.marker(*number) + text)
            elif style in self._styles.lists:
                self._writer.item("- " + text)
            else:
                self._writer.paragraph(text)
        for note in found.notes:
            self._writer.paragraph(note)
        for box in found.boxes:
            self._container(box)

    def _properties(self, element: Element) -> tuple[str, int, tuple[str, int] | None]:
        """A paragraph's style, its heading level (0: none), and its list and depth."""
        properties = element.find("pPr")
        if properties is None:
            return "", 0, None
        style = properties.find("pStyle")
        name = style.get("val", "") if style is not None else ""
        level = self._styles.levels.get(name, 0)
        outline = properties.find("outlineLvl")
        if outline is not None and outline.get("val", "9").isdigit() and int(outline.get("val", "9")) < 9:
            level = int(outline.get("val", "9")) + 1
        number = list_of(properties.find("numPr"), self._styles.numbers.get(name))
        return name, level, number

    def _collect(self, element: Element, found: _Paragraph) -> None:
        """The words of a paragraph; text boxes and notes in it are set aside."""
        for child in element:
            tag = child.tag
            if tag == "t":
                found.text.append(child.text or "")
            elif tag in ("tab", "ptab"):
                found.text.append(" ")
            elif tag in ("br", "cr"):
                found.text.append("\n")
            elif tag == "noBreakHyphen":
                found.text.append("-")
            elif tag == "sym":
                found.text.append("•")
            elif tag == "txbxContent":
                found.boxes.append(child)
            elif tag in ("footnoteReference", "endnoteReference"):
                self._note(child, found)
            elif tag == "commentReference" and self._comments:
                found.notes += filter(None, [self._comments.get(child.get("id", ""))])
            elif tag == "del" and self._with_comments:
                if words := one_line("".join(t.text or "" for t in child.iter("delText"))):
                    found.notes.append(f"Deleted ({child.get('author', 'unknown')}): {words}")
            elif tag == "r" and is_on(child.find("rPr/vanish")):
                self._writer.warn("hidden text was left out")
            elif tag == "AlternateContent":
                choice = child.find("Choice")
                used = choice if choice is not None and any(True for _ in choice.iter("t")) else child.find("Fallback")
                if used is not None:
                    self._collect(used, found)
            elif tag not in _LEFT_OUT:
                self._collect(child, found)

    def _note(self, reference: Element, found: _Paragraph) -> None:
        notes = self._footnotes if reference.tag == "footnoteReference" else self._endnotes
        if words := notes.get(reference.get("id", "")):
            found.notes.append(f"Note: {words}")

    def _table(self, element: Element) -> None:
        rows: list[list[str]] = []
        n_header = 0
        above: dict[int, str] = {}  # column -> words of a cell that reaches down
        inner = [table for row in _rows(element) for cell in _cells(row) for table in _inner_tables(cell)]
        for item in _rows(element):
            cells: list[str] = []
            for cell in _cells(item):
                properties = cell.find("tcPr")
                span, merge = _spans(properties)
                text = self._cell_text(cell)
                if merge == "continue":
                    text = above.get(len(cells), "")
                above[len(cells)] = text
                cells += [text, *[""] * (span - 1)]
            rows.append(cells)
            if is_on(item.find("trPr/tblHeader")) and n_header == len(rows) - 1:
                n_header = len(rows)
        if max((sum(1 for c in row if c) for row in rows), default=0) <= 1:
            for row in rows:
                for words in row:
                    self._writer.paragraph(words)
        else:
            write_table(self._writer, rows, n_header if 0 < n_header < len(rows) else None)
        for table in inner:
            self._table(table)

    def _cell_text(self, cell: Element) -> str:
        return "\n".join(filter(None, map(self._words, _own_paragraphs(cell))))

    def _words(self, paragraph: Element) -> str:
        found = _Paragraph()
        self._collect(paragraph, found)
        return "\n".join(part for part in ("".join(found.text), *found.notes) if part.strip())

    def write_edges(self) -> list[list[int]]:
        """Write each page header and footer once; returns their spans, which are boilerplate."""
        spans = []
        names = [n for n in self._package.names if n.startswith(("word/header", "word/footer")) and n.endswith(".xml")]
        seen: set[str] = set()
        for name in sorted(names):
            words = one_line(" ".join(map(self._words, self._package.xml(name).iter("p"))))
            if words and not words.isdigit() and words not in seen and len(words) < 2000:
                seen.add(words)
                self._writer.paragraph(words)
                spans.append([self._writer.n_characters - len(words), self._writer.n_characters])
        return spans


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("sdt", "sdtContent", "ins", "customXml"):
            yield from _rows(child)


def _cells(row: Element) -> Iterator[Element]:
    for child in row:
        if child.tag == "tc":
            yield child
        elif child.tag in ("sdt", "sdtContent", "customXml"):
            yield from _cells(child)


def _own_paragraphs(cell: Element) -> Iterator[Element]:
    """The paragraphs in a cell that do not stand in a table inside it."""
    for child in cell:
        if child.tag == "p":
            yield child
        elif child.tag != "tbl":
            yield from _own_paragraphs(child)


def _inner_tables(cell: Element) -> Iterator[Element]:
    for child in cell:
        if child.tag == "tbl":
            yield child
        elif child.tag != "p":
            yield from _inner_tables(child)


def _spans(properties: Element | None) -> tuple[int, str]:
    """How many columns a cell covers, and whether it begins or continues a cell that reaches down."""
    if properties is None:
        return 1, ""
    span, merge = properties.find("gridSpan"), properties.find("vMerge")
    columns = span.get("val", "1") if span is not None else "1"
    return (
        max(1, min(int(columns), 200)) if columns.isdigit() else 1,
        "" if merge is None else merge.get("val", "continue"),
    )


def _comments(package: Package) -> dict[str, str]:
    """Comments by id, with who made them."""
    root = package.xml_or_none("word/comments.xml")
    return {
        item.get("id", ""): f"Comment ({item.get('author', 'unknown')}): {words}"
        for item in (root.iter("comment") if root is not None else ())
        if (words := one_line(" ".join("".join(t.text or "" for t in p.iter("t")) for p in item.iter("p"))))
    }


def _notes(package: Package, part: str, tag: str) -> dict[str, str]:
    """Footnotes or endnotes by id; Word's separators are not among them."""
    root = package.xml_or_none(part)
    if root is None:
        return {}
    return {
        note.get("id", ""): one_line("".join(t.text or "" for t in note.iter("t")))
        for note in root.iter(tag)
        if note.get("type") is None
    }
