"""The terms of passages, counted: what goes from a reading worker to the builder, and from there into the full text."""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from rag.index.terms import index_terms

__all__ = ["TermCounts", "count_terms", "terms_of"]


def _whole_numbers() -> array[int]:
    return array("I")


@dataclass(frozen=True, slots=True)
class TermCounts:
    """How often each term is in each of some passages.

    ``terms`` are all of them; ``sizes`` says how many different ones each passage has, and ``places`` and ``counts``,
    one passage after the other, which (places in ``terms``) and how often.
    """

    terms: Sequence[str] = ()
    sizes: array[int] = field(default_factory=_whole_numbers)
    places: array[int] = field(default_factory=_whole_numbers)
    counts: array[int] = field(default_factory=_whole_numbers)

    def to_json(self) -> list[Any]:
        """As JSON values, the numbers as text in base 64: they are many."""
        numbers = (self.sizes, self.places, self.counts)
        return [list(self.terms), *(b64encode(values.tobytes()).decode() for values in numbers)]

    @classmethod
    def from_json(cls, value: Any) -> TermCounts:
        """What ``to_json`` gave.

        Raises:
            ValueError, TypeError: this is nothing that it gives.
        """
        terms, *numbers = value
        sizes, places, counts = (array("I", b64decode(text, validate=True)) for text in numbers)
        "".join(terms).encode()  # they are texts, and can be stored
        if not sum(sizes) == len(places) == len(counts) or 0 in counts or max(places, default=-1) >= len(terms):
            raise ValueError("counts that do not fit their terms")
        return cls(terms, sizes, places, counts)


def count_terms(of_each: Iterable[Iterable[str]]) -> TermCounts:
    """The terms of each of some passages, counted."""
    place_of: defaultdict[str, int] = defaultdict(count().__next__)
    sizes, places, counts = _whole_numbers(), _whole_numbers(), _whole_numbers()
    for terms in of_each:
        counted = Counter(terms)
        sizes.append(len(counted))
        places.extend(map(place_of.__getitem__, counted))
        counts.extend(counted.values())
    return TermCounts(list(place_of), sizes, places, counts)


def terms_of(name: str, passages: Iterable[tuple[str, str]]) -> TermCounts:
    """The terms of passages, each given as its heading and its text, of a document of that name."""
    title = index_terms(name)
    return count_terms([*title, *_heading_terms(heading), *index_terms(text)] for heading, text in passages)


@lru_cache(1024)
def _heading_terms(heading: str) -> Sequence[str]:
    return index_terms(heading)
