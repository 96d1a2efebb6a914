"""Reading many files in worker processes: what a file does to its worker, the build survives.

A worker is started once and kept (starting costs more than reading a small file); it is replaced after a
failure, after many files, and when it has grown. At most two run, and at most a few files wait, so
memory stays bounded however many there are. Documents are handed on as they come, and a worker can be asked to do
more with each than reading it, so that both cores work while the caller writes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from math import inf
from queue import Full, Queue
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rag.documents.limits import MAX_FILES_PER_WORKER, MAX_FRAME_BYTES, MAX_MEMORY_BYTES, seconds_for
from rag.documents.walk import File
from rag.documents.worker import read_frame, write_frame
from rag.errors import DocumentError
from rag.types import Document, Heading, Span

if TYPE_CHECKING:
    from types import TracebackType

    from rag.settings import Settings

__all__ = ["Read", "Reader"]

MAX_WORKERS = 2
_GROWN_BYTES = 600 * 2**20
_MAX_BYTES_WAITING = 32 * 2**20  # of files handed out and not yet yielded
_TICK_SECONDS = 0.25
# documents of one file that wait for the builder: what it takes in while it writes; beyond them the worker waits
_MAX_WAITING = 512
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TESSDATA_PREFIX", "SYSTEMROOT")

Result = list[Document] | DocumentError
_Outcome = tuple[DocumentError | None, float]  # why a file has no documents, or no more, and the seconds it took


@dataclass(frozen=True, slots=True)
class Read:
    """A document, and what the worker said of it beside, as JSON values: None when it was not asked, or could not
    tell."""

    document: Document
    beside: Any = None


class Reader:
    """Reads files in isolation; a context manager.

    ``beside`` names a function, ``module:name``, that the workers call with each document and the settings and whose
    JSON values come with the document; the last of ``every`` so many of a file goes without. ``seconds`` is what
    reading the file taken last took, ``forbidden`` what the kernel forbids the workers.
    """

    def __init__(self, settings: Settings, beside: str = "", every: int = 0) -> None:
        self._settings = settings
        self._beside = beside
        self._every = every
        self._pool = ThreadPoolExecutor(min(MAX_WORKERS, os.cpu_count() or 1), thread_name_prefix="reader")
        self._workers: list[_Worker] = []
        self._idle: deque[_Worker] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self.seconds = 0.0

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers."""
        with self._lock:
            self._closed = True
            for worker in self._workers:
                worker.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def read_all(self, files: Iterable[File]) -> Iterator[tuple[File, Result]]:
        """Each file with its documents, or with the reason why it has none, in the order given."""
        for file, found in self.read_each(files):
            try:
                yield file, [read.document for read in found]
            except DocumentError as error:
                yield file, error

    def read_each(self, files: Iterable[File]) -> Iterator[tuple[File, Iterator[Read]]]:
        """Each file, in the order given, with its documents as they come. The inner iterator is to be used up before
        the next file is asked for; it raises ``DocumentError`` when the file cannot be read, or not to its end."""
        waiting: deque[_Reading] = deque()
        n_bytes = 0
        for file in files:
            waiting.append(_Reading(file))
            waiting[-1].future = self._pool.submit(self._read, waiting[-1])
            n_bytes += file.size
            while len(waiting) > 2 * MAX_WORKERS or (n_bytes > _MAX_BYTES_WAITING and len(waiting) > 1):
                n_bytes -= waiting[0].file.size
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    @property
    def forbidden(self) -> tuple[str, ...]:
        """What the system's kernel forbids every worker that has read a file: "connections", "writing elsewhere"."""
        told = [set(worker.forbidden) for worker in self._workers if worker.forbidden]
        return tuple(sorted(set.intersection(*told))) if told else ()

    def _next(self, waiting: deque[_Reading]) -> tuple[File, Iterator[Read]]:
        reading = waiting.popleft()
        return reading.file, self._documents(reading)

    def _documents(self, reading: _Reading) -> Iterator[Read]:
        while (found := reading.found.get()) is not None:
            yield found
        error, self.seconds = reading.future.result()
        if error is not None:
            raise error

    def _read(self, reading: _Reading) -> _Outcome:
        try:
            if reading.file.problem:
                return DocumentError(reading.file.problem), 0.0
            worker = self._take()
            try:
                error, seconds, was_killed_early = worker.read(reading)
                if was_killed_early and not self._closed:  # what went before may have worn it out: once more
                    worker = self._take()
                    error, seconds, _ = worker.read(reading)
                return error, seconds
            finally:
                with self._lock:
                    self._idle.append(worker)
        finally:
            reading.hand_on(None, lambda: self._closed)

    def _take(self) -> _Worker:
        """A worker that can take a file, a new one where there is none."""
        with self._lock:
            if self._closed:
                raise DocumentError("was not read: the build was stopped")
            worker = self._idle.popleft() if self._idle else None
            if worker is None or worker.is_spent:
                if worker is not None:
                    worker.stop()
                    self._workers.remove(worker)
                worker = _Worker(self._settings, self._beside, self._every)
                self._workers.append(worker)
            return worker


class _Reading:
    """A file that is being read: its documents on their way from the thread that talks to the worker, then None."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.found: Queue[Read | None] = Queue(_MAX_WAITING)
        self.n_found = 0
        self.future: Future[_Outcome]

    def hand_on(self, found: Read | None, is_over: Callable[[], bool]) -> None:
        """Give ``found`` to whoever takes the documents, when there is room, unless all is over by then."""
        while not is_over():
            try:
                self.found.put(found, timeout=_TICK_SECONDS)
                return
            except Full:
                continue


class _Worker:
    """One process and the conversation with it."""

    def __init__(self, settings: Settings, beside: str, every: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="footnote-reader-", ignore_cleanup_errors=True)
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environment |= {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "TMPDIR": self._folder.name,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rag.documents.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env=environment,
            start_new_session=True,
        )
        self._clock = _Clock(self._kill)
        self._n_files = 0
        self.is_spent = False
        self.forbidden: tuple[str, ...] = ()
        first = {"settings": asdict(settings), "max_memory": MAX_MEMORY_BYTES, "beside": beside, "every": every}
        self._send(first)

    def read(self, reading: _Reading) -> tuple[DocumentError | None, float, bool]:
        """Hand on the file's documents, those it handed on before aside; returns why there are none, or no more, the
        seconds taken, and whether the worker died of what it had read before rather than of this file."""
        file = reading.file
        self._n_files += 1
        seconds = seconds_for(file.size)
        clock = self._clock
        clock.set(seconds)
        n_sent = 0
        try:
            self._send({
                "path": os.path.abspath(file.path),  # noqa: PTH100 - a path with ".." is kept as it is
                "source": file.source,
                "collection": file.collection,
                "size": file.size,
                "seconds": seconds,
            })  # fmt: skip
            while (frame := self._receive()) is not None:
                if "forbidden" in frame:
                    self.forbidden = tuple(map(str, frame["forbidden"]))
                elif "document" in frame:
                    n_sent += 1
                    if n_sent > reading.n_found:
                        clock.pause()  # the worker waits for us, not we for it
                        reading.hand_on(Read(_document(frame["document"]), frame.get("beside")), clock.is_ended)
                        reading.n_found = n_sent
                elif "done" in frame:
                    return self._finished(frame)
                clock.restart()
        finally:
            clock.pause()
        self.is_spent = True
        if clock.has_rung:
            return DocumentError(f"took more than {seconds:.0f} seconds to read"), seconds, False
        reason = DocumentError("made its reader fail: it is damaged, or needs more memory than one file may take")
        return reason, clock.seconds, self._n_files > 1 and clock.seconds < 5

    def _finished(self, frame: dict[str, Any]) -> tuple[DocumentError | None, float, bool]:
        self.is_spent = (
            "spent" in frame or self._n_files >= MAX_FILES_PER_WORKER or frame.get("peak_bytes", 0) > _GROWN_BYTES
        )
        error = frame.get("error")
        return DocumentError(str(error)[:500]) if error else None, frame.get("seconds", 0.0), False

    def _send(self, value: Any) -> None:
        if self._process.stdin is not None:
            try:
                write_frame(self._process.stdin, value)
            except OSError:
                self.is_spent = True  # it is gone; reading from it will say so

    def _receive(self) -> Any:
        if self._process.stdout is None:
            return None
        try:
            return read_frame(self._process.stdout, MAX_FRAME_BYTES)
        except (ValueError, OSError):
            self._kill()
            return None

    def _kill(self) -> None:
        """End the worker and what it started (tesseract, LibreOffice)."""
        self.is_spent = True
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (OSError, AttributeError):
            self._process.kill()

    def stop(self) -> None:
        """End the worker and remove its temporary files."""
        self._clock.end()
        self._kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        self._process.wait()
        self._folder.cleanup()


class _Clock(threading.Thread):
    """Calls ``ring`` when there was no sign of life for a while; one for all the files of a worker, since starting a
    thread costs a fifth of what the builder does for a small file."""

    def __init__(self, ring: Callable[[], None]) -> None:
        super().__init__(name="reader-clock", daemon=True)
        self._ring = ring
        self._ended = threading.Event()
        self._limit = self._until = inf
        self._begun = perf_counter()
        self.has_rung = False
        self.start()

    @property
    def seconds(self) -> float:
        """Seconds since it was set."""
        return perf_counter() - self._begun

    def set(self, limit: float) -> None:
        """From now on there has to be a sign of life every ``limit`` seconds."""
        self._limit, self._begun, self.has_rung = limit, perf_counter(), False
        self.restart()

    def restart(self) -> None:
        """A sign of life."""
        self._until = perf_counter() + self._limit

    def pause(self) -> None:
        """There need be none until it is set again."""
        self._until = inf

    def end(self) -> None:
        """It is not needed any more."""
        self._ended.set()

    def is_ended(self) -> bool:
        """Whether it is not needed any more."""
        return self._ended.is_set()

    def run(self) -> None:
        """Look at the time every now and then."""
        while not self._ended.wait(_TICK_SECONDS):
            if perf_counter() > self._until:
                self.has_rung, self._until = True, inf
                self._ring()


def _document(plain: dict[str, Any]) -> Document:
    """A document from what the worker sent; anything not of its kind is an error here, not later."""
    return Document(
        source=str(plain["source"]),
        text=str(plain["text"]),
        title=str(plain["title"]),
        collection=str(plain["collection"]),
        page_starts=tuple(map(int, plain["page_starts"])),
        page_labels=tuple(map(str, plain["page_labels"])),
        headings=tuple(Heading(int(a), int(b), int(level)) for a, b, level in plain["headings"]),
        blocks=tuple(Span(int(a), int(b)) for a, b in plain["blocks"]),
        metadata=dict(plain["metadata"]),
    )
