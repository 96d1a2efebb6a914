"""Numbers in every form: separators, magnitudes, units, percentages, and words ("two hundred", "third")."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rag.generation.numberwords import MAGNITUDES, ORDINALS, compose
from rag.generation.words import STOPWORDS, fold, is_negation

__all__ = ["Number", "find_numbers", "is_plain_quantity", "readings"]

_UNITS = {
    unit: names.split()[0]
    for names in (
        "% percent pct prozent", "pp prozentpunkte prozentpunkten", "$ usd dollar dollars us$",
        "€ eur euro euros", "£ gbp pound pounds",
        "¥ yen yuan rmb jpy cny", "km kilometer kilometers kilometre kilometres", "meter meters metre metres",
        "cm centimeter centimeters centimetre centimetres", "mm millimeter millimeters millimetres",
        "mile miles mi", "foot feet ft", "inch inches", "yard yards", "kg kilogram kilograms kilo kilos",
        "gram grams g", "tonne tonnes ton tons", "lb lbs", "liter liters litre litres l", "second seconds sec",
        "minute minutes min", "hour hours hr hrs h stunde stunden heure heures hora horas",
        "day days tag tage tagen jour jours dia dias",
        "week weeks woche wochen semaine semaines semana semanas",
        "month months monat monate monaten mois mes meses", "year years jahr jahre jahren yr yrs ans anos",
        "degree degrees °", "c celsius °c", "f fahrenheit °f", "gb gigabyte gigabytes", "mb megabyte megabytes",
        "tb terabyte terabytes", "kb kilobyte kilobytes", "kw kilowatt kilowatts", "mw megawatt megawatts",
        "kwh", "mph", "hz", "ghz", "mhz", "volt volts v", "watt watts w",
    )
    for unit in names.split()
}  # fmt: skip
_GROUPED = r"\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?"
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w)])[-−](?=[\d.])|\b(?:minus|negative)\s)?(?P<currency>US\$|[$€£¥])?\s?"
    rf"(?P<digits>{_GROUPED}|\d+(?:[.,]\d+)?|(?<!\w)\.\d+)(?P<suffix>st\b|nd\b|rd\b|th\b|s\b)?"
    r"(?:[\s\u00a0-]?(?P<unit>%|°\s?[CF]?|[€£]|[ap]\.\s?m\.|[^\W\d_]+²?))?"
)
_SQUARE = frozenset("square sq cubic quadrat".split())
_BETWEEN = frozenset("working business calendar consecutive full whole additional extra more further trading".split())
_POINTS = re.compile(r"(?i)[\s-]*points?\b")
_RANGE = re.compile(r"\s*(?:to|and|-|–|—|bis|und|à|et|a|y)\s*")
_SHARE = re.compile(
    r"(?i)\b(?P<n>an?|one|two|three|four|five|seven|nine)[\s-](?P<part>quarter|third|fifth|sixth|eighth|tenth)s?\b"
    r"(?=\s*(?:$|[.,;:)]|(?:of|in|to|with|by|on|from|for|at|and|or|than|as|is|are|was|were|while|had|have|has)\b))"
)
_PARTS = {"quarter": 4, "third": 3, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_UNITED = re.compile(
    r"(?i)^\d+(?:[.,]\d+)*(st|nd|rd|th|s|%|k|m|bn|tn|x|" + "|".join(u for u in _UNITS if u.isalpha()) + r")$"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A quantity. ``values`` are the readings its separators allow; ``unit`` is "" when unknown;
    ``digits`` how many significant digits were written; ``start`` and ``end`` say where it stands."""

    text: str
    values: frozenset[float]
    unit: str
    digits: int
    start: int
    end: int
    is_written: bool = False
    is_ordinal: bool = False


def find_numbers(text: str) -> list[Number]:
    """The numbers in a text, those in words last."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        number, scale = _read(match, text)
        if found and number.unit and _RANGE.fullmatch(text[found[-1].end : match.start()]):
            found[-1] = _as_in_range(found[-1], number, scale)
        found.append(number)
    shares = [_share(match) for match in _SHARE.finditer(text)]
    for share in shares:
        text = text[: share.start] + " " * (share.end - share.start) + text[share.end :]
    return found + shares + _written(text)


def _read(match: re.Match[str], text: str) -> tuple[Number, float]:
    """The number that ``match`` found, and the magnitude that was written after it."""
    after = fold(match["unit"] or "").replace(" ", "")
    scale = 1.0
    rest = text[match.end() :]
    if after in MAGNITUDES and (
        after not in ("m", "b", "k") or match["currency"] or text[match.end("digits")].isalpha()
    ):
        scale = MAGNITUDES[after]
        following = re.match(r"\s*(?:of\s+|de\s+|d['’])?(%|[€£]|[^\W\d_]+)", rest)
        after, rest = (fold(following[1]), rest[following.end() :]) if following else ("", rest)
    if after in _BETWEEN and (following := re.match(r"\s+([^\W\d_]+)", rest)):  # "14 working days"
        after, rest = fold(following[1]), rest[following.end() :]
    if after in _SQUARE and (squared := re.match(r"[\s.-]*([^\W\d_]+)", rest)):
        unit = _UNITS.get(fold(squared[1]), "")
        after = f"{unit}²" if unit else ""
    unit = _UNITS.get(match["currency"] or "", "") or _UNITS.get((match["currency"] or "").casefold(), "")
    unit = unit or (after if after.endswith("²") else _UNITS.get(after, ""))
    if after.endswith("²"):
        unit = _UNITS.get(after[:-1], after[:-1]) + "²"
    elif after in ("per", "pour", "por") and re.match(r"\s*c(?:ent|iento)\b", rest):
        unit = "%"
    elif after[:1] in ("a", "p") and re.fullmatch(r"[ap]\.?\s?m\.?", after):
        unit = after[0] + "m"
    elif after == "percentage" or (unit == "%" and after != "%" and _POINTS.match(rest)):
        unit = "pp" if _POINTS.match(rest) else "%"
    digits = len(re.sub(r"\D", "", match["digits"]).strip("0")) or 1
    sign = -1.0 if match["sign"] else 1.0
    said = match.group() if unit or scale != 1 else text[match.start() : match.end("digits")]
    values = frozenset(round(sign * value * scale, 6) for value in readings(match["digits"]))
    is_ordinal = (match["suffix"] or "s") != "s"
    end = match.end() if unit or scale != 1 else match.end("digits")
    return Number(said.strip(), values, unit, digits, match.start(), end, is_ordinal=is_ordinal), scale


def _as_in_range(first: Number, last: Number, scale: float) -> Number:
    """``first`` with what "1.2 to 1.5 billion dollars" says of both."""
    values = first.values | (frozenset(round(value * scale, 6) for value in first.values) if scale != 1 else set())
    return replace(first, values=values, unit=first.unit or last.unit)


def _share(match: re.Match[str]) -> Number:
    """ "a quarter", "two thirds": the fraction, or as many per cent."""
    above = 1.0 if match["n"].casefold() in ("a", "an") else compose([match["n"].casefold()])[0]
    part = above / _PARTS[match["part"].casefold()]
    values = {
        round(part, 6),
        round(100 * part, 6),
        float(int(100 * part)),
        float(round(100 * part)),
        int(1000 * part) / 10,
    }
    return Number(match.group(), frozenset(values), "", 2, match.start(), match.end(), is_written=True)


def readings(digits: str) -> set[float]:
    """The values that a number's separators allow: 1,234 may be 1234 or 1.234."""
    plain = re.sub(r"[\s\u00a0\u202f'’]", "", digits)
    if re.fullmatch(r"\d+", plain):
        return {float(plain)}
    separators = re.findall(r"[.,]", plain)
    values = set()
    if len(separators) == 1:
        head, tail = re.split(r"[.,]", plain)
        values.add(float(f"{head or 0}.{tail}"))
        if len(tail) == 3 and head and head != "0":
            values.add(float(head + tail))
    elif len(set(separators)) == 1:
        values.add(float(re.sub(r"[.,]", "", plain)))
    else:
        values.add(float(plain.replace(separators[0], "").replace(separators[-1], ".")))
    return values


def _written(text: str) -> list[Number]:
    """Numbers in words: "three", "twenty-five", "two hundred million", "third", "twice"."""
    found = []
    matches = [
        match for match in re.finditer(r"[^\W\d_]+", text) if not (match.group().isupper() and len(match[0]) < 5)
    ]
    tokens = [(match.start(), fold(match.group())) for match in matches]
    i = 0
    while i < len(tokens):
        first, (value, used) = i, compose([word for _, word in tokens[i : i + 8]])
        if not used:
            i += 1
            continue
        i += used
        following = tokens[i][1] if i < len(tokens) else ""
        unit = "%" if following in ("percent", "per") else _UNITS.get(following, "") if len(following) > 1 else ""
        if following == "percentage":
            unit = "pp" if i + 1 < len(tokens) and tokens[i + 1][1].startswith("point") else "%"
        written = " ".join(word for _, word in tokens[first:i])
        # "the first 14 days" counts the days, not the first of them
        leads_on = written == "first" and text[tokens[first][0] + 5 :].lstrip()[:1].isdigit()
        if not leads_on and (written != "one" or _counts(tokens, first)):
            end = matches[i - 1].end()
            is_ordinal = tokens[i - 1][1] in ORDINALS
            found.append(Number(written, frozenset({value}), unit, 2, tokens[first][0], end, True, is_ordinal))
    return found


def _counts(tokens: list[tuple[int, str]], i: int) -> bool:
    """Whether the "one" at ``i`` counts something rather than standing for it."""
    before = tokens[i - 1][1] if i else ""
    after = tokens[i + 1][1] if i + 1 < len(tokens) else ""
    pronoun = before in ("the", "this", "that", "which", "each", "any", "no", "every", "only", "as", "at", "or")
    return bool(after) and not pronoun and (after not in STOPWORDS) and not is_negation(after)


def is_plain_quantity(text: str) -> bool:
    """Whether digits and letters without a space between are a number with its unit ("10th", "5km")."""
    return bool(_UNITED.match(text))
