"""Words first, meaning next: what is found before vectors are there, what workers find out ahead, and bad embedders."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from indexing import CORPUS, QUERIES, build_plainly, parts, results, state, write

from rag import documents
from rag.errors import EmbedderError, IndexMismatch, IndexMissing
from rag.index import Index
from rag.index.ahead import Ahead
from rag.index.doctor import examine
from rag.index.termcounts import count_terms
from rag.index.terms import FINGERPRINT as TERMS
from rag.testing import HashEmbedder
from rag.types import Span

pytestmark = pytest.mark.usefixtures("plain_reader")

ISOLATED = documents.Reader


class Failing(HashEmbedder):
    """Gives up after some passages, or returns what is no vector."""

    def __init__(self, n_good: int, bad: Any = None) -> None:
        super().__init__(16)
        self.n_good = n_good
        self.bad = bad

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Any]]:
        for i, rows in super().embed_passages(texts, sentences):
            if i >= self.n_good:
                if self.bad is None:
                    raise KeyboardInterrupt
                rows = self.bad(rows)
            yield i, rows


def test_words_can_be_found_before_vectors_are_there_and_the_next_build_goes_on(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.index.embedding._BATCH", 2)
    with pytest.raises(KeyboardInterrupt):
        build_plainly(folder, corpus, parts=parts(embedder=Failing(3)))
    with Index(folder).snapshot() as snapshot:
        assert 0 < snapshot.n_embedded == 2 < snapshot.n_passages
        assert not snapshot.status().complete
        assert {p for _, p in results(snapshot, "crane ferry gate fees")} == {
            snapshot.passages([n])[n].id for n in range(1, snapshot.n_passages + 1)
        }
    report = build_plainly(folder)
    assert report.n_reused == 2 and report.n_embedded == report.n_passages - 2
    assert not (folder / "builder.json").exists()


def test_the_first_build_shows_what_it_has_read_so_far_and_later_ones_do_not(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.index.changes._STEP_SECONDS", 0.0)
    seen: list[tuple[int, bool]] = []
    read = documents.read

    def read_and_look(file: Any, **chosen: Any) -> Any:
        try:
            with Index(folder).snapshot() as snapshot:
                seen.append((snapshot.n_documents, snapshot.status().complete))
        except IndexMissing:
            seen.append((0, False))
        return read(file, **chosen)

    monkeypatch.setattr(documents, "read", read_and_look)
    build_plainly(folder, corpus)
    assert [n for n, _ in seen] == [0, 1, 2] and not any(complete for _, complete in seen[1:])
    seen.clear()
    write(corpus, {name: "Changed. " + text for name, text in CORPUS.items()})
    build_plainly(folder)
    assert {n for n, _ in seen} == {3}


def test_passages_cut_where_they_were_read_are_those_that_the_builder_cuts(
    corpus: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [
        "A line\0with a NUL. And half a pair: \ud800.",
        "* * *",
        "Café Müller öffnet um 9 Uhr. 东京的塔很高。",
        "Word " * 400,
    ]
    write(corpus, {"odd.jsonl": "\n".join(json.dumps({"id": n, "text": text}) for n, text in enumerate(odd))})
    single = corpus / "odd.jsonl"
    build_plainly(tmp_path / "plain", corpus)
    build_plainly(tmp_path / "plain-single", single)
    monkeypatch.setattr(documents, "Reader", ISOLATED)
    monkeypatch.setattr("rag.index.changes._MUCH", 0)
    monkeypatch.setattr("rag.index.changes._LEFT", 2)
    with monkeypatch.context() as patched:
        patched.setattr("rag.index.writer.terms_of", None)  # nothing is left for the builder to find out
        build_plainly(folder, corpus)
    build_plainly(tmp_path / "single", single)  # half of it is
    assert state(folder, QUERIES) == state(tmp_path / "plain", QUERIES)
    assert state(tmp_path / "single", QUERIES) == state(tmp_path / "plain-single", QUERIES)
    assert examine(folder) == examine(tmp_path / "single") == []


def test_passages_cut_anew_are_found_by_the_name_that_is_recorded(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version may name documents without a title differently."""
    write(tmp_path / "docs", {"orders.jsonl": json.dumps({"id": "97", "text": "Three pumps and nine valves."})})
    with monkeypatch.context() as older:
        for module in ("rag.types", "rag.index.writer", "rag.index.rows"):
            older.setattr(f"{module}.title_of", lambda source: source.partition("#")[2])
        build_plainly(folder, tmp_path / "docs")
    build_plainly(folder, tmp_path / "docs", passage_tokens=64)
    assert examine(folder) == []
    build_plainly(tmp_path / "fresh", tmp_path / "docs", passage_tokens=64)
    assert state(folder) == state(tmp_path / "fresh")


SAID = {
    "chunker": "c",
    "terms": TERMS,
    "passages": [[[0, 4], [[0, 4]]]],
    "counts": count_terms([["an", "an", "term"]]).to_json(),
}


@pytest.mark.parametrize(
    "changed",
    [
        None,
        [],
        {**SAID, "chunker": "another"},
        {**SAID, "terms": "terms-0"},
        *({**SAID, "passages": wrong} for wrong in (1, [1], [], [[[0], []]], [[["0", 4], []]], [[[0, 4], [[0, 0.5]]]])),
        *({**SAID, "counts": wrong} for wrong in (1, [], [["an", 1], "", "", ""], [["\ud800"], "", "", ""])),
        {**SAID, "counts": count_terms([["an"], ["an"]]).to_json()},
        {**SAID, "counts": [["an"], *count_terms([["an", "an", "term"]]).to_json()[1:]]},
        {**SAID, "counts": [*count_terms([["an"]]).to_json()[:3], "AAAAAA=="]},
        {**SAID, "counts": [*count_terms([["an"]]).to_json()[:3], "A"]},
    ],
)
def test_what_a_reading_worker_cannot_have_meant_is_found_out_again(changed: Any) -> None:
    assert Ahead.read(SAID, "c") == Ahead("c", [(Span(0, 4), [Span(0, 4)])], count_terms([["an", "an", "term"]]))
    assert Ahead.read(changed, "c") is None


class Short(HashEmbedder):
    """Leaves out the last passage."""

    def embed_passages(self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Any]]:
        yield from list(super().embed_passages(texts, sentences))[:-1]


def test_an_embedder_that_leaves_passages_out_does_not_hang_the_build(corpus: Path, folder: Path) -> None:
    with pytest.raises(EmbedderError, match="returned"):
        build_plainly(folder, corpus, parts=parts(embedder=Short(16)))


@pytest.mark.parametrize("bad", [lambda r: r * np.nan, lambda r: r * 0, lambda r: r[:-1], lambda r: r[:, :-1]])
def test_a_broken_embedder_is_a_clear_line_and_harms_nothing(corpus: Path, folder: Path, bad: Any) -> None:
    with pytest.raises(EmbedderError):
        build_plainly(folder, corpus, parts=parts(embedder=Failing(1, bad)))
    assert examine(folder) == []
    assert build_plainly(folder).n_embedded > 0


def test_another_embedder_is_refused_until_everything_is_embedded_anew(corpus: Path, folder: Path) -> None:
    build_plainly(folder, corpus)
    with pytest.raises(IndexMismatch, match="--rebuild"):
        build_plainly(folder, corpus, dim=24)
    report = build_plainly(folder, corpus, dim=24, rebuild=True)
    assert report.n_embedded == report.n_passages
    with Index(folder).snapshot() as snapshot:
        assert snapshot.rows([n for n, _ in snapshot.lexical(["crane"], 1)]).popitem()[1].shape[1] == 24
