"""Scanned pages and pictures, read by a stand-in for tesseract that the test puts on the path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from rag.documents import Reader, ocr, read, walk
from rag.documents.limits import on_beat
from rag.errors import DocumentError
from rag.settings import Settings

# tells one picture from another by its size, as the pages below differ in it
PROGRAM = """#!/bin/sh
if [ "$1" = "--list-langs" ]; then printf 'List of available languages (3):\\ndeu\\neng\\nosd\\n'; exit 0; fi
size=$(cat | wc -c)
[ "$4" = "eng+deu" ] || exit 1
if [ "$size" -gt 200000 ]; then printf 'The second page tells of regu-\\nlations for pilots.\\n\\nAnd of fees.\\n\\f'
else printf 'The first page tells of the harbour.\\n\\f'; fi
"""


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A PDF of two pictures, the second of them busy."""
    pages = [Image.new("L", (600, 800), 255) for _ in range(2)]
    draw = ImageDraw.Draw(pages[1])
    for k in range(0, 600, 3):
        draw.line((k, 0, 600 - k, 800), fill=(k * 7) % 255)
    path = tmp_path / "scan.pdf"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    return path


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tesseract"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    yield from _fresh()


@pytest.fixture
def no_tesseract(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ocr.shutil, "which", lambda _: None)
    yield from _fresh()


def _fresh() -> Iterator[None]:
    for cached in (ocr._program, ocr._languages):
        cached.cache_clear()
    yield
    for cached in (ocr._program, ocr._languages):
        cached.cache_clear()


@pytest.mark.usefixtures("tesseract")
def test_a_scan_is_read_page_by_page(scan: Path) -> None:
    beats: list[int] = []
    on_beat(lambda: beats.append(1))
    (document,) = read(next(walk([scan])), settings=Settings())
    assert document.text == (
        "The first page tells of the harbour.\n\nThe second page tells of regulations for pilots.\n\nAnd of fees."
    )
    assert document.page_at(document.text.index("pilots")) == 2
    assert document.metadata["warnings"] == ["its text was recognised by a machine and may hold errors"]
    assert len(beats) == 2


@pytest.mark.usefixtures("tesseract")
def test_a_worker_reads_scans_and_pictures(scan: Path) -> None:
    Image.new("L", (300, 200), 255).save(scan.with_name("photo.png"))
    with Reader(Settings()) as reader:
        results = {
            file.path.name: result for file, result in reader.read_all(walk([scan, scan.with_name("photo.png")]))
        }
    assert {name: len(result) for name, result in results.items() if isinstance(result, list)} == {
        "scan.pdf": 1,
        "photo.png": 1,
    }


@pytest.mark.usefixtures("no_tesseract")
def test_without_it_a_scan_is_named(scan: Path) -> None:
    with pytest.raises(DocumentError, match=r"no text on pages 1 to 2; install tesseract"):
        read(next(walk([scan])), settings=Settings())
