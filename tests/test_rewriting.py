"""Follow-ups rewritten by a language model: what is taken of what it says, and that it can do no harm."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag import Assistant, Turn, plugins
from rag.errors import GeneratorError
from rag.generation.rewriting import acceptable, rewritten
from rag.plugins import LanguageModel, Prompt
from rag.retrieval.followup import leans

HISTORY = [
    Turn("What was the trade with Norway in 2025?", "It reached **$4 billion**, a Ministry report says. [1]"),
    Turn("Who signed the treaty?", "The treaty was signed by Ilse Brandt and not renewed. [1]"),
]
GERMAN = [Turn("Was kostet die Hafenkarte?", "Die Hafenkarte kostet 12 Euro. [1]")]


class Model:
    """Says ``said``, and keeps what it was told."""

    name, context_tokens = "model", 4096

    def __init__(self, *said: str, error: Exception | None = None) -> None:
        self.said, self.error, self.chats, self.prompts = said, error, [], []  # type: ignore[var-annotated]

    def complete(self, chat: Sequence[dict[str, str]], tokens: int, seconds: float) -> Iterator[str]:
        self.chats.append(list(chat))
        yield from self.said
        if self.error:
            raise self.error

    def generate(self, prompt: Prompt) -> Iterator[str]:
        self.prompts.append(prompt)
        yield "The crew has three members [1]."


@pytest.mark.parametrize(
    ("question", "proposed"),
    [
        ("And in 2024?", "What was the trade with Norway in 2024?"),
        ("And in 2024?", "How much did the trade with Norway reach in 2024?"),
        ("Was it renewed?", "Was the treaty signed by Ilse Brandt renewed?"),
        ("What does she do?", "What does Ilse Brandt do?"),
        ("Why?", "Why was the treaty not renewed?"),
    ],
)
def test_what_the_conversation_says_is_taken(question: str, proposed: str) -> None:
    assert acceptable(proposed, question, HISTORY)


@pytest.mark.parametrize(
    ("question", "proposed"),
    [
        ("And in 2024?", "What was the trade with Sweden in 2024?"),  # a name from nowhere
        ("And in 2024?", "What was the trade with Norway in 2023?"),  # another number
        ("And in 2024?", "What was the trade with Norway in 2025?"),  # the last question again
        ("And in 2024?", "In 2024 it reached $4 billion."),  # an answer
        ("And in 2024?", "What was the trade with Norway\nin 2024?"),
        ("And in 2024?", "What was the maritime trade with Norway in 2024?"),
        ("Was it renewed?", "Was the treaty never renewed?"),  # a denial from nowhere
        ("Was it not renewed?", "Was the treaty renewed?"),  # and one that was lost
        ("And with Iceland?", "What was the trade with Norway in 2025?"),
        ("What did the harbour levy cost?", "What was the trade with Norway in 2025?"),
        ("Why?", "Why " + "was the treaty signed by Ilse Brandt " * 9 + "?"),
        ("Why?", ""),
    ],
)
def test_what_it_adds_or_leaves_out_is_not(question: str, proposed: str) -> None:
    assert not acceptable(proposed, question, HISTORY)


def test_function_words_of_the_language_add_nothing() -> None:
    assert acceptable("Wie viel kostet die Hafenkarte für ein Jahr?", "Und für ein Jahr?", GERMAN)
    assert not acceptable("Wie viel kostet die Bergkarte für ein Jahr?", "Und für ein Jahr?", GERMAN)


def test_a_model_is_asked_with_the_last_turns_and_its_line_is_cleaned() -> None:
    model = Model('Question: "What was the trade ', 'with Norway in 2024?"\n')
    asked = rewritten(model, "And in 2024?", HISTORY, "by rule", 5)
    assert asked == "What was the trade with Norway in 2024?"
    [[system, user]] = model.chats
    assert system["role"] == "system" and user["content"].count("Question: ") == 2
    assert "[1]" not in user["content"] and "**" not in user["content"], "as it reads, not as it is marked up"


@pytest.mark.parametrize("error", [GeneratorError("gone"), RuntimeError("a bug in a plug-in")])
def test_a_model_that_fails_changes_nothing(error: Exception) -> None:
    model = Model("What was the trade with Norway in 2024?", error=error)
    assert rewritten(model, "And in 2024?", HISTORY, "by rule", 5) == "by rule"


def test_a_model_that_hangs_is_left_and_told_to_stop() -> None:
    go_on, stopped = threading.Event(), threading.Event()

    class Slow(Model):
        def complete(self, chat: Sequence[dict[str, str]], tokens: int, seconds: float) -> Iterator[str]:
            try:
                go_on.wait(30)
                yield "What was "
                yield "the trade with Norway in 2024?"
            finally:
                stopped.set()

    assert rewritten(Slow(), "And in 2024?", HISTORY, "by rule", 0.05) == "by rule"
    assert not stopped.is_set(), "it was not waited for"
    go_on.set()
    assert stopped.wait(30)


def test_only_what_leans_on_the_conversation_is_rewritten() -> None:
    assert leans("And in 2024?", "What was the trade in 2024?", HISTORY)
    assert leans("Did it rain?", "Did it rain?", HISTORY)
    assert leans("The reasons?", "The reasons?", HISTORY)
    whole = "Which documents does the harbour office want from new captains?"
    assert not leans(whole, whole, HISTORY)
    assert not leans("Did it rain?", "Did it rain?", [])


def test_the_answer_shows_the_query_and_the_setting_turns_it_off(
    small_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model("How many members does the crew of the second flight have?")
    assert isinstance(model, LanguageModel)
    real = plugins.load
    monkeypatch.setattr(plugins, "load", lambda kind, spec, s: model if spec == "model" else real(kind, spec, s))
    history = [Turn("How many members does the crew of the first flight have?", "Three. The second has none. [1]")]
    answer = Assistant.open(small_index, generator="model", strictness=0).ask("And the second?", history)
    assert answer.query == "How many members does the crew of the second flight have?"
    assert model.prompts[0].query == answer.query
    off = Assistant.open(small_index, generator="model", strictness=0, rewrite=0).ask("And the second?", history)
    assert off.query and len(model.chats) == 1
    extractive = Assistant.open(small_index, strictness=0).ask("And the second?", history)
    assert extractive.query == off.query and len(model.chats) == 1
