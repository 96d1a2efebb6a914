"""Token vectors -> one vector for a text and one for each of its sentences.

"Late pooling": the sentence's vector is the mean of its tokens' vectors *after* the whole passage went
through the model, so each sentence is read in its context and costs no forward pass of its own. Measured
in FACTS.md, 2: MRR@10 0.851 against 0.790 for passage vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import EmbedderError

if TYPE_CHECKING:
    from rag.plugins import Rows
    from rag.types import Span

__all__ = ["normalised", "pool"]


def pool(
    tokens: Rows,
    offsets: Sequence[tuple[int, int]],
    sentences: Sequence[Span],
    pooling: str,
    prompt_chars: int = 0,
) -> Rows:
    """Unit rows of shape ``(1 + len(sentences), dim)``: the text's own vector, then its sentences'.

    Args:
        tokens: shape ``(n_tokens, dim)``, special tokens included, padding not.
        offsets: character range of each token in the text with its prompt; empty for special tokens.
        sentences: spans in the text without its prompt.
        pooling: "mean" or "cls", for the text's own vector; sentences are always means.
        prompt_chars: length of the prompt in front of the text.
    """
    own = tokens.mean(axis=0) if pooling == "mean" else tokens[0]
    rows = np.empty((1 + len(sentences), tokens.shape[1]), dtype=np.float32)
    rows[0] = own
    if sentences:
        bounds = np.asarray(offsets, dtype=np.int64).reshape(-1, 2) - prompt_chars
        real = np.flatnonzero(bounds[:, 1] > bounds[:, 0])
        starts = bounds[real, 0]
        sums = np.vstack([np.zeros((1, tokens.shape[1]), np.float32), np.cumsum(tokens[real], axis=0)])
        spans = np.asarray([(s[0], s[1]) for s in sentences], dtype=np.int64)
        first, last = np.searchsorted(starts, spans[:, 0]), np.searchsorted(starts, spans[:, 1])
        n = (last - first)[:, None]
        rows[1:] = np.where(n > 0, (sums[last] - sums[first]) / np.maximum(n, 1), own)
    return normalised(rows)


def normalised(rows: Rows) -> Rows:
    """``rows`` scaled to length 1 along the last axis.

    Raises:
        EmbedderError: a row is zero or not finite, so it would match anything or nothing.
    """
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > 1e-9).all()):
        raise EmbedderError("the embedder returned a vector that is zero or not a number; nothing was stored")
    return np.asarray(rows / norms, dtype=np.float32)
