"""The sentences that could answer, each with what speaks for and against it.

Every sentence of the evidence that says something becomes a ``Candidate``. ``FEATURES`` are numbers that hold
for any corpus: similarity of meaning, how much of the question's rare terms it and its surroundings hold,
whether it holds the kind of thing asked for, and where it stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.documents.boilerplate import boilerplate_spans, dateline_length, is_reference
from rag.documents.dates import DATE
from rag.generation.abbreviations import said_otherwise
from rag.generation.clauses import number_length
from rag.generation.question import Asked
from rag.generation.rarity import language_in, related_to
from rag.generation.tokens import Word, holds_type, read_words
from rag.index import STOP_WORDS, terms
from rag.passages.sentences import BULLET, is_label, leans_back
from rag.types import Hit, Passage, Span

__all__ = [
    "FEATURES",
    "Candidate",
    "candidates",
    "names_of",
    "sentences_of",
    "telling_sentences",
]

Matrix = NDArray[np.float64]

FEATURES = (
    "similarity", "similarity below best", "similarity rank",
    "terms with context", "terms around", "terms of passage", "pairs of terms",
    "passage score", "passage score below best", "passage rank", "first passage",
    "type", "type x short", "names missing in passage", "focus",
    "length", "short", "pronoun first", "pronoun first x terms before", "asks", "first in passage", "heading-like",
    "list item", "cue", "new terms",
    "names missing in sentence", "terms alike", "polarity differs", "opposites", "other number", "other name",
    "question length", "covered", "defines",
)  # fmt: skip

_CUES = {
    "reason": r"\b(because|due to|owing to|as a result|therefore|since|caused|cause|causes|led to|in order to|"
    r"so that|"
    r"reason|reasons|weil|wegen|da|parce que|porque|perché|perche|to avoid|result of|thus)\b",
    "definition": r"\b(is|are|was|were|refers? to|means?|defined|known as|called|stands for|ist|sind|bedeutet|"
    r"est|es)\b",
    "steps": r"\b(by|using|use|select|click|choose|open|run|press|go to|first|then|step|must|should|can|submit|"
    r"contact|"
    r"complete|provide|follow|make sure|ensure|need to)\b",
    "list": r"(,.*,.*\b(and|or|und|et|y|e)\b)|\b(include|includes|including|such as|following|consists?|"
    r"comprises?)\b|:",
    "comparison": r"\b(than|while|whereas|unlike|both|difference|differs?|compared|more|less|however|but)\b",
    "person": r"\b(by|president|king|queen|professor|leader|founded|led|named)\b",
    "number": r"\d",
}  # fmt: skip
_CUE = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _CUES.items()}
_DENIES = frozenset(
    "not no never none nobody nothing neither nor without cannot can't don't doesn't didn't isn't wasn't "
    "weren't aren't "
    "won't wouldn't least except rarely seldom hardly unable fail fails failed lack lacks nicht kein keine nie".split()
)
# opposites: one side in the question and only the other in the sentence speaks against the sentence
_OPPOSITES = tuple(
    tuple(frozenset(side.split("|")) for side in pair.split("/"))
    for pair in """
    increase|increased|increases|rise|rose|risen|grew|growth/decrease|decreased|decreases|fell|fall|decline|dropped
    more|most|greater|larger/less|least|fewer|fewest|smaller
    largest|biggest|greatest|major/smallest|minor|tiniest highest/lowest best/worst
    first|earliest/last|latest|final before|prior/after|following north|northern/south|southern
    east|eastern/west|western won|win|wins|victory/lost|lose|loses|defeat
    begin|began|start|started/end|ended|stopped|ceased high|higher/low|lower strong|stronger/weak|weaker
    easy|easier|easily/hard|harder|difficult old|older|oldest/new|newer|newest|young rich|wealthy/poor
    buy|bought/sell|sold join|joined/leave|left import|imports/export|exports gain|gained/lose|lost
    allow|allows|allowed|permitted/forbid|forbids|banned|prohibited
    include|includes|included/exclude|excludes|excluded public/private internal/external
    upper|upstream/lower|downstream male|men/female|women minimum/maximum accepted|accept/rejected|reject
    support|supported/oppose|opposed true/false always/never many/few common/rare|uncommon positive/negative
    fast|faster|quickly/slow|slower|slowly open|opened/close|closed
    """.split()
)
_TITLE = 7  # words of the title of a clause
# characters of a document that say whom or what it is about
_HEAD = 600
# the words in which a sentence names what it defines, and what comes right behind
_SUBJECT = 8
_IS_A = re.compile(
    r"[\"”’')]*\s*(\([^)]*\)\s*)?(is|are|was|were|means?|refers? to|stands for|denotes?|describes|consists?|ist|sind|"
    r"war|bedeutet|est|sont|désigne|es|son|fue|significa|è|sono|,? ?(a|an|the|ein|eine|un|une|una|uno)\s|:|–|—|-\s|,)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence of evidence ``number`` (from 1); ``index`` counts it in its passage. ``start`` and
    ``end`` are offsets in the document, ``features`` as in ``FEATURES``."""

    number: int
    index: int
    start: int
    end: int
    text: str
    terms: frozenset[str]
    words: tuple[Word, ...]
    language: str | None = None


def candidates(asked: Asked, evidence: Sequence[Hit], weight: Mapping[str, float]) -> tuple[list[Candidate], Matrix]:
    """The candidates in order of evidence, and their features, shape ``(n, len(FEATURES))``. What only leads up to
    a hit has none."""
    found: list[Candidate] = []
    rows: list[list[float]] = []
    own = read_words(asked.text, asked.language)
    names = names_of(own, weight)
    pairs = _pairs(terms(asked.text, asked.language))
    denied = {word.lower for word in own}
    top_score = max((hit.score for hit in evidence), default=0.0)
    subjects = _subjects(evidence, names)
    for number, hit in enumerate(evidence, 1):
        if hit.why.joined:
            continue
        passage = hit.passage
        language = language_in(passage.text)
        around = frozenset(terms(f"{passage.title} {passage.heading}", language))
        if passage.start >= _HEAD:
            around |= subjects.get(passage.document_id, frozenset())
        texts, skipped = _sentences(passage, with_datelines=asked.kind == "place")
        bags = [frozenset(terms(text, language or "english")) | said_otherwise(asked.text, text) for text, _ in texts]
        whole = frozenset().union(around, *bags)
        passage_terms = sum(w for term, w in weight.items() if term in whole)
        scores = hit.sentence_scores or (hit.why.dense or 0.0,) * len(texts)
        for i, (text, span) in enumerate(texts):
            if i in skipped or len(bags[i]) < 2:
                continue
            words = read_words(text, language)
            before = bags[i - 1] if i else frozenset()
            after = bags[i + 1] if i + 1 < len(bags) else frozenset()
            alike = related_to(weight, bags[i])
            covered = related_to(weight, bags[i] | around | before | after)
            context = sum(w for term, w in weight.items() if term in bags[i] or term in around or term in before)
            pronoun = leans_back(text)
            kind_type = holds_type(asked, words, frozenset(weight))
            n_words = len(words)
            similarity = scores[i] if i < len(scores) else 0.0
            missing = [term for term in names if term not in bags[i] and term not in around and term not in before]
            cue = _CUE.get(asked.kind)
            found.append(Candidate(number, i, span.start, span.end, text, bags[i], words, language))
            rows.append(
                [
                    similarity, 0.0, 0.0, context, sum(w for t, w in weight.items() if t in around), passage_terms,
                    len(pairs & _pairs([t for word in words for t in word.terms])) / max(1, len(pairs)),
                    hit.score, top_score - hit.score, 1 / number, float(number == 1),
                    kind_type, kind_type * asked.is_short,
                    len([t for t in names if t not in whole]) / max(1, len(names)),
                    float(bool(asked.focus) and bool(asked.focus & bags[i])),
                    math.log1p(n_words), float(n_words < 6), float(pronoun),
                    float(pronoun) * sum(w for t, w in weight.items() if t in before),
                    float(text.rstrip().endswith("?")), float(i == 0),
                    float(not re.search(r"[.!?。！？:;)\"”]\s*$", text)), float(bool(BULLET.match(text))),
                    float(bool(cue and cue.search(text))),
                    min(1.0, len(bags[i] - weight.keys() - STOP_WORDS) / 12),
                    len([t for t in names if t not in bags[i]]) / max(1, len(names)),
                    sum(weight[t] for t in alike),
                    float(bool(_DENIES & denied) != bool(_DENIES & {word.lower for word in words})),
                    float(_opposed(denied, {word.lower for word in words})),
                    float(_has_other_number(names, bags[i])), float(bool(missing) and _has_other_name(words, weight)),
                    math.log1p(len(weight)), sum(weight[t] for t in covered),
                    float(_defines(asked, text, weight, words)),
                ]
            )  # fmt: skip
    if not found:
        return [], np.zeros((0, len(FEATURES)))
    features = np.array(rows)
    _compare(features)
    return found, features


def _subjects(evidence: Sequence[Hit], names: Sequence[str]) -> dict[str, frozenset[str]]:
    """By document, the names of the question at its beginning: a letter about a patient is about him to its end,
    though it says "he" from there on."""
    heads = {hit.passage.document_id: hit.passage.text[:_HEAD] for hit in evidence if hit.passage.start < _HEAD}
    called = frozenset(term for term in names if not any(map(str.isdigit, term)))
    return {id_: called & frozenset(terms(head, language_in(head))) for id_, head in heads.items()}


def _compare(features: Matrix) -> None:
    """Fill in what compares a candidate with the others."""
    column = {name: i for i, name in enumerate(FEATURES)}
    similarity = features[:, column["similarity"]]
    features[:, column["similarity below best"]] = similarity.max() - similarity
    features[:, column["similarity rank"]] = 1 / (1 + np.argsort(np.argsort(-similarity, kind="stable")))


def sentences_of(passage: Passage) -> list[tuple[str, Span]]:
    """The sentences of a passage that are no boilerplate, without datelines; all of them when all are."""
    return telling_sentences(passage) or _sentences(passage)[0]


def telling_sentences(passage: Passage) -> list[tuple[str, Span]]:
    """The sentences of a passage that are neither boilerplate nor headings, without datelines."""
    texts, skipped = _sentences(passage)
    return [text for i, text in enumerate(texts) if i not in skipped]


def _sentences(passage: Passage, *, with_datelines: bool = False) -> tuple[list[tuple[str, Span]], set[int]]:
    """The sentences of a passage without datelines, and the indexes of those that are boilerplate or headings."""
    texts: list[tuple[str, Span]] = []
    skipped: set[int] = set()
    furniture = [Span(passage.start + a, passage.start + b) for a, b in boilerplate_spans(passage.text)]
    for i, (start, end) in enumerate(passage.sentences or (Span(passage.start, passage.end),)):
        text = passage.text[start - passage.start : end - passage.start]
        label = text == passage.title or is_label(passage.text, Span(start - passage.start, end - passage.start))
        label = (label and not DATE.search(text)) or _is_title(passage, i, text)
        if label or is_reference(text) or any(a < end and start < b for a, b in furniture):
            skipped.add(i)
        if not with_datelines and (dateline := dateline_length(text)):
            start, text = start + dateline, text[dateline:]
        texts.append((text, Span(start, end)))
    return texts, skipped


def _is_title(passage: Passage, i: int, text: str) -> bool:
    """Whether a numbered sentence is the title of the clause behind it: "5. Term and Termination. This agreement …"."""
    start = number_length(text)
    if not start or i + 1 >= len(passage.sentences):
        return False
    between = passage.text[passage.sentences[i].end - passage.start : passage.sentences[i + 1].start - passage.start]
    words = [word for word in read_words(text) if word.start >= start]
    return "\n" not in between and len(words) < _TITLE and all(word.is_capital or word.is_function for word in words)


def _defines(asked: Asked, text: str, weight: Mapping[str, float], words: Sequence[Word]) -> bool:
    """Whether a sentence says what the thing asked about is: "X is a …", "X, a …", "X (…)", "X: …"."""
    if asked.kind != "definition" or not weight:
        return False
    held = [word for word in words[:_SUBJECT] if any(term in weight for term in word.terms)]
    return bool(held) and bool(_IS_A.match(text[held[-1].end :]))


def _opposed(asked: set[str], said: set[str]) -> bool:
    """Whether the question says one of two opposites and the sentence only the other."""
    return any(
        (one & asked and other & said and not one & said) or (other & asked and one & said and not other & said)
        for one, other in _OPPOSITES
    )


def _has_other_number(names: Sequence[str], bag: frozenset[str]) -> bool:
    """Whether a number of the question is missing and another one is there."""
    return any(t not in bag and t[0].isdigit() for t in names) and any(t[0].isdigit() for t in bag)


def _has_other_name(words: Sequence[Word], weight: Mapping[str, float]) -> bool:
    """Whether the sentence has a name that the question does not."""
    return any(w.is_capital and w.start and not w.is_function and not weight.keys() & set(w.terms) for w in words)


def _pairs(found: Sequence[str]) -> set[tuple[str, str]]:
    kept = [term for term in found if term not in STOP_WORDS]
    return set(pairwise(kept))


def names_of(words: Sequence[Word], weight: Mapping[str, float]) -> list[str]:
    """The terms of the question's names, numbers and codes."""
    special = [w for w in words if any(c.isdigit() for c in w.text) or (w.is_capital and w.start > 0)]
    return list(dict.fromkeys(term for word in special for term in word.terms if term in weight))
