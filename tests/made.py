"""Small documents made by the tests themselves: a PDF with fonts, lines and pages; ZIP packages."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from itertools import pairwise


def pdf_of(
    pages: Sequence[Sequence[tuple[float, float, float, str]]], *, rules: str = "", title: str = "", turn: int = 0
) -> bytes:
    """A PDF of text lines (x, y, size, words); a size below 0 means bold. ``rules`` are drawing operators, ``turn``
    is by how many degrees a viewer turns the pages."""
    objects: list[bytes] = []

    def add(body: str | bytes) -> int:
        objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(objects)

    add("<< /Type /Catalog /Pages 2 0 R >>")
    add("")  # the page tree, filled in below
    add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
    info = add(f"<< /Title ({title}) /CreationDate (D:20240229120000Z) >>")
    kids = []
    for lines in pages:
        drawn = [rules]
        for x, y, size, words in lines:
            escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            drawn.append(f"BT /{'F2' if size < 0 else 'F1'} {abs(size)} Tf {x} {y} Td ({escaped}) Tj ET")
        stream = "\n".join(drawn).encode("cp1252")
        content = add(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        kids.append(
            add(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Rotate {turn} "
                f"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents {content} 0 R >>"
            )
        )
    references = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Kids [{references}] /Count {len(kids)} >>".encode()
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer << /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (len(objects) + 1, info))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def pdf_with_picture(lines: Sequence[tuple[float, float, float, str]]) -> bytes:
    """A page of text lines with a grey picture on its middle."""
    pixels = bytes(range(64))
    picture = b"q 300 0 0 300 150 250 cm BI /W 8 /H 8 /BPC 8 /CS /G ID " + pixels.replace(b"E", b"F") + b" EI Q"
    return pdf_of([lines], rules=picture.decode("latin-1"))


def package_of(parts: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file of named parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return buffer.getvalue()


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx_of(body: str, extra: Mapping[str, str] | None = None) -> bytes:
    """A Word document around the XML of its body."""
    document = f'<?xml version="1.0"?><w:document {W}><w:body>{body}</w:body></w:document>'
    return package_of({"word/document.xml": document, **(extra or {})})


def word_paragraph(text: str, properties: str = "") -> str:
    """A Word paragraph."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def word_table(rows: Sequence[Sequence[str]]) -> str:
    """A Word table of plain cells."""
    cells = "".join(f"<w:tr>{''.join(f'<w:tc>{word_paragraph(cell)}</w:tc>' for cell in row)}</w:tr>" for row in rows)
    return f"<w:tbl>{cells}</w:tbl>"


def xlsx_of(rows: Sequence[str], styles: str = "") -> bytes:
    """A workbook with one sheet "Plans" around the XML of its rows."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    r = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relationship = "http://schemas.openxmlformats.org/package/2006/relationships"
    return package_of(
        {
            "xl/workbook.xml": f'<workbook {main} xmlns:r="{r}"><sheets><sheet name="Plans" sheetId="1" r:id="r1"/>'
            "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{relationship}">'
            f'<Relationship Id="r1" Type="{r}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{''.join(rows)}</sheetData></worksheet>",
            "xl/styles.xml": f"<styleSheet {main}>{styles}</styleSheet>",
        }
    )


def compound_of(streams: Mapping[str, bytes]) -> bytes:
    """An OLE compound file of streams ("name" or "storage/name"), each in sectors of its own."""
    free, end, table_mark = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    sectors: list[bytes] = []
    table: list[int] = []

    def chain(data: bytes) -> int:
        start = len(sectors)
        blocks = [data[k : k + 512].ljust(512, b"\0") for k in range(0, len(data), 512)]
        sectors.extend(blocks)
        table.extend([*range(start + 1, start + len(blocks)), end])
        return start

    storages = sorted({name.split("/")[0] for name in streams if "/" in name})
    entries: list[list[object]] = [["Root Entry", 5, free, free, free, end, 0]]
    for name in storages:
        entries.append([name, 1, free, free, free, 0, 0])
    for name, data in streams.items():
        padded = data.ljust(4096, b"\0")  # shorter streams would live in the mini stream
        entries.append([name.split("/")[-1], 2, free, free, free, chain(padded), len(padded)])
    roots = [k for k in range(1, len(entries)) if k <= len(storages) or "/" not in list(streams)[k - 1 - len(storages)]]
    parents = {0: roots}
    for number, storage in enumerate(storages, 1):
        parents[number] = [k + 1 + len(storages) for k, name in enumerate(streams) if name.startswith(storage + "/")]
    for parent, children in parents.items():  # siblings as one list to the right
        if children:
            entries[parent][4] = children[0]
            for left, right in pairwise(children):
                entries[left][3] = right
    directory = b"".join(
        str(name).encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBBIII", 2 * len(str(name)) + 2, kind, 1, left, right, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
        for name, kind, left, right, child, start, size in entries
    )
    first_directory = chain(directory)
    n_tables = -(-(len(sectors) + 2) // 126)
    first_table = len(sectors)
    table += [table_mark] * n_tables
    raw = struct.pack(f"<{len(table)}I", *table).ljust(512 * n_tables, b"\xff")
    sectors += [raw[k : k + 512] for k in range(0, len(raw), 512)]
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, n_tables,
        first_directory, 0, 4096, end, 0, end, 0, first_table,
    )  # fmt: skip
    header = header[:76] + struct.pack("<109I", *[first_table + k if k < n_tables else free for k in range(109)])
    return header + b"".join(sectors)
