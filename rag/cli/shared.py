"""What several commands share: their options, how they open an assistant, how they print."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import RagError

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = [
    "BatchOption",
    "CollectionOption",
    "GeneratorOption",
    "IndexOption",
    "JsonOption",
    "KOption",
    "app",
    "assistant_over",
    "one_line",
    "print_json",
    "warm_up",
]

app = typer.Typer(
    name="rag",
    help="Ask your documents: every sentence of the answer points at the exact words it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

IndexOption = Annotated[Path | None, typer.Option("--index", help="Folder of the index (default: index).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
GeneratorOption = Annotated[str | None, typer.Option(help="NAME or NAME:MODEL, such as openai:llama3.2.")]
KOption = Annotated[int | None, typer.Option("-k", help="How many passages to look at.")]
CollectionOption = Annotated[
    list[str] | None, typer.Option("--collection", help="Search this first-level folder only; may be repeated.")
]
BatchOption = Annotated[
    Path | None, typer.Option(help='JSON lines {"id", "question", "history"}, "-" for standard input.')
]


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
