"""The FAISS index over passage vectors: derived from the record, and rebuilt from it when in doubt.

A checkpoint file ``vectors-<hash>.faiss`` holds the vectors up to some number; rows that are newer are added
from the record when it is opened, so that adding a document costs what the document costs. The manifest
knows the file's size and sha256: FAISS's own reader accepts damaged files (FACTS.md, 4).
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import IndexDamaged
from rag.index.packing import unpack
from rag.index.record import checksum, manifest, set_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.plugins import Rows

__all__ = ["Dense", "load_dense", "save_dense"]

log = logging.getLogger("rag.index")

# Up to here every vector is compared (100,000 x 384 on one thread: 10.6 ms, FACTS.md, 9); above, an inverted
# file with 8-bit codes finds the candidates (0.3 ms, recall@10 0.993) and their exact scores follow from
# the record.
_FLAT_UP_TO = 50_000
_CHECKPOINT_EVERY = 1_000


@dataclass(slots=True)
class Dense:
    """A searchable set of passage vectors. ``last`` is the highest vector number in it; rows that left the
    record since stay in until the next checkpoint and are sieved out by the caller's join."""

    faiss: Any
    dim: int
    last: int
    checkpointed: int
    lock: Lock

    def __len__(self) -> int:
        return int(self.faiss.ntotal)

    def search(self, query: Rows, k: int, among: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """The numbers and cosines of the ``k`` nearest vectors, best first; ``among`` restricts them."""
        import faiss

        if query.shape != (self.dim,) or not np.isfinite(query).all():
            raise ValueError(f"a query vector must be {self.dim} finite numbers")
        k = min(k, len(self))
        if k < 1 or (among is not None and not len(among)):
            return []
        selector = faiss.IDSelectorBatch(np.asarray(among, dtype=np.int64)) if among is not None else None
        inner = faiss.downcast_index(self.faiss.index)
        options: dict[str, Any] = {"sel": selector}
        kind: Any = faiss.SearchParameters
        if isinstance(inner, faiss.IndexIVF):
            kind, options["nprobe"] = faiss.SearchParametersIVF, max(16, inner.nlist // 16)
        parameters = kind(**options)
        with self.lock:
            scores, numbers = self.faiss.search(query[None, :], k, params=parameters)
        found = zip(numbers[0].tolist(), scores[0].tolist(), strict=True)
        return [(number, score) for number, score in found if number >= 0]

    def add_newer(self, connection: sqlite3.Connection) -> None:
        """Add the rows that the record has beyond ``last``."""
        with self.lock:
            for numbers, rows in _vectors(connection, self.last, self.dim):
                self.faiss.add_with_ids(rows, numbers)
                self.last = int(numbers[-1])


def _vectors(connection: sqlite3.Connection, after: int, dim: int) -> Any:
    """Batches ``(numbers, rows)`` of passage vectors in the order of their numbers."""
    cursor = connection.execute(
        "SELECT number, passage, sentences, crc FROM vectors WHERE number > ? ORDER BY number", (after,)
    )
    while batch := cursor.fetchmany(4096):
        for number, passage, sentences, crc in batch:
            if checksum(passage, sentences) != crc:
                raise IndexDamaged(f"vector {number} of the index is damaged: rag build --rebuild makes it anew")
        yield (
            np.fromiter((row[0] for row in batch), dtype=np.int64, count=len(batch)),
            np.concatenate([unpack(row[1], dim) for row in batch]),
        )


def load_dense(folder: Path, connection: sqlite3.Connection) -> Dense | None:
    """The dense index of the record's present state; None while no passage has a vector."""
    facts = manifest(connection)
    dim = facts.get("dim")
    if not dim:
        return None
    dense = _from_checkpoint(folder, facts, dim) or _from_record(connection, dim)
    dense.add_newer(connection)
    return dense


def _from_checkpoint(folder: Path, facts: dict[str, Any], dim: int) -> Dense | None:
    import faiss

    kept = facts.get("checkpoint")
    if not kept:
        return None
    path = folder / kept["file"]
    try:
        data = path.read_bytes()
    except OSError as error:
        log.warning("%s cannot be read (%s): rebuilt from the record", path.name, error.strerror)
        return None
    if len(data) != kept["size"] or hashlib.sha256(data).hexdigest() != kept["sha256"]:
        log.warning("%s is damaged: rebuilt from the record", path.name)
        return None
    index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
    if index.d != dim or index.ntotal != kept["n"]:
        log.warning("%s does not fit the record: rebuilt from it", path.name)
        return None
    return Dense(index, dim, kept["last"], kept["n"], Lock())


def _from_record(connection: sqlite3.Connection, dim: int) -> Dense:
    import faiss

    (n,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
    if n <= _FLAT_UP_TO:
        return Dense(faiss.IndexIDMap2(faiss.IndexFlatIP(dim)), dim, 0, 0, Lock())
    lists = int(4 * n**0.5)
    (last,) = connection.execute("SELECT max(number) FROM vectors").fetchone()
    inner = faiss.index_factory(dim, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    # 64 vectors a list are enough to place its centre; a stride spreads them over the corpus
    stride = max(1, n // (64 * lists))
    sample = [rows[::stride] for _, rows in _vectors(connection, 0, dim)]
    inner.train(np.concatenate(sample))
    log.info("%d vectors up to number %d: an inverted file of %d lists", n, last, lists)
    return Dense(faiss.IndexIDMap2(inner), dim, 0, 0, Lock())


def save_dense(folder: Path, connection: sqlite3.Connection, *, removed: bool) -> None:
    """Write a checkpoint when it pays: rows were removed, or many were added since the last one.

    Runs outside any transaction; the manifest names the new file only once it is whole on disk.
    """
    from rag.index.record import transaction

    facts = manifest(connection)
    dim = facts.get("dim")
    if not dim:
        return
    kept = facts.get("checkpoint")
    (n, last) = connection.execute("SELECT count(*), coalesce(max(number), 0) FROM vectors").fetchone()
    stale = removed or kept is None or n - kept["n"] > max(_CHECKPOINT_EVERY, kept["n"] // 20)
    intact = kept is not None and (folder / kept["file"]).is_file()
    if not stale and intact:
        return
    dense = None if removed or kept is None else _from_checkpoint(folder, facts, dim)
    dense = dense or _from_record(connection, dim)
    dense.add_newer(connection)
    import faiss

    data = faiss.serialize_index(dense.faiss).tobytes()
    digest = hashlib.sha256(data).hexdigest()
    name = f"vectors-{digest[:16]}.faiss"
    _write(folder / name, data)
    checkpoint = {"file": name, "size": len(data), "sha256": digest, "n": len(dense), "last": last}
    with transaction(connection):
        set_manifest(connection, checkpoint=checkpoint)
    for old in folder.glob("vectors-*.faiss*"):
        if old.name != name:
            old.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    """The file is there whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
