"""What a hit cannot be quoted without: the passage beside it, where a sentence or a table goes on.

A passage is found for what it says itself. The caption, the unit and the names above the rows of a table may stand
passages before; whom "He" means, in the last sentence of the passage before. Those passages are given to the generator
as well, behind the hits. They are no candidates for the answer of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.documents.rows import read_row
from rag.index import Snapshot
from rag.passages.sentences import announces, leans_back
from rag.types import Hit, Passage, Why

__all__ = ["neighbours"]

_FAR = 12  # passages, some seventy rows; the rows of longer tables, which are lists, are not traced back
_HITS = 4  # what is quoted is among the best


def neighbours(snapshot: Snapshot, hits: Sequence[Hit]) -> list[Hit]:
    """The passages that the best hits lean on, where those are not among the hits."""
    known = {hit.passage.id for hit in hits}
    found: list[Hit] = []
    for hit in hits[:_HITS]:
        passage = _leant_on(snapshot, hit)
        if passage and passage.id not in known:
            known.add(passage.id)
            why = Why(joined=f"number {hit.rank} goes on from here")
            found.append(Hit(passage, 0.0, len(hits) + len(found) + 1, why))
    return found


def _leant_on(snapshot: Snapshot, hit: Hit) -> Passage | None:
    """Where the table begins that a hit goes on with, or what stands before its first sentence, where that is its
    best and opens with a pronoun."""
    passage, scores = hit.passage, hit.sentence_scores
    if _continues(passage):
        return _beginning(snapshot, passage)
    opens = leans_back(passage.text) and bool(scores) and scores[0] == max(scores)
    return snapshot.before(passage) if opens else None


def _beginning(snapshot: Snapshot, passage: Passage) -> Passage | None:
    """Where the table begins that a passage begins inside of."""
    at: Passage | None = passage
    for _ in range(_FAR):
        if at is None or not _continues(at):
            return at
        at = snapshot.before(at)
    return None


def _continues(passage: Passage) -> bool:
    """Whether a passage begins with a row, or with the label of a section and a row."""
    first, *rest = passage.text.split("\n", 2)
    return bool(read_row(first)) or (announces(first) and bool(rest) and bool(read_row(rest[0])))
