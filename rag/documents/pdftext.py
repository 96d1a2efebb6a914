"""The text of a whole PDF: what can only be decided when all pages have been seen, then the writing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from rag.documents import ocr
from rag.documents.canonical import Writer
from rag.documents.limits import beat
from rag.documents.ocrpage import page_of_words, segments_of_words, snapped
from rag.documents.pdfdrawn import PageText
from rag.documents.pdffurniture import without_furniture
from rag.documents.pdfgrid import Table, cell_text
from rag.documents.pdflayout import Block, Line, layout, paragraphs, without_leader
from rag.documents.pdfpage import page_picture, page_text
from rag.documents.plain import looks_like_title
from rag.documents.tables import Section, column_names, find_header, row_text, take_note
from rag.errors import DocumentError

__all__ = ["RECOGNISED", "PdfText"]

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LITTLE_TEXT = 200  # beside a picture of the whole page
_FEW_WORDS = 4  # in a picture: a logo
_MAX_PAGES_WITH_PICTURES = 25  # of one document: each costs seconds
RECOGNISED = "scanned: the text was recognised by a machine and may hold errors"
# First parts of compounds that are seldom the first part of a divided word.
_OFTEN_FIRST = frozenset(
    "anti back best brand business case client cost cross customer cutting data decision end face fact first "
    "follow front full half hard health high higher home in key large late life long low lower market mid multi "
    "near new non off on one out part peer point post pre real risk second self server short single small "
    "state step task tax team term third time top two user value web well work world year".split()
)


class PdfText:
    """Takes in pages one by one, then writes them. ``outline`` maps titles (letters only) to depth."""

    def __init__(self, outline: dict[str, int]) -> None:
        self.title = ""
        self._outline = outline
        self._pages: list[list[Line | Table]] = []
        self._heights: list[float] = []
        self._sizes: Counter[float] = Counter()
        self._bold_characters = 0
        self._words: set[str] = set()
        self._hyphenated: set[str] = set()
        self._n_hidden = 0
        self._n_recognised = 0
        self._heading_sizes: list[float] = []
        self._fields: dict[int, list[str]] = {}  # page index -> what is filled in in its form
        self._failures: list[str] = []
        self._unread: list[int] = []  # pages that are pictures and were not read
        self._n_with_pictures = 0
        self._scans: set[int] = set()  # pages (by index) whose text was read off a picture

    def add_empty(self) -> None:
        """A page that cannot be read still counts."""
        self._pages.append([])
        self._heights.append(0.0)

    def add(self, page: Any, fields: Sequence[str] = ()) -> None:
        """Read the next page; ``fields`` are what is filled in in its form."""
        if fields:
            self._fields[len(self._pages)] = list(fields)
        drawn = page_text(page)
        self._n_hidden += drawn.n_hidden
        n_characters = sum(len(segment.text) for segment in drawn.segments)
        self._n_recognised += drawn.has_page_image and bool(drawn.segments)
        if drawn.is_picture:
            drawn = self._recognised(page, drawn)
        elif drawn.pictures and not drawn.has_page_image:
            self._add_pictures(page, drawn)
        elif drawn.has_page_image and n_characters < _LITTLE_TEXT and not ocr.is_available():
            self._unread.append(len(self._pages) + 1)
        self.take(drawn)

    def take(self, drawn: PageText) -> None:
        """Lay out the next page."""
        if any(segment.index[0] < 0 for segment in drawn.segments[:1]):
            self._scans.add(len(self._pages))
        lines = layout(drawn)
        for line in lines:
            if isinstance(line, Line):
                line.index = []  # where the characters are is only of use to ``boxes``
                self._sizes[round(line.size * 2) / 2] += len(line.text)
                self._bold_characters += line.is_bold and len(line.text)
                self._learn_words(line.text)
        self._pages.append(lines)
        self._heights.append(drawn.height)

    def _recognised(self, page: Any, drawn: PageText) -> PageText:
        """What is written on a page that is a picture, where the means to read it are installed."""
        if not ocr.is_available():
            self._unread.append(len(self._pages) + 1)
            return drawn
        reading, scale = self._words_on(page)
        found = page_of_words(reading, scale)
        self._n_recognised += bool(found.segments)
        return found if found.segments else drawn

    def _words_on(self, page: Any) -> tuple[ocr.Reading, float]:
        try:
            picture, scale = page_picture(page)
            return ocr.recognise(picture, round(scale * 72)), scale
        except DocumentError as error:
            self._failures.append(f"page {len(self._pages) + 1} {error}")
            return ocr.Reading([], 0, 0), 1.0
        finally:
            beat()

    def _add_pictures(self, page: Any, drawn: PageText) -> None:
        """Add what is written in the larger pictures on a page of text, for a bounded number of pages."""
        if not ocr.is_available() or self._n_with_pictures >= _MAX_PAGES_WITH_PICTURES:
            return
        self._n_with_pictures += 1
        reading, scale = self._words_on(page)
        printed = [(s.x0 - 1, s.y0 - 1, s.x1 + 1, s.y1 + 1) for s in drawn.segments]
        for box in drawn.pictures:
            inside = [word for word in reading.words if word.text and _is_in(word, box, drawn.height, scale)]
            free = [w for w in inside if not any(_is_in(w, text, drawn.height, scale) for text in printed)]
            if len(free) >= _FEW_WORDS and fmean(word.confidence for word in free) >= 70:
                drawn.segments += segments_of_words(free, drawn.height, scale)
                self._n_recognised += 1

    def _learn_words(self, text: str) -> None:
        for word in _WORD.findall(text.lower())[:-1]:
            (self._hyphenated if "-" in word else self._words).add(word)

    def write(self, writer: Writer, labels: list[str]) -> None:
        """Write all pages."""
        body = self._sizes.most_common(1)[0][0] if self._sizes else 10.0
        for line in (line for number in self._scans for line in self._pages[number] if isinstance(line, Line)):
            line.size = snapped(line.size, body)
        pages = [
            paragraphs(lines, is_scan=number in self._scans)
            for number, lines in enumerate(without_furniture(self._pages))
        ]
        self._learn_headings(pages, body)
        empty = []
        names: list[str] = []
        for number, blocks in enumerate(pages):
            writer.page(labels[number] if number < len(labels) else "")
            before = writer.n_characters
            for place, block in enumerate(blocks):
                if block.table is not None:
                    names = self._write_table(writer, block.table, names)
                elif _stands_above(block, blocks[place + 1 : place + 2]) and not self._is_heading(block, body):
                    writer.heading(block.lines[0].text, min(6, len(self._heading_sizes) + 1))
                else:
                    self._write_block(writer, block, body, is_first=place == 0)
            if writer.n_characters > before:  # values mean nothing without the form around them
                for row in self._fields.get(number, ()):
                    writer.item(row)
            else:
                empty.append(number + 1)
        self._warn(writer, empty)

    def _learn_headings(self, pages: list[list[Block]], body: float) -> None:
        sizes: Counter[float] = Counter()
        for blocks in pages:
            for block in blocks:
                if self._is_heading(block, body):
                    sizes[round(block.size * 2) / 2] += 1
        self._heading_sizes = sorted(sizes, reverse=True)
        self.title = self._find_title(pages[:2], body)

    def _find_title(self, pages: list[list[Block]], body: float) -> str:
        """The largest heading of the first pages; all headings of a cover page that holds nothing else."""
        for blocks in pages:
            titles = [b for b in blocks if self._is_heading(b, body) and b.size >= 1.25 * body]
            if titles and len(titles) == len(blocks) <= 3:
                return ": ".join(self._joined(block) for block in titles)
            if titles:
                largest = max(block.size for block in titles)
                return self._joined(next(b for b in titles if b.size >= largest - 0.5))
        return ""

    def _is_heading(self, block: Block, body: float) -> bool:
        if block.table is not None or len(block.lines) > 3:
            return False
        text = " ".join(line.text for line in block.lines)
        n_letters = sum(char.isalpha() for char in text)
        if len(text) > 200 or n_letters < 2 or n_letters < 0.4 * len(text.replace(" ", "")):
            return False
        if self._outline.get(_letters(text)):
            return True
        if block.size >= 1.14 * body:
            return not (len(text) > 90 and text.endswith("."))
        mostly_bold = self._bold_characters > 0.5 * sum(self._sizes.values())
        return (
            block.is_bold
            and not mostly_bold
            and block.size >= 0.95 * body
            and len(text) <= 120
            and text[-1] not in ".,;:"
        )

    def _write_block(self, writer: Writer, block: Block, body: float, *, is_first: bool) -> None:
        text = self._joined(block)
        if self._is_heading(block, body):
            level = self._outline.get(_letters(text)) or 1 + self._heading_sizes.index(round(block.size * 2) / 2)
            writer.heading(text, min(level, 6))
        elif block.kind == "item":
            writer.item(without_leader(text))
        else:
            goes_on = is_first and writer.ends_inside_sentence and text[:1].islower()
            writer.paragraph(text, goes_on=goes_on)

    def _joined(self, block: Block) -> str:
        """The lines of a block as running text, words that were divided at line ends made whole."""
        text = ""
        for line in block.lines:
            if text.endswith("-") and not text.endswith(" -") and line.text[:1].islower():
                text = self._without_hyphen(text, line.text) + line.text
            else:
                text += ("" if _is_whole(text, line.text) else " ") + line.text
        return text

    def _without_hyphen(self, text: str, following: str) -> str:
        """``text`` without its last hyphen, unless the hyphen is part of the word.

        A compound that is written with its hyphen elsewhere keeps it, and so do two parts of which the
        first is a word of its own and the second more than an ending, while their join is no word here.
        """
        left = _WORD.findall(text[-80:].lower())
        right = _WORD.match(following.lower())
        if not left or not right:
            return text
        first, second = left[-1].rsplit("-", 1)[-1], right.group().split("-", 1)[0]
        if f"{first}-{second}" in self._hyphenated:
            return text
        is_word = first in _OFTEN_FIRST or (len(first) >= 4 and first in self._words)
        if is_word and f"{first}{second}" not in self._words and (second in self._words or len(second) >= 7):
            return text
        return text[:-1]

    def _write_table(self, writer: Writer, table: Table, names: list[str]) -> list[str]:
        """Write the rows; a table without names that is as wide as the last one carries it on."""
        rows = [[cell_text(cell) for cell in row] for row in table.rows]
        header = find_header(rows)
        for row in rows[: header.first]:
            writer.paragraph(row_text([], row))
        if header.end > header.first:
            names = column_names(rows[header.first : header.end])
            if note := take_note(names):
                writer.paragraph(note)
        elif len(names) != len(rows[0]):
            names = []
        section = Section()
        for row in rows[header.end :]:
            writer.item(section.text(names, row))
        return names

    def _warn(self, writer: Writer, empty: list[int]) -> None:
        if self._n_hidden:
            writer.warn("hidden text was left out")
        if self._n_recognised:
            writer.warn(RECOGNISED)
        for failure in self._failures[:5]:
            writer.warn(failure)
        if empty:
            pictures = bool(set(empty) & set(self._unread))
            writer.warn(f"no text on {_ranges(empty)}{f'; {ocr.INSTALL}' if pictures else ''}")
        if little := sorted(set(self._unread) - set(empty)):
            writer.warn(f"a picture with little text on {_ranges(little)}; {ocr.INSTALL}")


def _is_in(word: ocr.Word, box: tuple[float, float, float, float], height: float, scale: float) -> bool:
    """Whether the middle of a word lies in a box of the page."""
    x, y = (word.x0 + word.x1) / 2 / scale, height - (word.y0 + word.y1) / 2 / scale
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _stands_above(block: Block, following: list[Block]) -> bool:
    """Whether a short line alone is the heading of the paragraph below it."""
    if block.kind != "text" or len(block.lines) != 1 or not following or following[0].kind != "text":
        return False
    text = block.lines[0].text
    below = sum(len(line.text) for line in following[0].lines)
    return len(text) <= 80 and below >= 80 and looks_like_title(text) and len(text.split()) <= 10


def _is_whole(text: str, following: str) -> bool:
    """Whether a line goes on without a space: after a compound's hyphen, in Chinese and Japanese."""
    if not text or (text[-1] == "-" and text[-2:-1].isalnum() and following[:1].isalnum()):
        return True
    return all("\u3000" <= c <= "\u9fff" or "\uff00" <= c <= "\uffef" for c in (text[-1], following[:1]) if c)


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _ranges(pages: list[int]) -> str:
    """Page numbers for people: "page 3", "pages 3 to 9, 12"."""
    spans: list[list[int]] = []
    for page in pages:
        if spans and page == spans[-1][1] + 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    shown = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans[:12])
    return f"page{'s' if len(pages) > 1 else ''} {shown}{' and others' if len(spans) > 12 else ''}"
