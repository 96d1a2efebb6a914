"""The values that travel through Footnote: frozen, slotted, and free of behaviour worth the name.

Offsets are half-open character positions in ``Document.text``; pages count from 1. The core alone
makes ``Passage`` and ``Citation`` objects, so ``passage.text == document.text[start:end]`` and
``citation.quote == document.text[start:end]`` hold whatever a plug-in returns.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

__all__ = [
    "Answer",
    "BuildReport",
    "Citation",
    "Cited",
    "Claim",
    "Delta",
    "Document",
    "Event",
    "FileReport",
    "Finished",
    "Heading",
    "Hit",
    "Passage",
    "Progress",
    "Retrieved",
    "Span",
    "Support",
    "Turn",
    "Why",
]


class Span(NamedTuple):
    """A half-open range of characters, ``text[start:end]``."""

    start: int
    end: int


class Heading(NamedTuple):
    """A heading line in a document: its span and its depth, 1 being the outermost."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Document:
    """One readable text with what is needed to cite it.

    ``source`` is the path inside the corpus (``file.jsonl#id`` for a record in a file),
    ``collection`` the first-level folder ("" when there is none). ``page_starts`` holds the offset
    at which each page begins (empty for a text without pages); ``page_labels`` names pages that are
    not plain numbers ("Sheet Q3", "iv"). ``blocks`` are spans that are never read across (a table
    row, a list item, a cell): sentences end where a block ends. ``metadata`` is JSON-ready.
    """

    source: str
    text: str
    title: str = ""
    collection: str = ""
    page_starts: tuple[int, ...] = ()
    page_labels: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    blocks: tuple[Span, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """A content hash: equal for equal text, title and structure, whatever the file is called."""
        content = [
            self.title,
            self.page_starts,
            self.page_labels,
            self.headings,
            self.blocks,
            dict(self.metadata),
        ]
        digest = hashlib.sha256(self.text.encode("utf-8", "surrogatepass"))
        digest.update(json.dumps(content, sort_keys=True, default=str).encode())
        return digest.hexdigest()[:32]

    @property
    def name(self) -> str:
        """The title, or for want of one what the file is called."""
        return self.title or title_of(self.source)

    def page_at(self, offset: int) -> int | None:
        """The 1-based page that holds ``offset``, or None for a document without pages."""
        return max(1, bisect_right(self.page_starts, offset)) if self.page_starts else None


def title_of(source: str) -> str:
    """A title made of a source: the record's id, or the file's name without folder and suffix; both for a record
    that is only numbered."""
    file, _, part = source.partition("#")
    name = PurePosixPath(part or file).stem or source
    return f"{PurePosixPath(file).stem} {name}" if part and name.isdigit() else name


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is retrieved as one. ``text == document.text[start:end]``.

    ``heading`` is the path of headings above it ("Benefits > Deductibles"); ``sentences`` are spans in
    the *document*, in order, inside ``[start, end)``.
    """

    id: str
    document_id: str
    source: str
    title: str
    text: str
    start: int
    end: int
    page: int | None = None
    heading: str = ""
    sentences: tuple[Span, ...] = ()
    collection: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a passage was retrieved: its rank and raw score in each leg, and what happened to it after.

    Ranks count from 1; None means that the leg did not find the passage. ``lexical`` is BM25 (larger
    is better), ``dense`` a cosine similarity, ``fused`` the weighted sum of both after normalising,
    ``reranked`` the reranker's score when there is one, ``dropped`` the reason why a candidate is not
    among the results ("near-duplicate of …"), ``joined`` the reason why a passage is there that was not found
    itself ("number 2 goes on from here").
    """

    lexical_rank: int | None = None
    lexical: float | None = None
    dense_rank: int | None = None
    dense: float | None = None
    fused: float = 0.0
    reranked: float | None = None
    dropped: str | None = None
    joined: str | None = None

    def but(self, *, reranked: float | None = None, dropped: str | None = None) -> Why:
        """The same, with one thing more that happened. ``dataclasses.replace`` takes five times as long, and a search
        does this to every candidate."""
        return Why(
            self.lexical_rank,
            self.lexical,
            self.dense_rank,
            self.dense,
            self.fused,
            self.reranked if reranked is None else reranked,
            self.dropped if dropped is None else dropped,
            self.joined,
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. ``sentence_scores`` are the cosine similarities of its sentences with the
    query, in the order of ``passage.sentences``; empty when the passage has no vectors yet."""

    passage: Passage
    score: float
    rank: int
    why: Why = Why()
    sentence_scores: tuple[float, ...] = ()


Support = Literal["verbatim", "supported", "weak", "unsupported"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered pointer to the exact words. ``quote == document.text[start:end]``."""

    number: int
    passage_id: str
    document_id: str
    source: str
    title: str
    page: int | None
    start: int
    end: int
    quote: str
    support: Support = "verbatim"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer and how far its citations bear it out.

    ``start`` and ``end`` are offsets in ``Answer.text``; ``citations`` the numbers it cites; ``reasons``
    say in a few words what is missing ("number 228.1 not in the source").
    """

    start: int
    end: int
    citations: tuple[int, ...]
    support: Support
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a question: the same object in Python, on the command line and over HTTP.

    ``question`` is what was asked, ``query`` what was searched. ``text`` carries markers ``[n]`` that
    number ``citations``. ``claims`` are its sentences with their support, and ``grounded`` is True
    when every one of them is supported by what it cites. An answer that ``abstained`` cites nothing
    and shows its nearest ``hits`` as what they are: not an answer. ``confidence`` estimates the
    probability that the evidence answers the question (None when nothing was searched, as for a
    greeting). ``notes`` are things the reader should know ("the server failed; …"). ``timings`` are
    seconds by stage.
    """

    question: str
    query: str
    text: str
    citations: tuple[Citation, ...] = ()
    hits: tuple[Hit, ...] = ()
    generator: str = "extractive"
    grounded: bool = False
    abstained: bool = False
    confidence: float | None = None
    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """This answer as plain JSON values, in the documented shape."""
        return {
            "question": self.question,
            "query": self.query,
            "text": self.text,
            "grounded": self.grounded,
            "abstained": self.abstained,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "claims": [asdict(claim) for claim in self.claims],
            "notes": list(self.notes),
            "citations": [asdict(citation) for citation in self.citations],
            "hits": [hit_to_dict(hit) for hit in self.hits],
            "generator": self.generator,
            "timings": {stage: round(seconds, 4) for stage, seconds in self.timings.items()},
        }


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """A hit as plain JSON values: rank, score, why, and the passage without its sentence spans."""
    passage = asdict(hit.passage)
    del passage["sentences"]
    why = {name: value for name, value in asdict(hit.why).items() if value is not None}
    return {"rank": hit.rank, "score": round(hit.score, 6), "why": why, "passage": passage}


# What ``Assistant.stream`` yields, in this order: one Retrieved, then Delta and Cited as they come, then
# one Finished. ``ask`` is that stream run to its end.


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The passages are found. ``query`` is what was searched, ``hits`` what the generator will see,
    ``dropped`` candidates that were not kept (their ``why`` says by what); ``n_passages`` and
    ``n_documents`` count what was searched."""

    query: str
    hits: tuple[Hit, ...]
    dropped: tuple[Hit, ...]
    n_passages: int
    n_documents: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Delta:
    """The next words of the answer, markers included; what was sent is never taken back."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation whose marker is in the text sent so far, or in the next ``Delta``."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Finished:
    """The whole answer, verified."""

    answer: Answer


Event = Retrieved | Delta | Cited | Finished


# What a build says while it runs, and when it is done.


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is. ``stage`` is "reading", "passages" or "vectors"; ``item`` what is in hand."""

    stage: str
    done: int
    total: int
    item: str = ""
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Items a second in this stage, 0 while unknown."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time this stage still takes at the present rate, None while unknown."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. ``status`` is "indexed", "unchanged", "skipped" or "removed"; ``reason``
    says why it was skipped, ``warnings`` what a reader of its answers should know."""

    source: str
    status: str
    reason: str = ""
    n_documents: int = 0
    n_passages: int = 0
    n_pages: int = 0
    n_characters: int = 0
    warnings: tuple[str, ...] = ()
    kind: str = ""
    seconds: float = 0.0
    language: str = ""
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The outcome of a build. Every file seen is in ``files``, with a reason when it was skipped."""

    files: tuple[FileReport, ...]
    n_documents: int
    n_passages: int
    n_embedded: int
    n_reused: int
    generation: int
    seconds: float
    notes: tuple[str, ...] = ()
