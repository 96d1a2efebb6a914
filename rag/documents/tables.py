"""Tables as text: every row one line that can be read on its own, with its column names.

``Plan: Gold; Deductible: $500`` can be found, quoted and understood without the table around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from rag.documents.canonical import Writer, one_line
from rag.documents.signs import join_signs, merged, spanned_columns

__all__ = [
    "Header",
    "Section",
    "column_names",
    "find_header",
    "has_values",
    "name_sources",
    "row_pieces",
    "row_text",
    "take_note",
    "write_table",
]

Row = Sequence[str]

_NUMBER = re.compile(r"^[\s$€£¥₹+(<>~≈-]*\d[\d\s.,:/%()'’-]*\s*(?:%|[a-zA-Z€$£¥]{0,4})?$")
_YEAR = re.compile(r"^(?:FY|Q[1-4]|H[12])?\s*'?(?:19|20)\d\d[a-z]?$|^(?:Q[1-4]|H[12])$")
_SAMPLE = 40  # rows that decide what the header is
_MAX_HEADER_ROWS = 3
_MAX_SECTION = 80
_MAX_NAME = 120  # a longer cell is no column name


def row_pieces(names: Row, cells: Row) -> list[tuple[str, str, int]]:
    """What a row is made of, in order: (words, kind, column) with kind "name", "cell" or "mark".

    The label of a section, "Net sales:" alone in its row, stands without a column name.
    """
    if _is_section(cells):
        return [(cells[0], "cell", 0)]
    pieces: list[tuple[str, str, int]] = []
    for column, cell in enumerate(cells):
        if not cell:
            continue
        if pieces:
            is_label = pieces[-1][0].endswith(":") and pieces[-1][1] == "cell"
            pieces.append((" " if is_label else "; ", "mark", column))
        name = names[column].rstrip(" :,") if column < len(names) else ""
        if name and name != cell:
            pieces += [(name, "name", column), (": ", "mark", column)]
        pieces.append((cell, "cell", column))
    return pieces


def row_text(names: Row, cells: Row) -> str:
    """One row with the column names in front of the cells; empty cells are left out."""
    return "".join(words for words, _, _ in row_pieces(names, cells))


class Section:
    """Keeps the section that rows belong to: "Net sales:" alone in its row, up to the total."""

    def __init__(self) -> None:
        self.label = ""
        self._is_ending = False

    def take(self, row: Row) -> bool:
        """Note the next row; True when it is itself a section's label."""
        if self._is_ending:
            self.label, self._is_ending = "", False
        if _is_section(row):
            self.label = row[0]
            return True
        self._is_ending = row[0].lower().startswith("total") if row else False
        return False

    def text(self, names: Row, row: Row) -> str:
        """The row with its section's label in front."""
        if self.take(row) or not self.label:
            return row_text(names, row)
        return f"{self.label} {row_text(names, row)}"


class Header:
    """Where a table's column names are: rows ``first`` to ``end``; what is above them is its caption."""

    __slots__ = ("end", "first")

    def __init__(self, first: int, end: int) -> None:
        self.first, self.end = first, end


def find_header(rows: Sequence[Row]) -> Header:
    """The rows that name the columns; an empty range at the top when there are none.

    The header is the first row that fills at least half of the columns and holds no numbers (years and
    quarters apart). A sparser row just above it groups columns and belongs to it; so does a row below
    without numbers and without a row label. Single cells above are the caption.
    """
    sample = rows[:_SAMPLE]
    width = max((_filled(row) for row in sample), default=0)
    if width == 2 and sum(1 for row in sample if row[0].endswith(":")) > 0.5 * len(sample):
        return Header(0, 0)  # each row is a label and its value
    first = 0
    while first < min(len(sample), 8) and _filled(sample[first]) < max(2, (width + 1) // 2):
        if any(_is_value(cell) for cell in sample[first]):
            return Header(0, 0)
        first += 1
    if first >= len(rows) - 1 or not _names_columns(sample[first]):
        return Header(_n_captions(sample, first), _n_captions(sample, first))
    end = first + 1
    while end - first < _MAX_HEADER_ROWS and end < len(rows) - 1 and _is_second_line(rows[end], rows[end - 1]):
        end += 1
    if first > 0 and sum(1 for cell in rows[first - 1][1:] if cell) >= 2:
        first -= 1  # it groups columns; with one cell it would be a caption
    return Header(first, end)


def _n_captions(rows: Sequence[Row], end: int) -> int:
    """How many rows at the top hold one cell only, above a row that holds more."""
    n = 0
    while n < min(end, len(rows)) and _filled(rows[n]) == 1:
        n += 1
    return n if n < len(rows) and _filled(rows[n]) > 1 else 0


def _is_section(row: Row) -> bool:
    return len(row) > 1 and row[0].endswith(":") and _filled(row) == 1 and len(row[0]) <= _MAX_SECTION


def _filled(row: Row) -> int:
    return sum(1 for cell in row if cell)


def _is_value(cell: str) -> bool:
    return bool(cell) and bool(_NUMBER.match(cell)) and not _YEAR.match(cell)


def _names_columns(row: Row) -> bool:
    cells = [cell for cell in row if cell]
    return not any(_is_value(cell) or len(cell) > _MAX_NAME for cell in cells)


def _is_second_line(row: Row, above: Row) -> bool:
    """Whether a row goes on with the column names: without a row label, or with one that reaches down to it."""
    if not row or _filled(row) == 0 or not _names_columns(row):
        return False
    return not row[0] or (row[0] == above[0] and _filled(row) > 1)


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
    if not rows:
        return []
    return [" ".join(rows[row][column] for row, column in sources) for sources in name_sources(rows)]


def take_note(names: list[str]) -> str:
    """Take a remark out of the corner of a table, "(in millions)", where it names no column; "" when none is there."""
    if not names or not (names[0].startswith("(") and names[0].endswith(")")):
        return ""
    note, names[0] = names[0], ""
    return note


def write_table(writer: Writer, rows: Iterable[Row], n_header: int | None = None) -> None:
    """Write a table row by row. ``n_header`` says how many rows are column names when it is known.

    A table that repeats its header further down (a second table below the first) starts anew there.
    """
    trimmed = _trimmed(rows)
    sample = list(islice(trimmed, _SAMPLE))
    if not sample:
        return
    plain = [join_signs(row) for row in sample]
    header = Header(0, min(n_header, len(sample))) if n_header is not None else find_header(plain)
    owner = spanned_columns(plain[header.first :], header.end - header.first, plain != sample)
    sample = [merged(row, owner) for row in plain]
    source = (merged(join_signs(row), owner) for row in trimmed)
    for row in sample[: header.first]:
        writer.paragraph("; ".join(cell for cell in row if cell))
    names = column_names(sample[header.first : header.end])
    if note := take_note(names):
        writer.paragraph(note)
    if names and not names[0] and header.first and len(sample[header.first - 1][0]) <= _MAX_SECTION:
        names[0] = sample[header.first - 1][0]  # the caption tells this table from its neighbour
    last_names = sample[header.end - 1] if header.end > header.first else []
    is_bare = bool(names)  # no row has said the names yet
    section = Section()
    waiting: list[str] | None = None  # a sparse row that may belong to a header that comes again
    for row in chain(sample[header.end :], source):
        if writer.truncated:
            return
        if last_names and _is_repeat(row, last_names):
            if is_bare and row != last_names:
                _write_names(writer, names)
            names = column_names([waiting, row] if waiting else [row])
            waiting, is_bare = None, True
            continue
        if waiting is not None:
            writer.item(row_text(names, waiting))
            waiting = None
        is_bare = False
        if last_names and 2 <= _filled(row) < max(3, len(row) // 2) and _names_columns(row) and len(row) > 3:
            waiting = row
            continue
        writer.item(section.text(names, row))
    if waiting is not None:
        writer.item(row_text(names, waiting))
    if is_bare:
        _write_names(writer, names)


def _write_names(writer: Writer, names: Row) -> None:
    writer.item("; ".join(name for name in names if name))


def has_values(row: Row) -> bool:
    """Whether a row holds a number, years apart."""
    return any(_is_value(one_line(cell)) for cell in row)


def _is_repeat(row: Row, names: Row) -> bool:
    """Whether a row repeats the column names."""
    same = sum(1 for cell, name in zip(row, names, strict=False) if cell and cell == name)
    return same >= 2 and same >= 0.6 * _filled(row)


def _trimmed(rows: Iterable[Row]) -> Iterator[list[str]]:
    """Rows with cells on one line, without empty rows."""
    for row in rows:
        cells = [one_line(cell) for cell in row]
        if any(cells):
            yield cells
