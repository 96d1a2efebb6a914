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
from rag.index.packing import dots, row_type
from rag.index.record import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.plugins import Rows

    _Found = tuple[NDArray[np.int64], NDArray[np.float32]]  # numbers of vectors and their cosines

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
        found: list[_Found] = []
        if approximate and known:
            candidates = approximate.search(query, _WIDER * k, known, among)
            found.append(_exact(connection, candidates, query))
        for block in versions.keys() - known:
            if among is None or np.any(among // BLOCK == block):
                found.append(_search(self._shard(connection, block, versions[block], dim), query, k, among))
        return _best(found, k)

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


def _best(found: list[_Found], k: int) -> list[tuple[int, float]]:
    """The ``k`` nearest of all that was found, equal ones by number."""
    if not found:
        return []
    numbers, cosines = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((numbers, -cosines))[:k]
    return list(zip(numbers[order].tolist(), cosines[order].tolist(), strict=True))


def _search(shard: _Shard, query: Rows, k: int, among: NDArray[np.int64] | None) -> _Found:
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
        return shard.numbers[:0], query[:0]
    parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # wrapped in Python
    scores, places = shard.faiss.search(query[None, :], k, params=parameters)
    is_there = places[0] >= 0
    return shard.numbers[places[0][is_there]], scores[0][is_there]


def _exact(connection: sqlite3.Connection, numbers: Iterable[int], query: Rows) -> _Found:
    """The cosines of vectors with the query, from the record."""
    rows = connection.execute(
        "SELECT number, passage FROM vectors WHERE number IN (SELECT value FROM json_each(?))",
        (json.dumps(list(numbers)),),
    ).fetchall()
    size = row_type(len(query)).itemsize
    # not held to their checksums, which go over the sentences too: whoever looks at one of them closely does that
    if any(not isinstance(row, bytes) or len(row) != size for _, row in rows):
        raise IndexDamaged("a vector in the index is damaged: rag doctor repairs what can be repaired")
    found = np.array([whole(number) for number, _ in rows], dtype=np.int64)
    return found, dots(b"".join(row for _, row in rows), query)
