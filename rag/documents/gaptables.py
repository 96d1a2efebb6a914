"""Tables set in plain text with spaces: columns that line up, below a line or more of column names.

::

                          Three Months Ended
                           2025        2024
    Systems           $ 301,912   $ 264,980

Each row becomes a line of its own with its column names, as in every other format. Only what is surely a table is
touched: names above the columns, at least three rows below them, and no two cells of a row in one column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.documents.canonical import Writer
from rag.documents.signs import belongs, joined
from rag.documents.tables import has_values, write_table
from rag.types import Span

__all__ = ["with_rows"]

_CELL = re.compile(r"\S(?:.*?\S)??(?=[ ]{2,}|[ ]?\t|\s*$)")
_RULE = re.compile(r"^[\s=_.·-]{3,}$")
_NAME = re.compile(r"['\"(]?[\w#%$€£(][^|<>~{}=\\]*$")
_FEWEST_ROWS = 3
_LONGEST_CELL, _LONGEST_NAME = 60, 40
_MOST_NAMES = 3  # lines of column names


@dataclass(frozen=True, slots=True)
class _Cell:
    start: int
    end: int
    text: str


_Line = list[_Cell]


def with_rows(text: str) -> tuple[str, list[Span]]:
    """The text with its tables as rows, and where those rows stand."""
    if "  " not in text and "\t" not in text:
        return text, []
    lines = text.split("\n")
    pieces: list[str] = []
    spans: list[Span] = []
    length = done = 0

    def add(piece: str) -> None:
        nonlocal length
        pieces.append(piece)
        length += len(piece) + 1

    for start, end, rows, n_names in _tables(lines):
        for line in lines[done:start]:
            add(line)
        writer = Writer()
        write_table(writer, rows, n_names)
        written = writer.document().text.split("\n")
        if pieces and pieces[-1].strip():
            add("")
        for line in written:
            if line:
                spans.append(Span(length, length + len(line)))
            add(line)
        if end < len(lines) and lines[end].strip():
            add("")
        done = end
    if not spans:
        return text, []
    for line in lines[done:]:
        add(line)
    return "\n".join(pieces), spans


def _tables(lines: Sequence[str]) -> Iterator[tuple[int, int, list[list[str]], int]]:
    """First line, line behind the last, rows of cells, and how many of those rows are names."""
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and lines[end].strip():
            end += 1
        if end - start > _FEWEST_ROWS and (table := _table(lines, start, end)):
            yield table
        start = max(end, start + 1)


def _table(lines: Sequence[str], start: int, end: int) -> tuple[int, int, list[list[str]], int] | None:
    """The table in a block of lines without a blank one; it begins with its names and goes on to the end."""
    cells = [_cells(line) for line in lines[start:end]]
    first = next((i for i, line in enumerate(cells) if _is_row(line)), 0)
    while first and len(cells[first - 1]) == 1 and not _names(cells, first):
        first -= 1  # the label of the first section stands between the names and the rows
    above = _names(cells, first)
    body = [line for line in cells[first:] if line]
    full = [line for line in body if len(line) > 1]
    if not above or len(full) < _FEWEST_ROWS or len(full) < 0.6 * len(body):
        return None
    columns = _columns(full)
    names, rows = _placed(above, columns), _placed(body, columns)
    if len(columns) < 2 or names is None or rows is None or not _are_named(names[-1]):
        return None
    return start + first - len(above), end, [*names, *_with_labels_whole(rows)], len(above)


def _cells(line: str) -> _Line:
    wide = line.expandtabs()
    if _RULE.match(wide):
        return []
    found: _Line = []
    for match in _CELL.finditer(wide):
        cell = _Cell(match.start(), match.end(), match[0])
        if found and belongs(found[-1].text, cell.text):  # "$" and its number
            last = found.pop()
            cell = _Cell(last.start, cell.end, joined(last.text, cell.text))
        found.append(cell)
    return found


def _is_row(line: _Line) -> bool:
    return len(line) > 1 and has_values([cell.text for cell in line[1:]])


def _names(cells: Sequence[_Line], first: int) -> list[_Line]:
    """The lines right above ``first`` that name the columns: cells without numbers, only in the lowest one with a name
    for the labels; none when more rows stand above those."""
    found: list[_Line] = []
    for line in reversed(cells[:first]):
        if not line:
            continue
        is_row = len(line) > 1 and not line[0].start
        is_caption = len(line) == 1 and (not line[0].start or found)
        if is_caption and not _is_over(line[0], found):
            break
        if len(found) == _MOST_NAMES or (is_row and found) or not _may_name(line):
            return []
        found.insert(0, line)
    return found


def _may_name(line: _Line) -> bool:
    texts = [cell.text for cell in line]
    return not has_values(texts) and all(_NAME.match(text) and len(text) <= _LONGEST_NAME for text in texts)


def _is_over(cell: _Cell, below: Sequence[_Line]) -> bool:
    """Whether a lone cell names columns together: it stands over names, not in the middle of the page."""
    names = [name for line in below[:1] for name in line if name.start]
    return cell.start > 0 and any(name.start < cell.end and cell.start < name.end for name in names)


def _columns(lines: Sequence[_Line]) -> list[Span]:
    """Where columns stand: the places of cells that overlap, merged, the labels first."""
    labels = max(line[0].end for line in lines)
    spans = sorted(Span(cell.start, cell.end) for line in lines for cell in line[1:])
    label = Span(min(line[0].start for line in lines), min(labels, spans[0].start))
    merged: list[Span] = [label]
    for span in spans:
        if len(merged) > 1 and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _placed(lines: Sequence[_Line], columns: Sequence[Span]) -> list[list[str]] | None:
    """The lines as rows of cells; None when one cannot be."""
    rows = [_row(line, columns) for line in lines]
    whole = [row for row in rows if row is not None]
    return whole if len(whole) == len(rows) else None


def _row(line: _Line, columns: Sequence[Span]) -> list[str] | None:
    """The cells in their columns; None when two are in one, or one is too long for a cell."""
    row = [""] * len(columns)
    for cell in line:
        if len(cell.text) > _LONGEST_CELL:
            return None
        over = [i for i, column in enumerate(columns) if cell.start < column.end and column.start < cell.end]
        middle = (cell.start + cell.end) / 2
        near = over or [min(range(len(columns)), key=lambda i: abs(sum(columns[i]) / 2 - middle))]
        if row[near[0]]:
            return None
        row[near[0]] = cell.text
    return row


def _are_named(lowest: Sequence[str]) -> bool:
    """Whether the lowest line of names has one for at least half of the columns, labels aside."""
    return 2 * sum(1 for name in lowest[1:] if name) >= len(lowest) - 1


def _with_labels_whole(rows: Sequence[list[str]]) -> Iterator[list[str]]:
    """The rows, a label that goes on in the next line joined to it: "Selling, general and" / "administrative"."""
    begun = ""
    for row in rows:
        alone = row[0] and not any(row[1:])
        if begun and (row[0][:1].islower() or not row[0]):
            row[0] = f"{begun} {row[0]}".strip()
        elif begun:
            yield [begun, *[""] * (len(row) - 1)]
        begun = row[0] if alone and not row[0].endswith(":") else ""
        if not begun:
            yield row
    if begun:
        yield [begun]
