"""What one file turns out to hold, added up document by document while it is being read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rag.documents import File
from rag.types import Document, FileReport

__all__ = ["Place", "Tally"]

Place = tuple[str, int, str]  # a document in a file: its source, its number, its collection


@dataclass(slots=True)
class Tally:
    """The documents of a file without their texts."""

    places: list[Place] = field(default_factory=list)
    n_pages: int = 0
    n_characters: int = 0
    _facts: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, document: Document, number: int) -> None:
        """Count a document that is recorded under ``number``."""
        self.places.append((document.source, number, document.collection))
        self.n_pages += len(document.page_starts)
        self.n_characters += len(document.text)
        self._facts.append(document.metadata)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the documents."""
        return [number for _, number, _ in self.places]

    def report(self, file: File, n_passages: int, seconds: float) -> FileReport:
        """What is said of the file, which holds one document at least."""
        first = self._facts[0]
        warnings = [str(warning) for facts in self._facts for warning in facts.get("warnings", ())]
        return FileReport(
            source=file.source,
            status="indexed",
            n_documents=len(self.places),
            n_passages=n_passages,
            n_pages=self.n_pages,
            n_characters=self.n_characters,
            warnings=tuple(dict.fromkeys(warnings)),
            kind=str(first.get("kind", "")) or file.path.suffix.lstrip(".").lower(),
            seconds=round(seconds, 3),
            language=str(first.get("language", "")),
            encoding=str(first.get("encoding", "")),
        )
