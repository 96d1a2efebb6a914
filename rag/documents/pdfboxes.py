"""Where on a PDF's pages cited words stand, and pictures of the pages.

Nothing is kept for this while documents are read: the page is laid out again (a scan is read again), and its
characters are aligned with the document's text, which differs by what was dropped or joined.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from rag.documents import ocr
from rag.documents.ocrpage import page_of_words, word_at
from rag.documents.pdfdrawn import PageText
from rag.documents.pdfgrid import Cell, Table, cell_text, in_order
from rag.documents.pdflayout import Line, layout
from rag.documents.pdfpage import open_pdf, page_picture, page_text
from rag.documents.tables import Section, column_names, find_header, name_sources, row_pieces, take_note
from rag.errors import DocumentError

__all__ = ["Box", "boxes", "located", "render"]

_Rectangle = tuple[float, float, float, float]
Box = tuple[int, float, float, float, float]  # page from 1, x0, y0, x1, y1 in points, y grows upwards


def render(path: Path, page: int, scale: float = 2.0) -> bytes:
    """A page (counted from 1) as PNG; ``scale`` is pixels a point.

    Raises:
        DocumentError: the file or the page cannot be read.
    """
    pdf = open_pdf(path)
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
    return [(page, *box) for page, box, _ in located(path, document_text, page_starts, start, end)]


def located(
    path: Path, text: str, page_starts: Sequence[int], start: int, end: int
) -> Iterator[tuple[int, _Rectangle, str]]:
    """Page, box and characters of each stretch of the words between ``start`` and ``end``."""
    pdf = open_pdf(path)
    try:
        for number, (first, last) in enumerate(pairwise([*page_starts, len(text)]), 1):
            if first < end and start < last and first < last:
                wanted = (max(start, first) - first, min(end, last) - first)
                for box, characters in _located_on(_page(pdf, number), text[first:last], wanted):
                    yield number, box, characters
    finally:
        pdf.close()


def _located_on(page: Any, text: str, wanted: tuple[int, int]) -> Iterator[tuple[_Rectangle, str]]:
    read, words = _as_read(page)
    drawn = _characters(layout(read))
    shown = [(char, place) for place, char in enumerate(text) if not char.isspace()]
    index: list[int] = []
    for i, j, n in _matches("".join(c for c, _ in drawn), "".join(c for c, _ in shown)):
        for k in range(n):
            if wanted[0] <= shown[j + k][1] < wanted[1] and drawn[i + k][1] != -1:
                index.append(drawn[i + k][1])
    yield from _lines(_places(page, list(dict.fromkeys(index)), words))


def _as_read(page: Any) -> tuple[PageText, list[tuple[_Rectangle, str]]]:
    """The page as it was read for the document, and of a scan the words with their boxes in points."""
    drawn = page_text(page)
    if not drawn.is_picture or not ocr.is_available():
        return drawn, []
    picture, scale = page_picture(page)
    reading = _recognised(picture, round(scale * 72))
    if reading.is_turned:  # the boxes are of a picture that nobody sees
        return drawn, []
    height = reading.height / scale
    places = [(w.x0 / scale, height - w.y1 / scale, w.x1 / scale, height - w.y0 / scale) for w in reading.words]
    texts = [word.text for word in reading.words]
    return page_of_words(reading, scale), list(zip(places, texts, strict=True))


@lru_cache(maxsize=4)
def _recognised(picture: bytes, dots_per_inch: int) -> ocr.Reading:
    """What is on a scan: people click several citations of one page, and reading it takes seconds."""
    return ocr.recognise(picture, dots_per_inch)


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


def _places(page: Any, index: list[int], words: Sequence[tuple[_Rectangle, str]]) -> Iterator[tuple[_Rectangle, str]]:
    """The box and the letters of each character, or of the word that a recognised character stands in."""
    import pypdfium2.raw as pdfium

    text_page = page.get_textpage()
    try:
        for place in index:
            if place >= 0:
                letter = chr(pdfium.FPDFText_GetUnicode(text_page.raw, place))
                yield text_page.get_charbox(place, loose=True), letter
            else:
                yield words[word_at(place)]
    finally:
        text_page.close()


def _lines(places: Iterable[tuple[_Rectangle, str]]) -> Iterator[tuple[_Rectangle, str]]:
    """Boxes of what follows each other on a line as one."""
    box: _Rectangle | None = None
    letters: list[str] = []
    for (x0, y0, x1, y1), letter in places:
        if box and min(y1, box[3]) - max(y0, box[1]) > 0.5 * (y1 - y0) and -2 < x0 - box[2] < 1.5 * (y1 - y0):
            box = (min(x0, box[0]), min(y0, box[1]), max(x1, box[2]), max(y1, box[3]))
            letters.append(letter)
            continue
        if box:
            yield box, "".join(letters)
        box, letters = (x0, y0, x1, y1), [letter]
    if box:
        yield box, "".join(letters)


def _characters(lines: list[Line | Table]) -> list[tuple[str, int]]:
    """The visible characters of a page as the document shows them, each with the page's character."""
    result: list[tuple[str, int]] = []
    for line in lines:
        if isinstance(line, Line):
            result += [(c, i) for c, i in zip(line.text, line.index, strict=True) if not c.isspace()]
        else:
            result += _mapped_table(line)
    return result


def _mapped_table(table: Table) -> list[tuple[str, int]]:
    rows = [[cell_text(cell) for cell in row] for row in table.rows]
    header = find_header(rows)
    named = rows[header.first : header.end]
    names, sources = column_names(named), name_sources(named) if named else []
    result: list[tuple[str, int]] = []
    for cells in table.rows[: header.first]:
        result += [character for cell in cells for character in _mapped_cell(cell)]
    if take_note(names):
        result += [character for r, c in sources[0] for character in _mapped_cell(table.rows[header.first + r][c])]
    section = Section()
    label: list[tuple[str, int]] = []
    for row, cells in zip(rows[header.end :], table.rows[header.end :], strict=True):
        if section.take(row):
            label = _mapped_cell(cells[0])
        elif section.label:
            result += label
        for words, kind, column in row_pieces(names, row):
            if kind == "mark":
                result += [(char, -1) for char in words if not char.isspace()]
            elif kind == "cell":
                result += _mapped_cell(cells[column])
            else:
                for r, c in sources[column]:
                    result += _mapped_cell(table.rows[header.first + r][c])
    return result


def _mapped_cell(cell: Cell) -> list[tuple[str, int]]:
    return [
        (char, place)
        for segment in in_order(cell)
        for char, place in zip(segment.text, segment.index, strict=True)
        if not char.isspace()
    ]
