"""Footnote: ask your documents, and every sentence of the answer points at the exact words it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.settings import Settings
from rag.types import Answer, Citation, Document, Hit, Passage, Turn
from rag.version import __version__

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Document",
    "Hit",
    "Passage",
    "RagError",
    "Settings",
    "Turn",
    "__version__",
]


def __getattr__(name: str) -> object:
    """``Assistant`` on first use, so that ``import rag`` and ``rag --help`` cost nothing."""
    if name == "Assistant":
        from rag.assistant import Assistant

        return Assistant
    raise AttributeError(f"module 'rag' has no attribute {name!r}")
