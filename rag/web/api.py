"""The HTTP API beside the page: questions for programs, and what the page's script asks for.

For programs (the JSON of the command line): ``POST /api/ask``, ``POST /api/search``, ``GET /api/status``.
The other routes serve the page and return fragments of HTML, rendered and escaped here.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Request, Response
from pydantic import BaseModel, Field

from rag.errors import IndexMissing, RagError
from rag.types import Turn, hit_to_dict
from rag.web import export
from rag.web.answer import turn_html
from rag.web.engine import Engine
from rag.web.identity import language_of, owner_of

__all__ = ["routes"]

_EXAMPLES = 8
_SHOWN_TURNS = 30  # turns sent at once; earlier ones when they are asked for


class Asked(BaseModel):
    """The body of ``/api/ask`` and ``/api/search``."""

    question: str = Field(max_length=200_000)
    history: list[dict[str, str]] = []
    collections: list[str] = []
    k: int | None = Field(None, ge=1, le=100)
    generator: str | None = None

    def turns(self) -> tuple[Turn, ...]:
        """The history as the engine wants it."""
        return tuple(Turn(turn.get("question", ""), turn.get("answer", "")) for turn in self.history)


def routes(engine: Engine, *, locked: bool) -> APIRouter:
    """Questions, status and conversations. ``locked``: the generator cannot be chosen from outside."""
    api = APIRouter(prefix="/api")

    @api.post("/ask")
    def ask(asked: Asked) -> dict[str, Any]:
        if locked and asked.generator:
            raise HTTPException(403, "the generator is chosen where the page was started")
        answer = engine.assistant.ask(
            asked.question, asked.turns(), collections=asked.collections, k=asked.k, generator=asked.generator
        )
        return answer.to_dict()

    @api.post("/search")
    def search(asked: Asked) -> dict[str, Any]:
        hits = engine.assistant.search(asked.question, asked.k, history=asked.turns(), collections=asked.collections)
        return {"question": asked.question, "hits": [hit_to_dict(hit) for hit in hits]}

    @api.get("/status")
    def status() -> dict[str, Any]:
        facts = asdict(engine.assistant.status())
        facts.pop("files", None)
        return {**facts, "warm": engine.warm.is_set(), "building": engine.build_state.running}

    @api.get("/welcome")
    def welcome() -> dict[str, Any]:
        n_documents, problem = 0, engine.build_state.error
        collections: list[str] = []
        try:
            with engine.assistant.snapshot() as snapshot:
                n_documents, collections = snapshot.n_documents, snapshot.collections()
        except IndexMissing:
            pass  # nothing was built yet: the page says how to add documents
        except RagError as error:
            problem = str(error)
        examples = _examples(engine.corpus) if n_documents else []
        return {"n_documents": n_documents, "collections": collections, "examples": examples, "problem": problem}

    @api.get("/conversations")
    def conversations(request: Request, search: str = "") -> list[dict[str, Any]]:
        return [asdict(entry) for entry in engine.conversations.listed(owner_of(request), search)]

    @api.get("/conversations/{conversation_id}")
    def conversation(request: Request, conversation_id: str, before: int | None = None) -> dict[str, Any]:
        owner, language = owner_of(request), language_of(request)
        found = engine.conversations.get(owner, conversation_id)
        if found is None:
            raise HTTPException(404, "there is no such conversation")
        turns = engine.conversations.turns(owner, conversation_id, before=before, limit=_SHOWN_TURNS + 1)
        shown = turns[-_SHOWN_TURNS:]
        html = "".join(
            turn_html(language, turn.answer, turn.searched, turn_id=turn.id, conversation_id=conversation_id)
            for turn in shown
        )
        return {**asdict(found), "html": html, "earlier": shown[0].id if len(turns) > len(shown) else None}

    @api.patch("/conversations/{conversation_id}")
    def rename(request: Request, conversation_id: str, title: Annotated[str, Body(embed=True)]) -> None:
        if not title.strip() or not engine.conversations.rename(owner_of(request), conversation_id, title):
            raise HTTPException(404, "there is no such conversation")

    @api.delete("/conversations/{conversation_id}")
    def delete(request: Request, conversation_id: str) -> None:
        if not engine.conversations.delete(owner_of(request), conversation_id):
            raise HTTPException(404, "there is no such conversation")

    @api.get("/conversations/{conversation_id}/export.{format}")
    def exported(request: Request, conversation_id: str, format: str) -> Response:
        owner = owner_of(request)
        found = engine.conversations.get(owner, conversation_id)
        if found is None or format not in export.FORMATS:
            raise HTTPException(404, "there is no such conversation")
        turns = engine.conversations.turns(owner, conversation_id, limit=100_000)
        text = export.exported(format, found, turns, language_of(request))
        headers = {"Content-Disposition": f'attachment; filename="conversation.{format}"'}
        return Response(text, media_type=f"{export.FORMATS[format]}; charset=utf-8", headers=headers)

    @api.get("/turns/{turn_id}/text")
    def copied(request: Request, turn_id: int) -> dict[str, str]:
        turn = engine.conversations.turn(owner_of(request), turn_id)
        if turn is None:
            raise HTTPException(404, "there is no such answer")
        return {"text": export.turn_text(turn.answer, language_of(request))}

    return api


def _examples(corpus: Path) -> list[str]:
    """The questions that the corpus suggests in ``.examples.txt``, one a line."""
    try:
        lines = (corpus / ".examples.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")][:_EXAMPLES]
