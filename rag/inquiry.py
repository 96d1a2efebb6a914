"""One question over one state of the index: what is found for it, and the answer as it comes."""

from __future__ import annotations

import time
from collections.abc import Generator as Stream
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.components import BUILT_IN, Components
from rag.errors import GeneratorError
from rag.generation import Writer, confidence_in, recognise, scan, telling, wants_newest
from rag.index import Snapshot
from rag.plugins import Prompt
from rag.retrieval import Retrieval, neighbours
from rag.types import Answer, Delta, Document, Event, Finished, Hit, Retrieved, Turn

if TYPE_CHECKING:
    from rag.generation.scanning import Scan
    from rag.plugins import Generator

__all__ = ["ABSTAINED", "Inquiry"]

ABSTAINED = "The documents do not tell."


class Inquiry:
    """A question, the query that it became, and the snapshot that answers it. ``started`` is when it was asked, by
    ``time.perf_counter``."""

    def __init__(
        self,
        snapshot: Snapshot,
        components: Components,
        generator: Generator,
        question: str,
        query: str,
        history: Sequence[Turn],
        started: float,
    ) -> None:
        self._snapshot = snapshot
        self._components = components
        self._settings = components.settings
        self._generator = generator
        self._question = question
        self._query = query
        self._history = tuple(history)
        self._started = started

    def events(self, k: int | None, collections: Sequence[str]) -> Iterator[Event]:
        """``Retrieved``, then ``Delta`` and ``Cited``, then ``Finished``."""
        scanned, found, certainty = self._find(k, collections)
        if scanned is not None and scanned.is_summary and self._generator.name != BUILT_IN:
            scanned = None  # a language model writes it from what was found
        n_passages, n_documents = self._snapshot.n_passages, self._snapshot.n_documents
        timings = {"retrieve": self._seconds()}
        yield Retrieved(self._query, found.hits, found.dropped, n_passages, n_documents, timings["retrieve"])
        answer = yield from self._answered(found, certainty) if scanned is None else self._scanned(scanned)
        timings["total"] = self._seconds()
        if scanned is None:
            timings["generate"] = timings["total"] - timings["retrieve"]
        yield Finished(replace(answer, timings=timings))

    def _seconds(self) -> float:
        return time.perf_counter() - self._started

    def _find(self, k: int | None, collections: Sequence[str]) -> tuple[Scan | None, Retrieval, float]:
        """What the question finds, and how sure it is that this answers it: a look at whole documents, where the
        question is about those, or passages."""
        snapshot, query = self._snapshot, self._query
        task = recognise(query)
        scanned = scan(snapshot, task, collections) if task and not task.comes_second else None
        if scanned is None:
            found = self._components.retrieve(snapshot, query, k, collections)
            found = replace(found, hits=(*found.hits, *neighbours(snapshot, found.hits)))
            frequency = snapshot.frequencies(telling(query))
            certainty = confidence_in(query, found.hits, frequency, snapshot.n_passages, self._components.reader)
            if certainty < self._settings.strictness and task and task.comes_second:
                scanned = scan(snapshot, task, collections)
        if scanned is None:
            return None, found, certainty
        return scanned, Retrieval(scanned.hits, (), None), 1.0

    def _scanned(self, found: Scan) -> Stream[Event, None, Answer]:
        """About documents as a whole: they were looked at from end to end, no generator is needed."""
        writer = self._writer(found.hits)
        if found.hits:
            yield from writer.events(found.pieces)
        else:  # that nothing is there needs no citation, and has none
            writer.text = "".join(piece for piece in found.pieces if isinstance(piece, str))
            yield Delta(writer.text)
        answer = Answer(self._question, self._query, writer.text, hits=found.hits, generator="full text")
        return replace(_written(answer, writer), confidence=1.0, notes=(found.note,))

    def _answered(self, found: Retrieval, certainty: float) -> Stream[Event, None, Answer]:
        """By the passages that were found, where they answer it."""
        snapshot, query, generator = self._snapshot, self._query, self._generator
        answer = Answer(
            self._question, query, ABSTAINED, hits=found.hits, generator=generator.name, confidence=certainty
        )
        if not found.hits or certainty < self._settings.strictness:
            yield Delta(ABSTAINED)
            return replace(answer, abstained=True)
        frequency = snapshot.frequencies(telling(query))
        dates = _dates(snapshot, found.hits) if wants_newest(query) else {}
        prompt = Prompt(self._question, query, found.hits, self._history, frequency, snapshot.n_passages, dates)
        writer = self._writer(found.hits)
        try:
            yield from writer.events(generator.generate(prompt))
        except GeneratorError as error:
            fallback = self._components.generator(BUILT_IN)
            if generator is fallback:
                raise
            note = f"{generator.name} failed: {error}; the answer was taken from the sources word for word"
            yield from writer.events(fallback.generate(prompt))
            answer = replace(answer, generator=fallback.name, notes=(note,))
        if not writer.text.strip():
            yield Delta(ABSTAINED)
            return replace(answer, abstained=True)
        if writer.abstains:
            return replace(answer, text=writer.text, abstained=True)
        return _written(replace(answer, text=writer.text), writer)

    def _writer(self, hits: Sequence[Hit]) -> Writer:
        seen: dict[str, Document | None] = {}

        def page_at(document_id: str, offset: int) -> int | None:
            if document_id not in seen:
                seen[document_id] = self._snapshot.document(document_id)
            document = seen[document_id]
            return document.page_at(offset) if document else None

        similarity = self._components.similarity(self._snapshot)
        return Writer(hits, unsupported=self._settings.unsupported, page_at=page_at, similarity=similarity)


def _written(answer: Answer, writer: Writer) -> Answer:
    """The answer with what the writer cited and checked."""
    return replace(answer, citations=tuple(writer.citations), claims=tuple(writer.claims), grounded=writer.grounded)


def _dates(snapshot: Snapshot, hits: Sequence[Hit]) -> dict[str, str]:
    """The dates that the files of the hits give in their properties, by document id."""
    documents = (snapshot.document(document_id) for document_id in {hit.passage.document_id for hit in hits})
    return {found.id: str(found.metadata["date"]) for found in documents if found and found.metadata.get("date")}
