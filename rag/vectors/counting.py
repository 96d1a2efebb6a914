"""How long a text is for a model, without tokenizing the same words again and again.

Tokenizers of the BERT family look at one word at a time, whatever stands beside it: what a word comes to is
remembered, and a text is the sum of its words. Others count the whole text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from string import punctuation
from typing import Any

__all__ = ["TokenCounter"]

# words that are remembered: some 20 MB; the commonest come back at once after they were forgotten
_REMEMBERED = 150_000


class TokenCounter:
    """Counts the tokens of texts for a tokenizer of Hugging Face, special tokens included."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._n_special = tokenizer.num_special_tokens_to_add(is_pair=False)
        self._lengths: dict[str, int] = {}
        facts = json.loads(tokenizer.to_str())
        self._is_by_word = _is_by_word(facts)
        # each mark is a word of its own, but for those that special tokens are written with
        special = set("".join(token["content"] for token in facts["added_tokens"]))
        self._apart = str.maketrans({mark: f" {mark} " for mark in set(punctuation) - special})

    def count(self, texts: Sequence[str]) -> list[int]:
        """The length of each text."""
        if not self._is_by_word:
            return [len(encoding) for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        # these are white space for every tokenizer; what else may be, stays inside the word
        split = [text.replace("\n", " ").split(" ") for text in texts]
        if len(self._lengths) > _REMEMBERED:
            self._lengths.clear()
        new = set(chain.from_iterable(split)).difference(self._lengths)
        self._learn({word: word.translate(self._apart).split(" ") for word in new})
        return [sum(map(self._lengths.__getitem__, words)) + self._n_special for words in split]

    def _learn(self, words: dict[str, list[str]]) -> None:
        """Remember the lengths of words, given each with the parts that its marks leave."""
        parts = list(set(chain.from_iterable(words.values())).difference(self._lengths))
        encoded = self._tokenizer.encode(parts, is_pretokenized=True, add_special_tokens=False)
        n_tokens = Counter(encoded.word_ids)
        self._lengths.update((part, n_tokens[place]) for place, part in enumerate(parts))
        self._lengths.update({word: sum(map(self._lengths.__getitem__, own)) for word, own in words.items()})


def _is_by_word(facts: dict[str, Any]) -> bool:
    """True when a text comes to the tokens of its words one after the other."""
    kinds = [(facts.get(part) or {}).get("type") for part in ("normalizer", "pre_tokenizer", "model")]
    reaches_out = any(token["lstrip"] or token["rstrip"] or " " in token["content"] for token in facts["added_tokens"])
    return kinds == ["BertNormalizer", "BertPreTokenizer", "WordPiece"] and not reaches_out
