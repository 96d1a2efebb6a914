"""Zero the unused part of every page of an SQLite database: ``python wipe.py DATABASE``.

``PRAGMA secure_delete`` zeroes rows where they are deleted, but when a page is split or merged rows move, and
their bytes stay behind in the gap between the page's list of cells and its cells, where a later deletion does
not reach them (seen in 2 of 12 random histories with SQLite 3.40; tests/test_faults.py looks at the raw bytes).
Nothing reads a gap, so that zeros in it change nothing else, and a write that is cut short does no harm.

Run by the holder of the writer's lock, while the log is empty, as a process of its own and with nothing but the
standard library: a process that closes a database file drops every lock that it holds on it, those of its other
connections included. The file format is described at https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

_PENDING_BYTE = 0x40000000  # the page that holds this byte is never used
_B_TREE = {2: 12, 5: 12, 10: 8, 13: 8}  # kind of page -> size of its header
_PAGES = 4096  # read at once


def main(path: str) -> None:
    """Wipe the database at ``path``."""
    with open(path, "r+b", buffering=0) as file:  # noqa: PTH123  # no import that costs time
        header = file.read(100)
        size = int.from_bytes(header[16:18], "big")
        size = 65536 if size == 1 else size
        reserved = header[20]
        n_pages = os.fstat(file.fileno()).st_size // size
        if not header.startswith(b"SQLite format 3\0") or n_pages >= 1 << 25:
            return  # of so many pages the number of the next one could look like a kind of page
        maps = set(_pointer_maps(size, reserved, n_pages)) if any(header[52:56]) else set()
        for first in range(0, n_pages, _PAGES):
            data = os.pread(file.fileno(), _PAGES * size, first * size)
            for at in range(0, len(data) - size + 1, size):
                number = first + at // size + 1
                header_at = 100 if number == 1 else 0
                if data[at + header_at] not in _B_TREE or number in maps or number == _PENDING_BYTE // size + 1:
                    continue
                start, end = gap(data[at : at + size], header_at)
                if data[at + start : at + end].strip(b"\0"):
                    os.pwrite(file.fileno(), bytes(end - start), first * size + at + start)
        os.fsync(file.fileno())


def _pointer_maps(size: int, reserved: int, n_pages: int) -> Iterator[int]:
    """The numbers of the pages that say, for incremental vacuum, what the others are."""
    step = (size - reserved) // 5 + 1
    for number in range(2, n_pages + 1, step):
        yield number + (number == _PENDING_BYTE // size + 1)


def gap(page: bytes, at: int) -> tuple[int, int]:
    """Where the unused part of a page of a tree is; its header is at ``at``."""
    n_cells = int.from_bytes(page[at + 3 : at + 5], "big")
    start = at + _B_TREE[page[at]] + 2 * n_cells
    end = int.from_bytes(page[at + 5 : at + 7], "big") or 65536
    return (start, end) if start <= end <= len(page) else (0, 0)


if __name__ == "__main__":
    main(sys.argv[1])
