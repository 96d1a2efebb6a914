"""Reading text off pictures with tesseract, where that is installed on the system.

Nothing is bundled: ``apt install tesseract-ocr`` (and ``tesseract-ocr-deu`` … for other languages) on
Debian and Ubuntu, ``brew install tesseract`` on macOS. All installed languages are used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import lru_cache

from rag.errors import DocumentError

__all__ = ["INSTALL", "is_available", "recognise"]

INSTALL = "install tesseract to read scanned pages (Debian: apt install tesseract-ocr)"
_SECONDS = 60
_LANGUAGES = re.compile(r"^[A-Za-z_]{3,20}$", re.MULTILINE)


@lru_cache(maxsize=1)
def _program() -> str:
    return shutil.which("tesseract") or ""


def is_available() -> bool:
    """Whether tesseract is there."""
    return bool(_program())


@lru_cache(maxsize=1)
def _languages() -> str:
    """The installed languages as tesseract wants them, English first, at most six."""
    listed = subprocess.run([_program(), "--list-langs"], capture_output=True, timeout=_SECONDS, check=False)
    names = [name for name in _LANGUAGES.findall(listed.stdout.decode("utf-8", "replace")) if name not in ("osd",)]
    names.sort(key=lambda name: (name != "eng", name))
    return "+".join(names[:6]) or "eng"


def recognise(png: bytes) -> str:
    """The text on a picture, paragraphs apart by blank lines.

    Raises:
        DocumentError: tesseract is not there, fails, or takes too long.
    """
    if not is_available():
        raise DocumentError(f"holds no text; {INSTALL}")
    try:
        result = subprocess.run(
            [_program(), "stdin", "stdout", "-l", _languages(), "--psm", "3"],
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
    return result.stdout.decode("utf-8", "replace").replace("\f", "")
