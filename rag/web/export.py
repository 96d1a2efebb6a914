"""A conversation as Markdown, HTML or JSON, always with its numbered references."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from rag.web.answer import answer_text, where
from rag.web.conversations import Conversation, StoredTurn
from rag.web.strings import say

__all__ = ["FORMATS", "exported", "turn_text"]

_MARKER = re.compile(r"\\\[(\d{1,3})\\\]")
FORMATS = {"md": "text/markdown", "html": "text/html", "json": "application/json"}


def exported(format: str, conversation: Conversation, turns: Sequence[StoredTurn], language: str) -> str:
    """The whole conversation in one of ``FORMATS``."""
    if format == "json":
        return _json(conversation, turns)
    if format == "html":
        return _html(conversation, turns, language)
    parts = [f"# {_md(conversation.title)}", *(_markdown(turn, language) for turn in turns)]
    return "\n\n".join(parts) + "\n"


def turn_text(answer: Mapping[str, Any], language: str) -> str:
    """An answer to be pasted anywhere: its text, then the numbered references."""
    return "\n\n".join([answer_text(answer).strip(), *_references(answer, language)]).strip()


def _references(answer: Mapping[str, Any], language: str) -> Iterable[str]:
    lines = [
        f"[{citation['number']}] {where(language, citation)} ({citation['source']}): "
        f"“{' '.join(citation['quote'].split())}”"
        for citation in answer["citations"]
    ]
    return ["\n".join(lines)] if lines else []


def _markdown(turn: StoredTurn, language: str) -> str:
    """References as footnotes of the turn, so that numbers stay those of the page."""
    text = _MARKER.sub(r"[\1]", _md(answer_text(turn.answer)))  # ours alone: of a document's "[x](…)" no link may come
    parts = [f"## {_md(turn.question)}", text]
    references = [
        f"{citation['number']}. **{_md(where(language, citation))}** ({_md(citation['source'])})  \n"
        f"   > {_md(' '.join(citation['quote'].split()))}"
        for citation in turn.answer["citations"]
    ]
    if references:
        parts += [f"**{say(language, 'sources')}**", "\n".join(references)]
    return "\n\n".join(parts)


def _md(text: str) -> str:
    """Plain text as Markdown: what would be markup is shown as it is."""
    text = text.replace("\\", "\\\\").replace("<", "&lt;")
    for character in "`*_[]#|":
        text = text.replace(character, "\\" + character)
    return text


def _json(conversation: Conversation, turns: Sequence[StoredTurn]) -> str:
    value = {
        "id": conversation.id,
        "title": conversation.title,
        "turns": [
            {"asked": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(turn.asked)), **turn.answer} for turn in turns
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _html(conversation: Conversation, turns: Sequence[StoredTurn], language: str) -> str:
    body = []
    for turn in turns:
        text = escape(answer_text(turn.answer))
        references = []
        for citation in turn.answer["citations"]:
            key = f"ref-{turn.id}-{citation['number']}"
            text = text.replace(f"[{citation['number']}]", f'<sup><a href="#{key}">[{citation["number"]}]</a></sup>')
            references.append(
                f'<li id="{key}" value="{citation["number"]}"><b>{escape(where(language, citation))}</b> '
                f"({escape(citation['source'])})<blockquote>{escape(citation['quote'])}</blockquote></li>"
            )
        listed = f"<ol>{''.join(references)}</ol>" if references else ""
        body.append(f"<section><h2>{escape(turn.question)}</h2><p class=answer>{text}</p>{listed}</section>")
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(conversation.title)}</title>'
        "<style>body{font:17px/1.6 Georgia,serif;max-width:42rem;margin:3rem auto;padding:0 1rem}"
        "h2{font-size:1.15em;margin-top:2.5em}.answer{white-space:pre-wrap}ol{font-size:.88em}"
        "blockquote{margin:.3em 0 .8em;padding-left:1em;border-left:3px solid #ccc}</style>"
        f"<h1>{escape(conversation.title)}</h1>{''.join(body)}</html>\n"
    )
