"""One PDF page as it is drawn: runs of characters with their boxes, and the ruled lines of tables.

Characters come in the order of the page's content, which for most producers is the reading order.
``Segment`` is a run on one baseline without a wide gap. All lengths are PDF points, y grows upwards.
"""

from __future__ import annotations

import ctypes
import io
import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pypdfium2.raw as pdfium

from rag.errors import DocumentError

__all__ = ["PageText", "Segment", "open_pdf", "page_picture", "page_text"]

WIDE_GAP = 1.15  # in units of the font size: what separates columns and cells, not justified words
MAX_OBJECTS = 20_000
MAX_CHARACTERS = 200_000
_FEW_CHARACTERS = 12  # a page number or a stamp on a scan
MAX_PIXELS = 12_000_000
_INVISIBLE_MODE = 3
_REPLACED = {0x02: "-", 0xF0B7: "•", 0xF0A7: "▪", 0xA0: " ", 0xFFFE: "-", 0x2010: "-", 0x2011: "-"}
# Ligatures by their code points, and as TeX's fonts give them when they do not say what they are.
_TEX_LIGATURES = {0x0: "ffi", 0x0B: "ff", 0x0C: "fi", 0x0E: "ffi", 0x0F: "ffl", 0x21B5: "ff"}
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}


@dataclass(slots=True)
class Segment:
    """A run of characters: ``index[i]`` is the page's character that ``text[i]`` came from."""

    text: str
    index: list[int]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    is_bold: bool
    angle: int = 0  # quarter turns
    parts: list[Segment] | None = None  # what it was joined from

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return (self.y0 + self.y1) / 2


@dataclass(slots=True)
class PageText:
    """A page's segments in content order, the horizontal and vertical rules, and what stood out."""

    width: float
    height: float
    segments: list[Segment] = field(default_factory=list)
    across: list[tuple[float, float, float]] = field(default_factory=list)  # (y, x0, x1)
    upright: list[tuple[float, float, float]] = field(default_factory=list)  # (x, y0, y1)
    n_hidden: int = 0
    has_image: bool = False
    has_page_image: bool = False  # one that covers most of the page: a scan
    pictures: list[tuple[float, float, float, float]] = field(default_factory=list)  # boxes of the larger images
    is_cut: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether the page is a picture with no text to speak of."""
        return self.has_image and sum(len(segment.text) for segment in self.segments) < _FEW_CHARACTERS


@dataclass(slots=True)
class _Style:
    size: float
    is_bold: bool
    is_hidden: bool
    angle: int  # quarter turns


class _Styles:
    """Looks up size, weight and visibility of text objects, each once."""

    def __init__(self) -> None:
        self._by_object: dict[int, _Style] = {}
        self._bold_fonts: dict[int, bool] = {}
        self.plain = _Style(10.0, False, False, 0)

    def of(self, text_object: Any) -> _Style:
        if not text_object:
            return self.plain
        address = ctypes.addressof(text_object.contents)
        if (style := self._by_object.get(address)) is None:
            style = self._by_object[address] = self._read(text_object)
        return style

    def _read(self, text_object: Any) -> _Style:
        size = ctypes.c_float(10.0)
        pdfium.FPDFTextObj_GetFontSize(text_object, ctypes.byref(size))
        matrix = pdfium.FS_MATRIX()
        scale, angle = 1.0, 0
        if pdfium.FPDFPageObj_GetMatrix(text_object, ctypes.byref(matrix)):
            scale = math.hypot(matrix.c, matrix.d) or 1.0
            angle = round(math.degrees(math.atan2(matrix.b, matrix.a)) / 90) % 4
        hidden = pdfium.FPDFTextObj_GetTextRenderMode(text_object) == _INVISIBLE_MODE
        return _Style(abs(size.value) * scale, self._is_bold(text_object), hidden, angle)

    def _is_bold(self, text_object: Any) -> bool:
        font = pdfium.FPDFTextObj_GetFont(text_object)
        if not font:
            return False
        address = ctypes.addressof(font.contents)
        if (bold := self._bold_fonts.get(address)) is None:
            buffer = ctypes.create_string_buffer(256)
            pdfium.FPDFFont_GetBaseFontName(font, buffer, 256)
            name = buffer.value.lower()
            weight = pdfium.FPDFFont_GetWeight(font)
            bold = any(word in name for word in (b"bold", b"black", b"heavy", b"-bd")) or 600 <= weight <= 1000
            self._bold_fonts[address] = bold
        return bold


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
        _read_characters(text_page, result, (left - 2, bottom - 2, right + 2, top + 2))
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


def _read_characters(text_page: Any, result: PageText, view: tuple[float, float, float, float]) -> None:
    raw = text_page.raw
    n = text_page.count_chars()
    result.is_cut = n > MAX_CHARACTERS
    styles = _Styles()
    style = styles.plain
    rect = pdfium.FS_RECTF()
    reference = ctypes.byref(rect)
    unicode_at, box_at, object_at = (
        pdfium.FPDFText_GetUnicode,
        pdfium.FPDFText_GetLooseCharBox,
        pdfium.FPDFText_GetTextObject,
    )
    runs = _Runs(result)
    fresh = True
    hidden: list[tuple[int, int]] = []
    high = 0
    for place in range(min(n, MAX_CHARACTERS)):
        code = unicode_at(raw, place)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            if not high:
                continue
            code, high = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), 0
        if code in (10, 13):
            runs.end()
            fresh = True
            continue
        if code == 32 or code == 0xA0:
            runs.space(place)
            fresh = True
            continue
        if fresh:
            style = styles.of(object_at(raw, place))
            fresh = False
        if code in _TEX_LIGATURES and (
            runs.ends_with_letter or (place + 1 < n and chr(unicode_at(raw, place + 1)).islower())
        ):
            char = _TEX_LIGATURES[code]
        else:
            char = _REPLACED.get(code) or _LIGATURES.get(code) or _visible(code)
        if not char:
            continue
        box_at(raw, place, reference)
        x0, y0, x1, y1 = rect.left, rect.bottom, rect.right, rect.top
        if style.is_hidden and not result.has_page_image:
            hidden.append((place, code))
            continue
        if not (view[0] <= x0 and x1 <= view[2] and view[1] <= y0 + style.size and y1 - style.size <= view[3]):
            hidden.append((place, code))
            continue
        if style.size < 1.2 and y1 - y0 < 1.5:
            hidden.append((place, code))
            continue
        runs.add(char, place, x0, y0, x1, y1, style)
    runs.end()
    result.n_hidden = len(hidden)


def _visible(code: int) -> str:
    """The character, "" for controls and for private ones that only the font knows."""
    return "" if code < 32 or 0xE000 <= code < 0xF900 else chr(code)


class _Runs:
    """Collects characters into segments."""

    def __init__(self, result: PageText) -> None:
        self._result = result
        self._text: list[str] = []
        self._index: list[int] = []
        self._box = (0.0, 0.0, 0.0, 0.0)
        self._last = (0.0, 0.0, 0.0, 0.0)
        self._style: _Style | None = None
        self._n_bold = 0
        self._pending_space = -1
        self._seen: dict[tuple[str, int, int], tuple[float, float]] = {}
        self._rules = sorted(result.upright)

    @property
    def ends_with_letter(self) -> bool:
        """Whether the run goes on and its last character is a small letter."""
        return bool(self._text) and self._pending_space < 0 and self._text[-1].islower()

    def space(self, place: int) -> None:
        if self._text:
            self._pending_space = place

    def add(self, char: str, place: int, x0: float, y0: float, x1: float, y1: float, style: _Style) -> None:
        if self._is_overprint(char, (x0, y0, x1, y1), style.size):
            return
        if self._style is not None and (style.angle != self._style.angle or self._is_apart(x0, y0, x1, y1, style)):
            self.end()
        if self._text:
            if self._pending_space >= 0:
                self._text.append(" ")
                self._index.append(self._pending_space)
            box = self._box
            self._box = (min(box[0], x0), min(box[1], y0), max(box[2], x1), max(box[3], y1))
        else:
            self._box = (x0, y0, x1, y1)
            self._style = style
            self._n_bold = 0
        self._pending_space = -1
        self._last = (x0, y0, x1, y1)
        self._n_bold += style.is_bold
        if self._style is not None and style.size > self._style.size * 1.3 and len(self._text) < 4:
            self._style = style  # a drop cap or a footnote mark does not set the size of the line
        for part in char:
            self._text.append(part)
            self._index.append(place)

    def _is_overprint(self, char: str, box: tuple[float, float, float, float], size: float) -> bool:
        """Whether the same glyph was just drawn in the same place (bold by drawing twice).

        PDFium gives both letters of a ligature such as ff the same box: those are two letters.
        """
        if char in "ftlij" and box == self._last and self._text[-1:] == [char]:
            return False
        unit = max(size, 1.0) * 0.12
        key = (char, round(box[0] / unit / 2), round(box[1] / unit / 2))
        before = self._seen.get(key)
        self._seen[key] = (box[0], box[1])
        return before is not None and abs(before[0] - box[0]) < unit and abs(before[1] - box[1]) < unit

    def _is_apart(self, x0: float, y0: float, x1: float, y1: float, style: _Style) -> bool:
        """Whether a character does not go on with the run: another line, or beyond a wide gap."""
        last = self._last
        size = max(style.size, 1.0)
        if style.angle % 2:
            overlap = min(x1, last[2]) - max(x0, last[0])
            height = min(x1 - x0, last[2] - last[0])
            gap = max(y0 - last[3], last[1] - y1)
        else:
            overlap = min(y1, last[3]) - max(y0, last[1])
            height = min(y1 - y0, last[3] - last[1])
            gap = max(x0 - last[2], last[0] - x1)
        if overlap < 0.35 * height and height > 0:
            return True
        return gap > WIDE_GAP * size or (
            self._pending_space >= 0 and style.angle == 0 and self._is_ruled_off(last[2], x0, (y0 + y1) / 2)
        )

    def _is_ruled_off(self, x0: float, x1: float, y: float) -> bool:
        """Whether an upright rule stands between two words: they are in different cells of a narrow table."""
        place = bisect_left(self._rules, (x0 - 0.5,))
        while place < len(self._rules) and self._rules[place][0] <= x1 + 0.5:
            if self._rules[place][1] <= y <= self._rules[place][2]:
                return True
            place += 1
        return False

    def end(self) -> None:
        self._pending_space = -1
        if self._text and self._style is not None:
            self._result.segments.append(
                Segment(
                    "".join(self._text),
                    self._index,
                    *_turned(self._box, self._style.angle),
                    self._style.size,
                    self._n_bold * 2 > len(self._text),
                    self._style.angle,
                )
            )
        self._text, self._index, self._style = [], [], None


def _turned(box: tuple[float, float, float, float], angle: int) -> tuple[float, float, float, float]:
    """The box as it lies when the text is turned upright."""
    x0, y0, x1, y1 = box
    if angle == 1:
        return y0, -x1, y1, -x0
    if angle == 3:
        return -y1, x0, -y0, x1
    if angle == 2:
        return -x1, -y1, -x0, -y0
    return box


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
