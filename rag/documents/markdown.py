"""Markdown, rendered to the text a person reads: no marks, links as their words, code kept as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.documents.canonical import Writer, one_line
from rag.documents.encodings import decode
from rag.documents.loading import FileLoader
from rag.documents.tables import write_table
from rag.types import Document

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["Markdown", "write_markdown"]

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(title|author|date|lang|language|url)[ \t]*:[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)


class Markdown(FileLoader):
    """The loader for Markdown files."""

    suffixes = (".md", ".markdown", ".mdown", ".mkd", ".mdx")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        text, encoding, warnings = decode(path.read_bytes())
        writer = Writer()
        fields, text = front_matter(text)
        title = write_markdown(writer, text)
        yield writer.document(
            fields.pop("title", "") or title,
            mime="text/markdown",
            kind="markdown",
            encoding=encoding,
            warnings=warnings,
            **fields,
        )


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """The fields of a YAML block at the top that people cite by, and the text after it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not (match := _FRONT_MATTER.match(text)):
        return {}, text
    fields = {name.lower(): value.strip().strip("'\"") for name, value in _FIELD.findall(match[1])}
    if language := fields.pop("lang", ""):
        fields["language"] = language
    return fields, text[match.end() :]


def write_markdown(writer: Writer, text: str) -> str:
    """Write the rendered text; returns the first top-level heading ("" when there is none)."""
    tokens = _parser().parse(text)
    title = ""
    place = 0
    depth: list[int] = []  # per open list: 0 for bullets, else the next number
    while place < len(tokens):
        token = tokens[place]
        if token.type == "heading_open":
            words = _inline(tokens[place + 1])
            level = int(token.tag[1])
            writer.heading(words, level)
            title = title or (words if level == 1 else "")
            place += 2
        elif token.type == "table_open":
            place = _table(writer, tokens, place)
        elif token.type in ("fence", "code_block"):
            writer.code(token.content)
        elif token.type == "html_block":
            _html(writer, token.content)
        elif token.type == "bullet_list_open":
            depth.append(0)
        elif token.type == "ordered_list_open":
            depth.append(int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth.pop()
        elif token.type == "inline":
            first = place >= 2 and tokens[place - 2].type == "list_item_open"
            if first:
                writer.item(_bullet(depth) + _inline(token))
            elif depth:
                writer.item(_inline(token))
            else:
                writer.paragraph(_inline(token))
        place += 1
    return one_line(title)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": 50}).enable(["table", "strikethrough"])


def _bullet(depth: list[int]) -> str:
    if not depth or not depth[-1]:
        return "- "
    depth[-1] += 1
    return f"{depth[-1] - 1}. "


def _inline(token: Token) -> str:
    parts = []
    for child in token.children or []:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "image":
            parts.append(child.content)  # the alternative text
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.type == "hardbreak" or (child.type == "html_inline" and child.content.startswith("<br")):
            parts.append("\n")
    return "".join(parts)


def _table(writer: Writer, tokens: Sequence[Token], place: int) -> int:
    rows: list[list[str]] = []
    n_header = 0
    while tokens[place].type != "table_close":
        token = tokens[place]
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_inline(token))
        elif token.type == "thead_close":
            n_header = len(rows)
        place += 1
    write_table(writer, rows, n_header if any(any(row) for row in rows[:n_header]) else None)
    return place


def _html(writer: Writer, markup: str) -> None:
    from rag.documents.html import write_html

    write_html(writer, markup)
