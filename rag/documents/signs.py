"""Signs that have cells of their own: "$ | 9,847 |", "( 310 | )", "8 | %".

Financial reports give the currency sign and the closing bracket columns of their own, so that figures line up. Here
they go to their numbers, and the columns that a name spans become the one that it names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["belongs", "join_signs", "joined", "merged", "spanned_columns"]

_BEFORE = frozenset(("$", "€", "£", "¥", "US$", "C$", "A$", "CHF", "EUR", "USD", "GBP", "$(", "€(", "£(", "("))
_AFTER = frozenset(("%", ")", "%)", ")%", "€", "x", "bps", "pts"))
_VALUE = re.compile(r"[-–—−(+]*\s?[.,]?\d|[-–—−]$")  # a number or the dash that stands for none
_YEAR = re.compile(r"(?:FY)?(?:19|20)\d\d")  # "2023 | % | 2022 | %" names columns


def belongs(left: str, right: str) -> bool:
    """Whether two neighbouring cells are one: a sign and its number."""
    if left in _BEFORE:
        return bool(_VALUE.match(right))
    is_number = bool(_VALUE.match(left.lstrip("".join(_BEFORE)))) and not _YEAR.fullmatch(left)
    return right in _AFTER and is_number


def joined(left: str, right: str) -> str:
    """Two cells that belong together as one: "$9,847", "(310)", "CHF 12", "25 bps"."""
    return f"{left} {right}" if left[-1].isalpha() or right[0].isalpha() else left + right


def join_signs(row: Sequence[str]) -> list[str]:
    """The row with each sign joined to its number, at the number's place; the sign's own cell is left empty."""
    cells = list(row)
    last = -1
    for place, cell in enumerate(cells):
        if not cell:
            continue
        if last >= 0 and belongs(cells[last], cell):
            is_before = cells[last] in _BEFORE
            into = place if is_before else last
            cells[into], cells[last if is_before else place] = joined(cells[last], cell), ""
            place = into
        last = place
    return cells


def spanned_columns(rows: Sequence[Sequence[str]], n_header: int, has_signs: bool) -> list[int]:
    """For each column the one that it is part of, mostly itself.

    ``rows`` begin with ``n_header`` rows of names. A column without a name goes to the named one on its left, else
    on its right, where no row has both and the named one has no values of its own or signs were found in the table
    (a number without a sign stands in the sign's column). The first column with words holds the labels and stays.
    """
    width = max(map(len, rows), default=0)
    owner = list(range(width))
    named = {c for row in rows[:n_header] for c, cell in enumerate(row) if cell}
    filled = [{r for r, row in enumerate(rows[n_header:]) if c < len(row) and row[c]} for c in range(width)]
    labels = next((c for c in range(width) if filled[c]), width)
    for column in range(labels + 1, width):
        if column in named or not filled[column]:
            continue
        left = next((c for c in range(column - 1, labels, -1) if c in named or filled[owner[c]]), None)
        right = next((c for c in range(column + 1, width) if c in named or filled[c]), None)
        for other in (left, right):
            if other is None or owner[other] not in named or filled[owner[other]] & filled[column]:
                continue
            if has_signs or not filled[owner[other]]:
                owner[column] = owner[other]
                filled[owner[other]] |= filled[column]
                break
    return owner


def merged(row: Sequence[str], owner: Sequence[int]) -> list[str]:
    """The row, as wide as the table, with its cells in the columns that ``spanned_columns`` gave them; two in one
    are joined."""
    cells = [""] * max(len(row), len(owner))
    for place, cell in enumerate(row):
        into = owner[place] if place < len(owner) else place
        cells[into] = f"{cells[into]} {cell}".strip() if cell else cells[into]
    return cells
