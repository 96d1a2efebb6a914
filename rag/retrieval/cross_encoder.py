"""The reranker ``cross-encoder:<model or path>``: question and passage read together by a model of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rag.errors import RagError, UsageError

if TYPE_CHECKING:
    from rag.plugins import Reranker
    from rag.settings import Settings
    from rag.types import Hit

__all__ = ["CrossEncoder", "cross_encoder"]


def cross_encoder(argument: str, settings: Settings) -> Reranker:
    """A cross-encoder by the path of its folder or the name of a downloaded one."""
    if not argument:
        raise UsageError("name a model: --reranker cross-encoder:NAME_OR_PATH")
    return CrossEncoder(argument)


class CrossEncoder:
    """Scores by a sentence-transformers cross-encoder, loaded at the first question."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._model: Any = None

    def rerank(self, query: str, hits: Sequence[Hit]) -> list[float]:
        """The model's scores for question and passage.

        Raises:
            RagError: the model cannot be loaded.
        """
        if self._model is None:
            self._model = self._loaded()
        pairs = [(query, hit.passage.text) for hit in hits]
        return [float(score) for score in self._model.predict(pairs, show_progress_bar=False)]

    def _loaded(self) -> Any:
        from sentence_transformers import CrossEncoder as Model

        try:
            return Model(self.path, device="cpu", local_files_only=True)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise RagError(f"the cross-encoder {self.path} cannot be loaded: {reason}") from error
