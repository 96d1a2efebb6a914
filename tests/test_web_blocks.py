"""The shape of an answer on the page: nothing is lost, lists are lists and rows are tables."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rag.web.blocks import blocks

ROWS = (
    "(In millions) [1] Net income; 2023: $9,847; 2022: **$8,412** [2] Goodwill; 2023: 4,410; 2022: 4,410 [3]\n\n"
    "- Plan: Gold; Deductible: $500 [4]\n- Plan: Silver; Deductible: **$900** [4][5]"
)


def texts(text: str) -> list[tuple[str, list[list[str]]]]:
    return [
        (block.kind, [[text[cell.start : cell.end].strip() if cell else "" for cell in cells] for cells in block.items])
        for block in blocks(text)
    ]


def test_rows_of_the_same_columns_are_one_table() -> None:
    assert texts(ROWS) == [
        ("paragraph", [["(In millions) [1]"]]),
        ("table", [["Net income", "$9,847", "**$8,412** [2]"], ["Goodwill", "4,410", "4,410 [3]"]]),
        ("table", [["Gold", "$500 [4]"], ["Silver", "**$900** [4][5]"]]),
    ]
    assert [block.names for block in blocks(ROWS)] == [(), ("", "2023", "2022"), ("Plan", "Deductible")]


def test_a_row_with_an_empty_cell_stays_in_its_table() -> None:
    ((kind, rows),) = texts("Route: A; Miles: 6; Cars: 7 [1] Route: All; Cars: 9 [2]")
    assert kind == "table" and rows == [["A", "6", "7 [1]"], ["All", "", "9 [2]"]]


def test_lists_and_paragraphs() -> None:
    text = "Two steps: [1]\n\n3. Open it. [2]\n4. Close it. [3]\n\nDone.\nReally.\n\n- a [1]\n- b"
    assert texts(text) == [
        ("paragraph", [["Two steps: [1]"]]),
        ("numbers", [["Open it. [2]"], ["Close it. [3]"]]),
        ("paragraph", [["Done.\nReally."]]),
        ("bullets", [["a [1]"], ["b"]]),
    ]
    assert blocks(text)[1].first == 3


def test_sentences_that_only_look_like_rows_stay_sentences() -> None:
    for text in (
        "He said: come; go; stay. [1]",
        "There are two ways: by sea; by land: both are slow.",  # without a source it is no row
        "```\na: b; c: d [1]\n```",
    ):
        assert [block.kind for block in blocks(text)] == ["paragraph"]


@given(
    st.lists(st.sampled_from(["Ab: c", "; D: e", " [1]", "\n", "\n- ", "\n2. ", "**", "~~", " word", "; ", ": ", "."]))
)
def test_no_word_and_no_marker_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    spans = [cell for block in blocks(text) for cells in block.items for cell in cells if cell]
    names = " ".join(name for block in blocks(text) for name in block.names)
    assert all(0 <= a.start < a.end <= len(text) for a in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    shown = " ".join(text[span.start : span.end] for span in spans)
    assert shown.count("[1]") == text.count("[1]")
    assert shown.count("**") == text.count("**") and shown.count("~~") == text.count("~~")
    assert set(re.findall(r"\w{2,}", text)) <= set(re.findall(r"\w{2,}", f"{shown} {names}"))
