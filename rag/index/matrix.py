"""Passage vectors packed for searching: a blob for every 2048 consecutive vector numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import IndexDamaged
from rag.index.packing import row_type, unpack
from rag.index.record import checksum, verify, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.plugins import Rows

__all__ = ["BLOCK", "block_versions", "read_block", "read_packed", "update_matrix"]

BLOCK = 2048
_PLACE_BYTES = 2


def block_versions(connection: sqlite3.Connection) -> dict[int, int]:
    """The blocks there are, each with the generation that wrote it."""
    return {whole(b): whole(version) for b, version in connection.execute("SELECT block, version FROM matrix")}


def read_block(connection: sqlite3.Connection, block: int, dim: int) -> tuple[NDArray[np.int64], Rows]:
    """The vector numbers of a block in order, and their rows.

    Raises:
        IndexDamaged: the block does not match its checksum.
    """
    numbers, packed = read_packed(connection, block, dim)
    return numbers, unpack(packed.tobytes(), dim)


def read_packed(connection: sqlite3.Connection, block: int, dim: int) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """The vector numbers of a block in order, and their rows as they are stored.

    Raises:
        IndexDamaged: the block does not match its checksum.
    """
    data = _data(connection, block)
    if not data:
        raise IndexDamaged("the matrix of vectors in the index is damaged: rag doctor repairs what can be repaired")
    entries = np.frombuffer(data, [("place", f"<u{_PLACE_BYTES}"), ("row", row_type(dim))])
    return entries["place"] + np.int64(block * BLOCK), entries["row"]


def update_matrix(
    connection: sqlite3.Connection,
    version: int,
    dim: int,
    added: Mapping[int, bytes] | None = None,
    removed: Iterable[int] = (),
) -> None:
    """Write packed rows under their vector numbers and take others out, in the caller's transaction."""
    changes: dict[int, dict[int, bytes]] = {}
    for number, row in [*((number, b"") for number in removed), *(added or {}).items()]:
        changes.setdefault(number // BLOCK, {})[number % BLOCK] = row
    for block, change in sorted(changes.items()):
        entries = {**_entries(connection, block, dim), **change}
        data = b"".join(place.to_bytes(_PLACE_BYTES, "little") + row for place, row in sorted(entries.items()) if row)
        if data:
            crc = checksum("matrix", block, version, data)
            connection.execute("INSERT OR REPLACE INTO matrix VALUES (?, ?, ?, ?)", (block, version, data, crc))
        else:
            connection.execute("DELETE FROM matrix WHERE block = ?", (block,))


def _entries(connection: sqlite3.Connection, block: int, dim: int) -> dict[int, bytes]:
    """The packed rows of a block by place, in order."""
    data, size = _data(connection, block), _PLACE_BYTES + row_type(dim).itemsize
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return {int.from_bytes(piece[:_PLACE_BYTES], "little"): piece[_PLACE_BYTES:] for piece in pieces}


def _data(connection: sqlite3.Connection, block: int) -> bytes:
    """A block as it is stored, held to its checksum; nothing when there is none."""
    row = connection.execute("SELECT version, data, crc FROM matrix WHERE block = ?", (block,)).fetchone()
    if row is None:
        return b""
    version, data, crc = row
    verify(crc, "matrix", "the matrix of vectors", block, version, data)
    return bytes(data)
