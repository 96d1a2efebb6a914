"""A copy of an index in one file, and back."""

from __future__ import annotations

import os
import sqlite3
import uuid
from pathlib import Path

from rag.errors import IndexDamaged, IndexError_, IndexMissing
from rag.index.doctor import examine
from rag.index.lock import writer_lock
from rag.index.record import connect, database, discard, set_manifest, transaction

__all__ = ["back_up", "restore"]


def back_up(folder: Path, target: Path) -> int:
    """Write a copy of the record, as it is at this moment, into the file ``target``; returns its size in bytes.
    Readers and a build under way do not disturb it.

    Raises:
        IndexError_: it cannot be written.
    """
    temporary = target.with_name(target.name + ".part")
    try:
        temporary.unlink(missing_ok=True)
        with connect(folder) as connection:
            copy = sqlite3.connect(temporary)
            try:
                connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()
        _settle(temporary, target)
        return target.stat().st_size
    except OSError as error:
        raise IndexError_(f"the backup {target} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def restore(folder: Path, backup: Path) -> None:
    """Put a copy made by ``back_up`` in the place of the index in ``folder``, whatever state that is in.

    Raises:
        IndexMissing: there is no such file. IndexDamaged: the copy is not sound. IndexBusy: it is being built.
    """
    if not backup.is_file():
        raise IndexMissing(f"there is no backup {backup}")
    with writer_lock(folder):
        room = folder / "restoring"
        room.mkdir(exist_ok=True)
        try:
            database(room).write_bytes(backup.read_bytes())
            findings = examine(room)
            if findings:
                raise IndexDamaged(f"the backup {backup} is damaged and was not restored: {findings[0].what}")
            with connect(room, write=True) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                with transaction(connection):
                    # readers that remember blocks of the index that was here must not take them for these
                    set_manifest(connection, born=uuid.uuid4().hex, approximate=None)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            discard(folder)
            _settle(database(room), database(folder))
        except OSError as error:
            raise IndexError_(f"{backup} cannot be restored: {error.strerror or error}") from error
        finally:
            discard(room)
            room.rmdir()


def _settle(temporary: Path, path: Path) -> None:
    """Move a file that is whole into its place."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
