"""The index as a store: full text and vectors by value, snapshots, formats."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indexing import build_plainly, state, write

from rag.errors import EmbedderError, IndexDamaged, IndexMismatch, IndexMissing
from rag.index import Index
from rag.index.approximate import save_approximate
from rag.index.bm25 import read_lengths, search_terms
from rag.index.changes import raise_generation
from rag.index.dense import Dense
from rag.index.doctor import examine
from rag.index.embedding import insert_vectors
from rag.index.lexical import PostingsWriter
from rag.index.matrix import update_matrix
from rag.index.packing import pack, unpack
from rag.index.record import connect, create, database, make_tables, manifest, set_manifest, transaction
from rag.index.termcounts import count_terms

KEPT = Path(__file__).parent / "data" / "index-1"


pytestmark = pytest.mark.usefixtures("plain_reader")


def memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    make_tables(connection)
    return connection


# -- full text -----------------------------------------------------------------------------------------------


def bm25(texts: dict[int, list[str]], query: list[str]) -> dict[int, float]:
    """Written down from the formula, without arrays."""
    mean = sum(map(len, texts.values())) / len(texts)
    scores = dict.fromkeys(texts, 0.0)
    for term in query:
        df = sum(term in text for text in texts.values())
        idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        for number, text in texts.items():
            tf = Counter(text)[term]
            scores[number] += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(text) / mean))
    return {number: score for number, score in scores.items() if score}


WORDS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12)
NUMBERS = st.sampled_from([1, 2, 3, 4095, 4096, 4097, 8191, 8192, 40000])


def searched(connection: sqlite3.Connection, *arguments: Any) -> list[tuple[int, float]]:
    return search_terms(connection, read_lengths(connection), *arguments)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, st.none() | WORDS), max_size=25), WORDS)
def test_bm25_by_value_whatever_was_added_and_removed(history: list, query: list[str]) -> None:
    connection = memory()
    writer = PostingsWriter(connection)
    live: dict[int, list[str]] = {}
    for step, (number, words) in enumerate(history):
        if number in live:
            writer.remove(number, list(set(live.pop(number))))
        if words:
            writer.add(number, count_terms([words]))
            live[number] = words
        if step % 3 == 0:
            writer.flush()
    writer.flush()
    terms = dict.fromkeys(query, 1.0)
    found = searched(connection, terms, 100)
    for k in (1, 2, 5):  # what cannot be among the best need not be looked at
        assert searched(connection, terms, k) == found[:k]
        assert (
            searched(connection, terms, k, np.array([1, 2, 4096]))
            == [pair for pair in found if pair[0] in (1, 2, 4096)][:k]
        )
    assert dict(found) == pytest.approx(bm25(live, list(terms)) if live else {}, rel=1e-5)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    if not live:
        assert not connection.execute("SELECT 1 FROM postings UNION ALL SELECT 1 FROM lengths").fetchone()


def test_a_search_is_cut_at_k_with_ties_by_number_and_keeps_to_its_choice() -> None:
    connection = memory()
    writer = PostingsWriter(connection)
    writer.add(1, count_terms([["same"]] * 49 + [["same", "rare"]]))
    writer.flush()
    assert [number for number, _ in searched(connection, {"same": 1.0}, 3)] == [1, 2, 3]
    assert [n for n, _ in searched(connection, {"same": 1.0, "rare": 1.0}, 2)] == [50, 1]
    assert [n for n, _ in searched(connection, {"same": 1.0}, 9, np.array([7, 9, 99]))] == [7, 9]
    [(_, single)] = searched(connection, {"rare": 1.0}, 1)
    [(_, double)] = searched(connection, {"rare": 2.0}, 1)
    assert double == pytest.approx(2 * single)
    assert searched(connection, {"absent": 1.0}, 5) == []


# -- vectors -------------------------------------------------------------------------------------------------


def unit(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_packing_moves_a_cosine_in_the_fourth_decimal_at_most() -> None:
    rows = unit(500, 384)
    packed = unpack(pack(rows), 384)
    assert len(pack(rows)) == 500 * 388
    cosines = (packed * rows).sum(axis=1) / np.linalg.norm(packed, axis=1)
    assert cosines.min() > 0.9999
    query = unit(1, 384, seed=9)[0]
    assert np.abs(packed @ query - rows @ query).max() < 0.002
    assert unpack(pack(packed), 384) == pytest.approx(packed, abs=1e-7), "an export that comes back loses nothing"


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, 3.0])
def test_what_is_not_a_unit_vector_is_refused(bad: float) -> None:
    rows = unit(3, 8)
    rows[1] = bad
    with pytest.raises(EmbedderError, match="not unit vectors"):
        pack(rows)


def fill(folder: Path, rows: np.ndarray) -> None:
    """Vectors alone: passages are not looked at by the dense leg."""
    create(folder)
    with connect(folder, write=True) as connection, transaction(connection):
        set_manifest(connection, dim=rows.shape[1], fingerprint="f")
        add(connection, rows)


def add(connection: sqlite3.Connection, rows: np.ndarray) -> None:
    (n,) = connection.execute("SELECT coalesce(max(number), 0) FROM vectors").fetchone()
    entries = [((n + i).to_bytes(16, "big"), pack(row[None]), b"") for i, row in enumerate(rows)]
    added = insert_vectors(connection, entries)
    update_matrix(connection, raise_generation(connection), rows.shape[1], added)


def exact(rows: np.ndarray, query: np.ndarray, k: int) -> list[int]:
    return (np.argsort(-(unpack(pack(rows), rows.shape[1]) @ query), kind="stable")[:k] + 1).tolist()


def search(dense: Dense, folder: Path, query: np.ndarray, k: int, among: np.ndarray | None = None) -> list[int]:
    with connect(folder) as connection:
        connection.execute("BEGIN")
        return [number for number, _ in dense.search(connection, manifest(connection), query, k, among)]


def test_dense_search_is_exact_over_many_blocks_and_by_choice(tmp_path: Path) -> None:
    rows = unit(5000, 32)
    fill(tmp_path, rows)
    dense = Dense(tmp_path)
    for seed in range(5):
        query = unit(1, 32, seed=100 + seed)[0]
        assert search(dense, tmp_path, query, 20) == exact(rows, query, 20)
        among = np.arange(3, 5001, 7)
        wanted = [n for n in exact(rows, query, 5000) if (n - 3) % 7 == 0][:20]
        assert search(dense, tmp_path, query, 20, among) == wanted
    assert sorted(search(dense, tmp_path, query, 9999)) == list(range(1, 5001))
    for bad in (np.full(32, np.nan, np.float32), unit(1, 31)[0]):
        with pytest.raises(ValueError, match="32 finite numbers"):
            search(dense, tmp_path, bad, 3)


def test_dense_search_is_exact_among_vectors_that_eight_bits_cannot_tell_apart(tmp_path: Path) -> None:
    rows = unit(1, 32) + 0.002 * unit(3000, 32, seed=5)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[:3] = -np.eye(3, 32, dtype=np.float32)  # one number that is large makes the steps of all of them so
    fill(tmp_path, rows)
    for seed in range(5):
        query = rows[10] + 0.1 * unit(1, 32, seed=seed)[0]
        query /= np.linalg.norm(query)
        assert search(Dense(tmp_path), tmp_path, query, 20) == exact(rows, query, 20)


def test_two_states_at_once_are_each_searched_exactly(tmp_path: Path) -> None:
    rows = unit(2500, 16)
    fill(tmp_path, rows)
    dense, query = Dense(tmp_path), rows[42]
    with connect(tmp_path) as old, connect(tmp_path, write=True) as writer:
        old.execute("BEGIN")
        before = manifest(old)
        with transaction(writer):
            writer.execute("DELETE FROM vectors WHERE number = 43")
            update_matrix(writer, raise_generation(writer), 16, removed=[43])
            add(writer, query[None])
        for _ in range(2):
            assert dense.search(old, before, query, 1)[0][0] == 43
            assert search(dense, tmp_path, query, 1) == [2501]
        with transaction(writer):
            add(writer, rows[:1])  # of two blocks one stays as it is
        assert search(dense, tmp_path, rows[0], 2) == [1, 2502]
        assert search(dense, tmp_path, rows[7], 3) == exact(np.concatenate([rows, rows[42:43]]), rows[7], 3)


def clustered(n: int, dim: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((n // 50, dim))
    rows = (centres[rng.integers(len(centres), size=n)] + 0.7 * rng.standard_normal((n, dim))).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_approximate_index_finds_what_the_exact_one_does(tmp_path: Path) -> None:
    rows = clustered(16_000, 48)
    fill(tmp_path, rows)
    with connect(tmp_path, write=True) as connection:
        assert save_approximate(tmp_path, connection, flat_up_to=10_000)
        assert not save_approximate(tmp_path, connection, flat_up_to=10_000)
    dense = Dense(tmp_path)
    queries = clustered(100, 48, seed=3)[:100]
    recall = [len(set(search(dense, tmp_path, q, 100)[:10]) & set(exact(rows, q, 10))) / 10 for q in queries]
    assert dense._approximate is not None and dense._approximate.faiss is not None
    assert dense._flat is not None and list(dense._flat.versions) == [7], "only the newest block was loaded for it"
    assert np.mean(recall) >= 0.99
    among = np.arange(1, 16_001, 40)
    found = [search(dense, tmp_path, q, 10, among) for q in queries[:20]]
    wanted = [[n for n in exact(rows, q, 16_000) if n % 40 == 1][:10] for q in queries[:20]]
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, wanted, strict=True)]) >= 0.99

    with connect(tmp_path, write=True) as connection, transaction(connection):
        add(connection, unit(5, 48, seed=77))
    newest = unit(5, 48, seed=77)[2]
    assert search(dense, tmp_path, newest, 1) == [16_003]
    assert dense._flat is not None and list(dense._flat.versions) == [7], "only the block that changed was loaded"


def test_an_approximate_index_forgets_what_was_removed_and_may_be_damaged(tmp_path: Path) -> None:
    rows = clustered(7_000, 24)
    fill(tmp_path, rows)
    with connect(tmp_path, write=True) as connection:
        save_approximate(tmp_path, connection, flat_up_to=5_000)
        for number in (6_500, 100):
            with transaction(connection):
                connection.execute("DELETE FROM vectors WHERE number = ?", (number,))
                update_matrix(connection, raise_generation(connection, unswept=True), 24, removed=[number])
            assert search(Dense(tmp_path), tmp_path, rows[number - 1], 1) != [number]
            if number == 6_500:  # of the newest block, which is in no file
                assert not save_approximate(tmp_path, connection, flat_up_to=5_000)
        assert save_approximate(tmp_path, connection, flat_up_to=5_000)
        [path] = tmp_path.glob("vectors-*.faiss")
        index = faiss.deserialize_index(np.frombuffer(path.read_bytes(), np.uint8))
        assert index.ntotal == 6_142
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    wanted = [n for n in exact(rows, rows[7], 12) if n not in (100, 6_500)][:10]
    assert search(Dense(tmp_path), tmp_path, rows[7], 10) == wanted
    assert any("approximate" in finding.what for finding in examine(tmp_path))
    path.unlink()
    assert search(Dense(tmp_path), tmp_path, rows[7], 10) == wanted
    with connect(tmp_path, write=True) as connection:
        save_approximate(tmp_path, connection, flat_up_to=5_000)
        assert list(tmp_path.glob("vectors-*.faiss"))
        save_approximate(tmp_path, connection, flat_up_to=50_000)
        assert not list(tmp_path.glob("vectors-*.faiss")) and manifest(connection)["approximate"] is None


# -- snapshots and formats -----------------------------------------------------------------------------------


def test_a_snapshot_stands_still_while_a_build_goes_on(tmp_path: Path) -> None:
    corpus = write(tmp_path / "c", {"a.txt": "The old gate is green.", "b.txt": "The tower has nine floors."})
    build_plainly(tmp_path / "i", corpus)
    index = Index(tmp_path / "i")
    with index.snapshot() as before:
        [(number, _)] = before.lexical(["green"], 5)
        write(corpus, {"a.txt": "The new gate is red."})
        build_plainly(tmp_path / "i", corpus)
        assert before.passages([number])[number].text == "The old gate is green."
        assert before.lexical(["red"], 5) == []
        with index.snapshot() as after:
            assert after.lexical(["green"], 5) == []
            assert after.generation > before.generation
            assert after.document(before.passages([number])[number].document_id) is None


def test_a_connection_that_waits_holds_neither_a_state_nor_removed_words(tmp_path: Path) -> None:
    corpus = write(tmp_path / "c", {"a.txt": "The old gate is green.", "b.txt": "The tower has nine floors."})
    build_plainly(tmp_path / "i", corpus)
    index = Index(tmp_path / "i")
    with index.snapshot() as before:
        first, _ = before._connection, before.lexical(["green"], 5)
    (corpus / "a.txt").unlink()
    assert not build_plainly(tmp_path / "i", corpus).notes
    assert not any(b"green" in file.read_bytes() for file in (tmp_path / "i").iterdir())
    with index.snapshot() as after, index.snapshot() as beside:
        assert after._connection is first and beside._connection is not first
        assert after.lexical(["green"], 5) == beside.lexical(["green"], 5) == [] and after.n_documents == 1
    with pytest.raises(RuntimeError), index.snapshot() as broken:
        first = broken._connection
        raise RuntimeError
    with index.snapshot() as again:
        assert again._connection is not first, "whoever failed on it may have left something open"
    index.close()
    with index.snapshot() as opened:
        assert opened.n_documents == 1


def test_another_index_in_the_place_of_one_is_seen(tmp_path: Path) -> None:
    build_plainly(tmp_path / "i", write(tmp_path / "c", {"a.txt": "The old gate is green."}))
    build_plainly(tmp_path / "j", write(tmp_path / "d", {"a.txt": "Red.", "b.txt": "Blue."}))
    index = Index(tmp_path / "i")
    with index.snapshot() as snapshot:
        assert snapshot.n_documents == 1
    shutil.rmtree(tmp_path / "i")
    with pytest.raises(IndexMissing), index.snapshot():
        pass
    shutil.copytree(tmp_path / "j", tmp_path / "i")
    with index.snapshot() as snapshot:
        assert snapshot.n_documents == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_opens_connections_of_its_own(tmp_path: Path) -> None:
    build_plainly(tmp_path / "i", write(tmp_path / "c", {"a.txt": "The old gate is green."}))
    index = Index(tmp_path / "i")
    with index.snapshot() as snapshot:
        first = snapshot._connection
    child = os.fork()
    if not child:
        with index.snapshot() as snapshot:
            os._exit(0 if snapshot.n_documents == 1 and snapshot._connection is not first else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with index.snapshot() as snapshot:
        assert snapshot._connection is first and snapshot.lexical(["green"], 1)


def test_an_index_of_the_first_format_is_brought_up_to_date_with_its_vectors(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    folder.mkdir()
    for file in KEPT.glob("*.*"):
        shutil.copy(file, folder)
    with pytest.raises(IndexMismatch, match=r"older Footnote \(format 1.*rag build"), Index(folder).snapshot():
        pass
    report = build_plainly(folder, KEPT / "corpus", dim=32, passage_tokens=250)
    assert report.n_embedded == 0 and report.n_reused == 4
    assert any("format 1 to format 2" in note for note in report.notes)
    fresh = tmp_path / "fresh"
    build_plainly(fresh, KEPT / "corpus", dim=32, passage_tokens=250)
    queries = ["When does the gate open?", "crane", "ferry Alba"]
    assert state(folder, queries) == state(fresh, queries)
    assert not list(folder.glob("*.faiss"))


def test_a_damaged_index_of_the_first_format_is_not_brought_up_to_date(tmp_path: Path) -> None:
    for file in KEPT.glob("*.*"):
        shutil.copy(file, tmp_path)
    data = database(tmp_path).read_bytes()
    database(tmp_path).write_bytes(data.replace(b"12.5 tonnes", b"99.5 tonnes"))
    with pytest.raises(IndexDamaged):
        build_plainly(tmp_path, KEPT / "corpus", dim=32)


def test_what_is_no_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="there is no index"), Index(tmp_path).snapshot():
        pass
    database(tmp_path).write_bytes(b"")
    with pytest.raises(IndexMissing, match="never finished"), Index(tmp_path).snapshot():
        pass
    database(tmp_path).write_bytes(b"not a database, and long enough to be looked at" * 50)
    with pytest.raises(IndexDamaged), Index(tmp_path).snapshot():
        pass


def test_a_newer_format_is_refused_by_readers_and_builds(tmp_path: Path) -> None:
    corpus = write(tmp_path / "c", {"a.txt": "Words."})
    build_plainly(tmp_path / "i", corpus)
    with connect(tmp_path / "i", write=True) as connection, transaction(connection):
        set_manifest(connection, format=99)
    with pytest.raises(IndexMismatch, match=r"newer Footnote \(format 99"), Index(tmp_path / "i").snapshot():
        pass
    with pytest.raises(IndexMismatch, match="newer Footnote"):
        build_plainly(tmp_path / "i", corpus)
