"""Which words of a sentence are the short answer: the best fact of ``spans``, made whole, or the right cell of a row.

A wrong fact in bold is worse than none: what is not of the kind asked for is never marked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.documents.rows import RowCell, read_row
from rag.generation import spans
from rag.generation.abbreviations import spelled_out
from rag.generation.clauses import said_with
from rag.generation.figures import is_such_figure
from rag.generation.fitting import HOUR, ROLES, fits, inside
from rag.generation.model import coefficients
from rag.generation.question import UNITS, Asked
from rag.generation.rarity import related_to
from rag.generation.spans import Fact
from rag.generation.tokens import MAGNITUDES, SYMBOLS, TIME_NOUNS, Word, is_number, is_time, read_words
from rag.index import terms
from rag.plugins import Read

__all__ = ["is_row", "mark"]

# "how many cars": a number of cars goes before any other number, however the weights stand
_UNIT_BONUS = 3.0
# words of the clause that says what was asked go before those of another, figures above all. Marked facts of
# squad2_dev in the right sentence have a token F1 of .624 without, .652 with these (561 questions); 4 for a time
# as well loses .03 of its .713
_CLAUSE_BONUS, _CLAUSE_BONUS_NUMBER = 1.5, 4.0
# "when": the weekday on which something was said has nothing to do with it
_WEEKDAY_MALUS = 5.0
_DAY_ASKED = re.compile(r"(?i)\bday|tag\b|\bjours?\b|\bd[ií]as?\b|\bgiorn[oi]\b")
# "which knee": what has the word before what has not
_FOCUS_BONUS = 2.0
# "when does it end": of "from May 1 through August 31" the second
_END_ASKED = re.compile(
    r"\b(?:ends?|ended|finish\w*|expires?|close[sd]?|deadline|at the latest|until when|how late|endet|enden|schließt|"
    r"schließen|bis wann|finit|finissent|termine(?:nt)?|ferme(?:nt)?|jusqu|terminan?|cierran?|acaban?|hasta cuándo|"
    r"chiud\w+|finisc\w+|fino a quando)\b",
    re.IGNORECASE,
)
_START_ASKED = re.compile(
    r"\b(?:starts?|started|begins?|began|opens?|opened|from when|how early|beginn\w*|öffne\w*|ab wann|commence(?:nt)?|"
    r"ouvre(?:nt)?|débute(?:nt)?|empiezan?|comienzan?|abren?|desde cuándo|inizia\w*|cominci\w+|apr(?:e|ono)|"
    r"da quando)\b",
    re.IGNORECASE,
)
_UP_TO = (
    r"\s*(?:\b(?:to|through|thru|until|till|bis|à|au|jusqu['’]au?|al?|hasta|fino)\b(?: the| den| zum| le| il| el| al)?|"
    r"[–—-])\s*"
)
_IS_UP_TO, _UP_TO_COMES = re.compile(_UP_TO + "$", re.IGNORECASE), re.compile(_UP_TO, re.IGNORECASE)
_RANGE_BONUS = 5.0
# What the reader's log-probability of a fact counts, whose typical value for a right one is made up for; a lower one
# than the least tells nothing. Token F1 of the fact in the right sentence with 0, .25, .5, 1 and 2 (724 questions, each
# read by a reader that had not seen its article): .661, .713, .729, .715, .713 of squad2_dev and .726, .778, .786,
# .800, .793 of plain
_READER, _TYPICAL, _LEAST = 0.5, 2.5, -16.0
# the score of a fact that is a cell, on the scale of the model: as sure as one next to all words of the question
_CELL_SCORE = 6.0


def is_row(text: str) -> bool:
    """Whether a sentence is a row of a table."""
    return bool(read_row(text))


def mark(
    asked: Asked, text: str, weight: Mapping[str, float], language: str | None = None, read: Read | None = None
) -> tuple[Fact, float] | None:
    """The short answer in a sentence with its score; None when nothing there could be one. ``read`` is what a reader
    says of the sentence."""
    if is_row(text):
        cell = _cell(asked, text, weight, language)
        return (cell, _CELL_SCORE) if cell else None
    weight = spelled_out(asked.text, text, weight)
    words = read_words(text, language)
    options = [o for o in spans.facts(asked, text, weight, language) if fits(asked, text, words, o, language)]
    options = [option for option in options if is_such_figure(asked.text, text, option.start, option.end)]
    if not options:
        return None
    values = np.array([option.features for option in options]) @ coefficients("fact", spans.FEATURES)
    values += [_UNIT_BONUS * _has_unit(asked, words, option) for option in options]
    if read:
        values += [_READER * (_TYPICAL + said_by(read, option)) for option in options]
    best = int(np.argmax(values + _belonging(asked, text, words, options, weight)))
    fact = _whole(options[best], text, words, asked)
    known = frozenset(terms(asked.text, language)) | weight.keys()
    if asked.kind == "person":
        fact = _without_role(words, fact, known)
    if all(word.is_function or known.issuperset(word.terms) for word in inside(words, fact)):
        return None  # made whole, it is what the question said already
    return fact, float(values[best])


def said_by(read: Read, fact: Fact) -> float:
    """The log-probability by the reader that the short answer is this fact, at least ``_LEAST``."""
    held = [i for i, (start, end) in enumerate(read.offsets) if start < fact.end and fact.start < end]
    return max(_LEAST, read.starts[held[0]] + read.ends[held[-1]]) if held else _LEAST


def _belonging(
    asked: Asked, text: str, words: Sequence[Word], options: Sequence[Fact], weight: Mapping[str, float]
) -> NDArray[np.float64]:
    """What speaks for each fact beside the others of its sentence; nothing that tells one sentence from another."""
    said = dict(zip((word.start for word in words), said_with(words, weight, asked.kind == "number"), strict=True))
    bonus = _CLAUSE_BONUS_NUMBER if asked.kind == "number" else _CLAUSE_BONUS
    found = bonus * np.array([max(said[word.start] for word in inside(words, one)) for one in options], dtype=float)
    column = {name: i for i, name in enumerate(spans.FEATURES)}
    if asked.kind == "choice":
        found += [_FOCUS_BONUS * option.features[column["focus inside"]] for option in options]
    ends, starts = bool(_END_ASKED.search(asked.text)), bool(_START_ASKED.search(asked.text))
    if ends != starts:
        found += [_RANGE_BONUS * (_range_end(text, one) * (1 if ends else -1)) for one in options]
    if not _DAY_ASKED.search(asked.text):
        found -= [_WEEKDAY_MALUS * option.features[column["weekday"]] for option in options]
    return found


def _range_end(text: str, fact: Fact) -> int:
    """1 when a fact is the end of a stretch ("through August 31"), -1 when it is its beginning, else 0."""
    ends, begins = _IS_UP_TO.search(text[: fact.start]), _UP_TO_COMES.match(text[fact.end :])
    return bool(ends) - bool(begins)


def _has_unit(asked: Asked, words: Sequence[Word], fact: Fact) -> bool:
    """Whether a number has the very unit that the question asks for, in it or right behind it."""
    if asked.kind not in ("number", "time") or fact.shape not in ("number", "quantity", "time"):
        return False
    last = max((i for i, word in enumerate(words) if word.start < fact.end), default=0)
    near = [*inside(words, fact), *words[last + 1 : last + 2]]
    if asked.units:
        return any(word.lower in asked.units or word.lower.rstrip(".") in asked.units for word in near)
    column = {name: i for i, name in enumerate(spans.FEATURES)}
    beside = fact.features[column["unit beside"]] or fact.features[column["focus inside"]]
    return asked.kind == "number" and bool(beside) and fact.shape != "time"


# -- rows of tables ---------------------------------------------------------------------------------------------


def _cell(asked: Asked, text: str, weight: Mapping[str, float], language: str | None) -> Fact | None:
    """The cell whose name is asked for, or the only one of the kind asked for; not one that the question names, nor a
    figure in a row that is about something else."""
    best, best_score = None, 0.0
    row = read_row(text)
    if asked.kind in ("number", "time") and not _is_named(text, row, weight, language):
        return None
    for named, span in row:
        name, value = text[named.start : named.end], text[span.start : span.end]
        held = frozenset(terms(value, language))
        if held and held <= weight.keys():
            continue
        words = read_words(value, language)
        score = sum(weight[term] for term in related_to(weight, frozenset(terms(name, language))))
        score += 0.3 * _kind_of_cell(asked, words) if asked.is_short else 0.0
        if score > best_score:
            best, best_score = span, score
    return Fact(best.start, best.end, "cell", ()) if best else None


def _is_named(text: str, row: Sequence[RowCell], weight: Mapping[str, float], language: str | None) -> bool:
    """Whether the question has a word of what a row is about, its first cell; a row of figures alone is about nothing
    in particular."""
    first = text[row[0].value.start : row[0].value.end]
    return any(map(str.isdigit, first)) or bool(related_to(frozenset(terms(first, language)), frozenset(weight)))


def _kind_of_cell(asked: Asked, words: Sequence[Word]) -> float:
    numbers = any(is_number(word) for word in words)
    if asked.kind == "number":
        money = any(word.text in SYMBOLS or word.lower in MAGNITUDES for word in words)
        return (1.0 if money else 0.3) if asked.wants_money and numbers else float(numbers)
    if asked.kind == "time":
        return float(any(is_time(word) or word.lower in TIME_NOUNS for word in words))
    return float(not numbers and any(word.is_capital for word in words))


# -- facts made whole -------------------------------------------------------------------------------------------


def _without_role(words: Sequence[Word], fact: Fact, known: frozenset[str]) -> Fact:
    """The name alone where the question says the role that stands before it: "Chairwoman, Ida Holm"."""
    piece = inside(words, fact)
    roles = next((i for i, word in enumerate(piece) if word.lower not in ROLES and not word.is_function), len(piece))
    said = any(known.issuperset(word.terms) for word in piece[:roles] if word.terms)
    return Fact(piece[roles].start, fact.end, fact.shape, fact.features) if said and roles < len(piece) else fact


def _whole(fact: Fact, text: str, words: Sequence[Word], asked: Asked) -> Fact:
    """The fact, grown to the whole of a name, an enumeration, a date or an amount that it cuts, and without what leads
    up to a number: nobody wants half a name in bold."""
    a = next((i for i, word in enumerate(words) if word.start >= fact.start), None)
    b = next((i + 1 for i in range(len(words) - 1, -1, -1) if words[i].end <= fact.end), None)
    if a is None or b is None or a >= b:
        return fact
    if asked.kind == "time":
        hours = [at for at in HOUR.finditer(text) if at.start() < fact.end and fact.start < at.end()]
        if hours:
            return Fact(*hours[0].span(), fact.shape, fact.features)
    if words[b - 1].is_capital and words[a].is_capital and asked.kind != "time":
        a, b = _whole_name(words, a, b)
    if asked.kind == "time":
        times = [(c, d) for c, d, shape in spans.runs(words) if shape == "time" and c < b and a < d]
        a, b = max([*times, (a, b)], key=lambda pair: (pair[1] - pair[0], _is_date_alone(words[slice(*pair)])))
        if b < len(words) and is_number(words[b - 1]) and words[b].lower in TIME_NOUNS and words[b].gap == " ":
            b += 1
    if asked.is_plural:
        found = [(c, _end_of_names(words, c, d)) for c, d, shape in spans.runs(words) if shape == "series"]
        a, b = max([*((c, d) for c, d in found if c <= a < d), (a, b)], key=lambda pair: pair[1] - pair[0])
    if asked.kind == "number" and any(is_number(word) for word in words[a:b]):
        while not is_number(words[a]) and words[a].text not in SYMBOLS:
            a += 1
        while b < len(words) and words[b].lower in MAGNITUDES | UNITS and words[b].gap in (" ", "-", "\u00a0"):
            b += 1
        return Fact(*spans.with_symbols(text, words[a].start, words[b - 1].end), fact.shape, fact.features)
    if a > 1 and words[a].is_capital and words[a - 1].lower in ("of", "de") and words[a - 2].is_capital:
        a -= 2
    start, end = words[a].start, max(words[b - 1].end, 0 if asked.is_plural or asked.kind == "time" else fact.end)
    return Fact(start, end, fact.shape, fact.features)


def _is_date_alone(piece: Sequence[Word]) -> bool:
    return all(is_time(word) or is_number(word) or word.is_function for word in piece)


def _whole_name(words: Sequence[Word], a: int, b: int) -> tuple[int, int]:
    joins = (" ", " & ")
    while b < len(words) and words[b].is_capital and not words[b].is_function and words[b].gap in joins:
        b += 1
    while a > 0 and words[a - 1].is_capital and not words[a - 1].is_function and words[a].gap in joins and (
        a > 1 or words[a].gap == " & "
    ):  # fmt: skip
        a -= 1
    return a, b


def _end_of_names(words: Sequence[Word], first: int, end: int) -> int:
    """Where an enumeration that begins with a name leaves off naming: "Norway and Iceland signed" ends at "Iceland"."""
    if words[first].is_capital:
        end = next((i for i in range(first, end) if not words[i].is_capital and not words[i].is_function), end)
    while end > first + 1 and words[end - 1].is_function:
        end -= 1
    return end
