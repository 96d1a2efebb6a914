"""Files to documents: one small module per format, one registry, and a worker that cannot hurt.

``walk`` finds files, ``read`` turns one into documents in this process, and ``Reader`` does so for many in
worker processes with limits, which is what a build uses.
"""

from __future__ import annotations

from rag.documents.isolation import Reader
from rag.documents.reading import FINGERPRINT, read
from rag.documents.walk import File, walk

__all__ = ["FINGERPRINT", "File", "Reader", "read", "walk"]
