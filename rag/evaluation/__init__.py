"""The yardstick: ``rag eval QUERIES.jsonl --corpus CORPUS``.

questions (files -> ``Question``) -> retrieval and answers (what Footnote does with them, judged by
``gold`` and counted by ``measures``) -> evaluate (one record) -> text or an HTML report.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.evaluation import beir, evaluate, questions, verification
from rag.evaluation.report import html
from rag.evaluation.text import table
from rag.index.record import database
from rag.settings import Settings
from rag.types import Progress

__all__ = ["run", "table"]


def run(
    queries: Path | None,
    corpus: Path | None = None,
    index: Path | None = None,
    *,
    answers: bool = False,
    report: Path | None = None,
    baseline: Path | None = None,
    feedback: Path | None = None,
    verify: int = 0,
    limit: int | None = None,
    settings: Settings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Evaluate over the questions in ``queries`` and return the record (see ``evaluate.evaluate``).

    ``queries`` is a JSON-lines file, a BEIR-style folder or the judgements of one of its splits; such a folder
    brings its own ``corpus``. ``index`` is brought up to date with the corpus, if one is given, and is built where
    there is none; None builds one that is thrown away.
    ``limit`` takes that many questions, evenly spaced. ``report`` is where an HTML page is written,
    ``baseline`` the record of an earlier run to compare with, ``feedback`` a file of cases to replay,
    ``verify`` how many altered sentences of each kind verification is tried on.

    Raises:
        UsageError: a file is missing or not of the documented shape.
    """
    if queries is None and feedback is None and not verify:
        raise UsageError("give a file of questions, or --feedback FILE, or --verify N")
    if verify < 0:
        raise UsageError(f"verify must be at least 1, not {verify}")
    if report and (report.is_dir() or not report.parent.is_dir()):
        raise UsageError(f"the report cannot be written to {report}: is that a file in a folder that exists?")
    queries = (queries and beir.qrels_of(queries)) or queries
    if queries and corpus is None and not (index and database(index).is_file()):
        corpus = beir.corpus_of(queries)
    settings = settings or Settings.load()
    if queries is None and corpus is None and index is None:
        index = Path(settings.index)  # what users marked, they marked there
    asked = _spaced(questions.read(queries), limit) if queries else []
    earlier = _earlier(baseline) if baseline else None
    record: dict[str, Any] = {}
    with evaluate.opened(corpus, index, settings, progress) as assistant:
        if asked:
            record = evaluate.evaluate(assistant, asked, answers=answers, baseline=earlier, progress=progress)
        if feedback:
            record["feedback"] = evaluate.replay_feedback(assistant, feedback)
        if verify:
            record["verification"] = verification.measure(assistant, verify)
    record["queries"], record["corpus"] = str(queries or ""), str(corpus or "")
    if report:
        report.write_text(html(record), encoding="utf-8")
    return record


def _spaced(asked: list[questions.Question], limit: int | None) -> list[questions.Question]:
    if limit is None or limit >= len(asked):
        return asked
    if limit < 1:
        raise UsageError(f"limit must be at least 1, not {limit}")
    return [asked[i * len(asked) // limit] for i in range(limit)]


def _earlier(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"the baseline {path} cannot be read: {error}") from error
    if not isinstance(record, dict) or "questions" not in record:
        raise UsageError(f"the baseline {path} is not a record of rag eval --json")
    return record
