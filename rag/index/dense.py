"""Dense search: the passages whose vectors are nearest to a query's.

The record keeps the passage vectors twice: with their sentences in ``vectors``, and packed for searching in
``matrix``, 2048 consecutive vector numbers to a block. A block changes in the transaction that changes the
vectors, so that a snapshot searches exactly the vectors of its state and a removed one is gone with it. A
reader keeps the blocks that it has read (``rag.index.flat``), and reads anew what has a newer version. Above
``FLAT_UP_TO`` vectors an approximate index (``rag.index.approximate``) proposes candidates from the blocks that it
knows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import IndexDamaged
from rag.index.approximate import Approximate, load_approximate
from rag.index.flat import Flat
from rag.index.matrix import block_versions, read_packed
from rag.index.packing import dots, row_type
from rag.index.record import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.index.flat import Found
    from rag.plugins import Rows

__all__ = ["Dense"]

# candidates of the approximate index for each one wanted; their exact cosines decide
_WIDER = 2


class Dense:
    """What a process has loaded of an index's vectors; snapshots of different states may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._born = ""
        self._flat: Flat | None = None
        self._versions: tuple[tuple[str, int], dict[int, int]] = (("", -1), {})
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
        approximate = self._prepare(facts)
        versions = self._block_versions(connection, (facts["born"], facts["generation"]))
        known = {block for block, version in versions.items() if approximate and approximate.knows(block, version)}
        found = [
            self._rest(connection, {b: versions[b] for b in versions.keys() - known}, dim).nearest(query, k, among)
        ]
        if approximate and known:
            candidates = approximate.search(query, _WIDER * k, known, among)
            found.append(_exact(connection, candidates, query))
        return _best(found, k)

    def _prepare(self, facts: Mapping[str, Any]) -> Approximate | None:
        """Forget what belongs to another record; the approximate index that the manifest names, if any."""
        kept = facts.get("approximate")
        with self._lock:
            if self._born != facts["born"]:
                self._born, self._flat, self._approximate = facts["born"], None, None
            if kept is None:
                self._approximate = None
            elif self._approximate is None or self._approximate.sha256 != kept["sha256"]:
                self._approximate = load_approximate(self._folder, kept, facts["dim"]) or Approximate.none(kept)
                self._flat = None
            return self._approximate

    def _block_versions(self, connection: sqlite3.Connection, state: tuple[str, int]) -> dict[int, int]:
        known = self._versions
        if known[0] != state:
            self._versions = known = (state, block_versions(connection))
        return known[1]

    def _rest(self, connection: sqlite3.Connection, versions: dict[int, int], dim: int) -> Flat:
        """The blocks that are compared whole, in these versions."""
        flat = self._flat
        if flat is None or flat.versions != versions:
            known = flat.blocks() if flat else {}
            same = {block: known[block] for block in known if flat and flat.versions[block] == versions.get(block)}
            blocks = {block: same.get(block) or read_packed(connection, block, dim) for block in sorted(versions)}
            flat = Flat(blocks, versions, dim)
            with self._lock:
                self._flat = flat
        return flat


def _best(found: list[Found], k: int) -> list[tuple[int, float]]:
    """The ``k`` nearest of all that was found, equal ones by number."""
    numbers, cosines = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((numbers, -cosines))[:k]
    return list(zip(numbers[order].tolist(), cosines[order].tolist(), strict=True))


def _exact(connection: sqlite3.Connection, numbers: Iterable[int], query: Rows) -> Found:
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
