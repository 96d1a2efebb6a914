"""What the library and the settings ask for: listing, uploads, removal, builds, choices."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import IO, Any, NamedTuple

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from rag.errors import IndexMissing, UsageError
from rag.index import DocumentEntry
from rag.types import FileReport
from rag.web import library
from rag.web.answer import duration
from rag.web.engine import BuildState, Engine
from rag.web.identity import language_of
from rag.web.settings_form import settings_html
from rag.web.strings import say

__all__ = ["routes"]

_MAX_FILES = 5000
_SHOWN = 500  # rows of the table at once; searching narrows them


def routes(engine: Engine, *, locked: bool) -> APIRouter:
    """The library's routes. ``locked``: from the page documents can be added, but nothing can be replaced,
    removed or set."""
    api = APIRouter(prefix="/api")

    @api.get("/documents")
    def documents(request: Request, search: str = "", collection: str = "") -> dict[str, Any]:
        language = language_of(request)
        entries, files = _contents(engine)
        wanted = [
            entry
            for entry in entries
            if search.casefold() in f"{entry.title}\n{entry.source}".casefold() and collection in ("", entry.collection)
        ]
        skipped = [file for file in files if file.status == "skipped"]
        return {
            "html": _table_html(wanted, _facts_by_source(entries, files, language), language, locked)
            + _skipped_html(skipped, language),
            "collections": sorted({entry.collection for entry in entries if entry.collection}),
            "n_documents": len(entries),
            "summary": " · ".join(
                [
                    say(language, "n_documents", n=len(entries)),
                    say(language, "n_passages", n=sum(entry.n_passages for entry in entries)),
                ]
            ),
        }

    @api.post("/documents")
    async def upload(request: Request) -> dict[str, Any]:
        async with request.form(max_files=_MAX_FILES) as form:
            parts = [part for part in form.getlist("files") if isinstance(part, UploadFile)]
            # a browser writes these three characters of a file name so, and no others
            sent = [(re.sub("%22|%0A|%0D", " ", part.filename or ""), part.file) for part in parts]
            collection, again = str(form.get("collection") or ""), form.get("replace") == "1" and not locked
            added = await run_in_threadpool(_added, engine, sent, collection, again)
        if added.saved or added.replaced:
            engine.build()
        return {
            "saved": added.saved,
            "same": added.same,
            "replaced": added.replaced,
            "conflicts": added.conflicts,
            "refused": [f"{name}: {reason}" for name, reason in added.refused],
        }

    @api.delete("/documents/{document_id}")
    def remove(document_id: str, source: str = "") -> dict[str, str]:
        if locked:
            raise HTTPException(403, "documents are removed where the page was started")
        with engine.assistant.snapshot() as snapshot:
            path = snapshot.path_of(document_id, source)
        try:
            if path is None:
                raise FileNotFoundError
            library.remove(engine.corpus, path)
        except FileNotFoundError as error:
            raise HTTPException(404, "the file is no longer there") from error
        engine.build(removed=[path])
        return {"removed": path.name.encode("utf-8", "replace").decode()}

    @api.post("/build")
    def build() -> None:
        engine.build()

    @api.get("/build")
    def progress(request: Request) -> dict[str, Any]:
        return _progress(engine.build_state, language_of(request))

    @api.get("/settings")
    def settings(request: Request) -> dict[str, str]:
        return {"html": settings_html(engine, language_of(request), locked=locked)}

    @api.put("/settings")
    def change(values: dict[str, Any]) -> None:
        if locked:
            raise HTTPException(403, "settings are changed where the page was started")
        engine.change(values)

    return api


def _contents(engine: Engine) -> tuple[list[DocumentEntry], list[FileReport]]:
    try:
        with engine.assistant.snapshot() as snapshot:
            return snapshot.documents(), snapshot.files()
    except IndexMissing:
        return [], []


def _added(engine: Engine, sent: Sequence[tuple[str, IO[bytes]]], collection: str, replace: bool) -> library.Added:
    corpus = engine.corpus
    corpus.mkdir(parents=True, exist_ok=True)
    engine.take_in(corpus / library.safe_name(collection or "uploads"))
    total = library.Added()
    for name, file in sent:
        try:
            added = library.add(corpus, collection, _unpacked(name, file), replace=replace)
        except UsageError as error:
            total.refused.append((name, str(error)))
            continue
        for field in ("saved", "same", "replaced", "conflicts", "refused"):
            getattr(total, field).extend(getattr(added, field))
    return total


def _unpacked(name: str, file: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    if name.lower().endswith(".zip") and zipfile.is_zipfile(file):
        file.seek(0)
        yield from library.unzipped(name, file)
        return
    file.seek(0)
    yield name, file


def _progress(state: BuildState, language: str) -> dict[str, Any]:
    line, share = "", 0.0
    if state.progress is not None and state.running:
        step = state.progress
        stage = say(language, f"stage_{step.stage}")
        line = say(language, "building", stage=stage, done=step.done, total=step.total)
        if step.seconds_left is not None:
            line += f" · {say(language, 'rate', n=f'{step.rate:.1f}')}"
            line += f" · {say(language, 'left', time=duration(step.seconds_left))}"
        share = step.done / step.total if step.total else 0.0
    elif state.report is not None:
        report = state.report
        line = say(
            language,
            "built",
            documents=say(language, "n_documents", n=report.n_documents),
            passages=say(language, "n_passages", n=report.n_passages),
            time=duration(report.seconds),
        )
    skipped = state.report.files if state.report else ()
    return {
        "running": state.running,
        "line": line,
        "share": round(share, 4),
        "error": state.error,
        "skipped": [f"{file.source}: {file.reason}" for file in skipped if file.status == "skipped"],
        "generation": state.report.generation if state.report else None,
    }


class _Facts(NamedTuple):
    """What the file's report adds to a line of the library: language, encoding and time in one line, and warnings."""

    line: str
    warnings: tuple[str, ...]


def _facts_by_source(entries: list[DocumentEntry], files: list[FileReport], language: str) -> dict[str, _Facts]:
    reports = {file.source: file for file in files}
    first: dict[str, str] = {}  # the source that a document was seen under first
    found = {}
    for entry in entries:
        report = reports.get(entry.source.partition("#")[0])
        line = [str(entry.metadata.get(name, "")) for name in ("language", "encoding")]
        line += [duration(report.seconds)] if report and report.seconds else []
        warnings = [str(text) for text in entry.metadata.get("warnings", ())]
        twin = first.setdefault(entry.document_id, entry.source)
        warnings += [say(language, "same_as", source=twin)] if twin != entry.source else []
        found[entry.source] = _Facts(" · ".join(filter(None, line)), tuple(warnings))
    return found


def _table_html(entries: list[DocumentEntry], facts: dict[str, _Facts], language: str, locked: bool) -> str:
    if not entries:
        return f'<p class="empty">{say(language, "no_documents")}</p>'
    keys = ("name", "kind", "pages", "passages", "size", "date")
    head = "".join(f'<th scope="col">{say(language, key)}</th>' for key in keys)
    head += f'<th scope="col"><span class="unseen">{say(language, "actions")}</span></th>'
    rows = "".join(_row_html(entry, facts[entry.source], language, locked) for entry in entries[:_SHOWN])
    more = f'<p class="empty">… {len(entries) - _SHOWN}</p>' if len(entries) > _SHOWN else ""
    return f'<table class="library"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _row_html(entry: DocumentEntry, facts: _Facts, language: str, locked: bool) -> str:
    title = escape(entry.title)
    path = Path(entry.path)
    try:
        size = _size(path.stat().st_size)
    except OSError:
        size = ""
    warnings = "".join(f"<li>{escape(text)}</li>" for text in facts.warnings)
    warned = (
        f'<details class="warned"><summary>{say(language, "warnings")}</summary><ul>{warnings}</ul></details>'
        if warnings
        else ""
    )
    kind = entry.metadata.get("kind") or path.suffix.lstrip(".").lower()
    cells = (
        (say(language, "kind"), f'{escape(str(kind))}<span class="from">{escape(facts.line)}</span>'),
        (say(language, "pages"), str(entry.n_pages or "")),
        (say(language, "passages"), str(entry.n_passages)),
        (say(language, "size"), size),
        (say(language, "date"), escape(str(entry.metadata.get("date") or "")[:10])),
    )
    remove = (
        f'<button type="button" class="quiet" data-do="remove" data-document="{entry.document_id}" '
        f'data-source="{escape(entry.source)}" data-name="{escape(path.name)}" '
        f'aria-label="{say(language, "remove")}: {title}">'
        f"{say(language, 'remove')}</button>"
    )
    remove = "" if locked else remove
    tds = "".join(f'<td data-label="{label}">{value}</td>' for label, value in cells)
    return (
        f'<tr><th scope="row"><button type="button" class="link" data-do="passage" '
        f'data-document="{entry.document_id}" data-start="0" data-end="0" dir="auto">{title}</button>'
        f'<span class="from" dir="auto">{escape(entry.source)}</span>{warned}</th>{tds}'
        f'<td class="acts">{remove}</td></tr>'
    )


def _skipped_html(files: list[FileReport], language: str) -> str:
    if not files:
        return ""
    items = "".join(
        f'<li><span dir="auto">{escape(file.source)}</span> <span class="from">{escape(file.reason)}</span></li>'
        for file in files[:_SHOWN]
    )
    return f'<section class="skipped"><h3>{say(language, "skipped")}</h3><ul>{items}</ul></section>'


def _size(n_bytes: int) -> str:
    size = float(n_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
