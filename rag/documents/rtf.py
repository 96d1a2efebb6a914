"""RTF by a small tokenizer: words, paragraphs, table rows, code pages and Unicode, no recursion."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rag.documents.canonical import Writer, one_line
from rag.documents.loading import FileLoader
from rag.documents.tables import write_table
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Rtf"]

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet listtable listoverridetable rsidtbl generator info pict object objdata themedata "
    b"colorschememapping latentstyles datastore xmlnstbl mmathPr fldinst filetbl revtbl pntext bkmkstart bkmkend "
    b"header footer headerl headerr headerf footerl footerr footerf nonshppict shppict panose falt listtext "
    b"annotation atnid atnauthor atntime template passwordhash".split()
)
_KEPT = (b"shptxt", b"shpinst", b"footnote", b"ud")  # starred, and yet text
_CHARSETS = {  # \fcharset of a font -> code page
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "cp936", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250",
}  # fmt: skip
_SYMBOLS = {
    b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"bullet": "•", b"tab": " ", b"emspace": " ", b"enspace": " ", b"qmspace": " ", b"line": "\n",
}  # fmt: skip
MAX_GROUPS = 100_000


class Rtf(FileLoader):
    """The loader for rich text."""

    suffixes = (".rtf",)

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        data = path.read_bytes()
        if not data.lstrip().startswith(b"{\\rtf"):
            raise DocumentError("is not RTF")
        writer = Writer()
        parser = _Parser(writer)
        parser.parse(data)
        yield writer.document(
            parser.info.get("title", "") or writer.leading_heading,
            mime="application/rtf",
            kind="rtf",
            author=parser.info.get("author", ""),
            date=parser.date,
        )


@dataclass(frozen=True, slots=True)
class _State:
    skip: bool = False
    field: str = ""  # "title" or "author" inside the info group
    encoding: str = "cp1252"
    n_fallback: int = 1  # characters that stand in for a \u one
    hidden: bool = False
    in_fonts: bool = False


class _Parser:
    def __init__(self, writer: Writer) -> None:
        self.info: dict[str, str] = {}
        self._writer = writer
        self._state = _State()
        self._stack: list[_State] = []
        self._bytes = bytearray()
        self._bytes_encoding = "cp1252"
        self._text: list[str] = []
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._in_table = False
        self._outline = 0
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._default = "cp1252"
        self._high = 0
        self._date: dict[bytes, int] = {}
        self._merges: list[str] = []  # of the cells of the row that is being defined
        self._merge = ""

    @property
    def date(self) -> str:
        """When it was made, as an ISO date."""
        year, month, day = (self._date.get(part, 0) for part in (b"yr", b"mo", b"dy"))
        return f"{year:04d}-{month:02d}-{day:02d}" if year > 1900 and 1 <= month <= 12 and 1 <= day <= 31 else ""

    def parse(self, data: bytes) -> None:
        """Read all of it; a binary stretch that claims more than there is ends the text."""
        position, starred, to_skip = 0, False, 0
        while match := _TOKEN.match(data, position):
            position = match.end()
            word, number, code, symbol, brace, plain = match.groups()
            if brace == b"{":
                if len(self._stack) > MAX_GROUPS:
                    raise DocumentError("is nested too deeply")
                self._stack.append(self._state)
            elif brace == b"}":
                self._flush_bytes()
                if self._stack:
                    self._state = self._stack.pop()
            elif word is not None:
                value = int(number) if number else None
                if word == b"bin" and value:
                    position += max(0, value)
                elif word == b"u" and value is not None:
                    self._unicode(value)
                    to_skip = self._state.n_fallback
                    continue
                elif word == b"ansicpg" and value:
                    self._default = _known(f"cp{value}")
                    self._state = replace(self._state, encoding=self._default)
                else:
                    self._word(word, value, starred)
            elif symbol is not None:
                if symbol == b"*":
                    starred = True
                    continue
                self._symbol(symbol)
            elif code is not None:
                if to_skip:
                    to_skip -= 1
                    continue
                self._add_bytes(bytes([int(code, 16)]))
            elif plain is not None:
                dropped = plain[to_skip:] if to_skip else plain
                to_skip = 0
                self._add_bytes(dropped)
            starred = False
            if brace or word:
                to_skip = 0
        self._paragraph()
        self._end_table()

    # ---- words and symbols

    def _word(self, word: bytes, value: int | None, starred: bool) -> None:
        if word in _SKIPPED or (starred and word not in _KEPT):
            self._state = replace(self._state, skip=True, in_fonts=word == b"fonttbl")
            if word == b"info":
                self._state = replace(self._state, skip=True, field="info")
        elif self._state.field and word in (b"title", b"author"):
            self._state = replace(self._state, field=word.decode())
        elif word == b"f" and value is not None:
            self._flush_bytes()
            self._font = value
            if not self._state.in_fonts:
                self._state = replace(self._state, encoding=self._fonts.get(value, self._default))
        elif word == b"fcharset" and value is not None:
            self._fonts[self._font] = _CHARSETS.get(value, self._default) if value else self._default
        elif word == b"uc" and value is not None:
            self._state = replace(self._state, n_fallback=max(0, min(value, 10)))
        elif word in (b"v", b"deleted"):
            self._flush_bytes()
            self._state = replace(self._state, hidden=value != 0)
        elif word == b"creatim":
            self._state = replace(self._state, field="date" if self._state.field else "")
        elif self._state.field == "date" and word in (b"yr", b"mo", b"dy"):
            self._date[word] = value or 0
        elif self._state.skip:
            return
        elif word in (b"par", b"sect", b"page"):
            self._paragraph()
        elif word == b"footnote":
            self._flush_bytes()
            self._add_text(" ")
        elif word == b"intbl":
            self._in_table = True
        elif word in (b"pard", b"plain"):
            if word == b"pard":
                self._in_table, self._outline = False, 0
        elif word == b"outlinelevel" and value is not None:
            self._outline = value + 1
        elif word in (b"cell", b"nestcell"):
            self._flush_bytes()
            self._cells.append("".join(self._text))
            self._text = []
        elif word == b"trowd":
            self._merges, self._merge = [], ""
        elif word in (b"clvmgf", b"clvmrg"):
            self._merge = word.decode()
        elif word == b"cellx":
            self._merges.append(self._merge)
            self._merge = ""
        elif word in (b"row", b"nestrow"):
            above = self._rows[-1] if self._rows else []
            for column, merge in enumerate(self._merges[: min(len(self._cells), len(above))]):
                if merge == "clvmrg" and not self._cells[column].strip():
                    self._cells[column] = above[column]
            self._rows.append(self._cells)
            self._cells = []
        elif word in _SYMBOLS:
            self._flush_bytes()
            self._add_text(_SYMBOLS[word])

    def _symbol(self, symbol: bytes) -> None:
        if symbol in b"\\{}":
            self._add_bytes(symbol)
        elif symbol == b"~":
            self._add_bytes(b" ")
        elif symbol == b"_":
            self._add_bytes(b"-")
        elif symbol in b"\r\n" and not self._state.skip:
            self._paragraph()

    def _unicode(self, value: int) -> None:
        self._flush_bytes()
        code = value & 0xFFFF
        if 0xD800 <= code < 0xDC00:
            self._high = code
        elif 0xDC00 <= code < 0xE000 and self._high:
            self._add_text(chr(0x10000 + ((self._high - 0xD800) << 10) + (code - 0xDC00)))
            self._high = 0
        else:
            self._add_text(chr(code))

    # ---- text

    def _add_bytes(self, data: bytes) -> None:
        if self._bytes and self._bytes_encoding != self._state.encoding:
            self._flush_bytes()
        self._bytes_encoding = self._state.encoding
        self._bytes += data

    def _flush_bytes(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            self._add_text(data.decode(self._bytes_encoding, "replace"))

    def _add_text(self, text: str) -> None:
        state = self._state
        if state.field in ("title", "author"):
            self.info[state.field] = one_line(self.info.get(state.field, "") + text)
        elif state.hidden and not state.skip:
            self._writer.warn("hidden text was left out")
        elif not state.skip:
            self._text.append(text)

    def _paragraph(self) -> None:
        self._flush_bytes()
        if self._in_table and (self._cells or self._text):
            self._text.append("\n")
            return
        self._end_table()
        text = "".join(self._text)
        self._text = []
        if 0 < self._outline <= 9:
            self._writer.heading(text, self._outline)
        elif text.lstrip()[:1] in ("•", "·") and text.strip():
            self._writer.item("- " + text.lstrip(" •·\t"))
        else:
            self._writer.paragraph(text)

    def _end_table(self) -> None:
        if self._cells and any(cell.strip() for cell in self._cells):
            self._rows.append(self._cells)
        self._cells = []
        if self._rows:
            write_table(self._writer, self._rows)
            self._rows = []


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "cp1252"
