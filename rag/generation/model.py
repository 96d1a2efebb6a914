"""The learned numbers: linear models, shipped as readable JSON.

``weights.json`` holds a coefficient for each named feature of three models: "sentence" (which sentence
answers), "fact" (which words of it), "confidence" (whether any does); and how the reader's word weighs against the
first and the last ("… with reader"). ``benchmarks/train_answers.py`` and ``train_reader.py`` made them.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["coefficients", "constant"]

_FILE = Path(__file__).with_name("weights.json")


@lru_cache(1)
def _weights() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


@lru_cache(8)
def coefficients(model: str, features: tuple[str, ...]) -> NDArray[np.float64]:
    """The coefficients of a model in the order of ``features``; a feature it does not use has 0."""
    known = _weights()[model]
    return np.array([known.get(name, 0.0) for name in features])


def constant(model: str) -> float:
    """The bias of a model."""
    return float(_weights()[model]["bias"])
