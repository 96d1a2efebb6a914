"""Answers made of the sources' own sentences: which sentence, which words of it, lists, differing sources."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.generation import Writer
from rag.generation.choice import read
from rag.generation.extractive import DISAGREE, OF_TWO_DATES, Extractive
from rag.generation.question import read_question
from rag.plugins import Prompt, Quote
from rag.testing import check_generator, hit_of
from rag.types import Hit, Span

FERRY = (
    "The ferry Aurora was built in Tromsø in 1987. It carries 240 passengers and 36 cars. "
    "Captain Liv Berg has commanded it since 2019. A crossing takes 45 minutes."
)


def ask(question: str, *hits: Hit) -> str:
    writer = Writer(hits)
    list(writer.events(Extractive().generate(Prompt(question, question, hits))))
    return writer.text


def near(hit: Hit, sentence: int) -> Hit:
    """The hit with one sentence near in meaning and the others far."""
    n = len(hit.passage.sentences)
    return replace(hit, sentence_scores=tuple(0.7 if i == sentence else 0.2 for i in range(n)))


def split(text: str, by: str) -> Hit:
    """A hit whose sentences are the parts of ``text`` between ``by``."""
    spans = [Span(text.index(part), text.index(part) + len(part)) for part in text.split(by) if part]
    hit = hit_of(text)
    return replace(hit, passage=replace(hit.passage, sentences=tuple(spans)))


def test_the_sentence_that_answers_comes_with_its_fact_marked() -> None:
    hit = hit_of(FERRY)
    assert "**240" in ask("How many passengers does the ferry Aurora carry?", near(hit, 1))
    assert "**1987**" in ask("When was the ferry Aurora built?", near(hit, 0))
    assert "Liv Berg**" in ask("Who commands the ferry Aurora?", near(hit, 2))


def test_an_amount_is_marked_with_its_currency_and_magnitude() -> None:
    hit = near(hit_of("Official data shows that trade with Norway reached $228.1 billion in 2025, a record."), 0)
    assert "**$228.1 billion**" in ask("How much was trade with Norway in 2025?", hit)


@pytest.mark.parametrize(
    ("question", "sentence", "fact"),
    [
        ("When do the summer hours end?", "The summer hours run from 1 May through 31 August.", "31 August"),
        ("When do the summer hours start?", "The summer hours run from 1 May through 31 August.", "1 May"),
        (
            "Who is the CFO of Vega?",
            "Vega's Chief Executive Officer Ida Holm and its Chief Financial Officer, Ola Moe, will speak.",
            "Ola Moe",
        ),
        ("How many pumps did the charity buy?", "At 4:00pm the 501(c)(3) charity bought 36 pumps.", "36"),
        (
            "What were Vega's earnings in 2014?",
            "Vega had earnings of $9 million in 2014 compared with $7 million in 2013.",
            "$9 million",
        ),
        ("How long must the zest sit?", "The 180 g of zest must sit in the jar for 24 hours.", "24 hours"),
        ("How many weeks of leave are there?", "In the 4-day weeks of summer there are 3 weeks of leave.", "3 weeks"),
        ("Who wrote the novel?", 'The novel, with the essay "Why I Sail", was written by Liv Berg.', "Liv Berg"),
        ("How old was Ida Holm when she died?", "Ida Holm (born 3 April 1885) died at the age of 96.", "96"),
        ("Who repaired the pump?", "A British sailor said that Anna Lind (TSC) repaired the pump.", "Anna Lind"),
    ],
)
def test_of_several_figures_and_names_the_right_one_is_marked(question: str, sentence: str, fact: str) -> None:
    assert f"**{fact}**" in ask(question, near(hit_of(sentence), 0))


def test_the_sentence_that_says_more_of_what_was_asked_leads() -> None:
    answer = ask("How much does the family ticket cost?", near(hit_of("Single ticket: $5.\n\nFamily ticket: $12."), 0))
    assert "**$12**" in answer
    assert "**$5**" not in answer


def test_an_option_is_met_as_typed() -> None:
    hit = split("--delay-update\n  Puts files in place later.|--update, -u\n  Skips files that are newer.", "|")
    hit = replace(hit, sentence_scores=(0.5, 0.4))
    assert "Puts files" not in ask("What does the --update option do?", hit)


def test_whom_a_pronoun_means_is_quoted_from_the_passage_before() -> None:
    before = hit_of("The quay was opened by Anna Lind.", 2)
    hit = near(hit_of("She is the harbour master of Skarvik.", 1, start=34), 0)
    before = replace(
        before, passage=replace(before.passage, document_id=hit.passage.document_id), why=replace(hit.why, joined="x")
    )
    answer = ask("Who is the harbour master of Skarvik?", hit, before)
    assert answer.startswith("The quay was opened by Anna Lind.")
    assert "She is the harbour master" in answer


@pytest.mark.parametrize(
    ("question", "text", "sentence", "also"),
    [
        ("Can we keep a cat?", "You asked whether you may keep a cat. Mrs Hart agrees to one.", 0, "agrees to one"),
        ("What did Ann Lee ask?", "Question: Ann Lee, Daily Wire. Will the road be built?", 0, "road be built?"),
        (
            "Will she attend the summit?",
            "Question: Is she going to Oslo? Aide: Yes, she will be at the summit.",
            1,
            "Oslo?",
        ),
    ],
)
def test_what_says_nothing_alone_comes_with_what_it_needs(question: str, text: str, sentence: int, also: str) -> None:
    assert also in ask(question, near(hit_of(text), sentence))


def test_a_sentence_that_was_cut_is_quoted_whole() -> None:
    text = "Tilt, which makes towers, blades, |and masts, announced a second yard today."
    hit = near(split(text, "|"), 0)
    assert "second yard" in ask("What did Tilt announce?", hit)
    assert "makes towers" in ask("What did Tilt announce?", near(hit, 1))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which school did she attend?", "Ida Holm grew up in Bergen. She attended Nygård School until 1999."),
        ("How many lighthouses stand on Skarv?", "Skarv lies far out at sea. There are four lighthouses on Skarv."),
    ],
)
def test_whoever_asks_of_her_knows_whom_that_means(question: str, text: str) -> None:
    answer = ask(question, near(hit_of(text), 1))
    assert answer.count("[") == 1
    assert text.split(". ")[0] not in answer


def test_a_name_is_marked_whole() -> None:
    hit = near(hit_of("The harbour master Anna Maria Lindqvist opened the new quay on Monday."), 0)
    [quote] = [q for q in quotes("Who opened the new quay?", hit) if q.fact]
    fact = hit.passage.text[quote.fact.start : quote.fact.end] if quote.fact else ""
    assert fact.endswith("Anna Maria Lindqvist")


def quotes(question: str, *hits: Hit) -> list[Quote]:
    return [piece for piece in Extractive().generate(Prompt(question, question, hits)) if isinstance(piece, Quote)]


def test_boilerplate_and_datelines_are_not_quoted() -> None:
    text = (
        "OSLO, Feb. 6, 2026 /PRNewswire/ -- The harbour authority bought two electric ferries.\n\n"
        "Copyright 2026 PR Newswire. All Rights Reserved."
    )
    answer = ask("What did the harbour authority buy?", near(split(text, "\n\n"), 0))
    assert answer.startswith("The harbour authority bought two electric ferries.")
    assert "Copyright" not in answer


def test_an_answer_stays_short() -> None:
    long = " ".join(
        f"The ferry number {n} sails to the island of Vega with mail and {n} sheep on board." for n in range(40)
    )
    answer = ask("What does the ferry carry to Vega?", hit_of(long))
    assert 0 < len(answer.split()) <= 75


def test_a_list_is_quoted_item_by_item() -> None:
    text = "Bring the following tools:\n- a torque wrench\n- two clamps\n- a spirit level\n\nThe work takes an hour."
    answer = ask("What tools should I bring?", near(split(text, "\n"), 0))
    assert "\n- a torque wrench [2]\n- two clamps [3]\n- a spirit level [4]" in answer
    assert "takes an hour" not in answer


def test_sources_that_differ_are_both_shown() -> None:
    one = near(hit_of("The tunnel under the bay is 7.8 kilometres long.", 1), 0)
    other = near(hit_of("The tunnel under the bay is 8.4 kilometres long.", 2), 0)
    answer = ask("How long is the tunnel under the bay?", one, other)
    assert answer.startswith(DISAGREE)
    assert "7.8" in answer and "8.4" in answer and "[1]" in answer and "[2]" in answer


def test_sources_that_agree_or_tell_of_other_years_do_not_differ() -> None:
    one = near(hit_of("The tunnel under the bay is 7.8 kilometres long.", 1), 0)
    same = near(hit_of("Under the bay runs a tunnel that is 7.8 kilometres long.", 2), 0)
    assert DISAGREE not in ask("How long is the tunnel under the bay?", one, same)


def test_reports_of_two_years_are_both_shown_and_do_not_differ() -> None:
    one = near(hit_of("In 2022 the revenue of Nordwind was 31 million kroner.", 1), 0)
    other = near(hit_of("In 2023 the revenue of Nordwind was 37 million kroner.", 2), 0)
    answer = ask("What was the revenue of Nordwind?", one, other)
    assert answer.startswith(OF_TWO_DATES) and "31 million" in answer and "37 million" in answer
    one = near(hit_of("The lighthouse of Sandvik was built in 1887 by the coastal service.", 1), 0)
    other = near(hit_of("The lighthouse of Sandvik was built in 1891 after two shipwrecks.", 2), 0)
    assert ask("When was the lighthouse of Sandvik built?", one, other).startswith(DISAGREE)


def test_nothing_to_say_yields_nothing() -> None:
    assert quotes("What is it?") == []
    assert quotes("What is it?", hit_of("Copyright 2026 Someone. All rights reserved.")) == []


def test_the_generator_keeps_its_contract() -> None:
    check_generator(Extractive())


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=400), st.text(min_size=1, max_size=100))
def test_quotes_lie_inside_the_evidence(text: str, question: str) -> None:
    if not text.strip():
        return
    hit = hit_of(text, start=7)
    for quote in quotes(question, hit):
        assert hit.passage.start <= quote.start < quote.end <= hit.passage.end
        if quote.fact:
            assert quote.start <= quote.fact.start < quote.fact.end <= quote.end


def test_rare_words_count_more_than_common_ones() -> None:
    reading = read("Where is the quern of the museum?", [hit_of(FERRY)], {"quern": 1, "museum": 90}, 100)
    assert reading.weight["quern"] > reading.weight["museum"]
    assert abs(sum(reading.weight.values()) - 1) < 1e-9


@pytest.mark.parametrize("question", ["What does the Basic plan cost?", "What does a ticket for an adult cost?"])
def test_asking_for_a_price_is_not_asking_for_a_list(question: str) -> None:
    asked = read_question(question)
    assert asked.kind == "number" and asked.wants_money
    assert not asked.is_plural and not asked.wants_list


PRICES = {
    "Fares, May 2023": "A day ticket costs 8 euros. The head of the depot is Ada Holm.",
    "Fares, March 2025": "A day ticket costs 9 euros. The head of the depot is Nils Roth.",
}


def fares() -> list[Hit]:
    return [near(hit_of(text, n, title=title), 1) for n, (title, text) in enumerate(PRICES.items(), 1)]


def test_what_holds_now_is_told_by_the_newest_source() -> None:
    answer = ask("Who is the head of the depot now?", *fares())
    assert answer.startswith("As of March 2025: ")
    assert "**Nils Roth**" in answer
    assert "Ada Holm" not in answer


def test_sources_that_differ_are_shown_newest_first_with_their_dates() -> None:
    hits = [near(hit, 0) for hit in fares()]
    answer = ask("How much does a day ticket cost?", *hits)
    assert answer.startswith(OF_TWO_DATES)
    assert answer.index("March 2025: A day ticket costs **9 euros**") < answer.index("May 2023: A day ticket costs **8")


def test_each_part_of_a_question_is_answered() -> None:
    hit = hit_of("The pier opened on 3 May 2024, five weeks late. A pillar had to be laid twice. It has three cafés.")
    hit = replace(hit, sentence_scores=(0.7, 0.3, 0.6))
    answer = ask("When did the pier open, and how many cafés does it have?", hit)
    assert "**3 May 2024**" in answer
    assert "**three" in answer


def test_both_sides_of_a_comparison_are_quoted() -> None:
    rows = split("Plan: Basic; Price: 9 euros\nPlan: Team; Price: 29 euros\nPlan: Large; Price: 99 euros", "\n")
    hit = replace(rows, sentence_scores=(0.6, 0.6, 0.6))
    answer = ask("Which is cheaper, Basic or Team?", hit)
    assert "Plan: Basic; Price: 9 euros" in answer
    assert "Plan: Team; Price: 29 euros" in answer
    assert "Large" not in answer


def test_of_a_row_the_cell_that_was_asked_for_is_marked() -> None:
    rows = split("Line: N1; Passengers: 27,900; Fare: 39 kroner\nLine: N2; Passengers: 13,400; Fare: 61 kroner", "\n")
    answer = ask("What is the fare on line N2?", replace(rows, sentence_scores=(0.5, 0.6)))
    assert "Fare: **61 kroner**" in answer


@pytest.mark.parametrize(
    ("question", "text", "fact"),
    [
        ("Wie hoch ist der Beitrag für Erwachsene?", "Der Beitrag beträgt 180 Euro für Erwachsene.", "180 Euro"),
        ("Wann wurde der Verein gegründet?", "Der Verein wurde am 14. Mai 1921 von Otto Krahl gegründet.", "1921"),
        ("Qui est la directrice ?", "La directrice actuelle est Hélène Marchand.", "Hélène Marchand"),
        ("¿Cuánto cuesta el alquiler de un puesto?", "El alquiler de un puesto cuesta 410 euros al mes.", "410 euros"),
        ("Quando è stato fondato il museo?", "Il museo è stato fondato nel 1968 dal capitano Ferrando.", "1968"),
    ],
)
def test_facts_are_marked_in_other_languages(question: str, text: str, fact: str) -> None:
    answer = ask(question, near(split(text, "\n"), 0))
    assert fact in answer.split("**")[1]


def test_what_is_not_of_the_kind_asked_for_is_not_marked() -> None:
    assert "**" not in ask("Who mended the shed?", near(hit_of("The shed was mended with planks within a week."), 0))


def test_what_a_colon_announces_is_quoted_with_it() -> None:
    text = "To start a new package, use the init command:\n\n$ parcel init harbour\n\nIt makes a folder."
    hit = hit_of(text)
    lines = tuple(Span(text.index(line), text.index(line) + len(line)) for line in text.split("\n") if line)
    hit = replace(hit, passage=replace(hit.passage, sentences=lines), sentence_scores=(0.8, 0.3, 0.2))
    [quote, *_] = quotes("How do I start a new package?", hit)
    assert text[quote.start : quote.end].endswith("$ parcel init harbour")


@pytest.mark.parametrize(
    ("question", "text", "fact"),
    [
        (
            "How much is a ticket for a child?",
            "A single ticket costs 24 euros for adults and 9 euros for children.",
            "9 euros",
        ),
        ("How much money is in the fund?", "The fund will share £94 million between 38 councils.", "£94 million"),
        (
            "Wie viel kostet die Pumpe?",
            "Die Pumpe mit 22 Megawatt kostet die Stadt 48,5 Millionen Euro.",
            "48,5 Millionen Euro",
        ),
        ("How much space is needed in front?", "Keep 40 cm free behind the unit and 120 cm in front of it.", "120 cm"),
        (
            "Who is the treasurer?",
            "Present: Ann Lee (chair), Yusuf Demir (treasurer), Eva Holm (clerk).",
            "Yusuf Demir",
        ),
        ("Who checks the anode?", "The anode must be checked by a technician every two years.", "technician"),
        ("When does the ferry sail?", "The ferry sails from 2 May, its owner said on Thursday.", "2 May"),
        ("When did he stop smoking?", "He had pain for two hours, and he stopped smoking in 2009.", "2009"),
        ("Which knee was replaced?", "Her left knee was replaced on 2 December 2025.", "left knee"),
        ("At what time does the hall open?", "Since 3 May 2024 the hall opens at 18:30.", "18:30"),
        ("A che ora parte l'autobus?", "Dal 1998 l'autobus parte alle 11 dalla stazione.", "11"),
    ],
)
def test_of_several_facts_the_one_that_belongs_to_the_question_is_marked(question: str, text: str, fact: str) -> None:
    marked = ask(question, near(split(text, "\n"), 0)).split("**")
    assert fact in marked[1], marked


def test_the_number_of_a_clause_is_neither_a_fact_nor_an_answer() -> None:
    text = "4. Deposit.\nThe tenant pays a deposit of £1,725.\n1.2 Windows are cleaned every second month."
    assert ask("How much is the deposit?", split(text, "\n")) == "The tenant pays a deposit of **£1,725**. [1]"
    assert "**1.2" not in ask("How often are the windows cleaned?", near(split(text, "\n"), 2))


def test_a_label_that_the_question_names_speaks_for_its_sentence() -> None:
    """As in a glossary; the nearer sentence about a group with another label does not win."""
    text = "fax: Members of this group may use the fax group software. dialout: Full access to serial ports."
    hit = split(text, " dialout")
    spans = (Span(0, text.index(" dialout")), Span(text.index("dialout"), len(text)))
    hit = replace(hit, passage=replace(hit.passage, sentences=spans), sentence_scores=(0.65, 0.3))
    assert read("What is the dialout group for?", [hit]).ranked[0] == 1
    assert read("What is the fax group for?", [hit]).ranked[0] == 0
