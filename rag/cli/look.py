"""``rag status``, ``serve``, ``eval`` and ``plugins``: what there is, and the ways to look at it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rag.cli.shared import GeneratorOption, IndexOption, JsonOption, app, assistant_over, print_json
from rag.settings import Settings
from rag.types import FileReport

__all__ = ["eval_command", "plugins_command", "serve_command", "status_command"]


@app.command("status")
def status_command(
    index: IndexOption = None,
    files: Annotated[bool, typer.Option("--files", help="Also what became of each file.")] = False,
    as_json: JsonOption = False,
) -> None:
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
    for file in status.files if files else ():
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
def serve_command(
    index: IndexOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default: 7860).")] = None,
    generator: GeneratorOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Follow changes of the documents.")] = False,
) -> None:
    """Open the web chat."""
    from rag.web import serve

    chosen = None if index is None else str(index)
    serve(Settings.load(index=chosen, host=host, port=port, generator=generator), watch=watch)


@app.command("eval")
def eval_command(
    queries: Annotated[Path | None, typer.Argument(help="JSON lines of questions, or a BEIR folder.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="What the questions are about.")] = None,
    index: IndexOption = None,
    answers: Annotated[bool, typer.Option("--answers", help="Also generate and judge answers.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="The JSON of an earlier run, to compare with.")] = None,
    feedback: Annotated[Path | None, typer.Option(help="Replay what users marked wrong.")] = None,
    verify: Annotated[
        int, typer.Option(metavar="N", help="Alter N sentences in each of eleven ways; count which are noticed.")
    ] = 0,
    limit: Annotated[int | None, typer.Option(help="Ask only this many questions.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure retrieval, and answers, over questions with known sources."""
    from rag import evaluation

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
    )
    if as_json:
        print_json(record)
    else:
        print(evaluation.table(record))


@app.command("plugins")
def plugins_command(as_json: JsonOption = False) -> None:
    """List the components that can be named in settings."""
    from rag import plugins

    kinds = ("loaders", "chunkers", "embedders", "rerankers", "generators")
    known = {kind: plugins.names(kind) for kind in kinds}
    if as_json:
        print_json(known)
    else:
        for kind, names in known.items():
            print(f"{kind + ':':12} {', '.join(names)}")
