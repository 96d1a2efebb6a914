"""The measures, one function each, with where it is defined.

Ranking measures take ``matches``: for each hit, best first, the set of gold units (documents, pages or
evidence excerpts) that it matches; a unit counts at the first hit that matches it. With at most one unit
a hit these are the measures of trec_eval and ``ir_measures`` (checked by value in the tests).
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from rag.types import Span

__all__ = [
    "auroc",
    "contains_answer",
    "coverage_accuracy",
    "exact_match",
    "hit",
    "ndcg",
    "normalized",
    "overlap",
    "percentiles",
    "recall",
    "reciprocal_rank",
    "span_coverage",
    "token_f1",
    "words",
]

Matches = Sequence[AbstractSet[str]]


def reciprocal_rank(matches: Matches, k: int) -> float:
    """RR@k: one over the rank of the first hit that matches, 0 when none of k does (Voorhees, TREC-8, 1999)."""
    return next((1.0 / rank for rank, units in enumerate(matches[:k], 1) if units), 0.0)


def hit(matches: Matches, k: int) -> float:
    """Hit@k (success@k): 1 when one of the first k hits matches, else 0."""
    return float(any(matches[:k]))


def recall(matches: Matches, gold: Mapping[str, int], k: int) -> float:
    """R@k: the share of gold units that the first k hits match."""
    return len(set().union(*matches[:k]) & gold.keys()) / len(gold)


def ndcg(matches: Matches, gold: Mapping[str, int], k: int) -> float:
    """nDCG@k with linear gains, log2(rank + 1) discount and ideal order (Järvelin & Kekäläinen 2002).

    A hit gains the grades of the units that no better hit matched. Where one hit matches several units
    the sum can pass the ideal of one unit a rank; it is then 1.
    """
    seen: set[str] = set()
    gain = 0.0
    for rank, units in enumerate(matches[:k], 1):
        gain += sum(gold[unit] for unit in units - seen) / math.log2(rank + 1)
        seen |= units
    grades = sorted(gold.values(), reverse=True)[:k]
    ideal = sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))
    return min(1.0, gain / ideal)


def overlap(a: Span, b: Span) -> int:
    """Characters that two spans of the same text share."""
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def span_coverage(found: Sequence[Span], evidence: Sequence[Span]) -> float:
    """The share of the characters of ``evidence`` that lie in ``found``, each counted once (the recall of
    Smith & Troynikov, Evaluating Chunking Strategies, Chroma 2024, on characters)."""
    wanted = {offset for span in evidence for offset in range(*span)}
    covered = {offset for span in found for offset in range(*span)} & wanted
    return len(covered) / len(wanted)


def normalized(text: str) -> str:
    """Lower case without punctuation, articles and double spaces (SQuAD's evaluate-v2.0.py)."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(text: str, answers: Sequence[str]) -> float:
    """1 when ``text`` is one of the accepted answers after normalising (Rajpurkar et al. 2016)."""
    return float(any(normalized(text) == normalized(answer) for answer in answers))


def token_f1(text: str, answers: Sequence[str]) -> float:
    """The best F1 over the bags of words of ``text`` and an accepted answer (Rajpurkar et al. 2016)."""
    return max((_bag_f1(normalized(text).split(), normalized(answer).split()) for answer in answers), default=0.0)


def _bag_f1(ours: list[str], theirs: list[str]) -> float:
    if not ours or not theirs:
        return float(ours == theirs)
    same = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * same / (len(ours) + len(theirs))


def contains_answer(text: str, answers: Sequence[str]) -> float:
    """1 when an accepted answer stands in ``text`` as whole words after normalising (Chen et al. 2017)."""
    padded = f" {normalized(text)} "
    return float(any(f" {normalized(answer)} " in padded for answer in answers if normalized(answer)))


def words(text: str) -> int:
    """Length in words, as white space cuts them."""
    return len(text.split())


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """The probability that a positive scores above a negative, ties counting half (Hanley & McNeil 1982).

    None when one side is empty.
    """
    if not len(positive) or not len(negative):
        return None
    order = np.sort(np.asarray(negative, dtype=float))
    below = np.searchsorted(order, positive, side="left")
    ties = np.searchsorted(order, positive, side="right") - below
    return float((below + ties / 2).mean() / len(order))


def coverage_accuracy(confidence: Sequence[float], correct: Sequence[bool]) -> list[tuple[float, float]]:
    """Points (share of questions answered, accuracy among these), answering the surest first
    (the risk-coverage curve of El-Yaniv & Wiener 2010, with accuracy for risk). Equal confidences are
    answered together."""
    order = sorted(zip(confidence, correct, strict=True), key=lambda pair: -pair[0])
    points, right = [], 0
    for rank, (score, is_right) in enumerate(order, 1):
        right += is_right
        if rank == len(order) or order[rank][0] != score:
            points.append((rank / len(order), right / rank))
    return points


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p90, p95, p99 and mean of ``values`` in their unit; empty for no value."""
    if not values:
        return {}
    found = {f"p{share}": float(np.percentile(values, share)) for share in (50, 90, 95, 99)}
    return found | {"mean": float(np.mean(values))}
