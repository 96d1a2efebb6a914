"""After a removal: what was deleted is in no file of the index folder any more.

SQLite overwrites deleted rows with zeros (``secure_delete``), but copies of them may stand in the log, and in
the unused part of pages that rows have moved out of. The log is emptied, freed pages are given back.
"""

from __future__ import annotations

import sqlite3

from rag.index.record import manifest, set_manifest, transaction

__all__ = ["sweep"]


def sweep(connection: sqlite3.Connection) -> str:
    """Clean up after removals of this build or an earlier one. Returns a note when a reader prevents it: an
    open snapshot needs the log, and the next build cleans up."""
    unswept = manifest(connection).get("unswept")
    if unswept:
        connection.execute("PRAGMA incremental_vacuum").fetchall()
    if not _empty_log(connection):
        return "a reader is still using the state before this build: removed text leaves the files at the next one"
    if unswept:
        with transaction(connection):
            set_manifest(connection, unswept=False)
        _empty_log(connection)
    return ""


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Move the log into the database and cut it to nothing; False when a reader holds it."""
    connection.execute("PRAGMA busy_timeout = 2000")
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.execute("PRAGMA busy_timeout = 30000")
    return not busy
