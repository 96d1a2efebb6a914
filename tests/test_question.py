"""What a question asks for, and what is no question at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.generation import small_talk
from rag.generation.question import read_question


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who wrote the report?", "person"),
        ("When was the bridge opened?", "time"),
        ("In what year did the ferry stop?", "time"),
        ("Where is the depot?", "place"),
        ("Which city hosts the fair?", "place"),
        ("How many trams run at night?", "number"),
        ("What percentage of the roof is glass?", "number"),
        ("Which valve has to be closed first?", "choice"),
        ("Why was the pier closed?", "reason"),
        ("How do I replace the filter?", "steps"),
        ("What is a weir?", "definition"),
        ("What is the difference between a lock and a weir?", "comparison"),
        ("Is the museum open on Mondays?", "yes-no"),
        ("Wer hat den Bericht geschrieben?", "person"),
        ("Wann wurde die Brücke eröffnet?", "time"),
        ("Combien de trams roulent la nuit ?", "number"),
        ("¿Dónde está el depósito?", "place"),
    ],
)
def test_the_kind_is_read_off_the_question(question: str, kind: str) -> None:
    assert read_question(question).kind == kind


def test_lists_amounts_and_plurals_are_noticed() -> None:
    assert read_question("List the tools that the kit holds").wants_list
    assert read_question("What are the two parts of the pump?").wants_list
    assert read_question("How much did the repair cost?").wants_money
    assert read_question("Which countries signed the treaty?").is_plural
    assert not read_question("Which process is used?").is_plural
    assert read_question("Explain the procedure in detail").wants_more


def test_the_noun_asked_for_is_the_focus() -> None:
    assert read_question("How many bridges cross the canal?").focus >= {"bridg"}
    assert "river" in read_question("Which river is the longest?").focus


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    asked = read_question(text)
    assert asked == read_question(text)


@pytest.mark.parametrize(
    "utterance",
    [
        "Hello", "hi there!", "Good morning", "Thanks a lot!", "ok thanks", "Who are you?", "what can you do?",
        "Danke schön!", "Guten Tag", "merci beaucoup", "¡Hola!", "Muchas gracias", "Grazie mille", "Obrigado",
        "Привет", "你好", "ありがとうございます", "How are you?", "bye", "great, thanks",
    ],
)  # fmt: skip
def test_small_talk_is_answered_without_sources(utterance: str) -> None:
    assert small_talk(utterance)


@pytest.mark.parametrize(
    "question",
    [
        "Hello, how do I add documents?", "Who is the director?", "What can the pump do?",
        "thanks to whom was it built?",
        "How are you supposed to clean the filter?", "What is hi-fi?", "good practices", "Help desk hours?", "",
    ],
)  # fmt: skip
def test_a_question_is_no_small_talk(question: str) -> None:
    assert small_talk(question) is None


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who is the head of sales?", "person"),
        ("Who is Liv Berg?", "definition"),
        ("What is the rent?", "number"),
        ("Was kostet der Eintritt?", "number"),
        ("Wie kann ich kündigen?", "steps"),
        ("Quelle est l'amende ?", "number"),
        ("Pourquoi le pont est-il fermé ?", "reason"),
        ("¿A qué hora abre el mercado?", "time"),
        ("Quanti modelli ci sono?", "number"),
        ("Darf man hier baden?", "yes-no"),
    ],
)
def test_kinds_in_other_words_and_languages(question: str, kind: str) -> None:
    assert read_question(question).kind == kind


def test_a_measure_comes_with_its_units() -> None:
    assert "months" in read_question("How long does the lease run?").units
    assert "kg" in read_question("How heavy is the anchor?").units
    assert read_question("How many night buses were bought?").counted == {"night", "buse"}
