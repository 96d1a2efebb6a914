"""The fast path gives sentence-transformers' own vectors, late pooling the mean it says it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import EmbedderError, RagError, UsageError
from rag.retrieval.cross_encoder import CrossEncoder
from rag.settings import Settings
from rag.testing import hit_of
from rag.types import Span
from rag.vectors import minilm, sentence_transformers, weights
from rag.vectors.graph import load_graph
from rag.vectors.onnx import OnnxEmbedder
from rag.vectors.pooling import normalised, pool
from rag.vectors.reference import ReferenceEmbedder, load_sentence_transformer

TEXTS = [
    "a",
    "The price rose by 4.2 % to $228.1 billion.",
    "Größe, Straße, naïve café – „Anführung“",
    "東京は日本の首都です。人口は約1400万人。",
    "Δεν ξέρω. Не знаю. لا أعرف.",
    "x" * 300,
    "A longer passage that goes on. " * 20,
    "\t line one\nline two\n\n* a list item\n* another",
    "word " * 600,
]


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    found = minilm("", Settings())
    assert isinstance(found, OnnxEmbedder), "the default embedder must take the fast path"
    return found


def own_rows(embedder: OnnxEmbedder | ReferenceEmbedder, texts: list[str]) -> np.ndarray:
    rows = dict(embedder.embed_passages(texts, [[] for _ in texts]))
    return np.stack([rows[i][0] for i in range(len(texts))])


def test_vectors_equal_those_of_sentence_transformers(embedder: OnnxEmbedder) -> None:
    reference = load_sentence_transformer(weights.minilm_path()).encode(TEXTS)
    cosines = (own_rows(embedder, TEXTS) * reference).sum(axis=1)
    assert cosines.min() > 0.9999
    queries = np.stack([embedder.embed_query(text) for text in TEXTS])
    assert (queries * reference).sum(axis=1).min() > 0.9999


def test_a_vector_does_not_depend_on_its_neighbours_in_the_batch(embedder: OnnxEmbedder) -> None:
    alone = np.concatenate([own_rows(embedder, [text]) for text in TEXTS])
    assert np.abs(alone - own_rows(embedder, TEXTS)).max() < 1e-5


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("How do I add documents?", 0.9, 1.0),
        ("Wie hoch ist der Krankenversicherungsbeitrag?", 0.8, 1.0),
        ("Сколько стоит билет на паром?", 0.0, 0.3),
        ("서울에서 부산까지", 0.0, 0.3),
        ("フェリーの運休", 0.0, 0.5),
        ("§ 12(3)", 1.0, 1.0),
        ("", 1.0, 1.0),
    ],
)
def test_the_embedder_says_which_languages_it_reads(embedder: OnnxEmbedder, text: str, low: float, high: float) -> None:
    assert low <= embedder.familiarity(text) <= high


def test_sentence_rows_are_means_of_their_tokens(embedder: OnnxEmbedder) -> None:
    text = "Bees need water. Hives stand dry. Both are true."
    spans = [Span(0, 16), Span(17, 33), Span(34, 48)]
    [(_, rows)] = embedder.embed_passages([text], [spans])
    [encoding] = embedder._encode([text])
    [tokens] = embedder.token_vectors([encoding.ids])
    for row, span in zip(rows[1:], spans, strict=True):
        inside = [i for i, (a, b) in enumerate(encoding.offsets) if b > a and span.start <= a and b <= span.end]
        mean = tokens[inside].mean(axis=0)
        assert np.allclose(row, mean / np.linalg.norm(mean), atol=1e-5)


def test_tokens_are_counted_with_the_models_own_tokenizer(embedder: OnnxEmbedder) -> None:
    tokenizer = load_sentence_transformer(weights.minilm_path()).tokenizer
    assert embedder.count_tokens(TEXTS) == [len(ids) for ids in tokenizer(TEXTS, truncation=False)["input_ids"]]


def test_a_model_without_a_graph_runs_through_sentence_transformers(
    embedder: OnnxEmbedder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import rag.vectors as vectors
    from rag.vectors.graph import GraphError

    def refuse(path: Path) -> None:
        raise GraphError("its modules are Transformer, Dense")

    monkeypatch.setattr(vectors, "load_graph", refuse)
    slow = minilm("", Settings())
    assert isinstance(slow, ReferenceEmbedder)
    assert "slower: its modules are Transformer, Dense" in caplog.text
    assert slow.fingerprint != embedder.fingerprint
    assert (own_rows(slow, TEXTS[:3]) * own_rows(embedder, TEXTS[:3])).sum(axis=1).min() > 0.9999


def test_any_model_folder_can_be_named(embedder: OnnxEmbedder) -> None:
    same = sentence_transformers(str(weights.minilm_path()), Settings())
    assert same.fingerprint == embedder.fingerprint
    with pytest.raises(EmbedderError, match="no embedding model 'no/such-model' on this machine"):
        sentence_transformers("no/such-model", Settings())
    with pytest.raises(UsageError, match="name a model"):
        sentence_transformers("", Settings())


def test_a_cross_encoder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Here, beside the other models that sentence-transformers runs, for it takes seven seconds to import."""
    with pytest.raises(RagError, match="cannot be loaded"):
        CrossEncoder(str(tmp_path / "nothing")).rerank("q", [hit_of("A text.")])


def test_damaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.vectors.weights.weights_sha256", lambda path: "0" * 64)
    with pytest.raises(EmbedderError, match="are damaged"):
        minilm("", Settings())


def test_the_hash_of_weights_follows_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"one")
    first = weights.weights_sha256(model)
    assert first == weights.weights_sha256(model)
    (model / "model.safetensors").write_bytes(b"other")
    assert weights.weights_sha256(model) != first


def test_a_truncated_graph_in_the_cache_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = load_graph(weights.minilm_path())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "footnote" / "onnx" / known.folder.name
    older = folder.with_name(f"{folder.name.rpartition('-')[0]}-0")
    older.mkdir(parents=True)
    shutil.copytree(known.folder, folder)
    (folder / "weights.bin").write_bytes(b"half")
    again = load_graph(weights.minilm_path())
    assert again == replace(known, folder=folder)
    assert sum((again.folder / name).stat().st_size for name in ("model.onnx", "weights.bin")) == again.size > 1_000_000
    assert not older.exists(), "the graph of an older format is of no more use"


def test_rows_that_are_not_vectors_are_refused() -> None:
    for bad in (np.zeros((2, 4)), np.array([[1.0, np.nan]]), np.array([[np.inf, 0.0]])):
        with pytest.raises(EmbedderError, match="zero or not a number"):
            normalised(bad.astype(np.float32))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(0, 5), st.sampled_from(["mean", "cls"]), st.randoms(use_true_random=False))
def test_pooling_gives_one_unit_row_for_each_sentence(n_tokens: int, n_sentences: int, pooling: str, random) -> None:
    tokens = np.random.default_rng(random.randrange(2**32)).normal(size=(n_tokens, 8)).astype(np.float32) + 3
    offsets = [(3 * i, 3 * i + 2) for i in range(n_tokens)]
    bounds = sorted(random.randrange(0, 3 * n_tokens) for _ in range(2 * n_sentences))
    spans = [Span(bounds[2 * i], bounds[2 * i + 1]) for i in range(n_sentences)]
    rows = pool(tokens, offsets, spans, pooling)
    assert rows.shape == (1 + n_sentences, 8)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
