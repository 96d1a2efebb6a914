"""Does a model know the language of a text? Its tokenizer tells.

The vocabulary of word pieces was learned from what the model read. Words of its languages come in pieces of several
letters; others are spelled letter by letter, or are not in the vocabulary at all.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["familiarity"]

# a character that is a word by itself, and a piece by itself in the vocabulary of models that know it
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_UNKNOWN = ("[UNK]", "<unk>")


def familiarity(text: str, encoding: Any) -> float:
    """The share of the letters of ``text`` that are in known pieces of two letters or more; 1.0 without letters.

    ``encoding`` is the text as a tokenizer of the library ``tokenizers`` gives it.
    """
    n_letters = sum(map(str.isalpha, text))
    if not n_letters:
        return 1.0
    # a letter taken apart (Korean syllables) gives several pieces with one span
    pieces = {span: token for token, span in zip(encoding.tokens, encoding.offsets, strict=True)}
    known = 0
    for (start, end), token in pieces.items():
        piece = text[start:end]
        n = len(piece) if piece.isalpha() else sum(map(str.isalpha, piece))
        if token not in _UNKNOWN and (n > 1 or (n and _HAN.search(text, start, end))):
            known += n
    return min(1.0, known / n_letters)
