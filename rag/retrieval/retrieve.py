"""Find passages: the lexical and the dense leg, one list of candidates, one order.

Each leg proposes its best; every candidate then gets an exact dense score, which is that of its best
sentence, so that the approximate search behind the dense leg only ever decides who is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import UsageError
from rag.index import STOP_WORDS, Snapshot, terms
from rag.retrieval.fusion import fuse
from rag.types import Hit, Why

if TYPE_CHECKING:
    from rag.plugins import Embedder, Reranker, Rows

__all__ = ["Retrieval", "query_terms", "retrieve"]

# candidates of each leg; FACTS.md, 2, measured the fusion with 100
_CANDIDATES = 100
# of the fused list, as many beyond the k best are reranked, shown as "also found" and may replace duplicates
_RUNNERS_UP = 24
# distinct terms of a query that are looked up; more only cost time
_MAX_TERMS = 64


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found: the best ``hits``, the candidates that were ``dropped``, and the query's vector."""

    hits: tuple[Hit, ...]
    dropped: tuple[Hit, ...]
    vector: Rows | None


def query_terms(query: str) -> list[str]:
    """What the lexical leg looks for: any of the query's terms, stop words only when there is nothing else."""
    found = list(dict.fromkeys(terms(query)))
    telling = [term for term in found if term not in STOP_WORDS]
    return (telling or found)[:_MAX_TERMS]


def retrieve(
    snapshot: Snapshot,
    query: str,
    embedder: Embedder | None,
    k: int,
    collections: Sequence[str] = (),
    reranker: Reranker | None = None,
) -> Retrieval:
    """The ``k`` best passages for ``query``, and what else was looked at.

    Without an embedder only words count. Passages whose vectors are still to come compete by words alone.

    Raises:
        UsageError: the query is empty, or k is less than 1.
    """
    if not query.strip():
        raise UsageError("the question is empty")
    if k < 1:
        raise UsageError(f"k must be at least 1, not {k}")
    wide = max(_CANDIDATES, k)
    lexical = dict(snapshot.lexical(query_terms(query), wide, collections))
    vector = embedder.embed_query(query) if embedder is not None and snapshot.n_embedded else None
    near = dict(snapshot.dense(vector, wide, collections)) if vector is not None else {}
    numbers = list(dict.fromkeys([*lexical, *near]))
    similarities = {} if vector is None else {n: rows @ vector for n, rows in snapshot.rows(numbers).items()}
    dense = {number: _best(found) for number, found in similarities.items()}
    fused = fuse(lexical, dense, numbers)
    lexical_rank, dense_rank = _ranks(lexical), _ranks(dense)
    ordered = sorted(numbers, key=lambda number: (-fused[number], number))[: k + _RUNNERS_UP]
    passages = snapshot.passages(ordered)
    hits = [
        Hit(
            passage=passages[number],
            score=fused[number],
            rank=rank,
            why=Why(
                lexical_rank=lexical_rank.get(number),
                lexical=lexical.get(number),
                dense_rank=dense_rank.get(number),
                dense=dense.get(number),
                fused=fused[number],
            ),
            sentence_scores=tuple(float(s) for s in similarities[number][1:]) if number in similarities else (),
        )
        for rank, number in enumerate(ordered, 1)
    ]
    if reranker is not None:
        hits = _reranked(query, hits, reranker)
    kept, dropped = _without_duplicates(hits, k)
    return Retrieval(tuple(kept), tuple(dropped), vector)


def _best(similarities: Rows) -> float:
    return float(np.max(similarities[1:] if len(similarities) > 1 else similarities))


def _ranks(scores: dict[int, float]) -> dict[int, int]:
    ordered = sorted(scores, key=lambda number: (-scores[number], number))
    return {number: rank for rank, number in enumerate(ordered, 1)}


def _reranked(query: str, hits: Sequence[Hit], reranker: Reranker) -> list[Hit]:
    scores = reranker.rerank(query, hits)
    pairs = sorted(zip(scores, hits, strict=True), key=lambda pair: (-pair[0], pair[1].rank))
    return [
        replace(hit, score=float(score), rank=rank, why=replace(hit.why, reranked=float(score)))
        for rank, (score, hit) in enumerate(pairs, 1)
    ]


def _without_duplicates(hits: Sequence[Hit], k: int) -> tuple[list[Hit], list[Hit]]:
    """The first ``k`` hits with different words, ranked anew, and the rest with the reason."""
    kept: list[Hit] = []
    dropped: list[Hit] = []
    seen: dict[str, Hit] = {}
    for hit in hits:
        words = " ".join(hit.passage.text.casefold().split())
        if len(kept) == k:
            dropped.append(replace(hit, why=replace(hit.why, dropped=f"not among the best {k}")))
        elif words in seen:
            reason = f"same words as {seen[words].passage.source}"
            dropped.append(replace(hit, why=replace(hit.why, dropped=reason)))
        else:
            kept.append(replace(hit, rank=len(kept) + 1))
            seen[words] = hit
    return kept, dropped
