"""The only wiring: settings and an index in, answers out.

::

    from rag import Assistant

    assistant = Assistant.open("index")
    assistant.build("corpus")
    print(assistant.ask("How do I add documents?").text)

An ``Assistant`` may be used from several threads at once: each question takes its own snapshot of the index,
models are loaded once, when first needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as Stream
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Event as Signal
from threading import RLock
from typing import TYPE_CHECKING, Any

from rag import plugins
from rag.errors import GeneratorError, IndexBusy, IndexMismatch, RagError, UsageError
from rag.generation import Writer, confidence_in, recognise, rewritten, scan, small_talk, telling, wants_newest
from rag.index import DocumentEntry, Index, Parts, Snapshot, Status, build
from rag.index.watch import watch
from rag.plugins import LanguageModel, Prompt
from rag.retrieval import Retrieval, beginnings, retrieve
from rag.retrieval.followup import leans, standalone
from rag.settings import Settings
from rag.types import (
    Answer,
    BuildReport,
    Delta,
    Document,
    Event,
    Finished,
    Hit,
    Progress,
    Retrieved,
    Turn,
)

if TYPE_CHECKING:
    from rag.generation.scanning import Scan
    from rag.generation.verify import Similarity
    from rag.plugins import Embedder, Generator

__all__ = ["Assistant"]

# more than anyone asks; a whole document pasted as a question is a mistake worth a message
_MAX_QUESTION = 8_000
_DEFAULT_EMBEDDER = "minilm"
_BUILT_IN = "extractive"  # the generator that needs no language model
ABSTAINED = "The documents do not tell."


class Assistant:
    """Answers questions from the documents of one index."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._index = Index(settings.index)
        self._embedders: dict[str, Embedder] = {}
        self._generators: dict[str, Generator] = {}
        self._lock = RLock()

    @classmethod
    def open(cls, index: str | Path | None = None, *, settings: Settings | None = None, **overrides: Any) -> Assistant:
        """An assistant over the index in ``index`` (default: the one in settings), which need not exist yet.

        Args:
            index: the index folder.
            settings: ready-made settings; otherwise flags, environment and files are read.
            **overrides: single settings by name, such as ``generator="openai:llama3.2"``.

        Raises:
            SettingsError: a setting that does not exist or cannot have that value.
        """
        chosen = settings or Settings.load(**overrides)
        if settings is not None and overrides:
            chosen = replace(settings, **overrides)
        return cls(replace(chosen, index=str(index)) if index is not None else chosen)

    # -- building ----------------------------------------------------------------------------------------

    def build(
        self, *paths: str | Path, progress: Callable[[Progress], None] | None = None, rebuild: bool = False
    ) -> BuildReport:
        """Bring the index up to date with ``paths``: it then holds what they hold, and nothing else.

        Args:
            *paths: folders and files; none means those of the last build, or the corpus folder.
            progress: called now and then with how far it is.
            rebuild: read and embed everything anew, also with another embedder.

        Raises:
            UsageError: a path does not exist, or there is nothing to read in it.
            IndexBusy: another process is building this index.
            IndexMismatch: the index was built by another embedder.
        """
        roots = [Path(path) for path in paths]
        recorded = self._recorded()
        if not roots and not recorded.get("roots"):
            roots = [Path(self.settings.corpus)]
        spec = self.settings.embedder or recorded.get("embedder") or _DEFAULT_EMBEDDER
        chunker = plugins.load("chunkers", self.settings.chunker, self.settings)
        parts = Parts(self.settings, chunker, self._embedder(spec), spec)
        return build(self._index.folder, roots, parts, progress, rebuild=rebuild)

    def watch(
        self, *paths: str | Path, stop: Signal, report: Callable[[BuildReport | RagError], None] = lambda outcome: None
    ) -> None:
        """Build, and again after every change under ``paths``, until ``stop`` is set. Questions are answered
        meanwhile; each sees the state that is committed when it is asked.

        Args:
            *paths: as for ``build``.
            stop: set it, from another thread, to end.
            report: called with the outcome of each build that changed something, or with what went wrong.
        """
        first = self.build(*paths)
        report(first)
        generation = first.generation
        roots = [Path(root) for root in self._recorded().get("roots", ())]

        def bring_up_to_date() -> bool:
            nonlocal generation
            try:
                outcome = self.build(*(paths or self._recorded().get("roots") or roots))
            except RagError as error:
                report(error)
                return not isinstance(error, IndexBusy)
            if outcome.generation != generation and any(file.status != "unchanged" for file in outcome.files):
                report(outcome)
            generation = outcome.generation
            return True

        watch(roots, bring_up_to_date, stop, ignore=self._index.folder)

    def _recorded(self) -> dict[str, Any]:
        try:
            with self._index.snapshot() as snapshot:
                return snapshot.manifest
        except RagError:
            return {}

    # -- asking ------------------------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        collections: Sequence[str] = (),
        k: int | None = None,
        generator: str | None = None,
    ) -> Answer:
        """The answer to ``question``: ``stream`` run to its end."""
        for event in self.stream(question, history, collections=collections, k=k, generator=generator):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with Finished")

    def search(
        self,
        question: str,
        k: int | None = None,
        *,
        history: Sequence[Turn] = (),
        collections: Sequence[str] = (),
    ) -> list[Hit]:
        """The ``k`` passages that are nearest to the question, best first."""
        question = _checked(question)
        with self._index.snapshot() as snapshot:
            query = standalone(question, history)
            return list(self._retrieve(snapshot, query, k, collections).hits)

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        collections: Sequence[str] = (),
        k: int | None = None,
        generator: str | None = None,
    ) -> Iterator[Event]:
        """The answer as it comes: ``Retrieved``, then ``Delta`` and ``Cited``, then ``Finished``.

        Args:
            question: what is asked.
            history: the conversation so far, oldest first; a follow-up is understood from it.
            collections: search only these first-level folders of the corpus.
            k: passages given to the generator (default: from settings).
            generator: another generator for this question, as ``name`` or ``name:argument``.

        Raises:
            UsageError: the question is empty or too long, or the generator is unknown.
            IndexMissing, IndexDamaged, IndexMismatch: as their names say.
        """
        question = _checked(question)
        started = time.perf_counter()
        reply = small_talk(question)
        if reply is not None:
            yield Delta(reply)
            timings = {"total": time.perf_counter() - started}
            yield Finished(Answer(question=question, query="", text=reply, generator="none", timings=timings))
            return
        writer_of = self._generator(generator or self.settings.generator)
        query = self._query(question, history, writer_of)
        with self._index.snapshot() as snapshot:
            scanned, found, certainty = self._find(snapshot, query, k, collections)
            if scanned is not None and not (scanned.is_summary and writer_of.name != _BUILT_IN):
                yield from self._scan(snapshot, scanned, question, query, started)
                return
            timings = {"retrieve": time.perf_counter() - started}
            yield Retrieved(
                query, found.hits, found.dropped, snapshot.n_passages, snapshot.n_documents, timings["retrieve"]
            )
            answer = yield from self._answer(snapshot, question, query, history, found, certainty, writer_of)
        timings["generate"] = time.perf_counter() - started - timings["retrieve"]
        timings["total"] = time.perf_counter() - started
        yield Finished(replace(answer, timings=timings))

    def _query(self, question: str, history: Sequence[Turn], generator: Generator) -> str:
        """What to search for: a follow-up by rule, or as a language model rewrites it where one is at hand."""
        query = standalone(question, history)
        if self.settings.rewrite and isinstance(generator, LanguageModel) and leans(question, query, history):
            return rewritten(generator, question, history, query, self.settings.rewrite)
        return query

    def _find(
        self, snapshot: Snapshot, query: str, k: int | None, collections: Sequence[str]
    ) -> tuple[Scan | None, Retrieval, float]:
        """What a question finds, and how sure it is that this answers it: a look at whole documents, where the
        question is about those, or passages."""
        task = recognise(query)
        scanned = scan(snapshot, task, collections) if task and not task.comes_second else None
        if scanned is None:
            found = self._retrieve(snapshot, query, k, collections)
            found = replace(found, hits=(*found.hits, *beginnings(snapshot, found.hits)))
            frequency = snapshot.frequencies(telling(query))
            certainty = confidence_in(query, found.hits, frequency, snapshot.n_passages)
            if certainty < self.settings.strictness and task and task.comes_second:
                scanned = scan(snapshot, task, collections)
        if scanned is None:
            return None, found, certainty
        return scanned, Retrieval(scanned.hits, (), None), 1.0

    def _scan(
        self,
        snapshot: Snapshot,
        found: Scan,
        question: str,
        query: str,
        started: float,
    ) -> Iterator[Event]:
        """A question about documents as a whole: they were looked at from end to end, no generator is needed."""
        timings = {"retrieve": time.perf_counter() - started}
        yield Retrieved(query, found.hits, (), snapshot.n_passages, snapshot.n_documents, timings["retrieve"])
        writer = self._writer(snapshot, found.hits)
        if found.hits:
            yield from writer.events(found.pieces)
        else:  # that nothing is there needs no citation, and has none
            writer.text = "".join(piece for piece in found.pieces if isinstance(piece, str))
            yield Delta(writer.text)
        timings["total"] = time.perf_counter() - started
        yield Finished(
            Answer(
                question=question,
                query=query,
                text=writer.text,
                citations=tuple(writer.citations),
                hits=found.hits,
                generator="full text",
                grounded=writer.grounded,
                confidence=1.0,
                claims=tuple(writer.claims),
                notes=(found.note,),
                timings=timings,
            )
        )

    def _answer(
        self,
        snapshot: Snapshot,
        question: str,
        query: str,
        history: Sequence[Turn],
        found: Retrieval,
        certainty: float,
        generator: Generator,
    ) -> Stream[Event, None, Answer]:
        frequency = snapshot.frequencies(telling(query))
        answer = Answer(
            question=question, query=query, text="", hits=found.hits, generator=generator.name, confidence=certainty
        )
        if not found.hits or certainty < self.settings.strictness:
            yield Delta(ABSTAINED)
            return replace(answer, text=ABSTAINED, abstained=True)
        dates = _dates(snapshot, found.hits) if wants_newest(query) else {}
        prompt = Prompt(question, query, found.hits, tuple(history), frequency, snapshot.n_passages, dates)
        writer = self._writer(snapshot, found.hits)
        notes: tuple[str, ...] = ()
        try:
            yield from writer.events(generator.generate(prompt))
        except GeneratorError as error:
            fallback = self._generator(_BUILT_IN)
            if generator is fallback:
                raise
            notes = (f"{generator.name} failed: {error}; the answer was taken from the sources word for word",)
            yield from writer.events(fallback.generate(prompt))
            answer = replace(answer, generator=fallback.name)
        if not writer.text.strip():
            yield Delta(ABSTAINED)
            return replace(answer, text=ABSTAINED, abstained=True, notes=notes)
        if writer.abstains:
            return replace(answer, text=writer.text, abstained=True, notes=notes)
        return replace(
            answer,
            text=writer.text,
            citations=tuple(writer.citations),
            claims=tuple(writer.claims),
            grounded=writer.grounded,
            notes=notes,
        )

    def _writer(self, snapshot: Snapshot, hits: Sequence[Hit]) -> Writer:
        seen: dict[str, Document | None] = {}

        def page_at(document_id: str, offset: int) -> int | None:
            if document_id not in seen:
                seen[document_id] = snapshot.document(document_id)
            document = seen[document_id]
            return document.page_at(offset) if document else None

        return Writer(
            hits, unsupported=self.settings.unsupported, page_at=page_at, similarity=self._similarity(snapshot)
        )

    def _similarity(self, snapshot: Snapshot) -> Similarity:
        embed = lru_cache(self._embedder_of(snapshot).embed_query)
        return lambda one, other: float(embed(one) @ embed(other))

    def similarity(self) -> Similarity:
        """How close two texts are in meaning, for this index's embedder: what verification compares with."""
        with self._index.snapshot() as snapshot:
            return self._similarity(snapshot)

    def _retrieve(self, snapshot: Snapshot, query: str, k: int | None, collections: Sequence[str]) -> Retrieval:
        embedder = self._embedder_of(snapshot)
        return retrieve(snapshot, query, embedder, self.settings.k if k is None else k, collections, self._reranker)

    # -- components --------------------------------------------------------------------------------------

    def _embedder(self, spec: str) -> Embedder:
        with self._lock:
            if spec not in self._embedders:
                self._embedders[spec] = plugins.load("embedders", spec, self.settings)
            return self._embedders[spec]

    def _embedder_of(self, snapshot: Snapshot) -> Embedder:
        """The embedder that made the index; settings may name it or say nothing, but not another one."""
        recorded = snapshot.manifest["embedder"]
        chosen = self.settings.embedder or recorded
        embedder = self._embedder(chosen)
        if embedder.fingerprint != snapshot.manifest["fingerprint"]:
            raise IndexMismatch(
                f"the index in {self._index.folder} was built with the embedder {recorded}, whose vectors do not fit "
                f"those of {chosen}: choose that one, or build again with rag build --rebuild"
            )
        return embedder

    def _generator(self, spec: str) -> Generator:
        with self._lock:
            if spec not in self._generators:
                self._generators[spec] = plugins.load("generators", spec, self.settings)
            return self._generators[spec]

    @cached_property
    def _reranker(self) -> Any:
        return plugins.load("rerankers", self.settings.reranker, self.settings)

    def close(self) -> None:
        """Let go of the models; a later question loads them again."""
        self._embedders.clear()
        self._generators.clear()

    def warm(self) -> None:
        """Load what the first question needs, so that it is answered as fast as the second."""
        with self._index.snapshot() as snapshot:
            self._retrieve(snapshot, "warm", 1, ())
        self._generator(self.settings.generator)

    # -- looking -----------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The index as it is now, for reading; see ``rag.index.Snapshot``."""
        with self._index.snapshot() as snapshot:
            yield snapshot

    def document(self, document_id: str) -> Document | None:
        """A document with its whole text; None when it is no longer in the corpus."""
        with self._index.snapshot() as snapshot:
            return snapshot.document(document_id)

    def documents(self) -> list[DocumentEntry]:
        """Every source in the index, sorted."""
        with self._index.snapshot() as snapshot:
            return snapshot.documents()

    def status(self) -> Status:
        """What is in the index, and how far its vectors are."""
        with self._index.snapshot() as snapshot:
            return snapshot.status()


def _dates(snapshot: Snapshot, hits: Sequence[Hit]) -> dict[str, str]:
    """The dates that the files of the hits give in their properties, by document id."""
    documents = (snapshot.document(document_id) for document_id in {hit.passage.document_id for hit in hits})
    return {found.id: str(found.metadata["date"]) for found in documents if found and found.metadata.get("date")}


def _checked(question: str) -> str:
    """The question; halves of surrogate pairs in it, which come from bytes that are not UTF-8, become "?"."""
    if not question.strip():
        raise UsageError("the question is empty")
    if len(question) > _MAX_QUESTION:
        raise UsageError(
            f"the question has {len(question):,} characters, and {_MAX_QUESTION:,} are the most: ask a shorter one"
        )
    return question.encode("utf-8", "replace").decode()
