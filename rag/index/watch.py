"""Notice that files of a corpus were added, changed, renamed or removed, or that the index itself is gone."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from rag.index.record import database

__all__ = ["watch"]

log = logging.getLogger("rag.index")

# nothing more has happened for this long: a copy of many files is one change
_QUIET_MS = 400
# how often to look without being told: single files, folders that come back, a change that could not be taken up
_TICK_MS = 2000
# how often to look when the system does not tell of changes
_UNTOLD_SECONDS = 30.0


def watch(roots: Sequence[Path], on_change: Callable[[], bool], stop: Event, *, ignore: Path | None = None) -> None:
    """Call ``on_change`` once now, after every change under ``roots``, and when the index that was in the folder
    ``ignore`` is there no longer, until ``stop`` is set.

    ``on_change`` returns False when it could not do its work; it is then called again at the next tick. Hidden
    files and what lies in the folder ``ignore`` (the index itself) are nobody's business.
    """
    own = None if ignore is None else str(ignore.resolve())

    def concerns(change: object, path: str) -> bool:
        inside = own is not None and (path == own or path.startswith(own + "/"))
        return not inside and not Path(path).name.startswith(".")

    waiting, had_index = True, False
    while not stop.is_set():
        folders = [root.resolve() for root in roots if os.path.isdir(root)]  # noqa: PTH112 - Path.is_dir may raise
        barred = set(_barred(folders))
        seen = _stamps(roots)
        if not folders:
            stop.wait(_TICK_MS / 1000)
        for found in _changes(folders, concerns, stop):
            now = _stamps(roots)
            has_index = ignore is not None and database(ignore).exists()
            if found or waiting or now != seen or (had_index and not has_index):
                waiting = not on_change()
                barred.update(_barred(folders))
                has_index = ignore is not None and database(ignore).exists()
            had_index = has_index
            if now.keys() != seen.keys() or stop.is_set():
                break  # a root came or went: watch the folders that there are now
            if any(map(_is_open, barred)):
                waiting = True
                break  # nobody watches what happens in there
            seen = now


def _changes(folders: Sequence[Path], concerns: Callable[[object, str], bool], stop: Event) -> Iterator[bool]:
    """True for a change under ``folders``, False for every tick without one; one tick when there are none."""
    import watchfiles

    if not folders:
        yield False
        return
    try:
        for found in watchfiles.watch(
            *folders,
            watch_filter=concerns,
            debounce=_QUIET_MS * 4,
            step=_QUIET_MS,
            rust_timeout=_TICK_MS,
            yield_on_timeout=True,
            stop_event=stop,
            raise_interrupt=True,
            ignore_permission_denied=True,
        ):
            yield bool(found)
    except (OSError, RuntimeError) as error:  # a folder fails, or there are more than the system lets anyone watch
        log.warning("the system tells of no changes (%s): looking every %.0f seconds", error, _UNTOLD_SECONDS)
        while not stop.wait(_UNTOLD_SECONDS):
            yield True


def _barred(folders: Sequence[Path]) -> list[str]:
    """The folders in ``folders`` that cannot be listed, and so not be watched."""
    found: list[str] = []
    for folder in folders:
        for _ in os.walk(folder, onerror=lambda error: found.append(error.filename)):
            continue
    return found


def _is_open(folder: str) -> bool:
    try:
        os.scandir(folder).close()
    except OSError:
        return False
    return True


def _stamps(roots: Sequence[Path]) -> dict[Path, tuple[int, ...]]:
    """The roots that exist, with what tells that a single file has changed."""
    stamps: dict[Path, tuple[int, ...]] = {}
    for root in roots:
        try:
            info = root.stat()
        except OSError:
            continue
        stamps[root] = () if root.is_dir() else (info.st_size, info.st_mtime_ns, info.st_ino)
    return stamps
