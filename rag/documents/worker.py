"""The process that reads files for ``Reader``: little memory, little time, no network.

It speaks frames of JSON (four bytes of length, then the text) on its standard streams: first the settings,
then one request a file. It says what the kernel forbids it (``confine``), and answers each request with a frame a
document, with what a function named by its parent finds out about it, and a last one that says how it went.
Nothing that a document holds is ever unpickled or run.
"""

from __future__ import annotations

import gc
import json
import os
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any

__all__ = ["main", "read_frame", "write_frame"]

Beside = Callable[[Any, Any], Any]

_NO_CONNECTIONS = frozenset(("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"))


def write_frame(stream: IO[bytes], value: Any) -> None:
    """Send one value."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    stream.write(struct.pack(">I", len(data)))
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes], max_bytes: int) -> Any:
    """The next value; None at the end of the stream.

    Raises:
        ValueError: the frame is larger than ``max_bytes`` or is not JSON.
    """
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    if length > max_bytes:
        raise ValueError(f"a frame of {length:,} bytes")
    data = stream.read(length)
    return json.loads(data.decode("utf-8", "surrogatepass")) if len(data) == length else None


def main() -> None:
    """Read requests until there are no more."""
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)  # what a library prints must not get between the frames
    sys.addaudithook(_refuse_connections)
    from rag.documents.confine import confine
    from rag.documents.legacy import find_office
    from rag.documents.limits import MAX_FRAME_BYTES, on_beat
    from rag.settings import Settings

    first = read_frame(source, MAX_FRAME_BYTES)
    settings = Settings(**first["settings"])
    _limit_process(first["max_memory"])
    write_frame(answers, {"forbidden": confine(Path(tempfile.gettempdir()), with_office=bool(find_office()))})
    # what is there now stays, and a document is thousands of values: looking for garbage as often as Python does by
    # default took a twentieth of the time
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    on_beat(lambda: write_frame(answers, {"beat": True}))
    module, _, name = first["beside"].partition(":")
    beside: Beside = getattr(import_module(module), name) if module else _nothing_beside
    while (request := read_frame(source, MAX_FRAME_BYTES)) is not None:
        _limit_time(request["seconds"])
        _answer(answers, request, settings, beside, first["every"])


def _nothing_beside(document: Any, settings: Any) -> None:
    return None


def _answer(answers: IO[bytes], request: dict[str, Any], settings: Any, beside: Beside, every: int) -> None:
    from rag.documents.reading import documents_in
    from rag.documents.walk import File
    from rag.errors import DocumentError

    file = File(Path(request["path"]), request["source"], request["collection"], request["size"], 0, 0)
    outcome: dict[str, Any] = {"done": True, "seconds": 0.0}
    try:
        for number, document in enumerate(_timed(documents_in(file, settings=settings), outcome), 1):
            _limit_time(request["seconds"])
            said = _beside(document, settings, beside) if not every or number % every else None
            write_frame(answers, {"document": _plain(document), "beside": said})
    except DocumentError as error:
        outcome["error"] = str(error)
    except MemoryError:
        outcome["error"] = "needs more memory than one file may take"
        outcome["spent"] = True
    except Exception as error:  # noqa: BLE001 - whatever a parser does, the build goes on and says so
        outcome["error"] = f"cannot be read: {type(error).__name__} {str(error)[:150]}"
        outcome["spent"] = True
    outcome["peak_bytes"] = _peak_bytes()
    write_frame(answers, outcome)


def _timed(documents: Iterator[Any], outcome: dict[str, Any]) -> Iterator[Any]:
    """The documents; the seconds that reading them takes are added to those of the outcome."""
    while True:
        started = time.perf_counter()
        document = next(documents, None)
        outcome["seconds"] += time.perf_counter() - started
        if document is None:
            return
        yield document


def _beside(document: Any, settings: Any, beside: Beside) -> Any:
    try:
        return beside(document, settings)
    except Exception:  # noqa: BLE001 - the document was read; the parent finds out the rest itself, or fails openly
        return None


def _plain(document: Any) -> dict[str, Any]:
    """A document as JSON values."""
    names = ("source", "text", "title", "collection", "page_starts", "page_labels", "headings", "blocks")
    return {**{name: getattr(document, name) for name in names}, "metadata": dict(document.metadata)}


def _refuse_connections(event: str, _: tuple[Any, ...]) -> None:
    if event in _NO_CONNECTIONS:
        raise PermissionError("reading documents opens no connections")


def _limit_process(max_memory: int) -> None:
    """Bound memory and files written; no core dumps. Where the system has no limits, the clock remains."""
    try:
        import resource
    except ImportError:
        return
    for limit, value in (
        (resource.RLIMIT_AS, max_memory),
        (resource.RLIMIT_FSIZE, 512 * 2**20),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue  # macOS does not take RLIMIT_AS


def _limit_time(seconds: float) -> None:
    """End this process by itself should the parent be gone and not stop it."""
    try:
        import resource
    except ImportError:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime + seconds + 30)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))


def _peak_bytes() -> int:
    """The most memory this process has had. On Linux ``getrusage`` will not do: it counts what the parent had when it
    started this process, so that beside a large parent every worker seemed to have grown."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


if __name__ == "__main__":
    main()
