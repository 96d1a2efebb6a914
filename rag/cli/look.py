"""``rag status``, ``serve``, ``eval`` and ``plugins``: what there is, and the ways to look at it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from rag.cli.shared import FILE, Bars, app, assistant_over, generator_option, index_option, json_option, print_json
from rag.settings import Settings
from rag.types import FileReport

__all__ = ["eval_command", "plugins_command", "serve_command", "status_command"]


@app.command("status")
@index_option
@click.option("--files", is_flag=True, help="Also what became of each file.")
@json_option
def status_command(index: Path | None, files: bool, as_json: bool) -> None:
    """Say what is in the index, and how far its vectors are."""
    status = assistant_over(index).status()
    if as_json:
        facts = asdict(status)
        if not files:
            del facts["files"]
        print_json(facts)
        return
    embedded = "" if status.n_embedded == status.n_passages else f", {status.n_embedded} of them with vectors"
    print(f"{status.n_documents} documents, {status.n_passages} passages{embedded}, {status.n_skipped} files skipped")
    print(f"built {status.built_at} from {', '.join(status.roots)} with {status.embedder}; {status.size / 1e6:.1f} MB")
    for file in status.files:
        is_out_of_reach = file.status == "skipped" and file.n_documents
        if not (files or is_out_of_reach):
            continue
        print(f"  {file.status:8} {file.source}: {file.reason or _facts(file)}")
        for warning in file.warnings:
            print(f"           {warning}")


def _facts(file: FileReport) -> str:
    """What is known of a file that was read, on one line."""
    counts = ((file.n_pages, "pages"), (file.n_characters, "characters"), (file.n_passages, "passages"))
    facts = [file.kind, *(f"{n:,} {name if n != 1 else name[:-1]}" for n, name in counts if n)]
    facts += [file.language, file.encoding, f"{file.seconds:.1f} s"]
    return ", ".join(filter(None, facts))


@app.command("serve")
@index_option
@click.option("--host", help="Address to listen on (default: 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default: 7860).")
@generator_option
@click.option("--watch", is_flag=True, help="Follow changes of the documents.")
def serve_command(index: Path | None, host: str | None, port: int | None, generator: str | None, watch: bool) -> None:
    """Open the web chat."""
    from rag.web import serve

    chosen = None if index is None else str(index)
    serve(Settings.load(index=chosen, host=host, port=port, generator=generator), watch=watch)


@app.command("eval")
@click.argument("queries", required=False, type=FILE)
@click.option("--corpus", type=FILE, help="What the questions are about.")
@index_option
@click.option("--answers", is_flag=True, help="Also generate and judge answers.")
@click.option("--report", type=FILE, help="Write an HTML page.")
@click.option("--baseline", type=FILE, help="The JSON of an earlier run, to compare with.")
@click.option("--feedback", type=FILE, help="Replay what users marked wrong.")
@click.option(
    "--verify",
    type=int,
    default=0,
    metavar="N",
    help="Alter N sentences in each of eleven ways; count which are noticed.",
)
@click.option("--limit", type=int, help="Ask only this many questions.")
@json_option
def eval_command(
    queries: Path | None,
    corpus: Path | None,
    index: Path | None,
    answers: bool,
    report: Path | None,
    baseline: Path | None,
    feedback: Path | None,
    verify: int,
    limit: int | None,
    as_json: bool,
) -> None:
    """Measure retrieval, and answers, over questions with known sources.

    QUERIES: JSON lines of questions, a BEIR-style folder, or the judgements of one of its splits.
    """
    from rag import evaluation

    with Bars() as bars:
        record = evaluation.run(
            queries,
            corpus,
            index,
            answers=answers,
            report=report,
            baseline=baseline,
            feedback=feedback,
            verify=verify,
            limit=limit,
            settings=Settings.load(),
            progress=bars,
        )
    if as_json:
        print_json(record)
    else:
        print(evaluation.table(record))


@app.command("plugins")
@json_option
def plugins_command(as_json: bool) -> None:
    """List the components that can be named in settings."""
    from rag import plugins

    kinds = ("loaders", "chunkers", "embedders", "rerankers", "readers", "generators")
    known = {kind: plugins.names(kind) for kind in kinds}
    if as_json:
        print_json(known)
    else:
        for kind, names in known.items():
            print(f"{kind + ':':12} {', '.join(names)}")
