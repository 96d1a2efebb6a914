"""The canonical text of a document: clean characters, and a writer that keeps structure as spans.

Every reader writes through ``Writer``, so that all formats share one shape: paragraphs stand apart by a
blank line, table rows and list items by a line break, and the spans of headings, blocks and pages are
offsets into exactly the text that is stored, searched and cited.
"""

from __future__ import annotations

import re
from typing import Any

from rag.errors import DocumentError
from rag.types import Document, Heading, Span

__all__ = ["Writer", "clean", "harmless", "one_line"]

MAX_CHARACTERS = 10_000_000  # of one document: some 4,000 pages

# Characters that are not seen and can only mislead: C0/C1 controls, zero-width space and joiner marks
# that join nothing, soft hyphen, bidirectional overrides and isolates, the tag block and the variation
# selectors' supplement (both carry smuggled text), private tags of interlinear annotation.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"
    "\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]"
)
_MISLEADING = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202d\u202e\ud800-\udfff\U000e0000-\U000e0fff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_ANY_SPACE = re.compile(r"\s+")
# A base letter with many combining marks on it ("zalgo") is a drawing, not text.
_PILED_MARKS = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{8})"
                          "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")  # fmt: skip


def clean(text: str) -> str:
    """``text`` without invisible characters, with line breaks as ``\\n`` and spaces as they were."""
    text = _LINE_BREAK.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    text = _SURROGATE.sub("\ufffd", text)
    return _PILED_MARKS.sub(r"\1", text)


def harmless(text: str) -> str:
    """``text`` character for character, for records whose offsets others know: only what can mislead
    (controls, direction overrides, the tag block, halves of surrogate pairs) becomes U+FFFD, one for one."""
    return _MISLEADING.sub("\ufffd", text)


def one_line(text: str) -> str:
    """``text`` cleaned and set on one line with single spaces."""
    return _ANY_SPACE.sub(" ", clean(text)).strip()


def _tidy(text: str) -> str:
    """Clean text whose line breaks are kept: single spaces, no space at line ends, no blank lines."""
    lines = (_SPACES.sub(" ", line).strip() for line in clean(text).split("\n"))
    return "\n".join(line for line in lines if line)


class Writer:
    """Builds one document's text, in reading order.

    ``max_characters`` bounds the text; what comes after is dropped and ``truncated`` is set.
    """

    def __init__(self, max_characters: int = MAX_CHARACTERS) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._last = ""
        self._pending_pages: list[str] = []
        self._page_starts: list[int] = []
        self._page_labels: list[str] = []
        self._headings: list[Heading] = []
        self._blocks: list[Span] = []
        self._max = max_characters
        self.truncated = False
        self.warnings: list[str] = []

    @property
    def n_characters(self) -> int:
        """Characters written so far."""
        return self._length

    @property
    def ends_inside_sentence(self) -> bool:
        """Whether the last thing written is a paragraph that does not end like a sentence."""
        return self._last == "paragraph" and self._pieces[-1].rstrip()[-1:] not in '.!?:;。！？…"”’)'

    def warn(self, message: str) -> None:
        """Note something that the reader of an answer should know; each message once."""
        if message not in self.warnings:
            self.warnings.append(message)

    def page(self, label: str = "") -> None:
        """The next text begins a new page, slide, sheet or chapter named ``label``."""
        self._pending_pages.append(one_line(label))

    def heading(self, text: str, level: int = 1) -> None:
        """A heading line of depth ``level`` (1 is the outermost)."""
        if span := self._write(one_line(text), "heading", "\n\n"):
            self._headings.append(Heading(*span, max(1, level)))

    def paragraph(self, text: str, *, goes_on: bool = False) -> None:
        """Running text; line breaks inside it are kept. ``goes_on``: it carries on the one before."""
        self._write(_tidy(text), "paragraph", " " if goes_on else "\n\n")

    def item(self, text: str) -> None:
        """A list item or table row: text that is never read across. Neighbours stand on own lines."""
        text = _tidy(text)
        if span := self._write(text, "item", "\n" if self._last == "item" else "\n\n"):
            self._blocks.append(Span(*span))

    def code(self, text: str) -> None:
        """Text whose line breaks and indentation matter, kept as it is."""
        if span := self._write(clean(text).strip("\n").rstrip(), "code", "\n\n"):
            self._blocks.append(Span(*span))

    def verbatim(self, text: str) -> int:
        """Text kept as it is, without being a block; returns the offset at which it begins."""
        span = self._write(text, "verbatim", "\n\n")
        return span[0] if span else self._length

    def mark_heading(self, start: int, end: int, level: int = 1) -> None:
        """Text already written is a heading."""
        self._headings.append(Heading(start, end, level))

    def mark_block(self, span: Span) -> None:
        """Text already written is never read across."""
        self._blocks.append(span)

    def append(self, other: Writer) -> None:
        """Write what another writer holds, with its headings and blocks; its pages are not taken over."""
        if not (span := self._write("".join(other._pieces), "paragraph", "\n\n")):
            return
        start, end = span
        self._headings += [
            Heading(start + h.start, start + h.end, h.level) for h in other._headings if start + h.end <= end
        ]
        self._blocks += [Span(start + b.start, start + b.end) for b in other._blocks if start + b.end <= end]
        for message in other.warnings:
            self.warn(message)

    @property
    def first_heading(self) -> str:
        """The words of the first heading, "" when there is none."""
        if not self._headings:
            return ""
        first = min(self._headings)
        return "".join(self._pieces)[first.start : first.end]

    @property
    def leading_heading(self) -> str:
        """The words of a heading that the text begins with, "" when it begins otherwise."""
        return self.first_heading if any(heading.start == 0 for heading in self._headings) else ""

    def _write(self, text: str, kind: str, separator: str) -> tuple[int, int] | None:
        if not text or text.isspace() or self.truncated:
            return None
        if self._length + len(text) > self._max:
            text = text[: max(0, self._max - self._length)]
            self.truncated = True
            self.warn(f"cut after {self._max:,} characters")
            if not text.strip():
                return None
        if self._length:
            self._pieces.append(separator)
            self._length += len(separator)
        self._begin_pages()
        start = self._length
        self._pieces.append(text)
        self._length += len(text)
        self._last = kind
        return start, self._length

    def _begin_pages(self) -> None:
        for label in self._pending_pages:
            self._page_starts.append(self._length if self._page_starts else 0)
            self._page_labels.append(label)
        self._pending_pages.clear()

    def document(self, title: str = "", **metadata: Any) -> Document:
        """The finished document; ``source`` and ``collection`` are filled in by the core.

        Raises:
            DocumentError: nothing readable was written.
        """
        self._begin_pages()
        text = "".join(self._pieces)
        if not text.strip():
            raise DocumentError(f"holds no text: {self.warnings[0]}" if self.warnings else "holds no text")
        if self.warnings:
            metadata["warnings"] = [*metadata.get("warnings", []), *self.warnings]
        return Document(
            source="",
            text=text,
            title=one_line(title)[:300],
            page_starts=tuple(self._page_starts),
            page_labels=tuple(self._page_labels) if any(self._page_labels) else (),
            headings=tuple(sorted(self._headings)),
            blocks=tuple(sorted(self._blocks)),
            metadata={key: value for key, value in metadata.items() if value not in ("", None, [])},
        )
