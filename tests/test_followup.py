"""Follow-up questions, understood without a language model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.followup import standalone
from rag.types import Turn

TRADE = [Turn("What was the trade with Norway in 2025?", "It reached $4 billion. [1]")]
PLANS = [Turn("Which tariffs are there?", "- Harbour tariff [1]\n- Island tariff [2]\n- Night tariff [3]")]


def test_a_fragment_changes_one_thing_of_the_last_question() -> None:
    assert standalone("And in 2024?", TRADE) == "What was the trade with Norway in 2024?"
    assert standalone("What about Iceland?", TRADE) == "What was the trade with Iceland in 2025?"
    assert standalone("and by ship?", TRADE) == "What was the trade with Norway in 2025 by ship?"


def test_fragments_chain() -> None:
    history = [*TRADE, Turn("And in 2024?", "$3 billion. [1]")]
    assert standalone("What about Iceland?", history) == "What was the trade with Iceland in 2024?"


def test_a_pronoun_gets_what_it_stands_for() -> None:
    history = [Turn("What is the Harbour Pass?", "A ticket for all ferries. [1]")]
    assert "Harbour Pass" in standalone("How much does it cost?", history)
    assert "Harbour Pass" in standalone("Where can I buy it?", history)


def test_a_word_points_into_the_last_answer() -> None:
    assert standalone("What about the second one?", PLANS) == "What about Island tariff?"
    assert standalone("How much is the last one?", PLANS) == "How much is Night tariff?"
    series = [Turn("What can I rent?", "You can rent bicycles, kayaks and tents. [1]")]
    assert "tents" in standalone("How much is the third one?", series)


@pytest.mark.parametrize(
    ("earlier", "answer", "question", "query"),
    [
        ("How much is the single fare?", "12 pounds.", "No, I meant the return fare", "How much is the return fare?"),
        ("When does it open in Bergen?", "At 9.", "Not Bergen, Oslo", "When does it open in Oslo?"),
        ("What was net income in 2022?", "$8.", "And operating income?", "What was operating income in 2022?"),
        ("What was net income in 2022?", "$8.", "What about goodwill?", "What was goodwill in 2022?"),
        ("What was net income in 2022?", "$8.", "and total assets in 2023?", "What was total assets in 2023?"),
        ("Who designed the bridge?", "Ilse Brandt did.", "When was she born?", "When was Ilse Brandt born?"),
        ("Who is Ilse Brandt?", "A baker from Bergen.", "Where does she live?", "Where does Ilse Brandt live?"),
        ("When was Fresno founded?", "In 1872.", "What is its area?", "What is Fresno's area?"),
        ("What is error E-1042?", "A lost sensor.", "and E-1043?", "What is error E-1043?"),
        ("Who bought Orkla?", "Halden Group did.", "For how much?", "Who bought Orkla, for how much?"),
        ("What is the fee in Oslo?", "3 euros.", "in Bergen?", "What is the fee in Bergen?"),
        ("Did Ann Lee win?", "Yes.", "And her opponent?", "Did Ann Lee's opponent win?"),
        (
            "Who bought Orkla?",
            "Halden Group bought Orkla. [1]",
            "Who said that?",
            "Who said that: Halden Group bought Orkla?",
        ),
        ("Who bought Orkla?", "Halden Group bought it. [1]", "Are you sure?", "Who bought Orkla?"),
        ("Wie hoch ist die Miete?", "850 Euro.", "Und die Kaution?", "Wie hoch ist die Kaution?"),
        ("Wer entwarf die Brücke?", "Frau Brandt.", "Wann wurde sie gebaut?", "Wann wurde die Brücke gebaut?"),
        ("Qui dirige le musée ?", "Mme Moreau.", "Et en 2020 ?", "Qui dirige le musée en 2020?"),
        ("¿Cuánto cuesta el billete?", "12 euros.", "¿Y para niños?", "¿Cuánto cuesta el billete para niños?"),
    ],
)
def test_a_query_reads_as_a_person_would_have_written_it(earlier: str, answer: str, question: str, query: str) -> None:
    assert standalone(question, [Turn(earlier, answer)]) == query


def test_why_asks_about_the_last_question() -> None:
    assert "trade with Norway" in standalone("Why?", TRADE)
    assert "trade with Norway" in standalone("Tell me more", TRADE)


@pytest.mark.parametrize(
    "question",
    [
        "Who is the president of Brazil?",
        "How do I replace the filter of the pump?",
        "And how do I delete an account?",
        "Is it possible to rent a kayak at the harbour?",
        "If a ticket is lost, can it be replaced?",
        "Cryptoshredding.",
        "Is there a ferry on Sundays?",
    ],
)
def test_a_question_on_a_new_topic_is_searched_as_it_stands(question: str) -> None:
    assert standalone(question, TRADE) == question


def test_without_history_nothing_is_added() -> None:
    assert standalone("How much does it cost?", ()) == "How much does it cost?"


@given(st.text(max_size=200), st.lists(st.tuples(st.text(max_size=100), st.text(max_size=200)), max_size=4))
def test_any_conversation_gives_a_query(question: str, turns: list[tuple[str, str]]) -> None:
    query = standalone(question, [Turn(*turn) for turn in turns])
    assert bool(query.strip()) or not question.strip()
