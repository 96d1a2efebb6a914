"""Dense search: the passages whose vectors are nearest to a query's.

The record keeps the passage vectors twice: with their sentences in ``vectors``, and packed for searching in
``matrix``, 2048 consecutive vector numbers to a block. A block changes in the transaction that changes the
vectors, so that a snapshot searches exactly the vectors of its state and a removed one is gone with it. A
reader keeps one FAISS index a block, and loads anew what has a newer version. Above ``FLAT_UP_TO`` vectors an
approximate index (``rag.index.approximate``) finds the candidates in the blocks that it knows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import IndexDamaged
from rag.index.approximate import Approximate, load_approximate
from rag.index.matrix import BLOCK, block_versions, read_block
from rag.index.packing import row_type, unpack
from rag.index.record import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.plugins import Rows

__all__ = ["Dense"]

# candidates of the approximate index for each one wanted; their exact cosines decide
_WIDER = 2


@dataclass(frozen=True, slots=True)
class _Shard:
    """The vectors of one block, ready to be searched."""

    version: int
    numbers: NDArray[np.int64]
    faiss: Any


class Dense:
    """What a process has loaded of an index's vectors; snapshots of different states may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._born = ""
        self._shards: dict[int, _Shard] = {}
        self._approximate: Approximate | None = None

    def search(
        self,
        connection: sqlite3.Connection,
        facts: Mapping[str, Any],
        query: Rows,
        k: int,
        among: NDArray[np.int64] | None = None,
    ) -> list[tuple[int, float]]:
        """The numbers and cosines of the ``k`` nearest vectors in the state that ``connection`` sees, best
        first; ``facts`` is its manifest, ``among`` the numbers to choose from.

        Raises:
            ValueError: the query is not ``dim`` finite numbers.
            IndexDamaged: a block does not match its checksum.
        """
        dim = facts["dim"]
        if query.shape != (dim,) or not np.isfinite(query).all():
            raise ValueError(f"a query vector must be {dim} finite numbers")
        if k < 1 or (among is not None and not len(among)):
            return []
        versions = block_versions(connection)
        approximate = self._prepare(facts)
        known = {block for block, version in versions.items() if approximate and approximate.knows(block, version)}
        found: list[tuple[int, float]] = []
        if approximate and known:
            candidates = approximate.search(query, _WIDER * k, known, among)
            found += _exact(connection, candidates, query)
        for block in versions.keys() - known:
            if among is None or np.any(among // BLOCK == block):
                found += _search(self._shard(connection, block, versions[block], dim), query, k, among)
        return sorted(found, key=lambda item: (-item[1], item[0]))[:k]

    def _prepare(self, facts: Mapping[str, Any]) -> Approximate | None:
        """Forget what belongs to another record; the approximate index that the manifest names, if any."""
        kept = facts.get("approximate")
        with self._lock:
            if self._born != facts["born"]:
                self._born, self._shards, self._approximate = facts["born"], {}, None
            if kept is None:
                self._approximate = None
            elif self._approximate is None or self._approximate.sha256 != kept["sha256"]:
                self._approximate = load_approximate(self._folder, kept, facts["dim"]) or Approximate.none(kept)
                self._shards.clear()
            return self._approximate

    def _shard(self, connection: sqlite3.Connection, block: int, version: int, dim: int) -> _Shard:
        shard = self._shards.get(block)
        if shard is None or shard.version != version:
            numbers, rows = read_block(connection, block, dim)
            shard = _Shard(version, numbers, _flat(rows))
            with self._lock:
                self._shards[block] = shard
        return shard


def _flat(rows: Rows) -> Any:
    """An index that compares all of ``rows``, as 16-bit floats: half the memory, and as fast."""
    import faiss

    index = faiss.IndexScalarQuantizer(rows.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.train(rows[:1])
    index.add(rows)
    return index


def _search(shard: _Shard, query: Rows, k: int, among: NDArray[np.int64] | None) -> list[tuple[int, float]]:
    import faiss

    # questions come from many threads at once: one core for each is faster than all cores for one
    faiss.omp_set_num_threads(1)
    selector = None
    if among is not None:
        places = np.flatnonzero(np.isin(shard.numbers, among))
        k = min(k, len(places))
        selector = faiss.IDSelectorBatch(places)
    k = min(k, len(shard.numbers))
    if k < 1:
        return []
    parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # wrapped in Python
    scores, places = shard.faiss.search(query[None, :], k, params=parameters)
    found = zip(places[0].tolist(), scores[0].tolist(), strict=True)
    return [(int(shard.numbers[place]), score) for place, score in found if place >= 0]


def _exact(connection: sqlite3.Connection, numbers: Iterable[int], query: Rows) -> list[tuple[int, float]]:
    """The cosines of vectors with the query, from the record."""
    rows = connection.execute(
        "SELECT number, passage FROM vectors WHERE number IN (SELECT value FROM json_each(?))",
        (json.dumps(list(numbers)),),
    ).fetchall()
    size = row_type(len(query)).itemsize
    # not held to their checksums, which go over the sentences too: whoever looks at one of them closely does that
    if any(not isinstance(row, bytes) or len(row) != size for _, row in rows):
        raise IndexDamaged("a vector in the index is damaged: rag doctor repairs what can be repaired")
    scores = unpack(b"".join(row for _, row in rows), len(query)) @ query
    return [(whole(number), float(score)) for (number, _), score in zip(rows, scores, strict=True)]
