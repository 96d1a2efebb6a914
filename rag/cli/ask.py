"""``rag ask`` and ``rag search``: one question, or a file of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag.cli.shared import (
    app,
    assistant_over,
    batch_option,
    collection_option,
    generator_option,
    index_option,
    json_option,
    k_option,
    one_line,
    print_json,
    warm_up,
)
from rag.errors import RagError, UsageError
from rag.types import Turn, hit_to_dict

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.types import Answer, Hit

__all__ = ["ask_command", "search_command"]


@app.command("ask")
@click.argument("question", required=False)
@index_option
@generator_option
@k_option
@collection_option
@batch_option
@json_option
def ask_command(
    question: str | None,
    index: Path | None,
    generator: str | None,
    k: int | None,
    collection: tuple[str, ...],
    batch: Path | None,
    as_json: bool,
) -> None:
    """Answer a question from the documents, with citations."""
    assistant = assistant_over(index, generator=generator, k=k)
    warm_up(assistant)
    if batch is not None:
        _batch(batch, lambda q, history: _ask(assistant, q, history, collection).to_dict(), as_json)
        return
    if question is None:
        raise UsageError("what is the question? rag ask QUESTION, or rag ask --batch FILE.jsonl --json")
    answer = _ask(assistant, question, [], collection)
    if as_json:
        print_json(answer.to_dict())
    else:
        _print_answer(answer)
    for note in answer.notes:
        print(f"note: {note}", file=sys.stderr)
    if answer.generator == "extractive" != assistant.settings.generator:  # the one who was asked did not answer
        raise click.exceptions.Exit(1)


def _ask(assistant: Assistant, question: str, history: list[Turn], collections: tuple[str, ...]) -> Answer:
    return assistant.ask(question, history, collections=collections)


def _print_answer(answer: Answer) -> None:
    print(answer.text)
    if answer.citations:
        print()
    for citation in answer.citations:
        page = f", page {citation.page}" if citation.page else ""
        print(f"[{citation.number}] {citation.source}{page}: \u201c{one_line(citation.quote, 200)}\u201d")
    if answer.abstained and answer.hits:
        print("\nClosest passages, not an answer:")
        for hit in answer.hits[:3]:
            print(f"  - {_where(hit)}: {one_line(hit.passage.text, 100)}")


def _where(hit: Hit) -> str:
    return f"{hit.passage.source}, page {hit.passage.page}" if hit.passage.page else hit.passage.source


@app.command("search")
@click.argument("question", required=False)
@index_option
@k_option
@collection_option
@batch_option
@json_option
def search_command(
    question: str | None,
    index: Path | None,
    k: int | None,
    collection: tuple[str, ...],
    batch: Path | None,
    as_json: bool,
) -> None:
    """Show the passages nearest to a question, best first, and why each is there."""
    assistant = assistant_over(index)

    def hits_of(asked: str, history: list[Turn]) -> dict[str, Any]:
        hits = assistant.search(asked, k, history=history, collections=collection)
        return {"question": asked, "hits": [hit_to_dict(hit) for hit in hits]}

    if batch is not None:
        _batch(batch, hits_of, as_json)
    elif question is None:
        raise UsageError("what to look for? rag search QUESTION, or rag search --batch FILE.jsonl --json")
    elif as_json:
        print_json(hits_of(question, []))
    else:
        for hit in assistant.search(question, k, collections=collection):
            why = hit.why
            words = f"words #{why.lexical_rank}" if why.lexical_rank else "words -"
            meaning = f"meaning #{why.dense_rank} ({why.dense:.2f})" if why.dense is not None else "meaning -"
            print(f"{hit.rank:2}  {hit.score:.3f}  {_where(hit)}  [{words}, {meaning}]")
            print(f"    {one_line(hit.passage.text, 160)}")


def _batch(path: Path, answer: Callable[[str, list[Turn]], dict[str, Any]], as_json: bool) -> None:
    """One JSON value a line, in the order of the questions; a line that cannot be answered says why."""
    if not as_json:
        raise UsageError("--batch prints JSON lines: add --json")
    failed = 0
    for number, line in enumerate(_lines(path), 1):
        id_: Any = None
        try:
            id_, question, history = _question_of(line, path, number)
            print_json({"id": id_, **answer(question, history)})
        except UsageError as error:
            failed += 1
            print_json({"id": id_, "error": str(error)})
    if failed:
        print(f"rag: {failed} lines of {path} could not be answered; their JSON says why", file=sys.stderr)
        raise click.exceptions.Exit(1)


def _lines(path: Path) -> Iterator[str]:
    if str(path) == "-":
        yield from (line for line in sys.stdin if line.strip())
        return
    try:
        with path.open(encoding="utf-8") as file:
            yield from (line for line in file if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise RagError(f"{path} cannot be read: {error}") from error


def _question_of(line: str, path: Path, number: int) -> tuple[Any, str, list[Turn]]:
    try:
        item = json.loads(line)
        question = item["question"]
        history = [Turn(str(turn["question"]), str(turn.get("answer", ""))) for turn in item.get("history") or []]
        if not isinstance(question, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f'line {number} of {path} is not {{"id", "question", "history": [{{"question", "answer"}}]}}'
        ) from None
    return item.get("id"), question, history
