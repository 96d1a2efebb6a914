"""Word 97 to 2003 (.doc): the text by its piece table, table rows, no formatting.

Follows [MS-DOC]: the file information block says where the piece table is; each piece is a stretch of text in one
or two bytes a character. Paragraph styles are not read, so headings are told by their looks.
"""

from __future__ import annotations

import re
import struct

from rag.documents.canonical import Writer, one_line
from rag.documents.compound import CompoundFile
from rag.documents.plain import looks_like_title
from rag.documents.tables import write_table
from rag.errors import DocumentError

__all__ = ["write_old_word"]

_FIELD_CODE = re.compile("\x13[^\x13\x14\x15]*\x14|\x13[^\x13\x14\x15]*\x15")
_MARKS = str.maketrans({"\x0b": "\n", "\x0c": "\r", "\x1e": "-", "\x1f": None, "\x14": None, "\x15": None,
                        "\x13": None, "\x01": None, "\x02": None, "\x05": None, "\x08": None})  # fmt: skip
_CELL = "\x07"


def write_old_word(writer: Writer, file: CompoundFile) -> None:
    """Write the paragraphs and tables of a ``.doc`` file.

    Raises:
        DocumentError: it is encrypted, damaged, or older than Word 97.
    """
    try:
        text = _text(file)
    except (struct.error, IndexError) as error:
        raise DocumentError("is damaged: its text cannot be found") from error
    for _ in range(20):  # fields inside fields
        shorter = _FIELD_CODE.sub("", text)
        if shorter == text:
            break
        text = shorter
    _write(writer, text.translate(_MARKS))


def _text(file: CompoundFile) -> str:
    """The main text, footnotes and headers left out."""
    data = file.read("WordDocument")
    magic, flags = struct.unpack_from("<H", data, 0)[0], struct.unpack_from("<H", data, 10)[0]
    if magic != 0xA5EC:
        raise DocumentError("is older than Word 97: save it as .docx")
    if flags & 0x0100:
        raise DocumentError("needs a password")
    (n_characters,) = struct.unpack_from("<I", data, 0x4C)
    start, length = struct.unpack_from("<II", data, 0x01A2)
    table = file.read("1Table" if flags & 0x0200 else "0Table")[start : start + length]
    place = 0
    while table[place] == 1:  # property modifiers come first
        place += 3 + struct.unpack_from("<H", table, place + 1)[0]
    (size,) = struct.unpack_from("<I", table, place + 1)
    n = (size - 4) // 12
    bounds = struct.unpack_from(f"<{n + 1}I", table, place + 5)
    pieces = []
    for number in range(n):
        (offset,) = struct.unpack_from("<I", table, place + 5 + 4 * (n + 1) + 8 * number + 2)
        count = max(0, min(bounds[number + 1], n_characters) - bounds[number])
        if offset & 0x40000000:
            offset = (offset & 0x3FFFFFFF) // 2
            pieces.append(data[offset : offset + count].decode("cp1252", "replace"))
        else:
            pieces.append(data[offset : offset + 2 * count].decode("utf-16-le", "replace"))
    return "".join(pieces)


def _write(writer: Writer, text: str) -> None:
    """Paragraphs end with a return, cells and rows with a mark of their own."""
    cells: list[str] = []
    for token in text.split(_CELL):
        before, _, last = token.rpartition("\r")
        if before and (not cells or cells[-1] == ""):  # a row just ended: the table is over
            _write_cells(writer, cells)
            cells = []
            _write_paragraphs(writer, before)
            token = last
        cells.append(token)
    tail = cells.pop() if cells else ""
    _write_cells(writer, cells)
    _write_paragraphs(writer, tail)


def _write_cells(writer: Writer, cells: list[str]) -> None:
    """Cells in rows: an empty mark ends each row, at equal distances in a regular table."""
    if not cells:
        return
    n_empty = sum(1 for cell in cells if not cell.strip())
    for width in range(1, 64):
        ends = cells[width :: width + 1]
        is_regular = len(cells) % (width + 1) == 0 and not any(end.strip() for end in ends)
        if is_regular and (len(ends) > 1 or n_empty == 1):
            rows = [cells[start : start + width] for start in range(0, len(cells), width + 1)]
            break
    else:
        rows = [[]]
        for cell in cells:
            if cell.strip():
                rows[-1].append(cell)
            elif rows[-1]:
                rows.append([])
    write_table(writer, rows)


def _write_paragraphs(writer: Writer, text: str) -> None:
    paragraphs = [paragraph.strip() for paragraph in text.split("\r") if paragraph.strip()]
    for paragraph, below in zip(paragraphs, [*paragraphs[1:], ""], strict=False):
        words = one_line(paragraph)
        if len(below) >= 80 and len(below) > 1.5 * len(words) and words and looks_like_title(words):
            writer.heading(words, 2 if writer.n_characters else 1)
        else:
            writer.paragraph(paragraph)
