"""Reading text off pictures with tesseract, where that is installed on the system.

Nothing is bundled: ``apt install tesseract-ocr`` (and ``tesseract-ocr-deu`` … for other languages) on
Debian and Ubuntu, ``brew install tesseract`` on macOS. All installed languages are used, English first. Words
come with their places, so that a scanned page is laid out as a printed one is: columns, tables, paragraphs.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from statistics import fmean

from rag.errors import DocumentError

__all__ = ["INSTALL", "Reading", "Word", "is_available", "recognise"]

INSTALL = "install tesseract to read scanned pages (Debian: apt install tesseract-ocr; pip install pillow)"
_SECONDS = 60
_LANGUAGES = re.compile(r"^[A-Za-z_]{3,20}$", re.MULTILINE)
# Tesseract's own figures, 0 to 100. Real words on clean and on dirty scans were above 60 nearly always; specks,
# rules and pictures read as words below 40.
_SURE_WORD = 30.0
_SURE_SIGN = 70.0
_SURE_LINE = 45.0


@dataclass(frozen=True, slots=True)
class Word:
    """A word on a picture, its box in pixels from the top left, the line that it stands on, and its place in the
    reading."""

    text: str
    x0: int
    y0: int
    x1: int
    y1: int
    confidence: float
    line: tuple[int, int, int]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read off a picture: its words, its size in pixels as it was read, and whether it had to be turned."""

    words: list[Word]
    width: int
    height: int
    is_turned: bool = False

    @property
    def confidence(self) -> float:
        """How sure tesseract is of the words on average."""
        return fmean(word.confidence for word in self.words) if self.words else 0.0

    @property
    def is_plausible(self) -> bool:
        """Whether it can be text the right way up."""
        return not self.words or self.confidence > 60


@lru_cache(maxsize=1)
def _program() -> str:
    return shutil.which("tesseract") or ""


def is_available() -> bool:
    """Whether tesseract is there, and Pillow to hand it pictures."""
    return bool(_program()) and find_spec("PIL") is not None


@lru_cache(maxsize=1)
def _languages() -> tuple[str, bool]:
    """The installed languages as tesseract wants them, at most six, and whether it can tell a page's direction."""
    listed = subprocess.run([_program(), "--list-langs"], capture_output=True, timeout=_SECONDS, check=False)
    found = _LANGUAGES.findall(listed.stdout.decode("utf-8", "replace"))
    names = sorted((name for name in found if name != "osd"), key=lambda name: (name != "eng", name))
    return "+".join(names[:6]) or "eng", "osd" in found


def recognise(png: bytes, dots_per_inch: int = 300) -> Reading:
    """The words on a picture in reading order, without what is most likely no text.

    Raises:
        DocumentError: tesseract is not there, fails, or takes too long.
    """
    if not is_available():
        raise DocumentError(f"holds no text; {INSTALL}")
    languages, knows_direction = _languages()
    reading = _read(png, languages, dots_per_inch)
    if knows_direction and not reading.is_plausible and (turned := _upright(png)):
        upright = replace(_read(turned, languages, dots_per_inch), is_turned=True)
        reading = max(reading, upright, key=lambda one: one.confidence)
    words = [replace(word, number=number) for number, word in enumerate(_sure(reading.words))]
    return replace(reading, words=words)


def _read(png: bytes, languages: str, dots_per_inch: int) -> Reading:
    output = _run(png, "-l", languages, "--psm", "3", "--dpi", str(dots_per_inch), "tsv")
    rows = [row for line in output.splitlines()[1:] if len(row := line.split("\t")) == 12]
    words = [_word(row) for row in rows if row[0] == "5" and row[11].strip()]
    width, height = next(((int(row[8]), int(row[9])) for row in rows if row[0] == "1"), (0, 0))
    return Reading(words, width, height)


def _run(png: bytes, *arguments: str) -> str:
    try:
        result = subprocess.run(
            [_program(), "stdin", "stdout", *arguments],
            input=png,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise DocumentError(f"took tesseract more than {_SECONDS} seconds") from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise DocumentError("cannot be read by tesseract") from error
    return result.stdout.decode("utf-8", "replace")


def _upright(png: bytes) -> bytes:
    """The picture turned so that its text stands upright, b"" when it does so already or that cannot be told."""
    from PIL import Image

    try:
        found = re.search(r"^Rotate:\s*(\d+)", _run(png, "--psm", "0"), re.MULTILINE)
    except DocumentError:
        return b""
    if not found or found[1] == "0":
        return b""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).rotate(-int(found[1]), expand=True).save(buffer, "PNG")
    return buffer.getvalue()


def _word(row: list[str]) -> Word:
    left, top, width, height = map(int, row[6:10])
    place = (int(row[2]), int(row[3]), int(row[4]))
    return Word(row[11].strip(), left, top, left + width, top + height, float(row[10]), place)


def _sure(words: list[Word]) -> list[Word]:
    """The words without lines that are guesses; words that are guesses keep their places without their letters."""
    by_line: dict[tuple[int, int, int], list[Word]] = {}
    for word in words:
        by_line.setdefault(word.line, []).append(word)
    kept = []
    for line in by_line.values():
        if fmean(word.confidence for word in line) < _SURE_LINE or not any(map(_is_word, line)):
            continue
        for word in line:
            if word.confidence >= (_SURE_WORD if _is_word(word) else _SURE_SIGN):
                kept.append(word)
            elif _is_word(word):
                kept.append(replace(word, text=""))
    return kept


def _is_word(word: Word) -> bool:
    return any(char.isalnum() for char in word.text)
