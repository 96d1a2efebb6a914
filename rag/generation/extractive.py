"""The default generator: no model, only the sources' own sentences.

Each sentence of the evidence is scored by its similarity to the question (its vector was made when the
index was built), by the telling terms of the question that it holds, and by its passage. The best one to
three are quoted in reading order, word for word.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import UsageError
from rag.index import STOP_WORDS, terms
from rag.plugins import Generator, Prompt, Quote

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["Extractive", "extractive"]

_MOST = 3
_WORDS = 60
# a further sentence must score this much of the best one's score
_CLOSE = 0.8
_BOILERPLATE = re.compile(
    r"copyright|all rights reserved|view original content|https?://\S+$|/PRNewswire/ --$|cookie|subscribe",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    number: int
    start: int
    end: int
    text: str
    terms: frozenset[str]
    score: float


def extractive(argument: str, settings: Settings) -> Generator:
    """The entry point; takes no argument."""
    if argument:
        raise UsageError("the generator extractive takes no argument")
    return Extractive()


class Extractive:
    """Quotes the sentences that answer."""

    name = "extractive"
    context_tokens = 1_000_000

    def generate(self, prompt: Prompt) -> Iterator[Quote]:
        """One to three quotes in reading order; none when no sentence has anything to say."""
        candidates = self._candidates(prompt)
        if not candidates:
            return
        best = max(candidates, key=lambda c: c.score)
        chosen = [best]
        words = len(best.text.split())
        for candidate in sorted(candidates, key=lambda c: -c.score)[1:]:
            length = len(candidate.text.split())
            if len(chosen) == _MOST or candidate.score < _CLOSE * best.score:
                break
            if words + length <= _WORDS and not any(_same(candidate, other) for other in chosen):
                chosen.append(candidate)
                words += length
        for candidate in sorted(chosen, key=lambda c: (c.number, c.start)):
            yield Quote(candidate.number, candidate.start, candidate.end)

    def _candidates(self, prompt: Prompt) -> list[_Candidate]:
        wanted = {term for term in terms(prompt.query) if term not in STOP_WORDS} or set(terms(prompt.query))
        document_frequency = Counter(term for hit in prompt.evidence for term in set(terms(hit.passage.text)) & wanted)
        n = len(prompt.evidence)
        weight = {term: math.log(1 + (n + 1) / (document_frequency[term] + 0.5)) for term in wanted}
        total = sum(weight.values()) or 1.0
        found: list[_Candidate] = []
        for number, hit in enumerate(prompt.evidence, 1):
            around = set(terms(f"{hit.passage.title} {hit.passage.heading}"))
            for i, (start, end) in enumerate(hit.passage.sentences):
                text = hit.passage.text[start - hit.passage.start : end - hit.passage.start]
                if len(text.split()) < 3 or _BOILERPLATE.search(text):
                    continue
                inside = frozenset(terms(text))
                overlap = sum(weight[t] * (1.0 if t in inside else 0.3) for t in wanted & (inside | around)) / total
                similarity = hit.sentence_scores[i] if i < len(hit.sentence_scores) else 0.0
                score = 0.45 * similarity + 0.35 * overlap + 0.2 * hit.score
                found.append(_Candidate(number, start, end, text, inside, score))
        return found


def _same(one: _Candidate, other: _Candidate) -> bool:
    return len(one.terms & other.terms) > 0.7 * min(len(one.terms), len(other.terms))
