"""What proves that a file is still the one that was read."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from rag.documents import File

__all__ = ["file_sha256", "path_bytes", "stamp_now", "stamp_of"]

# a file changed this short before it was read may change again within the clock's tick: look again next time
_RACY_NS = 2_000_000_000


def stamp_of(file: File) -> str:
    """The file's size, times and inode as one string. The time of the last change of its *status* is among them,
    which nobody can set back."""
    return f"{file.size}:{file.mtime_ns}:{file.ctime_ns}:{file.inode}"


def stamp_now(file: File) -> str:
    """``stamp_of`` a file about to be read; "" when it is so fresh, or the clock so wrong, that it proves nothing."""
    settled = time.time_ns() - max(file.mtime_ns, file.ctime_ns) > _RACY_NS
    return stamp_of(file) if settled else ""


def file_sha256(path: Path) -> str:
    """The hash of a file's content; "" when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def path_bytes(path: Path) -> bytes:
    """A path as it is kept: absolute, and any bytes that a file name may have."""
    return str(path.absolute()).encode("utf-8", "surrogateescape")
