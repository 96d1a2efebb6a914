"""After a removal: what was deleted is in no file of the index folder any more.

SQLite overwrites deleted rows with zeros (``secure_delete``), but copies of them may stand in the log and in the
unused part of pages. Freed pages are given back, the log is emptied, and gaps are wiped (``wipe``).
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from rag.index import wipe
from rag.index.record import connect, database, manifest, set_manifest, transaction

__all__ = ["sweep"]

_NOTE = "a reader is still using the state before this build: removed text leaves the files at the next one"


def sweep(folder: Path) -> str:
    """Clean up after removals of this build or an earlier one; the caller holds the writer's lock and has no
    connection. Returns a note when it could not be done, in which case the next build does it."""
    with connect(folder, write=True) as connection:
        unswept = manifest(connection).get("unswept")
        if unswept:
            connection.execute("PRAGMA incremental_vacuum").fetchall()
        emptied = _empty_log(connection)
    if not unswept:
        return ""
    if not emptied:
        return _NOTE
    # isolated and without site-packages: it starts in 20 ms
    command = [sys.executable, "-I", "-S", wipe.__file__, str(database(folder))]
    try:
        subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"removed text may still be in the files until the next build ({error})"
    with connect(folder, write=True) as connection:
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
