"""Bringing an index up to date: what is read and embedded, what is refused, and that the way there leaves no trace."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from indexing import CORPUS, QUERIES, PlainReader, build_plainly, found, state, write

from rag import documents
from rag.errors import IndexBusy, IndexDamaged, UsageError
from rag.index import Index
from rag.index.doctor import examine
from rag.index.lock import writer_lock
from rag.index.record import database

pytestmark = pytest.mark.usefixtures("plain_reader")


def test_a_build_reports_every_file_and_embeds_every_passage(corpus: Path, folder: Path) -> None:
    write(corpus, {"empty.txt": "", "odd.xyz": "\0\1\2"})
    report = build_plainly(folder, corpus)
    status = {file.source: file.status for file in report.files}
    assert status["port/crane.txt"] == "indexed" and status["empty.txt"] == "skipped"
    assert all(file.reason for file in report.files if file.status == "skipped")
    with Index(folder).snapshot() as snapshot:
        assert (snapshot.n_documents, snapshot.n_embedded) == (3, snapshot.n_passages)
        assert snapshot.status().complete
        for number in range(1, snapshot.n_passages + 1):
            passage = snapshot.passages([number])[number]
            document = snapshot.document(passage.document_id)
            assert document is not None and document.text[passage.start : passage.end] == passage.text
        assert snapshot.path_of(passage.document_id) is not None
        assert snapshot.collections() == ["port"]


def test_unchanged_files_are_not_read_and_no_new_state_is_made(corpus: Path, folder: Path) -> None:
    first = build_plainly(folder, corpus)
    os.utime(corpus / "notes.txt")  # another time, the same words
    PlainReader.n_read = 0
    again = build_plainly(folder)
    assert PlainReader.n_read == 0
    assert {file.status for file in again.files} == {"unchanged"}
    third = build_plainly(folder)
    assert third.generation == build_plainly(folder).generation >= first.generation
    assert (again.n_embedded, again.n_reused) == (0, first.n_embedded)


def test_a_change_is_seen_though_size_and_time_are_as_before(corpus: Path, folder: Path) -> None:
    path = corpus / "port" / "crane.txt"
    old = time.time() - 1000
    os.utime(path, (old, old))
    build_plainly(folder, corpus)
    path.write_text(path.read_text().replace("March", "April"))
    os.utime(path, (old, old))
    build_plainly(folder)
    assert found(folder, "april") == ["port/crane.txt"] and found(folder, "march") == []


def test_a_file_that_changes_while_it_is_read_is_read_again(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = corpus / "notes.txt"
    read = documents.read

    def read_and_change(file: Any, **chosen: Any) -> Any:
        result = read(file, **chosen)
        if file.path == path:
            path.write_text(path.read_text().replace("Fog", "Ice"))
        return result

    monkeypatch.setattr(documents, "read", read_and_change)
    build_plainly(folder, corpus)
    monkeypatch.setattr(documents, "read", read)
    build_plainly(folder)
    assert found(folder, "ice") == ["notes.txt"] and found(folder, "fog") == []


def test_a_renamed_file_is_found_by_its_new_name_and_embedded_never_again(corpus: Path, folder: Path) -> None:
    build_plainly(folder, corpus)
    assert found(folder, "note") == ["notes.txt"]
    (corpus / "notes.txt").rename(corpus / "diary.txt")
    report = build_plainly(folder)
    assert report.n_embedded == 0
    assert found(folder, "note") == [] and found(folder, "diari") == ["diary.txt"]


def test_one_line_of_thousands_changes(corpus: Path, folder: Path) -> None:
    lines = [{"id": f"r{n}", "text": f"Record {n} tells of thing {n * 7919 % 1009}."} for n in range(400)]
    path = corpus / "many.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    assert build_plainly(folder, corpus).n_embedded > 400
    lines[123]["text"] = "Record 123 tells of a whale."
    path.write_text("\n".join(map(json.dumps, lines)))
    assert build_plainly(folder).n_embedded == 1
    assert found(folder, "whale") == ["many.jsonl#r123"]


def test_the_same_text_under_two_names_is_kept_once_and_survives_one_of_them(corpus: Path, folder: Path) -> None:
    write(corpus, {"copy/crane.txt": CORPUS["port/crane.txt"]})
    report = build_plainly(folder, corpus)
    assert report.n_documents == 3
    (corpus / "port" / "crane.txt").unlink()
    build_plainly(folder)
    assert found(folder, "crane") == ["copy/crane.txt"]


def test_two_roots_of_the_same_name(tmp_path: Path, folder: Path) -> None:
    one = write(tmp_path / "x" / "docs", {"a.txt": "The lion sleeps."})
    two = write(tmp_path / "y" / "docs", {"a.txt": "The tiger wakes."})
    build_plainly(folder, one, two)
    assert len(set(found(folder, "lion") + found(folder, "tiger"))) == 2
    report = build_plainly(folder, two)
    assert found(folder, "lion") == [] and found(folder, "tiger") == ["a.txt"]
    assert report.n_embedded == 0


def test_an_index_inside_its_corpus_is_not_part_of_it(corpus: Path) -> None:
    report = build_plainly(corpus / "index", corpus)
    assert all(not file.source.startswith("index") for file in report.files)
    again = build_plainly(corpus / "index", corpus)
    assert {file.status for file in again.files} == {"unchanged"}


def test_another_reader_reads_again_and_embeds_nothing(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plainly(folder, corpus)
    PlainReader.n_read = 0
    monkeypatch.setattr(documents, "FINGERPRINT", "documents-99")
    report = build_plainly(folder)
    assert PlainReader.n_read == 3 and report.n_embedded == 0


def test_another_way_to_find_terms_makes_the_full_text_anew(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plainly(folder, corpus)
    monkeypatch.setattr("rag.index.changes.TERMS", "terms-99")
    monkeypatch.setattr("rag.index.termcounts.index_terms", lambda text: [word[::-1] for word in text.lower().split()])
    report = build_plainly(folder)
    assert report.n_embedded == 0 and "terms" in " ".join(report.notes)
    assert found(folder, "enarc") == ["port/crane.txt"] and found(folder, "crane") == []


def test_another_size_of_passages_gives_what_a_new_index_has(corpus: Path, folder: Path, tmp_path: Path) -> None:
    write(corpus, {"long.txt": " ".join(f"Sentence {n} is about item {n % 17}." for n in range(80))})
    build_plainly(folder, corpus, passage_tokens=40)
    report = build_plainly(folder, passage_tokens=80)
    assert any("cut anew" in note for note in report.notes)
    build_plainly(tmp_path / "new", corpus, passage_tokens=80)
    assert state(folder, QUERIES) == state(tmp_path / "new", QUERIES)


def test_a_record_that_cannot_be_read_is_replaced_by_a_rebuild(corpus: Path, folder: Path) -> None:
    build_plainly(folder, corpus)
    before = state(folder, QUERIES)
    data = bytearray(database(folder).read_bytes())
    for at in range(5000, len(data), 997):
        data[at] ^= 0x55
    database(folder).write_bytes(data)
    with pytest.raises(IndexDamaged):
        build_plainly(folder, corpus)
    build_plainly(folder, corpus, rebuild=True)
    assert state(folder, QUERIES) == before


def test_what_cannot_be_meant_is_refused_and_changes_nothing(corpus: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()
    for roots, message in (([], "no index"), ([tmp_path / "void"], "no documents"), ([tmp_path / "gone"], "no file")):
        with pytest.raises(UsageError, match=message):
            build_plainly(folder, *roots)
        assert not folder.exists()
    build_plainly(folder, corpus)
    with pytest.raises(UsageError, match="keeps what it had"):
        build_plainly(folder, tmp_path / "void")
    assert found(folder, "crane")


def test_a_folder_that_turns_out_empty_is_refused_until_that_is_meant(
    corpus: Path, folder: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "other", {"owl.txt": "Owls sleep by day."})
    build_plainly(folder, corpus, other)
    before = state(folder, QUERIES)
    away = other.rename(tmp_path / "unplugged")
    other.mkdir()
    for roots in ([], [corpus, other]):
        with pytest.raises(UsageError, match=r"no document in \S+other any more; the index keeps the 1 it has"):
            build_plainly(folder, *roots)
        assert state(folder, QUERIES) == before
    write(other, {"owl.txt": ""})
    with pytest.raises(UsageError, match=r"owl\.txt: is empty.*--allow-empty"):
        build_plainly(folder, rebuild=True)
    assert state(folder, QUERIES) == before
    shutil.rmtree(other)
    away.rename(other)
    assert all(file.status == "unchanged" for file in build_plainly(folder).files)
    for path in [*other.iterdir(), *corpus.rglob("*.*")]:
        path.unlink()
    report = build_plainly(folder, allow_empty=True)
    assert (report.n_documents, report.n_passages) == (0, 0)
    assert found(folder, "crane") == [] and b"sleep by day" not in database(folder).read_bytes()


def test_the_second_builder_is_told_who_builds(corpus: Path, folder: Path) -> None:
    with writer_lock(folder), pytest.raises(IndexBusy, match=rf"by process {os.getpid()} since \d\d:\d\d:\d\d"):
        build_plainly(folder, corpus)
    build_plainly(folder, corpus)


# -- any history ---------------------------------------------------------------------------------------------

NAMES = ["a.txt", "b.md", "x/c.txt", "x/d.jsonl", "y/e.txt"]
TEXTS = [
    "The gate opens at six.\n\nThe tower is tall and white.",
    "The tower is tall and white.",
    "# Fees\n\nA night costs 32 euros.\n\n# Rules\n\nNo dogs on the quay, no fires on the beach.",
    "Café Müller öffnet um 9 Uhr. 东京的塔很高。",
    "One word",
    " ".join(f"Line {n} of a longer text names the number {n * n}." for n in range(25)),
]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(NAMES), st.sampled_from(TEXTS)),
        st.tuples(st.just("remove"), st.sampled_from(NAMES), st.none()),
        st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("size"), st.sampled_from([40, 64]), st.none()),
        st.tuples(st.just("build"), st.none(), st.none()),
    ),
    min_size=3,
    max_size=14,
)


def contents(name: str, text: str) -> str:
    lines = [{"id": str(n), "text": line} for n, line in enumerate(text.split("\n\n"))]
    return "\n".join(map(json.dumps, lines)) if name.endswith(".jsonl") else text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_history_ends_where_a_build_from_scratch_does(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any, Any]]
) -> None:
    base = tmp_path_factory.mktemp("history")
    corpus, size = write(base / "corpus", {"keep.txt": "This file stays. It has two sentences."}), 40
    for kind, one, other in [*steps, ("build", None, None)]:
        path = corpus / str(one)
        if kind == "write":
            write(corpus, {one: contents(one, other)})
        elif kind == "remove":
            path.unlink(missing_ok=True)
        elif kind == "rename" and path.exists() and path.suffix == Path(other).suffix:
            (corpus / other).parent.mkdir(exist_ok=True)
            path.rename(corpus / other)
        elif kind == "size":
            size = one
        elif kind == "build":
            build_plainly(base / "index", corpus, passage_tokens=size)
    build_plainly(base / "scratch", corpus, passage_tokens=size)
    queries = ["tall tower", "keep", "32 euros quay", "塔", "number 144"]
    assert state(base / "index", queries) == state(base / "scratch", queries)
    assert examine(base / "index") == []
    shutil.rmtree(base)
