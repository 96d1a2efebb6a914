"""Compounds: "Haftpflichtversicherung" is a Versicherung, whichever of the two the question says.

A query's word also counts where a longer word ends in it; the index has long words from their end for that, in the
languages that write compounds as one word. A compound that no passage has is looked for by its parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rag.index import COMPOUNDING, Snapshot, backwards, stems
from rag.index.languages import FUNCTION_WORDS

__all__ = ["ending_in", "has_compounds", "parts"]

_PART = 4  # letters of the shortest part, but for a first part of three ("Radweg")
_SURE = 6  # letters of a head that is believed without knowing what stands before it: "haft" ends "Gesellschaft"
_MAX_COMPOUNDS = 24
_ANY = "kranken"  # a first part; any of two syllables would do
# between the parts: German, Dutch, Scandinavian
_LINKS = ("", "s", "es", "n", "en", "e", "er", "ns")
# "Ausbildung" is no compound of "Bildung"
_PREFIXES = frozenset(word for language in COMPOUNDING for word in FUNCTION_WORDS[language])


def ending_in(word: str, snapshot: Snapshot) -> list[str]:
    """Terms in the index that are compounds with ``word``, a word in lower case, as their head."""
    found: set[str] = set()
    for form in _as_head(word):
        longer = (term[:0:-1] for term in snapshot.terms_starting_with(backwards(form)))
        fronts = {term: term[: -len(form)] for term in longer}
        fronts = {term: front for term, front in fronts.items() if len(front) >= 3 and front not in _PREFIXES}
        if fronts and len(word) < _SURE:
            known = _known(fronts.values(), snapshot)
            fronts = {term: front for term, front in fronts.items() if front in known}
        found.update(fronts)
    return sorted(found, key=lambda term: (len(term), term))[:_MAX_COMPOUNDS]


def has_compounds(snapshot: Snapshot) -> bool:
    """True when a language that writes compounds as one word is in the index."""
    return snapshot.has_terms_starting_with(backwards(""))


@lru_cache(4096)
def _as_head(word: str) -> frozenset[str]:
    """The stems of a word alone and at the end of another: "Rechnung" keeps its ending, "Stromrechnung" loses it."""
    alone, longer = stems(word, COMPOUNDING), stems(_ANY + word, COMPOUNDING)
    forms = [*alone, *(stem.removeprefix(_ANY) for stem in longer if stem.startswith(_ANY))]
    return frozenset(form for form in forms if len(form) >= _PART and form.isalpha())


def parts(word: str, snapshot: Snapshot) -> list[str]:
    """The stems of two known words that ``word`` is put together from, with the longest second part; of its longest
    known end alone, if other words in the index end so."""
    halves = [
        (stems(word[: at - len(link)]), stems(word[at:]))
        for at in range(_PART, len(word) - _PART + 1)
        for link in _LINKS
        if at - len(link) >= _PART and word[:at].endswith(link)
    ]
    known = snapshot.known_terms([term for pair in halves for variants in pair for term in variants])
    heads = []
    for pair in halves:
        found = [next((term for term in variants if term in known), "") for variants in pair]
        if all(found):
            return found
        heads += [head for head in found[1:] if len(head) >= _SURE]
    return [head for head in heads[:1] if snapshot.has_terms_starting_with(backwards(head)[: _PART + 1])]


def _known(fronts: Iterable[str], snapshot: Snapshot) -> set[str]:
    """Those of the first parts that are words of the index, with or without what links them."""
    forms = {
        front: [
            form
            for link in _LINKS
            if front.endswith(link) and len(front) - len(link) >= 3
            for form in stems(front[: len(front) - len(link)], COMPOUNDING)
        ]
        for front in fronts
    }
    known = snapshot.known_terms([form for own in forms.values() for form in own])
    return {front for front, own in forms.items() if known.intersection(own)}
