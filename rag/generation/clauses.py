"""Which of several figures or names in a sentence belongs to what was asked: the one in the clause that says so.

"A ticket costs 24 euros for adults and 9 euros for children": nearness takes a child for an adult. A sentence is cut
into clauses at its commas, brackets, lines and joining words; each says what it says, and a short one leaves out what
the one before it has said ("and one in winter"), which counts for it as well, but less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag.generation.rarity import related_to
from rag.generation.tokens import YEAR, Word

__all__ = ["number_length", "said_with"]

_JOINS = frozenset(
    "and but while whereas or compared versus vs und aber sowie oder gegenüber et mais ou contre y pero o frente e ma "
    "rispetto".split()
)
_SHORT = 9  # words of a clause that may leave something out
# what a clause says that tells of another year than the one asked for
_OTHER_YEAR = -1.0
# what a term counts that the clause before has said, for names and for figures
_LEFT_OUT = {False: 0.6, True: 0.85}


# "4. Deposit.", "1.2 Windows are cleaned", "§ 3 Fees"
_NUMBERED = re.compile(
    r"\W*(?:(?:§|(?i:article|section|clause))\s*\d{1,3}(?:\.\d{1,3})*[.):]?|\d{1,3}(?:\.\d{1,3})+[.):]?(?=\s+[A-ZÄÖÜ])|"
    r"\d{1,3}[.):])\s+"
)


def number_length(text: str) -> int:
    """The length of the number that a clause of a contract or a heading begins with, or 0."""
    numbered = _NUMBERED.match(text)
    return numbered.end() if numbered else 0


def said_with(words: Sequence[Word], weight: Mapping[str, float], for_figures: bool) -> list[float]:
    """For each word of a sentence, how much of what was asked its clause says, 0 to 1; less than nothing
    where it tells of another year."""
    found: list[float] = []
    before: dict[str, float] = {}
    for clause in _clauses(words):
        held = related_to(weight, frozenset(term for word in clause for term in word.terms))
        if _is_of_another_year(clause, weight):
            found += [_OTHER_YEAR] * len(clause)
            before = {}
            continue
        says = dict.fromkeys(held, 1.0)
        if len(clause) <= _SHORT:
            says = {term: _LEFT_OUT[for_figures] * share for term, share in before.items()} | says
        found += [sum(weight[term] * share for term, share in says.items())] * len(clause)
        before = says
    return found


def _is_of_another_year(clause: Sequence[Word], weight: Mapping[str, float]) -> bool:
    """Whether a clause tells of a year, and the question of others only."""
    asked = {term for term in weight if YEAR.fullmatch(term)}
    told = {word.text for word in clause if YEAR.fullmatch(word.text)}
    return bool(asked and told) and not asked & told


def _clauses(words: Sequence[Word]) -> list[list[Word]]:
    clauses: list[list[Word]] = []
    for word in words:
        if not clauses or word.lower in _JOINS or any(mark in word.gap for mark in ",;\n)–—"):
            clauses.append([])
        clauses[-1].append(word)
    return clauses
