"""Is the very thing that is asked for spoken of at all? However near the sentences are otherwise, they do not answer
"Who is the captain?" when nobody is called a captain, nor "How old is she?" when there is no age.

Two readings: the noun or verb that carries the question ("How many *employees*", "Who is the *mayor* of",
"Who *owns*", "Is there a *restaurant*") stands nowhere in the corpus, nor a word like it in what was found, or the
noun is said of others only than the one it is asked about ("the *revenue* of Orla Bank"); or a kind of figure is asked
for (a time, a number, an age, a price, a number to call, an address) and none is there. The patterns are for English,
German, French, Spanish and Italian; a question that none of them reads is never refused by this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.generation.candidates import Candidate, names_of
from rag.generation.choice import Reading
from rag.generation.figures import figure_asked, holds_count, holds_time
from rag.generation.rarity import related_to
from rag.generation.tokens import read_words
from rag.index import terms

__all__ = ["is_untold", "lacks_figure"]

# what was asked for is looked for in so many best sentences
_LOOKED_IN, _TOLD_IN = 5, 3
# that a time or a number stands in one of those, if it answers about as well as the best, as a logit
_NEAR = 2.5
_ARTICLE = r"(?:the|an?|der|die|das|den|ein|eine|le|la|les|l['’]|un|une|el|los|las|una|il|lo|i|gli|uno)\s*\b"
_OWNER = r"(?:his|her|its|their|your|our|my|(?:[\w.]+\s){0,3}[\w.]+['’]s?)\s+"
_NOUN = r"(?P<noun>[^\W\d_][\w'’-]*(?:\s[^\W\d_][\w'’-]*){0,2}?)"
_ENDS = (
    r"(?=\s*(?:[?,]|$)|\s(?:of|for|in|at|on|to|from|by|with|that|which|who|when|is|are|was|were|did|do|does|has|have|had|"
    r"can|could|will|would|should|must|may|and|von|vom|für|in|im|am|an|bei|zu|hat|haben|ist|sind|war|waren|wurden?|gibt|"
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
# "which company": somewhere, though not of the one asked about
_WHICH = re.compile(r"^\W*which\s+(?P<noun>[^\W\d_][\w'’-]*)(?=\s)", re.IGNORECASE)
_DEED = re.compile(
    r"^\W*(?:who(?:\s+(?:has|had|will))?|wer|qui(?:\s+a)?|quién(?:\s+ha)?|chi(?:\s+ha)?)\s+(?P<verb>[^\W\d_]{3,})\b"
    r"|^\W*when (?:was|were) [^?]*?(?P<last>[^\W\d_]{3,}e[dn]|built|sold|made)\W*$",
    re.IGNORECASE,
)
# "founded" is not what is "found", "issued" not an "issue"
_HOMOGRAPHS = frozenset(("founded", "wounded", "issued"))
# verbs that say little, and nouns that only say what kind of thing the answer is
_LIGHT = frozenset(
    """is are was were be been can could may might must shall should will would do does did has have had get gets got go
    goes went come comes came take takes took make makes made give gives gave use uses used need needs want wants work
    works call called say says said see saw keep keeps put puts let lets else all ist war sind hat haben kann darf muss
    soll wird macht gibt est sont peut doit fait es son fue puede debe hace ha può deve fa ont avait""".split()
)
_GENERIC = frozenset(
    """number name names date time times price cost fee amount size kind type sort part parts version level rate period
    reason way ways form value length purpose role status result results effect difference meaning point idea people
    person persons thing things place total sum dose space room water money percent percentage share maximum minimum
    limit average best main first last next most least time place title process procedure benefit benefits advantage
    advantages problem problems rule rules requirement requirements step steps option options feature features factor
    factors example examples condition conditions change changes one ones term terms state goal aim measure measures
    zahl anzahl datum preis zeit art teil grund höhe größe leute personen montant nom nombre prix taille raison
    personnes número precio fecha importe personas numero nome prezzo data tipo parte persone volte""".split()
)


def is_untold(reading: Reading) -> bool:
    """Whether the word that carries the question stands nowhere, nor one like it in what was found."""
    asked = reading.asked
    everywhere = range(1, len(reading.evidence) + 1)
    said = _said(reading, everywhere)
    if (deed := _DEED.search(asked.text)) and (verb := deed["verb"] or deed["last"]).casefold() not in _LIGHT:
        found = terms(verb, asked.language)
        if verb.casefold() in _HOMOGRAPHS:
            form = re.compile(rf"\b{verb[:-2]}(?:ed|ers?|ing)\b", re.IGNORECASE)
            where = _about(reading, found)
            return not any(form.search(reading.evidence[number - 1].passage.text) for number in where)
        if found and all(_is_nowhere(reading, term) and not _said_alike(term, said) for term in found):
            return True
    for pattern in (*_CARRIERS, _WHICH):
        carrier, phrase = _carrier(pattern, reading)
        if carrier and all(_is_nowhere(reading, term) for term in carrier) and not related_to(carrier, said):
            return True
        if carrier and asked.is_short and pattern is not _WHICH:
            return not related_to(carrier, _said(reading, _about(reading, phrase)))
    return False


def _said(reading: Reading, numbers: Iterable[int]) -> frozenset[str]:
    return frozenset().union(*(reading.passage_terms(number) for number in numbers))


def _about(reading: Reading, phrase: Sequence[str]) -> Sequence[int]:
    """The evidence from documents that speak of a name in the question; all of it when it has none, or none does."""
    everywhere = range(1, len(reading.evidence) + 1)
    names = set(names_of(read_words(reading.asked.text, reading.asked.language), reading.weight)) - set(phrase)
    documents = {_document(reading, number) for number in everywhere if names & reading.passage_terms(number)}
    return [number for number in everywhere if _document(reading, number) in documents] or everywhere


def _document(reading: Reading, number: int) -> str:
    return reading.evidence[number - 1].passage.document_id


def _carrier(pattern: re.Pattern[str], reading: Reading) -> tuple[list[str], list[str]]:
    """The terms of the noun that carries the question (the last word of what is asked for that is not merely a kind of
    answer, as far as it says what the question is about), and those of all that is asked for."""
    found, language = pattern.search(reading.asked.text), reading.asked.language
    if not found:
        return [], []
    told = [word for word in found["noun"].split() if word.casefold() not in _GENERIC]
    carrier = [term for word in told[-1:] for term in terms(word, language) if term in reading.weight]
    return carrier, terms(found["noun"], language)


def _is_nowhere(reading: Reading, term: str) -> bool:
    return term in reading.weight and reading.frequency.get(term, 1) == 0


def _said_alike(term: str, said: frozenset[str]) -> bool:
    """Whether a word of the same meaning is there; one that only begins alike ("founded", "Foundation") is another."""
    return bool(related_to([term], frozenset(other for other in said if other[:5] != term[:5] or other == term)))


def lacks_figure(reading: Reading) -> bool:
    """Whether a kind of figure is asked for, and none of the best sentences (or of those around them) has one."""
    asked, best = reading.asked, [reading.candidates[i] for i in reading.ranked[:_LOOKED_IN]]
    told = [
        reading.candidates[i] for i in reading.ranked[:_TOLD_IN] if reading.scores[i] > reading.scores.max() - _NEAR
    ]
    if asked.kind == "time" and not any(holds_time(one.text) for one in told):
        return True
    if asked.counted and not any(holds_count(one.text) for one in told):
        return True
    if figure := figure_asked(asked.text):
        held, around = figure
        return not any(held.search(_around(reading, one) if around else one.text) for one in best)
    return False


def _around(reading: Reading, candidate: Candidate) -> str:
    """A sentence with two before and two behind it."""
    passage = reading.evidence[candidate.number - 1].passage
    near = passage.sentences[max(0, candidate.index - 2) : candidate.index + 3]
    return passage.text[near[0].start - passage.start : near[-1].end - passage.start] if near else passage.text
