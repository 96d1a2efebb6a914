"""Reading an index: a snapshot stands still while a build goes on beside it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from rag.errors import IndexDamaged
from rag.index.dense import Dense, load_dense
from rag.index.packing import unpack
from rag.index.record import checksum, connect, manifest
from rag.types import Document, FileReport, Heading, Passage, Span, title_of

if TYPE_CHECKING:
    from rag.plugins import Rows

__all__ = ["DocumentEntry", "Index", "Snapshot", "Status"]


@dataclass(frozen=True, slots=True)
class Status:
    """How an index is: what is in it, and how far its vectors are."""

    folder: str
    n_documents: int
    n_passages: int
    n_embedded: int
    n_skipped: int
    generation: int
    embedder: str
    built_at: str
    roots: tuple[str, ...]
    size: int
    files: tuple[FileReport, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A line of the library: one source with what a person wants to know of its document."""

    source: str
    document_id: str
    title: str
    collection: str
    path: str
    n_passages: int
    n_pages: int
    n_characters: int
    metadata: dict[str, Any] = field(default_factory=dict)


class Index:
    """An index folder. Opening costs nothing; every use takes a snapshot of the state at that moment."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._dense: Dense | None = None
        self._dense_of: tuple[object, ...] = ()
        self._lock = Lock()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The index as it is now, until the block ends, whatever is built meanwhile.

        Raises:
            IndexMissing, IndexDamaged, IndexMismatch: as their names say.
        """
        with connect(self.folder) as connection:
            connection.execute("BEGIN")
            yield Snapshot(self, connection)

    def dense(self, connection: sqlite3.Connection) -> Dense | None:
        """The dense index, brought up to the state that ``connection`` sees."""
        facts = manifest(connection)
        checkpoint = facts.get("checkpoint")
        identity = (facts.get("fingerprint"), facts.get("born"), checkpoint and checkpoint["sha256"])
        with self._lock:
            if self._dense is None or identity != self._dense_of:
                self._dense, self._dense_of = load_dense(self.folder, connection), identity
            else:
                self._dense.add_newer(connection)
            return self._dense


class Snapshot:
    """One state of the index; all that retrieval needs, and nothing that writes."""

    def __init__(self, index: Index, connection: sqlite3.Connection) -> None:
        self._index = index
        self._connection = connection
        self.manifest = manifest(connection)
        self.generation = int(self.manifest["generation"])

    def _count(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    @property
    def n_documents(self) -> int:
        """How many documents there are; the same text under two names counts once."""
        return self._count("SELECT count(*) FROM documents")

    @property
    def n_passages(self) -> int:
        """How many passages there are."""
        return self._count("SELECT count(*) FROM passages")

    @property
    def n_embedded(self) -> int:
        """How many passages have their vectors already."""
        return self._count("SELECT count(*) FROM passages JOIN vectors ON key = vector")

    def lexical(self, match: str, k: int, collections: Sequence[str] = ()) -> list[tuple[int, float]]:
        """The ``k`` best passages by BM25 for an FTS5 expression: ``(passage number, score)``, best first.
        Larger scores are better. Titles and headings count as much as text."""
        if not match:
            return []
        where, values = self._in_collections(collections)
        rows = self._connection.execute(
            f"SELECT words.rowid, -bm25(words) AS score FROM words JOIN passages ON passages.number = words.rowid "
            f"WHERE words MATCH ? {where} ORDER BY score DESC, words.rowid LIMIT ?",
            (match, *values, k),
        )
        return [(number, score) for number, score in rows]

    def dense(self, query: Rows, k: int, collections: Sequence[str] = ()) -> list[tuple[int, float]]:
        """The ``k`` passages nearest to ``query`` by cosine: ``(passage number, cosine)``, best first."""
        dense = self._index.dense(self._connection)
        if dense is None:
            return []
        among = None
        where, values = self._in_collections(collections)
        if collections:
            rows = self._connection.execute(
                f"SELECT vectors.number FROM vectors JOIN passages ON vector = key WHERE true {where}", values
            )
            among = [number for (number,) in rows]
        found = dict(dense.search(query, k, among))
        rows = self._connection.execute(
            "SELECT passages.number, vectors.number FROM vectors JOIN passages ON vector = key "
            f"WHERE vectors.number IN (SELECT value FROM json_each(?)) {where}",
            (json.dumps(list(found)), *values),
        )
        ranked = [(passage, found[vector]) for passage, vector in rows]
        return sorted(ranked, key=lambda item: (-item[1], item[0]))[:k]

    def _in_collections(self, collections: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        if not collections:
            return "", ()
        marks = ", ".join("?" * len(collections))
        inside = f"SELECT document FROM sources WHERE collection IN ({marks})"
        return f"AND passages.document IN ({inside})", tuple(collections)

    def rows(self, numbers: Sequence[int]) -> dict[int, Rows]:
        """The vectors of passages, shape ``(1 + n_sentences, dim)``; those not embedded yet are absent."""
        dim = self.manifest.get("dim")
        if not dim:
            return {}
        found = self._connection.execute(
            "SELECT passages.number, vectors.passage, vectors.sentences, vectors.crc FROM passages "
            "JOIN vectors ON key = vector WHERE passages.number IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        rows: dict[int, Rows] = {}
        for number, passage, sentences, crc in found:
            if checksum(passage, sentences) != crc:
                raise IndexDamaged("a vector of the index is damaged: rag build --rebuild makes it anew")
            import numpy as np

            rows[number] = np.concatenate([unpack(passage, dim), unpack(sentences, dim)])
        return rows

    def passages(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Passages by number; numbers that are not in this state are absent."""
        found = self._connection.execute(
            "SELECT p.number, p.id, d.id, d.title, p.text, p.start, p.end, p.page, p.heading, p.sentences, p.crc, "
            "(SELECT min(source) FROM sources WHERE document = d.number), "
            "(SELECT collection FROM sources WHERE document = d.number ORDER BY source LIMIT 1) "
            "FROM passages p JOIN documents d ON d.number = p.document "
            "WHERE p.number IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return {row[0]: _passage(row) for row in found}

    def passages_of(self, document_id: str) -> list[int]:
        """The numbers of a document's passages, in reading order."""
        rows = self._connection.execute(
            "SELECT p.number FROM passages p JOIN documents d ON d.number = p.document WHERE d.id = ? ORDER BY p.start",
            (document_id,),
        )
        return [number for (number,) in rows]

    def document(self, document_id: str) -> Document | None:
        """A document with its whole text, or None when this state does not have it."""
        row = self._connection.execute(
            "SELECT d.title, d.text, d.structure, d.metadata, d.crc, s.source, s.collection FROM documents d "
            "JOIN sources s ON s.document = d.number WHERE d.id = ? ORDER BY s.source LIMIT 1",
            (document_id,),
        ).fetchone()
        if row is None:
            return None
        title, text, structure, metadata, crc, source, collection = row
        if checksum(document_id, title, text, structure, metadata) != crc:
            raise IndexDamaged(f"the text of {source} in the index is damaged: rag build --rebuild makes it anew")
        shape = json.loads(structure)
        return Document(
            source=source,
            text=text,
            title=title,
            collection=collection,
            page_starts=tuple(shape["page_starts"]),
            page_labels=tuple(shape["page_labels"]),
            headings=tuple(Heading(*heading) for heading in shape["headings"]),
            blocks=tuple(Span(*block) for block in shape["blocks"]),
            metadata=json.loads(metadata),
        )

    def path_of(self, document_id: str) -> Path | None:
        """The file that a document came from, if the corpus still has it under that name."""
        row = self._connection.execute(
            "SELECT f.path FROM documents d JOIN sources s ON s.document = d.number JOIN files f ON f.source = s.file "
            "WHERE d.id = ? ORDER BY s.source LIMIT 1",
            (document_id,),
        ).fetchone()
        return Path(row[0].decode("utf-8", "surrogateescape")) if row else None

    def documents(self) -> list[DocumentEntry]:
        """Every source with its document, sorted by source."""
        rows = self._connection.execute(
            "SELECT s.source, d.id, d.title, s.collection, f.path, length(d.text), d.structure, d.metadata, "
            "(SELECT count(*) FROM passages WHERE document = d.number) "
            "FROM sources s JOIN documents d ON d.number = s.document JOIN files f ON f.source = s.file "
            "ORDER BY s.source"
        )
        return [
            DocumentEntry(
                source=source,
                document_id=document_id,
                title=title or title_of(source),
                collection=collection,
                path=path.decode("utf-8", "replace"),
                n_passages=n_passages,
                n_pages=len(json.loads(structure)["page_starts"]),
                n_characters=n_characters,
                metadata=json.loads(metadata),
            )
            for source, document_id, title, collection, path, n_characters, structure, metadata, n_passages in rows
        ]

    def collections(self) -> list[str]:
        """The names of the collections, sorted, without the nameless one."""
        rows = self._connection.execute("SELECT DISTINCT collection FROM sources WHERE collection != '' ORDER BY 1")
        return [name for (name,) in rows]

    def files(self) -> list[FileReport]:
        """What became of each file at the last build that looked at it."""
        rows = self._connection.execute("SELECT report FROM files ORDER BY source")
        return [file_report(json.loads(report)) for (report,) in rows]

    def status(self) -> Status:
        """A summary of this state, and the report of every file."""
        files = self.files()
        folder = self._index.folder
        return Status(
            folder=str(folder),
            n_documents=self.n_documents,
            n_passages=self.n_passages,
            n_embedded=self.n_embedded,
            n_skipped=sum(file.status == "skipped" for file in files),
            generation=self.generation,
            embedder=self.manifest.get("embedder", ""),
            built_at=time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.manifest.get("built_at", 0))),
            roots=tuple(self.manifest.get("roots", ())),
            size=sum(file.stat().st_size for file in folder.iterdir() if file.is_file()),
            files=tuple(files),
        )


def _passage(row: tuple[Any, ...]) -> Passage:
    _, id_, document_id, title, text, start, end, page, heading, sentences, crc, source, collection = row
    if passage_checksum(id_, start, end, page, heading, text, sentences) != crc or len(text) != end - start:
        raise IndexDamaged(f"a passage of {source} in the index is damaged: rag build --rebuild makes it anew")
    return Passage(
        id=id_,
        document_id=document_id,
        source=source,
        title=title or title_of(source),
        text=text,
        start=start,
        end=end,
        page=page,
        heading=heading,
        sentences=tuple(Span(start + a, start + b) for a, b in json.loads(sentences)),
        collection=collection,
    )


def passage_checksum(id_: str, start: int, end: int, page: int | None, heading: str, text: str, sentences: str) -> int:
    """The checksum of a row of ``passages``."""
    return checksum(id_, start, end, page, heading, text, sentences)


def file_report(facts: dict[str, Any]) -> FileReport:
    """A FileReport from its JSON."""
    return FileReport(**{**facts, "warnings": tuple(facts.get("warnings", ()))})
