"""``rag doctor``, ``export`` and ``import``: keep an index sound, copy it, take it elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.cli.shared import FILE, app, index_option, json_option, print_json
from rag.errors import UsageError
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.index.doctor import Finding

__all__ = ["doctor_command", "export_command", "import_command"]

_folder_argument = click.argument("folder", type=FILE)


def _folder(index: Path | None) -> Path:
    return Path(Settings.load(index=None if index is None else str(index)).index)


@app.command("doctor")
@index_option
@click.option("--repair", is_flag=True, help="Put right what can be put right.")
@click.option("--backup", type=FILE, metavar="FILE", help="Write a copy of the index.")
@click.option("--restore", type=FILE, metavar="FILE", help="Put a copy in the index's place.")
@json_option
def doctor_command(index: Path | None, repair: bool, backup: Path | None, restore: Path | None, as_json: bool) -> None:
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
        raise click.exceptions.Exit(1)


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
@_folder_argument
@index_option
def export_command(folder: Path, index: Path | None) -> None:
    """Write documents, passages and vectors as JSON Lines and NumPy files into a new folder."""
    from rag.index.exchange import export_index

    facts = export_index(_folder(index), folder)
    print(f"{facts['n_documents']} documents, {facts['n_passages']} passages in {folder}")


@app.command("import")
@_folder_argument
@index_option
def import_command(folder: Path, index: Path | None) -> None:
    """Make a new index from an export."""
    from rag.index.exchange import import_index

    facts = import_index(_folder(index), folder)
    print(f"{facts['n_documents']} documents, {facts['n_passages']} passages in {_folder(index)}")
