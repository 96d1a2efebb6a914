"""The page in Gradio: its frame, the question box, and the event that streams an answer.

The thread of questions and answers is a ``gr.HTML`` of our own rather than a ``gr.Chatbot``: measured
with 200 turns in the page, a Chatbot took 2.3 s to the first streamed words and 200 ms a frame, since
every update goes through the whole conversation; this way it is 0.15 s however long the thread is.
An update carries the current turn alone; the script moves it to the others when it is done.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from rag.errors import IndexMissing, RagError
from rag.web import strings
from rag.web.answer import failure, turn_html
from rag.web.engine import Engine
from rag.web.identity import language_of, owner_of
from rag.web.live import LiveAnswer
from rag.web.strings import say

__all__ = ["build_page", "head", "stream_turn", "translations"]

STATIC = Path(__file__).parent / "static"
_UPDATE_SECONDS = 0.06  # at most some 16 updates a second; the first words are sent at once
_QUESTION_LIMIT = 100_000  # characters; the engine says what it thinks of long ones

_HEAD = """
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="/footnote/favicon.svg">
<link rel="stylesheet" href="/footnote/chat.css">
<script>window.FOOTNOTE_TEXTS = %s;</script>
<script type="module" src="/footnote/chat.js"></script>
"""


def build_page(engine: Engine, *, concurrency: int = 8, waiting: int = 64) -> gr.Blocks:
    """The page over ``engine``: ``concurrency`` answers at a time, ``waiting`` more in line."""
    text = translations()

    def answer(question: str, context: str, request: gr.Request) -> Iterator[str]:
        yield from stream_turn(engine, question, _context(context), request)

    with gr.Blocks(title="Footnote", fill_width=True, analytics_enabled=False) as page:
        gr.HTML(_part("top.html"), elem_id="top", apply_default_css=False)
        with gr.Row(elem_id="desk"):
            gr.HTML(_part("rail.html"), elem_id="rail", apply_default_css=False)
            with gr.Column(elem_id="ask-view"):
                gr.HTML(_part("thread.html"), elem_id="thread", apply_default_css=False)
                live = gr.HTML(
                    "",
                    elem_id="live",
                    html_template="",
                    apply_default_css=False,
                    js_on_load="watch('value', () => window.footnote?.live(props.value))",
                )
                gr.HTML(_part("scope.html"), elem_id="scope", apply_default_css=False)
                with gr.Row(elem_id="composer"):
                    question = gr.Textbox(
                        elem_id="question",
                        label=text("question"),
                        placeholder=text("placeholder"),
                        show_label=False,
                        container=False,
                        lines=1,
                        max_lines=8,
                        max_length=_QUESTION_LIMIT,
                        autofocus=True,
                    )
                    send = gr.Button(text("send"), elem_id="send", variant="primary")
                    stop = gr.Button(text("stop"), elem_id="stop", variant="stop")
                context = gr.Textbox("{}", visible=False, label="context")
            gr.HTML(_part("library.html"), elem_id="library-view", apply_default_css=False)
            gr.HTML(_part("settings.html"), elem_id="settings-view", apply_default_css=False)
            gr.HTML(_part("reader.html"), elem_id="reader", apply_default_css=False)
        asked = gr.on(
            [question.submit, send.click],
            answer,
            [question, context],
            live,
            js="(question, context) => window.footnote ? window.footnote.asking(question) : [question, '{}']",
            concurrency_limit=concurrency,
            show_progress="hidden",
            api_visibility="private",
        )
        asked.failure(None, js="() => window.footnote.refused()")
        stop.click(None, cancels=[asked], js="() => window.footnote.stopped()")
    page.queue(max_size=waiting, default_concurrency_limit=concurrency, api_open=False)
    return page


def head() -> str:
    """What goes into the page's ``<head>``: style, script, and the texts that the script needs."""
    return _HEAD % strings.script()


def translations() -> gr.I18n:
    """All texts of the interface, for Gradio's own components."""
    return gr.I18n(**{name: strings.table(name) for name in strings.LANGUAGES})


def stream_turn(engine: Engine, question: str, context: dict[str, Any], request: gr.Request) -> Iterator[str]:
    """Ask, and yield the turn as HTML at a bounded rate; the last one is stored."""
    language, owner = language_of(request), owner_of(request)
    conversation_id = context.get("conversation") or None
    question = question.strip()
    if not question:
        return
    live = LiveAnswer(question)
    started = False
    sent = time.monotonic()
    try:
        history = engine.conversations.history(owner, conversation_id)
        for event in engine.assistant.stream(
            question, history, collections=tuple(map(str, context.get("collections") or ()))
        ):
            live.take(event)
            first = bool(live.answer["text"]) and not started
            if not live.finished and (first or time.monotonic() - sent >= _UPDATE_SECONDS):
                yield turn_html(language, live.answer, live.searched, done=False)
                started, sent = started or first, time.monotonic()
    except IndexMissing:
        yield failure(language, question, say(language, "welcome_empty"))
        return
    except RagError as error:
        yield failure(language, question, str(error))
        return
    except Exception:  # a fault of ours: the reader is told, the terminal has the details
        logging.getLogger(__name__).exception("answering failed")
        yield failure(language, question, say(language, "fault"))
        return
    turn = engine.conversations.add(owner, conversation_id, question, live.answer, live.searched)
    yield turn_html(language, live.answer, live.searched, turn_id=turn.id, conversation_id=turn.conversation_id)


def _context(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _part(name: str) -> str:
    """A fixed part of the page; Gradio's template engine would read ``${…}`` in it, so there is none."""
    return (STATIC / name).read_text(encoding="utf-8")
