"""Connections for reading, kept for the next question.

Opening the record, reading its schema and its first pages anew, and closing it again took an eighth of the time of a
search. A connection that waits has no transaction: it holds no state of the index and keeps no builder from its work.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rag.index.record import check_format, database, open_record, said_by_sqlite

__all__ = ["Readers"]

_WAITING = 4  # connections that are kept; as many more as there are questions at once are opened and closed
# a child must not close what its parent opened (https://www.sqlite.org/howtocorrupt.html, 2.6)
_of_parent: list[sqlite3.Connection] = []


class Readers:
    """Connections to the record in one folder; may be used from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = str(database(folder))
        self._lock = Lock()
        self._waiting: list[tuple[tuple[int, ...], sqlite3.Connection]] = []

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that has begun to read one state of the index.

        Raises:
            IndexMissing, IndexDamaged, IndexMismatch: as their names say.
        """
        with said_by_sqlite(self._folder):
            files, connection = self._taken() or self._opened()
            is_whole = False
            try:
                connection.execute("BEGIN")
                yield connection
                connection.rollback()
                is_whole = True
            finally:
                self._give_back(files, connection, is_whole)

    def close(self) -> None:
        """Close the connections that wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for _, connection in waiting:
            connection.close()

    def _taken(self) -> tuple[tuple[int, ...], sqlite3.Connection] | None:
        files = _files(self._path)
        while True:
            with self._lock:
                if not self._waiting:
                    return None
                known, connection = self._waiting.pop()
            if known == files:
                return files, connection
            if known[0] != os.getpid():
                _of_parent.append(connection)
            else:
                connection.close()  # to another index, which was in this folder

    def _opened(self) -> tuple[tuple[int, ...], sqlite3.Connection]:
        connection = open_record(self._folder)
        try:
            check_format(connection, self._folder)
        except BaseException:
            connection.close()
            raise
        return _files(self._path), connection

    def _give_back(self, files: tuple[int, ...], connection: sqlite3.Connection, is_whole: bool) -> None:
        # without a log there is nothing to be told by that the record has changed: a folder on read-only media
        if is_whole and files and files == _files(self._path):
            with self._lock:
                if len(self._waiting) < _WAITING:
                    self._waiting.append((files, connection))
                    return
        connection.close()


def _files(path: str) -> tuple[int, ...]:
    """What tells the files of a record, and the process that opened them, from others; empty without a log's index."""
    try:
        record, shared = os.stat(path), os.stat(f"{path}-shm")  # noqa: PTH116  # twice a search
    except OSError:
        return ()
    return os.getpid(), record.st_dev, record.st_ino, shared.st_ino
