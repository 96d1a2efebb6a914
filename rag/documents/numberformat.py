"""Numbers and dates of spreadsheets as people see them, from the cell's number format.

Covers what formats say about kind (date, time, percent, currency), decimals and thousands; colours,
conditions and fill characters are ignored. Dates are written in ISO order, which every reader understands
and every question can match.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from fractions import Fraction

__all__ = ["shown"]

_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_PLACES = re.compile(r"[0#?][0#?,]*(?:\.[0#?]*)?,*")
_MASK = re.compile(r"^[^0#?.,]*(?:0+[^0#?.,]+)+0+[^0#?.,]*$")
_FRACTION = re.compile(r"[#0?]*\s*(\?+)/(\?+|\d+)")
_QUOTED = re.compile(r"\"[^\"]*\"|\\.|_.|\*.")
_BRACKETS = re.compile(r"\[[^\]]*\]")


def shown(raw: str, pattern: str, *, from_1904: bool = False) -> str:
    """The cell's value as text. ``raw`` is the stored number, ``pattern`` its format ("" = general)."""
    try:
        number = float(raw)
    except ValueError:
        return raw
    section = pattern.split(";")[0]
    bare = _BRACKETS.sub("", _QUOTED.sub("", section)).lower()
    if match := _ELAPSED.search(section):
        return _elapsed(number, match[1][0].lower())
    if any(letter in bare for letter in "ydhs") or (re.search(r"m", bare) and "general" not in bare):
        return _date(number, bare, raw, from_1904)
    if "%" in bare:
        return f"{number * 100:.{_decimals(bare)}f}%"
    if not bare or "general" in bare or bare == "@" or "e+" in bare:
        return _general(number)
    if match := _FRACTION.search(bare):
        return _fraction(number, match[2])
    return _number(number, _literal(section))


def _literal(section: str) -> str:
    """The format with what it shows as it is: currencies, quoted and escaped characters; no colours or conditions."""
    section = re.sub(r"\[\$([^\]-]*)[^\]]*\]", r"\1", section)
    section = re.sub(r"_.|\*.", "", _BRACKETS.sub("", section))
    return re.sub(r"\\(.)", r"\1", section.replace('"', ""))


def _number(number: float, pattern: str) -> str:
    """A number in its places with what stands before and after them: "€1,200.50", "30 kg", "(555) 123-4567"."""
    if _MASK.match(pattern) and number == int(number) >= 0:
        digits = f"{int(number):0{pattern.count('0')}d}"
        head, rest = digits[: len(digits) - pattern.count("0")], list(digits[len(digits) - pattern.count("0") :])
        return head + "".join(rest.pop(0) if char == "0" else char for char in pattern)
    places = _PLACES.search(pattern)
    if places is None:
        return _general(number)
    before, after = pattern[: places.start()].strip(" ("), pattern[places.end() :].rstrip(" )")
    thousands = len(places[0]) - len(places[0].rstrip(","))
    figures = abs(number) / 1000**thousands
    whole = places[0].rstrip(",").partition(".")[0]
    if whole.isdigit() and len(whole) > 1:
        digits = f"{figures:0{len(whole) + bool(_decimals(places[0])) + _decimals(places[0])}.{_decimals(places[0])}f}"
    else:
        digits = f"{figures:{',' if ',' in whole else ''}.{_decimals(places[0])}f}"
    sign = "-" if number < 0 and digits.strip("0.,") and "-" not in before else ""
    gap = " " if after[:1] in _SYMBOLS and after else ""
    return f"{sign}{before}{digits}{gap}{after}"


_SYMBOLS = "€$£¥₹"


def _elapsed(days: float, unit: str) -> str:
    """A span of time: "26:30" hours, as it can be longer than a day."""
    seconds = round(abs(days) * 86_400)
    if unit == "s":
        return str(seconds)
    minutes = seconds // 60
    lead = f"{minutes // 60}:{minutes % 60:02d}" if unit == "h" else f"{minutes}"
    return f"{'-' if days < 0 else ''}{lead}{f':{seconds % 60:02d}' if seconds % 60 or unit == 'm' else ''}"


def _fraction(number: float, below: str) -> str:
    """A number with a common fraction, such as "1 1/2"."""
    limit = int(below) if below.isdigit() else 10 ** len(below) - 1
    part = Fraction(abs(number)).limit_denominator(max(1, limit))
    whole, rest = divmod(part, 1)
    shown = " ".join(str(piece) for piece in (whole, rest) if piece) or "0"
    return f"{'-' if number < 0 else ''}{shown}"


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
