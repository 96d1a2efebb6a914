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

from rag.index.terms import terms

__all__ = ["Asked", "Kind", "read_question"]

Kind = Literal[
    "person", "time", "number", "place", "choice", "yes-no", "reason", "steps", "list", "definition", "comparison",
    "other",
]  # fmt: skip

# Kinds whose answer is a few words that can be marked inside a sentence.
SHORT: frozenset[Kind] = frozenset(("person", "time", "number", "place", "choice"))

# The noun after "what" or "which" tells the kind: "what year", "in which city", "what percentage".
_NOUNS: dict[Kind, str] = {
    "time": "year years date day month century centuries decade era period time season weekday deadline",
    "number": "percentage percent proportion share number amount price cost fee rate size age height length width "
    "depth weight distance population temperature speed value total sum budget salary limit maximum minimum ratio "
    "score revenue turnover profit duration capacity",
    "place": "country countries city cities place places location state states region continent town village "
    "province district county area river lake island sea ocean street address nation",
    "person": "person people man woman author scientist king queen president emperor leader artist composer "
    "mathematician philosopher professor architect inventor writer director actor actress singer general founder "
    "ceo minister physicist explorer poet painter economist researcher politician biologist chemist",
}
_KIND_OF_NOUN = {noun: kind for kind, nouns in _NOUNS.items() for noun in nouns.split()}

# Question words; the first pattern that is found decides, in this order.
_RULES: tuple[tuple[Kind, str], ...] = (
    ("comparison", r"\b(difference|differences|differ|differs|compare|compared|comparison|versus|vs|unterschied)\b"),
    (
        "steps",
        r"^(and |so |ok |then )*(how (do|can|could|should|would|does|to|must)\b(?! (you |we |they )?(the )?\w+ "
        r"(differ|relate|mean))|what (are|is) the (steps?|procedure|process)\b|what steps|wie (kann|mache|muss|geht)"
        r"|comment (faire|puis-je|peut-on)|cómo (puedo|se puede|hacer))",
    ),
    (
        "number",
        r"\bhow (many|much|old|long|far|tall|big|large|high|deep|wide|heavy|fast|often|late|early|great|quickly)\b|"
        r"\bwhat (does|do|did|would|will) .*\bcost\b|"
        r"\b(wie ?viele?|wieviele?|combien|cuánt[oa]s?|quant[oiae]s?|hoeveel|wie (lange|alt|hoch|weit|groß|oft))\b",
    ),
    ("reason", r"\b(why|what (caused|causes|is the (reason|cause))|how come|warum|wieso|weshalb|pourquoi|perché)\b|"
               r"\b(por qué|por que|waarom)\b"),
    (
        "definition",
        r"^(so |and )*(what('s| is| are| was| were)( a| an| the)? [\w' -]{1,40}\??$|what (does|do) .* (mean|"
        r"stand for)"
        r"|define |who is .*\?$|was (ist|sind|bedeutet)|qu'est-ce|qué (es|son)|che cos|cos'è|o que é|wat is)",
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
    r"^(and |so |but |ok |then )*(is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|may|must|am|"
    r"isn't|aren't|doesn't|don't|ist|sind|war|kann|hat|gibt es|est-ce|es|son|está|puede)\b",
    re.IGNORECASE,
)
_WHAT_NOUN = re.compile(
    r"\b(?:what|which|whose|welche[rsnm]?|quel(?:le)?s?)\s+(?:(?:is|are|was|were)\s+(?:the|its|their|his|her)\s+)?"
    r"(?!(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|may|must)\b)"
    r"((?:[^\W\d_][\w'-]*\s+){0,3}?[^\W\d_][\w'-]*)\s+"
    r"(?:of|is|are|was|were|did|do|does|has|have|had|can|could|will|would|should|may|in|for|to|that|on|at|from|by)\b",
    re.IGNORECASE,
)
_FIRST_NOUN = re.compile(r"\b(?:what|which)\s+([^\W\d_]+)", re.IGNORECASE)
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
_UNIT = re.compile(r"\bhow many\s+((?:[^\W\d_][\w'-]*\s+){0,2}?[^\W\d_][\w'-]*)", re.IGNORECASE)
_MONEY = re.compile(
    r"\bhow much\b|\b(price|cost|costs|fee|salary|revenue|turnover|profit|budget|paid|pay|worth|spent|spend|dollars?|"
    r"euros?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as understood. ``focus`` are the terms of the noun asked for ("country" in "which
    country"), ``wants_list`` and ``wants_more`` that more than a sentence or two is expected, ``is_plural``
    that several things are asked for ("which countries"). ``speaker`` are the terms of whose words
    or deeds are asked for ("what did X say")."""

    text: str
    kind: Kind
    focus: frozenset[str]
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
    noun = _WHAT_NOUN.search(plain) or _UNIT.search(plain)
    return Asked(
        text=plain,
        kind=kind,
        focus=frozenset(terms(noun[1])) if noun else frozenset(),
        wants_list=bool(_LIST.search(plain)) or kind == "list",
        wants_more=bool(_MORE.search(plain)) or kind in ("steps", "comparison"),
        is_plural=kind != "number" and bool(_PLURAL.search(plain)),
        speaker=frozenset(terms(speaker[1])) if (speaker := _SPEAKER.search(plain)) else frozenset(),
        wants_money=kind == "number" and bool(_MONEY.search(plain)),
    )


def _kind(plain: str) -> Kind:
    noun = _WHAT_NOUN.search(plain)
    first = _FIRST_NOUN.search(plain)
    for words in (noun[1].split()[::-1] if noun else [], [first[1]] if first else []):
        for word in words:
            if (named := _KIND_OF_NOUN.get(word.casefold())) is not None:
                return named
    for kind, pattern in _PATTERNS:
        found = pattern.search(plain)
        # "what happened when …": a question word inside a clause does not ask
        if found and not (kind in ("time", "place", "choice", "person") and _is_clause(plain, found.start())):
            return kind
    if _LIST.search(plain):
        return "list"
    return "yes-no" if _YES_NO.search(plain) else "other"


def _is_clause(plain: str, at: int) -> bool:
    """Whether another question word, or a whole sentence, stands before position ``at``."""
    before = plain[:at]
    return bool(re.search(r"\b(what|how|why|which)\b", before, re.IGNORECASE)) or bool(_YES_NO.search(before))
