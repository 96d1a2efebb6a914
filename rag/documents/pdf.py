"""PDF, by PDFium: paragraphs, headings, tables and pages, and where on the page the words stand.

A document is read in two passes: the lines of every page, then what only all pages together tell (running
headers and footers, the body's font size, which hyphens belong to words). Where cited words stand on a page
is found again when it is asked for (``pdfboxes``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.documents.canonical import Writer
from rag.documents.loading import FileLoader
from rag.documents.pdfboxes import Box, boxes, located, render
from rag.documents.pdfform import filled_fields
from rag.documents.pdfpage import open_pdf
from rag.documents.pdftext import PdfText
from rag.errors import DocumentError
from rag.plugins import Part
from rag.types import Document

__all__ = ["Box", "Pdf", "boxes", "located", "render"]

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
        pdf = open_pdf(path)
        try:
            yield _document(pdf)
            yield from _attachments(pdf)
        finally:
            pdf.close()


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
