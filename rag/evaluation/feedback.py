"""Replays what users marked: does today's Footnote do better on the same questions?

A case is a line of JSON: ``{"question", "verdict", "source", "start", "end", "history"}``. ``verdict`` is

- ``right``: the source was right and should still be found,
- ``wrong source``: the source was cited and should not be any more,
- ``not in documents``: the documents do not tell, and the answer should say so,
- ``should have found``: the source (and span) that the user pointed at should now be found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import UsageError
from rag.evaluation.measures import overlap
from rag.evaluation.questions import records, turns
from rag.types import Hit, Span, Turn

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = ["Case", "Verdict", "read", "replay"]

VERDICTS = ("right", "wrong source", "not in documents", "should have found")
FOUND_WITHIN = 5  # hits: what a reader looks at


@dataclass(frozen=True, slots=True)
class Case:
    """One judgement of a user. ``span`` is the part of the source that was meant, when one was."""

    question: str
    verdict: str
    source: str = ""
    span: Span | None = None
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a case: whether it is now as the user wants it, and what was seen."""

    case: Case
    passed: bool
    seen: str


def read(path: Path) -> list[Case]:
    """The cases in a file.

    Raises:
        UsageError: a line is not a case.
    """
    cases = []
    for number, record in records(path):
        verdict = str(record.get("verdict", "")).replace("_", " ").replace("-", " ")
        question = str(record.get("question") or "")
        if not question or verdict not in VERDICTS:
            raise UsageError(f"{path}:{number} needs a question and a verdict: {', '.join(VERDICTS)}")
        if verdict != "not in documents" and not record.get("source"):
            raise UsageError(f"{path}:{number}: the verdict {verdict!r} needs a source")
        start, end = record.get("start"), record.get("end")
        span = Span(start, end) if isinstance(start, int) and isinstance(end, int) else None
        history = turns(record.get("history") or ())
        cases.append(Case(question, verdict, str(record.get("source") or ""), span, history))
    return cases


def replay(assistant: Assistant, cases: Sequence[Case]) -> list[Verdict]:
    """Ask or search each case again."""
    checks: dict[str, Callable[[Assistant, Case], Verdict]] = {
        "not in documents": _refused,
        "wrong source": _moved,
    }
    return [checks.get(case.verdict, _found)(assistant, case) for case in cases]


def _found(assistant: Assistant, case: Case) -> Verdict:
    hits = assistant.search(case.question, FOUND_WITHIN, history=case.history)
    rank = next((hit.rank for hit in hits if _meant(case, hit)), None)
    return Verdict(case, rank is not None, f"found at rank {rank}" if rank else f"not among the first {FOUND_WITHIN}")


def _moved(assistant: Assistant, case: Case) -> Verdict:
    cited = assistant.ask(case.question, case.history).citations
    wrong = [
        citation.number
        for citation in cited
        if citation.source == case.source
        and (case.span is None or overlap(case.span, Span(citation.start, citation.end)))
    ]
    return Verdict(case, not wrong, f"still cited as [{wrong[0]}]" if wrong else "no longer cited")


def _refused(assistant: Assistant, case: Case) -> Verdict:
    answer = assistant.ask(case.question, case.history)
    return Verdict(case, answer.abstained, "refused" if answer.abstained else f"answered: {answer.text[:80]}")


def _meant(case: Case, hit: Hit) -> bool:
    if hit.passage.source != case.source:
        return False
    return case.span is None or overlap(case.span, Span(hit.passage.start, hit.passage.end)) > 0
