"""Excel: each sheet a page, each row a line with its column names, values as they are shown.

Rows come as a stream and only cells that are there are visited, so a sheet that claims 17 billion cells
costs what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rag.documents.canonical import Writer
from rag.documents.loading import FileLoader
from rag.documents.numberformat import shown
from rag.documents.ooxml import core_properties, find_main, relationships
from rag.documents.packages import Package, scan_xml
from rag.documents.sheets import write_sheet
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["BUILT_IN_FORMATS", "MAX_CELLS", "MAX_COLUMNS", "MAX_ROWS", "Xlsx"]

MAX_ROWS = 200_000
MAX_CELLS = 2_000_000
MAX_COLUMNS = 2000
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})$")


class Xlsx(FileLoader):
    """The loader for workbooks."""

    suffixes = (".xlsx", ".xlsm", ".xltx")

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document, a page for each sheet."""
        with Package(path) as package:
            main = find_main(package, "xl/workbook.xml")
            workbook = package.xml(main)
            targets = relationships(package, main)
            flags = workbook.find("workbookPr")
            from_1904 = flags is not None and flags.get("date1904") in ("1", "true")
            strings = _strings(package)
            formats = _formats(package)
            writer = Writer()
            for sheet in workbook.iter("sheet"):
                kind, part = targets.get(sheet.get("r:id", ""), ("", ""))
                if kind != "worksheet" or part not in package:
                    continue
                if sheet.get("state", "visible") != "visible":
                    writer.warn(f"the hidden sheet {sheet.get('name', '')!r} was left out")
                    continue
                writer.page(sheet.get("name", ""))
                rows = _Sheet(strings, formats, from_1904).read(package, part, writer)
                boxes = _text_boxes(package, part)
                if self.settings.comments:
                    boxes += _comments(package, part)
                if rows or boxes:
                    writer.heading(sheet.get("name", ""), 1)
                write_sheet(writer, rows)
                for words in boxes:
                    writer.paragraph(words)
            fields = core_properties(package)
        yield writer.document(
            fields.pop("title", ""),
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            kind="spreadsheet",
            **fields,
        )


def _comments(package: Package, sheet: str) -> list[str]:
    """The comments on a sheet's cells."""
    found = []
    for kind, part in relationships(package, sheet).values():
        if kind == "comments" and part in package:
            for item in package.xml(part).iter("comment"):
                words = "".join(t.text or "" for t in item.iter("t"))
                found.append(f"Comment ({item.get('ref', '')}): {words}" if words.strip() else "")
    return [words for words in found if words]


def _text_boxes(package: Package, sheet: str) -> list[str]:
    """The words in the text boxes that lie on a sheet."""
    found: list[str] = []
    for kind, part in relationships(package, sheet).values():
        if kind == "drawing" and part in package:
            for body in package.xml(part).iter("txBody"):
                lines = ("".join(t.text or "" for t in p.iter("t")) for p in body.iter("p"))
                found.append("\n".join(line for line in lines if line.strip()))
    return [words for words in found if words]


class _Sheet:
    """Reads one sheet's cells from the stream of its XML."""

    def __init__(self, strings: list[str], formats: list[str], from_1904: bool) -> None:
        self._strings, self._formats, self._from_1904 = strings, formats, from_1904
        self._rows: dict[int, dict[int, str]] = {}
        self._hidden_rows: set[int] = set()
        self._row, self._column = -1, -1
        self._kind, self._style = "", 0
        self._text: list[str] = []
        self._wanted = False
        self._n_cells = 0
        self._cut = False

    def read(self, package: Package, part: str, writer: Writer) -> dict[int, dict[int, str]]:
        """Rows by number, each its cells by column."""
        scan_xml(package.chunks(part), self._start, self._end, self._data)
        if self._cut:
            writer.warn(f"a sheet was cut after {MAX_ROWS:,} rows or {MAX_CELLS:,} cells")
        return self._rows

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            number = attributes.get("r", "")
            self._row = int(number) - 1 if number.isdigit() else self._row + 1
            self._column = -1
        elif tag == "c":
            match = _REFERENCE.match(attributes.get("r", ""))
            self._column = _column(match[1]) if match else self._column + 1
            self._kind = attributes.get("t", "n")
            style = attributes.get("s", "0")
            self._style = int(style) if style.isdigit() else 0
            self._text = []
        elif tag in ("v", "t"):
            self._wanted = True
        elif tag == "rPh":
            self._kind = "phonetic"
        elif tag == "mergeCell":
            self._fill_down(attributes.get("ref", ""))

    def _fill_down(self, area: str) -> None:
        """A merged cell that reaches down belongs to each of its rows."""
        first, _, last = (_REFERENCE.match(corner) for corner in area.partition(":"))
        if not first or not last or first[1] == last[1] == "" or int(last[2]) - int(first[2]) > MAX_ROWS:
            return
        top, column = int(first[2]) - 1, _column(first[1])
        words = self._rows.get(top, {}).get(column, "")
        for row in range(top + 1, int(last[2])) if words else ():
            if row in self._rows:
                self._rows[row].setdefault(column, words)

    def _data(self, text: str) -> None:
        if self._wanted and self._kind != "phonetic":
            self._text.append(text)

    def _end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self._wanted = False
        elif tag == "c":
            value = self._value("".join(self._text))
            if not value.strip() or self._column >= MAX_COLUMNS:
                return
            self._n_cells += 1
            if len(self._rows) >= MAX_ROWS or self._n_cells > MAX_CELLS:
                self._cut = True
                return
            self._rows.setdefault(self._row, {})[self._column] = value

    def _value(self, raw: str) -> str:
        if self._kind == "s":
            return self._strings[int(raw)] if raw.isdigit() and int(raw) < len(self._strings) else ""
        if self._kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(raw, raw)
        if self._kind in ("str", "inlineStr", "e", "d"):
            return raw
        pattern = self._formats[self._style] if self._style < len(self._formats) else ""
        return shown(raw, pattern, from_1904=self._from_1904)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _strings(package: Package) -> list[str]:
    """The shared strings, without the readings that Japanese ones carry."""
    strings: list[str] = []
    if "xl/sharedStrings.xml" not in package:
        return strings
    parts: list[str] = []
    state = {"text": False, "reading": False}

    def start(tag: str, _: dict[str, str]) -> None:
        if tag == "si":
            parts.clear()
        elif tag == "rPh":
            state["reading"] = True
        elif tag == "t":
            state["text"] = not state["reading"]

    def end(tag: str) -> None:
        if tag == "si":
            strings.append("".join(parts))
        elif tag == "rPh":
            state["reading"] = False
        elif tag == "t":
            state["text"] = False

    def data(text: str) -> None:
        if state["text"]:
            parts.append(text)

    scan_xml(package.chunks("xl/sharedStrings.xml"), start, end, data)
    if len(strings) > 5_000_000:
        raise DocumentError("holds more than 5,000,000 strings")
    return strings


def _formats(package: Package) -> list[str]:
    """The number format of each cell style."""
    root = package.xml_or_none("xl/styles.xml")
    if root is None:
        return []
    custom = {item.get("numFmtId", ""): item.get("formatCode", "") for item in root.iter("numFmt")}
    styles = root.find("cellXfs")
    idents = [item.get("numFmtId", "0") for item in styles.iter("xf")] if styles is not None else []
    return [custom.get(ident) or BUILT_IN_FORMATS.get(ident, "") for ident in idents]


BUILT_IN_FORMATS = {
    "1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%", "12": "# ?/?",
    "13": "# ??/??", "14": "yyyy-mm-dd",
    "15": "d-mmm-yy", "16": "d-mmm", "17": "mmm-yy", "18": "h:mm AM/PM", "19": "h:mm:ss AM/PM", "20": "h:mm",
    "21": "h:mm:ss", "22": "yyyy-mm-dd h:mm", "37": "#,##0", "38": "#,##0", "39": "#,##0.00", "40": "#,##0.00",
    "45": "mm:ss", "46": "h:mm:ss", "47": "mm:ss",
}  # fmt: skip
