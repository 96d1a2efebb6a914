"""Compound files (OLE): the container of Outlook messages and of the Office files of the nineties.

Implements as much of [MS-CFB] as reading streams needs: sectors, the allocation tables, the directory. Every
chain is followed at most as long as the file has sectors.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.errors import DocumentError

__all__ = ["CompoundFile"]

_END = 0xFFFFFFF8  # sector numbers from here on are marks
_MAX_ENTRIES = 20_000
_MAX_STREAM = 64 * 2**20


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class CompoundFile:
    """The streams of an OLE compound file by path ("storage/stream").

    Raises:
        DocumentError: the file is damaged.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._open(data)
        except (struct.error, IndexError, ValueError) as error:
            raise DocumentError("is damaged: it is not a complete OLE file") from error
        if not self.paths:
            raise DocumentError("is damaged: it is an OLE file without content")

    def _open(self, data: bytes) -> None:
        self._data = data
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise ValueError("sector size")
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        directory, self._cutoff, mini_table = struct.unpack_from("<I4xII", data, 48)
        extra, n_extra = struct.unpack_from("<II", data, 68)
        table_sectors = [s for s in struct.unpack_from("<109I", data, 76) if s < _END]
        for _ in range(min(n_extra, 1000)):
            if extra >= _END:
                break
            block = self._sector(extra)
            numbers = struct.unpack(f"<{len(block) // 4}I", block)
            table_sectors += [s for s in numbers[:-1] if s < _END]
            extra = numbers[-1]
        table = b"".join(self._sector(sector) for sector in table_sectors[:100_000])
        self._table = struct.unpack(f"<{len(table) // 4}I", table)
        self._entries = list(self._directory(self._chain(directory, self._table, self._sector)))
        root = self._entries[0]
        mini = self._chain(mini_table, self._table, self._sector) if mini_table < _END else b""
        self._mini_table = struct.unpack(f"<{len(mini) // 4}I", mini)
        self._mini = self._chain(root.start, self._table, self._sector)[: root.size]
        self.paths: dict[str, int] = {}
        self._walk(root.child, "")

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        block = self._data[start : start + self._size]
        if len(block) < self._size:
            block = block.ljust(self._size, b"\0") if block else b""
        if not block:
            raise ValueError("sector beyond the end")
        return block

    def _mini_sector(self, number: int) -> bytes:
        return self._mini[number * self._mini_size : (number + 1) * self._mini_size]

    def _chain(self, start: int, table: tuple[int, ...], sector: Callable[[int], bytes]) -> bytes:
        parts: list[bytes] = []
        seen = 0
        while start < _END:
            seen += 1
            if seen > len(table) + 1 or len(parts) * self._size > _MAX_STREAM:
                raise ValueError("endless chain")
            parts.append(sector(start))
            start = table[start]
        return b"".join(parts)

    def _directory(self, data: bytes) -> Iterator[_Entry]:
        for place in range(0, min(len(data), _MAX_ENTRIES * 128), 128):
            raw = data[place : place + 128]
            length, kind = struct.unpack_from("<HB", raw, 64)
            left, right, child = struct.unpack_from("<III", raw, 68)
            start, size = struct.unpack_from("<II", raw, 116)
            name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            yield _Entry(name, kind, left, right, child, start, size)

    def _walk(self, start: int, prefix: str) -> None:
        """Fill ``paths`` from the trees of siblings; every entry is visited once at most."""
        stack, seen = [(start, prefix)], set()
        while stack:
            number, folder = stack.pop()
            if number >= len(self._entries) or number in seen:
                continue
            seen.add(number)
            entry = self._entries[number]
            stack += [(entry.left, folder), (entry.right, folder)]
            path = f"{folder}{entry.name}"
            if entry.kind == 1:
                stack.append((entry.child, path + "/"))
            elif entry.kind == 2:
                self.paths[path] = number

    def read(self, path: str) -> bytes:
        """A stream's bytes, empty when there is none of that name."""
        if path not in self.paths:
            return b""
        entry = self._entries[self.paths[path]]
        try:
            if entry.size < self._cutoff:
                return self._chain(entry.start, self._mini_table, self._mini_sector)[: entry.size]
            return self._chain(entry.start, self._table, self._sector)[: entry.size]
        except (IndexError, ValueError) as error:
            raise DocumentError("is damaged: a stream of it is broken") from error

    def text(self, prefix: str, number: str) -> str:
        """A text property by its number, as Unicode or in the system's code page."""
        wide = self.read(f"{prefix}__substg1.0_{number}001F")
        return (
            wide.decode("utf-16-le", "replace")
            if wide
            else self.read(f"{prefix}__substg1.0_{number}001E").decode("cp1252", "replace")
        )
