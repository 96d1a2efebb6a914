"""Reading an index: a snapshot stands still while a build goes on beside it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rag.errors import IndexDamaged
from rag.index.bm25 import Lengths, count_passages, passages_with_all, read_lengths, search_terms
from rag.index.dense import Dense
from rag.index.nearness import Nearness
from rag.index.packing import unpack
from rag.index.readers import Readers
from rag.index.record import FORMAT, check_format, manifest, verify, whole
from rag.index.rows import (
    DOCUMENT_QUERY,
    ENTRY_QUERY,
    PASSAGE_QUERY,
    DocumentEntry,
    document_of,
    entry_of,
    passage_of,
    report_of,
)
from rag.types import Document, FileReport, Passage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.plugins import Rows

    Numbers = NDArray[np.int64]

__all__ = ["DocumentEntry", "Index", "Snapshot", "Status"]

# passages whose text and vectors a process holds, 4 to 5 kB each: a search looks at some 150, often the same ones,
# and reading and checking them was a third of its time
_KEPT = 8192

T = TypeVar("T")

_CANDIDATE = "SELECT p.number, p.document, v.number, v.key, v.passage, v.sentences, v.crc FROM"
_VECTORS_QUERY = f"""
{_CANDIDATE} passages p LEFT JOIN vectors v ON v.key = p.vector WHERE p.number IN (SELECT value FROM json_each(?))
"""
_HOLDERS_QUERY = f"""
{_CANDIDATE} vectors v JOIN passages p ON p.vector = v.key WHERE v.number IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Status:
    """How an index is: what is in it, how far its vectors are, and whether the last build got to its end."""

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
    complete: bool = True


@dataclass(slots=True)
class _Kept:
    """What was read of one state of the index: passages, packed vectors and documents by the number of the passage,
    passages by the number of their vector, and the lengths of all of them."""

    born: str
    generation: int
    passages: dict[int, Passage] = field(default_factory=dict)
    vectors: dict[int, bytes] = field(default_factory=dict)
    documents: dict[int, int] = field(default_factory=dict)
    by_vector: dict[int, list[int]] = field(default_factory=dict)
    lengths: Lengths | None = None


class Index:
    """An index folder. Opening costs nothing; every use takes a snapshot of the state at that moment."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.dense = Dense(self.folder)
        self._readers = Readers(self.folder)
        self._chosen: dict[tuple[object, ...], tuple[Numbers, Numbers]] = {}
        self._kept = _Kept("", -1)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The index as it is now, until the block ends, whatever is built meanwhile.

        Raises:
            IndexMissing, IndexDamaged, IndexMismatch: as their names say.
        """
        with self._readers.connection() as connection:
            yield Snapshot(self, connection)

    def close(self) -> None:
        """Let go of the files; a later snapshot opens them again."""
        self._readers.close()

    def in_collections(self, snapshot: Snapshot, collections: Sequence[str]) -> tuple[Numbers, Numbers]:
        """The numbers of the passages in ``collections`` and of their vectors; kept while the state is the same."""
        key = (snapshot.manifest["born"], snapshot.generation, *sorted(collections))
        if key not in self._chosen:
            if len(self._chosen) >= 8:
                self._chosen.clear()
            self._chosen[key] = snapshot.numbers_in(collections)
        return self._chosen[key]

    def kept(self, born: str, generation: int) -> _Kept:
        """What was read of this state already; another state, or a full store, begins with nothing."""
        kept = self._kept
        if (kept.born, kept.generation) != (born, generation):
            self._kept = kept = _Kept(born, generation)
        elif max(len(kept.vectors), len(kept.passages)) > _KEPT:
            self._kept = kept = _Kept(born, generation, lengths=kept.lengths)
        return kept


class Snapshot:
    """One state of the index; all that retrieval needs, and nothing that writes."""

    def __init__(self, index: Index, connection: sqlite3.Connection) -> None:
        self._index = index
        self._connection = connection
        self.manifest = manifest(connection)
        if self.manifest["format"] != FORMAT:  # another version of Footnote has been here
            check_format(connection, index.folder)
        self.generation = int(self.manifest["generation"])
        self._kept = index.kept(self.manifest["born"], self.generation)

    @property
    def n_documents(self) -> int:
        """How many documents there are; the same text under two names counts once."""
        return int(self.manifest["n_documents"])

    @property
    def n_passages(self) -> int:
        """How many passages there are."""
        return int(self.manifest["n_passages"])

    @property
    def n_embedded(self) -> int:
        """How many passages have their vectors already."""
        return int(self.manifest["n_embedded"])

    # -- searching ---------------------------------------------------------------------------------------

    def lexical(
        self,
        terms: Mapping[str, float] | Sequence[str],
        k: int,
        collections: Sequence[str] = (),
        compounds: Mapping[str, Sequence[str]] | None = None,
    ) -> list[tuple[int, float]]:
        """The ``k`` best passages by BM25 for the terms of a query: ``(passage number, score)``, best first.

        A term may have a weight, its factor in the score, and ``compounds``, which count as it does, though less.
        Titles and headings count as much as text.
        """
        weights = terms if isinstance(terms, Mapping) else dict.fromkeys(terms, 1.0)
        if not weights or k < 1:
            return []
        among = self._index.in_collections(self, collections)[0] if collections else None
        return search_terms(self._connection, self._lengths, weights, k, among, compounds)

    @property
    def _lengths(self) -> Lengths:
        if self._kept.lengths is None:
            self._kept.lengths = read_lengths(self._connection)
        return self._kept.lengths

    def known_terms(self, terms: Sequence[str]) -> set[str]:
        """Those of ``terms`` that some passage has."""
        rows = self._connection.execute(
            "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM postings WHERE term = value)",
            (json.dumps(list(dict.fromkeys(terms))),),
        )
        return {term for (term,) in rows}

    def terms_starting_with(self, prefix: str) -> list[str]:
        """Terms in the full text that begin with ``prefix``, in order; the first few thousand."""
        rows = self._connection.execute(
            "SELECT DISTINCT term FROM (SELECT term FROM postings WHERE term >= ? AND term < ? LIMIT 8192)",
            (prefix, f"{prefix}\U0010ffff"),
        )
        return [term for (term,) in rows]

    def has_terms_starting_with(self, prefix: str) -> bool:
        """True when some term in the full text begins with ``prefix``."""
        query = "SELECT EXISTS (SELECT 1 FROM postings WHERE term >= ? AND term < ?)"
        return bool(self._connection.execute(query, (prefix, f"{prefix}\U0010ffff")).fetchone()[0])

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many passages of the corpus each term occurs; title and headings count as text."""
        return count_passages(self._connection, terms)

    def holding(self, terms: Sequence[str], collections: Sequence[str] = ()) -> list[int]:
        """The numbers of all passages that hold every one of the terms, whatever their rank."""
        found = passages_with_all(self._connection, self._lengths, terms)
        if not collections:
            return found
        among = set(self._index.in_collections(self, collections)[0].tolist())
        return [number for number in found if number in among]

    def dense(self, query: Rows, k: int, collections: Sequence[str] = ()) -> list[tuple[int, float]]:
        """The ``k`` passages nearest to ``query`` by cosine: ``(passage number, cosine)``, best first."""
        if not self.n_embedded:
            return []
        passages, vectors = self._index.in_collections(self, collections) if collections else (None, None)
        found = self._index.dense.search(self._connection, self.manifest, query, k, vectors)
        holders = self._with_vectors([vector for vector, _ in found])
        allowed = None if passages is None else set(passages.tolist())
        ranked = [
            (passage, cosine)
            for vector, cosine in found
            for passage in holders.get(vector, ())
            if allowed is None or passage in allowed
        ]
        return sorted(ranked, key=lambda item: (-item[1], item[0]))[:k]

    def _with_vectors(self, vectors: Sequence[int]) -> dict[int, list[int]]:
        """The numbers of the passages that have each of these vectors."""
        kept = self._kept.by_vector
        if missing := [vector for vector in vectors if vector not in kept]:
            kept.update(self._keep(_HOLDERS_QUERY, missing))
        return kept

    def numbers_in(self, collections: Sequence[str]) -> tuple[Numbers, Numbers]:
        """The numbers of the passages in ``collections``, and of their vectors, as far as there are any."""
        rows = self._connection.execute(
            "SELECT p.number, v.number FROM passages p LEFT JOIN vectors v ON v.key = p.vector WHERE p.document IN "
            "(SELECT document FROM sources WHERE collection IN (SELECT value FROM json_each(?)))",
            (json.dumps(list(collections)),),
        ).fetchall()
        passages = np.array([whole(row[0]) for row in rows], dtype=np.int64)
        return passages, np.array(sorted({whole(row[1]) for row in rows if row[1] is not None}), dtype=np.int64)

    def rows(self, numbers: Sequence[int]) -> dict[int, Rows]:
        """The vectors of passages, shape ``(1 + n_sentences, dim)``; those not embedded yet are absent."""
        return {number: unpack(rows, self.manifest["dim"]) for number, rows in self._packed(numbers).items()}

    def nearness(self, numbers: Sequence[int], query: Rows) -> Nearness:
        """How near passages are to ``query``; those not embedded yet are absent."""
        return Nearness(self._packed(numbers), query)

    def read_ahead(self, numbers: Sequence[int], n_passages: int) -> None:
        """Read the vectors of passages, and the text of the first ``n_passages``, while nothing else is to be done."""
        self._read(numbers)
        self.passages(numbers[:n_passages])

    def _packed(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """The vectors of passages as they are stored, each passage's own in front."""
        self._read(numbers)
        kept = self._kept.vectors
        return {number: kept[number] for number in numbers if number in kept}

    def _read(self, numbers: Sequence[int]) -> None:
        """Keep what is needed of passages that are candidates."""
        kept = self._kept.vectors
        if missing := [number for number in numbers if number not in kept]:
            self._keep(_VECTORS_QUERY, missing)

    def _keep(self, query: str, numbers: Sequence[int]) -> dict[int, list[int]]:
        """Keep the documents of the passages that ``query`` finds, and their vectors if they have any. Returns the
        numbers of the passages by those of their vectors."""
        by_vector: dict[int, list[int]] = {}
        found = self._connection.execute(query, (json.dumps(numbers),))
        for passage, document, number, key, own, sentences, crc in found:
            self._kept.documents[whole(passage)] = document
            if number is not None:
                verify(crc, "vectors", f"vector {number}", number, key, own, sentences)
                self._kept.vectors[passage] = own + sentences
                by_vector.setdefault(whole(number), []).append(passage)
        return by_vector

    # -- looking -----------------------------------------------------------------------------------------

    def passages(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Passages by number.

        Raises:
            IndexDamaged: one is not there, or not what was written.
        """
        kept = self._kept.passages
        if missing := [number for number in numbers if number not in kept]:
            found = self._connection.execute(
                PASSAGE_QUERY + "WHERE p.number IN (SELECT value FROM json_each(?))", (json.dumps(missing),)
            )
            kept.update((row[0], passage_of(row)) for row in found)
        return _chosen(kept, numbers)

    def documents_of(self, numbers: Sequence[int]) -> dict[int, int]:
        """The number of the document of each passage.

        Raises:
            IndexDamaged: a passage is not there.
        """
        kept = self._kept.documents
        if any(number not in kept for number in numbers):
            self._read(numbers)
        return _chosen(kept, numbers)

    def passages_of(self, document_id: str) -> list[int]:
        """The numbers of a document's passages, in reading order."""
        rows = self._connection.execute(
            "SELECT p.number FROM passages p JOIN documents d ON d.number = p.document WHERE d.id = ? ORDER BY p.start",
            (document_id,),
        )
        return [whole(number) for (number,) in rows]

    def before(self, passage: Passage) -> Passage | None:
        """The passage before one in its document; None when it is the first."""
        row = self._connection.execute(
            "SELECT number FROM passages WHERE document = (SELECT number FROM documents WHERE id = ?) AND start < ? "
            "ORDER BY start DESC LIMIT 1",
            (passage.document_id, passage.start),
        ).fetchone()
        return self.passages([whole(row[0])])[whole(row[0])] if row else None

    def document(self, document_id: str) -> Document | None:
        """A document with its whole text, or None when this state does not have it."""
        row = self._connection.execute(DOCUMENT_QUERY + "WHERE d.id = ?", (document_id,)).fetchone()
        if row:
            return document_of(row)
        # that a document is gone is a statement too: a damaged list of ids must not make it
        if self._connection.execute("SELECT 1 FROM documents NOT INDEXED WHERE id = ?", (document_id,)).fetchone():
            raise IndexDamaged("a list in the index is damaged: rag doctor repairs what can be repaired")
        return None

    def path_of(self, document_id: str, source: str = "") -> Path | None:
        """The file that a document came from: of several that hold the same, the one known as ``source``."""
        row = self._connection.execute(
            "SELECT f.source, f.path, f.stamp, f.sha256, f.report, f.crc FROM documents d JOIN sources s "
            "ON s.document = d.number JOIN files f ON f.source = s.file "
            "WHERE d.id = ?1 AND ?2 IN ('', s.source) ORDER BY s.source LIMIT 1",
            (document_id, source),
        ).fetchone()
        if row is None:
            return None
        verify(row[5], "files", "the name of a file", *row[:5])
        return Path(row[1].decode("utf-8", "surrogateescape"))

    def documents(self) -> list[DocumentEntry]:
        """Every source with its document, sorted by source."""
        return [entry_of(row) for row in self._connection.execute(ENTRY_QUERY)]

    def collections(self) -> list[str]:
        """The names of the collections, sorted, without the nameless one."""
        rows = self._connection.execute("SELECT DISTINCT collection FROM sources WHERE collection != '' ORDER BY 1")
        return [name for (name,) in rows]

    def files(self) -> list[FileReport]:
        """What became of each file at the last build that looked at it."""
        rows = self._connection.execute("SELECT source, path, stamp, sha256, report, crc FROM files ORDER BY source")
        reports = []
        for row in rows:
            verify(row[5], "files", "the report of a file", *row[:5])
            reports.append(report_of(row[4]))
        return reports

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
            embedder=self.manifest["embedder"],
            built_at=time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.manifest["built_at"])),
            roots=tuple(self.manifest["roots"]),
            size=_size(folder),
            files=tuple(files),
            complete=self.manifest["complete"] and self.n_embedded == self.n_passages,
        )


def _chosen(kept: Mapping[int, T], numbers: Sequence[int]) -> dict[int, T]:
    try:
        return {number: kept[number] for number in numbers}
    except KeyError:
        raise IndexDamaged("the index lacks a passage that it lists: rag doctor repairs what can be repaired") from None


def _size(folder: Path) -> int:
    """Bytes in the folder; a file that a build removes meanwhile does not count."""
    total = 0
    for file in folder.iterdir():
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total
