"""reStructuredText and Org: headings, lists and code found by their marks, inline marks taken off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rag.documents.canonical import Writer, clean, one_line
from rag.documents.encodings import decode
from rag.documents.loading import FileLoader
from rag.types import Document

__all__ = ["Org", "ReStructuredText"]

_LINE = re.compile(r"^([=\-~^\"'`#*+.:_<>])\1{2,}\s*$")
_RST_INLINE = (
    (re.compile(r"``(.+?)``"), r"\1"),
    (re.compile(r":[\w:+.-]+:`~?([^`<]+?)(?:\s*<[^`>]*>)?`"), r"\1"),
    (re.compile(r"`([^`<]+?)\s*<[^`>]*>`__?"), r"\1"),
    (re.compile(r"`([^`]+)`_{0,2}"), r"\1"),
    (re.compile(r"\*\*(\S(?:.*?\S)?)\*\*"), r"\1"),
    (re.compile(r"(?<![\w*])\*(\S(?:.*?\S)?)\*(?![\w*])"), r"\1"),
    (re.compile(r"\|(\w[\w -]*)\|_{0,2}"), r"\1"),
)
_ORG_INLINE = (
    (re.compile(r"\[\[[^\]]*\]\[([^\]]*)\]\]"), r"\1"),
    (re.compile(r"\[\[([^\]]*)\]\]"), r"\1"),
    (re.compile(r"(?<![\w*/=~+_])([*/=~+_])(\S(?:.*?\S)?)\1(?![\w*/=~+_])"), r"\2"),
)
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)]|#\.|\(?[a-z]\))\s+")
_DIRECTIVE = re.compile(r"^\.\.\s+(?:([\w-]+)::\s*(.*)|.*)$")
_TITLE_FIELD = re.compile(r"^#\+(title|author|date):\s*(.*)$", re.IGNORECASE)


class ReStructuredText(FileLoader):
    """The loader for reStructuredText."""

    suffixes = (".rst", ".rest")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        text, encoding, warnings = decode(path.read_bytes())
        writer = Writer()
        title = _write_rst(writer, clean(text).expandtabs(4))
        yield writer.document(title, mime="text/x-rst", kind="rst", encoding=encoding, warnings=warnings)


class Org(FileLoader):
    """The loader for Org files."""

    suffixes = (".org",)

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        text, encoding, warnings = decode(path.read_bytes())
        writer = Writer()
        fields = _write_org(writer, clean(text))
        title = fields.pop("title", "")
        yield writer.document(title, mime="text/org", kind="org", encoding=encoding, warnings=warnings, **fields)


def _plain(text: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, words in rules:
        text = pattern.sub(words, text[:20_000])
    return text


def _write_rst(writer: Writer, text: str) -> str:
    levels: list[str] = []  # kinds of underline in the order they appeared
    title = ""
    for paragraph in re.split(r"\n[ ]*\n", text):
        lines = paragraph.strip("\n").split("\n")
        while lines and _LINE.match(lines[0]) and len(lines) >= 3 and _LINE.match(lines[2]):
            lines = ["", lines[1], "=" + lines[2], *lines[3:]][1:]  # a line above as well as below
        while len(lines) >= 2 and lines[0].strip() and re.match(r"^=?([^\w\s])\1{2,}\s*$", lines[1]):
            mark = lines[1][:2] if lines[1].startswith("=") and lines[1][1:2] != "=" else lines[1][0]
            if mark not in levels:
                levels.append(mark)
            words = _plain(lines[0], _RST_INLINE)
            writer.heading(words, levels.index(mark) + 1)
            title = title or one_line(words)
            lines = lines[2:]
        if not any(line.strip() for line in lines):
            continue
        _write_rst_paragraph(writer, lines)
    return title


def _write_rst_paragraph(writer: Writer, lines: list[str]) -> None:
    if match := _DIRECTIVE.match(lines[0]):
        name, argument = match[1], match[2]
        if name in ("note", "warning", "tip", "important", "caution", "hint", "admonition", "danger", "seealso"):
            note = [argument, *[line.strip() for line in lines[1:] if not re.match(r"^\s*:[\w-]+:", line)]]
            writer.paragraph(_plain(f"{name.capitalize()}: " + " ".join(note), _RST_INLINE))
        elif name in ("code", "code-block", "sourcecode", "parsed-literal", "literalinclude"):
            writer.code("\n".join(lines[1:]))
        return
    if all(line.startswith(" ") for line in lines if line) and not _ITEM.match(lines[0]):
        writer.code("\n".join(lines))
        return
    run: list[str] = []
    is_item = False
    for line in [*lines, "\0"]:
        if run and (line == "\0" or _ITEM.match(line)):
            words = _plain(" ".join(part.strip() for part in run), _RST_INLINE)
            writer.item(words) if is_item else writer.paragraph(
                words.removesuffix("::") + (":" if words.endswith("::") else "")
            )
            run = []
        is_item = is_item if run else bool(_ITEM.match(line))
        run.append(line)


def _write_org(writer: Writer, text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    run: list[str] = []
    block: list[str] | None = None

    def flush() -> None:
        words = _plain(" ".join(part.strip() for part in run), _ORG_INLINE)
        if run and _ITEM.match(run[0]):
            writer.item(words)
        else:
            writer.paragraph(words)
        run.clear()

    for line in [*text.split("\n"), ""]:
        lowered = line.strip().lower()
        if block is not None:
            if lowered.startswith("#+end"):
                writer.code("\n".join(block))
                block = None
            else:
                block.append(line)
        elif lowered.startswith("#+begin"):
            flush()
            block = []
        elif match := _TITLE_FIELD.match(line):
            fields[match[1].lower()] = match[2].strip()
        elif match := re.match(r"^(\*+)\s+(?:(?:TODO|DONE)\s+)?(.*?)(?:\s+:[\w:@]+:)?\s*$", line):
            flush()
            writer.heading(_plain(match[2], _ORG_INLINE), len(match[1]))
        elif not line.strip() or line.startswith("#") or re.match(r"^\s*:[\w-]+:", line):
            flush()
        else:
            if run and _ITEM.match(line):
                flush()
            run.append(line)
    if block:
        writer.code("\n".join(block))
    return fields
