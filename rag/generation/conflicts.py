"""Sources that say different things: two sentences about the same thing with different numbers or dates.

Only where both answer the question about equally well, stand in different documents, share most of their words,
and no number or date of the one occurs in the other. What two years or two names tell apart is no conflict.
"""

from __future__ import annotations

from rag.generation.choice import Reading
from rag.generation.facts import Facts, read_facts
from rag.index import STOP_WORDS

__all__ = ["conflict"]

_LOOKED_AT = 6
# share of words that two sentences about the same thing have in common, numbers aside
_SAME_THING = 0.5
# how much less likely the other sentence may be, as a logit
_WITHIN = 3.0


def conflict(reading: Reading) -> tuple[int, int] | None:
    """The best candidate and one that contradicts it, or None."""
    if not reading.ranked:
        return None
    best = reading.ranked[0]
    for other in reading.ranked[1:_LOOKED_AT]:
        if reading.scores[best] - reading.scores[other] > _WITHIN:
            break
        if _document(reading, best) != _document(reading, other) and _differ(reading, best, other):
            return best, other
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
    values_a, values_b = _values(facts_a, reading), _values(facts_b, reading)
    return bool(values_a) and bool(values_b) and not values_a & values_b


def _names(facts: Facts) -> set[str]:
    return {part for name in facts.names if not name.opens for part in name.parts}


def _values(facts: Facts, reading: Reading) -> set[object]:
    """The numbers and dates of a sentence that the question does not hold itself."""
    asked = read_facts(reading.asked.text)
    known = {value for number in asked.numbers for value in number.values}
    numbers = {value for number in facts.numbers for value in number.values if value not in known}
    return {*numbers, *(reading_ for date in facts.dates for reading_ in date.readings)}
