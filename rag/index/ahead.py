"""What a reading worker finds out about a document beside its text: its passages, and the terms of each.

That is most of what "words first" takes, and it needs nothing but the text, so that it is done where the text was
read while the builder writes what came before. What comes back is held to the contract of a chunker like any other,
and what does not fit the builder's own chunker or terms is found out again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rag import plugins
from rag.index.termcounts import TermCounts, terms_of
from rag.index.terms import FINGERPRINT as TERMS
from rag.passages import split
from rag.types import Document, Passage, Span

if TYPE_CHECKING:
    from rag.plugins import Chunker
    from rag.settings import Settings

__all__ = ["BESIDE", "Ahead", "cut_ahead", "storable"]

BESIDE = "rag.index.ahead:cut_ahead"
# characters; cutting a longer text might take longer than a worker may go without a sign of life
_LONGEST = 2_000_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class Ahead:
    """The chunker for one document whose passages are known already, and the terms of those."""

    fingerprint: str
    passages: Sequence[tuple[Span, Sequence[Span]]]
    terms: TermCounts

    def split(self, document: Document) -> Sequence[tuple[Span, Sequence[Span]]]:
        """The passages."""
        return self.passages

    def terms_for(self, passages: Sequence[Passage]) -> TermCounts | None:
        """The terms, if these are the passages that they are of."""
        fits = [(passage.start, passage.end) for passage in passages] == [span for span, _ in self.passages]
        return self.terms if fits else None

    @classmethod
    def read(cls, said: Any, fingerprint: str) -> Ahead | None:
        """What ``cut_ahead`` found; None when it was not found for this chunker and these terms. A process that
        has read a hostile file may say anything: that is None, too."""
        try:
            if said["chunker"] != fingerprint or said["terms"] != TERMS:
                return None
            passages = [(Span(*span), [Span(*sentence) for sentence in inner]) for span, inner in said["passages"]]
            found = TermCounts.from_json(said["counts"])
            numbers = (number for span, inner in passages for each in (span, *inner) for number in each)
            sound = len(found.sizes) == len(passages) and set(map(type, numbers)) <= {int}
        except (ValueError, KeyError, TypeError, OverflowError):
            return None
        return cls(fingerprint, passages, found) if sound else None


def cut_ahead(document: Document, settings: Settings) -> dict[str, Any] | None:
    """The passages of a document as the chunker in ``settings`` cuts them, with their terms, for ``Ahead.read``."""
    if len(document.text) > _LONGEST:
        return None
    chunker = _chunker(settings)
    document = storable(document)
    passages = split(document, chunker)
    return {
        "chunker": chunker.fingerprint,
        "terms": TERMS,
        "passages": [((passage.start, passage.end), passage.sentences) for passage in passages],
        "counts": terms_of(document.name, ((passage.heading, passage.text) for passage in passages)).to_json(),
    }


@lru_cache(1)
def _chunker(settings: Settings) -> Chunker:
    chunker: Chunker = plugins.load("chunkers", settings.chunker, settings)
    return chunker


def storable(document: Document) -> Document:
    """SQLite's text ends at a NUL and cannot hold half a surrogate pair: both become U+FFFD."""
    text = _UNSTORABLE.sub("\ufffd", document.text)
    return document if text == document.text else replace(document, text=text)
