"""Full text, looked up: the passages that hold the terms of a query, ranked by BM25.

BM25 as Robertson and Zaragoza (2009) give it, with the idf of Lucene, which is never negative. Passages are known here
by their positions: their places in all blocks of the full text (``rag.index.lexical``) one after the other.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import IndexDamaged
from rag.index.lexical import BLOCK, ENTRY
from rag.index.record import verify, verify_pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Postings = tuple[NDArray[np.int64], NDArray[np.float32]]  # positions of passages, and how often each has a term

__all__ = ["Lengths", "count_passages", "passages_with_all", "read_lengths", "search_terms"]

_K1, _B = 1.2, 0.75
_COMPOUND = np.float32(0.6)  # occurrences of a word that are one of a compound with it


@dataclass(frozen=True, slots=True)
class Lengths:
    """What every query needs to know of a state of the index: the blocks there are, in order, how many passages are
    in them, and for each position what the length of its passage adds below the fraction of BM25."""

    blocks: NDArray[np.int64]
    n_passages: int
    norms: NDArray[np.float32]

    def numbers(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of the passages at these positions."""
        return self.blocks[positions // BLOCK] * BLOCK + positions % BLOCK

    def positions(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The positions of passages, as far as they are in some block."""
        known = numbers[np.isin(numbers // BLOCK, self.blocks)]
        return np.searchsorted(self.blocks, known // BLOCK) * BLOCK + known % BLOCK


def read_lengths(connection: sqlite3.Connection) -> Lengths:
    """The lengths of the passages in the state that ``connection`` sees.

    Raises:
        IndexDamaged: a block does not match its checksum.
    """
    rows = connection.execute("SELECT block, data, crc FROM lengths ORDER BY block").fetchall()
    for block, data, crc in rows:
        verify(crc, "lengths", "the full text", block, data)
    lengths = np.frombuffer(b"".join(row[1] for row in rows), "<u2")
    n_passages, total = int(np.count_nonzero(lengths)), int(lengths.sum())
    norms = (_K1 * (1 - _B + _B * lengths / max(1, total) * n_passages)).astype(np.float32)
    return Lengths(np.array([row[0] for row in rows], dtype=np.int64), n_passages, norms)


def search_terms(
    connection: sqlite3.Connection,
    lengths: Lengths,
    weights: Mapping[str, float],
    k: int,
    among: NDArray[np.int64] | None = None,
    compounds: Mapping[str, Sequence[str]] | None = None,
) -> list[tuple[int, float]]:
    """The ``k`` passages with the highest BM25 score: ``(number, score)``, best first, ties by number.

    ``weights`` are the terms of the query, each with a factor for its score; ``among`` are the numbers to
    choose from; ``compounds`` are terms that count as occurrences of one of the query's, though less.
    """
    scores = np.zeros(len(lengths.norms), dtype=np.float32)
    some = np.empty(0, np.int64)  # what has the rarest term of those that more than k passages have
    for term, weight in weights.items():
        positions, counts = _postings(connection, term, lengths)
        if compounds and term in compounds:
            others = [_postings(connection, other, lengths) for other in compounds[term]]
            positions, counts = _pooled((positions, counts), others)
        if len(positions):
            n = len(positions)
            idf = np.log(1 + (lengths.n_passages - n + 0.5) / (n + 0.5))
            gained = np.float32(weight * idf * (_K1 + 1)) * counts / (counts + lengths.norms[positions])
            scores[positions] += gained
            if n > k and (not len(some) or n < len(some)):
                some = positions
    if among is not None:
        chosen = lengths.positions(among)
        kept = np.zeros_like(scores)
        kept[chosen] = scores[chosen]
        scores = kept
    return _best(lengths, scores, k, some)


def count_passages(connection: sqlite3.Connection, terms: Sequence[str]) -> dict[str, int]:
    """In how many passages each term occurs."""
    rows = connection.execute(
        "SELECT term, sum(length(data)) FROM postings WHERE term IN (SELECT value FROM json_each(?)) GROUP BY term",
        (json.dumps(list(terms)),),
    )
    found = dict(rows)
    return {term: found.get(term, 0) // ENTRY.itemsize for term in terms}


def passages_with_all(connection: sqlite3.Connection, lengths: Lengths, terms: Sequence[str]) -> list[int]:
    """The numbers of the passages that hold every one of the terms, sorted."""
    held = np.full(len(lengths.norms), bool(terms))
    for term in terms:
        here = np.zeros(len(held), dtype=bool)
        here[_postings(connection, term, lengths)[0]] = True
        held &= here
    found: list[int] = lengths.numbers(np.flatnonzero(held)).tolist()
    return found


def _postings(connection: sqlite3.Connection, term: str, lengths: Lengths) -> _Postings:
    """Where a term occurs, and how often."""
    rows = connection.execute("SELECT block, data, crc FROM postings WHERE term = ?", (term,)).fetchall()
    verify_pieces("postings", "the full text", term, rows)
    blocks = np.array([row[0] for row in rows], dtype=np.int64)
    at = np.searchsorted(lengths.blocks, blocks)
    if len(rows) and (at.max() >= len(lengths.blocks) or (lengths.blocks[at] != blocks).any()):
        raise IndexDamaged("the full text in the index is damaged: rag doctor repairs what can be repaired")
    entries = np.frombuffer(b"".join(row[1] for row in rows), ENTRY)
    starts = np.repeat(at * BLOCK, [len(row[1]) // ENTRY.itemsize for row in rows])
    return starts + entries["place"], entries["count"].astype(np.float32)


def _pooled(own: _Postings, others: Sequence[_Postings]) -> _Postings:
    """Occurrences of a term and of its compounds as those of one term."""
    counted = [own, *((positions, _COMPOUND * counts) for positions, counts in others)]
    positions, which = np.unique(np.concatenate([positions for positions, _ in counted]), return_inverse=True)
    return positions, np.bincount(which, np.concatenate([counts for _, counts in counted])).astype(np.float32)


def _best(lengths: Lengths, scores: NDArray[np.float32], k: int, some: NDArray[np.int64]) -> list[tuple[int, float]]:
    """The ``k`` best of all; those of ``some``, which are likely to be good, tell what need not be looked at."""
    least = np.float32(0)
    if len(some) > k:
        least = np.partition(scores[some], len(some) - k)[len(some) - k]
    found = np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores)
    if len(found) > k:
        least = np.partition(scores[found], len(found) - k)[len(found) - k]
        found = found[scores[found] >= least]
    order = found[np.lexsort((found, -scores[found]))][:k]
    return list(zip(lengths.numbers(order).tolist(), scores[order].tolist(), strict=True))
