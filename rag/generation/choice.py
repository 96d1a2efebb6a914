"""Reading the evidence with a question in mind: which sentence answers, and which words of it.

``read`` scores every sentence; ``Reading.fact`` marks the short answer inside a sentence. Both use the small
linear models of ``rag.generation.model``. Generator and abstention look at the same reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rag.generation import spans
from rag.generation.candidates import FEATURES, Candidate, Matrix, candidates, weights
from rag.generation.model import coefficients
from rag.generation.question import Asked, read_question
from rag.generation.spans import Fact
from rag.index import terms
from rag.types import Hit

__all__ = ["Reading", "read"]

# "how many cars": a number of cars goes before any other number, however the weights stand
_UNIT_BONUS = 3.0
# "what did X say": a sentence that does not begin with X, as a logit
_NOT_THE_SPEAKER = 3.0
_SUBJECT_WORDS = 8
# sentences about the text, not about what it tells, as a logit
_EMPTY = 2.5
_SAYS_NOTHING = re.compile(
    r"\W*(we hope|thank you|please (see|refer|note that this)|for (more|further) (information|details)|"
    r"see (also|section|page|chapter)|(in )?(this|the following|the next) "
    r"(section|chapter|document|page|guide|table|report|appendix)\b|"
    r"if you have (any )?(further |other )?questions|table of contents|in conclusion,? we)",
    re.IGNORECASE,
)
# a fact may come from one of so many best sentences
_FACT_SENTENCES = 3


@dataclass(frozen=True)
class Reading:
    """The evidence as read for one question. ``scores[i]`` is the logit of ``candidates[i]``."""

    asked: Asked
    evidence: Sequence[Hit]
    weight: Mapping[str, float]
    frequency: Mapping[str, int]
    candidates: Sequence[Candidate]
    features: Matrix
    scores: Matrix
    _passage_terms: dict[int, frozenset[str]] = field(default_factory=dict)

    def passage_terms(self, number: int) -> frozenset[str]:
        """The terms of evidence ``number`` with its title and headings."""
        if number not in self._passage_terms:
            passage = self.evidence[number - 1].passage
            self._passage_terms[number] = frozenset(terms(f"{passage.title} {passage.heading} {passage.text}"))
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
            options = spans.facts(self.asked, self.candidates[i].text, self.weight)
            if options:
                values = np.array([option.features for option in options]) @ coefficients("fact", spans.FEATURES)
                values += [_UNIT_BONUS * spans.has_unit(self.asked, option) for option in options]
                best = int(np.argmax(values))
                found[i] = spans.rounded(options[best], self.candidates[i].text, self.asked), float(values[best])
        return found

    def opens_with_pronoun(self, i: int) -> bool:
        """Whether a candidate leans on the sentence before it."""
        return bool(self.features[i, FEATURES.index("pronoun first")])

    @property
    def fact_score(self) -> float:
        """The score of the best sentence's fact, scaled to about -1 to 1."""
        first = self.facts.get(self.ranked[0]) if self.ranked else None
        return max(-2.0, min(2.0, first[1] / 5)) if first else -1.0


def read(
    question: str, evidence: Sequence[Hit], frequency: Mapping[str, int] | None = None, n_passages: int = 0
) -> Reading:
    """Score the sentences of ``evidence`` as answers to ``question``.

    Args:
        question: a question that stands alone.
        evidence: the hits, best first.
        frequency: in how many passages of the corpus each term of the question stands; without it
            rarity is judged among the evidence.
        n_passages: how many passages the corpus has.
    """
    asked = read_question(question)
    weight = weights(question, frequency or {}, n_passages, evidence)
    found, features = candidates(asked, evidence, weight)
    scores = features @ coefficients("sentence", FEATURES) if found else np.zeros(0)
    if found:
        scores = scores - _EMPTY * np.array([bool(_SAYS_NOTHING.match(candidate.text)) for candidate in found])
    if asked.speaker and found:
        scores = scores - _NOT_THE_SPEAKER * np.array([_is_silent(asked, candidate) for candidate in found])
    return Reading(asked, evidence, weight, frequency or {}, found, features, scores)


def _is_silent(asked: Asked, candidate: Candidate) -> bool:
    """Whether the one whose words are asked for is not among the first words of a sentence."""
    return not any(asked.speaker & set(word.terms) for word in candidate.words[:_SUBJECT_WORDS])
