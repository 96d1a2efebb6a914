"""Every error Footnote raises on purpose, as one tree.

::

    RagError                     anything Footnote says no to; its text is one line for a person
    ├── UsageError               the call itself is wrong: unknown name, empty question, k < 1
    │   └── SettingsError        a flag, RAG_* variable or rag.toml value that cannot be used
    ├── DocumentError            one file cannot be read (a build reports it and goes on)
    ├── EmbedderError            weights missing, damaged or not loadable; vectors that are not numbers
    ├── IndexError_              the index as a whole
    │   ├── IndexMissing         there is no index where one was expected
    │   ├── IndexDamaged         recorded data does not match its checksum
    │   ├── IndexMismatch        built by another embedder or a newer format
    │   └── IndexBusy            another build holds the lock
    ├── GeneratorError           the generator cannot answer: no server, bad key, broken stream
    └── MissingExtra             an optional dependency is not installed

Each carries a one-line message that says what happened, why, and what to do. A command prints
that line and exits with ``exit_code``: 2 when the call has to change, 1 when the world has to.
"""

from __future__ import annotations

__all__ = [
    "DocumentError",
    "EmbedderError",
    "GeneratorError",
    "IndexBusy",
    "IndexDamaged",
    "IndexError_",
    "IndexMismatch",
    "IndexMissing",
    "MissingExtra",
    "RagError",
    "SettingsError",
    "UsageError",
]


class RagError(Exception):
    """The root of every error that Footnote raises on purpose."""

    exit_code = 1


class UsageError(RagError):
    """The caller asked for something that cannot be meant."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting has a value that cannot be used."""


class DocumentError(RagError):
    """A file cannot be turned into documents; the message is the reason shown for it."""


class EmbedderError(RagError):
    """An embedder cannot be loaded or returned something that is not a unit vector."""


class IndexError_(RagError):
    """The index cannot be used as it is."""


class IndexMissing(IndexError_):
    """No index was found."""


class IndexDamaged(IndexError_):
    """The record fails its integrity checks."""


class IndexMismatch(IndexError_):
    """The index was made by another embedder, or by a newer Footnote."""


class IndexBusy(IndexError_):
    """Another process is building this index."""


class GeneratorError(RagError):
    """A generator failed before or while it wrote."""


class MissingExtra(RagError):
    """A feature needs a package that is not installed."""

    def __init__(self, feature: str, package: str) -> None:
        # the package itself, not an extra of ours: the name "footnote" belongs to someone else on PyPI
        super().__init__(f"{feature} needs a package that is not installed: pip install {package}")
