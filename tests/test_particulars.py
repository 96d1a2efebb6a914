"""What a document says of itself: which questions ask for it, and which words of the document tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import Assistant
from rag.documents.plain import plain_document
from rag.generation import recognise
from rag.generation.masthead import FINDERS

LETTER = """Mill Road Dental Practice
9 Mill Road, Larne

Our ref: AB/12-7
3 June 2025

Dear Ms Okonkwo,

Your check-up is due in July. Please ring us before the end of the month, since the list fills quickly.

If you would like to change to another day, tell the front desk, and we will find one for you.

With kind regards,

Jonas Feld
Practice Manager
"""

RELEASE = """EMBARGOED UNTIL 6 AM, 2 MAY 2025

Tiltwind opens a yard in Esbjerg

ESBJERG, Denmark, May 2, 2025 /PRNewswire/ -- Tiltwind A/S (OTCQX: TILT) opened its second yard today.

The yard will employ 300 people, the company said, and build forty towers a year from next spring on.

Investor contact:
Rie Holm
ir@tiltwind.example

Media contact:
Anders Bak, +45 5555 0101

SOURCE Tiltwind A/S
"""

ITALIAN = (
    "Comunicato stampa a pagamento: la redazione di questo giornale non ha scritto il testo e non risponde di quello "
    "che dice."
)

MITTEILUNG = """Pressemitteilung

Neues Hallenbad öffnet im Herbst

Wolfach, 7. Mai 2025. Die Stadt eröffnet im Oktober das neue Hallenbad an der Talstraße, wie sie heute mitteilte.

Pressekontakt:
Petra Lohr, Tel. 07834 555 12
"""

AGREEMENT = """LEASE

This lease is made on 4 May 2025 between:

(1) NORTH QUAY LTD, of 2 North Quay; and
(2) OLA BERG, of 7 Hill Street.

1. The rent is 900 a month, and is paid on the first day of each month.
"""


@pytest.mark.parametrize(
    ("text", "kind", "fact"),
    [
        (LETTER, "author", "Jonas Feld"),
        (LETTER, "recipient", "Ms Okonkwo"),
        (LETTER, "reference", "AB/12-7"),
        (LETTER, "date", "3 June 2025"),
        (LETTER, "contact", None),
        (RELEASE, "press contact", "Media contact:\nAnders Bak, +45 5555 0101"),
        (RELEASE, "investor contact", "Investor contact:\nRie Holm\nir@tiltwind.example"),
        (RELEASE, "publisher", "Tiltwind A/S"),
        (RELEASE, "distributor", "PRNewswire"),
        (RELEASE, "ticker", "TILT"),
        (RELEASE, "embargo", "EMBARGOED UNTIL 6 AM, 2 MAY 2025"),
        (RELEASE, "recipient", None),
        (MITTEILUNG, "date", "7. Mai 2025"),
        (MITTEILUNG, "place", "Wolfach"),
        (MITTEILUNG, "press contact", "Pressekontakt:\nPetra Lohr, Tel. 07834 555 12"),
        (MITTEILUNG, "investor contact", None),
        (
            "Ufficio stampa:\nIda Neri - tel. 0141 555 321\n\n-- \nRicevi questa mail da a@b.example",
            "press contact",
            "Ufficio stampa:\nIda Neri - tel. 0141 555 321",
        ),
        ("Nota\n\nLugo, 3 de abril de 2025.- El puente se abre hoy al tráfico.", "date", "3 de abril de 2025"),
        ("Expediente: CON/37\nFecha: 3 de mayo de 2025\n\nObjeto: luminarias.", "reference", "CON/37"),
        ("Monsieur le Maire,\n\nLe pont est fermé.", "recipient", "Monsieur le Maire"),
        (
            "Monsieur le Maire,\n\nLe pont est fermé, et nous ne savons pas pourquoi, ni jusqu'à quand.\n\nVeuillez "
            "agréer, Monsieur le Maire, nos salutations distinguées.\n\nAnne Le Goff\nSecrétaire",
            "author",
            "Anne Le Goff",
        ),
        (f"{RELEASE}\n{ITALIAN}", "in it", ITALIAN),
        (RELEASE, "in it", None),
        (ITALIAN, "in it", None),
        ("Flood\n\nBy MARTA LIND\nWire\n\nThe river rose by two metres overnight.", "author", "MARTA LIND"),
    ],
)
def test_it_is_found_by_its_form(text: str, kind: str, fact: str | None) -> None:
    document = plain_document(text)
    place = FINDERS[kind](document)
    assert (place and document.text[place.fact.start : place.fact.end]) == fact


def test_parties_are_given_with_what_is_said_of_them() -> None:
    document = plain_document(AGREEMENT)
    place = FINDERS["parties"](document)
    assert place is not None
    told = document.text[place.span.start : place.span.end]
    assert "NORTH QUAY LTD" in told
    assert told.endswith("(2) OLA BERG, of 7 Hill Street.")


@pytest.mark.parametrize(
    ("question", "particular"),
    [
        ("Who is the investor contact of Tiltwind?", "investor contact"),
        ("What is the phone number for media enquiries?", "press contact"),
        ("Who distributed this press release?", "distributor"),
        ("Who signed the letter?", "author"),
        ("Where was it issued?", "place"),
        ("À qui est adressée la lettre ?", "recipient"),
        ("¿Cuál es el número de expediente?", "reference"),
        ("What is Tiltwind's ticker symbol?", "ticker"),
        ("Wer hat die Mitteilung übermittelt?", "distributor"),
        ("Who is the letter addressed to?", "recipient"),
        ("What is the reference number of the notice?", "reference"),
        ("When does the embargo end?", "embargo"),
        ("What does the Italian text at the end of the release say?", "in it"),
        ("Worum geht es im italienischen Absatz?", "in it"),
        ("Who are the parties to this contract?", "parties"),
        ("Von wann ist die Pressemitteilung?", "date"),
        ("Quelle est la date du communiqué ?", "date"),
        ("¿De qué fecha es la nota de prensa?", "date"),
        ("Di che data è il comunicato stampa?", "date"),
        ("¿Quién es el contacto de prensa?", "press contact"),
    ],
)
def test_it_is_asked_for_in_many_ways(question: str, particular: str) -> None:
    task = recognise(question)
    assert task is not None
    assert task.particular == particular


@pytest.mark.parametrize(
    "question",
    ["What is the date of the meeting?", "Who wrote the song?", "Who is the landlord?", "When was the bridge opened?"],
)
def test_what_the_text_tells_is_no_particular(question: str) -> None:
    assert recognise(question) is None


def test_which_document_has_the_foreign_text_is_told_apart_from_the_verb() -> None:
    task = recognise("What does the Italian text at the end of the CGTN press release say?")
    assert task is not None
    assert (task.particular, task.what) == ("in it", "CGTN press release")


@pytest.mark.parametrize(
    "question",
    [
        "What is the newsletter about?",
        "Fasse die Pressemitteilung zusammen",
        "Résume le communiqué",
        "De quoi parle ce rapport ?",
        "¿De qué trata la carta?",
        "Di cosa parla il contratto?",
        "Worum geht es in dem Brief?",
    ],
)
def test_a_summary_is_asked_for_in_many_languages(question: str) -> None:
    task = recognise(question)
    assert task is not None
    assert task.kind == "summary"


@pytest.mark.parametrize(
    ("text", "title", "date"),
    [
        (
            "COMMUNIQUÉ DE PRESSE\nPour diffusion immédiate\n\nLe pont rouvre\n\nLundi.",
            "Le pont rouvre",
            None,
        ),
        ("Pressemitteilung Nr. 112/2025\n\nBad öffnet\n\nEs öffnet im Mai.", "Bad öffnet", None),
        (
            "EMBARGOED UNTIL 6 AM, 2 MAY 2025\n\nPRESS NOTICE\nOffice of Roads\nRef: 7\n\n£9m for roads\n\nSpent.",
            "£9m for roads",
            "2025-05-02",
        ),
        ("Noon briefing\n13 June 2025\n\nGood afternoon, everyone.", "Noon briefing", "2025-06-13"),
        ("Rate decision\n\nDate: 18 May 2025    Time: 09:30\n\nThe board cut the rate.", "Rate decision", "2025-05-18"),
        ("The ferry\n\nThe pier was published 3 May 2021, they say.", "The ferry", None),
    ],
)
def test_what_stands_above_a_title_is_none(text: str, title: str, date: str | None) -> None:
    document = plain_document(text)
    assert (document.title, document.metadata.get("date")) == (title, date)


@pytest.mark.usefixtures("plain_reader")
def test_of_several_documents_those_of_the_kind_asked_for_tell(tmp_path: Path) -> None:
    for name, text in {"a": LETTER, "b": RELEASE, "c": MITTEILUNG}.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    assistant = Assistant.open(tmp_path / "index")
    assistant.build(*tmp_path.glob("*.txt"))
    assert assistant.ask("Von wann ist die Pressemitteilung?").text == "Wolfach, **7. Mai 2025** [1]"
    assert {c.source for c in assistant.ask("Who is the press contact?").citations} == {"b.txt", "c.txt"}
