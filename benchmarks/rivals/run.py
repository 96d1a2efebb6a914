"""Footnote and its rivals side by side: same corpus, same embedder, same questions, fresh processes.

    .venv/bin/python benchmarks/rivals/run.py --data ../shared/data/squad2_dev --questions 400 --rounds 3

Makes the rivals' environment first (about 2 GB, kept in ~/.cache/footnote/rivals or $FOOTNOTE_RIVALS).
``--data`` is a folder with ``corpus.jsonl`` and ``queries.jsonl``. In every round each system builds an index
and answers, one after the other in changing order, so that other load on the machine hits all alike; medians
are shown.

A hit is right when it covers at least half of an evidence excerpt or, in sets without excerpts, when its
passage is from the gold record. "Build" is text read to index on disk, imports and model load included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from systems import LABELS, SYSTEMS

from rag.evaluation import measures, questions
from rag.evaluation.gold import HALF
from rag.types import Span

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("FOOTNOTE_RIVALS", Path.home() / ".cache" / "footnote" / "rivals"))
OFFLINE = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "ANONYMIZED_TELEMETRY": "False"}


def environment() -> Path:
    """The Python of the rivals' environment, made when it is not there or the list has changed."""
    python, stamp = CACHE / "bin" / "python", CACHE / "requirements.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"setting up the rivals in {CACHE}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(CACHE)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "torch==2.13.0"], check=True)  # first and alone: the build without CUDA
        subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
        stamp.write_text(wanted)
    return python


def worker(python: str, *arguments: str) -> tuple[float, dict]:
    """Run a worker; the seconds from its start to its first answer (or its end), and its result."""
    begun, first = time.perf_counter(), 0.0
    command = [python, str(HERE / "worker.py"), *arguments]
    last = ""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ | OFFLINE)
        for line in process.stdout or ():
            if line.strip() == "FIRST":
                first = time.perf_counter() - begun
            elif line.startswith("{"):
                last = line
        if process.wait() or not last:
            errors.seek(0)
            raise SystemExit(f"{' '.join(arguments[:2])} failed:\n{errors.read()[-2000:]}")
    return first or time.perf_counter() - begun, json.loads(last)


def measure(python: str, name: str, corpus: Path, asked: Path, folder: Path, n_characters: int) -> dict:
    """One build, one whole run, and two more cold starts of one system."""
    folder.mkdir(parents=True)
    seconds, built = worker(python, "build", name, str(folder), str(corpus))
    colds = []
    one = folder.parent / "one.jsonl"
    one.write_text(asked.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    for _ in range(2):
        colds.append(worker(python, "ask", name, str(folder), str(one))[0])
    cold, ran = worker(python, "ask", name, str(folder), str(asked))
    return {
        "first answer s": statistics.median([*colds, cold]),
        "build s": seconds,
        "passages/s": built["n_passages"] / built["seconds"],
        "kB of text/s": n_characters / 1000 / built["seconds"],
        "p50 ms": statistics.median(ran["times"][1:]) * 1000,
        "peak MB build": built["peak_mb"],
        "peak MB ask": ran["peak_mb"],
        "index MB": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6,
        "found": ran["found"],
    }


def quality(found: list, asked: list[questions.Question]) -> dict[str, float]:
    by_evidence = any(question.evidence for question in asked)
    scores = {"hit@1": [], "hit@4": [], "MRR@10": []}
    for question, hits in zip(asked, found, strict=True):
        matches = [right(question, *hit, by_evidence) for hit in hits]
        scores["hit@1"].append(measures.hit(matches, 1))
        scores["hit@4"].append(measures.hit(matches, 4))
        scores["MRR@10"].append(measures.reciprocal_rank(matches, 10))
    return {name: statistics.fmean(values) for name, values in scores.items()}


def right(question: questions.Question, record: str, start: int, end: int, by_evidence: bool) -> set[str]:
    if record not in question.gold:
        return set()
    if not by_evidence:
        return {record}
    span = Span(start, end)
    return {
        str(i)
        for i, excerpt in enumerate(question.evidence)
        if measures.overlap(span, excerpt) >= HALF * (excerpt.end - excerpt.start)
    }


def show(rows: dict[str, dict]) -> str:
    """The table in Markdown; times and memory with the ratio to Footnote's in brackets."""
    columns = [column for column in next(iter(rows.values())) if column != "found"]
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    ours = rows.get("footnote", {})
    for name, row in rows.items():
        cells = []
        for column in columns:
            text = f"{row[column]:.3f}" if "@" in column else f"{row[column]:.3g}"
            if "@" not in column and ours and name != "footnote" and ours[column]:
                text += f" ({row[column] / ours[column]:.2g}×)"
            cells.append(text)
        lines.append(f"| {LABELS[name]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=0, help="this many, evenly spaced; 0 takes all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=list(SYSTEMS))
    parser.add_argument("--json", type=Path, help="write every measurement here")
    options = parser.parse_args()

    corpus = options.data / "corpus.jsonl"
    asked = [question for question in questions.read(options.data / "queries.jsonl") if question.gold]
    if options.questions and options.questions < len(asked):
        asked = [asked[i * len(asked) // options.questions] for i in range(options.questions)]
    n_characters = sum(len(record["text"]) for _, record in questions.records(corpus))
    rivals = str(environment())
    with tempfile.TemporaryDirectory(prefix="footnote-rivals-") as scratch:
        lines = "".join(json.dumps({"question": question.text}) + "\n" for question in asked)
        file = Path(scratch) / "questions.jsonl"
        file.write_text(lines, encoding="utf-8")
        runs: dict[str, list[dict]] = {name: [] for name in options.systems}
        for number in range(options.rounds):
            order = options.systems[:: -1 if number % 2 else 1]
            for name in order:
                python = sys.executable if name == "footnote" else rivals
                folder = Path(scratch) / f"{number}-{name}" / "index"
                runs[name].append(measure(python, name, corpus, file, folder, n_characters))
                print(f"round {number + 1}: {name}", file=sys.stderr)
    rows = {
        name: {
            column: statistics.median([run[column] for run in measured]) for column in measured[0] if column != "found"
        }
        | quality(measured[-1]["found"], asked)
        for name, measured in runs.items()
    }
    print(
        f"{options.data.name}: {n_characters / 1000:.0f} kB of text, {len(asked)} questions, {options.rounds} rounds\n"
    )
    print(show(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
