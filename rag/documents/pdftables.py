"""Tables on a PDF page: by their ruled lines, else by cells that line up over several rows."""

from __future__ import annotations

from itertools import pairwise

from rag.documents.pdfdrawn import PageText, Segment
from rag.documents.pdfgrid import Cell, Table, ruled_tables
from rag.documents.signs import belongs

__all__ = ["Cell", "Table", "columns_in_turn", "find_tables"]

MIN_ROWS = 3


def find_tables(page: PageText) -> list[Table]:
    """The page's tables; no segment is in two of them."""
    tables = ruled_tables(page)
    taken = {id(segment) for table in tables for segment in table.segments}
    rest = [segment for segment in page.segments if id(segment) not in taken]
    return tables + _aligned_tables(rest)


def _aligned_tables(segments: list[Segment]) -> list[Table]:
    """Runs of rows whose cells stand in the same columns, with the rows of column names above them."""
    rows = [_with_symbols(row) for row in _rows(segments)]
    tables = []
    start = 0
    while start < len(rows):
        end = _run_end(rows, start)
        columns = _table_columns(rows[start:end])
        if not columns:
            end = _piece_end(rows, start, end)
            columns = _table_columns(rows[start:end])
        if columns:
            above = start - _n_names(rows[:start], rows[start], columns)
            tables.append(_placed(rows[above:end], columns))
        start = max(end, start + 1)
    return tables


def _rows(segments: list[Segment]) -> list[list[Segment]]:
    """Segments that follow each other in the content on one baseline."""
    rows: list[list[Segment]] = []
    for segment in segments:
        last = rows[-1][-1] if rows else None
        if last is not None and segment.x0 > last.x1 - 1:
            overlap = min(last.y1, segment.y1) - max(last.y0, segment.y0)
            if overlap > 0.6 * min(last.y1 - last.y0, segment.y1 - segment.y0):
                rows[-1].append(segment)
                continue
        rows.append([segment])
    return rows


def _run_end(rows: list[list[Segment]], start: int) -> int:
    """Where a run of rows of several cells ends; a lone wrapped cell or row label does not end it."""
    if len(rows[start]) < 2:
        return start
    n_single = 0
    place = start + 1
    while place < len(rows) and _is_below(rows[place - 1], rows[place]):
        if len(rows[place]) >= 2:
            n_single = 0
        elif n_single < 2 and _inside(rows[place - 1], rows[place][0]):
            n_single += 1
        else:
            break
        place += 1
    return place - n_single


def _piece_end(rows: list[list[Segment]], start: int, end: int) -> int:
    """Where the rows of a run first stand apart from those below by more than from each other."""
    distances = [above[-1].middle - below[0].middle for above, below in pairwise(rows[start:end])]
    usual = sorted(distances)[len(distances) // 4] if distances else 0.0
    return next((start + n for n, distance in enumerate(distances, 1) if distance > 1.4 * usual), end)


def _is_below(above: list[Segment], row: list[Segment]) -> bool:
    return 0 < above[-1].middle - row[0].middle < 4.5 * max(row[0].size, 6)


def _n_names(before: list[list[Segment]], first: list[Segment], columns: list[tuple[float, float]]) -> int:
    """How many rows right above a table name its columns: short cells over columns other than the first.

    A single row label may stand between the names and the first row.
    """
    found = 0
    below = first
    for n, row in enumerate(reversed(before[-4:]), 1):
        if not _is_below(row, below) or any(len(cell.text) > 40 for cell in row):
            break
        spots = [_column_of(cell, columns) for cell in row]
        over = [_overlap(cell, columns[spot]) > 0 for cell, spot in zip(row, spots, strict=True)]
        if all(over) and 0 not in spots and len(set(spots)) == len(row):
            found = n
        elif found or not (len(row) == 1 and spots[0] == 0 and over[0]):
            break
        below = row
    return found


def _with_symbols(row: list[Segment]) -> list[Segment]:
    """The row with signs that stand apart joined to their numbers: "$ 1,200", "12 %", "(30 )"."""
    cells: list[Segment] = []
    for segment in row:
        last = cells[-1] if cells else None
        if last is not None and belongs(last.text, segment.text):
            cells[-1] = _join(last, segment)
        else:
            cells.append(segment)
    return cells


def _join(left: Segment, right: Segment) -> Segment:
    return Segment(
        left.text + right.text, left.index + right.index, left.x0, min(left.y0, right.y0), right.x1,
        max(left.y1, right.y1), right.size, right.is_bold, right.angle,
        [*(left.parts or [left]), *(right.parts or [right])],
    )  # fmt: skip


def _inside(above: list[Segment], segment: Segment) -> bool:
    """Whether a lone segment can be a wrapped cell, or a short row label between two rows."""
    starts = [cell.x0 for cell in above[1:]]
    if len(above) > 1 and len(segment.text) < 40:
        starts.append(above[0].x0)
    return any(abs(segment.x0 - x) < segment.size for x in starts)


def _table_columns(run: list[list[Segment]]) -> list[tuple[float, float]]:
    """The columns of a run of rows; empty when it is no table."""
    full = [row for row in run if len(row) >= 2]
    if len(full) < MIN_ROWS and not (len(full) == 2 and min(map(len, full)) >= 3):
        return []
    columns = _columns(full)
    bullets = sum(1 for row in full if len(row) == 2 and len(row[0].text) <= 3)
    if len(columns) < 2 or bullets > len(full) / 2:
        return []  # with bullets or numbers as its first "column" it is a list
    cells = [cell for row in full for cell in row]
    fitting = sum(1 for row in full if _fits(row, columns))
    is_prose = sum(len(cell.text) for cell in cells) / len(cells) > 38
    if fitting < 0.7 * len(full) or (is_prose and len(columns) <= 3) or not _line_up(full, columns):
        return []
    return columns


def _line_up(rows: list[list[Segment]], columns: list[tuple[float, float]]) -> bool:
    """Whether most cells share an edge or their middle with another in their column. The words of justified
    lines with wide spaces do not."""
    cells: dict[int, list[Segment]] = {}
    for row in rows:
        for cell in row:
            cells.setdefault(_column_of(cell, columns), []).append(cell)
    cells.pop(0, None)
    n_shared = sum(_n_sharing(column) for column in cells.values())
    return n_shared >= 0.6 * sum(map(len, cells.values()))


def _n_sharing(column: list[Segment]) -> int:
    """How many cells of a column begin where another one does, or end, or have their middle, whichever is most."""
    most = 0
    for places in ([c.x0 for c in column], [c.x1 for c in column], [(c.x0 + c.x1) / 2 for c in column]):
        shared: set[int] = set()
        for a, b in pairwise(sorted(range(len(column)), key=places.__getitem__)):
            if places[b] - places[a] < 0.15 * column[a].size:
                shared |= {a, b}
        most = max(most, len(shared))
    return most


def _placed(run: list[list[Segment]], columns: list[tuple[float, float]]) -> Table:
    """The rows with their cells in the columns; a second line joins the cell above it."""
    rows: list[list[Cell]] = []
    n_above = next((k for k, row in enumerate(run) if _column_of(row[0], columns) == 0), 0)
    for number, row in enumerate(run):
        placed: list[Cell] = [[] for _ in columns]
        for segment in row:
            placed[_column_of(segment, columns)].append(segment)
        if len(row) == 1 and rows and not placed[0] and number > n_above:
            for column, cell in enumerate(placed):
                rows[-1][column].extend(cell)
        else:
            rows.append(placed)
    return Table(rows, [part for row in run for segment in row for part in (segment.parts or [segment])])


def columns_in_turn(segments: list[Segment]) -> list[Segment]:
    """The segments with columns of prose that were written line by line across the page set right.

    At least four rows one below the other, most of them of two or three long cells that stand in the same
    columns, are read column by column.
    """
    ordered: list[Segment] = []
    run: list[list[Segment]] = []
    for row in [*_rows(segments), []]:
        close = not run or (bool(row) and 0 < run[-1][0].middle - row[0].middle < 3 * max(row[0].size, 6))
        if row and close and (run or len(row) >= 2):
            run.append(row)
            continue
        ordered += _in_turn(run)
        run = [row] if len(row) >= 2 else []
        ordered += row if len(row) == 1 else []
    return ordered


def _in_turn(run: list[list[Segment]]) -> list[Segment]:
    flat = [segment for row in run for segment in row]
    several = [row for row in run if len(row) >= 2]
    if len(several) < 4 or len(several) < 0.6 * len(run):
        return flat
    columns = _columns(several)
    cells = [cell for row in several for cell in row]
    is_prose = sum(len(cell.text) for cell in cells) / len(cells) >= 24
    if not 2 <= len(columns) <= 3 or not is_prose or sum(_fits(row, columns) for row in several) < 0.9 * len(several):
        return flat
    return [s for k in range(len(columns)) for s in flat if _column_of(s, columns) == k]


def _columns(rows: list[list[Segment]]) -> list[tuple[float, float]]:
    """The x ranges that the cells of the fullest rows cover, overlapping ones joined."""
    most = max(map(len, rows))
    spans = sorted((cell.x0, cell.x1) for row in rows if len(row) >= max(2, most - 1) for cell in row)
    columns: list[tuple[float, float]] = []
    for x0, x1 in spans:
        if columns and x0 < columns[-1][1] - 1:
            columns[-1] = (columns[-1][0], max(columns[-1][1], x1))
        else:
            columns.append((x0, x1))
    return columns


def _column_of(segment: Segment, columns: list[tuple[float, float]]) -> int:
    return max(
        range(len(columns)),
        key=lambda k: (_overlap(segment, columns[k]), -k),
    )


def _overlap(segment: Segment, column: tuple[float, float]) -> float:
    """How far they share x, negative when they are apart."""
    return min(segment.x1, column[1]) - max(segment.x0, column[0])


def _fits(row: list[Segment], columns: list[tuple[float, float]]) -> bool:
    """Whether the cells of a row stand in different columns."""
    return len({_column_of(cell, columns) for cell in row}) == len(row)
