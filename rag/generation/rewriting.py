"""A follow-up question made to stand alone by a language model, where there is one, and what keeps that harmless.

The rules of ``rag.retrieval.followup`` have always written a query already. The model is shown the last turns and
asked for one line; it is taken only if it is a question, says nothing that the conversation does not say, and keeps
what was asked. It is asked once, is told little, may write little, and has a few seconds: a model that fails, babbles
or is silent changes nothing but those seconds.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from contextlib import closing

from rag.generation.prompt import safe
from rag.generation.rarity import language_in
from rag.generation.words import fold, is_negation, words
from rag.index import terms
from rag.index.languages import FUNCTION_WORDS
from rag.plugins import LanguageModel
from rag.retrieval.phrases import names, plain, telling
from rag.types import Turn

__all__ = ["acceptable", "rewritten"]

_INSTRUCTIONS = """\
Rewrite the last question of the conversation so that it can be understood without the conversation.
Use the words of the conversation, nothing you know from elsewhere. Do not answer it.
Write one line: the question, ending with a question mark."""

_TURNS = 3  # of the conversation; what is further back is hardly ever meant
_SHOWN = 400  # characters of each question and answer
_TOKENS = 80
_LENGTH = 300  # characters of a question that a person would ask
_GROWTH = 200  # and this many more than the question had
_LABEL = re.compile(r"^\s*(?:(?:rewritten |standalone )?question|q|rewrite[dn]?)\s*:\s*", re.IGNORECASE)


def rewritten(model: LanguageModel, question: str, history: Sequence[Turn], query: str, seconds: float) -> str:
    """What the model makes of ``question``, or ``query``, what the rules made of it, where that is not acceptable.

    Args:
        model: the language model.
        question: what was asked.
        history: the conversation before it, oldest first.
        query: the question as the rules understood it, which stands when the model fails.
        seconds: how long to wait for the model, whatever it does.
    """
    said = _said(model, _chat(question, history), seconds)
    proposed = _LABEL.sub("", said.strip()).strip('"“”„«»* ')
    return proposed if acceptable(proposed, question, history) else query


def acceptable(proposed: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether a proposed query is one question of moderate length that adds nothing to the conversation and keeps
    the numbers, names and most of the telling words of what was asked."""
    if "\n" in proposed or not proposed.endswith(("?", "？")) or len(proposed) > min(_LENGTH, len(question) + _GROWTH):
        return False
    conversation = " ".join([question, *(f"{turn.question} {plain(turn.answer)}" for turn in history)])
    return _adds_nothing(proposed, conversation) and _keeps(proposed, question)


def _adds_nothing(proposed: str, conversation: str) -> bool:
    said, known = {fold(word) for word in words(proposed)}, {fold(word) for word in words(conversation)}
    language = language_in(conversation) or "english"
    stems = set(terms(conversation, language))
    functions = {fold(word) for word in FUNCTION_WORDS[language]}
    for word in said - known:
        if is_negation(word) or any(map(str.isdigit, word)):
            return False
        is_inflected = bool(own := terms(word, language)) and stems.issuperset(own)
        if telling(word) and word not in functions and not is_inflected:
            return False
    return True


def _keeps(proposed: str, question: str) -> bool:
    """Whether the numbers, denials and names of the question are all there, and half of its other telling words."""
    said = {fold(word) for word in words(proposed)}
    asked = words(question)
    particular = [word for word in asked if any(map(str.isdigit, word)) or is_negation(word)]
    particular += [word for name in names(question) for word in words(name)]
    told, stems = terms(" ".join(telling(question))), set(terms(proposed))
    return said.issuperset(particular) and 2 * sum(term in stems for term in told) >= len(told)


def _chat(question: str, history: Sequence[Turn]) -> list[dict[str, str]]:
    turns = [
        f"Question: {safe(turn.question)[:_SHOWN]}\nAnswer: {safe(plain(turn.answer))[:_SHOWN]}"
        for turn in history[-_TURNS:]
    ]
    asked = f"Last question: {safe(question)[:_SHOWN]}\n\nThe last question, rewritten:"
    return [{"role": "system", "content": _INSTRUCTIONS}, {"role": "user", "content": "\n\n".join([*turns, asked])}]


def _said(model: LanguageModel, chat: list[dict[str, str]], seconds: float) -> str:
    """What the model says, all of it, or "" when it fails or is not done in time. It is asked in a thread of its own,
    since nothing else bounds the time for certain; when that is up the model is told to stop."""
    said: list[str] = []
    is_whole, done, is_late = threading.Event(), threading.Event(), threading.Event()

    def listen() -> None:
        try:
            with closing(model.complete(chat, _TOKENS, seconds)) as pieces:
                for piece in pieces:
                    if is_late.is_set():
                        return
                    said.append(piece)
            is_whole.set()
        except Exception:  # noqa: BLE001  whatever it is, the query by rule stands; the answer will tell what is wrong
            pass
        finally:
            done.set()

    threading.Thread(target=listen, daemon=True).start()
    done.wait(seconds)
    is_late.set()
    return "".join(said) if is_whole.is_set() else ""
