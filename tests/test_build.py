"""Bringing an index up to date: what is read, what is embedded, and that the way there leaves no trace."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from indexing import PlainReader, build_plainly, parts, results, state, write

from rag import cli, documents
from rag.errors import EmbedderError, IndexBusy, IndexDamaged, IndexMismatch, IndexMissing, UsageError
from rag.index import Index
from rag.index.ahead import Ahead
from rag.index.backup import back_up, restore
from rag.index.doctor import examine, repair
from rag.index.exchange import export_index, import_index
from rag.index.lock import writer_lock
from rag.index.record import database
from rag.index.termcounts import count_terms
from rag.index.terms import FINGERPRINT as TERMS
from rag.index.watch import watch
from rag.testing import HashEmbedder
from rag.types import BuildReport, Span

CORPUS = {
    "port/harbour.md": "# Harbour\n\nThe gate opens at 6:15. Boats longer than 18 metres need a pilot.\n\n"
    "## Fees\n\nA night costs 32 euros. Water is included in the fee.",
    "port/crane.txt": "The crane lifts 12.5 tonnes. It was inspected in March.",
    "notes.txt": "The ferry Alba sails at noon. Fog closed the strait until ten.",
}
QUERIES = ["When does the gate open?", "crane tonnes", "ferry fog", "notes"]


ISOLATED = documents.Reader


@pytest.fixture(autouse=True)
def plain_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "Reader", PlainReader)
    PlainReader.n_read = 0


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write(tmp_path / "corpus", CORPUS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


def found(folder: Path, term: str) -> list[str]:
    with Index(folder).snapshot() as snapshot:
        return sorted(snapshot.passages([n])[n].source for n, _ in snapshot.lexical([term], 50))


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


# -- words first, meaning next -------------------------------------------------------------------------------


class Failing(HashEmbedder):
    """Gives up after some passages, or returns what is no vector."""

    def __init__(self, n_good: int, bad: Any = None) -> None:
        super().__init__(16)
        self.n_good = n_good
        self.bad = bad

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Any]]:
        for i, rows in super().embed_passages(texts, sentences):
            if i >= self.n_good:
                if self.bad is None:
                    raise KeyboardInterrupt
                rows = self.bad(rows)
            yield i, rows


def test_words_can_be_found_before_vectors_are_there_and_the_next_build_goes_on(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.index.embedding._BATCH", 2)
    with pytest.raises(KeyboardInterrupt):
        build_plainly(folder, corpus, parts=parts(embedder=Failing(3)))
    with Index(folder).snapshot() as snapshot:
        assert 0 < snapshot.n_embedded == 2 < snapshot.n_passages
        assert not snapshot.status().complete
        assert {p for _, p in results(snapshot, "crane ferry gate fees")} == {
            snapshot.passages([n])[n].id for n in range(1, snapshot.n_passages + 1)
        }
    report = build_plainly(folder)
    assert report.n_reused == 2 and report.n_embedded == report.n_passages - 2
    assert not (folder / "builder.json").exists()


def test_the_first_build_shows_what_it_has_read_so_far_and_later_ones_do_not(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.index.changes._STEP_SECONDS", 0.0)
    seen: list[tuple[int, bool]] = []
    read = documents.read

    def read_and_look(file: Any, **chosen: Any) -> Any:
        try:
            with Index(folder).snapshot() as snapshot:
                seen.append((snapshot.n_documents, snapshot.status().complete))
        except IndexMissing:
            seen.append((0, False))
        return read(file, **chosen)

    monkeypatch.setattr(documents, "read", read_and_look)
    build_plainly(folder, corpus)
    assert [n for n, _ in seen] == [0, 1, 2] and not any(complete for _, complete in seen[1:])
    seen.clear()
    write(corpus, {name: "Changed. " + text for name, text in CORPUS.items()})
    build_plainly(folder)
    assert {n for n, _ in seen} == {3}


def test_passages_cut_where_they_were_read_are_those_that_the_builder_cuts(
    corpus: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [
        "A line\0with a NUL. And half a pair: \ud800.",
        "* * *",
        "Café Müller öffnet um 9 Uhr. 东京的塔很高。",
        "Word " * 400,
    ]
    write(corpus, {"odd.jsonl": "\n".join(json.dumps({"id": n, "text": text}) for n, text in enumerate(odd))})
    single = corpus / "odd.jsonl"
    build_plainly(tmp_path / "plain", corpus)
    build_plainly(tmp_path / "plain-single", single)
    monkeypatch.setattr(documents, "Reader", ISOLATED)
    monkeypatch.setattr("rag.index.changes._MUCH", 0)
    monkeypatch.setattr("rag.index.changes._LEFT", 2)
    with monkeypatch.context() as patched:
        patched.setattr("rag.index.writer.terms_of", None)  # nothing is left for the builder to find out
        build_plainly(folder, corpus)
    build_plainly(tmp_path / "single", single)  # half of it is
    assert state(folder, QUERIES) == state(tmp_path / "plain", QUERIES)
    assert state(tmp_path / "single", QUERIES) == state(tmp_path / "plain-single", QUERIES)
    assert examine(folder) == examine(tmp_path / "single") == []


def test_passages_cut_anew_are_found_by_the_name_that_is_recorded(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version may name documents without a title differently."""
    write(tmp_path / "docs", {"orders.jsonl": json.dumps({"id": "97", "text": "Three pumps and nine valves."})})
    with monkeypatch.context() as older:
        for module in ("rag.types", "rag.index.writer", "rag.index.rows"):
            older.setattr(f"{module}.title_of", lambda source: source.partition("#")[2])
        build_plainly(folder, tmp_path / "docs")
    build_plainly(folder, tmp_path / "docs", passage_tokens=64)
    assert examine(folder) == []
    build_plainly(tmp_path / "fresh", tmp_path / "docs", passage_tokens=64)
    assert state(folder) == state(tmp_path / "fresh")


SAID = {
    "chunker": "c",
    "terms": TERMS,
    "passages": [[[0, 4], [[0, 4]]]],
    "counts": count_terms([["an", "an", "term"]]).to_json(),
}


@pytest.mark.parametrize(
    "changed",
    [
        None,
        [],
        {**SAID, "chunker": "another"},
        {**SAID, "terms": "terms-0"},
        *({**SAID, "passages": wrong} for wrong in (1, [1], [], [[[0], []]], [[["0", 4], []]], [[[0, 4], [[0, 0.5]]]])),
        *({**SAID, "counts": wrong} for wrong in (1, [], [["an", 1], "", "", ""], [["\ud800"], "", "", ""])),
        {**SAID, "counts": count_terms([["an"], ["an"]]).to_json()},
        {**SAID, "counts": [["an"], *count_terms([["an", "an", "term"]]).to_json()[1:]]},
        {**SAID, "counts": [*count_terms([["an"]]).to_json()[:3], "AAAAAA=="]},
        {**SAID, "counts": [*count_terms([["an"]]).to_json()[:3], "A"]},
    ],
)
def test_what_a_reading_worker_cannot_have_meant_is_found_out_again(changed: Any) -> None:
    assert Ahead.read(SAID, "c") == Ahead("c", [(Span(0, 4), [Span(0, 4)])], count_terms([["an", "an", "term"]]))
    assert Ahead.read(changed, "c") is None


class Short(HashEmbedder):
    """Leaves out the last passage."""

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Any]]:
        yield from list(super().embed_passages(texts, sentences))[:-1]


def test_an_embedder_that_leaves_passages_out_does_not_hang_the_build(corpus: Path, folder: Path) -> None:
    with pytest.raises(EmbedderError, match="returned"):
        build_plainly(folder, corpus, parts=parts(embedder=Short(16)))


@pytest.mark.parametrize("bad", [lambda r: r * np.nan, lambda r: r * 0, lambda r: r[:-1], lambda r: r[:, :-1]])
def test_a_broken_embedder_is_a_clear_line_and_harms_nothing(corpus: Path, folder: Path, bad: Any) -> None:
    with pytest.raises(EmbedderError):
        build_plainly(folder, corpus, parts=parts(embedder=Failing(1, bad)))
    assert examine(folder) == []
    assert build_plainly(folder).n_embedded > 0


def test_another_embedder_is_refused_until_everything_is_embedded_anew(corpus: Path, folder: Path) -> None:
    build_plainly(folder, corpus)
    with pytest.raises(IndexMismatch, match="--rebuild"):
        build_plainly(folder, corpus, dim=24)
    report = build_plainly(folder, corpus, dim=24, rebuild=True)
    assert report.n_embedded == report.n_passages
    with Index(folder).snapshot() as snapshot:
        assert snapshot.rows([n for n, _ in snapshot.lexical(["crane"], 1)]).popitem()[1].shape[1] == 24


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


# -- out of reach --------------------------------------------------------------------------------------------


@pytest.fixture
def bar(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes paths fail as they do for somebody without rights, or on a drive that fails; the tests run as root."""
    barred: dict[str, int] = {}

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *rest: Any, **options: Any) -> Any:
            if not isinstance(path, int) and (code := barred.get(os.fsdecode(path))):
                raise OSError(code, os.strerror(code), os.fsdecode(path))
            return real(path, *rest, **options)

        return call

    def set_barred(*paths: Path, code: int = errno.EACCES) -> None:
        barred.clear()
        barred.update({str(path): code for path in paths})

    monkeypatch.setattr(os, "scandir", guarded(os.scandir))
    monkeypatch.setattr(io, "open", guarded(io.open))
    return set_barred


def said(report: BuildReport) -> dict[str, str]:
    return {file.source: file.reason for file in report.files if file.status == "skipped"}


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ENOTCONN, errno.ESTALE])
def test_what_a_folder_out_of_reach_held_is_kept_and_that_is_said(
    corpus: Path, folder: Path, bar: Callable[..., None], code: int
) -> None:
    write(corpus, {"port/deep/buoy.txt": "The buoy is yellow."})
    build_plainly(folder, corpus)
    bar(corpus / "port", code=code)
    write(corpus, {"notes.txt": "The ferry Alba sails at two."})
    report = build_plainly(folder)
    reason = f"folder cannot be listed: {os.strerror(code)}; its 3 documents are kept as they were"
    assert said(report) == {"port": reason}
    assert not [file for file in report.files if file.status == "removed"]
    assert found(folder, "buoy") == ["port/deep/buoy.txt"] and found(folder, "noon") == []
    with Index(folder).snapshot() as snapshot:
        assert snapshot.status().n_skipped == 1 and reason in [file.reason for file in snapshot.files()]
    generation = report.generation
    assert build_plainly(folder).generation == generation  # nothing changes as long as it is out of reach
    bar()
    (corpus / "port" / "crane.txt").unlink()
    report = build_plainly(folder)
    assert said(report) == {} and found(folder, "crane") == []
    assert [file.source for file in report.files if file.status == "removed"] == ["port/crane.txt"]
    assert {file.status for file in report.files} == {"removed", "unchanged"}
    build_plainly(folder.with_name("scratch"), corpus)
    assert state(folder, QUERIES) == state(folder.with_name("scratch"), QUERIES)
    assert examine(folder) == []


def test_a_folder_out_of_reach_is_known_again_where_the_corpus_was_moved_to(
    corpus: Path, folder: Path, bar: Callable[..., None]
) -> None:
    build_plainly(folder, corpus)
    moved = corpus.rename(corpus.with_name("moved"))
    bar(moved / "port")
    assert "its 2 documents are kept" in said(build_plainly(folder, moved))["port"]
    assert found(folder, "crane") == ["port/crane.txt"]
    bar()
    assert {file.status for file in build_plainly(folder, moved).files} == {"unchanged"}


def test_a_root_out_of_reach_does_not_hold_up_another(
    corpus: Path, folder: Path, tmp_path: Path, bar: Callable[..., None]
) -> None:
    other = write(tmp_path / "other", {"owl.txt": "Owls sleep by day."})
    build_plainly(folder, corpus, other)
    bar(corpus)
    write(other, {"owl.txt": "Owls hunt by night."})
    for options in ({}, {"allow_empty": True}):  # what is out of reach is not gone
        report = build_plainly(folder, **options)
        assert said(report) == {
            str(corpus): "folder cannot be listed: Permission denied; its 3 documents are kept as they were"
        }
        assert found(folder, "hunt") == ["other/owl.txt"] and found(folder, "crane") == ["corpus/port/crane.txt"]
    before = state(folder, QUERIES)
    with pytest.raises(UsageError, match=r"cannot be listed: Permission denied\); the index keeps what it had"):
        build_plainly(folder, corpus)
    assert state(folder, QUERIES) == before


def test_what_is_seen_to_be_gone_still_needs_to_be_meant_beside_a_folder_out_of_reach(
    corpus: Path, folder: Path, bar: Callable[..., None]
) -> None:
    build_plainly(folder, corpus)
    bar(corpus / "port")
    (corpus / "notes.txt").unlink()
    with pytest.raises(UsageError, match="the index keeps the 1 it has from there"):
        build_plainly(folder)
    build_plainly(folder, allow_empty=True)
    assert found(folder, "ferry") == [] and found(folder, "crane") == ["port/crane.txt"]


def test_a_file_that_cannot_be_opened_is_kept_as_it_was(
    corpus: Path, folder: Path, bar: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    write(corpus, {"new.txt": ""})
    build_plainly(folder, corpus)
    for name in ("port/crane.txt", "new.txt"):
        write(corpus, {name: "The crane lifts 14 tonnes."})
    bar(corpus / "port" / "crane.txt", corpus / "new.txt")
    for _ in range(2):
        assert said(build_plainly(folder)) == {
            "new.txt": "cannot be opened: Permission denied",
            "port/crane.txt": "cannot be opened: Permission denied; its document is kept as it was",
        }
        assert found(folder, "march") == ["port/crane.txt"]
    assert cli.run(["status", "--index", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "port/crane.txt: cannot be opened: Permission denied; its" in shown and "new.txt" not in shown
    bar()
    report = build_plainly(folder)
    assert said(report) == {} and found(folder, "march") == []
    assert found(folder, "crane") == ["new.txt"]  # the same text under two names
    assert examine(folder) == []


def test_a_file_whose_folder_cannot_be_searched_is_kept_as_it_was(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plainly(folder, corpus)
    real = Path.stat

    def stat(path: Path, **options: Any) -> os.stat_result:
        if path.parent.name == "port":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    assert len(said(build_plainly(folder))) == 2
    assert found(folder, "crane") == ["port/crane.txt"]


def test_making_all_anew_is_refused_when_something_is_out_of_reach(
    corpus: Path, folder: Path, bar: Callable[..., None]
) -> None:
    build_plainly(folder, corpus)
    before = state(folder, QUERIES)
    for path in (corpus / "port", corpus / "port" / "crane.txt"):
        bar(path)
        with pytest.raises(UsageError, match=r"kept as (they were|it was), and so is the index"):
            build_plainly(folder, rebuild=True)
        assert state(folder, QUERIES) == before
    bar()
    build_plainly(folder, rebuild=True)
    assert state(folder, QUERIES) == before


def test_what_is_out_of_reach_is_read_anew_when_files_are_read_another_way(
    corpus: Path, folder: Path, bar: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plainly(folder, corpus)
    bar(corpus / "port")
    monkeypatch.setattr(documents, "FINGERPRINT", "another way")
    build_plainly(folder)
    bar()
    PlainReader.n_read = 0
    assert {file.status for file in build_plainly(folder).files} == {"indexed", "unchanged"}
    assert PlainReader.n_read == 2


# -- live ----------------------------------------------------------------------------------------------------


def test_watching_takes_up_new_changed_renamed_and_removed_files(corpus: Path, folder: Path) -> None:
    build_plainly(folder, corpus)
    stop, built = threading.Event(), threading.Semaphore(0)
    single = write(corpus.parent, {"single.txt": "A single file about owls."}) / "single.txt"
    roots = [corpus, single]

    def on_change() -> bool:
        build_plainly(folder, *roots)
        built.release()
        return True

    def until(term: str, there: bool) -> None:
        for _ in range(40):
            if bool(found(folder, term)) == there:
                return
            assert built.acquire(timeout=20), f"{term} was not noticed"
        raise AssertionError(term)

    thread = threading.Thread(target=watch, args=(roots, on_change, stop), kwargs={"ignore": folder})
    thread.start()
    try:
        until("owl", True)
        write(corpus, {"new/fresh.txt": "A heron stands in the reeds."})
        until("heron", True)
        (corpus / "new" / "fresh.txt").rename(corpus / "new" / "bird.txt")
        until("bird", True)
        (corpus / "new" / "bird.txt").unlink()
        until("heron", False)
        single.write_text("A single file about falcons.")
        until("falcon", True)
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def test_watching_goes_on_beside_a_folder_out_of_reach_and_takes_it_up_again(
    corpus: Path, folder: Path, bar: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plainly(folder, corpus)
    bar(corpus / "port")
    begun: list[Any] = []  # a folder that nobody may list is not watched either: it takes another watch to do so
    watching = sys.modules["rag.index.watch"]
    changes = watching._changes
    monkeypatch.setattr(watching, "_changes", lambda *given: begun.append(given) or changes(*given))
    stop, built = threading.Event(), threading.Semaphore(0)

    def on_change() -> bool:
        build_plainly(folder, corpus)
        built.release()
        return True

    thread = threading.Thread(target=watch, args=([corpus], on_change, stop), kwargs={"ignore": folder})
    thread.start()
    try:
        assert built.acquire(timeout=20) and found(folder, "crane")
        assert len(begun) == 1
        bar()
        (corpus / "port").chmod(0o755)  # is told of, and answered with a build
        deadline = time.monotonic() + 20
        while len(begun) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(begun) == 2
        (corpus / "port" / "crane.txt").unlink()
        deadline = time.monotonic() + 20
        while found(folder, "crane") and time.monotonic() < deadline:
            built.acquire(timeout=1)
        assert not found(folder, "crane")
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def test_watching_goes_on_where_the_system_tells_of_no_changes(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*folders: Path, **options: Any) -> Iterator[Any]:
        raise OSError(errno.ENOSPC, "OS file watch limit reached.")

    monkeypatch.setattr("watchfiles.watch", refuse)
    monkeypatch.setattr(sys.modules["rag.index.watch"], "_UNTOLD_SECONDS", 0.01)
    stop, n_looks = threading.Event(), 0

    def on_change() -> bool:
        nonlocal n_looks
        n_looks += 1
        if n_looks == 3:
            stop.set()
        return True

    watch([corpus], on_change, stop, ignore=folder)
    assert n_looks == 3
    assert "the system tells of no changes" in caplog.text and "watch limit" in caplog.text


# -- care ----------------------------------------------------------------------------------------------------


def test_an_export_comes_back_the_same_and_the_next_build_reads_nothing(
    corpus: Path, folder: Path, tmp_path: Path
) -> None:
    write(corpus, {"copy/crane.txt": CORPUS["port/crane.txt"], "empty.txt": ""})
    build_plainly(folder, corpus)
    facts = export_index(folder, tmp_path / "export")
    assert np.load(tmp_path / "export" / "vectors.npy").shape == (facts["n_passages"], 16)
    [crane] = [p for p in map(json.loads, (tmp_path / "export" / "passages.jsonl").open()) if "crane" in p["text"]]
    assert crane["text"] == CORPUS["port/crane.txt"] and crane["vector"]["sentences"][1] > 0
    import_index(tmp_path / "again", tmp_path / "export")
    assert state(tmp_path / "again", QUERIES) == state(folder, QUERIES)
    assert examine(tmp_path / "again") == []
    PlainReader.n_read = 0
    report = build_plainly(tmp_path / "again", corpus)
    assert PlainReader.n_read == 0 and report.n_embedded == 0
    with pytest.raises(UsageError, match="not empty"):
        export_index(folder, tmp_path / "export")
    with pytest.raises(UsageError, match="already"):
        import_index(folder, tmp_path / "export")
    lines = (tmp_path / "export" / "passages.jsonl").read_text()
    (tmp_path / "export" / "passages.jsonl").write_text(lines.replace("12.5", "99.5"))
    with pytest.raises(IndexDamaged, match=r"passages\.jsonl is missing or damaged"):
        import_index(tmp_path / "third", tmp_path / "export")


DAMAGE = {
    "a word of a document": ("UPDATE documents SET text = replace(text, 'crane', 'plane')", 1),
    "a passage": ("UPDATE passages SET text = replace(text, 'crane', 'plane')", 1),
    "a source": ("UPDATE sources SET collection = 'other' WHERE source LIKE '%crane%'", 1),
    "a vector": ("UPDATE vectors SET passage = zeroblob(length(passage)) WHERE number = 1", 1),
    "a file": ("UPDATE files SET sha256 = 'x' WHERE source = 'notes.txt'", 0),
    "the full text": ("DELETE FROM postings WHERE term = 'crane'", 0),
    "the lengths": ("UPDATE lengths SET data = zeroblob(length(data))", 0),
    "the matrix": ("DELETE FROM matrix", 0),
    "what waits": ("INSERT INTO pending VALUES (x'00', 1)", 0),
    "the manifest": ("UPDATE manifest SET value = '7' WHERE key = 'n_passages'", 0),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_the_doctor_finds_and_repairs(corpus: Path, folder: Path, what: str) -> None:
    import sqlite3

    build_plainly(folder, corpus)
    before = state(folder, QUERIES)
    assert examine(folder) == []
    statement, n_embedded = DAMAGE[what]
    connection = sqlite3.connect(database(folder))
    connection.execute(statement)
    connection.commit()
    connection.close()
    assert examine(folder)
    assert repair(folder)
    report = build_plainly(folder, corpus)
    assert report.n_embedded <= n_embedded
    assert examine(folder) == []
    assert state(folder, QUERIES) == before


def test_a_backup_is_restored_whatever_became_of_the_index(corpus: Path, folder: Path, tmp_path: Path) -> None:
    build_plainly(folder, corpus)
    before = state(folder, QUERIES)
    index = Index(folder)
    with index.snapshot() as snapshot:
        results(snapshot, "crane")
    assert back_up(folder, tmp_path / "copy.sqlite") > 0
    write(corpus, {"notes.txt": "Something else."})
    build_plainly(folder)
    restore(folder, tmp_path / "copy.sqlite")
    assert state(folder, QUERIES) == before
    with index.snapshot() as snapshot:
        assert results(snapshot, "ferry fog") == before["results"]["ferry fog"]
    database(folder).write_bytes(b"gone")
    restore(folder, tmp_path / "copy.sqlite")
    assert state(folder, QUERIES) == before
    copy = (tmp_path / "copy.sqlite").read_bytes()
    (tmp_path / "copy.sqlite").write_bytes(copy.replace(b"32 euros", b"99 euros"))
    with pytest.raises(IndexDamaged, match="was not restored"):
        restore(folder, tmp_path / "copy.sqlite")
    assert state(folder, QUERIES) == before
    assert sorted(path.name for path in folder.iterdir() if "footnote" not in path.name) == ["builder.lock"]


def test_the_commands_that_take_care(corpus: Path, folder: Path, tmp_path: Path, capsys: Any) -> None:
    build_plainly(folder, corpus)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    assert run("doctor", "--index", folder)[:2] == (0, "the index is sound\n")
    assert run("doctor", "--index", folder, "--backup", tmp_path / "copy")[0] == 0
    assert run("export", tmp_path / "export", "--index", folder)[0] == 0
    assert run("import", tmp_path / "export", "--index", tmp_path / "other")[0] == 0
    assert state(tmp_path / "other", QUERIES) == state(folder, QUERIES)
    data = database(folder).read_bytes()
    database(folder).write_bytes(data.replace(b"12.5 tonnes", b"99.5 tonnes"))
    code, out, err = run("doctor", "--index", folder, "--json")
    assert code == 1 and not json.loads(out)["sound"]
    assert run("doctor", "--index", folder)[2].startswith("what to do: rag doctor --repair")
    assert run("doctor", "--index", folder, "--restore", tmp_path / "copy")[:2] == (0, "the index is sound\n")
    assert run("doctor", "--index", folder, "--repair", "--restore", tmp_path / "copy")[0] == 2
    assert run("build", "--watch", "--rebuild", "--index", folder)[0] == 2
    code, _, err = run("import", tmp_path / "corpus", "--index", tmp_path / "third")
    assert code == 2 and err.count("\n") == 1
