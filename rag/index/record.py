"""The record: one SQLite database that holds everything an answer rests on.

``documents`` keep the canonical text that citations quote; ``passages`` are slices of it; ``vectors`` are
keyed by what was embedded and by which embedder, so that equal text is embedded once whatever file it is
in. ``postings`` and ``lengths`` are the full text (``rag.index.lexical``), ``matrix`` the passage vectors once
more, packed for searching (``rag.index.dense``). Every row that an answer reads carries a checksum, because
SQLite itself does not notice a flipped bit. WAL mode gives readers a state that stands still while a build
writes.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.errors import IndexDamaged, IndexError_, IndexMismatch, IndexMissing

__all__ = [
    "FORMAT",
    "SCHEMA",
    "check_format",
    "checksum",
    "connect",
    "create",
    "database",
    "discard",
    "known_format",
    "make_tables",
    "manifest",
    "open_record",
    "recorded_format",
    "said_by_sqlite",
    "set_manifest",
    "transaction",
    "verify",
    "verify_pieces",
    "whole",
]

# 1: full text in FTS5, the search vectors in a FAISS file. 2: both in the record, every row with a checksum.
FORMAT = 2

SCHEMA = """
CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    source TEXT PRIMARY KEY,         -- display-safe path inside the corpus
    path BLOB NOT NULL,              -- the real one, as bytes
    stamp TEXT NOT NULL,             -- size, times and inode when it was read; "" when they prove nothing
    sha256 TEXT NOT NULL,            -- of the content; "" when it was not read
    report TEXT NOT NULL,            -- FileReport as JSON
    crc INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    label_crc INTEGER NOT NULL,      -- of number, id and title, for those who need no text
    name TEXT NOT NULL,              -- the title as the full text knows it
    structure TEXT NOT NULL,         -- page starts and labels, headings, blocks as JSON
    metadata TEXT NOT NULL,
    text TEXT NOT NULL,
    crc INTEGER NOT NULL
);
CREATE TABLE sources (
    source TEXT PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (number),
    file TEXT NOT NULL REFERENCES files (source),
    collection TEXT NOT NULL,
    crc INTEGER NOT NULL
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
CREATE INDEX passages_document ON passages (document, start, vector);
CREATE INDEX passages_vector ON passages (vector);
CREATE TABLE vectors (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL UNIQUE,        -- hash of the embedder's fingerprint and the embedded text
    passage BLOB NOT NULL,           -- one packed row
    sentences BLOB NOT NULL,         -- packed rows
    crc INTEGER NOT NULL
);
CREATE TABLE pending (               -- vectors that passages wait for
    vector BLOB PRIMARY KEY, passage INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX pending_passage ON pending (passage);
CREATE TABLE postings (
    term TEXT NOT NULL, block INTEGER NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (term, block)
) WITHOUT ROWID;
CREATE TABLE lengths (block INTEGER PRIMARY KEY, data BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE matrix (
    block INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,        -- the generation that wrote it
    data BLOB NOT NULL, crc INTEGER NOT NULL
);
"""


def database(folder: Path) -> Path:
    """The record's file in an index folder."""
    return folder / "footnote.sqlite"


def checksum(table: str, *parts: str | bytes | int | None) -> int:
    """A CRC-32 over the values of a row, which tells 1 from "1", ("a", "b") from ("ab", "") and a row of one table
    from a like one of another, which a damaged schema can show in its place."""
    head, pieces = [table], []
    for part in parts:
        piece = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        head.append(f"{type(part).__name__}{len(piece)}")
        pieces.append(piece)
    return zlib.crc32(b"".join([",".join(head).encode(), *pieces]))


def verify(crc: int, table: str, what: str, *parts: str | bytes | int | None) -> None:
    """Compare a row of ``table`` with its checksum.

    Raises:
        IndexDamaged: they differ; ``what`` names the row in the message.
    """
    if checksum(table, *parts) != crc:
        raise IndexDamaged(f"{what} in the index is damaged: rag doctor repairs what can be repaired")


def verify_pieces(table: str, what: str, key: str, pieces: Iterable[tuple[int, bytes, int]]) -> None:
    """Compare rows of ``table`` that share a key, each its number, data and checksum: as ``verify`` does with these
    three in this order, in a quarter of the time, since a query reads hundreds.

    Raises:
        IndexDamaged: one differs from its checksum; ``what`` names them in the message.
    """
    name = key.encode("utf-8", "surrogatepass")
    head = f"{table},str{len(name)},int"
    for number, data, crc in pieces:
        if type(number) is int and type(data) is bytes:
            digits = str(number)
            start = f"{head}{len(digits)},bytes{len(data)}".encode() + name + digits.encode()
            if zlib.crc32(data, zlib.crc32(start)) == crc:
                continue
        raise IndexDamaged(f"{what} in the index is damaged: rag doctor repairs what can be repaired")


def whole(value: object) -> int:
    """A number that SQLite hands out as a key, which a damaged schema can turn into anything.

    Raises:
        IndexDamaged: it is not a whole number.
    """
    if type(value) is not int:
        raise IndexDamaged("a key in the index is damaged: rag doctor repairs what can be repaired")
    return value


def create(folder: Path) -> None:
    """Make an empty record in ``folder`` unless there is one; what a kill left of an attempt is finished."""
    path = database(folder)
    with _closing(path) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'manifest'").fetchone():
            return
        # vacuum and page settings only hold when they come before the first table; the vectors of a passage take
        # 2 to 4 kB, so that of a page of 4 kB much would stay empty (benchmarks/scale.py: 17 % less disk)
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            make_tables(connection)


def make_tables(connection: sqlite3.Connection) -> None:
    """Create the tables of the present format, and a manifest that says that nothing is in them."""
    for statement in SCHEMA.strip().split(";\n"):
        connection.execute(statement)
    counts = {"n_documents": 0, "n_passages": 0, "n_embedded": 0}
    named = {"embedder": "", "fingerprint": "", "born": uuid.uuid4().hex}
    set_manifest(connection, format=FORMAT, generation=0, roots=[], complete=True, dim=0, built_at=0, **counts, **named)


def discard(folder: Path) -> None:
    """Remove a record that cannot be read."""
    for suffix in ("", "-wal", "-shm"):
        path = database(folder)
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _closing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that is closed; what SQLite cannot do becomes one of our errors."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _translated(error, path.parent) from error


@contextmanager
def connect(folder: Path, *, write: bool = False, check: bool = True) -> Iterator[sqlite3.Connection]:
    """A connection to the record in ``folder``; what SQLite says about damage becomes ``IndexDamaged``.

    Raises:
        IndexMissing: there is no record, or only the beginning of one.
        IndexMismatch: another version of Footnote wrote it. ``check=False`` leaves that to the caller.
    """
    with said_by_sqlite(folder):
        connection = open_record(folder, write=write)
        try:
            if check:
                check_format(connection, folder)
            yield connection
        finally:
            connection.close()


def open_record(folder: Path, *, write: bool = False) -> sqlite3.Connection:
    """A connection that the caller closes.

    Raises:
        IndexMissing: there is no record.
    """
    path = database(folder)
    if not path.is_file():
        raise IndexMissing(f"there is no index in {folder}: run rag build --index {folder} FOLDER_OF_DOCUMENTS")
    return _open_for_writing(path) if write else _open_for_reading(path)


@contextmanager
def said_by_sqlite(folder: Path) -> Iterator[None]:
    """What SQLite says about the record in ``folder`` becomes one of our errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error, folder) from error
    except UnicodeDecodeError as error:  # sqlite3 fails so at its own message, when that quotes a damaged schema
        raise IndexDamaged(f"the index in {folder} is damaged: rag doctor says how badly and what helps") from error


def _open_for_writing(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        for pragma in ("foreign_keys = ON", "secure_delete = ON", "synchronous = NORMAL", "cache_size = -65536"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _open_for_reading(path: Path) -> sqlite3.Connection:
    # on read-only media there is no room for WAL's shared memory, but then nobody writes there either; a log
    # that still holds something must be read, though, so a folder with one is not taken for immutable
    wal = path.with_name(path.name + "-wal")
    modes = ["mode=ro", "mode=ro&immutable=1"]
    while True:
        uri = f"{path.resolve().as_uri()}?{modes.pop(0)}"
        # one question may be answered in several threads, one after the other: a stream is read by a server
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30, check_same_thread=False)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            blocked = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            if not (modes and blocked) or (wal.exists() and wal.stat().st_size):
                raise
        except sqlite3.Error:
            connection.close()
            raise


def check_format(connection: sqlite3.Connection, folder: Path) -> None:
    """See that the record was finished, and by this version.

    Raises:
        IndexMissing, IndexMismatch: as their names say. IndexDamaged: the manifest does not match its checksum.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'manifest'").fetchone():
        raise IndexMissing(f"the index in {folder} was never finished: run rag build --index {folder}")
    found = known_format(connection, folder)
    if found < FORMAT:
        raise IndexMismatch(
            f"the index in {folder} was made by an older Footnote (format {found}, this one reads {FORMAT}): "
            "run rag build, which brings it up to date and keeps its vectors"
        )
    manifest(connection)


def known_format(connection: sqlite3.Connection, folder: Path) -> int:
    """The format of the record, which is the present one or an older one.

    Raises:
        IndexDamaged: it has none. IndexMismatch: it is newer.
    """
    found = recorded_format(connection)
    if found is None or found < 1:
        raise IndexDamaged(f"the index in {folder} has no format number: rag build --rebuild makes it anew")
    if found > FORMAT:
        raise IndexMismatch(
            f"the index in {folder} was made by a newer Footnote (format {found}, this one knows {FORMAT}): "
            "update Footnote, or build into another folder"
        )
    return found


def recorded_format(connection: sqlite3.Connection) -> int | None:
    """The format number in the manifest, which is there in every format; None when it cannot be read."""
    row = connection.execute("SELECT value FROM manifest WHERE key = 'format'").fetchone()
    try:
        return int(row[0]) if row else None
    except (TypeError, ValueError):
        return None


def _translated(error: sqlite3.Error, folder: Path) -> IndexError_:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    reason = " ".join(str(error).split())  # it may quote a damaged schema, line breaks and all
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return IndexError_(f"the index in {folder} is locked by another program: {reason}")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return IndexError_(f"the index in {folder} cannot be written or read ({reason}): check space and rights")
    return IndexDamaged(f"the index in {folder} is damaged ({reason}): rag doctor says how badly and what helps")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside happens or nothing does."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def manifest(connection: sqlite3.Connection) -> dict[str, Any]:
    """What the index says about itself.

    Raises:
        IndexDamaged: it does not match its checksum.
    """
    return dict(_facts(tuple(connection.execute("SELECT key, value FROM manifest").fetchall())))


@lru_cache(8)  # every search asks for it, and it is mostly the same
def _facts(found: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    rows = dict(found)
    crc = rows.pop("crc", None)
    if crc != str(_manifest_checksum(rows)):
        raise IndexDamaged("the manifest of the index is damaged: rag doctor repairs what can be repaired")
    return {key: json.loads(value) for key, value in rows.items()}


def _manifest_checksum(rows: dict[str, str]) -> int:
    return checksum("manifest", *(part for row in sorted(rows.items(), key=repr) for part in row))


def set_manifest(connection: sqlite3.Connection, **values: Any) -> None:
    """Record ``values`` in the manifest."""
    rows = dict(connection.execute("SELECT key, value FROM manifest WHERE key != 'crc'").fetchall())
    rows |= {key: json.dumps(value) for key, value in values.items()}
    sealed = {**rows, "crc": str(_manifest_checksum(rows))}
    connection.executemany(
        "INSERT INTO manifest VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", sealed.items()
    )
