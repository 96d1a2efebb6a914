"""From segments on a page to lines, paragraphs, list items, headings and tables in reading order.

The order is the content's own, which is right for most producers; it is corrected where neighbouring
columns were written line by line across the page. Nothing here knows about other pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from rag.documents.pdfdrawn import PageText, Segment
from rag.documents.pdftables import Table, columns_in_turn, find_tables

__all__ = ["Block", "Line", "layout", "lines_of", "paragraphs", "without_leader"]

_BULLET = re.compile(
    r"^(?:[•▪◦‣●○■□➢➤✓✔*–—·-]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,5})[.)]\s|\d{1,2}(?:\.\d{1,2}){1,3}\.?\s|\.\d+\s)"
)
_MARKER = re.compile(r"^(?:[•▪◦‣●○■□➢➤✓✔]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,5})[.)])$")
_LEADER = re.compile(r"(?:\s?[.…·_]){4,}\s*(?=[\divxlc]{1,6}$)")  # a contents line: "Surgery ......... 28"
_SENTENCE_END = re.compile(r"[.!?:;。！？…]['\"”’)\]]*$")


class Line(Segment):
    """One visual line: segments that follow each other."""


@dataclass(slots=True)
class Block:
    """Lines that belong together, or a table. ``kind`` is text, item or table."""

    kind: str
    lines: list[Line] = field(default_factory=list)
    table: Table | None = None

    @property
    def size(self) -> float:
        """The largest font size in it."""
        return max((line.size for line in self.lines), default=0.0)

    @property
    def is_bold(self) -> bool:
        """Whether every line is bold."""
        return bool(self.lines) and all(line.is_bold for line in self.lines)


def layout(page: PageText) -> list[Line | Table]:
    """The page's lines and tables in reading order."""
    tables = find_tables(page)
    by_segment = {id(segment): table for table in tables for segment in table.segments}
    flow: list[Segment | Table] = []
    placed: set[int] = set()
    segments = _with_markers(page.segments)
    for segment in segments if tables else columns_in_turn(segments):
        table = by_segment.get(id(segment))
        if table is None:
            flow.append(segment)
        elif id(table) not in placed:
            placed.add(id(table))
            flow.append(table)
    lines = lines_of(flow)
    for line in lines:
        if isinstance(line, Line) and _reads_leftwards(line.text):
            line.x0, line.x1 = -line.x1, -line.x0  # so that lines begin at the small end
    return lines


def _with_markers(segments: list[Segment]) -> list[Segment]:
    """The segments with bullets and numbers that were drawn apart from their items in front of them."""
    alone = [
        marker
        for marker, following in zip(segments, [*segments[1:], None], strict=False)
        if _MARKER.match(marker.text) and not (following and _stands_before(marker, following))
    ]
    if not alone or len(alone) * len(segments) > 2_000_000:
        return segments
    ids = {id(marker) for marker in alone}
    moved: dict[int, Segment] = {}  # by the item they belong to
    for marker in alone:
        items = [s for s in segments if id(s) not in ids and _stands_before(marker, s)]
        if items:
            moved.setdefault(id(min(items, key=lambda s: s.x0)), marker)
    gone = {id(marker) for marker in moved.values()}
    return [
        one
        for segment in segments
        if id(segment) not in gone
        for one in ([moved[id(segment)], segment] if id(segment) in moved else [segment])
    ]


def _stands_before(marker: Segment, item: Segment) -> bool:
    """Whether the marker stands right in front of the item, on its baseline."""
    gap = item.x0 - marker.x1
    return abs(item.middle - marker.middle) < 0.4 * item.size and -1 < gap < 4 * item.size


def _reads_leftwards(text: str) -> bool:
    """Whether most letters are Hebrew or Arabic."""
    n = sum(1 for char in text if "\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufefc")
    return n * 2 > sum(1 for char in text if char.isalpha())


def lines_of(flow: Iterable[Segment | Table]) -> list[Line | Table]:
    """Segments that follow each other on one baseline as one line."""
    lines: list[Line | Table] = []
    for item in flow:
        last = lines[-1] if lines else None
        if isinstance(item, Table) or not isinstance(last, Line) or not _same_baseline(last, item):
            if isinstance(item, Table):
                lines.append(item)
            else:
                lines.append(
                    Line(item.text, list(item.index), item.x0, item.y0, item.x1, item.y1, item.size, item.is_bold)
                )
            continue
        last.text += " " + item.text
        last.index += [-1, *item.index]
        last.is_bold = last.is_bold and item.is_bold
        last.x0, last.x1 = min(last.x0, item.x0), max(last.x1, item.x1)
        last.y0, last.y1 = min(last.y0, item.y0), max(last.y1, item.y1)
        last.size = max(last.size, item.size) if len(item.text) > 3 else last.size
    return lines


def _same_baseline(line: Line, segment: Segment) -> bool:
    overlap = min(line.y1, segment.y1) - max(line.y0, segment.y0)
    apart = max(segment.x0 - line.x1, line.x0 - segment.x1)
    return overlap > 0.6 * min(line.y1 - line.y0, segment.y1 - segment.y0) and apart > -1


def paragraphs(lines: list[Line | Table], *, is_scan: bool = False) -> list[Block]:
    """Lines joined to paragraphs and list items, by spacing, indents, and where lines were broken.

    On a scan the lines of a form or a table run into each other, so only a line's own stretch tells its margin.
    """
    blocks: list[Block] = []
    text_lines = [line for line in lines if isinstance(line, Line)]
    leading = _leading(text_lines)
    right = _right_margins(text_lines, is_scan=is_scan)
    for line in lines:
        if isinstance(line, Table):
            blocks.append(Block("table", table=line))
            continue
        last = blocks[-1] if blocks else None
        if last is not None and last.kind != "table" and _continues(last, line, leading, right):
            last.lines.append(line)
        else:
            is_item = _BULLET.match(line.text) or _LEADER.search(line.text)
            blocks.append(Block("item" if is_item else "text", [line]))
    return blocks


def without_leader(text: str) -> str:
    """A line of a table of contents without its row of dots."""
    return _LEADER.sub(" … ", text)


def _leading(lines: list[Line]) -> float:
    """The usual distance of baselines in units of the font size."""
    counts: Counter[float] = Counter()
    for above, below in pairwise(lines):
        distance = above.y0 - below.y0
        if 0 < distance < 4 * below.size and abs(above.size - below.size) < 0.6:
            counts[round(distance / below.size, 1)] += 1
    return min(2.6, max(1.0, counts.most_common(1)[0][0])) if counts else 1.25


def _right_margins(lines: list[Line], *, is_scan: bool) -> dict[int, float]:
    """For each line (by id) how far right the lines reach that begin at about the same x: on a page of one
    column all of them, on others those nearby, since a title may stand over two columns."""
    left, right = min((line.x0 for line in lines), default=0.0), max((line.x1 for line in lines), default=0.0)
    n_right = sum(1 for line in lines if line.x0 > (left + right) / 2 and len(line.text) > 20)
    margins: dict[int, float] = {}
    runs = _runs(lines, 2 if is_scan else 4) if n_right >= 4 or is_scan else {}
    for place, line in enumerate(lines):
        near = runs.get(place) or (lines[max(0, place - 6) : place + 7] if n_right >= 4 else lines)
        margins[id(line)] = max(
            other.x1
            for other in near
            if abs(other.x0 - line.x0) < 3 * line.size and abs(other.size - line.size) < 0.15 * line.size + 0.1
        )
    return margins


def _runs(lines: list[Line], least: int) -> dict[int, list[Line]]:
    """For lines of stretches of ``least`` and more that are evenly spaced and begin at one x: their stretch."""
    runs: dict[int, list[Line]] = {}
    run: list[Line] = []
    for place, line in enumerate(lines):
        above = run[-1] if run else None
        distance = above.y0 - line.y0 if above else 0.0
        is_next = above is not None and 0 < distance < 1.6 * line.size and abs(above.x0 - line.x0) < line.size
        run = [*run, line] if is_next and abs(run[0].size - line.size) < 0.6 else [line]
        if len(run) >= least:
            runs |= {place - k: run for k in range(len(run))}
    return runs


def _continues(block: Block, line: Line, leading: float, right: dict[int, float]) -> bool:
    above = block.lines[-1]
    distance = above.y0 - line.y0
    size = max(above.size, line.size, 1.0)
    if _LEADER.search(above.text) or _LEADER.search(line.text):
        return False
    if min(above.x1, line.x1) - max(above.x0, line.x0) <= 0:
        return False
    if not 0.3 * size < distance <= leading * 1.28 * size + 0.5:
        return False
    if abs(above.size - line.size) > 0.12 * size or (above.is_bold != line.is_bold and _is_whole(above, line)):
        return False
    if _BULLET.match(line.text) and not (block.kind == "text" and _looks_inside(above, line)):
        return False
    if above.text.endswith("-") and line.text[:1].islower():
        return True
    first_word = line.text.split(" ", 1)[0]
    word_width = (line.x1 - line.x0) * (len(first_word) + 1) / max(1, len(line.text))
    margin = max(right[id(line)], right[id(above)])
    if above.x1 + word_width < margin - 0.6 * size:
        return False  # the next word would have fitted: the line was ended on purpose
    indented = line.x0 > above.x0 + 0.9 * size and block.kind == "text"
    return not (indented and (len(block.lines) > 1 or _SENTENCE_END.search(above.text)))


def _is_whole(above: Line, line: Line) -> bool:
    """Whether a change of weight between two lines means something: both are more than a word."""
    return len(above.text) > 2 and len(line.text) > 2


def _looks_inside(above: Line, line: Line) -> bool:
    """Whether what looks like a bullet is running text: "… chapter\\n3. …" or a dash inside a sentence."""
    return line.text[0] in "–—-·*" and not _SENTENCE_END.search(above.text) and line.x0 <= above.x0 + 1
