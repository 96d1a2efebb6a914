"""One score from two legs.

Words: the BM25 score over that of the best passage, so that 0 stays 0. Meaning: the similarity, stretched to
0..1 over the best hundred, because cosines of one query crowd together in a range of their own. Both are then
added by weight. On four development sets this gained 0.027 to 0.066 RR@10 over the better leg, and none of 263
other pairs of scalings and weights gained more; the usual choice, reciprocal rank fusion, fell below the better
leg on two, because it throws away by how much the first is better than the second (benchmarks/README.md).
Bruch, Gai and Ingber (2023), "An Analysis of Fusion Functions for Hybrid Retrieval", find the same.

Three things bend this, none of which lost on a development set that it was not chosen on (benchmarks/README.md):

- The leg that is surer weighs more: the one whose best passage stands further above its sixth.
- An embedder that spells the query letter by letter does not know its language, and its similarities are noise: the
  dense leg weighs as much less. On Japanese, Russian and Korean with an English embedder this turned a loss of 0.06,
  0.05 and 0.01 RR@10 against words alone into a gain of 0.00 to 0.01, without a constant to choose.
- A passage gains by its document: one whose other passages are on the matter too is more likely the right one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["fuse", "supported"]

_DENSE_WEIGHT = 0.4  # the lexical leg has the rest; 0.35 and 0.45 lose 0.005 RR@10, 0.6 loses 0.015
_STRETCHED = 100  # similarities beyond these are as good as none
_LEAST, _MOST = 0.05, 0.8  # of any weight: an order where no word led to anything, and words where some did
_TILT = 0.3  # of the weight for the difference of leads; 0.2 and 0.4 are as good
_SIXTH = 5
_SUPPORT = 0.2  # of a passage's score comes from its document; 0.1 gains less, 0.3 loses in long documents
_SUPPORTING = 3  # best passages of a document that count


def fuse(
    lexical: Mapping[int, float], dense: Mapping[int, float], keys: Collection[int], familiarity: float = 1.0
) -> dict[int, float]:
    """A score from 0 to 1 for each of ``keys``; ``familiarity`` from 0 to 1 says how well the embedder reads the query.

    A passage without a dense score (its vector is still to come) is judged by its words alone, so that it is
    not punished for being new; one that no word led to has a lexical score of 0.
    """
    words, meaning = _of_best(lexical), _stretched(dense)
    tilt = _lead([meaning[key] for key in keys if key in meaning]) - _lead([words.get(key, 0.0) for key in keys])
    weight = max(_LEAST, min(_MOST, _DENSE_WEIGHT + _TILT * tilt) * familiarity)
    return {
        key: words.get(key, 0.0) * (1 - weight) + meaning[key] * weight if key in meaning else words.get(key, 0.0)
        for key in keys
    }


def supported(scores: Mapping[int, float], documents: Mapping[int, int]) -> dict[int, float]:
    """The scores of passages, a part of each being that of the best passages of its document together."""
    by_document: dict[int, list[float]] = {}
    for key, score in scores.items():
        by_document.setdefault(documents[key], []).append(score)
    support = {
        document: sum(sorted(found, reverse=True)[:_SUPPORTING]) / _SUPPORTING
        for document, found in by_document.items()
    }
    return {key: (1 - _SUPPORT) * score + _SUPPORT * support[documents[key]] for key, score in scores.items()}


def _lead(scores: list[float]) -> float:
    """How far the best stands above the sixth."""
    ordered = sorted(scores, reverse=True)[: _SIXTH + 1]
    return ordered[0] - ordered[-1] if ordered else 0.0


def _of_best(scores: Mapping[int, float]) -> dict[int, float]:
    best = max(scores.values(), default=0.0)
    return {key: score / best for key, score in scores.items()} if best > 0 else {}


def _stretched(scores: Mapping[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    ordered = sorted(scores.values(), reverse=True)[:_STRETCHED]
    low, high = ordered[-1], ordered[0]
    if high - low < 1e-6:  # the same but for rounding, which must not be stretched into an order
        return dict.fromkeys(scores, 1.0)
    return {key: max(0.0, (score - low) / (high - low)) for key, score in scores.items()}
