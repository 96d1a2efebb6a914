"""Questions that one cell of a table answers: "What was net income in 2022?".

The readers write a row of a table as a line of its own, ``Section: Label; 2023: 9,847; 2022: 8,412`` or
``Plan: Gold; Deductible: $500``. Here such lines are read back: the row whose label the question names, and in it
the cell whose column the question names. A cell is only taken when hardly a word of the question is left over;
anything less is left to the sentences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from rag.documents.rows import read_row
from rag.generation.choice import Reading
from rag.index import STOP_WORDS, terms
from rag.plugins import Quote
from rag.types import Hit, Span

__all__ = ["GENERIC", "Answering", "Cell", "answering_cells", "cells_of"]

# What may be left over of a question: a share of the weight of its terms. Among 60 questions to a 10-K report made
# for this, to fare tables and plan booklets, 0.3 let nothing wrong through that 0.2 kept out.
_LEFT_OVER = 0.3
# and where some cells are named and others not: a word left over may be about those
_LEFT_OVER_BY_KEY = 0.2
# the share of a row's labels that the question must name: "Total net sales" for "net sales", not "Net deferred tax"
_NAMED = 0.6
# words that ask for an amount, and say nothing about which
GENERIC = frozenset(
    terms(
        "amount amounts value figure number total fy usd million millions billion billions thousand thousands reported "
        "recorded report year fiscal end ended company group spend spent pay paid cost costs earn earned have had make "
        "made give given table row column price high long"
    )
)
# the columns that such a word may mean
_AMOUNTS = frozenset(
    terms("price prices cost costs fee fees fare fares rate amount total sum value salary wage pay rent charge budget")
)
# rows whose fit differs by less are equally meant; with more than so many of them the question is about the table
_SAME, _MOST_ROWS = 1e-6, 4
_CURRENCY = re.compile(r"[$€£¥₹]|\b(?:usd|eur|gbp|chf)\b", re.IGNORECASE)
_MOST_LABEL_TERMS = 12  # a cell with more is a remark, not a label
_MOST_NAME = 80
_HEADS = 5  # short lines above a table that may head it


class Cell(NamedTuple):
    """One cell: column name ("" for a label without one), where its value stands in the line, and its terms."""

    name: frozenset[str]
    value: Span
    terms: frozenset[str]
    is_number: bool
    is_money: bool = False


class _Fit(NamedTuple):
    """How well a row answers, the cell that does if it is clear which, whether the question names all of the row's
    labels, and the terms of the question that the labels have and that nothing in or above the row has."""

    score: float
    cell: Cell | None
    is_whole: bool
    named: frozenset[str]
    left: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answering:
    """The row that answers: candidate ``row`` of a reading, the cell in it (document offsets; None when the
    question does not say which column), and the section above it that the question names."""

    row: int
    cell: Span | None
    above: tuple[Quote, ...] = ()


def answering_cells(reading: Reading) -> list[Answering]:
    """The row, and cell, that answers the question all but completely; several where the question does not say
    which of them, none when no row does."""
    asked = frozenset(reading.weight)
    if len(asked) < 2 or reading.asked.kind in ("reason", "steps", "comparison"):
        return []
    fits: dict[str, tuple[int, _Fit]] = {}  # by the line, since documents repeat each other's tables
    for i, candidate in enumerate(reading.candidates):
        cells = cells_of(candidate.text)
        if not cells or candidate.text in fits:
            continue
        hit = reading.evidence[candidate.number - 1]
        section = _terms_of(hit, _section(hit, candidate.start))
        if fit := _fit(cells, section, _around(hit, candidate.start), asked, reading):
            fits[candidate.text] = i, fit
    best = max((fit.score for _, fit in fits.values()), default=0.0)
    chosen = [(i, fit) for i, fit in fits.values() if fit.score >= best - _SAME]
    if not chosen or len(chosen) > _MOST_ROWS or any(_is_other(reading, fit) for _, fit in chosen):
        return []
    return [_answering(reading, i, fit, asked) for i, fit in chosen]


def _is_other(reading: Reading, fit: _Fit) -> bool:
    """Whether the question may mean something else after all: several rows, or what a sentence says."""
    return (fit.cell is None and not fit.is_whole and reading.asked.wants_list) or _is_said(reading, fit)


def _answering(reading: Reading, row: int, fit: _Fit, asked: frozenset[str]) -> Answering:
    candidate, cell = reading.candidates[row], fit.cell
    span = Span(candidate.start + cell.value.start, candidate.start + cell.value.end) if cell else None
    above: list[Quote] = []
    hit = reading.evidence[candidate.number - 1]
    section = _section(hit, candidate.start)
    if section and not candidate.text.startswith(_words(hit, section)) and asked & _terms_of(hit, section):
        above.append(Quote(candidate.number, *section))
    return Answering(row, span, tuple(above))


def _is_said(reading: Reading, fit: _Fit) -> bool:
    """Whether a sentence says what the row leaves open: "gross margin percentage" beside a row "Gross margin"."""
    wanted = fit.named | fit.left
    return bool(fit.left) and any(
        wanted <= candidate.terms and not cells_of(candidate.text) for candidate in reading.candidates
    )


def cells_of(line: str) -> list[Cell]:
    """The cells of a line that is a table's row; empty when it is not."""
    cells: list[Cell] = []
    for name, value in read_row(line):
        words = line[value.start : value.end].rstrip(".")
        own = frozenset(terms(words)) - STOP_WORDS
        is_number = bool(re.match(r"\W{0,3}\d", words)) and sum(c.isalpha() for c in words) <= 12
        named = frozenset(terms(line[name.start : name.end])) - STOP_WORDS
        is_money = is_number and bool(_CURRENCY.search(words))
        cells.append(Cell(named, Span(value.start, value.start + len(words)), own, is_number, is_money))
    return cells


def _fit(
    cells: list[Cell],
    section: frozenset[str],
    around: frozenset[str],
    asked: frozenset[str],
    reading: Reading,
) -> _Fit | None:
    """How well a row answers, and the cell in it that does; None when it does not."""
    weight = reading.weight
    columns = _columns(cells, asked, reading)
    chosen = columns[0] if len(columns) == 1 else None
    if reading.asked.wants_money and chosen and not (chosen.name & asked or _may_be_money(chosen)):
        return None
    labels = _labels(cells, columns)
    named = [cell for cell in labels if cell.terms & asked]
    # "Team: Maple Leafs; Location: TOR; Cups: 13": the question need not know the location
    by_key = len(named) < len(labels) and any(cell.terms <= asked for cell in named)
    if by_key:
        wants_figure = reading.asked.kind in ("number", "time") or bool(asked & GENERIC)
        if wants_figure and not any(cell.name & (asked | _AMOUNTS) for cell in cells):
            return None
        labels = named
    shares = [len(cell.terms & asked) / len(cell.terms) for cell in labels]
    if not labels or min(shares) == 0 or sum(shares) < _NAMED * len(labels):
        return None
    if not any(cell.is_number or cell is chosen for cell in cells):
        return None
    label_terms = frozenset[str]().union(*(cell.terms for cell in labels))
    own = label_terms.union(section, *(cell.name for cell in (*labels, *columns)))
    left = frozenset(term for term in asked if term not in own | around | GENERIC)
    open_share = sum(weight[term] for term in left)
    if open_share > (_LEFT_OVER_BY_KEY if by_key else _LEFT_OVER) or any(
        term[0].isdigit() and term not in own | around for term in asked
    ):
        return None
    share = sum(weight[term] for term in asked & own)
    precision = sum(shares) / len(labels)
    return _Fit(share - open_share + precision, chosen, precision == 1, label_terms & asked, left)


def _may_be_money(cell: Cell) -> bool:
    """Whether a number may be an amount: its column is a price, a year, or has no name."""
    of_period = any(map(str.isdigit, "".join(cell.name)))
    return cell.is_money or not cell.name or of_period or bool(cell.name & _AMOUNTS)


def _labels(cells: list[Cell], columns: list[Cell]) -> list[Cell]:
    """The cells that say what a row is about: those with words before the first number, else all with words."""
    first = next((i for i, cell in enumerate(cells) if cell.is_number), len(cells))
    for some in (cells[:first], cells):
        if found := [
            cell
            for cell in some
            if not cell.is_number and 0 < len(cell.terms) <= _MOST_LABEL_TERMS and cell not in columns
        ]:
            return found
    return []


def _columns(cells: list[Cell], asked: frozenset[str], reading: Reading) -> list[Cell]:
    """The cells whose columns the question names: one, or several where it is not clear which is meant. A row's only
    number is meant without being named, unless a person, a place or a choice is asked for."""
    weight = reading.weight
    fits = []
    for cell in cells:
        named = cell.name & asked
        if named and len(named) >= 0.5 * len(cell.name) and not cell.terms <= asked:
            fits.append((sum(weight[term] for term in named), named, cell))
    if not fits:
        if reading.asked.wants_money and (amounts := [cell for cell in cells if cell.name & _AMOUNTS]):
            return amounts
        wants_words = reading.asked.kind in ("person", "place", "choice")
        numbers = [] if wants_words else [cell for cell in cells if cell.is_number]
        return numbers if len(numbers) == 1 else []
    _, most, best = max(fits, key=lambda fit: fit[0])
    return [best, *(cell for _, named, cell in fits if cell is not best and named - most)]


def _section(hit: Hit, start: int) -> Span | None:
    """The line "Cost of sales:" that a row stands under, unless a total has closed that section since."""
    end = start - hit.passage.start
    text = hit.passage.text
    while end > 0:
        begin = text.rfind("\n", 0, end) + 1
        words = text[begin:end].strip()
        if words.lower().startswith("total"):
            return None
        if words.endswith(":") and len(words) <= _MOST_NAME:
            at = hit.passage.start + text.index(words, begin)
            return Span(at, at + len(words))
        end = begin - 1
    return None


def _around(hit: Hit, start: int) -> frozenset[str]:
    """The terms of title, headings, and the lines that head the table."""
    lines = hit.passage.text[: max(0, start - hit.passage.start)].split("\n")
    heads = [line for line in lines if line.strip() and len(line) <= _MOST_NAME and not cells_of(line)][-_HEADS:]
    return frozenset(terms(" ".join([hit.passage.title, hit.passage.heading, *heads])))


def _words(hit: Hit, span: Span) -> str:
    return hit.passage.text[span.start - hit.passage.start : span.end - hit.passage.start]


def _terms_of(hit: Hit, span: Span | None) -> frozenset[str]:
    return frozenset(terms(_words(hit, span))) - STOP_WORDS if span else frozenset()
