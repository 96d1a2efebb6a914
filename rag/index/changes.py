"""Words first: the documents, passages and full text of a corpus, brought up to date in one transaction.

``Changes`` compares the files there are with those that were read, reads what is new or different, and removes
what is gone. All of it becomes visible at once. Only the very first build of an index, which has no old state
to keep, shows what it has every few seconds. Nothing here looks at more of the record than the work concerns.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rag import documents, plugins
from rag.documents import File
from rag.documents.isolation import Read
from rag.errors import DocumentError, UsageError
from rag.index.ahead import BESIDE, Ahead, storable
from rag.index.files import file_sha256, path_bytes, stamp_now, stamp_of
from rag.index.matrix import update_matrix
from rag.index.reach import held_back
from rag.index.record import checksum, manifest, set_manifest
from rag.index.rows import DOCUMENT_QUERY, PASSAGE_QUERY, document_of, passage_of, report_of, sealed_file
from rag.index.tally import Place, Tally
from rag.index.terms import FINGERPRINT as TERMS
from rag.index.writer import Writer
from rag.passages import ParagraphChunker, split
from rag.types import Document, FileReport, Progress

if TYPE_CHECKING:
    from rag.plugins import Chunker, Embedder
    from rag.settings import Settings

__all__ = ["Changes", "Parts", "counts", "index_words_again", "raise_generation"]

# the first build shows what it has read so far after this many seconds, and then each time after twice as long:
# showing it writes the full text of the newest block anew
_STEP_SECONDS = 4.0

# bytes to read from which on it pays to have the workers cut passages too, for which they get ready in 0.3 s
_MUCH = 2**20

# of a file that is read alone one worker has more to do than the builder: one document of so many is left for that to
# cut, after which both took the same (benchmarks/words_first.py)
_LEFT = 5


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
        """Names the way files are read: the loaders that are installed, their version, and whether comments count."""
        with_comments = "+comments" if self.settings.comments else ""
        return f"{documents.FINGERPRINT}{with_comments}/{','.join(plugins.names('loaders'))}"


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """What the manifest says of how much there is, counted."""
    n_documents, n_passages, has_vectors = connection.execute(
        "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages), EXISTS (SELECT 1 FROM vectors)"
    ).fetchone()
    n_embedded = 0
    if has_vectors:  # then what waits is little, most often
        query = "SELECT count(*) FROM pending JOIN passages ON passages.vector = pending.vector"
        n_embedded = n_passages - connection.execute(query).fetchone()[0]
    return {"n_documents": n_documents, "n_passages": n_passages, "n_embedded": n_embedded}


def raise_generation(connection: sqlite3.Connection, **values: Any) -> int:
    """Count the state that the present transaction makes, and record what readers want to know of it."""
    generation = int(manifest(connection)["generation"]) + 1
    set_manifest(connection, generation=generation, built_at=time.time(), **values)
    return generation


class Changes:
    """The changes of one build to documents, passages and full text, inside one transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection, parts: Parts, say: Callable[[Progress], None]) -> None:
        self._connection = connection
        self._parts = parts
        self._say = say
        self._facts = manifest(connection)
        self._writer = Writer(connection, parts.embedder.fingerprint)
        self._n_before = connection.total_changes
        self._shown: float | None = None  # when readers last saw what there is; None when they wait for the whole
        self._step = _STEP_SECONDS
        self._held: dict[str, list[str]] = {}  # the files that a folder out of reach held when it was last listed
        self._rebuilt: dict[str, int] | None = None  # when all is made anew: how many documents a file held before
        self.reports: dict[str, FileReport] = {}
        self.notes: list[str] = []

    def apply(self, files: Sequence[File], roots: Sequence[str], *, rebuild: bool) -> None:
        """Make the record hold what is in ``files``, and nothing else, but for what is out of reach.

        Raises:
            UsageError: with ``rebuild``, something that is in the index cannot be read anew since it is out of reach.
        """
        known = self._known_files()
        held = held_back(files, {source: row[0] for source, row in known.items()})
        for source, folder in held.items():
            self._held.setdefault(folder, []).append(source)
        if rebuild:
            rows = self._connection.execute("SELECT file, count(*) FROM sources GROUP BY file")
            known, self._rebuilt = {}, dict(rows.fetchall())
        same_way = self._prepare(rebuild)
        changed = [file for file in files if not (same_way and self._is_unchanged(file, known))]
        gone = known.keys() - {file.source for file in files}
        for source in sorted(gone - held.keys()):
            self._remove(source)
        for source in sorted(gone & held.keys()):
            self._leave(source, known[source], same_way)
        first = not (self._facts["n_documents"] and self._facts["complete"])
        self._shown = time.monotonic() if first else None
        self._read(changed, roots)
        self._finish(roots, complete=True)

    def _prepare(self, rebuild: bool) -> bool:
        """Do what a change of the way to build asks for; True when files need reading only if they changed."""
        parts, facts = self._parts, self._facts
        if rebuild:
            tables = ("passages", "postings", "lengths", "sources", "files", "documents")
            self._writer.empty(*tables, "vectors", "matrix", "pending")
            return False
        if facts.get("chunking", parts.chunking) != parts.chunking:
            self.notes.append("passages were cut anew, since the way to cut them changed")
            self._cut_again()
        elif facts.get("terms", TERMS) != TERMS:
            self.notes.append("the full text was made anew, since the way to find terms changed")
            index_words_again(self._connection, self._writer)
        return bool(facts.get("readers", parts.readers) == parts.readers)

    def _cut_again(self) -> None:
        """The chunker or what it must fit changed: cut every document anew, from the recorded text."""
        self._writer.loosen_vectors()
        self._writer.empty("passages", "postings", "lengths", "pending")
        for (number,) in self._connection.execute("SELECT number FROM documents ORDER BY number").fetchall():
            row = self._connection.execute(DOCUMENT_QUERY + "WHERE d.number = ?", (number,)).fetchone()
            document = document_of(row)
            passages = split(document, self._parts.chunker, self._parts.embedder)
            self._writer.add_passages(number, document.name, passages)

    # -- files -------------------------------------------------------------------------------------------

    def _known_files(self) -> dict[str, tuple[Any, ...]]:
        rows = self._connection.execute("SELECT source, path, stamp, sha256, report, crc FROM files")
        return {row[0]: row[1:] for row in rows if checksum("files", *row[:5]) == row[5]}

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
        self.reports[file.source] = _unchanged(kept)
        return True

    def _remove(self, source: str) -> None:
        """Forget a file that is gone. Nobody need hear of it unless it was in the index."""
        if self._n_documents(source):
            self.reports[source] = FileReport(source, "removed")
        self._writer.set_sources(source, [])
        self._connection.execute("DELETE FROM files WHERE source = ?", (source,))

    def _leave(self, source: str, row: tuple[Any, ...], same_way: bool) -> None:
        """Leave a file as it was that lies in a folder out of reach; if files are read another way by now, it is to
        be read as soon as it can be."""
        path, _, _, report, _ = row
        self.reports[source] = _unchanged(report_of(report))
        if not same_way:
            self._write_row(source, path, "", "", report_of(report))

    def _write_file(self, file: File, stamp: str, sha256: str, report: FileReport) -> None:
        self._write_row(file.source, path_bytes(file.path), stamp, sha256, report)

    def _write_row(self, source: str, path: bytes, stamp: str, sha256: str, report: FileReport) -> None:
        self._connection.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET path = excluded.path, "
            "stamp = excluded.stamp, sha256 = excluded.sha256, report = excluded.report, crc = excluded.crc "
            "WHERE crc != excluded.crc",
            sealed_file(source, path, stamp, sha256, report),
        )

    def _read(self, changed: Sequence[File], roots: Sequence[str]) -> None:
        started = time.monotonic()
        hashes: dict[str, tuple[str, str]] = {}

        def readable() -> Iterator[File]:
            # hashed before it is read: if it changes in between, the next build sees a hash that is not the
            # file's and reads it again; the other way round it would take the old text for the new
            for file in changed:
                if not file.problem:
                    hashes[file.source] = (stamp_now(file), file_sha256(file.path))
                    yield file

        for file in changed:
            if file.unreachable:
                self._keep(file, file.problem)
            elif file.problem:
                self._skip(file, file.problem)
        n_files = sum(not file.problem for file in changed)
        self._say(Progress("reading", 0, n_files))
        with documents.Reader(self._parts.settings, self._beside(changed), _LEFT if n_files == 1 else 0) as reader:
            for done, (file, found) in enumerate(reader.read_each(readable()), 1):
                self._take(file, found, *hashes.pop(file.source), reader, roots)
                self._say(Progress("reading", done, n_files, file.source, time.monotonic() - started))

    def _beside(self, changed: Sequence[File]) -> str:
        """What the workers are to find out beside the text: nothing when there is little to read, or when the
        chunker is one of which it is not known that it needs neither a model nor the network."""
        is_much = sum(file.size for file in changed) >= _MUCH
        return BESIDE if is_much and isinstance(self._parts.chunker, ParagraphChunker) else ""

    def _show(self, file: File, places: Sequence[Place], roots: Sequence[str]) -> None:
        """In the first build of an index, let readers see every few seconds what there is so far of a file too."""
        if self._shown is None or time.monotonic() - self._shown < self._step:
            return
        self._writer.set_sources(file.source, places, keep=True)
        self._finish(roots, complete=False)
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")
        self._shown, self._step = time.monotonic(), 2 * self._step

    def _take(
        self,
        file: File,
        found: Iterator[Read],
        stamp: str,
        sha256: str,
        reader: documents.Reader,
        roots: Sequence[str],
    ) -> None:
        """Record what a file turns out to hold, in place of what it held before."""
        tally = Tally()
        try:
            for read in found:
                document = storable(read.document)
                if not document.text.strip():
                    continue
                if not tally.places:
                    self._write_file(file, "", "", FileReport(file.source, "indexed"))
                tally.add(document, self._number_of(document, read.beside))
                self._show(file, tally.places, roots)
        except DocumentError as error:
            if sha256:
                self._skip(file, str(error), stamp, sha256)
            else:
                self._keep(file, str(error))  # it could not be opened to be hashed
            return
        if not tally.places:
            self._skip(file, "it holds no text", stamp, sha256)
            return
        self._writer.set_sources(file.source, tally.places)
        report = tally.report(file, sum(map(self._count_passages, tally.numbers)), reader.seconds)
        self._write_file(file, stamp, sha256, report)
        # a twin may go while this file stays: that it has one is said, and not kept
        twins = self._twins(file, tally.numbers)
        self.reports[file.source] = replace(report, warnings=(*report.warnings, *twins))

    def _twins(self, file: File, numbers: Sequence[int]) -> list[str]:
        """A warning when the file is one document that another file holds as well."""
        query = "SELECT file FROM sources WHERE document = ? AND file <> ? ORDER BY file LIMIT 1"
        row = self._connection.execute(query, (numbers[0], file.source)).fetchone() if len(numbers) == 1 else None
        return [f"holds the same as {row[0]}"] if row else []

    def _skip(self, file: File, reason: str, stamp: str = "", sha256: str = "") -> None:
        report = self.reports[file.source] = FileReport(file.source, "skipped", reason=reason)
        self._writer.set_sources(file.source, [])
        self._write_file(file, stamp, sha256, report)

    def _keep(self, file: File, reason: str) -> None:
        """Record that a file or folder is out of reach for now: what it held is still in the index."""
        n_kept = sum(map(self._n_documents, [file.source, *self._held.get(file.source, ())]))
        kept = "its document is kept as it was" if n_kept == 1 else f"its {n_kept} documents are kept as they were"
        if n_kept:
            reason = f"{reason}; {kept}"
        if n_kept and self._rebuilt is not None:
            raise UsageError(f"{file.source}: {reason}, and so is the index: nothing can be made anew without it")
        report = self.reports[file.source] = FileReport(file.source, "skipped", reason, n_documents=n_kept)
        self._write_file(file, "", "", report)

    def _n_documents(self, source: str) -> int:
        """How many documents the record has, or had before all is made anew, of a file."""
        if self._rebuilt is not None:
            return self._rebuilt.get(source, 0)
        query = "SELECT count(*) FROM sources WHERE file = ?"
        return int(self._connection.execute(query, (source,)).fetchone()[0])

    def _number_of(self, document: Document, beside: Any) -> int:
        """The number of a document, which is recorded if it is new; ``beside`` is what was found out where it was
        read."""
        number = self._writer.number_of(document.id)
        if number is not None:
            return number
        ahead = Ahead.read(beside, self._parts.chunker.fingerprint)
        passages = split(document, ahead or self._parts.chunker, self._parts.embedder)
        return self._writer.add_document(document, passages, ahead.terms_for(passages) if ahead else None)

    def _count_passages(self, number: int) -> int:
        query = "SELECT count(*) FROM passages WHERE document = ?"
        return int(self._connection.execute(query, (number,)).fetchone()[0])

    def _finish(self, roots: Sequence[str], *, complete: bool) -> None:
        """Remove what nothing refers to any more, and count the new state."""
        numbers = self._writer.finish()
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
            "unswept": self._writer.removed or bool(self._facts.get("unswept")),
        }
        if self._connection.total_changes == self._n_before and facts.items() <= self._facts.items():
            return  # nothing changed: the state that readers see is the one that they saw
        generation = raise_generation(self._connection, **counts(self._connection), **facts)
        update_matrix(self._connection, generation, embedder.dim, removed=numbers)


def _unchanged(report: FileReport) -> FileReport:
    """The report of a file that is as it was when it was read."""
    return replace(report, status="unchanged") if report.status == "indexed" else report


def index_words_again(connection: sqlite3.Connection, writer: Writer) -> None:
    """Make the full text anew from the recorded passages."""
    names = dict(connection.execute("SELECT id, name FROM documents").fetchall())
    passages = ((row[0], passage_of(row)) for row in connection.execute(PASSAGE_QUERY))
    writer.index_words((number, names[passage.document_id], passage) for number, passage in passages)
