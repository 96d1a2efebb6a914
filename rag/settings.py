"""One frozen ``Settings``: what every part is told, from one place.

A value comes from the first of these that has it: a command's flag (or a keyword argument in Python),
an environment variable ``RAG_<NAME>``, ``rag.toml`` in the working directory or ``[tool.rag]`` in its
``pyproject.toml``, and the default below. Keys of remote services are not settings: they are read from
the environment by the component that needs them and are never stored or shown.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from rag.errors import SettingsError

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen. Fields are documented where they stand."""

    # where things are
    index: str = "index"  # folder of the built index
    corpus: str = "corpus"  # folder that people drop documents in

    # documents -> passages
    comments: bool = False  # also read comments and deleted words of office files
    encoding: str = "footnote"  # tiktoken encoding that sizes passages and prompts
    passage_tokens: int = 250  # a passage is at most this long (FACTS.md, 2: 250 beat 128, 200, 400)
    threads: int = 0  # cores used for embedding; 0 = all there are

    # components, as name or name:argument (see rag plugins)
    chunker: str = "paragraphs"
    embedder: str = ""  # "" = the one the index was built with; minilm for a new index
    reranker: str = "features"
    reader: str = "minilm"  # reads the best sentences together with the question; none saves some 50 ms an answer
    generator: str = "extractive"

    # answers
    k: int = 8  # passages given to the generator
    strictness: float = 0.5  # 0 answers always, 1 only when certain; 0.5 is the calibrated threshold
    unsupported: str = "strike"  # what becomes of a sentence without support: strike, drop or keep

    # language-model servers (openai:<model>)
    base_url: str = ""  # an OpenAI-compatible server; "" = the client's own default
    context_tokens: int = 4096  # what the model reads, when it does not say so itself
    answer_tokens: int = 512  # what it may write
    timeout: float = 60.0  # seconds without a sign of life before a server counts as gone
    rewrite: float = 5.0  # seconds that a language model may take to rewrite a follow-up; 0 = it is not asked

    # web chat
    host: str = "127.0.0.1"
    port: int = 7860

    @classmethod
    def load(cls, folder: str | Path = ".", **flags: Any) -> Settings:
        """Settings from flags, environment and files, in this order; a flag of None is not given.

        Raises:
            SettingsError: an unknown name, or a value that is not of the field's type.
        """
        merged: dict[str, Any] = {}
        for origin, values in (
            *_files(Path(folder)),
            ("environment", _environment()),
            ("flags", {name: value for name, value in flags.items() if value is not None}),
        ):
            for name, value in values.items():
                merged[name] = _checked(name, value, origin)
        settings = cls(**merged)
        settings._validate()
        return settings

    def _validate(self) -> None:
        for name, low, high in (
            ("passage_tokens", 32, 8192),
            ("k", 1, 100),
            ("strictness", 0.0, 1.0),
            ("threads", 0, 1024),
            ("port", 0, 65535),
            ("context_tokens", 512, 10_000_000),
            ("answer_tokens", 16, 1_000_000),
            ("timeout", 0.1, 86_400.0),
            ("rewrite", 0.0, 3_600.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(f"{name} must be between {low} and {high}, not {value}")
        if self.unsupported not in ("strike", "drop", "keep"):
            raise SettingsError(f"unsupported must be strike, drop or keep, not {self.unsupported!r}")


_TYPES = get_type_hints(Settings)
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _files(folder: Path) -> list[tuple[str, Mapping[str, Any]]]:
    found: list[tuple[str, Mapping[str, Any]]] = []
    for name, keys in (("pyproject.toml", ("tool", "rag")), ("rag.toml", ())):
        path = folder / name
        try:
            table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SettingsError(f"{path} cannot be read: {error}") from error
        for key in keys:
            table = table.get(key, {})
        found.append((str(path), table))
    return found


def _environment() -> dict[str, str]:
    names = {field.name for field in fields(Settings)}
    return {
        name: value
        for key, value in os.environ.items()
        if key.startswith("RAG_") and (name := key[4:].lower()) in names
    }


def _checked(name: str, value: Any, origin: str) -> Any:
    if name not in _TYPES:
        known = ", ".join(sorted(_TYPES))
        raise SettingsError(f"{origin}: there is no setting {name!r}; known: {known}")
    wanted = _TYPES[name]
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, wanted) and not (wanted is int and isinstance(value, bool)):
        return value
    if isinstance(value, str) and wanted is bool and value.lower() in _SWITCH:
        return _SWITCH[value.lower()]
    if isinstance(value, str) and wanted in (int, float):
        try:
            return wanted(value)
        except ValueError:
            pass
    raise SettingsError(f"{origin}: {name} must be of type {wanted.__name__}, not {value!r}")
