"""Find passages: the lexical and the dense leg, one list of candidates, one order.

Each leg proposes its best; every candidate then gets an exact dense score, mostly that of its best sentence,
so that the approximate search behind the dense leg only ever decides who is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import EmbedderError, UsageError
from rag.index import Nearness, Snapshot
from rag.retrieval.duplicates import without_duplicates
from rag.retrieval.fusion import fuse, supported
from rag.retrieval.lexical import query_terms
from rag.types import Hit, Why

if TYPE_CHECKING:
    from rag.plugins import Embedder, Reranker, Rows

__all__ = ["Retrieval", "retrieve"]

# candidates of each leg; FACTS.md, 2, measured the fusion with 100
_CANDIDATES = 100
# of a passage's best sentence in its dense score, the passage's own vector has the rest: 1.0 costs 0.005 RR@10 on
# average over the development sets, 0.0 costs 0.02
_SENTENCE_WEIGHT = 0.8
# of the fused list, as many beyond the k best are reranked, shown as "also found" and may replace duplicates
_RUNNERS_UP = 24
# the query is embedded on one core while its words are looked up on another
_embedding = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="query")


def _renew_threads() -> None:
    """A fork leaves threads behind: with the pool of its parent a child would wait for ever."""
    global _embedding
    _embedding = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="query")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_threads)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found: the best ``hits``, the candidates that were ``dropped``, and the query's vector."""

    hits: tuple[Hit, ...]
    dropped: tuple[Hit, ...]
    vector: Rows | None


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
        EmbedderError: the query's vector is not made of numbers.
    """
    if not query.strip():
        raise UsageError("the question is empty")
    if k < 1:
        raise UsageError(f"k must be at least 1, not {k}")
    wide = max(_CANDIDATES, k)
    embedded = _embedding.submit(_query_vector, embedder, query) if embedder and snapshot.n_embedded else None
    words = query_terms(query, snapshot)
    lexical = dict(snapshot.lexical(words.weights, wide, collections, words.compounds))
    if embedded and not embedded.done():
        snapshot.read_ahead(list(lexical), k + _RUNNERS_UP)
    familiarity = _familiarity(embedder, query)
    vector = embedded.result() if embedded else None
    near = dict(snapshot.dense(vector, wide, collections)) if vector is not None else {}
    numbers = list(dict.fromkeys([*lexical, *near]))
    cosines = None if vector is None else snapshot.nearness(numbers, vector)
    dense = _similarities(cosines) if cosines else {}
    fused = supported(fuse(lexical, dense, numbers, familiarity), snapshot.documents_of(numbers))
    lexical_rank, dense_rank = _ranks(lexical), _ranks(dense)
    best = dict(zip(cosines.numbers, cosines.best.tolist(), strict=True)) if cosines else {}
    ordered = sorted(numbers, key=lambda number: (-fused[number], number))[: k + _RUNNERS_UP]
    passages = snapshot.passages(ordered)
    # ties go by the place in the corpus: the order in which things were indexed is nobody's business
    ordered.sort(key=lambda number: (-fused[number], passages[number].source, passages[number].start))
    hits = [
        Hit(
            passage=passages[number],
            score=fused[number],
            rank=rank,
            why=Why(
                lexical_rank=lexical_rank.get(number),
                lexical=lexical.get(number),
                dense_rank=dense_rank.get(number),
                dense=best.get(number),
                fused=fused[number],
            ),
            sentence_scores=cosines.sentences(number) if cosines else (),
        )
        for rank, number in enumerate(ordered, 1)
    ]
    if reranker is not None:
        hits = _reranked(query, hits, reranker)
    kept, dropped = without_duplicates(hits, k)
    return Retrieval(tuple(kept), tuple(dropped), vector)


def _query_vector(embedder: Embedder, query: str) -> Rows:
    vector = embedder.embed_query(query)
    if not np.isfinite(vector).all():  # FAISS would answer such a vector with any passage
        raise EmbedderError("the embedder returned a vector that is not made of numbers: is its model damaged?")
    return vector


def _familiarity(embedder: Embedder | None, query: str) -> float:
    """How well the embedder reads the query's language, as far as it can tell."""
    tell = getattr(embedder, "familiarity", None)
    return float(tell(query)) if tell else 1.0


def _similarities(cosines: Nearness) -> dict[int, float]:
    """How near passages are: mostly by their best sentence, and a little as a whole."""
    mixed = _SENTENCE_WEIGHT * cosines.best + (1 - _SENTENCE_WEIGHT) * cosines.own
    return dict(zip(cosines.numbers, mixed.tolist(), strict=True))


def _ranks(scores: dict[int, float]) -> dict[int, int]:
    ordered = sorted(scores, key=lambda number: (-scores[number], number))
    return {number: rank for rank, number in enumerate(ordered, 1)}


def _reranked(query: str, hits: Sequence[Hit], reranker: Reranker) -> list[Hit]:
    scores = reranker.rerank(query, hits)
    pairs = sorted(zip(scores, hits, strict=True), key=lambda pair: (-pair[0], pair[1].rank))
    return [
        Hit(hit.passage, float(score), rank, hit.why.but(reranked=float(score)), hit.sentence_scores)
        for rank, (score, hit) in enumerate(pairs, 1)
    ]
