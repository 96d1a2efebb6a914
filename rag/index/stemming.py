"""Snowball's stemmers for some thirty languages, by PyStemmer: the same stems as in Python, sixty times as fast."""

from __future__ import annotations

import threading
from typing import Any

import Stemmer

__all__ = ["stem_word"]


class _Stemmers(threading.local):
    """Those of one thread: a stemmer keeps the word that it works on in itself."""

    def __init__(self) -> None:
        self.by_language: dict[str, Any] = {}


_stemmers = _Stemmers()


def stem_word(word: str, language: str) -> str:
    """The stem of a word in lower case, by the Snowball algorithm of that name ("english", "german").

    Raises:
        KeyError: Snowball has none for this language.
    """
    stemmer = _stemmers.by_language.get(language)
    if stemmer is None:  # whoever asks remembers the answers: no cache inside
        stemmer = _stemmers.by_language[language] = Stemmer.Stemmer(language, 0)
    return str(stemmer.stemWord(word))
