"""Pictures of text, read by tesseract where it is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rag.documents.canonical import Writer
from rag.documents.loading import FileLoader
from rag.documents.ocr import recognise
from rag.types import Document

__all__ = ["Image", "write_recognised"]

_LINE_HYPHEN = re.compile(r"(\w)-\n([a-zà-ÿ])")


class Image(FileLoader):
    """The loader for pictures."""

    suffixes = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif")

    def load(self, path: Path) -> Iterator[Document]:
        """The words on the picture as one document."""
        writer = Writer()
        writer.page()
        write_recognised(writer, recognise(path.read_bytes()))
        yield writer.document("", mime=f"image/{path.suffix.lower().lstrip('.')}", kind="picture")


def write_recognised(writer: Writer, text: str) -> None:
    """Write what was read off a picture, paragraph by paragraph, with a warning that it may be wrong."""
    for paragraph in re.split(r"\n\s*\n", text):
        joined = _LINE_HYPHEN.sub(r"\1\2", paragraph.strip())
        writer.paragraph(joined.replace("\n", " "))
    if writer.n_characters:
        writer.warn("its text was recognised by a machine and may hold errors")
