"""Bring an index up to date with a corpus: read what changed, embed what was never seen, drop what is gone.

A build has two parts. *Words first*: every change to documents, passages and full text is one transaction,
so that readers see the old corpus or the new one and a kill leaves the old. *Meaning next*: vectors follow in
batches, each committed, so that a build that was stopped goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import documents
from rag.documents import File
from rag.errors import DocumentError, IndexDamaged, IndexMismatch, UsageError
from rag.index.dense import save_dense
from rag.index.lock import writer_lock
from rag.index.packing import pack
from rag.index.record import checksum, connect, create, database, manifest, set_manifest, transaction
from rag.index.store import Index, Snapshot, file_report, passage_checksum
from rag.index.terms import terms
from rag.passages import embedded_text, split
from rag.types import BuildReport, Document, FileReport, Passage, Progress

if TYPE_CHECKING:
    from rag.plugins import Chunker, Embedder
    from rag.settings import Settings

__all__ = ["build"]

# rows of vectors in one commit: a few seconds of work, which is what a kill can cost
_BATCH = 128
# passages handed to the embedder at once, so that it can sort them by length
_WINDOW = 512
# a file changed this short before it was read may change again within the clock's tick: look again next time
_RACY_NS = 2_000_000_000

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a build works with. ``spec`` names the embedder in settings."""

    settings: Settings
    chunker: Chunker
    embedder: Embedder
    spec: str


def build(
    folder: Path, roots: Sequence[Path], parts: Parts, report: Report | None = None, *, rebuild: bool = False
) -> BuildReport:
    """Make the index in ``folder`` hold what is under ``roots``, and nothing else.

    ``roots`` are folders and files; none means those of the last build. ``report`` is called with a
    ``Progress`` now and then. ``rebuild`` reads and embeds everything anew, which is also the way to change
    the embedder.

    Raises:
        UsageError: a root does not exist, or nothing in it can be read.
        IndexBusy, IndexDamaged, IndexMismatch: as their names say.
    """
    started = time.monotonic()
    say = report or (lambda progress: None)
    with writer_lock(folder):
        if rebuild:
            _discard_damaged(folder)
        elif not roots and not database(folder).exists():
            raise UsageError(f"there is no index in {folder} yet: name a folder of documents to build it from")
        files = list(documents.walk(roots)) if roots else None
        if files is not None and not files and not database(folder).exists():
            raise UsageError(_nothing_in(roots))
        create(folder)
        with connect(folder, write=True) as connection:
            work = _Build(connection, parts, say)
            work.check(folder, rebuild)
            chosen = [str(root.absolute()) for root in roots] or work.facts["roots"]
            if files is None:
                files = list(documents.walk([Path(root) for root in chosen]))
            if not files and chosen != work.facts["roots"]:
                raise UsageError(f"{_nothing_in(roots)}; the index keeps what it had")
            work.words(files, chosen, rebuild)
            work.vectors(folder)
            save_dense(folder, connection, removed=work.removed)
            work.tidy()
            outcome = work.outcome(time.monotonic() - started)
    if not outcome.n_passages:
        raise UsageError(_nothing_readable(outcome, chosen))
    return outcome


def _nothing_in(roots: Sequence[Path | str]) -> str:
    return f"there are no documents in {', '.join(map(str, roots))}"


def _nothing_readable(outcome: BuildReport, roots: Sequence[str]) -> str:
    skipped = [file for file in outcome.files if file.status == "skipped"]
    why = f": {skipped[0].source}: {skipped[0].reason}" if skipped else ""
    more = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
    return f"the index is empty: nothing in {', '.join(roots)} can be read{why}{more}"


def _discard_damaged(folder: Path) -> None:
    """A record that cannot even be opened is replaced; a good one is rebuilt inside its own transaction."""
    try:
        if database(folder).exists():
            with connect(folder, write=True) as connection:
                connection.execute("PRAGMA quick_check").fetchone()
                manifest(connection)["generation"]
    except (IndexDamaged, KeyError):
        for suffix in ("", "-wal", "-shm"):
            database(folder).with_name(database(folder).name + suffix).unlink(missing_ok=True)


class _Build:
    """One build under way, on the writer's connection."""

    def __init__(self, connection: sqlite3.Connection, parts: Parts, say: Report) -> None:
        self.connection = connection
        self.parts = parts
        self.say = say
        self.facts = manifest(connection)
        self.removed = False
        self.reports: dict[str, FileReport] = {}
        self.n_embedded = 0
        self.n_reused = 0
        self.notes: list[str] = []

    def check(self, folder: Path, rebuild: bool) -> None:
        """Refuse to mix vectors of two embedders."""
        found = self.facts["fingerprint"]
        if found and found != self.parts.embedder.fingerprint and not rebuild:
            raise IndexMismatch(
                f"the index in {folder} was built with the embedder {self.facts['embedder']}, not "
                f"{self.parts.spec}: choose that one, or add --rebuild to embed everything anew"
            )

    # -- words first -------------------------------------------------------------------------------------

    def words(self, files: Sequence[File], roots: Sequence[str], rebuild: bool) -> None:
        """Documents, passages and full text, in one transaction."""
        with transaction(self.connection):
            if rebuild:
                for table in ("words", "passages", "sources", "documents", "files", "vectors"):
                    self.connection.execute(f"DELETE FROM {table}")
                self.removed = True
            chunking = f"{self.parts.chunker.fingerprint}/{self.parts.embedder.fingerprint}"
            if self.facts.get("chunking", chunking) != chunking:
                self._cut_again()
            readers = documents.FINGERPRINT
            same_readers = self.facts.get("readers", readers) == readers
            known = self._known_files() if not rebuild else {}
            changed = [file for file in files if not self._is_unchanged(file, known, same_readers)]
            self._drop_files(known.keys() - {file.source for file in files})
            self._read(changed, known)
            self._sweep()
            self._raise_generation(
                roots=list(roots),
                embedder=self.parts.spec,
                fingerprint=self.parts.embedder.fingerprint,
                dim=self.parts.embedder.dim,
                chunking=chunking,
                readers=readers,
                born=self.facts.get("born") if not rebuild and self.facts.get("born") else uuid.uuid4().hex,
            )

    def _known_files(self) -> dict[str, tuple[Any, ...]]:
        rows = self.connection.execute("SELECT source, path, size, mtime_ns, inode, sha256, report FROM files")
        return {row[0]: row[1:] for row in rows}

    def _is_unchanged(self, file: File, known: dict[str, tuple[Any, ...]], same_readers: bool) -> bool:
        """True when the file needs no reading: its stat is the same, or its content is."""
        if file.source not in known or file.problem or not same_readers:
            return False
        path, size, mtime_ns, inode, sha256, report = known[file.source]
        if (size, mtime_ns, inode) != (file.size, file.mtime_ns, file.inode):
            if not sha256 or size != file.size or _sha256(file.path) != sha256:
                return False
            self.connection.execute(
                "UPDATE files SET path = ?, mtime_ns = ?, inode = ? WHERE source = ?",
                (_bytes(file.path), _settled(file.mtime_ns), file.inode, file.source),
            )
        elif path != _bytes(file.path):
            self.connection.execute("UPDATE files SET path = ? WHERE source = ?", (_bytes(file.path), file.source))
        kept = file_report(json.loads(report))
        self.reports[file.source] = replace(kept, status="unchanged") if kept.status == "indexed" else kept
        return True

    def _drop_files(self, gone: Iterable[str]) -> None:
        for source in sorted(gone):
            self.connection.execute("DELETE FROM sources WHERE file = ?", (source,))
            self.connection.execute("DELETE FROM files WHERE source = ?", (source,))
            self.reports[source] = FileReport(source, "removed")

    def _read(self, changed: Sequence[File], known: dict[str, tuple[Any, ...]]) -> None:
        started = time.monotonic()
        for file in changed:
            if file.problem:
                self._record(file, FileReport(file.source, "skipped", reason=file.problem), "")
        readable = [file for file in changed if not file.problem]
        self.say(Progress("reading", 0, len(readable)))
        with documents.Reader(self.parts.settings) as reader:
            for done, (file, result) in enumerate(reader.read_all(readable), 1):
                self._take(file, result)
                self.say(Progress("reading", done, len(readable), file.source, time.monotonic() - started))

    def _take(self, file: File, result: Sequence[Document] | DocumentError) -> None:
        """Record what a file turned out to hold, in place of what it held before."""
        self.connection.execute("DELETE FROM sources WHERE file = ?", (file.source,))
        sha256 = _sha256(file.path)
        if isinstance(result, DocumentError) or not any(document.text.strip() for document in result):
            reason = str(result) if isinstance(result, DocumentError) else "it holds no text"
            self._record(file, FileReport(file.source, "skipped", reason=reason), sha256)
            return
        begun = time.monotonic()
        self._record(file, FileReport(file.source, "indexed"), sha256)
        n_passages = 0
        for document in result:
            if document.text.strip():
                n_passages += self._add(file, _storable(document))
        facts = [document.metadata for document in result]
        self._record(
            file,
            FileReport(
                source=file.source,
                status="indexed",
                n_documents=len(result),
                n_passages=n_passages,
                n_pages=sum(len(document.page_starts) for document in result),
                n_characters=sum(len(document.text) for document in result),
                warnings=tuple(dict.fromkeys(w for fact in facts for w in fact.get("warnings", ()))),
                kind=str(facts[0].get("kind", "")) or Path(file.source).suffix.lstrip(".").lower(),
                seconds=round(time.monotonic() - begun, 3),
            ),
            sha256,
        )

    def _record(self, file: File, report: FileReport, sha256: str) -> None:
        self.reports[file.source] = report
        self.connection.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET path = excluded.path, "
            "size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode, sha256 = excluded.sha256, "
            "report = excluded.report",
            (
                file.source,
                _bytes(file.path),
                file.size,
                _settled(file.mtime_ns),
                file.inode,
                sha256,
                json.dumps(asdict(report)),
            ),
        )

    def _add(self, file: File, document: Document) -> int:
        """Record a document under its source; returns how many passages it has."""
        row = self.connection.execute("SELECT number FROM documents WHERE id = ?", (document.id,)).fetchone()
        number = row[0] if row else self._insert_document(document)
        source = document.source
        copies = 1
        while self.connection.execute("SELECT 1 FROM sources WHERE source = ?", (source,)).fetchone():
            copies += 1
            source = f"{document.source}~{copies}"
        self.connection.execute(
            "INSERT INTO sources VALUES (?, ?, ?, ?)", (source, number, file.source, document.collection)
        )
        (n,) = self.connection.execute("SELECT count(*) FROM passages WHERE document = ?", (number,)).fetchone()
        return int(n)

    def _insert_document(self, document: Document) -> int:
        shape = {
            "page_starts": document.page_starts,
            "page_labels": document.page_labels,
            "headings": document.headings,
            "blocks": document.blocks,
        }
        structure, metadata = json.dumps(shape), json.dumps(dict(document.metadata), ensure_ascii=False)
        id_ = document.id
        row = (id_, document.title, document.text, structure, metadata)
        cursor = self.connection.execute(
            "INSERT INTO documents (id, title, text, structure, metadata, crc) VALUES (?, ?, ?, ?, ?, ?)",
            (*row, checksum(*row)),
        )
        number = int(cursor.lastrowid or 0)
        self._insert_passages(number, document)
        return number

    def _insert_passages(self, number: int, document: Document) -> None:
        title = " ".join(terms(document.name))
        for passage in split(document, self.parts.chunker, self.parts.embedder):
            spans = json.dumps([(a - passage.start, b - passage.start) for a, b in passage.sentences])
            row = (passage.start, passage.end, passage.page, passage.heading, passage.text, spans)
            crc = passage_checksum(passage.id, *row)
            cursor = self.connection.execute(
                'INSERT INTO passages (id, document, start, "end", page, heading, text, sentences, vector, crc) '
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (passage.id, number, *row, self._vector_key(passage), crc),
            )
            self.connection.execute(
                "INSERT INTO words (rowid, title, heading, text) VALUES (?, ?, ?, ?)",
                (cursor.lastrowid, title, " ".join(terms(passage.heading)), " ".join(terms(passage.text))),
            )

    def _vector_key(self, passage: Passage) -> bytes:
        text, spans = embedded_text(passage)
        facts = json.dumps([self.parts.embedder.fingerprint, text, spans])
        return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).digest()[:16]

    def _cut_again(self) -> None:
        """The chunker or what it must fit changed: cut every document anew, from the recorded text."""
        self.notes.append("passages were cut anew, since the way to cut them changed")
        numbers = self.connection.execute("SELECT number, id FROM documents ORDER BY number").fetchall()
        snapshot = Snapshot(Index(""), self.connection)
        self.connection.execute("DELETE FROM words")
        self.connection.execute("DELETE FROM passages")
        for number, id_ in numbers:
            document = snapshot.document(id_)
            if document is not None:
                self._insert_passages(number, document)

    def _sweep(self) -> None:
        """Remove what nothing refers to any more: documents, their passages and words, and vectors."""
        orphans = "SELECT number FROM documents WHERE number NOT IN (SELECT document FROM sources)"
        passages = f"SELECT number FROM passages WHERE document IN ({orphans})"
        self.connection.execute(f"DELETE FROM words WHERE rowid IN ({passages})")
        self.connection.execute(f"DELETE FROM passages WHERE document IN ({orphans})")
        cursor = self.connection.execute(f"DELETE FROM documents WHERE number IN ({orphans})")
        self.removed |= cursor.rowcount > 0
        cursor = self.connection.execute("DELETE FROM vectors WHERE key NOT IN (SELECT vector FROM passages)")
        self.removed |= cursor.rowcount > 0
        if self.removed:
            # merges the full text's segments, so that words of deleted passages leave the file
            self.connection.execute("INSERT INTO words (words) VALUES ('optimize')")

    def _raise_generation(self, **values: Any) -> None:
        generation = manifest(self.connection)["generation"] + 1
        set_manifest(self.connection, generation=generation, built_at=time.time(), **values)

    # -- meaning next ------------------------------------------------------------------------------------

    def vectors(self, folder: Path) -> None:
        """Embed the passages that have no vectors yet, batch by batch."""
        rows = self.connection.execute(
            "SELECT min(number), vector FROM passages WHERE vector NOT IN (SELECT key FROM vectors) "
            "GROUP BY vector ORDER BY 1"
        )
        pending = rows.fetchall()
        (total,) = self.connection.execute("SELECT count(DISTINCT vector) FROM passages").fetchone()
        self.n_reused = total - len(pending)
        if not pending:
            return
        started = time.monotonic()
        snapshot = Snapshot(Index(folder), self.connection)
        self.say(Progress("vectors", 0, len(pending)))
        for low in range(0, len(pending), _WINDOW):
            window = pending[low : low + _WINDOW]
            found = snapshot.passages([number for number, _ in window])
            given = [embedded_text(found[number]) for number, _ in window]
            batch: list[tuple[bytes, bytes, bytes, int]] = []
            stream = self.parts.embedder.embed_passages([text for text, _ in given], [spans for _, spans in given])
            for i, matrix in stream:
                own, inner = pack(matrix[:1]), pack(matrix[1:])
                batch.append((window[i][1], own, inner, checksum(own, inner)))
                if len(batch) >= _BATCH:
                    self._store_vectors(batch)
                    self._say_vectors(len(pending), started)
            self._store_vectors(batch)
            self._say_vectors(len(pending), started)

    def _store_vectors(self, batch: list[tuple[bytes, bytes, bytes, int]]) -> None:
        with transaction(self.connection):
            self.connection.executemany("INSERT INTO vectors (key, passage, sentences, crc) VALUES (?, ?, ?, ?)", batch)
            self._raise_generation()
        self.n_embedded += len(batch)
        batch.clear()

    def _say_vectors(self, total: int, started: float) -> None:
        self.say(Progress("vectors", self.n_embedded, total, "", time.monotonic() - started))

    def tidy(self) -> None:
        """Give freed pages back and empty the log, so that deleted words are in no file."""
        if self.removed:
            self.connection.execute("PRAGMA incremental_vacuum").fetchall()
        with contextlib.suppress(sqlite3.OperationalError):  # a reader holds the log: the next build empties it
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def outcome(self, seconds: float) -> BuildReport:
        """What this build did."""
        snapshot = Snapshot(Index(""), self.connection)
        return BuildReport(
            files=tuple(self.reports[source] for source in sorted(self.reports)),
            n_documents=snapshot.n_documents,
            n_passages=snapshot.n_passages,
            n_embedded=self.n_embedded,
            n_reused=self.n_reused,
            generation=snapshot.generation,
            seconds=seconds,
            notes=tuple(self.notes),
        )


def _storable(document: Document) -> Document:
    """SQLite's text ends at a NUL and cannot hold half a surrogate pair: both become U+FFFD."""
    text = _UNSTORABLE.sub("\ufffd", document.text)
    return document if text == document.text else replace(document, text=text)


def _settled(mtime_ns: int) -> int:
    return mtime_ns if time.time_ns() - mtime_ns > _RACY_NS else -1


def _bytes(path: Path) -> bytes:
    return str(path.absolute()).encode("utf-8", "surrogateescape")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()
