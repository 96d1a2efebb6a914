"""Whether the evidence answers: a score with a threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.generation import abstention, candidates, model, spans
from rag.generation.abbreviations import said_otherwise
from rag.generation.abstention import confidence
from rag.generation.carriers import carriers
from rag.generation.choice import read
from rag.generation.question import read_question
from rag.generation.rarity import telling
from rag.generation.untold import is_untold, lacks_figure
from rag.index import terms
from rag.testing import hit_of
from rag.types import Hit

TEXT = "The ferry Aurora carries 240 passengers. It was built in Tromsø in 1987."


def near(similarity: float) -> Hit:
    hit = hit_of(TEXT)
    return replace(hit, sentence_scores=(similarity, similarity / 2), why=replace(hit.why, dense=similarity))


def test_what_is_there_is_answered_and_what_is_not_is_refused() -> None:
    frequency = {"ferri": 3, "aurora": 1, "carri": 5, "passeng": 4, "mani": 40, "how": 80}
    there = confidence(read("How many passengers does the ferry Aurora carry?", [near(0.8)], frequency, 100))
    not_there = confidence(read("Who is the president of Brazil?", [near(0.05)], {"presid": 0, "brazil": 0}, 100))
    assert there > 0.5 > not_there


def test_more_similarity_is_more_confidence() -> None:
    values = [confidence(read("When was the Aurora built?", [near(s)])) for s in (0.1, 0.4, 0.8)]
    assert values == sorted(values)


def test_no_evidence_is_no_confidence() -> None:
    assert confidence(read("When was the Aurora built?", [])) == 0.0


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=120), st.floats(-1, 1))
def test_it_is_a_probability(question: str, similarity: float) -> None:
    assert 0.0 <= confidence(read(question, [near(similarity)])) <= 1.0


def test_the_shipped_numbers_fit_the_features() -> None:
    known = model._weights()
    for name, features in (
        ("sentence", candidates.FEATURES),
        ("fact", spans.FEATURES),
        ("confidence", (*abstention.FEATURES, "bias")),
    ):
        assert set(known[name]) <= set(features), name
        assert len(set(features)) == len(features), name
        assert np.isfinite(list(known[name].values())).all()


def test_every_feature_has_a_value() -> None:
    reading = read("When was the Aurora built?", [near(0.5)])
    assert reading.features.shape == (2, len(candidates.FEATURES))
    assert abstention.signals(reading).shape == (len(abstention.FEATURES),)
    assert all(len(fact.features) == len(spans.FEATURES) for fact in spans.facts(reading.asked, TEXT, reading.weight))


def test_a_sentence_about_another_year_does_not_answer() -> None:
    hits = [hit_of("Trade between the two ports reached 228 million crowns in 2025, official figures show.")]
    assert confidence(read("How much was the trade between the two ports in 2025?", hits)) > 0.5
    assert confidence(read("How much was the trade between the two ports in 2024?", hits)) < 0.5


def test_without_the_year_or_number_that_is_asked_for_there_is_no_answer() -> None:
    hits = [
        hit_of(
            "The Harbour Trust was founded by nine fishermen of Hale, and its office answers the phone at all hours."
        )
    ]
    assert confidence(read("Who founded the Harbour Trust?", hits)) > 0.5
    assert confidence(read("In which year was the Harbour Trust founded?", hits)) < 0.5
    assert confidence(read("What is the phone number of the Harbour Trust's office?", hits)) < 0.5


def test_a_row_about_another_plan_does_not_answer() -> None:
    row = hit_of("Plan: Gold; Premium: $447; Deductible: $1,250")
    hits = [replace(row, sentence_scores=(0.8,), why=replace(row.why, dense=0.8))]
    frequency = {"deduct": 1, "gold": 1, "plan": 1, "diamond": 0}
    assert confidence(read("What is the deductible of the Gold plan?", hits, frequency, 10)) > 0.5
    assert confidence(read("What is the deductible of the Diamond plan?", hits, frequency, 10)) < 0.5


@pytest.mark.parametrize(
    ("question", "is_told"),
    [
        ("What was Orla's revenue?", False),
        ("What was Vega's revenue?", True),
        ("Who is the CEO of Vega?", False),
        ("Who is the CEO of Orla?", True),
        ("When was Orla founded?", False),
        ("When was Vega founded?", True),
    ],
)
def test_what_is_said_of_another_is_not_told(question: str, is_told: bool) -> None:
    hits = [
        replace(hit, sentence_scores=(0.8,) * 2)
        for hit in (
            hit_of("Orla Bank opened a branch. Its Chief Executive Officer Ida Holm spoke.", 1),
            hit_of("Vega Shipping had a revenue of $12 million in May. It was founded in 1987.", 2),
        )
    ]
    frequency = dict.fromkeys(telling(question), 1)
    assert is_untold(read(question, hits, frequency, 20)) != is_told


def test_when_needs_a_time() -> None:
    hits = [replace(hit_of("The next meeting of the board is about the quay."), sentence_scores=(0.8,))]
    assert lacks_figure(read("When is the next meeting?", hits, {"next": 1, "meet": 1}, 10))
    assert not lacks_figure(read("What is the next meeting about?", hits, {"next": 1, "meet": 1}, 10))


@pytest.mark.parametrize(
    ("sentence", "is_lacking"),
    [
        ("The last meeting was held on 2 December 2025.", True),
        ("The meeting was moved and will be held on 2 December 2025.", False),
        ("The board meets on 2 December 2025.", False),
    ],
)
def test_what_comes_next_is_not_what_has_been(sentence: str, is_lacking: bool) -> None:
    hits = [replace(hit_of(sentence), sentence_scores=(0.8,))]
    assert lacks_figure(read("When is the next meeting?", hits, {"next": 1, "meet": 1}, 10)) == is_lacking


NEWS = (
    "The ferry Aurora sails to Skarvik from 2 May 2026, the mayor said. A ticket costs 24 euros. The library lends "
    "140 objects, an idea of the librarian Meera Joshi. The licence is kept by the Harbour Foundation."
)
NOWHERE = {"captain": 0, "popul": 0, "own": 0, "restaur": 0, "employe": 0, "found": 1, "harbour": 1, "foundat": 1}


@pytest.mark.parametrize(
    "question",
    [
        "Who is the captain of the Aurora?",
        "What is the population of Skarvik?",
        "Who owns the Aurora?",
        "Who founded Harbour?",
        "Is there a restaurant on the Aurora?",
        "How many employees does the library have?",
        "How old is Meera Joshi?",
        "How fast is the Aurora?",
        "What is the e-mail address of the library?",
    ],
)
def test_what_is_never_spoken_of_is_not_answered(question: str) -> None:
    frequency = dict.fromkeys(telling(question), 3) | {t: n for t, n in NOWHERE.items() if t in telling(question)}
    reading = read(question, [replace(hit_of(NEWS), sentence_scores=(0.8,) * 4)], frequency, 20)
    assert is_untold(reading) or lacks_figure(reading)
    assert confidence(reading) < 0.5


def test_a_verb_in_front_of_a_preposition_does_not_carry_the_question() -> None:
    def carried(question: str) -> list[str]:
        return [term for carrier in carriers(read_question(question), telling(question)) for term in carrier.terms]

    assert carried("How many words come from Arabic?") == ["word", "come"]
    assert carried("How many people live in Skarvik?") == []
    assert carried("How many objects does the library lend?") == ["object"]


@pytest.mark.parametrize(
    "question",
    [
        "Who is the mayor?",
        "Whose idea was it to lend objects?",
        "How much does a ticket cost?",
        "Which ferry sails to Skarvik?",
        "What is the price of a ticket?",
        "What is the name of the librarian?",
        "How many objects does the library lend?",
        "What is the fee for a ticket?",
    ],
)
def test_what_is_spoken_of_is_not_refused_for_a_word(question: str) -> None:
    told = set(terms(NEWS))
    reading = read(
        question,
        [replace(hit_of(NEWS), sentence_scores=(0.8,) * 4)],
        {term: int(term in told) for term in telling(question)},
        20,
    )
    assert not is_untold(reading) and not lacks_figure(reading)


@pytest.mark.parametrize(
    ("question", "text", "answers"),
    [
        ("What is Kestrel?", "Kestrel is an open framework that lets several programs talk to each other.", True),
        ("What is a lien?", "In law, a lien is the right to keep a thing until a debt is paid.", True),
        ("Was ist ein Pfandrecht?", "Ein Pfandrecht ist das Recht, eine Sache zu verwerten.", True),
        ("What is Kestrel?", "So Kestrel adopts a paradigm that is centred on conversations between programs.", False),
        ("What is the Kestrel protocol?", "Kestrel is an open framework that lets programs talk to each other.", False),
    ],
)
def test_a_sentence_that_says_what_it_is_answers(question: str, text: str, answers: bool) -> None:
    hit = replace(hit_of(text), sentence_scores=(0.3,))  # however far it is in meaning, and the corpus large
    assert (confidence(read(question, [hit], {}, 9_999)) > 0.5) == answers


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which countries paid their dues?", "We thank our friends in Bhutan and Uruguay for paying their dues."),
        ("How many listeners took part in the trial?", "In a trial with 214 listeners they understood more words."),
        ("Wie viel CO2 wird eingespart?", "Die CO₂-Emissionen der Fernwärme sinken dadurch um 31.000 Tonnen im Jahr."),
        ("Wie viele Mitarbeiter hat die Firma?", "Die Firma beschäftigt in zwei Werken 412 Angestellte."),
    ],
)
def test_what_is_said_in_other_words_is_told(question: str, text: str) -> None:
    nowhere = dict.fromkeys(set(telling(question)) - set(terms(text)), 0)
    assert not is_untold(read(question, (hit_of(text),), nowhere, 12))


def test_a_figure_alone_says_how_old() -> None:
    for text, is_age in (("She was 91.", True), ("an 8-year-old boy", True), ("It was 91 metres", False)):
        assert said_otherwise("How old was she?", text) == (frozenset(["old"]) if is_age else frozenset())
