"""Cells of tables as answers: the row and the column that the question names, and the order of rows."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rag.generation.abstention import confidence
from rag.generation.cells import answering_cells, cells_of
from rag.generation.choice import read
from rag.generation.citing import Writer
from rag.generation.extractive import Extractive
from rag.generation.marking import mark
from rag.generation.question import read_question
from rag.generation.superlative import AMONG, ranked_rows
from rag.plugins import Prompt, Quote
from rag.testing import hit_of
from rag.types import Hit, Span

STATEMENT = """\
(In millions)

Net sales:
Net sales: Products; 2023: $41,250; 2022: $38,911
Net sales: Total net sales; 2023: 54,123; 2022: 49,455

Cost of sales:

Services; 2023: 4,120; 2022: 3,655
Total cost of sales; 2023: 30,530; 2022: 28,757
Operating income; 2023: 12,028; 2022: 10,339
Net income; 2023: $9,847; 2022: $8,412
Gross margin; 2023: 23,593; 2022: 20,698

Gross margin percentage was 43.6 percent in 2023, because freight cost less."""
FARES = """\
Route: Port Ansel - Skerra; Ticket: Adult; Single (EUR): 14.50; Return (EUR): 26.00
Route: Port Ansel - Holm; Ticket: Adult; Single (EUR): 4.50; Return (EUR): 8.00
Route: Port Ansel - Skerra; Ticket: Child; Single (EUR): 7.00; Return (EUR): 13.00; Remark: On a lap; up to 15 years"""
STAFF = "Station: Skerra; Manager: Tom Vale; Since: 2019\nStation: Holm; Manager: Ada Quist; Since: 2021"

PEOPLE = """\
Name: Anna Berg; Company: Nordlys; Role: Buyer; Phone: +47 555 0101; City: Bergen
Name: Tomás Ruiz; Company: Azulejos Ruiz; Role: Owner; Phone: +34 555 0202; City: Valencia"""
STOCK = """\
SKU: A-100; Item: Desk lamp; Color: black; Warehouse: Leeds; Stock: 42; Price: 19.90
SKU: A-101; Item: Desk lamp; Color: white; Warehouse: Leeds; Stock: 7; Price: 21.50
SKU: C-300; Item: Standing desk; Color: oak; Warehouse: Hull; Stock: 3; Price: 449.00"""


def table(text: str) -> Hit:
    """Evidence whose sentences are the lines of ``text``, as the readers leave a table."""
    hit = hit_of(text)
    lines = [Span(match.start(), match.end()) for match in re.finditer(r"[^\n]+", text)]
    return replace(hit, passage=replace(hit.passage, sentences=tuple(lines)), sentence_scores=())


def marked(question: str, text: str) -> list[tuple[str, str]]:
    """The rows, and the words marked in each, that answer a question about one passage."""
    reading = read(question, [table(text)])
    return [
        (reading.candidates[found.row].text, text[found.cell.start : found.cell.end] if found.cell else "")
        for found in answering_cells(reading)
    ]


@pytest.mark.parametrize(
    ("question", "text", "row", "cell"),
    [
        ("What was net income in 2022?", STATEMENT, "Net income", "$8,412"),
        ("What were total net sales in 2023?", STATEMENT, "Net sales: Total net sales", "54,123"),
        ("What was the cost of sales for services in 2022?", STATEMENT, "Services", "3,655"),
        ("What was the operating income in 2023?", STATEMENT, "Operating income", "12,028"),
        ("What does a return ticket for an adult from Port Ansel to Holm?", FARES, "Route: Port Ansel - H", "8.00"),
        ("How much is a single for a child to Skerra?", FARES, "Route: Port Ansel - Skerra; Ticket: C", "7.00"),
        ("Who is the manager of the station Holm?", STAFF, "Station: Holm", "Ada Quist"),
        ("Which company does Anna Berg work for?", PEOPLE, "Name: Anna", "Nordlys"),
        ("What is the phone number of Tomás Ruiz?", PEOPLE, "Name: Tomás", "+34 555 0202"),
        ("Who is the owner of Azulejos Ruiz?", PEOPLE, "Name: Tomás", ""),
        ("What does the standing desk cost?", STOCK, "SKU: C-300", "449.00"),
        ("How many white desk lamps are in stock?", STOCK, "SKU: A-101", "7"),
        ("In which warehouse is the standing desk?", STOCK, "SKU: C-300", "Hull"),
    ],
)  # fmt: skip
def test_the_cell_is_the_one_that_row_and_column_name(question: str, text: str, row: str, cell: str) -> None:
    ((line, mark),) = marked(question, text)
    assert line.startswith(row) and mark == cell
    assert confidence(read(question, [table(text)])) > 0.5


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What was net income in 2019?", STATEMENT),  # no such column
        ("What were the restructuring charges in 2023?", STATEMENT),  # no such row
        ("What was the gross margin percentage in 2023?", STATEMENT),  # a sentence says it
        ("Why did operating income rise in 2023?", STATEMENT),  # no cell is a reason
        ("What does a return ticket for a dog to Holm cost?", FARES),
        ("Who founded the station Holm?", STAFF),
        ("How old is Anna Berg?", PEOPLE),
        ("How much does Anna Berg earn?", PEOPLE),
        ("When did Tomás Ruiz start?", PEOPLE),
        ("What is the weight of the standing desk?", STOCK),
    ],
)
def test_other_questions_are_left_to_the_sentences(question: str, text: str) -> None:
    assert not marked(question, text)


def test_a_row_whose_column_is_not_named_is_quoted_without_a_mark() -> None:
    assert marked("What was net income?", STATEMENT) == [("Net income; 2023: $9,847; 2022: $8,412", "")]


def test_rows_that_fit_alike_are_all_quoted() -> None:
    rows = marked("What is the return price for an adult from Port Ansel?", FARES)
    assert [mark for _, mark in rows] == ["26.00", "8.00"]
    assert [mark for _, mark in marked("How many desk lamps are in stock?", STOCK)] == ["42", "7"]


def test_the_lines_without_which_a_number_misleads_come_first() -> None:
    hit = table(STATEMENT)
    pieces = list(Extractive().generate(Prompt("q", "What was the cost of sales for services in 2022?", (hit,))))
    quotes = [STATEMENT[piece.start : piece.end] for piece in pieces if isinstance(piece, Quote)]
    assert quotes == ["(In millions)", "Cost of sales:", "Services; 2023: 4,120; 2022: 3,655"]


CUPS = """\
Team: Blues; City: St. Louis; Cups: 1
Team: Flyers; City: Philadelphia; Cups: 12
Team: Leafs; City: Toronto; Cups: (3); Remark: on loan
Team: Total; Cups: 10"""


def order(question: str, text: str) -> list[str]:
    """The first words of the rows in the order found; the marked words of the first instead."""
    reading = read(question, [table(text)])
    return [
        text[row.label.start : row.label.end] if row.label else reading.candidates[row.row].text.split(";")[0]
        for row in ranked_rows(reading)
    ]


def test_rows_are_ordered_by_the_column_that_is_named() -> None:
    assert order("Which team won the most cups?", CUPS) == ["Flyers", "Team: Blues", "Team: Leafs"]
    assert order("Which city has the fewest cups?", CUPS) == ["Toronto", "Team: Blues", "Team: Flyers"]
    assert order("What is the cheapest ticket for a child?", FARES) == []  # one row alone is no order
    assert order("What is the most expensive ticket to Skerra?", FARES) == ["Adult", "Route: Port Ansel - Skerra"]


@pytest.mark.parametrize(
    "question",
    [
        "Which team has the loudest fans?",
        "How many cups did the Blues win?",
        "Which team has the most expensive stadium?",
    ],
)
def test_other_questions_have_no_order(question: str) -> None:
    assert order(question, CUPS) == []


def test_that_only_found_rows_were_compared_is_said_and_every_row_cited() -> None:
    hit = table(CUPS)
    writer = Writer([hit])
    list(writer.events(Extractive().generate(Prompt("q", "Which team won the most cups?", (hit,)))))
    assert writer.text.startswith(f"{AMONG}\n\n- Team: **Flyers**") and len(writer.citations) == 3
    assert writer.grounded


def test_a_row_of_another_thing_is_no_price_and_no_answer_to_what_it_does_not_name() -> None:
    row = "Site: Canal Wharf; Address: Wharf Street; Area (ha): 2.4"
    assert mark(read_question("How much revenue was there in 2025?"), "Systems; 2025: 301,912", {"revenu": 1.0}) is None
    assert [cell.is_money for cell in cells_of(row)] == [False, False, False]
    assert [cell.is_money for cell in cells_of("Plan: Gold; Price: $500")] == [False, True]
