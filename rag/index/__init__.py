"""Passages and their vectors on disk: SQLite is the record, what is searched is derived from it."""

from rag.index.build import Parts, build
from rag.index.store import DocumentEntry, Index, Snapshot, Status
from rag.index.terms import COMPOUNDING, STOP_WORDS, backwards, query_tokens, stems, terms

__all__ = [
    "COMPOUNDING",
    "STOP_WORDS",
    "DocumentEntry",
    "Index",
    "Parts",
    "Snapshot",
    "Status",
    "backwards",
    "build",
    "query_tokens",
    "stems",
    "terms",
]
