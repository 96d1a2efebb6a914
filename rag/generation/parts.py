"""Several questions in one: "when … and why …?", "which is larger, A or B?", "how does A differ from B?".

Each part is answered by itself. Of a comparison the parts are its sides: what is asked, once of the one and once of
the other. A part that leans on the one before it ("and why was it late?") is read together with that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.generation.rarity import telling

__all__ = ["Part", "parts"]

_ASK = (
    r"(?:who|whom|whose|what|when|where|which|why|how|wer|was|wann|wo|welche[rsnm]?|warum|wie|qui|quand|où|quel(?:le)?s?|"
    r"pourquoi|comment|combien|quién|qué|cuándo|dónde|cuáles?|cómo|cuánt[oa]s?|chi|quando|dove|quale|quali|quant[oaie])"
)
_NEXT = re.compile(
    rf"(?:[,;]?\s+(?:and|und|et|y|e)\s+(?:also\s+)?(?=(?:(?:in|on|at|for|by|to|from|since)\s+)?{_ASK}\b)|[?]\s+(?=\S))",
    re.IGNORECASE,
)
_SIDE = r"[^,;?]{1,60}?"
_AND = r"(?:and|und|et|y|e|with|to|from|mit|avec|con|von)"
_OR = r"(?:or|oder|ou|o)"
_COMPARISONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?P<head>.*?{_ASK}\b[^,:?]*)[,:]\s*(?P<a>{_SIDE})\s+{_OR}\s+(?P<b>{_SIDE})\W*$",
        rf"^(?P<head>.*?\b(?:differences?|distinction|unterschiede?|différences?|diferencias?|differenz[ae]))\s+"
        rf"(?:between|zwischen|entre|tra|fra)\s+(?P<a>{_SIDE})\s+(?:and|und|et|y|e)\s+(?P<b>{_SIDE})\W*$",
        rf"^(?P<head>how (?:do|does|did|are|is))\s+(?P<a>{_SIDE})\s+(?:differ(?:ent)?|compared?)\s+(?:from|to|with)\s+"
        rf"(?P<b>{_SIDE})\W*$",
        rf"^(?P<head>how (?:do|does|did|are))\s+(?P<a>{_SIDE})\s+and\s+(?P<b>{_SIDE})\s+(?:differ(?:ent)?|compare)\W*$",
        rf"^(?P<head>compare)\s+(?P<a>{_SIDE})\s+{_AND}\s+(?P<b>{_SIDE})\W*$",
        rf"^(?P<head>)(?P<a>{_SIDE})\s+(?:vs\.?|versus)\s+(?P<b>{_SIDE})\W*$",
        rf"^(?P<head>(?:is|are|was|were|does|do|did|has|have))\s+"
        rf"(?P<a>{_SIDE}\s+(?:\w+er|more \w+|less \w+|better|worse))\s+than\s+(?P<b>{_SIDE})\W*$",
    )
)
_LEANS = re.compile(r"\b(it|its|they|their|them|he|his|him|she|her|this|that|these|those|there)\b", re.IGNORECASE)
# a part with so few telling words leans on the one before
_FEW = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One question of several. ``about`` is what it leans on; ``side`` names the one side of a comparison."""

    question: str
    about: str = ""
    side: str = ""


@lru_cache(256)
def parts(question: str) -> tuple[Part, ...]:
    """The parts of a question; a single one when it is not made of several."""
    plain = " ".join(question.split())
    for pattern in _COMPARISONS:
        if found := pattern.match(plain):
            return tuple(Part(f"{found['head']} {found[side]}".strip(), side=found[side]) for side in "ab")
    pieces = [piece.strip() for piece in _NEXT.split(plain) if piece and len(telling(piece)) and piece.strip(" ?.!")]
    if len(pieces) < 2:
        return (Part(plain),)
    first = pieces[0]
    return (Part(first), *(Part(piece, first if _leans(piece) else "") for piece in pieces[1:]))


def _leans(piece: str) -> bool:
    return bool(_LEANS.search(piece)) or len(telling(piece)) <= _FEW
