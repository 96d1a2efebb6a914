"""Office files of the nineties (.doc, .xls, .ppt): converted by LibreOffice where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rag.documents.docx import Docx
from rag.documents.loading import FileLoader
from rag.documents.pptx import Pptx
from rag.documents.xlsx import Xlsx
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["LegacyOffice", "find_office"]

_TARGETS = {".doc": "docx", ".dot": "docx", ".wpd": "docx", ".pages": "docx", ".xls": "xlsx", ".xlt": "xlsx",
            ".ppt": "pptx", ".pps": "pptx", ".pot": "pptx"}  # fmt: skip
_SECONDS = 60


def find_office() -> str:
    """LibreOffice's program, "" where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice") or ""


class LegacyOffice(FileLoader):
    """The loader for formats that only LibreOffice reads."""

    suffixes = tuple(_TARGETS)

    def load(self, path: Path) -> Iterator[Document]:
        """The file as LibreOffice converts it."""
        program = find_office()
        if not program:
            raise DocumentError(
                f"{path.suffix.lower()} files are read by LibreOffice, which is not installed: install it, "
                f"or save the file as .{_TARGETS.get(path.suffix.lower(), 'docx')}"
            )
        target = _TARGETS.get(path.suffix.lower(), "docx")
        with tempfile.TemporaryDirectory(prefix="footnote-office-") as folder:
            converted = _convert(program, path, target, Path(folder))
            loaders: dict[str, Docx | Xlsx | Pptx] = {
                "docx": Docx("", self.settings),
                "xlsx": Xlsx("", self.settings),
                "pptx": Pptx("", self.settings),
            }
            for document in loaders[target].load(converted):
                metadata = {**document.metadata, "mime": "application/octet-stream", "converted_by": "LibreOffice"}
                yield replace(document, metadata=metadata)


def _convert(program: str, path: Path, target: str, folder: Path) -> Path:
    command = [
        program, "--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--convert-to", target, "--outdir", str(folder / "out"), str(path),
    ]  # fmt: skip
    try:
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)
    except subprocess.TimeoutExpired as error:
        raise DocumentError(f"took LibreOffice more than {_SECONDS} seconds") from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise DocumentError("cannot be converted by LibreOffice") from error
    results = sorted((folder / "out").glob("*")) if (folder / "out").is_dir() else []
    if not results:
        raise DocumentError("cannot be converted by LibreOffice")
    return results[0]
