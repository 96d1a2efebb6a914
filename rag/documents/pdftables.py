"""Tables on a PDF page: by their ruled lines, else by cells that line up over several rows."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from rag.documents.pdfpage import PageText, Segment

__all__ = ["Cell", "Table", "columns_in_turn", "find_tables"]

SNAP = 3.0  # points within which two rules are one
MAX_RULES = 3000
MAX_CELL_CHARACTERS = 700
MIN_ROWS = 3

Cell = list[Segment]


@dataclass(slots=True)
class Table:
    """Rows of cells, each the segments in it, top to bottom and left to right."""

    rows: list[list[Cell]]
    segments: list[Segment] = field(default_factory=list)


def find_tables(page: PageText) -> list[Table]:
    """The page's tables; no segment is in two of them."""
    tables = _ruled_tables(page)
    taken = {id(segment) for table in tables for segment in table.segments}
    rest = [segment for segment in page.segments if id(segment) not in taken]
    return tables + _aligned_tables(rest)


# ---- by rules


def _ruled_tables(page: PageText) -> list[Table]:
    tables = []
    free = list(page.segments)
    for across, upright in _grids(page):
        xs = _snapped([x for x, _, _ in upright])
        ys = _snapped([y for y, _, _ in across])[::-1]
        if len(xs) < 3 or len(ys) < 3:
            continue
        inside = [s for s in free if xs[0] - 2 < (s.x0 + s.x1) / 2 < xs[-1] + 2 and ys[-1] - 2 < s.middle < ys[0] + 2]
        table = _fill(inside, xs, ys, across, upright)
        if table is not None:
            tables.append(table)
            ids = {id(segment) for segment in inside}
            free = [segment for segment in free if id(segment) not in ids]
    return tables


def _grids(
    page: PageText,
) -> list[tuple[list[tuple[float, float, float]], list[tuple[float, float, float]]]]:
    """Groups of rules that touch each other, largest first."""
    across, upright = page.across[:MAX_RULES], page.upright[:MAX_RULES]
    if len(page.across) > MAX_RULES or len(page.upright) > MAX_RULES or not across or not upright:
        return []
    parent = list(range(len(across) + len(upright)))

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    by_height = sorted(range(len(across)), key=lambda i: across[i][0])
    heights = [across[i][0] for i in by_height]
    for j, (x, y0, y1) in enumerate(upright):
        for place in range(bisect_left(heights, y0 - SNAP), len(heights)):
            y, x0, x1 = across[by_height[place]]
            if y > y1 + SNAP:
                break
            if x0 - SNAP <= x <= x1 + SNAP:
                parent[find(by_height[place])] = find(len(across) + j)
    groups: dict[int, tuple[list[tuple[float, float, float]], list[tuple[float, float, float]]]] = {}
    for i, rule in enumerate(across):
        groups.setdefault(find(i), ([], []))[0].append(rule)
    for j, rule in enumerate(upright):
        groups.setdefault(find(len(across) + j), ([], []))[1].append(rule)
    return sorted(groups.values(), key=lambda group: -len(group[0]) - len(group[1]))


def _snapped(values: list[float]) -> list[float]:
    """Sorted values with neighbours within ``SNAP`` made one."""
    result: list[float] = []
    for value in sorted(values):
        if not result or value - result[-1] > SNAP:
            result.append(value)
    return result


def _fill(
    inside: list[Segment],
    xs: list[float],
    ys: list[float],
    across: list[tuple[float, float, float]],
    upright: list[tuple[float, float, float]],
) -> Table | None:
    """The grid's cells with their segments; None when it frames something else than a table."""
    n_rows, n_columns = len(ys) - 1, len(xs) - 1
    grid: list[list[Cell]] = [[[] for _ in range(n_columns)] for _ in range(n_rows)]
    for segment in inside:
        middle = (segment.x0 + segment.x1) / 2
        column = max(0, min(n_columns - 1, sum(1 for x in xs if x < middle) - 1))
        row = max(0, min(n_rows - 1, sum(1 for y in ys if y > segment.middle) - 1))
        while column > 0 and not _ruled(upright, xs[column], ys[row + 1], ys[row]):
            column -= 1  # the cell reaches to the left
        while row > 0 and not _ruled(across, ys[row], xs[column], xs[column + 1]):
            row -= 1  # the cell reaches up
        grid[row][column].append(segment)
    _repeat_upper_cells(grid, xs, ys, across)
    filled = [row for row in grid if any(row)]
    longest = max((sum(len(s.text) for s in cell) for row in grid for cell in row), default=0)
    width = max((sum(1 for cell in row if cell) for row in filled), default=0)
    if len(filled) < 2 or width < 2 or longest > MAX_CELL_CHARACTERS:
        return None
    return Table(filled, inside)


def _repeat_upper_cells(
    grid: list[list[Cell]], xs: list[float], ys: list[float], across: list[tuple[float, float, float]]
) -> None:
    """A cell that reaches down over several rows belongs to each of them."""
    for row in range(1, len(grid)):
        if not any(grid[row]):
            continue
        for column, cell in enumerate(grid[row]):
            above = grid[row - 1][column]
            if not cell and above and not _ruled(across, ys[row], xs[column], xs[column + 1]):
                grid[row][column] = above


def _ruled(rules: list[tuple[float, float, float]], at: float, start: float, end: float) -> bool:
    """Whether a rule runs at ``at`` over the middle part of ``start`` to ``end``."""
    third = (end - start) / 3
    return any(abs(r - at) <= SNAP and a <= start + third and b >= end - third for r, a, b in rules)


# ---- by alignment


def _aligned_tables(segments: list[Segment]) -> list[Table]:
    """Runs of rows whose cells stand in the same columns."""
    tables = []
    run: list[list[Segment]] = []
    n_single = 0
    for row in [*_rows(segments), []]:
        close = not run or not row or 0 < run[-1][0].middle - row[0].middle < 4.5 * max(row[0].size, 6)
        if row and close and len(row) >= 2:
            run.append(row)
            n_single = 0
            continue
        if row and run and close and len(row) == 1 and n_single < 2 and _inside(run, row[0]):
            run.append(row)
            n_single += 1
            continue
        if table := _aligned(run[: len(run) - n_single] if n_single else run):
            tables.append(table)
        run, n_single = ([row] if len(row) >= 2 else []), 0
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


def _inside(run: list[list[Segment]], segment: Segment) -> bool:
    """Whether a lone segment can be a wrapped cell, or a short row label between two rows."""
    starts = [cell.x0 for cell in run[-1][1:]] if len(run[-1]) > 1 else []
    if len(run[-1]) > 1 and len(segment.text) < 40:
        starts.append(run[-1][0].x0)
    return any(abs(segment.x0 - x) < segment.size for x in starts)


def _aligned(run: list[list[Segment]]) -> Table | None:
    full = [row for row in run if len(row) >= 2]
    if len(full) < MIN_ROWS and not (len(full) == 2 and min(map(len, full)) >= 3):
        return None
    columns = _columns(full)
    if len(columns) < 2:
        return None
    bullets = sum(1 for row in full if len(row) == 2 and len(row[0].text) <= 3)
    if bullets > len(full) / 2:
        return None  # a list: its first "column" is bullets or numbers
    cells = [cell for row in full for cell in row]
    fitting = sum(1 for row in full if _fits(row, columns))
    prose = sum(len(cell.text) for cell in cells) / len(cells) > 38
    if fitting < 0.7 * len(full) or (prose and len(columns) <= 3):
        return None
    rows: list[list[Cell]] = []
    for row in run:
        placed: list[Cell] = [[] for _ in columns]
        for segment in row:
            placed[_column_of(segment, columns)].append(segment)
        if len(row) == 1 and rows and not placed[0]:
            for column, cell in enumerate(placed):
                rows[-1][column].extend(cell)  # the second line of a cell
        else:
            rows.append(placed)
    return Table(rows, [segment for row in run for segment in row])


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
        key=lambda k: (min(segment.x1, columns[k][1]) - max(segment.x0, columns[k][0]), -k),
    )


def _fits(row: list[Segment], columns: list[tuple[float, float]]) -> bool:
    """Whether the cells of a row stand in different columns."""
    return len({_column_of(cell, columns) for cell in row}) == len(row)
