"""Answers made of the sources' own sentences: which sentence, which words of it, lists, differing sources."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.generation import Writer, read
from rag.generation.extractive import DISAGREE, OF_TWO_DATES, Extractive
from rag.generation.question import read_question
from rag.plugins import Prompt, Quote
from rag.testing import check_generator, hit_of
from rag.types import Hit, Span

FERRY = (
    "The ferry Aurora was built in Tromsø in 1987. It carries 240 passengers and 36 cars. "
    "Captain Liv Berg has commanded it since 2019. A crossing takes 45 minutes."
)


def ask(question: str, *hits: Hit) -> str:
    writer = Writer(hits)
    list(writer.events(Extractive().generate(Prompt(question, question, hits))))
    return writer.text


def near(hit: Hit, sentence: int) -> Hit:
    """The hit with one sentence near in meaning and the others far."""
    n = len(hit.passage.sentences)
    return replace(hit, sentence_scores=tuple(0.7 if i == sentence else 0.2 for i in range(n)))


def split(text: str, by: str) -> Hit:
    """A hit whose sentences are the parts of ``text`` between ``by``."""
    spans = [Span(text.index(part), text.index(part) + len(part)) for part in text.split(by) if part]
    hit = hit_of(text)
    return replace(hit, passage=replace(hit.passage, sentences=tuple(spans)))


def test_the_sentence_that_answers_comes_with_its_fact_marked() -> None:
    hit = hit_of(FERRY)
    assert "**240" in ask("How many passengers does the ferry Aurora carry?", near(hit, 1))
    assert "**1987**" in ask("When was the ferry Aurora built?", near(hit, 0))
    assert "Liv Berg**" in ask("Who commands the ferry Aurora?", near(hit, 2))


def test_an_amount_is_marked_with_its_currency_and_magnitude() -> None:
    hit = near(hit_of("Official data shows that trade with Norway reached $228.1 billion in 2025, a record."), 0)
    assert "**$228.1 billion**" in ask("How much was trade with Norway in 2025?", hit)


def test_a_name_is_marked_whole() -> None:
    hit = near(hit_of("The harbour master Anna Maria Lindqvist opened the new quay on Monday."), 0)
    [quote] = [q for q in quotes("Who opened the new quay?", hit) if q.fact]
    fact = hit.passage.text[quote.fact.start : quote.fact.end] if quote.fact else ""
    assert fact.endswith("Anna Maria Lindqvist")


def quotes(question: str, *hits: Hit) -> list[Quote]:
    return [piece for piece in Extractive().generate(Prompt(question, question, hits)) if isinstance(piece, Quote)]


def test_boilerplate_and_datelines_are_not_quoted() -> None:
    text = (
        "OSLO, Feb. 6, 2026 /PRNewswire/ -- The harbour authority bought two electric ferries.\n\n"
        "Copyright 2026 PR Newswire. All Rights Reserved."
    )
    answer = ask("What did the harbour authority buy?", near(split(text, "\n\n"), 0))
    assert answer.startswith("The harbour authority bought two electric ferries.")
    assert "Copyright" not in answer


def test_an_answer_stays_short() -> None:
    long = " ".join(
        f"The ferry number {n} sails to the island of Vega with mail and {n} sheep on board." for n in range(40)
    )
    answer = ask("What does the ferry carry to Vega?", hit_of(long))
    assert 0 < len(answer.split()) <= 75


def test_a_list_is_quoted_item_by_item() -> None:
    text = "Bring the following tools:\n- a torque wrench\n- two clamps\n- a spirit level\n\nThe work takes an hour."
    answer = ask("What tools should I bring?", near(split(text, "\n"), 0))
    assert "\n- a torque wrench [2]\n- two clamps [3]\n- a spirit level [4]" in answer
    assert "takes an hour" not in answer


def test_sources_that_differ_are_both_shown() -> None:
    one = near(hit_of("The tunnel under the bay is 7.8 kilometres long.", 1), 0)
    other = near(hit_of("The tunnel under the bay is 8.4 kilometres long.", 2), 0)
    answer = ask("How long is the tunnel under the bay?", one, other)
    assert answer.startswith(DISAGREE)
    assert "7.8" in answer and "8.4" in answer and "[1]" in answer and "[2]" in answer


def test_sources_that_agree_or_tell_of_other_years_do_not_differ() -> None:
    one = near(hit_of("The tunnel under the bay is 7.8 kilometres long.", 1), 0)
    same = near(hit_of("Under the bay runs a tunnel that is 7.8 kilometres long.", 2), 0)
    assert DISAGREE not in ask("How long is the tunnel under the bay?", one, same)


def test_reports_of_two_years_are_both_shown_and_do_not_differ() -> None:
    one = near(hit_of("In 2022 the revenue of Nordwind was 31 million kroner.", 1), 0)
    other = near(hit_of("In 2023 the revenue of Nordwind was 37 million kroner.", 2), 0)
    answer = ask("What was the revenue of Nordwind?", one, other)
    assert answer.startswith(OF_TWO_DATES) and "31 million" in answer and "37 million" in answer
    one = near(hit_of("The lighthouse of Sandvik was built in 1887 by the coastal service.", 1), 0)
    other = near(hit_of("The lighthouse of Sandvik was built in 1891 after two shipwrecks.", 2), 0)
    assert ask("When was the lighthouse of Sandvik built?", one, other).startswith(DISAGREE)


def test_nothing_to_say_yields_nothing() -> None:
    assert quotes("What is it?") == []
    assert quotes("What is it?", hit_of("Copyright 2026 Someone. All rights reserved.")) == []


def test_the_generator_keeps_its_contract() -> None:
    check_generator(Extractive())


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=400), st.text(min_size=1, max_size=100))
def test_quotes_lie_inside_the_evidence(text: str, question: str) -> None:
    if not text.strip():
        return
    hit = hit_of(text, start=7)
    for quote in quotes(question, hit):
        assert hit.passage.start <= quote.start < quote.end <= hit.passage.end
        if quote.fact:
            assert quote.start <= quote.fact.start < quote.fact.end <= quote.end


def test_rare_words_count_more_than_common_ones() -> None:
    reading = read("Where is the quern of the museum?", [hit_of(FERRY)], {"quern": 1, "museum": 90}, 100)
    assert reading.weight["quern"] > reading.weight["museum"]
    assert abs(sum(reading.weight.values()) - 1) < 1e-9


@pytest.mark.parametrize("question", ["What does the Basic plan cost?", "What does a ticket for an adult cost?"])
def test_asking_for_a_price_is_not_asking_for_a_list(question: str) -> None:
    asked = read_question(question)
    assert asked.kind == "number" and asked.wants_money
    assert not asked.is_plural and not asked.wants_list
