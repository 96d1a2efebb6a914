"""Watching folders: an index that follows its corpus."""

from __future__ import annotations

import errno
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from indexing import build_plainly, found, write

from rag.index.watch import watch

pytestmark = pytest.mark.usefixtures("plain_reader", "short_waits")
WATCHING = importlib.import_module("rag.index.watch")


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
    changes = WATCHING._changes
    monkeypatch.setattr(WATCHING, "_changes", lambda *given: begun.append(given) or changes(*given))
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
    monkeypatch.setattr(WATCHING, "_UNTOLD_SECONDS", 0.01)
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
