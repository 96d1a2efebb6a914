"""Text -> unit float32 rows.

``minilm`` is the default: ``all-MiniLM-L6-v2`` from an installed package, so nothing is downloaded.
``sentence-transformers:NAME_OR_PATH`` is any other sentence-transformers model on this machine. Both run
through a graph exported once to ONNX where the model allows it, and through sentence-transformers itself
where not; the vectors are the same.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import UsageError
from rag.vectors.graph import GraphError, load_graph
from rag.vectors.weights import checked_minilm, local_model

if TYPE_CHECKING:
    from rag.plugins import Embedder
    from rag.settings import Settings

__all__ = ["minilm", "n_cores", "open_model", "sentence_transformers"]

log = logging.getLogger("rag.vectors")


def minilm(argument: str, settings: Settings) -> Embedder:
    """The default embedder, all-MiniLM-L6-v2, with its weights checked against their known hash."""
    if argument:
        raise UsageError(f"the embedder minilm takes no argument; did you mean sentence-transformers:{argument}?")
    return open_model("minilm", checked_minilm(), settings)


def sentence_transformers(argument: str, settings: Settings) -> Embedder:
    """Any sentence-transformers model, by the path of its folder or the name of a downloaded one."""
    if not argument:
        raise UsageError("name a model: --embedder sentence-transformers:NAME_OR_PATH")
    path = local_model(argument)
    return open_model(path.name, path, settings)


def open_model(name: str, path: Path, settings: Settings) -> Embedder:
    """An embedder for the model in ``path``: by its ONNX graph, or by sentence-transformers itself."""
    from rag.vectors.onnx import OnnxEmbedder
    from rag.vectors.reference import ReferenceEmbedder

    try:
        return OnnxEmbedder(name, load_graph(path), settings.threads or n_cores())
    except GraphError as error:
        log.warning("%s runs through sentence-transformers, which is slower: %s", name, error)
        return ReferenceEmbedder(name, path)


def n_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
