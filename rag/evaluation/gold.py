"""Does a hit answer the question? At four levels, each with its own idea of a match.

``document``: the passage is from a gold document. ``page``: it stands on a gold page; ``page±1``: on it
or a neighbour (question writers and PDF readers cut pages differently). ``evidence``: it holds at least
half of a gold excerpt's characters.

A gold id names a source by the record's id (``corpus.jsonl#<id>``), by its path, or by its file name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from rag.evaluation.measures import overlap
from rag.evaluation.questions import Question
from rag.types import Document, Hit, Span

__all__ = ["Judge", "file_of", "levels", "names"]

PAGED = re.compile(r"(?P<file>.+)#page=(?P<page>\d+)")
HALF = 0.5  # of an excerpt's characters make a match (FACTS.md, 2)


def levels(questions: Iterable[Question]) -> list[str]:
    """The levels at which these questions can be judged, the one that says most first."""
    questions = list(questions)
    found = ["evidence"] if any(question.evidence for question in questions) else []
    if any(PAGED.fullmatch(name) for question in questions for name in question.gold):
        found += ["page±1", "page"]
    return [*found, "document"]


def names(source: str) -> set[str]:
    """What a gold id may call this source: its path, its file name, the id of its record."""
    path, _, record = source.partition("#")
    return {source, record} if record else {path, path.rpartition("/")[2]}


class Judge:
    """Matches hits with gold. ``fetch`` returns the document of an id, for pages and offsets; ``sources``
    are pairs (document id, source): one text may have several names, and each of them counts as found."""

    def __init__(self, fetch: Callable[[str], Document | None], sources: Iterable[tuple[str, str]] = ()) -> None:
        self._fetch = fetch
        self._files: dict[str, set[str]] = {}  # by document id
        for document_id, source in sources:
            self._files.setdefault(document_id, set()).update(map(file_of, names(source)))
        self._pages: dict[str, tuple[int, int] | None] = {}  # by passage id

    def matches(self, question: Question, hits: Sequence[Hit], level: str) -> list[frozenset[str]]:
        """The gold units that each hit matches, in rank order. At document level the ranking is one of
        documents: a document stands where its best passage stood."""
        if level == "document":
            hits = _best_of_each(hits)
        match = {"document": self.from_gold, "evidence": self._evidence}.get(level)
        if match:
            return [match(question, hit) for hit in hits]
        around = 1 if level == "page±1" else 0
        return [self._on_page(question, hit, around) for hit in hits]

    @staticmethod
    def gold(question: Question, level: str) -> dict[str, int]:
        """The units that a perfect ranking would find at this level, with their grades."""
        if level == "evidence":
            return {str(i): 1 for i in range(len(question.evidence))}
        if level == "document":
            return {file_of(name): grade for name, grade in question.gold.items()}
        return {name: grade for name, grade in question.gold.items() if PAGED.fullmatch(name)}

    def from_gold(self, question: Question, hit: Hit) -> frozenset[str]:
        """The gold documents that the passage is from."""
        return frozenset(self._files_of(hit) & {file_of(name) for name in question.gold})

    def _files_of(self, hit: Hit) -> set[str]:
        named = self._files.get(hit.passage.document_id, set())
        return named | {file_of(name) for name in names(hit.passage.source)}

    def _evidence(self, question: Question, hit: Hit) -> frozenset[str]:
        if not self.from_gold(question, hit):
            return frozenset()
        span = Span(hit.passage.start, hit.passage.end)
        return frozenset(
            str(i)
            for i, excerpt in enumerate(question.evidence)
            if overlap(span, excerpt) >= HALF * (excerpt.end - excerpt.start)
        )

    def _on_page(self, question: Question, hit: Hit, around: int) -> frozenset[str]:
        if (pages := self._pages_of(hit)) is None:
            return frozenset()
        known = self._files_of(hit)
        return frozenset(
            name
            for name in question.gold
            if (paged := PAGED.fullmatch(name))
            and paged["file"] in known
            and pages[0] - around <= int(paged["page"]) <= pages[1] + around
        )

    def _pages_of(self, hit: Hit) -> tuple[int, int] | None:
        passage = hit.passage
        if paged := PAGED.search(passage.source):
            return int(paged["page"]), int(paged["page"])
        if passage.page is None:
            return None
        if passage.id not in self._pages:
            document = self._fetch(passage.document_id)
            last = document.page_at(max(passage.start, passage.end - 1)) if document else None
            self._pages[passage.id] = (passage.page, last or passage.page)
        return self._pages[passage.id]


def file_of(name: str) -> str:
    """A gold id without its page."""
    paged = PAGED.fullmatch(name)
    return paged["file"] if paged else name


def _best_of_each(hits: Sequence[Hit]) -> list[Hit]:
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.source, hit)
    return list(best.values())
