"""What the tests of the index share: small builds without models or worker processes, and the state they make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from rag import documents, plugins
from rag.documents import File
from rag.documents.isolation import Read
from rag.index import Index, Snapshot
from rag.index.build import Parts, build
from rag.index.lexical import BLOCK, ENTRY
from rag.retrieval import retrieve
from rag.settings import Settings
from rag.testing import HashEmbedder
from rag.types import BuildReport

CORPUS = {
    "port/harbour.md": "# Harbour\n\nThe gate opens at 6:15. Boats longer than 18 metres need a pilot.\n\n"
    "## Fees\n\nA night costs 32 euros. Water is included in the fee.",
    "port/crane.txt": "The crane lifts 12.5 tonnes. It was inspected in March.",
    "notes.txt": "The ferry Alba sails at noon. Fog closed the strait until ten.",
}
QUERIES = ["When does the gate open?", "crane tonnes", "ferry fog", "notes"]


class PlainReader:
    """Reads in this process, and counts: the workers have tests of their own."""

    n_read = 0
    seconds = 0.0

    def __init__(self, settings: Settings, beside: str = "", every: int = 0) -> None:
        self._settings = settings

    def __enter__(self) -> PlainReader:
        return self

    def __exit__(self, *details: object) -> None:
        return None

    def read_each(self, files: Iterable[File]) -> Iterator[tuple[File, Iterator[Read]]]:
        for file in files:
            PlainReader.n_read += 1
            yield file, self._documents(file)

    def _documents(self, file: File) -> Iterator[Read]:
        yield from map(Read, documents.read(file, settings=self._settings))


def parts(dim: int = 16, embedder: Any = None, **chosen: Any) -> Parts:
    settings = Settings(**{"passage_tokens": 48, **chosen})
    chunker = plugins.load("chunkers", "paragraphs", settings)
    return Parts(settings, chunker, embedder or HashEmbedder(dim), f"hash:{dim}")


def build_plainly(folder: Path, *roots: Path, **chosen: Any) -> BuildReport:
    options = {name: chosen.pop(name) for name in ("rebuild", "allow_empty") if name in chosen}
    return build(folder, list(roots), chosen.pop("parts", None) or parts(**chosen), **options)


@contextmanager
def of_records(folder: Path, texts: Mapping[str, str]) -> Iterator[Snapshot]:
    """An index over records with these ids and texts, cut as by default and embedded by hashes."""
    rows = [json.dumps({"id": name, "title": "", "text": text}) for name, text in texts.items()]
    write(folder, {"records.jsonl": "\n".join(rows)})
    build_plainly(folder / "index", folder / "records.jsonl", dim=64, passage_tokens=Settings().passage_tokens)
    with Index(folder / "index").snapshot() as taken:
        yield taken


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def found(folder: Path, term: str) -> list[str]:
    """The sources of the passages that have a term."""
    with Index(folder).snapshot() as snapshot:
        return sorted(snapshot.passages([n])[n].source for n, _ in snapshot.lexical([term], 50))


def said(report: BuildReport) -> dict[str, str]:
    """Why files were not read."""
    return {file.source: file.reason for file in report.files if file.status == "skipped"}


def state(folder: Path, queries: Iterable[str] = ()) -> dict[str, Any]:
    """All that an index says, with ids in the place of row numbers, so that two indexes can be compared."""
    with Index(folder).snapshot() as snapshot:
        rows = snapshot._connection.execute("SELECT number, id FROM passages").fetchall()
        ids = dict(rows)
        passages = snapshot.passages(list(ids))
        vectors = {ids[n]: np.round(matrix, 6).tolist() for n, matrix in snapshot.rows(list(ids)).items()}
        postings: dict[str, dict[str, int]] = {}
        for term, block, data in snapshot._connection.execute("SELECT term, block, data FROM postings"):
            for place, count in np.frombuffer(data, ENTRY).tolist():
                postings.setdefault(term, {})[ids[block * BLOCK + place]] = count
        lengths = {}
        for block, data in snapshot._connection.execute("SELECT block, data FROM lengths"):
            found = np.frombuffer(data, "<u2")
            lengths |= {ids[int(block * BLOCK + place)]: int(found[place]) for place in np.flatnonzero(found)}
        return {
            "documents": [(e.source, e.document_id, e.title, e.collection, e.n_passages) for e in snapshot.documents()],
            "passages": {p.id: p for p in passages.values()},
            "vectors": vectors,
            "postings": postings,
            "lengths": lengths,
            "counts": (snapshot.n_documents, snapshot.n_passages, snapshot.n_embedded),
            "results": {query: results(snapshot, query) for query in queries},
        }


def results(snapshot: Any, query: str) -> list[tuple[float, str]]:
    """What is found, as (score, passage id); hits of the same score in the order of their ids."""
    dim = snapshot.manifest["dim"]
    hits = retrieve(snapshot, query, HashEmbedder(dim), 50).hits
    return sorted((-round(hit.score, 5), hit.passage.id) for hit in hits)
