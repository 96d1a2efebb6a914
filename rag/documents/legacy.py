"""Office files of the nineties: .doc, .xls and .ppt.

LibreOffice converts them where it is installed, with headings and all. Without it, small readers of our own take
the words, table rows and slides out of the files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rag.documents.canonical import Writer
from rag.documents.compound import CompoundFile
from rag.documents.docx import Docx
from rag.documents.loading import FileLoader
from rag.documents.oldexcel import write_old_excel
from rag.documents.oldpowerpoint import write_old_powerpoint
from rag.documents.oldword import write_old_word
from rag.documents.pptx import Pptx
from rag.documents.xlsx import Xlsx
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["LegacyOffice", "find_office"]

_TARGETS = {".doc": "docx", ".dot": "docx", ".xls": "xlsx", ".xlt": "xlsx", ".ppt": "pptx", ".pps": "pptx",
            ".pot": "pptx"}  # fmt: skip
_MIMES = {"docx": "application/msword", "xlsx": "application/vnd.ms-excel", "pptx": "application/vnd.ms-powerpoint"}
_SECONDS = 16
# LibreOffice's own profile for a conversion: no macros, and nothing that a document links to is fetched.
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks"
 oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution"
 oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent"
 oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


def find_office() -> str:
    """LibreOffice's program, "" where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice") or ""


class LegacyOffice(FileLoader):
    """The loader for .doc, .xls and .ppt."""

    suffixes = tuple(_TARGETS)

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document."""
        target = _TARGETS[path.suffix.lower()] if path.suffix.lower() in _TARGETS else _kind(path)
        if program := find_office():
            try:
                yield self._converted(program, path, target)
                return
            except DocumentError:
                pass  # LibreOffice failed: our own reader says why, or reads it
        yield _read(path, target)

    def _converted(self, program: str, path: Path, target: str) -> Document:
        loaders: dict[str, Docx | Xlsx | Pptx] = {
            "docx": Docx("", self.settings),
            "xlsx": Xlsx("", self.settings),
            "pptx": Pptx("", self.settings),
        }
        with tempfile.TemporaryDirectory(prefix="footnote-office-") as folder:
            document = next(iter(loaders[target].load(_convert(program, path, target, Path(folder)))))
        return replace(document, metadata={**document.metadata, "mime": _MIMES[target]})


def _kind(path: Path) -> str:
    """What an OLE file without a telling name holds."""
    file = CompoundFile(path.read_bytes())
    if "Workbook" in file.paths:
        return "xlsx"
    return "pptx" if "PowerPoint Document" in file.paths else "docx"


def _read(path: Path, target: str) -> Document:
    """The file by our own readers."""
    file = CompoundFile(path.read_bytes())
    writer = Writer()
    title = ""
    if target == "docx":
        write_old_word(writer, file)
        title = writer.leading_heading
    elif target == "xlsx":
        write_old_excel(writer, file)
    else:
        title = write_old_powerpoint(writer, file)
    kind = {"docx": "word", "xlsx": "spreadsheet", "pptx": "slides"}[target]
    return writer.document(title, mime=_MIMES[target], kind=kind)


def _convert(program: str, path: Path, target: str, folder: Path) -> Path:
    """The file in its successor's format.

    Raises:
        DocumentError: LibreOffice fails or takes too long.
    """
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
    command = [
        program, "--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation={profile.parent.as_uri()}",
        "--convert-to", target, "--outdir", str(folder / "out"), str(path),
    ]  # fmt: skip
    try:
        home = {**os.environ, "HOME": str(folder)}  # nothing of the user's is read or written
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, env=home)
    except subprocess.TimeoutExpired as error:
        raise DocumentError(f"took LibreOffice more than {_SECONDS} seconds") from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise DocumentError("cannot be converted by LibreOffice") from error
    results = sorted((folder / "out").glob("*")) if (folder / "out").is_dir() else []
    if not results:
        raise DocumentError("cannot be converted by LibreOffice")
    return results[0]
