"""ZIP packages and XML from strangers, within limits.

A package is refused for its number of members, for what they inflate to (counted while inflating, not as
declared) and for how far they inflate. XML is read by expat without a document type, so no entity is ever
defined or fetched, and without more than ``MAX_DEPTH`` elements inside each other. Elements and attributes
carry local names, which makes the transitional and the strict form of Office files one; attributes in the
relationships namespace keep ``r:``.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from rag.errors import DocumentError

__all__ = ["MAX_MEMBERS", "Package", "parse_xml", "scan_xml"]

MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 96 * 2**20
MAX_TOTAL_BYTES = 400 * 2**20
MAX_RATIO = 150  # inflated to packed, once more than MIN_BOMB_BYTES came out
MIN_BOMB_BYTES = 8 * 2**20
MAX_DEPTH = 256


class Package:
    """A ZIP file opened for reading; a context manager.

    Raises:
        DocumentError: it is damaged, encrypted, or beyond a limit.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise DocumentError("is damaged: it is not a complete ZIP package") from error
        self._total = 0
        if len(self._zip.infolist()) > MAX_MEMBERS:
            raise DocumentError(f"holds {len(self._zip.infolist()):,} members, more than {MAX_MEMBERS:,}")
        self._infos = {info.filename: info for info in self._zip.infolist()}
        self._lower = {name.lower().lstrip("/"): name for name in self._infos}

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The members that are files, in the package's order."""
        return [name for name in self._infos if not name.endswith("/")]

    def __contains__(self, name: str) -> bool:
        return name.lower().lstrip("/") in self._lower

    def read(self, name: str) -> bytes:
        """A member's bytes.

        Raises:
            DocumentError: it is not there, is encrypted or damaged, or inflates beyond the limits.
        """
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """A member's bytes piece by piece."""
        if name not in self:
            raise DocumentError(f"is damaged: its part {name!r} is missing")
        info = self._infos[self._lower[name.lower().lstrip("/")]]
        if info.flag_bits & 1:
            raise DocumentError("needs a password")
        if info.file_size > MIN_BOMB_BYTES and info.file_size > MAX_RATIO * max(1, info.compress_size):
            raise DocumentError(f"is a ZIP bomb: {name!r} inflates more than {MAX_RATIO} times")
        n = 0
        try:
            with self._zip.open(info) as stream:
                while chunk := stream.read(262_144):
                    n += len(chunk)
                    self._total += len(chunk)
                    if n > MIN_BOMB_BYTES and n > MAX_RATIO * max(1, info.compress_size):
                        raise DocumentError(f"is a ZIP bomb: {name!r} inflates more than {MAX_RATIO} times")
                    if n > MAX_MEMBER_BYTES or self._total > MAX_TOTAL_BYTES:
                        raise DocumentError(f"inflates to more than {MAX_MEMBER_BYTES // 2**20} MB")
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise DocumentError(f"is damaged: its part {name!r} cannot be unpacked") from error

    def xml(self, name: str) -> Element:
        """A member parsed as XML."""
        return parse_xml(self.read(name))

    def xml_or_none(self, name: str) -> Element | None:
        """A member parsed as XML, None when there is no such member."""
        return self.xml(name) if name in self else None


def parse_xml(data: bytes) -> Element:
    """The root element.

    Raises:
        DocumentError: it is not well-formed, has a document type with entities, or is nested too deep.
    """
    builder = TreeBuilder()
    scan_xml([data], lambda tag, attributes: builder.start(tag, attributes), builder.end, builder.data)
    return builder.close()


def scan_xml(
    chunks: Iterator[bytes] | list[bytes],
    start: Callable[[str, dict[str, str]], object],
    end: Callable[[str], object],
    data: Callable[[str], object],
) -> None:
    """Parse XML as a stream of events with local names.

    Raises:
        DocumentError: as for ``parse_xml``.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    depth = 0

    def on_start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise DocumentError("is nested too deeply")
        start(_local(name), {_local_attribute(key): value for key, value in attributes.items()})

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(_local(name))

    def on_entity(*_: object) -> int:
        raise DocumentError("defines XML entities, which is refused")

    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    parser.CharacterDataHandler = data
    parser.EntityDeclHandler = on_entity
    parser.ExternalEntityRefHandler = on_entity
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # an encoding nobody knows, for one
        raise DocumentError(f"is damaged: its XML is not well-formed ({error})") from error


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _local_attribute(name: str) -> str:
    space, _, local = name.rpartition("}")
    return f"r:{local}" if space.endswith("/relationships") else local
