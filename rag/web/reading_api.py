"""What the reader asks for: the original around cited words, evidence of a turn, why, and verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from rag.errors import DocumentError
from rag.types import Document, title_of
from rag.web.answer import closest_html, hit_view, where
from rag.web.conversations import StoredTurn
from rag.web.engine import Engine
from rag.web.identity import language_of, owner_of
from rag.web.pdfpages import Drawer
from rag.web.reader import page_html, text_html, where_html
from rag.web.strings import say

__all__ = ["routes"]

_WHY_DEPTH = 50  # how far down "why not this document?" looks
_N_SUGGESTIONS = 3
# what a browser may show by itself; everything else is only handed over as a file
_INLINE = {".pdf": "application/pdf", ".txt": "text/plain", ".md": "text/plain", ".csv": "text/plain"}


class Place(BaseModel):
    """A span of a document."""

    document: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Marked(BaseModel):
    """A verdict on a turn. ``spans`` are what it is about: all that was cited when there are none."""

    turn: int
    verdict: Literal["right", "wrong source", "not in documents", "should have found"]
    spans: list[Place] = Field([], max_length=50)


class Selected(BaseModel):
    """Words to find support for."""

    text: str = Field(min_length=1, max_length=4000)


def routes(engine: Engine, drawer: Drawer) -> APIRouter:
    """The reader's routes."""
    api = APIRouter(prefix="/api")

    def document_of(document_id: str) -> Document:
        document = engine.assistant.document(document_id)
        if document is None:
            raise HTTPException(404, "the document is no longer in the corpus")
        return document

    def file_of(document_id: str) -> Path:
        with engine.assistant.snapshot() as snapshot:
            path = snapshot.path_of(document_id)
        if path is None or not path.is_file():
            raise HTTPException(404, "the file is no longer there")
        return path

    def turn_of(request: Request, turn_id: int) -> StoredTurn:
        turn = engine.conversations.turn(owner_of(request), turn_id)
        if turn is None:
            raise HTTPException(404, "there is no such answer")
        return turn

    @api.get("/reader")
    def reader(
        request: Request,
        document: str,
        start: int = 0,
        end: int = 0,
        view: Literal["auto", "text", "page"] = "auto",
        page: int | None = None,
        low: int | None = None,
        high: int | None = None,
    ) -> dict[str, Any]:
        language = language_of(request)
        found = engine.assistant.document(document)
        if found is None:
            return {"gone": True}  # the page shows the words that it kept
        start = min(max(start, 0), len(found.text))
        end = min(max(end, start), len(found.text))
        drawn = found.metadata.get("kind") == "pdf" and view != "text"
        html = None
        shown = page or found.page_at(start)
        if drawn and shown:
            html = _drawn(drawer, found, file_of(document), shown, start, end, language)
        return {
            "title": found.title or title_of(found.source),
            "where": where_html(found, start, language),
            "html": html or text_html(found, start, end, language, low=low, high=high),
            "view": "page" if html else "text",
            "pdf": found.metadata.get("kind") == "pdf",
            "page": shown,
            "pages": len(found.page_starts),
            "original": f"/api/original/{document}",
        }

    @api.get("/page/{document_id}/{page}.png")
    def page_image(document_id: str, page: int, scale: float = 1.5) -> Response:
        path = file_of(document_id)
        try:
            image = drawer.image(path, page, scale)
        except (DocumentError, OSError) as error:
            raise HTTPException(404, f"the page cannot be drawn: {error}") from error
        return Response(image, media_type="image/png", headers={"Cache-Control": "private, max-age=600"})

    @api.get("/original/{document_id}")
    def original(document_id: str, download: bool = False) -> FileResponse:
        path = file_of(document_id)
        inline = _INLINE.get(path.suffix.lower())
        name = path.name.encode("utf-8", "replace").decode()
        if inline is None or download:
            return FileResponse(path, media_type="application/octet-stream", filename=name)
        return FileResponse(path, media_type=inline, filename=name, content_disposition_type="inline")

    @api.get("/turns/{turn_id}/panel")
    def panel(request: Request, turn_id: int, tab: Literal["cited", "found", "why"] = "cited") -> dict[str, str]:
        language, turn = language_of(request), turn_of(request, turn_id)
        tabs = {"cited": _cited_html, "found": _found_html, "why": _why_html}
        html = tabs[tab](turn, language)
        if tab == "why":
            html += _why_not_form(engine, language)
        return {"html": html}

    @api.get("/turns/{turn_id}/why")
    def why_not(request: Request, turn_id: int, source: str) -> dict[str, str]:
        language, turn = language_of(request), turn_of(request, turn_id)
        query = turn.answer.get("query") or turn.question
        k = len(turn.answer.get("hits", ())) or engine.settings.k
        hits = engine.assistant.search(query, _WHY_DEPTH)
        rank = next((hit.rank for hit in hits if hit.passage.source == source), None)
        if rank is None:
            return {"html": say(language, "why_nothing", k=_WHY_DEPTH)}
        return {"html": say(language, "why_used" if rank <= k else "why_rank", rank=rank, k=k)}

    @api.get("/turns/{turn_id}/next")
    def suggestions(request: Request, turn_id: int) -> dict[str, list[str]]:
        turn = turn_of(request, turn_id)
        return {"questions": list(_answerable(engine, turn, language_of(request)))}

    @api.post("/support")
    def support(request: Request, selected: Selected) -> dict[str, str]:
        hits = engine.assistant.search(selected.text, 5)
        return {"html": _passages_html([hit_view(hit) for hit in hits], language_of(request))}

    @api.post("/feedback")
    def feedback(request: Request, marked: Marked) -> dict[str, int]:
        turn = turn_of(request, marked.turn)
        history = engine.conversations.history(owner_of(request), turn.conversation_id, before=turn.id)
        spans: list[dict[str, Any]] = [
            {"source": document_of(span.document).source, "start": span.start, "end": span.end} for span in marked.spans
        ]
        if not spans and marked.verdict in ("right", "wrong source"):
            spans = turn.answer["citations"]
        return {"cases": engine.feedback.add(marked.verdict, turn.question, history, spans)}

    return api


def _drawn(
    drawer: Drawer, document: Document, path: Path, page: int, start: int, end: int, language: str
) -> str | None:
    """The page with its boxes, or None when it cannot be drawn: the text is shown instead."""
    try:
        aspect, boxes = drawer.marks(path, document, page, start, end)
    except (DocumentError, OSError):
        return None
    return page_html(document, page, aspect, boxes, language)


def _cited_html(turn: StoredTurn, language: str) -> str:
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


def _found_html(turn: StoredTurn, language: str) -> str:
    cited = {citation["passage_id"] for citation in turn.answer["citations"]}
    hits = [hit for hit in turn.answer.get("hits", ()) if hit["passage"]["id"] not in cited]
    return _passages_html(hits, language)


def _passages_html(hits: list[dict[str, Any]], language: str) -> str:
    if not hits:
        return f'<p class="empty">{say(language, "nothing_found")}</p>'
    button = (
        f'<button type="button" class="quiet should" data-do="should">{say(language, "should_have_found")}</button>'
    )
    return f'<ul class="closest">{"".join(closest_html(hit, button) for hit in hits)}</ul>'


def _why_html(turn: StoredTurn, language: str) -> str:
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
    cells = [_figure(reasons.get(key)) for key in keys] + [escape(str(dropped or say(language, "kept")))]
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


def _why_not_form(engine: Engine, language: str) -> str:
    options = "".join(
        f'<option value="{escape(entry.source)}">{escape(entry.title)}</option>'
        for entry in engine.assistant.documents()[:2000]
    )
    return (
        f'<form class="why-not" data-form="why"><label>{say(language, "why_not")} <select name="source">{options}'
        f'</select></label> <button class="quiet">{say(language, "look")}</button>'
        '<p role="status"></p></form>'
    )


def _answerable(engine: Engine, turn: StoredTurn, language: str) -> Iterator[str]:
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
