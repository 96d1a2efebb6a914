"""Sentences read together with the question: what the model sees, says, and how it is heard."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest

from rag import Settings, plugins
from rag.errors import UsageError
from rag.generation import marking, reader
from rag.generation.abstention import confidence
from rag.generation.choice import read
from rag.generation.reader import encode, opened
from rag.generation.spans import Fact
from rag.plugins import Read
from rag.testing import hit_of
from rag.vectors import weights
from rag.vectors.graph import GraphError

QUESTION = "Who founded the company?"
SENTENCES = (
    "The company is in Bergen.",
    "It was Ida Holm who founded the firm in 1987.",
    "Its ferries are painted blue.",
)


def test_the_model_sees_question_place_sentence_before_and_sentence() -> None:
    tokenizer = opened(0).tokenizer
    seen = encode(tokenizer, "Who founded it?", "History", "Bergen Ferries is old.", "Ida Holm founded it.")
    assert (
        tokenizer.decode(seen.ids, skip_special_tokens=False)
        == "[CLS] who founded it? [SEP] history bergen ferries is old. ida holm founded it. [SEP]"
    )
    sentence = "Ida Holm founded it."
    assert [sentence[a:b] for a, b in seen.offsets] == ["Ida", "Holm", "founded", "it", "."]
    assert seen.first + len(seen.offsets) + 1 == len(seen.ids)


def test_what_is_too_long_is_cut_to_what_the_model_reads() -> None:
    seen = encode(opened(0).tokenizer, "who " * 999, "where " * 999, "before " * 999, "word " * 9999)
    assert len(seen.ids) <= 256
    assert len(seen.offsets) > 50


def test_it_tells_which_sentence_answers_and_which_words() -> None:
    told = opened(0).read(QUESTION, [("", "", sentence) for sentence in SENTENCES])
    assert np.argmax([one.answers for one in told]) == 1
    best = told[1]
    a, b = best.offsets[int(np.argmax(best.starts))][0], best.offsets[int(np.argmax(best.ends))][1]
    assert SENTENCES[1][a:b] == "Ida Holm"
    assert np.exp(best.starts).sum() == pytest.approx(1, abs=1e-4)
    assert np.exp(best.ends).sum() == pytest.approx(1, abs=1e-4)


def test_a_sentence_without_words_answers_nothing() -> None:
    [told] = opened(0).read(QUESTION, [("", "", "\u200b \u200b")])
    assert told == Read(-8.0, (), (), ())


def test_one_sentence_is_read_as_among_others() -> None:
    together = opened(0).read(QUESTION, [("", "", sentence) for sentence in SENTENCES])
    for sentence, told in zip(SENTENCES, together, strict=True):
        [alone] = opened(0).read(QUESTION, [("", "", sentence)])
        assert alone.answers == pytest.approx(told.answers, abs=1e-4)


def test_its_weights_are_the_embedders_and_the_product_of_two_small_matrices() -> None:
    import torch
    from transformers import AutoModel

    plain = AutoModel.from_pretrained(weights.minilm_path(), local_files_only=True).eval()
    with np.load(reader.CHANGES, allow_pickle=False) as changes, torch.inference_mode():
        for name in changes.files:
            if name.endswith(".a"):
                b = changes[name[:-1] + "b"].astype(np.float32)
                product = torch.from_numpy(b @ changes[name].astype(np.float32))
                plain.get_submodule(name[:-2]).weight += product
        head, bias = changes["rank.weight"].astype(np.float32)[0], float(changes["rank.bias"][0])
        seen = encode(opened(0).tokenizer, QUESTION, "", "", SENTENCES[1])
        vectors = plain(torch.tensor([seen.ids])).last_hidden_state[0].numpy()
    wanted = np.concatenate([vectors[0], vectors[seen.first : -1].mean(0)]) @ head + bias
    [told] = opened(0).read(QUESTION, [("", "", SENTENCES[1])])
    assert told.answers == pytest.approx(float(wanted), abs=1e-3)


class Scripted:
    """Says what it is told of each sentence."""

    name = "scripted"

    def __init__(self, **logits: float) -> None:
        self.logits, self.asked = logits, 0

    def read(self, question: str, sentences: Sequence[tuple[str, str, str]]) -> list[Read]:
        self.asked += len(sentences)
        return [self._read(sentence) for _, _, sentence in sentences]

    def _read(self, sentence: str) -> Read:
        logit = next(value for word, value in self.logits.items() if word in sentence)
        return Read(logit, [(0, len(sentence))], [0.0], [0.0])


def test_the_reader_moves_sentences_and_confidence() -> None:
    evidence = [hit_of("Mills grind grain by water. Mills grind grain by wind. Bread is baked at dawn.")]
    question = "How do mills grind grain?"
    by_water = read(question, evidence, reader=Scripted(water=5.0, wind=-5.0, Bread=-5.0))
    by_wind = read(question, evidence, reader=Scripted(water=-5.0, wind=5.0, Bread=-5.0))
    assert "water" in by_water.candidates[by_water.ranked[0]].text
    assert "wind" in by_wind.candidates[by_wind.ranked[0]].text
    doubted = read(question, evidence, reader=Scripted(water=-5.0, wind=-5.0, Bread=-5.0))
    assert confidence(doubted) < confidence(by_water)


def test_only_the_best_sentences_are_read() -> None:
    text = " ".join(f"Mills number {n} grind grain by water." for n in range(20))
    scripted = Scripted(Mills=0.0)
    found = read("How do mills grind grain?", [hit_of(text)], reader=scripted)
    assert len(found.candidates) == 20
    assert scripted.asked == len(found.reads) == 3


def test_a_fact_is_as_likely_as_its_first_and_last_piece() -> None:
    told = Read(0.0, [(0, 3), (4, 8), (9, 16)], [-0.5, -1.0, -9.0], [-9.0, -0.25, -2.0])
    assert marking.said_by(told, Fact(0, 8, "name", ())) == -0.75
    assert marking.said_by(told, Fact(9, 16, "words", ())) == -11.0
    assert marking.said_by(told, Fact(20, 30, "words", ())) == -16.0


def test_readers_by_name() -> None:
    assert plugins.names("readers") == ["minilm", "none"]
    assert plugins.load("readers", "minilm", Settings()) is opened(0)
    assert plugins.load("readers", "none", Settings()) is None
    with pytest.raises(UsageError, match="the reader minilm takes no argument"):
        plugins.load("readers", "minilm:large", Settings())
    with pytest.raises(UsageError, match="there is no reader named 'maxilm'; known: minilm, none"):
        plugins.load("readers", "maxilm", Settings())


def test_without_its_graph_answers_go_without_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise GraphError("it cannot be exported")

    opened.cache_clear()
    monkeypatch.setattr(reader, "load_graph", broken)
    with caplog.at_level(logging.WARNING):
        assert reader.minilm("", Settings()) is None
    assert "answers are chosen without the reader: it cannot be exported" in caplog.text
