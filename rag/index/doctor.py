"""Check everything in an index, and repair what can be repaired.

What is derived (full text, matrix, counts, the list of what waits for vectors) is made anew from what is
recorded. What is recorded and damaged is forgotten, so that the next build reads it from the corpus again; a
vector that is damaged is embedded again. Nothing is ever guessed.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import IndexDamaged, IndexMismatch
from rag.index.approximate import load_approximate
from rag.index.changes import counts, index_words_again, raise_generation
from rag.index.lock import writer_lock
from rag.index.matrix import block_versions, read_block, update_matrix
from rag.index.packing import row_type, unpack
from rag.index.record import (
    FORMAT,
    checksum,
    connect,
    make_tables,
    manifest,
    recorded_format,
    set_manifest,
    transaction,
)
from rag.index.rows import DOCUMENT_QUERY, PASSAGE_QUERY, document_of, passage_of
from rag.index.terms import FINGERPRINT as TERMS
from rag.index.writer import Writer

__all__ = ["Finding", "examine", "repair"]

log = logging.getLogger("rag.index")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written. ``remedy`` is what puts it right: "repair" (``rag doctor
    --repair``) or "rebuild" (``rag build --rebuild``)."""

    what: str
    remedy: str


def examine(folder: Path) -> list[Finding]:
    """Everything that is wrong with the index; empty when it is sound.

    Raises:
        IndexMissing: there is none. IndexMismatch: it is of another format.
    """
    try:
        with connect(folder) as connection:
            connection.execute("BEGIN")
            return [Finding(what, "repair") for what in _faults(folder, connection)]
    except IndexDamaged as error:
        return [Finding(str(error), "repair" if "manifest" in str(error) else "rebuild")]


def _faults(folder: Path, connection: sqlite3.Connection) -> Iterator[str]:
    for (line,) in connection.execute("PRAGMA integrity_check(10)").fetchall():
        if line != "ok":
            yield f"the database: {line}"
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        yield "the database: a row refers to one that is not there"
    bad_documents, bad_vectors, bad_files = _damaged(connection)
    yield from (f"document {number} is damaged" for number in bad_documents)
    yield from (f"vector {number} is damaged" for number in bad_vectors)
    yield from (f"the record of file {source} is damaged" for source in bad_files)
    if bad_documents:
        return
    checks: list[tuple[str, Callable[[sqlite3.Connection], bool]]] = [
        ("the list of passages that wait for vectors", _pending_fits),
        ("the counts in the manifest", _counts_fit),
        ("the full text", _words_fit),
    ]
    if not bad_vectors:
        checks.append(("the matrix of vectors", _matrix_fits))
    for what, fits in checks:
        if not fits(connection):
            yield f"{what} does not fit the record"
    facts = manifest(connection)
    if facts.get("approximate") and load_approximate(folder, facts["approximate"], facts["dim"]) is None:
        yield "the approximate index cannot be used"


# -- what is recorded --------------------------------------------------------------------------------------


def _damaged(connection: sqlite3.Connection) -> tuple[list[int], list[int], list[str]]:
    """The numbers of damaged documents (their passages and sources included) and vectors, and damaged files."""
    documents = []
    for (number,) in connection.execute("SELECT number FROM documents").fetchall():
        try:
            row = connection.execute(DOCUMENT_QUERY + "WHERE d.number = ?", (number,)).fetchone()
            text = document_of(row).text if row else None
            passages = [passage_of(r) for r in connection.execute(PASSAGE_QUERY + "WHERE d.number = ?", (number,))]
            sound = bool(passages) and all(text is not None and p.text == text[p.start : p.end] for p in passages)
        except (IndexDamaged, sqlite3.DatabaseError, ValueError, TypeError) as error:
            log.debug("document %s: %s", number, error)
            sound = False
        if not sound:
            documents.append(number)
    query = "SELECT number, key, passage, sentences, crc FROM vectors"
    vectors = [row[0] for row in connection.execute(query) if checksum("vectors", *row[:4]) != row[4]]
    query = "SELECT source, path, stamp, sha256, report, crc FROM files"
    files = [str(row[0]) for row in connection.execute(query) if checksum("files", *row[:5]) != row[5]]
    return documents, vectors, files


# -- what is derived ---------------------------------------------------------------------------------------

_PENDING = """
SELECT vector, min(number) FROM passages WHERE vector NOT IN (SELECT key FROM vectors) GROUP BY vector
"""


def _pending_fits(connection: sqlite3.Connection) -> bool:
    """Every passage has its vector or waits for it, and no vector is there for nothing."""
    wanted = {vector for vector, _ in connection.execute(_PENDING)}
    loose = "SELECT 1 FROM vectors WHERE key NOT IN (SELECT vector FROM passages)"
    return wanted == {v for (v,) in connection.execute("SELECT vector FROM pending")} and not (
        connection.execute(loose).fetchone()
    )


def _counts_fit(connection: sqlite3.Connection) -> bool:
    facts = manifest(connection)
    n_waiting = "SELECT count(*) FROM passages WHERE vector IN (SELECT vector FROM pending)"
    queries = ("SELECT count(*) FROM documents", "SELECT count(*) FROM passages", n_waiting)
    n_documents, n_passages, n = (connection.execute(query).fetchone()[0] for query in queries)
    found = [facts[key] for key in ("n_documents", "n_passages", "n_embedded")]
    return found == [n_documents, n_passages, n_passages - n]


def _words_fit(connection: sqlite3.Connection) -> bool:
    """Compare with a full text made in memory from the passages; one of another version is the next build's to make
    anew."""
    if manifest(connection).get("terms") not in (TERMS, ""):
        return True
    fresh = sqlite3.connect(":memory:")
    try:
        make_tables(fresh)
        index_words_again(connection, _Postings(fresh))
        for table, order in (("postings", "term, block"), ("lengths", "block")):
            query = f"SELECT * FROM {table} ORDER BY {order}"
            if connection.execute(query).fetchall() != fresh.execute(query).fetchall():
                return False
        return True
    finally:
        fresh.close()


class _Postings(Writer):
    """A writer of full text into a database of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection, "")


def _matrix_fits(connection: sqlite3.Connection) -> bool:
    dim = manifest(connection)["dim"]
    found: dict[int, bytes] = {}
    try:
        for block in block_versions(connection):
            numbers, rows = read_block(connection, block, dim)
            found |= {int(n): row.tobytes() for n, row in zip(numbers, rows, strict=True)}
    except IndexDamaged:
        return False
    query = connection.execute("SELECT number, passage FROM vectors")
    return found == {number: unpack(row, dim)[0].tobytes() for number, row in query}


# -- repairing ---------------------------------------------------------------------------------------------


def repair(folder: Path) -> list[str]:
    """Put right what can be; returns what was done. A build after it completes the work from the corpus.

    Raises:
        IndexDamaged: the database itself is damaged; only ``rag build --rebuild`` or a backup helps.
        IndexBusy: it is being built.
    """
    with writer_lock(folder), connect(folder, write=True, check=False) as connection:
        found = recorded_format(connection)
        if found is not None and found != FORMAT:
            raise IndexMismatch(f"the index in {folder} has format {found}, not {FORMAT}: rag build comes first")
        done = []
        with transaction(connection):
            connection.execute("REINDEX")
            line = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if line != "ok":
                raise IndexDamaged(
                    f"the database is damaged ({line}): restore a backup, or rag build --rebuild makes it anew"
                )
            done += _reseal_manifest(connection)
            done += _forget_damaged(connection)
            done += _derive(connection)
            raise_generation(connection, **counts(connection), unswept=True)
        facts = manifest(connection)
        kept = facts.get("approximate")
        if kept and load_approximate(folder, kept, facts["dim"]) is None:
            (folder / str(kept["file"])).unlink(missing_ok=True)
            done.append("the approximate index will be made anew")
        return done


def _reseal_manifest(connection: sqlite3.Connection) -> list[str]:
    try:
        manifest(connection)
        return []
    except IndexDamaged:
        pass
    facts: dict[str, Any] = {"roots": [], "embedder": "", "fingerprint": "", "generation": 0, "built_at": 0}
    for key, value in connection.execute("SELECT key, value FROM manifest WHERE key != 'crc'").fetchall():
        try:
            facts[key] = json.loads(value)
        except (TypeError, ValueError):
            continue
    connection.execute("DELETE FROM manifest")
    # which value is wrong cannot be known: nothing that the next build can find out itself is trusted
    facts |= {"chunking": "", "readers": "", "terms": "", "approximate": None, "complete": False}
    facts |= {"format": FORMAT, "born": uuid.uuid4().hex, "n_documents": 0, "n_passages": 0, "n_embedded": 0}
    row = connection.execute("SELECT length(passage) FROM vectors LIMIT 1").fetchone()
    facts["dim"] = row[0] - row_type(0).itemsize if row else 0
    set_manifest(connection, **facts)
    return ["the manifest was made anew; the next build checks every file"]


def _forget_damaged(connection: sqlite3.Connection) -> list[str]:
    """Remove what is damaged; the files it came from are read again by the next build."""
    documents, vectors, files = _damaged(connection)
    for number in documents:
        query = "SELECT DISTINCT file FROM sources WHERE document = ?"
        files += [file for (file,) in connection.execute(query, (number,))]
        for table, column in (("passages", "document"), ("sources", "document"), ("documents", "number")):
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))
    for source in set(files):
        query = "SELECT source, path, report FROM files WHERE source = ?"
        row = connection.execute(query, (source,)).fetchone()
        if row:
            fresh = (row[0], row[1], "", "", row[2])
            query = "UPDATE files SET stamp = '', sha256 = '', crc = ? WHERE source = ?"
            connection.execute(query, (checksum("files", *fresh), source))
    for number in vectors:
        connection.execute("DELETE FROM vectors WHERE number = ?", (number,))
    connection.execute("DELETE FROM vectors WHERE key NOT IN (SELECT vector FROM passages)")
    done = [f"{len(documents)} damaged documents were forgotten; the next build reads them again"] if documents else []
    done += [f"{len(set(files))} files will be read again"] if files else []
    return done + ([f"{len(vectors)} damaged vectors will be embedded again"] if vectors else [])


def _derive(connection: sqlite3.Connection) -> list[str]:
    """Make anew whatever does not fit."""
    done = []
    if not _pending_fits(connection):
        connection.execute("DELETE FROM pending")
        connection.execute("INSERT INTO pending " + _PENDING)
        done.append("the list of passages that wait for vectors was made anew")
    if not _words_fit(connection):
        index_words_again(connection, _Postings(connection))
        done.append("the full text was made anew")
    if not _matrix_fits(connection):
        facts = manifest(connection)
        connection.execute("DELETE FROM matrix")
        rows = dict(connection.execute("SELECT number, passage FROM vectors").fetchall())
        update_matrix(connection, facts["generation"] + 1, facts["dim"], rows)
        done.append("the matrix of vectors was made anew")
    return done if _counts_fit(connection) else [*done, "the counts were put right"]
