"""Files to documents: one small module per format, one registry, and a worker that cannot hurt.

``walk`` finds files, ``read`` turns one into documents in this process, and ``Reader`` does so for many in
worker processes with limits, which is what a build uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.documents.walk import File, walk

if TYPE_CHECKING:
    from rag.documents.isolation import Reader
    from rag.documents.reading import FINGERPRINT, read

__all__ = ["FINGERPRINT", "File", "Reader", "read", "walk"]


def __getattr__(name: str) -> object:
    """What reads files on first use: a question needs none of the formats."""
    if name == "Reader":
        from rag.documents.isolation import Reader

        return Reader
    if name in ("FINGERPRINT", "read"):
        from rag.documents import reading

        return getattr(reading, name)
    raise AttributeError(f"module 'rag.documents' has no attribute {name!r}")
