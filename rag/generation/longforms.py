"""Questions for the long form of an abbreviation: "What does SCO stand for?".

The answer is a sentence that has the long form beside it, its words beginning with the letters of the abbreviation:
"the Shanghai Cooperation Organization (SCO)", "SCO (Shanghai Cooperation Organization)", "SCO = Shanghai Cooperation
Organization"; or one that says "SCO stands for". The questions are read in English, German, French, Spanish and
Italian.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rag.generation.choice import Reading
from rag.types import Span

__all__ = ["LongForm", "asks_for_long_form", "long_form"]

_SHORT = r"[\"“'‘«]?(?P<short>[^\W\d_][\w&.-]{0,14}?)[\"”'’»]?"
_ASKED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bwhat (?:does|do|did) (?:the (?:abbreviation|acronym|initials?|letters?) )?{_SHORT} stand for\b",
        rf"\bwhat (?:is|are) {_SHORT} (?:short|an? (?:abbreviation|acronym)) (?:for|of)\b",
        rf"\bwhat is the (?:long|full) (?:form|name) of {_SHORT}\W*$",
        rf"\bwof(?:ü|ue)r (?:steht|stehen) (?:die abkürzung )?{_SHORT}\W*$",
        rf"\bwas (?:bedeutet|heißt) die abkürzung {_SHORT}\W*$",
        rf"\bque (?:signifie|veut dire) (?:le sigle|l['’]acronyme|l['’]abréviation) {_SHORT}\W*$",
        rf"\bqué (?:significan?|quieren? decir) (?:las siglas|la sigla|la abreviatura) {_SHORT}\W*$",
        rf"\b(?:che )?cosa significa (?:la sigla|l['’]acronimo) {_SHORT}\W*$",
    )
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# words of a long form that lend no letter to the short one
_LENDS_NONE = frozenset(
    "of and the for in on to a an at by with und der die das für von zur zum de du des la le les et sur à au aux del "
    "di della per su e y para".split()
)
_SAID = (
    r"\s*(?:,\s*|\()?(?:stands? for|is short for|is an? (?:abbreviation|acronym) (?:of|for)|steht für)\s+"
    r"(?P<long>[^.;:()\n]+)"
)
_MOST_WORDS = 14


class LongForm(NamedTuple):
    """The candidate of a reading that tells, and where the long form stands in the document."""

    candidate: int
    span: Span


def asks_for_long_form(question: str) -> str:
    """The abbreviation whose long form is asked for; "" when none is."""
    shorts = (found["short"] for pattern in _ASKED if (found := pattern.search(question)))
    return next((short for short in shorts if sum(letter.isupper() for letter in short) > 1), "")


def long_form(reading: Reading) -> LongForm | None:
    """Where the long form that the question asks for is told; None when it asks for none, or none is there."""
    short = asks_for_long_form(reading.asked.text)
    if not short:
        return None
    for i in reading.ranked:
        candidate = reading.candidates[i]
        if found := _beside(candidate.text, short):
            return LongForm(i, Span(candidate.start + found.start, candidate.start + found.end))
    return None


def _beside(text: str, short: str) -> Span | None:
    name = rf"(?<!\w){re.escape(short)}(?!\w)"
    if said := re.search(name + _SAID, text):
        return Span(said.start("long"), said.start("long") + len(said["long"].rstrip()))
    for place in re.finditer(rf"\(\s*[\"“']?{name}", text):
        if found := _spelled(short, text, 0, place.start()):
            return found
    for place in re.finditer(rf"{name}\s*\(([^()]+)\)", text):
        found = _spelled(short, text, *place.span(1))
        if found and not text[place.start(1) : found.start].strip():
            return found
    for place in re.finditer(rf"{name}\s*(?:=|:|\s[–—-])\s*([^;,.()\n]+)", text):
        found = _spelled(short, text, *place.span(1))
        if found and not text[place.start(1) : found.start].strip():
            return found
    return None


def _spelled(short: str, text: str, start: int, end: int) -> Span | None:
    """The last words of ``text[start:end]`` that begin with the letters of ``short``, small words aside."""
    letters = [letter.casefold() for letter in short if letter.isupper()]
    words = list(_WORD.finditer(text, start, end))[-_MOST_WORDS:]
    if not words or re.search(r"[.;:!?]\s", text[words[-1].end() : end] + " "):
        return None
    for word in reversed(words):
        if word[0][0].casefold() == letters[-1]:
            letters.pop()
            if not letters:
                return Span(word.start(), words[-1].end())
        elif word[0] not in _LENDS_NONE:
            return None
    return None
