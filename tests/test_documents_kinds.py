"""What files of many kinds hold that is easily lost: tables drawn with characters, merged cells, numbered clauses,
flat and old variants, encodings that only the language tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made import docx_of, package_of, pdf_of, word_paragraph, word_table, xlsx_of

from rag import plugins
from rag.documents import read, walk
from rag.documents.dates import iso_date
from rag.documents.encodings import decode
from rag.errors import DocumentError
from rag.index.changes import Parts
from rag.settings import Settings
from rag.testing import HashEmbedder
from rag.types import Document

OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def read_all(folder: Path, name: str, data: bytes | str) -> list[Document]:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(next(walk([path])), settings=Settings())


def mail(headers: str, body: str) -> str:
    return f"From: a@example.org\nSubject: Fares\n{headers}\n\n{body}"


NOTEBOOK = {"nbformat": 3, "worksheets": [{"cells": [
    {"cell_type": "heading", "source": ["Old tides"]}, {"cell_type": "code", "input": ["y = 7"], "outputs": []},
]}]}  # fmt: skip
BOTH = mail(
    "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=B",
    "--B\nContent-Type: text/plain\n\nThis needs an HTML viewer.\n--B\nContent-Type: text/html\n\n"
    "<p>The fare is 12 euros from June, and children travel for nothing as before.</p>\n--B--\n",
)
SEALED = mail(
    "MIME-Version: 1.0\nContent-Type: multipart/encrypted; boundary=B",
    "--B\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--B\nContent-Type: application/octet-stream; "
    "name=sealed.asc\n\n-----BEGIN PGP MESSAGE-----\nhQEMA12345\n--B--\n",
)
RST_TABLES = """
+------+-------+
| Port | Depth |
+======+=======+
| Orr  | 12 m  |
+------+-------+

=====  =====
Name   Role
=====  =====
Ida    pilot
=====  =====

.. list-table:: Fees
   :header-rows: 1

   * - Plan
     - Price
   * - Gold
     - 500

.. csv-table::
   :header: Tide, Hour

   high, noon

.. [1] The foot text.
.. a comment
"""
FLAT = f"""<office:document xmlns:office="{OFFICE}:office:1.0" xmlns:style="{OFFICE}:style:1.0"
 xmlns:text="{OFFICE}:text:1.0" xmlns:table="{OFFICE}:table:1.0"><office:automatic-styles>
 <style:style style:name="T1"><style:text-properties text:display="none"/></style:style></office:automatic-styles>
 <office:body><office:text><text:p>Seen <text:span text:style-name="T1">SECRET</text:span></text:p>
 <table:table><table:table-row><table:table-cell><text:p>Outer</text:p><table:table>
 <table:table-row><table:table-cell><text:p>Port</text:p></table:table-cell><table:table-cell><text:p>Depth</text:p>
 </table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>Orr</text:p></table:table-cell>
 <table:table-cell><text:p>12 m</text:p></table:table-cell></table:table-row></table:table></table:table-cell>
 <table:table-cell><text:p>words</text:p></table:table-cell></table:table-row></table:table>
 </office:text></office:body></office:document>"""
RTF = (
    r"{\rtf1\ansi{\info{\creatim\yr2024\mo5\dy2}}\trowd\cellx1\cellx2 Region\cell Plan\cell\row"
    r"\trowd\clvmgf\cellx1\cellx2 North\cell Gold\cell\row\trowd\clvmrg\cellx1\cellx2 \cell Silver\cell\row\pard"
    r" Kept {\deleted SECRET}words.{\*\footnote The foot text.}\par}"
)
DOCBOOK = """<article><para>Words <emphasis>here</emphasis>.</para><informaltable><tgroup><thead><row>
<entry>Plan</entry><entry>Price</entry></row></thead><tbody><row><entry>Gold</entry><entry>500</entry></row></tbody></tgroup>
</informaltable></article>"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg"><title>Harbour map</title><style>.SECRET{}</style>
<text>North pier</text></svg>"""
LINKED = """<script type="application/ld+json">{"@graph": [{"@type": "WebPage"}, {"datePublished": "2024-05-02T08:00",
"author": [{"name": "Ida Berg"}, "Uwe Lund"]}]}</script><p>The fare rises by two euros in June.</p>"""


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("excel.csv", "\ufeffsep=;\r\nPlan;Price\r\nGold;1,5\r\n", ["Plan: Gold; Price: 1,5"]),
        ("quote.tsv", 'Term\tMeaning\n"Open\tone quote\nNext\tstill here\n', ["Term: Next; Meaning: still here"]),
        ("several.json", '{"plan": "Gold"}\n{"plan": "Silver"}', ["plan: Gold", "plan: Silver"]),
        ("old.ipynb", json.dumps(NOTEBOOK), ["Old tides", "y = 7"]),
        ("wide.eml", mail("Date: Thu, 2 May 2024 10:00:00 +0200", "Wide words.").encode("utf-16"), ["Wide words."]),
        ("both.eml", BOTH, ["The fare is 12 euros from June"]),
        ("sealed.eml", SEALED, ["Fares"]),
        ("no_suffix", mail("MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable", "at n=6Fon"), ["at noon"]),
        ("tables.rst", RST_TABLES, ["Port: Orr; Depth: 12 m", "Name: Ida; Role: pilot", "Plan: Gold; Price: 500",
                                    "Tide: high; Hour: noon", "[1] The foot text."]),
        ("table.org", "| Plan | Price |\n|------+-------|\n| Gold | 500 |\n", ["Plan: Gold; Price: 500"]),
        ("flat.fodt", FLAT, ["Seen", "Outer; words", "Port: Orr; Depth: 12 m"]),
        ("merged.rtf", RTF, ["Region: North; Plan: Silver", "Kept words. The foot text."]),
        ("book.xml", DOCBOOK, ["Words here.", "Plan: Gold; Price: 500"]),
        ("plans.xml", "<plans><p1><name>Gold</name><note>for all</note></p1></plans>", ["name: Gold; note: for all"]),
        ("map.svg", SVG, ["North pier"]),
    ],
)  # fmt: skip
def test_nothing_is_lost(tmp_path: Path, name: str, data: bytes | str, wanted: list[str]) -> None:
    text = "\n".join(document.text for document in read_all(tmp_path, name, data))
    for words in wanted:
        assert words in text
    for bad in ("SECRET", "sep=", "hQEMA", "a comment", ">"):
        assert bad not in text


def test_numbered_clauses_and_tables_in_cells_of_word(tmp_path: Path) -> None:
    numbering = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:numFmt w:val="{kind}"/><w:lvlText w:val="{shown}"/></w:lvl>'
        for depth, kind, shown in ((0, "decimal", "%1."), (1, "decimal", "%1.%2"), (2, "lowerRoman", "(%3)"))
    )
    parts = {
        "word/numbering.xml": f'<w:numbering xmlns:w="x"><w:abstractNum w:abstractNumId="1">{numbering}</w:abstractNum>'
        '<w:num w:numId="5"><w:abstractNumId w:val="1"/></w:num></w:numbering>',
        "word/styles.xml": '<w:styles xmlns:w="x"><w:style w:styleId="Clause"><w:name w:val="Clause"/><w:pPr><w:numPr>'
        '<w:ilvl w:val="1"/><w:numId w:val="5"/></w:numPr></w:pPr></w:style></w:styles>',
    }

    def numbered(text: str, depth: int) -> str:
        return word_paragraph(text, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="5"/></w:numPr>')

    inner = word_table([["Port", "Depth"], ["Orr", "12 m"]])
    outer = f"<w:tc>{word_paragraph('Outer')}{inner}</w:tc><w:tc>{word_paragraph('words')}</w:tc>"
    table = f"<w:tbl><w:tr>{outer}</w:tr></w:tbl>"
    clause = word_paragraph("Either side may end it.", '<w:pStyle w:val="Clause"/>')
    body = numbered("Fees", 0) + numbered("Ending", 0) + clause + clause + numbered("at once", 2) + table
    (document,) = read_all(tmp_path, "contract.docx", docx_of(body, parts))
    assert document.text.split("\n") == [
        "1. Fees", "2. Ending", "2.1 Either side may end it.", "2.2 Either side may end it.", "(i) at once",
        "Outer; words", "Port: Orr; Depth: 12 m",
    ]  # fmt: skip


def test_comments_and_deleted_words_on_request(tmp_path: Path) -> None:
    body = (
        '<w:p><w:r><w:t>The fare is </w:t></w:r><w:del w:author="Uwe"><w:r><w:delText>ten</w:delText></w:r></w:del>'
        '<w:r><w:t>twelve euros.</w:t></w:r><w:r><w:commentReference w:id="4"/></w:r></w:p>'
    )
    comments = '<w:comments xmlns:w="x"><w:comment w:id="4" w:author="Ida"><w:p><w:r><w:t>Since June?</w:t></w:r></w:p>'
    path = tmp_path / "fares.docx"
    path.write_bytes(docx_of(body, {"word/comments.xml": f"{comments}</w:comment></w:comments>"}))
    texts = [read(next(walk([path])), settings=Settings(comments=wanted))[0].text for wanted in (False, True)]
    assert texts[0] == "The fare is twelve euros."
    assert texts[1] == "The fare is twelve euros.\n\nDeleted (Uwe): ten\n\nComment (Ida): Since June?"


def test_a_change_of_mind_about_comments_reads_files_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rag.toml").write_text("comments = true")
    settings = [Settings.load(), Settings.load(comments=False)]
    monkeypatch.setenv("RAG_COMMENTS", "off")
    settings.append(Settings.load())
    assert [one.comments for one in settings] == [True, False, False]
    embedder = HashEmbedder()
    chunker = plugins.load("chunkers", "paragraphs", settings[1])
    readers = [Parts(one, chunker, embedder, "hash").readers for one in settings]
    assert readers[0] != readers[1] == readers[2]


def test_merged_cells_and_empty_sheets_of_excel(tmp_path: Path) -> None:
    def row(number: int, *cells: str) -> str:
        return (
            f'<row r="{number}">'
            + "".join(
                f'<c r="{letter}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
                for letter, cell in zip("ABC", cells, strict=False)
                if cell
            )
            + "</row>"
        )

    rows = [row(1, "Region", "Plan"), row(2, "North", "Gold"), row(3, "", "Silver")]
    data = xlsx_of([*rows, '</sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells><sheetData>'])
    assert "Region: North; Plan: Silver" in read_all(tmp_path, "merged.xlsx", data)[0].text
    with pytest.raises(DocumentError, match="no text"):
        read_all(tmp_path, "blank.xlsx", xlsx_of([]))


def test_what_pages_say_of_themselves(tmp_path: Path) -> None:
    (linked,) = read_all(tmp_path, "linked.html", LINKED)
    assert (linked.metadata["date"], linked.metadata["author"]) == ("2024-05-02", "Ida Berg, Uwe Lund")
    (rtf,) = read_all(tmp_path, "dated.rtf", RTF)
    assert rtf.metadata["date"] == "2024-05-02"
    package = package_of({"a.md": "# Deep\n\nWords of the deep."})
    assert read_all(tmp_path, "a.zip", package)[0].title == "Deep"


def test_a_turned_page_reads_from_its_top(tmp_path: Path) -> None:
    lines = [
        (72, 700 - 14 * k, 12.0, words) for k, words in enumerate(("The harbour was", "built in 1887 by", "pilots."))
    ]
    for turn in (0, 90, 180, 270):
        (document,) = read_all(tmp_path, f"{turn}.pdf", pdf_of([lines], turn=turn))
        assert document.text == "The harbour was built in 1887 by pilots."


def test_justified_lines_are_no_table_and_ruled_cells_stand_apart(tmp_path: Path) -> None:
    words = ("storm", "pilot ebb", "a", "keeper", "tide bell", "isle")
    lines = []
    for k in range(6):  # wide spaces, everywhere else
        x = 72.0
        for n in range(3):
            lines.append((x, 700 - 12 * k, 10.0, words[(k + 2 * n) % 6]))
            x += 60 + 17 * ((k * (n + 2)) % 4) + len(words[(k + 2 * n) % 6]) * 4
    (prose,) = read_all(tmp_path, "prose.pdf", pdf_of([lines]))
    assert not prose.blocks
    rules = " ".join(f"70 {y} 120 0.5 re f" for y in (690, 674, 658)) + " ".join(
        f" {x} 658 0.5 32 re f" for x in (70, 93.9, 190)
    )
    cells = [(72, 678, 10.0, "Plan Price"), (72, 662, 10.0, "Gold  500")]
    (table,) = read_all(tmp_path, "table.pdf", pdf_of([cells], rules=rules))
    assert table.text == "Plan: Gold; Price: 500"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Les enfants voyagent à l'étranger, où l'été est très agréable. Ça coûte 12 francs."),
        ("cp1252", "Færgen går til øen på tirsdag. Børn får æbler. Også ål og brød til alle."),
        ("cp850", "Die größte Fähre fährt über die Weser; Kinder zahlen für nichts."),
        ("mac_roman", "Les enfants voyagent à l'étranger, où l'été est très agréable."),
        ("cp1250", "Prom odpływa o siódmej. Dzieci płyną bezpłatnie, dorośli płacą dwanaście złotych."),
        ("iso8859_2", "Prom odpływa o siódmej. Dzieci płyną bezpłatnie, dorośli płacą dwanaście złotych."),
        ("cp1254", "Feribot adaya sabah kalkıyor. Çocuklar için ücretsizdir, büyükler ağır öder."),
        ("cp866", "Паром на остров отходит утром от северного причала. Дети едут бесплатно."),
        ("utf-16-le", "Паром на остров отходит утром от северного причала. Дети едут бесплатно."),
    ],
)
def test_the_language_tells_the_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize(
    "text",
    ["May 2, 2024", "2 May 2024", "2. Mai 2024", "le 2 mai 2024", "2 de mayo de 2024", "2024年5月2日", "02.05.2024"],
)
def test_dates_of_many_languages(text: str) -> None:
    assert iso_date(f"Published {text}, 10:00") == "2024-05-02"
