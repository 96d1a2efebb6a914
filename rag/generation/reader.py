"""Reading a sentence together with the question: does it answer, and which of its words are the answer?

The linear models see words and similarities of a sentence; a reader sees what the words do in it. The built-in one is
the default embedder with changes of low rank to its weights (``reader.npz``, made by ``benchmarks/train_reader.py``)
and two heads over its token vectors: one for the sentence, one for where the short answer starts and ends (Devlin et
al. 2019). It reads the few best sentences only, some ten milliseconds each.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.errors import UsageError
from rag.passages.sentences import leans_back
from rag.plugins import Read, Reader
from rag.vectors import n_cores
from rag.vectors.graph import Graph, GraphError, load_graph
from rag.vectors.onnx import OnnxEmbedder
from rag.vectors.weights import checked_minilm

if TYPE_CHECKING:
    from rag.generation.candidates import Candidate
    from rag.settings import Settings
    from rag.types import Hit

__all__ = ["Encoded", "MiniLmReader", "encode", "minilm", "none", "opened", "surroundings"]

log = logging.getLogger("rag.generation")

CHANGES = Path(__file__).with_name("reader.npz")
# word pieces of the question, of title and heading, of the sentence before, and of the sentence itself that are read
_QUESTION, _PLACE, _BEFORE, _SENTENCE = 48, 12, 40, 96
_NOTHING = -8.0  # the logit of a sentence without a word piece


class Encoded(NamedTuple):
    """What the model sees: word pieces, the place of the sentence's first, and the characters that each is of."""

    ids: list[int]
    first: int
    offsets: list[tuple[int, int]]


def encode(tokenizer: Any, question: str, place: str, before: str, sentence: str) -> Encoded:
    """``[CLS] question [SEP] title, heading and the sentence before; the sentence [SEP]``."""

    def pieces(text: str) -> list[int]:
        return list(tokenizer.encode(text[:2000], add_special_tokens=False).ids) if text else []

    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    lead = [cls, *pieces(question)[:_QUESTION], sep, *pieces(place)[:_PLACE], *pieces(before)[-_BEFORE:]]
    own = tokenizer.encode(sentence[:2000], add_special_tokens=False)
    return Encoded([*lead, *own.ids[:_SENTENCE], sep], len(lead), list(own.offsets[:_SENTENCE]))


def surroundings(evidence: Sequence[Hit], candidate: Candidate) -> tuple[str, str, str]:
    """Title and heading, the sentence before where it is leant on, and the sentence of a candidate."""
    passage = evidence[candidate.number - 1].passage
    before = ""
    if candidate.index and leans_back(candidate.text):
        start, end = passage.sentences[candidate.index - 1]
        before = passage.text[start - passage.start : end - passage.start]
    return f"{passage.title} {passage.heading}".strip(), before, candidate.text


def minilm(argument: str, settings: Settings) -> Reader | None:
    """The built-in reader; None, and a warning, where its graph cannot be made."""
    if argument:
        raise UsageError("the reader minilm takes no argument")
    try:
        return opened(settings.threads)
    except GraphError as error:
        log.warning("answers are chosen without the reader: %s", error)
        return None


def none(argument: str, settings: Settings) -> None:
    """No reader: the linear models alone, which takes some 50 ms less for an answer."""
    if argument:
        raise UsageError("the reader none takes no argument")


@lru_cache(1)
def opened(threads: int) -> MiniLmReader:
    """The reader of this process.

    Raises:
        GraphError: its graph cannot be made.
    """
    return MiniLmReader(load_graph(checked_minilm(), CHANGES), threads or n_cores())


class MiniLmReader:
    """Runs the changed embedder on ``n_threads`` sentences at a time; the model is loaded at the first question."""

    name = "minilm"

    def __init__(self, graph: Graph, n_threads: int) -> None:
        self._folder = graph.folder
        self._model = OnnxEmbedder(self.name, graph, 1)
        self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix="read")

    @cached_property
    def tokenizer(self) -> Any:
        """The embedder's tokenizer, without a limit of length."""
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._folder / "tokenizer.json"))

    @cached_property
    def _heads(self) -> dict[str, NDArray[np.float32]]:
        with np.load(CHANGES, allow_pickle=False) as arrays:
            return {name: arrays[name].astype(np.float32) for name in arrays.files if name.startswith(("rank", "span"))}

    def read(self, question: str, sentences: Sequence[tuple[str, str, str]]) -> list[Read]:
        """What each sentence is worth."""
        seen = [encode(self.tokenizer, question, *one) for one in sentences]
        # the longest first, or the last thread to finish is the one that began it
        order = sorted(range(len(seen)), key=lambda i: -len(seen[i].ids))
        told = dict(zip(order, self._pool.map(self._read, (seen[i] for i in order)), strict=True))
        return [told[i] for i in range(len(seen))]

    def _read(self, seen: Encoded) -> Read:
        if not seen.offsets:
            return Read(_NOTHING, (), (), ())
        vectors = self._model.token_vectors([seen.ids])[0]
        own = vectors[seen.first : -1]
        heads = self._heads
        whole = np.concatenate([vectors[0], own.mean(axis=0)])
        logit = float(whole @ heads["rank.weight"][0] + heads["rank.bias"][0])
        sides = own @ heads["span.weight"].T + heads["span.bias"]
        sides -= np.log(np.exp(sides - sides.max(axis=0)).sum(axis=0)) + sides.max(axis=0)
        return Read(logit, seen.offsets, sides[:, 0].tolist(), sides[:, 1].tolist())
