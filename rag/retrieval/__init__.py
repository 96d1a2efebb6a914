"""A question -> ranked hits: by words and by meaning, fused, with the reason for each."""

from rag.retrieval.neighbours import neighbours
from rag.retrieval.retrieve import Retrieval, retrieve

__all__ = ["Retrieval", "neighbours", "retrieve"]
