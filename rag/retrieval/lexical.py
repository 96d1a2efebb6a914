"""A query -> weighted terms for the lexical leg, mended where the index does not know a word.

A word that no passage has is looked for as a typo of one that some have (restricted Damerau-Levenshtein
distance 1, or 2 for long words, same beginning), and as a compound (``retrieval.compounds``). What is guessed
counts less than what is typed.
"""

from __future__ import annotations

from typing import NamedTuple

from rag.index import Snapshot, query_tokens
from rag.retrieval.compounds import ending_in, has_compounds, parts

__all__ = ["QueryTerms", "query_terms"]

# distinct terms of a query that are looked up; more only cost time
_MAX_TERMS = 96
_GUESSED = 0.6  # weight of a term that nobody typed
_SHORTEST = 5  # letters of a word that is mended: shorter ones are near to too many others
_LONG = 8  # letters from which two mistakes are allowed
_LONGEST = 40  # and longer ones are no words
_MAX_MENDED = 8  # words of a query: more are not a question with typos, but another language than the corpus
_SAME = (3, 1)  # letters at the beginning that a typo is believed to have right, tried in this order
_MAX_GUESSES = 3


class QueryTerms(NamedTuple):
    """The terms to look up, each with its weight in the score, and the longer words that count as one of them."""

    weights: dict[str, float]
    compounds: dict[str, list[str]]


def query_terms(query: str, snapshot: Snapshot) -> QueryTerms:
    """What to look up for ``query``."""
    tokens = query_tokens(query)[:_MAX_TERMS]
    known = snapshot.known_terms([term for _, variants in tokens for term in variants])
    has_any = has_compounds(snapshot)
    weights: dict[str, float] = {}
    compounds: dict[str, list[str]] = {}
    n_mended = 0
    for token, variants in tokens:
        found = [term for term in variants if term in known]
        if has_any and token.isalpha() and (longer := ending_in(token, snapshot)):
            found = found or variants[:1]
            compounds[found[0]] = longer
        for term in found:
            weights[term] = 1.0
        if not found and n_mended < _MAX_MENDED and token.isalpha() and _SHORTEST <= len(token) <= _LONGEST:
            n_mended += 1
            for term in _near(variants, snapshot) or parts(token, snapshot):
                weights.setdefault(term, _GUESSED)
    return QueryTerms(dict(list(weights.items())[:_MAX_TERMS]), compounds)


def _near(variants: list[str], snapshot: Snapshot) -> list[str]:
    """Known terms that differ from one of ``variants`` by a typo, nearest first."""
    for same in _SAME:
        distances: dict[str, int] = {}
        others = {start: snapshot.terms_starting_with(start) for start in {term[:same] for term in variants}}
        for term in variants:
            allowed, letters = 2 if len(term) >= _LONG else 1, set(term)
            for other in others[term[:same]]:
                # a letter that only one of them has takes one mistake at least, which is seen sooner than the distance
                if abs(len(other) - len(term)) > allowed or len(letters.symmetric_difference(other)) > 2 * allowed:
                    continue
                if (found := distance(term, other, allowed)) <= allowed:
                    distances[other] = min(found, distances.get(other, found))
        if distances:
            nearest = min(distances.values())
            return sorted(term for term, found in distances.items() if found == nearest)[:_MAX_GUESSES]
    return []


def distance(a: str, b: str, most: int) -> int:
    """The restricted Damerau-Levenshtein distance of two words, or ``most + 1`` when it is larger."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, row, last = row, [i], before
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
