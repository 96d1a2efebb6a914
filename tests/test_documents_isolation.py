"""Reading in worker processes: whatever a file does to its worker, the next one is read."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from made import docx_of, package_of, pdf_of, word_paragraph

from rag.documents import File, Reader, isolation, read, walk, worker
from rag.documents.limits import seconds_for
from rag.errors import DocumentError
from rag.settings import Settings
from rag.types import Document


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Settings()) as opened:
        yield opened


def write(folder: Path, files: dict[str, bytes]) -> list[File]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return list(walk([folder]))


def test_results_are_those_of_read_and_in_order(reader: Reader, tmp_path: Path) -> None:
    files = write(
        tmp_path,
        {
            "a.md": b"# Title\n\nWords in a paragraph.\n\n- item",
            "b.docx": docx_of(word_paragraph("Word text")),
            "c.pdf": pdf_of([[(72, 700, 12, "Page one")], [(72, 700, 12, "Page two")]]),
            "d.txt": b"",
            "e.jsonl": b"\n".join(json.dumps({"id": n, "text": f"record {n}"}).encode() for n in range(50)),
            "f.bin": bytes(range(256)) * 10,
        },
    )
    results = list(reader.read_all(files))
    assert [file for file, _ in results] == files
    for file, result in results:
        if isinstance(result, list):
            assert result == read(file, settings=Settings())
            assert [d.id for d in result] == [d.id for d in read(file, settings=Settings())]
        else:
            with pytest.raises(DocumentError, match=str(result)[:20]):
                read(file, settings=Settings())


n_calls = 0


def count_and_die_at_the_third(document: Document, settings: Settings) -> str:
    """What a worker is to say beside a document; each process has a count of its own."""
    global n_calls
    n_calls += 1
    if n_calls == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return f"{n_calls}: {document.text}"


def test_a_worker_that_dies_halfway_through_a_file_hands_on_no_document_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps({"id": n, "text": f"record {n}"}) for n in range(3)]
    files = write(tmp_path, {"a.txt": b"Alone.", "b.jsonl": "\n".join(lines[:2]).encode()})
    monkeypatch.setattr(isolation, "MAX_WORKERS", 1)
    with Reader(Settings(), f"{__name__}:count_and_die_at_the_third") as opened:
        found = {file.source: [read.beside for read in reads] for file, reads in opened.read_each(files)}
    assert found == {"a.txt": ["1: Alone."], "b.jsonl": ["2: record 0", "2: record 1"]}
    (tmp_path / "b.jsonl").write_text("\n".join(lines))
    came: list[str] = []
    with Reader(Settings(), f"{__name__}:count_and_die_at_the_third") as opened:
        ((_, reads),) = opened.read_each(walk([tmp_path / "b.jsonl"]))
        with pytest.raises(DocumentError, match="made its reader fail"):
            came.extend(read.document.text for read in reads)
    assert came == ["record 0", "record 1"]


def test_a_large_parent_does_not_make_its_workers_seem_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that have grown are replaced; how large their parent is does not count."""
    memory = bytearray(os.urandom(4096)) * 25_000  # 100 MB
    monkeypatch.setattr(isolation, "MAX_WORKERS", 1)
    monkeypatch.setattr(isolation, "_GROWN_BYTES", 90 * 2**20)
    with Reader(Settings()) as opened:
        found = list(opened.read_all(write(tmp_path, {f"{n}.txt": b"Some words." for n in range(3)})))
        assert len(found) == 3 and not opened._workers[0].is_spent
    assert len(memory) > 90 * 2**20


def test_hostile_packages_are_named(reader: Reader, tmp_path: Path) -> None:
    laughs = '<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]>'
    deep = "<w:p>" * 5000 + "</w:p>" * 5000
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    files = write(
        tmp_path,
        {
            "bomb.docx": package_of({"word/document.xml": f"<w:document {word}>" + " " * 40_000_000 + "</w:document>"}),
            "laughs.docx": package_of({"word/document.xml": f"{laughs}<w:document {word}>&b;</w:document>"}),
            "deep.docx": docx_of(deep),
            "many.zip": package_of({f"{n}.txt": "" for n in range(10_001)}, zipfile.ZIP_STORED),
            "good.txt": b"A good file among them.",
        },
    )
    results = {file.source: result for file, result in reader.read_all(files)}
    assert "ZIP bomb" in str(results["bomb.docx"])
    assert "entities" in str(results["laughs.docx"])
    assert "nested too deeply" in str(results["deep.docx"])
    assert "10,001 members" in str(results["many.zip"])
    assert isinstance(results["good.txt"], list)


# a loader that a plug-in could bring, bad in every way
PLUGIN = """
import ctypes, socket, time

class Bad:
    suffixes = (".bad",)
    def __init__(self, argument, settings):
        pass
    def load(self, path):
        text = path.read_text()
        if text == "crash":
            ctypes.string_at(0)
        if text == "hang":
            time.sleep(1000)
        if text == "eat":
            hoard = [bytes(2**20) for _ in range(4000)]
        if text == "raise":
            raise KeyError("oops\\nsecond line")
        if text == "connect":
            socket.create_connection(("127.0.0.1", 9))
        if text == "print":
            print("noise between the frames")
        from rag.types import Document
        yield Document("", "read: " + text)
"""


@pytest.fixture
def bad_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with a hostile loader, on the path of the workers."""
    site = tmp_path / "site"
    info = site / "bad_plugin-1.dist-info"
    info.mkdir(parents=True)
    (site / "bad_plugin.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[rag.loaders]\nbad = bad_plugin:Bad\n")
    monkeypatch.syspath_prepend(str(site))


@pytest.mark.usefixtures("bad_plugin")
def test_a_worker_that_fails_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "seconds_for", lambda _: 3.0)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    words = ["good1", "crash", "good2", "hang", "eat", "good3", "raise", "connect", "print", "good4"]
    files = write(corpus, {f"{n}.bad": word.encode() for n, word in enumerate(words)})
    with Reader(Settings()) as hardy:
        results = {words[int(file.path.stem)]: result for file, result in hardy.read_all(files)}
    for word in ("good1", "good2", "good3", "good4", "print"):
        result = results[word]
        assert isinstance(result, list), result
        assert result[0].text == f"read: {word}"
    assert "made its reader fail" in str(results["crash"])
    assert "more than 3 seconds" in str(results["hang"])
    assert "memory" in str(results["eat"])
    assert "KeyError" in str(results["raise"])
    assert "\n" not in str(results["raise"])
    assert "no connections" in str(results["connect"])


def test_workers_end_with_the_reader(tmp_path: Path) -> None:
    (file,) = write(tmp_path, {"a.txt": b"Some words."})
    with Reader(Settings()) as opened:
        list(opened.read_all([file]))
        processes = [one._process for one in opened._workers]
        assert all(process.poll() is None for process in processes)
    assert all(process.poll() is not None for process in processes)


def test_a_reader_waits_for_whoever_takes_its_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"id": n, "text": f"record {n} " + "word " * 2000}) for n in range(200)]
    files = write(tmp_path, {"a.jsonl": "\n".join(lines).encode(), "b.jsonl": "\n".join(lines[:50]).encode()})
    monkeypatch.setattr(isolation, "_MAX_WAITING", 3)
    most, came = 0, []
    with Reader(Settings()) as opened:
        for _, reads in opened.read_each(files):
            queue = inspect.getgeneratorlocals(reads)["reading"].found
            for read in reads:
                most = max(most, queue.qsize())
                came.append(read.document.source.rpartition("#")[2])
    assert came == [str(n) for n in (*range(200), *range(50))]
    assert most <= 3
    with Reader(Settings()) as opened:  # left in the middle, nobody waits for ever
        _, reads = next(iter(opened.read_each(files)))
        assert next(reads).document.text.startswith("record 0")


def test_a_killed_worker_does_not_stop_the_rest(tmp_path: Path) -> None:
    files = write(tmp_path, {f"{n}.txt": f"File number {n}.".encode() for n in range(12)})
    with Reader(Settings()) as opened:
        results = opened.read_all(files)
        first = next(results)
        for one in list(opened._workers):
            os.kill(one._process.pid, signal.SIGKILL)
        rest = list(results)
    assert [file.source for file, _ in [first, *rest]] == [file.source for file in files]
    assert sum(isinstance(result, list) for _, result in rest) >= len(rest) - 4


def test_a_script_without_a_main_guard_can_build(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom rag.documents import Reader, walk\nfrom rag.settings import Settings\n"
        "print('started')\nwith Reader(Settings()) as reader:\n"
        "    for file, result in reader.read_all(walk([sys.argv[1]])):\n        print(file.source, result[0].text)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "a.txt")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "started\na.txt Words.\n"


def test_the_worker_stays_light() -> None:
    code = "import sys, rag.documents.worker, rag.documents.reading, rag.documents.pdf; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "gradio", "onnxruntime", "transformers", "sentence_transformers", "faiss"}
    assert not heavy & set(eval(done.stdout))


def test_frames_travel_whole(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    values = [{"text": "größe \U0001f600", "n": [1, 2]}, {"path": "caf\udce9"}, {}]
    with path.open("wb") as stream:
        for value in values:
            worker.write_frame(stream, value)
    with path.open("rb") as stream:
        assert [worker.read_frame(stream, 10_000) for _ in values] == values
        assert worker.read_frame(stream, 10_000) is None
    with path.open("rb") as stream, pytest.raises(ValueError, match="frame"):
        worker.read_frame(stream, 3)


def test_large_files_may_take_longer() -> None:
    assert seconds_for(1000) < 20 < seconds_for(10 * 2**20) < seconds_for(10 * 2**30) <= 300


CONFINED = """
import ctypes, subprocess, sys
from pathlib import Path
from rag.documents.confine import confine
folder, outside = Path(sys.argv[1]), Path(sys.argv[2])
print(*confine(folder), sep="+")
libc = ctypes.CDLL(None)
print(libc.socket(2, 1, 0) < 0, libc.socket(10, 2, 0) < 0, libc.socket(1, 1, 0) >= 0)
(folder / "inside").write_text("kept")
subprocess.run(["sh", "-c", f"echo x > {outside}/child; rm {outside}/old"], stderr=subprocess.DEVNULL)
print(sorted(path.name for path in outside.iterdir()), sorted(path.name for path in folder.iterdir()))
"""


def test_the_kernel_forbids_connections_and_writing_elsewhere(tmp_path: Path) -> None:
    """Also to native code and to programs that are started, which no hook of Python sees."""
    folder, outside = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    outside.mkdir()
    (outside / "old").write_text("kept")
    command = [sys.executable, "-c", CONFINED, str(folder), str(outside)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    if said[0] != "connections+writing elsewhere":
        pytest.skip(f"this system's kernel forbids only: {said[0] or 'nothing'}")
    assert said[1:] == ["True True True", "['old'] ['inside']"]


def test_readers_say_what_is_forbidden(tmp_path: Path) -> None:
    with Reader(Settings()) as reader:
        assert reader.forbidden == ()
        assert all(
            isinstance(result, list) for _, result in reader.read_all(write(tmp_path, {"a.txt": b"Some words."}))
        )
        assert set(reader.forbidden) <= {"connections", "writing elsewhere"}


def test_system_calls_of_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watched from outside: no internet socket, and nothing opened that a hostile file names."""
    strace = shutil.which("strace")
    log = tmp_path / "log"
    if not strace or subprocess.run([strace, "-o", str(log), "true"], check=False, capture_output=True).returncode:
        pytest.skip("strace is not installed, or may not trace here")
    program = tmp_path / "python"
    calls = "trace=socket,connect,sendto,openat,open,creat"
    program.write_text(f'#!/bin/sh\nexec {strace} -f -o {log}.$$ -e {calls} {sys.executable} "$@"\n')
    program.chmod(0o755)
    entity = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    link = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    link += 'Type="x/image" Target="http://127.0.0.1:9/a.png" TargetMode="External"/></Relationships>'
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    files = write(
        corpus,
        {
            "entity.docx": package_of({"word/document.xml": f"{entity}<document><body><p>&x;</p></body></document>"}),
            "linked.docx": docx_of(word_paragraph("Words."), {"word/_rels/document.xml.rels": link}),
            "page.html": b"<p>Words.</p><img src=http://127.0.0.1:9/b.png><iframe src=file:///etc/hostname></iframe>",
            "feed.xml": f"{entity}<d>&x;</d>".encode(),
            "plain.pdf": pdf_of([[(72, 700, 12, "Page one")]]),
            "up.zip": package_of({"../../escaped.txt": "Out of the folder."}),
        },
    )
    monkeypatch.setattr(isolation.sys, "executable", str(program))
    with Reader(Settings()) as reader:
        assert sum(1 for _ in reader.read_all(files)) == len(files)
    logs = tmp_path.glob("log.*")  # one of each worker
    lines = [line for one in logs for line in one.read_text(errors="replace").splitlines()]
    assert sum("plain.pdf" in line for line in lines) >= 1  # PDFium's own opening is seen
    assert not [line for line in lines if "AF_INET" in line]
    assert not [line for line in lines if "/etc/hostname" in line or "escaped" in line]
    written = [line for line in lines if re.search(r"O_WRONLY|O_RDWR|O_CREAT", line) and "= -1" not in line]
    assert all(re.search(r'"(?:/dev/null|[^"]*footnote-reader-[^"]*)"', line) for line in written), written
