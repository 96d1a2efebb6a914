"""The files of a corpus, found without opening any of them.

Symbolic links that lead out of the corpus, pipes, devices, sparse giants and folders that cannot be listed come
back with their ``problem``; hidden files and indexes that Footnote built are not part of a corpus.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import UsageError

__all__ = ["File", "display_name", "walk"]

INDEX_MARK = "footnote.sqlite"  # a folder that holds this file is an index, not documents
MAX_BYTES = 2**30
# these say that nothing is there; after any other error it may be there, out of reach for now
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_HEX_PAIR = re.compile("[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class File:
    """A file of the corpus. ``source`` names it for people and in citations; ``problem`` says why it
    will not be read ("" when it will). ``unreachable``: it is there, but what it holds cannot be told at the moment; a
    folder that cannot be listed is such a file."""

    path: Path
    source: str
    collection: str
    size: int
    mtime_ns: int
    inode: int
    problem: str = ""
    ctime_ns: int = 0
    unreachable: bool = False


def display_name(raw: bytes) -> str:
    """A file name as valid, visible, unambiguous Unicode.

    Bytes that are not UTF-8, control characters, line breaks, direction marks and the percent sign in
    front of two hexadecimal digits are percent-encoded, so that two names never look the same in the
    index: the encoding can be undone.
    """
    shown = []
    text = raw.decode("utf-8", "surrogateescape")
    for place, char in enumerate(text):
        if char == "%" and _HEX_PAIR.match(text, place + 1):
            shown.append("%25")
        elif unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            shown.append("".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape")))
        else:
            shown.append(char)
    return "".join(shown)


def walk(paths: Sequence[str | Path]) -> Iterator[File]:
    """Every file under ``paths``, sorted by source.

    Raises:
        UsageError: a path does not exist.
    """
    roots = [Path(path) for path in paths]
    for root in roots:
        if not os.path.lexists(root):
            raise UsageError(f"there is no file or folder {str(root)!r}")
    files: list[File] = []
    for root, name in zip(roots, _names(roots), strict=True):
        if os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where the way to it is barred
            files += _walk_folder(root, name if len(roots) > 1 else "")
        else:
            files.append(_file(root, name, "", root.resolve().parent))
    yield from sorted(files, key=lambda file: file.source)


def _names(roots: Sequence[Path]) -> Iterator[str]:
    """A name for each root, made unique: what the sources of a folder begin with when there are several
    roots, and the source of a single file."""
    seen: dict[str, int] = {}
    for root in roots:
        name = display_name(os.fsencode(root.name or root.resolve().name))
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def _walk_folder(root: Path, prefix: str) -> Iterator[File]:
    home = root.resolve()
    stack: list[tuple[str, tuple[str, ...]]] = [(os.fspath(root), ())]
    while stack:
        folder, parts = stack.pop()
        try:
            entries = sorted(os.scandir(os.fsencode(folder)), key=lambda entry: entry.name)
        except OSError as error:
            source = "/".join((*([prefix] if prefix else []), *parts)) if parts else display_name(os.fsencode(home))
            reason = f"folder cannot be listed: {error.strerror or error}"
            yield _skipped(Path(folder), source, parts, reason, unreachable=True)
            continue
        if any(entry.name == INDEX_MARK.encode() for entry in entries):
            continue
        for entry in entries:
            if entry.name.startswith(b"."):
                continue
            name = display_name(entry.name)
            path = Path(os.fsdecode(entry.path))
            source = "/".join((*([prefix] if prefix else []), *parts, name))
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
            except OSError as error:  # some file systems tell what an entry is only when they are asked
                yield _skipped(path, source, parts, f"cannot be opened: {error.strerror or error}", unreachable=True)
                continue
            if is_folder:
                stack.append((os.fsdecode(entry.path), (*parts, name)))
            elif entry.is_symlink() and os.path.isdir(path):  # noqa: PTH112 - as above
                yield _skipped(path, source, parts, "is a link to a folder; links to folders are not followed")
            else:
                yield _file(path, source, parts[0] if parts else "", home)


def _skipped(path: Path, source: str, parts: tuple[str, ...], problem: str, *, unreachable: bool = False) -> File:
    return File(path, source, parts[0] if parts else "", 0, 0, 0, problem, unreachable=unreachable)


def _file(path: Path, source: str, collection: str, home: Path) -> File:
    problem = ""
    try:
        if path.is_symlink():
            target = path.resolve()
            if not target.is_relative_to(home):
                return File(path, source, collection, 0, 0, 0, "is a link that leads out of the corpus")
        info = path.stat()
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        unreachable = isinstance(error, OSError) and error.errno not in _NOT_THERE
        return File(path, source, collection, 0, 0, 0, f"cannot be opened: {reason}", unreachable=unreachable)
    if not stat.S_ISREG(info.st_mode):
        problem = "is not a regular file (a pipe, socket or device)"
    elif info.st_size == 0:
        problem = "is empty"
    elif info.st_size > 16 * 2**20 and info.st_blocks * 512 < info.st_size // 16:
        problem = f"is a sparse file: {info.st_size:,} bytes that are mostly not there"
    elif info.st_size > MAX_BYTES:
        problem = f"is larger than {MAX_BYTES // 2**20:,} MB"
    return File(path, source, collection, info.st_size, info.st_mtime_ns, info.st_ino, problem, info.st_ctime_ns)
