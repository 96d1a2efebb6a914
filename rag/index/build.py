"""Bring an index up to date with a corpus: read what changed, embed what was never seen, drop what is gone.

*Words first* (``changes``): documents, passages and full text are one transaction, so that readers see the old
corpus or the new one and a kill leaves the old. *Meaning next* (``embedding``): vectors follow in batches.
Then what is derived is brought up to date and what was removed is wiped from the files (``sweep``).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rag import documents
from rag.documents import File
from rag.errors import IndexDamaged, IndexMismatch, UsageError
from rag.index.approximate import save_approximate
from rag.index.changes import Changes, Parts
from rag.index.embedding import embed_pending
from rag.index.files import path_bytes
from rag.index.lock import writer_lock
from rag.index.migrate import migrate
from rag.index.reach import held_back
from rag.index.record import connect, create, database, discard, manifest, transaction
from rag.index.sweep import sweep
from rag.types import BuildReport, Progress

__all__ = ["Parts", "build"]

Report = Callable[[Progress], None]


def build(
    folder: Path,
    roots: Sequence[Path],
    parts: Parts,
    report: Report | None = None,
    *,
    rebuild: bool = False,
    allow_empty: bool = False,
    removed: Collection[Path] = (),
) -> BuildReport:
    """Make the index in ``folder`` hold what is under ``roots``, and nothing else.

    ``roots`` are folders and files; none means those of the last build. ``report`` is called with a
    ``Progress`` now and then. ``rebuild`` reads and embeds everything anew, which is also the way to change
    the embedder, and to replace a record that is damaged. A root that held documents and holds none any more may
    be a drive that is not connected: the build is refused and the index stays as it is, unless ``allow_empty``, or
    unless it held nothing but files that were ``removed`` on purpose.

    Raises:
        UsageError: a root does not exist, nothing in it can be read, or what was in it is gone.
        IndexBusy, IndexDamaged, IndexMismatch: as their names say.
    """
    started = time.monotonic()
    files = _walk(folder, roots)
    if not files and not database(folder).exists():
        if not roots:
            raise UsageError(f"there is no index in {folder} yet: name a folder of documents to build it from")
        raise UsageError(_nothing_in(roots, files))
    with writer_lock(folder):
        say = report or (lambda progress: None)
        may_go = None if allow_empty else {path_bytes(path) for path in removed}
        work = partial(_build, folder, roots, files, parts, say, rebuild, may_go, started)
        try:
            outcome, chosen = work()
        except IndexDamaged:
            if not (rebuild and roots):
                raise
            discard(folder)
            outcome, chosen = work()
    if not (outcome.n_passages or allow_empty) and any(file.status == "skipped" for file in outcome.files):
        raise UsageError(_nothing_readable(outcome, chosen))
    return outcome


def _build(
    folder: Path,
    roots: Sequence[Path],
    files: list[File],
    parts: Parts,
    say: Report,
    rebuild: bool,
    may_go: Collection[bytes] | None,
    started: float,
) -> tuple[BuildReport, list[str]]:
    """A build by the holder of the lock; also returns the roots, as they are recorded. ``may_go`` are files that may
    be the last of their root; None when any may."""
    create(folder)
    with connect(folder, write=True, check=False) as connection:
        notes = migrate(folder, connection)
        facts = manifest(connection)
        _check_embedder(folder, facts, parts, rebuild)
        chosen = [str(root.absolute()) for root in roots] or facts["roots"]
        if not roots:
            files = _walk(folder, [Path(root) for root in chosen])
        if all(file.unreachable for file in files) and chosen != facts["roots"]:
            raise UsageError(f"{_nothing_in(roots, files)}; the index keeps what it had")
        if may_go is not None:
            _refuse_emptied(connection, files, chosen, may_go)
        changes = Changes(connection, parts, say)
        with transaction(connection):
            changes.apply(files, chosen, rebuild=rebuild)
        (n_reused,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
        n_embedded = embed_pending(connection, parts.embedder, say)
        notes += _derive(folder, connection)
        outcome = _outcome(connection, changes, n_embedded, n_reused)
    notes += [*changes.notes, *filter(None, [sweep(folder)])]
    return replace(outcome, notes=tuple(notes), seconds=time.monotonic() - started), chosen


def _derive(folder: Path, connection: sqlite3.Connection) -> list[str]:
    """Bring the approximate index up to date; without it searches are exact, so that its failure is a note."""
    try:
        save_approximate(folder, connection)
    except OSError as error:
        return [f"the approximate index cannot be written ({error.strerror or error}): searches are exact and slower"]
    return []


def _walk(folder: Path, roots: Sequence[Path]) -> list[File]:
    """The files under ``roots``; the index's own, where it lies in the corpus, are not among them."""
    own = str(folder.absolute()) + "/"
    return [file for file in documents.walk(roots) if not str(file.path.absolute()).startswith(own)]


def _check_embedder(folder: Path, facts: dict[str, Any], parts: Parts, rebuild: bool) -> None:
    """Refuse to mix vectors of two embedders."""
    found = facts["fingerprint"]
    if found and found != parts.embedder.fingerprint and not rebuild:
        raise IndexMismatch(
            f"the index in {folder} was built with the embedder {facts['embedder']}, not {parts.spec}: "
            "choose that one, or add --rebuild to embed everything anew"
        )


def _refuse_emptied(
    connection: sqlite3.Connection, files: Sequence[File], roots: Sequence[str], may_go: Collection[bytes]
) -> None:
    """Refuse to drop all that was under a root because nothing is there now: a drive may not be connected. What lies
    in a folder that cannot be listed is not dropped, and what ``may_go`` was removed on purpose."""
    for root in roots:
        inside = path_bytes(Path(root)).rstrip(b"/") + b"/"
        if any(not file.problem and path_bytes(file.path).startswith(inside) for file in files):
            continue
        query = "SELECT source, path FROM files WHERE substr(path, 1, ?) = ? AND source IN (SELECT file FROM sources)"
        known = dict(connection.execute(query, (len(inside), inside)).fetchall())
        unreachable = {file.source for file in files if file.unreachable}
        gone = known.keys() - unreachable - held_back(files, known).keys()
        n_known = sum(known[source] not in may_go for source in gone)
        if n_known:
            why = next((f" ({file.source}: {file.problem})" for file in files if file.problem), "")
            raise UsageError(
                f"there is no document in {root} any more{why}; the index keeps the {n_known} it has from there: "
                "connect the drive that they are on, or add --allow-empty if they are to go"
            )


def _outcome(connection: sqlite3.Connection, changes: Changes, n_embedded: int, n_reused: int) -> BuildReport:
    facts = manifest(connection)
    return BuildReport(
        files=tuple(changes.reports[source] for source in sorted(changes.reports)),
        n_documents=facts["n_documents"],
        n_passages=facts["n_passages"],
        n_embedded=n_embedded,
        n_reused=n_reused,
        generation=facts["generation"],
        seconds=0.0,
    )


def _nothing_in(roots: Sequence[Path | str], files: Sequence[File]) -> str:
    """Why there is nothing to build from; ``files`` are out of reach, if there are any."""
    why = f" ({files[0].source}: {files[0].problem})" if files else ""
    return f"there are no documents in {', '.join(map(str, roots))}{why}"


def _nothing_readable(outcome: BuildReport, roots: Sequence[str]) -> str:
    skipped = [file for file in outcome.files if file.status == "skipped"]
    why = f": {skipped[0].source}: {skipped[0].reason}" if skipped else ""
    more = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
    return f"the index is empty: nothing in {', '.join(roots)} can be read{why}{more}"
