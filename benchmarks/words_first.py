"""How fast the words of a first build are there: ``python benchmarks/words_first.py PATH… [--tree OTHER_CHECKOUT]``.

Reads, cuts and indexes what is under the paths, and embeds nothing. Each run is a process of its own; with ``--tree``
runs of another checkout of the code take turns with those of this one, and the records that both wrote are compared.
Counted is processor time, in this process and in those that read, which a busy machine does not change much. With
``--files N`` the first N texts of a JSONL are built from a folder in which each is a Markdown file of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
TABLES = ("documents", "sources", "passages", "pending", "postings", "lengths")


def measure(paths: list[Path], profile: bool) -> dict[str, Any]:
    """One build in this process."""
    from rag import plugins
    from rag.index.build import Parts, build
    from rag.settings import Settings

    sys.modules["rag.index.build"].embed_pending = lambda *parts: 0  # type: ignore[attr-defined]
    settings = Settings()
    embedder = plugins.load("embedders", "minilm", settings)
    embedder.count_tokens(["the tokenizer is loaded"])
    parts = Parts(settings, plugins.load("chunkers", settings.chunker, settings), embedder, "minilm")
    with tempfile.TemporaryDirectory(prefix="footnote-words-") as name:
        begun, cpu, children = time.perf_counter(), time.process_time(), of_children()
        if profile:
            import cProfile

            with cProfile.Profile(time.process_time) as seen:
                report = build(Path(name), paths, parts)
            seen.print_stats("tottime")
        else:
            report = build(Path(name), paths, parts)
        own, reading = time.process_time() - cpu, of_children() - children
        return {
            "files": len(report.files),
            "passages": report.n_passages,
            "wall_s": time.perf_counter() - begun,
            "own_cpu_s": own,
            "readers_cpu_s": reading,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "record": digest(Path(name) / "footnote.sqlite"),
        }


def of_children() -> float:
    """Processor time of the processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def digest(path: Path) -> str:
    """A hash over every row that words-first writes; reports of files hold times, and are left out."""
    found = hashlib.sha256()
    connection = sqlite3.connect(path)
    for table in TABLES:
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
            found.update(repr(row).encode("utf-8", "surrogatepass"))
    connection.close()
    return found.hexdigest()[:16]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--tree", type=Path, help="another checkout to compare with")
    parser.add_argument("--files", type=int, help="the first so many records of a JSONL as a file each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="one run of this checkout, under cProfile")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    paths = [path.absolute() for path in arguments.paths]
    if arguments.files:
        with tempfile.TemporaryDirectory(prefix="footnote-files-") as name:
            write_files(paths[0], arguments.files, Path(name))
            run(arguments, [Path(name)])
    else:
        run(arguments, paths)


def write_files(corpus: Path, n_files: int, folder: Path) -> None:
    """The first records of a JSONL as Markdown files, a hundred to a folder."""
    with corpus.open(encoding="utf-8") as lines:
        for number, line in enumerate(islice(lines, n_files)):
            path = folder / f"{number // 100:03}" / f"{number:05}.md"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.loads(line)["text"], encoding="utf-8")


def run(arguments: argparse.Namespace, paths: list[Path]) -> None:
    """The runs that are asked for."""
    if arguments.measure or arguments.profile:
        print(json.dumps(measure(paths, arguments.profile)))
        return
    trees = [HERE, *filter(None, [arguments.tree])]
    for _ in range(arguments.rounds):
        for tree in trees:
            command = [sys.executable, __file__, "--measure", *map(str, paths)]
            environment = {"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
            found = json.loads(done.stdout.splitlines()[-1])
            own, reading = found["own_cpu_s"], found["readers_cpu_s"]
            floor = found["passages"] / max(own, reading if found["files"] == 1 else (own + reading) / 2)
            rounded = {key: round(value, 2) if isinstance(value, float) else value for key, value in found.items()}
            rate = f"{found['passages'] / found['wall_s']:.0f} passages/s, two idle cores: up to {floor:.0f}"
            print(tree, rounded, rate, flush=True)


if __name__ == "__main__":
    main()
