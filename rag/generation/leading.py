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
# a sentence too long for a passage is cut behind a comma, and its rest opens in lower case
_ENDS_IN_CUT = re.compile(r"[^\W\d_],\s*$")
_OPENS_IN_LOWER_CASE = re.compile(r"[^\W\d_A-ZÀ-Þ][\w'’-]* ")
# "Question: Ann Lee, Daily Wire."
_ASKER = re.compile(r"(?:question|q|frage|pregunta|domanda)\b[^:?\n]{0,20}:[^?]*$", re.IGNORECASE)


def leads_up(text: str) -> bool:
    """Whether a sentence says nothing without the next: it ends in a colon, tells what was asked, or who asks, or is
    the first part of one that was cut."""
    return announces(text) or bool(_ASKED.search(text) or _ASKER.match(text) or _ENDS_IN_CUT.search(text))


def leans(text: str) -> bool:
    """Whether a sentence says nothing without the one before: it opens with a pronoun, or is a reply, or it may be the
    rest of a sentence that was cut (``goes_on``)."""
    return leans_back(text) or bool(_REPLY.match(text) or _OPENS_IN_LOWER_CASE.match(text))


def goes_on(before: str, text: str) -> bool:
    """Whether ``text`` may lean on ``before``: what opens in lower case does so only as the rest of a cut sentence."""
    return not _OPENS_IN_LOWER_CASE.match(text) or bool(_ENDS_IN_CUT.search(before))
