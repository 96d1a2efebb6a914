"""Sentences that do not stand alone: one leans on what stands before it, another leads up to what comes behind.

"He also chairs the board." needs the one before it, and so does "Yes, he will."; "Use this command:", "You asked
whether you may keep a cat." and, in a transcript, "Question: Ann Lee, Daily Wire." say nothing without the next.
"""

from __future__ import annotations

import re

from rag.passages.sentences import announces, leans_back

__all__ = ["goes_on", "leads_up", "leans"]

# "Spokesperson: Yes, she will."
_REPLY = re.compile(r"(?:[^:.!?\n]{2,40}:\s+)?(?:yes|no|ja|nein|oui|non|sí|sì)\b[,.]", re.IGNORECASE)
# "You asked whether …", "Sie fragen, ob …", "Vous demandez si …"
_ASKED = re.compile(
    r"\b(?:(?:asked|ask|wondered|want(?:ed)? to know)\b[^.?!]{0,20}\b(?:whether|if)"
    r"|(?:fragt?en?|gefragt|wissen)\b[^.?!]{0,20}\bob|(?:demandez|demandé|demandiez|pregunt\w+)\b[^.?!]{0,10}\bsi"
    r"|chies\w+\b[^.?!]{0,10}\bse)\b",
    re.IGNORECASE,
)
# what is left and right of a cut through a sentence that is too long for a passage
_CUT = re.compile(r"[^\W\d_],\s*$")
_CUT_BEFORE = re.compile(r"[^\W\d_A-ZÀ-Þ][\w'’-]* ")
# "Question: Ann Lee, Daily Wire."
_ASKER = re.compile(r"(?:question|q|frage|pregunta|domanda)\b[^:?\n]{0,20}:[^?]*$", re.IGNORECASE)


def leads_up(text: str) -> bool:
    """Whether a sentence says nothing without the next: it ends in a colon, tells what was asked, or who asks."""
    return announces(text) or bool(_ASKED.search(text) or _ASKER.match(text) or _CUT.search(text))


def leans(text: str) -> bool:
    """Whether a sentence says nothing without the one before: it opens with a pronoun, or is a reply, or it may be the
    rest of a sentence that was cut (``goes_on``)."""
    return leans_back(text) or bool(_REPLY.match(text) or _CUT_BEFORE.match(text))


def goes_on(before: str, text: str) -> bool:
    """Whether a sentence, if it opens in lower case, is the rest of the one before it."""
    return not _CUT_BEFORE.match(text) or bool(_CUT.search(before))
