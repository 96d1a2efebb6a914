"""The command line: ``rag build``, ``ask``, ``search``, ``status``, ``serve``, ``eval``, ``plugins``.

Data goes to stdout, chatter to stderr, and ``--json`` makes the data machine-readable. What goes wrong is one
line on stderr. Exit status: 0 done, 1 the world said no, 2 the call has to change, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import RagError, UsageError
from rag.settings import Settings
from rag.version import __version__

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.types import Answer, BuildReport, Hit, Progress, Turn

__all__ = ["app", "main"]

app = typer.Typer(
    name="rag",
    help="Ask your documents: every sentence of the answer points at the exact words it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

IndexOption = Annotated[Path | None, typer.Option("--index", help="Folder of the index (default: index).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
GeneratorOption = Annotated[str | None, typer.Option(help="NAME or NAME:MODEL, such as openai:llama3.2.")]
KOption = Annotated[int | None, typer.Option("-k", help="How many passages to look at.")]
CollectionOption = Annotated[
    list[str] | None, typer.Option("--collection", help="Search this first-level folder only; may be repeated.")
]
BatchOption = Annotated[
    Path | None, typer.Option(help='JSON lines {"id", "question", "history"}, "-" for standard input.')
]


def main() -> None:
    """Entry point of the ``rag`` command."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("rag").setLevel(logging.INFO)
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    """Run one command and turn whatever happens into an exit status and at most one line."""
    command = typer.main.get_command(app)
    try:
        code = command.main(arguments, prog_name="rag", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except RagError as error:
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("stopped", 130)
    except BrokenPipeError:
        # whoever read our output has had enough; say nothing, also not when Python closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except typer.Exit as error:
        return int(error.exit_code)
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of the command line itself
            return _complain(f"{error.format_message()} (rag --help says how)", 2)
        raise


def _complain(message: str, code: int) -> int:
    print(f"rag: {' '.join(message.split())}", file=sys.stderr)
    return code


def _assistant(index: Path | None, **overrides: Any) -> Assistant:
    from rag.assistant import Assistant

    return Assistant.open(index, **overrides)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


# -- building ----------------------------------------------------------------------------------------------


@app.command("build")
def build_command(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...", help="Folders and files.")] = None,
    index: IndexOption = None,
    embedder: Annotated[str | None, typer.Option(help="minilm, or sentence-transformers:NAME_OR_PATH.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read and embed everything anew.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the index up to date: it then holds what the paths hold, and nothing else.

    Without a PATH: those of the last build, or the corpus folder. Only what changed is read and embedded.
    """
    assistant = _assistant(index, embedder=embedder)
    with _stoppable(), _Bars() as bars:
        report = assistant.build(*(paths or []), progress=bars, rebuild=rebuild)
    if as_json:
        from dataclasses import asdict

        _print_json(asdict(report))
    else:
        _print_report(report)


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
    print(
        f"{report.n_documents} documents, {report.n_passages} passages ready in {report.seconds:.1f} s: "
        f"{count['indexed']} files read, {count['unchanged']} unchanged, {gone} removed, {skipped} skipped; "
        f"{report.n_embedded} passages embedded, {report.n_reused} known already"
    )


class _Bars:
    """Progress on stderr: one bar a stage, with the rate and the time left."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage = ""

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *details: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: Progress) -> None:
        from tqdm import tqdm

        if progress.stage != self._stage:
            self.__exit__()
            self._stage = progress.stage
            unit = " files" if progress.stage == "reading" else " passages"
            self._bar = tqdm(
                total=progress.total, desc=progress.stage, unit=unit, file=sys.stderr, leave=False, dynamic_ncols=True
            )
        self._bar.update(progress.done - self._bar.n)


class _stoppable:
    """SIGTERM ends a build the way Ctrl-C does: cleanly, with what was committed kept."""

    def __enter__(self) -> None:
        self._previous = signal.signal(signal.SIGTERM, self._stop)

    def __exit__(self, *details: object) -> None:
        signal.signal(signal.SIGTERM, self._previous)

    @staticmethod
    def _stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt


# -- asking ------------------------------------------------------------------------------------------------


@app.command("ask")
def ask_command(
    question: Annotated[str | None, typer.Argument(help="What you want to know.")] = None,
    index: IndexOption = None,
    generator: GeneratorOption = None,
    k: KOption = None,
    collection: CollectionOption = None,
    batch: BatchOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from the documents, with citations."""
    assistant = _assistant(index, generator=generator, k=k)
    if batch is not None:
        _batch(batch, lambda q, history: _ask(assistant, q, history, collection).to_dict(), as_json)
    elif question is None:
        raise UsageError("what is the question? rag ask QUESTION, or rag ask --batch FILE.jsonl --json")
    elif as_json:
        _print_json(_ask(assistant, question, [], collection).to_dict())
    else:
        _print_answer(_ask(assistant, question, [], collection))


def _ask(assistant: Assistant, question: str, history: list[Turn], collections: list[str] | None) -> Answer:
    return assistant.ask(question, history, collections=collections or ())


def _print_answer(answer: Answer) -> None:
    print(answer.text)
    if answer.citations:
        print()
    for citation in answer.citations:
        page = f", page {citation.page}" if citation.page else ""
        print(f"[{citation.number}] {citation.source}{page}: \u201c{_one_line(citation.quote, 200)}\u201d")
    if answer.abstained and answer.hits:
        print("\nClosest passages, not an answer:")
        for hit in answer.hits[:3]:
            print(f"  - {_where(hit)}: {_one_line(hit.passage.text, 100)}")
    for note in answer.notes:
        print(f"note: {note}", file=sys.stderr)


def _where(hit: Hit) -> str:
    return f"{hit.passage.source}, page {hit.passage.page}" if hit.passage.page else hit.passage.source


def _one_line(text: str, width: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= width else f"{plain[: width - 1]}…"


@app.command("search")
def search_command(
    question: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    index: IndexOption = None,
    k: KOption = None,
    collection: CollectionOption = None,
    batch: BatchOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the passages nearest to a question, best first, and why each is there."""
    from rag.types import hit_to_dict

    assistant = _assistant(index)

    def hits_of(asked: str, history: list[Turn]) -> dict[str, Any]:
        hits = assistant.search(asked, k, history=history, collections=collection or ())
        return {"question": asked, "hits": [hit_to_dict(hit) for hit in hits]}

    if batch is not None:
        _batch(batch, hits_of, as_json)
    elif question is None:
        raise UsageError("what to look for? rag search QUESTION, or rag search --batch FILE.jsonl --json")
    elif as_json:
        _print_json(hits_of(question, []))
    else:
        for hit in assistant.search(question, k, collections=collection or ()):
            why = hit.why
            words = f"words #{why.lexical_rank}" if why.lexical_rank else "words -"
            meaning = f"meaning #{why.dense_rank} ({why.dense:.2f})" if why.dense is not None else "meaning -"
            print(f"{hit.rank:2}  {hit.score:.3f}  {_where(hit)}  [{words}, {meaning}]")
            print(f"    {_one_line(hit.passage.text, 160)}")


def _batch(path: Path, answer: Callable[[str, list[Turn]], dict[str, Any]], as_json: bool) -> None:
    """One JSON value a line, in the order of the questions; a line that cannot be answered says why."""
    if not as_json:
        raise UsageError("--batch prints JSON lines: add --json")
    failed = 0
    for number, line in enumerate(_lines(path), 1):
        id_: Any = None
        try:
            id_, question, history = _question_of(line, path, number)
            _print_json({"id": id_, **answer(question, history)})
        except UsageError as error:
            failed += 1
            _print_json({"id": id_, "error": str(error)})
    if failed:
        print(f"rag: {failed} lines of {path} could not be answered; their JSON says why", file=sys.stderr)
        raise typer.Exit(1)


def _lines(path: Path) -> Iterator[str]:
    if str(path) == "-":
        yield from (line for line in sys.stdin if line.strip())
        return
    try:
        with path.open(encoding="utf-8") as file:
            yield from (line for line in file if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise RagError(f"{path} cannot be read: {error}") from error


def _question_of(line: str, path: Path, number: int) -> tuple[Any, str, list[Turn]]:
    from rag.types import Turn

    try:
        item = json.loads(line)
        question = item["question"]
        history = [Turn(str(turn["question"]), str(turn.get("answer", ""))) for turn in item.get("history") or []]
        if not isinstance(question, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f'line {number} of {path} is not {{"id", "question", "history": [{{"question", "answer"}}]}}'
        ) from None
    return item.get("id"), question, history


# -- looking -----------------------------------------------------------------------------------------------


@app.command("status")
def status_command(
    index: IndexOption = None,
    files: Annotated[bool, typer.Option("--files", help="Also what became of each file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what is in the index, and how far its vectors are."""
    from dataclasses import asdict

    status = _assistant(index).status()
    if as_json:
        facts = asdict(status)
        if not files:
            del facts["files"]
        _print_json(facts)
        return
    embedded = "" if status.n_embedded == status.n_passages else f", {status.n_embedded} of them with vectors"
    print(f"{status.n_documents} documents, {status.n_passages} passages{embedded}, {status.n_skipped} files skipped")
    print(f"built {status.built_at} from {', '.join(status.roots)} with {status.embedder}; {status.size / 1e6:.1f} MB")
    for file in status.files if files else ():
        extra = f": {file.reason}" if file.reason else f", {file.n_passages} passages"
        print(f"  {file.status:8} {file.source}{extra}")
        for warning in file.warnings:
            print(f"           {warning}")


@app.command("serve")
def serve_command(
    index: IndexOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default: 7860).")] = None,
    generator: GeneratorOption = None,
) -> None:
    """Open the web chat."""
    from rag.web import serve

    serve(Settings.load(index=None if index is None else str(index), host=host, port=port, generator=generator))


@app.command("eval")
def eval_command(
    queries: Annotated[Path | None, typer.Argument(help="JSON lines of questions, or a BEIR folder.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="What the questions are about.")] = None,
    index: IndexOption = None,
    answers: Annotated[bool, typer.Option("--answers", help="Also generate and judge answers.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="The JSON of an earlier run, to compare with.")] = None,
    feedback: Annotated[Path | None, typer.Option(help="Replay what users marked wrong.")] = None,
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
        limit=limit,
        settings=Settings.load(),
    )
    if as_json:
        _print_json(record)
    else:
        print(evaluation.table(record))


@app.command("plugins")
def plugins_command(as_json: JsonOption = False) -> None:
    """List the components that can be named in settings."""
    from rag import plugins

    kinds = ("loaders", "chunkers", "embedders", "rerankers", "generators")
    known = {kind: plugins.names(kind) for kind in kinds}
    if as_json:
        _print_json(known)
    else:
        for kind, names in known.items():
            print(f"{kind + ':':12} {', '.join(names)}")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"Footnote {__version__}")
        raise typer.Exit()
