"""Questions about the corpus as a whole: exact counts and lists from a full scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag import Assistant
from rag.generation import recognise, summary
from rag.testing import ScriptedGenerator


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
    ["How many locks are there?", "Which documents do I need for a visa?", "List the tools", "Who repaired the lock?"],
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
    assert {citation.source for citation in answer.citations} == {"bread.txt", "locks.txt", "weirs.txt"}
    assert "2 of 2 sentences of “weirs”" in answer.notes[0]


def test_of_many_documents_an_overview_quotes_how_each_begins(tmp_path: Path) -> None:
    for i in range(5):
        text = f"Chapter {i} of the log tells how the boat passed lock number {i} in the early morning.\nA second line."
        Path(tmp_path / f"log{i}.txt").write_text(text, encoding="utf-8")
    assistant = Assistant.open(tmp_path / "index")
    assistant.build(*sorted(tmp_path.glob("*.txt")))
    answer = assistant.ask("Summarize the documents")
    assert [citation.quote[:9] for citation in answer.citations] == [f"Chapter {i}" for i in range(5)]
    assert "5 of 5 documents" in answer.notes[0]


RELEASE = """\
HARBOUR CITY, Oct. 3, 2025 /Coastwire/ -- The Hale Canal Trust will reopen the upper lock after two years of repair.

The repair cost 4.2 million crowns, of which the province paid half. New gates of oak were built in Hale itself.
"The old gates were leaking like a basket," said engineer Ruth Malm. She led the works from the first day.

From April boats of up to thirty tonnes may pass the lock again. Skippers book a passage by telephone a day before.
The trust expects nine hundred boats in the first summer. A small museum in the keeper's house tells the lock's story.

Press contact:
Ida Brun, Hale Canal Trust
ida.brun@hale.example

View original content: https://hale.example/news/upper-lock

Copyright 2025 Coastwire. All rights reserved.

Comunicato stampa sponsorizzato - Responsabilità editoriale Coastwire.
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    corpus = tmp_path_factory.mktemp("release")
    Path(corpus / "lock.txt").write_text(RELEASE, encoding="utf-8")
    assistant = Assistant.open(tmp_path_factory.mktemp("release-index"))
    assistant.build(corpus)
    return assistant


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("When was this press release issued?", "**Oct. 3, 2025**"),
        ("Where was the press release issued?", "**HARBOUR CITY**"),
        ("Who issued this press release?", "**Coastwire**"),
        ("What is the copyright notice?", "Copyright 2025 Coastwire. All rights reserved."),
        ("What is the URL of this article?", "https://hale.example/news/upper-lock"),
        ("What is the press contact's e-mail address?", "ida.brun@hale.example"),
        ("Who is the press contact?", "Ida Brun"),
        ("Who is the media contact for the Hale Canal Trust?", "Ida Brun"),
        ("Who is the Hale Canal Trust's press contact?", "Ida Brun"),
        ("Who is responsible for the content?", "Responsabilità editoriale Coastwire."),
    ],
)
def test_a_document_is_asked_about_itself(release: Assistant, question: str, fact: str) -> None:
    answer = release.ask(question)
    assert fact in answer.text
    (citation,) = answer.citations
    assert citation.quote == RELEASE[citation.start : citation.end]


def test_the_contact_of_somebody_else_is_not_given(release: Assistant) -> None:
    assert release.ask("Who is the press contact of the Ostend Steam Company?").abstained


def test_what_only_the_properties_say_is_said_without_a_citation(release: Assistant) -> None:
    answer = release.ask("What is the title of this document?")
    assert "lock.txt" in answer.text and not answer.citations


def test_what_the_text_tells_is_asked_of_the_text(release: Assistant) -> None:
    told = release.ask("How much did the repair cost?")
    assert "cost **4.2 million" in told.text
    answer = release.ask("When was the report on otters published?")  # there is no such document
    assert answer.abstained


def test_a_summary_stands_for_the_whole_and_leaves_out_notices(release: Assistant) -> None:
    answer = release.ask("Summarize the press release")
    quotes = [citation.quote for citation in answer.citations]
    assert quotes[0].startswith("The Hale Canal Trust will reopen the upper lock")
    assert len(quotes) >= 3 and [RELEASE.index(quote) for quote in quotes] == sorted(map(RELEASE.index, quotes))
    assert not any(word in answer.text for word in ("Comunicato", "Copyright", "View original", "leaking like"))
    assert "sentences" in answer.notes[0]


def test_a_summary_covers_more_than_any_other_choice(release: Assistant) -> None:
    """The greedy choice against every pair: with one sentence given, the second is the one that covers most a word."""
    entries = release.documents()
    with release.snapshot() as snapshot:
        told = summary._sentences(snapshot, entries[0].document_id)
    chosen = summary._chosen(told, 150, 2)
    matrix = np.stack([sentence.vector for sentence in told if sentence.vector is not None])
    near = np.maximum(matrix @ matrix.T, 0)
    worth = [
        (np.maximum(near[0], near[i]).sum() - near[0].sum()) / told[i].n_words ** summary._COST
        for i in range(len(told))
    ]
    assert chosen == [0, int(np.argmax(worth))]


def test_a_model_writes_the_summary_from_the_same_evidence(release: Assistant) -> None:
    written = ["The upper lock of the Hale Canal reopens after repair [1]."]
    release._components._generators["scripted"] = ScriptedGenerator(written)
    answer = release.ask("Summarize the press release", generator="scripted")
    assert answer.generator == "scripted" and answer.text.startswith("The upper lock") and answer.citations
