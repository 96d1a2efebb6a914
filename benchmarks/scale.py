"""Time, memory and disk against the number of passages: ``python benchmarks/scale.py [1000 10000 100000]``.

Text and vectors are synthetic (embedding a million passages would take half a day on two cores): words by Zipf's
law, vectors in clusters, 384 numbers, five sentences to a passage, ten passages to a document. Each size runs in
a process of its own. The results go to scale.json and scale.svg beside this file.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
DIM = 384
SENTENCES = 5
PER_DOCUMENT = 10


class Vectors:
    """An embedder that draws vectors near one of many centres; the same text has the same vector."""

    dim = DIM
    max_tokens = 256
    fingerprint = "synthetic"

    def __init__(self, n_centres: int) -> None:
        self._centres = np.random.default_rng(1).standard_normal((n_centres, DIM)).astype(np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Any]]) -> Iterator[tuple[int, Any]]:
        for i, spans in enumerate(sentences):
            yield i, self._draw(texts[i], 1 + len(spans))

    def embed_query(self, text: str) -> Any:
        return self._draw(text, 1)[0]

    def _draw(self, text: str, n: int) -> Any:
        rng = np.random.default_rng(zlib.crc32(text.encode()))
        rows = self._centres[rng.integers(len(self._centres))] + 0.7 * rng.standard_normal((n, DIM), dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Paragraphs:
    """A chunker for the synthetic documents: a paragraph is a passage, a line a sentence."""

    fingerprint = "lines"

    def split(self, document: Any) -> Iterator[tuple[Any, list[Any]]]:
        from rag.types import Span

        at = 0
        for paragraph in document.text.split("\n\n"):
            spans, start = [], at
            for line in paragraph.split("\n"):
                spans.append(Span(start, start + len(line)))
                start += len(line) + 1
            yield Span(at, at + len(paragraph)), spans
            at += len(paragraph) + 2


def write_corpus(folder: Path, n_passages: int) -> None:
    """JSON lines, a thousand documents to a file."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{n:x}" for n in range(60_000)])
    share = 1 / np.arange(1, len(words) + 1)
    n_documents = n_passages // PER_DOCUMENT
    folder.mkdir(parents=True)
    for low in range(0, n_documents, 1000):
        lines = []
        for number in range(low, min(low + 1000, n_documents)):
            drawn = words[rng.choice(len(words), size=(PER_DOCUMENT, SENTENCES, 18), p=share / share.sum())]
            text = "\n\n".join("\n".join(" ".join(line) + "." for line in passage) for passage in drawn)
            lines.append(json.dumps({"id": number, "title": f"Document {number}", "text": text}))
        (folder / f"part{low // 1000:04}.jsonl").write_text("\n".join(lines), encoding="ascii")


def measure(n_passages: int) -> dict[str, Any]:
    """All figures for one size, in this process."""
    from rag.index import Index
    from rag.index.build import Parts, build
    from rag.retrieval import retrieve
    from rag.settings import Settings
    from rag.types import Progress

    vectors = Vectors(max(20, n_passages // 100))
    parts = Parts(Settings(), Paragraphs(), vectors, "synthetic")
    stages: dict[str, list[float]] = {}

    def say(progress: Progress) -> None:
        stages.setdefault(progress.stage, [time.monotonic()])[1:] = [time.monotonic()]

    with tempfile.TemporaryDirectory(prefix="footnote-scale-") as name:
        base = Path(name)
        write_corpus(base / "corpus", n_passages)
        build(base / "index", [base / "corpus"], parts, say)
        figures: dict[str, Any] = {"passages": n_passages, "build_peak_mb": peak()}
        figures |= {f"{stage}_s": times[-1] - times[0] for stage, times in stages.items()}
        figures["disk_mb"] = sum(file.stat().st_size for file in (base / "index").iterdir()) / 1e6
        figures["bytes_per_passage"] = round(1e6 * figures["disk_mb"] / n_passages)
        (base / "corpus" / "one.txt").write_text("A new line about zebras.", encoding="ascii")
        figures["add_one_s"] = timed(lambda: build(base / "index", [], parts))
        (base / "corpus" / "one.txt").unlink()
        figures["remove_one_s"] = timed(lambda: build(base / "index", [], parts))
        figures["nothing_s"] = timed(lambda: build(base / "index", [], parts))
        index = Index(base / "index")
        rng = np.random.default_rng(5)
        queries = [" ".join(f"w{n:x}" for n in rng.integers(20, 20_000, size=6)) for _ in range(60)]

        def ask(query: str) -> None:
            with index.snapshot() as snapshot:
                retrieve(snapshot, query, vectors, 10)

        figures["first_query_ms"] = 1e3 * timed(lambda: ask(queries[0]))
        legs: dict[str, list[float]] = {"query_ms": [], "lexical_ms": [], "dense_ms": []}
        for query in queries:
            legs["query_ms"].append(1e3 * timed(lambda query=query: ask(query)))
            with index.snapshot() as snapshot:
                terms, vector = query.split(), vectors.embed_query(query)
                legs["lexical_ms"].append(1e3 * timed(lambda terms=terms: snapshot.lexical(terms, 100)))
                legs["dense_ms"].append(1e3 * timed(lambda vector=vector: snapshot.dense(vector, 100)))
        figures |= {name: float(np.median(values)) for name, values in legs.items()}
        figures["recall_at_10"] = recall(index, vectors, queries)
    return {key: round(value, 4) for key, value in figures.items()}


def recall(index: Any, vectors: Vectors, queries: Sequence[str]) -> float:
    """Of the ten nearest vectors by comparing all, how many the dense leg finds."""
    from rag.index.matrix import block_versions, read_block

    with index.snapshot() as snapshot:
        connection, dim = snapshot._connection, snapshot.manifest["dim"]
        drawn = [vectors.embed_query(query) for query in queries]
        best: list[list[tuple[float, int]]] = [[] for _ in drawn]
        for block in block_versions(connection):
            numbers, rows = read_block(connection, block, dim)
            for place, scores in enumerate(np.stack(drawn) @ rows.T):
                top = np.argsort(-scores)[:10]
                best[place] = sorted(best[place] + [(-scores[i], int(numbers[i])) for i in top])[:10]
        shares = []
        for query, exact in zip(drawn, best, strict=True):
            found = index.dense.search(connection, snapshot.manifest, query, 100)[:10]
            shares.append(len({n for n, _ in found} & {n for _, n in exact}) / 10)
    return float(np.mean(shares))


def timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PANELS = {
    "seconds to build": ["reading_s", "vectors_s"],
    "seconds to add or remove one document": ["add_one_s", "remove_one_s", "nothing_s"],
    "milliseconds a query": ["query_ms", "lexical_ms", "dense_ms"],
    "MB": ["disk_mb", "build_peak_mb"],
}
COLOURS = ["#0b62a4", "#c2410c", "#4d7c0f"]


def draw(figures: list[dict[str, Any]]) -> str:
    """Four small plots, both axes logarithmic, as SVG."""
    width, height, margin = 330, 230, 50
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * width + 40}" height="{2 * height + 40}" '
        'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
    ]
    for number, (title, names) in enumerate(PANELS.items()):
        left, top = (number % 2) * (width + 20) + 10, (number // 2) * (height + 20) + 10
        values = [max(row[name], 1e-3) for row in figures for name in names]
        low, high = np.floor(np.log10(min(values))), np.ceil(np.log10(max(values)))
        high = max(high, low + 1)
        first, last = (np.log10(figures[i]["passages"]) for i in (0, -1))

        def place(n: float, value: float, left: float = left, top: float = top) -> tuple[float, float]:
            x = (np.log10(n) - first) / max(1e-9, last - first)  # noqa: B023
            y = (np.log10(max(value, 1e-3)) - low) / (high - low)  # noqa: B023
            return left + margin + x * (width - margin - 20), top + height - 30 - y * (height - 90)

        out.append(f'<text x="{left + 5}" y="{top + 14}" font-weight="bold">{title}</text>')
        for power in range(int(low), int(high) + 1):
            x, y = place(figures[0]["passages"], 10.0**power)
            out.append(f'<path d="M{x:.0f} {y:.0f}h{width - margin - 20}" stroke="#ddd"/>')
            out.append(f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g}</text>')
        for row in figures:
            x, y = place(row["passages"], 10.0**low)
            out.append(f'<text x="{x:.0f}" y="{y + 16:.0f}" text-anchor="middle">{row["passages"]:,}</text>')
        for at, name in enumerate(names):
            points = [place(row["passages"], row[name]) for row in figures]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[at]}" stroke-width="2"/>')
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[at]}"/>' for x, y in points]
            label = name.rsplit("_", 1)[0].replace("_", " ")
            out.append(f'<text x="{left + 5 + at * 100}" y="{top + 32}" fill="{COLOURS[at]}">● {label}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    kept = HERE / "scale.json"
    known = {row["passages"]: row for row in json.loads(kept.read_text())} if kept.exists() else {}
    for size in arguments.sizes:
        command = [sys.executable, __file__, "--measure", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        known[size] = json.loads(done.stdout.splitlines()[-1])
        print(known[size], flush=True)
        figures = [known[size] for size in sorted(known)]
        kept.write_text(json.dumps(figures, indent=1) + "\n")
        (HERE / "scale.svg").write_text(draw(figures))


if __name__ == "__main__":
    main()
