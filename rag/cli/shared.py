"""What several commands share: their options, how they open an assistant, how they print."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from rag.errors import RagError
from rag.version import __version__

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.types import Progress

__all__ = [
    "FILE",
    "Bars",
    "app",
    "assistant_over",
    "batch_option",
    "collection_option",
    "generator_option",
    "index_option",
    "json_option",
    "k_option",
    "one_line",
    "print_json",
    "warm_up",
]


class _InOrder(click.Group):
    """Lists its commands as they were added: asking first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    "rag",
    cls=_InOrder,
    help="Ask your documents: every sentence of the answer points at the exact words it came from.",
    no_args_is_help=True,
)
@click.version_option(__version__, message="Footnote %(version)s", help="Print the version.")
def app() -> None:
    """All commands; each module adds its own."""


_UNITS = {"reading": " files", "search": " questions", "answers": " questions"}  # of progress

FILE = click.Path(path_type=Path)
index_option = click.option("--index", type=FILE, help="Folder of the index (default: index).")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
generator_option = click.option("--generator", help="NAME or NAME:MODEL, such as openai:llama3.2.")
k_option = click.option("-k", type=int, help="How many passages to look at.")
collection_option = click.option(
    "--collection", multiple=True, help="Search this first-level folder only; may be repeated."
)
batch_option = click.option(
    "--batch", type=FILE, help='JSON lines {"id", "question", "history"}, "-" for standard input.'
)


class Bars:
    """Progress on stderr, when that is a terminal: one bar a stage, with the rate and the time left."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage = ""

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *details: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        from tqdm import tqdm

        if progress.stage != self._stage:
            self.__exit__()
            self._stage = progress.stage
            unit = _UNITS.get(progress.stage, " passages")
            self._bar = tqdm(
                total=progress.total,
                desc=progress.stage,
                unit=unit,
                file=sys.stderr,
                leave=False,
                dynamic_ncols=True,
                disable=None,
            )
        self._bar.update(progress.done - self._bar.n)


def assistant_over(index: Path | None, **overrides: Any) -> Assistant:
    """An assistant over the index in ``index``; an override of None is not given."""
    from rag.assistant import Assistant

    return Assistant.open(index, **overrides)


def warm_up(assistant: Assistant) -> None:
    """Load the model, on another core, while Python imports what will answer."""

    def load() -> None:
        with suppress(RagError):  # the question itself meets it again, and says so
            assistant.warm()

    Thread(target=load, name="warm").start()


def print_json(value: Any) -> None:
    """``value`` as one line of JSON on stdout, at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def one_line(text: str, width: int) -> str:
    """``text`` on one line of at most ``width`` characters."""
    plain = " ".join(text.split())
    return plain if len(plain) <= width else f"{plain[: width - 1]}…"
