"""What the built-in loaders have in common: how they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["FileLoader"]


class FileLoader:
    """A loader as an entry point makes it: with an argument (none is used) and the settings."""

    suffixes: tuple[str, ...] = ()

    def __init__(self, argument: str, settings: Settings) -> None:
        self.settings = settings
