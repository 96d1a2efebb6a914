"""What the reader asks for: the original around cited words, evidence of a turn, why, and verdicts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from rag.errors import DocumentError
from rag.types import Document, title_of
from rag.web.conversations import StoredTurn
from rag.web.engine import Engine
from rag.web.evidence import cited_html, found_html, passages_html, why_html, why_not_form
from rag.web.identity import language_of, owner_of
from rag.web.live import hit_view
from rag.web.pdfpages import Drawer
from rag.web.reader import page_html, text_html, where_html
from rag.web.strings import say
from rag.web.suggestions import suggested

__all__ = ["routes"]

_WHY_DEPTH = 50  # how far down "why not this document?" looks
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

    def path_of(document_id: str) -> Path | None:
        """The file, where it can be opened: a document is kept while its file is out of reach."""
        with engine.assistant.snapshot() as snapshot:
            path = snapshot.path_of(document_id)
        is_open = path is not None and os.access(path, os.R_OK) and path.is_file()
        return path if is_open else None

    def file_of(document_id: str) -> Path:
        path = path_of(document_id)
        if path is None:
            raise HTTPException(404, "the file is no longer there, or cannot be opened")
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
        if drawn and shown and (path := path_of(document)):
            html = _drawn(drawer, found, path, shown, start, end, language)
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
        tabs = {"cited": cited_html, "found": found_html, "why": why_html}
        html = tabs[tab](turn, language)
        if tab == "why":
            html += why_not_form(engine.assistant.documents(), language)
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
        return {"questions": list(suggested(engine, turn, language_of(request)))}

    @api.post("/support")
    def support(request: Request, selected: Selected) -> dict[str, str]:
        hits = engine.assistant.search(selected.text, 5)
        return {"html": passages_html([hit_view(hit) for hit in hits], language_of(request))}

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
