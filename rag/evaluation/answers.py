"""Answers over a set of questions: right, short, cited, and silent when the documents are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.evaluation import measures
from rag.evaluation.gold import Judge
from rag.evaluation.questions import Question
from rag.types import Answer, Citation, Hit, Passage, Span

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = ["Reply", "ask_all", "marked_fact", "plain", "score", "summary"]

MARKER = re.compile(r"\s?\[\d+\]")
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
SHORT_FACT = re.compile(r"\b(who|whom|whose|when|where|which|how (many|much|old|long|far|often|tall|big))\b", re.I)


@dataclass(frozen=True, slots=True)
class Reply:
    """One question, its answer, and the seconds that took."""

    question: Question
    answer: Answer
    seconds: float


def ask_all(
    assistant: Assistant, questions: Iterable[Question], *, progress: Callable[[int], None] | None = None
) -> list[Reply]:
    """Ask each question, with its history when it has one."""
    replies = []
    for number, question in enumerate(questions, 1):
        begun = time.perf_counter()
        answer = assistant.ask(question.text, question.history)
        replies.append(Reply(question, answer, time.perf_counter() - begun))
        if progress:
            progress(number)
    return replies


def plain(text: str) -> str:
    """The words of an answer, without markers and emphasis."""
    return BOLD.sub(r"\1", MARKER.sub("", text)).strip()


def marked_fact(text: str) -> str:
    """The short answer that is marked inside an answer (in bold), or ""."""
    found = BOLD.search(text)
    return found[1] if found else ""


def score(reply: Reply, judge: Judge) -> dict[str, float]:
    """The measures of one answer; those that its question has no gold for are left out.

    Correctness is measured on answered questions that have an answer; a refusal has no words to judge.
    """
    question, answer = reply.question, reply.answer
    scores = {"answered": float(not answer.abstained)}
    if answer.abstained or not question.answerable:
        return scores
    text, fact = plain(answer.text), marked_fact(answer.text)
    scores["words"] = float(measures.words(text))
    if question.answers:
        scores["gold contained"] = measures.contains_answer(text, question.answers)
        scores["token F1"] = measures.token_f1(text, question.answers)
        if SHORT_FACT.search(question.text):
            scores["fact marked"] = float(bool(fact))
            scores["fact EM"] = measures.exact_match(fact, question.answers) if fact else 0.0
            scores["fact F1"] = measures.token_f1(fact, question.answers) if fact else 0.0
    if question.gold:
        scores |= _citations(question, answer.citations, judge)
    return scores


def _citations(question: Question, citations: Sequence[Citation], judge: Judge) -> dict[str, float]:
    """Citation precision: the share of citations of a gold document; recall: the share of gold documents
    cited (after Gao et al. 2023, ALCE, with judged documents for the entailment model)."""
    found = [judge.from_gold(question, _as_hit(citation)) for citation in citations]
    gold = judge.gold(question, "document")
    scores = {
        "cites gold": float(any(found)),
        "citation precision": float(np.mean([bool(units) for units in found])) if found else 0.0,
        "citation recall": measures.recall(found, gold, len(found)),
    }
    evidence = question.evidence or ((question.answer_span,) if question.answer_span else ())
    if evidence:
        spans = [Span(citation.start, citation.end) for citation, units in zip(citations, found, strict=True) if units]
        scores["evidence quoted"] = measures.span_coverage(spans, evidence)
    return scores


def _as_hit(citation: Citation) -> Hit:
    passage = Passage(
        citation.passage_id,
        citation.document_id,
        citation.source,
        citation.title,
        citation.quote,
        citation.start,
        citation.end,
        citation.page,
    )
    return Hit(passage, 0.0, citation.number)


def summary(replies: Sequence[Reply], judge: Judge, fetch: Callable[[str], Any]) -> dict[str, Any]:
    """Everything about a run's answers: means, both abstention rates, AUROC, and the curve."""
    scored = [(reply, score(reply, judge)) for reply in replies]
    names = {name: None for _, scores in scored for name in scores if name != "answered"}
    found: dict[str, Any] = {
        name: float(np.mean([scores[name] for _, scores in scored if name in scores])) for name in names
    }
    answerable = [reply.answer for reply in replies if reply.question.answerable]
    unanswerable = [reply.answer for reply in replies if not reply.question.answerable]
    found["quotes exact"] = _quotes_exact(replies, fetch)
    found["answered of answerable"] = _share([not answer.abstained for answer in answerable])
    found["refused of unanswerable"] = _share([answer.abstained for answer in unanswerable])
    found["refused by type"] = _refused_by_type(replies)
    found["AUROC"] = measures.auroc(
        [answer.confidence or 0.0 for answer in answerable], [answer.confidence or 0.0 for answer in unanswerable]
    )
    found["coverage-accuracy"] = measures.coverage_accuracy(
        [reply.answer.confidence or 0.0 for reply, _ in scored], [_is_right(*pair) for pair in scored]
    )
    claims = [claim for answer in answerable for claim in answer.claims]
    found["claims"] = {
        support: _share([claim.support == support for claim in claims])
        for support in ("verbatim", "supported", "weak", "unsupported")
    }
    found["latency ms"] = measures.percentiles([reply.seconds * 1000 for reply in replies])
    return found


def _is_right(reply: Reply, scores: dict[str, float]) -> bool:
    """Right is an answer that has the gold words or, where gold is prose, cites a gold document."""
    if not reply.question.answerable:
        return False
    short = reply.question.answer_span is not None
    return scores.get("gold contained" if short else "cites gold", 0.0) > 0


def _quotes_exact(replies: Sequence[Reply], fetch: Callable[[str], Any]) -> float | None:
    exact = []
    for citation in (citation for reply in replies for citation in reply.answer.citations):
        document = fetch(citation.document_id)
        exact.append(document is not None and document.text[citation.start : citation.end] == citation.quote)
    return _share(exact)


def _refused_by_type(replies: Sequence[Reply]) -> dict[str, float | None]:
    return {
        name: _share([reply.answer.abstained for reply in replies if reply.question.type == name])
        for name in sorted({reply.question.type for reply in replies})
    }


def _share(flags: Sequence[bool]) -> float | None:
    return float(np.mean(flags)) if flags else None
