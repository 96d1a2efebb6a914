"""What kind of thing was said: a question to search for, or a greeting that wants no sources."""

from __future__ import annotations

import re

__all__ = ["small_talk"]

_REPLIES = (
    (
        r"(hi|hello|hey|hallo|hola|bonjour|ciao|good (morning|afternoon|evening)|guten (tag|morgen|abend))"
        r"( there| everyone| footnote)?",
        "Hello! Ask me something about your documents, and I will show you where the answer stands.",
    ),
    (
        r"(many )?(thanks|thank you|thx|danke|merci|gracias)( so| very)?( much| a lot)?( for (your|the) help)?|cheers",
        "You are welcome. Every number in an answer opens the words it came from.",
    ),
    (r"(good ?bye|bye( bye)?|see you( later)?|tschüss|ciao ciao)", "Goodbye."),
    (
        r"(how are you( doing)?( today)?|who are you|what are you|what can you do|what is footnote for)",
        "I am Footnote: I look for the answer in your documents and point at the exact words. "
        "When the documents do not say, I tell you so.",
    ),
)
_POLITE = re.compile(r"\W+")


def small_talk(question: str) -> str | None:
    """A reply to a greeting, thanks or a question about the assistant itself; None for anything else."""
    plain = _POLITE.sub(" ", question.casefold()).strip()
    for pattern, reply in _REPLIES:
        if re.fullmatch(pattern, plain):
            return reply
    return None
