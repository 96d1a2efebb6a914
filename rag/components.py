"""The plug-ins of an assistant: each loaded once, when it is first needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any

from rag import plugins
from rag.errors import IndexMismatch
from rag.index import Snapshot
from rag.retrieval import Retrieval, retrieve

if TYPE_CHECKING:
    from rag.generation.verify import Similarity
    from rag.plugins import Embedder, Generator
    from rag.settings import Settings

__all__ = ["BUILT_IN", "Components"]

BUILT_IN = "extractive"  # the generator that needs no language model


class Components:
    """Embedders, generators and the reranker that settings name; may be used from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._embedders: dict[str, Embedder] = {}
        self._generators: dict[str, Generator] = {}
        self._lock = RLock()

    def embedder(self, spec: str) -> Embedder:
        """The embedder of that name."""
        with self._lock:
            if spec not in self._embedders:
                self._embedders[spec] = plugins.load("embedders", spec, self.settings)
            return self._embedders[spec]

    def embedder_of(self, snapshot: Snapshot) -> Embedder:
        """The embedder that made the index; settings may name it or say nothing, but not another one.

        Raises:
            IndexMismatch: they name another one.
        """
        recorded = snapshot.manifest["embedder"]
        chosen = self.settings.embedder or recorded
        embedder = self.embedder(chosen)
        if embedder.fingerprint != snapshot.manifest["fingerprint"]:
            raise IndexMismatch(
                f"the index in {self.settings.index} was built with the embedder {recorded}, whose vectors do not fit "
                f"those of {chosen}: choose that one, or build again with rag build --rebuild"
            )
        return embedder

    def generator(self, spec: str) -> Generator:
        """The generator of that name.

        Raises:
            UsageError: there is none.
        """
        with self._lock:
            if spec not in self._generators:
                self._generators[spec] = plugins.load("generators", spec, self.settings)
            return self._generators[spec]

    @cached_property
    def reranker(self) -> Any:
        """The reranker; None for "none"."""
        return plugins.load("rerankers", self.settings.reranker, self.settings)

    @cached_property
    def reader(self) -> Any:
        """What reads sentences together with a question; None for "none"."""
        return plugins.load("readers", self.settings.reader, self.settings)

    def retrieve(self, snapshot: Snapshot, query: str, k: int | None, collections: Sequence[str]) -> Retrieval:
        """The ``k`` best passages (default: from settings) by the index's embedder and the reranker."""
        embedder = self.embedder_of(snapshot)
        return retrieve(snapshot, query, embedder, self.settings.k if k is None else k, collections, self.reranker)

    def similarity(self, snapshot: Snapshot) -> Similarity:
        """How close two texts are in meaning, for the index's embedder."""
        embed = lru_cache(self.embedder_of(snapshot).embed_query)
        return lambda one, other: float(embed(one) @ embed(other))

    def close(self) -> None:
        """Let go of the models; they are loaded again when they are needed."""
        self._embedders.clear()
        self._generators.clear()
