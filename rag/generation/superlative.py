"""Questions for the most of a table: "Which team won the most cups?", "What is the cheapest ticket to Holm?".

The rows that were found of one table are put in order of the column that the question names, and the first few are
quoted, so that the reader sees what the first is compared with. Only rows in the evidence are compared; that is said
in front of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.generation.cells import GENERIC, Cell, cells_of
from rag.generation.choice import Reading
from rag.index import terms
from rag.types import Span

__all__ = ["AMONG", "Ranked", "ranked_rows"]

AMONG = "Among the rows found, in this order:"
# what may be left over of a question, as a share of the weight of its terms; as for a single cell
_LEFT_OVER = 0.3
_SHOWN = 3
_MOST = "most highest largest biggest greatest maximum max longest tallest heaviest oldest dearest priciest fastest top"
_LEAST = "least lowest smallest fewest minimum min shortest cheapest lightest youngest slowest"
_DIRECTION = dict.fromkeys(_MOST.split(), 1) | dict.fromkeys(_LEAST.split(), -1)
_SUPERLATIVE = re.compile(rf"\b(?P<word>{'|'.join(_DIRECTION)})\b", re.IGNORECASE)
_ABOUT_PRICE = re.compile(r"\b(cheapest|dearest|priciest|expensive)\b", re.IGNORECASE)
_PRICE = frozenset(
    term for word in "price cost fee fare rate eur usd gbp premium amount".split() for term in terms(word)
)
_COMPARING = frozenset(terms(" ".join([*_DIRECTION, "expensive win won had has have offer offered charge charged"])))
_NUMBER = re.compile(r"(?P<digits>\d[\d.,' \u00a0]*)")
_SUM = re.compile(r"\W*(?:grand |sub)?(?:total|all|sum|gesamt|summe|average|mean)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One row of the order: candidate ``row`` of a reading, and the label of it that answers, in document offsets."""

    row: int
    label: Span | None


@dataclass(frozen=True, slots=True)
class _Row:
    candidate: int
    cells: tuple[Cell, ...]


def ranked_rows(reading: Reading) -> list[Ranked]:
    """The first rows in the order that the question asks for; none when it asks for no order or no table fits."""
    asked_for = _SUPERLATIVE.search(reading.asked.text)
    if asked_for is None:
        return []
    for rows in _tables(reading):
        column = _column(reading, rows)
        if column is None or not _is_covered(reading, rows, column):
            continue
        chosen = _named(rows, frozenset(reading.weight))
        told = [(value, row) for row in chosen if (value := _value(reading, row, column)) is not None]
        if len(told) < 2:
            continue
        sign = -_DIRECTION[asked_for["word"].casefold()]
        told.sort(key=lambda pair: sign * pair[0])
        return [_ranked(reading, row, first=not i) for i, (_, row) in enumerate(told[:_SHOWN])]
    return []


def _tables(reading: Reading) -> list[list[_Row]]:
    """The rows of the evidence by table: of one page, with the same first column; that of the best row first. Rows
    may lack cells, for empty ones are not written down."""
    tables: dict[tuple[object, ...], list[_Row]] = {}
    for i in reading.ranked:
        candidate = reading.candidates[i]
        cells = tuple(cells_of(candidate.text))
        if not cells or _SUM.match(candidate.text[cells[0].value.start : cells[0].value.end]):
            continue
        passage = reading.evidence[candidate.number - 1].passage
        key = (passage.document_id, passage.page, passage.heading, cells[0].name)
        tables.setdefault(key, []).append(_Row(i, cells))
    return [rows for rows in tables.values() if len(rows) > 1]


def _column(reading: Reading, rows: Sequence[_Row]) -> frozenset[str] | None:
    """The column of numbers that the question names, or the only one of what it names ("which site is the largest"), or
    the first price when prices are asked for."""
    columns = list(dict.fromkeys(cell.name for row in rows for cell in row.cells if cell.is_number and cell.name))
    shares = {name: sum(reading.weight.get(term, 0.0) for term in name) for name in columns}
    best = max(columns, key=lambda name: shares[name], default=None)
    if best is not None and shares[best] > 0:
        return best
    if _ABOUT_PRICE.search(reading.asked.text):
        return next((name for name in columns if name & _PRICE), None)
    labels = frozenset[str]().union(*(cell.name for row in rows for cell in row.cells if not cell.is_number))
    return best if len(columns) == 1 and labels & reading.weight.keys() else None


def _is_covered(reading: Reading, rows: Sequence[_Row], column: frozenset[str]) -> bool:
    """Whether hardly a word of the question is left over by the table's names, its rows and what it stands under."""
    passage = reading.evidence[reading.candidates[rows[0].candidate].number - 1].passage
    cells = [cell for row in rows for cell in row.cells]
    held = frozenset(terms(f"{passage.title} {passage.heading}")) | GENERIC | _COMPARING
    held = held.union(column, *(cell.terms | cell.name for cell in cells if not cell.is_number))
    return sum(weight for term, weight in reading.weight.items() if term not in held) <= _LEFT_OVER


def _named(rows: Sequence[_Row], asked: frozenset[str]) -> list[_Row]:
    """The rows whose labels have most of what the question says: "to Holm" leaves those to Holm."""
    shared = [len(asked & frozenset[str]().union(*(c.terms for c in row.cells if not c.is_number))) for row in rows]
    return [row for row, n in zip(rows, shared, strict=True) if n == max(shared)]


def _value(reading: Reading, row: _Row, column: frozenset[str]) -> float | None:
    """The number in a cell: "(310)" is negative, "1,284,600" has thousands, "14,50" decimals."""
    span = next((cell.value for cell in row.cells if cell.is_number and cell.name == column), None)
    if span is None:
        return None
    text = reading.candidates[row.candidate].text[span.start : span.end]
    found = _NUMBER.search(text)
    if not found:
        return None
    digits = re.sub(r"[' \u00a0]", "", found["digits"]).rstrip(".,")
    if re.fullmatch(r"\d+,\d{1,2}", digits) or re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", digits):
        digits = digits.replace(".", "").replace(",", ".")
    digits = digits.replace(",", "")
    if digits.count(".") > 1:
        digits = digits.replace(".", "")
    is_negative = text.lstrip("$€£ ").startswith(("(", "-", "−", "–"))
    return -float(digits) if is_negative else float(digits)


def _ranked(reading: Reading, row: _Row, *, first: bool) -> Ranked:
    candidate = reading.candidates[row.candidate]
    labels = [cell for cell in row.cells if not cell.is_number]
    wanted = [cell for cell in labels if cell.name & reading.asked.focus] or labels
    span = wanted[0].value
    return Ranked(row.candidate, Span(candidate.start + span.start, candidate.start + span.end) if first else None)
