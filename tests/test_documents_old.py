"""Files of the nineties, made here byte by byte: Word, Excel, PowerPoint, and Outlook messages."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from made import compound_of

from rag.documents import legacy, read, walk
from rag.errors import DocumentError
from rag.settings import Settings
from rag.types import Document


@pytest.fixture(autouse=True)
def no_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own readers are meant, whether or not LibreOffice is installed."""
    monkeypatch.setattr(legacy, "find_office", lambda: "")


def read_bytes(folder: Path, name: str, data: bytes) -> list[Document]:
    path = folder / name
    path.write_bytes(data)
    return read(next(walk([path])), settings=Settings())


def word_file(text: str, *, flags: int = 0x0200) -> bytes:
    """A .doc of two pieces, the first in one byte a character, the second in two."""
    half = len(text) // 2
    narrow, wide = text[:half].encode("cp1252"), text[half:].encode("utf-16-le")
    head = bytearray(0x400)
    struct.pack_into("<H", head, 0, 0xA5EC)
    struct.pack_into("<H", head, 10, flags)
    struct.pack_into("<I", head, 0x4C, len(text))
    pieces = struct.pack("<3I", 0, half, len(text))
    pieces += struct.pack("<HIH", 0, 0x40000000 | 2 * len(head), 0)
    pieces += struct.pack("<HIH", 0, len(head) + len(narrow), 0)
    table = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", head, 0x01A2, 0, len(table))
    return compound_of({"WordDocument": bytes(head) + narrow + wide, "1Table": table})


def test_word(tmp_path: Path) -> None:
    text = (
        'Rules of the pier\rBoats \x13 HYPERLINK "x" \x14may land\x15 here. Größe is no matter – ask the master, '
        "who sits in the white hut.\rPlan\x07Fee\x07\x07Day\x07$5\x07\x07Night\x07$9\x07\x07After the table.\r"
    )
    (document,) = read_bytes(tmp_path, "a.doc", word_file(text))
    assert document.title == "Rules of the pier"
    assert "Boats may land here. Größe is no matter" in document.text
    rows = [document.text[b.start : b.end] for b in document.blocks]
    assert rows == ["Plan: Day; Fee: $5", "Plan: Night; Fee: $9"]
    assert document.text.endswith("After the table.")


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def excel_file() -> bytes:
    strings = [b"\x04\x00\x00Plan", b"\x05\x00\x00Limit", b"\x04\x00\x01" + "Größ".encode("utf-16-le")]
    table = struct.pack("<II", 3, 3) + b"".join(strings)
    cut = len(table) - 4  # the last string goes on in the next record
    head = record(0x0809, bytes(16)) + record(0x041E, struct.pack("<HHB", 164, 5, 0) + b"#,##0")
    head += b"".join(record(0x00E0, struct.pack("<HH", 0, ident) + bytes(16)) for ident in (0, 164, 14))
    shared = record(0x00FC, table[:cut]) + record(0x003C, b"\x01" + table[cut:])
    sheet_size = len(record(0x0085, bytes(8) + b"Plans"))
    start = len(head) + sheet_size + len(shared) + 4
    name = record(0x0085, struct.pack("<IBBBB", start, 0, 0, 5, 0) + b"Plans")
    cells = record(0x00FD, struct.pack("<HHHI", 0, 0, 0, 0)) + record(0x00FD, struct.pack("<HHHI", 0, 1, 0, 1))
    cells += record(0x00FD, struct.pack("<HHHI", 1, 0, 0, 2)) + record(
        0x027E, struct.pack("<HHHI", 1, 1, 1, 12500 << 2 | 2)
    )
    cells += record(0x0203, struct.pack("<HHHd", 1, 2, 2, 45292.0))
    return compound_of(
        {"Workbook": head + name + shared + record(10, b"") + record(0x0809, bytes(16)) + cells + record(10, b"")}
    )


def test_excel(tmp_path: Path) -> None:
    (document,) = read_bytes(tmp_path, "a.xls", excel_file())
    assert document.page_labels == ("Plans",)
    assert document.text == "Plans\n\nPlan: Größ; Limit: 12,500; 2024-01-01"


def part(kind: int, content: bytes, *, container: bool = False, instance: int = 0) -> bytes:
    return struct.pack("<HHI", instance << 4 | (0xF if container else 0), kind, len(content)) + content


def test_powerpoint(tmp_path: Path) -> None:
    title = part(0x0F9F, struct.pack("<I", 0)) + part(0x0FA0, "Tides – high".encode("utf-16-le"))
    body = part(0x0F9F, struct.pack("<I", 1)) + part(0x0FA8, b"first\rsecond")
    listed = part(0x0FF0, part(0x03F3, bytes(20)) + title + body, container=True)
    box = part(0x0FA8, b"A text box")
    data = part(0x03E8, listed, container=True) + part(0x03EE, part(0xF00D, box, container=True), container=True)
    (document,) = read_bytes(tmp_path, "a.ppt", compound_of({"PowerPoint Document": data}))
    assert document.title == "Tides – high"
    assert document.text == "Tides – high\n\n- first\n- second\n\nA text box"
    assert document.page_labels == ("Slide 1",)


def test_outlook(tmp_path: Path) -> None:
    streams = {
        "__substg1.0_0037001F": "Opening hours".encode("utf-16-le"),
        "__substg1.0_0C1A001F": "Ada".encode("utf-16-le"),
        "__substg1.0_1000001F": "The pier opens at six.".encode("utf-16-le"),
        "__attach_version1.0_#00000000/__substg1.0_3707001F": "plan.csv".encode("utf-16-le"),
        "__attach_version1.0_#00000000/__substg1.0_37010102": b"plan,fee\nDay,5\n" + b"\n" * 4096,
    }
    message, attachment = read_bytes(tmp_path, "a.msg", compound_of(streams))
    assert (message.title, message.metadata["author"]) == ("Opening hours", "Ada")
    assert message.text == "Opening hours\n\nFrom: Ada\n\nThe pier opens at six."
    assert (attachment.source, attachment.text) == ("a.msg#plan.csv", "plan: Day; fee: 5")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.doc", word_file("secret", flags=0x0300), "password"),
        ("a.xls", compound_of({"Workbook": record(0x0809, bytes(16)) + record(0x002F, bytes(6))}), "password"),
        ("a.doc", word_file("cut off")[:1500], "damaged"),
        ("a.xls", compound_of({"Book": b"older"}), "older than Excel 97"),
        ("a.docx", compound_of({"EncryptedPackage": b"x"}), "password"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        read_bytes(tmp_path, name, data)
