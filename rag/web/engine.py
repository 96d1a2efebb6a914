"""The one ``Assistant`` behind the page: opened at once, warmed and brought up to date behind the scenes.

A build runs in its own thread and publishes how far it is; asking goes on meanwhile, on the index as
it was. Settings changed in the page open the assistant anew.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from rag import plugins
from rag.assistant import Assistant
from rag.errors import IndexBusy, RagError, SettingsError
from rag.index.watch import watch
from rag.settings import Settings
from rag.types import BuildReport, Progress
from rag.web.conversations import Conversations
from rag.web.feedback import Feedback

__all__ = ["CHANGEABLE", "BuildState", "Engine"]

log = logging.getLogger("rag.web")

# what may be changed from the page
CHANGEABLE = ("generator", "base_url", "strictness", "k")


@dataclass(frozen=True, slots=True)
class BuildState:
    """How far the current build is, or what the last one came to. ``kept_out``: another process was building."""

    running: bool = False
    progress: Progress | None = None
    report: BuildReport | None = None
    error: str = ""
    kept_out: bool = False


class Engine:
    """Holds the assistant and everything that goes on around it. Safe to use from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.conversations = Conversations(Path(settings.index) / "conversations.sqlite")
        self.build_state = BuildState()
        self.feedback = Feedback(Path(settings.index) / "feedback.jsonl")
        self.warm = threading.Event()
        self._lock = threading.Lock()
        self._taken_in: list[Path] = []
        self._roots: list[str] = []
        self._removed: set[Path] = set()  # in the page, since the last build
        self._again: bool | None = None  # a build was asked for while one was running
        self._thread: threading.Thread | None = None
        self.assistant = self._opened(self._preferred(settings))

    def start(self, *, watch: bool = False) -> None:
        """Load the models and bring the index up to date, in the background; with ``watch`` also later, after
        every change of the folders that the index is built from."""
        if self.roots():
            self.build()
        threading.Thread(target=self._warm, name="footnote-warm", daemon=True).start()
        if watch:
            threading.Thread(target=self._watch, name="footnote-watch", daemon=True).start()

    def _watch(self) -> None:
        def changed() -> bool:
            self.build()
            self.wait()
            return not self.build_state.kept_out

        self.wait()  # the first build decides what there is to watch
        roots = self.roots() or [self.settings.corpus]
        watch([Path(root) for root in roots], changed, threading.Event(), ignore=Path(self.settings.index))

    def _recorded_roots(self) -> list[str]:
        """What the last build held; of an index that is gone, what it held when it was last looked at."""
        try:
            with self.assistant.snapshot() as snapshot:
                self._roots = list(snapshot.status().roots)
        except RagError as error:
            log.debug("the index cannot be looked at: %s", error)
        return self._roots

    @property
    def corpus(self) -> Path:
        """The folder that uploads go to: the one in settings, or, for an index that was built from other
        folders, the first of those."""
        roots = [Path(root) for root in self._recorded_roots()]
        corpus = Path(self.settings.corpus)
        if _covered(corpus, roots):
            return corpus
        return next((root for root in roots if root.is_dir()), corpus)

    def take_in(self, folder: Path) -> None:
        """From the next build on the index also holds what is in ``folder``."""
        self._taken_in.append(folder)

    def roots(self) -> list[str]:
        """What the next build is to hold: what the last one did, or the corpus, and what was uploaded since."""
        corpus = Path(self.settings.corpus)
        roots = [Path(root) for root in self._recorded_roots()]
        if not roots and corpus.is_dir() and any(corpus.iterdir()):
            roots = [corpus]
        for folder in self._taken_in:
            if not _covered(folder, roots):
                roots.append(folder)
        return [str(root) for root in roots]

    def build(self, *, removed: Collection[Path] = ()) -> None:
        """Bring the index up to date in the background; asked for during a build, it runs once more. ``removed``:
        files that were deleted in the page, each of which may be the last of its folder."""
        with self._lock:
            self._removed.update(removed)
            if self._thread is not None and self._thread.is_alive() and self.build_state.running:
                self._again = True
                return
            self.build_state = BuildState(running=True)
            self._thread = threading.Thread(target=self._build, name="footnote-build", daemon=True)
            self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the running build; True when none runs any more."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.build_state.running:
            if deadline is not None and time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def change(self, values: Mapping[str, Any]) -> None:
        """Use other settings from now on, and remember them.

        Raises:
            SettingsError: a name that cannot be changed here, or a value that cannot be used.
            UsageError, MissingExtra: the generator cannot be had; the message says what it needs.
        """
        unknown = set(values) - set(CHANGEABLE)
        if unknown:
            raise SettingsError(f"cannot be changed here: {', '.join(sorted(unknown))}")
        current = {field.name: getattr(self.settings, field.name) for field in fields(self.settings)}
        settings = Settings.load("/nonexistent", **{**current, **values})
        plugins.load("generators", settings.generator, settings)  # says now what is missing
        assistant = self._opened(settings)
        with self._lock:
            self.settings, self.assistant = settings, assistant
        self.conversations.prefer(dict(values))
        threading.Thread(target=self._warm, name="footnote-warm", daemon=True).start()

    def _preferred(self, settings: Settings) -> Settings:
        """What was chosen in the page, where flags, environment and files leave it open."""
        defaults = Settings()
        kept = {
            name: value
            for name, value in self.conversations.preferences().items()
            if name in CHANGEABLE and getattr(settings, name) == getattr(defaults, name)
        }
        self.settings = replace(settings, **kept)
        return self.settings

    def _opened(self, settings: Settings) -> Assistant:
        return Assistant.open(settings.index, settings=settings)

    def _warm(self) -> None:
        for _ in range(2):
            try:
                self.assistant.warm()
                break
            except RagError:  # there may be no index yet; whoever asks gets the reason
                self.wait()
        self.warm.set()

    def _build(self) -> None:
        while True:
            state = self._build_once(self.roots())
            with self._lock:
                self.build_state = state
                if not self._again:
                    return
                self._again = None
                self.build_state = BuildState(running=True)

    def _build_once(self, paths: Sequence[str]) -> BuildState:
        def progress(step: Progress) -> None:
            self.build_state = BuildState(running=True, progress=step)

        with self._lock:
            removed = frozenset(self._removed)
        try:
            report = self.assistant.build(*paths, progress=progress, removed=removed)
            with self._lock:
                self._removed -= removed
            return BuildState(report=report)
        except (RagError, OSError) as error:
            return BuildState(error=str(error), kept_out=isinstance(error, IndexBusy))


def _covered(folder: Path, roots: Sequence[Path]) -> bool:
    return any(folder.resolve().is_relative_to(root.resolve()) for root in roots)
