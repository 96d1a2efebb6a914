"""What pages repeat: running headers and footers, and page numbers, found by their place and recurrence."""

from __future__ import annotations

import re
from collections import Counter

from rag.documents.canonical import one_line
from rag.documents.pdfgrid import Table
from rag.documents.pdflayout import Line

__all__ = ["without_furniture"]

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"^(?:page|seite|página|p\.)?\s*[-–—|]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*[-–—|]?\s*(?:(?:of|/|von|de)\s*\d{1,4})?$",
    re.IGNORECASE,
)
_EDGE_NUMBER = re.compile(r"^(\d{1,4})\b|\b(\d{1,4})$")
_EDGE_LINES = 3


def without_furniture(pages: list[list[Line | Table]]) -> list[list[Line | Table]]:
    """The pages without page numbers, and with what repeats at their edges once only."""
    repeated = _furniture(pages)
    offset = _page_number_offset(pages)
    return [
        _without_repeats(_without_page_number(lines, number, offset), repeated) for number, lines in enumerate(pages)
    ]


def _key(line: Line) -> tuple[str, int, int]:
    """What repeats when a line is furniture: its words apart from numbers, its height, its size."""
    return _DIGITS.sub("#", one_line(line.text).lower()), round(line.y0 / 6), round(line.size)


def _furniture(pages: list[list[Line | Table]]) -> dict[tuple[str, int, int], bool]:
    """Keys of lines at the top or bottom of pages that come again on at least a third of them, none seen yet."""
    counts: Counter[tuple[str, int, int]] = Counter()
    for lines in pages:
        counts.update({_key(line) for line in _edges(lines)})
    n = sum(1 for lines in pages if lines)
    return {key: False for key, count in counts.items() if count >= max(3, 0.3 * n)}


def _without_repeats(lines: list[Line | Table], furniture: dict[tuple[str, int, int], bool]) -> list[Line | Table]:
    """The lines without furniture that stood on an earlier page: a report's number is worth reading once."""
    kept: list[Line | Table] = []
    for line in lines:
        key = _key(line) if isinstance(line, Line) else None
        if key is None or key not in furniture:
            kept.append(line)
        elif not furniture[key]:
            furniture[key] = True
            kept.append(line)
    return kept


def _edges(lines: list[Line | Table]) -> list[Line]:
    """The highest and lowest lines of a page."""
    text = sorted((line for line in lines if isinstance(line, Line)), key=lambda line: -line.y0)
    return text if len(text) <= 2 * _EDGE_LINES else text[:_EDGE_LINES] + text[-_EDGE_LINES:]


def _numbered_edges(lines: list[Line | Table]) -> list[tuple[Line, int]]:
    """The outermost lines that begin or end with a number and are short: the page's number, perhaps."""
    edges = _edges(lines)
    found = []
    for line in edges[:1] + edges[-1:]:
        match = _EDGE_NUMBER.search(line.text)
        if match and len(edges) > 2 and len(line.text) <= 60:
            found.append((line, int(match[1] or match[2])))
    return found


def _page_number_offset(pages: list[list[Line | Table]]) -> int | None:
    """By how much printed page numbers differ from the count of pages, where pages are numbered."""
    counts = Counter(
        printed - number for number, lines in enumerate(pages) for printed in {n for _, n in _numbered_edges(lines)}
    )
    offset, count = counts.most_common(1)[0] if counts else (0, 0)
    return offset if count >= max(3, 0.3 * len(pages)) else None


def _without_page_number(lines: list[Line | Table], number: int, offset: int | None) -> list[Line | Table]:
    """The lines without the page's number at the very top or bottom, and what is printed beside it."""
    edges = _edges(lines)
    outer = [line for line in (edges[:1] + edges[-1:]) if len(edges) > 2 and _PAGE_NUMBER.match(line.text)]
    if offset is not None:
        outer += [line for line, printed in _numbered_edges(lines) if printed - number == offset]
    return [line for line in lines if not any(line is one for one in outer)]
