"""One PDF page as it is drawn: its runs of characters, and the ruled lines and pictures around them."""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pypdfium2.raw as pdfium

from rag.documents.pdfdrawn import PageText, Segment
from rag.documents.pdfruns import read_characters
from rag.errors import DocumentError

__all__ = ["MAX_PIXELS", "open_pdf", "page_picture", "page_text"]

MAX_OBJECTS = 20_000
MAX_PIXELS = 12_000_000


def open_pdf(path: Path) -> Any:
    """The file as a ``pypdfium2.PdfDocument``.

    Raises:
        DocumentError: it needs a password, or is damaged.
    """
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentError("needs a password") from error
        raise DocumentError("is damaged: no PDF reader can open it") from error


def page_text(page: Any) -> PageText:
    """Read a ``pypdfium2.PdfPage``."""
    width, height = page.get_size()
    result = PageText(width, height)
    left, bottom, right, top = page.get_bbox()
    _read_objects(page, result, (right - left) * (top - bottom))
    text_page = page.get_textpage()
    try:
        read_characters(text_page, result, (left - 2, bottom - 2, right + 2, top + 2))
    finally:
        text_page.close()
    result.segments = _downwards(result.segments, page.get_rotation() // 90)
    return result


def _downwards(segments: list[Segment], rotation: int) -> list[Segment]:
    """The segments with what PDFium hands over backwards set right: where text does not stand upright on the page
    as shown, it sorts cells of a row and neighbouring lines by the wrong direction."""
    ordered: list[Segment] = []
    for is_turned, group in groupby(segments, key=lambda segment: segment.angle != rotation):
        if not is_turned:
            ordered += group
            continue
        run: list[list[Segment]] = []
        for row in _on_one_line(group):
            if run and not 0 < row[0].middle - run[-1][0].middle < 2.5 * row[0].size:
                ordered += [segment for line in reversed(run) for segment in line]
                run = []
            run.append(row)
        ordered += [segment for line in reversed(run) for segment in line]
    return ordered


def _on_one_line(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Segments that follow each other on one baseline, from left to right."""
    row: list[Segment] = []
    for segment in segments:
        if row and abs(row[-1].middle - segment.middle) >= 0.4 * segment.size:
            yield sorted(row, key=lambda s: s.x0)
            row = []
        row.append(segment)
    if row:
        yield sorted(row, key=lambda s: s.x0)


def page_picture(page: Any) -> tuple[bytes, float]:
    """The page as a grey PNG for text recognition, at most ``MAX_PIXELS`` large, and its pixels a point.

    300 dots an inch are what tesseract is made for; on a page that is smaller than paper, letters are small too.
    """
    width, height = page.get_size()
    scale = min(600 / 72, max(300 / 72, 3000 / max(1.0, width, height)))
    scale = min(scale, math.sqrt(MAX_PIXELS / max(1.0, width * height)))
    buffer = io.BytesIO()
    page.render(scale=scale, grayscale=True).to_pil().save(buffer, "PNG")
    return buffer.getvalue(), scale


def _read_objects(page: Any, result: PageText, area: float) -> None:
    """Collect rules, and see whether one image covers the page (a scan)."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for number in range(min(pdfium.FPDFPage_CountObjects(page.raw), MAX_OBJECTS)):
        item = pdfium.FPDFPage_GetObject(page.raw, number)
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            result.has_image = True  # at least it may hold one
        if kind not in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE):
            continue
        if not pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top):
            continue
        x0, y0, x1, y1 = left.value, bottom.value, right.value, top.value
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            result.has_image = True
            result.has_page_image |= (x1 - x0) * (y1 - y0) > 0.6 * area
            if (x1 - x0) * (y1 - y0) > 0.05 * area:
                result.pictures.append((x0, y0, x1, y1))
        elif pdfium.FPDFPath_CountSegments(item) <= 5:
            _add_rules(result, x0, y0, x1, y1)
        else:
            _add_path(result, item)


def _add_rules(result: PageText, x0: float, y0: float, x1: float, y1: float) -> None:
    width, height = x1 - x0, y1 - y0
    if height <= 3 and width >= 8:
        result.across.append(((y0 + y1) / 2, x0, x1))
    elif width <= 3 and height >= 5:
        result.upright.append(((x0 + x1) / 2, y0, y1))
    elif width >= 8 and height >= 5:
        result.across += [(y0, x0, x1), (y1, x0, x1)]
        result.upright += [(x0, y0, y1), (x1, y0, y1)]


def _add_path(result: PageText, path: Any) -> None:
    """The straight lines of a longer path, such as a whole grid drawn at once."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(path, ctypes.byref(matrix))
    x, y = ctypes.c_float(), ctypes.c_float()
    before: tuple[float, float] | None = None
    for number in range(min(pdfium.FPDFPath_CountSegments(path), 2000)):
        segment = pdfium.FPDFPath_GetPathSegment(path, number)
        if not pdfium.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        if before and pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_LINETO:
            x0, x1 = sorted((before[0], point[0]))
            y0, y1 = sorted((before[1], point[1]))
            if y1 - y0 <= 1 or x1 - x0 <= 1:
                _add_rules(result, x0, y0, x1, y1)
        before = point
