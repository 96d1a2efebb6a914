"""``transformers:<model or path>``: a causal language model in this process, on a GPU when there is one.

Offline only: the model is a folder or already in the Hugging Face cache. Weights are read from
safetensors, nothing the model brings is executed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator as Stream
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rag.errors import GeneratorError, UsageError
from rag.generation.prompt import messages, without_thoughts
from rag.plugins import Prompt

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["Transformers", "transformers"]


class Transformers:
    """A generator in this process. The model is loaded at the first answer; answers take turns."""

    def __init__(self, model: str, settings: Settings) -> None:
        self.name = f"transformers:{model}"
        self.context_tokens = settings.context_tokens
        self._path = model
        self._settings = settings
        self._lock = threading.Lock()
        self._model: Any = None
        self._tokenizer: Any = None

    def generate(self, prompt: Prompt) -> Iterator[str]:
        """The model's answer as it comes; closing the iterator stops the model.

        Raises:
            GeneratorError: the model is not here, cannot be loaded, or failed.
        """
        with self._lock:
            if self._model is None:
                self._load()
            answer_tokens = min(self._settings.answer_tokens, self.context_tokens // 4)
            budget = self.context_tokens - answer_tokens - 32  # the chat template's own tokens
            inputs = self._encoded(messages(prompt, budget, self._length))
            yield from without_thoughts(self._run(inputs, answer_tokens))

    def complete(self, chat: Sequence[dict[str, str]], tokens: int, seconds: float) -> Stream[str, None, None]:
        """What the model says to ``chat``; closing the iterator stops the model.

        Raises:
            GeneratorError: the model is not here, cannot be loaded, or failed.
        """
        with self._lock:
            if self._model is None:
                self._load()
            yield from without_thoughts(self._run(self._encoded(chat), tokens))

    def _load(self) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # of loading; what this process prints is its own
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(self._path, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(
                self._path, local_files_only=True, use_safetensors=True, dtype="auto"
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise GeneratorError(
                f"{self.name} cannot be loaded ({_line(error)}): name a folder with a causal language model "
                f"in Hugging Face form, or one that is already in the cache; nothing is downloaded"
            ) from error
        self._model = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        reads = getattr(model.config, "max_position_embeddings", None)
        self.context_tokens = min(reads or self.context_tokens, max(self.context_tokens, 4096))

    def _length(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _encoded(self, chat: Sequence[dict[str, str]]) -> Any:
        """The chat as token ids, by the model's own template where it has one."""
        if not getattr(self._tokenizer, "chat_template", None):
            text = "\n\n".join(message["content"] for message in chat) + "\n\nAnswer:"
            return self._tokenizer(text, return_tensors="pt")["input_ids"]
        from jinja2 import TemplateError

        system, first, *others = chat
        merged = {"role": "user", "content": f"{system['content']}\n\n{first['content']}"}
        for form in (chat, [merged, *others]):  # some templates know no system message
            try:
                return self._tokenizer.apply_chat_template(
                    form, add_generation_prompt=True, return_tensors="pt", return_dict=True
                )["input_ids"]
            except TemplateError as error:
                problem = error
        raise GeneratorError(f"{self.name} has a chat template that does not work: {_line(problem)}")

    def _run(self, inputs: Any, answer_tokens: int) -> Iterator[str]:
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

        stopped = threading.Event()
        failures: list[BaseException] = []

        class Stop(StoppingCriteria):  # type: ignore[misc]
            def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
                return torch.full((input_ids.shape[0],), stopped.is_set(), device=input_ids.device)

        streamer = TextIteratorStreamer(
            self._tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=self._settings.timeout
        )

        def work() -> None:
            try:
                ids = inputs.to(self._model.device)
                self._model.generate(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=answer_tokens,
                    do_sample=False,
                    streamer=streamer,
                    stopping_criteria=StoppingCriteriaList([Stop()]),
                    pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id or 0,
                )
            except Exception as error:  # noqa: BLE001  whatever it is, it happened in a thread: told below
                failures.append(error)
                streamer.end()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield from streamer
        except queue.Empty:
            raise GeneratorError(f"{self.name} wrote nothing for {self._settings.timeout:g} s") from None
        finally:
            stopped.set()
            thread.join(timeout=self._settings.timeout)
        if failures:
            raise GeneratorError(f"{self.name} failed: {_line(failures[0])}") from failures[0]


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def transformers(argument: str, settings: Settings) -> Transformers:
    """The generator for ``transformers:<model or path>``.

    Raises:
        UsageError: no model is named.
    """
    if not argument:
        raise UsageError("transformers needs a model: write transformers:PATH, a folder in Hugging Face form")
    return Transformers(argument, settings)
