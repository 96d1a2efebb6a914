"""``rag build``: bring the index up to date, with a progress bar, and stop cleanly when told to."""

from __future__ import annotations

import signal
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from rag.cli.shared import FILE, Bars, app, assistant_over, index_option, json_option, print_json
from rag.errors import RagError, UsageError

if TYPE_CHECKING:
    from rag.types import BuildReport

__all__ = ["build_command"]


@app.command("build")
@click.argument("paths", nargs=-1, type=FILE, metavar="[PATH]...")
@index_option
@click.option("--embedder", help="minilm, or sentence-transformers:NAME_OR_PATH.")
@click.option(
    "--comments/--no-comments", default=None, help="Whether comments and deleted words of office files are read."
)
@click.option("--rebuild", is_flag=True, help="Read and embed everything anew.")
@click.option("--allow-empty", is_flag=True, help="Also when a folder that held documents holds none any more.")
@click.option("--watch", is_flag=True, help="Go on building after every change, until stopped.")
@json_option
def build_command(
    paths: tuple[Path, ...],
    index: Path | None,
    embedder: str | None,
    comments: bool | None,
    rebuild: bool,
    allow_empty: bool,
    watch: bool,
    as_json: bool,
) -> None:
    """Bring the index up to date: it then holds what the paths hold, and nothing else.

    Without a PATH: those of the last build, or the corpus folder. Only what changed is read and embedded.
    """
    assistant = assistant_over(index, embedder=embedder, comments=comments)
    if watch and (rebuild or allow_empty):
        option = "--rebuild" if rebuild else "--allow-empty"
        raise UsageError(f"{option} and --watch do not go together: build with it first, then watch")
    if watch:
        with _stoppable():
            assistant.watch(*paths, stop=Event(), report=partial(_print_outcome, as_json))
        return
    with _stoppable(), Bars() as bars:
        report = assistant.build(*paths, progress=bars, rebuild=rebuild, allow_empty=allow_empty)
    _print_outcome(as_json, report)


def _print_outcome(as_json: bool, outcome: BuildReport | RagError) -> None:
    if isinstance(outcome, RagError):
        print(f"rag: {outcome}", file=sys.stderr)
    elif as_json:
        print_json(asdict(outcome))
    else:
        _print_report(outcome)


def _print_report(report: BuildReport) -> None:
    for file in report.files:
        if file.status == "skipped":
            print(f"skipped  {file.source}: {file.reason}", file=sys.stderr)
        for warning in file.warnings if file.status == "indexed" else ():
            print(f"warning  {file.source}: {warning}", file=sys.stderr)
    for note in report.notes:
        print(f"note     {note}", file=sys.stderr)
    count = {status: sum(file.status == status for file in report.files) for status in ("indexed", "unchanged")}
    gone = sum(file.status == "removed" for file in report.files)
    skipped = sum(file.status == "skipped" for file in report.files)
    ready = "ready" if report.n_passages else "left, the index is empty,"
    print(
        f"{report.n_documents} documents, {report.n_passages} passages {ready} in {report.seconds:.1f} s: "
        f"{count['indexed']} files read, {count['unchanged']} unchanged, {gone} removed, {skipped} skipped; "
        f"{report.n_embedded} passages embedded, {report.n_reused} known already",
        flush=True,
    )


class _stoppable:
    """SIGTERM ends a build the way Ctrl-C does: cleanly, with what was committed kept."""

    def __enter__(self) -> None:
        self._previous = signal.signal(signal.SIGTERM, self._stop)

    def __exit__(self, *details: object) -> None:
        signal.signal(signal.SIGTERM, self._previous)

    @staticmethod
    def _stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt
