"""Outlook messages (.msg): subject, people, body and attachments, which [MS-OXMSG] keeps as numbered streams."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rag.documents.canonical import Writer, one_line
from rag.documents.compound import CompoundFile
from rag.documents.html import write_html
from rag.documents.loading import FileLoader
from rag.documents.mail import write_mail_text
from rag.plugins import Part
from rag.types import Document

__all__ = ["Outlook"]


class Outlook(FileLoader):
    """The loader for Outlook messages."""

    suffixes = (".msg",)

    def load(self, path: Path) -> Iterator[Document | Part]:
        """The message as a document, then its attachments."""
        file = CompoundFile(path.read_bytes())
        subject, body = file.text("", "0037"), file.text("", "1000")
        html = file.read("__substg1.0_10130102")
        sender = " ".join(
            filter(None, (file.text("", "0C1A"), _address(file.text("", "5D01") or file.text("", "0C1F"))))
        )
        writer = Writer()
        writer.heading(subject, 1)
        for name, value in (("From", sender), ("To", file.text("", "0E04")), ("Cc", file.text("", "0E03"))):
            if value.strip("\0 "):
                writer.item(f"{name}: {value}")
        if body.strip("\0 \r\n"):
            write_mail_text(writer, body)
        elif html:
            write_html(writer, html.decode("utf-8", "replace"))
        yield writer.document(
            one_line(subject), mime="application/vnd.ms-outlook", kind="mail", author=one_line(sender)
        )
        folders = sorted({name.split("/")[0] for name in file.paths if name.startswith("__attach_version1.0_#")})
        for number, folder in enumerate(folders[:500], 1):
            name = file.text(folder + "/", "3707") or file.text(folder + "/", "3704") or f"attachment {number}"
            data = file.read(folder + "/__substg1.0_37010102")
            if data:
                yield Part(one_line(name).replace("/", "_"), data)


def _address(text: str) -> str:
    return f"<{one_line(text)}>" if "@" in text else ""
