"""Question files -> ``Question`` values.

Two shapes are read. A JSON-lines file has one question a line: ``id, question, answers[], gold_ids[],
type, answerable`` and, where they exist, ``history`` (a list of ``{"role", "text"}`` or
``{"question", "answer"}``), ``rewrite`` (the
stand-alone form of a follow-up), ``evidence`` (``[{"start", "end"}]``, offsets in the gold document's
text), ``answer_start`` (where the first answer begins there) and ``qrels`` (``{id: grade}``). The other is a
BEIR-style folder (``rag.evaluation.beir``), or one of its files of judgements.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.evaluation.beir import judgements, qrels_of
from rag.types import Span, Turn

__all__ = ["Question", "read", "records"]

log = logging.getLogger("rag.evaluation")


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what is known about its answer.

    ``gold`` maps the ids of documents (or pages, ``file.pdf#page=7``) that answer it to a grade above 0.
    ``evidence`` are the excerpts that bear the answer and ``answer_span`` is the short answer itself, as spans
    in the text of the single gold document. ``answers`` are accepted wordings.
    """

    id: str
    text: str
    answers: tuple[str, ...] = ()
    gold: Mapping[str, int] = field(default_factory=dict)
    evidence: tuple[Span, ...] = ()
    answer_span: Span | None = None
    type: str = ""
    answerable: bool = True
    history: tuple[Turn, ...] = ()
    rewrite: str = ""


def read(path: Path) -> list[Question]:
    """The questions in a JSON-lines file or in a BEIR-style folder.

    Raises:
        UsageError: the file is missing, has no question, two with one id, or a line is not of the documented shape.
    """
    qrels = qrels_of(path)
    if qrels is None:
        questions = [_question(record, f"{path}:{line}") for line, record in records(path)]
    else:
        questions = _judged(qrels)
    if not questions:
        raise UsageError(f"{path} holds no question")
    (name, n), *_ = Counter(question.id for question in questions).most_common(1)
    if n > 1:
        raise UsageError(f"{path} has {n} questions with the id {name}: each needs its own")
    return questions


def records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object of each line of a JSON-lines file; blank lines are passed over."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise UsageError(f"{path}:{number} is not a JSON object")
                yield number, record
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{number} is not JSON: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _question(record: Mapping[str, Any], where: str) -> Question:
    try:
        gold_ids = [str(name) for name in record.get("gold_ids") or ()]
        grades = {str(name): int(grade) for name, grade in (record.get("qrels") or {}).items()}
        answers = tuple(str(answer) for answer in record.get("answers") or ())
        gold = {name: grade for name, grade in grades.items() if grade > 0} or dict.fromkeys(gold_ids, 1)
        return Question(
            id=_either(record, "id", "_id"),
            text=_either(record, "question", "text"),
            answers=answers,
            gold=gold,
            evidence=_evidence(record) if len(gold) == 1 else (),
            answer_span=_answer_span(record, answers) if len(gold) == 1 else None,
            type=str(record.get("type") or ""),
            answerable=bool(record.get("answerable", bool(gold))),
            history=turns(record.get("history") or ()),
            rewrite=str(record.get("rewrite") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__} {error}"
        raise UsageError(f"{where} is not a question: {reason}") from error


def _either(record: Mapping[str, Any], name: str, in_beir: str) -> str:
    found = record.get(name, record.get(in_beir))
    if found is None or not str(found).strip():
        raise ValueError(f"it has no {name}")
    return str(found)


def _evidence(record: Mapping[str, Any]) -> tuple[Span, ...]:
    return tuple(Span(int(item["start"]), int(item["end"])) for item in record.get("evidence") or ())


def _answer_span(record: Mapping[str, Any], answers: Sequence[str]) -> Span | None:
    start = record.get("answer_start")
    return None if start is None or not answers else Span(int(start), int(start) + len(answers[0]))


def turns(messages: Sequence[Mapping[str, str]]) -> tuple[Turn, ...]:
    """A conversation as exchanges, from ``{"role", "text"}`` messages or ``{"question", "answer"}`` pairs;
    a question that was never answered gets an empty answer."""
    exchanges: list[Turn] = []
    for message in messages:
        text = str(message.get("text", message.get("content", "")))
        if "question" in message:
            exchanges.append(Turn(str(message["question"]), str(message.get("answer") or "")))
        elif message["role"] == "user":
            exchanges.append(Turn(text, ""))
        elif exchanges:
            exchanges[-1] = Turn(exchanges[-1].question, f"{exchanges[-1].answer}\n{text}".strip())
    return tuple(exchanges)


def _judged(qrels: Path) -> list[Question]:
    """The queries of a BEIR-style folder that one of its files judges."""
    judged, path = judgements(qrels), qrels.parent.parent / "queries.jsonl"
    questions = []
    for line, record in records(path):
        name = str(record.get("_id", record.get("id", "")))
        if name in judged:
            questions.append(_question({**record, "qrels": judged[name]}, f"{path}:{line}"))
    if n_unknown := len(judged.keys() - {question.id for question in questions}):
        log.warning("%d of the queries that %s judges are not in %s", n_unknown, qrels, path.name)
    return questions
