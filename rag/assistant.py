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
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event as Signal
from typing import TYPE_CHECKING, Any

from rag import plugins
from rag.components import Components
from rag.errors import IndexBusy, RagError, UsageError
from rag.index import DocumentEntry, Index, Snapshot, Status
from rag.plugins import LanguageModel
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
    Turn,
)

if TYPE_CHECKING:
    from rag.generation.verify import Similarity
    from rag.plugins import Generator

__all__ = ["Assistant"]

# more than anyone asks; a whole document pasted as a question is a mistake worth a message
_MAX_QUESTION = 8_000
_DEFAULT_EMBEDDER = "minilm"


class Assistant:
    """Answers questions from the documents of one index."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._index = Index(settings.index)
        self._components = Components(settings)

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
        self,
        *paths: str | Path,
        progress: Callable[[Progress], None] | None = None,
        rebuild: bool = False,
        allow_empty: bool = False,
        removed: Collection[Path] = (),
    ) -> BuildReport:
        """Bring the index up to date with ``paths``: it then holds what they hold, and nothing else.

        Args:
            *paths: folders and files; none means those of the last build, or the corpus folder.
            progress: called now and then with how far it is.
            rebuild: read and embed everything anew, also with another embedder.
            allow_empty: take out what was in a folder that holds nothing any more; otherwise that is refused.
            removed: files that were deleted on purpose; a folder that held no others may be empty, too.

        Raises:
            UsageError: a path does not exist, or there is nothing to read in it.
            IndexBusy: another process is building this index.
            IndexMismatch: the index was built by another embedder.
        """
        from rag.index.build import Parts, build  # a question needs nothing of it

        roots = [Path(path) for path in paths]
        recorded = self._recorded()
        if not roots and not recorded.get("roots"):
            roots = [Path(self.settings.corpus)]
        spec = self.settings.embedder or recorded.get("embedder") or _DEFAULT_EMBEDDER
        chunker = plugins.load("chunkers", self.settings.chunker, self.settings)
        parts = Parts(self.settings, chunker, self._components.embedder(spec), spec)
        return build(
            self._index.folder, roots, parts, progress, rebuild=rebuild, allow_empty=allow_empty, removed=removed
        )

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
        from rag.index.watch import watch

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
        question, history = _checked(question), _readable(history)
        with self._index.snapshot() as snapshot:
            query = standalone(question, history)
            return list(self._components.retrieve(snapshot, query, k, collections).hits)

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
        from rag.generation import small_talk  # what answers is imported while ``warm`` loads the model elsewhere
        from rag.inquiry import Inquiry

        question, history = _checked(question), _readable(history)
        started = time.perf_counter()
        reply = small_talk(question)
        if reply is not None:
            yield Delta(reply)
            timings = {"total": time.perf_counter() - started}
            yield Finished(Answer(question=question, query="", text=reply, generator="none", timings=timings))
            return
        chosen = self._components.generator(generator or self.settings.generator)
        query = self._query(question, history, chosen)
        with self._index.snapshot() as snapshot:
            inquiry = Inquiry(snapshot, self._components, chosen, question, query, history, started)
            yield from inquiry.events(k, collections)

    def _query(self, question: str, history: Sequence[Turn], generator: Generator) -> str:
        """What to search for: a follow-up by rule, or as a language model rewrites it where one is at hand."""
        from rag.generation import rewritten

        query = standalone(question, history)
        if self.settings.rewrite and isinstance(generator, LanguageModel) and leans(question, query, history):
            return rewritten(generator, question, history, query, self.settings.rewrite)
        return query

    def similarity(self) -> Similarity:
        """How close two texts are in meaning, for this index's embedder: what verification compares with."""
        with self._index.snapshot() as snapshot:
            return self._components.similarity(snapshot)

    def close(self) -> None:
        """Let go of the models and files; a later question loads them again."""
        self._components.close()
        self._index.close()

    def warm(self) -> None:
        """Load what the first question needs, so that it is answered as fast as the second."""
        with self._index.snapshot() as snapshot:
            self._components.retrieve(snapshot, "warm", 1, ())
        if reader := self._components.reader:
            reader.read("warm", [("", "", "warm")])
        self._components.generator(self.settings.generator)

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


def _checked(question: str) -> str:
    """The question, ``_whole``."""
    if not question.strip():
        raise UsageError("the question is empty")
    if len(question) > _MAX_QUESTION:
        raise UsageError(
            f"the question has {len(question):,} characters, and {_MAX_QUESTION:,} are the most: ask a shorter one"
        )
    return _whole(question)


def _readable(history: Sequence[Turn]) -> list[Turn]:
    return [replace(turn, question=_whole(turn.question), answer=_whole(turn.answer)) for turn in history]


def _whole(text: str) -> str:
    """Halves of surrogate pairs, which come from bytes that are not UTF-8, become "?"."""
    return text.encode("utf-8", "replace").decode()
