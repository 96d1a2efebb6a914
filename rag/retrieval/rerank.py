"""Order candidates anew, with more to go by than the fusion has.

``features`` is built in and needs no further weights: a passage gains by a sentence that is near the question in
meaning *and* has its rare words, which neither leg sees, since one counts words over the whole passage and the
other sees no words. Its two constants were chosen on three development sets and measured on the fourth, each in
turn: RR@10 +0.010, +0.010, +0.008 and -0.007 (benchmarks/README.md). A linear model over 21 features (positions,
proximity, neighbours, length, kinds of answer …), fitted the same way, was no better than these two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rag.errors import UsageError
from rag.index import query_tokens
from rag.retrieval.literals import literals

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
        n = len(hits)
        occurs, firsts = _occurrences(hits, _beginnings(query), literals(query.lower()))
        held = np.logical_or.reduceat(occurs, firsts).sum(axis=0)
        rarity = np.log(1 + (n - held + 0.5) / (held + 0.5))
        words = occurs @ (rarity / (rarity.sum() or 1.0))
        best = np.maximum.reduceat(_meaning(hits, firsts, len(words)) + _WORDS * words, firsts)
        low, high = best.min(), best.max()
        raised = (best - low) / (high - low) if high > low else np.zeros(n)
        return [(hit.why.fused + _GAIN * gain) / (1 + _GAIN) for hit, gain in zip(hits, raised.tolist(), strict=True)]


def _beginnings(query: str) -> list[list[_Beginning]]:
    """For each token of the query what the forms of the word begin with; of two that begin alike the shorter."""
    found = []
    for token, variants in query_tokens(query):
        starts = sorted({_common(token, variant) for variant in variants})
        kept: list[str] = []
        for start in starts:
            if not (kept and start.startswith(kept[-1])):
                kept.append(start)
        found.append([_Beginning(start, _has_edge(start)) for start in kept])
    return found


def _common(token: str, stem: str) -> str:
    n = next((i for i, (a, b) in enumerate(zip(token, stem, strict=False)) if a != b), min(len(token), len(stem)))
    return token[:n] if n >= _STEM else token


def _has_edge(start: str) -> bool:
    """True in a script whose words have something between them."""
    return start[0].isascii() or start[0].lower() != start[0].upper()


def _occurrences(
    hits: Sequence[Hit], beginnings: Sequence[Sequence[_Beginning]], typed: Sequence[re.Pattern[str]]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which sentence of all hits (rows; the passage itself when it has none) has which token and which literal
    (columns), and which row is the first of each hit."""
    texts = [hit.passage.text.lower() for hit in hits]
    begins: list[int] = []  # of each row, in all texts one after the other
    firsts, at = [], 0
    for hit, text in zip(hits, texts, strict=True):
        firsts.append(len(begins))
        # what stands in front of the first sentence counts as that
        begins += [at, *(at + sentence.start - hit.passage.start for sentence in hit.passage.sentences[1:])]
        at += len(text) + 1
    whole = "\0".join(texts)
    places = [[at for variant in variants for at in _found(whole, variant)] for variants in beginnings]
    places += [[match.start() for match in one.finditer(whole)] for one in typed]
    occurs = np.zeros((len(begins), len(places)), dtype=np.bool_)
    for column, found in enumerate(places):
        occurs[np.searchsorted(begins, found, "right") - 1, column] = True
    return occurs, np.array(firsts)


def _found(text: str, beginning: _Beginning) -> Iterator[int]:
    """Where a word of ``text`` begins so."""
    at = text.find(beginning.text)
    while at >= 0:
        if not (beginning.has_edge and at and text[at - 1].isalnum()):
            yield at
        at = text.find(beginning.text, at + 1)


def _meaning(hits: Sequence[Hit], firsts: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """The cosine of each sentence; that of the best one for all sentences of a passage without vectors of them."""
    cosines = np.empty(n)
    for hit, first in zip(hits, firsts.tolist(), strict=True):
        n_rows = len(hit.passage.sentences) or 1
        cosines[first : first + n_rows] = (
            hit.sentence_scores if len(hit.sentence_scores) == n_rows else hit.why.dense or 0.0
        )
    return cosines
