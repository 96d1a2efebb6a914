"""``anthropic:<model>``: Anthropic's own protocol, for the key in ``ANTHROPIC_API_KEY``."""

from __future__ import annotations

import os
from collections.abc import Generator as Stream
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from rag.errors import GeneratorError, MissingExtra, UsageError
from rag.generation.chat import RemoteChat
from rag.generation.remote import ATTEMPTS, Remote, bounded

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["Anthropic", "anthropic"]


class Anthropic(RemoteChat):
    """A generator behind Anthropic's API (or a server of that protocol, named by ``ANTHROPIC_BASE_URL``)."""

    def __init__(self, model: str, settings: Settings) -> None:
        super().__init__(f"anthropic:{model}", model, settings)
        self._key = os.environ.get("ANTHROPIC_API_KEY", "")
        if not self._key:
            raise GeneratorError(f"{self.name} needs a key in ANTHROPIC_API_KEY")
        try:
            import anthropic as sdk
        except ImportError as error:
            raise MissingExtra(f"generator {self.name!r}", "anthropic") from error
        self._sdk: Any = sdk
        self._client = sdk.Anthropic(api_key=self._key, timeout=self._timeout, max_retries=0)

    def _stream(
        self, chat: Sequence[dict[str, str]], tokens: int, timeout: float, attempts: int = ATTEMPTS
    ) -> Stream[str, None, None]:
        system, *others = chat

        def start() -> Any:
            return self._client.messages.create(
                model=self._model,
                system=system["content"],
                messages=others,
                max_tokens=tokens,
                stream=True,
                timeout=timeout,
            )

        remote = Remote(self._sdk, self.name, timeout, self._key, attempts)
        with closing(remote.stream(start, _read)) as pieces:
            yield from bounded(pieces, tokens)


def _read(response: Any) -> Iterator[str]:
    finished = False
    for event in response:
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            yield event.delta.text
        finished = finished or event.type == "message_stop"
    if not finished:
        raise EOFError("before the answer was complete")


def anthropic(argument: str, settings: Settings) -> Anthropic:
    """The generator for ``anthropic:<model>``.

    Raises:
        UsageError: no model is named.
        GeneratorError: there is no key.
        MissingExtra: the client is not installed.
    """
    if not argument:
        raise UsageError("anthropic needs the name of a model: write anthropic:MODEL")
    return Anthropic(argument, settings)
