"""How likely is it that the evidence answers the question?

A logistic function of what is known before a word is written: how near the best sentence is in meaning, how
much of the question's rare terms it and its passage hold, which names and numbers are missing, whether the
kind of thing asked for is there, and how clearly one sentence stands out. The numbers were fitted on questions
with and without an answer in the documents, among them questions whose answering passage was taken away
(``benchmarks/train_answers.py``); 0.5 is the threshold at which about one answerable question in twenty is refused.
"""

from __future__ import annotations

import math

import numpy as np

from rag.generation import candidates as stage
from rag.generation.cells import answering_cells
from rag.generation.choice import Reading
from rag.generation.model import coefficients, constant
from rag.generation.superlative import ranked_rows

__all__ = ["FEATURES", "confidence", "signals"]

FEATURES = (
    "similarity", "similarity of chosen", "mean similarity of three", "terms", "terms of chosen",
    "terms with context of chosen", "terms of passage", "terms of best passage", "terms of evidence",
    "unknown terms", "rarest in sentence", "rarest in passage", "names missing", "names missing in passage",
    "type", "type x short", "short", "chosen", "margin", "probability", "passage similarity", "words per term",
    "few terms", "fact", "fact x short", "pairs of terms", "focus", "agreement", "pronoun first",
    "rank of chosen", "numbers unmatched",
    "names missing in sentence", "terms alike", "polarity differs", "opposites", "other number", "other name",
     "length of chosen", "second similarity", "similarity x length",
)  # fmt: skip

# what a cell is worth whose row and column the question names; no fit sees these, they are few and always the same
_CELL = 0.9

# features that are taken over from the chosen sentence as they are
_SAME = (
    "names missing in sentence", "terms alike", "polarity differs", "opposites", "other number", "other name",

)  # fmt: skip


def confidence(reading: Reading) -> float:
    """An estimate, 0 to 1, that the evidence answers the question."""
    if not reading.candidates:
        return 0.0
    if answering_cells(reading) or ranked_rows(reading):
        return _CELL
    value = float(signals(reading) @ coefficients("confidence", FEATURES)) + constant("confidence")
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def signals(reading: Reading) -> stage.Matrix:
    """The features, in the order of ``FEATURES``."""
    column = {name: i for i, name in enumerate(stage.FEATURES)}
    features, scores, weight = reading.features, reading.scores, reading.weight
    best = int(np.argmax(scores))
    chosen = features[best]
    similarity = features[:, column["similarity"]]
    terms = features[:, column["terms"]]
    top = np.sort(similarity)[::-1][:3]
    ordered = np.sort(scores)[::-1]
    exponents = np.exp(scores - scores.max())
    hits = reading.evidence
    held = [reading.passage_terms(number) for number in range(1, len(hits) + 1)]
    everywhere = frozenset().union(*held)
    rarest = max(weight, key=lambda term: weight[term], default="")
    candidate = reading.candidates[best]
    passage = held[candidate.number - 1]
    unknown = sum(w for term, w in weight.items() if reading.frequency.get(term, 1) == 0)
    lexical = max((hit.why.lexical or 0.0 for hit in hits), default=0.0)
    short = float(reading.asked.is_short)
    fact = reading.fact_score
    digits = [t for t in weight if any(c.isdigit() for c in t)]
    return np.array(
        [
            similarity.max(), chosen[column["similarity"]], float(top.mean()), terms.max(), chosen[column["terms"]],
            chosen[column["terms with context"]], chosen[column["terms of passage"]],
            max(sum(w for t, w in weight.items() if t in inside) for inside in held),
            sum(w for t, w in weight.items() if t in everywhere), unknown,
            float(rarest in candidate.terms), float(rarest in passage),
            chosen[column["names missing"]], chosen[column["names missing in passage"]],
            chosen[column["type"]], chosen[column["type"]] * short, short,
            float(ordered[0]), float(ordered[0] - ordered[1]) if len(ordered) > 1 else 2.0,
            float(1 / exponents.sum()), max((hit.why.dense or 0.0 for hit in hits), default=0.0),
            lexical / max(1, len(weight)) / 10, float(len(weight) <= 2), fact, fact * short,
            chosen[column["pairs of terms"]], chosen[column["focus"]], chosen[column["agreement"]],
            chosen[column["pronoun first"]], 1 / candidate.number,
            float(bool(digits) and not any(t in candidate.terms for t in digits)),
            *(chosen[column[name]] for name in _SAME), chosen[column["length"]], float(top[-1]),
            similarity.max() * chosen[column["question length"]],
        ]
    )  # fmt: skip
