"""Compares the facts of a sentence with those of its source: what is missing, what is turned round."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rag.generation.dates import Date
from rag.generation.facts import Facts, Name, read_facts
from rag.generation.numbers import Number
from rag.generation.opposites import opposites
from rag.generation.words import STOPWORDS, is_content, is_negation, is_soft_negation, stem

__all__ = ["missing_facts", "polarity_differs", "shared"]

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"'“(\[]?[A-ZÄÖÜ])|\n{2,}")
_PARTS = {"half": (0.5, 50.0), "quarter": (0.25, 25.0), "third": (33.0, 33.3), "fifth": (20.0,), "tenth": (10.0,)}
_ENDS = {"from": {"to"}, "to": {"from"}}
_CLAUSE = re.compile(r"[,;:()–—]\s|\bbut\b|\bwhile\b|\bwhereas\b")
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
    for other in told.numbers:
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
    """Whether the source gives every part of the date; the year may stand apart."""
    years = {value for number in told.numbers for value in number.values}
    years |= {year for other in told.dates for year, _, _ in other.readings}
    for year, month, day in date.readings:
        for other in told.dates:
            for other_year, other_month, other_day in other.readings:
                fits_day = month == other_month and day in (0, other_day)
                if fits_day and (year in (0, other_year) or (not other_year and year in years)):
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


def polarity_differs(sentence: str, source: str) -> list[str]:
    """A denial on one side only, and opposites in place of words."""
    nearest = _nearest(sentence, source)
    said, told = read_facts(sentence), read_facts(nearest)
    reasons = []
    ours, theirs = _denials(sentence, told.terms), _denials(nearest, said.terms)
    if ours.hard % 2 != theirs.hard % 2 and (ours.hard + ours.soft) % 2 != (theirs.hard + theirs.soft) % 2:
        reasons.append("denies what the source says" if ours.hard > theirs.hard else "says what the source denies")
    turned = _turned(said.words, told.words)
    if turned:
        reasons.append(f"“{turned}” where the source has the opposite")
    for term in said.terms - told.terms:
        opposite = opposites(term) & (told.terms - said.terms)
        if opposite and ours.hard == theirs.hard:
            reasons.append(f"the opposite of “{min(opposite)}” in the source")
    return reasons


def _turned(said: tuple[str, ...], told: tuple[str, ...]) -> str:
    """A small word before something that has its opposite before it in the source ("before July",
    "from Bern to Zug"), or ""."""
    ours, theirs = _led(said), _led(told)
    for lead, follower in ours:
        others = opposites(stem(lead)) | _ENDS.get(lead, set())
        is_there = any(b == follower and stem(a) == stem(lead) for a, b in theirs)
        if not is_there and any(b == follower and (a in others or stem(a) in others) for a, b in theirs):
            return f"{lead} {follower}"
    return ""


def _led(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each small word that has an opposite, with the next word of content after it."""
    found = []
    for i, word in enumerate(words):
        if word in STOPWORDS and (word in _ENDS or opposites(stem(word))):
            follower = next((after for after in words[i + 1 : i + 4] if is_content(after)), "")
            if follower:
                found.append((word, follower))
    return found


class _Denials(NamedTuple):
    hard: int  # "not", "no", "without"
    soft: int  # "fail", "except", "unlikely": may stand for a denial, or not


def _denials(text: str, other: frozenset[str]) -> _Denials:
    """The denials in the clauses of ``text`` that share a word with ``other``; one that denies a soft
    one ("not excluded") takes it back."""
    hard = soft = 0
    for clause in _CLAUSE.split(text):
        facts = read_facts(clause)
        if not facts.terms & other:
            continue
        n_hard = facts.negations
        n_soft = sum(is_soft_negation(word) for word in facts.words)
        for i, word in enumerate(facts.words):
            if is_negation(word) and any(is_soft_negation(after) for after in facts.words[i + 1 : i + 3]):
                n_hard, n_soft = n_hard - 1, n_soft - 1
        hard, soft = hard + n_hard, soft + max(0, n_soft)
    return _Denials(hard, soft)


def _nearest(sentence: str, source: str) -> str:
    """The sentence of the source that says most of what the sentence says; the whole source when the
    sentence takes from several."""
    said = read_facts(sentence).terms
    parts = _SENTENCE_END.split(source)
    common = [len(said & read_facts(part).terms) for part in parts]
    together = len(said & read_facts(source).terms)
    return parts[common.index(max(common))] if max(common) >= 0.7 * together else source
