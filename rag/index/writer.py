"""Documents, passages and full text, written row by row inside the caller's transaction.

Whatever changes the record goes through ``Writer``, which keeps together what belongs together: a document with
its sources, its passages, their words and the vectors they wait for. ``finish`` removes what nothing refers to
any more; it looks at what was touched, and at nothing else.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence

from rag.index.lexical import PostingsWriter
from rag.index.rows import sealed_document, sealed_passage, sealed_source
from rag.index.tally import Place
from rag.index.termcounts import TermCounts, terms_of
from rag.passages import embedded_text
from rag.types import Document, Passage, title_of

__all__ = ["Writer", "vector_key"]

# a vector is waited for unless it is there or waited for already
_WAIT = "INSERT OR IGNORE INTO pending SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE key = ?)"


def vector_key(fingerprint: str, passage: Passage) -> bytes:
    """What a passage's vectors are kept under: the same for the same text, embedded the same way."""
    text, spans = embedded_text(passage)
    facts = json.dumps([fingerprint, text, spans])
    return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).digest()[:16]


class Writer:
    """Changes to the record; ``fingerprint`` is that of the embedder. ``removed`` says if anything went."""

    def __init__(self, connection: sqlite3.Connection, fingerprint: str) -> None:
        self._connection = connection
        self._fingerprint = fingerprint
        self._postings = PostingsWriter(connection)
        self._touched: set[int] = set()  # documents that gained or lost a source
        self._loose: set[bytes] = set()  # keys of vectors that a passage no longer needs
        self.removed = False

    def empty(self, *tables: str) -> None:
        """Delete all rows of ``tables``, in the order given."""
        for table in tables:
            self._connection.execute(f"DELETE FROM {table}")
        self.removed = True

    # -- documents ---------------------------------------------------------------------------------------

    def number_of(self, document_id: str) -> int | None:
        """The number of a document that is recorded."""
        row = self._connection.execute("SELECT number FROM documents WHERE id = ?", (document_id,)).fetchone()
        return None if row is None else int(row[0])

    def add_document(self, document: Document, passages: Sequence[Passage], known: TermCounts | None = None) -> int:
        """Record a document with its passages, whose terms may be ``known``; returns its number."""
        number = self._next_number("documents")
        marks = ", ".join("?" * 9)
        self._connection.execute(f"INSERT INTO documents VALUES ({marks})", sealed_document(number, document))
        self.add_passages(number, document.name, passages, known)
        return number

    def add_passages(
        self, number: int, name: str, passages: Sequence[Passage], known: TermCounts | None = None
    ) -> None:
        """Record passages of the document with that number and name; their terms may be ``known``."""
        self._touched.add(number)  # an older version may have recorded another name
        first = self._next_number("passages")
        rows, waiting = [], []
        for at, passage in enumerate(passages, first):
            key = vector_key(self._fingerprint, passage)
            rows.append(sealed_passage(at, number, passage, key))
            waiting.append((key, at, key))
        self._connection.executemany(f"INSERT INTO passages VALUES ({', '.join('?' * 11)})", rows)
        self._connection.executemany(_WAIT, waiting)
        found = known or terms_of(name, ((passage.heading, passage.text) for passage in passages))
        self._postings.add(first, found)

    def _next_number(self, table: str) -> int:
        """A number that was never used: what readers remember of an old one cannot meet a new row."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(row[0]) + 1 if row else 1

    def _wait_for(self, key: bytes, passage: int) -> None:
        """Note that ``passage`` waits for the vector ``key``, unless it is there or waited for already."""
        self._connection.execute(_WAIT, (key, passage, key))

    # -- sources -----------------------------------------------------------------------------------------

    def set_sources(self, file: str, found: Sequence[Place], *, keep: bool = False) -> None:
        """Make ``file`` the source of these documents, and of no others unless it is to ``keep`` what it has."""
        rows = self._connection.execute("SELECT source, document, collection FROM sources WHERE file = ?", (file,))
        before = {source: (number, collection) for source, number, collection in rows.fetchall()}
        for wanted, number, collection in found:
            source = self._free_name(wanted, file)
            if before.pop(source, None) == (number, collection):
                continue
            self.unlink(source)
            row = sealed_source(source, number, file, collection)
            self._connection.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?)", row)
            self._touched.add(number)
        for source in () if keep else before:
            self.unlink(source)

    def _free_name(self, source: str, file: str) -> str:
        """``source``, with a number behind it when another file has that name already."""
        query = "SELECT 1 FROM sources WHERE source = ? AND file != ?"
        name, n = source, 1
        while self._connection.execute(query, (name, file)).fetchone():
            n += 1
            name = f"{source}~{n}"
        return name

    def unlink(self, source: str) -> None:
        """Take a source from its document."""
        row = self._connection.execute("SELECT document FROM sources WHERE source = ?", (source,)).fetchone()
        if row:
            self._touched.add(row[0])
            self._connection.execute("DELETE FROM sources WHERE source = ?", (source,))

    # -- what follows from it ----------------------------------------------------------------------------

    def finish(self) -> list[int]:
        """Remove what nothing refers to any more, rename what got another name, and write the full text;
        returns the numbers of the vectors that went, which are still in the matrix."""
        query = (
            "SELECT number, name, title, (SELECT min(source) FROM sources WHERE document = number) FROM documents "
            "WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number"
        )
        touched = self._connection.execute(query, (json.dumps(sorted(self._touched)),)).fetchall()
        for number, name, title, source in touched:
            if source is None:
                self._remove_document(number, name)
            elif name != (title or title_of(source)):  # a text without a title is found by the name of its file
                self._rename_document(number, name, title_of(source))
        self._touched.clear()
        numbers = self._remove_vectors()
        self._postings.flush()
        return numbers

    def _remove_document(self, number: int, name: str) -> None:
        query = "SELECT number, heading, text, vector FROM passages WHERE document = ?"
        for passage, heading, text, vector in self._connection.execute(query, (number,)).fetchall():
            self._postings.remove(passage, terms_of(name, [(heading, text)]).terms)
            self._loose.add(vector)
            self._connection.execute("DELETE FROM pending WHERE passage = ?", (passage,))
        self._connection.execute("DELETE FROM passages WHERE document = ?", (number,))
        self._connection.execute("DELETE FROM documents WHERE number = ?", (number,))
        self.removed = True

    def _rename_document(self, number: int, old: str, new: str) -> None:
        """Another name changes the words that a document is found by."""
        self._connection.execute("UPDATE documents SET name = ? WHERE number = ?", (new, number))
        self.removed = True  # the old name, at least
        query = "SELECT number, heading, text FROM passages WHERE document = ?"
        for passage, heading, text in self._connection.execute(query, (number,)).fetchall():
            self._postings.remove(passage, terms_of(old, [(heading, text)]).terms)
            self._postings.add(passage, terms_of(new, [(heading, text)]))

    def loosen_vectors(self) -> None:
        """Every passage may get other text: ``finish`` is to see which vectors are still needed."""
        self._loose |= {key for (key,) in self._connection.execute("SELECT key FROM vectors")}

    def _remove_vectors(self) -> list[int]:
        """Remove the vectors that no passage needs any more; returns their numbers."""
        numbers = []
        for key in sorted(self._loose):
            needed = self._connection.execute("SELECT min(number) FROM passages WHERE vector = ?", (key,)).fetchone()
            if needed[0] is not None:
                # the passage that waited for others with the same text may be gone: another takes its place
                self._wait_for(key, needed[0])
                continue
            row = self._connection.execute("DELETE FROM vectors WHERE key = ? RETURNING number", (key,)).fetchone()
            numbers += [row[0]] if row else []
        self._loose.clear()
        return numbers

    def index_words(self, named: Iterable[tuple[int, str, Passage]]) -> None:
        """Make the full text anew from ``(passage number, document name, passage)``."""
        self.empty("postings", "lengths")
        for number, name, passage in named:
            self._postings.add(number, terms_of(name, [(passage.heading, passage.text)]))
        self._postings.flush()
