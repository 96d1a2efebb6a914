"""The way that always works: sentence-transformers itself, for models that no graph can stand for."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import EmbedderError
from rag.types import Span
from rag.vectors.pooling import normalised
from rag.vectors.weights import weights_sha256

if TYPE_CHECKING:
    from rag.plugins import Rows

__all__ = ["ReferenceEmbedder", "load_sentence_transformer"]

_WINDOW = 64


def load_sentence_transformer(path: Path) -> Any:
    """The model in ``path`` on the CPU, without any look at the network.

    Raises:
        EmbedderError: the folder is not a sentence-transformers model.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    try:
        return SentenceTransformer(str(path), device="cpu", local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise EmbedderError(f"{path} cannot be loaded as an embedding model: {str(error).splitlines()[0]}") from error


class ReferenceEmbedder:
    """An ``Embedder`` over a SentenceTransformer. Every sentence is embedded as a text of its own, since
    nothing is known here about how the model makes one vector of many tokens."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self.fingerprint = f"{weights_sha256(path)[:16]}:separate"

    @cached_property
    def _model(self) -> Any:
        return load_sentence_transformer(self._path)

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self._model.get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """What the model reads of one text, special tokens included."""
        return int(self._model.max_seq_length or 512)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the model's tokens."""
        prompt = self._model.prompts.get("document") or ""
        encoded = self._model.tokenizer([prompt + text for text in texts], truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Rows]]:
        """Yield ``(i, rows)``, rows of shape ``(1 + len(sentences[i]), dim)``."""
        for low in range(0, len(texts), _WINDOW):
            window = range(low, min(low + _WINDOW, len(texts)))
            parts = [[texts[i], *(texts[i][a:b] for a, b in sentences[i])] for i in window]
            rows = normalised(np.asarray(self._model.encode_document([t for part in parts for t in part])))
            at = 0
            for i, part in zip(window, parts, strict=True):
                yield i, rows[at : at + len(part)]
                at += len(part)

    def embed_query(self, text: str) -> Rows:
        """The query's unit vector, shape ``(dim,)``."""
        return normalised(np.asarray(self._model.encode_query(text)))
