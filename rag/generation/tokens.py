"""The words of a sentence, and which of them are numbers, times and names, in English, German, French, Spanish and
Italian."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.generation.question import Asked
from rag.index import STOP_WORDS, terms
from rag.index.languages import FUNCTION_WORDS

__all__ = [
    "DIGITS",
    "MAGNITUDES",
    "MONTHS",
    "MONTHS_AND_DAYS",
    "NUMBER_WORDS",
    "SYMBOLS",
    "TIME_NOUNS",
    "WEEKDAYS",
    "YEAR",
    "Word",
    "holds_type",
    "is_number",
    "is_time",
    "read_words",
]

_WORD = re.compile(
    r"\d{1,2}:\d\d(?::\d\d)?(?:[ap]\.?m\b)?(?![\d:])|\d+(?:\([a-z\d]{1,3}\))+|"
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d|,\d)|\d{1,3}(?:\.\d{3})+(?:,\d+)?(?!\d|\.\d)|\d+,\d{1,2}(?!\d|,\d)|"
    r"[^\W_]+(?:[-'’.&/][^\W_]+)*|[$€£¥%]"
)
YEAR = re.compile(r"(1\d{3}|20\d\d)s?$")
MONTHS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun "
    "jul aug "
    "sept sep oct nov dec januar februar märz mai juni juli oktober dezember janvier février mars avril juin juillet "
    "août septembre octobre novembre décembre enero febrero marzo abril mayo junio julio agosto septiembre octubre "
    "noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre novembre dicembre".split()
)
TIME_NOUNS = frozenset(
    "century centuries decade decades year years month months week weeks day days hour hours minute minutes monday "
    "tuesday wednesday thursday friday saturday sunday spring summer autumn winter bc ad bce ce "
    "jahrhundert jahr jahre jahren monat monate monaten woche wochen tag tage tagen stunde stunden minuten uhr "
    "siècle an ans année années mois semaine semaines jour jours heure heures minutes siglo año años mes meses "
    "semana semanas día días hora horas minutos secolo anno anni mese mesi settimana settimane giorno giorni ora ore "
    "minuti".split()
)
WEEKDAYS = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag "
    "samstag sonntag "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo".split()
)
MONTHS_AND_DAYS = MONTHS | WEEKDAYS
_ORDINAL = re.compile(r"\d{1,2}(st|nd|rd|th)$")
DIGITS = re.compile(r"[#]?\d(?!\w*\()")  # but the number of a clause: 501(c)(3)
_CLOCK = re.compile(r"\d{1,2}:\d\d")
NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand "
    "thousands dozen "
    "million millions billion billions trillion half third quarter once twice double zwei drei vier fünf sechs "
    "sieben "
    "acht neun zehn elf zwölf hundert tausend deux trois quatre cinq sept huit neuf dix cent mille dos tres cuatro "
    "cinco siete ocho nueve diez cien mil due tre quattro cinque sette otto nove dieci cento mila".split()
)
MAGNITUDES = frozenset(
    "million millions billion billions trillion thousand hundred percent bn mn dozen hundreds thousands millionen "
    "milliarden mio mrd millones milliards milioni miliardi prozent euro euros dollar dollars pound pounds kronen "
    "kroner francs franken".split()
)
SYMBOLS = frozenset("$€£¥%")
_FUNCTION = STOP_WORDS | frozenset(
    """about above after again against all along already although among amongst another any around because became become
    before being below between both called can't cannot during each either even every few further
    here however including
    itself just least less like many may might more most much must named near nor now off often once only onto
    other over own per rather same several since some still such through throughout thus together
    too toward towards under
    until     unlike up upon use used using very via whether while within without yet also der die das und
    ist sind war ein eine
    einen einem einer eines den dem des im in auf für mit von zu zum zur sich auch als bei aus nach le la les un une des
    du et est sont dans pour par sur avec el los las una y es son en por con il lo gli i e di che""".split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence. ``gap`` is the text between it and the word before."""

    start: int
    end: int
    text: str
    lower: str
    terms: tuple[str, ...]
    gap: str
    is_function: bool
    is_capital: bool


@lru_cache(65536)
def _terms(word: str, language: str | None) -> tuple[str, ...]:
    return tuple(terms(word, language))


@lru_cache(2048)
def read_words(text: str, language: str | None = None) -> tuple[Word, ...]:
    """The words of a sentence in order, currency and percent signs as words of their own. ``language`` is that of
    the text it stands in."""
    functions = _FUNCTION | FUNCTION_WORDS[language] if language else _FUNCTION
    found: list[Word] = []
    end = 0
    for match in _WORD.finditer(text):
        word, lower = match[0], match[0].casefold()
        gap = text[end : match.start()]
        end = match.end()
        function = lower in functions and not (word.isupper() and len(word) > 1)
        found.append(
            Word(
                match.start(),
                end,
                word,
                lower,
                _terms(word, language),
                gap,
                function,
                word[0].isupper() and word not in SYMBOLS,
            )
        )
    return tuple(found)


def is_number(word: Word) -> bool:
    """Whether a word is a number, in digits or letters."""
    written = word.lower in NUMBER_WORDS and not (word.is_capital and word.start > 0)  # Otto is no eight
    return written or bool(DIGITS.match(word.text))


def is_time(word: Word) -> bool:
    """Whether a word is a year, a month, a day of the week or of a month, or an hour of the day."""
    return (
        bool(YEAR.match(word.text) or _CLOCK.match(word.text))
        or word.lower in MONTHS_AND_DAYS
        or bool(_ORDINAL.match(word.text))
    )


def holds_type(asked: Asked, words: Sequence[Word], wanted: frozenset[str]) -> float:
    """1 when the sentence holds something of the kind asked for that the question does not hold itself,
    0.5 when only a weaker sign is there, 0 when nothing is."""
    new = [word for word in words if not wanted.issuperset(word.terms)]
    if asked.kind == "time":
        if any(YEAR.match(word.text) or word.lower in MONTHS_AND_DAYS for word in new):
            return 1.0
        return 0.5 if any(word.lower in TIME_NOUNS or is_number(word) for word in new) else 0.0
    if asked.kind == "number":
        numbers = [word for word in words if is_number(word) and not wanted.issuperset(word.terms)]
        if asked.wants_money:
            return 1.0 if numbers and any(word.text in SYMBOLS or word.lower in MAGNITUDES for word in words) else (
                0.5 if numbers else 0.0)  # fmt: skip
        plain = [word for word in numbers if not YEAR.match(word.text)]
        return 1.0 if plain else 0.5 if numbers else 0.0
    capitals = [word for word in new if word.is_capital and not word.is_function]
    if asked.kind in ("person", "place", "choice"):
        inner = [word for word in capitals if word.start > 0]
        return 1.0 if inner else 0.5 if capitals else 0.0
    return 0.5
