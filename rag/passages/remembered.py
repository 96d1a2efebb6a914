"""What something comes to, found out once: the same few thousand words are most of any text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["Remembered"]

_MOST = 1 << 16  # some 20 MB; the commonest come back at once after they were forgotten
_LONGEST = 48  # characters of a word; what is longer is hardly met twice

_Found = TypeVar("_Found")


class Remembered(dict[str, _Found]):
    """A dictionary that fills itself: what is not there yet is what ``find`` says."""

    def __init__(self, find: Callable[[str], _Found]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, word: str) -> _Found:
        found = self._find(word)
        if len(self) >= _MOST:
            self.clear()
        if len(word) <= _LONGEST:
            self[word] = found
        return found
