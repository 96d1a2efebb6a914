"""Tables as text: column names, sections, signs with cells of their own, and nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rag.documents.canonical import Writer
from rag.documents.gaptables import with_rows
from rag.documents.htmlpage import PageParser
from rag.documents.sheets import tables_of, write_sheet
from rag.documents.signs import join_signs
from rag.documents.tables import column_names, find_header, row_text, write_table

# How financial reports set a statement: the sign and the bracket in cells of their own, a year over all three.
STATEMENT = """<table>
<tr><td></td><td colspan=6>Years ended June 30,</td></tr>
<tr><td>(In millions)</td><td colspan=3>2024</td><td colspan=3>2023</td></tr>
<tr><td>Revenue:</td></tr>
<tr><td>Ferries</td><td>$</td><td>1,204</td><td></td><td>$</td><td>1,190</td><td></td></tr>
<tr><td>Harbours</td><td colspan=2>310</td><td></td><td colspan=2>(12</td><td>)</td></tr>
<tr><td>Total revenue</td><td></td><td>1,514</td><td></td><td></td><td>1,178</td><td></td></tr>
<tr><td>Impairment</td><td>$</td><td>—</td><td></td><td></td><td>(7</td><td>)</td></tr>
<tr><td>Margin</td><td></td><td>8</td><td>%</td><td></td><td>(3</td><td>)%</td></tr>
</table>"""


def written(rows: Any, n_header: int | None = None) -> list[str]:
    writer = Writer()
    write_table(writer, rows, n_header)
    return writer.document("").text.splitlines()


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["Plan", "Price"], ["Gold", "5"]], ["Plan", "Price"]),
        ([["Prices 2024", ""], ["Plan", "Price"], ["Gold", "5"]], ["Plan", "Price"]),
        ([["", "2023", "2024"], ["Sales", "12", "14"]], ["", "2023", "2024"]),
        ([["Region", "Sales", "", "Costs", ""], ["", "North", "South", "North", "South"], ["May", "1", "2", "3", "4"]],
         ["Region", "Sales North", "Sales South", "Costs North", "Costs South"]),
        ([["1", "2"], ["3", "4"]], []),
    ],
)  # fmt: skip
def test_column_names_are_found(rows: list[list[str]], names: list[str]) -> None:
    header = find_header(rows)
    assert column_names(rows[header.first : header.end]) == names


def test_rows_read_on_their_own() -> None:
    assert row_text(["Plan", "Deductible:", ""], ["Gold", "$500", "new"]) == "Plan: Gold; Deductible: $500; new"


def test_a_sign_goes_to_its_number_and_a_year_to_all_its_columns() -> None:
    page = PageParser()
    page.feed(STATEMENT)
    page.close()
    page.finish()
    lines = [line for line in written(page.blocks[0].rows) if line]
    assert lines == [
        "Years ended June 30,",
        "(In millions)",
        "Revenue:",
        "Revenue: Ferries; 2024: $1,204; 2023: $1,190",
        "Revenue: Harbours; 2024: 310; 2023: (12)",
        "Revenue: Total revenue; 2024: 1,514; 2023: 1,178",
        "Impairment; 2024: $—; 2023: (7)",
        "Margin; 2024: 8%; 2023: (3)%",
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["Bread", "$", "", "2.10"], ["Bread", "", "", "$2.10"]),
        (["Loss", "$", "(310", ")"], ["Loss", "", "$(310)", ""]),
        (["Change", "(3", ")", "%"], ["Change", "(3)%", "", ""]),
        (["Rate", "25", "bps"], ["Rate", "25 bps", ""]),
        (["Fee", "CHF", "12"], ["Fee", "", "CHF 12"]),
        (["Item", "$", "€"], ["Item", "$", "€"]),  # signs that name columns
        (["", "2023", "%", "2022", "%"], ["", "2023", "%", "2022", "%"]),
    ],
)
def test_signs_join_their_numbers_only(row: list[str], expected: list[str]) -> None:
    assert join_signs(row) == expected


def test_columns_that_only_look_spanned_stay_apart() -> None:
    rows = [["Ticket", "Price", "", "Valid"], ["Day", "12", "6", "1 day"], ["Week", "40", "20", "7 days"]]
    assert written(rows) == ["Ticket: Day; Price: 12; 6; Valid: 1 day", "Ticket: Week; Price: 40; 20; Valid: 7 days"]


_CELL = st.sampled_from(["", "", "$", ")", "%", "(12", "7", "1,204", "2023", "North", "Total:", "(in tons)", "—"])


@given(st.lists(st.lists(_CELL, max_size=7), max_size=8), st.none() | st.integers(0, 3))
def test_no_cell_is_lost(rows: list[list[str]], n_header: int | None) -> None:
    """Each value is written; a name only has to stand where there are values for it."""
    assume(any(map(any, rows)))
    lines = written(rows, n_header)
    assert lines
    kept = [row for row in rows if any(row)]
    header = find_header([join_signs(row) for row in kept]) if n_header is None else None
    first, end = (header.first, header.end) if header else (0, min(n_header or 0, len(kept)))
    last = kept[end - 1] if end > first else []
    repeats = [row for row in kept[end:] if sum(a == b != "" for a, b in zip(row, last, strict=False)) >= 2]
    names = {cell for row in kept[first:end] + repeats for cell in row}
    values = {cell for row in kept for cell in row} - names
    assert all(value in "\n".join(lines) for value in values)


# ---- sheets


def sheet(*rows: dict[int, str] | None) -> list[str]:
    """What a sheet of these rows is written as, without its empty lines; None is an empty row."""
    writer = Writer()
    write_sheet(writer, {number: row for number, row in enumerate(rows) if row})
    return [line for line in writer.document("").text.splitlines() if line]


def test_an_empty_row_does_not_part_rows_from_their_names() -> None:
    assert sheet(
        {0: "Income statement"},
        {0: "EUR thousand"},
        None,
        {1: "2024", 2: "2023"},
        {0: "Revenue", 1: "120", 2: "110"},
        None,
        {0: "Costs:"},
        {0: "Rent", 1: "30", 2: "28"},
        None,
        {0: "Source: annual report"},
    ) == [
        "Income statement",
        "EUR thousand",
        "EUR thousand: Revenue; 2024: 120; 2023: 110",
        "Costs:",
        "Costs: EUR thousand: Rent; 2024: 30; 2023: 28",
        "Source: annual report",
    ]


def test_tables_of_one_sheet_have_their_own_names() -> None:
    above = [{0: "Plan", 1: "Price"}, {0: "Gold", 1: "5"}]
    assert sheet(*above, None, {0: "Port", 1: "Ships"}, {0: "Holm", 1: "12"}) == [
        "Plan: Gold; Price: 5",
        "Port: Holm; Ships: 12",
    ]
    assert sheet(*above, {0: "Fleet"}, {0: "Port", 2: "2024", 4: "2023"}, {0: "Holm", 2: "12", 4: "11"}) == [
        "Plan: Gold; Price: 5",
        "Fleet",
        "Port: Holm; 2024: 12; 2023: 11",
    ]


_SHEET_CELL = st.sampled_from(["Gold", "7", "1,204", "2023", "Costs:", "\u2014"])


@given(st.lists(st.none() | st.dictionaries(st.integers(0, 4), _SHEET_CELL, min_size=1), min_size=1, max_size=9))
def test_every_row_of_a_sheet_is_in_one_table(rows: list[dict[int, str] | None]) -> None:
    given_rows = [row for row in rows if row]
    assert [row for table in tables_of(dict(enumerate(row or {} for row in rows))) for row in table] == given_rows


SET_WITH_SPACES = """Kestrel Foundry
Statement of income (unaudited)

                                Three Months Ended        Six Months Ended
                                     June 30,                 June 30,
                                  2025       2024         2025        2024
Sales:
  Castings                     $  9,120   $  8,804     $ 18,011    $ 17,302
  Patterns                        1,044        980        2,051       1,934
Total sales                      10,164      9,784       20,062      19,236
                               --------   --------     --------    --------
Selling and
  administrative                  2,210      2,085        4,402       4,115
Net income                     $    812   $   (44)     $  1,577    $    690

All figures are in thousands.
"""


def test_a_table_set_with_spaces_is_read_by_its_columns() -> None:
    text, rows = with_rows(SET_WITH_SPACES)
    told = [text[row.start : row.end] for row in rows]
    assert told[-1] == (
        "Net income; Three Months Ended June 30, 2025: $812; Three Months Ended June 30, 2024: $(44); "
        "Six Months Ended June 30, 2025: $1,577; Six Months Ended June 30, 2024: $690"
    )
    assert told[-2].startswith("Selling and administrative; Three Months Ended June 30, 2025: 2,210")
    assert told[1].startswith("Sales: Castings; ")
    assert text.startswith("Kestrel Foundry\nStatement of income (unaudited)\n\n")
    assert text.endswith("\n\nAll figures are in thousands.\n")


@pytest.mark.parametrize(
    "text",
    [
        "She came.  He went.  They met\nagain in May.  Nobody knew\nwhy.  It rained.  The end came\nsoon, in 1912.",
        "-a, --all     show 3 of them\n-b, --brief   show 1 of them\n-c, --count   show 0\n-d, --deep    show 9",
        "src/a.c   |  10 ++++\nsrc/b.c   |   4 --\nsrc/c.c   |   2 +\nsrc/d.c   |   1 -",
        "a quiet     line of verse\nset apart   by a long breath\nas if       it had to think\nfirst       and speak",
        "Item    Price\nTea     2.50\nCake    3.10",
    ],
    ids=["two spaces after stops", "options", "changes to files", "verse", "two rows"],
)
def test_what_may_be_no_table_stays_as_it_is(text: str) -> None:
    assert with_rows(text) == (text, [])
