"""Where the tables begin that hits are the middle of: what stands there ("In millions") holds for every row.

A passage is found for its rows; the caption, the unit and the names above may be in the passage before. Those are
given to the generator as well, behind the hits. They are no candidates for the answer of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.documents.rows import read_row
from rag.index import Snapshot
from rag.types import Hit, Passage, Why

__all__ = ["beginnings"]

_FAR = 12  # passages, some seventy rows; the rows of longer tables, which are lists, are not traced back
_HITS = 4  # the rows that are quoted are among the best


def beginnings(snapshot: Snapshot, hits: Sequence[Hit]) -> list[Hit]:
    """The passages in which the tables begin that the best hits go on with, where those are not among the hits."""
    known = {hit.passage.id for hit in hits}
    found: list[Hit] = []
    for hit in hits[:_HITS]:
        passage = _beginning(snapshot, hit.passage)
        if passage and passage.id not in known:
            known.add(passage.id)
            why = Why(joined=f"the table of number {hit.rank} begins here")
            found.append(Hit(passage, 0.0, len(hits) + len(found) + 1, why))
    return found


def _beginning(snapshot: Snapshot, passage: Passage) -> Passage | None:
    """Where the table begins that a passage begins inside of; the passage itself when it does not."""
    at: Passage | None = passage
    for _ in range(_FAR):
        if at is None or not _continues(at):
            return at
        at = snapshot.before(at)
    return None


def _continues(passage: Passage) -> bool:
    """Whether a passage begins with a row, or with the label of a section and a row."""
    first, *rest = passage.text.split("\n", 2)
    return bool(read_row(first)) or (first.rstrip().endswith(":") and bool(rest) and bool(read_row(rest[0])))
