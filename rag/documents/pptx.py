"""PowerPoint: each slide a page with its title, lists, tables, chart figures and speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from rag.documents.canonical import Writer, one_line
from rag.documents.loading import FileLoader
from rag.documents.ooxml import core_properties, find_main, relationships
from rag.documents.packages import Package
from rag.documents.tables import write_table
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Pptx"]

_SMALL_PRINT = frozenset(("sldNum", "dt", "ftr", "hdr"))  # slide number, date, footer, header


class Pptx(FileLoader):
    """The loader for presentations."""

    suffixes = (".pptx", ".pptm", ".potx", ".ppsx")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document, a page for each slide."""
        with Package(path) as package:
            main = find_main(package, "ppt/presentation.xml")
            writer = Writer()
            title = ""
            for number, part in enumerate(_slides(package, main), 1):
                writer.page(f"Slide {number}")
                try:
                    heading = _write_slide(writer, package, part, with_comments=self.settings.comments)
                except DocumentError as error:
                    writer.warn(f"slide {number} was left out: {error}")
                    continue
                title = title or (heading if number == 1 else "")
            fields = core_properties(package)
        yield writer.document(
            fields.pop("title", "") or title,
            mime="application/vnd.openxmlformats-officedocument.presentationml.presentation",
            kind="slides",
            **fields,
        )


def _slides(package: Package, main: str) -> list[str]:
    """The parts of the slides in their order."""
    targets = relationships(package, main)
    slides = []
    for item in package.xml(main).iter("sldId"):
        kind, part = targets.get(item.get("r:id", ""), ("", ""))
        if kind == "slide" and part in package:
            slides.append(part)
    return slides


def _write_slide(writer: Writer, package: Package, part: str, *, with_comments: bool) -> str:
    targets = relationships(package, part)
    shapes = list(_shapes(package.xml(part)))
    title = ""
    for shape in shapes:
        if _placeholder(shape) in ("title", "ctrTitle"):
            title = one_line(" ".join(_paragraph(p) for p in shape.iter("p")))
            writer.heading(title, 1)
            break
    for shape in shapes:
        if shape.tag == "sp" and _placeholder(shape) not in ("title", "ctrTitle", *_SMALL_PRINT):
            _write_text(writer, shape)
        elif shape.tag == "graphicFrame":
            _write_frame(writer, package, shape, targets)
    for kind, target in targets.values():
        if kind == "notesSlide" and target in package:
            _write_notes(writer, package.xml(target))
        elif kind == "comments" and target in package and with_comments:
            for comment in package.xml(target).iter("cm"):
                words = one_line(comment.findtext("text") or " ".join(t.text or "" for t in comment.iter("t")))
                writer.paragraph(f"Comment: {words}" if words else "")
    return title


def _shapes(parent: Element) -> Iterator[Element]:
    """Shapes in drawing order, those in groups included; fallbacks for old readers left out."""
    for child in parent:
        if child.tag in ("sp", "graphicFrame"):
            yield child
        elif child.tag != "Fallback":
            yield from _shapes(child)


def _placeholder(shape: Element) -> str:
    for holder in shape.iter("ph"):
        return holder.get("type", "body")
    return ""


def _paragraph(element: Element) -> str:
    parts = []
    for item in element.iter():
        if item.tag == "t":
            parts.append(item.text or "")
        elif item.tag == "br":
            parts.append("\n")
    return "".join(parts)


def _write_text(writer: Writer, shape: Element) -> None:
    is_list = _placeholder(shape) in ("body", "obj")
    paragraphs = [p for p in shape.iter("p") if _paragraph(p).strip()]
    for paragraph in paragraphs:
        properties = paragraph.find("pPr")
        bulleted = properties is not None and any(c.tag in ("buChar", "buAutoNum") for c in properties)
        if bulleted or (is_list and len(paragraphs) > 1):
            writer.item("- " + _paragraph(paragraph))
        else:
            writer.paragraph(_paragraph(paragraph))


def _write_frame(writer: Writer, package: Package, frame: Element, targets: dict[str, tuple[str, str]]) -> None:
    for table in frame.iter("tbl"):
        rows = _table_rows(table)
        properties = table.find("tblPr")
        has_header = properties is not None and properties.get("firstRow") in ("1", "true")
        write_table(writer, rows, 1 if has_header and len(rows) > 1 else None)
    for diagram in frame.iter("relIds"):
        _, part = targets.get(diagram.get("r:dm", ""), ("", ""))
        if part in package:
            for words in map(_paragraph, package.xml(part).iter("p")):
                writer.item("- " + words if words.strip() else "")
    for chart in frame.iter("chart"):
        _, part = targets.get(chart.get("r:id", ""), ("", ""))
        if part in package:
            _write_chart(writer, package.xml(part))


def _table_rows(table: Element) -> list[list[str]]:
    """The cells' words; a cell that reaches down is repeated in each of its rows."""
    rows: list[list[str]] = []
    for row in table.iter("tr"):
        cells: list[str] = []
        for cell in row.iter("tc"):
            words = "\n".join(_paragraph(p) for p in cell.iter("p"))
            if not words and cell.get("vMerge") in ("1", "true") and rows and len(cells) < len(rows[-1]):
                words = rows[-1][len(cells)]
            cells.append(words)
        rows.append(cells)
    return rows


def _write_chart(writer: Writer, root: Element) -> None:
    """A chart as the table it was drawn from: a row for each category, a column for each series."""
    if (title := root.find("chart/title")) is not None:
        writer.paragraph(one_line("".join(t.text or "" for t in title.iter("t"))))
    names: list[str] = []
    columns: list[dict[str, str]] = []
    categories: dict[str, str] = {}
    for series in root.iter("ser"):
        text = series.find("tx")
        names.append(one_line("".join(v.text or "" for v in text.iter("v"))) if text is not None else "")
        categories.update(_points(series.find("cat")))
        columns.append(_points(series.find("val")))
    keys = sorted({key for column in columns for key in column}, key=lambda key: int(key) if key.isdigit() else 0)
    rows = [[categories.get(key, ""), *[column.get(key, "") for column in columns]] for key in keys]
    if rows:
        write_table(writer, [["", *names], *rows], 1)


def _points(parent: Element | None) -> dict[str, str]:
    if parent is None:
        return {}
    return {point.get("idx", ""): point.findtext("v") or "" for point in parent.iter("pt")}


def _write_notes(writer: Writer, root: Element) -> None:
    words = "\n".join(
        text
        for shape in _shapes(root)
        if shape.tag == "sp" and _placeholder(shape) == "body"
        for paragraph in shape.iter("p")
        if (text := _paragraph(paragraph)).strip()
    )
    if words.strip():
        writer.paragraph("Notes: " + words)
