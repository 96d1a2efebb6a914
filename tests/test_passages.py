"""Passages and sentences: offsets that hold, nothing lost, budgets kept, and boundaries where a reader sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import RagError, UsageError
from rag.passages import embedded_text, split
from rag.passages.encoding import encoding
from rag.passages.paragraphs import ParagraphChunker, paragraphs
from rag.passages.sentences import halves, is_label, sentences
from rag.settings import Settings
from rag.types import Document, Heading, Span


def parts(text: str, **kwargs) -> list[str]:
    return [text[start:end] for start, end in sentences(text, **kwargs)]


# Texts, and below them how many sentences a reader would count.
CASES = {
    "plain": "The pump failed. It was replaced! Why? Nobody knows.",
    "titles": "Dr. Ames met Prof. Li and Mrs. Ortiz. They agreed.",
    "latin": "Use a solvent, e.g. Acetone, i.e. the usual one. Rinse vs. Wash is not defined.",
    "country": "The U.S. Senate voted. He lives in the U.S. The vote was close.",
    "number": "See No. 5 and Fig. 2 on pp. 3-4. The rest is in Vol. 2.",
    "no": "Did she agree? She said no. The talks ended.",
    "month": "It was signed on Feb. 24 in Geneva. It ended in Dec. The next one is due.",
    "company": "Acme Inc. Chairman Ruth Bell resigned. She left Acme Inc. The board thanked her.",
    "initials": "J. R. Ewing and W. E. B. Moss spoke. We chose Plan B. The other one failed.",
    "degree": "Anna Roth, Ph.D., spoke at 9 a.m. The hall was full.",
    "decimal": "It rose by 3.5 percent to $228.1 billion. Imports fell 0.2%.",
    "version": "Version 2.0.1 is out. Get it at www.example.org/a.b?c=1. Then restart.",
    "sentence number": "The team scored 12. The other side had 9.",
    "ordinal": "Der Vertrag wurde am 3. Oktober 1990 unterzeichnet. Er gilt.",
    "quote": "“We are ready.” She left. 'Go!' he said. (It rained.) They stayed.",
    "lower": '"Stop!" he cried. "Why?" she asked.',
    "reference": "The bridge opened in 1932.[12] It closed in 1999.[3][4] It stands.",
    "ellipsis": "He waited… and waited... and left. Then... Nothing came.",
    "abbreviation at the end": "They sell pens, ink, etc. The shop is small.",
    "spanish": "¿Qué pasó? ¡Nada! Todo sigue igual.",
    "french": "Il a dit « Non. » Elle est partie.",
    "chinese": "委员会开会。会议记录公布了！谁知道？「好。」他说。",
    "arabic": "هل وصل القطار؟ نعم وصل. انتهى.",
    "urdu": "یہ پہلا جملہ ہے۔ یہ دوسرا ہے۔",
    "hindi": "समिति बैठती है। कार्यवृत्त प्रकाशित होता है।",
    "law": "See 11 U.S.C. §§ 341(c), 343 and Fed. R. Bankr. P. 2004. Cf. In re Baker, 86 B.R. 2 (Bankr. D. Colo. 1988)."
    " § 5 holds. Voir art. L. 121-1 du code. He felt ill. Doctors came.",
    "magnitude": "Der Umsatz stieg auf 288 Mio. Euro (1,1 Mrd. Euro). Das EBIT fiel um 6 Mio. Die Firma wächst.",
    "currency": "It cost approx. $5 a piece. €7 was asked.",
}
EXPECTED = {
    "plain": 4, "titles": 2, "latin": 2, "country": 3, "number": 2, "no": 3, "month": 3, "company": 3,
    "initials": 3, "degree": 2, "decimal": 2, "version": 3, "sentence number": 2, "ordinal": 2, "quote": 5,
    "lower": 2, "reference": 3, "ellipsis": 3, "abbreviation at the end": 2, "spanish": 3, "french": 2,
    "chinese": 5, "arabic": 3, "urdu": 2, "hindi": 2, "currency": 2,
    "law": 6, "magnitude": 3,
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_sentences(case: str) -> None:
    found = parts(CASES[case])
    assert len(found) == EXPECTED[case], found


@pytest.mark.parametrize(
    "expected",
    [
        ["It must: a. Lock the door.", "b. Keep the key.", "c. Report losses."],
        ["The steps are: 1. Open the lid.", "2. Press start.", "It hums."],
        ["i. The first point is this.", "ii. The second is that.", "They differ."],
        ["You need:", "a. A valid passport.", "b. A photo."],
        ["Score: 5.", "The match was long."],
        ["See section a.", "It matters."],
    ],
)
def test_the_number_of_an_item_is_no_sentence(expected: list[str]) -> None:
    joint = "\n" if expected[0] == "You need:" else " "
    assert parts(joint.join(expected)) == expected


# What lines mean: units of their own, or wrapped prose.
LINES = {
    "wrapped": "The report that the board\nreceived in May was long\nand nobody read it. It was\nfiled.",
    "list": "You need:\n- a pump\n- two valves. They fit.\n1. Turn it off.\n2. Wait.",
    "heading": "# Pumps\nThey move water.\n\n## Valves\nThey stop it.",
    "table": "| part | price |\n|---|---|\n| pump | 10 |",
    "tabs": "Part\tPrice\nPump\t10\nValve\t3",
    "short line": "Annual report\nThe company earned more than in any year before, and the\nboard is pleased with it.",
    "joined line": "The first line is as long as this\nAnd so is the second, or nearly so\nBut here two were "
    "joined in one because a word was hyphenated\nAnd the next is as before, of course\nAnd so on. The end.",
    "options": "       --size, -s\n\t      This  makes  the pump\tread  the\n\t      size of  a  valve.  It\tis slow."
    "\n\n       --flow=RATE\n\t      Limit the flow.",
    "summary": "       --size, -s\t\tread the size of each valve\n       --flow=RATE\tlimit the flow",
    "bullets of man": "       o      Hard links are\n\t      not broken\n\n       o      Nor are soft ones",
    "lettered": "(a) Grass is cut every ten days\n(b) Hedges are trimmed twice a year",
    "fields": "Charges\nMill Court: 1,150 a month\nCanal Wharf: 1,720 a month\nAll sums without tax.",
    "a colon in prose": "What the committee wanted to know above all of the European\n"
    "Commission: when will the road at last be built, and by which one\nof the two firms?",
    "cells": "Mill Court        Otley        1.8 hectares\nStation House     Ilkley       0.6 hectares",
    "blank": "No stop here\n\nNor here",
    "page": "The committee that the members of the\nwhole assembly had elected in the spring was\n\ndissolved in May.",
}
LINES_EXPECTED = {
    "wrapped": 2,
    "list": 6,
    "heading": 4,
    "table": 3,
    "tabs": 3,
    "short line": 2,
    "options": 3,
    "summary": 2,
    "bullets of man": 2,
    "lettered": 2,
    "fields": 4,
    "a colon in prose": 1,
    "cells": 2,
    "blank": 2,
    "joined line": 2,
    "page": 1,
}


@pytest.mark.parametrize("case", LINES)
def test_lines(case: str) -> None:
    found = parts(LINES[case])
    assert len(found) == LINES_EXPECTED[case], found


def test_blocks_are_never_read_across() -> None:
    text = "Pump; ten and\na half"
    assert parts(text, blocks=[Span(0, 4), Span(6, 20)]) == ["Pump", ";", "ten and\na half"]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("# Pumps\n\nThey move water.\n\nValves\n\nThey stop it.", ["# Pumps", "Valves"]),
        ("You need:\n- a pump\n- a valve", []),
        ("part: pump; price: 10\n\nall parts: 12", []),
        ("He said “no”. What then? Nobody knows", []),
        ("What becomes of the ship\n\nIt will be sold.", ["What becomes of the ship"]),
        (
            f"{(long := 'CHAPTER 2 – APPOINTMENT, QUALIFICATIONS, PERCENTAGE FEE AND COMPENSATION OF TRUSTEES')}"
            "\n\nIt is paid.",
            [long],
        ),
    ],
)
def test_labels_are_told_from_sentences(text: str, labels: list[str]) -> None:
    assert [text[a:b] for a, b in sentences(text) if is_label(text, Span(a, b))] == labels


TEXT = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="aB. \n\t!?-#|1,;:。“”()…", max_size=400),
    st.lists(st.sampled_from([*CASES.values(), *LINES.values(), "\n\n", "\n", " ", "word " * 90]), max_size=12).map(
        "".join
    ),
)


def covers(text: str, spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether spans are trimmed, in order, disjoint, inside, and leave only white space out."""
    edges = [Span(start, start), *spans, Span(end, end)]
    return all(a.end <= b.start and not text[a.end : b.start].strip() for a, b in pairwise(edges)) and all(
        text[span.start : span.end] == text[span.start : span.end].strip() != "" for span in spans
    )


@settings(max_examples=300, deadline=None)
@given(TEXT, st.data())
def test_sentences_hold_every_character(text: str, data: st.DataObject) -> None:
    at = st.integers(0, len(text))
    start, end = sorted((data.draw(at), data.draw(at)))
    edges = sorted(data.draw(st.sets(at, max_size=6)))
    blocks = [Span(a, b) for a, b in pairwise(edges)]
    found = sentences(text, start, end, blocks)
    assert covers(text, found, start, end)
    assert not any(span.start < edge < span.end for span in found for block in blocks for edge in block)


@given(st.text(min_size=1, max_size=60).filter(lambda text: text == text.strip()))
def test_halves_lose_nothing(text: str) -> None:
    cut = halves(text, Span(0, len(text)))
    assert (cut is None) == (len(text) == 1)
    assert cut is None or covers(text, cut, 0, len(text))


class CharacterEmbedder:
    """Stands in for an embedder whose tokens are characters, and which reads few of them."""

    fingerprint = "characters"
    dim = 1

    def __init__(self, max_tokens: int) -> None:
        self.max_tokens = max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(text) for text in texts]

    def embed_passages(self, texts, sentences) -> Iterator:
        raise AssertionError("chunking embeds nothing")

    def embed_query(self, text: str):
        raise AssertionError("chunking embeds nothing")


def headings_of(text: str) -> tuple[Heading, ...]:
    return tuple(Heading(match.start(), match.end(), len(match[1])) for match in re.finditer(r"^(#+) .+$", text, re.M))


@settings(max_examples=300, deadline=None)
@given(TEXT, st.integers(32, 120), st.none() | st.integers(3, 300))
def test_passages_keep_their_promises(text: str, n_tokens: int, reads: int | None) -> None:
    document = Document(source="a/b.md", text=text, headings=headings_of(text))
    embedder = None if reads is None else CharacterEmbedder(reads)
    passages = split(document, ParagraphChunker(n_tokens, encoding()), embedder)
    assert covers(text, [Span(passage.start, passage.end) for passage in passages], 0, len(text))
    for passage in passages:
        assert passage.text == text[passage.start : passage.end]
        assert covers(text, passage.sentences, passage.start, passage.end)
        assert len(encoding().encode_ordinary(passage.text)) <= n_tokens
        assert embedder is None or embedder.count_tokens([passage.text])[0] <= embedder.max_tokens
        words, spans = embedded_text(passage)
        assert [words[a:b] for a, b in spans] == [text[a:b] for a, b in passage.sentences]
    assert len({passage.id for passage in passages}) == len(passages)


PARAGRAPH = "The valve is opened by hand and closed by a spring that is checked every year. " * 6  # 96 tokens


def chunk(text: str, n_tokens: int = 200, **fields) -> list[str]:
    document = Document(source="a.md", text=text, headings=headings_of(text), **fields)
    return [passage.text for passage in split(document, ParagraphChunker(n_tokens, encoding()))]


def test_stops_at_a_blank_line_once_full_enough() -> None:
    assert chunk(f"{PARAGRAPH}\n\n{PARAGRAPH}\n\n{PARAGRAPH}") == [PARAGRAPH.strip()] * 3


def test_joins_short_paragraphs() -> None:
    text = "One.\n\nTwo.\n\nThree."
    assert chunk(text) == [text]


def test_a_heading_goes_with_what_follows() -> None:
    found = chunk(f"# A\n\n{PARAGRAPH}\n\n## B\n\n{PARAGRAPH}\n\n# C\n\n{PARAGRAPH}")
    assert [text.split("\n")[0] for text in found] == ["# A", "## B", "# C"]


def test_heading_path_page_and_title() -> None:
    text = f"# A\n\n{PARAGRAPH}\n\n## B\n\n{PARAGRAPH}\n\n# C\n\n{PARAGRAPH}"
    document = Document(
        source="manuals/pumps.md",
        text=text,
        headings=headings_of(text),
        page_starts=(0, text.index("## B"), text.index("# C")),
        collection="manuals",
    )
    passages = split(document, ParagraphChunker(200, encoding()))
    assert [passage.heading for passage in passages] == ["A", "A > B", "C"]
    assert [passage.page for passage in passages] == [1, 2, 3]
    assert {passage.title for passage in passages} == {"pumps"}
    assert {passage.collection for passage in passages} == {"manuals"}


def test_a_lead_in_goes_with_its_list() -> None:
    text = f"{PARAGRAPH.strip()}\n\n{PARAGRAPH}These are needed:\n\n- a pump\n- a valve\n\n{PARAGRAPH}"
    assert [part.endswith("- a valve") for part in chunk(text)] == [False, True, False]


def test_rows_stay_whole() -> None:
    rows = [f"| pump {i} | made of bronze and steel | costs {i} euros |" for i in range(60)]
    for text in chunk("\n".join(rows), 100):
        assert set(text.split("\n")) <= set(rows)


def test_a_tiny_remainder_joins_the_passage_before() -> None:
    assert chunk(f"{PARAGRAPH}\n\nThe end.") == [f"{PARAGRAPH}\n\nThe end."]


def test_a_sentence_is_cut_only_when_it_is_too_long() -> None:
    clause = "the tenant shall keep the premises in repair; "
    found = chunk("Subject to notice, " + clause * 60, 200)
    assert all(text.endswith(";") for text in found)
    assert " ".join(found) == ("Subject to notice, " + clause * 60).strip()


def test_an_embedder_that_reads_less_gets_whole_sentences() -> None:
    document = Document(source="a.txt", text=PARAGRAPH)
    passages = split(document, ParagraphChunker(200, encoding()), CharacterEmbedder(200))
    assert len(passages) == 3
    assert all(passage.text.endswith("year.") for passage in passages)


def test_same_text_same_ids() -> None:
    document = Document(source="a.txt", text=PARAGRAPH)
    ids = [[passage.id for passage in split(document, ParagraphChunker(64, encoding()))] for _ in range(2)]
    assert ids[0] == ids[1]
    assert all(re.fullmatch("[0-9a-f]{20}", passage_id) for passage_id in ids[0])


class Broken:
    """A chunker that returns what it was told to."""

    fingerprint = "broken"

    def __init__(self, *spans: tuple[int, int]) -> None:
        self.spans = spans

    def split(self, document: Document) -> list[tuple[Span, list[Span]]]:
        return [(Span(*span), []) for span in self.spans]


@pytest.mark.parametrize("spans", [[(0, 99)], [(0, 8), (4, 12)], [(4, 12)], [(0, 4)], [(6, 12), (0, 6)], []])
def test_a_chunker_that_breaks_its_promise_is_named(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(RagError, match="'broken'"):
        split(Document(source="a.txt", text="One. Two six"), Broken(*spans))


def test_a_chunker_without_sentences_gets_them_found() -> None:
    (passage,) = split(Document(source="a.txt", text=" One. Two. "), Broken((0, 11)))
    assert passage.text == "One. Two."
    assert passage.sentences == (Span(1, 5), Span(6, 10))


def test_factory_reads_its_argument_and_the_settings() -> None:
    assert paragraphs("", Settings(passage_tokens=99)).passage_tokens == 99
    assert paragraphs("64", Settings()).passage_tokens == 64
    assert paragraphs("64", Settings()).fingerprint != paragraphs("65", Settings()).fingerprint
    with pytest.raises(UsageError, match="number of tokens"):
        paragraphs("many", Settings())


PIECES = [
    "a",
    "Word",
    "é",
    "漢字",
    "don't",
    "'s",
    "4567",
    "!",
    "...",
    "_",
    "—",
    " ",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "👍",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_words_counted_one_by_one_come_to_what_the_encoding_says(text: str) -> None:
    chunker = paragraphs("", Settings())
    assert chunker.count(text, 0, len(text)) == len(encoding().encode_ordinary(text))
