"""The checkable facts in a text: numbers with their units, dates, names, negations and content words.

A rule-based reader for English with what German and other Latin-script texts need most (separators,
month names, negations). It over-reads rather than under-reads: verification compares what it finds in
a sentence with what it finds in the source, so both are misread alike.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

__all__ = [
    "MONTHS",
    "NEGATIONS",
    "NUMBER_WORDS",
    "SOFT_NEGATIONS",
    "STOPWORDS",
    "Date",
    "Facts",
    "Name",
    "Number",
    "fold",
    "is_content",
    "is_negated_word",
    "is_negation",
    "read_facts",
    "readings",
    "stem",
    "words",
]

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*", re.UNICODE)
_STEMMER = snowballstemmer.stemmer("english")

STOPWORDS = frozenset(
    """a an and are as at be been being both but by can could did do does doing for from had has have having he
    her hers him his how i if in into is it its itself just may me might more most must my of on once or other our
    out over own per shall she should so some such than that the their theirs them then there these they this
    those through to too under until up upon us very via was we were what when where which while who whom whose
    why will with within would you your also about after again all along already although among another any around
    because before between during each either even ever every few however many much next now only onto others
    rather same since still though thus together toward towards unless whether yet according said says say one
    der die das und ist sind war ein eine einen einem einer eines den dem des im in auf für mit von zu zum zur
    sich auch als bei aus nach wie es er sie wird werden wurde wurden hat haben""".split()
)
NEGATIONS = frozenset(
    """no not never none nobody nothing nowhere neither nor without cannot nicht kein keine keinen keinem keiner
    keines nie niemals niemand nichts ohne weder ne pas jamais aucun aucune sans ningún ninguna nunca jamás sin
    non senza mai nessun""".split()
)
# Words that deny without a negation: either may stand for the other in a paraphrase.
SOFT_NEGATIONS = frozenset(
    """fail failed fails failure failing lack lacks lacked lacking refuse refused refuses refusing deny denied
    denies prevent prevented prevents unable impossible hardly barely rarely seldom scarcely exclude excluded
    excludes excluding except exempt exempted absence absent avoid avoids avoided stop stopped stops cease ceased
    reject rejected rejects turned only limited restricted unless prohibit prohibited prohibits forbid forbidden
    forbids ban banned bans lost lose loses neglect missing miss missed nil free verboten""".split()
)
_UN_WORD = re.compile(
    r"(?:un(?!i|der|til|less|cle)|in(?=cap|suff|valid|visib|activ|complet|corr|adequ|elig|abil|solub|accur|approp|consist)|"
    r"im(?=poss|proper|perf|mobil)|ir(?=reg|relev|respons)|non-?|"
    r"dis(?=agr|allow|appear|approv|believ|connect|contin|hon|like|loyal|obey|prov|qualif|regard|satisf|trust))[a-z]{3,}$"
)

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

MONTHS = {
    name: number
    for number, names in enumerate(
        """january|jan|januar|janvier|enero february|feb|februar|février|febrero march|mar|märz|mars|marzo
        april|apr|avril|abril may|mai|mayo june|jun|juni|juin|junio july|jul|juli|juillet|julio
        august|aug|août|agosto september|sep|sept|septembre|septiembre october|oct|okt|oktober|octobre|octubre
        november|nov|novembre|noviembre december|dec|dez|dezember|décembre|diciembre""".split(),
        start=1,
    )
    for name in names.split("|")
}
_WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})\b",
        r"\b(?P<day>\d{1,2})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})\b",
        rf"\b(?P<name>{_MONTH})\b\.?\s+{_DAY}(?!\d|[.,]\d)\b,?(?:\s+(?:in\s+)?(?P<year>\d{{4}})\b)?",
        rf"\b{_DAY}\s+(?:of\s+)?(?P<name>{_MONTH})\b\.?,?(?:\s+(?P<year>\d{{4}})\b)?",
        rf"\b(?P<name>{_MONTH})\b\.?,?\s+(?:of\s+)?(?P<year>\d{{4}})\b",
    )
)
_LONE_MONTH = re.compile(rf"(?<![.!?]\s)\b(?P<name>{_MONTH})\b\.?", re.IGNORECASE)
_BEFORE_MAY = re.compile(
    r"\b(?:in|of|since|until|by|from|to|and|between|early|late|through|before|after|every|each)\s+$"
)
_QUARTER = re.compile(r"\bQ([1-4])\b")
_CODE = re.compile(r"(?<![\w.])(?=[\w.:/-]*\d)(?=[\w.:/-]*[^\W\d_]|\d+\.\d+\.\d|\d+:\d)[^\W_][\w]*(?:[-./:]\w+)*")
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


@dataclass(frozen=True, slots=True)
class Date:
    """A date or part of one; 0 is a part not given. ``readings`` are ``(year, month, day)``."""

    text: str
    readings: frozenset[tuple[int, int, int]]
    start: int


@dataclass(frozen=True, slots=True)
class Name:
    """A proper name, an acronym or a code. ``opens`` when only the place at the start of a sentence
    may have made it a capital."""

    text: str
    parts: tuple[str, ...]
    start: int
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be checked in a text."""

    numbers: tuple[Number, ...]
    dates: tuple[Date, ...]
    names: tuple[Name, ...]
    codes: tuple[Name, ...]
    negations: int
    words: tuple[str, ...]  # folded, all of them, in order
    terms: frozenset[str]  # stems of the content words


def fold(text: str) -> str:
    """Lower case, without accents and with plain quotes."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(character for character in plain if not unicodedata.combining(character))


def words(text: str) -> list[str]:
    """The folded words of a text in order, possessive endings removed."""
    return [fold(match).removesuffix("'s").removesuffix("'") for match in _WORDS.findall(text)]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of a folded word."""
    return str(_STEMMER.stemWord(word))


@lru_cache(maxsize=4096)
def read_facts(text: str) -> Facts:
    """Everything in ``text`` that verification compares."""
    text = _QUARTER.sub(lambda match: f"quarter {match[1]}", text)
    dates, rest = _dates(text)
    codes, rest = _codes(rest)
    all_words = tuple(words(text))
    return Facts(
        numbers=tuple(_numbers(rest)),
        dates=tuple(dates),
        names=tuple(_names(text)),
        codes=tuple(codes),
        negations=count_negations(all_words),
        words=all_words,
        terms=frozenset(stem(word) for word in all_words if is_content(word)),
    )


def is_content(word: str) -> bool:
    """Whether a folded word carries meaning of its own."""
    return (len(word) > 1 or word.isdigit()) and word not in STOPWORDS and not is_negation(word)


def is_negation(word: str) -> bool:
    """Whether a folded word denies ("not", "n't", "ohne")."""
    return word in NEGATIONS or word.endswith("n't")


def is_negated_word(word: str) -> bool:
    """Whether a prefix turns a folded word into its opposite ("unlikely", "impossible")."""
    return bool(_UN_WORD.match(word))


def count_negations(all_words: tuple[str, ...]) -> int:
    """How many words deny; "not only" does not, nor does an opening "No, …" or the "No." of a number."""
    if all_words[:1] == ("no",):
        all_words = all_words[1:]
    pairs = zip(all_words, (*all_words[1:], ""), strict=False)
    return sum(
        is_negation(word)
        and not (word == "not" and after == "only")
        and not (word == "no" and after.isdigit())
        and not (word == "nor" and "neither" in all_words)
        for word, after in pairs
    )


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + "\x00" * (end - start) + text[end:]


def _dates(text: str) -> tuple[list[Date], str]:
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
                text = _blank(text, match.start(), match.end())
    for match in _LONE_MONTH.finditer(text):
        name = match["name"]
        is_word = name.casefold() in ("may", "march", "mar", "mai", "mars", "dec", "jan", "sept", "mayo")
        if name[0].isupper() and (not is_word or _BEFORE_MAY.search(text[: match.start()])):
            found.append(Date(match.group(), frozenset({(0, MONTHS[name.casefold()], 0)}), match.start()))
            text = _blank(text, match.start(), match.end())
    return found, text


def _year(digits: str | None) -> int:
    if not digits:
        return 0
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def _codes(text: str) -> tuple[list[Name], str]:
    """Codes such as E-1042, COVID-19, v2.3.1 or 14:30, and the text with their places blanked."""
    found = []
    for match in _CODE.finditer(text):
        code = match.group()
        if _UNITED.match(code) or re.fullmatch(r"[\d.,]+-[A-Za-z-]+|[a-z]+(-[a-z]+)*-?\d{4}", code):
            continue
        if re.fullmatch(r"\d+(?:[-/]\d+)+", code):
            continue
        found.append(Name(code, (re.sub(r"[\W_]", "", fold(code)),), match.start()))
        text = _blank(text, match.start(), match.end())
    return found, text


def _numbers(text: str) -> list[Number]:
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


_GERMAN = re.compile(r"\b(?:der|die|das|und|ist|nicht|ein|eine|einen|im|den|dem|wird|für|mit|auf|hat|sich|von)\b")
_NAME_WORD = re.compile(r"[^\W\d_]+(?:[-'’.&][^\W\d_]+)*\.?")
_NAME_LINK = frozenset("of the de la le du van von der den and & al el bin ibn da di".split())
_NO_NAME = STOPWORDS | NEGATIONS | frozenset(_SMALL) | frozenset(_TENS) | frozenset(_ORDINALS) | frozenset(_MAGNITUDES)


def _names(text: str) -> list[Name]:
    """Runs of capitalised words, acronyms among them. Months are dates, not names."""
    found: list[Name] = []
    run: list[str] = []
    start = end = 0
    opens = True
    is_german = len(_GERMAN.findall(text)) >= 2  # where every noun has a capital, one alone names nothing
    for match in _NAME_WORD.finditer(text):
        between = text[end : match.start()]
        sentence_start = not text[: match.start()].strip(" \t\"'“‘(«*") or bool(
            re.search(r"[.!?:;]['\"”’)]*\s+[\"'“‘(«]?$|\n\s*\W*$", text[: match.start()][-8:])
        )
        token = match.group().rstrip(".")
        capital = token[0].isupper() and fold(token) not in MONTHS
        end = match.end()
        plain = fold(token)
        if run and (between.strip(" \u00a0-") or sentence_start or not capital):
            found.append(
                Name(" ".join(run), tuple(fold(part) for part in run), start, (opens or is_german) and len(run) == 1)
            )
            run = []
        if not capital or (plain in _NO_NAME and not (token.isupper() and len(token) > 1)):
            continue
        if not run:
            start, opens = match.start(), sentence_start
        run.append(re.sub(r"['’]s?$", "", token))
    if run:
        found.append(
            Name(" ".join(run), tuple(fold(part) for part in run), start, (opens or is_german) and len(run) == 1)
        )
    return found
