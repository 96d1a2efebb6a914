"""How likely is it that the evidence answers the question?

A logistic function of what is known before a word is written: how near the sentences are in meaning, how much of the
question's rare terms the best one and what is around it hold, which names, numbers and nouns are missing, and whether
something in it could be the short answer. The numbers were fitted on questions with and without an answer in the
documents, among them questions whose answering passage was taken away (``benchmarks/train_answers.py``); 0.5 is the
threshold below which .062 of the answerable questions to documents lie that the reader was not trained on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from rag.generation import candidates as stage
from rag.generation.carriers import carriers
from rag.generation.cells import answering_cells
from rag.generation.choice import LEAST_TOLD, WITH_READER, Reading, read
from rag.generation.longforms import asks_for_long_form, long_form
from rag.generation.marking import is_row
from rag.generation.model import coefficients, constant
from rag.generation.parts import parts
from rag.generation.rarity import related_to, says_nothing
from rag.generation.superlative import ranked_rows
from rag.generation.tokens import read_words
from rag.generation.untold import is_untold, lacks_figure
from rag.plugins import Reader
from rag.types import Hit

__all__ = ["FEATURES", "confidence", "confidence_in", "signals"]

# Few, and each with a meaning that holds anywhere. Leaving out one kind of documents at a time, these tell questions
# with and without an answer apart with an AUROC of .926 on what was left out, 13 others with .921; on 357 questions to
# nineteen texts that no fit sees with .864 instead of .828 (benchmarks/README.md). The size of the corpus belongs to
# them: among more sentences one is nearer by chance, whether the question is answered or not
FEATURES = (
    "similarity x length", "covered", "rarest missing", "unknown terms", "carrier missing", "fact", "corpus size",
    "names missing in sentence", "numbers unmatched", "polarity differs", "opposites", "other number",
)  # fmt: skip

# what a cell is worth whose row and column the question names, and a long form that has the letters of its short one;
# no fit sees these, they are few and always the same
_CELL = 0.9

# a sentence that begins "X is a …" or "X means …" where "What is X?" is asked, in the languages that are read
_DEFINED = 0.7
_IS_ONE = re.compile(
    r"[\"”’')]*\s*(?:\([^)]*\)\s*)?(?:(?:is|are|was|were)\s+(?:an?|the|one)|(?:ist|sind|war)\s+(?:eine?|der|die|das)"
    r"|(?:est|sont)\s+(?:une?|les?|la|des)|(?:es|son)\s+(?:una?|el|la|los|las)|è\s+(?:una?|uno|il|la|l['’])|means|"
    r"stands for|refers to|bedeutet|steht für|signifie|désigne|significa)\b",
    re.IGNORECASE,
)
_NAME = 4  # words of X
_BEFORE = 3  # words in front of X, as in "In law, a lien is a …"

# and what sentences are worth at most that are about another year, or have no year or number to call when one is
# asked for: however near they are otherwise, they do not answer. Of the 127 answerable questions of squad2_dev and
# chroma_dev that name or ask for a year, this refuses none
_AMISS = 0.3
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_YEAR_IN = 3
# what they are worth at most when the word that carries the question stands nowhere
_UNTOLD = 0.45
# A reader that is so sure is believed although the figure or the word asked for stands nowhere: of the questions to
# benchmarks/reading's held-out documents that these two rules would refuse then, 21 had an answer and 9 had not, and
# below it 24 had and 79 had not
_SURE = 0.75

# features that are taken over from the chosen sentence as they are
_SAME = ("covered", "names missing in sentence", "polarity differs", "opposites", "other number")


def confidence_in(
    question: str,
    evidence: Sequence[Hit],
    frequency: Mapping[str, int],
    n_passages: int,
    reader: Reader | None = None,
) -> float:
    """The confidence for a whole question. One made of several is judged by its parts where they do better: by the
    mean of them, of a comparison by the worse of its sides, and without the reader, which would take as much time for
    each of them."""
    if says_nothing(question):
        return 0.0
    several = parts(question)
    if len(several) == 1:
        return confidence(read(question, evidence, frequency, n_passages, reader=reader))
    whole = confidence(read(question, evidence, frequency, n_passages))
    each = [confidence(read(part.question, evidence, frequency, n_passages, part.about)) for part in several]
    return max(whole, min(each) if several[0].side else sum(each) / len(each))


def confidence(reading: Reading) -> float:
    """An estimate, 0 to 1, that the evidence answers the question."""
    if not reading.candidates:
        return 0.0
    if answering_cells(reading) or ranked_rows(reading) or long_form(reading):
        return _CELL
    value = linear(reading)
    if reading.reads:
        both = np.array([value, told(reading)])
        value = float(both @ coefficients("confidence with reader", WITH_READER)) + constant("confidence with reader")
    estimate = 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
    if _is_of_another_year(reading) or _is_of_another_row(reading):
        return min(estimate, _AMISS)
    if not reading.reads or estimate < _SURE:
        if lacks_figure(reading):
            return min(estimate, _AMISS)
        if estimate > _UNTOLD and (asks_for_long_form(reading.asked.text) or is_untold(reading)):
            return _UNTOLD
    return max(estimate, _DEFINED) if _is_definition(reading) else estimate


def linear(reading: Reading) -> float:
    """The logit of the linear model."""
    return float(signals(reading) @ coefficients("confidence", FEATURES)) + constant("confidence")


def told(reading: Reading) -> float:
    """How much likelier the reader finds it that one of the sentences answers than that none does, as a logit, at
    least ``LEAST_TOLD``: it was trained on these odds."""
    return max(LEAST_TOLD, math.log(sum(math.exp(read.answers) for read in reading.reads.values())))


def _is_definition(reading: Reading) -> bool:
    """Whether the best sentence says what the thing asked about is, and names it whole."""
    if reading.asked.kind != "definition":
        return False
    best = reading.candidates[reading.ranked[0]]
    held = [i for i, word in enumerate(best.words[: _BEFORE + _NAME]) if reading.weight.keys() & set(word.terms)]
    told = {term for i in held for term in best.words[i].terms}
    if not held or held[0] > _BEFORE or not reading.weight.keys() <= told:
        return False
    return bool(_IS_ONE.match(best.text[best.words[held[-1]].end :]))


def _is_of_another_year(reading: Reading) -> bool:
    """Whether the best sentence tells of a year, and neither it nor those next best, nor what is around them, of the
    year asked for."""
    asked = {term for term in reading.weight if _YEAR.fullmatch(term)}
    best = [reading.candidates[i] for i in reading.ranked[:_YEAR_IN]]
    told = {term for term in best[0].terms if _YEAR.fullmatch(term)}
    return bool(asked and told) and not any(asked & reading.passage_terms(candidate.number) for candidate in best)


def _is_of_another_row(reading: Reading) -> bool:
    """Whether a row of a table would answer although the question names something that no document knows: the
    deductible of the Gold plan is not that of the Diamond plan. German writes every noun like a name."""
    best = reading.candidates[reading.ranked[0]]
    if reading.asked.language == "german" or not is_row(best.text):
        return False
    words = read_words(reading.asked.text, reading.asked.language)
    names = {term for word in words if word.start and word.is_capital and not word.is_function for term in word.terms}
    unknown = {term for term in names if reading.frequency.get(term, 1) == 0}
    return len(related_to(unknown, best.terms)) < len(unknown)


def signals(reading: Reading) -> stage.Matrix:
    """The features, in the order of ``FEATURES``."""
    column = {name: i for i, name in enumerate(stage.FEATURES)}
    features, weight, best = reading.features, reading.weight, reading.ranked[0]
    chosen, candidate = features[best], reading.candidates[best]
    everywhere = frozenset().union(*(reading.passage_terms(n) for n in range(1, len(reading.evidence) + 1)))
    said = related_to(weight, everywhere)
    digits = [t for t in weight if any(c.isdigit() for c in t)]
    carried = [term for carrier in carriers(reading.asked, weight) for term in carrier.terms]
    known = {name: float(chosen[column[name]]) for name in _SAME} | {
        "similarity x length": float(features[:, column["similarity"]].max() * chosen[column["question length"]]),
        "unknown terms": sum(w for t, w in weight.items() if reading.frequency.get(t, 1) == 0 and t not in said),
        "rarest missing": max((weight[t] for t in weight.keys() - related_to(weight, candidate.terms)), default=0.0),
        "carrier missing": float(bool(carried) and not related_to(carried, reading.passage_terms(candidate.number))),
        "fact": reading.fact_score,
        "numbers unmatched": float(bool(digits) and not any(t in candidate.terms for t in digits)),
        "corpus size": min(1.0, math.log10(1 + reading.n_passages) / 4),
    }
    return np.array([known[name] for name in FEATURES])
