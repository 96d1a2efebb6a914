"""Numbers in every form: separators, magnitudes, units, percentages, and words ("two hundred", "third")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.generation.words import STOPWORDS, fold, is_negation

__all__ = ["NUMBER_WORDS", "Number", "find_numbers", "is_plain_quantity", "readings"]

_SMALL = {
    word: value
    for value, names in enumerate(
        """zero|null one|eins two|zwei three|drei four|vier five|fünf six|sechs seven|sieben eight|acht nine|neun
        ten|zehn eleven|elf twelve|zwölf thirteen|dreizehn fourteen fifteen sixteen seventeen eighteen
        nineteen""".split()
    )
    for word in names.split("|")
}
_TENS = {w: (i + 2) * 10 for i, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())}
_ORDINALS = {
    word: value + 1
    for value, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth""".split()
    )
} | {word[:-1] + "ieth": value for word, value in _TENS.items()}
_OTHERS = {"twice": 2, "thrice": 3, "dozen": 12, "half": 0.5, "double": 2, "doubled": 2, "triple": 3, "tripled": 3}
NUMBER_WORDS: dict[str, float] = {
    **_SMALL,
    **_TENS,
    **_ORDINALS,
    "hundred": 100,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "dozen": 12,
}
_MAGNITUDES = {
    "hundred": 1e2, "thousand": 1e3, "k": 1e3, "tausend": 1e3, "million": 1e6, "millions": 1e6, "mn": 1e6,
    "mio": 1e6, "mln": 1e6, "m": 1e6, "millionen": 1e6, "billion": 1e9, "billions": 1e9, "bn": 1e9, "b": 1e9,
    "mrd": 1e9, "milliarde": 1e9, "milliarden": 1e9, "trillion": 1e12, "trillions": 1e12, "tn": 1e12,
}  # fmt: skip
_UNITS = {
    unit: names.split()[0]
    for names in (
        "% percent pct prozent", "$ usd dollar dollars us$", "€ eur euro euros", "£ gbp pound pounds",
        "¥ yen yuan rmb jpy cny", "km kilometer kilometers kilometre kilometres", "meter meters metre metres",
        "cm centimeter centimeters centimetre centimetres", "mm millimeter millimeters millimetres",
        "mile miles mi", "foot feet ft", "inch inches", "yard yards", "kg kilogram kilograms kilo kilos",
        "gram grams g", "tonne tonnes ton tons", "lb lbs", "liter liters litre litres l", "second seconds sec",
        "minute minutes min", "hour hours hr hrs h stunde stunden", "day days tag tage tagen",
        "week weeks woche wochen", "month months monat monate monaten", "year years jahr jahre jahren yr yrs",
        "degree degrees °", "c celsius", "f fahrenheit", "gb gigabyte gigabytes", "mb megabyte megabytes",
        "tb terabyte terabytes", "kb kilobyte kilobytes", "kw kilowatt kilowatts", "mw megawatt megawatts",
        "kwh", "mph", "hz", "ghz", "mhz", "volt volts v", "watt watts w",
    )
    for unit in names.split()
}  # fmt: skip
_GROUPED = r"\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?"
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w)])[-−](?=[\d.]))?(?P<currency>US\$|[$€£¥])?\s?"
    rf"(?P<digits>{_GROUPED}|\d+(?:[.,]\d+)?|(?<!\w)\.\d+)(?P<suffix>st\b|nd\b|rd\b|th\b|s\b)?"
    r"(?:[\s\u00a0-]?(?P<unit>%|°\s?[CF]?|[€£]|[^\W\d_]+))?"
)
_UNITED = re.compile(
    r"(?i)^\d+(?:[.,]\d+)*(st|nd|rd|th|s|%|k|m|bn|tn|x|" + "|".join(u for u in _UNITS if u.isalpha()) + r")$"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A quantity. ``values`` are the readings its separators allow; ``unit`` is "" when unknown;
    ``digits`` how many significant digits were written; ``start`` where it stands."""

    text: str
    values: frozenset[float]
    unit: str
    digits: int
    start: int
    is_written: bool = False


def find_numbers(text: str) -> list[Number]:
    """The numbers in a text, those in words last."""
    found = []
    for match in _NUMBER.finditer(text):
        values = readings(match["digits"])
        after = (match["unit"] or "").casefold()
        scale = 1.0
        if after in _MAGNITUDES and (
            after not in ("m", "b", "k") or match["currency"] or text[match.end("digits")].isalpha()
        ):
            scale = _MAGNITUDES[after]
            following = re.match(r"\s*(?:of\s+)?(%|[€£]|[^\W\d_]+)", text[match.end() :])
            after = following[1].casefold() if following else ""
        unit = _UNITS.get(match["currency"] or "", "") or _UNITS.get((match["currency"] or "").casefold(), "")
        unit = unit or _UNITS.get(after, "")
        if match["unit"] == "per" and re.match(r"\s*cent", text[match.end() :]):
            unit = "%"
        digits = len(re.sub(r"\D", "", match["digits"]).strip("0")) or 1
        sign = -1.0 if match["sign"] else 1.0
        found.append(
            Number(
                (match.group() if unit or scale != 1 else text[match.start() : match.end("digits")]).strip(),
                frozenset(round(sign * value * scale, 6) for value in values),
                unit,
                digits,
                match.start(),
            )
        )
    return found + _written(text)


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
    tokens = [(match.start(), fold(match.group())) for match in re.finditer(r"[^\W\d_]+", text)]
    i = 0
    while i < len(tokens):
        first, (value, used) = i, _compose([word for _, word in tokens[i : i + 8]])
        if not used:
            i += 1
            continue
        i += used
        following = tokens[i][1] if i < len(tokens) else ""
        unit = "%" if following in ("percent", "per") else _UNITS.get(following, "") if len(following) > 1 else ""
        written = " ".join(word for _, word in tokens[first:i])
        # "the first 14 days" counts the days, not the first of them
        leads_on = written == "first" and text[tokens[first][0] + 5 :].lstrip()[:1].isdigit()
        if not leads_on and (written != "one" or _counts(tokens, first)):
            found.append(Number(written, frozenset({value}), unit, 2, tokens[first][0], is_written=True))
    return found


def _compose(tokens: list[str]) -> tuple[float, int]:
    """The value of the number in words that ``tokens`` begin with, and how many of them it takes."""
    total, current, used = 0.0, 0.0, 0
    for token in tokens:
        if token in _SMALL and (current == 0 or current % 100 >= 20 or (current >= 100 and current % 100 == 0)):
            current += _SMALL[token]
        elif token in _TENS and current % 100 == 0:
            current += _TENS[token]
        elif token in _ORDINALS and (current == 0 or current % 10 == 0):
            return total + current + _ORDINALS[token], used + 1
        elif token in _MAGNITUDES and len(token) > 2 and used and (current or total):
            if token == "hundred":
                current *= 100
            else:
                total, current = total + current * _MAGNITUDES[token], 0.0
        elif token == "and" and used and current >= 100 and current % 100 == 0:
            used += 1
            continue
        elif token in _OTHERS and not used:
            return float(_OTHERS[token]), 1
        else:
            break
        used += 1
    if used and tokens[used - 1] == "and":
        used -= 1
    return total + current, used


def _counts(tokens: list[tuple[int, str]], i: int) -> bool:
    """Whether the "one" at ``i`` counts something rather than standing for it."""
    before = tokens[i - 1][1] if i else ""
    after = tokens[i + 1][1] if i + 1 < len(tokens) else ""
    pronoun = before in ("the", "this", "that", "which", "each", "any", "no", "every", "only", "as", "at", "or")
    return bool(after) and not pronoun and (after not in STOPWORDS) and not is_negation(after)


def is_plain_quantity(text: str) -> bool:
    """Whether digits and letters without a space between are a number with its unit ("10th", "5km")."""
    return bool(_UNITED.match(text))
