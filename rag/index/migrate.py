"""Older formats of the record, brought up to the present one in a single transaction.

``STEPS[n]`` turns format n into n + 1. Nothing is read from the corpus and nothing is embedded: a step takes
what is recorded, checks it the way its format did, and writes it anew. ``tests/data`` keeps an index of the
first format.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import IndexDamaged
from rag.index.lexical import PostingsWriter
from rag.index.matrix import update_matrix
from rag.index.packing import row_type
from rag.index.record import (
    FORMAT,
    checksum,
    known_format,
    make_tables,
    set_manifest,
    transaction,
)
from rag.index.termcounts import terms_of
from rag.index.terms import FINGERPRINT as TERMS
from rag.types import title_of

__all__ = ["STEPS", "migrate"]


def migrate(folder: Path, connection: sqlite3.Connection) -> list[str]:
    """Bring the record up to the present format; returns a note for the person who builds, if it was older.

    Raises:
        IndexMismatch: it is of a newer format. IndexDamaged: it has none, or is damaged.
    """
    found = known_format(connection, folder)
    if found == FORMAT:
        return []
    with transaction(connection):
        for number in range(found, FORMAT):
            STEPS[number](connection)
        set_manifest(connection, unswept=True)
    for path in folder.glob("vectors-*.faiss"):  # no index this old was large enough to have kept one
        path.unlink(missing_ok=True)
    return [f"the index was brought from format {found} to format {FORMAT}; its vectors were kept"]


def _from_1_to_2(connection: sqlite3.Connection) -> None:
    """Full text out of FTS5, search vectors out of a FAISS file, a checksum on every row."""
    facts = {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM manifest")}
    names = ("files", "documents", "sources", "passages", "vectors")
    for name in names:
        connection.execute(f"CREATE TEMP TABLE old_{name} AS SELECT * FROM {name}")
    for name in ("words", "passages", "sources", "files", "documents", "vectors", "manifest"):
        connection.execute(f"DROP TABLE {name}")
    make_tables(connection)
    _files_2(connection)
    ids, titles = _documents_2(connection)
    _vectors_2(connection, facts.get("dim", 0))
    postings = PostingsWriter(connection)
    _passages_2(connection, ids, titles, postings)
    postings.flush()
    for name in names:
        connection.execute(f"DROP TABLE old_{name}")
    n_pending = "SELECT count(*) FROM passages WHERE vector IN (SELECT vector FROM pending)"
    n_passages = connection.execute("SELECT count(*) FROM passages").fetchone()[0]
    set_manifest(
        connection,
        **{
            key: facts[key]
            for key in ("roots", "embedder", "fingerprint", "dim", "chunking", "built_at")
            if key in facts
        },
        generation=facts["generation"] + 1,
        terms=TERMS,
        readers="",
        n_documents=len(ids),
        n_passages=n_passages,
        n_embedded=n_passages - connection.execute(n_pending).fetchone()[0],
    )


def _files_2(connection: sqlite3.Connection) -> None:
    query = "SELECT source, path, sha256, report FROM old_files"
    for source, path, sha256, report in connection.execute(query).fetchall():
        row = (source, path, "", sha256, report)
        connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", (*row, checksum("files", *row)))


def _documents_2(connection: sqlite3.Connection) -> tuple[dict[int, str], dict[int, str]]:
    """Documents and their sources; returns their ids and their names by number."""
    sources = connection.execute(
        "SELECT source, document, file, collection FROM old_sources ORDER BY source"
    ).fetchall()
    first: dict[int, str] = {}
    for source, number, *_ in sources:
        first.setdefault(number, source)
    ids: dict[int, str] = {}
    names: dict[int, str] = {}
    query = "SELECT number, id, title, text, structure, metadata, crc FROM old_documents ORDER BY number"
    for number, id_, title, text, structure, metadata, crc in connection.execute(query):
        _verify_1(crc, id_, title, text, structure, metadata)
        name = title or title_of(first[number])
        row = (number, id_, title, structure, metadata, text)
        connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row[:3], checksum("labels", *row[:3]), name, *row[3:], checksum("documents", *row)),
        )
        ids[number], names[number] = id_, name
    for row in sources:
        connection.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?)", (*row, checksum("sources", *row)))
    return ids, names


def _passages_2(
    connection: sqlite3.Connection, ids: dict[int, str], names: dict[int, str], postings: PostingsWriter
) -> None:
    query = 'SELECT number, id, document, start, "end", page, heading, text, sentences, vector, crc FROM old_passages'
    for number, id_, document, *middle, crc in connection.execute(query + " ORDER BY number"):
        *facts, vector = middle
        _verify_1(crc, id_, *facts)
        crc = checksum("passages", number, id_, ids[document], *facts, vector)
        marks = ", ".join("?" * 11)
        connection.execute(f"INSERT INTO passages VALUES ({marks})", (number, id_, document, *middle, crc))
        _, _, _, heading, text, _ = facts
        postings.add(number, terms_of(names[document], [(heading, text)]))
        connection.execute(
            "INSERT OR IGNORE INTO pending SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE key = ?)",
            (vector, number, vector),
        )


def _vectors_2(connection: sqlite3.Connection, dim: int) -> None:
    own: dict[int, bytes] = {}
    query = "SELECT number, key, passage, sentences, crc FROM old_vectors ORDER BY number"
    for number, key, passage, sentences, crc in connection.execute(query):
        _verify_1(crc, passage, sentences)
        row = (number, key, passage, _interleaved(sentences, dim))
        connection.execute("INSERT INTO vectors VALUES (?, ?, ?, ?, ?)", (*row, checksum("vectors", *row)))
        own[number] = passage
    update_matrix(connection, 1, dim, own)


def _interleaved(data: bytes, dim: int) -> bytes:
    """Format 1 had all scales of a passage's sentences before all numbers."""
    n = len(data) // (dim + 4)
    packed = np.empty(n, row_type(dim))
    packed["scale"] = np.frombuffer(data, "<f4", n)
    packed["numbers"] = np.frombuffer(data, np.int8, n * dim, 4 * n).reshape(n, dim)
    return packed.tobytes()


def _verify_1(crc: int, *parts: Any) -> None:
    """The checksum of format 1."""
    value = 0
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        value = zlib.crc32(data, zlib.crc32(len(data).to_bytes(8, "little"), value))
    if value != crc:
        raise IndexDamaged("the index, of an older format, is damaged: rag build --rebuild makes it anew")


STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _from_1_to_2}
