"""Export an index to open formats, and import it again.

::

    documents.jsonl   one document a line: its text, what is known of it, its sources
    passages.jsonl    one passage a line: document_id, start, end, …, the row of its vectors
    files.jsonl       one file a line, as it was read: what lets the next build skip it
    vectors.npy       float32, a row for each passage that has vectors
    sentences.npy     float32, a row for each sentence of those passages
    manifest.json     the embedder, the counts, and the sha256 of the other files
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import IndexDamaged, IndexError_, UsageError
from rag.index.changes import counts, raise_generation
from rag.index.embedding import insert_vectors
from rag.index.lock import writer_lock
from rag.index.matrix import update_matrix
from rag.index.packing import pack, unpack
from rag.index.record import connect, create, manifest, transaction, verify
from rag.index.rows import DOCUMENT_QUERY, PASSAGE_QUERY, document_of, passage_of, report_of, sealed_file
from rag.index.writer import Writer, vector_key
from rag.types import Document, Heading, Passage, Span

__all__ = ["export_index", "import_index"]

_KIND = "footnote-index-1"
_KEPT = ("roots", "embedder", "fingerprint", "dim", "chunking", "readers", "terms", "complete")


def export_index(folder: Path, target: Path) -> dict[str, Any]:
    """Write the index into the new or empty folder ``target``; returns the manifest.

    Raises:
        UsageError: the folder holds something. IndexError_: it cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise UsageError(f"{target} is not empty: name a new folder to export into")
        with connect(folder) as connection:
            connection.execute("BEGIN")
            return _export(connection, target)
    except OSError as error:
        raise IndexError_(f"{target} cannot be written: {error.strerror or error}") from error


def _export(connection: sqlite3.Connection, target: Path) -> dict[str, Any]:
    facts = manifest(connection)
    _write_lines(target / "files.jsonl", _files(connection))
    _write_lines(target / "documents.jsonl", _documents(connection))
    width = facts["dim"] + 4
    count = f"SELECT count(*), coalesce(sum(length(v.sentences) / {width}), 0)"
    row = connection.execute(f"{count} FROM passages p JOIN vectors v ON v.key = p.vector").fetchone()
    shapes = dict(zip(("vectors", "sentences"), row, strict=True))
    arrays = {
        name: np.lib.format.open_memmap(target / f"{name}.npy", mode="w+", dtype="<f4", shape=(n, facts["dim"]))
        for name, n in shapes.items()
        if n
    }
    _write_lines(target / "passages.jsonl", _passages(connection, arrays, facts["dim"]))
    for array in arrays.values():
        array.flush()
    names = ["documents.jsonl", "files.jsonl", "passages.jsonl", *(f"{name}.npy" for name in arrays)]
    counts = {key: facts[key] for key in ("n_documents", "n_passages", "n_embedded")}
    index = {key: facts[key] for key in _KEPT if key in facts}
    described = {"kind": _KIND, **counts, "index": index, "sha256": {name: _sha256(target / name) for name in names}}
    (target / "manifest.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    return described


def _write_lines(path: Path, values: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="ascii") as file:  # JSON escapes what is not ASCII: any file name survives
        for value in values:
            file.write(json.dumps(value) + "\n")


def _files(connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    for source, path, sha256, report in connection.execute("SELECT source, path, sha256, report FROM files"):
        yield {"source": source, "path": os.fsdecode(path), "sha256": sha256, "report": json.loads(report)}


def _documents(connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    for row in connection.execute(DOCUMENT_QUERY + "ORDER BY d.number"):
        document = document_of(row)
        query = "SELECT source, file, collection FROM sources WHERE document = ? ORDER BY source"
        sources = [list(source) for source in connection.execute(query, (row[0],))]
        yield {"id": document.id, **asdict(document), "metadata": dict(document.metadata), "sources": sources}


def _passages(connection: sqlite3.Connection, arrays: dict[str, Any], dim: int) -> Iterator[dict[str, Any]]:
    """The passages in the order of their documents; their vectors go into ``arrays`` on the way."""
    at, inner = 0, 0
    for row in connection.execute(PASSAGE_QUERY + "ORDER BY p.document, p.start"):
        passage = passage_of(row)
        value = {**asdict(passage), "vector": None}
        query = "SELECT number, key, passage, sentences, crc FROM vectors WHERE key = ?"
        found = connection.execute(query, (row[8],)).fetchone()
        if found:
            verify(found[4], "vectors", f"vector {found[0]}", *found[:4])
            arrays["vectors"][at] = unpack(found[2], dim)[0]
            rows = unpack(found[3], dim)
            if len(rows):
                arrays["sentences"][inner : inner + len(rows)] = rows
            value["vector"] = {"row": at, "sentences": [inner, inner + len(rows)]}
            at, inner = at + 1, inner + len(rows)
        yield value


def import_index(folder: Path, source: Path) -> dict[str, Any]:
    """Make a new index in ``folder`` from an export; returns the export's manifest.

    Raises:
        UsageError: ``source`` is no export, or there is an index in ``folder``.
        IndexDamaged: the export is not what was written.
    """
    described = _checked(source)
    with writer_lock(folder):
        create(folder)
        with connect(folder, write=True) as connection:
            if manifest(connection)["generation"]:
                raise UsageError(f"there is an index in {folder} already: import into a new folder")
            with transaction(connection):
                _import(connection, source, described)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return described


def _checked(source: Path) -> dict[str, Any]:
    """The manifest of an export whose files are what was written."""
    try:
        described: dict[str, Any] = json.loads((source / "manifest.json").read_text(encoding="utf-8"))
        kind, hashes = described["kind"], described["sha256"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{source} is not an export of an index: it has no readable manifest.json") from error
    if kind != _KIND:
        raise UsageError(f"{source} is an export of the kind {kind!r}, and this Footnote reads {_KIND}")
    for name, digest in hashes:
        path = source / Path(name).name
        if not path.is_file() or _sha256(path) != digest:
            raise IndexDamaged(f"{path} is missing or damaged: export the index again")
    return described


def _import(connection: sqlite3.Connection, source: Path, described: dict[str, Any]) -> None:
    facts = described["index"]
    for file in _lines(source / "files.jsonl"):
        report = report_of(json.dumps(file["report"]))
        row = sealed_file(file["source"], os.fsencode(file["path"]), "", file["sha256"], report)
        connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", row)
    writer = Writer(connection, facts["fingerprint"])
    passages = _lines(source / "passages.jsonl")
    waiting = next(passages, None)
    vectors: dict[bytes, dict[str, Any]] = {}
    sources: dict[str, list[tuple[str, int, str]]] = {}
    for value in _lines(source / "documents.jsonl"):
        document, own = _document(value), []
        while waiting is not None and waiting["document_id"] == document.id:
            own.append(_passage(waiting, document))
            if waiting["vector"]:
                vectors.setdefault(vector_key(facts["fingerprint"], own[-1]), waiting["vector"])
            waiting = next(passages, None)
        number = writer.add_document(document, own)
        for place, of, collection in value["sources"]:
            sources.setdefault(of, []).append((place, number, collection))
    for name, found in sources.items():
        writer.set_sources(name, found)
    writer.finish()
    rows = _import_vectors(connection, source, vectors)
    generation = raise_generation(connection, **counts(connection), **facts)
    update_matrix(connection, generation, facts["dim"], rows)


def _import_vectors(
    connection: sqlite3.Connection, source: Path, wanted: dict[bytes, dict[str, Any]]
) -> dict[int, bytes]:
    """Record the vectors of an export; returns the packed passage rows by number."""
    if not wanted:
        return {}
    own = np.load(source / "vectors.npy", mmap_mode="r", allow_pickle=False)
    inner = np.load(source / "sentences.npy", mmap_mode="r", allow_pickle=False)
    rows: dict[int, bytes] = {}
    for key, place in wanted.items():
        first, end = place["sentences"]
        entry = (key, pack(own[place["row"]][None, :]), pack(inner[first:end]))
        rows |= insert_vectors(connection, [entry])
    return rows


def _document(value: dict[str, Any]) -> Document:
    document = Document(
        source=value["sources"][0][0],
        text=value["text"],
        title=value["title"],
        collection=value["sources"][0][2],
        page_starts=tuple(value["page_starts"]),
        page_labels=tuple(value["page_labels"]),
        headings=tuple(Heading(*heading) for heading in value["headings"]),
        blocks=tuple(Span(*block) for block in value["blocks"]),
        metadata=value["metadata"],
    )
    if document.id != value["id"]:
        raise IndexDamaged(f"document {value['id']} of the export is not what its id says")
    return document


def _passage(value: dict[str, Any], document: Document) -> Passage:
    facts = {name: value[name] for name in value if name not in ("vector", "sentences")}
    passage = Passage(**facts, sentences=tuple(Span(*span) for span in value["sentences"]))
    if passage.text != document.text[passage.start : passage.end]:
        raise IndexDamaged(f"passage {passage.id} of the export is not in its document")
    return passage


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="ascii") as file:
        for line in file:
            yield json.loads(line)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
