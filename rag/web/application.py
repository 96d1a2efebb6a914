"""The ASGI application: the guard around the API, the static files and the Gradio page."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.staticfiles import StaticFiles

from rag.errors import IndexMissing, RagError, UsageError
from rag.settings import Settings
from rag.version import __version__
from rag.web import api, library_api, reading_api
from rag.web.engine import Engine
from rag.web.guard import Guard, is_loopback
from rag.web.identity import OWNER_COOKIE, owner_of
from rag.web.page import build_page, head, translations
from rag.web.pdfpages import Drawer

__all__ = ["application"]

STATIC = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 3600


class _Static(StaticFiles):
    """Files that a browser asks for again each time, so that an update is seen at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def application(settings: Settings, *, watch: bool = False) -> Guard:
    """The whole server over one index; its models load in the background once it runs."""
    engine, drawer = Engine(settings), Drawer()
    password = os.environ.get("RAG_PASSWORD", "")  # as keys, in the environment only
    locked = bool(password) or not is_loopback(settings.host)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine.start(watch=watch)
        yield
        drawer.close()

    app = FastAPI(title="Footnote", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.engine = engine
    app.include_router(api.routes(engine, locked=locked))
    app.include_router(reading_api.routes(engine, drawer))
    app.include_router(library_api.routes(engine, locked=locked))
    app.mount("/footnote", _Static(directory=STATIC))

    @app.exception_handler(RagError)
    async def refused(request: Request, error: RagError) -> JSONResponse:
        status = 409 if isinstance(error, IndexMissing) else 400 if isinstance(error, UsageError) else 500
        return JSONResponse({"error": str(error)}, status_code=status)

    @app.exception_handler(RequestValidationError)
    async def misread(request: Request, error: RequestValidationError) -> JSONResponse:
        # without what was sent, as FastAPI's own has it: it may be long, or NaN, which is no JSON
        wrong = [f"{'.'.join(map(str, found['loc'][1:])) or 'the request'}: {found['msg']}" for found in error.errors()]
        return JSONResponse({"error": "; ".join(wrong)}, status_code=422)

    if locked:  # other people use this page: each browser gets conversations of its own

        @app.middleware("http")
        async def introduce(request: Request, call_next: Any) -> Any:
            response = await call_next(request)
            if request.url.path == "/" and not owner_of(request):
                response.set_cookie(OWNER_COOKIE, uuid.uuid4().hex, _YEAR, httponly=True, samesite="strict")
            return response

    gr.mount_gradio_app(
        app,
        build_page(engine),
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        i18n=translations(),
        theme=gr.themes.Base(font=["Inter", "system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        head=head(),
    )
    return Guard(app, settings.host, password=password)
