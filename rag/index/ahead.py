"""What a reading worker finds out about a document beside its text: its passages, and the terms of each.

That is most of what "words first" takes, and it needs nothing but the text, so that it is done where the text was
read while the builder writes what came before. What comes back is held to the contract of a chunker like any other,
and what does not fit the builder's own chunker or terms is found out again.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from rag import plugins
from rag.index.terms import FINGERPRINT as TERMS
from rag.index.terms import index_terms
from rag.passages import split
from rag.types import Document, Passage, Span

if TYPE_CHECKING:
    from rag.plugins import Chunker
    from rag.settings import Settings

__all__ = ["BESIDE", "Ahead", "cut_ahead", "storable", "terms_of"]

BESIDE = "rag.index.ahead:cut_ahead"
# characters; cutting a longer text might take longer than a worker may go without a sign of life
_LONGEST = 2_000_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class Ahead:
    """The chunker for one document whose passages are known already, and the terms of those."""

    fingerprint: str
    passages: Sequence[tuple[Span, Sequence[Span]]]
    terms: Mapping[Span, Mapping[str, int]] = field(default_factory=dict)

    def split(self, document: Document) -> Sequence[tuple[Span, Sequence[Span]]]:
        """The passages."""
        return self.passages

    @classmethod
    def read(cls, text: str, fingerprint: str) -> Ahead | None:
        """What ``cut_ahead`` wrote; None when it was not written for this chunker and these terms. A process that
        has read a hostile file may say anything: that is None, too."""
        try:
            found = json.loads(text)
            if found["chunker"] != fingerprint or found["terms"] != TERMS:
                return None
            passages = [(Span(*span), [Span(*sentence) for sentence in inner]) for span, inner, _ in found["passages"]]
            terms_of_each = {Span(*span): counts for span, _, counts in found["passages"]}
            are_counts = all(type(n) is int and n > 0 for counts in terms_of_each.values() for n in counts.values())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return cls(fingerprint, passages, terms_of_each) if are_counts else None


def cut_ahead(document: Document, settings: Settings) -> str:
    """The passages of a document as the chunker in ``settings`` cuts them, with their terms, for ``Ahead.read``."""
    if len(document.text) > _LONGEST:
        return ""
    chunker = _chunker(settings)
    passages = [
        ((passage.start, passage.end), passage.sentences, terms_of(passage))
        for passage in split(storable(document), chunker)
    ]
    return json.dumps({"chunker": chunker.fingerprint, "terms": TERMS, "passages": passages}, ensure_ascii=False)


@lru_cache(1)
def _chunker(settings: Settings) -> Chunker:
    chunker: Chunker = plugins.load("chunkers", settings.chunker, settings)
    return chunker


def terms_of(passage: Passage) -> Counter[str]:
    """How often each term is in a passage and its heading."""
    return Counter([*index_terms(passage.heading), *index_terms(passage.text)])


def storable(document: Document) -> Document:
    """SQLite's text ends at a NUL and cannot hold half a surrogate pair: both become U+FFFD."""
    text = _UNSTORABLE.sub("\ufffd", document.text)
    return document if text == document.text else replace(document, text=text)
