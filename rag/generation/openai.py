"""``openai:<model>``: any server that speaks OpenAI's chat protocol (Ollama, llama.cpp, vLLM, hosted).

The server is ``base_url`` (``RAG_BASE_URL``, or the client's own ``OPENAI_BASE_URL``); the key is read from
``OPENAI_API_KEY`` and kept nowhere. A server of one's own needs no key.
"""

from __future__ import annotations

import os
from collections.abc import Generator as Stream
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from rag.errors import GeneratorError, MissingExtra, UsageError
from rag.generation.chat import RemoteChat
from rag.generation.prompt import without_thoughts
from rag.generation.remote import ATTEMPTS, Remote, bounded

if TYPE_CHECKING:
    from rag.settings import Settings

__all__ = ["OpenAI", "openai"]


class OpenAI(RemoteChat):
    """A generator behind an OpenAI-compatible server."""

    def __init__(self, model: str, settings: Settings) -> None:
        super().__init__(f"openai:{model}", model, settings)
        self._base_url = settings.base_url or os.environ.get("OPENAI_BASE_URL", "")
        if self._base_url and not self._base_url.startswith(("http://", "https://")):
            raise UsageError(f"base_url must begin with http:// or https://, not {self._base_url[:60]!r}")
        self._key = os.environ.get("OPENAI_API_KEY", "")
        if not self._key and not self._base_url:
            raise GeneratorError(
                f"{self.name} needs a key in OPENAI_API_KEY, or a server of your own in RAG_BASE_URL "
                f"(for Ollama http://127.0.0.1:11434/v1)"
            )
        try:
            import openai as sdk
        except ImportError as error:
            raise MissingExtra(f"generator {self.name!r}", "openai") from error
        self._sdk: Any = sdk
        self._client = sdk.OpenAI(
            api_key=self._key or "none", base_url=self._base_url or None, timeout=self._timeout, max_retries=0
        )

    def _stream(
        self, chat: Sequence[dict[str, str]], tokens: int, timeout: float, attempts: int = ATTEMPTS
    ) -> Stream[str, None, None]:
        options: dict[str, Any] = {"temperature": 0, "timeout": timeout}
        options["max_tokens" if self._base_url else "max_completion_tokens"] = tokens
        where = f"{self.name} at {self._base_url}" if self._base_url else self.name
        remote = Remote(self._sdk, where, timeout, self._key, attempts)
        with closing(remote.stream(lambda: self._start(chat, options), _read)) as pieces:
            yield from bounded(without_thoughts(pieces), tokens)

    def _start(self, chat: Sequence[dict[str, str]], options: dict[str, Any]) -> Any:
        while True:
            try:
                return self._client.chat.completions.create(model=self._model, messages=chat, stream=True, **options)
            except self._sdk.BadRequestError as error:
                refused = [name for name in options if name != "timeout" and name in str(error)]
                if not refused:
                    raise
                for name in refused:  # some models take no temperature, some servers one limit only
                    del options[name]


def _read(response: Any) -> Iterator[str]:
    finished = False
    for chunk in response:
        for choice in (getattr(chunk, "choices", None) or [])[:1]:
            yield (choice.delta.content if choice.delta else None) or ""
            finished = finished or bool(choice.finish_reason)
    if not finished:
        raise EOFError("before the answer was complete")


def openai(argument: str, settings: Settings) -> OpenAI:
    """The generator for ``openai:<model>``.

    Raises:
        UsageError: no model is named.
        GeneratorError: there is neither a key nor a server.
        MissingExtra: the client is not installed.
    """
    if not argument:
        raise UsageError("openai needs the name of a model: write openai:MODEL, for example openai:llama3.2")
    return OpenAI(argument, settings)
