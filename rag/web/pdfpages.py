"""Pages of a PDF as images, and where on them the cited words stand, for the reader.

PDFium must not be used from two threads at once, and requests come on several: one lock for all.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path
from threading import Lock

from rag.documents import pdf
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Rectangle", "image", "marks"]

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom, as shares of the page

_LOCK = Lock()
_FINE = 20_000  # steps across a page when PDFium maps a point, which it does in whole numbers


def image(path: Path, page: int, scale: float) -> bytes:
    """The page (from 1) as PNG at ``scale`` pixels a point, in steps of a half.

    Raises:
        DocumentError: the file or the page cannot be read.
    """
    return _image(str(path), path.stat().st_mtime_ns, page, round(min(max(scale, 0.5), 4.0) * 2) / 2)


@lru_cache(maxsize=48)
def _image(path: str, changed: int, page: int, scale: float) -> bytes:
    with _LOCK:
        return pdf.render(Path(path), page, scale)


def marks(path: Path, document: Document, page: int, start: int, end: int) -> tuple[float, list[Rectangle]]:
    """The page's width over its height, and the boxes of the cited words that stand on it.

    Raises:
        DocumentError: the file or the page cannot be read.
    """
    import pypdfium2

    with _LOCK:
        found = pdf.boxes(path, document.text, document.page_starts, start, end) if start < end else []
        try:
            opened = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            raise DocumentError(str(error)) from error
        try:
            if not 1 <= page <= len(opened):
                raise DocumentError(f"has no page {page}")
            sheet = opened[page - 1]
            width, height = sheet.get_size()
            return width / height, _joined([_placed(sheet, box[1:]) for box in found if box[0] == page])
        finally:
            opened.close()


def _placed(sheet: object, box: tuple[float, float, float, float]) -> Rectangle:
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
                joined[place] = (
                    min(box[0], other[0]),
                    min(box[1], other[1]),
                    max(box[2], other[2]),
                    max(box[3], other[3]),
                )
                break
        else:
            joined.append(box)
    return joined
