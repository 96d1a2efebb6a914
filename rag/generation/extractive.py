"""The default generator: no model that writes, only the sources' own sentences.

The sentence that answers best comes first in rank; more follow while it is unsure that the answer is among those
chosen, as far as some sixty words go. They are quoted in reading order, word for word, with the short answer
marked where the question asks for one. Lists and table rows that answer come as lists, one citation an item;
sources that give different numbers for the same thing are both shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import UsageError
from rag.generation.cells import Answering, answering_cells
from rag.generation.choice import Reading, read
from rag.generation.conflicts import Conflict, conflict
from rag.generation.lists import bullet_length, listed
from rag.generation.superlative import AMONG, ranked_rows
from rag.plugins import Generator, Prompt, Quote
from rag.types import Span

if TYPE_CHECKING:
    from rag.generation.candidates import Candidate
    from rag.settings import Settings

__all__ = ["Extractive", "extractive"]

DISAGREE = "The sources differ:"
OF_TWO_DATES = "The sources speak of different years:"
# Sentences are added until the answer is among them with this probability. 0.65 gave squad2_dev's gold answer in
# 0.88 of the answers at 35 words, 0.5 in 0.86 at 32, 0.8 in 0.89 at 39 (cross-validated).
_ENOUGH = 0.65
_WORDS, _WORDS_MORE = 60, 120
_MOST, _MOST_MORE = 4, 8
# A further sentence needs this much of the probability of the best one.
_CLOSE = 0.08
# A fact is marked when the question wants one, or when its score is this good although it does not say so.
_SURE_FACT = 3.0
# how much the fact in a sentence counts beside the sentence itself when facts compete
_FACT_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class _Chosen:
    candidate: int
    fact: Span | None = None


def extractive(argument: str, settings: Settings) -> Generator:
    """The entry point; takes no argument."""
    if argument:
        raise UsageError("the generator extractive takes no argument")
    return Extractive()


class Extractive:
    """Quotes the sentences that answer."""

    name = "extractive"
    context_tokens = 1_000_000

    def generate(self, prompt: Prompt) -> Iterator[str | Quote]:
        """Quotes in reading order; none when no sentence has anything to say."""
        reading = read(prompt.query, prompt.evidence, prompt.frequency, prompt.n_passages)
        if not reading.candidates:
            return
        order = ranked_rows(reading)
        if order:
            yield AMONG + "\n"
            for one in order:
                candidate = reading.candidates[one.row]
                yield "\n- "
                yield Quote(candidate.number, candidate.start, candidate.end, one.label)
            return
        rows = answering_cells(reading)
        if rows:
            yield from _rows(reading, rows)
            return
        items = listed(reading)
        if items:
            yield from items
            return
        against = conflict(reading)
        if against:
            yield from _both(reading, against)
            return
        for chosen in _in_reading_order(reading, choose(reading)):
            candidate = reading.candidates[chosen]
            start = candidate.start + bullet_length(candidate.text)
            yield Quote(candidate.number, start, candidate.end, fact_in(reading, chosen))


def choose(reading: Reading) -> list[int]:
    """The candidates that make the answer, best first."""
    asked = reading.asked
    most, limit = (_MOST_MORE, _WORDS_MORE) if asked.wants_more else (_MOST, _WORDS)
    enough = 0.97 if asked.wants_more else _ENOUGH
    odds = np.exp(reading.scores - reading.scores.max())
    odds /= odds.sum()
    ranked = _led_by_fact(reading)
    chosen: list[int] = []
    n_words, certain = 0, 0.0
    for i in ranked:
        length = len(reading.candidates[i].words)
        if chosen and odds[i] < _CLOSE * odds[chosen[0]]:
            break
        if chosen and (n_words + length > limit or _says_the_same(reading, i, chosen)):
            continue
        chosen.append(i)
        n_words += length
        certain += float(odds[i])
        if certain >= enough or len(chosen) == most:
            break
    return _with_antecedent(reading, chosen, limit - n_words)


def _led_by_fact(reading: Reading) -> list[int]:
    """The ranking; for a short answer, led by the sentence whose fact fits best."""
    ranked = reading.ranked
    if not reading.asked.is_short or len(reading.facts) < 2:
        return ranked
    best = max(reading.facts, key=lambda i: float(reading.scores[i]) + _FACT_WEIGHT * reading.facts[i][1])
    return [best, *(i for i in ranked if i != best)]


def fact_in(reading: Reading, chosen: int) -> Span | None:
    """The short answer in a chosen sentence, in document offsets; only the leading sentence has one."""
    if chosen != _led_by_fact(reading)[0] or chosen not in reading.facts:
        return None
    fact, score = reading.facts[chosen]
    asked = reading.asked
    if not asked.is_short:
        is_thing = bool(asked.focus) and fact.shape in ("name", "number", "time", "quantity")
        if not is_thing or score < _SURE_FACT or asked.wants_list or asked.wants_more:
            return None
    start = reading.candidates[chosen].start
    return Span(start + fact.start, start + fact.end)


def _says_the_same(reading: Reading, i: int, chosen: Sequence[int]) -> bool:
    mine = reading.candidates[i].terms
    return any(len(mine & (other := reading.candidates[j].terms)) > 0.7 * min(len(mine), len(other)) for j in chosen)


def _with_antecedent(reading: Reading, chosen: list[int], room: int) -> list[int]:
    """The sentence before one that opens with a pronoun and names nothing that was asked for, if it fits."""
    for i in list(chosen):
        if i == 0 or not reading.opens_with_pronoun(i) or i - 1 in chosen:
            continue
        candidate, before = reading.candidates[i], reading.candidates[i - 1]
        adjoins = before.number == candidate.number and before.index == candidate.index - 1
        adds = any(term in before.terms and term not in candidate.terms for term in reading.weight)
        if adjoins and adds and len(before.words) <= room:
            chosen.append(i - 1)
            room -= len(before.words)
    return chosen


def _in_reading_order(reading: Reading, chosen: Sequence[int]) -> list[int]:
    def place(i: int) -> tuple[int, int]:
        candidate = reading.candidates[i]
        return first[reading.evidence[candidate.number - 1].passage.document_id], candidate.start

    first: dict[str, int] = {}
    for i in chosen:  # documents in the order of their best sentence
        first.setdefault(reading.evidence[reading.candidates[i].number - 1].passage.document_id, len(first))
    return sorted(chosen, key=place)


def _rows(reading: Reading, rows: Sequence[Answering]) -> Iterator[str | Quote]:
    for found in rows:
        if len(rows) > 1:
            yield "\n- "
        candidate = reading.candidates[found.row]
        yield from found.above
        yield Quote(candidate.number, candidate.start, candidate.end, found.cell)


def _both(reading: Reading, against: Conflict) -> Iterator[str | Quote]:
    yield (OF_TWO_DATES if against.of_two_dates else DISAGREE) + "\n"
    for i in (against.one, against.other):
        candidate: Candidate = reading.candidates[i]
        fact = reading.facts.get(i)
        span = Span(candidate.start + fact[0].start, candidate.start + fact[0].end) if fact else None
        yield "\n- "
        yield Quote(candidate.number, candidate.start, candidate.end, span)
