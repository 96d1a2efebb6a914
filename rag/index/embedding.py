"""Meaning next: vectors for the passages that wait for one, in batches that are each committed.

A build that is stopped loses at most one batch, and the next one goes on where it was.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rag.errors import EmbedderError
from rag.index.changes import raise_generation
from rag.index.matrix import update_matrix
from rag.index.packing import pack
from rag.index.record import checksum, manifest, transaction
from rag.index.rows import PASSAGE_QUERY, passage_of
from rag.passages import embedded_text
from rag.types import Progress, Span

if TYPE_CHECKING:
    from rag.plugins import Embedder, Rows

__all__ = ["embed_pending", "insert_vectors"]

# vectors in one commit: a few seconds of work, which is what a kill can cost
_BATCH = 128
# passages handed to the embedder at once, so that it can sort them by length
_WINDOW = 512

_Entry = tuple[bytes, bytes, bytes]  # key, packed passage row, packed sentence rows


def embed_pending(connection: sqlite3.Connection, embedder: Embedder, say: Callable[[Progress], None]) -> int:
    """Embed the passages that have no vectors yet; returns how many vectors were made.

    Raises:
        EmbedderError: the embedder returned something that is not a unit vector for each sentence.
    """
    (total,) = connection.execute("SELECT count(*) FROM pending").fetchone()
    if not total:
        return 0
    started, done = time.monotonic(), 0
    say(Progress("vectors", 0, total))
    query = "SELECT passage, vector FROM pending ORDER BY passage LIMIT ?"
    while window := connection.execute(query, (_WINDOW,)).fetchall():
        given = _texts(connection, [number for number, _ in window])
        n = 0
        batch: list[_Entry] = []
        stream = embedder.embed_passages([text for text, _ in given], [spans for _, spans in given])
        for n, (i, rows) in enumerate(stream, 1):
            _check(rows, len(given[i][1]), embedder)
            batch.append((window[i][1], pack(rows[:1]), pack(rows[1:])))
            if len(batch) >= _BATCH or n == len(window):
                done += _store(connection, embedder.dim, batch)
                say(Progress("vectors", done, total, "", time.monotonic() - started))
        if n < len(window):
            raise EmbedderError(f"the embedder returned {n} vectors for {len(window)} passages: choose another")
    return done


def _store(connection: sqlite3.Connection, dim: int, batch: list[_Entry]) -> int:
    """Commit a batch and empty it; returns how many there were."""
    n = len(batch)
    if n:
        with transaction(connection):
            rows = insert_vectors(connection, batch)
            query = "SELECT count(*) FROM passages WHERE vector = ?"
            n_passages = sum(connection.execute(query, (key,)).fetchone()[0] for key, *_ in batch)
            n_embedded = manifest(connection)["n_embedded"] + n_passages
            update_matrix(connection, raise_generation(connection, n_embedded=n_embedded), dim, rows)
        batch.clear()
    return n


def insert_vectors(connection: sqlite3.Connection, entries: Sequence[_Entry]) -> dict[int, bytes]:
    """Record vectors inside the caller's transaction; returns the packed passage rows by number, which are to
    go into the matrix."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'vectors'").fetchone()
    first = row[0] + 1 if row else 1
    sealed = [(number, *entry, checksum("vectors", number, *entry)) for number, entry in enumerate(entries, first)]
    connection.executemany("INSERT INTO vectors VALUES (?, ?, ?, ?, ?)", sealed)
    connection.executemany("DELETE FROM pending WHERE vector = ?", [(entry[0],) for entry in entries])
    return {number: own for number, _, own, *_ in sealed}


def _texts(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[tuple[str, list[Span]]]:
    query = PASSAGE_QUERY + "WHERE p.number IN (SELECT value FROM json_each(?))"
    found = {row[0]: passage_of(row) for row in connection.execute(query, (json.dumps(list(numbers)),))}
    return [embedded_text(found[number]) for number in numbers]


def _check(rows: Rows, n_sentences: int, embedder: Embedder) -> None:
    if rows.shape != (1 + n_sentences, embedder.dim):
        raise EmbedderError(
            f"the embedder returned vectors of shape {rows.shape} for a passage of {n_sentences} sentences, "
            f"expected {(1 + n_sentences, embedder.dim)}: choose another, or repair it"
        )
