"""Lists and tables as answers: the items of a list that answers, each quoted and cited by itself.

A list is a run of lines in one passage, each a sentence of its own, marked with a bullet or a number or
standing on neighbouring lines under a line that introduces them.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.generation.choice import Reading
from rag.generation.marking import is_row
from rag.generation.rarity import language_in, related_to
from rag.index import terms
from rag.passages.sentences import BULLET, announces
from rag.plugins import Quote
from rag.types import Hit, Span

__all__ = ["bullet_length", "listed", "of_one_list"]

_MOST = 15
# an item this long is a paragraph
_MOST_WORDS = 45
# so much of the question's weight must be in a list
_ABOUT = 0.5
# The list must begin at, follow on, or hold one of so many best sentences.
_NEAR = 2
# so many chosen sentences of one list stand for the whole of it
_MANY = 3


def listed(reading: Reading) -> list[str | Quote]:
    """The answer as a list, ready to be written; empty when the question or the evidence is not of that kind."""
    asked = reading.asked
    wants_items = asked.wants_list or asked.is_plural or asked.kind == "steps"
    for i in reading.ranked[:_NEAR]:
        candidate = reading.candidates[i]
        if is_row(candidate.text) and not asked.wants_list:
            continue  # of a table, the row that was asked for
        introduces = announces(candidate.text)
        if not (wants_items or (introduces and i == reading.ranked[0])):
            continue
        hit = reading.evidence[candidate.number - 1]
        run = _run(hit, candidate.index)
        if run and _is_about(reading, hit, *run):
            head, items = run
            return _written(candidate.number, hit, head, items)
    return []


def of_one_list(reading: Reading, chosen: Sequence[int]) -> list[str | Quote]:
    """The whole bulleted list that the best of the chosen sentences, and most of them, are items of, where more than a
    figure is asked for."""
    if reading.asked.kind in ("number", "time", "yes-no") or len(chosen) < _MANY:
        return []
    best = reading.candidates[chosen[0]]
    hit = reading.evidence[best.number - 1]
    run = _run(hit, best.index) if BULLET.match(best.text) else None
    if not run:
        return []
    head, items = run[0], [span for span in run[1] if BULLET.match(_text(hit, span))]
    members = {reading.candidates[i].start for i in chosen if reading.candidates[i].number == best.number}
    if len(members & {span.start for span in items}) < _MANY or not _is_about(reading, hit, head, items):
        return []
    return _written(best.number, hit, head, items)


def _is_about(reading: Reading, hit: Hit, head: Span | None, items: Sequence[Span]) -> bool:
    """Whether a list, with its head and the headings above it, holds most of what the question is about."""
    passage = hit.passage
    first, last = head or items[0], items[-1]
    text = passage.text[first.start - passage.start : last.end - passage.start]
    words = frozenset(terms(f"{passage.title} {passage.heading} {text}", language_in(passage.text)))
    return sum(reading.weight[term] for term in related_to(reading.weight, words)) >= _ABOUT


def bullet_length(text: str) -> int:
    """The length of the bullet or number that a line begins with; 0 when nothing follows it."""
    bullet = BULLET.match(text)
    return bullet.end() if bullet and text[bullet.end() :].strip() else 0


def _run(hit: Hit, index: int) -> tuple[Span | None, list[Span]] | None:
    """The introducing line and the items of the list that sentence ``index`` is in or introduces."""
    sentences = hit.passage.sentences
    item = [_is_item(hit, i) for i in range(len(sentences))]
    first = index
    if not item[index]:
        if index + 1 >= len(sentences) or not item[index + 1] or not announces(_text(hit, sentences[index])):
            return None
        first = index + 1
    while first and item[first - 1] and _adjoin(hit, first - 1):
        first -= 1
    last = first
    while last + 1 < len(sentences) and item[last + 1] and _adjoin(hit, last):
        last += 1
    if last == first:
        return None
    head = sentences[first - 1] if first and announces(_text(hit, sentences[first - 1])) else None
    return head, list(sentences[first : last + 1][:_MOST])


def _text(hit: Hit, span: Span) -> str:
    return hit.passage.text[span.start - hit.passage.start : span.end - hit.passage.start].strip()


def _adjoin(hit: Hit, i: int) -> bool:
    """Whether the next sentence stands on the very next line."""
    one, other = hit.passage.sentences[i], hit.passage.sentences[i + 1]
    between = hit.passage.text[one.end - hit.passage.start : other.start - hit.passage.start]
    return not between.strip() and "\n" in between and between.count("\n") <= 2


def _is_item(hit: Hit, i: int) -> bool:
    """Whether a sentence is a line of a list: a bullet, or one whole line among others."""
    start, end = hit.passage.sentences[i]
    text = hit.passage.text
    before, after = text[: start - hit.passage.start], text[end - hit.passage.start :]
    own_line = (not before or before.rstrip(" \t").endswith("\n")) and (
        not after or after.lstrip(" \t")[:1] in ("\n", "")
    )
    words = len(_text(hit, Span(start, end)).split())
    if not own_line or words > _MOST_WORDS:
        return False
    if BULLET.match(text[start - hit.passage.start : end - hit.passage.start]):
        return True
    if not before:  # a row that the passage begins with, not the line that introduces the others
        return not announces(_text(hit, Span(start, end)))
    return before.rstrip(" \t")[-2:] not in ("\n\n",) and before.endswith("\n")


def _written(number: int, hit: Hit, head: Span | None, items: Sequence[Span]) -> list[str | Quote]:
    pieces: list[str | Quote] = []
    if head is not None:
        pieces += [Quote(number, head.start, head.end), "\n"]
    for span in items:
        bullet = BULLET.match(hit.passage.text[span.start - hit.passage.start : span.end - hit.passage.start])
        start = span.start + (bullet.end() if bullet else 0)
        numbered = bullet and bullet[0].strip()[:1].isdigit()
        mark = f"{bullet[0].strip().strip('().')}." if bullet and numbered else "-"
        pieces += [f"\n{mark} ", Quote(number, start, span.end)]
    return pieces
