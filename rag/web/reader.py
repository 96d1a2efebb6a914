"""The original around cited words -> HTML: text, tables as tables, and the drawn page of a PDF.

The cited span is marked, the paragraph that holds it stands out, what is farther away is dimmed.
Everything is cut at offsets of the document's text and escaped piece by piece.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from rag.documents.rows import RowCell, read_row
from rag.passages.sentences import sentences
from rag.types import Document, Span, title_of
from rag.web.strings import say

__all__ = ["page_html", "text_html", "where_html"]

WINDOW = 6000  # characters shown on either side of the cited words
_MOSTLY = 0.6  # of the lines of a table are rows; the others head its sections
_WRAPPED = frozenset(("text", "mail"))  # kinds of documents whose prose may be broken into lines
_SHORT_LINE = 45  # characters; a verse that goes on in the next line is rarely longer
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")


def text_html(
    document: Document, start: int, end: int, language: str, *, low: int | None = None, high: int | None = None
) -> str:
    """The text of ``document`` from ``low`` to ``high`` (a window around the span when not given)."""
    text = document.text
    low = max(0, start - WINDOW) if low is None else max(0, low)
    high = min(len(text), end + WINDOW) if high is None else min(len(text), high)
    if low > 0:
        low = max(low - 2000, text.rfind("\n", 0, low) + 1, 0)
    if high < len(text):
        high = min(found if (found := text.find("\n", high)) >= 0 else len(text), high + 2000)
    mark = Span(start, end)
    parts = []
    if low > 0:
        parts.append(_more("more_above", max(0, low - 4 * WINDOW), high, language))
    parts += _blocks_html(document, Span(low, high), mark, language)
    if high < len(text):
        parts.append(_more("more_below", low, min(len(text), high + 4 * WINDOW), language))
    return f'<div class="sheet" dir="auto">{"".join(parts)}</div>'


def page_html(
    document: Document, page: int, aspect: float, boxes: Sequence[tuple[float, float, float, float]], language: str
) -> str:
    """A page of a PDF: its image with a box over each line of the cited words. ``aspect`` is its width
    over its height, ``boxes`` are (left, top, right, bottom) as shares of the page."""
    marks = "".join(
        f'<span class="box" style="left:{x0:.3%};top:{y0:.3%};width:{x1 - x0:.3%};height:{y1 - y0:.3%}"></span>'
        for x0, y0, x1, y1 in boxes
    )
    alt = f"{document.title or title_of(document.source)}, {say(language, 'page', n=page)}"
    return (
        f'<figure class="page" data-page="{page}" style="aspect-ratio:{aspect:.4f}">'
        f'<img src="/api/page/{escape(document.id)}/{page}.png" alt="{escape(alt)}">{marks}</figure>'
    )


def where_html(document: Document, start: int, language: str) -> str:
    """Where the words stand: the path, the page and the headings above them."""
    parts = [f'<span class="path" dir="auto">{escape(document.source)}</span>']
    if page := document.page_at(start):
        parts.append(f"<span>{escape(_page_name(document, page, language))}</span>")
    section = section_at(document, start)
    if section and section not in (document.title, *document.page_labels):
        parts.append(f'<span dir="auto">{escape(section)}</span>')
    return f'<p class="where">{" · ".join(parts)}</p>'


def section_at(document: Document, offset: int) -> str:
    """The path of headings above ``offset``: "Benefits › Deductibles"."""
    path: list[tuple[int, str]] = []
    for heading in document.headings:
        if heading.start > offset:
            break
        path = [entry for entry in path if entry[0] < heading.level]
        path.append((heading.level, " ".join(document.text[heading.start : heading.end].split())))
    return " › ".join(name for _, name in path)


def _more(key: str, low: int, high: int, language: str) -> str:
    return (
        f'<p><button type="button" class="quiet more" data-do="window" data-low="{low}" data-high="{high}">'
        f"{say(language, key)}</button></p>"
    )


def _blocks_html(document: Document, window: Span, mark: Span, language: str) -> Iterator[str]:
    """The window block by block: headings, paragraphs, and runs of rows as tables or lists."""
    text = _flowing(document, window) if document.metadata.get("kind") in _WRAPPED else document.text
    page = bisect_right(document.page_starts, window.start) if window.start else 0
    pieces = ((_trimmed(text, span), kind) for span, kind in _pieces(document, window))
    filled = [
        (span, kind, bisect_right(document.page_starts, span.start)) for span, kind in pieces if span.start < span.end
    ]
    for (kind, here), group in groupby(filled, key=lambda piece: piece[1:]):
        if here != page:
            page = here
            yield f'<p class="pagebreak">{escape(_page_name(document, here, language))}</p>'
        spans = [span for span, _, _ in group]
        if kind == "row":
            yield _rows_html(text, spans, mark)
            continue
        tag = "h4" if kind == "heading" else "p"
        for span in spans:
            yield f'<{tag} class="{_nearness(span, mark)}" dir="auto">{_marked(text, span, mark)}</{tag}>'


def _flowing(document: Document, window: Span) -> str:
    """The text with a space for each line break inside a sentence of the window: lines break where the panel ends."""
    characters = list(document.text)
    for start, end in sentences(document.text, *window, document.blocks):
        line = document.text.rfind("\n", 0, start) + 1
        while (found := document.text.find("\n", line, end)) >= 0:
            if found > start and found - line >= _SHORT_LINE:
                characters[found] = " "
            line = found + 1
    return "".join(characters)


def _page_name(document: Document, page: int, language: str) -> str:
    """What a page is called: its own label ("Slide 3"), or its number."""
    label = document.page_labels[page - 1] if len(document.page_labels) >= page else ""
    return label or say(language, "page_of", n=page, total=len(document.page_starts))


def _pieces(document: Document, window: Span) -> Iterator[tuple[Span, str]]:
    """The window cut into headings, rows (the document's blocks) and paragraphs between them."""
    low, high = window
    known = [(Span(h.start, h.end), "heading") for h in document.headings if h.end > low and h.start < high]
    known += [(block, "row") for block in document.blocks if block.end > low and block.start < high]
    position = low
    for span, kind in sorted(known):
        start, end = max(span.start, low, position), min(span.end, high)
        if start >= end:
            continue
        yield from ((part, "text") for part in _paragraphs(document, position, start))
        yield Span(start, end), kind
        position = end
    yield from ((part, "text") for part in _paragraphs(document, position, high))


def _paragraphs(document: Document, start: int, end: int) -> Iterator[Span]:
    """Paragraphs between two offsets; a page that begins inside one ends it."""
    edges = [page for page in document.page_starts if start < page < end]
    for left, right in zip([start, *edges], [*edges, end], strict=True):
        position = left
        for gap in _PARAGRAPH.finditer(document.text, left, right):
            if gap.start() > position:
                yield Span(position, gap.start())
            position = gap.end()
        if document.text[position:right].strip():
            yield Span(position, right)


def _rows_html(text: str, rows: list[Span], mark: Span) -> str:
    """Rows as tables, a new one where they have other columns, when most of them are made of cells; else as a list.
    A line between rows heads those below it."""
    read = [(row, read_row(text, *row)) for row in rows]
    if sum(bool(cells) for _, cells in read) < _MOSTLY * len(rows):
        items = "".join(
            f'<li class="{_nearness(row, mark)}" dir="auto">{_marked(text, row, mark)}</li>' for row in rows
        )
        return f'<ul class="rows">{items}</ul>'
    tables: list[list[tuple[Span, list[RowCell]]]] = [[]]
    columns: set[str] = set()
    heads: list[tuple[Span, list[RowCell]]] = []
    for row, cells in read:
        names = {text[slice(*cell.name)] for cell in cells[1:]}
        if columns and names and not names & columns:
            tables.append([])
            columns = set()
        if cells:
            tables[-1] += [*heads, (row, cells)]
            columns |= names
            heads = []
        else:
            heads.append((row, cells))
    tables[-1] += heads
    return "".join(_table_html(text, table, mark) for table in tables)


def _table_html(text: str, rows: Sequence[tuple[Span, list[RowCell]]], mark: Span) -> str:
    first = Counter(text[slice(*cells[0].name)] for _, cells in rows if cells)
    label = "" if "" in first else first.most_common(1)[0][0]
    keyed = [(row, _by_column(text, cells, label)) for row, cells in rows]
    columns = list(dict.fromkeys(key for _, cells in keyed for key in cells))
    head = "".join(f'<th scope="col" dir="auto">{escape(name)}</th>' for name, _ in columns)
    body = []
    for row, by_column in keyed:
        if by_column:
            words = (_marked(text, by_column[key], mark) if key in by_column else "" for key in columns)
            tds = "".join(f'<td dir="auto">{cell}</td>' for cell in words)
        else:
            tds = f'<td colspan="{len(columns)}" dir="auto">{_marked(text, row, mark)}</td>'
        body.append(f'<tr class="{_nearness(row, mark)}">{tds}</tr>')
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _by_column(text: str, cells: Sequence[RowCell], label: str) -> dict[tuple[str, int], Span]:
    """The cells of a row by their column: its name, and the how-manieth of that name. The first is headed by
    ``label``; a section in front of it ("Costs: Rent") stays with its words."""
    found: dict[tuple[str, int], Span] = {}
    for place, cell in enumerate(cells):
        name = text[slice(*cell.name)]
        if not place:
            found[label, 0] = cell.value if name == label else Span(cell.name.start, cell.value.end)
            continue
        n = sum(1 for other, _ in found if other == name)
        found[name, n] = cell.value
    return found


def _trimmed(text: str, span: Span) -> Span:
    piece = text[span.start : span.end]
    return Span(span.start + len(piece) - len(piece.lstrip()), span.start + len(piece.rstrip()))


def _nearness(span: Span, mark: Span) -> str:
    return "near" if span.start < mark.end and mark.start < span.end else "far"


def _marked(text: str, span: Span, mark: Span) -> str:
    left, right = max(span.start, mark.start), min(span.end, mark.end)
    if left >= right:
        return escape(text[span.start : span.end])
    inside = escape(text[left:right])
    return f"{escape(text[span.start : left])}<mark>{inside}</mark>{escape(text[right : span.end])}"
