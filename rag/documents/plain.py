"""Plain text: decoded and cleaned, otherwise as it is.

A title is taken from the first line only where that line looks like one. News releases get their
dateline's date, and lines that every release carries (copyright, "view original content", a distributor's
notice in another language) are listed as boilerplate so that no answer is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from rag.documents.boilerplate import boilerplate_spans, is_kicker, release_date
from rag.documents.canonical import Writer, clean
from rag.documents.encodings import decode
from rag.documents.gaptables import with_rows
from rag.documents.loading import FileLoader
from rag.types import Document

__all__ = ["PlainText", "looks_like_title", "mark_headings", "plain_document"]

_BLANK_LINES = re.compile(r"\n[ \t]*\n[ \t]*(?:\n[ \t]*)+")
_LONG_GAPS = re.compile(" {60,}")
_BEFORE_TITLE = 5  # paragraphs looked at for a title
_PARAGRAPH = re.compile(r"[^\n]+(?:\n[^\n]+)*")
_ADDRESS = re.compile(r"https?://|www\.|@")
_BELOW_LETTER = re.compile(r"(?:enc(?:l|losures?)?|cc|p\.?s|anlagen?|p\.?j|adjuntos?)\b\.?\s*:", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?:;,…。！？]$")


class PlainText(FileLoader):
    """The loader for text files."""

    suffixes = (".txt", ".text", ".log")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        text, encoding, warnings = decode(path.read_bytes())
        yield plain_document(text, encoding=encoding, warnings=warnings)


def plain_document(text: str, *, encoding: str = "utf-8", warnings: list[str] | None = None) -> Document:
    """A document of running text.

    Raises:
        DocumentError: there is no text in it.
    """
    text = clean(text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    text = _LONG_GAPS.sub(" ", _BLANK_LINES.sub("\n\n", text)).strip("\n")
    text, rows = with_rows(text)
    writer = Writer()
    writer.verbatim(text)
    for row in rows:
        writer.mark_block(row)
    title = _title(text)
    mark_headings(writer, text)
    return writer.document(
        title,
        mime="text/plain",
        kind="text",
        encoding=encoding,
        date=release_date(text),
        boilerplate=[list(span) for span in boilerplate_spans(text)],
        warnings=list(warnings or []),
    )


def looks_like_title(line: str) -> bool:
    """A short line that does not end like a sentence and begins like a name."""
    words = line.split()
    return (
        1 <= len(words) <= 16
        and len(line) <= 120
        and not _SENTENCE_END.search(line)
        and any(char.isalpha() for char in line)
        and (line[0].isalnum() or line[0] in "$€£¥“‘«„")
        and not line[0].islower()
        and not _ADDRESS.search(line)
        and not _BELOW_LETTER.match(line)
    )


def _title(text: str) -> str:
    """The first line when it stands alone, or above its date, and looks like a title; what a release says of its kind
    comes before it, with the lines of the issuer under it."""
    paragraphs = text.lstrip().split("\n\n", _BEFORE_TITLE)
    for place, paragraph in enumerate(paragraphs[:_BEFORE_TITLE]):
        first, *others = paragraph.strip().split("\n")
        if is_kicker(first):
            others = [line for line in others if not is_kicker(line)]
            if len(others) != 1 or not looks_like_title(others[0].strip()):
                continue
            first, others = others[0], []
        has_more = any(rest.strip() for rest in paragraphs[place + 1 :])
        alone = has_more and all(is_kicker(line) for line in others)
        return first.strip() if alone and looks_like_title(first.strip()) else ""
    return ""


def mark_headings(writer: Writer, text: str) -> None:
    """Mark short lines that stand alone above a longer paragraph as headings, the first as the title."""
    paragraphs = [(match.start(), match.group()) for match in _PARAGRAPH.finditer(text)]
    for (start, line), (_, below) in pairwise(paragraphs):
        words = line.strip()
        if (
            is_kicker(words)
            or "\n" in words
            or len(below) < 1.5 * len(words)
            or len(below) < 80
            or not looks_like_title(words)
        ):
            continue
        start += len(line) - len(line.lstrip())
        writer.mark_heading(start, start + len(words), 1 if not text[:start].strip() else 2)
