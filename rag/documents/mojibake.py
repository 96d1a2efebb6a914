"""Undo one step too many: UTF-8 that was read as Latin-1 or Windows-1252 and written as UTF-8 again ("Â£" for "£")."""

from __future__ import annotations

import re

__all__ = ["mended"]


def _bytes_of_characters() -> dict[str, int]:
    """The byte that each character above ASCII was, in Latin-1 and, where it says more, in Windows-1252."""
    bytes_of = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        character = bytes([byte]).decode("cp1252", "ignore")
        if character:
            bytes_of[character] = byte
    return bytes_of


_BYTE = _bytes_of_characters()
_REST = "".join(character for character, byte in _BYTE.items() if byte < 0xC0)
# as UTF-8 writes a character: the first byte says how many follow
_DOUBLED = re.compile(
    f"[\u00c2-\u00df][{re.escape(_REST)}]|[\u00e0-\u00ef][{re.escape(_REST)}]{{2}}"
    f"|[\u00f0-\u00f4][{re.escape(_REST)}]{{3}}"
)
_FEWEST = 3  # a capital umlaut in front of a closing quote looks the same, once
_SHARE = 0.95  # of the characters above ASCII: where it happened, it happened to all of them


def mended(text: str) -> str | None:
    """``text`` with each doubled character as the one that was meant; None when it is not such a text."""
    if text.isascii():
        return None
    doubled = _DOUBLED.findall(text)
    if len(doubled) < _FEWEST:
        return None
    n_above = len(text) - len(text.encode("ascii", "ignore"))
    if sum(map(len, doubled)) < _SHARE * n_above:
        return None
    return _DOUBLED.sub(_single, text)


def _single(match: re.Match[str]) -> str:
    try:
        return bytes(_BYTE[character] for character in match[0]).decode()
    except UnicodeDecodeError:  # a surrogate, or a longer form than need be
        return match[0]
