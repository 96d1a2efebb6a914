"""CSV and TSV: one row a line, each with its column names."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from rag.documents.canonical import Writer
from rag.documents.encodings import decode
from rag.documents.loading import FileLoader
from rag.documents.tables import write_table
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["SeparatedValues"]

MAX_COLUMNS = 2000
_SEPARATOR_LINE = re.compile(r"\A\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)
csv.field_size_limit(1_000_000)


class SeparatedValues(FileLoader):
    """The loader for tables in text files."""

    suffixes = (".csv", ".tsv", ".tab", ".ssv", ".psv")

    def load(self, path: Path) -> Iterator[Document]:
        """The table as one document."""
        text, encoding, warnings = decode(path.read_bytes())
        writer = Writer()
        try:
            write_table(writer, _rows(text, path.suffix.lower(), writer))
        except csv.Error as error:
            if not writer.n_characters:
                raise DocumentError(f"is not a table that can be read: {error}") from error
            writer.warn(f"the rest of the table could not be read: {error}")
        mime = "text/csv" if path.suffix.lower() == ".csv" else "text/tab-separated-values"
        yield writer.document("", mime=mime, kind="table", encoding=encoding, warnings=warnings)


def _rows(text: str, suffix: str, writer: Writer) -> Iterator[list[str]]:
    text = text.replace("\0", "")
    if match := _SEPARATOR_LINE.match(text):  # a line for Excel
        delimiter, text = match[1], text[match.end() :]
    else:
        delimiter = "\t" if suffix in (".tsv", ".tab") else _delimiter(text[:20_000])
    # a quote that is never closed would make one cell of all that follows it
    quotes: str | None = None if text.count('"') % 2 else '"'
    for row in csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=True,
        quotechar=quotes,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
    ):
        if len(row) > MAX_COLUMNS:
            writer.warn(f"rows were cut after {MAX_COLUMNS:,} columns")
        yield row[:MAX_COLUMNS]


def _delimiter(sample: str) -> str:
    """The delimiter that cuts most rows into the same number of cells, more than one."""
    best, best_score = ",", 0.0
    for delimiter in ",;\t|":
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        widths: list[int] = []
        try:
            for row in reader:
                if row and len(widths) < 50:
                    widths.append(len(row))
        except csv.Error:
            continue
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        score = widths.count(usual) / len(widths) if usual > 1 else 0.0
        if score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best
