"""A sheet's rows as tables: where one ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rag.documents.canonical import Writer
from rag.documents.tables import has_values, write_table

__all__ = ["tables_of", "write_sheet"]

_MAX_CAPTION = 3  # rows of one cell above a table that belong to it


def write_sheet(writer: Writer, rows: Mapping[int, Mapping[int, str]]) -> None:
    """Write the tables of a sheet, given its filled cells by row and column."""
    for table in tables_of(rows):
        width = max(map(max, table)) + 1
        used = [column for column in range(width) if any(column in row for row in table)]
        write_table(writer, [[row.get(column, "") for column in used] for row in table])


def tables_of(rows: Mapping[int, Mapping[int, str]]) -> Iterator[list[Mapping[int, str]]]:
    """The tables, and runs of single cells between them.

    Below an empty row or single cells a new table begins with a row that has words where numbers stood, or columns
    that the table before does not have (two for a row of words, which may be a remark). Without either the rows go on
    with the columns that they have: people set parts of one table apart by empty rows.
    """
    table: list[Mapping[int, str]] = []
    single: list[Mapping[int, str]] = []  # rows of one cell that may belong to what follows
    numbers: set[int] = set()  # columns in which the table has values
    before = -1
    is_apart = False
    for at in sorted(rows):
        row = {column: cell for column, cell in rows[at].items() if cell.strip()}
        if not row:
            continue
        is_apart |= at > before + 1 or len(row) == 1
        before = at
        if len(row) == 1:
            single.append(row)
            continue
        values = {column for column, cell in row.items() if has_values([cell])}
        new = row.keys() - set().union(*table)
        is_other = bool(new) if values else bool(numbers & row.keys()) or len(new) > 1
        if not table or (is_apart and numbers and is_other):
            if table:
                yield table
            if single[:-_MAX_CAPTION]:
                yield single[:-_MAX_CAPTION]
            table, numbers = [*single[-_MAX_CAPTION:], row], values
        else:
            table += [*single, row]
            numbers |= values
        single, is_apart = [], False
    if table:
        yield table
    if single:
        yield single
