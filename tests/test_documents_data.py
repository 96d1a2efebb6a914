"""The readers against real and hostile files of the development data."""

from __future__ import annotations

import json
import random
import re
import runpy
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from rag.documents import Reader, pdf, read, walk
from rag.settings import Settings
from rag.types import Document

ROOT = Path(__file__).resolve().parent.parent


def test_formats(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 97 % of the facts stand on their page, and every expectation is met."""
    monkeypatch.setenv("PATH", str(tmp_path))  # no tesseract and no LibreOffice, whatever is installed
    bench = runpy.run_path(str(ROOT / "benchmarks" / "formats.py"))
    found = bench["score"](data / "formats_dev")
    assert found.n_met == found.n_files, found.misses
    assert found.n_found >= 0.97 * found.n_facts, found.misses


def test_hostile_files_are_all_accounted_for(data: Path) -> None:
    entries = {e["name"]: e for e in json.loads((data / "hostile" / "MANIFEST.json").read_text())["entries"]}
    files = list(walk([data / "hostile" / "files"]))
    with Reader(Settings()) as reader:
        results = {}
        for file, result in reader.read_all(files):
            results[file.source] = result
            assert reader.seconds < 20
    assert len(results) == len(files)
    for source, result in results.items():
        text = "\n".join(d.text for d in result) if isinstance(result, list) else ""
        if source.startswith("ok."):
            assert "CONTROL" in text, source
        assert "root:" not in text, source
        for injected in ("IGNORE PREVIOUS", "alert(1)", "\U000e0049"):
            if source in ("hidden_inject.html", "hidden_text.pdf", "script_xss.html", "tag_chars.txt"):
                assert injected not in text, source
        expect = entries.get(source, {}).get("expect", "")
        if expect == "reject":
            assert not isinstance(result, list), source
        if not isinstance(result, list):
            assert "\n" not in str(result)


@pytest.mark.slow
def test_every_hostile_file(data: Path, tmp_path: Path) -> None:
    """The whole set with its pipes, links, bombs and a sparse file of 10 GB, in bounded memory."""
    resource = pytest.importorskip("resource")
    script = data / "hostile" / "gen_hostile.py"
    subprocess.run([sys.executable, str(script), str(tmp_path / "set"), "--big"], check=True, capture_output=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n = 0
    with Reader(Settings()) as reader:
        for _, result in reader.read_all(walk([tmp_path / "set"])):
            n += 1
            assert reader.seconds < 20
            assert isinstance(result, list) or "\n" not in str(result)
    assert n >= 92
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 100


def letters(text: str) -> str:
    """What a box and a quote must share: the characters without spaces, bullets and line-end hyphens."""
    return re.sub(r"[\s\x02•\uf0b7-]", "", unicodedata.normalize("NFKC", text))


@pytest.fixture(scope="module")
def northwind(data: Path) -> dict[str, tuple[Path, Document]]:
    """The six booklets by name."""
    files = list(walk([data / "northwind" / "docs"]))
    return {file.source: (file.path, read(file, settings=Settings())[0]) for file in files}


def test_boxes_hold_the_cited_characters(northwind: dict[str, tuple[Path, Document]]) -> None:
    choose = random.Random(1)
    for path, document in northwind.values():
        sentences = list(re.finditer(r"[^.!?\n]{20,300}[.!?]", document.text))
        for match in choose.sample(sentences, min(9, len(sentences))):
            start, end = match.span()
            located = list(pdf.located(path, document.text, document.page_starts, start, end))
            assert letters("".join(characters for _, _, characters in located)) == letters(match.group())


def test_pages_of_the_northwind_booklets(data: Path, northwind: dict[str, tuple[Path, Document]]) -> None:
    """Running text keeps its page: the reference extraction's words stand on the same page here."""
    rows = [json.loads(line) for line in (data / "northwind" / "corpus.jsonl").read_text().splitlines()]
    n_right = 0
    for row in rows:
        _, document = northwind[row["doc"]]
        starts = [*document.page_starts, len(document.text)]
        page = set(re.findall(r"\w{4,}", document.text[starts[row["page"] - 1] : starts[row["page"]]].lower()))
        words = set(re.findall(r"\w{4,}", row["text"].lower()))
        n_right += len(words & page) >= 0.9 * len(words)
    assert n_right >= 0.98 * len(rows)


def test_the_sample(data: Path) -> None:
    (document,) = read(next(walk([data.parent / "sample" / "press-release.txt"])), settings=Settings())
    assert document.metadata["date"] == "2026-02-06"
    assert document.metadata["language"] == "en"
    marked = [document.text[a:b] for a, b in document.metadata["boilerplate"]]
    assert [words[:10] for words in marked] == ["https://ne", "View origi", "Copyright ", "Comunicato"]
    assert len(document.headings) == 3
