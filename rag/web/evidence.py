"""The evidence of one answer as HTML: what it cites, what else was found, and why each candidate is where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rag.index import DocumentEntry
from rag.types import title_of
from rag.web.answer import closest_html, where
from rag.web.conversations import StoredTurn
from rag.web.strings import say

__all__ = ["cited_html", "found_html", "passages_html", "why_html", "why_not_form"]

_MAX_CHOICES = 2000  # documents in the list of a form


def cited_html(turn: StoredTurn, language: str) -> str:
    """What the answer cites, in order."""
    citations = turn.answer["citations"]
    if not citations:
        return f'<p class="empty">{say(language, "nothing_cited")}</p>'
    items = "".join(
        f'<li value="{citation["number"]}"><button type="button" class="passage" data-do="cite" '
        f'data-n="{citation["number"]}" data-document="{escape(citation["document_id"])}" '
        f'data-start="{citation["start"]}" data-end="{citation["end"]}">'
        f'<span class="words" dir="auto">{escape(citation["quote"])}</span> '
        f'<span class="from" dir="auto">{escape(where(language, citation))}</span></button>'
        f'<span class="cite cite-{escape(citation["support"])}">{citation["number"]}</span>'
        f'<button type="button" class="quiet" data-do="wrong-this">{say(language, "wrong_source")}</button></li>'
        for citation in citations
    )
    return f'<ol class="closest cited">{items}</ol>'


def found_html(turn: StoredTurn, language: str) -> str:
    """What was found and not cited, the candidates that were dropped last."""
    cited = {citation["passage_id"] for citation in turn.answer["citations"]}
    candidates = [*turn.answer.get("hits", ()), *turn.searched.get("dropped", ())]
    return passages_html([hit for hit in candidates if hit["passage"]["id"] not in cited], language)


def passages_html(hits: list[dict[str, Any]], language: str) -> str:
    """Passages, each with a button that says it should have been the answer."""
    if not hits:
        return f'<p class="empty">{say(language, "nothing_found")}</p>'
    button = (
        f'<button type="button" class="quiet should" data-do="should">{say(language, "should_have_found")}</button>'
    )
    return f'<ul class="closest">{"".join(closest_html(hit, button) for hit in hits)}</ul>'


def why_html(turn: StoredTurn, language: str) -> str:
    """Every candidate with its rank in each leg and what became of it."""
    hits = [*turn.answer.get("hits", ()), *turn.searched.get("dropped", ())]
    if not hits:
        return f'<p class="empty">{say(language, "nothing_found")}</p>'
    legs = ("lexical_rank", "dense_rank", "fused", "reranked")
    keys = [key for key in legs if any(hit["why"].get(key) is not None for hit in hits)]
    head = "".join(f'<th scope="col">{say(language, key)}</th>' for key in [*keys, "dropped"])
    rows = "".join(_candidate_html(hit, keys, language) for hit in hits)
    return (
        f'<div class="scroll" tabindex="0"><table class="why"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _candidate_html(hit: Mapping[str, Any], keys: list[str], language: str) -> str:
    passage, reasons = hit["passage"], hit["why"]
    dropped = reasons.get("dropped")
    cells = [_figure(reasons.get(key)) for key in keys] + [
        escape(str(dropped or reasons.get("joined") or say(language, "kept")))
    ]
    name = escape(passage["title"] or title_of(passage["source"]))
    page = f" · {passage['page']}" if passage.get("page") else ""
    return (
        f'<tr class="{"out" if dropped else "in"}"><th scope="row" dir="auto">'
        f'<button type="button" class="link" data-do="passage" data-document="{escape(passage["document_id"])}" '
        f'data-start="{passage["start"]}" data-end="{passage["end"]}">{name}{page}</button></th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else escape(str(value))


def why_not_form(entries: Sequence[DocumentEntry], language: str) -> str:
    """Asks why a document is not among the sources."""
    options = "".join(
        f'<option value="{escape(entry.source)}">{escape(entry.title)}</option>' for entry in entries[:_MAX_CHOICES]
    )
    return (
        f'<form class="why-not" data-form="why"><label>{say(language, "why_not")} <select name="source">{options}'
        f'</select></label> <button class="quiet">{say(language, "look")}</button>'
        '<p role="status"></p></form>'
    )
