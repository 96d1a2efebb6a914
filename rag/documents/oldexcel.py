"""Excel 97 to 2003 (.xls): sheets, cells and number formats from the record stream of [MS-XLS]."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from rag.documents.canonical import Writer
from rag.documents.compound import CompoundFile
from rag.documents.numberformat import shown
from rag.documents.sheets import write_sheet
from rag.documents.xlsx import BUILT_IN_FORMATS, MAX_CELLS, MAX_COLUMNS
from rag.errors import DocumentError

__all__ = ["write_old_excel"]

_EOF, _FORMULA, _CONTINUE, _FILEPASS, _DATEMODE = 0x000A, 0x0006, 0x003C, 0x002F, 0x0022
_SHEET, _MULRK, _XF, _SST, _LABELSST = 0x0085, 0x00BD, 0x00E0, 0x00FC, 0x00FD
_NUMBER, _LABEL, _BOOLERR, _STRING, _RK, _FORMAT, _BOF = 0x0203, 0x0204, 0x0205, 0x0207, 0x027E, 0x041E, 0x0809


def write_old_excel(writer: Writer, file: CompoundFile) -> None:
    """Write the sheets as pages, each row with its column names.

    Raises:
        DocumentError: it is encrypted, damaged, or older than Excel 97.
    """
    data = file.read("Workbook")
    if not data:
        raise DocumentError("is older than Excel 97, or damaged: save it as .xlsx")
    try:
        book = _Book(data)
        for name, start, is_hidden in book.sheets:
            if is_hidden:
                writer.warn(f"the hidden sheet {name!r} was left out")
                continue
            writer.page(name)
            writer.heading(name, 1)
            write_sheet(writer, book.rows(start))
    except (struct.error, IndexError) as error:
        raise DocumentError("is damaged: its cells cannot be read") from error


def _records(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each record up to the end of its part."""
    while start + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, start)
        yield kind, data[start + 4 : start + 4 + length]
        start += 4 + length
        if kind == _EOF:
            return


class _Book:
    """What all sheets share: strings, formats, where each sheet begins."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.sheets: list[tuple[str, int, bool]] = []
        self._strings: list[str] = []
        self._patterns: dict[int, str] = {}
        self._formats: list[int] = []
        self._from_1904 = False
        blocks: list[bytes] = []
        before = 0
        for kind, content in _records(data):
            if kind == _FILEPASS:
                raise DocumentError("needs a password")
            if kind == _SHEET and content[5] == 0:
                start, state = struct.unpack_from("<IB", content)
                self.sheets.append((_string(content, 6, 1)[0], start, bool(state & 3)))
            elif kind == _FORMAT:
                self._patterns[struct.unpack_from("<H", content)[0]] = _string(content, 2, 2)[0]
            elif kind == _XF:
                self._formats.append(struct.unpack_from("<H", content, 2)[0])
            elif kind == _DATEMODE:
                self._from_1904 = struct.unpack_from("<H", content)[0] == 1
            elif kind == _SST or (kind == _CONTINUE and before == _SST):
                blocks.append(content)
                kind = _SST
            before = kind
        if blocks:
            self._strings = list(_shared_strings(blocks))

    def rows(self, start: int) -> dict[int, dict[int, str]]:
        """The cells of the sheet that begins at ``start``."""
        rows: dict[int, dict[int, str]] = {}
        waiting: tuple[int, int] | None = None  # a formula whose text comes in the next record
        n = 0
        for kind, content in _records(self._data, start):
            for row, column, text in self._cells(kind, content):
                n += 1
                if text.strip() and column < MAX_COLUMNS and n <= MAX_CELLS:
                    rows.setdefault(row, {})[column] = text
            if kind == _FORMULA and content[12:14] == b"\xff\xff" and content[6] == 0:
                row, column = struct.unpack_from("<HH", content)
                waiting = row, column
            elif kind == _STRING and waiting:
                rows.setdefault(waiting[0], {})[waiting[1]] = _string(content, 0, 2)[0]
                waiting = None
        return rows

    def _cells(self, kind: int, content: bytes) -> Iterator[tuple[int, int, str]]:
        if kind not in (_LABELSST, _NUMBER, _RK, _MULRK, _FORMULA, _LABEL, _BOOLERR):
            return
        row, column, style = struct.unpack_from("<HHH", content)
        if kind == _LABELSST:
            yield row, column, self._strings[struct.unpack_from("<I", content, 6)[0]]
        elif kind == _LABEL:
            yield row, column, _string(content, 6, 2)[0]
        elif kind == _NUMBER:
            yield row, column, self._shown(struct.unpack_from("<d", content, 6)[0], style)
        elif kind == _RK:
            yield row, column, self._shown(_rk(struct.unpack_from("<I", content, 6)[0]), style)
        elif kind == _MULRK:
            for number in range((len(content) - 6) // 6):
                style, packed = struct.unpack_from("<HI", content, 4 + 6 * number)
                yield row, column + number, self._shown(_rk(packed), style)
        elif kind == _BOOLERR and content[7] == 0:
            yield row, column, "TRUE" if content[6] else "FALSE"
        elif kind == _FORMULA and content[12:14] != b"\xff\xff":
            yield row, column, self._shown(struct.unpack_from("<d", content, 6)[0], style)
        elif kind == _FORMULA and content[6] == 1:
            yield row, column, "TRUE" if content[8] else "FALSE"

    def _shown(self, number: float, style: int) -> str:
        ident = self._formats[style] if style < len(self._formats) else 0
        pattern = self._patterns.get(ident) or BUILT_IN_FORMATS.get(str(ident), "")
        return shown(repr(number), pattern, from_1904=self._from_1904)


def _rk(packed: int) -> float:
    """A number in 30 bits: an integer or the upper half of a double, perhaps in hundredths."""
    if packed & 2:
        value = float((packed >> 2) - (1 << 30 if packed & 0x80000000 else 0))
    else:
        value = float(struct.unpack("<d", struct.pack("<II", 0, packed & 0xFFFFFFFC))[0])
    return value / 100 if packed & 1 else value


def _string(data: bytes, start: int, n_length: int) -> tuple[str, int]:
    """A string with its length in one or two bytes, and where it ends."""
    length = int.from_bytes(data[start : start + n_length], "little")
    flags = data[start + n_length]
    start += n_length + 1
    size = length * 2 if flags & 1 else length
    return data[start : start + size].decode("utf-16-le" if flags & 1 else "latin-1", "replace"), start + size


def _shared_strings(blocks: list[bytes]) -> Iterator[str]:
    """The strings of the table, which may be cut anywhere and go on in the next block with new flags."""
    (n,) = struct.unpack_from("<I", blocks[0], 4)
    block, place = 0, 8
    for _ in range(min(n, 5_000_000)):
        if place >= len(blocks[block]):
            block, place = block + 1, 0
            if block >= len(blocks):
                return
        data = blocks[block]
        left, flags = struct.unpack_from("<HB", data, place)
        place += 3
        n_runs = struct.unpack_from("<H", data, place)[0] if flags & 8 else 0
        place += 2 if flags & 8 else 0
        n_extra = struct.unpack_from("<I", data, place)[0] if flags & 4 else 0
        place += 4 if flags & 4 else 0
        parts = []
        while True:
            width = 2 if flags & 1 else 1
            count = min(left, (len(data) - place) // width)
            parts.append(
                data[place : place + count * width].decode("utf-16-le" if width == 2 else "latin-1", "replace")
            )
            place += count * width
            left -= count
            if left <= 0:
                break
            block, place = block + 1, 1
            data = blocks[block]
            flags = data[0]
        yield "".join(parts)
        skip = 4 * n_runs + n_extra
        while skip > len(blocks[block]) - place and block + 1 < len(blocks):
            skip -= len(blocks[block]) - place
            block, place = block + 1, 0
        place += skip
