"""Rows of tables, as ``tables`` writes them, read back: ``Costs: Rent; 2023: 9,847`` or ``Plan: Gold; Price: $5``."""

from __future__ import annotations

from typing import NamedTuple

from rag.types import Span

__all__ = ["RowCell", "read_row"]

_MAX_NAME = 80  # characters; what is longer is a sentence with a colon


class RowCell(NamedTuple):
    """A cell by its offsets in the text: its column's name (empty for a label without one) and its words."""

    name: Span
    value: Span


def read_row(text: str, start: int = 0, end: int | None = None) -> list[RowCell]:
    """The cells of the line ``text[start:end]``; empty when it is no row.

    A row has at least two cells, and most of what semicolons set apart has a name. What has none belongs to the value
    before it, except at the beginning, where it is the row's label.
    """
    end = len(text) if end is None else end
    cells: list[RowCell] = []
    parts = text[start:end].split("; ")
    at = start
    for part in parts:
        # a section's label may stand in front of the first name, a colon may stand in any later value
        name, mark, value = part.partition(": ") if cells else part.rpartition(": ")
        if not mark:
            name, value = "", part
        if len(name) > _MAX_NAME:
            return []
        begin = at + len(name) + len(mark)
        begin += len(value) - len(value.lstrip())
        finish = max(begin, at + len(part.rstrip()))
        if cells and not mark:
            cells[-1] = cells[-1]._replace(value=Span(cells[-1].value.start, finish))
        else:
            cells.append(RowCell(Span(at, at + len(name)), Span(begin, finish)))
        at += len(part) + 2
    return cells if len(cells) > max(1, len(parts) // 2) else []
