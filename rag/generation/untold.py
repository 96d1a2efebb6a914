"""Is the very thing that is asked for spoken of at all? However near the sentences are otherwise, they do not answer
"Who is the captain?" when nobody is called a captain, nor "How old is she?" when there is no age.

Two readings: the noun or verb that carries the question ("How many *employees*", "Who is the *mayor* of",
"Who *owns*", "Is there a *restaurant*") stands nowhere in the corpus, nor a word like it in what was found; or a kind
of figure is asked for (a year, an hour, an age, a price, a number to call, an address) and none is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.generation.choice import Reading
from rag.generation.rarity import related_to
from rag.index import terms

__all__ = ["is_untold", "lacks_figure"]

# what was asked for is looked for in so many best sentences
_LOOKED_IN = 5
_CURRENCY = (
    r"[$€£¥₽₹₩₺]|\b(?:usd|eur|gbp|chf|dollars?|euros?|pounds?|francs?|franken|pence|cents?|kron[eo]r|kr|crowns?|rubles?|yen|"
    r"yuan|rupees?|pesos?|z[lł]ot(?:y|ys|ych)|forints?|lir[ae]s?|rand|won|baht|dinars?|dirhams?|shekels?|shillings?|"
    r"gratis|kostenlos|gratuite?s?|gratuit[oia]s?|mill?i(?:on|arden?|ards)\w*|billions?)\b|"
    r"\bfree (?:of|for|to|entry|admission)\b|\b(?:is|are|for|ist|sind) (?:free|frei)\b"
)
_AGE = (
    r"\b(?:in|since|from|of|built|born|seit|jahr|depuis|en|de|dal|nel|desde) (?:1\d|20)\d\d\b|"
    r"\b(?:age[ds]?|years|year-old|old|months|weeks|born|jahre?n?|alt|monate?|geboren|ans|âgée?|né|née|mois|años|edad|"
    r"meses|nacid[oa]|anni|età|mesi|nat[oa])\b"
)
# what is asked for, and what an answer then holds
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
            r"\bwhat (?:is|are) the (?:price|fare)\b|\bwhat (?:do|does|did|will) [^?]*\bcost\b|\bwas kostet\b|"
            r"\bque coûte|\bcombien coûte|\bcuánto cuesta|\bquanto costa",
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
        r"^\W*which\s+(?P<noun>[^\W\d_][\w'’-]*)(?=\s)",
    )
)
_DEED = re.compile(
    r"^\W*(?:who(?:\s+(?:has|had|will))?|wer|qui(?:\s+a)?|quién(?:\s+ha)?|chi(?:\s+ha)?)\s+(?P<verb>[^\W\d_]{3,})\b"
    r"|^\W*when (?:was|were) [^?]*?(?P<last>[^\W\d_]{3,}e[dn]|built|sold|made)\W*$",
    re.IGNORECASE,
)
# "founded" is not what is "found"
_HOMOGRAPHS = frozenset(("founded", "wounded"))
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
    said = frozenset().union(*(reading.passage_terms(number) for number in range(1, len(reading.evidence) + 1)))
    if (deed := _DEED.search(asked.text)) and (verb := deed["verb"] or deed["last"]).casefold() not in _LIGHT:
        if verb.casefold() in _HOMOGRAPHS:
            form = re.compile(rf"\b{verb[:-2]}(?:ed|ers?|ing)\b", re.IGNORECASE)
            return not any(form.search(hit.passage.text) for hit in reading.evidence)
        found = terms(verb, asked.language)
        if found and all(_is_nowhere(reading, term) and not _said_alike(term, said) for term in found):
            return True
    return any(
        all(_is_nowhere(reading, term) for term in found) and not related_to(found, said)
        for noun in _carriers(asked.text)
        if (found := terms(noun, asked.language))
    )


def _carriers(question: str) -> Iterator[str]:
    """The nouns that carry a question: the last word of what is asked for that is not merely a kind of answer."""
    for pattern in _CARRIERS:
        if found := pattern.search(question):
            told = [word for word in found["noun"].split() if word.casefold() not in _GENERIC]
            if told and not (told[-1][0].isupper() and not question.startswith(told[-1])):
                yield told[-1]
            return


def _is_nowhere(reading: Reading, term: str) -> bool:
    return term in reading.weight and reading.frequency.get(term, 1) == 0


def _said_alike(term: str, said: frozenset[str]) -> bool:
    """Whether a word of the same meaning is there; one that only begins alike ("founded", "Foundation") is another."""
    return bool(related_to([term], frozenset(other for other in said if other[:5] != term[:5] or other == term)))


def lacks_figure(reading: Reading) -> bool:
    """Whether a kind of figure is asked for, and none of the best sentences (or of the passages that they stand in)
    has one."""
    best = [reading.candidates[i] for i in reading.ranked[:_LOOKED_IN]]
    for asked, held, anywhere in _FIGURES:
        if asked.search(reading.asked.text):
            texts = [reading.evidence[one.number - 1].passage.text if anywhere else one.text for one in best]
            return not any(map(held.search, texts))
    return False
