"""One score from two legs.

Scores of each leg are scaled to 0..1 over its candidates (min-max) and added by weight. Reciprocal rank
fusion, the usual choice, was measured below BM25 alone (FACTS.md, 2: RR@10 0.860 against 0.878), because it
throws away by how much the first is better than the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["fuse", "scaled"]

# of the dense leg; the lexical leg has the rest (FACTS.md, 2)
_DENSE_WEIGHT = 0.5


def scaled(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores moved and stretched to 0..1; all 1 when they are all the same."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high <= low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}


def fuse(lexical: Mapping[int, float], dense: Mapping[int, float], keys: Iterable[int]) -> dict[int, float]:
    """The weighted sum of both legs' scaled scores for each key.

    A passage without a dense score (its vector is still to come) is judged by its words alone, so that it is
    not punished for being new; one that no word led to has a lexical score of 0.
    """
    words, meaning = scaled(lexical), scaled(dense)
    return {
        key: words.get(key, 0.0) * (1 - _DENSE_WEIGHT) + meaning[key] * _DENSE_WEIGHT
        if key in meaning
        else words.get(key, 0.0)
        for key in keys
    }
