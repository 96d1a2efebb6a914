"""Words read off a picture as a page: lines of text with their places, as if they had been printed.

So a scan gets what a PDF with text gets: columns in turn, tables as rows with their column names, paragraphs,
headings, running heads dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median

from rag.documents.ocr import Reading, Word
from rag.documents.pdfdrawn import WIDE_GAP, PageText, Segment
from rag.documents.pdfgrid import cell_text
from rag.documents.pdftables import find_tables

__all__ = ["page_of_words", "segments_of_words", "snapped", "word_at"]

_FIRST_WORD = -2  # in an index, -1 is no character
_HANGING = frozenset("gjpqyQ,;()[]{}|_/$§")
_TALL = frozenset("bdfhklt0123456789()[]{}|/$§&%")
_CAPITAL_SHARE = 0.72  # of the font size: how high capitals stand


def page_of_words(reading: Reading, scale: float) -> PageText:
    """A picture as a page; ``scale`` is pixels a point."""
    width, height = reading.width / scale, reading.height / scale
    return PageText(width, height, _rows_together(segments_of_words(reading.words, height, scale)))


def _rows_together(segments: list[Segment]) -> list[Segment]:
    """The segments in reading order, those of a table row by row: tesseract may read its columns as texts."""
    widths = {id(s): len(table.rows[0]) for table in find_tables(PageText(0, 0, segments)) for s in table.segments}
    across = _across(segments)
    for table in find_tables(PageText(0, 0, across)):
        if any(widths.get(id(segment), 0) >= len(table.rows[0]) for segment in table.segments):
            continue  # it was read row by row
        cells = [cell_text(cell) for row in table.rows for cell in row if cell]
        inside = {id(segment) for segment in table.segments}
        row_by_row = [segment for segment in across if id(segment) in inside]
        if sum(map(len, cells)) > 24 * len(cells):
            continue  # columns of prose
        place = next(k for k, segment in enumerate(segments) if id(segment) in inside)
        rest = [segment for segment in segments if id(segment) not in inside]
        segments = [*rest[:place], *row_by_row, *rest[place:]]
    return segments


def _across(segments: list[Segment]) -> list[Segment]:
    """The segments row by row from the top, each row from the left."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda s: -s.y0):
        if rows and rows[-1][0].y0 - segment.y0 < 0.5 * segment.size:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [segment for row in rows for segment in sorted(row, key=lambda s: s.x0)]


def segments_of_words(words: Sequence[Word], height: float, scale: float) -> list[Segment]:
    """Runs of words on one line without a wide gap, in points; y grows upwards from ``height`` below the top.

    The index of a segment's characters tells their word (``word_at``), as the page has no such characters.
    """
    lines = _level(words)
    sizes = _sizes(lines, scale)
    segments = []
    for place, line in lines.items():
        base = height - _baseline(line) / scale  # of the whole line, as single boxes are out by a few pixels
        for run in _runs(sorted(line, key=lambda word: word.x0), WIDE_GAP * sizes[place] * scale):
            text = " ".join(word.text for word in run)
            index = [place for word in run for place in (-1, *[_FIRST_WORD - word.number] * len(word.text))][1:]
            segments.append(
                Segment(
                    text, index, run[0].x0 / scale, base - 0.2 * sizes[place],
                    run[-1].x1 / scale, base + 0.75 * sizes[place], sizes[place], False,
                )
            )  # fmt: skip
    return segments


def word_at(place: int) -> int:
    """The number of the word that a character of a recognised page stands in; -1 when it is in none."""
    return _FIRST_WORD - place if place <= _FIRST_WORD else -1


def _level(words: Sequence[Word]) -> dict[tuple[int, int, int], list[Word]]:
    """The words by line, moved up or down as if the paper had lain straight."""
    lines: dict[tuple[int, int, int], list[Word]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    slopes = []
    for line in lines.values():
        standing = [word for word in line if word.text and not _HANGING.intersection(word.text)]
        if len(standing) >= 3 and standing[-1].x0 - standing[0].x0 > 700:
            slopes.append((standing[-1].y1 - standing[0].y1) / (standing[-1].x0 - standing[0].x0))
    slope = median(slopes) if len(slopes) >= 3 else 0.0
    if abs(slope) < 0.002:  # boxes are whole pixels
        return lines
    return {
        place: [replace(w, y0=w.y0 - round(slope * w.x0), y1=w.y1 - round(slope * w.x0)) for w in line]
        for place, line in lines.items()
    }


def _sizes(lines: dict[tuple[int, int, int], list[Word]], scale: float) -> dict[tuple[int, int, int], float]:
    """The font size of each line; lines near the page's usual size have that."""
    heights = {place: _height(line) / scale / _CAPITAL_SHARE for place, line in lines.items()}
    usual = median(heights.values()) if heights else 10.0
    return {
        place: usual if _reads_on(lines[place]) and size < 2 * usual else snapped(size, usual)
        for place, size in heights.items()
    }


def _reads_on(line: Sequence[Word]) -> bool:
    """Whether a line is too long for a heading, or an item of a list: if it is high, something else is in its boxes."""
    return len(line) > 8 or not any(char.isalnum() for char in line[0].text)


def snapped(size: float, usual: float) -> float:
    """A size as measured on a picture: the usual one unless it is plainly another, since it varies with the letters."""
    return usual if 0.75 * usual < size < 1.3 * usual else round(size)


def _baseline(line: Sequence[Word]) -> float:
    """Where the letters of a line stand, in pixels from the top."""
    standing = [word.y1 for word in line if not _HANGING.intersection(word.text)]
    return median(standing or [word.y1 - 0.22 * (word.y1 - word.y0) for word in line])


def _height(line: Iterable[Word]) -> float:
    """How high capitals would stand on a line: words are measured by the letters in them that stand out."""
    return median(
        (word.y1 - word.y0)
        * {(True, True): 0.78, (False, False): 1.38}.get(
            (any(c.isupper() or c in _TALL for c in word.text), bool(_HANGING.intersection(word.text))), 1.0
        )
        for word in line
    )


def _runs(line: Sequence[Word], wide: float) -> list[list[Word]]:
    """The words of a line in runs without a wide gap or a table's upright rule, which is read as a bar."""
    runs: list[list[Word]] = []
    is_ruled_off = True
    for word in line:
        text = word.text.strip("|")
        if not text and word.text:
            is_ruled_off = True
            continue
        is_ruled_off = is_ruled_off or word.text.startswith("|") or word.x0 - runs[-1][-1].x1 > wide
        if is_ruled_off:
            runs.append([])
        runs[-1].append(replace(word, text=text))
        is_ruled_off = word.text.endswith("|")
    readable = ([word for word in run if word.text] for run in runs)
    return [run for run in readable if run]
