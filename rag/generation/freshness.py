"""How old a source is, as far as it says so itself: by its heading, its title, its file name or a line with a date; and
where it says nothing, by the date in the properties of its file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rag.generation.dates import find_dates
from rag.types import Hit

__all__ = ["When", "date_of", "label", "wants_newest"]

When = tuple[int, int, int]  # year, month, day; 0 is a part not given

_NOW = re.compile(
    r"\b(now|nowadays|current|currently|latest|newest|today|presently|at (the moment|present)|these days|"
    r"most recent(ly)?|"
    r"aktuell\w*|derzeit\w*|heute|heutige\w*|jetzt|neueste\w*|momentan|actuel\w*|aujourd['’]hui|maintenant|actual(es|"
    r"mente)?|ahora|hoy|attual\w*|oggi|adesso)\b",
    re.IGNORECASE,
)
_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[-_.]?(0[1-9]|1[0-2])(?:[-_.]?(0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_DATED_LINE = re.compile(
    r"^\W*(?:date|dated|valid|effective|as of|updated|last (?:updated|modified|changed)|published|version|stand|datum|"
    r"gültig|fecha|data|en vigueur)\b[^\n]{0,80}",
    re.IGNORECASE | re.MULTILINE,
)
_MONTHS = (
    "January February March April May June July August September October November December".split()
)  # fmt: skip


def wants_newest(question: str) -> bool:
    """Whether a question is about how things stand now."""
    return bool(_NOW.search(question))


def date_of(hit: Hit, dates: Mapping[str, str] | None = None) -> When | None:
    """The date of the source of a hit; None when it does not say and ``dates``, by document id, has none."""
    passage = hit.passage
    lines = " ".join(_DATED_LINE.findall(passage.text))
    for place in (passage.heading, passage.title, passage.source, lines, (dates or {}).get(passage.document_id, "")):
        found = _in(place)
        if found:
            return found
    return None


def label(when: When) -> str:
    """A date in words: "March 2025"."""
    year, month, day = when
    return " ".join(filter(None, (str(day or ""), _MONTHS[month - 1] if month else "", str(year))))


def _in(text: str) -> When | None:
    """The latest date with a year in a text."""
    dates, rest = find_dates(text)
    found = [min(date.readings) for date in dates]  # of 3/4/2025 either reading: the month hardly matters
    found += [(int(m[1]), int(m[2] or 0), int(m[3] or 0)) for m in _IN_NAME.finditer(rest)]
    return max((when for when in found if when[0]), default=None)
