"""Scanned pages and pictures, read by a stand-in for tesseract that the test puts on the path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from made import pdf_with_picture
from PIL import Image, ImageDraw

from rag.documents import Reader, ocr, read, walk
from rag.documents.limits import on_beat
from rag.documents.pdfboxes import boxes
from rag.errors import DocumentError
from rag.settings import Settings

# tells one picture from another by its size, as the pages below differ in it; words as tesseract's TSV has them
PROGRAM = """#!/bin/sh
if [ "$1" = "--list-langs" ]; then printf 'List of available languages (3):\\ndeu\\neng\\nosd\\n'; exit 0; fi
size=$(cat | wc -c)
if [ "$4" = "0" ]; then echo "Rotate: 180"; exit 0; fi
[ "$4" = "eng+deu" ] || exit 1
if [ "$size" -gt 200000 ]; then cat "$(dirname "$0")/second.tsv"; else cat "$(dirname "$0")/first.tsv"; fi
"""


def tsv(lines: list[tuple[int, int, str]], confidence: int = 95) -> str:
    """Lines (x, y, words; two spaces are a wide gap; ? in front of a word is a guess) in a picture of 2250 x 3000."""
    rows = ["level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"]
    rows.append("1\t1\t0\t0\t0\t0\t0\t0\t2250\t3000\t-1\t")
    for number, (x, y, words) in enumerate(lines, 1):
        for word in words.split(" "):
            shown = word.lstrip("?")
            sure = 5 if word.startswith("?") else confidence
            if shown:
                rows.append(f"5\t1\t1\t1\t{number}\t1\t{x}\t{y}\t{20 * len(shown)}\t30\t{sure}\t{shown}")
            x += 20 * len(shown) + (12 if shown else 150)
    return "\n".join(rows) + "\n"


FIRST = [(200, 300, "The first page tells of the ?h4rb harbour.")]
SECOND = [
    (200, 300, "The second page tells of all the regu-"),
    (200, 345, "lations for pilots in the old harbour town."),
    (200, 600, "Plan  Price"),
    (200, 645, "Gold  500"),
    (200, 690, "Silver  900"),
    (200, 735, "Bronze  100"),
    (1900, 2900, "?~ ?q"),
]


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
    (folder / "first.tsv").write_text(tsv(FIRST))
    (folder / "second.tsv").write_text(tsv(SECOND))
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
        "The first page tells of the harbour.\n\n"
        "The second page tells of all the regulations for pilots in the old harbour town.\n\n"
        "Plan: Gold; Price: 500\nPlan: Silver; Price: 900\nPlan: Bronze; Price: 100"
    )
    assert document.page_at(document.text.index("pilots")) == 2
    assert document.metadata["warnings"] == ["scanned: the text was recognised by a machine and may hold errors"]
    assert len(beats) == 2


@pytest.mark.usefixtures("tesseract")
def test_a_page_upside_down_is_turned(scan: Path, tmp_path: Path) -> None:
    """What cannot be read is turned as tesseract says, and read again."""
    (tmp_path / "bin" / "first.tsv").write_text(tsv([(200, 300, "sib snoit alugnoc")], confidence=50))
    reading = ocr.recognise(page_of(scan))
    assert [word.text for word in reading.words] == ["sib", "snoit", "alugnoc"]
    assert not reading.is_plausible  # the stand-in reads both the same, so the first is kept


def page_of(scan: Path) -> bytes:
    picture = scan.with_name("page.png")
    Image.new("L", (300, 400), 255).save(picture)
    return picture.read_bytes()


@pytest.mark.usefixtures("tesseract")
def test_pictures_on_a_page_of_text_are_read_too(tmp_path: Path) -> None:
    """A table that is a picture stands after the text; words printed over the picture are not read twice."""
    path = tmp_path / "mixed.pdf"
    path.write_bytes(pdf_with_picture([(72, 740, 12.0, "This page is about plans and what they cost.")]))
    (tmp_path / "bin" / "first.tsv").write_text(
        tsv([(250, 230, "This page is"), (600, 1500, "Gold costs 500 and"), (600, 1545, "Silver costs 900 more.")])
    )
    (document,) = read(next(walk([path])), settings=Settings())
    assert document.text.startswith("This page is about plans and what they cost.\n\nGold costs 500 and")
    assert document.text.count("This page is") == 1
    assert document.metadata["warnings"] == ["scanned: the text was recognised by a machine and may hold errors"]


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


@pytest.mark.usefixtures("tesseract")
def test_cited_words_of_a_scan_have_boxes(scan: Path) -> None:
    """Where the words stand on the paper, line by line; a word that is divided has a box on each line."""
    (document,) = read(next(walk([scan])), settings=Settings())
    quote = "regulations for pilots"
    start = document.text.index(quote)
    found = boxes(scan, document.text, document.page_starts, start, start + len(quote))
    scale = 300 / 72  # pixels a point
    height = 3000 / scale
    second = (2, 200 / scale, height - 375 / scale, (200 + 18 * 20 + 2 * 12 - 2 * 20) / scale, height - 345 / scale)
    assert len(found) == 2
    assert found[1] == pytest.approx(second, abs=0.01)
    assert found[0][1] > second[1] and found[0][4] == pytest.approx(height - 300 / scale)
    row = document.text.index("Plan: Silver")
    places = boxes(scan, document.text, document.page_starts, row, row + len("Plan: Silver; Price: 900"))
    assert len(places) == 4  # two names in the header, two cells
