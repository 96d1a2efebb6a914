"""The noun that carries a question: "How many *employees*", "Who is the *mayor* of", "Is there a *restaurant*".

The patterns are for English, German, French, Spanish and Italian.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from rag.generation.question import Asked
from rag.index import terms

__all__ = ["Carrier", "carriers"]

_ARTICLE = r"(?:the|an?|der|die|das|den|ein|eine|le|la|les|l['’]|un|une|el|los|las|una|il|lo|i|gli|uno)\s*\b"
_OWNER = r"(?:his|her|its|their|your|our|my|(?:[\w.]+\s){0,3}[\w.]+['’]s?)\s+"
_NOUN = r"(?P<noun>[^\W\d_][\w'’-]*(?:\s[^\W\d_][\w'’-]*){0,2}?)"
_ENDS = (
    r"(?=\s*(?:[?,]|$)|\s(?:of|for|in|at|on|to|from|by|with|that|which|who|when|is|are|was|were|did|do|does|has|have|had|"
    r"can|could|will|would|should|must|may|and|von|vom|für|in|im|am|an|bei|zu|hat|haben|ist|sind|war|waren|wurden?|gibt|"
    r"took|takes?|went|left|attended|died|joined|voted|fled|bought|sold|visited|won|lost|paid|"
    r"received|participated|wird|werden|kann|können|darf|dürfen|muss|müssen|soll|sollen|se|si|s['’]|peut|peuvent|doit|"
    r"doivent|sera|seront|"
    r"de|du|des|d['’]|à|au|en|dans|pour|est|sont|a|ont|y|del|della|dello|dei|di|nel|nella|ha|hanno|c['’]|è|sono|al|"
    r"tiene|tienen|hay|son|fue|fueron)\b)"
)
_CARRIERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bwho(?:['’]s| is| are| was| were)\s+(?:{_ARTICLE}|{_OWNER})\s*{_NOUN}{_ENDS}",
        rf"\b(?:wer (?:ist|war)|qui (?:est|était)|quién (?:es|fue|era)|chi (?:è|era))\s+{_ARTICLE}\s*{_NOUN}{_ENDS}",
        rf"\bwhat(?:['’]s| is| are| was| were)\s+(?:{_ARTICLE}|{_OWNER})\s*{_NOUN}(?:\s*\?|\s(?:of|in)\b)",
        rf"\b(?:how many|wie ?viele?|combien d(?:e\s|['’])|cuánt[oa]s|quant[ie])\s*{_NOUN}{_ENDS}",
        rf"\bhow much\s+(?!is|are|was|were|do|does|did|will|would|can|has|have|of)\s*{_NOUN}{_ENDS}",
        rf"\b(?:is|are|was|were) there (?:any\b|an?\b)?\s*{_NOUN}{_ENDS}",
        rf"(?:\bgibt es|\by a-t-il|\bhay|\bc['’]è|\bci sono)\s+(?:{_ARTICLE})?\s*{_NOUN}{_ENDS}",
    )
)
# "how many words come from Arabic": in front of a preposition the last word may be a verb
_COUNTED = re.compile(r"^\W*(?:how (?:many|much)|wie ?viele?|combien|cuánt[oa]s|quant[ie])\b", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"\s(?:of|for|in|at|on|to|from|by|with|von|vom|für|im|am|an|bei|zu|de|du|des|à|au|en|dans|pour|del|della|dello|dei|"
    r"di|nel|nella|al)\b",
    re.IGNORECASE,
)
# "which company": somewhere, though not of the one asked about
_WHICH = re.compile(r"^\W*which\s+(?P<noun>[^\W\d_][\w'’-]*)(?=\s)", re.IGNORECASE)
# nouns that only say what kind of thing the answer is
_GENERIC = frozenset(
    """number name names date time times price cost fee amount size kind type sort part parts version level rate period
    reason way ways form value length purpose role status result results effect difference meaning point idea people
    person persons thing things place total sum dose space room water money percent percentage share maximum minimum
    limit average hour hours best main first last next most least time place title process procedure benefit benefits
    advantage advantages problem problems
    rule rules requirement requirements step steps option options feature features factor
    factors example examples condition conditions change changes one ones term terms state goal aim measure measures
    zahl anzahl datum preis zeit art teil grund höhe größe leute personen montant nom nombre prix taille raison
    personnes número precio fecha importe personas numero nome prezzo data tipo parte persone volte""".split()
)


class Carrier(NamedTuple):
    """``terms`` are those of the noun itself, ``phrase`` those of all that is asked for. ``is_kind``: it only says what
    kind of thing the answer is ("which company")."""

    terms: list[str]
    phrase: list[str]
    is_kind: bool


def carriers(asked: Asked, telling: Container[str]) -> list[Carrier]:
    """The last word of what is asked for that is not merely a kind of answer, as far as it is among the terms that say
    what the question is about. Countries and people are answered by their names: no text need call them so."""
    found = []
    for pattern in _CARRIERS if asked.kind in ("place", "person") else (*_CARRIERS, _WHICH):
        if match := pattern.search(asked.text):
            named = match["noun"].split()
            told = [word for word in named if word.casefold() not in _GENERIC]
            if len(named) > 1 and _COUNTED.match(match[0]) and _PREPOSITION.match(asked.text, match.end()):
                carrying = told if told != named[-1:] else []
            else:
                carrying = told[-1:]
            own = [term for word in carrying for term in terms(word, asked.language) if term in telling]
            if own:
                found.append(Carrier(own, terms(match["noun"], asked.language), pattern is _WHICH))
    return found
