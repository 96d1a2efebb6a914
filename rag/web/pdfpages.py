"""Pages of a PDF as images, and where on them the cited words stand: asked of a process of its own."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from rag.documents.worker import read_frame, write_frame
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Drawer", "Rectangle"]

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom, as shares of the page

_SECONDS = 20.0  # more than any honest page takes
_ANSWER_BYTES = 64 << 20
_KEPT_IMAGES = 48
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


class Drawer:
    """Draws pages in a worker process, which is started when first needed and anew when it failed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._images: OrderedDict[tuple[str, int, int, float], bytes] = OrderedDict()

    def image(self, path: Path, page: int, scale: float) -> bytes:
        """The page (from 1) as PNG at ``scale`` pixels a point, in steps of a half.

        Raises:
            DocumentError: it cannot be drawn.
        """
        scale = round(min(max(scale, 0.5), 4.0) * 2) / 2
        key = (str(path), path.stat().st_mtime_ns, page, scale)
        if key not in self._images:
            answer = self._ask({"do": "image", "path": str(path.absolute()), "page": page, "scale": scale})
            self._images[key] = base64.b64decode(answer["png"])
            while len(self._images) > _KEPT_IMAGES:
                self._images.popitem(last=False)
        return self._images[key]

    def marks(self, path: Path, document: Document, page: int, start: int, end: int) -> tuple[float, list[Rectangle]]:
        """The page's width over its height, and the boxes of the cited words that stand on it.

        Raises:
            DocumentError: the page cannot be drawn.
        """
        # the text of the one page is all that is needed: the others are empty in what is sent
        starts = document.page_starts
        if not 1 <= page <= len(starts):
            raise DocumentError(f"has no page {page}")
        low, high = starts[page - 1], starts[page] if page < len(starts) else len(document.text)
        request = {
            "do": "marks",
            "path": str(path.absolute()),
            "page": page,
            "text": document.text[low:high],
            "page_starts": [0] * page + [high - low] * (len(starts) - page),
            "start": max(start, low) - low,
            "end": min(end, high) - low,
        }
        answer = self._ask(request)
        return answer["aspect"], [(x0, y0, x1, y1) for x0, y0, x1, y1 in answer["boxes"]]

    def close(self) -> None:
        """Stop the worker."""
        with self._lock:
            self._stop()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            process = self._running()
            assert process.stdin is not None and process.stdout is not None
            clock = Timer(_SECONDS, process.kill)
            clock.start()
            try:
                write_frame(process.stdin, request)
                answer = read_frame(process.stdout, _ANSWER_BYTES)
            except (OSError, ValueError):
                answer = None
            finally:
                clock.cancel()
            if answer is None:
                self._stop()
                raise DocumentError("took too much time or memory to draw")
            if "error" in answer:
                raise DocumentError(answer["error"])
            return dict(answer)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
            environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "rag.web.pdfworker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        return self._process

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not sent yet cannot be sent any more
                    stream.close()
        self._process = None
