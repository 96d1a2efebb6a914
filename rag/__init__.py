"""Footnote."""

from rag.version import __version__

__all__ = ["__version__"]
