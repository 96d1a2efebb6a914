"""Builds that die, disks that fill up, bytes that turn: the answers stay right. The long form of these tests is
``python benchmarks/faults/run.py``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faulting import (
    Fixture,
    die_at_every,
    fill_the_disk,
    kill_at_random,
    leave_no_trace,
    mutate,
    quick_builds,
    read_while_building,
    suspend_the_builder,
)
from indexing import build_plainly, state, write

from rag.errors import IndexError_
from rag.index import Index
from rag.index.doctor import examine


@pytest.fixture(scope="module")
def fixture(tmp_path_factory: pytest.TempPathFactory) -> Fixture:
    return Fixture(tmp_path_factory.mktemp("faults"))


def test_a_build_killed_at_any_moment_leaves_the_old_state_or_the_new(fixture: Fixture) -> None:
    left = kill_at_random(fixture, 100, finish_every=5)
    assert sum(left.values()) == 100
    assert len(left) > 1, f"the kills fell at different stages: {left}"


@pytest.mark.parametrize(("kind", "step"), [("commit", 1), ("file operation", 1), ("statement", 31)])
def test_a_build_that_dies_at_its_nth_step(fixture: Fixture, kind: str, step: int) -> None:
    left = die_at_every(fixture, kind, step)
    assert left["deaths"] >= 5 and left["old"] and left["new"]


def test_a_full_disk_is_a_line_and_the_old_state(fixture: Fixture) -> None:
    left = fill_the_disk(fixture, [1, 4096, *range(8192, 1_000_000, 49_152)])
    assert any(key.startswith("said so") for key in left) and any(key.startswith("built") for key in left)


def test_damaged_files_are_detected_or_harmless(fixture: Fixture) -> None:
    seen = mutate(fixture, 2_000)
    assert sum(n for kind, n in seen.items() if kind != "rebuilt") == 2_000
    assert seen["flip: detected"] > 100


def test_readers_see_one_state_or_the_other_while_builds_go_on(fixture: Fixture) -> None:
    seen = read_while_building(fixture, 3.0, n_threads=4, n_processes=2)
    assert seen["builds"] >= 2 and seen["reads"] >= 20


def test_of_a_removed_document_no_byte_is_left(tmp_path: Path) -> None:
    assert leave_no_trace(tmp_path, 3) > 50


def test_a_suspended_builder_keeps_its_lock_and_is_named(fixture: Fixture) -> None:
    assert "is being built by process" in suspend_the_builder(fixture)


def test_a_clock_that_goes_backwards(fixture: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fixture.fresh()
    monkeypatch.setattr(time, "time", lambda: 1e9)
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    with quick_builds():
        assert {f.status for f in build_plainly(folder, fixture.old).files} == {"unchanged"}
        fixture.update(folder)
        assert {f.status for f in build_plainly(folder, fixture.new).files} == {"unchanged"}
    with Index(folder).snapshot() as snapshot:
        assert snapshot.status().built_at.startswith("2001")
    assert state(folder)["passages"] == fixture.new_state["passages"]


def test_a_place_that_cannot_be_written_is_a_line(fixture: Fixture, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with quick_builds(), pytest.raises(IndexError_, match="cannot be written"):
            fixture.update(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_told_to_stop_puts_everything_away(tmp_path: Path, number: signal.Signals) -> None:
    lines = [[f"Line {i} of file {n} tells of thing {i * n}." for i in range(60)] for n in range(40)]
    texts = {f"{n}.txt": " ".join(own) for n, own in enumerate(lines)}
    corpus, folder = write(tmp_path / "corpus", texts), tmp_path / "index"
    command = [sys.executable, "-m", "rag", "build", str(corpus), "--index", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    builder = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        while not (folder / "builder.json").exists() and builder.poll() is None:
            time.sleep(0.05)
        time.sleep(0.2)
        builder.send_signal(number)
        _, said = builder.communicate(timeout=60)
    finally:
        builder.kill()
    assert builder.returncode == 130, said
    assert said.rstrip().endswith("rag: stopped") and "Traceback" not in said
    assert not (folder / "builder.json").exists()
    assert examine(folder) == []


def test_the_same_without_assertions() -> None:
    """``python -O``: no check of ours may be an assert."""
    folder = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder.parent), str(folder)])}
    command = [sys.executable, "-O", str(folder / "faulting.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "detected" in done.stdout and done.stdout.rstrip().endswith(" 1")
