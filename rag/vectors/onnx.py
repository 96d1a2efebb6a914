"""The fast path: an exported graph run by onnxruntime, one single-threaded caller a core.

Measured (FACTS.md, 1): one session with ``intra_op_num_threads=1`` called from as many Python threads as
cores, with batches of 4 to 8 texts sorted by length, beats every larger batch and every threaded session.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import EmbedderError
from rag.types import Span
from rag.vectors.counting import TokenCounter
from rag.vectors.familiarity import familiarity
from rag.vectors.graph import Graph
from rag.vectors.pooling import normalised, pool

if TYPE_CHECKING:
    from rag.plugins import Rows

__all__ = ["OnnxEmbedder"]

_BATCH = 8
# texts in flight: bounds memory, and is enough to sort by length so that little is padded
_WINDOW = 512


class OnnxEmbedder:
    """An ``Embedder`` over a ``Graph``; the model is loaded at the first text, not before."""

    def __init__(self, name: str, graph: Graph, n_threads: int) -> None:
        self.name = name
        self.dim = graph.dim
        self.max_tokens = graph.max_tokens
        self.fingerprint = graph.fingerprint
        self._graph = graph
        self._n_threads = n_threads
        self._loading = Lock()
        self._loaded: Any = None
        self._read: tuple[str, Any] = ("", None)  # the text that was read last: a query is read for two reasons

    @cached_property
    def _counter(self) -> TokenCounter:
        """The tokenizer as it counts: to the end of the text."""
        from tokenizers import Tokenizer

        return TokenCounter(Tokenizer.from_file(str(self._graph.folder / "tokenizer.json")))

    @cached_property
    def _reading(self) -> Any:
        """The tokenizer as the model reads: ``max_tokens``, the last of them special."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._graph.folder / "tokenizer.json"))
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer

    @property
    def _session(self) -> Any:
        with self._loading:  # the first two questions may come at once
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # arenas keep the peak of every thread for ever; without them memory is bounded by a batch
        options.enable_cpu_mem_arena = False
        path = self._graph.folder / "model.onnx"
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise EmbedderError(f"the embedder's graph is damaged: delete {path.parent} and try again") from error

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in word pieces, special tokens and prompt included."""
        prompt = self._graph.document_prompt
        return self._counter.count([prompt + text for text in texts])

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Rows]]:
        """Yield ``(i, rows)``, rows of shape ``(1 + len(sentences[i]), dim)``, as batches are done."""
        with ThreadPoolExecutor(self._n_threads, thread_name_prefix="embed") as pool_:
            for low in range(0, len(texts), _WINDOW):
                window = range(low, min(low + _WINDOW, len(texts)))
                encoded = dict(zip(window, self._encode([texts[i] for i in window]), strict=True))
                order = sorted(window, key=lambda i: len(encoded[i].ids), reverse=True)
                batches = [order[at : at + _BATCH] for at in range(0, len(order), _BATCH)]
                tasks = [pool_.submit(self._embed, [(i, encoded[i], sentences[i]) for i in batch]) for batch in batches]
                try:
                    for task in as_completed(tasks):
                        yield from task.result()
                finally:
                    for task in tasks:
                        task.cancel()

    def embed_query(self, text: str) -> Rows:
        """The query's unit vector, shape ``(dim,)``."""
        tokens = self.token_vectors([self._encoded(self._graph.query_prompt + text).ids])[0]
        own = tokens.mean(axis=0) if self._graph.pooling == "mean" else tokens[0]
        return normalised(own)

    def familiarity(self, text: str) -> float:
        """The share of the letters of ``text`` that are read as parts of words: 1.0 in a language that the model was
        made for, 0.1 to 0.3 in one that it spells letter by letter."""
        return familiarity(text, self._encoded(text))

    def _encode(self, texts: list[str]) -> list[Any]:
        prompt = self._graph.document_prompt
        # a tokenizer reads half a megabyte as readily as a line; the model will see max_tokens of it
        return list(self._reading.encode_batch([prompt + text[: self.max_tokens * 64] for text in texts]))

    def _encoded(self, text: str) -> Any:
        known, encoding = self._read
        if encoding is None or known != text:
            encoding = self._reading.encode(text[: self.max_tokens * 64])
            self._read = text, encoding
        return encoding

    def token_vectors(self, pieces: Sequence[Sequence[int]]) -> list[Rows]:
        """The vectors of the word pieces of each text, special ones included: shapes ``(n_pieces, dim)``."""
        shape = len(pieces), max(map(len, pieces))
        ids, mask = np.full(shape, self._graph.pad_id, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, own in enumerate(pieces):
            ids[row, : len(own)], mask[row, : len(own)] = own, 1
        [tokens] = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return [tokens[row, : len(own)] for row, own in enumerate(pieces)]

    def _embed(self, batch: list[tuple[int, Any, Sequence[Span]]]) -> list[tuple[int, Rows]]:
        vectors = self.token_vectors([encoding.ids for _, encoding, _ in batch])
        prompt_chars = len(self._graph.document_prompt)
        return [
            (i, pool(tokens, encoding.offsets, spans, self._graph.pooling, prompt_chars))
            for (i, encoding, spans), tokens in zip(batch, vectors, strict=True)
        ]
