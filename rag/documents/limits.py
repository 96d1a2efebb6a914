"""What one file may cost, and the sign of life that slow but honest work gives.

Reading a page off a picture takes seconds; every page done calls ``beat``, and the clock starts anew.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["MAX_FRAME_BYTES", "MAX_MEMORY_BYTES", "beat", "on_beat", "seconds_for"]

MAX_MEMORY_BYTES = 1400 * 2**20  # of a worker, address space: numpy and the language model included
MAX_FRAME_BYTES = 96 * 2**20  # of one document on its way to the parent
MAX_FILES_PER_WORKER = 4000  # a new one takes a second to get ready
_SECONDS = 18.0
_SECONDS_PER_MB = 2.0
_MAX_SECONDS = 300.0

_listeners: list[Callable[[], None]] = []


def seconds_for(n_bytes: int) -> float:
    """How long a file of this size may take without a sign of life."""
    return min(_MAX_SECONDS, _SECONDS + _SECONDS_PER_MB * n_bytes / 2**20)


def on_beat(listener: Callable[[], None]) -> None:
    """Have ``listener`` called on every ``beat``."""
    _listeners.append(listener)


def beat() -> None:
    """A slow step is done: the file is being worked on."""
    for listener in _listeners:
        listener()
