"""The characters of a PDF page as runs, in the order of the page's content, which mostly is the reading order.

Spaces are put where gaps are, ligatures are taken apart, and what nobody sees or what is printed twice is left out.
"""

from __future__ import annotations

import ctypes
import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

from rag.documents.pdfdrawn import WIDE_GAP, PageText, Segment

__all__ = ["read_characters"]

MAX_CHARACTERS = 200_000
_INVISIBLE_MODE = 3
_REPLACED = {0x02: "-", 0xF0B7: "•", 0xF0A7: "▪", 0xA0: " ", 0xFFFE: "-", 0x2010: "-", 0x2011: "-"}
# Ligatures by their code points, and as TeX's fonts give them when they do not say what they are.
_TEX_LIGATURES = {0x0: "ffi", 0x0B: "ff", 0x0C: "fi", 0x0E: "ffi", 0x0F: "ffl", 0x21B5: "ff"}
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}


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


def read_characters(text_page: Any, result: PageText, view: tuple[float, float, float, float]) -> None:
    """Add the characters of a page within ``view`` (left, bottom, right, top) to ``result`` as segments."""
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
