"""Tables of web pages as rows of equal columns: spans filled in, names told from values."""

from __future__ import annotations

from dataclasses import dataclass

from rag.documents.canonical import one_line

__all__ = ["Cell", "cell_text", "grid_of", "header_rows", "labelled_rows"]

_LONG_LINE = 60


@dataclass(slots=True)
class Cell:
    """A cell as written: its words, whether it is a name (``th``), and how far it spans."""

    text: str
    is_name: bool
    columns: int
    rows: int


def cell_text(text: str) -> str:
    """A cell on one line: short lines are a list, longer ones running text."""
    lines = [words for line in text.split("\n") if (words := one_line(line))]
    is_list = all(len(line) < _LONG_LINE for line in lines)
    joined = ""
    for line in lines:
        if not joined or line[0] in ",.;:)":
            joined += line
        else:
            joined += (", " if is_list and line[0] != "(" and joined[-1] not in ",;:" else " ") + line
    return joined


def header_rows(rows: list[list[Cell]]) -> int:
    """How many rows at the top are column names only; a name over the whole width is a caption."""
    n = 0
    while n < len(rows) and rows[n] and all(cell.is_name for cell in rows[n]):
        n += 1
    return n if n and sum(1 for cell in rows[n - 1] if cell.text.strip()) > 1 else 0


def labelled_rows(rows: list[list[Cell]]) -> list[list[str]]:
    """Rows of a table of facts, where each row is a name and its value; empty for other tables."""
    pairs = [row for row in rows if len(row) == 2 and row[0].is_name and not row[1].is_name]
    if len(pairs) < 0.5 * len(rows):
        return []
    return [
        [f"{one_line(row[0].text).rstrip(':')}: {row[1].text}"] if row in pairs else [cell.text for cell in row]
        for row in rows
    ]


def grid_of(rows: list[list[Cell]]) -> list[list[str]]:
    """Rows as plain cells: what spans rows is repeated in each, what spans columns leaves blanks."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column -> rows still covered, words
    for row in rows:
        cells: list[str] = []
        for cell in row:
            while len(cells) in hanging:
                _hang(hanging, cells)
            start = len(cells)
            cells.append(cell.text)
            cells.extend([""] * (min(cell.columns, 200) - 1))
            if cell.rows > 1:
                hanging[start] = (cell.rows - 1, cell.text)
        while len(cells) in hanging:
            _hang(hanging, cells)
        grid.append(cells)
    return grid


def _hang(hanging: dict[int, tuple[int, str]], cells: list[str]) -> None:
    column = len(cells)
    left, text = hanging.pop(column)
    cells.append(text)
    if left > 1:
        hanging[column] = (left - 1, text)
