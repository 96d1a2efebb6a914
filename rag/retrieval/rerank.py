"""Order candidates anew, with more to go by than the fusion has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import UsageError

if TYPE_CHECKING:
    from rag.plugins import Reranker
    from rag.settings import Settings

__all__ = ["none"]


def none(argument: str, settings: Settings) -> Reranker | None:
    """No reranking: the order of the fusion stays."""
    if argument:
        raise UsageError("the reranker none takes no argument")
    return None
