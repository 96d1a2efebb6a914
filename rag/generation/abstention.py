"""How likely is it that the evidence answers the question?

A logistic function of what retrieval knows: the similarity of the best sentence and how many of the
question's telling terms, weighted by rarity among the hits, the best passages hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag.index import STOP_WORDS, terms
from rag.types import Hit

__all__ = ["confidence"]

_BIAS, _SIMILARITY, _COVERAGE = -6.0, 6.5, 4.5


def confidence(query: str, hits: Sequence[Hit]) -> float:
    """An estimate, 0 to 1, that the hits answer the query."""
    if not hits:
        return 0.0
    wanted = {term for term in terms(query) if term not in STOP_WORDS} or set(terms(query))
    similarity = max((max(hit.sentence_scores, default=hit.why.dense or 0.0) for hit in hits), default=0.0)
    seen = [set(terms(f"{hit.passage.title} {hit.passage.heading} {hit.passage.text}")) for hit in hits]
    covered = max(len(wanted & found) for found in seen) / max(1, len(wanted))
    return 1 / (1 + math.exp(-(_BIAS + _SIMILARITY * similarity + _COVERAGE * covered)))
