"""A sentence-transformers model as an ONNX graph, exported once and kept in the user's cache.

The graph returns the token vectors; pooling and normalising are read from the model and done by
``rag.vectors.pooling``, so that one forward pass gives the passage and each of its sentences. Measured
(FACTS.md, 1): 1.8 times the throughput of sentence-transformers with the same vectors, and 0.7 s instead
of 10 s from process start to the first vector, because torch is never imported.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from rag.vectors.weights import cache_folder, weights_sha256

__all__ = ["Graph", "GraphError", "load_graph"]

log = logging.getLogger("rag.vectors")

_FORMAT = 2
_ONE_AT_A_TIME = Lock()  # torch exports one model at a time
_FILES = ("model.onnx", "weights.bin")


class GraphError(Exception):
    """This model cannot be run as a graph; the caller falls back to sentence-transformers."""


@dataclass(frozen=True, slots=True)
class Graph:
    """An exported model: its folder (``model.onnx``, its ``weights.bin``, ``tokenizer.json``) and how to use it.

    ``size`` is that of the first two in bytes; ``pooling`` is "mean" or "cls"; ``prompts`` are prefixes that the
    model wants before a "query" and a "document"; ``max_tokens`` counts special tokens.
    """

    folder: Path
    weights: str
    dim: int
    max_tokens: int
    pooling: str
    query_prompt: str
    document_prompt: str
    pad_id: int
    size: int

    @property
    def fingerprint(self) -> str:
        """Weights and way of making a vector; the same by graph and by sentence-transformers."""
        prompts = f":{self.query_prompt}|{self.document_prompt}" if self.query_prompt or self.document_prompt else ""
        return f"{self.weights[:16]}:{self.pooling}:{self.max_tokens}{prompts}"


def load_graph(model: Path, changes: Path | None = None) -> Graph:
    """The graph of the model in ``model``, exported now if it is not in the cache.

    ``changes`` is an ``.npz`` with matrices ``<linear map>.a`` and ``<linear map>.b`` whose product ``b @ a`` is added
    to the weights of that map (Hu et al. 2021): another model that costs little to ship.

    Raises:
        GraphError: the model has parts that a graph of token vectors cannot stand for, or its outputs
            differ from the model's.
    """
    with _ONE_AT_A_TIME:
        return _graph(model, changes)


def _graph(model: Path, changes: Path | None) -> Graph:
    weights = weights_sha256(model)
    kind = weights[:32] + (f"+{hashlib.sha256(changes.read_bytes()).hexdigest()[:16]}" if changes else "")
    folder = cache_folder() / "onnx" / f"{kind}-{_FORMAT}"
    graph = _read(folder)
    if graph is not None:
        return graph
    what = "reader" if changes else "embedder"
    log.info("preparing the %s: writing its fast graph to %s (once, about 15 s)", what, folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        parent = folder.parent
    except OSError:
        parent = Path(tempfile.gettempdir())
        folder = parent / f"footnote-{os.getuid()}-{kind}" if hasattr(os, "getuid") else folder
        if (graph := _read(folder)) is not None:
            return graph
    with tempfile.TemporaryDirectory(dir=parent, prefix="export-") as temporary:
        work = Path(temporary) / "graph"
        work.mkdir()
        facts = _export(model, work, changes)
        facts |= {"weights": weights, "size": _size(work)}
        (work / "graph.json").write_text(json.dumps(facts, indent=1))
        # what is there is not whole, or another process was faster just now: then its graph stays
        if _read(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            work.rename(folder)
    graph = _read(folder)
    if graph is None:
        raise GraphError(f"the graph could not be written to {folder}")
    for older in folder.parent.glob(f"{weights[:32]}+*" if changes else f"{weights[:32]}-*"):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)
    return graph


def _read(folder: Path) -> Graph | None:
    try:
        facts = json.loads((folder / "graph.json").read_text())
        graph = Graph(folder=folder, **facts)
        complete = _size(folder) == graph.size and (folder / "tokenizer.json").exists()
    except (OSError, ValueError, TypeError):
        return None
    return graph if complete else None


def _size(folder: Path) -> int:
    return sum((folder / name).stat().st_size for name in _FILES)


def _export(model_path: Path, work: Path, changes: Path | None) -> dict[str, Any]:
    """Write model.onnx and tokenizer.json into ``work``; returns the facts of ``Graph``."""
    from rag.vectors.reference import load_sentence_transformer

    model = load_sentence_transformer(model_path)
    if changes:
        _change(model[0].auto_model, changes)
    facts = model_facts(model)
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise GraphError("it has no fast tokenizer")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(work / "tokenizer.json"))
    _export_onnx(model, work / "model.onnx", changes)
    _check(model, work, facts)
    return facts


def model_facts(model: Any) -> dict[str, Any]:
    """What a loaded SentenceTransformer says about itself, as fields of ``Graph``.

    Raises:
        GraphError: it is not a transformer, mean or cls pooling, and normalising.
    """
    names = [type(module).__name__ for module in model]
    if names not in (["Transformer", "Pooling", "Normalize"], ["Transformer", "Pooling"]):
        raise GraphError(f"its modules are {', '.join(names)}")
    pooling = model[1].get_config_dict().get("pooling_mode")
    if pooling not in ("mean", "cls"):
        raise GraphError(f"its pooling is {pooling}")
    return {
        "dim": int(model.get_embedding_dimension()),
        "max_tokens": int(model.max_seq_length),
        "pooling": pooling,
        "query_prompt": model.prompts.get("query") or "",
        "document_prompt": model.prompts.get("document") or "",
        "pad_id": int(model.tokenizer.pad_token_id or 0),
    }


def _change(transformer: Any, changes: Path) -> None:
    """Add the changes of low rank to the weights of a transformer."""
    import numpy as np
    import torch

    with np.load(changes, allow_pickle=False) as arrays, torch.inference_mode():
        for name in arrays.files:
            path, _, side = name.rpartition(".")
            if side == "a":
                product = arrays[f"{path}.b"].astype("float32") @ arrays[name].astype("float32")
                transformer.get_submodule(path).weight += torch.from_numpy(product)


def _export_onnx(model: Any, path: Path, changes: Path | None) -> None:
    import onnx
    import torch
    from transformers import AutoModel

    try:
        plain = AutoModel.from_pretrained(
            model[0].auto_model.config._name_or_path, attn_implementation="eager", local_files_only=True
        ).eval()
    except (OSError, ValueError) as error:
        raise GraphError(str(error).splitlines()[0]) from error
    if changes:
        _change(plain, changes)

    class TokenVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = plain

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.inner(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    example = torch.ones((2, 9), dtype=torch.int64)
    axes = {0: "batch", 1: "length"}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                TokenVectors().eval(),
                (example, example),
                str(path),
                input_names=["input_ids", "attention_mask"],
                output_names=["token_vectors"],
                dynamic_axes=dict.fromkeys(("input_ids", "attention_mask", "token_vectors"), axes),
                opset_version=17,
                dynamo=False,
            )
        except (RuntimeError, TypeError, ValueError, torch.onnx.OnnxExporterError) as error:
            raise GraphError(f"it cannot be exported ({str(error).splitlines()[0]})") from error
    # weights in a file of their own are mapped, not parsed and copied: loading takes 80 ms instead of 190
    onnx.save_model(onnx.load(path), path, save_as_external_data=True, location="weights.bin")


def _check(model: Any, work: Path, facts: dict[str, Any]) -> None:
    """The graph must give the model's own vectors, or it is not used."""
    import numpy as np

    from rag.vectors.onnx import OnnxEmbedder

    texts = [
        "a",
        "The quick brown fox; 42 % of it.",
        "Größe, 東京, Ελλάδα — and a longer line of text. " * 12,
    ]
    graph = Graph(folder=work, weights="", size=0, **facts)
    embedder = OnnxEmbedder("check", graph, 1)
    rows = np.stack(
        [rows[0] for _, rows in sorted(embedder.embed_passages(texts, [[]] * len(texts)), key=lambda r: r[0])]
    )
    wanted = model.encode(texts, prompt=facts["document_prompt"], normalize_embeddings=True)
    worst = float((rows * wanted).sum(axis=1).min())
    if not worst > 0.9999:
        raise GraphError(f"its graph gives other vectors (cosine {worst:.4f})")
