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
from rag.generation.carriers import carriers
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
_DEED = re.compile(
    r"^\W*(?:who(?:\s+(?:has|had|will))?|wer|qui(?:\s+a)?|quién(?:\s+ha)?|chi(?:\s+ha)?)\s+(?P<verb>[^\W\d_]{3,})\b"
    r"|^\W*when (?:was|were) [^?]*?(?P<last>[^\W\d_]{3,}e[dn]|built|sold|made)\W*$",
    re.IGNORECASE,
)
# "founded" is not what is "found", "issued" not an "issue"
_HOMOGRAPHS = frozenset(("founded", "wounded", "issued"))
# "When is the next operation?" is not told by "She had an operation on 2 December"
_NEXT = re.compile(
    r"\b(?:next|upcoming|forthcoming|nächste[nrsm]?|kommende[nrsm]?|prochaine?s?|próxim[oa]s?|prossim[oaie])\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|had|has been|have been|took|held|hatten?|wurden?|waren?|a été|ont été|était|eut|fue|fueron|tuvo|"
    r"era|è stat[oa]|sono stat[ei]|ebbe)\b",
    re.IGNORECASE,
)
_TO_COME = re.compile(
    r"\b(?:will|shall|scheduled|planned|due|until|wird|werden|geplant|sera|seront|prévue?s?|será|serán|previst[oa]|sarà|"
    r"saranno)\b",
    re.IGNORECASE,
)
# verbs that say little
_LIGHT = frozenset(
    """is are was were be been can could may might must shall should will would do does did has have had get gets got go
    goes went come comes came take takes took make makes made give gives gave use uses used need needs want wants work
    works call called say says said see saw keep keeps put puts let lets else all ist war sind hat haben kann darf muss
    soll wird macht gibt est sont peut doit fait es son fue puede debe hace ha può deve fa ont avait""".split()
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
    for carrier in carriers(asked, reading.weight):
        if all(_is_nowhere(reading, term) for term in carrier.terms) and not related_to(carrier.terms, said):
            return True
        if asked.is_short and not carrier.is_kind:
            return not related_to(carrier.terms, _said(reading, _about(reading, carrier.phrase)))
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
    if asked.kind == "time" and _NEXT.search(asked.text) and _is_past(best[0].text):
        return True
    if asked.counted and not any(holds_count(one.text) for one in told):
        return True
    if figure := figure_asked(asked.text):
        held, around = figure
        return not any(held.search(_around(reading, one) if around else one.text) for one in best)
    return False


def _is_past(text: str) -> bool:
    """Whether a sentence tells of what has been, and of nothing that is to come."""
    return bool(_PAST.search(text)) and not _NEXT.search(text) and not _TO_COME.search(text)


def _around(reading: Reading, candidate: Candidate) -> str:
    """A sentence with two before and two behind it."""
    passage = reading.evidence[candidate.number - 1].passage
    near = passage.sentences[max(0, candidate.index - 2) : candidate.index + 3]
    return passage.text[near[0].start - passage.start : near[-1].end - passage.start] if near else passage.text
