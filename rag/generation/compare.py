"""Compares the facts of a sentence with those of its source: what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.generation.dates import Date
from rag.generation.facts import Facts, Name, read_facts
from rag.generation.numbers import Number
from rag.generation.words import STOPWORDS, stem

__all__ = ["missing_facts", "shared"]

_PARTS = {"half": (0.5, 50.0), "quarter": (0.25, 25.0), "third": (33.0, 33.3), "fifth": (20.0,), "tenth": (10.0,)}
_HEDGE = re.compile(
    r"(?i)\b(?:about|around|approximately|approx|roughly|nearly|almost|some|over|more than|under|less than|"
    r"circa|ca|close to|just|at least|at most|up to|etwa|rund|knapp|über)\W*$"
)
_DEMONYM_ENDINGS = frozenset(
    ["", "a", "n", "an", "ian", "ians", "ns", "ans", "ese", "ish", "y", "i", "is", "ic", "s", "es", "ia", "ean", "eans"]
)


def missing_facts(sentence: str, source: str, context: str = "") -> list[str]:
    """The numbers, dates, codes and names of ``sentence`` that ``source`` does not hold, said in words."""
    said, told, around = read_facts(sentence), read_facts(source), read_facts(context)
    reasons = [
        f"number {number.text} is not in the source"
        for number in said.numbers
        if not _has_number(number, sentence, told)
    ]
    reasons += [f"date {date.text} is not in the source" for date in said.dates if not _has_date(date, told)]
    reasons += [f"{code.text} is not in the source" for code in said.codes if not _has_code(code, told, source)]
    known = _Known(told, source, around)
    reasons += [f"name {name.text} is not in the source" for name in said.names if not known.has(name)]
    return reasons


def _has_number(number: Number, sentence: str, told: Facts) -> bool:
    hedged = bool(_HEDGE.search(sentence[: number.start]))
    said = set(read_facts(sentence).words)
    others = [other for other in told.numbers if other.is_ordinal and other.text.casefold() not in said]
    for other in told.numbers:
        if number.is_ordinal and not other.is_ordinal and others:
            continue  # "the third" is not one of "three" where the source speaks of the second
        if number.unit and other.unit and number.unit != other.unit:
            continue
        for a in number.values:
            for b in other.values:
                if a == b or (hedged and number.digits < other.digits and _rounds_to(b, a, number.digits)):
                    return True
    years = {float(year) for date in told.dates for year, _, _ in date.readings}
    parts = {value for word in told.words for value in _PARTS.get(word, ())}
    shares = {value for word in re.findall(r"\w+", number.text.casefold()) for value in _PARTS.get(word, ())}
    stated = {value for other in told.numbers for value in other.values}
    return bool(number.values & (years | parts)) or bool(shares & stated)


def _rounds_to(exact: float, said: float, digits: int) -> bool:
    return float(f"{exact:.{digits - 1}e}") == said


def _has_date(date: Date, told: Facts) -> bool:
    """Whether the source gives every part of the date; the year may stand apart from a day that has none."""
    stated = {reading for other in told.dates for reading in other.readings}
    years = {value for number in told.numbers for value in number.values} | {year for year, _, _ in stated}
    for year, month, day in date.readings:
        alike = [(y, d) for y, m, d in stated if m == month and day in (0, d)]
        if any(y == year for y, _ in alike) or (alike and not year):
            return True
        if year in years and alike and not any(y for y, _ in alike):
            return True
    return False


def _has_code(code: Name, told: Facts, source: str) -> bool:
    return any(code.parts == other.parts for other in told.codes) or code.parts[0] in re.sub(
        r"[\W_]", "", source.casefold()
    ).split("\0")


class _Known:
    """The words of a source under which a name may be found."""

    def __init__(self, told: Facts, source: str, around: Facts) -> None:
        self.words = frozenset(told.words) | frozenset(around.words)
        self.stems = frozenset(stem(word) for word in self.words)
        self.joined = " " + " ".join((*told.words, *around.words)) + " "
        self.initials = _initials((*told.names, *around.names))
        self.acronyms = frozenset(name.text for name in (*told.names, *around.names) if name.text.isupper())

    def has(self, name: Name) -> bool:
        joined = "".join(name.parts)
        if name.text.isupper() and any(joined in initials for initials in self.initials):
            return True
        if len(name.parts) > 1 and "".join(part[0] for part in name.parts).upper() in self.acronyms:
            return True
        parts = [piece for part in name.parts for piece in re.split(r"[^\w]+", part) if piece]
        if name.opens:  # a capital that the place at the start may have made
            return True
        return all(self._has_part(part) for part in parts)

    def _has_part(self, part: str) -> bool:
        if part in self.words or stem(part) in self.stems or part in STOPWORDS:
            return True
        return any(_same_root(part, word) for word in self.words if word[:4] == part[:4])


def _initials(names: Iterable[Name]) -> frozenset[str]:
    return frozenset("".join(part[0] for part in name.parts) for name in names if len(name.parts) > 1)


def _same_root(a: str, b: str) -> bool:
    """Whether two words differ as a country and its people do (China, Chinese)."""
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n >= 4 and a[n:] in _DEMONYM_ENDINGS and b[n:] in _DEMONYM_ENDINGS


def shared(sentence: str, source: str) -> float:
    """The share of the sentence's content words that the source holds, 0 to 1."""
    said, told = read_facts(sentence).terms, read_facts(source).terms
    if not said:
        return 1.0
    roots = {term[:5] for term in told if len(term) >= 5}
    return sum(term in told or (len(term) >= 5 and term[:5] in roots) for term in said) / len(said)
