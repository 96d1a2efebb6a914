"""The record: one SQLite database that holds everything an answer rests on.

``documents`` keep the canonical text that citations quote; ``passages`` are slices of it; ``vectors`` are
keyed by what was embedded and by which embedder, so that equal text is embedded once whatever file it is
in; ``words`` is the full text. Each row that an answer reads carries a checksum, because SQLite itself
does not notice a flipped bit. WAL mode gives readers a state that stands still while a build writes.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import IndexDamaged, IndexError_, IndexMismatch, IndexMissing

__all__ = ["FORMAT", "checksum", "connect", "create", "database", "manifest", "set_manifest", "transaction"]

FORMAT = 1

_SCHEMA = """
CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    source TEXT PRIMARY KEY,         -- display-safe path inside the corpus
    path BLOB NOT NULL,              -- the real one, as bytes
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    sha256 TEXT NOT NULL,            -- of the content; "" when it was not read
    report TEXT NOT NULL             -- FileReport as JSON
) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL, text TEXT NOT NULL,
    structure TEXT NOT NULL,         -- page starts and labels, headings, blocks as JSON
    metadata TEXT NOT NULL,
    crc INTEGER NOT NULL
);
CREATE TABLE sources (
    source TEXT PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (number),
    file TEXT NOT NULL REFERENCES files (source),
    collection TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sources_document ON sources (document, source);
CREATE INDEX sources_file ON sources (file);
CREATE INDEX sources_collection ON sources (collection, document);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document INTEGER NOT NULL REFERENCES documents (number),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, page INTEGER,
    heading TEXT NOT NULL, text TEXT NOT NULL,
    sentences TEXT NOT NULL,         -- spans relative to start, as JSON
    vector BLOB NOT NULL,            -- key of its vectors
    crc INTEGER NOT NULL
);
CREATE INDEX passages_document ON passages (document, start);
CREATE INDEX passages_vector ON passages (vector);
CREATE TABLE vectors (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL UNIQUE,        -- hash of the embedder's fingerprint and the embedded text
    passage BLOB NOT NULL,           -- one packed row
    sentences BLOB NOT NULL,         -- packed rows
    crc INTEGER NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5 (
    title, heading, text, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc Pc'"
);
"""


def database(folder: Path) -> Path:
    """The record's file in an index folder."""
    return folder / "footnote.sqlite"


def checksum(*parts: str | bytes | int | None) -> int:
    """A CRC-32 over the values of a row."""
    value = 0
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        value = zlib.crc32(data, zlib.crc32(len(data).to_bytes(8, "little"), value))
    return value


def create(folder: Path) -> None:
    """Make an empty record in ``folder`` unless there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = database(folder)
    if path.exists() and path.stat().st_size:
        return
    with closing_connection(path) as connection:
        # vacuum and page settings only hold when they come before the first table
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            for statement in _SCHEMA.strip().split(";\n"):
                connection.execute(statement)
            set_manifest(connection, format=FORMAT, generation=0, roots=[], embedder="", fingerprint="")


@contextmanager
def closing_connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def connect(folder: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection to the record in ``folder``; what SQLite says about damage becomes ``IndexDamaged``.

    Raises:
        IndexMissing: there is no record. IndexMismatch: a newer Footnote wrote it.
    """
    path = database(folder)
    if not path.is_file():
        raise IndexMissing(f"there is no index in {folder}: run rag build --index {folder} FOLDER_OF_DOCUMENTS")
    try:
        connection = _open(path, write)
        try:
            _check_format(connection, folder)
            yield connection
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise _translated(error, folder) from error


def _open(path: Path, write: bool) -> sqlite3.Connection:
    if write:
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        for pragma in ("foreign_keys = ON", "secure_delete = ON", "synchronous = NORMAL", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
    # a folder on read-only media has no room for WAL's shared memory: then nobody writes there either
    wal = path.with_name(path.name + "-wal")
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=30)
        try:
            connection.execute("SELECT 1 FROM manifest LIMIT 1")
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            if ("unable to open" not in str(error) and "readonly" not in str(error)) or wal.exists():
                raise
    raise sqlite3.OperationalError("unable to open database file")


def _check_format(connection: sqlite3.Connection, folder: Path) -> None:
    found = manifest(connection).get("format")
    if not isinstance(found, int) or found < 1:
        raise IndexDamaged(f"the index in {folder} has no format number: rag build --rebuild makes it anew")
    if found > FORMAT:
        raise IndexMismatch(
            f"the index in {folder} was made by a newer Footnote (format {found}, this one reads {FORMAT}): "
            "update Footnote, or build into another folder"
        )


def _translated(error: sqlite3.DatabaseError, folder: Path) -> IndexError_:
    reason = str(error)
    if "locked" in reason:
        return IndexError_(f"the index in {folder} is locked by another program: {reason}")
    if "full" in reason or "readonly" in reason or "unable to open" in reason or "disk I/O" in reason:
        return IndexError_(f"the index in {folder} cannot be written or read ({reason}): check space and rights")
    return IndexDamaged(f"the index in {folder} is damaged ({reason}): rag build --rebuild makes it anew")


@contextmanager
def transaction(connection: sqlite3.Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
    """Everything inside happens or nothing does."""
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def manifest(connection: sqlite3.Connection) -> dict[str, Any]:
    """What the index says about itself."""
    return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM manifest")}


def set_manifest(connection: sqlite3.Connection, **values: Any) -> None:
    """Record ``values`` in the manifest."""
    rows = [(key, json.dumps(value)) for key, value in values.items()]
    connection.executemany(
        "INSERT INTO manifest VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", rows
    )
