"""Retrieval over a set of questions: each leg, each level, each type; time; follow-ups.

One search a question with a long list gives all legs: every hit says at which rank the lexical and the
dense leg found it (``Hit.why``). Time is taken on a second, ordinary search, after the first warmed it up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.evaluation import measures
from rag.evaluation.gold import Judge
from rag.evaluation.questions import Question
from rag.types import Hit, Span

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = [
    "BUDGETS",
    "LEGS",
    "MEASURES",
    "Ranking",
    "by_type",
    "coverage",
    "follow_ups",
    "score",
    "search_all",
    "table",
]

DEPTH = 100  # hits fetched a question: enough that the first ten of either leg are among them
BUDGETS = (1000, 2000, 4000)  # characters of evidence that a reader or a model is given

LEGS: dict[str, Callable[[Hit], float | None]] = {  # a smaller key is better, None is not found
    "lexical": lambda hit: hit.why.lexical_rank,
    "dense": lambda hit: hit.why.dense_rank,
    "fused": lambda hit: -hit.why.fused,
    "final": lambda hit: hit.rank,
}

MEASURES: dict[str, Callable[[measures.Matches, Mapping[str, int]], float]] = {
    "Hit@1": lambda matches, gold: measures.hit(matches, 1),
    "Hit@4": lambda matches, gold: measures.hit(matches, 4),
    "RR@10": lambda matches, gold: measures.reciprocal_rank(matches, 10),
    "nDCG@10": lambda matches, gold: measures.ndcg(matches, gold, 10),
    "R@5": lambda matches, gold: measures.recall(matches, gold, 5),
    "R@10": lambda matches, gold: measures.recall(matches, gold, 10),
}


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one question found. ``seconds`` is the time of an ordinary warm search."""

    question: Question
    hits: tuple[Hit, ...]
    seconds: float

    def leg(self, name: str) -> list[Hit]:
        """The hits as this leg alone orders them."""
        keyed = [(key, hit) for hit in self.hits if (key := LEGS[name](hit)) is not None]
        return [hit for _, hit in sorted(keyed, key=lambda pair: pair[0])]


def search_all(
    assistant: Assistant, questions: Iterable[Question], *, progress: Callable[[int], None] | None = None
) -> list[Ranking]:
    """Search each question, with its history when it has one."""
    rankings = []
    for number, question in enumerate(questions, 1):
        hits = assistant.search(question.text, DEPTH, history=question.history)
        begun = time.perf_counter()
        assistant.search(question.text, history=question.history)
        rankings.append(Ranking(question, tuple(hits), time.perf_counter() - begun))
        if progress:
            progress(number)
    return rankings


def score(hits: Sequence[Hit], question: Question, judge: Judge, level: str) -> dict[str, float]:
    """Every measure of one ranking at one level; empty when the question has no gold there."""
    if not (gold := judge.gold(question, level)):
        return {}
    matches = judge.matches(question, hits, level)
    return {name: measure(matches, gold) for name, measure in MEASURES.items()}


def table(rankings: Sequence[Ranking], judge: Judge, level: str) -> dict[str, dict[str, float]]:
    """Mean of every measure by leg, over the questions with gold at this level."""
    return {
        leg: _mean([score(ranking.leg(leg), ranking.question, judge, level) for ranking in rankings]) for leg in LEGS
    }


def by_type(rankings: Sequence[Ranking], judge: Judge, level: str) -> dict[str, dict[str, float]]:
    """Mean of every measure of the final ranking by type of question, with the number of questions."""
    types = sorted({ranking.question.type for ranking in rankings if judge.gold(ranking.question, level)})
    found = {}
    for name in types:
        scores = [
            score(ranking.hits, ranking.question, judge, level) for ranking in rankings if ranking.question.type == name
        ]
        found[name or "(none)"] = _mean(scores) | {"n": float(sum(map(bool, scores)))}
    return found


def coverage(rankings: Sequence[Ranking], judge: Judge) -> dict[str, dict[str, float]]:
    """By leg, the mean share of the evidence's characters within the first so many characters found."""
    found: dict[str, dict[str, float]] = {}
    for leg in LEGS:
        for budget in BUDGETS:
            shares = [
                _covered(ranking.leg(leg), ranking.question, judge, budget)
                for ranking in rankings
                if ranking.question.evidence
            ]
            if shares:
                found.setdefault(leg, {})[f"{budget} characters"] = float(np.mean(shares))
    return found


def _covered(hits: Sequence[Hit], question: Question, judge: Judge, budget: int) -> float:
    spans = []
    for hit in hits:
        if budget <= 0:
            break
        start, end = hit.passage.start, min(hit.passage.end, hit.passage.start + budget)
        budget -= end - start
        if judge.from_gold(question, hit):
            spans.append(Span(start, end))
    return measures.span_coverage(spans, question.evidence)


def follow_ups(assistant: Assistant, rankings: Sequence[Ranking], judge: Judge, level: str) -> dict[str, Any]:
    """Follow-up questions searched as typed, with their history, and as a human rewrote them.

    ``gap closed`` is (history - typed) / (human - typed) in R@5. Empty without such questions.
    """
    asked = [ranking for ranking in rankings if ranking.question.history and ranking.question.rewrite]
    asked = [ranking for ranking in asked if judge.gold(ranking.question, level)]
    if not asked:
        return {}
    ways: dict[str, Callable[[Ranking], Sequence[Hit]]] = {
        "as typed": lambda ranking: assistant.search(ranking.question.text, DEPTH),
        "with history": lambda ranking: ranking.hits,
        "human rewrite": lambda ranking: assistant.search(ranking.question.rewrite, DEPTH),
    }
    found: dict[str, Any] = {
        name: _mean([score(way(ranking), ranking.question, judge, level) for ranking in asked])
        for name, way in ways.items()
    }
    typed, ours, human = (found[name]["R@5"] for name in ways)
    closed = (ours - typed) / (human - typed) if human > typed else None
    return found | {"n": len(asked), "gap closed": closed}


def _mean(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    scored = [values for values in scores if values]
    if not scored:
        return {}
    return {name: float(np.mean([values[name] for values in scored])) for name in MEASURES}
