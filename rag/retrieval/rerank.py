"""Order candidates anew, with more to go by than the fusion has.

``features`` is built in and needs no further weights: a passage gains by a sentence that is near the question in
meaning *and* has its rare words, which neither leg sees, since one counts words over the whole passage and the
other sees no words. Its two constants were chosen on three development sets and measured on the fourth, each in
turn: RR@10 +0.010, +0.010, +0.008 and -0.007 (benchmarks/README.md). A linear model over 21 features (positions,
proximity, neighbours, length, kinds of answer …), fitted the same way, was no better than these two.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rag.errors import UsageError
from rag.index import query_tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.plugins import Reranker
    from rag.settings import Settings
    from rag.types import Hit

__all__ = ["Features", "features", "none"]

_WORDS = 1.2  # of all the question's words in one sentence, against a cosine of 1
_GAIN = 0.2  # of the passage with the best sentence, against a fused score of 1
_STEM = 3  # letters that a word form must share with a stem


class _Beginning(NamedTuple):
    """What the forms of a word begin with, in lower case; ``has_edge``: no letter may stand in front of it."""

    text: str
    has_edge: bool


def none(argument: str, settings: Settings) -> Reranker | None:
    """No reranking: the order of the fusion stays."""
    if argument:
        raise UsageError("the reranker none takes no argument")
    return None


def features(argument: str, settings: Settings) -> Reranker:
    """The built-in reranker."""
    if argument:
        raise UsageError("the reranker features takes no argument")
    return Features()


class Features:
    """Scores a hit by its fused score and its best sentence, by meaning and words together."""

    def rerank(self, query: str, hits: Sequence[Hit]) -> list[float]:
        """Scores from 0 to 1."""
        if not hits:
            return []
        beginnings = _beginnings(query)
        found = [_occurrences(hit, beginnings) for hit in hits]
        n = len(hits)
        held = np.array([occurs.any(axis=0) for occurs in found]).sum(axis=0)
        rarity = np.array([math.log(1 + (n - df + 0.5) / (df + 0.5)) for df in held])
        share = rarity / (rarity.sum() or 1.0)
        best = np.array([_best_sentence(hit, occurs @ share) for hit, occurs in zip(hits, found, strict=True)])
        low, high = best.min(), best.max()
        raised = (best - low) / (high - low) if high > low else np.zeros(n)
        return [(hit.why.fused + _GAIN * float(gain)) / (1 + _GAIN) for hit, gain in zip(hits, raised, strict=True)]


def _beginnings(query: str) -> list[tuple[_Beginning, ...]]:
    """For each token of the query what the forms of the word begin with."""
    return [
        tuple({_Beginning(start, _has_edge(start)) for start in {_common(token, variant) for variant in variants}})
        for token, variants in query_tokens(query)
    ]


def _common(token: str, stem: str) -> str:
    n = next((i for i, (a, b) in enumerate(zip(token, stem, strict=False)) if a != b), min(len(token), len(stem)))
    return token[:n] if n >= _STEM else token


def _has_edge(start: str) -> bool:
    """True in a script whose words have something between them."""
    return start[0].isascii() or start[0].lower() != start[0].upper()


def _occurrences(hit: Hit, beginnings: Sequence[Sequence[_Beginning]]) -> NDArray[np.bool_]:
    """Which sentence (rows; the passage itself when it has none) has which token (columns)."""
    passage = hit.passage
    text = passage.text.lower()
    starts = [sentence.start - passage.start for sentence in passage.sentences] or [0]
    occurs = np.zeros((len(starts), len(beginnings)), dtype=np.bool_)
    for column, variants in enumerate(beginnings):
        for start, has_edge in variants:
            at = text.find(start)
            while at >= 0:
                if not (has_edge and at and text[at - 1].isalnum()):
                    occurs[max(0, bisect_right(starts, at) - 1), column] = True
                at = text.find(start, at + 1)
    return occurs


def _best_sentence(hit: Hit, words: NDArray[np.float64]) -> float:
    scores = np.array(hit.sentence_scores) if len(hit.sentence_scores) == len(words) else hit.why.dense or 0.0
    return float((scores + _WORDS * words).max())
