"""One run of the yardstick: questions in, a JSON-ready record of every measure out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import UsageError
from rag.evaluation import answers as answering
from rag.evaluation import bootstrap, feedback, measures, retrieval
from rag.evaluation.gold import Judge, levels
from rag.evaluation.questions import Question
from rag.settings import Settings
from rag.types import Progress
from rag.version import __version__

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = ["evaluate", "opened", "replay_feedback"]

Tell = Callable[[Progress], None]  # told how far the run is
WORST = 25  # questions shown with what was retrieved instead
EXCERPT = 240  # characters of a passage shown there


@contextmanager
def opened(
    corpus: Path | None, index: Path | None, settings: Settings, progress: Tell | None = None
) -> Iterator[Assistant]:
    """An assistant over ``corpus``: its index is brought up to date in ``index``, or built in a temporary
    folder that is removed at the end. Without a corpus the index is used as it is.

    Raises:
        UsageError: neither is given, or the corpus has no readable passage.
    """
    from rag.assistant import Assistant

    if corpus is None and index is None:
        raise UsageError("give the documents with --corpus, or a built index with --index")
    with tempfile.TemporaryDirectory(prefix="footnote-eval-") as scratch:
        assistant = Assistant.open(index or Path(scratch) / "index", settings=settings)
        try:
            if corpus is not None and not assistant.build(corpus, progress=progress).n_passages:
                raise UsageError(f"{corpus} has no readable passage")
            assistant.warm()
            yield assistant
        finally:
            assistant.close()


def evaluate(
    assistant: Assistant,
    asked: Sequence[Question],
    *,
    answers: bool = False,
    baseline: Mapping[str, Any] | None = None,
    progress: Tell | None = None,
) -> dict[str, Any]:
    """Measure retrieval, and answers when asked to, on every question.

    ``baseline`` is the record of an earlier run over the same questions, to which differences with
    bootstrap intervals are added.
    """

    def tell(stage: str, done: int) -> None:
        if progress:
            progress(Progress(stage, done, n))

    n = len(asked)
    fetch = lru_cache(maxsize=64)(assistant.document)
    judge = Judge(fetch, ((document.document_id, document.source) for document in assistant.documents()))
    known = levels(asked)
    primary = known[0]
    rankings = retrieval.search_all(assistant, asked, progress=lambda done: tell("search", done))
    replies = answering.ask_all(assistant, asked, progress=lambda done: tell("answers", done)) if answers else []
    status = assistant.status()
    record: dict[str, Any] = {
        "footnote": __version__,
        "settings": asdict(assistant.settings),
        "n_documents": status.n_documents,
        "n_passages": status.n_passages,
        "n_questions": n,
        "n_answerable": sum(question.answerable for question in asked),
        "gold_missing": _gold_missing(assistant, asked),
        "level": primary,
        "retrieval": {level: retrieval.table(rankings, judge, level) for level in known},
        "coverage": retrieval.coverage(rankings, judge),
        "by_type": retrieval.by_type(rankings, judge, primary),
        "latency_ms": measures.percentiles([ranking.seconds * 1000 for ranking in rankings]),
        "follow_ups": retrieval.follow_ups(assistant, rankings, judge, primary),
        "answers": answering.summary(replies, judge, fetch) if replies else {},
        "questions": _by_question(rankings, replies, judge, primary),
    }
    record["worst"] = _worst(rankings, judge, primary)
    if baseline is not None:
        record["baseline"] = _compared(record, baseline)
    return record


def _by_question(
    rankings: Sequence[retrieval.Ranking],
    replies: Sequence[answering.Reply],
    judge: Judge,
    level: str,
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for i, ranking in enumerate(rankings):
        question = ranking.question
        row: dict[str, Any] = {
            "id": question.id,
            "question": question.text,
            "type": question.type,
            "seconds": round(ranking.seconds, 5),
            "scores": retrieval.score(ranking.hits, question, judge, level),
        }
        if replies:
            answer = replies[i].answer
            row |= {
                "answer": answer.text,
                "query": answer.query,
                "confidence": answer.confidence,
                "answer_scores": answering.score(replies[i], judge),
            }
        rows.append(row)
    return rows


def _worst(rankings: Sequence[retrieval.Ranking], judge: Judge, level: str) -> list[dict[str, Any]]:
    scored = [(retrieval.score(r.hits, r.question, judge, level), r) for r in rankings]
    order = sorted((pair for pair in scored if pair[0]), key=lambda pair: (pair[0]["RR@10"], pair[0]["nDCG@10"]))
    return [
        {
            "question": ranking.question.text,
            "type": ranking.question.type,
            "gold": sorted(ranking.question.gold),
            "answers": list(ranking.question.answers[:1]),
            "RR@10": scores["RR@10"],
            "instead": [
                {
                    "source": hit.passage.source,
                    "page": hit.passage.page,
                    "score": round(hit.score, 4),
                    "text": hit.passage.text[:EXCERPT] + "…" * (len(hit.passage.text) > EXCERPT),
                }
                for hit in ranking.hits[:3]
            ],
        }
        for scores, ranking in order[:WORST]
        if scores["RR@10"] < 1
    ]


def _gold_missing(assistant: Assistant, asked: Sequence[Question]) -> int:
    """How many gold ids no document of the index answers to: a sign of the wrong corpus."""
    from rag.evaluation.gold import file_of, names

    known = {file_of(name) for document in assistant.documents() for name in names(document.source)}
    return len({name for question in asked for name in question.gold if file_of(name) not in known})


def _compared(record: Mapping[str, Any], baseline: Mapping[str, Any]) -> dict[str, Any]:
    theirs = {row["id"]: row for row in baseline.get("questions", ())}
    found: dict[str, Any] = {}
    for kind in ("scores", "answer_scores"):
        pairs: dict[str, list[tuple[float, float]]] = {}
        for row in record["questions"]:
            earlier = theirs.get(row["id"], {}).get(kind) or {}
            for name, value in (row.get(kind) or {}).items():
                if name in earlier:
                    pairs.setdefault(name, []).append((value, earlier[name]))
        for name, values in pairs.items():
            difference = bootstrap.paired([ours for ours, _ in values], [other for _, other in values])
            found[name] = difference._asdict() | {"real": difference.is_real}
    if not found:
        raise UsageError("the baseline has no question in common with this run")
    return found


def replay_feedback(assistant: Assistant, path: Path) -> dict[str, Any]:
    """Replay what users marked: how many cases are now as they want them, and each case."""
    verdicts = feedback.replay(assistant, feedback.read(path))
    return {
        "n": len(verdicts),
        "passed": sum(verdict.passed for verdict in verdicts),
        "cases": [
            {
                "question": verdict.case.question,
                "verdict": verdict.case.verdict,
                "passed": verdict.passed,
                "seen": verdict.seen,
            }
            for verdict in verdicts
        ],
    }
