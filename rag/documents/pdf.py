"""PDF, by PDFium: paragraphs, headings, tables and pages, and where on the page the words stand.

A document is read in two passes: the lines of every page, then what only all pages together tell (running
headers and footers, the body's font size, which hyphens belong to words). ``boxes`` finds the place of a
citation on its page later, without keeping a box for every character.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

from rag.documents.canonical import Writer
from rag.documents.loading import FileLoader
from rag.documents.pdfform import filled_fields
from rag.documents.pdftext import PdfText, mapped_characters, page_lines
from rag.errors import DocumentError
from rag.plugins import Part
from rag.types import Document

__all__ = ["Box", "Pdf", "boxes", "render"]

Box = tuple[int, float, float, float, float]  # page from 1, x0, y0, x1, y1 in points, y grows upwards

MAX_PAGES = 10_000
_USELESS_TITLE = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel) - .*|untitled.*|document\d*"
    r"|.*\.(?:docx?|pptx?|xlsx?|pdf|indd|tex|dvi|qxd|odt|html?))$",
    re.IGNORECASE,
)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".webp", ".svg")
_MEANINGLESS = ("python-docx", "(anonymous)", "(unspecified)", "anonymous", "unknown", "untitled")


class Pdf(FileLoader):
    """The loader for PDF files."""

    suffixes = (".pdf",)

    def load(self, path: Path) -> Iterator[Document | Part]:
        """The file as one document with its pages, and the files that are attached to it."""
        pdf = _open(path)
        try:
            yield _document(pdf)
            yield from _attachments(pdf)
        finally:
            pdf.close()


def _open(path: Path) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentError("needs a password") from error
        raise DocumentError("is damaged: no PDF reader can open it") from error


def _document(pdf: Any) -> Document:
    import pypdfium2

    if pdf.get_formtype():
        pdf.init_forms()  # before any page is loaded; this PDFium runs no scripts
    n_pages = len(pdf)
    if n_pages == 0:
        raise DocumentError("has no pages")
    text = PdfText(_outline(pdf))
    n_failed = 0
    labels: list[str] = []
    for number in range(min(n_pages, MAX_PAGES)):
        try:
            page = pdf[number]
        except pypdfium2.PdfiumError:
            n_failed += 1
            if n_failed > 50 and n_failed > number // 2:
                break
            text.add_empty()
            continue
        text.add(page, filled_fields(pdf.formenv.raw, page) if pdf.formenv else [])
        page.close()
        labels.append(_label(pdf, number))
    if 2 * n_failed >= min(n_pages, MAX_PAGES):
        raise DocumentError(f"is damaged: {n_failed} of its {n_pages:,} pages cannot be read")
    writer = Writer()
    if n_pages > MAX_PAGES:
        writer.warn(f"only the first {MAX_PAGES:,} of {n_pages:,} pages were read")
    if n_failed:
        writer.warn(f"{n_failed} pages are damaged and were left out")
    text.write(writer, labels if any(labels) else [])
    fields = _fields(pdf)
    title = fields.pop("title", "")
    return writer.document(
        text.title if not title or _USELESS_TITLE.match(title) else title,
        mime="application/pdf",
        kind="pdf",
        **fields,
    )


def _attachments(pdf: Any) -> Iterator[Part]:
    """Documents attached to the file; pictures are left out."""
    import pypdfium2

    for number in range(min(pdf.count_attachments(), 100)):
        try:
            attachment = pdf.get_attachment(number)
            name = attachment.get_name()
            if Path(name).suffix.lower() not in _PICTURES:
                yield Part(name, bytes(attachment.get_data()))
        except pypdfium2.PdfiumError:
            continue  # damaged: the document itself is what counts


def _label(pdf: Any, number: int) -> str:
    label = pdf.get_page_label(number) or ""
    return "" if label == str(number + 1) else label


def _fields(pdf: Any) -> dict[str, str]:
    found = pdf.get_metadata_dict()
    fields = {"title": found.get("Title", "").strip(), "author": found.get("Author", "").strip()}
    if match := re.match(r"(?:D:)?(\d{4})(\d\d)(\d\d)", found.get("CreationDate", "")):
        fields["date"] = "-".join(match.groups())
    return {key: value for key, value in fields.items() if value and value not in _MEANINGLESS}


def _outline(pdf: Any) -> dict[str, int]:
    """Titles of the outline (letters only, lower case) with their depth."""
    import pypdfium2

    titles: dict[str, int] = {}
    try:
        for number, mark in enumerate(pdf.get_toc(max_depth=6)):
            titles.setdefault(_letters(mark.get_title() or ""), mark.level + 1)
            if number > 5000:
                break
    except (pypdfium2.PdfiumError, ValueError):
        return titles
    titles.pop("", None)
    return titles


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def render(path: Path, page: int, scale: float = 2.0) -> bytes:
    """A page (counted from 1) as PNG; ``scale`` is pixels a point.

    Raises:
        DocumentError: the file or the page cannot be read.
    """
    pdf = _open(path)
    try:
        image = _page(pdf, page).render(scale=scale).to_pil()
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()
    finally:
        pdf.close()


def _page(pdf: Any, number: int) -> Any:
    if not 1 <= number <= len(pdf):
        raise DocumentError(f"has no page {number}")
    return pdf[number - 1]


def boxes(path: Path, document_text: str, page_starts: Sequence[int], start: int, end: int) -> list[Box]:
    """Where ``document_text[start:end]`` stands: one box for each stretch of a line, in reading order.

    Column names that a table row repeats are boxed where they stand in the header.

    Raises:
        DocumentError: the file cannot be read, or has no such page.
    """
    return [(page, *box) for page, box, _ in _located(path, document_text, page_starts, start, end)]


def _located(
    path: Path, text: str, page_starts: Sequence[int], start: int, end: int
) -> Iterator[tuple[int, tuple[float, float, float, float], str]]:
    """Page, box and characters of each stretch of the words between ``start`` and ``end``."""
    pdf = _open(path)
    try:
        for number, (first, last) in enumerate(pairwise([*page_starts, len(text)]), 1):
            if first < end and start < last and first < last:
                wanted = (max(start, first) - first, min(end, last) - first)
                for box, characters in _located_on(_page(pdf, number), text[first:last], wanted):
                    yield number, box, characters
    finally:
        pdf.close()


def _located_on(
    page: Any, text: str, wanted: tuple[int, int]
) -> Iterator[tuple[tuple[float, float, float, float], str]]:
    drawn = mapped_characters(page_lines(page))
    shown = [(char, place) for place, char in enumerate(text) if not char.isspace()]
    index: list[int] = []
    for i, j, n in _matches("".join(c for c, _ in drawn), "".join(c for c, _ in shown)):
        for k in range(n):
            if wanted[0] <= shown[j + k][1] < wanted[1] and drawn[i + k][1] >= 0:
                index.append(drawn[i + k][1])
    yield from _lines(page, list(dict.fromkeys(index)))


def _matches(a: str, b: str) -> Iterator[tuple[int, int, int]]:
    """Where ``a`` and ``b`` agree, in order; what they begin and end with is found without a search."""
    n = min(len(a), len(b))
    head = next((k for k in range(n) if a[k] != b[k]), n)
    tail = next((k for k in range(n - head) if a[-1 - k] != b[-1 - k]), n - head)
    yield 0, 0, head
    if head + tail < n:
        for i, j, length in SequenceMatcher(
            None, a[head : len(a) - tail], b[head : len(b) - tail], autojunk=False
        ).get_matching_blocks():
            yield head + i, head + j, length
    yield len(a) - tail, len(b) - tail, tail


def _lines(page: Any, index: list[int]) -> Iterator[tuple[tuple[float, float, float, float], str]]:
    """Boxes of characters, those that follow each other on a line as one."""
    import pypdfium2.raw as pdfium

    text_page = page.get_textpage()
    try:
        box: tuple[float, float, float, float] | None = None
        letters: list[str] = []
        for place in index:
            x0, y0, x1, y1 = text_page.get_charbox(place, loose=True)
            char = chr(pdfium.FPDFText_GetUnicode(text_page.raw, place))
            if box and min(y1, box[3]) - max(y0, box[1]) > 0.5 * (y1 - y0) and -2 < x0 - box[2] < 1.5 * (y1 - y0):
                box = (min(x0, box[0]), min(y0, box[1]), max(x1, box[2]), max(y1, box[3]))
                letters.append(char)
                continue
            if box:
                yield box, "".join(letters)
            box, letters = (x0, y0, x1, y1), [char]
        if box:
            yield box, "".join(letters)
    finally:
        text_page.close()
