"""The approximate index of a large collection: an inverted file of 8-bit codes, made by FAISS.

It proposes candidates; their exact cosines, read from the record, decide. It is derived: a file
``vectors-<hash>.faiss``, whose size and sha256 the manifest knows, because FAISS's own reader accepts damaged
files (FACTS.md, 4). It also knows which version of each block of the matrix it holds: a block that has changed
since is searched directly, so that adding to a large index costs no rebuilding. When the file is missing or
damaged every block is searched directly, which is exact and slower, until a build writes it anew.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.index.matrix import BLOCK, block_versions, read_block
from rag.index.record import manifest, set_manifest, transaction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.plugins import Rows

__all__ = ["FLAT_UP_TO", "Approximate", "load_approximate", "save_approximate"]

log = logging.getLogger("rag.index")

# Up to here every vector is compared. benchmarks/README.md has the measurement: 100,000 x 384 take 16 ms on one
# thread, an inverted file under 1 ms.
FLAT_UP_TO = 50_000
# the share of blocks that may be newer than the file before it is written again
_STALE = 0.1
# vectors that FAISS sees of each list when it places the lists' centres
_SAMPLE = 48
_WITHOUT = "searching without it, which is slower; rag doctor --repair and then rag build make it anew"


@dataclass(frozen=True, slots=True)
class Approximate:
    """A FAISS index over the vectors of ``versions``, block by block; None when the file cannot be used."""

    faiss: Any
    sha256: str
    versions: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def none(cls, kept: Mapping[str, Any]) -> Approximate:
        """In place of a file that cannot be used, so that it is not read again and again."""
        return cls(None, kept["sha256"])

    def knows(self, block: int, version: int) -> bool:
        """True when the block's vectors in this index are those of that version."""
        return self.versions.get(block) == version

    def search(self, query: Rows, k: int, blocks: Iterable[int], among: NDArray[np.int64] | None) -> list[int]:
        """About the ``k`` nearest vectors in ``blocks``, by number."""
        import faiss

        faiss.omp_set_num_threads(1)
        options: dict[str, Any] = {"nprobe": max(16, self.faiss.nlist // 16)}
        wanted = set(blocks)
        if among is not None or wanted != self.versions.keys():
            allowed = np.zeros((max(self.versions) + 1, BLOCK), dtype=bool)
            allowed[list(wanted)] = True
            if among is not None:
                chosen = np.zeros(allowed.size, dtype=bool)
                chosen[among[among < allowed.size]] = True
                allowed &= chosen.reshape(allowed.shape)
                options["nprobe"] = max(options["nprobe"], self._probes_for(int(allowed.sum()), k))
            bits = np.packbits(allowed.ravel(), bitorder="little")
            options["sel"] = faiss.IDSelectorBitmap(bits)  # type: ignore[arg-type, call-arg]  # wrapped in Python
        k = min(k, int(self.faiss.ntotal))
        _, numbers = self.faiss.search(query[None, :], k, params=faiss.SearchParametersIVF(**options))
        return [number for number in numbers[0].tolist() if number >= 0]

    def _probes_for(self, n_allowed: int, k: int) -> int:
        """Lists to look into so that a choice of few vectors still yields enough of them."""
        share = max(1, n_allowed) / max(1, int(self.faiss.ntotal))
        return int(min(self.faiss.nlist, 16 / share + k))


def load_approximate(folder: Path, kept: Mapping[str, Any], dim: int) -> Approximate | None:
    """The index that the manifest describes, or None, with the reason in the log."""
    import faiss

    path = folder / str(kept["file"])
    try:
        with path.open("rb") as file:  # twice through: 400 MB at a million vectors are not to be held beside themselves
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if file.tell() != kept["size"] or digest != kept["sha256"]:
                log.warning("%s is damaged: %s", path.name, _WITHOUT)
                return None
            file.seek(0)
            index: Any = faiss.read_index(faiss.PyCallbackIOReader(file.read))  # type: ignore[attr-defined]
    except OSError as error:
        log.warning("%s cannot be read (%s): %s", path.name, error.strerror, _WITHOUT)
        return None
    if index.d != dim or index.ntotal != kept["n"]:
        log.warning("%s does not fit the record: %s", path.name, _WITHOUT)
        return None
    return Approximate(index, kept["sha256"], {int(block): version for block, version in kept["versions"].items()})


def save_approximate(folder: Path, connection: sqlite3.Connection, *, flat_up_to: int = FLAT_UP_TO) -> bool:
    """Write the file anew when it pays, or remove it when there are few vectors. True when a file was written.

    A file that holds vectors which are no longer in the record is always written anew: after a removal, one of
    whose blocks some have changed. The newest block, which every addition changes, is left out of it and searched
    directly. The manifest names the new file only once it is whole on disk.
    """
    facts = manifest(connection)
    kept = facts.get("approximate")
    (n,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
    versions = block_versions(connection)
    if n <= flat_up_to:
        if kept:
            _point_to(folder, connection, None)
        return False
    n_trained = kept["n_trained"] if kept else 0
    held = {int(block): version for block, version in kept["versions"].items()} if kept else {}
    settled = {block: version for block, version in versions.items() if block != max(versions)}
    n_changed = sum(held.get(block) != version for block, version in settled.items())
    may_hold_removed = facts.get("unswept") and any(versions.get(block) != held[block] for block in held)
    if _is_there(folder, kept) and not may_hold_removed and n_changed <= _STALE * len(settled):
        return False
    old = load_approximate(folder, kept, facts["dim"]) if kept and n <= 2 * n_trained else None
    index = old.faiss if old else _trained(connection, list(settled), n, facts["dim"])
    _bring_up_to_date(index, connection, old, settled, facts["dim"])
    written = _write(folder, index)
    entry = {**written, "n": int(index.ntotal), "n_trained": n_trained if old else n}
    _point_to(folder, connection, {**entry, "versions": settled})
    return True


def _is_there(folder: Path, kept: Mapping[str, Any] | None) -> bool:
    path = folder / str(kept["file"]) if kept else folder / "none"
    return kept is not None and path.is_file() and path.stat().st_size == kept["size"]


def _trained(connection: sqlite3.Connection, blocks: list[int], n: int, dim: int) -> Any:
    """An empty inverted file whose lists fit the vectors there are."""
    import faiss

    n_lists = int(2 * n**0.5)
    quantizer = faiss.IndexFlatIP(dim)
    kind = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexIVFScalarQuantizer(quantizer, dim, n_lists, kind, faiss.METRIC_INNER_PRODUCT)
    index.referenced_objects = [quantizer]  # type: ignore[attr-defined]  # keeps it alive
    stride = max(1, n // (_SAMPLE * n_lists))  # spreads the sample over all blocks
    index.train(np.concatenate([read_block(connection, block, dim)[1][::stride].copy() for block in blocks]))
    log.info("an approximate index of %d vectors in %d lists", n, n_lists)
    return index


def _bring_up_to_date(
    index: Any, connection: sqlite3.Connection, old: Approximate | None, versions: Mapping[int, int], dim: int
) -> None:
    import faiss

    for block in old.versions if old else ():
        if old and not (block in versions and old.knows(block, versions[block])):
            index.remove_ids(faiss.IDSelectorRange(block * BLOCK, (block + 1) * BLOCK))
    for block, version in versions.items():
        if not (old and old.knows(block, version)):
            numbers, rows = read_block(connection, block, dim)
            index.add_with_ids(rows, numbers)


def _point_to(folder: Path, connection: sqlite3.Connection, entry: dict[str, Any] | None) -> None:
    with transaction(connection):
        set_manifest(connection, approximate=entry)
    for path in folder.glob("vectors-*.faiss*"):
        if entry is None or path.name != entry["file"]:
            path.unlink(missing_ok=True)


def _write(folder: Path, index: Any) -> dict[str, Any]:
    """The file is there whole or not at all; returns its name, size and hash. It is written piece by piece, since
    a copy in memory would take as much as the index."""
    import faiss

    temporary = folder / "vectors-new.faiss.part"
    digest = hashlib.sha256()
    try:
        with temporary.open("wb") as file:

            def put(piece: bytes) -> int:
                digest.update(piece)
                return file.write(piece)

            faiss.write_index(index, faiss.PyCallbackIOWriter(put))  # type: ignore[attr-defined]
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        name = f"vectors-{digest.hexdigest()[:16]}.faiss"
        temporary.replace(folder / name)
    finally:
        temporary.unlink(missing_ok=True)
    return {"file": name, "size": size, "sha256": digest.hexdigest()}
