"""A summary without a language model: the sentences that together stand for the whole document.

Sentences are chosen so that every sentence of the document has one near it in meaning among them (the facility
location function of Lin and Bilmes 2011, "A Class of Submodular Functions for Document Summarization", maximised
greedily per word). The sentence vectors are those of the index: nothing is embedded. The document's own opening
always comes first, because writers put there what matters most. What is quoted is quoted word for word, in
reading order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rag.generation.candidates import telling_sentences
from rag.generation.lists import bullet_length
from rag.generation.scanning import Found, Scan, listing
from rag.index import DocumentEntry, Snapshot
from rag.passages.sentences import leans_back
from rag.types import Passage, Span

__all__ = ["summarise"]

# words of a summary, shared by the documents that are summarised together, and the sentences it may have
_WORDS, _MOST = 150, 8
# words of a sentence worth quoting alone; shorter ones lean on what stands around them, longer ones are lists
_SHORTEST, _LONGEST = 8, 60
# sentences compared with each other at most; a longer document is sampled evenly (a book has about 5,000)
_COMPARED = 2_000
# a longer sentence covers more and costs more: its gain is divided by this power of its words (Lin and Bilmes
# found 0.1 to 0.3 best on news)
_COST = 0.3
# with fewer whole sentences than these a document is a note or a table: any of its lines will do
_FEW = 2
# somebody's words need the one who said them
_OPENING_QUOTES = "\"'“„«‘"


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: Passage
    span: Span
    n_words: int
    vector: NDArray[np.float32] | None


def summarise(snapshot: Snapshot, entries: Sequence[DocumentEntry]) -> Scan:
    """A summary of each of a few documents; a document without any whole sentence is left out."""
    found: list[Found] = []
    notes = []
    for entry in entries:
        told = _sentences(snapshot, entry.document_id)
        chosen = _chosen(told, _WORDS // len(entries), max(2, _MOST // len(entries)))
        found += [Found(told[i].passage, told[i].span) for i in sorted(chosen)]
        notes.append(f"{len(chosen)} of {len(told)} sentences of “{entry.title}”")
    note = f"quotes {' and '.join(notes)}, chosen to stand for the rest"
    return replace(listing(found, note, named=len(entries) > 1), is_summary=True)


def _sentences(snapshot: Snapshot, document_id: str) -> list[_Sentence]:
    """The document's sentences that can stand alone, in order, evenly thinned out when there are too many."""
    numbers = snapshot.passages_of(document_id)
    passages, rows = snapshot.passages(numbers), snapshot.rows(numbers)
    every: list[_Sentence] = []
    alone: list[_Sentence] = []
    for number in numbers:
        passage, vectors = passages[number], rows.get(number)
        places = {span.end: i for i, span in enumerate(passage.sentences, 1)}
        for text, span in telling_sentences(passage):
            vector = None if vectors is None else vectors[places[span.end]]
            span = Span(span.start + bullet_length(text), span.end)
            every.append(_Sentence(passage, span, len(text.split()), vector))
            if _stands_alone(text):
                alone.append(every[-1])
    told = alone if len(alone) >= _FEW else every
    step = -(-len(told) // _COMPARED) or 1
    return told[::step]


def _stands_alone(text: str) -> bool:
    ends = text.rstrip("\"'”’)»").endswith((".", "!", "。", "…"))
    leans = leans_back(text) or text[0] in _OPENING_QUOTES
    return ends and not leans and (_SHORTEST <= len(text.split()) <= _LONGEST or "。" in text)


def _chosen(told: Sequence[_Sentence], n_words: int, most: int) -> list[int]:
    """The indexes of the sentences to quote: the first, then those that cover most of what is left."""
    vectors = [sentence.vector for sentence in told if sentence.vector is not None]
    if not told or len(vectors) < len(told):  # still being embedded: how it begins has to do
        return _opening(told, n_words, most)
    matrix = np.stack(vectors)
    near = np.maximum(matrix @ matrix.T, 0)
    cost = np.array([max(1, sentence.n_words) for sentence in told], dtype=np.float64) ** _COST
    chosen = [0]
    covered, left = near[0].copy(), n_words - told[0].n_words
    while len(chosen) < most:
        gains = np.maximum(near - covered, 0).sum(axis=1) / cost
        gains[[i for i in range(len(told)) if i in chosen or told[i].n_words > left]] = 0
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        chosen.append(best)
        covered = np.maximum(covered, near[best])
        left -= told[best].n_words
    return chosen


def _opening(told: Sequence[_Sentence], n_words: int, most: int) -> list[int]:
    chosen: list[int] = []
    for i, sentence in enumerate(told[:most]):
        if chosen and sentence.n_words > n_words:
            break
        chosen.append(i)
        n_words -= sentence.n_words
    return chosen
