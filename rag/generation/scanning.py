"""What a look at whole documents comes to: evidence, and the pieces of an answer over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.plugins import Quote
from rag.types import Hit, Passage, Span, Why

__all__ = ["Found", "Scan", "listing"]


@dataclass(frozen=True, slots=True)
class Scan:
    """The outcome: evidence, the pieces of the answer over it, and what was looked at. Without evidence the
    pieces are text that needs no citation ("None of the 3 documents mentions …"). ``is_summary`` says that the
    evidence stands for whole documents, and that a language model may write from it instead."""

    hits: tuple[Hit, ...]
    pieces: tuple[str | Quote, ...]
    note: str
    is_summary: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Words of a passage that are to be quoted; ``fact`` is what was asked for in them. Document offsets."""

    passage: Passage
    span: Span
    fact: Span | None = None


def listing(found: Sequence[Found], note: str, *, head: str = "", named: bool = True) -> Scan:
    """``head``, and below it a list of quotes, each behind the title of its document if ``named``."""
    numbers: dict[str, int] = {}
    passages = {one.passage.id: one.passage for one in found}
    for passage_id in passages:
        numbers[passage_id] = len(numbers) + 1
    hits = [Hit(passage, 1.0, rank, Why(fused=1.0)) for rank, passage in enumerate(passages.values(), 1)]
    pieces = tuple(_items(found, numbers, named))
    return Scan(tuple(hits), (f"{head}\n", *pieces) if head else pieces, note)


def _items(found: Sequence[Found], numbers: dict[str, int], named: bool) -> Iterator[str | Quote]:
    for one in found:
        if named or len(found) > 1:
            yield f"\n- {one.passage.title}: " if named else "\n- "
        yield Quote(numbers[one.passage.id], one.span.start, one.span.end, one.fact)
