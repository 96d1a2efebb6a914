"""BEIR-style folders -> ``Question`` values (Thakur et al. 2021, arXiv:2104.08663).

A folder has ``corpus.jsonl``, ``queries.jsonl`` and one ``qrels/SPLIT.tsv`` or several, whose lines are query, document
and grade with tabs between them, under a line of names or not. The four columns of TREC are read as well.
"""

from __future__ import annotations

import logging
from pathlib import Path

from rag.errors import UsageError

__all__ = ["corpus_of", "judgements", "qrels_of"]

log = logging.getLogger("rag.evaluation")

SPLITS = ("test", "dev", "validation", "train")  # the first that a folder has is used


def qrels_of(path: Path) -> Path | None:
    """The judgements to read: the file itself, or that of the first split in a folder; None for a file of questions.

    Raises:
        UsageError: a folder has none.
    """
    if not path.is_dir():
        return path if path.suffix == ".tsv" else None
    present = {file.stem: file for file in sorted((path / "qrels").glob("*.tsv"))}
    if not present:
        raise UsageError(f"{path} has no qrels/*.tsv: not a BEIR-style folder")
    chosen = next((present[split] for split in SPLITS if split in present), next(iter(present.values())))
    if len(present) > 1:
        log.info("the judgements are those of %s; give the path of another split to use that", chosen)
    return chosen


def corpus_of(path: Path) -> Path | None:
    """The documents that come with a file of judgements; None where there are none, and for other files."""
    corpus = path.parent.parent / "corpus.jsonl"
    return corpus if path.suffix == ".tsv" and corpus.is_file() else None


def judgements(qrels: Path) -> dict[str, dict[str, int]]:
    """For each query id the documents that were judged, with their grades; those graded 0 are included.

    Raises:
        UsageError: the file cannot be read, or a line is no judgement.
    """
    found: dict[str, dict[str, int]] = {}
    try:
        lines = qrels.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{qrels} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    for number, line in enumerate(lines, 1):
        columns = [column.strip() for column in line.split("\t")] if "\t" in line else line.split()
        if not columns:
            continue
        grade = _grade(columns[-1])
        if len(columns) in (3, 4) and grade is None and number == 1:
            continue  # the names of the columns
        if len(columns) not in (3, 4) or grade is None:
            raise UsageError(f"{qrels}:{number} is not a judgement: query, document and grade, tabs between them")
        found.setdefault(columns[0], {})[columns[-2]] = grade
    return found


def _grade(text: str) -> int | None:
    try:
        return int(float(text)) if float(text).is_integer() else None
    except ValueError:
        return None
