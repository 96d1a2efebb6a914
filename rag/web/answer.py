"""An answer -> HTML: its sentences with numbered links, its sources, and what else a reader needs.

Everything that comes from documents, people or models is escaped here; the only markup let through is the
core's own: ``[n]``, ``**fact**`` and ``~~struck~~``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from rag.inquiry import ABSTAINED
from rag.types import title_of
from rag.web.blocks import Block, blocks
from rag.web.strings import say

__all__ = ["answer_text", "duration", "failure", "turn_html", "where"]

_TOKEN = re.compile(r"(?P<cite>\s?\[(?P<number>\d{1,3})\])|(?P<bold>\*\*)|(?P<struck>~~)")
_SUPPORTS = ("verbatim", "supported", "weak", "unsupported")


def turn_html(
    language: str,
    answer: Mapping[str, Any],
    searched: Mapping[str, Any],
    *,
    turn_id: int | str = "live",
    conversation_id: str = "",
    done: bool = True,
) -> str:
    """One question with its answer. ``turn_id`` is "live" until the turn is stored."""
    parts = [
        f'<h2 class="asked" dir="auto">{escape(answer["question"])}</h2>',
        _searched_html(language, answer, searched),
    ]
    if answer.get("abstained"):
        parts.append(_abstained_html(language, answer))
    else:
        parts.append(_sentences_html(language, answer, turn_id, done))
    told = " told" if answer.get("generator") == "full text" else ""  # how it was found, nothing to worry about
    parts += [f'<p class="note{told}" dir="auto">{escape(note)}</p>' for note in answer.get("notes", ())]
    parts.append(_sources_html(language, answer, turn_id))
    if done:
        parts.append(_foot_html(language, answer))
    state = "abstained" if answer.get("abstained") else "done" if done else "writing"
    return (
        f'<article class="turn turn-{state}" id="turn-{turn_id}" data-turn="{turn_id}" '
        f'data-conversation="{escape(conversation_id)}" aria-busy="{"false" if done else "true"}">'
        f"{''.join(parts)}</article>"
    )


def failure(language: str, question: str, reason: str) -> str:
    """A question that came to nothing: why, and the way to try again."""
    return (
        f'<article class="turn turn-failed" id="turn-failed" data-question="{escape(question)}">'
        f'<h2 class="asked" dir="auto">{escape(question)}</h2>'
        f'<div class="failed" role="alert"><strong>{say(language, "failed")}</strong>'
        f'<p dir="auto">{escape(reason)}</p>'
        f'<button type="button" class="quiet" data-do="retry">{say(language, "retry")}</button></div></article>'
    )


def where(language: str, citation: Mapping[str, Any]) -> str:
    """What a citation points at in words: its title and page."""
    name = str(citation.get("title") or title_of(citation["source"]))
    page = citation.get("page")
    return f"{name}, {say(language, 'page', n=page)}" if page else name


def duration(seconds: float) -> str:
    """A time for people: "38 ms", "1.4 s", "2 min 5 s"."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def answer_text(answer: Mapping[str, Any]) -> str:
    """The answer as plain text: markers stay, the core's emphasis goes."""
    return str(answer.get("text", "")).replace("**", "").replace("~~", "")


def _searched_html(language: str, answer: Mapping[str, Any], searched: Mapping[str, Any]) -> str:
    if not searched.get("n_passages"):
        waiting = "" if answer.get("text") or answer.get("generator") else say(language, "searching")
        return f'<p class="searched">{waiting}</p>' if waiting else ""
    line = say(
        language,
        "searched",
        passages=say(language, "n_passages", n=searched["n_passages"]),
        documents=say(language, "n_documents", n=searched["n_documents"]),
        time=duration(searched["seconds"]),
    )
    html = f'<p class="searched">{escape(line)}</p>'
    if answer["query"].strip() not in ("", answer["question"].strip()):
        html += (
            f'<p class="searched">{say(language, "searched_for")} <button type="button" class="chip query" '
            f'data-do="edit" dir="auto" title="{say(language, "edit_query")}">{escape(answer["query"])}'
            "</button></p>"
        )
    return html


def _sentences_html(language: str, answer: Mapping[str, Any], turn_id: int | str, done: bool) -> str:
    caret = "" if done else '<span class="caret" aria-hidden="true"></span>'
    drawn = _Sentences(language, answer, f"turn-{turn_id}-mark")
    html = "".join(_block_html(block, drawn) for block in blocks(answer["text"]))
    return f'<div class="answer" dir="auto">{html}{caret}</div>'


def _block_html(block: Block, drawn: _Sentences) -> str:
    lines = [[drawn.between(*cell) if cell else "" for cell in cells] for cells in block.items]
    if block.kind == "paragraph":
        return f"<p>{lines[0][0]}</p>"
    if block.kind == "table":
        names = "".join(f'<th scope="col" dir="auto">{escape(name)}</th>' for name in block.names)
        rows = ["".join(f'<td dir="auto">{cell}</td>' for cell in cells) for cells in lines]
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f'<div class="rows"><table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>'
    tag, first = ("ul", "") if block.kind == "bullets" else ("ol", f' start="{block.first}"')
    return f"<{tag}{first}>{''.join(f'<li>{cells[0]}</li>' for cells in lines)}</{tag}>"


class _Sentences:
    """Draws stretches of an answer's text in runs of equal state, each escaped and wrapped by itself: always
    well-formed. Emphasis goes on from one stretch to the next."""

    def __init__(self, language: str, answer: Mapping[str, Any], mark: str) -> None:
        self._language, self._mark = language, mark
        self._text: str = answer["text"]
        self._claims = answer.get("claims") or ()
        self._citations = {citation["number"]: citation for citation in answer["citations"]}
        self._bold = self._struck = False
        self._n_marks = 0

    def between(self, start: int, end: int) -> str:
        """The HTML of ``text[start:end]``."""
        out: list[str] = []
        for token in [*_TOKEN.finditer(self._text, start, end), None]:
            stop = token.start() if token else end
            out += _runs(self._language, self._text, start, stop, self._claims, self._bold, self._struck)
            if token is None:
                break
            start = token.end()
            if token["bold"]:
                self._bold = not self._bold
            elif token["struck"]:
                self._struck = not self._struck
            elif (citation := self._citations.get(int(token["number"]))) is not None:
                out.append(self._marker(citation, token.start()))
            else:
                out.append(escape(token.group()))
        return "".join(out)

    def _marker(self, citation: Mapping[str, Any], at: int) -> str:
        stated = _claim_at(self._claims, at + 1) or _claim_at(self._claims, at - 1)
        self._n_marks += 1
        return _marker(self._language, citation, stated, f"{self._mark}-{self._n_marks}")


def _runs(
    language: str, text: str, start: int, stop: int, claims: Sequence[Mapping[str, Any]], bold: bool, struck: bool
) -> list[str]:
    edges = {start, stop}
    for claim in claims:
        edges |= {edge for edge in (claim["start"], claim["end"]) if start < edge < stop}
    ordered = sorted(edges)
    runs = []
    for left, right in pairwise(ordered):
        html = escape(text[left:right])
        if bold:
            html = f"<strong>{html}</strong>"
        if struck:
            html = f"<s>{html}</s>"
        stated = _claim_at(claims, left)
        if stated is not None and stated["support"] in ("weak", "unsupported"):
            html = f'<span class="claim claim-{stated["support"]}">{html}</span>'
            if not stated["citations"] and not text[right : stated["end"]].strip("*~ "):
                label = escape(_state(language, stated["support"], stated))
                html += f'<span class="cite cite-unsupported" role="img" title="{label}" aria-label="{label}">?</span>'
        runs.append(html)
    return runs


def _claim_at(claims: Sequence[Mapping[str, Any]], offset: int) -> Mapping[str, Any] | None:
    return next((claim for claim in claims if claim["start"] <= offset < claim["end"]), None)


def _marker(language: str, citation: Mapping[str, Any], stated: Mapping[str, Any] | None, element_id: str) -> str:
    support = stated["support"] if stated else citation["support"]
    support = support if support in _SUPPORTS else "weak"
    name = say(language, "source_n", n=citation["number"], where=where(language, citation))
    state = _state(language, support, stated)
    return (
        f'<a class="cite cite-{support}" id="{element_id}" href="#{element_id}" role="button" '
        f'aria-label="{escape(f"{name} ({state})")}" data-state="{escape(state)}" {_address(citation)}>'
        f"{citation['number']}</a>"
    )


def _state(language: str, support: str, stated: Mapping[str, Any] | None) -> str:
    """How well a sentence is borne out, in words, with what is missing."""
    reasons = "; ".join(stated.get("reasons") or ()) if stated else ""
    return f"{say(language, support)}: {reasons}" if reasons else say(language, support)


def _address(citation: Mapping[str, Any]) -> str:
    """Where the words are, for the script: everything it needs to open the reader."""
    return (
        f'data-n="{citation["number"]}" data-document="{escape(str(citation["document_id"]))}" '
        f'data-start="{citation["start"]}" data-end="{citation["end"]}"'
    )


def _sources_html(language: str, answer: Mapping[str, Any], turn_id: int | str) -> str:
    if not answer["citations"]:
        return ""
    items = "".join(_source_html(language, citation) for citation in answer["citations"])
    return f'<ol class="sources" id="turn-{turn_id}-sources" aria-label="{say(language, "sources")}">{items}</ol>'


def _source_html(language: str, citation: Mapping[str, Any]) -> str:
    name = str(citation.get("title") or title_of(citation["source"]))
    page = f' <span class="page-n">{say(language, "page", n=citation["page"])}</span>' if citation["page"] else ""
    return (
        f'<li><button type="button" class="chip source" data-do="cite" {_address(citation)} '
        f'data-quote="{escape(citation["quote"])}" data-where="{escape(where(language, citation))}">'
        f'<span class="n">{citation["number"]}</span> <span class="name" dir="auto">{escape(name)}</span>{page}'
        "</button></li>"
    )


def _abstained_html(language: str, answer: Mapping[str, Any]) -> str:
    hits = answer.get("hits", ())[:3]
    items = "".join(closest_html(hit) for hit in hits)
    closest = f'<h3>{say(language, "closest")}</h3><ul class="closest">{items}</ul>' if items else ""
    text = answer_text(answer).strip()
    text = say(language, "abstained") if text in ("", ABSTAINED) else text
    return f'<div class="abstained"><p class="verdict" dir="auto">{escape(text)}</p>{closest}</div>'


def closest_html(hit: Mapping[str, Any], extra: str = "") -> str:
    """A passage as an item of a list: its nearest sentence (or its beginning) and where it stands."""
    passage = hit["passage"]
    start, end = hit.get("best") or (passage["start"], min(passage["end"], passage["start"] + 300))
    words = passage["text"][start - passage["start"] : end - passage["start"]]
    page = f" · {passage['page']}" if passage.get("page") else ""
    return (
        f'<li><button type="button" class="passage" data-do="passage" '
        f'data-document="{escape(passage["document_id"])}" data-start="{start}" data-end="{end}">'
        f'<span class="words" dir="auto">{escape(" ".join(words.split()))}</span> '
        f'<span class="from" dir="auto">{escape(passage["title"] or title_of(passage["source"]))}{page}</span>'
        f"</button>{extra}</li>"
    )


def _foot_html(language: str, answer: Mapping[str, Any]) -> str:
    if not answer["query"]:
        return ""  # a greeting: there is nothing to check
    claims = answer.get("claims") or ()
    parts = []
    if claims and not answer.get("abstained"):
        k = sum(claim["support"] in ("verbatim", "supported") for claim in claims)
        full = "full" if k == len(claims) else "partial"
        line = say(language, "coverage", k=k, n=len(claims))
        marks = "".join(
            f'<li><span class="cite cite-{support}" aria-hidden="true">'
            f"{'?' if support == 'unsupported' else 1}</span> {say(language, support)}</li>"
            for support in _SUPPORTS
        )
        parts.append(
            f'<details class="legend coverage-{full}"><summary title="{say(language, "legend")}">{escape(line)}'
            f"</summary><ul>{marks}</ul></details>"
        )
    total = (answer.get("timings") or {}).get("total") or sum((answer.get("timings") or {}).values())
    took = say(language, "took", generator=answer.get("generator", ""), time=duration(total))
    parts.append(f'<span class="took">{escape(took)}</span>')
    buttons = [("copy", "copy"), ("panel", "sources"), ("right", "right"), ("wrong", "wrong")]
    actions = "".join(
        f'<button type="button" class="quiet" data-do="{do}">{say(language, key)}</button>' for do, key in buttons
    )
    return f'<div class="foot">{"".join(parts)}<span class="acts">{actions}</span></div><div class="follow"></div>'
