"""Dates in every form, whole or in part: "Feb. 6, 2026", "2026-02-06", "6. Februar", "in May"."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MONTHS", "Date", "blank", "find_dates"]

MONTHS = {
    name: number
    for number, names in enumerate(
        """january|jan|januar|janvier|enero|gennaio february|feb|februar|février|febrero|febbraio
        march|mar|märz|mars|marzo april|apr|avril|abril|aprile may|mai|mayo|maggio
        june|jun|juni|juin|junio|giugno july|jul|juli|juillet|julio|luglio august|aug|août|agosto
        september|sep|sept|septembre|septiembre|settembre october|oct|okt|oktober|octobre|octubre|ottobre
        november|nov|novembre|noviembre december|dec|dez|dezember|décembre|diciembre|dicembre""".split(),
        start=1,
    )
    for name in names.split("|")
}
# French, Spanish and Italian months have small letters, and no English word looks like one of these
_SMALL_LETTERED = frozenset(
    """janvier février avril juin juillet août septembre octobre novembre décembre enero febrero abril junio julio
    agosto septiembre octubre noviembre diciembre mayo mai mars gennaio febbraio aprile maggio giugno luglio settembre
    ottobre dicembre""".split()
)
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})\b",
        r"\b(?P<day>\d{1,2})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})\b",
        rf"\b(?P<name>{_MONTH})\b\.?\s+{_DAY}(?!\d|[.,]\d)\b,?(?:\s+(?:in\s+)?(?P<year>\d{{4}})\b)?",
        rf"\b{_DAY}\s+(?:of\s+|de\s+)?(?P<name>{_MONTH})\b\.?,?(?:\s+(?:del?\s+)?(?P<year>\d{{4}})\b)?",
        rf"\b(?P<name>{_MONTH})\b\.?,?\s+(?:of\s+|del?\s+)?(?P<year>\d{{4}})\b",
    )
)
_LONE_MONTH = re.compile(rf"(?<![.!?]\s)\b(?P<name>{_MONTH})\b\.?", re.IGNORECASE)
_BEFORE_MAY = re.compile(
    r"\b(?:en|de|du|au|el|mi|début|fin|im|in|of|since|until|by|from|to|and|between|early|late|through|before|after|every|each)\s+$"
)


@dataclass(frozen=True, slots=True)
class Date:
    """A date or part of one; 0 is a part not given. ``readings`` are ``(year, month, day)``."""

    text: str
    readings: frozenset[tuple[int, int, int]]
    start: int


def blank(text: str, start: int, end: int) -> str:
    """``text`` with a place in it taken out of further reading, all offsets kept."""
    return text[:start] + "\x00" * (end - start) + text[end:]


def find_dates(text: str) -> tuple[list[Date], str]:
    """The dates, and the text with their places blanked."""
    found: list[Date] = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            year = _year(parts.get("year"))
            day = int(parts.get("day") or 0)
            if "name" in parts:
                readings = {(year, MONTHS[parts["name"].casefold()], day)}
            else:
                month = int(parts["month"])
                readings = {(year, month, day)} | ({(year, day, month)} if parts.get("sep") else set())
            readings = {(y, m, d) for y, m, d in readings if 1 <= m <= 12 and d <= 31}
            if readings:
                found.append(Date(match.group(), frozenset(readings), match.start()))
                text = blank(text, match.start(), match.end())
    for match in _LONE_MONTH.finditer(text):
        name = match["name"]
        is_word = name.casefold() in ("may", "march", "mar", "mai", "mars", "dec", "jan", "sept", "mayo")
        if (name[0].isupper() or name.casefold() in _SMALL_LETTERED) and (
            not is_word or _BEFORE_MAY.search(text[: match.start()])
        ):
            found.append(Date(match.group(), frozenset({(0, MONTHS[name.casefold()], 0)}), match.start()))
            text = blank(text, match.start(), match.end())
    return found, text


def _year(digits: str | None) -> int:
    if not digits:
        return 0
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)
