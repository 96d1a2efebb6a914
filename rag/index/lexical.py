"""Full text: for each term the passages that hold it, ranked by BM25.

Passages are numbered, and 4096 consecutive numbers are a block. A row of ``postings`` lists, for one term and
one block, the places of its passages and how often each has the term; ``lengths`` holds how many terms each
passage of a block has. A change rewrites the rows it concerns and no others, so that adding or removing a
document costs what the document costs, and a removed word is gone with its row. FTS5, which this replaced,
keeps removed words until all of its segments are merged, and took 34 ms for a query over 100,000 passages.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import IndexDamaged
from rag.index.record import checksum, verify

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PostingsWriter", "count_passages", "passages_with_all", "search_terms"]

BLOCK = 4096
_ENTRY = np.dtype([("place", "<u2"), ("count", "u1")])
# BM25 as Robertson and Zaragoza (2009) give it, with the idf of Lucene, which is never negative
_K1, _B = 1.2, 0.75
_COMPOUND = np.float32(0.6)  # occurrences of a word that are one of a compound with it
# (passage, term) pairs that are held in memory before they are written, some 50 MB: rows are written in the order of
# their keys, and the more at once, the less often the same pages of the database
_HELD = 2_000_000
_COUNTS = [count.to_bytes(1, "little") for count in range(256)]


@dataclass(slots=True)
class _Changes:
    """What changes in a block: for each term its entries in the order they came; the last one of a place counts,
    and a count of 0 removes. ``unordered``: terms whose entries are not all of one place each, upwards, to be kept."""

    terms: defaultdict[str, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    lengths: dict[int, int] = field(default_factory=dict)
    last: int = -1
    unordered: set[str] = field(default_factory=set)


class PostingsWriter:
    """Changes to the full text, gathered and written inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._blocks: dict[int, _Changes] = {}
        self._n_held = 0

    def add(self, number: int, terms: Iterable[str] | Counter[str]) -> None:
        """Passage ``number`` has these terms, with repeats or counted."""
        counts = terms if isinstance(terms, Counter) else Counter(terms)
        self._change(number, counts, counts.total())

    def remove(self, number: int, terms: Iterable[str]) -> None:
        """Passage ``number`` goes; ``terms`` are those it was added with."""
        self._change(number, dict.fromkeys(terms, 0), 0)

    def _change(self, number: int, counts: Mapping[str, int], length: int) -> None:
        block, place = divmod(number, BLOCK)
        changes = self._blocks.setdefault(block, _Changes())
        if place <= changes.last or (counts and not length):
            changes.unordered.update(counts)
        changes.last = max(changes.last, place)
        changes.lengths[place] = min(length, 65535)
        entries, here = changes.terms, place.to_bytes(2, "little")
        for term, count in counts.items():
            entries[term] += here + (_COUNTS[count] if count < 256 else _COUNTS[255])
        self._n_held += len(counts)
        if self._n_held >= _HELD:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        known = {block for block in self._blocks if self._write_lengths(block, self._blocks[block].lengths)}
        keys = sorted((term, block) for block, changes in self._blocks.items() for term in changes.terms)
        empty: list[tuple[str, int]] = []
        self._connection.executemany(
            "INSERT OR REPLACE INTO postings VALUES (?, ?, ?, ?)", self._rows(keys, known, empty)
        )
        self._connection.executemany("DELETE FROM postings WHERE term = ? AND block = ?", empty)
        self._blocks, self._n_held = {}, 0

    def _rows(
        self, keys: Iterable[tuple[str, int]], known: set[int], empty: list[tuple[str, int]]
    ) -> Iterator[tuple[str, int, bytes, int]]:
        """The rows of ``postings`` as they are to be; ``empty`` gets the keys of those that are to go. Only the
        blocks ``known`` can have rows already."""
        for term, block in keys:
            changes = self._blocks[block]
            data = bytes(changes.terms[term])
            row = self._row(term, block) if block in known else b""
            if term in changes.unordered or (row and _last_place(row) >= int.from_bytes(data[:2], "little")):
                data = _merged(row + data)
            else:
                data = row + data
            if data:
                yield term, block, data, checksum("postings", term, block, data)
            elif row:
                empty.append((term, block))

    def _row(self, term: str, block: int) -> bytes:
        query = "SELECT data, crc FROM postings WHERE term = ? AND block = ?"
        row = self._connection.execute(query, (term, block)).fetchone()
        if row is None:
            return b""
        verify(row[1], "postings", "the full text", term, block, row[0])
        return bytes(row[0])

    def _write_lengths(self, block: int, change: Mapping[int, int]) -> bool:
        """Write the lengths of a block; True when there were some."""
        row = self._connection.execute("SELECT data, crc FROM lengths WHERE block = ?", (block,)).fetchone()
        if row:
            verify(row[1], "lengths", "the full text", block, row[0])
        lengths = np.frombuffer(row[0], "<u2").copy() if row else np.zeros(BLOCK, "<u2")
        lengths[list(change)] = list(change.values())
        data = lengths.tobytes()
        if lengths.any():
            self._connection.execute(
                "INSERT OR REPLACE INTO lengths VALUES (?, ?, ?)", (block, data, checksum("lengths", block, data))
            )
        else:
            self._connection.execute("DELETE FROM lengths WHERE block = ?", (block,))
        return row is not None


def _last_place(row: bytes) -> int:
    return int.from_bytes(row[-_ENTRY.itemsize : -1], "little")  # what follows the place is the count


def _merged(data: bytes) -> bytes:
    """Entries in the order of their places; of several with one place the last, unless it removes."""
    entries = np.frombuffer(data, _ENTRY)
    order = np.argsort(entries["place"], kind="stable")
    places = entries["place"][order]
    is_last = np.append(places[1:] != places[:-1], True)
    kept = entries[order[is_last]]
    return bytes(kept[kept["count"] > 0].tobytes())


def search_terms(
    connection: sqlite3.Connection,
    weights: Mapping[str, float],
    k: int,
    among: NDArray[np.int64] | None = None,
    compounds: Mapping[str, Sequence[str]] | None = None,
) -> list[tuple[int, float]]:
    """The ``k`` passages with the highest BM25 score: ``(number, score)``, best first, ties by number.

    ``weights`` are the terms of the query, each with a factor for its score; ``among`` are the numbers to
    choose from; ``compounds`` are terms that count as occurrences of one of the query's, though less.
    """
    blocks, lengths = _lengths(connection)
    n_passages = int(np.count_nonzero(lengths))
    if not n_passages:
        return []
    norms = (_K1 * (1 - _B + _B * lengths / lengths.sum() * n_passages)).astype(np.float32)
    scores = np.zeros(len(lengths), dtype=np.float32)
    for term, weight in weights.items():
        places, counts = _postings(connection, term, blocks)
        if compounds and term in compounds:
            others = [_postings(connection, other, blocks) for other in compounds[term]]
            places, counts = _pooled((places, counts), others)
        if len(places):
            idf = np.log(1 + (n_passages - len(places) + 0.5) / (len(places) + 0.5))
            scores[places] += np.float32(weight * idf * (_K1 + 1)) * counts / (counts + norms[places])
    numbers = (np.asarray(blocks, dtype=np.int64)[:, None] * BLOCK + np.arange(BLOCK)).ravel()
    if among is not None:
        scores[~np.isin(numbers, among)] = 0
    return _best(numbers, scores, k)


def count_passages(connection: sqlite3.Connection, terms: Sequence[str]) -> dict[str, int]:
    """In how many passages each term occurs."""
    rows = connection.execute(
        "SELECT term, sum(length(data)) FROM postings WHERE term IN (SELECT value FROM json_each(?)) GROUP BY term",
        (json.dumps(list(terms)),),
    )
    found = dict(rows)
    return {term: found.get(term, 0) // _ENTRY.itemsize for term in terms}


def passages_with_all(connection: sqlite3.Connection, terms: Sequence[str]) -> list[int]:
    """The numbers of the passages that hold every one of the terms, sorted."""
    blocks, lengths = _lengths(connection)
    held = np.full(len(lengths), bool(terms))
    for term in terms:
        here = np.zeros(len(lengths), dtype=bool)
        here[_postings(connection, term, blocks)[0]] = True
        held &= here
    numbers = (np.asarray(blocks, dtype=np.int64)[:, None] * BLOCK + np.arange(BLOCK)).ravel()
    return [int(number) for number in numbers[held]]


def _lengths(connection: sqlite3.Connection) -> tuple[list[int], NDArray[np.uint16]]:
    """The blocks in order, and the lengths of their passages one after the other; 0 where there is none."""
    rows = connection.execute("SELECT block, data, crc FROM lengths ORDER BY block").fetchall()
    for block, data, crc in rows:
        verify(crc, "lengths", "the full text", block, data)
    return [row[0] for row in rows], np.frombuffer(b"".join(row[1] for row in rows), "<u2")


def _postings(
    connection: sqlite3.Connection, term: str, blocks: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Where a term occurs, as positions in the lengths of all blocks, and how often."""
    rows = connection.execute("SELECT block, data, crc FROM postings WHERE term = ?", (term,)).fetchall()
    for block, data, crc in rows:
        verify(crc, "postings", "the full text", term, block, data)
    if not {row[0] for row in rows}.issubset(blocks):
        raise IndexDamaged("the full text in the index is damaged: rag doctor repairs what can be repaired")
    entries = np.frombuffer(b"".join(row[1] for row in rows), _ENTRY)
    at = np.searchsorted(blocks, [row[0] for row in rows]) * BLOCK
    starts = np.repeat(at, [len(row[1]) // _ENTRY.itemsize for row in rows])
    return starts + entries["place"], entries["count"].astype(np.float32)


def _pooled(
    own: tuple[NDArray[np.int64], NDArray[np.float32]], others: Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Occurrences of a term and of its compounds as those of one term."""
    counted = [own, *((places, _COMPOUND * counts) for places, counts in others)]
    places, which = np.unique(np.concatenate([places for places, _ in counted]), return_inverse=True)
    return places, np.bincount(which, np.concatenate([counts for _, counts in counted])).astype(np.float32)


def _best(numbers: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    found = np.flatnonzero(scores)
    if len(found) > k:
        least = np.partition(scores[found], len(found) - k)[len(found) - k]
        found = found[scores[found] >= least]
    order = found[np.lexsort((numbers[found], -scores[found]))][:k]
    return [(int(numbers[i]), float(scores[i])) for i in order]
