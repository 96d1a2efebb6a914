"""Sources that say different things: two sentences about the same thing with different numbers or dates.

Only where both answer the question about equally well, stand in different documents, share most of their words,
and no number or date of the one occurs in the other. What two names tell apart is no conflict; what two years tell
apart ("in 2022 … 31 million", "in 2023 … 37 million", or the reports of two years) is two answers, not a conflict.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rag.generation.choice import Reading
from rag.generation.facts import Facts, read_facts
from rag.index import STOP_WORDS

__all__ = ["Conflict", "conflict"]

_LOOKED_AT = 6
# share of words that two sentences about the same thing have in common, numbers aside
_SAME_THING = 0.5
# how much less likely the other sentence may be, as a logit
_WITHIN = 3.0
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
# the same length, weight or size in another unit is no other value
_SCALE = {"km": 1e3, "cm": 1e-2, "mm": 1e-3, "kg": 1e3, "tonne": 1e6, "mb": 1e3, "gb": 1e6, "tb": 1e9}


class Conflict(NamedTuple):
    """The best candidate and one that says otherwise; ``of_two_dates`` when they speak of two years."""

    one: int
    other: int
    of_two_dates: bool


def conflict(reading: Reading) -> Conflict | None:
    """The best candidate and one that contradicts it, or None."""
    if not reading.ranked:
        return None
    best = reading.ranked[0]
    for other in reading.ranked[1:_LOOKED_AT]:
        if reading.scores[best] - reading.scores[other] > _WITHIN:
            break
        if _document(reading, best) != _document(reading, other) and _differ(reading, best, other):
            years = _years(reading, best), _years(reading, other)
            apart = bool(years[0] and years[1] and not years[0] & years[1])
            return Conflict(best, other, apart and all(_values(reading, i) for i in (best, other)))
    return None


def _document(reading: Reading, i: int) -> str:
    return reading.evidence[reading.candidates[i].number - 1].passage.document_id


def _differ(reading: Reading, one: int, other: int) -> bool:
    a, b = reading.candidates[one], reading.candidates[other]
    words_a, words_b = ({t for t in c.terms if not any(x.isdigit() for x in t)} - STOP_WORDS for c in (a, b))
    if len(words_a & words_b) < _SAME_THING * min(len(words_a), len(words_b)) or len(words_a & words_b) < 3:
        return False
    facts_a, facts_b = read_facts(a.text), read_facts(b.text)
    if _names(facts_a) ^ _names(facts_b):
        return False
    values_a: set[object] = {*_values(reading, one)}
    values_b: set[object] = {*_values(reading, other)}
    if not (values_a and values_b):  # the year or the day is what is told
        values_a, values_b = _dates(reading, facts_a), _dates(reading, facts_b)
    return bool(values_a) and bool(values_b) and not values_a & values_b


def _names(facts: Facts) -> set[str]:
    return {part for name in facts.names if not name.opens for part in name.parts}


def _values(reading: Reading, i: int) -> set[float]:
    """The numbers of a sentence, in one unit, that are no year and that the question does not hold itself."""
    asked = {value for number in read_facts(reading.asked.text).numbers for value in number.values}
    return {
        round(value * _SCALE.get(number.unit, 1.0), 6)
        for number in read_facts(reading.candidates[i].text).numbers
        for value in number.values
        if value not in asked and not (not number.unit and _YEAR.fullmatch(number.text))
    }


def _dates(reading: Reading, facts: Facts) -> set[object]:
    """The days and years of a sentence that the question does not hold itself."""
    years = {int(year) for year in _YEAR.findall(reading.asked.text)}
    days = {day for date in facts.dates for day in date.readings}
    return {*days, *({int(y) for n in facts.numbers for y in _YEAR.findall(n.text)} - years)}


def _years(reading: Reading, i: int) -> set[str]:
    """The years that a sentence speaks of, or for want of any those of its heading, title or file."""
    passage = reading.evidence[reading.candidates[i].number - 1].passage
    for text in (reading.candidates[i].text, passage.heading, passage.title, passage.source):
        if years := set(_YEAR.findall(text)):
            return years
    return set()
