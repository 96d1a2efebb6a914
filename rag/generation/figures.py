"""Kinds of figures that a question asks for (an age, a price, a number to call, an address), and what holds one.

For English, German, French, Spanish and Italian.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.generation.tokens import MONTHS_AND_DAYS, NUMBER_WORDS
from rag.index import terms

__all__ = ["figure_asked", "holds_count", "holds_time", "is_such_figure", "said_by_figure"]

_CURRENCY = (
    r"[$€£¥₽₹₩₺]|\b(?:usd|eur|gbp|chf|dollars?|euros?|pounds?|francs?|franken|pence|cents?|kron[eo]r|kr|crowns?|rubles?|yen|"
    r"yuan|rupees?|pesos?|z[lł]ot(?:y|ys|ych)|forints?|lir[ae]s?|rand|won|baht|dinars?|dirhams?|shekels?|shillings?|"
    r"gratis|kostenlos|gratuite?s?|gratuit[oia]s?|mill?i(?:on|arden?|ards)\w*|billions?)\b|"
    r"\bfree (?:of|for|to|entry|admission)\b|\bfor free\b|\bno (?:charge|cost)\b|"
    r"\b(?:ingresso|entrada|accesso|entrée) (?:(?:è|es|est) )?libre?o?\b|\b(?:is|are|for|ist|sind) (?:free|frei)\b"
)
_AGE = (
    r"\b(?:in|since|from|of|built|born|seit|jahr|depuis|en|de|dal|nel|desde) (?:1\d|20)\d\d\b|"
    r"\b(?:was|is|at|aged|turned) \d{1,3}\b(?=\W*(?:$|[.;,)]|and\b|when\b))|"
    r"\b(?:age[ds]?|years|year-old|old|months|weeks|born|jahre?n?|alt|monate?|geboren|ans|âgée?|né|née|mois|años|edad|"
    r"meses|nacid[oa]|anni|età|mesi|nat[oa])\b"
)
# "She was 91.", "dies at 91": says how old without the word
_HOW_OLD = re.compile(r"\b(?:how (old)|wie (alt)|quel (âge)|qué (edad)|quanti (anni))\b", re.IGNORECASE)
_AGED = re.compile(
    r"\b(?:was|is|at|aged?|turned|mit|à|con|war|ist|avait|tenía|aveva)\s(?:the age of\s)?\d{1,3}\b"
    r"(?=\W*(?:$|[.;,)]|and\b|when\b))|\b\d{1,3}[- ](?:years?[- ]old|jahre alt|jährige?[rsn]?|ans\b|años\b|anni\b)",
    re.IGNORECASE,
)
# what an answer to "when" and to "how many" holds at the least
_TIME = re.compile(
    r"\b(?:1[0-9]|20)\d\ds?\b|\d[:/]\d|\d\.\d{1,2}\.|\d ?(?:[ap]\.?m|h|st|nd|rd|th)\b|"
    r"\b(?:after|before|once|during|while|until|upon|soon|immediately|annually|daily|weekly|monthly|yearly|always|never|"
    r"now|today|tomorrow|yesterday|early|late|spring|summer|autumn|fall|winter|morning|evening|night|noon|midnight|days?|"
    r"weeks?|months?|years?|hours?|minutes?|seconds?|when(?:ever)?|if|since|ago|centur(?:y|ies)|easter|christmas|"
    r"nach|vor|bis|während|sobald|wenn|als|seit|täglich|tage?n?|wochen?|monate?n?|jahre?n?|uhr|stunden?|ostern|"
    r"weihnachten|après|avant|pendant|dès|lorsque?|quand|jours?|semaines?|mois|années?|ans?|heures?|depuis|noël|pâques|"
    r"después|antes|durante|cuando|días?|mes(?:es)?|años?|desde|hasta|horas?|navidad|dopo|prima|quando|giorn[oi]|"
    r"settiman[ae]|mes[ei]|ann[oi]|dal|fino|or[ae]|natale|pasqua)\b|"
    rf"\b(?:{'|'.join(sorted(MONTHS_AND_DAYS))})\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"\d|\b(?:{'|'.join(sorted(NUMBER_WORDS))}|single|both|pair|couple|several|many|few|no|none|only|kein\w*|beide|"
    r"mehrere|aucune?|plusieurs|ningun[oa]?|varios|ambos|nessun[oa]?|entrambi|diversi)\b",
    re.IGNORECASE,
)
# what is asked for, and what an answer then holds; whether the sentences around it may hold it
_FIGURES = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(held, re.IGNORECASE), anywhere)
    for asked, held, anywhere in (
        (
            r"\b(?:what|which) year\b|\bwelche[ms]? jahr|\ben? quelle année|\bqué año|\b(?:che|quale) anno",
            r"\b\d{3,4}s?\b",
            False,
        ),
        (
            r"\b(?:phone|telephone|fax|mobile) number|\b(?:telefon|fax)nummer|\bcuál es el teléfono|"
            r"\bqual è il telefono|\bn(?:uméro|úmero|umero) d[ei] (?:téléphone|fax|teléfono|telefono)",
            r"\d(?:[\s()/.–-]{0,2}\d){5,}",
            True,
        ),
        (r"\be-?mail[ -]address?e?\b|\badresse (?:e-?mail|électr)|\bcorreo electr|\bindirizzo e-?mail", "@", True),
        (
            r"\bweb ?(?:site|page|address)\b|\burl\b",
            r"www\.|://|\.(?:com|org|net|io|eu|de|fr|es|it|co|uk|gov|edu)\b",
            True,
        ),
        (
            r"\bhow much (?:is|are|do|does|did|will|would) [^?]*\b(?:cost|charged?|paid|pay)\b|\bhow expensive\b|"
            r"\bhow much money\b|"
            r"\bwhat (?:is|are) the (?:price|fare)\b|\bwhat (?:do|does|did|will) [^?]*\bcost\b|\bwas kosten?t?\b|"
            r"\bwie ?viel [^?]*\bkosten?t?\b|\bwie teuer\b|\b(?:que|combien) [^?]*\bcoût\w+|"
            r"\bcuánto (?:cuesta|costó|costará)n?\b|\bquanto cost\w+",
            _CURRENCY,
            True,
        ),
        (r"\bhow old\b|\bwie alt\b|\bquel âge|\bqué edad|\bcuántos años tiene|\bquanti anni ha", _AGE, False),
        (
            r"\bhow fast\b|\bwie schnell\b",
            r"\d ?(?:km/h|kmh|mph|m/s|kn|seconds?|minutes?|hours?)\b|\bkn(?:ots?|oten)\b|"
            r"\bper (?:second|minute|hour)\b",
            False,
        ),
        (
            r"\bhow heavy\b|\bwie schwer\b",
            r"\b(?:k?g|kilo\w*|gram\w*|tonn?e?s?|tons?|lbs?|pounds?|ounces?|stone)\b",
            True,
        ),
        (r"\bhow tall\b", r"\b(?:c?m|met(?:er|re)s?|feet|foot|ft|inch(?:es)?|\d+'\d)\b", True),
    )
)


def is_such_figure(question: str, text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` may be what a question asks for: where that is a price, one with its currency."""
    figure = figure_asked(question)
    if figure is None or figure[0].pattern != _CURRENCY:
        return True
    return bool(figure[0].search(text, max(0, start - 4), min(len(text), end + 12)))


@lru_cache(256)
def figure_asked(question: str) -> tuple[re.Pattern[str], bool] | None:
    """What finds the kind of figure that a question asks for, and whether the sentences around may hold it; None when
    it asks for none of these."""
    return next(((held, around) for asked, held, around in _FIGURES if asked.search(question)), None)


def said_by_figure(question: str, text: str) -> frozenset[str]:
    """The terms of a question that a text says by a figure alone: "old" where it tells an age."""
    asked = _HOW_OLD.search(question)
    return frozenset(terms(asked[asked.lastindex or 0])) if asked and _AGED.search(text) else frozenset()


def holds_time(text: str) -> bool:
    """Whether a text says when, however vaguely."""
    return bool(_TIME.search(text))


def holds_count(text: str) -> bool:
    """Whether a text says how many, however vaguely."""
    return bool(_COUNT.search(text))
