"""The yardstick: measures by value, matching with gold, whole runs over a scripted assistant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.evaluation import answers, bootstrap, evaluate, feedback, measures, questions, report, retrieval, run, text
from rag.evaluation.gold import Judge, levels
from rag.evaluation.questions import Question
from rag.settings import Settings
from rag.types import Answer, Citation, Claim, Document, Hit, Passage, Span, Turn, Why

# --- measures against the reference ------------------------------------------------------------------


def random_runs(seed: int, n_questions: int = 40):
    """Random graded judgements and random rankings, as plain dicts."""
    random = np.random.default_rng(seed)
    qrels, run = {}, {}
    for q in range(n_questions):
        documents = [f"d{i}" for i in random.permutation(60)]
        judged = random.choice(60, size=int(random.integers(1, 9)), replace=False)
        qrels[f"q{q}"] = {f"d{i}": int(random.integers(1, 4)) for i in judged}
        run[f"q{q}"] = documents[: int(random.integers(1, 40))]
    return qrels, run


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("RR@10", lambda matches, gold: measures.reciprocal_rank(matches, 10)),
        ("Success@4", lambda matches, gold: measures.hit(matches, 4)),
        ("R@5", lambda matches, gold: measures.recall(matches, gold, 5)),
        ("nDCG@10", lambda matches, gold: measures.ndcg(matches, gold, 10)),
        ("nDCG@3", lambda matches, gold: measures.ndcg(matches, gold, 3)),
    ],
)
def test_measures_equal_ir_measures(seed, name, ours):
    qrels, run = random_runs(seed)
    scored = {q: {d: float(-rank) for rank, d in enumerate(ranked)} for q, ranked in run.items()}
    reference = {
        row.query_id: row.value for row in ir_measures.iter_calc([ir_measures.parse_measure(name)], qrels, scored)
    }
    for q, ranked in run.items():
        matches = [{d} & qrels[q].keys() for d in ranked]
        assert ours(matches, qrels[q]) == pytest.approx(reference[q], abs=1e-9)


def test_ndcg_by_hand():
    # grades 3 and 1; the hit of grade 1 comes first, the hit of grade 3 third
    matches = [{"b"}, set(), {"a"}]
    ideal = 3 / np.log2(2) + 1 / np.log2(3)
    assert measures.ndcg(matches, {"a": 3, "b": 1}, 10) == pytest.approx((1 + 3 / np.log2(4)) / ideal)


def test_a_unit_counts_once():
    matches = [{"a"}, {"a"}, {"a", "b"}]
    gold = {"a": 1, "b": 1}
    assert measures.recall(matches, gold, 2) == 0.5
    assert measures.ndcg(matches, gold, 2) == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert measures.ndcg([{"a", "b"}], gold, 10) == 1.0  # both excerpts in one passage: as good as can be


@given(st.lists(st.sets(st.sampled_from("abcd")), max_size=12), st.integers(1, 12))
def test_measures_stay_between_zero_and_one_and_grow_with_k(matches, k):
    gold = dict.fromkeys("abcd", 1)
    for measure in (
        lambda k: measures.reciprocal_rank(matches, k),
        lambda k: measures.hit(matches, k),
        lambda k: measures.recall(matches, gold, k),
    ):
        assert 0 <= measure(k) <= measure(k + 1) <= 1
    assert 0 <= measures.ndcg(matches, gold, k) <= 1


def test_span_coverage_counts_each_character_once():
    assert measures.span_coverage([Span(0, 10), Span(5, 12)], [Span(8, 16)]) == 0.5
    assert measures.span_coverage([], [Span(0, 4)]) == 0.0
    assert measures.overlap(Span(0, 5), Span(5, 9)) == 0


def test_short_answers_as_squad_scores_them():
    gold = ["the Norman Conquest", "1066"]
    assert measures.exact_match("The Norman conquest.", gold) == 1.0
    assert measures.exact_match("Norman", gold) == 0.0
    # "in 1066 during conquest": bag of 4, gold "norman conquest": 1 shared of 4 and 2 -> 2·1/6; "1066": 2·1/5
    assert measures.token_f1("in 1066 during conquest", gold) == pytest.approx(0.4)
    assert measures.contains_answer("It was (1066) that changed it.", gold) == 1.0
    assert measures.contains_answer("In 10661 ships", gold) == 0.0
    assert measures.token_f1("x", []) == 0.0


def test_auroc_is_the_share_of_ordered_pairs():
    assert measures.auroc([0.9, 0.5], [0.5, 0.1]) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert measures.auroc([], [0.1]) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_auroc_against_counting(positive, negative):
    pairs = [(p > n) + (p == n) / 2 for p in positive for n in negative]
    assert measures.auroc(positive, negative) == pytest.approx(np.mean(pairs))


def test_coverage_accuracy_answers_ties_together():
    points = measures.coverage_accuracy([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
    assert points == [(0.25, 1.0), (0.75, pytest.approx(2 / 3)), (1.0, 0.5)]


def test_bootstrap_interval():
    random = np.random.default_rng(1)
    theirs = random.random(400)
    ours = theirs + 0.1 + random.normal(0, 0.2, 400)
    found = bootstrap.paired(ours, theirs)
    error = (ours - theirs).std(ddof=1) / 20  # the normal interval is the reference for 400 pairs
    assert found.mean == pytest.approx((ours - theirs).mean())
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.15 * error)
    assert found.is_real
    same = bootstrap.paired(theirs, theirs)
    assert (same.mean, same.low, same.high, same.is_real) == (0, 0, 0, False)


# --- questions ---------------------------------------------------------------------------------------


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_reads_questions(tmp_path):
    rows = [
        {"id": 1, "question": "When?", "answers": ["1066"], "gold_ids": ["a"], "answer_start": 7, "answerable": True},
        {"id": "2", "question": "Why?", "gold_ids": ["b"], "evidence": [{"start": 3, "end": 9}], "type": "why"},
        {"id": "3", "question": "Whither?", "gold_ids": [], "answerable": False},
        {
            "id": "4",
            "question": "And then?",
            "history": [
                {"role": "user", "text": "Who came?"},
                {"role": "assistant", "text": "Nobody."},
                {"role": "user", "text": "Sure?"},
            ],
            "rewrite": "What came after nobody?",
            "gold_ids": ["a", "b"],
            "qrels": {"a": 2, "b": 0},
        },
    ]
    read = questions.read(write_lines(tmp_path / "q.jsonl", rows))
    assert read[0].answer_span == Span(7, 11) and read[0].id == "1"
    assert read[1].evidence == (Span(3, 9),) and read[1].answerable
    assert not read[2].answerable and read[2].gold == {}
    assert read[3].history == (Turn("Who came?", "Nobody."), Turn("Sure?", ""))
    assert read[3].gold == {"a": 2}


@pytest.mark.parametrize(
    "line",
    ['{"id": 1}', '{"id": 1, "question": " "}', "[]", "{not json", '{"id": 1, "question": "x", "history": [{}]}'],
)
def test_a_bad_question_is_named(tmp_path, line):
    path = tmp_path / "q.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"q\.jsonl:2"):
        questions.read(path)


def beir(folder: Path, **splits: str) -> Path:
    """A folder with three queries and the judgements of each split."""
    write_lines(folder / "queries.jsonl", [{"_id": f"q{i}", "text": f"Where is {i}?"} for i in (1, 2, 3)])
    (folder / "qrels").mkdir()
    for split, lines in splits.items():
        (folder / "qrels" / f"{split}.tsv").write_bytes(lines.encode())
    return folder


def test_reads_a_beir_folder(tmp_path, caplog):
    judged = "\ufeffquery-id\tcorpus-id\tscore\r\nq1\td1\t2\r\nq1\td2\t0\r\n\r\nq9\td1\t1\r\nq3\td2\t0\r\n"
    folder = beir(tmp_path, test=judged, dev="q2 0 d 1\nq3 0 d 1.0\n")
    caplog.set_level("INFO")
    assert questions.read(folder) == [
        Question("q1", "Where is 1?", gold={"d1": 2}),
        Question("q3", "Where is 3?", answerable=False),
    ]
    assert "qrels/test.tsv" in caplog.text and "1 of the queries" in caplog.text
    assert [question.id for question in questions.read(folder / "qrels" / "dev.tsv")] == ["q2", "q3"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("q1\td1\n", r"test\.tsv:1 is not a judgement"),
        ("q1,d1,1\n", r"test\.tsv:1 is not a judgement"),
        ("query\tcorpus\tscore\nq1\td1\thigh\n", r"test\.tsv:2 is not a judgement"),
        ("q1\td1\t1\nq1\td1\t0.5\n", r"test\.tsv:2 is not a judgement"),
        ("q8\td1\t1\n", "holds no question"),
    ],
)
def test_a_bad_judgement_is_named(tmp_path, lines, message):
    with pytest.raises(UsageError, match=message):
        questions.read(beir(tmp_path, test=lines))


def test_a_folder_without_judgements_is_told(tmp_path):
    with pytest.raises(UsageError, match="not a BEIR-style folder"):
        questions.read(beir(tmp_path))


def test_two_questions_with_one_id_are_told(tmp_path):
    with pytest.raises(UsageError, match="2 questions with the id 1"):
        questions.read(write_lines(tmp_path / "q.jsonl", [{"id": 1, "question": "Who?"}, {"_id": "1", "text": "Why?"}]))


# --- matching hits with gold -------------------------------------------------------------------------

BOOK = Document("docs/book.pdf", "0123456789" * 30, page_starts=(0, 100, 200))


def hit(rank: int, source: str, start: int = 0, end: int = 10, page: int | None = None, **why) -> Hit:
    passage = Passage(f"p{source}{start}", source, source, "", "x" * (end - start), start, end, page)
    return Hit(passage, 1 / rank, rank, Why(**why))


def judge() -> Judge:
    return Judge(lambda document_id: BOOK if document_id == BOOK.source else None)


def test_documents_match_by_record_path_or_name():
    question = Question("q", "?", gold={"Normans#1": 1, "notes.txt": 1})
    hits = [
        hit(1, "corpus.jsonl#Normans#1"),
        hit(2, "corpus.jsonl#Normans#1", 10, 20),
        hit(3, "x/other.txt"),
        hit(4, "x/notes.txt"),
    ]
    assert judge().matches(question, hits, "document") == [{"Normans#1"}, set(), {"notes.txt"}]


def test_a_text_with_two_names_is_found_under_either():
    question = Question("q", "?", gold={"copy": 1})
    twin = hit(1, "c.jsonl#a")
    assert judge().matches(question, [twin], "document") == [set()]
    knowing = Judge(lambda document_id: None, [(twin.passage.document_id, "c.jsonl#copy")])
    assert knowing.matches(question, [twin], "document") == [{"copy"}]


def test_pages_match_exactly_and_by_neighbour():
    question = Question("q", "?", gold={"book.pdf#page=2": 1})
    before, across = hit(1, BOOK.source, 0, 100, page=1), hit(2, BOOK.source, 90, 130, page=1)
    found = judge().matches(question, [before, across], "page")
    assert found == [set(), {"book.pdf#page=2"}]
    assert judge().matches(question, [before], "page±1") == [{"book.pdf#page=2"}]
    assert judge().matches(question, [before], "document") == [{"book.pdf"}]
    record = hit(1, "corpus.jsonl#book.pdf#page=3")
    assert judge().matches(question, [record], "page±1") == [{"book.pdf#page=2"}]
    assert judge().matches(question, [record], "page") == [set()]
    assert levels([question]) == ["page±1", "page", "document"]


def test_evidence_needs_half_of_an_excerpt():
    question = Question("q", "?", gold={"a": 1}, evidence=(Span(5, 15), Span(40, 50)))
    hits = [hit(1, "c.jsonl#a", 0, 9), hit(2, "c.jsonl#a", 0, 10), hit(3, "c.jsonl#b", 0, 99)]
    assert judge().matches(question, hits, "evidence") == [set(), {"0"}, set()]
    assert judge().gold(question, "evidence") == {"0": 1, "1": 1}
    assert levels([question]) == ["evidence", "document"]


# --- whole runs over a scripted assistant ------------------------------------------------------------


@dataclass
class Scripted:
    """Answers from a script; what the yardstick needs of an ``Assistant``, with known values."""

    found: dict[str, list[Hit]]
    replies: dict[str, Answer] = field(default_factory=dict)
    texts: dict[str, Document] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    def search(self, question, k=None, *, history=(), collections=()):
        key = f"{history[-1].question} > {question}" if history else question
        return self.found[key][: k or 8]

    def ask(self, question, history=()):
        return self.replies[question]

    def document(self, document_id):
        return self.texts.get(document_id)

    def documents(self):
        return [
            SimpleNamespace(source=hit.passage.source, document_id=hit.passage.document_id)
            for hits in self.found.values()
            for hit in hits
        ]

    def status(self):
        return SimpleNamespace(n_documents=2, n_passages=3)


ASKED = [
    Question("1", "first", gold={"a": 1}, type="x"),
    Question("2", "second", gold={"b": 1}, type="y"),
    Question("3", "third", answerable=False, type="none"),
    Question("4", "it", gold={"b": 1}, type="y", history=(Turn("b?", "yes"),), rewrite="what of b"),
]
A, B = "c.jsonl#a", "c.jsonl#b"
FOUND = {
    "first": [
        hit(1, A, lexical_rank=2, dense_rank=1, fused=0.9),
        hit(2, B, lexical_rank=1, dense_rank=None, fused=0.8),
    ],
    "second": [
        hit(1, A, lexical_rank=1, dense_rank=2, fused=0.4),
        hit(2, B, lexical_rank=2, dense_rank=1, fused=0.5),
    ],
    "third": [],
    "it": [hit(1, A)],
    "b? > it": [hit(1, B, fused=1.0), hit(2, A, fused=0.1)],
    "what of b": [hit(1, B)],
}


def test_run_gives_every_leg():
    record = evaluate.evaluate(Scripted(FOUND), ASKED)
    legs = record["retrieval"]["document"]
    # three questions have gold; lexical and dense do not find the follow-up at all
    assert legs["lexical"]["RR@10"] == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    assert legs["dense"]["RR@10"] == pytest.approx((1 + 1 + 0) / 3)
    assert legs["fused"]["RR@10"] == pytest.approx(1)
    assert legs["final"]["RR@10"] == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert record["by_type"]["y"]["n"] == 2
    assert record["follow_ups"]["as typed"]["R@5"] == 0
    assert record["follow_ups"]["gap closed"] == 1.0
    assert record["worst"][0]["question"] == "second"
    assert record["gold_missing"] == 0
    assert set(record["latency_ms"]) == {"p50", "p90", "p95", "p99", "mean"}


def test_run_against_a_baseline_and_as_text_and_html():
    plain = evaluate.evaluate(Scripted(FOUND), ASKED)
    worse = FOUND | {"first": [FOUND["first"][1]]}
    earlier = json.loads(json.dumps(evaluate.evaluate(Scripted(worse), ASKED)))
    record = evaluate.evaluate(Scripted(FOUND), ASKED, baseline=earlier)
    assert record["baseline"]["RR@10"]["mean"] == pytest.approx(1 / 3)
    shown = text.table(record | {"queries": "q"})
    assert "final" in shown and "against the baseline" in shown
    assert plain["retrieval"] == record["retrieval"]
    with pytest.raises(UsageError, match="in common"):
        evaluate.evaluate(Scripted(FOUND), ASKED, baseline={"questions": []})


def test_the_report_asks_nothing_of_other_hosts():
    hostile = Question("9", "<script>alert(1)</script>", gold={"b": 1}, type="<b>")
    found = {hostile.text: [hit(1, A, lexical_rank=1, fused=0.1)]}
    page = report.html(evaluate.evaluate(Scripted(found), [hostile]) | {"queries": "q.jsonl"})
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert page.count("<svg") == 2 and "default-src 'none'" in page


def quote(number: int, source: str, start: int, end: int, words: str) -> Citation:
    return Citation(number, "p", source, source, "", None, start, end, words)


def test_answers_are_scored():
    document = Document(A, "William won in 1066 at Hastings.")
    right = Answer(
        "when",
        "when",
        "William won in **1066** at Hastings. [1]",
        citations=(quote(1, A, 0, 32, document.text), quote(2, B, 0, 3, "Wil")),
        confidence=0.9,
        claims=(Claim(0, 36, (1,), "verbatim"),),
    )
    silent = Answer("why", "why", "The documents do not say.", abstained=True, confidence=0.2)
    wrong = Answer("who", "who", "Harold.", confidence=0.2)
    asked = [
        Question("1", "When did he win?", ("1066",), {"a": 1}, answer_span=Span(15, 19)),
        Question("2", "Why?", answerable=False, type="off"),
        Question("3", "Who?", answerable=False, type="off"),
    ]
    replies = [
        answers.Reply(question, answer, 0.1) for question, answer in zip(asked, (right, silent, wrong), strict=True)
    ]
    scores = answers.score(replies[0], judge())
    assert scores["gold contained"] == scores["fact EM"] == scores["evidence quoted"] == 1.0
    assert scores["words"] == 6
    assert scores["citation precision"] == 0.5 and scores["citation recall"] == 1.0
    assert answers.score(replies[1], judge()) == {"answered": 0.0}
    whole = answers.summary(replies, judge(), {A: document, B: document}.get)
    assert whole["quotes exact"] == 1.0
    assert whole["answered of answerable"] == 1.0 and whole["refused of unanswerable"] == 0.5
    assert whole["AUROC"] == 1.0
    assert whole["coverage-accuracy"] == [(pytest.approx(1 / 3), 1.0), (1.0, pytest.approx(1 / 3))]
    assert whole["refused by type"] == {"": 0.0, "off": 0.5}
    assert whole["claims"]["verbatim"] == 1.0


def test_feedback_is_replayed(tmp_path):
    path = write_lines(
        tmp_path / "f.jsonl",
        [
            {"question": "first", "verdict": "right", "source": A},
            {"question": "first", "verdict": "should_have_found", "source": A, "start": 90, "end": 95},
            {"question": "second", "verdict": "wrong source", "source": A},
            {"question": "third", "verdict": "not in documents"},
        ],
    )
    assistant = Scripted(
        FOUND,
        {
            "second": Answer("second", "second", "x [1]", citations=(quote(1, A, 0, 1, "x"),)),
            "third": Answer("third", "third", "Not told.", abstained=True),
        },
    )
    record = evaluate.replay_feedback(assistant, path)
    assert [case["passed"] for case in record["cases"]] == [True, False, False, True]
    assert "still cited as [1]" in text.table({"feedback": record})
    with pytest.raises(UsageError, match="verdict"):
        feedback.read(write_lines(path, [{"question": "x", "verdict": "meh"}]))


def test_rankings_by_leg_keep_only_what_the_leg_found():
    ranking = retrieval.Ranking(ASKED[0], tuple(FOUND["first"]), 0.0)
    assert [hit.passage.source for hit in ranking.leg("lexical")] == [B, A]
    assert [hit.passage.source for hit in ranking.leg("dense")] == [A]


def test_history_comes_in_two_shapes():
    assert questions.turns([{"question": "Who?", "answer": "He."}]) == (Turn("Who?", "He."),)
    messages = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "He."}]
    assert questions.turns(messages) == (Turn("Who?", "He."),)


# --- the whole command over the real assistant -------------------------------------------------------


def test_a_whole_run(small_corpus: Path, small_index: Path, tmp_path: Path) -> None:
    asked = [
        {
            "id": "1",
            "question": "Who leads the crew of the first flight?",
            "answers": ["Ilse Brandt"],
            "gold_ids": ["moon.md"],
        },
        {"id": "2", "question": "How much nectar does a strong colony bring in?", "gold_ids": ["garden/bees.txt"]},
        {"id": "3", "question": "What does a bicycle tyre cost?", "gold_ids": [], "answerable": False},
    ]
    queries = write_lines(tmp_path / "q.jsonl", asked)
    page = tmp_path / "report.html"
    record = run(queries, small_corpus, small_index, answers=True, report=page)
    assert record["gold_missing"] == 0
    assert record["retrieval"]["document"]["final"]["Hit@1"] == 1.0
    assert record["answers"]["quotes exact"] == 1.0
    assert "Worst questions" in page.read_text() or "Retrieval" in page.read_text()
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps(record))
    again = run(queries, None, small_index, baseline=earlier, limit=2)
    assert again["n_questions"] == 2
    assert again["baseline"]["RR@10"]["mean"] == 0
    assert "final" in text.table(again)


def test_a_beir_folder_brings_its_documents(tmp_path: Path) -> None:
    folder = beir(tmp_path, test="q1\td1\t2\nq2\td2\t1\n")
    texts = [("d1", "Room 1 is on the ground floor, beside the stairs."), ("d2", "Room 2 is in the tower.")]
    write_lines(folder / "corpus.jsonl", [{"_id": name, "title": "", "text": text} for name, text in texts])
    seen = []
    record = run(folder, index=tmp_path / "index", progress=lambda progress: seen.append(progress.stage))
    assert record["retrieval"]["document"]["final"]["nDCG@10"] == 1.0 and record["n_documents"] == 2
    assert {"reading", "search"} <= set(seen)
    (folder / "corpus.jsonl").unlink()  # an index that is there is used as it is
    assert run(folder, index=tmp_path / "index")["n_documents"] == 2


def test_questions_without_gold_are_told(tmp_path: Path, small_index: Path) -> None:
    page = tmp_path / "page.html"
    record = run(write_lines(tmp_path / "q.jsonl", [{"id": "1", "question": "Who?"}]), index=small_index, report=page)
    assert text.NO_GOLD in text.table(record) and text.NO_GOLD in page.read_text()


def test_feedback_is_replayed_on_the_index_it_was_given_on(small_index: Path, tmp_path: Path) -> None:
    case = {"question": "Who leads the crew of the first flight?", "verdict": "right", "source": "space/moon.md"}
    path = write_lines(tmp_path / "feedback.jsonl", [case])
    record = run(None, feedback=path, settings=Settings(index=str(small_index)))
    assert (record["feedback"]["passed"], record["feedback"]["n"]) == (1, 1)


def test_verification_is_tried_on_the_documents_at_hand(small_index: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    record = run(None, verify=8, report=page, settings=Settings(index=str(small_index)))
    kinds = record["verification"]
    assert kinds["verbatim"]["flagged"] == 0 and kinds["verbatim"]["wanted"] == "not flagged"
    assert kinds["moved"]["flagged"] >= 0.9 and kinds["negation"]["flagged"] >= 0.9
    assert "moved" in text.table(record)
    assert "<h2>Verification</h2>" in page.read_text()


def test_a_wrong_call_is_told(tmp_path: Path) -> None:
    queries = write_lines(tmp_path / "q.jsonl", [{"id": "1", "question": "Who?", "gold_ids": ["a"]}])
    for call, message in [
        (lambda: run(None), "--feedback"),
        (lambda: run(queries), "--corpus"),
        (lambda: run(queries, limit=0), "at least 1"),
        (lambda: run(tmp_path / "none.jsonl"), "cannot be read"),
        (lambda: run(queries, baseline=queries), "baseline"),
        (lambda: run(queries, report=tmp_path / "nowhere" / "page.html"), "report"),
    ]:
        with pytest.raises(UsageError, match=message):
            call()
