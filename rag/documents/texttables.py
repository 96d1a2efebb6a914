"""Tables drawn with characters in reStructuredText and Org: as rows of cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

__all__ = ["csv_rows", "drawn_table", "list_rows", "piped_rows"]

Rows = list[list[str]]

_GRID = re.compile(r"^\+(?:[-=]+\+)+$")
_RULER = re.compile(r"^=+(?:\s+=+)+$")
_ORG_RULE = re.compile(r"^\s*\|[-+]+\|?\s*$")


def drawn_table(lines: Sequence[str]) -> tuple[Rows, int] | None:
    """The rows of a grid table or a simple table and how many of them are header; None for other text."""
    first = lines[0].strip() if lines else ""
    stripped = [line.rstrip() for line in lines]
    if _GRID.match(first):
        return _grid([line.strip() for line in stripped])
    if _RULER.match(first) and sum(1 for line in stripped if _RULER.match(line.strip())) >= 2:
        return _simple(stripped, [match.span() for match in re.finditer("=+", lines[0])])
    return None


def _grid(lines: Sequence[str]) -> tuple[Rows, int]:
    edges = [k for k, char in enumerate(lines[0]) if char == "+"]
    rows: Rows = []
    n_header = 0
    cells = [""] * (len(edges) - 1)
    for line in lines[1:]:
        if line.startswith("+"):
            rows += [cells] if any(cells) else []
            cells = [""] * (len(edges) - 1)
            n_header = len(rows) if "=" in line and not n_header else n_header
            continue
        start = 0
        for column, right in enumerate(edges[1:]):
            if right < len(line) and line[right] != "|":
                continue  # a cell that spans columns goes on
            first = next(k for k, edge in enumerate(edges) if edge >= start)
            cells[min(first, column)] = f"{cells[min(first, column)]} {line[start + 1 : right].strip()}".strip()
            start = right
    return rows, n_header


def _simple(lines: Sequence[str], spans: Sequence[tuple[int, int]]) -> tuple[Rows, int]:
    rows: Rows = []
    n_header, n_rulers = 0, 0
    starts = [start for start, _ in spans]
    for line in lines:
        if _RULER.match(line.strip()):
            n_rulers += 1
            if n_rulers == 2:
                n_header = len(rows)
            continue
        if not line.strip() or set(line.strip()) <= set("- "):
            continue
        cells = [line[a:b].strip() for a, b in zip(starts, [*starts[1:], len(line)], strict=True)]
        if rows and not cells[0] and len(rows) > n_header:
            rows[-1] = [f"{above} {below}".strip() for above, below in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return rows, n_header if n_rulers > 2 else 0


def piped_rows(lines: Sequence[str]) -> tuple[Rows, int]:
    """Rows between bars, a line of dashes under the header: Org."""
    rows: Rows = []
    n_header = 0
    for line in lines:
        if _ORG_RULE.match(line):
            n_header = n_header or len(rows)
            continue
        rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return rows, n_header if n_header < len(rows) else 0


def list_rows(lines: Sequence[str]) -> Rows:
    """The rows of a list of lists: ``* -`` begins a row, ``-`` a cell."""
    rows: Rows = []
    for line in lines:
        words = line.strip()
        if words.startswith("* -"):
            rows.append([words[3:].strip()])
        elif rows and words.startswith("-") and words[1:2] in ("", " "):
            rows[-1].append(words[1:].strip())
        elif rows and words:
            rows[-1][-1] = f"{rows[-1][-1]} {words}".strip()
    return rows


def csv_rows(lines: Sequence[str]) -> Rows:
    """Rows of values set apart by commas."""
    return [
        row for row in csv.reader(io.StringIO("\n".join(line.strip() for line in lines)), skipinitialspace=True) if row
    ]
