"""A follow-up question -> a query that stands alone, by rule, without a language model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.index import STOP_WORDS, terms
from rag.types import Turn

__all__ = ["standalone"]

_POINTING = re.compile(
    r"\b(it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|the (same|other|first|"
    r"second|third|former|latter|last) (one|ones)?)\b",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(
    r"^\s*(and|but|so|what about|how about|why|when|where|who|which one|what else|more)\b", re.IGNORECASE
)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The query to search for: the question itself, or with what it leans on from the last question."""
    if not history or not _leans(question):
        return question
    earlier = history[-1].question.strip()
    return f"{earlier.rstrip('?!. ')} {question.strip()}"


def _leans(question: str) -> bool:
    telling = [term for term in terms(question) if term not in STOP_WORDS]
    return (
        bool(_POINTING.search(question)) or (bool(_ELLIPSIS.search(question)) and len(telling) <= 3) or len(telling) < 2
    )
