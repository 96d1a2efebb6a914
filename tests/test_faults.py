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
    QUERIES,
    Fixture,
    die_at_every,
    fill_the_disk,
    in_child,
    kill_at_random,
    leave_no_trace,
    mutate,
    outcome,
    quick_builds,
    read_while_building,
    suspend_the_builder,
)
from indexing import build_plainly, state, write

from rag.errors import IndexError_
from rag.index import Index
from rag.index.doctor import examine
from rag.index.record import connect, manifest


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


def test_a_reader_delays_the_wiping_to_the_next_build_and_vectors_go_with_their_words(fixture: Fixture) -> None:
    folder = fixture.fresh()

    def bytes_() -> bytes:
        return b"".join(path.read_bytes() for path in folder.iterdir())

    with connect(folder) as connection:
        rows = connection.execute("SELECT v.passage FROM vectors v JOIN passages p ON p.vector = v.key")
        going = [row for (row,) in rows.fetchall()]
    kept = [row for row in going if row in (fixture.base / "new" / "index" / "footnote.sqlite").read_bytes()]
    assert 0 < len(kept) < len(going) and all(row in bytes_() for row in going)
    with quick_builds():
        with Index(folder).snapshot() as snapshot:
            report = build_plainly(folder, fixture.new)
            assert any("a reader" in note for note in report.notes)
            assert snapshot.n_passages == fixture.old_state["counts"][1]
        assert b"away for good" in bytes_()
        assert not build_plainly(folder).notes
    assert b"away for good" not in bytes_() and b"gone.txt" not in bytes_()
    assert [row for row in going if row in bytes_()] == kept


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


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become someone with fewer rights")
def test_a_folder_without_the_right_to_write_is_read_and_not_built(fixture: Fixture) -> None:
    folder = fixture.fresh()
    for path in (folder / "footnote.sqlite-wal", folder / "footnote.sqlite-shm"):
        path.unlink(missing_ok=True)
    for path, mode in ((folder, 0o555), *((path, 0o444) for path in folder.iterdir()), *open_way(folder)):
        path.chmod(mode)

    def read_as_nobody() -> None:
        os.setuid(65534)
        assert state(folder, QUERIES) == fixture.old_state

    def build_as_nobody() -> None:
        os.setuid(65534)
        fixture.update(folder)

    assert outcome(in_child(read_as_nobody)) == 0
    assert outcome(in_child(build_as_nobody)) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["builder.lock", "footnote.sqlite"]
    assert outcome(in_child(read_as_nobody)) == 0


def open_way(folder: Path) -> list[tuple[Path, int]]:
    """The folders above, up to the one for everybody, with the right to pass."""
    return [(above, 0o755) for above in folder.parents if above.stat().st_mode & 0o777 == 0o700]


def test_a_place_that_cannot_be_written_is_a_line(fixture: Fixture, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with quick_builds(), pytest.raises(IndexError_, match="cannot be written"):
            fixture.update(folder)


def test_an_interrupt_inside_a_string_that_is_executed_is_no_death_by_signal(tmp_path: Path) -> None:
    (tmp_path / "stopped.py").write_text(
        "import sys\nfrom rag import cli\n\n\ndef main(*args, **kwargs):\n    exec('raise KeyboardInterrupt')\n\n\n"
        "cli.app.main = main\nsys.exit(cli.run(['status']))\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parent.parent}"}
    done = subprocess.run([sys.executable, "-m", "stopped"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "rag: stopped\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_told_to_stop_puts_everything_away(tmp_path: Path, number: signal.Signals) -> None:
    lines = [[f"Line {i} of file {n} tells of thing {i * n}." for i in range(60)] for n in range(40)]
    texts = {f"{n}.txt": " ".join(own) for n, own in enumerate(lines)}
    corpus, folder = write(tmp_path / "corpus", texts), tmp_path / "index"
    command = [sys.executable, "-m", "rag", "build", str(corpus), "--index", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    # a suite that runs in the background has its interrupts switched off, and hands that on to its children
    builder = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
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


@pytest.mark.parametrize("place", ["rag.index.sweep._empty_log", "rag.index.sweep.subprocess.run"])
def test_a_stop_while_removed_text_is_wiped_leaves_that_to_the_next_build(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Right after the vacuum, while the log is emptied, and while gaps are wiped."""

    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    folder = fixture.fresh()
    with monkeypatch.context() as patched, quick_builds(), pytest.raises(KeyboardInterrupt):
        patched.setattr(place, stop)
        fixture.update(folder)
    with connect(folder) as connection:
        assert manifest(connection)["unswept"]
    assert fixture.check(folder) == "new"  # and the next build leaves no byte of what was removed


def test_the_same_without_assertions() -> None:
    """``python -O``: no check of ours may be an assert."""
    folder = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder.parent), str(folder)])}
    command = [sys.executable, "-O", str(folder / "faulting.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "detected" in done.stdout and done.stdout.rstrip().endswith(" 1")
