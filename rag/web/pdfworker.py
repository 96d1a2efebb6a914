"""The process that draws pages of PDFs for the reader, with little memory and no network.

PDFium may take gigabytes and minutes over a small file, or abort, and must not run on two threads at once.
So it runs here: frames of JSON in (what to draw), frames of JSON out, one after the other.
"""

from __future__ import annotations

import base64
import ctypes
import os
import sys
from pathlib import Path
from typing import Any

from rag.documents.worker import read_frame, write_frame

__all__ = ["main"]

MAX_REQUEST_BYTES = 64 << 20
_MEMORY_BYTES = 1536 << 20
_FINE = 20_000  # steps across a page when PDFium maps a point, which it does in whole numbers

Rectangle = tuple[float, float, float, float]


def main() -> None:
    """Answer requests until there are no more."""
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)  # what a library prints must not get between the frames
    _limit()
    while (request := read_frame(source, MAX_REQUEST_BYTES)) is not None:
        try:
            answer = _image(request) if request["do"] == "image" else _marks(request)
        except Exception as error:  # noqa: BLE001 - whatever PDFium does, the page says that it cannot be drawn
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        write_frame(answers, answer)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _image(request: dict[str, Any]) -> dict[str, Any]:
    from rag.documents import pdf

    png = pdf.render(Path(request["path"]), request["page"], request["scale"])
    return {"png": base64.b64encode(png).decode()}


def _marks(request: dict[str, Any]) -> dict[str, Any]:
    import pypdfium2

    from rag.documents import pdf

    path, page, start, end = Path(request["path"]), request["page"], request["start"], request["end"]
    found = pdf.boxes(path, request["text"], request["page_starts"], start, end) if start < end else []
    opened = pypdfium2.PdfDocument(path)
    try:
        sheet = opened[page - 1]
        width, height = sheet.get_size()
        boxes = [_placed(sheet, box[1:]) for box in found if box[0] == page]
        return {"aspect": width / height, "boxes": _joined(boxes)}
    finally:
        opened.close()


def _placed(sheet: object, box: Rectangle) -> Rectangle:
    """A box in PDF points as shares of the page as it is shown: turned, cropped, top to bottom."""
    import pypdfium2.raw as pdfium

    corners = []
    for x, y in ((box[0], box[1]), (box[2], box[3])):
        left, top = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(sheet, 0, 0, _FINE, _FINE, 0, x, y, left, top)
        corners.append((left.value / _FINE, top.value / _FINE))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _joined(boxes: list[Rectangle]) -> list[Rectangle]:
    """Boxes that overlap on one line (ligatures give such) as one."""
    joined: list[Rectangle] = []
    for box in boxes:
        for place, other in enumerate(joined):
            height = min(box[3] - box[1], other[3] - other[1])
            shared = min(box[3], other[3]) - max(box[1], other[1])
            if shared > 0.5 * height and box[0] <= other[2] and other[0] <= box[2]:
                lows = min(box[0], other[0]), min(box[1], other[1])
                joined[place] = (*lows, max(box[2], other[2]), max(box[3], other[3]))
                break
        else:
            joined.append(box)
    return joined


if __name__ == "__main__":
    main()
