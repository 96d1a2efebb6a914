"""Passages that say the same are shown once.

Two passages are near-duplicates when they share nine of ten distinct words and differ in no number, no name
and no negation: versions of a handbook often differ in exactly these, and then both must stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from rag.types import Hit

__all__ = ["without_duplicates"]

_ALIKE = 0.9  # of the distinct words of both, in both
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
    seen: list[_Words] = []
    for hit in hits:
        if len(kept) == k:
            dropped.append(_dropped(hit, f"not among the best {k}"))
            continue
        words = _words(hit.passage.text)
        twin = next((kept[i] for i, other in enumerate(seen) if _alike(words, other)), None)
        if twin is not None:
            dropped.append(_dropped(hit, f"same words as {twin.passage.source}"))
        else:
            kept.append(replace(hit, rank=len(kept) + 1))
            seen.append(words)
    return kept, dropped


def _dropped(hit: Hit, reason: str) -> Hit:
    return replace(hit, why=replace(hit.why, dropped=reason))


def _words(text: str) -> _Words:
    found = frozenset(_WORD.findall(text))
    every = frozenset(word.casefold() for word in found)
    telling = {word for word in found if not word.isalpha() or (word[0].isupper() and word.casefold() not in found)}
    return _Words(every, frozenset(telling) | (every & _NEGATIONS))


def _alike(a: _Words, b: _Words) -> bool:
    if a.telling != b.telling:
        return False
    return len(a.every & b.every) >= _ALIKE * len(a.every | b.every)
