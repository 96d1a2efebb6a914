"""A causal language model in this process: a tiny one made here, and a real tiny one where it is present."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_model import make_tiny_model

from rag import plugins
from rag.errors import GeneratorError, UsageError
from rag.generation.rewriting import rewritten
from rag.plugins import Prompt
from rag.settings import Settings
from rag.testing import check_generator, hit_of
from rag.types import Turn

TEXT = "The pier was closed on 14 March 2023. It has eleven pillars."
PROMPT = Prompt("When was the pier closed?", "When was the pier closed?", (hit_of(TEXT),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def load(folder: Path, **values: Any) -> Any:
    return plugins.load("generators", f"transformers:{folder}", Settings(**values))


def test_it_streams_as_many_tokens_as_it_may(folder: Path) -> None:
    model = load(folder, answer_tokens=32)
    pieces = list(model.generate(PROMPT))
    assert len(pieces) > 1
    assert 0 < len("".join(pieces)) <= 32
    assert "".join(pieces) == "".join(model.generate(PROMPT)), "greedy: the same each time"
    assert model.context_tokens == 4096
    assert model.name == f"transformers:{folder}"


def test_it_keeps_the_contract_of_generators(folder: Path) -> None:
    check_generator(load(folder, answer_tokens=32))


def test_a_model_that_babbles_rewrites_nothing(folder: Path) -> None:
    model = load(folder)
    chat = [{"role": "system", "content": "Rewrite."}, {"role": "user", "content": "And in 2024?"}]
    assert 0 < len("".join(model.complete(chat, 8, 30))) <= 8
    assert rewritten(model, "Why?", [Turn("When was the pier closed?", "In March. [1]")], "by rule", 30) == "by rule"


def test_closing_the_answer_stops_the_model(folder: Path) -> None:
    model = load(folder, answer_tokens=400)
    pieces = model.generate(PROMPT)
    next(pieces)
    before = threading.active_count()
    pieces.close()
    assert threading.active_count() < before, "its thread is gone"
    again = model.generate(PROMPT)
    assert next(again), "and it can be asked again"
    again.close()


def test_the_prompt_fits_the_context_of_the_model(tmp_path: Path) -> None:
    model = load(make_tiny_model(tmp_path, reads=2048), answer_tokens=16)
    evidence = tuple(hit_of(f"{TEXT} " * 40, i) for i in range(1, 9))
    seen: list[int] = []
    run = model._run
    model._run = lambda inputs, n: (seen.append(inputs.shape[1] + n), run(inputs, n))[1]
    list(model.generate(Prompt("When? " * 300, "When?", evidence)))
    assert 1500 < seen[0] <= 2048


def test_a_model_without_a_chat_template_is_given_plain_text(tmp_path: Path) -> None:
    assert list(load(make_tiny_model(tmp_path, template=None), answer_tokens=16).generate(PROMPT))


def test_a_template_without_system_messages_gets_one_message(tmp_path: Path) -> None:
    template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + (
        "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    )
    assert list(load(make_tiny_model(tmp_path, template=template), answer_tokens=16).generate(PROMPT))


def test_a_context_that_is_too_small_is_said(tmp_path: Path) -> None:
    model = load(make_tiny_model(tmp_path, reads=128))
    with pytest.raises(GeneratorError, match="context is too small"):
        list(model.generate(PROMPT))


def test_what_is_no_model_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    for path in (tmp_path, tmp_path / "nowhere", Path("someone/some-model-that-is-not-here")):
        with pytest.raises(GeneratorError, match="nothing is downloaded") as caught:
            list(load(path).generate(PROMPT))
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="transformers:PATH"):
        plugins.load("generators", "transformers", Settings())


def test_a_failure_inside_the_model_is_an_error_here(folder: Path) -> None:
    model = load(folder, answer_tokens=16)
    list(model.generate(PROMPT))

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("out of memory\nreally")

    model._model.generate = fail
    with pytest.raises(GeneratorError, match="out of memory really"):
        list(model.generate(PROMPT))


def test_a_real_tiny_llama_tells_its_story(data: Path) -> None:
    if not (data / "tiny_llama").is_dir():
        pytest.skip("no tiny_llama among the development data")
    model = load(data / "tiny_llama", answer_tokens=40)
    model._load()
    start = model._tokenizer("", return_tensors="pt")["input_ids"]
    if not start.shape[1]:
        import torch

        start = torch.tensor([[model._model.config.bos_token_id]])
    assert "".join(model._run(start, 24)).startswith("Once upon a time, there was a little girl named Lily")
