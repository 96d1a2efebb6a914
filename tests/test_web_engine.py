"""What the page keeps the index made of."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from rag import Assistant, Settings
from rag.errors import RagError
from rag.index.lock import writer_lock
from rag.index.watch import watch
from rag.web.engine import Engine

pytestmark = pytest.mark.usefixtures("plain_reader", "short_waits", "watching_that_ends")


@pytest.fixture
def watching_that_ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A page watches until its process ends; here until the test does."""
    stop = threading.Event()

    def watch_until(roots: Sequence[Path], on_change: Callable[[], bool], _: threading.Event, **options: Any) -> None:
        watch(roots, on_change, stop, **options)

    monkeypatch.setattr("rag.web.engine.watch", watch_until)
    yield
    stop.set()
    for thread in threading.enumerate():
        if thread.name == "footnote-watch":
            thread.join(20)


@pytest.fixture
def small_corpus(small_corpus: Path, tmp_path: Path) -> Path:
    """A copy, which may be changed."""
    return shutil.copytree(small_corpus, tmp_path / "small")


@pytest.fixture
def engine(small_corpus: Path, tmp_path: Path) -> Engine:
    """A page over an index of other folders, beside a corpus folder that has a document too."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "own.txt").write_text("The corpus folder has a document of its own.\n")
    Assistant.open(tmp_path / "index").build(small_corpus)
    return Engine(Settings(index=str(tmp_path / "index"), corpus=str(tmp_path / "corpus")))


def test_serving_an_index_adds_nothing_to_it(engine: Engine, small_corpus: Path) -> None:
    assert engine.roots() == [str(small_corpus)]
    assert engine.corpus == small_corpus


def test_an_upload_joins_what_the_index_was_built_from(engine: Engine, small_corpus: Path, tmp_path: Path) -> None:
    engine.take_in(small_corpus / "uploads")
    assert engine.roots() == [str(small_corpus)]
    engine.take_in(tmp_path / "corpus" / "uploads")
    assert engine.roots() == [str(small_corpus), str(tmp_path / "corpus" / "uploads")]


def test_watching_takes_up_what_is_put_into_the_folder(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "note.txt").write_text("The lamp is green.\n")
    engine = Engine(Settings(index=str(tmp_path / "index"), corpus=str(corpus)))
    engine.start(watch=True)
    assert engine.wait(60)
    (corpus / "more.txt").write_text("The door is red.\n")
    for _ in range(300):
        if [entry.source for entry in engine.assistant.documents()] == ["more.txt", "note.txt"]:
            break
        time.sleep(0.1)
    assert engine.wait(60)
    assert [entry.source for entry in engine.assistant.documents()] == ["more.txt", "note.txt"]


def sources(engine: Engine) -> set[str]:
    try:
        return {entry.source for entry in engine.assistant.documents()}
    except RagError:
        return set()


def until(is_so: Callable[[], bool]) -> bool:
    """Whether something becomes so within half a minute."""
    return any(is_so() or time.sleep(0.1) for _ in range(300))


def test_watching_is_kept_out_for_a_while_only_and_makes_a_deleted_index_anew(
    engine: Engine, small_corpus: Path, tmp_path: Path
) -> None:
    wanted = sources(engine) | {"late.txt"}
    engine.start(watch=True)
    assert engine.wait(60)
    with writer_lock(tmp_path / "index"):
        (small_corpus / "late.txt").write_text("The gate is blue.\n")
        assert until(lambda: engine.build_state.kept_out)
    assert until(lambda: sources(engine) == wanted) and engine.wait(60)
    time.sleep(0.5)  # the watcher looks at the index twice in that time
    shutil.rmtree(tmp_path / "index")
    assert until(lambda: sources(engine) == wanted) and engine.wait(60)


def test_a_new_index_is_built_from_the_corpus_folder(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    engine = Engine(Settings(index=str(tmp_path / "index"), corpus=str(tmp_path / "corpus")))
    assert engine.roots() == []
    (tmp_path / "corpus" / "note.txt").write_text("A note.\n")
    assert engine.roots() == [str(tmp_path / "corpus")]
    assert engine.corpus == tmp_path / "corpus"
