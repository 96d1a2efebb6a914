"""Reading many files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rag.documents.reading import read
from rag.documents.walk import File
from rag.errors import DocumentError
from rag.types import Document

if TYPE_CHECKING:
    from types import TracebackType

    from rag.settings import Settings

__all__ = ["Reader"]


class Reader:
    """Reads files in order; a context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def read_all(self, files: Iterable[File]) -> Iterator[tuple[File, list[Document] | DocumentError]]:
        """Each file with its documents, or with the reason why it has none, in the order given."""
        for file in files:
            try:
                yield file, read(file, settings=self._settings)
            except DocumentError as error:
                yield file, error
