"""Passages that say the same are shown once.

Two passages are near-duplicates when they share nine of ten distinct words and differ in no number, no name
and no negation: versions of a handbook often differ in exactly these, and then both must stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.types import Hit

__all__ = ["without_duplicates"]

_ALIKE = 0.9  # of the distinct words of both, in both
_NEAR = 0.05  # cosine to the question: near-duplicates are as near as each other
_WORD = re.compile(r"\w+")
_NEGATIONS = frozenset(
    "cannot except excluding kein keine never nicht no non none nor not pas sans unless without".split()
)


class _Words(NamedTuple):
    """The distinct words of a passage, and those of them that must not differ."""

    every: frozenset[str]
    telling: frozenset[str]


def without_duplicates(hits: Sequence[Hit], k: int) -> tuple[list[Hit], list[Hit]]:
    """The first ``k`` hits that say different things, ranked anew, and the rest with the reason."""
    kept: list[Hit] = []
    dropped: list[Hit] = []
    for hit in hits:
        if len(kept) == k:
            dropped.append(_dropped(hit, f"not among the best {k}"))
        elif twin := next((other for other in kept if _alike(hit, other)), None):
            dropped.append(_dropped(hit, f"same words as {twin.passage.source}"))
        else:
            kept.append(Hit(hit.passage, hit.score, len(kept) + 1, hit.why, hit.sentence_scores))
    return kept, dropped


def _dropped(hit: Hit, reason: str) -> Hit:
    return Hit(hit.passage, hit.score, hit.rank, hit.why.but(dropped=reason), hit.sentence_scores)


def _alike(a: Hit, b: Hit) -> bool:
    # most pairs differ in length or in nearness to the question, which costs nothing to see
    if abs(len(a.passage.text) - len(b.passage.text)) > (1 - _ALIKE) * 2 * len(a.passage.text):
        return False
    if a.why.dense is not None and b.why.dense is not None and abs(a.why.dense - b.why.dense) > _NEAR:
        return False
    ours, theirs = _words(a.passage.text), _words(b.passage.text)
    if ours.telling != theirs.telling:
        return False
    return len(ours.every & theirs.every) >= _ALIKE * len(ours.every | theirs.every)


@lru_cache(256)
def _words(text: str) -> _Words:
    found = frozenset(_WORD.findall(text))
    every = frozenset(word.casefold() for word in found)
    telling = {word for word in found if not word.isalpha() or (word[0].isupper() and word.casefold() not in found)}
    return _Words(every, frozenset(telling) | (every & _NEGATIONS))
