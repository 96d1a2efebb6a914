"""Jupyter notebooks: text cells rendered, code as it is, and what the code printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from rag.documents.canonical import Writer, clean
from rag.documents.encodings import decode
from rag.documents.loading import FileLoader
from rag.documents.markdown import write_markdown
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Notebook"]

MAX_OUTPUT = 20_000


class Notebook(FileLoader):
    """The loader for notebooks."""

    suffixes = (".ipynb",)

    def load(self, path: Path) -> Iterator[Document]:
        """The notebook as one document."""
        text, encoding, warnings = decode(path.read_bytes())
        try:
            notebook = json.loads(text)
        except RecursionError as error:
            raise DocumentError("is nested too deeply") from error
        except ValueError as error:
            raise DocumentError(f"is not valid JSON: {error}") from error
        cells = notebook.get("cells") if isinstance(notebook, dict) else None
        if cells is None and isinstance(notebook, dict):  # before version 4
            sheets = notebook.get("worksheets")
            cells = [cell for sheet in sheets for cell in sheet.get("cells", ())] if _are_objects(sheets) else None
        if not isinstance(cells, list):
            raise DocumentError("is not a notebook: it has no cells")
        writer = Writer()
        title = ""
        for cell in cells:
            if not isinstance(cell, dict):
                continue
            source = _joined(cell.get("source") or cell.get("input"))
            if cell.get("cell_type") == "heading":
                writer.heading(source, 1)
            elif cell.get("cell_type") == "markdown":
                heading = write_markdown(writer, source)
                title = title or heading
            elif cell.get("cell_type") == "code":
                writer.code(source)
                for output in cell.get("outputs") or ():
                    writer.code(_output(output)[:MAX_OUTPUT])
            else:
                writer.paragraph(source)
        yield writer.document(
            title, mime="application/x-ipynb+json", kind="notebook", encoding=encoding, warnings=warnings
        )


def _are_objects(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _joined(source: Any) -> str:
    if isinstance(source, list):
        return clean("".join(part for part in source if isinstance(part, str)))
    return clean(source) if isinstance(source, str) else ""


def _output(output: Any) -> str:
    """The text of an output; pictures and HTML are left out."""
    if not isinstance(output, dict):
        return ""
    data = output.get("data")
    return _joined(output.get("text") or (data.get("text/plain") if isinstance(data, dict) else ""))
