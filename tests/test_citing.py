"""Pieces of a generator become text, exact citations and verified claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import GeneratorError
from rag.generation.citing import Writer
from rag.generation.markers import Code, Reader
from rag.plugins import Quote
from rag.types import Citation, Cited, Delta, Hit, Passage, Span

PIER = (
    "The harbour authority closed the northern pier on 14 March 2023. Divers had found cracks in three of its "
    "eleven pillars.  Repairs cost\n4.2 million euros and were not finished before 2025."
)
BEES = "Bees of this species do not store honey. They visit 40 kinds of flowers between May and August."


def hit(text: str, number: int, start: int = 100, title: str = "Harbour news") -> Hit:
    sentences, at = [], start
    for part in re.findall(r".+?[.!?](?=\s|$)", text, re.DOTALL):
        at = text.index(part.strip(), at - start) + start
        sentences.append(Span(at, at + len(part.strip())))
        at += len(part.strip())
    passage = Passage(
        f"p{number}", f"d{number}", f"{number}.txt", title, text, start, start + len(text), number, "", tuple(sentences)
    )
    return Hit(passage, 1.0, number)


EVIDENCE = (hit(PIER, 1), hit(BEES, 2))


def write(pieces: Sequence[str | Quote], unsupported: str = "strike", evidence: Sequence[Hit] = EVIDENCE) -> Writer:
    """A writer that has written ``pieces``; what every answer must satisfy is checked on the way."""
    writer = Writer(evidence, unsupported=unsupported)
    sent, announced = "", []
    for event in writer.events(pieces):
        if isinstance(event, Delta):
            sent += event.text
        else:
            assert isinstance(event, Cited)
            announced.append(event.citation)
            assert "`" in sent or f"[{event.citation.number}]" not in sent  # code may hold anything
    assert sent == writer.text
    assert announced == writer.citations
    assert [citation.number for citation in announced] == list(range(1, len(announced) + 1))
    for citation in announced:
        check(citation, evidence)
        assert f"[{citation.number}]" in writer.text
    for claim in writer.claims:
        assert 0 <= claim.start < claim.end <= len(writer.text)
        assert all(f"[{number}]" in writer.text[claim.start : claim.end] for number in claim.citations)
    return writer


def check(citation: Citation, evidence: Sequence[Hit]) -> None:
    passage = next(h.passage for h in evidence if h.passage.id == citation.passage_id)
    assert passage.text[citation.start - passage.start : citation.end - passage.start] == citation.quote
    assert citation.quote == citation.quote.strip() != ""


# -- quotes


def test_a_quote_is_fetched_cited_and_its_fact_marked() -> None:
    start = 100 + PIER.index("Repairs")
    fact = PIER.index("4.2 million") + 100
    quote = Quote(1, start, 100 + len(PIER), Span(fact, fact + len("4.2 million euros")))
    writer = write([quote])
    assert writer.text == "Repairs cost **4.2 million euros** and were not finished before 2025. [1]"
    assert writer.citations[0].quote == PIER[PIER.index("Repairs") :]
    assert writer.claims[0].support == "verbatim"
    assert writer.grounded


def test_the_same_span_keeps_its_number_and_another_gets_the_next() -> None:
    first, second = Quote(1, 100, 140), Quote(2, 100, 140)
    writer = write([first, second, "\n- ", first])
    assert [claim.citations for claim in writer.claims] == [(1,), (2,), (1,)]
    assert "\n- The harbour" in writer.text


def test_white_space_at_the_ends_of_a_quote_is_not_cited() -> None:
    end = PIER.index(" Divers") + 100
    assert write([Quote(1, end, end + 7)]).citations[0].quote == "Divers"


@pytest.mark.parametrize("quote", [Quote(3, 100, 110), Quote(0, 100, 110), Quote(1, 90, 110), Quote(1, 120, 110)])
def test_a_quote_outside_the_evidence_is_an_error(quote: Quote) -> None:
    with pytest.raises(GeneratorError, match="quoted"):
        write([quote])


def test_pages_come_from_the_document_when_they_are_known() -> None:
    writer = Writer(EVIDENCE, page_at=lambda document_id, offset: offset // 10)
    list(writer.events([Quote(1, 166, 180)]))
    assert writer.citations[0].page == 16


def test_words_of_a_document_cannot_speak_our_notation() -> None:
    evil = hit("See [2] and **bold** ~~gone~~ \u202ertl\u202c \U000e0041\u200bword.", 1)
    writer = write([Quote(1, 100, evil.passage.end)], evidence=[evil])
    assert re.findall(r"\[(\d+)\]", writer.text) == ["1"]
    assert "**" not in writer.text and "~~" not in writer.text
    assert not re.search("[\u202a-\u202e\u200b\U000e0000-\U000e007f]", writer.text)
    assert writer.text.replace("\u2060", "") == "See [2] and **bold** ~~gone~~ rtl word. [1]"


# -- markers in the text of models


def markers(text: str, n: int = 5) -> list[tuple[int, ...]]:
    reader = Reader(n)
    parts = [*reader.feed(text), *reader.close()]
    return [numbers for part in parts if not isinstance(part, Code) for _, numbers in part.markers]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sales rose [1].", [(1,)]),
        ("Sales rose [1, 2].", [(1, 2)]),
        ("Sales rose [1][2].", [(1,), (2,)]),
        ("Sales rose [1-3].", [(1, 2, 3)]),
        ("Sales rose【1】.", [(1,)]),
        ("Sales rose 【2†source】.", [(2,)]),
        ("Sales rose [^1].", [(1,)]),
        ("Sales rose [Source 1].", [(1,)]),
        ("Sales rose [Source 1, Source 3].", [(1, 3)]),
        ("Sales rose [1 and 2].", [(1, 2)]),
        ("Sales rose[4].", [(4,)]),
        ("Sales rose [9].", [()]),
        ("Sales rose [1](https://a.example/x).", [(1,)]),
        ("The year [2024] and [sic].", []),
        ("Set arr[0] and arr[1] and x_y[2].", []),
        ("Use `a[1]` here.", []),
        ("```\nrow[1] = [2]\n```\n", []),
        ("An interval [0, 1].", []),
        ("Open [", []),
        ("Open [1", []),
    ],
)
def test_markers_are_recognised(text: str, found: list[tuple[int, ...]]) -> None:
    assert markers(text) == found


def test_nothing_is_sent_while_a_marker_may_still_be_incomplete() -> None:
    writer = Writer(EVIDENCE)
    sent: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in ("Bees do not store honey ", "[", "2", "]", "."):
            yield piece
            assert "[" not in "".join(sent)
        yield " Then"

    for event in writer.events(pieces()):
        if isinstance(event, Delta):
            sent.append(event.text)
    assert "".join(sent).startswith("Bees do not store honey [1].")


def test_a_marker_cites_the_sentence_that_bears_it_out() -> None:
    writer = write(
        ["Cracks had been found by divers in three of eleven pillars [1]. ", "Repairs cost 4.2 million euros [1]."]
    )
    assert [citation.quote.split()[0] for citation in writer.citations] == ["Divers", "Repairs"]
    assert [claim.support for claim in writer.claims] == ["supported", "verbatim"] or writer.grounded
    assert writer.text.endswith("Repairs cost 4.2 million euros [2].")


def test_markers_inside_a_sentence_cite_their_own_clause() -> None:
    writer = write(["The northern pier was closed on 14 March 2023 [1], and the bees store no honey [2]."])
    assert [citation.document_id for citation in writer.citations] == ["d1", "d2"]


def test_an_invented_number_is_dropped_and_leaves_no_gap() -> None:
    writer = write(["Bees of this species do not store honey [2][7]. They visit 40 kinds of flowers [8] ."])
    assert writer.text == "Bees of this species do not store honey [1]. They visit 40 kinds of flowers. [2]"


def test_an_unmarked_sentence_is_cited_only_where_the_evidence_bears_it_out() -> None:
    writer = write(["The pier was closed on 14 March 2023. The mayor wept bitterly all night long."])
    assert writer.claims[0].citations == (1,)
    assert writer.claims[1].citations == ()
    assert writer.claims[1].support == "unsupported"
    assert "~~The mayor wept bitterly all night long.~~" in writer.text
    assert not writer.grounded


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("strike", "Honey:\n- ~~Bees store 90 litres of honey~~ [1]\n- They visit 40 kinds of flowers [2]"),
        ("drop", "Honey:\n- They visit 40 kinds of flowers [1]"),
        ("keep", "Honey:\n- Bees store 90 litres of honey [1]\n- They visit 40 kinds of flowers [2]"),
    ],
)
def test_what_becomes_of_an_unsupported_sentence(mode: str, expected: str) -> None:
    text = "Honey:\n- Bees store 90 litres of honey [2]\n- They visit 40 kinds of flowers [2]"
    assert write([text], mode).text == expected


def test_the_list_of_sources_that_models_append_is_left_out() -> None:
    writer = write(
        ["Bees of this species do not store honey [2].\n\nSources:\n[1] harbour.pdf\n[2] bees.txt, page 3\n"]
    )
    assert writer.text == "Bees of this species do not store honey [1]."


def test_saying_that_the_documents_do_not_tell_claims_nothing() -> None:
    writer = write(["The documents do not say."])
    assert writer.text == "The documents do not say."
    assert not writer.claims and not writer.grounded and writer.abstains


def test_links_images_and_tags_are_removed_and_their_text_kept() -> None:
    text = (
        'Bees [do not](https://evil.example/a(b)c "t") store honey ![x](http://evil.example/?q=secret)<img src=x '
        "onerror=alert(1)>[2]. See https://evil.example/collect?d=1 for more about these bees and honey."
    )
    writer = write([text], "keep")
    assert writer.text.startswith("Bees do not store honey [1]. See (address removed) for more")
    assert "evil" not in writer.text and "<" not in writer.text


def test_code_is_left_alone() -> None:
    text = "Write this:\n```python\nx[1] = '<b>' + y[2]\n![a](b)\n```\n"
    assert write([text]).text == text.rstrip("\n")


def test_a_second_run_goes_on_in_a_new_paragraph() -> None:
    writer = Writer(EVIDENCE)

    def broken() -> Iterator[str]:
        yield "Bees of this species do not store honey [2]. They visi"
        raise GeneratorError("gone")

    with pytest.raises(GeneratorError):
        list(writer.events(broken()))
    deltas = "".join(e.text for e in writer.events([Quote(2, 100, 140)]) if isinstance(e, Delta))
    assert deltas.startswith("\n\nBees")
    assert writer.text.count("[1]") == 2


def test_the_words_at_which_the_tokens_ran_out_are_left_out() -> None:
    assert write(["Bees of this species do not store honey [2]. They visit"]).text.endswith("honey [1].")
    assert write(["Bees"]).text == "Bees"


def test_closing_the_events_closes_the_generator() -> None:
    closed = []

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "Bees do not store honey [2]. "
        finally:
            closed.append(True)

    events = Writer(EVIDENCE).events(endless())
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert closed


# -- however the stream is cut

FRAGMENTS = st.sampled_from(
    [
        *("[", "]", "[1", "[1]", "[2].", "1", ",", " ", "\n", "`", "``", "```", "\n```\n", "(", ")", "](http://x.y/z)"),
        *("!", "![", "<", "<b>", "</", ">", "<!--", "-->", "【", "】", "~", "~~~", ". ", "The pier ", "arr", "é", "。"),
        *("- ", "Source", "^", "\\", "e.g. ", "U.S. ", "\u200b", "Bees store no honey"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map("".join), st.randoms(use_true_random=False))
def test_the_cuts_of_the_stream_do_not_matter(text: str, chance) -> None:  # type: ignore[no-untyped-def]
    whole = write([text], "keep")
    pieces, i = [], 0
    while i < len(text):
        n = chance.randint(1, 6)
        pieces.append(text[i : i + n])
        i += n
    cut = write(pieces, "keep")
    assert (cut.text, cut.citations, cut.claims) == (whole.text, whole.citations, whole.claims)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab .,;:-_\n()!?é9", max_size=80))
def test_text_without_markup_passes_unchanged(text: str) -> None:
    reader = Reader(3)
    parts = [*reader.feed(text), *reader.close()]
    assert "".join(part.lead + part.text for part in parts if not isinstance(part, Code)) == text


def test_a_marker_for_nothing_behind_a_marker_is_dropped_and_an_index_stays() -> None:
    writer = Writer([hit("The pier was closed on 14 March 2023. Its list is arr[0] of three.", 1)])
    list(writer.events(["The pier was closed on 14 March 2023 [1]", "[0]", "[99]. Its list is arr[0] of three [1]."]))
    assert writer.text == "The pier was closed on 14 March 2023 [1]. Its list is arr[0] of three [2]."
