"""Folders, files and roots that cannot be listed or read just now: what they held is kept, and that is said."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from indexing import QUERIES, PlainReader, build_plainly, found, said, state, write

from rag import cli, documents
from rag.errors import UsageError
from rag.index import Index
from rag.index.doctor import examine

pytestmark = pytest.mark.usefixtures("plain_reader")


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
