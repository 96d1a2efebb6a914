"""The seams: what a plug-in has to offer, and how a name becomes one.

A component is named ``name`` or ``name:argument`` (``openai:llama3.2``). Built-in components and
third-party ones come through the same door, the entry points of the groups ``rag.loaders``,
``rag.chunkers``, ``rag.embedders``, ``rag.rerankers``, ``rag.readers`` and ``rag.generators``::

    # pyproject.toml of a plug-in
    [project.entry-points."rag.generators"]
    parrot = "my_package:Parrot"

An entry point is a callable ``(argument: str, settings: Settings) -> component``. A plug-in returns
spans, arrays, scores or text; only the core makes passages and citations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Generator as Stream
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from rag.errors import MissingExtra, RagError, UsageError
from rag.types import Document, Hit, Span, Turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.settings import Settings

    Rows = NDArray[np.float32]

__all__ = [
    "Chunker",
    "Embedder",
    "Generator",
    "LanguageModel",
    "Loader",
    "Part",
    "Prompt",
    "Quote",
    "Read",
    "Reader",
    "Reranker",
    "load",
    "names",
]


@dataclass(frozen=True, slots=True)
class Part:
    """A file inside a file: an attachment, a member of an archive. The core reads it in turn, by its
    name and content, within its limits. ``problem`` says why its bytes could not be had."""

    name: str
    data: bytes
    problem: str = ""


class Loader(Protocol):
    """Reads one kind of file. ``suffixes`` are lower case with the dot (".pdf")."""

    suffixes: tuple[str, ...]

    def load(self, path: Path) -> Iterator[Document | Part]:
        """Yield the documents in the file, and the files that are inside it. ``source`` is "" for the
        file itself, or the part's name ("42" for the record 42 of a JSONL file), to which the core
        prefixes the path. What was odd goes into ``metadata["warnings"]``.

        Raises:
            DocumentError: the file cannot be read; the message is the reason.
        """
        ...


class Chunker(Protocol):
    """Cuts a document into passages."""

    fingerprint: str

    def split(self, document: Document) -> Sequence[tuple[Span, Sequence[Span]]]:
        """The passages in order, each with the spans of its sentences, as offsets into
        ``document.text``. Passages may not overlap; together they hold every non-blank character."""
        ...


class Embedder(Protocol):
    """Turns text into unit vectors of ``dim`` float32 numbers.

    ``fingerprint`` names the weights and the way a vector is made: vectors of different fingerprints
    are never mixed. ``max_tokens`` is what the model reads of one text, special tokens included.

    One that can tell may also have ``familiarity(text) -> float``: from 1.0 for a language that it reads to 0.0 for
    one that it does not, by which its similarities weigh against the words.
    """

    @property
    def fingerprint(self) -> str:
        """Names the weights and the method."""
        ...

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens read of one text."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the embedder's own tokens, special tokens included."""
        ...

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Rows]]:
        """Yield ``(i, rows)`` for each text, in any order, as soon as it is there. ``rows`` has shape
        ``(1 + len(sentences[i]), dim)``: the vector of the whole text, then one for each sentence
        (spans are offsets into ``texts[i]``)."""
        ...

    def embed_query(self, text: str) -> Rows:
        """The vector of a query, shape ``(dim,)``; text beyond ``max_tokens`` is ignored."""
        ...


class Reranker(Protocol):
    """Orders candidates anew."""

    def rerank(self, query: str, hits: Sequence[Hit]) -> Sequence[float]:
        """A score for each hit, larger is better."""
        ...


@dataclass(frozen=True, slots=True)
class Read:
    """One sentence as read with a question. ``answers`` is a logit, 0 where "this answers" is as likely as "none of
    them does". ``offsets`` are the characters of each word piece; ``starts`` and ``ends`` the log-probabilities that
    the short answer begins, or ends, with it."""

    answers: float
    offsets: Sequence[tuple[int, int]]
    starts: Sequence[float]
    ends: Sequence[float]


class Reader(Protocol):
    """Reads sentences together with a question. ``name`` tells readers apart."""

    name: str

    def read(self, question: str, sentences: Sequence[tuple[str, str, str]]) -> list[Read]:
        """What each sentence is worth; one is given as title and heading, the sentence before, and itself."""
        ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a generator sees: the question, the numbered evidence, and the conversation so far.

    ``evidence[i]`` is cited as ``[i + 1]``. ``frequency`` says in how many of the corpus's ``n_passages``
    each term of the query occurs (empty when that is not known). ``dates`` are those that the files give themselves, by
    document id; they are looked up where a question is about how things stand now.
    """

    question: str
    query: str
    evidence: tuple[Hit, ...]
    history: tuple[Turn, ...] = ()
    frequency: Mapping[str, int] = field(default_factory=dict)
    n_passages: int = 0
    dates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of an answer that is taken from the evidence word for word.

    ``number`` counts the evidence from 1; ``start`` and ``end`` are offsets into the document's text,
    inside that passage. ``fact`` is the short answer within it, when the question asks for one.
    The core fetches the words itself and cites them: a quote cannot be forged.
    """

    number: int
    start: int
    end: int
    fact: Span | None = None


class Generator(Protocol):
    """Writes an answer. ``name`` is shown to the user ("openai:llama3.2"); ``context_tokens`` bounds
    what evidence, history and question may take together."""

    name: str
    context_tokens: int

    def generate(self, prompt: Prompt) -> Iterator[str | Quote]:
        """Yield the answer piece by piece: quotes of the evidence, or text whose claims carry markers
        ``[n]`` that number the evidence. Nothing yielded means: the evidence does not tell.

        Raises:
            GeneratorError: the generator cannot write, or broke off.
        """
        ...


@runtime_checkable
class LanguageModel(Protocol):
    """A generator that can also be asked for something else than an answer: with it, follow-ups are rewritten."""

    def complete(self, chat: Sequence[dict[str, str]], tokens: int, seconds: float) -> Stream[str, None, None]:
        """Yield what the model says to messages (``role``, ``content``; the first is the system's), at most so many
        tokens of it. ``seconds`` is how long the caller waits for all of it: ask once, and give up then.

        Raises:
            GeneratorError: the model cannot write, or broke off.
        """
        ...


def _entry_points(kind: str) -> dict[str, EntryPoint]:
    """By name, of every distribution on the path: of one that is there twice (an ``egg-info`` that a build
    left behind in the source tree comes first there) both are read, or new names would be missed."""
    found: dict[str, EntryPoint] = {}
    for distribution in distributions():
        for point in distribution.entry_points.select(group=f"rag.{kind}"):
            found.setdefault(point.name, point)
    return found


def names(kind: str) -> list[str]:
    """The names that ``load(kind, …)`` knows, sorted. ``kind`` is "loaders", "embedders", …"""
    return sorted(_entry_points(kind))


def load(kind: str, spec: str, settings: Settings) -> Any:
    """The component that ``spec`` (``name`` or ``name:argument``) names.

    Raises:
        UsageError: no component has that name; the message lists those there are.
        MissingExtra: the component needs a package that is not installed.
    """
    name, _, argument = spec.partition(":")
    points = _entry_points(kind)
    if name not in points:
        known = ", ".join(sorted(points)) or "none"
        raise UsageError(f"there is no {kind.rstrip('s')} named {name!r}; known: {known}")
    try:
        make: Callable[[str, Settings], Any] = points[name].load()
        return make(argument, settings)
    except RagError:
        raise
    except ImportError as error:
        raise MissingExtra(f"{kind.rstrip('s')} {name!r}", error.name or name) from error
