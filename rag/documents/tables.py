"""Tables as text: every row one line that can be read on its own, with its column names.

``Plan: Gold; Deductible: $500`` can be found, quoted and understood without the table around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.documents.canonical import Writer, one_line

__all__ = ["column_names", "header_rows", "name_sources", "row_pieces", "row_text", "write_table"]

Row = Sequence[str]

_NUMBER = re.compile(r"^[\s$€£¥₹+(<>~≈-]*\d[\d\s.,:/%()'’-]*\s*(?:%|[a-zA-Z€$£¥]{0,4})?$")
_MAX_HEADER_ROWS = 3


def row_pieces(names: Row, cells: Row) -> list[tuple[str, str, int]]:
    """What a row is made of, in order: (words, kind, column) with kind "name", "cell" or "mark"."""
    pieces: list[tuple[str, str, int]] = []
    for column, cell in enumerate(cells):
        if not cell:
            continue
        if pieces:
            pieces.append(("; ", "mark", column))
        name = names[column].rstrip(" :") if column < len(names) else ""
        if name and name != cell:
            pieces += [(name, "name", column), (": ", "mark", column)]
        pieces.append((cell, "cell", column))
    return pieces


def row_text(names: Row, cells: Row) -> str:
    """One row with the column names in front of the cells; empty cells are left out."""
    return "".join(words for words, _, _ in row_pieces(names, cells))


def _is_value(cell: str) -> bool:
    return bool(_NUMBER.match(cell))


def header_rows(rows: Sequence[Row]) -> int:
    """How many of the first rows are column names: 0 when the first row already holds values.

    A header has no numbers in it (years apart), names at least two columns, and stands above at
    least one row. Further header rows follow as long as they hold no numbers and the row label is
    empty (the second line of a two-line header).
    """
    if len(rows) < 2:
        return 0
    first = [cell for cell in rows[0] if cell]
    if len(first) < 2 or len(first) * 2 < max(len([c for c in row if c]) for row in rows[:20]):
        return 0
    values = [cell for cell in first if _is_value(cell) and not re.fullmatch(r"(19|20)\d\d", cell)]
    if values or any(len(cell) > 120 for cell in first):
        return 0
    n = 1
    while n < min(_MAX_HEADER_ROWS, len(rows) - 1):
        row = rows[n]
        if (row and row[0]) or not any(row) or any(_is_value(c) for c in row if c):
            break
        n += 1
    return n


def name_sources(rows: Sequence[Row]) -> list[list[tuple[int, int]]]:
    """For each column the header cells (row, column) that name it.

    In all but the last header row a name reaches to the right over the empty cells after it.
    """
    width = max(len(row) for row in rows)
    columns: list[list[tuple[int, int]]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        spanning = -1
        for column in range(width):
            own = column < len(row) and bool(row[column])
            spanning = column if own else spanning
            source = column if own else spanning if depth < len(rows) - 1 else -1
            if source >= 0 and row[source] not in [rows[r][c] for r, c in columns[column]]:
                columns[column].append((depth, source))
    return columns


def column_names(rows: Sequence[Row]) -> list[str]:
    """One name a column from one or several header rows."""
    return [" ".join(rows[row][column] for row, column in sources) for sources in name_sources(rows)]


def write_table(writer: Writer, rows: Iterable[Row], n_header: int | None = None) -> None:
    """Write a table row by row. ``n_header`` says how many rows are column names when it is known."""
    source = _trimmed(rows)
    first: list[list[str]] = []
    for row in source:
        first.append(row)
        if len(first) >= 24:
            break
    if not first:
        return
    while len(first) > 1 and len([c for c in first[0] if c]) == 1 and n_header is None:
        if sum(1 for row in first[:20] if len([c for c in row if c]) == 1) > len(first[:20]) // 2:
            break  # a list in one column, not a table below its caption
        writer.paragraph(" ".join(cell for cell in first.pop(0) if cell))
    n = header_rows(first) if n_header is None else min(n_header, len(first))
    names = column_names(first[:n]) if n else []
    if n and n == len(first):
        writer.item("; ".join(cell for cell in names if cell))
        return
    for row in first[n:]:
        writer.item(row_text(names, row))
    for row in source:
        if writer.truncated:
            return
        writer.item(row_text(names, row))


def _trimmed(rows: Iterable[Row]) -> Iterator[list[str]]:
    """Rows with cells on one line, without empty rows."""
    for row in rows:
        cells = [one_line(cell) for cell in row]
        if any(cells):
            yield cells
