"""The shape of an answer's text: paragraphs, lists, and rows of tables that belong together.

Everything is told by offsets into the text, so that whoever draws it keeps the sentences, their markers and their
state. A row of a table is a sentence like ``Plan: Gold; Deductible: $500 [1]``, as the readers of documents write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rag.documents.rows import read_row
from rag.types import Span

__all__ = ["Block", "blocks"]

_ITEM = re.compile(r"[ \t]*(?:(?P<bullet>[-*•])|(?P<number>\d{1,3})[.)])[ \t]+(?=\S)")
# a sentence with its markers, or what is left of a line
_UNIT = re.compile(r".+?(?:\s?\[\d{1,3}\])+|.+")
_MARKER = re.compile(r"\[\d{1,3}\]")
_MARKERS = re.compile(r"(?:\s?\[\d{1,3}\])+\s*$")
_EMPHASIS = re.compile(r"\*\*|~~")
_LONGEST_NAME = 48  # characters of a column's name; a longer one is a sentence with a colon


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list or a table. ``items`` are its lines: the spans of their cells (None for an empty one),
    one for all that is no table. ``names`` are a table's column names, ``first`` the number that a numbered list
    begins with."""

    kind: Literal["paragraph", "bullets", "numbers", "table"]
    items: tuple[tuple[Span | None, ...], ...]
    names: tuple[str, ...] = ()
    first: int = 1


@dataclass(frozen=True, slots=True)
class _Line:
    kind: Literal["paragraph", "bullets", "numbers", "table"]
    cells: tuple[Span, ...]
    names: tuple[str, ...] = ()
    number: int = 1
    group: int = 0  # lines of one group stand together


def blocks(text: str) -> list[Block]:
    """The blocks of an answer's text, in order; all but white space and bullets is in one of them."""
    if "```" in text:  # code keeps its lines as they are
        return [Block("paragraph", ((Span(0, len(text)),),))]
    found: list[Block] = []
    for (kind, _, names), run in groupby(_lines(text), key=lambda line: (line.kind, line.group, line.names)):
        lines = list(run)
        if kind == "paragraph":
            found.append(Block(kind, ((Span(lines[0].cells[0].start, lines[-1].cells[0].end),),)))
        else:
            block = Block(kind, tuple(line.cells for line in lines), names, lines[0].number)
            joined = _joined(found[-1], block) if found else None
            found[-1:] = [joined] if joined else [*found[-1:], block]
    return found


def _joined(one: Block, other: Block) -> Block | None:
    """Two tables as one when all columns of the second are in the first: cells that are empty have no name there."""
    at = [one.names.index(name) for name in other.names if name in one.names]
    if other.kind != "table" or len(at) < len(other.names) or at != sorted(set(at)):
        return None
    rows = [dict(zip(at, cells, strict=True)) for cells in other.items]
    filled = tuple(tuple(row.get(i) for i in range(len(one.names))) for row in rows)
    return Block("table", one.items + filled, one.names)


def _lines(text: str) -> Iterator[_Line]:
    """Lines, items and rows; an empty line between two paragraphs sets them apart, elsewhere it does not count."""
    at = paragraph = 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if not line.strip():
            paragraph += 1
            continue
        item = _ITEM.match(line)
        if item:
            start += item.end()
        units = list(_units(text, start, at - 1))
        if any(cells for _, cells in units):
            for unit, cells in units:
                if cells:
                    names, spans = zip(*cells, strict=True)
                    yield _Line("table", spans, names)
                else:
                    yield _Line("paragraph", (unit,), group=paragraph)
        elif item:
            number = int(item["number"] or 1)
            yield _Line("numbers" if item["number"] else "bullets", (Span(start, at - 1),), number=number)
        else:
            yield _Line("paragraph", (Span(start, at - 1),), group=paragraph)


def _units(text: str, start: int, end: int) -> Iterator[tuple[Span, list[tuple[str, Span]]]]:
    """The rows in a line, each with its cells, and what stands between them, without."""
    pending: Span | None = None
    for match in _UNIT.finditer(text, start, end):
        cells = _cells(text, *match.span())
        if cells:
            if pending:
                yield pending, []
            pending = None
            yield Span(*match.span()), cells
        else:
            pending = Span(pending.start if pending else match.start(), match.end())
    if pending and text[pending.start : pending.end].strip():
        yield pending, []


def _cells(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Column names and the spans of their cells; empty when the sentence is no row. Markers stay with the last."""
    markers = _MARKERS.search(text, start, end)
    if not markers or ": " not in text[start:end]:
        return []
    cells: list[tuple[str, Span]] = []
    n_loose = 0  # values with a semicolon in them
    for name, value in read_row(text, start, markers.start()):
        written = text[name.start : name.end]
        plain = _EMPHASIS.sub("", written).strip()
        if len(plain) > _LONGEST_NAME or _MARKER.search(written) or value.start == value.end:
            return []
        n_loose += "; " in text[value.start : value.end]
        # emphasis that opens in front of a name would be lost with it
        begin = name.start if _EMPHASIS.search(written) else value.start
        cells.append(("" if begin == name.start else plain, Span(begin, value.end)))
    if len(cells) < max(2, 3 * n_loose) or not any(name for name, _ in cells[1:]):
        return []
    last_name, last = cells[-1]
    return [*cells[:-1], (last_name, Span(last.start, end))]
