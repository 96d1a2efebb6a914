"""Answers as the page keeps and draws them: in the shape of ``Answer.to_dict()``, also while they are written."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rag.types import Answer, Cited, Delta, Event, Finished, Hit, Retrieved, hit_to_dict

__all__ = ["LiveAnswer", "answer_view", "hit_view"]


class LiveAnswer:
    """The events of one stream, folded into what ``turn_html`` draws."""

    def __init__(self, question: str) -> None:
        self.answer: dict[str, Any] = {"question": question, "query": question, "text": "", "citations": []}
        self.searched: dict[str, Any] = {}
        self.finished = False

    def take(self, event: Event) -> None:
        """Add one event."""
        if isinstance(event, Retrieved):
            self.answer["query"] = event.query
            self.searched = {
                "n_passages": event.n_passages,
                "n_documents": event.n_documents,
                "seconds": event.seconds,
                "dropped": [hit_view(hit) for hit in event.dropped],
            }
        elif isinstance(event, Delta):
            self.answer["text"] += event.text
        elif isinstance(event, Cited):
            shown = [*self.answer["citations"], asdict(event.citation)]
            self.answer["citations"] = shown
        elif isinstance(event, Finished):
            self.answer = answer_view(event.answer)
            self.finished = True


def answer_view(answer: Answer) -> dict[str, Any]:
    """``to_dict`` with the span of the best sentence of each hit, for the list of closest passages."""
    view = answer.to_dict()
    view["hits"] = [hit_view(hit) for hit in answer.hits]
    return view


def hit_view(hit: Hit) -> dict[str, Any]:
    """A hit as JSON, with ``best``: the span of its nearest sentence in the document."""
    view = hit_to_dict(hit)
    scores, sentences = hit.sentence_scores, hit.passage.sentences
    if scores and len(scores) == len(sentences):
        view["best"] = list(sentences[max(range(len(scores)), key=scores.__getitem__)])
    return view
