"""Numbers in words: "twenty-five", "two hundred million", "third", "tenfold", "fünfundzwanzig", "dix"."""

from __future__ import annotations

import re

from rag.generation.words import fold

__all__ = ["MAGNITUDES", "NUMBER_WORDS", "ORDINALS", "compose", "value_of"]


def _numbered(lines: str) -> dict[str, float]:
    """Each word of "word word|next next" with the number of its place, from 0."""
    return {fold(word): float(value) for value, names in enumerate(lines.split("|")) for word in names.split()}


# Left out: what is a word in another language (Italian "due" and "sei", Spanish "once", French "un", "seize", "cent").
_SMALL = _numbered(
    """zero null cero zéro|one eins|two zwei deux dos|three drei trois tres tre|four vier quatre cuatro quattro
    |five fünf cinq cinco cinque|six sechs seis|seven sieben sept siete sette|eight acht huit ocho otto
    |nine neun neuf nueve nove|ten zehn dix diez dieci|eleven elf onze undici|twelve zwölf douze doce dodici
    |thirteen dreizehn treize trece tredici|fourteen vierzehn quatorze catorce|fifteen fünfzehn quinze quince
    |sixteen sechzehn dieciséis|seventeen siebzehn diecisiete|eighteen achtzehn dieciocho
    |nineteen neunzehn diecinueve"""
)
_TENS = {
    word: 10 * value
    for word, value in _numbered(
        """||twenty zwanzig vingt veinte venti|thirty dreißig trente treinta trenta|forty vierzig quarante cuarenta
        |fifty fünfzig cinquante cincuenta|sixty sechzig soixante sesenta|seventy siebzig septante setenta
        |eighty achtzig huitante ochenta|ninety neunzig nonante noventa"""
    ).items()
}
ORDINALS = {
    **_numbered(
        """|first erste ersten erster erstes|second zweite zweiten zweiter zweites|third dritte dritten dritter drittes
        |fourth vierte vierten vierter|fifth fünfte fünften|sixth sechste sechsten|seventh siebte siebten|eighth achte
        |ninth neunte neunten|tenth zehnte zehnten|eleventh elfte|twelfth zwölfte|thirteenth|fourteenth|fifteenth
        |sixteenth|seventeenth|eighteenth|nineteenth"""
    ),
    **{word[:-1] + "ieth": value for word, value in _TENS.items() if word.endswith("y")},
}
_OTHERS = {
    "twice": 2.0,
    "thrice": 3.0,
    "dozen": 12.0,
    "half": 0.5,
    "double": 2.0,
    "doubled": 2.0,
    "triple": 3.0,
    "tripled": 3.0,
    "doppelt": 2.0,
    "dutzend": 12.0,
}
NUMBER_WORDS: dict[str, float] = {
    **_SMALL, **_TENS, **ORDINALS, "hundred": 100, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "dozen": 12, "hundert": 100, "tausend": 1e3, "cien": 100, "mille": 1e3, "mil": 1e3,
}  # fmt: skip
MAGNITUDES = {
    word: value
    for value, names in {
        1e2: "hundred hundert",
        1e3: "thousand k tausend",
        1e6: "million millions m mn mio mln millionen millones millón milioni",
        1e9: "billion billions b bn mrd md milliarde milliarden milliard milliards miliardi",
        1e12: "trillion trillions tn",
    }.items()
    for word in map(fold, names.split())
}
_GERMAN = re.compile(rf"({'|'.join(['ein', *_SMALL])})und({'|'.join(_TENS)})")
_FOLD = re.compile(r"([a-z]+)(?:fold|fach(?:e[nrs]?)?)")


def value_of(word: str) -> float | None:
    """The value of one folded word that is a number by itself, or None."""
    if word in NUMBER_WORDS:
        return NUMBER_WORDS[word]
    if german := _GERMAN.fullmatch(word):
        return _SMALL.get(german[1], 1.0) + _TENS[german[2]]
    times = _FOLD.fullmatch(word)
    return _SMALL.get(times[1], _TENS.get(times[1])) if times else None


def compose(tokens: list[str]) -> tuple[float, int]:
    """The value of the number in words that ``tokens`` begin with, and how many of them it takes."""
    total, current, used = 0.0, 0.0, 0
    for token in tokens:
        if token in _SMALL and (current == 0 or current % 100 >= 20 or (current >= 100 and current % 100 == 0)):
            current += _SMALL[token]
        elif token in _TENS and current % 100 == 0:
            current += _TENS[token]
        elif token in ORDINALS and (current == 0 or current % 10 == 0):
            return total + current + ORDINALS[token], used + 1
        elif token in MAGNITUDES and len(token) > 2 and used and (current or total):
            if token == "hundred":
                current *= 100
            else:
                total, current = total + current * MAGNITUDES[token], 0.0
        elif token == "and" and used and current >= 100 and current % 100 == 0:
            used += 1
            continue
        elif not used and (token in _OTHERS or _GERMAN.fullmatch(token) or _FOLD.fullmatch(token)):
            value = _OTHERS.get(token) or value_of(token)
            return (value, 1) if value is not None else (0.0, 0)
        else:
            break
        used += 1
    if used and tokens[used - 1] == "and":
        used -= 1
    return total + current, used
