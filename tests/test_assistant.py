"""The whole path with the real embedder: build, search, ask, stream."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from queue import Queue

import pytest

from rag import Assistant, RagError, Settings, Turn, plugins
from rag.errors import IndexMismatch, IndexMissing, UsageError
from rag.plugins import Prompt
from rag.types import BuildReport, Cited, Delta, Finished, Retrieved


def test_an_answer_cites_the_exact_words(assistant: Assistant) -> None:
    answer = assistant.ask("How many members does the crew of the first flight have?")
    assert "three members" in answer.text.replace("**", "")
    assert answer.grounded and not answer.abstained
    [citation, *_] = answer.citations
    assert f"[{citation.number}]" in answer.text
    document = assistant.document(citation.document_id)
    assert document is not None
    assert citation.quote == document.text[citation.start : citation.end]
    assert citation.source == "space/moon.md"
    assert citation.title == "Lunar survey"


def test_no_passages_are_not_the_usual_number_of_passages(assistant: Assistant) -> None:
    with pytest.raises(UsageError, match="k must be at least 1"):
        assistant.search("What is the budget for 2031?", k=0)


def test_the_answer_is_its_stream_folded(assistant: Assistant) -> None:
    events = list(assistant.stream("What is the budget for 2031?"))
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-1], Finished)
    answer = events[-1].answer
    assert "".join(event.text for event in events if isinstance(event, Delta)) == answer.text
    assert tuple(event.citation for event in events if isinstance(event, Cited)) == answer.citations
    assert events[0].hits == answer.hits
    asked = assistant.ask("What is the budget for 2031?")
    assert (asked.text, asked.citations) == (answer.text, answer.citations)


def test_what_the_documents_do_not_tell_is_not_answered(assistant: Assistant) -> None:
    answer = assistant.ask("Who is the president of Brazil?")
    assert answer.abstained and not answer.grounded
    assert not answer.citations
    assert answer.hits, "the nearest passages are shown as such"


@pytest.mark.parametrize("greeting", ["hello", "Hi there!", "Thank you very much.", "Good morning"])
def test_a_greeting_gets_a_greeting_and_no_sources(assistant: Assistant, greeting: str) -> None:
    answer = assistant.ask(greeting)
    assert answer.text and not answer.citations and not answer.hits
    assert not answer.abstained


def test_a_follow_up_is_understood_from_the_history(assistant: Assistant) -> None:
    first = "How many members does the crew of the first flight have?"
    answer = assistant.ask("How long does it last?", [Turn(first, assistant.ask(first).text)])
    assert answer.query != answer.question
    assert "19 days" in answer.text


def test_a_history_of_bytes_that_are_no_text_is_read(assistant: Assistant) -> None:
    history = [Turn("What is the budget \udcff for 2031?", "It is \ud83d unknown.")]
    answer = assistant.ask("And for 2032?", history)
    assert "2032" in answer.query and answer.query.isprintable()
    assert assistant.search("And for 2032?", history=history)


def test_a_collection_bounds_the_search(assistant: Assistant) -> None:
    hits = assistant.search("landing site in shadow", collections=["garden"])
    assert {hit.passage.source for hit in hits} == {"garden/bees.txt"}
    assert assistant.search("landing site in shadow", 1)[0].passage.source == "space/moon.md"


def test_every_hit_says_why_it_is_there(assistant: Assistant) -> None:
    for hit in assistant.search("How much nectar does a colony bring in?"):
        assert hit.why.lexical_rank is not None or hit.why.dense_rank is not None
        assert len(hit.sentence_scores) == len(hit.passage.sentences)
        assert hit.why.dense == pytest.approx(max(hit.sentence_scores), abs=1e-5)


def test_an_answer_is_json(assistant: Assistant) -> None:
    facts = json.loads(json.dumps(assistant.ask("What does the Basic plan cost?").to_dict()))
    assert {"question", "query", "text", "grounded", "citations", "hits", "generator", "timings"} <= facts.keys()
    assert {
        "number",
        "passage_id",
        "document_id",
        "source",
        "title",
        "page",
        "start",
        "end",
        "quote",
        "support",
    } == set(facts["citations"][0])
    assert {"rank", "score", "why", "passage"} == set(facts["hits"][0])
    assert {"id", "source", "title", "page", "start", "end", "text"} <= set(facts["hits"][0]["passage"])
    assert "12 euros" in facts["text"]


@pytest.mark.parametrize(
    ("question", "message"),
    [("", "the question is empty"), ("  \n", "the question is empty"), ("why " * 25_000, "100,000 characters")],
)
def test_a_question_that_is_none_is_refused(assistant: Assistant, question: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        assistant.ask(question)
    with pytest.raises(UsageError, match=message):
        assistant.search(question)


@pytest.mark.parametrize("question", ["the of and", "東京はどこですか", "?!", "a" * 300, "\u202e\u0000 x", "🐝🐝🐝"])
def test_odd_questions_get_a_clear_result(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.text
    assert all(hit.passage.text for hit in answer.hits)


def test_more_hits_than_there_are_passages(assistant: Assistant) -> None:
    with assistant.snapshot() as snapshot:
        assert len(assistant.search("bees", 1000)) == snapshot.n_passages


def test_an_index_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=r"there is no index in .*: run rag build"):
        Assistant.open(tmp_path / "nowhere").ask("Is anyone here?")
    assert not (tmp_path / "nowhere").exists()


def test_an_index_of_another_embedder_is_refused(small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        fingerprint, dim, max_tokens = "other", 384, 256

    real = plugins.load

    def load(kind: str, spec: str, settings: Settings) -> object:
        return Other() if (kind, spec) == ("embedders", "other") else real(kind, spec, settings)

    monkeypatch.setattr(plugins, "load", load)
    other = Assistant.open(small_index, embedder="other")
    with pytest.raises(IndexMismatch, match="was built with the embedder minilm"):
        other.ask("Who leads the crew?")
    with pytest.raises(IndexMismatch, match="add --rebuild"):
        other.build()
    assert "three" in Assistant.open(small_index).ask("How many members does the crew have?").text


def test_a_deleted_document_is_never_cited_again(small_corpus: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(small_corpus, corpus)
    assistant = Assistant.open(tmp_path / "index")
    assistant.build(corpus)
    answer = assistant.ask("How much nectar does a strong colony bring in?")
    assert "two kilograms" in answer.text
    (corpus / "garden" / "bees.txt").unlink()
    report = assistant.build()
    assert [file.source for file in report.files if file.status == "removed"] == ["garden/bees.txt"]
    assert report.n_embedded == 0
    again = assistant.ask("How much nectar does a strong colony bring in?")
    assert all(hit.passage.source != "garden/bees.txt" for hit in again.hits)
    assert "two kilograms" not in again.text
    assert assistant.document(answer.citations[0].document_id) is None


def test_watching_keeps_what_it_has_of_a_folder_that_turns_out_empty(small_corpus: Path, tmp_path: Path) -> None:
    corpus = shutil.copytree(small_corpus, tmp_path / "corpus")
    assistant = Assistant.open(tmp_path / "index")
    said: Queue[BuildReport | RagError] = Queue()
    stop = threading.Event()
    watching = threading.Thread(
        target=assistant.watch, args=(corpus,), kwargs={"stop": stop, "report": said.put}, daemon=True
    )
    watching.start()
    first = said.get(timeout=60)
    assert isinstance(first, BuildReport)
    (tmp_path / "away").mkdir()
    for path in list(corpus.iterdir()):
        shutil.move(path, tmp_path / "away" / path.name)
    refusal = said.get(timeout=60)
    assert isinstance(refusal, UsageError) and "the index keeps" in str(refusal)
    assert assistant.status().n_documents == first.n_documents
    stop.set()
    watching.join(60)


def test_an_answer_finishes_on_the_state_it_began_with(small_corpus: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(small_corpus, corpus)
    assistant = Assistant.open(tmp_path / "index")
    assistant.build(corpus)
    stream = assistant.stream("How much nectar does a strong colony bring in?")
    next(stream)
    (corpus / "garden" / "bees.txt").unlink()
    Assistant.open(tmp_path / "index").build()
    *_, finished = stream
    assert isinstance(finished, Finished)
    assert "two kilograms" in finished.answer.text
    assert finished.answer.citations[0].quote in small_corpus.joinpath("garden/bees.txt").read_text(encoding="utf-8")


def test_questions_from_many_threads(assistant: Assistant) -> None:
    answers: list[str] = []

    def ask() -> None:
        answers.append(assistant.ask("Who leads the crew?").text)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and len(set(answers)) == 1
    assert "Ilse Brandt" in answers[0]


def test_when_a_generator_fails_the_sources_answer(small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collections.abc import Iterator

    from rag.errors import GeneratorError

    class Broken:
        name, context_tokens = "broken", 4096

        def generate(self, prompt: Prompt) -> Iterator[str]:
            yield "The crew "
            raise GeneratorError("the connection was lost")

    real = plugins.load
    monkeypatch.setattr(plugins, "load", lambda kind, spec, s: Broken() if spec == "broken" else real(kind, spec, s))
    answer = Assistant.open(small_index, generator="broken").ask("Who leads the crew?")
    assert "Ilse Brandt" in answer.text
    assert answer.generator == "extractive"
    assert any("the connection was lost" in note for note in answer.notes)
    assert all(citation.quote for citation in answer.citations)


def test_the_press_release_of_the_users(data: Path, tmp_path: Path) -> None:
    sample = data.parent / "sample" / "press-release.txt"
    if not sample.exists():
        pytest.skip(f"no sample document at {sample}")
    assistant = Assistant.open(tmp_path)
    assistant.build(sample)
    answer = assistant.ask("How much was China-Russia trade in 2025?")
    assert "$228.1 billion" in answer.text.replace("**", "")
    assert "$228.1 billion" in answer.citations[0].quote
    assert assistant.ask("Who is the president of Brazil?").abstained


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assistant = Assistant.open(tmp_path / "index")
    with pytest.raises(UsageError, match="there are no documents in"):
        assistant.build(tmp_path / "empty")
    with pytest.raises(RagError, match="nowhere"):
        assistant.build(tmp_path / "nowhere")
    assert not (tmp_path / "index" / "footnote.sqlite").exists()


def test_a_long_table_is_answered_with_the_unit_above_it(tmp_path: Path) -> None:
    """The unit stands passages before the row that answers; it is quoted, and named as joined."""
    rows = "".join(
        f"<tr><td>Depreciation of plant number {n}, all sites together</td><td>$</td><td>{n * 37 + 1000:,}</td>"
        f"<td>$</td><td>{n * 31 + 1000:,}</td></tr>"
        for n in range(1, 110)
    )
    (tmp_path / "report.html").write_text(
        "<h1>Annual report</h1><p>The board met in March and approved the accounts of the year without a change.</p>"
        "<h2>Assets</h2><p>(In thousands of euros)</p><table><tr><td></td><td colspan=2>2024</td>"
        f"<td colspan=2>2023</td></tr>{rows}</table>",
        encoding="utf-8",
    )
    assistant = Assistant.open(tmp_path / "index")
    assistant.build(tmp_path / "report.html")
    answer = assistant.ask("What was the depreciation of plant number 67 in 2023?")
    quotes = [citation.quote for citation in answer.citations]
    assert quotes[0] == "(In thousands of euros)"
    assert quotes[1].endswith("67, all sites together; 2024: $3,479; 2023: $3,077")
    assert "**$3,077**" in answer.text
    assert any(hit.why.joined for hit in answer.hits)
    assert not any(hit.why.joined for hit in assistant.search("depreciation of plant number 67"))


def test_where_only_the_properties_of_files_have_dates_the_newest_tells_what_holds_now(tmp_path: Path) -> None:
    for name, date, head in (("new", "2025-03-02", "Nils Roth"), ("old", "2023-05-01", "Ada Holm")):
        (tmp_path / f"{name}.html").write_text(
            f'<html><head><title>The depot</title><meta property="article:published_time" content="{date}"></head>'
            f"<body><p>The head of the depot is {head}. A day ticket is sold there.</p></body></html>"
        )
    assistant = Assistant.open(tmp_path / "index")
    assistant.build(tmp_path / "new.html", tmp_path / "old.html")
    answer = assistant.ask("Who is the head of the depot now?")
    assert answer.text.startswith("As of 2 March 2025: ") and "Nils Roth" in answer.text
    assert "Ada Holm" not in answer.text
