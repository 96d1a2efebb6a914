"""For tests of everything else: deterministic stand-ins, and contract checks for plug-ins.

Nothing here is ever a default. ``HashEmbedder`` and ``ScriptedGenerator`` follow the Protocols of
``rag.plugins`` exactly; ``check_embedder``, ``check_generator``, ``check_chunker`` and ``check_loader`` raise
``AssertionError`` with a sentence that says which promise a third-party component breaks::

    from rag.testing import check_generator

    def test_parrot():
        check_generator(Parrot("", Settings()))
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.plugins import Chunker, Embedder, Generator, Loader, Prompt, Quote
from rag.types import Citation, Cited, Delta, Document, Hit, Passage, Span

if TYPE_CHECKING:
    from rag.plugins import Rows

__all__ = [
    "HashEmbedder",
    "ScriptedGenerator",
    "check_chunker",
    "check_embedder",
    "check_generator",
    "check_loader",
    "hit_of",
]


class HashEmbedder:
    """Vectors from hashed words: texts that share words are near, on every machine alike."""

    def __init__(self, dim: int = 64, max_tokens: int = 256) -> None:
        self.dim = dim
        self.max_tokens = max_tokens
        self.fingerprint = f"hash-{dim}-{max_tokens}"

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words and marks, and two for the ends."""
        return [len(re.findall(r"\w+|[^\w\s]", text)) + 2 for text in texts]

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Rows]]:
        """One row for each text and each of its sentences."""
        import numpy as np

        for i, (text, spans) in enumerate(zip(texts, sentences, strict=True)):
            rows = [self.embed_query(text), *(self.embed_query(text[start:end]) for start, end in spans)]
            yield i, np.stack(rows)

    def embed_query(self, text: str) -> Rows:
        """The unit sum of the signed places that the words hash to."""
        import numpy as np

        row = np.zeros(self.dim, dtype=np.float32)
        for word in re.findall(r"\w+", text.casefold())[: self.max_tokens]:
            digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
            row[int.from_bytes(digest[:4], "big") % self.dim] += 1 if digest[4] % 2 else -1
        length = float(np.linalg.norm(row))
        if length == 0:
            row[0], length = 1.0, 1.0
        return row / np.float32(length)


class ScriptedGenerator:
    """Says the same whatever it is asked. ``error`` is raised after the last piece."""

    def __init__(
        self, pieces: Iterable[str | Quote], *, error: Exception | None = None, name: str = "scripted"
    ) -> None:
        self.name = name
        self.context_tokens = 4096
        self.prompts: list[Prompt] = []
        self._pieces = tuple(pieces)
        self._error = error

    def generate(self, prompt: Prompt) -> Iterator[str | Quote]:
        """The pieces, in order; the prompt is kept in ``prompts``."""
        self.prompts.append(prompt)
        yield from self._pieces
        if self._error is not None:
            raise self._error


def hit_of(text: str, number: int = 1, *, start: int = 0, title: str = "") -> Hit:
    """A hit on a passage of its own, its sentences found by their stops."""
    spans = [
        Span(start + m.start(), start + m.end()) for m in re.finditer(r"\S(?:.*?[.!?](?=\s|$)|.+$)", text, re.DOTALL)
    ]
    passage = Passage(
        id=f"passage-{number}",
        document_id=f"document-{number}",
        source=f"{number}.txt",
        title=title or f"Document {number}",
        text=text,
        start=start,
        end=start + len(text),
        sentences=tuple(spans),
    )
    return Hit(passage, score=1.0 / number, rank=number)


_SAMPLES = (
    "The pier was closed on 14 March 2023. Divers had found cracks in three of its eleven pillars.",
    "Bees of this species do not store honey.\n\nThey visit 40 kinds of flowers between May and August.",
)


def check_embedder(embedder: Embedder) -> None:
    """Shapes, unit length, determinism, and a query that lies with its passage."""
    import numpy as np

    assert embedder.fingerprint and embedder.dim > 0 and embedder.max_tokens > 0, "fingerprint, dim and max_tokens"
    sentences = [hit_of(text).passage.sentences for text in _SAMPLES]
    rows = dict(embedder.embed_passages(_SAMPLES, sentences))
    assert sorted(rows) == [0, 1], "embed_passages yields each text once, with its index"
    for i, spans in enumerate(sentences):
        assert rows[i].shape == (1 + len(spans), embedder.dim), "one row for the text and one for each sentence"
        assert rows[i].dtype == np.float32, "rows are float32"
        assert np.allclose(np.linalg.norm(rows[i], axis=1), 1, atol=1e-3), "rows are unit vectors"
    again = dict(embedder.embed_passages(_SAMPLES, sentences))
    assert all(np.allclose(rows[i], again[i], atol=1e-4) for i in rows), "the same text gives the same vectors"
    query = embedder.embed_query(_SAMPLES[0])
    assert query.shape == (embedder.dim,), "embed_query gives one vector"
    assert np.isfinite(embedder.embed_query("")).all(), "an empty query gives numbers"
    assert float(query @ rows[0][0]) > float(query @ rows[1][0]), "a passage is nearest to its own words"
    counts = embedder.count_tokens(["", *_SAMPLES])
    assert len(counts) == 3 and counts[0] < counts[1], "count_tokens gives a length for each text"


def check_generator(generator: Generator) -> list[Citation]:
    """That what it yields can be made into an answer with exact citations; returns those.

    A language model may say anything, so what it says is not judged.
    """
    from rag.generation.citing import Writer

    assert generator.name and generator.context_tokens > 0, "name and context_tokens"
    evidence = tuple(hit_of(text, i) for i, text in enumerate(_SAMPLES, start=1))
    question = "When was the pier closed?"
    pieces = list(generator.generate(Prompt(question, question, evidence)))
    assert all(isinstance(piece, (str, Quote)) for piece in pieces), "generate yields str and Quote"
    writer = Writer(evidence)
    events = list(writer.events(pieces))
    assert "".join(event.text for event in events if isinstance(event, Delta)) == writer.text
    cited = [event.citation for event in events if isinstance(event, Cited)]
    texts = {hit.passage.document_id: hit.passage.text for hit in evidence}
    assert all(texts[c.document_id][c.start : c.end] == c.quote for c in cited), "quotes are exact"
    assert isinstance(list(generator.generate(Prompt(question, question, ()))), list), "no evidence is no crash"
    return cited


def check_chunker(chunker: Chunker, text: str = "\n\n".join(_SAMPLES)) -> None:
    """That passages are in order, do not overlap, hold every word, and that sentences lie inside them."""
    assert chunker.fingerprint, "a fingerprint names the way of cutting"
    assert not list(chunker.split(Document(source="empty.txt", text=""))), "an empty document has no passages"
    previous = 0
    for span, sentences in chunker.split(Document(source="sample.txt", text=text)):
        assert previous <= span[0] < span[1] <= len(text), "passages are in order and inside the text"
        assert not text[previous : span[0]].strip(), "no word is left out between passages"
        assert all(span[0] <= a < b <= span[1] for a, b in sentences), "sentences lie inside their passage"
        previous = span[1]
    assert not text[previous:].strip(), "no word is left out at the end"


def check_loader(loader: Loader, path: Path) -> None:
    """That a file becomes documents whose structure lies inside their text."""
    assert all(s.startswith(".") and s == s.lower() for s in loader.suffixes), "suffixes are like '.pdf'"
    for document in loader.load(path):
        if not isinstance(document, Document):  # a file inside the file: read by its own loader
            continue
        n = len(document.text)
        assert list(document.page_starts) == sorted(document.page_starts), "pages are in order"
        assert all(0 <= start <= n for start in document.page_starts), "pages begin inside the text"
        assert all(0 <= a <= b <= n for a, b, *_ in (*document.headings, *document.blocks)), "spans are inside"
