"""Faults on purpose: builds that die, disks that fill up, bytes that turn. Used by test_faults.py in a short form
and by benchmarks/faults/run.py in a long one."""

from __future__ import annotations

import gc
import logging
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from indexing import PlainReader, build_plainly, results, state, write

from rag import documents
from rag.errors import IndexBusy, RagError
from rag.index import Index, approximate, dense, embedding, matrix
from rag.index.doctor import examine, repair
from rag.index.lock import writer_lock
from rag.index.record import connect, database, manifest

OLD = {
    "a.txt": "The old gate is green. It opens at six.",
    "x/b.md": "# Old rules\n\nNo dogs on the old quay.\n\n# Old fees\n\nA night costs 32 euros.",
    "x/c.txt": " ".join(f"Old line {n} names the number {n * n}." for n in range(30)),
    "gone.txt": "An old text that goes away for good.",
    "same.txt": "This text is in both and stays as it is.",
}
NEW = {
    "a.txt": "The new gate is red. It opens at seven.",
    "x/b.md": "# New rules\n\nDogs may walk on the new quay.\n\n# New fees\n\nA night costs 45 euros.",
    "x/c.txt": " ".join(f"New line {n} names the number {n * 3}." for n in range(30)),
    "came.txt": "A new text that was not there before.",
    "same.txt": "This text is in both and stays as it is.",
}
QUERIES = ["When does the gate open?", "quay dogs", "number 9", "text that stays"]
SMALL_BATCH = 3


class Fixture:
    """An index of the old corpus, the new corpus, and what an index of either says."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.old = write(base / "old" / "corpus", OLD)
        self.new = write(base / "new" / "corpus", NEW)
        with quick_builds():
            build_plainly(base / "old" / "index", self.old)
            build_plainly(base / "new" / "index", self.new)
        self.old_state = state(base / "old" / "index", QUERIES)
        self.new_state = state(base / "new" / "index", QUERIES)

    def fresh(self) -> Path:
        """A copy of the index of the old corpus."""
        folder = self.base / "trial"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.base / "old" / "index", folder)
        return folder

    def update(self, folder: Path) -> None:
        build_plainly(folder, self.new)

    def check(self, folder: Path, *, finish: bool = True) -> str:
        """Hold what a broken build left to the rules; returns "old", "new" or "words" (vectors are to come).
        ``finish`` also builds once more, which has to complete the work and clean up, so that no byte of a removed
        document is left."""
        now = state(folder)
        for name, whole in (("old", self.old_state), ("new", self.new_state)):
            keys = ("documents", "passages", "postings", "lengths")
            if all(now[key] == whole[key] for key in keys):
                assert now["vectors"].items() <= whole["vectors"].items()
                complete = now["vectors"].keys() == whole["vectors"].keys()
                assert complete or name == "new"
                break
        else:
            raise AssertionError("a mixture of the old state and the new one")
        assert examine(folder) == []
        if not finish:
            return name if complete else "words"
        with quick_builds():
            self.update(folder)
        assert state(folder, QUERIES) == self.new_state
        left = {path.name for path in folder.iterdir()} - {"builder.lock"}
        assert left <= {"footnote.sqlite", "footnote.sqlite-wal", "footnote.sqlite-shm"}, left
        assert b"away for good" not in b"".join(path.read_bytes() for path in folder.iterdir())
        return name if complete else "words"


@contextmanager
def quick_builds() -> Iterator[None]:
    """Files are read in this process, and vectors are committed few at a time."""
    reader, batch = documents.Reader, embedding._BATCH
    documents.Reader, embedding._BATCH = PlainReader, SMALL_BATCH  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        documents.Reader, embedding._BATCH = reader, batch  # type: ignore[misc]


def in_child(work: Callable[[], None]) -> int:
    """Fork, do ``work`` in the child; returns its process id. Exit 0: done, 3: said no in one line, 4: neither."""
    pid = os.fork()
    if pid:
        return pid
    code = 4
    try:
        with quick_builds():
            work()
        code = 0
    except RagError as error:
        code = 3 if "\n" not in str(error) else 4
    except BaseException:  # noqa: BLE001  # the parent sees the exit code, the log the reason
        traceback.print_exc()
    finally:
        os._exit(code)


def outcome(pid: int) -> int:
    """The exit code of a child, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# -- builds that die -----------------------------------------------------------------------------------------


def kill_at_random(fixture: Fixture, n_kills: int, seed: int = 0, finish_every: int = 1) -> Counter[str]:
    """Kill ``n_kills`` builds, each at a random moment; counts what they left."""
    rng = random.Random(seed)
    begun = time.perf_counter()
    assert outcome(in_child(lambda: fixture.update(fixture.fresh()))) == 0
    length = time.perf_counter() - begun
    left: Counter[str] = Counter()
    for n in range(n_kills):
        folder = fixture.fresh()
        pid = in_child(lambda folder=folder: fixture.update(folder))  # type: ignore[misc]
        time.sleep(rng.uniform(0, 1.1 * length))
        os.kill(pid, signal.SIGKILL)
        code = outcome(pid)
        assert code in (0, -signal.SIGKILL), code
        left[fixture.check(folder, finish=n % finish_every == 0) + ("" if code else ", finished")] += 1
    return left


def die_at_every(fixture: Fixture, kind: str, step: int = 1) -> Counter[str]:
    """Die at the 1st, 1 + step-th, … statement, commit or file operation of a build, until one finishes."""
    left: Counter[str] = Counter()
    n = 1
    while True:
        folder = fixture.fresh()
        code = outcome(in_child(lambda folder=folder, n=n: _dying(fixture, folder, kind, n)))  # type: ignore[misc]
        assert code in (0, 9), code
        left[fixture.check(folder)] += 1
        if code == 0:
            left["deaths"] = sum(left.values()) - 1
            return left
        n += step


def _dying(fixture: Fixture, folder: Path, kind: str, n: int) -> None:
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1
        if count == n:
            os._exit(9)

    if kind == "file operation":
        events = ("open", "os.remove", "os.rename", "os.mkdir", "subprocess.Popen", "sqlite3.connect")

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in events and str(fixture.base) in repr(arguments):
                tick()

        sys.addaudithook(hook)
    else:
        open_connection = sqlite3.connect

        def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection = open_connection(*arguments, **options)
            wanted = "COMMIT" if kind == "commit" else ""
            connection.set_trace_callback(lambda statement: tick() if statement.startswith(wanted) else None)
            return connection

        sqlite3.connect = traced  # type: ignore[assignment]
    fixture.update(folder)


def fill_the_disk(fixture: Fixture, limits: list[int], *, late: bool = False) -> Counter[str]:
    """Build while no file may grow beyond each of ``limits`` bytes; ``late``: not before the log is moved into the
    database and freed pages are given back."""
    left: Counter[str] = Counter()
    building = sys.modules["rag.index.build"]
    sweep = building.sweep  # type: ignore[attr-defined]
    for limit in limits:
        folder = fixture.fresh()

        def forbid(limit: int = limit) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        def sweep_late(folder: Path, forbid: Callable[[], None] = forbid) -> Any:
            forbid()
            return sweep(folder)

        def work(folder: Path = folder, forbid: Callable[[], None] = forbid, late_: Any = sweep_late) -> None:
            if late:
                building.sweep = late_  # type: ignore[attr-defined]
            else:
                forbid()
            fixture.update(folder)

        code = outcome(in_child(work))
        assert code in (0, 3), f"limit {limit}: exit {code}"
        left[{0: "built", 3: "said so"}[code] + ", " + fixture.check(folder)] += 1
    return left


def fill_a_volume(fixture: Fixture, sizes: list[int]) -> Counter[str]:
    """Build on a file system of each of ``sizes`` bytes; takes the right to mount one."""
    left: Counter[str] = Counter()
    volume = fixture.base / "trial"
    for size in sizes:
        shutil.rmtree(volume, ignore_errors=True)
        volume.mkdir()
        mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", volume)
        try:
            folder = shutil.copytree(fixture.base / "old" / "index", volume / "index")
            code = outcome(in_child(lambda folder=folder: fixture.update(folder)))  # type: ignore[misc]
            assert code in (0, 3), f"{size} bytes: exit {code}"
            mount("-o", "remount,size=64m", volume)
            left[{0: "built", 3: "said so"}[code] + ", " + fixture.check(folder)] += 1
        finally:
            gc.collect()  # an index that was read keeps its connections until it is collected
            subprocess.run(["umount", volume], check=True)
    return left


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


# -- bytes that turn -----------------------------------------------------------------------------------------


def with_log(fixture: Fixture) -> dict[str, bytes]:
    """The files of an index that was read before its log was emptied: the old state, and the new in the log."""
    folder = fixture.fresh()
    with connect(folder, write=True) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        with quick_builds(), connect(folder) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM manifest").fetchall()
            fixture.update(folder)
            return {path.name: path.read_bytes() for path in folder.iterdir() if "sqlite" in path.name}


def mutate(fixture: Fixture, n_mutations: int, seed: int = 0) -> Counter[str]:
    """Damage the files of an index in ``n_mutations`` ways and use what is left."""
    rng = random.Random(seed)
    plain = {"footnote.sqlite": database(fixture.base / "old" / "index").read_bytes()}
    logged = with_log(fixture)
    other = {"footnote.sqlite": database(fixture.base / "new" / "index").read_bytes()}
    genuine = {**fixture.old_state["passages"], **fixture.new_state["passages"]}
    seen: Counter[str] = Counter()
    for n in range(n_mutations):
        files = dict(plain if n % 4 else logged)
        kind = _damage(files, other, rng)
        folder = fixture.base / "trial"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        try:
            _use(folder, genuine)
            seen[f"{kind}: harmless"] += 1
        except RagError as error:
            assert "\n" not in str(error)
            seen[f"{kind}: detected"] += 1
        if n % 200 == 0:
            with quick_builds():
                build_plainly(folder, fixture.new, rebuild=True)
            assert state(folder, QUERIES) == fixture.new_state
            seen["rebuilt"] += 1
    return seen


@contextmanager
def large_indexes() -> Iterator[None]:
    """Every index is large enough to have an approximate one beside it."""
    building = sys.modules["rag.index.build"]
    kept = matrix.BLOCK
    for module in (matrix, approximate, dense):
        module.BLOCK = 4  # type: ignore[misc]
    building.save_approximate = partial(approximate.save_approximate, flat_up_to=0)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in (matrix, approximate, dense):
            module.BLOCK = kept  # type: ignore[misc]
        building.save_approximate = approximate.save_approximate  # type: ignore[attr-defined]


def mutate_approximate(fixture: Fixture, n_mutations: int, seed: int = 0) -> Counter[str]:
    """Damage the approximate index in ``n_mutations`` ways: what is found must stay what it was."""
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    logging.getLogger("rag.index").setLevel(logging.ERROR)
    with large_indexes(), quick_builds():
        folders = {name: fixture.base / f"large-{name}" for name in ("old", "new")}
        for name, folder in folders.items():
            build_plainly(folder, fixture.base / name / "corpus")
        (path,), (foreign,) = (list(folder.glob("*.faiss")) for folder in folders.values())
        sound, other = path.read_bytes(), foreign.read_bytes()
        for n in range(n_mutations):
            files = {path.name: sound}
            kind = _damage(files, {path.name: other}, rng)
            path.unlink(missing_ok=True)
            for name, data in files.items():
                (folders["old"] / name).write_bytes(data)
            facts = state(folders["old"], QUERIES)
            assert facts == fixture.old_state, f"mutation {n}, {kind}"
            with connect(folders["old"]) as connection:
                said = manifest(connection)["approximate"]
            detected = approximate.load_approximate(folders["old"], said, 16) is None
            assert detected or files == {path.name: sound}
            seen[f"{kind}: {'detected' if detected else 'nothing changed'}"] += 1
            if n % 200 == 0:
                repair(folders["old"])
                build_plainly(folders["old"])
                assert examine(folders["old"]) == [] and path.read_bytes() == sound
    return seen


def _damage(files: dict[str, bytes], other: dict[str, bytes], rng: random.Random) -> str:
    name = rng.choice(sorted(files))
    data = bytearray(files[name])
    kind = rng.choices(["flip", "bytes", "page", "cut", "empty", "remove", "swap"], [60, 20, 8, 5, 1, 1, 2])[0]
    if not data or kind == "empty":
        files[name] = b""
    elif kind == "flip":
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        files[name] = bytes(data)
    elif kind == "bytes":
        at = rng.randrange(len(data))
        data[at : at + 16] = rng.randbytes(len(data[at : at + 16]))
        files[name] = bytes(data)
    elif kind == "page":
        one, two = (rng.randrange(max(1, len(data) // 4096)) * 4096 for _ in range(2))
        data[one : one + 4096], data[two : two + 4096] = data[two : two + 4096], data[one : one + 4096]
        files[name] = bytes(data)
    elif kind == "cut":
        files[name] = bytes(data[: rng.randrange(len(data))])
    elif kind == "remove":
        del files[name]
    elif kind == "swap":
        files |= other
    return kind


def _use(folder: Path, genuine: dict[str, Any]) -> None:
    """Ask as the assistant does; everything that comes back must be what was written."""
    with Index(folder).snapshot() as snapshot:
        snapshot.status()
        for query in QUERIES[:2]:
            for _, id_ in results(snapshot, query):
                assert id_ in genuine
        numbers = [number for number, _ in snapshot.lexical(["gate", "new", "old", "text"], 50)]
        for passage in snapshot.passages(numbers).values():
            assert genuine[passage.id] == passage
            document = snapshot.document(passage.document_id)
            assert document is not None and document.text[passage.start : passage.end] == passage.text
        snapshot.documents()


# -- readers and builders ------------------------------------------------------------------------------------


def read_while_building(
    fixture: Fixture, seconds: float, n_threads: int, n_processes: int, *, build: bool = True
) -> dict[str, Any]:
    """Readers in threads and processes while builds, in a process of their own, go back and forth between the two
    corpora; with ``build`` False the same without builds, to compare the times."""
    import threading

    folder = fixture.fresh()
    allowed = [
        {key: {id_ for _, id_ in found} for key, found in whole["results"].items()}
        for whole in (fixture.old_state, fixture.new_state)
    ]
    until = time.monotonic() + seconds

    def read(index: Index, waits: list[float], faults: list[str]) -> None:
        n = 0
        while time.monotonic() < until or n < 10:
            n += 1
            query = QUERIES[n % len(QUERIES)]
            begun = time.perf_counter()
            try:
                with index.snapshot() as snapshot:
                    found = {id_ for _, id_ in results(snapshot, query)}
            except Exception as error:  # noqa: BLE001  # whatever it is, it is a fault
                faults.append(repr(error))
                continue
            waits.append(time.perf_counter() - begun)
            if not any(found <= whole[query] for whole in allowed):
                faults.append(f"a mixture for {query!r}")

    def process() -> None:
        waits: list[float] = []
        faults: list[str] = []
        read(Index(folder), waits, faults)
        assert waits and not faults, faults[:3]

    def builds() -> None:
        n_builds = 0
        while time.monotonic() < until or n_builds < 3:
            build_plainly(folder, fixture.new if n_builds % 2 == 0 else fixture.old)
            n_builds += 1
        write(folder.parent, {"builds": str(n_builds)})

    write(folder.parent, {"builds": "0"})
    children = [in_child(process) for _ in range(n_processes)]
    children += [in_child(builds)] if build else []
    waits: list[float] = []
    faults: list[str] = []
    index = Index(folder)
    threads = [threading.Thread(target=read, args=(index, waits, faults)) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = [outcome(child) for child in children]
    assert not faults, faults[:3]
    assert not any(codes), codes
    assert examine(folder) == []
    waits.sort()
    p50, p95 = (1e3 * waits[int(len(waits) * share)] for share in (0.5, 0.95))
    return {"builds": int((folder.parent / "builds").read_text()), "reads": len(waits), "p50_ms": p50, "p95_ms": p95}


def leave_no_trace(base: Path, n_histories: int, seed: int = 0) -> int:
    """Random histories of documents that each hold a word of their own; none of a removed one may be left in the
    bytes of any file. Returns how many words were looked for."""
    looked_for = 0
    for history in range(n_histories):
        rng = random.Random(seed * 100_003 + history)
        folder = base / f"canary{history}"
        corpus, live, dead = folder / "corpus", {}, []
        corpus.mkdir(parents=True)
        filler = [f"tok{rng.randrange(10**6)}" for _ in range(400)]
        for step in range(4):
            for path in rng.sample(sorted(live), k=rng.randrange(len(live) // 2) if len(live) > 3 else 0):
                dead.append(live.pop(path))
                path.unlink()
            for _ in range(rng.randrange(3, 25) if step < 3 else 1):
                word = "".join(rng.choices("bcdfghjklmnpqrstvwxz", k=14))
                body = " ".join(rng.choices(filler, k=rng.choice([8, 60, 300, 900])))
                path = corpus / f"{word}.txt"
                path.write_text(f"{word} {body} {word}.", encoding="utf-8")
                live[path] = word
            with quick_builds():
                build_plainly(folder / "index", corpus)
            bytes_ = b"".join(path.read_bytes() for path in (folder / "index").iterdir())
            left = [word for word in dead if word.encode() in bytes_]
            assert not left, f"history {history}, build {step}: {left} of {len(dead)} removed words are still there"
            assert all(word.encode() in bytes_ for word in live.values()), "the search finds what is there"
            looked_for += len(dead)
        shutil.rmtree(folder)
    return looked_for


def suspend_the_builder(fixture: Fixture) -> str:
    """What a second builder is told while the first is suspended; afterwards it can build."""
    folder = fixture.fresh()
    ready, tell = os.pipe()

    def hold() -> None:
        with writer_lock(folder):
            os.write(tell, b"x")
            os.kill(os.getpid(), signal.SIGSTOP)

    pid = in_child(hold)
    os.read(ready, 1)
    os.waitpid(pid, os.WUNTRACED)
    try:
        with quick_builds():
            fixture.update(folder)
        message = ""
    except IndexBusy as error:
        message = str(error)
        assert f"process {pid} " in message
        with Index(folder).snapshot() as snapshot:
            assert results(snapshot, QUERIES[0]) == fixture.old_state["results"][QUERIES[0]]
    os.kill(pid, signal.SIGKILL)
    outcome(pid)
    assert fixture.check(folder) == "old"
    return message


if __name__ == "__main__":  # a taste of everything, for ``python -O``
    with tempfile.TemporaryDirectory() as name:
        given = Fixture(Path(name))
        print(kill_at_random(given, 8), mutate(given, 120), fill_the_disk(given, [20_000, 60_000]))
        print(leave_no_trace(Path(name), 1), sys.flags.optimize)
