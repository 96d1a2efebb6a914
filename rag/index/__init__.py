"""Passages and their vectors on disk: SQLite is the record, what is searched is derived from it.

This is the reading side, which a question needs; what writes an index is ``rag.index.build``.
"""

from rag.index.nearness import Nearness
from rag.index.store import DocumentEntry, Index, Snapshot, Status
from rag.index.terms import COMPOUNDING, STOP_WORDS, backwards, query_tokens, stems, terms

__all__ = [
    "COMPOUNDING",
    "STOP_WORDS",
    "DocumentEntry",
    "Index",
    "Nearness",
    "Snapshot",
    "Status",
    "backwards",
    "query_tokens",
    "stems",
    "terms",
]
