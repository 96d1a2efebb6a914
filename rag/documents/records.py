"""JSON and JSON Lines.

JSONL is one document a line (``text`` with ``id``, ``title``, ``url``, ``date`` and whatever else is scalar);
so is a JSON array of objects that have a ``text``. Any other JSON is written out as rows of names and
values under headings that name where in the structure they stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.documents.canonical import Writer, harmless, one_line
from rag.documents.encodings import decode
from rag.documents.loading import FileLoader
from rag.documents.plain import mark_headings
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Json", "JsonLines", "write_value"]

_KNOWN = ("text", "id", "_id", "title")
_MAX_WARNINGS = 20
_NEXT_VALUE = re.compile(r"[\s,]*(?=\S)")


class JsonLines(FileLoader):
    """The loader for files of one JSON object a line."""

    suffixes = (".jsonl", ".ndjson", ".jsonlines")

    def load(self, path: Path) -> Iterator[Document]:
        """One document a line; a line that cannot be read is a warning on the last document."""
        text, encoding, warnings = decode(path.read_bytes())
        held: Document | None = None
        names: dict[str, int] = {}
        n_bad = 0
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                document = _record(json.loads(line), str(number), names, encoding)
            except (ValueError, RecursionError, DocumentError) as error:
                n_bad += 1
                if n_bad <= _MAX_WARNINGS:
                    warnings.append(f"line {number} was left out: {_reason(error)}")
                continue
            if held is not None:
                yield held
            held = document
        if n_bad > _MAX_WARNINGS:
            warnings.append(f"{n_bad - _MAX_WARNINGS} more lines were left out")
        if held is None:
            raise DocumentError(warnings[0] if warnings else "holds no text")
        yield replace(held, metadata={**held.metadata, "warnings": warnings}) if warnings else held


class Json(FileLoader):
    """The loader for JSON files."""

    suffixes = (".json", ".geojson", ".webmanifest")

    def load(self, path: Path) -> Iterator[Document]:
        """A document for each record with a text, or the whole file as one."""
        text, encoding, warnings = decode(path.read_bytes())
        try:
            value = json.loads(text)
        except RecursionError as error:
            raise DocumentError("is nested too deeply") from error
        except ValueError as error:
            if not str(error).startswith("Extra data"):
                raise DocumentError(f"is not valid JSON: {error}") from error
            value = _values(text)
        if isinstance(value, list) and value and all(_is_record(item) for item in value):
            names: dict[str, int] = {}
            for number, item in enumerate(value, 1):
                yield _record(item, str(number), names, encoding)
            return
        writer = Writer()
        write_value(writer, value)
        title = value.get("title", "") if isinstance(value, dict) else ""
        yield writer.document(
            title if isinstance(title, str) else "",
            mime="application/json",
            kind="json",
            encoding=encoding,
            warnings=warnings,
        )


def _values(text: str) -> list[Any]:
    """The values of a file that holds several, one after the other."""
    decoder, values, place = json.JSONDecoder(), [], 0
    try:
        while match := _NEXT_VALUE.match(text, place):
            value, place = decoder.raw_decode(text, match.end())
            values.append(value)
    except ValueError as error:
        raise DocumentError(f"is not valid JSON: {error}") from error
    return values


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return f"not valid JSON ({error})" if isinstance(error, ValueError) else str(error)


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str)


def _record(value: Any, number: str, names: dict[str, int], encoding: str) -> Document:
    """One record as a document. Its ``source`` is the record's id, made unique within the file."""
    fields: Mapping[str, Any] = value if isinstance(value, dict) else {}
    ids = (fields.get("id"), fields.get("_id"), number)
    name = next(words for value in ids if value is not None and (words := one_line(str(value))[:200]))
    names[name] = names.get(name, 0) + 1
    if names[name] > 1:
        name = f"{name} ({names[name]})"
    writer = Writer()
    if isinstance(text := fields.get("text"), str):
        text = harmless(text)
        writer.verbatim(text)
        mark_headings(writer, text)
    else:
        write_value(writer, value)
    scalars = {
        one_line(key): one_line(item) if isinstance(item, str) else item
        for key, item in fields.items()
        if key not in _KNOWN and isinstance(item, (str, int, float, bool)) and len(str(item)) <= 2000
    }
    title = fields.get("title")
    core = {"mime": "application/json", "kind": "record", "encoding": encoding}
    document = writer.document(title if isinstance(title, str) else "", **{**scalars, **core})
    return Document(name, *(getattr(document, field) for field in _AFTER_SOURCE))


_AFTER_SOURCE = ("text", "title", "collection", "page_starts", "page_labels", "headings", "blocks", "metadata")


def write_value(writer: Writer, value: Any, name: str = "", level: int = 1) -> None:
    """Write a JSON-like value: scalars of an object in one row, what is nested under a heading."""
    if isinstance(value, Mapping):
        if name and any(_is_nested(item) for item in value.values()):
            writer.heading(name, level)
            name = ""
        flat = [f"{key}: {_scalar(item)}" for key, item in value.items() if not _is_nested(item)]
        writer.item((f"{name}: " if name else "") + "; ".join(flat) if flat else "")
        for key, item in value.items():
            if _is_nested(item):
                write_value(writer, item, str(key), level + 1)
    elif isinstance(value, list):
        if all(not _is_nested(item) for item in value):
            writer.item((f"{name}: " if name else "") + ", ".join(map(_scalar, value)))
            return
        if name:
            writer.heading(name, level)
        for item in value:
            write_value(writer, item, "", level + 1)
    else:
        writer.item((f"{name}: " if name else "") + _scalar(value))


def _is_nested(value: Any) -> bool:
    return isinstance(value, (Mapping, list)) and (
        isinstance(value, Mapping) or any(isinstance(item, (Mapping, list)) for item in value)
    )


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_scalar, value))
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    return one_line(str(value))
