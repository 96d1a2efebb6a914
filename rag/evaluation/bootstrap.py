"""Is one run better than another? The paired bootstrap interval of their difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Difference", "paired"]


class Difference(NamedTuple):
    """The mean of ``ours - theirs`` and the ends of its interval; 0 outside of it is a real difference."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def is_real(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def paired(
    ours: Sequence[float], theirs: Sequence[float], *, level: float = 0.95, samples: int = 10_000, seed: int = 0
) -> Difference:
    """The percentile bootstrap interval of the mean difference over the same questions.

    Questions are drawn with replacement, both runs' values of a question together (Efron & Tibshirani
    1993, ch. 13; for retrieval Sakai, SIGIR 2006). Needs at least one pair.
    """
    differences = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    random = np.random.default_rng(seed)
    n = len(differences)
    means = np.empty(samples)
    for start in range(0, samples, 500):  # in slices: 10,000 x 100,000 indices would not fit in memory
        drawn = random.integers(0, n, size=(min(500, samples - start), n))
        means[start : start + len(drawn)] = differences[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Difference(float(differences.mean()), float(low), float(high), n)
