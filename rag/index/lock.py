"""One writer at a time: an advisory lock that dies with the process that holds it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import IndexBusy, IndexError_

__all__ = ["writer_lock"]


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the right to write the index in ``folder``.

    Raises:
        IndexBusy: another process holds it; the message says which and since when.
    """
    holder = folder / "builder.json"
    lock = FileLock(folder / "builder.lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise IndexBusy(
            f"the index in {folder} is being built {_by_whom(holder)}; wait, or stop that process"
        ) from None
    except OSError as error:
        raise IndexError_(f"the index folder {folder} cannot be written: {error.strerror or error}") from error
    try:
        with suppress(OSError):
            holder.write_text(json.dumps({"pid": os.getpid(), "since": time.time()}))
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _by_whom(holder: Path) -> str:
    try:
        facts = json.loads(holder.read_text())
        since = time.localtime(facts["since"])
        today = time.strftime("%Y-%m-%d", since) == time.strftime("%Y-%m-%d")
        return f"by process {facts['pid']} since {time.strftime('%H:%M:%S' if today else '%Y-%m-%d %H:%M:%S', since)}"
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return "by another process"
