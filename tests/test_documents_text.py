"""Text as it comes: encodings, press releases, and what is kept out of answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import headings, read_one

from rag.documents.boilerplate import boilerplate_spans, dateline_date, dateline_length, is_reference
from rag.documents.encodings import decode
from rag.errors import DocumentError

PRESS = """OSLO, March 3, 2025 /NordWire/ -- The Fjord Line opened its new pier on Monday, the largest in the country.

Ferries double in number

The number of ferries rises from 12 to 24 by summer, said the director of the line, who expects 900,000 travellers.

View original content: https://news.example.org/fjord

Copyright 2025 NordWire. All Rights Reserved.

Comunicato stampa sponsorizzato. La redazione non è responsabile.
"""


# ---- encodings


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Größe und naïve Käufer – fünf"),
        ("utf-8-sig", "mit Marke: Größe"),
        ("utf-16", "Grüße an alle"),
        ("utf-16-le", "plain words without a mark, long enough to tell"),
        ("utf-16-be", "plain words without a mark, long enough to tell"),
        ("utf-32", "Grüße an alle"),
        ("cp1252", "The café costs €100 — “quoted” words and naïve façades."),
        ("shift_jis", "返品ポリシーは三十日です。商品は未使用でなければなりません。"),
        ("cp932", "名前,年齢,住所\n佐藤太郎,30,東京都\n三木英子,25,大阪府\n高橋淳,35,名古屋市\n"),
        ("big5", "退款政策是三十天。所有商品必須未使用。請保留收據。"),
        ("gb18030", "退款政策是三十天。所有商品必须未使用。请保留收据。"),
        ("euc-kr", "환불 정책은 삼십일입니다. 모든 상품은 사용하지 않은 상태여야 합니다."),
        ("cp1251", "Правила возврата действуют тридцать дней с момента покупки товара."),
        ("iso-2022-jp", "返品ポリシーは三十日です。"),
    ],
)
def test_encodings_are_told_apart(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding))[0].lstrip("\ufeff") == text


def test_damaged_utf8_keeps_what_is_whole() -> None:
    text, encoding, warnings = decode("naïve café größe".encode() + b"\xff tail")
    assert (text, encoding) == ("naïve café größe\ufffd tail", "utf-8")
    assert warnings == ["1 character was not valid utf-8"]


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize(
    "text",
    [
        "Roberts, 1997–2004, cost £1,000,000 — “near the limit”.",
        "Größe, Käufer und naïve Übung: 5 € für 3 °C…",
        "Правила возврата действуют тридцать дней.",
        "退款政策是三十天。🙂",
    ],
)
def test_text_that_was_encoded_twice_is_read_as_it_was_meant(text: str, wrong: str) -> None:
    as_read = "".join(_misread(byte, wrong) for byte in text.encode())
    assert decode(as_read.encode()) == (text, "utf-8", ["the text was encoded twice; it was read as it was meant"])


def _misread(byte: int, encoding: str) -> str:
    """One byte as ``encoding`` has it; what Windows-1252 leaves open passes through, as browsers let it."""
    return bytes([byte]).decode(encoding, "ignore") or chr(byte)


@pytest.mark.parametrize(
    "text",
    [
        "Im „MENÜ“ und im „FOYER Ü“ steht: «Ü», Ü“, MENÜ“.",
        "A price of Â£5, and 3 naïve façades: à la carte, Â£7, Â£9.",
        "Ã© Ã©",
    ],
)
def test_text_that_only_looks_so_in_places_is_left_alone(text: str) -> None:
    assert decode(text.encode())[0] == text


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        text, _, _ = decode(data)
    except DocumentError:
        return
    assert isinstance(text, str)


# ---- plain text and boilerplate


def test_press_release(tmp_path: Path) -> None:
    document = read_one(tmp_path, "press.txt", PRESS)
    assert document.metadata["date"] == "2025-03-03"
    assert document.title == ""
    assert headings(document) == [(2, "Ferries double in number")]
    marked = [document.text[a:b] for a, b in document.metadata["boilerplate"]]
    assert [words.split()[0] for words in marked] == ["View", "Copyright", "Comunicato"]


def test_a_first_line_is_a_title_when_it_looks_like_one(tmp_path: Path) -> None:
    titled = read_one(tmp_path, "a.txt", "Rules of the Harbour\n\nShips wait outside until the pilot is on board.\n")
    assert titled.title == "Rules of the Harbour"
    prose = read_one(tmp_path, "b.txt", "Ships wait outside.\n\nThe pilot comes on board at the outer buoy.\n")
    assert prose.title == ""


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("BEIJING, Feb. 6, 2026 /PRNewswire/ -- Talks were held", "2026-02-06"),
        ("PARIS--(BUSINESS WIRE)--March 13, 2025--The firm", "2025-03-13"),
        ("LONDON, 3 May 2024 – The council", "2024-05-03"),
        ("PARIS, le 2 mai 2024 /PRNewswire/ -- Le port ouvre", "2024-05-02"),
        ("MADRID, 14 de enero de 2025 /PRNewswire/ -- El puerto", "2025-01-14"),
        ("北京2025年3月4日 /美通社/ -- 奥林港今天宣布", "2025-03-04"),
        ("The council met on 3 May 2024 and went home", ""),
    ],
)
def test_datelines(line: str, date: str) -> None:
    assert dateline_date(line) == date


@pytest.mark.parametrize(
    "dateline",
    [
        "OSLO, Norway, May 5, 2011 (GLOBE NEWSWIRE) — ",
        "SKARVIK, N.Y.--(BUSINESS WIRE)--",
        "PARIS--(BUSINESS WIRE)--March 13, 2025--",
        "PORT VEGA, N.Y., April 20, 2021 /PRNewswire/ -- ",
        "London, 3 May 2024 – ",
        "Paris (AFP) - ",
        "Berlin (dpa/tmn) - ",
        "MADRID, 3 Jun. (EUROPA PRESS) - ",
        "",
    ],
)
def test_a_dateline_is_told_from_its_sentence(dateline: str) -> None:
    assert dateline_length(f"{dateline}Harbour Trust, Inc. (Oslo: HTI) said that the quay opens.") == len(dateline)


@pytest.mark.parametrize(
    "sentence",
    [
        "The Harbour Fund (HF) – the older one – closed.",
        "IBM and SAP – both of them.",
        "Opened on Monday, 3 May 2024 - it.",
    ],
)
def test_no_sentence_loses_its_beginning(sentence: str) -> None:
    assert dateline_length(sentence) == 0


def test_a_release_in_another_form(tmp_path: Path) -> None:
    """Its kind and date stand above the title, contacts and sources below the text; neither is the text."""
    lines = ["FOR IMMEDIATE RELEASE", "Harbour Office Sets New Rules for Pilots", "Tuesday, April 8, 2025"]
    lines += ["Pilots rest for ten hours between shifts from 1 July on, the office said.", "SOURCE Harbour Office"]
    lines += ["Media contact:\nUwe Lund\n+47 555 0101\npress@harbour.example", "Tous droits réservés.", "###"]
    document = read_one(tmp_path, "release.txt", "\n\n".join(lines) + "\n")
    assert (document.title, document.metadata["date"]) == (lines[1], "2025-04-08")
    marked = [document.text[a:b] for a, b in document.metadata["boilerplate"]]
    assert marked == [lines[0], lines[4], *lines[5].split("\n"), *lines[6:]]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ('"Championship: Ipswich 0-2 Norwich" (http://www.soccerbase.example/results?gameid=1).', True),
        ("Roberts, Iwan (12 May 2020).", True),
        ('[12] Francis, Gerry (19 August 1990). "Division 3 verdict"', True),
        ("Wei, J., Wang, X., and Zhou, D. (2022).", True),
        ("Retrieved 22 June\n2020.", True),
        ("Archived (https://web.archive.example/1) from the original on 27 April 2018.", True),
        ("11 U.S.C. §§ 341(c), 343.", True),
        ("See 28 U.S.C. § 586(e); Fed. R. Bankr. P. 2003(a).", True),
        ("28 U.S.C. § 586(e) Trustee Compensation", False),
        ("Under 11 U.S.C. § 341 a meeting is held.", False),
        ("Archived copies must be kept for ten years.", False),
        ("Retrieved items are kept for 5 days.", False),
        ("Berlin, Germany (2019) was the venue.", False),
        ("The report (2019) is at https://example.org.", False),
    ],
)
def test_entries_of_a_list_of_references(sentence: str, expected: bool) -> None:
    assert is_reference(sentence) == expected


def test_a_table_of_contents_says_nothing() -> None:
    contents = "Intake ............ 3\nSurgery … 28\n\nA. WARD ROUNDS3-17\n\nB. FEES\tix\nThe ward has 12 beds."
    found = [contents[a:b] for a, b in boilerplate_spans(contents)]
    assert found == ["Intake ............ 3", "Surgery … 28", "A. WARD ROUNDS3-17"]
    assert boilerplate_spans("Leeds - Hull 3-1\nYork - Ely 0-2\nDover - Bath 2-2\nFlight BA3-1") == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("You are receiving this email because you signed up in May.", True),
        ("Having trouble reading this newsletter? View it in your browser: https://a.example/1", True),
        ("Suivez-nous : Facebook | Instagram | LinkedIn", True),
        ("Read more: Obituaries | Science", True),
        ("More soccer: https://wire.example/soccer and @wire", True),
        ("BC-SOC--Ely-Hull,1st Ld-Writethru", True),
        ("Eds: UPDATES: With quotes.", True),
        ("Pressemitteilung Nr. 112/2025", True),
        ("EMBARGOED UNTIL 00:01 ON 14 MAY", True),
        ("You receive this salary in May.", False),
        ("The embargo on oil ends in May.", False),
        ("Follow us to the pier. Bring a coat.", False),
        ("More rain: the river rose by a metre.", False),
        ("Embargo on oil to end in May", False),
    ],
)
def test_what_mails_and_wires_carry_around_their_text(line: str, expected: bool) -> None:
    assert bool(boilerplate_spans(line)) == expected


def test_prose_is_no_boilerplate() -> None:
    text = (
        "The view from the original pier is good.\nShare prices rose by 4 percent, and all rights went to the firm.\n"
    )
    text += "Source: the river rises in the hills of Lund and runs to the sea.\n\nContact the harbour at noon.\n"
    text += "2024-05-02\n" + "Press releases are sent on Mondays.\n" * 9
    assert boilerplate_spans(text) == []
