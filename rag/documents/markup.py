"""reStructuredText and Org: headings, lists and code found by their marks, inline marks taken off."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from rag.documents.canonical import Writer, clean, one_line
from rag.documents.encodings import decode
from rag.documents.loading import FileLoader
from rag.documents.tables import write_table
from rag.documents.texttables import csv_rows, drawn_table, list_rows, piped_rows
from rag.types import Document

__all__ = ["Org", "ReStructuredText"]

_LINE = re.compile(r"^([=\-~^\"'`#*+.:_<>])\1{2,}\s*$")
_ABOVE = "\x01"  # in front of an underline whose heading has a line above it too
_UNDERLINE = re.compile(r"^\x01?([^\w\s])\1{2,}\s*$")
_RST_INLINE = (
    (re.compile(r"``(.+?)``"), r"\1"),
    (re.compile(r":[\w:+.-]+:`~?([^`<]+?)(?:\s*<[^`>]*>)?`"), r"\1"),
    (re.compile(r"`([^`<]+?)\s*<[^`>]*>`__?"), r"\1"),
    (re.compile(r"`([^`]+)`_{0,2}"), r"\1"),
    (re.compile(r"(\[[\w#*.-]+\])_(?!\w)"), r"\1"),
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
_DIRECTIVE = re.compile(r"^\.\.\s+(?:\|[^|]*\|\s+)?([\w:+.-]+?)::(?:\s+(.*))?$")
_FOOTNOTE = re.compile(r"^\.\.\s+(\[[\w#*.-]+\])(?:\s+(.*))?$")
_OPTION = re.compile(r"^\s+:([\w-]+):\s*(.*)$")
_CODE = frozenset(("code", "code-block", "sourcecode", "parsed-literal", "math", "highlight", "doctest", "testcode"))
_NOTES = frozenset(
    ("note", "warning", "tip", "important", "caution", "hint", "admonition", "danger", "error", "attention", "seealso")
)
_NOT_TEXT = frozenset(
    ("toctree", "contents", "index", "raw", "literalinclude", "replace", "unicode", "default-role", "currentmodule")
)
_DOCUMENT_FIELD = re.compile(r"^:(author|date):[ \t]+(.+)$", re.IGNORECASE | re.MULTILINE)
_TITLE_FIELD = re.compile(r"^#\+(title|author|date):\s*(.*)$", re.IGNORECASE)


class ReStructuredText(FileLoader):
    """The loader for reStructuredText."""

    suffixes = (".rst", ".rest")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        text, encoding, warnings = decode(path.read_bytes())
        writer = Writer()
        text = clean(text).expandtabs(4)
        title = _write_rst(writer, text)
        fields = {name.lower(): value.strip() for name, value in _DOCUMENT_FIELD.findall(text[:5000])}
        yield writer.document(title, mime="text/x-rst", kind="rst", encoding=encoding, warnings=warnings, **fields)


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


def _write_rst(writer: Writer, text: str, levels: list[str] | None = None) -> str:
    levels = [] if levels is None else levels  # kinds of underline in the order they appeared
    title = ""
    for lines in _rst_paragraphs(text):
        while lines and _LINE.match(lines[0]) and len(lines) >= 3 and _LINE.match(lines[2]):
            lines = [lines[1], _ABOVE + lines[2], *lines[3:]]  # a line above as well as below
        while len(lines) >= 2 and lines[0].strip() and _UNDERLINE.match(lines[1]):
            mark = lines[1][:2] if lines[1].startswith(_ABOVE) else lines[1][0]
            if mark not in levels:
                levels.append(mark)
            words = _plain(lines[0], _RST_INLINE)
            writer.heading(words, levels.index(mark) + 1)
            title = title or one_line(words)
            lines = lines[2:]
        if any(line.strip() for line in lines):
            _write_rst_paragraph(writer, lines, levels)
    return title


def _rst_paragraphs(text: str) -> Iterator[list[str]]:
    """Paragraphs as lines; a directive with all that is indented below it is one."""
    held: list[str] = []
    for paragraph in re.split(r"\n[ ]*\n", text):
        lines = paragraph.strip("\n").split("\n")
        if held and all(line.startswith(" ") or not line for line in lines):
            held += ["", *lines]
            continue
        if held:
            yield held
        held = []
        if not lines[0].startswith(".."):
            yield lines
            continue
        for line in lines:
            if held and line.startswith(".. "):
                yield held
                held = []
            held.append(line)
    if held:
        yield held


def _write_rst_paragraph(writer: Writer, lines: list[str], levels: list[str]) -> None:
    if lines[0].startswith(".."):
        _write_directive(writer, lines, levels)
        return
    if found := drawn_table(lines):
        rows, n_header = found
        write_table(writer, [[_plain(c, _RST_INLINE) for c in row] for row in rows], n_header or None)
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


def _write_directive(writer: Writer, lines: list[str], levels: list[str]) -> None:
    """What stands under ``.. name:: argument``; comments and link targets are left out."""
    if match := _FOOTNOTE.match(lines[0]):
        words = " ".join([match[2] or "", *(line.strip() for line in lines[1:])])
        writer.paragraph(_plain(f"{match[1]} {words}", _RST_INLINE))
        return
    if not (match := _DIRECTIVE.match(lines[0])):
        return
    name, argument = match[1].lower(), match[2] or ""
    n_options = next((k for k, line in enumerate(lines[1:]) if not _OPTION.match(line)), len(lines) - 1)
    options = {found[1]: found[2] for line in lines[1 : 1 + n_options] if (found := _OPTION.match(line))}
    body = lines[1 + n_options :]
    while body and not body[0].strip():
        body = body[1:]
    if name in _NOT_TEXT:
        return
    if name in _CODE:
        writer.code(dedent("\n".join(body)))
    elif name in ("list-table", "csv-table"):
        writer.paragraph(_plain(argument, _RST_INLINE))
        header = csv_rows([options["header"]]) if "header" in options else []
        n_header = int(options.get("header-rows", "0")) if options.get("header-rows", "").isdigit() else 0
        rows = header + (list_rows(body) if name == "list-table" else csv_rows(body))
        write_table(writer, [[_plain(c, _RST_INLINE) for c in row] for row in rows], len(header) + n_header or None)
    elif name in _NOTES:
        inner = dedent("\n".join(body))
        lead = f"{name.capitalize()}: {argument}".strip()
        _write_rst(writer, f"{lead} {inner}" if inner and not argument else f"{lead}\n{inner}", levels)
    else:
        if name not in ("image", "figure", "include", "container", "rst-class"):
            writer.paragraph(_plain(argument, _RST_INLINE))
        _write_rst(writer, dedent("\n".join(body)), levels)


def _write_org(writer: Writer, text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    run: list[str] = []
    block: list[str] | None = None
    table: list[str] = []
    lines = deque([*text.split("\n"), ""])

    def flush() -> None:
        words = _plain(" ".join(part.strip() for part in run), _ORG_INLINE)
        if run and _ITEM.match(run[0]):
            writer.item(words)
        else:
            writer.paragraph(words)
        run.clear()

    while lines:
        line = lines.popleft()
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
        elif line.lstrip().startswith("|") or table:
            flush()
            if line.lstrip().startswith("|"):
                table.append(line)
                continue
            rows, n_header = piped_rows(table)
            write_table(writer, [[_plain(cell, _ORG_INLINE) for cell in row] for row in rows], n_header or None)
            table.clear()
            lines.appendleft(line)
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
