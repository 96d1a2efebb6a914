"""Questions to go on with, which the documents do answer."""

from __future__ import annotations

from collections.abc import Iterator

from rag.web.conversations import StoredTurn
from rag.web.engine import Engine
from rag.web.strings import say

__all__ = ["suggested"]

_N_SUGGESTIONS = 3


def suggested(engine: Engine, turn: StoredTurn, language: str) -> Iterator[str]:
    """Questions about the sections around what was cited, kept when the documents do answer them."""
    asked = {turn.question.casefold()}
    given = 0
    for topic in _topics(engine, turn):
        question = topic if topic.endswith("?") else say(language, "about", topic=topic)
        if not 3 < len(topic) < 80 or question.casefold() in asked:
            continue
        asked.add(question.casefold())
        if engine.assistant.ask(question, generator="extractive").citations:
            yield question
            given += 1
        if given == _N_SUGGESTIONS or len(asked) > 3 * _N_SUGGESTIONS:
            return


def _topics(engine: Engine, turn: StoredTurn) -> Iterator[str]:
    """Headings of the cited documents, those nearest to the cited words first, without their own."""
    for citation in turn.answer["citations"]:
        document = engine.assistant.document(citation["document_id"])
        if document is None:
            continue
        start = citation["start"]
        own = max((heading.start for heading in document.headings if heading.start <= start), default=-1)
        for heading in sorted(document.headings, key=lambda heading: abs(heading.start - start)):
            if heading.start != own and heading.level > 1:
                yield " ".join(document.text[heading.start : heading.end].split())
