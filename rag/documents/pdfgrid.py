"""Tables drawn with lines: grids of rules that touch, and the words in their cells."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from rag.documents.canonical import one_line
from rag.documents.pdfdrawn import PageText, Segment

__all__ = ["Cell", "Table", "cell_text", "in_order", "ruled_tables"]

SNAP = 3.0  # points within which two rules are one
MAX_RULES = 3000
MAX_CELL_CHARACTERS = 700

Cell = list[Segment]


@dataclass(slots=True)
class Table:
    """Rows of cells, each the segments in it, top to bottom and left to right."""

    rows: list[list[Cell]]
    segments: list[Segment] = field(default_factory=list)


def in_order(cell: Cell) -> list[Segment]:
    """A cell's segments from top to bottom and left to right."""
    return sorted(cell, key=lambda s: (-round(s.middle / max(s.size, 1.0) * 1.5), s.x0))


def cell_text(cell: Cell) -> str:
    """A cell's words on one line."""
    return one_line(" ".join(segment.text for segment in in_order(cell)))


def ruled_tables(page: PageText) -> list[Table]:
    """The tables whose cells are drawn with lines."""
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
