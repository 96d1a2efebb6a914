"""The default generator: no model that writes, only the sources' own sentences.

The sentence that answers best comes first in rank; one or two more follow that are nearly as likely to answer,
as far as some sixty words go. They are quoted in reading order, word for word, with the short answer
marked where the question asks for one. Lists and table rows that answer come as lists, one citation an item;
sources that give different numbers for the same thing are both shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag import plugins
from rag.errors import UsageError
from rag.generation.abstention import confidence
from rag.generation.cells import Answering, answering_cells
from rag.generation.choice import Reading, read
from rag.generation.conflicts import Conflict, conflict
from rag.generation.freshness import When, date_of, label
from rag.generation.leading import goes_on, leads_up, leans
from rag.generation.lists import bullet_length, listed, of_one_list
from rag.generation.longforms import long_form
from rag.generation.parts import Part, parts
from rag.generation.rarity import related_to, telling
from rag.generation.superlative import AMONG, ranked_rows
from rag.generation.tokens import read_words
from rag.generation.units import with_units
from rag.passages.sentences import is_label
from rag.plugins import Generator, Prompt, Quote, Reader
from rag.types import Hit, Span

if TYPE_CHECKING:
    from rag.generation.candidates import Candidate
    from rag.settings import Settings

__all__ = ["Extractive", "extractive"]

DISAGREE = "The sources differ:"
OF_TWO_DATES = "The sources speak of different years:"
_WORDS, _WORDS_MORE = 60, 120
_MOST, _MOST_MORE = 3, 8
_ANNOUNCED = 40  # words of what a colon announces, or a pronoun leans on; more is a text of its own
_GAP = 4  # characters of white space between a passage and the next
# points to nothing that was said before
_THERE_IS = re.compile(r"there(?:['’]s|\s+(?:is|are|was|were|has|have|had|will|may|can))\b", re.IGNORECASE)
# A further sentence is quoted when it is so likely the answer beside the best one; where much is asked for, sooner.
# With the first reader .2 held the answer in .923 of the plain sets' answers (19.9 words), .3 in .919 (19.1), and in
# those of squad2_dev both held as many (37.1 and 36.5 words); a third sentence hardly ever held what the others lacked.
_CLOSE, _CLOSE_MORE = 0.2, 0.08
# A fact is marked when the question wants one and it scores this much (below, of 9 facts of squad2_dev's sample and the
# plain sets 8 were wrong; 0.94 of the answers keep one), or scores that much although the question does not say so.
_LIKELY_FACT, _SURE_FACT = 2.0, 3.0
# below this confidence nothing is said to a part of a question
_PART_ANSWERED = 0.3
# what it counts, as a logit, that the second side of a comparison stands in the document of the first
_SAME_DOCUMENT = 2.0
# what it counts that a sentence names its side
_NAMES_SIDE = 4.0
# how much the fact in a sentence counts beside the sentence itself when facts compete
_FACT_WEIGHT = 0.3


# what it counts that the best sentence has nothing that could be the short answer
_NO_FACT = 1.5
# a sentence that has all that another has of the question, and more, leads it although it scores so much less, as a
# logit; it goes with the weight of similarity, which counts 1.4 times as much as when this was 1.5
_FULLER = 2.2


def extractive(argument: str, settings: Settings) -> Generator:
    """The entry point; takes no argument."""
    if argument:
        raise UsageError("the generator extractive takes no argument")
    return Extractive(plugins.load("readers", settings.reader, settings))


class Extractive:
    """Quotes the sentences that answer."""

    name = "extractive"
    context_tokens = 1_000_000

    def __init__(self, reader: Reader | None = None) -> None:
        self._reader = reader

    def generate(self, prompt: Prompt) -> Iterator[str | Quote]:
        """Quotes in reading order; none when no sentence has anything to say."""
        return with_units(prompt.evidence, _pieces(prompt, self._reader))


def _pieces(prompt: Prompt, reader: Reader | None) -> Iterator[str | Quote]:
    several = parts(prompt.query)
    if len(several) > 1 and (pieces := list(_several(prompt, several))):
        yield from pieces
        return
    reading = read(
        prompt.query, prompt.evidence, prompt.frequency, prompt.n_passages, dates=prompt.dates, reader=reader
    )
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
    if reading.as_of:
        yield f"As of {label(reading.as_of)}: "
    rows = answering_cells(reading)
    if rows:
        yield from _rows(reading, rows)
        return
    if told := long_form(reading):
        yield _quote(reading, told.candidate, told.span)
        return
    items = listed(reading)
    if items:
        yield from items
        return
    against = conflict(reading)
    if against and not reading.as_of and _about_the_same(reading, (against.one, against.other)):
        yield from _both(reading, against)
        return
    chosen_ones = choose(reading)
    if items := of_one_list(reading, chosen_ones):
        yield from items
        return
    order_of_reading = _in_reading_order(reading, chosen_ones)
    for chosen in order_of_reading:
        if chosen == chosen_ones[0] and (led := _leant_on(reading, chosen, order_of_reading)):
            yield led
        quote = _quote(reading, chosen, fact_in(reading, chosen))
        yield replace(quote, end=_announced_end(reading, chosen, order_of_reading))


def _announced_end(reading: Reading, chosen: int, others: Sequence[int]) -> int:
    """Where a quote ends: behind the next sentence, often a line of code, when "use this command:" announces it."""
    candidate = reading.candidates[chosen]
    passage = reading.evidence[candidate.number - 1].passage
    following = passage.sentences[candidate.index + 1 : candidate.index + 2]
    if not following or not leads_up(candidate.text):
        return candidate.end
    start, end = following[0]
    starts = [(reading.candidates[i].number, reading.candidates[i].start) for i in others]
    quoted_anyway = (candidate.number, start) in starts
    n_words = len(passage.text[start - passage.start : end - passage.start].split())
    return candidate.end if quoted_anyway or n_words > _ANNOUNCED else end


def _leant_on(reading: Reading, chosen: int, others: Sequence[int]) -> Quote | None:
    """The sentence before one that opens with a pronoun, in its own passage or at the end of that before, unless it
    is quoted anyway."""
    candidate = reading.candidates[chosen]
    known = {word.lower for word in read_words(reading.asked.text, reading.asked.language)}
    if not leans(candidate.text) or _THERE_IS.match(candidate.text) or candidate.words[0].lower in known:
        return None  # whoever asks what "he" did knows whom that means
    place = _sentence_before(reading.evidence, candidate)
    if place is None or any(
        (place[0], place[1].end) == (reading.candidates[i].number, reading.candidates[i].end) for i in others
    ):
        return None
    number, span = place
    passage = reading.evidence[number - 1].passage
    at = Span(span.start - passage.start, span.end - passage.start)
    before = passage.text[at.start : at.end]
    is_said = not is_label(passage.text, at) and len(before.split()) <= _ANNOUNCED
    return Quote(number, span.start, span.end) if is_said and goes_on(before, candidate.text) else None


def _sentence_before(evidence: Sequence[Hit], candidate: Candidate) -> tuple[int, Span] | None:
    """Where the sentence before a candidate stands: its number of evidence and its span."""
    passage = evidence[candidate.number - 1].passage
    if candidate.index:
        return candidate.number, passage.sentences[candidate.index - 1]
    for number, hit in enumerate(evidence, 1):
        before = hit.passage
        if before.document_id == passage.document_id and 0 <= passage.start - before.end <= _GAP:
            return (number, before.sentences[-1]) if before.sentences else None
    return None


def _quote(reading: Reading, chosen: int, fact: Span | None) -> Quote:
    candidate = reading.candidates[chosen]
    return Quote(candidate.number, candidate.start + bullet_length(candidate.text), candidate.end, fact)


def _several(prompt: Prompt, several: Sequence[Part]) -> Iterator[str | Quote]:
    """The best sentence for each part of a question that has one, a sentence that serves two parts once."""
    quoted: set[tuple[int, int]] = set()
    documents: set[str] = set()
    for part in several:
        reading = read(part.question, prompt.evidence, prompt.frequency, prompt.n_passages, part.about, prompt.dates)
        if not reading.candidates or confidence(reading) < _PART_ANSWERED:
            continue
        best = _of_side(reading, part.side, documents) if part.side else _led_by_fact(reading)[0]
        documents.add(_document(reading, best))
        place = reading.candidates[best].number, reading.candidates[best].start
        if place not in quoted:
            quoted.add(place)
            yield _quote(reading, best, None if part.side else fact_in(reading, best))


def _document(reading: Reading, i: int) -> str:
    return reading.evidence[reading.candidates[i].number - 1].passage.document_id


def _of_side(reading: Reading, side: str, documents: set[str]) -> int:
    """The best sentence on one side of a comparison: it names that side, and stands where the other side was told
    of, so that like is compared with like."""
    own = set(telling(side))

    def worth(i: int) -> float:
        named = len(own & reading.candidates[i].terms) / max(1, len(own))
        return float(reading.scores[i]) + _NAMES_SIDE * named + _SAME_DOCUMENT * (_document(reading, i) in documents)

    return max(reading.ranked, key=worth)


def choose(reading: Reading) -> list[int]:
    """The candidates that make the answer, best first."""
    asked = reading.asked
    most, limit = (_MOST_MORE, _WORDS_MORE) if asked.wants_more else (_MOST, _WORDS)
    close = _CLOSE_MORE if asked.wants_more else _CLOSE
    chosen: list[int] = []
    n_words = 0
    for i in _led_by_fact(reading):
        length = len(reading.candidates[i].words)
        if chosen and math.exp(reading.scores[i] - reading.scores[chosen[0]]) < close:
            break
        if chosen and (n_words + length > limit or _says_the_same(reading, i, chosen)):
            continue
        chosen.append(i)
        n_words += length
        if len(chosen) == most:
            break
    return chosen


def _led_by_fact(reading: Reading) -> list[int]:
    """The ranking; for a short answer, led by the sentence whose fact fits best."""
    ranked = reading.ranked
    if not reading.asked.is_short or not reading.facts:
        return ranked

    def worth(i: int) -> float:
        return float(reading.scores[i]) + (_FACT_WEIGHT * reading.facts[i][1] if i in reading.facts else -_NO_FACT)

    best = max({ranked[0], *reading.facts}, key=worth)
    bags = {i: reading.candidates[i].terms for i in {best, *reading.facts}}
    held = {i: (related_to(reading.weight, bag), reading.weight.keys() & bag) for i, bag in bags.items()}
    near = [i for i in held if reading.scores[i] > reading.scores[best] - _FULLER]
    fuller = [
        i for i in near if held[i] != held[best] and all(a >= b for a, b in zip(held[i], held[best], strict=True))
    ]
    best = max(fuller, key=worth, default=best)
    return [best, *(i for i in ranked if i != best)]


def fact_in(reading: Reading, chosen: int) -> Span | None:
    """The short answer in a chosen sentence, in document offsets; only the leading sentence has one."""
    if chosen != _led_by_fact(reading)[0] or chosen not in reading.facts:
        return None
    fact, score = reading.facts[chosen]
    asked = reading.asked
    if asked.is_short and score < _LIKELY_FACT:
        return None
    if not asked.is_short:
        is_thing = bool(asked.focus) and fact.shape in ("name", "number", "time", "quantity")
        if not (is_thing or fact.shape == "cell") or score < _SURE_FACT or asked.wants_list or asked.wants_more:
            return None
    start = reading.candidates[chosen].start
    return Span(start + fact.start, start + fact.end)


def _says_the_same(reading: Reading, i: int, chosen: Sequence[int]) -> bool:
    mine = reading.candidates[i].terms
    return any(len(mine & (other := reading.candidates[j].terms)) > 0.7 * min(len(mine), len(other)) for j in chosen)


def _in_reading_order(reading: Reading, chosen: Sequence[int]) -> list[int]:
    def place(i: int) -> tuple[int, int]:
        candidate = reading.candidates[i]
        return first[reading.evidence[candidate.number - 1].passage.document_id], candidate.start

    first: dict[str, int] = {}
    for i in chosen:  # documents in the order of their best sentence
        first.setdefault(reading.evidence[reading.candidates[i].number - 1].passage.document_id, len(first))
    return sorted(chosen, key=place)


def _rows(reading: Reading, rows: Sequence[Answering]) -> Iterator[str | Quote]:
    """Rows of tables, of the newest source alone where that is asked for."""
    found = {row.row: row for row in rows}
    if reading.as_of:
        newest = [i for i in found if _date(reading, i) == reading.as_of]
        found = {i: found[i] for i in newest} or found
    for i, when in _newest_first(reading, list(found)):
        if len(found) > 1:
            yield f"\n- {when}"
        candidate = reading.candidates[i]
        yield from found[i].above
        yield Quote(candidate.number, candidate.start, candidate.end, found[i].cell)


def _date(reading: Reading, i: int) -> When | None:
    return date_of(reading.evidence[reading.candidates[i].number - 1], reading.dates)


def _newest_first(reading: Reading, those: Sequence[int]) -> list[tuple[int, str]]:
    """Candidates with their dates as labels, the newest first, where all have different dates; else as they are."""
    dates = [when for i in those if (when := _date(reading, i))]
    if len(set(dates)) < len(those) or len(those) < 2:
        return [(i, "") for i in those]
    return [(i, f"{label(when)}: ") for when, i in sorted(zip(dates, those, strict=True), reverse=True)]


def _about_the_same(reading: Reading, pair: tuple[int, int]) -> bool:
    """Whether two sentences have the same terms of the question, and do not agree in the fact that it asks for."""
    one, other = (reading.candidates[i] for i in pair)
    if one.terms & reading.weight.keys() != other.terms & reading.weight.keys():
        return False
    facts = [(reading.candidates[i].text, reading.facts[i][0]) for i in pair if i in reading.facts]
    words = {text[fact.start : fact.end].casefold() for text, fact in facts}
    return not (reading.asked.is_short and len(facts) == 2 and len(words) == 1)


def _both(reading: Reading, against: Conflict) -> Iterator[str | Quote]:
    """Two sentences that contradict each other, the newer source first, with their dates where both have one."""
    yield (OF_TWO_DATES if against.of_two_dates else DISAGREE) + "\n"
    for i, when in _newest_first(reading, (against.one, against.other)):
        candidate: Candidate = reading.candidates[i]
        fact = reading.facts.get(i)
        span = Span(candidate.start + fact[0].start, candidate.start + fact[0].end) if fact else None
        yield f"\n- {when}"
        yield Quote(candidate.number, candidate.start, candidate.end, span)
