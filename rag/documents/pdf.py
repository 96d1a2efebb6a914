"""PDF, by PDFium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rag.documents.canonical import Writer
from rag.documents.loading import FileLoader
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Pdf"]


class Pdf(FileLoader):
    """The loader for PDF files."""

    suffixes = (".pdf",)

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document with its pages."""
        import pypdfium2

        try:
            pdf = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise DocumentError("needs a password") from error
            raise DocumentError(f"is not a PDF that can be read: {error}") from error
        writer = Writer()
        for page in pdf:
            writer.page()
            writer.paragraph(page.get_textpage().get_text_bounded())
        fields = pdf.get_metadata_dict()
        yield writer.document(
            fields.get("Title", ""), mime="application/pdf", kind="pdf", author=fields.get("Author", "")
        )
