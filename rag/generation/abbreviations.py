"""An abbreviation and what it stands for are the same: "CEO" is said where a text says "Chief Executive Officer", and
the other way round. Nothing is looked up: the initials of words that stand together tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from rag.generation.figures import said_by_figure
from rag.index.terms import terms

__all__ = ["said_otherwise", "spelled_out"]

_SHORT = re.compile(r"\b[A-ZÀ-Þ]{2,6}\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_BETWEEN = r"(?:[ -](?:of|and|for|the|to|in|de|du|des|la|le|les|et|und|der|für|von|y|e|del|di|della|dei))*[ -]\s*"
# with fewer letters only capitals tell: "an hour" is no AH
_PLAIN = 3
_MOST = 6


def said_otherwise(question: str, text: str) -> frozenset[str]:
    """The terms of a question that a text says only as an abbreviation, or spelled out, or by a figure."""
    found: set[str] = set()
    for short, pattern in _patterns(question):
        if pattern.search(text):
            found.update(terms(short))
    wanted = _abbreviated(question)
    for short in wanted.keys() & set(_SHORT.findall(text)):
        found |= wanted[short]
    return frozenset(found) | said_by_figure(question, text)


def spelled_out(question: str, text: str, weight: Mapping[str, float]) -> dict[str, float]:
    """``weight`` with that of an abbreviation given as well to the words that a text spells it out with, to those that
    tell it from others there: of a "Chief Financial Officer" beside a "Chief Executive Officer" to "financial"."""
    told = dict(weight)
    for short, pattern in _patterns(question):
        if match := pattern.search(text):
            counts = Counter(terms(text))
            words = terms(match[0])
            fewest = min(counts[term] for term in words)
            rare = [term for term in words if counts[term] == fewest]
            share = sum(weight.get(one, 0.0) for one in terms(short)) / len(rare)
            told |= {term: share if term in rare else 0.0 for term in words}
    return told


@lru_cache(64)
def _patterns(question: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The abbreviations in a question, each with what finds it spelled out."""
    if question.isupper():
        return ()
    return tuple(
        (
            short,
            re.compile(
                r"\b" + _BETWEEN.join(rf"{letter}[^\W\d_]+" for letter in short),
                re.IGNORECASE if len(short) >= _PLAIN else 0,
            ),
        )
        for short in dict.fromkeys(_SHORT.findall(question))
    )


@lru_cache(64)
def _abbreviated(question: str) -> dict[str, frozenset[str]]:
    """What words that stand together in a question would be abbreviated to, with their terms."""
    words = _WORD.findall(question)
    return {
        "".join(word[0] for word in words[a:b]).upper(): frozenset(terms(" ".join(words[a:b])))
        for a in range(len(words))
        for b in range(a + _PLAIN, min(len(words), a + _MOST) + 1)
    }
