"""The corpus as the page sees it: listing, adding (files, folders, ZIP) and removing documents.

File names come from strangers: each part is made safe, nothing leaves the corpus, and a file is written
beside its place and moved there whole.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from rag.errors import UsageError

__all__ = ["Added", "add", "remove", "safe_name", "unzipped"]

_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_NAME_BYTES = 180
_DEPTH = 8
ZIP_MEMBERS = 10_000
ZIP_BYTES = 2 << 30  # what a ZIP may hold when unpacked
ZIP_RATIO = 200  # and how many times its own size


@dataclass(slots=True)
class Added:
    """What became of the files sent: ``saved`` and ``same`` (already there, equal), ``conflicts`` (there
    with other bytes, not replaced), ``replaced``, and ``refused`` with the reason."""

    saved: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def safe_name(name: str) -> str:
    """One part of a path as a file name that every system takes and that says what it is."""
    name = unicodedata.normalize("NFC", name)
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    name = " ".join(_FORBIDDEN.sub("_", name).split()).strip(". ")
    if _RESERVED.match(name):
        name = "_" + name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, dot, suffix = name, "", ""
    while len((stem + dot + suffix).encode()) > _NAME_BYTES:
        stem = stem[:-1]
    return stem + dot + suffix or "document"


def safe_path(name: str) -> Path | None:
    """A relative path as sent by a browser or found in a ZIP, made safe; None for system litter."""
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".", "..")]
    if not parts or any(part in _JUNK or part.startswith("._") for part in parts):
        return None
    return Path(*[safe_name(part) for part in parts[-_DEPTH:]])


def add(corpus: Path, collection: str, files: Iterable[tuple[str, IO[bytes]]], *, replace: bool = False) -> Added:
    """Put files into a collection of the corpus. ``files`` are (name or relative path, open file)."""
    folder = corpus / safe_name(collection or "uploads")
    added = Added()
    for name, file in files:
        relative = safe_path(name)
        if relative is None:
            continue
        target = folder / relative
        shown = str(target.relative_to(corpus))
        try:
            _place(corpus, target, file, replace, shown, added)
        except (OSError, UsageError) as error:
            added.refused.append((shown, str(error)))
    return added


def _place(corpus: Path, target: Path, file: IO[bytes], replace: bool, shown: str, added: Added) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.parent.resolve().is_relative_to(corpus.resolve()):
        raise UsageError("leads out of the corpus")
    descriptor, waiting = tempfile.mkstemp(prefix=".upload-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
        if not os.path.lexists(target):
            outcome = added.saved
        elif not target.is_file() or target.is_symlink():
            raise UsageError("is in the way of something that is not a file")
        elif _digest(target) == _digest(Path(waiting)):
            added.same.append(shown)
            return
        elif not replace:
            added.conflicts.append(shown)
            return
        else:
            outcome = added.replaced
        Path(waiting).chmod(0o644)
        Path(waiting).replace(target)
        outcome.append(shown)
    finally:
        Path(waiting).unlink(missing_ok=True)


def unzipped(name: str, file: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    """The files in a ZIP, below a folder of its name.

    Raises:
        UsageError: it is not a ZIP that can be read, or it holds more than it should.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            total = sum(member.file_size for member in members)
            packed = sum(member.compress_size for member in members) or 1
            if len(members) > ZIP_MEMBERS or total > ZIP_BYTES or (total > 1 << 20 and total > packed * ZIP_RATIO):
                raise UsageError("unpacks to far more than a folder of documents")
            for member in members:
                if stat.S_ISLNK(member.external_attr >> 16):
                    continue
                with archive.open(member) as inside:
                    yield f"{Path(name).stem}/{member.filename}", inside
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise UsageError(f"is not a ZIP that can be read: {error}") from error


def remove(corpus: Path, path: Path) -> None:
    """Delete a file of the corpus.

    Raises:
        UsageError: it is not inside the corpus, or the system does not let go of it.
        FileNotFoundError: it is not there any more.
    """
    if not path.parent.resolve().is_relative_to(corpus.resolve()):
        raise UsageError(f"{path} is outside of the corpus: remove it there, then look for changes")
    try:
        path.unlink()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UsageError(f"{path.name} cannot be removed: {error.strerror or error}") from error


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
