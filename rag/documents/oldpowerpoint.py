"""PowerPoint 97 to 2003 (.ppt): the text of each slide, titles first, as [MS-PPT] keeps it in records."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from rag.documents.canonical import Writer, one_line
from rag.documents.compound import CompoundFile
from rag.errors import DocumentError

__all__ = ["write_old_powerpoint"]

_SLIDE, _TEXT_LIST, _SLIDE_START = 0x03EE, 0x0FF0, 0x03F3
_HEADER, _WIDE, _NARROW = 0x0F9F, 0x0FA0, 0x0FA8
_TITLES = (0, 6)  # kinds of text: title, centred title
_MAX_DEPTH = 32

Text = tuple[bool, str]  # whether it is a title, the words


def write_old_powerpoint(writer: Writer, file: CompoundFile) -> str:
    """Write the slides as pages; returns the first title.

    Raises:
        DocumentError: it is encrypted or damaged.
    """
    data = file.read("PowerPoint Document")
    if not data:
        raise DocumentError("is damaged: it holds no presentation")
    if "EncryptedSummary" in file.paths:
        raise DocumentError("needs a password")
    drawn: list[list[Text]] = []
    listed: list[list[Text]] = []
    for kind, instance, start, end in _records(data, 0, len(data), 0):
        if kind == _SLIDE:
            drawn.append(list(_texts(data, start, end)))
        elif kind == _TEXT_LIST and instance == 0:
            listed += _listed(data, start, end)
    title = ""
    for number in range(max(len(drawn), len(listed))):
        texts = listed[number] if number < len(listed) else []
        if number < len(drawn):
            texts = texts + [text for text in drawn[number] if text not in texts]
        writer.page(f"Slide {number + 1}")
        for is_title, words in sorted(texts, key=lambda text: not text[0]):
            if is_title:
                title = title or one_line(words)
                writer.heading(words, 1)
            else:
                _write_body(writer, words)
    return title


def _write_body(writer: Writer, words: str) -> None:
    lines = [line for line in words.split("\r") if line.strip()]
    for line in lines:
        if len(lines) > 1:
            writer.item("- " + line)
        else:
            writer.paragraph(line)


def _records(data: bytes, start: int, end: int, depth: int) -> Iterator[tuple[int, int, int, int]]:
    """(kind, instance, start, end) of every record, containers before what they hold."""
    while start + 8 <= end and depth < _MAX_DEPTH:
        head, kind, length = struct.unpack_from("<HHI", data, start)
        start += 8
        stop = min(start + length, end)
        yield kind, head >> 4, start, stop
        if head & 0xF == 0xF and kind not in (_SLIDE, _TEXT_LIST):
            yield from _records(data, start, stop, depth + 1)
        start = stop


def _texts(data: bytes, start: int, end: int) -> Iterator[Text]:
    """The texts in a stretch of records, each with the header that stands before it."""
    is_title = False
    for kind, _, first, last in _records(data, start, end, 0):
        if kind == _HEADER and last - first >= 4:
            is_title = struct.unpack_from("<I", data, first)[0] in _TITLES
        elif kind in (_WIDE, _NARROW):
            words = data[first:last].decode("utf-16-le" if kind == _WIDE else "cp1252", "replace")
            words = words.replace("\x0b", "\n")
            if words.strip() and words.strip() != "*":  # a lone star stands for the slide's number
                yield is_title, words
            is_title = False


def _listed(data: bytes, start: int, end: int) -> Iterator[list[Text]]:
    """The outline's texts, slide by slide."""
    bounds = [first for kind, _, first, _ in _records(data, start, end, 0) if kind == _SLIDE_START]
    for first, last in zip(bounds, [*bounds[1:], end], strict=True):
        yield list(_texts(data, first - 8, last))
