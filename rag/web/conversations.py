"""Conversations kept on the server, in one SQLite file beside the index.

A turn is stored whole, as the JSON of its answer and of what was searched for it, so that an old
citation still shows the evidence of its own time. ``owner`` tells apart the people who share a server
("" when the page is for this machine alone).
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.types import Turn

__all__ = ["Conversation", "Conversations", "StoredTurn"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, updated REAL NOT NULL);
CREATE TABLE IF NOT EXISTS turn (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    asked REAL NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, searched TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS turn_of ON turn(conversation_id, id);
CREATE TABLE IF NOT EXISTS preference (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in the list; ``updated`` is in seconds since 1970."""

    id: str
    title: str
    updated: float
    n_turns: int


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A question with its answer: ``answer`` as of ``Answer.to_dict()``, ``searched`` what was looked
    through for it (``n_passages``, ``n_documents``, ``seconds``, ``dropped``)."""

    id: int
    conversation_id: str
    asked: float
    question: str
    answer: dict[str, Any]
    searched: dict[str, Any]


class Conversations:
    """The store. Every call opens its own connection, so it may be used from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=10)
        try:
            database.execute("PRAGMA foreign_keys=ON")
            with database:
                yield database
        finally:
            database.close()

    def listed(self, owner: str, search: str = "", limit: int = 200) -> list[Conversation]:
        """The newest conversations first; ``search`` looks in titles, questions and answers."""
        pattern = "%" + "".join("\\" + c if c in "%_\\" else c for c in search.strip()) + "%"
        with self._open() as database:
            rows = database.execute(
                """SELECT id, title, updated, (SELECT count(*) FROM turn WHERE conversation_id = c.id)
                   FROM conversation c WHERE owner = ?1 AND (title LIKE ?2 ESCAPE '\\' OR EXISTS (
                       SELECT 1 FROM turn WHERE conversation_id = c.id AND (question LIKE ?2 ESCAPE '\\'
                       OR json_extract(answer, '$.text') LIKE ?2 ESCAPE '\\')))
                   ORDER BY updated DESC LIMIT ?3""",
                (owner, pattern, limit),
            )
            return [Conversation(*row) for row in rows]

    def get(self, owner: str, conversation_id: str) -> Conversation | None:
        """One conversation, or None when it is not there or not this owner's."""
        with self._open() as database:
            row = database.execute(
                """SELECT id, title, updated, (SELECT count(*) FROM turn WHERE conversation_id = c.id)
                   FROM conversation c WHERE id = ? AND owner = ?""",
                (conversation_id, owner),
            ).fetchone()
        return Conversation(*row) if row else None

    def add(
        self,
        owner: str,
        conversation_id: str | None,
        question: str,
        answer: dict[str, Any],
        searched: dict[str, Any],
    ) -> StoredTurn:
        """Append a turn; a conversation that is not there yet begins, with the question as its title."""
        now = time.time()
        if conversation_id is None or self.get(owner, conversation_id) is None:
            conversation_id = uuid.uuid4().hex
        with self._open() as database:
            database.execute(
                """INSERT INTO conversation VALUES (?, ?, ?, ?)
                   ON CONFLICT(id) DO UPDATE SET updated = excluded.updated""",
                (conversation_id, owner, _title(question), now),
            )
            turn_id = database.execute(
                "INSERT INTO turn (conversation_id, asked, question, answer, searched) VALUES (?,?,?,?,?)",
                (conversation_id, now, question, json.dumps(answer), json.dumps(searched)),
            ).lastrowid
        return StoredTurn(turn_id or 0, conversation_id, now, question, answer, searched)

    def turns(
        self, owner: str, conversation_id: str, *, before: int | None = None, limit: int = 1000
    ) -> list[StoredTurn]:
        """The last ``limit`` turns in order, those before the turn ``before`` when it is given."""
        with self._open() as database:
            rows = database.execute(
                """SELECT t.id, conversation_id, asked, question, answer, searched
                   FROM turn t JOIN conversation c ON c.id = conversation_id
                   WHERE conversation_id = ? AND owner = ? AND t.id < ? ORDER BY t.id DESC LIMIT ?""",
                (conversation_id, owner, before or 1 << 62, limit),
            ).fetchall()
        return [_stored(row) for row in reversed(rows)]

    def turn(self, owner: str, turn_id: int) -> StoredTurn | None:
        """One turn, or None when it is not there or not this owner's."""
        with self._open() as database:
            row = database.execute(
                """SELECT t.id, conversation_id, asked, question, answer, searched
                   FROM turn t JOIN conversation c ON c.id = conversation_id
                   WHERE t.id = ? AND owner = ?""",
                (turn_id, owner),
            ).fetchone()
        return _stored(row) if row else None

    def history(
        self, owner: str, conversation_id: str | None, *, before: int | None = None, limit: int = 6
    ) -> tuple[Turn, ...]:
        """The last exchanges (before the turn ``before``), as the engine wants them."""
        if conversation_id is None:
            return ()
        return tuple(
            Turn(turn.question, str(turn.answer.get("text", "")))
            for turn in self.turns(owner, conversation_id, before=before, limit=limit)
        )

    def rename(self, owner: str, conversation_id: str, title: str) -> bool:
        """Give it another title; False when it is not there."""
        with self._open() as database:
            done = database.execute(
                "UPDATE conversation SET title = ? WHERE id = ? AND owner = ?",
                (_title(title), conversation_id, owner),
            )
            return done.rowcount > 0

    def delete(self, owner: str, conversation_id: str) -> bool:
        """Remove it with all its turns; False when it is not there."""
        with self._open() as database:
            done = database.execute("DELETE FROM conversation WHERE id = ? AND owner = ?", (conversation_id, owner))
            return done.rowcount > 0

    def preferences(self) -> dict[str, Any]:
        """The settings that were changed in the page, by name."""
        with self._open() as database:
            return {name: json.loads(value) for name, value in database.execute("SELECT * FROM preference")}

    def prefer(self, values: dict[str, Any]) -> None:
        """Remember settings that were changed in the page."""
        with self._open() as database:
            database.executemany(
                "INSERT OR REPLACE INTO preference VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in values.items()],
            )


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79].rstrip() + "…"


def _stored(row: tuple[Any, ...]) -> StoredTurn:
    turn_id, conversation_id, asked, question, answer, searched = row
    return StoredTurn(turn_id, conversation_id, asked, question, json.loads(answer), json.loads(searched))
