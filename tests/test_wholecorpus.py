"""Questions about the corpus as a whole: exact counts and lists from a full scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import Assistant
from rag.generation import recognise


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    corpus = tmp_path_factory.mktemp("corpus")
    for name, text in {
        "locks.txt": "Canal locks lift boats. A lock keeper works on every weekday.",
        "weirs.txt": "A weir holds water back. The lock-keeper of Hale also tends the weir.",
        "bread.txt": "Sourdough bread rises slowly in a cool kitchen overnight.",
    }.items():
        Path(corpus / name).write_text(text, encoding="utf-8")
    assistant = Assistant.open(tmp_path_factory.mktemp("index"))
    assistant.build(corpus)
    return assistant


@pytest.mark.parametrize(
    ("question", "kind", "what"),
    [
        ("How many documents mention the lock keeper?", "count", "lock keeper"),
        ("In how many files is “bread” mentioned?", "count", "bread"),
        ("Which documents talk about weirs?", "list", "weirs"),
        ("List all documents that mention bread", "list", "bread"),
        ("How many documents are there?", "count", ""),
        ("List all documents", "list", ""),
        ("Summarise the documents", "overview", ""),
        ("What are these documents about?", "overview", ""),
    ],
)
def test_they_are_recognised(question: str, kind: str, what: str) -> None:
    task = recognise(question)
    assert task is not None
    assert (task.kind, task.what) == (kind, what)


@pytest.mark.parametrize(
    "question",
    ["How many locks are there?", "Which documents do I need for a visa?", "List the tools", "Who wrote the report?"],
)
def test_other_questions_are_not(question: str) -> None:
    assert recognise(question) is None


def test_a_count_is_exact_and_every_document_cited(library: Assistant) -> None:
    answer = library.ask("How many documents mention the lock keeper?")
    assert answer.text.startswith("2 of 3 documents mention “lock keeper”")
    assert {citation.source for citation in answer.citations} == {"locks.txt", "weirs.txt"}
    assert all("keeper" in citation.quote for citation in answer.citations)
    assert answer.grounded and answer.notes


def test_nothing_found_is_said_without_sources(library: Assistant) -> None:
    answer = library.ask("How many documents mention unicorns?")
    assert answer.text == "None of the 3 documents mentions “unicorns”."
    assert not answer.citations and not answer.abstained


def test_an_overview_says_how_much_it_looked_at(library: Assistant) -> None:
    answer = library.ask("Summarise the documents")
    assert len(answer.citations) == 3
    assert "3 of 3" in answer.notes[0]
