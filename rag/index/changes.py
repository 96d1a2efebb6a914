"""Words first: the documents, passages and full text of a corpus, brought up to date in one transaction.

``Changes`` compares the files there are with those that were read, reads what is new or different, and removes
what is gone. All of it becomes visible at once. Only the very first build of an index, which has no old state
to keep, shows what it has every few seconds. Nothing here looks at more of the record than the work concerns.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rag import documents, plugins
from rag.documents import File
from rag.errors import DocumentError
from rag.index.files import file_sha256, path_bytes, stamp_now, stamp_of
from rag.index.lexical import PostingsWriter
from rag.index.matrix import update_matrix
from rag.index.record import checksum, manifest, set_manifest
from rag.index.rows import (
    PASSAGE_QUERY,
    document_of,
    passage_of,
    report_of,
    sealed_document,
    sealed_file,
    sealed_passage,
    sealed_source,
)
from rag.index.terms import FINGERPRINT as TERMS
from rag.index.terms import terms
from rag.passages import embedded_text, split
from rag.types import Document, FileReport, Passage, Progress, title_of

if TYPE_CHECKING:
    from rag.plugins import Chunker, Embedder
    from rag.settings import Settings

__all__ = ["Changes", "Parts", "raise_generation"]

# how often the first build shows what it has read so far
_STEP_SECONDS = 5.0

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a build works with. ``spec`` names the embedder in settings."""

    settings: Settings
    chunker: Chunker
    embedder: Embedder
    spec: str

    @property
    def chunking(self) -> str:
        """Names the way passages are cut: it depends on what the embedder can read, too."""
        return f"{self.chunker.fingerprint}/{self.embedder.fingerprint}"

    @property
    def readers(self) -> str:
        """Names the way files are read: the loaders that are installed, and their version."""
        return f"{documents.FINGERPRINT}/{','.join(plugins.names('loaders'))}"


def raise_generation(connection: sqlite3.Connection, **values: Any) -> int:
    """Count the state that the present transaction makes, and record what readers want to know of it."""
    counts = [
        connection.execute(query).fetchone()[0]
        for query in (
            "SELECT count(*) FROM documents",
            "SELECT count(*) FROM passages",
            "SELECT count(*) FROM passages WHERE vector IN (SELECT vector FROM pending)",
        )
    ]
    generation = int(manifest(connection)["generation"]) + 1
    set_manifest(
        connection,
        generation=generation,
        built_at=time.time(),
        n_documents=counts[0],
        n_passages=counts[1],
        n_embedded=counts[1] - counts[2],
        **values,
    )
    return generation


class Changes:
    """The changes of one build to documents, passages and full text, inside one transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection, parts: Parts, say: Callable[[Progress], None]) -> None:
        self._connection = connection
        self._parts = parts
        self._say = say
        self._facts = manifest(connection)
        self._postings = PostingsWriter(connection)
        self._touched: set[int] = set()  # documents that gained or lost a source
        self._loose: set[bytes] = set()  # keys of vectors that a passage no longer needs
        self._removed = False
        self._n_before = connection.total_changes
        self.reports: dict[str, FileReport] = {}
        self.notes: list[str] = []

    def apply(self, files: Sequence[File], roots: Sequence[str], *, rebuild: bool) -> None:
        """Make the record hold what is in ``files``, and nothing else."""
        same_way = self._prepare(rebuild)
        known = self._known_files()
        changed = [file for file in files if not (same_way and self._is_unchanged(file, known))]
        gone = known.keys() - {file.source for file in files}
        for source in sorted(gone):
            self._set_sources(source, [])
            self._connection.execute("DELETE FROM files WHERE source = ?", (source,))
            self.reports[source] = FileReport(source, "removed")
        first = not (self._facts["n_documents"] and self._facts["complete"])
        self._read(changed, roots, first)
        self._finish(roots, complete=True)

    def _prepare(self, rebuild: bool) -> bool:
        """Do what a change of the way to build asks for; True when files need reading only if they changed."""
        parts, facts = self._parts, self._facts
        if rebuild:
            self._empty("words", "sources", "files", "documents", "vectors", "matrix", "pending")
            return False
        if facts.get("chunking", parts.chunking) != parts.chunking:
            self.notes.append("passages were cut anew, since the way to cut them changed")
            self._cut_again()
        elif facts.get("terms", TERMS) != TERMS:
            self.notes.append("the full text was made anew, since the way to find terms changed")
            self._index_words_again()
        return bool(facts.get("readers", parts.readers) == parts.readers)

    def _empty(self, *tables: str) -> None:
        names = {"words": ("passages", "postings", "lengths")}
        for table in (name for given in tables for name in names.get(given, (given,))):
            self._connection.execute(f"DELETE FROM {table}")
        self._removed = True

    # -- files -------------------------------------------------------------------------------------------

    def _known_files(self) -> dict[str, tuple[Any, ...]]:
        rows = self._connection.execute("SELECT source, path, stamp, sha256, report, crc FROM files")
        return {row[0]: row[1:] for row in rows if checksum(*row[:5]) == row[5]}

    def _is_unchanged(self, file: File, known: dict[str, tuple[Any, ...]]) -> bool:
        """True when the file needs no reading: its stat is the same, or its content is."""
        if file.source not in known or file.problem:
            return False
        path, stamp, sha256, report, _ = known[file.source]
        if not sha256:
            return False
        kept = report_of(report)
        if stamp != stamp_of(file):
            if file_sha256(file.path) != sha256:
                return False
            self._write_file(file, stamp_now(file), sha256, kept)
        elif path != path_bytes(file.path):
            self._write_file(file, stamp, sha256, kept)
        self.reports[file.source] = replace(kept, status="unchanged") if kept.status == "indexed" else kept
        return True

    def _write_file(self, file: File, stamp: str, sha256: str, report: FileReport) -> None:
        self._connection.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET path = excluded.path, "
            "stamp = excluded.stamp, sha256 = excluded.sha256, report = excluded.report, crc = excluded.crc "
            "WHERE crc != excluded.crc",
            sealed_file(file.source, path_bytes(file.path), stamp, sha256, report),
        )

    def _read(self, changed: Sequence[File], roots: Sequence[str], first: bool) -> None:
        started = shown = time.monotonic()
        hashes: dict[str, tuple[str, str]] = {}

        def readable() -> Iterator[File]:
            # hashed before it is read: if it changes in between, the next build sees a hash that is not the
            # file's and reads it again; the other way round it would take the old text for the new
            for file in changed:
                if not file.problem:
                    hashes[file.source] = (stamp_now(file), file_sha256(file.path))
                    yield file

        for file in changed:
            if file.problem:
                self._skip(file, file.problem)
        n_files = sum(not file.problem for file in changed)
        self._say(Progress("reading", 0, n_files))
        with documents.Reader(self._parts.settings) as reader:
            for done, (file, result) in enumerate(reader.read_all(readable()), 1):
                self._take(file, result, *hashes.pop(file.source))
                self._say(Progress("reading", done, n_files, file.source, time.monotonic() - started))
                if first and time.monotonic() - shown > _STEP_SECONDS:
                    self._finish(roots, complete=False)
                    self._connection.execute("COMMIT")
                    self._connection.execute("BEGIN IMMEDIATE")
                    shown = time.monotonic()

    def _take(self, file: File, result: Sequence[Document] | DocumentError, stamp: str, sha256: str) -> None:
        """Record what a file turned out to hold, in place of what it held before."""
        if isinstance(result, DocumentError):
            self._skip(file, str(result), stamp, sha256)
            return
        found = [_storable(document) for document in result if document.text.strip()]
        if not found:
            self._skip(file, "it holds no text", stamp, sha256)
            return
        begun = time.monotonic()
        self._write_file(file, "", "", FileReport(file.source, "indexed"))
        n_passages = self._set_sources(file.source, found)
        facts = [document.metadata for document in found]
        report = FileReport(
            source=file.source,
            status="indexed",
            n_documents=len(found),
            n_passages=n_passages,
            n_pages=sum(len(document.page_starts) for document in found),
            n_characters=sum(len(document.text) for document in found),
            warnings=tuple(dict.fromkeys(str(w) for fact in facts for w in fact.get("warnings", ()))),
            kind=str(facts[0].get("kind", "")) or file.path.suffix.lstrip(".").lower(),
            seconds=round(time.monotonic() - begun, 3),
        )
        self._write_file(file, stamp, sha256, report)
        self.reports[file.source] = report

    def _skip(self, file: File, reason: str, stamp: str = "", sha256: str = "") -> None:
        report = self.reports[file.source] = FileReport(file.source, "skipped", reason=reason)
        self._set_sources(file.source, [])
        self._write_file(file, stamp, sha256, report)

    # -- documents ---------------------------------------------------------------------------------------

    def _set_sources(self, file: str, found: Sequence[Document]) -> int:
        """Make ``file`` the source of these documents and no others; returns how many passages they have."""
        rows = self._connection.execute("SELECT source, document, collection FROM sources WHERE file = ?", (file,))
        before = {source: (number, collection) for source, number, collection in rows.fetchall()}
        n_passages = 0
        for document in found:
            number, n = self._number_of(document)
            n_passages += n
            source = self._free_name(document.source, file)
            if before.pop(source, None) == (number, document.collection):
                continue
            self._unlink(source)
            row = sealed_source(source, number, file, document.collection)
            self._connection.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?)", row)
            self._touched.add(number)
        for source in before:
            self._unlink(source)
        return n_passages

    def _free_name(self, source: str, file: str) -> str:
        """``source``, with a number behind it when another file has that name already."""
        query = "SELECT 1 FROM sources WHERE source = ? AND file != ?"
        name, n = source, 1
        while self._connection.execute(query, (name, file)).fetchone():
            n += 1
            name = f"{source}~{n}"
        return name

    def _unlink(self, source: str) -> None:
        row = self._connection.execute("SELECT document FROM sources WHERE source = ?", (source,)).fetchone()
        if row:
            self._touched.add(row[0])
            self._connection.execute("DELETE FROM sources WHERE source = ?", (source,))

    def _number_of(self, document: Document) -> tuple[int, int]:
        """The number of a document, which is recorded if it is new, and how many passages it has."""
        row = self._connection.execute("SELECT number FROM documents WHERE id = ?", (document.id,)).fetchone()
        if row is None:
            number = self._next_number("documents")
            marks = ", ".join("?" * 9)
            self._connection.execute(f"INSERT INTO documents VALUES ({marks})", sealed_document(number, document))
            return number, self._insert_passages(number, document)
        query = "SELECT count(*) FROM passages WHERE document = ?"
        return row[0], self._connection.execute(query, (row[0],)).fetchone()[0]

    def _next_number(self, table: str) -> int:
        """A number that was never used: what readers remember of an old one cannot meet a new row."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(row[0]) + 1 if row else 1

    def _insert_passages(self, number: int, document: Document) -> int:
        passages = split(document, self._parts.chunker, self._parts.embedder)
        title = terms(document.name)
        at = self._next_number("passages")
        for passage_number, passage in enumerate(passages, at):
            key = self._vector_key(passage)
            marks = ", ".join("?" * 11)
            row = sealed_passage(passage_number, number, passage, key)
            self._connection.execute(f"INSERT INTO passages VALUES ({marks})", row)
            self._connection.execute(
                "INSERT OR IGNORE INTO pending SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE key = ?)",
                (key, passage_number, key),
            )
            self._postings.add(passage_number, [*title, *terms(passage.heading), *terms(passage.text)])
        return len(passages)

    def _vector_key(self, passage: Passage) -> bytes:
        text, spans = embedded_text(passage)
        facts = json.dumps([self._parts.embedder.fingerprint, text, spans])
        return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).digest()[:16]

    # -- what follows from it ----------------------------------------------------------------------------

    def _finish(self, roots: Sequence[str], *, complete: bool) -> None:
        """Remove what nothing refers to any more, name what got another name, and count the new state."""
        for number in sorted(self._touched):
            name = self._connection.execute("SELECT min(source) FROM sources WHERE document = ?", (number,)).fetchone()
            if name[0] is None:
                self._remove_document(number)
            else:
                self._rename_document(number, name[0])
        self._touched.clear()
        numbers = self._remove_vectors()
        self._postings.flush()
        embedder = self._parts.embedder
        facts = {
            "roots": list(roots),
            "embedder": self._parts.spec,
            "fingerprint": embedder.fingerprint,
            "dim": embedder.dim,
            "chunking": self._parts.chunking,
            "readers": self._parts.readers,
            "terms": TERMS,
            "complete": complete,
            "unswept": self._removed or bool(self._facts.get("unswept")),
        }
        if self._connection.total_changes == self._n_before and facts.items() <= self._facts.items():
            return  # nothing changed: the state that readers see is the one that they saw
        generation = raise_generation(self._connection, **facts)
        update_matrix(self._connection, generation, embedder.dim, removed=numbers)

    def _remove_document(self, number: int) -> None:
        self._remove_passages(number)
        self._connection.execute("DELETE FROM documents WHERE number = ?", (number,))
        self._removed = True

    def _remove_passages(self, number: int) -> None:
        (name,) = self._connection.execute("SELECT name FROM documents WHERE number = ?", (number,)).fetchone()
        title = terms(name)
        query = "SELECT number, heading, text, vector FROM passages WHERE document = ?"
        for passage, heading, text, vector in self._connection.execute(query, (number,)).fetchall():
            self._postings.remove(passage, {*title, *terms(heading), *terms(text)})
            self._loose.add(vector)
            self._connection.execute("DELETE FROM pending WHERE passage = ?", (passage,))
        self._connection.execute("DELETE FROM passages WHERE document = ?", (number,))

    def _rename_document(self, number: int, source: str) -> None:
        """A text without a title is found by the name of its file, so that a new name changes its words."""
        title, old = self._connection.execute(
            "SELECT title, name FROM documents WHERE number = ?", (number,)
        ).fetchone()
        new = title or title_of(source)
        if new == old:
            return
        self._connection.execute("UPDATE documents SET name = ? WHERE number = ?", (new, number))
        query = "SELECT number, heading, text FROM passages WHERE document = ?"
        for passage, heading, text in self._connection.execute(query, (number,)).fetchall():
            own = [*terms(heading), *terms(text)]
            self._postings.remove(passage, {*terms(old), *own})
            self._postings.add(passage, [*terms(new), *own])

    def _remove_vectors(self) -> list[int]:
        """Remove the vectors that no passage needs any more; returns their numbers."""
        numbers = []
        for key in sorted(self._loose):
            needed = self._connection.execute("SELECT min(number) FROM passages WHERE vector = ?", (key,)).fetchone()
            if needed[0] is not None:
                self._wait_for(key, needed[0])
                continue
            row = self._connection.execute("DELETE FROM vectors WHERE key = ? RETURNING number", (key,)).fetchone()
            numbers += [row[0]] if row else []
        self._loose.clear()
        return numbers

    def _wait_for(self, key: bytes, passage: int) -> None:
        """The passage that stood for others waiting for the same vector may be gone: another takes its place."""
        self._connection.execute(
            "INSERT OR IGNORE INTO pending SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE key = ?)",
            (key, passage, key),
        )

    def _cut_again(self) -> None:
        """The chunker or what it must fit changed: cut every document anew, from the recorded text."""
        self._loose |= {key for (key,) in self._connection.execute("SELECT key FROM vectors")}
        self._empty("words", "pending")
        for number, document in self._all_documents():
            self._insert_passages(number, document)

    def _index_words_again(self) -> None:
        self._connection.execute("DELETE FROM postings")
        self._connection.execute("DELETE FROM lengths")
        self._removed = True
        for row in self._connection.execute(PASSAGE_QUERY):
            passage = passage_of(row)
            title = terms(passage.title)
            self._postings.add(row[0], [*title, *terms(passage.heading), *terms(passage.text)])

    def _all_documents(self) -> Iterable[tuple[int, Document]]:
        query = """
        SELECT d.number, d.id, d.title, d.structure, d.metadata, d.text, d.crc, s.source, s.file, s.collection, s.crc
        FROM documents d JOIN sources s ON s.source = (SELECT min(source) FROM sources WHERE document = d.number)
        WHERE d.number = ?
        """
        for (number,) in self._connection.execute("SELECT number FROM documents ORDER BY number").fetchall():
            row = self._connection.execute(query, (number,)).fetchone()
            yield number, document_of(row)


def _storable(document: Document) -> Document:
    """SQLite's text ends at a NUL and cannot hold half a surrogate pair: both become U+FFFD."""
    text = _UNSTORABLE.sub("\ufffd", document.text)
    return document if text == document.text else replace(document, text=text)
