"""Mail: who wrote what to whom and when, the text, and attachments as documents of their own."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime
from pathlib import Path

from rag.documents.canonical import Writer, clean, one_line
from rag.documents.encodings import decode
from rag.documents.html import write_html
from rag.documents.loading import FileLoader
from rag.errors import DocumentError
from rag.plugins import Part
from rag.types import Document

__all__ = ["Mail", "Mailbox", "WebArchive", "write_mail_text"]

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_QUOTE = re.compile(r"^\s*>")
_APPLE_LENGTH = re.compile(rb"^(\d{1,9})[ \t]*\r?\n")
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
MAX_MESSAGES = 20_000


class Mail(FileLoader):
    """The loader for one message in a file."""

    suffixes = (".eml", ".emlx")

    def load(self, path: Path) -> Iterator[Document | Part]:
        """The message as a document, then its attachments."""
        data = path.read_bytes()
        if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:40]:  # saved as UTF-16
            data = decode(data)[0].encode("utf-8", "replace")
        if path.suffix.lower() == ".emlx" and (match := _APPLE_LENGTH.match(data)):
            data = data[match.end() : match.end() + int(match[1])]
        yield from _message(data.lstrip(b"\xef\xbb\xbf\r\n"), "")


class Mailbox(FileLoader):
    """The loader for many messages in one file."""

    suffixes = (".mbox", ".mbx")

    def load(self, path: Path) -> Iterator[Document | Part]:
        """Each message as a document, with its attachments."""
        messages = re.split(rb"(?:\A|\r?\n\r?\n)From [^\r\n]*\r?\n", path.read_bytes())
        for number, data in enumerate(messages[1 : MAX_MESSAGES + 1], 1):
            try:
                yield from _message(re.sub(rb"^>(>*From )", rb"\1", data, flags=re.MULTILINE), str(number))
            except DocumentError:
                continue  # a message without text


class WebArchive(FileLoader):
    """The loader for web pages saved with their pictures (MHTML)."""

    suffixes = (".mht", ".mhtml")

    def load(self, path: Path) -> Iterator[Document]:
        """The page as one document."""
        message = _parse(path.read_bytes())
        for part in message.walk():
            if part.get_content_type() in ("text/html", "application/xhtml+xml"):
                writer = Writer()
                fields = write_html(writer, _content(part), whole=False)
                url = one_line(str(message.get("Snapshot-Content-Location", "")))
                title = fields.pop("title", "") or one_line(_header(message, "Subject"))
                yield writer.document(title, mime="multipart/related", kind="web page", **{"url": url, **fields})
                return
        raise DocumentError("holds no web page")


def _parse(data: bytes) -> Message:
    try:
        return email.message_from_bytes(data, policy=email.policy.compat32)
    except (ValueError, LookupError, RecursionError) as error:
        raise DocumentError("is not a mail message that can be read") from error


def _header(message: Message, name: str) -> str:
    """A header, decoded; what cannot be decoded is shown as it is."""
    from email.header import decode_header

    raw = str(message.get(name, ""))
    parts = []
    try:
        for words, charset in decode_header(raw):
            if isinstance(words, bytes):
                parts.append(decode(words, charset or "")[0] if words.strip() else " ")
            else:
                parts.append(words)
    except (ValueError, LookupError, DocumentError):
        return one_line(raw)
    return one_line("".join(parts))


def _message(data: bytes, name: str) -> Iterator[Document | Part]:
    message = _parse(data)
    headers = {header: _header(message, header) for header in _HEADERS}
    if not headers["From"] and not headers["Subject"] and not headers["To"]:
        raise DocumentError("is not a mail message: it has no sender, recipient or subject")
    writer = Writer()
    if headers["Subject"]:
        writer.heading(headers["Subject"], 1)
    for header in _HEADERS[:4]:
        if headers[header]:
            writer.item(f"{header}: {headers[header]}")
    attachments: list[Part] = []
    body = None if message.get_content_type() == "multipart/encrypted" else _best_body(message)
    if body is not None:
        if body.get_content_subtype() == "html":
            write_html(writer, _content(body))
        else:
            write_mail_text(writer, _content(body))
    is_sealed = message.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime")
    if is_sealed:
        writer.warn("the message is encrypted: only its headers were read")
    for number, part in enumerate(() if is_sealed else _leaves(message), 1):
        if part is not body and part.get_content_maintype() != "multipart" and _is_attachment(part, body):
            attachments.append(_attachment(part, number))
    document = writer.document(
        headers["Subject"],
        mime="message/rfc822",
        kind="mail",
        author=headers["From"],
        date=_date(headers["Date"]),
        attachments=[inner.name for inner in attachments],
    )
    yield Document(name, document.text, document.title, headings=document.headings, blocks=document.blocks,
                   metadata=document.metadata)  # fmt: skip
    for inner in attachments:
        yield Part(f"{name}/{inner.name}" if name else inner.name, inner.data)


def _leaves(message: Message) -> Iterator[Message]:
    """Parts in order; a message inside the message is one part."""
    if message.get_content_maintype() == "multipart" and isinstance(message.get_payload(), list):
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _best_body(message: Message) -> Message | None:
    """The plain text of the message, else its HTML; attachments are not it."""
    candidates = [
        part
        for part in _leaves(message)
        if part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"
    ]
    found = {
        kind: part
        for part in reversed(candidates)
        if (kind := part.get_content_subtype()) in ("plain", "html") and _content(part).strip()
    }
    plain, html = found.get("plain"), found.get("html")
    if plain is None or html is None:
        return plain or html or (candidates[0] if candidates else None)
    return html if _only_points_to(_content(plain), _content(html)) else plain


def _only_points_to(plain: str, html: str) -> bool:
    """Whether the plain text says no more than that there is a page to be looked at."""
    if len(plain) > 300:
        return False
    writer = Writer()
    write_html(writer, html)
    return writer.n_characters > max(2 * len(plain), len(plain) + 40)


def _is_attachment(part: Message, body: Message | None) -> bool:
    """Whether a part is a document of its own rather than another form of the body or a picture in it."""
    if part.get_content_disposition() == "attachment" or part.get_content_type() == "message/rfc822":
        return True
    if part.get_content_maintype() == "image" and part.get("Content-ID"):
        return False
    if part.get_filename():
        return True
    return body is not None and part.get_content_subtype() == body.get_content_subtype() == "plain"


def _attachment(part: Message, number: int) -> Part:
    name = one_line(_decoded_name(part)).replace("/", "_").replace("\\", "_")
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        data = inner[0].as_bytes() if isinstance(inner, list) and isinstance(inner[0], Message) else b""
        return Part(name or f"message {number}.eml", data)
    payload = part.get_payload(decode=True)
    suffix = {"plain": ".txt", "html": ".html", "csv": ".csv"}.get(part.get_content_subtype(), "")
    return Part(name or f"part {number}{suffix}", payload if isinstance(payload, bytes) else b"")


def _decoded_name(part: Message) -> str:
    name = part.get_filename() or ""
    holder = EmailMessage()
    holder["X"] = one_line(name) or "-"
    return str(holder["X"]) if name else ""


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        return ""
    try:
        return decode(payload, str(part.get_content_charset() or ""))[0]
    except DocumentError:
        return ""


def _date(text: str) -> str:
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return ""


def write_mail_text(writer: Writer, text: str) -> None:
    """Write a plain message: paragraphs; lines quoted from an earlier message as blocks of their own."""
    text = clean(text)
    match = _SIGNATURE.search(text)
    body, signature = (text[: match.start()], text[match.end() :]) if match else (text, "")
    for paragraph in re.split(r"\n[ \t]*\n", body):
        lines = paragraph.split("\n")
        if sum(1 for line in lines if _QUOTE.match(line)) * 2 > len(lines):
            writer.item("\n".join(re.sub(r"^[\s>]+", "", line) for line in lines))
        else:
            writer.paragraph(paragraph)
    writer.paragraph(signature)
