"""Footnote's own byte-pair encoding, made known to ``tiktoken.get_encoding("footnote")``.

The named encodings of tiktoken are downloaded at first use; this one comes with the package, so that
passages are sized offline. ``benchmarks/train_encoding.py`` made the ranks, from word frequencies of
the package wordfreq (Robyn Speer, CC BY-SA 4.0) and the Python standard library. It counts; no
language model was trained with it.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

RANKS = Path(__file__).with_suffix(".bpe")

# Cuts a text into pieces that no token crosses: English contractions, words with the space or mark
# before them, numbers by three digits, runs of symbols, line ends, spaces. Runs of spaces are bounded:
# tiktoken panics when it has to look back over a million of them (openai/tiktoken#587).
PATTERN = "|".join(
    (
        r"'(?i:[sdmt]|ll|ve|re)",
        r"[^\r\n\p{L}\p{M}\p{N}]?[\p{L}\p{M}]+",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*",
        r"\s{0,64}[\r\n]+",
        r"\s{1,64}(?!\S)",
        r"\s",
    )
)


def footnote() -> dict[str, Any]:
    """The arguments of ``tiktoken.Encoding``."""
    lines = RANKS.read_bytes().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
    return {"name": "footnote", "pat_str": PATTERN, "mergeable_ranks": ranks, "special_tokens": {}}


ENCODING_CONSTRUCTORS = {"footnote": footnote}
