"""In what the numbers of a table are given: "(In millions)" above it goes in front of a quoted row.

A number without its unit misleads. The line may stand passages above the row that answers: the beginnings of tables
are among the evidence for it (``rag.retrieval.neighbours``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.documents.rows import read_row
from rag.plugins import Quote
from rag.types import Hit, Passage

__all__ = ["with_units"]

_CURRENCY = (
    r"(?:eur|usd|gbp|chf|sek|nok|dkk|pln|czk|jpy|cny|rmb|inr|aud|cad|us|u\.s\.|\$|€|£|¥|"
    r"dollars?|euros?|pounds?|francs?)"
)
_SCALE = (
    r"(?:thousands?|millions?|billions?|'?000s?|tausend|tsd|mio|millionen|mrd|milliarden|milliers|milliards|"
    r"millones|miles|migliaia|milioni|miliardi|mn|bn|m)"
)
# a line that says in what the numbers are given: "(In millions)", "$ in thousands", "€m", "Mio. EUR", "Angaben in €"
_UNIT = re.compile(
    rf"\W*(?:(?:all|amounts?|figures|values|stated|expressed|unaudited|angaben|beträge|werte|{_CURRENCY})\W+)*"
    rf"(?:in|en)\s+(?:{_CURRENCY}\W*)?(?:{_SCALE}\b|euros?\b|dollars?\b|percent\b|prozent\b|[%€$£¥])"
    rf"|\W*{_CURRENCY}\W{{0,2}}{_SCALE}\b|\W*(?!m\b){_SCALE}\W{{1,2}}(?:of |d'|de )?{_CURRENCY}(?!\w)",
    re.IGNORECASE,
)
_AT_END = re.compile(r"\(([^()]+)\)\W*$")  # "Segment performance (in millions)"
_GAP = 4  # characters of white space between a passage and the next
_AMOUNT = re.compile(r"\d")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_MOST_LINE = 80  # characters; a longer line is prose, and ends what belongs to a table


def with_units(evidence: Sequence[Hit], pieces: Iterable[str | Quote]) -> Iterator[str | Quote]:
    """The pieces of an answer, each row with numbers behind the line that gives their unit, once for all rows."""
    quoted: set[Quote] = set()
    held = ""  # what leads up to the next quote: a bullet, a heading
    for piece in pieces:
        if isinstance(piece, str):
            held += piece
            continue
        unit = _unit_of(evidence, piece)
        if unit and unit not in quoted:
            yield unit
            held = f"\n{held}" if held and not held.startswith("\n") else held
        quoted |= {piece, *([unit] if unit else [])}
        if held:
            yield held
        held = ""
        yield piece
    if held:
        yield held


def _unit_of(evidence: Sequence[Hit], quote: Quote) -> Quote | None:
    """The line above a row, between it and the last line of prose, that says in what its numbers are given."""
    passage = evidence[quote.number - 1].passage
    if not _has_amounts(passage.text, quote.start - passage.start, quote.end - passage.start):
        return None
    number: int | None = quote.number
    below = quote.start
    while number is not None:
        passage = evidence[number - 1].passage
        for at, line in _lines_above(passage, below):
            if len(line) > _MOST_LINE and not read_row(line):
                return None
            if _gives_unit(line):
                return Quote(number, at, at + len(line))
        below = passage.start
        number = _number_before(evidence, passage)
    return None


def _has_amounts(text: str, start: int, end: int) -> bool:
    """Whether a quote is a row with numbers, years apart, or the label of a section of such rows."""
    values = [text[slice(*cell.value)] for cell in read_row(text, start, end)]
    is_label = text[start:end].rstrip().endswith(":") and bool(read_row(text[end:].lstrip().partition("\n")[0]))
    return is_label or any(_AMOUNT.search(value) and not _YEAR.search(value) for value in values)


def _gives_unit(line: str) -> bool:
    return any(map(_UNIT.match, (line, *_AT_END.findall(line)))) and not read_row(line)


def _lines_above(passage: Passage, below: int) -> Iterator[tuple[int, str]]:
    """The lines of a passage that end before an offset of the document, from there up, with their own offsets."""
    lines: list[tuple[int, str]] = []
    at = passage.start
    for line in passage.text.split("\n"):
        words = line.strip()
        if words and at < below:
            lines.append((at + line.index(words), words))
        at += len(line) + 1
    return reversed([(start, line) for start, line in lines if start + len(line) <= below])


def _number_before(evidence: Sequence[Hit], passage: Passage) -> int | None:
    """The evidence that stands right before a passage, or in which its table begins, by its number."""
    earlier = [
        (hit.passage.end, number)
        for number, hit in enumerate(evidence, 1)
        if hit.passage.document_id == passage.document_id
        and hit.passage.end <= passage.start
        and (hit.why.joined or passage.start - hit.passage.end <= _GAP)
    ]
    return max(earlier)[1] if earlier else None
