"""Text -> search terms, the same way for passages and queries.

Words are folded (Unicode NFKC, case, accents) and stemmed; scripts without spaces become overlapping pairs
of characters; numbers and codes stay as typed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

__all__ = ["FINGERPRINT", "STOP_WORDS", "terms"]

# raise it with every change of what ``terms`` returns: an index with another one finds its terms anew at the next
# build, and until then must take words out of the full text exactly as they went in
FINGERPRINT = "terms-1"

# scripts that are written without spaces: Thai to Lao, Myanmar, Khmer, kana, Han
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"([{_UNSPACED}]+)|[^\W{_UNSPACED}]+")

# words that say nothing about what is asked for; they stay in the index and are left out of queries
STOP_WORDS = frozenset(
    """
    a an and are as at be been but by can could did do does for from had has have he her him his how i if in into
    is it its me my no not of on or our shall she should so than that the their them then there these they this
    those to was we were what when where which who whom whose why will with would you your
    """.split()
)


@lru_cache(1)
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(65536)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def terms(text: str) -> list[str]:
    """The search terms of ``text`` in order, with repeats."""
    found: list[str] = []
    for match in _TOKEN.finditer(_fold(text)):
        token = match[0]
        if match[1]:
            found += [token[i : i + 2] for i in range(len(token) - 1)] or [token]
        else:
            found.append(_stem(token) if token.isalpha() else token)
    return found
