"""What may not reach the reader: hidden characters, look-alike markers, tags, and addresses nobody cited.

``Answer.text`` is plain text with three notations of our own: ``[n]`` cites, ``**…**`` marks the short
answer, ``~~…~~`` strikes what no source bears out. Everything else in it is to be escaped by whoever
shows it. So that neither a document nor a model can speak in our notation by accident or by intent, its
look-alikes are broken up with an invisible word joiner (U+2060), which changes no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["collapse", "literal", "literal_outside_code", "neutral", "visible", "without_strange_addresses"]

JOINER = "\u2060"

# Controls, direction overrides, soft hyphens, byte-order marks, interlinear marks and the "tag" block:
# what a reader cannot see but a model can. Joiners that scripts and emoji need (U+200C, U+200D) stay.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\u115f\u1160\u3164\uffa0\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_MARKER_LIKE = re.compile(r"\[(?=\s*(?!0)\d+\s*\])")  # digits of any script: readers of markers take them all
_INLINE_CODE = re.compile(r"((?<!`)(?:`+)(?!`)[^\n]*?(?<!`)`+(?!`))")
_NOTATION = re.compile(r"\*(?=\*)|~(?=~)")
_ADDRESS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|(?<![\w:/])//(?=[\w-]+\.[a-z])"
    r"|\b(?:javascript|data|vbscript|mailto|file):(?=\S))\S+",
    re.IGNORECASE,
)
_BREAKS = re.compile("[\u2028\u2029]")
_SPACE = re.compile(r"\s+")


def visible(text: str) -> str:
    """``text`` without characters that a reader cannot see."""
    return _HIDDEN.sub("", _BREAKS.sub(" ", text))


def literal(text: str) -> str:
    """``text`` with its ``[7]`` made plain text that cites nothing."""
    return _MARKER_LIKE.sub("[" + JOINER, text)


def literal_outside_code(text: str) -> str:
    """The same, but what stands between backticks is code and stays as it is."""
    parts = _INLINE_CODE.split(text)
    return "".join(part if i % 2 else literal(part) for i, part in enumerate(parts))


def neutral(text: str) -> str:
    """Words of a document, ready to stand in an answer: visible, on one line, without our notation."""
    return _NOTATION.sub(lambda match: match.group() + JOINER, literal(collapse(visible(text))))


def collapse(text: str) -> str:
    """``text`` with every run of white space as one space."""
    return _SPACE.sub(" ", text)


def without_strange_addresses(text: str, known: Iterable[str]) -> str:
    """``text`` without the web addresses that occur in none of the ``known`` texts.

    An address that the evidence does not hold was made up, or is made to carry something out.
    """

    def keep(match: re.Match[str]) -> str:
        address = match.group().rstrip(".,;:!?)]}>\"'*~`")
        tail = match.group()[len(address) :]
        return match.group() if any(address in text for text in known) else "(address removed)" + tail

    return _ADDRESS.sub(keep, text) if ":" in text or "//" in text or "www." in text.lower() else text
