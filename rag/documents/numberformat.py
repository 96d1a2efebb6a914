"""Numbers and dates of spreadsheets as people see them, from the cell's number format.

Covers what formats say about kind (date, time, percent, currency), decimals and thousands; colours,
conditions and fill characters are ignored. Dates are written in ISO order, which every reader understands
and every question can match.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

__all__ = ["shown"]

_QUOTED = re.compile(r"\"[^\"]*\"|\\.|_.|\*.")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_CURRENCY = re.compile(r"\[\$([^\]-]+)[^\]]*\]|\"?([€$£¥₹])\"?")


def shown(raw: str, pattern: str, *, from_1904: bool = False) -> str:
    """The cell's value as text. ``raw`` is the stored number, ``pattern`` its format ("" = general)."""
    try:
        number = float(raw)
    except ValueError:
        return raw
    section = pattern.split(";")[0]
    bare = _BRACKETS.sub("", _QUOTED.sub("", section)).lower()
    if any(letter in bare for letter in "ydhs") or (re.search(r"m", bare) and "general" not in bare):
        return _date(number, bare, raw, from_1904)
    if "%" in bare:
        return f"{number * 100:.{_decimals(bare)}f}%"
    if not bare or "general" in bare or bare == "@" or "e+" in bare:
        return _general(number)
    digits = f"{abs(number):,.{_decimals(bare)}f}" if ",##" in bare else f"{abs(number):.{_decimals(bare)}f}"
    sign = "-" if number < 0 and digits.strip("0.,") else ""
    match = _CURRENCY.search(section)
    symbol = (match[1] or match[2]).strip() if match else ""
    if not symbol:
        return sign + digits
    after = match is not None and match.start() > section.find("0")
    return f"{sign}{digits} {symbol}" if after else f"{sign}{symbol}{digits}"


def _decimals(bare: str) -> int:
    match = re.search(r"\.([0#?]+)", bare)
    return len(match[1]) if match else 0


def _general(number: float) -> str:
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.10g}"


def _date(number: float, bare: str, raw: str, from_1904: bool) -> str:
    """A serial day number as date, time or both, as its format asks for."""
    if not -1 < number < 2_958_466:
        return raw
    day = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
    if not from_1904 and number < 60:
        day = datetime(1899, 12, 31)  # before the day that never was, 29 February 1900
    moment = day + timedelta(days=number)
    moment = (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
    has_date = any(letter in bare for letter in "yd") or "mmm" in bare
    has_time = "h" in bare or "s" in bare
    date = f"{moment:%Y-%m-%d}" if "d" in bare or "y" not in bare else f"{moment:%Y-%m}"
    if bare.strip(" -/.,") in ("yyyy", "yy"):
        date = f"{moment:%Y}"
    time = f"{moment:%H:%M:%S}" if "s" in bare and moment.second else f"{moment:%H:%M}"
    if has_date and has_time:
        return f"{date} {time}" if (moment.hour or moment.minute or moment.second) else date
    return date if has_date or not has_time else time
