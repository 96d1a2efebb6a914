"""What a question asks for: a person, a time, a number, a list, steps, a reason …

Read off its question words by rule, for English and, where the question word alone tells, for German, French,
Spanish, Italian, Portuguese and Dutch. What the rules do not know is "other": the answer is then a sentence
like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rag.generation.rarity import language_in
from rag.index.terms import terms

__all__ = ["SPANS", "UNITS", "Asked", "Kind", "read_question"]

Kind = Literal[
    "person", "time", "number", "place", "choice", "yes-no", "reason", "steps", "list", "definition", "comparison",
    "other",
]  # fmt: skip

# Kinds whose answer is a few words that can be marked inside a sentence.
SHORT: frozenset[Kind] = frozenset(("person", "time", "number", "place", "choice"))

# The noun after "what" or "which" tells the kind: "what year", "in which city", "what percentage".
_NOUNS: dict[Kind, str] = {
    "time": "year years date day month century centuries decade era period time season weekday deadline jahr jahren "
    "datum tag monat jahrhundert uhr uhrzeit année date jour mois siècle heure heures año fecha día mes siglo hora "
    "anno data giorno mese secolo ora",
    "number": "percentage percent proportion share number amount price cost fee rate size age height length width "
    "depth weight distance population temperature speed value total sum budget salary limit maximum minimum ratio "
    "score revenue turnover profit earnings income sales dividend gdp duration capacity fare fares fine penalty "
    "rent deposit salary wage preis kosten betrag gebühr beitrag "
    "anteil prozentsatz gehalt miete alter anzahl zahl größe höhe prix coût tarif montant loyer amende nombre "
    "pourcentage âge taille precio coste costo importe alquiler número porcentaje edad tamaño prezzo importo affitto "
    "percentuale età",
    "place": "country countries city cities place places location state states region continent town village "
    "province district county area river lake island sea ocean street address nation land stadt ort straße pays "
    "ville lieu rue adresse país ciudad lugar calle paese città luogo indirizzo",
    "person": "person people man woman author scientist king queen president emperor leader artist composer "
    "mathematician philosopher professor architect inventor writer director actor actress singer general founder "
    "ceo minister physicist explorer poet painter economist researcher politician biologist chemist personne auteur "
    "autor architekt architecte arquitecto persona autore",
}
_KIND_OF_NOUN = {noun: kind for kind, nouns in _NOUNS.items() for noun in nouns.split()}

# "the maximum company match" is a number, whatever it is a maximum of
_MEASURED = frozenset("maximum minimum total average".split())

# Question words; the first pattern that is found decides, in this order.
_RULES: tuple[tuple[Kind, str], ...] = (
    ("comparison", r"\b(difference|differences|differ|differs|compare|compared|comparison|versus|vs|unterschied)\b"),
    (
        "steps",
        r"^[¿¡]?(and |so |ok |then )*(how (do|can|could|should|would|does|to|must)\b(?! (you |we |they )?(the )?\w+ "
        r"(differ|relate|mean))|what (are|is) the (steps?|procedure|process)\b|what steps|wie (kann|mache|muss|geht)"
        r"|comment (faire|puis-je|peut-on)|cómo (puedo|se puede|hacer))",
    ),
    (
        "number",
        r"\bhow (many|much|old|long|far|tall|big|large|high|deep|wide|heavy|fast|often|late|early|great|quickly)\b|"
        r"\bwhat (does|do|did|would|will) .*\bcost\b|"
        r"\b(wie ?viele?|wieviele?|combien|cuánt[oa]s?|quant[oiae]s?|hoeveel|"
        r"wie (lange|alt|hoch|weit|groß|oft|schwer|teuer|breit|tief|schnell)|"
        r"was kostet|was kosten|que coûte|qué cuesta)\b",
    ),
    ("reason", r"\b(why|what (caused|causes|is the (reason|cause))|how come|warum|wieso|weshalb|pourquoi|perché)\b|"
               r"\b(por qué|por que|waarom)\b"),
    (
        "definition",
        r"^(so |and )*(what('s| is| are| was| were)( a| an| the)? [\w' -]{1,40}\??$|what (does|do) .* (mean|"
        r"stand for)|define |was (ist|sind|bedeutet)|qu'est-ce|¿?qué (es|son|significa)|che cos|cos'è|o que é|wat is"
        r"|who (is|was|are|were) (?-i:(?:Mr|Mrs|Ms|Dr|Prof)?\b\.? ?[A-Z][\w.'’-]*"
        r"(?: (?:van|von|de|of|the|[A-Z])[\w.'’-]*)*)\W*$)",
    ),
    ("time", r"\b(when|wann|quand|cuándo|quando|wanneer|since when|until when|seit wann|bis wann)\b"),
    ("person", r"\b(who|whom|whose|wer|wem|wen|wessen|quién|quiénes|chi|quem)\b|^(par |pour |avec )?qui\b|^wie "
    r"(is|was|heeft)\b"),
    ("place", r"\b(where|wo|woher|wohin|où|dónde|adónde|dove|onde|waar)\b"),
    ("choice", r"\b(which|welche[rsnm]?|quel(le)?s?|cuál(es)?|quale|quali|qual|quais|welke)\b"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _RULES)
_LIST = re.compile(
    r"^(please |can you |could you )*(list|name|enumerate|give me (a list|all|some)|show me all)\b"
    r"|\b(what|which) (are|were) (all |some (of )?)?(the|its|their|his|her) [\w -]*?\w+s\b"
    r"|\bwhat [\w-]+s (are|were|does|do|can|must|should|may)\b|\bwelche \w+ (sind|gibt)\b|\bexamples of\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\b(in (more )?detail|detailed|explain|describe|elaborate|tell me (more|about|everything)|summari[sz]e|"
    r"summary|overview|everything|all about|comprehensive|ausführlich|erkläre|beschreibe|en détail|explique|"
    r"explica)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^[¿¡]?(and |so |but |ok |then )*(is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|may|must|"
    r"am|isn't|aren't|doesn't|don't|ist|sind|war|waren|kann|können|darf|dürfen|muss|müssen|soll|hat|haben|wird|gibt|"
    r"est-ce|est-il|est-elle|peut-on|puis-je|faut-il|y a-t-il|es|son|está|están|hay|puede|puedo|se puede|tiene|debo|"
    r"è|sono|c'è|ci sono|posso|si può)\b",
    re.IGNORECASE,
)
_WHAT_NOUN = re.compile(
    r"\b(?:what|which|whose|welche[rsnm]?|quel(?:le)?s?)\s+"
    r"(?:(?:is|are|was|were)\s+(?:the|its|their|his|her|(?:[\w.&-]+\s+){0,3}[\w.&-]+['’]s?)\s+)?"
    r"(?!(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|may|must)\b)"
    r"((?:[^\W\d_][\w'-]*\s+){0,3}?[^\W\d_][\w'-]*)\s+"
    r"(?:of|is|are|was|were|did|do|does|has|have|had|can|could|will|would|should|may|in|for|to|that|on|at|from|by)\b",
    re.IGNORECASE,
)
_FIRST_NOUN = re.compile(
    r"\b(?:what|which|welche[rsnm]?|quel(?:le)?s?|qué|cuál(?:es)?|che|quale?|quali)\s+"
    r"(?:(?:ist|sind|est|sont|es|son|è|sono|fue)\s+(?:(?:der|die|das|le|la|les|el|los|las|il|lo|i|gli)\s+|"
    r"l['’])?)?"
    r"([^\W\d_]+)",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(?:which|what|welche)\s+(?:(?:are|were)\s+(?:the|its|their)\s+)?(?:other|two|three|four|five|major|main|"
    r"most|\w+al|\w+ic|"
    r"\w+an|\w+ern)?\s*(?:people|men|women|children|(?!(?:does|was|has)\b)[^\W\d_]+[^\W\d_us]s)['’]?\s",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    r"\b(?i:what|how|why)\s+(?:did|does|has|had|was|is)\s+((?:(?:the\s+)?[A-Z][\w'’.-]*\s*){1,4}?)(?:'s\s+\w+|\s)\s*"
    r"(?:say|said|state|stated|tell|told|think|respond|responded|reply|replied|react|reacted|announce|promise|call|"
    r"ask|asked|stress|claim|argue|warn|want|propose|suggest|answer|comment)\b"
)
_IS_NOUN = re.compile(
    r"\bwhat(?:'s|\s+is|\s+are|\s+was|\s+were)\s+(?:the|its|their|his|her|your|my|our|"
    r"(?:[\w.&-]+\s+){0,3}[\w.&-]+['’]s?)\s+((?:[^\W\d_][\w'-]*\s+){0,3}?"
    r"[^\W\d_][\w'-]*)\W*$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\b(?:how many|wie ?viele?|combien d(?:e\s|['’])|cuánt[oa]s?|quant[ie])\s*"
    r"((?:(?!(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|must|should|may|of|in|on|at|for|to|there|"
    r"hat|haben|gibt|ist|sind|war|waren|wird|kann|est|sont|peut|y|hay|tiene|ha|ci)\b)[^\W\d_][\w'-]*\s*){1,3})",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"\bhow much (money|is|are|was|were|do|does|did|will|would|can|should|must|has|have)\b|"
    r"\b(price|prices|cost|costs|fee|fees|rent|deposit|salary|wage|revenue|turnover|profit|income|earnings|dividends?|budget|paid|pay|worth|spent|"
    r"spend|dollars?|euros?|kostet|kosten|preis|gebühr|beitrag|miete|gehalt|prix|coûte|coût|tarif|loyer|amende|cuesta|"
    r"cuestan|costó|precio|alquiler|costa|costano|prezzo|affitto)\b",
    re.IGNORECASE,
)

_SPANS_OF_TIME = (
    "second seconds minute minutes hour hours day days week weeks month months year years decades centuries sekunden "
    "minuten stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren heure heures jour jours "
    "semaine semaines mois an ans année années hora horas día días semana semanas mes meses año años ora ore minuti "
    "giorno giorni settimana settimane mese mesi anno anni"
)
_LENGTHS = (
    "mm cm m km metre metres meter meters kilometre kilometres kilometer kilometers mile miles foot feet inch inches "
    "yard yards mètres kilomètres metros kilómetros metri chilometri"
)
# what is asked for, and the words that come with such a measure
_UNITS = tuple(
    (re.compile(pattern, re.IGNORECASE), frozenset(units.split()))
    for pattern, units in (
        (r"\bhow (often|frequently)\b|\bwie oft\b", "every once twice times daily weekly monthly " + _SPANS_OF_TIME),
        (
            r"\bhow long (is|are|was|were|must|should|may|can)\b",
            "characters letters words pages zeichen " + _SPANS_OF_TIME + " " + _LENGTHS,
        ),
        (r"\bhow (tall|high|deep|wide|far)|wie (weit|hoch|tief|breit)\b", _LENGTHS),
        (
            r"\bhow (long|old)\b|\bwie (lange|alt)\b|\bcombien de temps\b|\bcuánto (tiempo|dura)\b|"
            r"\bquanto (tempo|dura)\b|\bduration\b",
            _SPANS_OF_TIME,
        ),
        (
            r"\bhow (big|large)\b|\bwie groß\b|\barea\b",
            "square hectares acres quadratmeter m² carrés cuadrados quadrati gb mb tb kb inches " + _LENGTHS,
        ),
        (
            r"\bhow heavy\b|\bweigh\w*\b|\bwie schwer\b",
            "kg g kilograms kilogram grams gram tonnes tons lb lbs pounds ounces kilo",
        ),
        (r"\bhow fast\b|\bwie schnell\b|\bspeed\b", "second seconds mph knots " + _LENGTHS),
        (
            r"\b(what time|wie viel uhr|wieviel uhr|quelle heure|qué hora|che ora)\b",
            "am pm a.m p.m o'clock uhr heures horas ore noon",
        ),
    )
)
UNITS = frozenset().union(*(units for _, units in _UNITS))
SPANS = frozenset(_SPANS_OF_TIME.split())


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as understood. ``focus`` are the terms of the noun asked for ("country" in "which
    country"), ``wants_list`` and ``wants_more`` that more than a sentence or two is expected, ``is_plural``
    that several things are asked for ("which countries"). ``units`` are the words, in lower case, that come with
    a measure of the kind asked for: "months" with "how long"; ``counted`` the terms of what
    "how many" counts. ``speaker`` are the terms of whose words
    or deeds are asked for ("what did X say")."""

    text: str
    kind: Kind
    focus: frozenset[str]
    units: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    language: str | None = None
    wants_list: bool = False
    wants_more: bool = False
    wants_money: bool = False
    is_plural: bool = False
    speaker: frozenset[str] = frozenset()

    @property
    def is_short(self) -> bool:
        """Whether the answer is a few words that can be marked."""
        return self.kind in SHORT and not self.wants_list


@lru_cache(256)
def read_question(text: str) -> Asked:
    """What ``text`` asks for."""
    plain = " ".join(text.split())
    kind = _kind(plain)
    language = language_in(plain)
    noun = _WHAT_NOUN.search(plain) or _IS_NOUN.search(plain) or _UNIT.search(plain)
    return Asked(
        text=plain,
        kind=kind,
        focus=frozenset(terms(noun[1], language)) if noun else frozenset(),
        language=language,
        counted=frozenset(terms(counted[1], language)) if (counted := _UNIT.search(plain)) else frozenset(),
        units=next((units for pattern, units in _UNITS if pattern.search(plain)), frozenset()),
        wants_list=bool(_LIST.search(plain)) or kind == "list",
        wants_more=bool(_MORE.search(plain)) or kind in ("steps", "comparison"),
        is_plural=kind != "number" and bool(_PLURAL.search(plain)),
        speaker=frozenset(terms(speaker[1])) if (speaker := _SPEAKER.search(plain)) else frozenset(),
        wants_money=kind == "number" and bool(_MONEY.search(plain)),
    )


def _kind(plain: str) -> Kind:
    noun, first = _WHAT_NOUN.search(plain) or _IS_NOUN.search(plain), _FIRST_NOUN.search(plain)
    named = noun[1].split()[::-1] if noun else [first[1]] if first else []
    # the head of a compound is its last word in English ("weight management services"), its first in French
    for word in named[:1] if language_in(plain) == "english" else [*named, *([first[1]] if first else [])]:
        if (kind := _KIND_OF_NOUN.get(word.casefold())) is not None:
            return kind
    if any(word.casefold() in _MEASURED for word in named):
        return "number"
    for kind, pattern in _PATTERNS:
        found = pattern.search(plain)
        # "what happened when …": a question word inside a clause does not ask
        if found and not (kind in ("time", "place", "choice", "person") and _is_clause(plain, *found.span())):
            return kind
    if _LIST.search(plain):
        return "list"
    return "yes-no" if _YES_NO.search(plain) else "other"


def _is_clause(plain: str, start: int, end: int) -> bool:
    """Whether another question word, or a whole sentence, stands before a question word, or asks behind its clause:
    "When it rains, what happens?"."""
    before = plain[:start]
    asks = re.search(r"\b(what|how|why|which)\b", before, re.IGNORECASE) or _YES_NO.search(before)
    return bool(asks or re.search(r",\s*(?:in |at )?(?:what|which|who|how|where|why)\b", plain[end:], re.IGNORECASE))
