"""How faithfully documents are read: the facts of a manifest found, on the right page, and its expectations met.

    python benchmarks/formats.py [FOLDER]        (default: $FOOTNOTE_DATA/formats_dev)

FOLDER holds ``manifest.jsonl``: one object per file with ``file``, ``expect`` and ``facts`` (see its SOURCE.md).
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from rag.documents import File, Reader, walk
from rag.errors import DocumentError
from rag.settings import Settings
from rag.types import Document


@dataclass
class Score:
    n_facts: int = 0
    n_found: int = 0
    n_files: int = 0
    n_met: int = 0
    seconds: float = 0.0
    n_characters: int = 0
    misses: list[str] = field(default_factory=list)


def normal(text: str) -> str:
    """As the manifest says: NFKC, white space collapsed, hyphens at line ends joined, case ignored."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(\w)-\s*\n?\s*(?=[a-z])", r"\1", text)
    return re.sub(r"\s+", " ", text).casefold().strip()


def page_texts(document: Document) -> list[str]:
    starts = [*document.page_starts, len(document.text)]
    return [document.text[a:b] for a, b in pairwise(starts)]


def has_fact(documents: list[Document], fact: dict) -> bool:
    wanted = normal(fact["contains"])
    page = fact.get("page")
    if page:
        pages = page_texts(documents[0])
        return page <= len(pages) and wanted in normal(pages[page - 1])
    return any(wanted in normal(d.text) or wanted in normal(d.title) for d in documents)


def meets(expect: str, result: list[Document] | DocumentError) -> bool:
    if isinstance(result, list):
        return expect in ("ok", "ok_or_unsupported")
    text = str(result)
    if "\n" in text or len(text) > 300:
        return False
    if expect == "needs_password":
        return "password" in text
    if expect == "no_text":
        return "no text" in text or "empty" in text or "not a mail" in text
    return expect in ("error_clean_or_no_text", "ok_or_unsupported", "unsupported_clean")


def score(folder: Path, settings: Settings | None = None) -> Score:
    entries = {entry["file"]: entry for entry in map(json.loads, (folder / "manifest.jsonl").open(encoding="utf-8"))}
    files: list[File] = [file for file in walk([folder]) if file.source in entries]
    result = Score(n_files=len(entries))
    started = time.perf_counter()
    with Reader(settings or Settings()) as reader:
        for file, documents in reader.read_all(files):
            _score_file(result, entries[file.source], documents)
    result.seconds = time.perf_counter() - started
    return result


def _score_file(result: Score, entry: dict, documents: list[Document] | DocumentError) -> None:
    met = meets(entry["expect"], documents)
    if isinstance(documents, list) and entry["expect"] == "no_text":  # tesseract is installed
        met = all(has_fact(documents, {"contains": words}) for words in entry.get("ocr", ["no text at all"]))
    result.n_met += met
    if not met:
        said = documents if isinstance(documents, DocumentError) else "read"
        result.misses.append(f"{entry['file']}: expected {entry['expect']}, but: {said}")
    facts = entry["facts"] if entry["expect"] == "ok" else []
    result.n_facts += len(facts)
    if isinstance(documents, DocumentError):
        return
    result.n_characters += sum(len(document.text) for document in documents)
    for fact in facts:
        if has_fact(documents, fact):
            result.n_found += 1
        else:
            result.misses.append(f"{entry['file']}: not found: {fact}")
    text = normal(" ".join(document.text for document in documents))
    result.misses += [f"{entry['file']}: must not: {bad!r}" for bad in entry["must_not"] if normal(bad) in text]


def main() -> None:
    data = Path(os.environ.get("FOOTNOTE_DATA", "../shared/data"))
    found = score(Path(sys.argv[1]) if len(sys.argv) > 1 else data / "formats_dev")
    for miss in found.misses:
        print(miss)
    print(
        f"facts {found.n_found}/{found.n_facts} = {found.n_found / max(1, found.n_facts):.3f}   "
        f"expectations {found.n_met}/{found.n_files}   {found.n_characters:,} characters in {found.seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
