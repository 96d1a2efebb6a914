"""Reading the evidence with a question in mind: which sentence answers, and which words of it.

``read`` scores every sentence; ``Reading.fact`` marks the short answer inside a sentence. Both use the small
linear models of ``rag.generation.model``. Generator and abstention look at the same reading.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import cast

import numpy as np

from rag.generation.abbreviations import said_otherwise
from rag.generation.candidates import FEATURES, Candidate, Matrix, candidates
from rag.generation.carriers import carriers
from rag.generation.clauses import number_length
from rag.generation.figures import figure_asked
from rag.generation.freshness import When, date_of, wants_newest
from rag.generation.marking import is_row, mark
from rag.generation.model import coefficients
from rag.generation.question import Asked, read_question
from rag.generation.rarity import language_in, related_to, telling, weights
from rag.generation.reader import surroundings
from rag.generation.spans import Fact
from rag.index import STOP_WORDS, terms
from rag.plugins import Read, Reader
from rag.retrieval.literals import literals
from rag.types import Hit

__all__ = ["LEAST_TOLD", "WITH_READER", "Reading", "columns", "read"]

# "who is it now": a sentence of an older document, where a newer one says about as much, as logits
_STALE, _AS_GOOD = 4.5, 3.5
# "what did X say": a sentence that does not begin with X, as a logit
_NOT_THE_SPEAKER = 3.0
_SUBJECT_WORDS = 8
# what a term of the part that a question leans on counts beside one of its own
_LEANED_ON = 0.3
# sentences about the text, not about what it tells, as a logit
_EMPTY = 2.5
_SAYS_NOTHING = re.compile(
    r"\W*(we hope|thank you|please (see|refer|note that this)|for (more|further) (information|details)|"
    r"see (also|section|page|chapter)|(in )?(this|the following|the next) "
    r"(section|chapter|document|page|guide|table|report|appendix)\b|"
    r"if you have (any )?(further |other )?questions|table of contents|in conclusion,? we)",
    re.IGNORECASE,
)
# "staff: Allows users to …" for a question about staff, as a logit, where the label has so much of its weight
_LABELLED, _LABEL_SHARE = 1.0, 0.2
_LABEL = re.compile(r"[-*•\s]*([^:.!?;\n]{1,60}):\s")
# that a sentence holds the noun that carries a short question ("who is the *president*"), as a logit
_CARRIED = 1.0
# that a sentence holds the kind of figure asked for, as a logit: an age, a price, an address
_FIGURE = 1.5
# "--update" as typed, as a logit, and once more among the first characters of a sentence
_TYPED, _TERM = 1.5, 24
# a fact may come from one of so many best sentences
_FACT_SENTENCES = 3
# The reader is asked about so many best sentences, and the rest is worth what the worst of them is. With 3, 4 or 8 read
# by the first reader, the first sentence was right as often (.811, .809, .812 of squad2_dev); a logit below the least
# is as good as none
_READ, LEAST_TOLD = 3, -8.0
WITH_READER = ("linear", "reader")


@dataclass(frozen=True)
class Reading:
    """The evidence as read for one question. ``scores[i]`` is the logit of ``candidates[i]``. ``as_of`` is the
    date of the newest source when the question is about how things stand now and sources of several dates tell.
    ``reads`` is what the reader, where there is one, says of the best candidates."""

    asked: Asked
    evidence: Sequence[Hit]
    weight: Mapping[str, float]
    frequency: Mapping[str, int]
    candidates: Sequence[Candidate]
    features: Matrix
    scores: Matrix
    n_passages: int = 0
    as_of: When | None = None
    dates: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[int, Read] = field(default_factory=dict)
    _passage_terms: dict[int, frozenset[str]] = field(default_factory=dict)

    def passage_terms(self, number: int) -> frozenset[str]:
        """The terms of evidence ``number`` with its title and headings."""
        if number not in self._passage_terms:
            passage = self.evidence[number - 1].passage
            language = language_in(passage.text)
            words = f"{passage.title} {passage.heading} {passage.text}"
            self._passage_terms[number] = frozenset(terms(words, language)) | said_otherwise(self.asked.text, words)
        return self._passage_terms[number]

    @cached_property
    def ranked(self) -> list[int]:
        """The candidates' indexes, best first."""
        return [int(i) for i in np.argsort(-self.scores, kind="stable")]

    @cached_property
    def facts(self) -> dict[int, tuple[Fact, float]]:
        """The best fact of each of the best sentences, with its score, by candidate index."""
        found = {}
        for i in self.ranked[:_FACT_SENTENCES]:
            candidate = self.candidates[i]
            if marked := mark(self.asked, candidate.text, self.weight, candidate.language, self.reads.get(i)):
                found[i] = marked
        return found

    @property
    def fact_score(self) -> float:
        """The score of the best sentence's fact, scaled to about -1 to 1."""
        first = self.facts.get(self.ranked[0]) if self.ranked else None
        return max(-2.0, min(2.0, first[1] / 5)) if first else -1.0


def read(
    question: str,
    evidence: Sequence[Hit],
    frequency: Mapping[str, int] | None = None,
    n_passages: int = 0,
    about: str = "",
    dates: Mapping[str, str] | None = None,
    reader: Reader | None = None,
) -> Reading:
    """Score the sentences of ``evidence`` as answers to ``question``.

    Args:
        question: a question that stands alone.
        evidence: the hits, best first.
        frequency: in how many passages of the corpus each term of the question stands; without it
            rarity is judged among the evidence.
        n_passages: how many passages the corpus has.
        about: an earlier part of the same question, which this one leans on.
        dates: of the files, by document id, where they are known.
        reader: what reads the best sentences together with the question.
    """
    counts, dated = (tuple(sorted((known or {}).items())) for known in (frequency, dates))
    return _read(question, tuple(evidence), counts, n_passages, about, dated, cast(Hashable, reader))


# abstention and the generator read the same evidence, one after the other: half of the time of an answer
@lru_cache(maxsize=8)
def _read(
    question: str,
    evidence: tuple[Hit, ...],
    counts: tuple[tuple[str, int], ...],
    n_passages: int,
    about: str,
    dated: tuple[tuple[str, str], ...],
    reader: Reader | None,
) -> Reading:
    frequency = dict(counts)
    asked = read_question(question)
    weight = weights(f"{question} {about}".strip(), frequency, n_passages, evidence)
    if about:
        own = set(telling(question))
        weight = {term: w * (1.0 if term in own else _LEANED_ON) for term, w in weight.items()}
        weight = {term: w / sum(weight.values()) for term, w in weight.items()}
    found, features = candidates(asked, evidence, weight)
    scores = features @ coefficients("sentence", FEATURES) if found else np.zeros(0)
    as_of, reads = None, {}
    if found:
        scores = scores - _EMPTY * np.array([_says_nothing(asked, candidate, weight) for candidate in found])
        scores = scores + _LABELLED * np.array([_is_labelled(candidate, weight) for candidate in found])
        for carrier in carriers(asked, weight)[: asked.is_short]:
            scores = scores + _CARRIED * np.array([bool(related_to(carrier.terms, one.terms)) for one in found])
        if figure := figure_asked(question):
            scores = scores + _FIGURE * np.array([bool(figure[0].search(candidate.text)) for candidate in found])
        if typed := literals(question):
            scores = scores + np.array([_typed(candidate, typed) for candidate in found])
        if asked.speaker:
            scores = scores - _NOT_THE_SPEAKER * np.array([_is_silent(asked, candidate) for candidate in found])
        if reader:
            best = [int(i) for i in np.argsort(-scores, kind="stable")[:_READ]]
            told = reader.read(question, [surroundings(evidence, found[i]) for i in best])
            reads = dict(zip(best, told, strict=True))
            scores = np.column_stack(columns(scores, reads)) @ coefficients("sentence with reader", WITH_READER)
        if wants_newest(question):
            scores, as_of = _newest_first(scores, found, evidence, dict(dated))
    return Reading(asked, evidence, weight, frequency, found, features, scores, n_passages, as_of, dict(dated), reads)


def columns(scores: Matrix, reads: Mapping[int, Read]) -> tuple[Matrix, Matrix]:
    """``WITH_READER`` of each candidate: its score by the linear model, and what the reader says."""
    logits = {i: max(LEAST_TOLD, read.answers) for i, read in reads.items()}
    return scores, np.array([logits.get(i, min(logits.values())) for i in range(len(scores))])


def _newest_first(
    scores: Matrix, found: Sequence[Candidate], evidence: Sequence[Hit], known: Mapping[str, str]
) -> tuple[Matrix, When | None]:
    """The scores with older sources behind the newest that answers about as well, and its date."""
    dates = [date_of(hit, known) for hit in evidence]
    dated = [dates[candidate.number - 1] for candidate in found]
    near = {when for when, score in zip(dated, scores, strict=True) if when and score > scores.max() - _AS_GOOD}
    if len(near) < 2:
        return scores, None
    newest = max(near)
    return scores - _STALE * np.array([when is not None and when < newest for when in dated]), newest


def _is_labelled(candidate: Candidate, weight: Mapping[str, float]) -> bool:
    """Whether a sentence begins with a label that the question names: "staff: Allows users to add …"."""
    label = _LABEL.match(candidate.text)
    if not label or is_row(candidate.text):
        return False
    held = frozenset(terms(label[1], candidate.language or "english")) - STOP_WORDS
    return bool(held) and held <= weight.keys() and sum(weight[term] for term in held) >= _LABEL_SHARE


def _typed(candidate: Candidate, typed: Sequence[re.Pattern[str]]) -> float:
    """What it counts that a sentence has the options and names of the question as typed, most at its beginning, where
    "--update, -u" is described."""
    places = [match.start() for one in typed if (match := one.search(candidate.text))]
    return len(places) / len(typed) * (_TYPED + (_TYPED if min(places, default=_TERM) < _TERM else 0.0))


def _is_label(candidate: Candidate) -> bool:
    """Whether a candidate only names what follows: "4. Deposit.", "Before first use"."""
    start = number_length(candidate.text)
    text, n = candidate.text[start:].strip(), sum(word.start >= start for word in candidate.words)
    return not any(c.isdigit() or c in ":@/" for c in text) and (n < 3 or (n < 6 and text[-1:] not in ".!?)。"))


def _says_nothing(asked: Asked, candidate: Candidate, weight: Mapping[str, float]) -> bool:
    """Whether a sentence only introduces, or has no word that the question does not have."""
    if _SAYS_NOTHING.match(candidate.text) or candidate.text.rstrip().endswith("?") or _is_label(candidate):
        return True
    return asked.kind != "yes-no" and all(
        word.is_function or not word.terms or weight.keys() >= set(word.terms) for word in candidate.words
    )


def _is_silent(asked: Asked, candidate: Candidate) -> bool:
    """Whether the one whose words are asked for is not among the first words of a sentence."""
    return not any(asked.speaker & set(word.terms) for word in candidate.words[:_SUBJECT_WORDS])
