"""What the generators behind a remote chat service share: the prompt they send, and one question without retries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator as Stream
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rag.generation.prompt import messages
from rag.generation.remote import ATTEMPTS
from rag.passages.encoding import encoding
from rag.plugins import Prompt

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["RemoteChat"]

_MARGIN = 0.9  # our token counts are not the model's own


class RemoteChat(ABC):
    """A generator behind a service that takes chat messages and streams its answer."""

    def __init__(self, name: str, model: str, settings: Settings) -> None:
        self.name = name
        self.context_tokens = settings.context_tokens
        self._model = model
        self._answer_tokens = min(settings.answer_tokens, settings.context_tokens // 2)
        self._timeout = settings.timeout
        self._count = encoding(settings.encoding)

    def generate(self, prompt: Prompt) -> Iterator[str]:
        """The model's answer as it comes; closing the iterator closes the connection.

        Raises:
            GeneratorError: the service cannot be reached, refuses, or breaks off.
        """
        budget = int(_MARGIN * (self.context_tokens - self._answer_tokens))
        chat = messages(prompt, budget, lambda text: len(self._count.encode_ordinary(text)))
        yield from self._stream(chat, self._answer_tokens, self._timeout)

    def complete(self, chat: Sequence[dict[str, str]], tokens: int, seconds: float) -> Stream[str, None, None]:
        """What the model says to ``chat``; it is asked once.

        Raises:
            GeneratorError: the service cannot be reached, refuses, or breaks off.
        """
        yield from self._stream(chat, tokens, seconds, attempts=1)

    @abstractmethod
    def _stream(
        self, chat: Sequence[dict[str, str]], tokens: int, timeout: float, attempts: int = ATTEMPTS
    ) -> Stream[str, None, None]:
        """The words that the service sends, ``tokens`` of them at most."""
