"""Which words of a sentence are the short answer: the best fact of ``spans``, made whole, or the right cell of a row.

A wrong fact in bold is worse than none: what is not of the kind asked for is never marked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from rag.documents.rows import read_row
from rag.generation import spans
from rag.generation.model import coefficients
from rag.generation.question import UNITS, Asked
from rag.generation.rarity import related_to
from rag.generation.spans import MAGNITUDES, SYMBOLS, TIME_NOUNS, Fact, Word, is_number, is_time, read_words
from rag.index import terms

__all__ = ["is_row", "kind_fits", "mark"]

# "how many cars": a number of cars goes before any other number, however the weights stand
_UNIT_BONUS = 3.0
# how many words from a number its unit may stand
_NEAR = 3
_CONTACT = re.compile(
    r"\b(phone|telephone|fax|telefon\w*|téléphone|teléfono|telefono)\b.*\?|(phone|fax) number", re.IGNORECASE
)
_DIGITS_TO_CALL = 6
# the score of a fact that is a cell, on the scale of the model: as sure as one next to all words of the question
_CELL_SCORE = 6.0


def is_row(text: str) -> bool:
    """Whether a sentence is a row of a table."""
    return bool(read_row(text))


def mark(
    asked: Asked, text: str, weight: Mapping[str, float], language: str | None = None
) -> tuple[Fact, float] | None:
    """The short answer in a sentence with its score; None when nothing there could be one."""
    if is_row(text):
        cell = _cell(asked, text, weight, language)
        return (cell, _CELL_SCORE) if cell else None
    words = read_words(text, language)
    options = [o for o in spans.facts(asked, text, weight, language) if _fits(asked, words, o, language)]
    if not options:
        return None
    values = np.array([option.features for option in options]) @ coefficients("fact", spans.FEATURES)
    values += [_UNIT_BONUS * _has_unit(asked, words, option) for option in options]
    best = int(np.argmax(values))
    fact = _whole(options[best], text, words, asked)
    known = frozenset(terms(asked.text, language))
    if all(word.is_function or known.issuperset(word.terms) for word in _inside(words, fact)):
        return None  # made whole, it is what the question said already
    return fact, float(values[best])


def kind_fits(asked: Asked, words: Sequence[Word], weight: Mapping[str, float]) -> float:
    """1 when words hold something of the very kind asked for that the question does not hold itself (a number of the
    things counted, a measure with its unit, a date, a name, a telephone number), -1 when they do not, and 0 where
    anything might be an answer."""
    if _CONTACT.search(asked.text):
        return 1.0 if sum(c.isdigit() for word in words for c in word.text) >= _DIGITS_TO_CALL else -1.0
    new = [word for word in words if not weight.keys() >= set(word.terms) or not word.terms]
    if "daily" in asked.units:
        return 1.0 if any(word.lower in asked.units for word in new) else -1.0
    if asked.kind == "number":
        return 1.0 if any(_measures(asked, words, i) for i, word in enumerate(words) if word in new) else -1.0
    if asked.kind == "time":
        return 1.0 if any(is_time(word) or is_number(word) or word.lower in TIME_NOUNS for word in new) else -1.0
    if asked.kind == "person":
        return 1.0 if any(word.is_capital and not word.is_function for word in new) else -1.0
    return 0.0


def _measures(asked: Asked, words: Sequence[Word], i: int) -> bool:
    """Whether word ``i`` is a number with what was asked for around it."""
    if not is_number(words[i]):
        return False
    after = words[i + 1 : i + 1 + _NEAR]
    if asked.counted:
        near = frozenset(term for word in (*words[max(0, i - _NEAR) : i], *after) for term in word.terms)
        return bool(related_to(asked.counted, near))
    if asked.units:
        return any(word.lower in asked.units for word in after)
    if asked.wants_money:
        return any(word.text in SYMBOLS or word.lower in MAGNITUDES for word in (*words[max(0, i - 1) : i], *after))
    return True


def _inside(words: Sequence[Word], fact: Fact) -> list[Word]:
    return [word for word in words if word.start < fact.end and word.end > fact.start]


def _fits(asked: Asked, words: Sequence[Word], fact: Fact, language: str | None) -> bool:
    """Whether a fact is of the kind asked for, as far as that shows."""
    piece = _inside(words, fact)
    after = [word for word in words if word.start >= fact.end][:1]
    is_date = all(is_time(word) or word.is_function for word in piece)
    if asked.kind == "number":
        others = any(is_number(word) and not is_time(word) for word in words)
        return any(is_number(word) for word in piece) and not (is_date and (asked.units or others))
    if asked.kind == "time":
        return any(is_time(word) or word.lower in TIME_NOUNS for word in (*piece, *after))
    if asked.kind == "choice":
        return not is_date and not all(is_number(word) for word in piece)
    if asked.kind == "person" and language != "german":
        return any(word.is_capital and not word.is_function for word in piece)
    return True


def _has_unit(asked: Asked, words: Sequence[Word], fact: Fact) -> bool:
    """Whether a number has the very unit that the question asks for, in it or right behind it."""
    if asked.kind not in ("number", "time") or fact.shape not in ("number", "quantity", "time"):
        return False
    last = max((i for i, word in enumerate(words) if word.start < fact.end), default=0)
    near = [*_inside(words, fact), *words[last + 1 : last + 2]]
    if asked.units:
        return any(word.lower in asked.units or word.lower.rstrip(".") in asked.units for word in near)
    column = {name: i for i, name in enumerate(spans.FEATURES)}
    beside = fact.features[column["unit beside"]] or fact.features[column["focus inside"]]
    return asked.kind == "number" and bool(beside) and fact.shape != "time"


# -- rows of tables ---------------------------------------------------------------------------------------------


def _cell(asked: Asked, text: str, weight: Mapping[str, float], language: str | None) -> Fact | None:
    """The cell whose name is asked for, or the only one of the kind asked for; not one that the question names."""
    best, best_score = None, 0.0
    for named, span in read_row(text):
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


def _kind_of_cell(asked: Asked, words: Sequence[Word]) -> float:
    numbers = any(is_number(word) for word in words)
    if asked.kind == "number":
        money = any(word.text in SYMBOLS or word.lower in MAGNITUDES for word in words)
        return (1.0 if money else 0.3) if asked.wants_money and numbers else float(numbers)
    if asked.kind == "time":
        return float(any(is_time(word) or word.lower in TIME_NOUNS for word in words))
    return float(not numbers and any(word.is_capital for word in words))


# -- facts made whole -------------------------------------------------------------------------------------------


def _whole(fact: Fact, text: str, words: Sequence[Word], asked: Asked) -> Fact:
    """The fact, grown to the whole of a name, an enumeration, a date or an amount that it cuts, and without what leads
    up to a number: nobody wants half a name in bold."""
    a = next((i for i, word in enumerate(words) if word.start >= fact.start), None)
    b = next((i + 1 for i in range(len(words) - 1, -1, -1) if words[i].end <= fact.end), None)
    if a is None or b is None or a >= b:
        return fact
    if words[b - 1].is_capital and words[a].is_capital and asked.kind != "time":
        a, b = _whole_name(words, a, b)
    if asked.kind == "time":
        times = [(c, d) for c, d, shape in spans.runs(words) if shape == "time" and c < b and a < d]
        a, b = max([*times, (a, b)], key=lambda pair: pair[1] - pair[0])
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
    start, end = words[a].start, max(words[b - 1].end, fact.end if not asked.is_plural else 0)
    return Fact(start, end, fact.shape, fact.features)


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
