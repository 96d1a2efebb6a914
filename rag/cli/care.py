"""``rag doctor``, ``export`` and ``import``: keep an index sound, copy it, take it elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.shared import IndexOption, JsonOption, app, print_json
from rag.errors import UsageError
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.index.doctor import Finding

__all__ = ["doctor_command", "export_command", "import_command"]

_Folder = Annotated[Path, typer.Argument(help="Folder of the export.")]


def _folder(index: Path | None) -> Path:
    return Path(Settings.load(index=None if index is None else str(index)).index)


@app.command("doctor")
def doctor_command(
    index: IndexOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="Put right what can be put right.")] = False,
    backup: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a copy of the index.")] = None,
    restore: Annotated[Path | None, typer.Option(metavar="FILE", help="Put a copy in the index's place.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check everything in the index. Exit status 1 when something is wrong with it."""
    from rag.index import backup as copies
    from rag.index import doctor

    folder = _folder(index)
    if sum((repair, backup is not None, restore is not None)) > 1:
        raise UsageError("--repair, --backup and --restore are three different things: choose one")
    if restore is not None:
        copies.restore(folder, restore)
    elif backup is not None:
        size = copies.back_up(folder, backup)
        print(f"{backup}: {size / 1e6:.1f} MB", file=sys.stderr)
    done = doctor.repair(folder) if repair else []
    findings = doctor.examine(folder)
    if as_json:
        print_json({"sound": not findings, "findings": [f.what for f in findings], "repaired": done})
    else:
        _print_findings(findings, done)
    if findings:
        raise typer.Exit(1)


def _print_findings(findings: list[Finding], done: list[str]) -> None:
    for what in done:
        print(f"repaired  {what}")
    for finding in findings:
        print(f"wrong     {finding.what}")
    remedies = {"repair": "rag doctor --repair, then rag build", "rebuild": "rag build --rebuild FOLDER, or --restore"}
    for remedy in sorted({finding.remedy for finding in findings}):
        print(f"what to do: {remedies[remedy]}", file=sys.stderr)
    if done:
        print("run rag build to complete the work from the corpus", file=sys.stderr)
    if not findings:
        print("the index is sound")


@app.command("export")
def export_command(folder: _Folder, index: IndexOption = None) -> None:
    """Write documents, passages and vectors as JSON Lines and NumPy files into a new folder."""
    from rag.index.exchange import export_index

    facts = export_index(_folder(index), folder)
    print(f"{facts['n_documents']} documents, {facts['n_passages']} passages in {folder}")


@app.command("import")
def import_command(folder: _Folder, index: IndexOption = None) -> None:
    """Make a new index from an export."""
    from rag.index.exchange import import_index

    facts = import_index(_folder(index), folder)
    print(f"{facts['n_documents']} documents, {facts['n_passages']} passages in {_folder(index)}")
