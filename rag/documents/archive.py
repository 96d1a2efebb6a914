"""ZIP folders: each file inside is a document of its own, within limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rag.documents.loading import FileLoader
from rag.documents.packages import Package
from rag.errors import DocumentError
from rag.plugins import Part

__all__ = ["Archive"]


class Archive(FileLoader):
    """The loader for ZIP archives."""

    suffixes = (".zip",)

    def load(self, path: Path) -> Iterator[Part]:
        """The files in the archive, in order of their names; hidden ones are left out."""
        with Package(path) as package:
            for name in sorted(package.names):
                parts = name.split("/")
                if any(part.startswith(".") or part == "__MACOSX" for part in parts if part not in (".", "..")):
                    continue
                try:
                    yield Part(name, package.read(name))
                except DocumentError as error:
                    yield Part(name, b"", problem=str(error))
