"""What several test files share: where the development data is, and an index over a small corpus."""

from __future__ import annotations

import errno
import importlib
import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from indexing import CORPUS, PlainReader, write

from rag import Assistant, documents

ROOT = Path(__file__).resolve().parent.parent

# nothing in the tests may look at the network; a library that tries to should fail at once
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
for name in [name for name in os.environ if name.startswith("RAG_")]:
    del os.environ[name]

MEMORY = Path("/dev/shm")
ROOM = 2**30  # bytes; a run needs some 200 MB
WITH_TORCH = ("test_vectors.py", "test_reader.py", "test_generation_transformers.py")

MOON = """# Lunar survey

## Landing sites

The survey lists four landing sites. Site Amber lies at 12.5 degrees north and was chosen for its flat ground.
Site Cobalt lies near the south pole and is in shadow for most of the year.

## Crew

The crew of the first flight has three members. Commander Ilse Brandt leads the crew. The flight lasts 19 days.

## Budget

The budget for 2031 is $4.2 million. Of this, $1.1 million goes to the lander's engine.
"""

BEES = """Keeping bees in the city

A hive needs water within 200 metres. In June a strong colony brings in two kilograms of nectar a day.

Do not open the hive below 12 degrees Celsius, because the brood chills.

Bees of the Carniolan race are calm. They winter with little food.
"""


def pytest_configure() -> None:
    """Keep temporary folders in memory where there is room: an index waits for the disk at each commit, and
    the tests of faults spent two thirds of their time so."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(MEMORY).free > ROOM and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One process for all files that import torch, which takes ten seconds."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "with torch" if Path(file).name in WITH_TORCH else file

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of development data; the test is skipped, with the reason, where there is none."""
    folder = Path(os.environ.get("FOOTNOTE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no development data in {folder} (FOOTNOTE_DATA names another folder)")
    return folder


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short documents in two collections, and a table."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "space").mkdir()
    (folder / "garden").mkdir()
    (folder / "space" / "moon.md").write_text(MOON, encoding="utf-8")
    (folder / "garden" / "bees.txt").write_text(BEES, encoding="utf-8")
    (folder / "prices.csv").write_text("plan,price\nBasic,12 euros\nFamily,29 euros\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_index(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of ``small_corpus`` by the real embedder; do not build into it."""
    folder = tmp_path_factory.mktemp("index")
    Assistant.open(folder).build(small_corpus)
    return folder


@pytest.fixture
def assistant(small_index: Path) -> Assistant:
    """An assistant over ``small_index``."""
    return Assistant.open(small_index)


# -- small builds without models or worker processes (indexing.py) ---------------------------------------------


@pytest.fixture
def plain_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in this process, and counted."""
    monkeypatch.setattr(documents, "Reader", PlainReader)
    PlainReader.n_read = 0


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is watched counts as quiet after 50 ms, and is looked at every 250 ms."""
    watching = importlib.import_module("rag.index.watch")
    monkeypatch.setattr(watching, "_QUIET_MS", 50)
    monkeypatch.setattr(watching, "_TICK_MS", 250)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus to change: two documents in a collection and one beside it."""
    return write(tmp_path / "corpus", CORPUS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the index of ``corpus`` goes."""
    return tmp_path / "index"


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
