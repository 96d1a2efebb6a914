"""What the built-in loaders have in common: how they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.plugins import Part
    from rag.settings import Settings
    from rag.types import Document

__all__ = ["FileLoader"]


class FileLoader:
    """A loader as an entry point makes it: with an argument (none is used) and the settings."""

    suffixes: tuple[str, ...] = ()

    def load(self, path: Path) -> Iterator[Document | Part]:
        """The documents in the file at ``path``, and the files inside it."""
        raise DocumentError(f"is of a kind that is not read ({path.suffix})")

    def __init__(self, argument: str, settings: Settings) -> None:
        self.settings = settings
