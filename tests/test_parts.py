"""Several questions in one, and how old a source is."""

from __future__ import annotations

import pytest

from rag.generation.freshness import date_of, label, wants_newest
from rag.generation.parts import Part, parts
from rag.testing import hit_of


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who built the pier?", ["Who built the pier?"]),
        ("What did she say about salt and pepper?", ["What did she say about salt and pepper?"]),
        ("When did the pier open and why was it late?", ["When did the pier open", "why was it late?"]),
        ("What is a weir? Who owns it?", ["What is a weir", "Who owns it?"]),
        ("Which is cheaper, the bus or the tram?", ["Which is cheaper the bus", "Which is cheaper the tram"]),
        ("Unterschied zwischen Schleuse und Wehr?", ["Unterschied Schleuse", "Unterschied Wehr"]),
        ("How does a lock differ from a weir?", ["How does a lock", "How does a weir"]),
        ("Is the bus cheaper than the tram?", ["Is the bus cheaper", "Is the tram"]),
        ("Wann öffnet das Bad und was kostet der Eintritt?", ["Wann öffnet das Bad", "was kostet der Eintritt?"]),
    ],
)  # fmt: skip
def test_a_question_is_taken_apart(question: str, expected: list[str]) -> None:
    assert [part.question for part in parts(question)] == expected


def test_a_part_may_lean_on_the_one_before() -> None:
    first, second = parts("When did the pier open and why was it late?")
    assert first == Part("When did the pier open")
    assert second.about == first.question
    assert all(part.side for part in parts("Which is cheaper, the bus or the tram?"))


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("The fare is 3 euros.", "Fares, March 2025", "March 2025"),
        ("Valid from 1 May 2024\nThe fare is 3 euros.", "Fares", "1 May 2024"),
        ("The fare is 3 euros.", "fares-2023-09", "September 2023"),
        ("In 1987 the fare was 1 euro.", "Fares", None),
    ],
)
def test_a_source_tells_how_old_it_is(text: str, title: str, expected: str | None) -> None:
    when = date_of(hit_of(text, title=title))
    assert (label(when) if when else None) == expected


def test_now_is_noticed() -> None:
    assert wants_newest("Who is the head of sales now?")
    assert wants_newest("Was kostet das derzeit?")
    assert not wants_newest("Who knows the way?")
