"""Retrieval: terms in the world's languages, mended queries, fusion, reranking, duplicates, bad input."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indexing import of_records

from rag import Settings
from rag.errors import EmbedderError, UsageError
from rag.index import Snapshot, query_tokens, stems, terms
from rag.index.languages import FUNCTION_WORDS, language_of
from rag.retrieval import retrieve
from rag.retrieval.cross_encoder import cross_encoder
from rag.retrieval.duplicates import without_duplicates
from rag.retrieval.fusion import fuse, supported
from rag.retrieval.lexical import distance, query_terms
from rag.retrieval.rerank import Features, features, none
from rag.testing import HashEmbedder, hit_of
from rag.types import Hit, Why

# --- terms -------------------------------------------------------------------------------------------


def looked_up(query: str) -> set[str]:
    return {term for _, variants in query_tokens(query) for term in variants}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("english", "What is the budget of the survey that was made by the crew?"),
        ("german", "Wie hoch ist der Beitrag, den die Versicherung für das Haus verlangt?"),
        ("french", "Quelle est la durée du voyage que les marins ont fait avec le capitaine?"),
        ("spanish", "¿Cuál es la fecha en que se firmó el acuerdo para los puertos?"),
        ("portuguese", "Quando foi que os barcos não saíram do porto para a ilha?"),
        ("italian", "Qual è il prezzo della traversata e chi lo paga per gli ospiti?"),
        ("dutch", "Hoeveel schepen zijn er in de haven en wie heeft ze niet gezien?"),
        ("swedish", "Hur många båtar är det som går till ön när vintern inte är kall?"),
        ("polish", "Kiedy statek jest w porcie i który kapitan nie ma się do czego spieszyć?"),
        ("turkish", "Bu gemi ne kadar yolcu için ve hangi liman ile nasıl gider?"),
    ],
)
def test_function_words_give_a_language_away(language: str, text: str) -> None:
    words = [word.strip("?¿,").lower() for word in text.split()]
    assert language_of(words) == language


def test_a_language_is_not_guessed_from_one_word() -> None:
    assert language_of(["hotel"]) is None
    assert language_of(["was"]) is None


def test_a_unit_in_every_row_of_a_table_is_no_language() -> None:
    row = "site area ha mill court area ha wharf area ha".split()
    assert language_of([*row, *"the sums are for the year and for the whole of it".split()]) == "english"
    assert all(word == word.casefold() for words in FUNCTION_WORDS.values() for word in words)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The policies were cancelled by the insurers.", "policy cancelling insurer"),
        ("Die Prämien der Versicherungen sind für die Häuser hoch.", "Wie hoch ist die Prämie für ein Haus?"),
        ("Die Größe der Gärten ist nicht bekannt und die Bäume sind alt.", "grosse Garten"),
        (
            "Les assurances déclarées par les employés sont dans le dossier.",
            "Quelle assurance les employés ont déclarée?",
        ),
        ("Los teléfonos de las oficinas están en la lista.", "¿Cuál es el teléfono de la oficina?"),
        ("Врачи рассказали о новых лекарствах.", "новое лекарство врача"),
        ("東京都の人口は約千四百万人である。", "東京の人口"),
        ("บริษัทจ่ายค่าชดเชยให้พนักงาน", "ค่าชดเชย"),
        ("서울에서 부산까지 세 시간이 걸린다.", "서울 부산"),
        ("سافرت الطالبات إلى المدينة", "المدينة الطالبات"),
        ("किताबें मेज़ पर रखी हैं", "किताबें मेज़"),
        ("Ｆｕｌｌｗｉｄｔｈ ｔｅｘｔ and ﬁne print", "fullwidth fine"),
    ],
)
def test_a_query_meets_its_passage(text: str, query: str) -> None:
    # every token of the query is found in one of its forms
    found = set(terms(text))
    tokens = query_tokens(query)
    met = [token for token, variants in tokens if found & set(variants)]
    assert len(met) >= 0.5 * len(tokens) and met, (found, tokens)


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("E-1042", "e1042"),
        ("v2.1.0", "v2_1_0"),
        ("C++ or C#?", "c++"),
        ("C++ or C#?", "c#"),
        ("§ 12(3)", "12_3"),
        ("1,000", "1000"),
        ("max_length", "maxlength"),
        ("e-mail", "email"),
        ("123-45-6789", "123_45_6789"),
        ("A/B2", "ab2"),
    ],
)
def test_a_code_is_one_more_term(typed: str, whole: str) -> None:
    assert whole in terms(f"See {typed} for more.")
    assert whole in looked_up(typed)


def test_a_fiscal_year_is_a_year() -> None:
    assert terms("FY2023 and FY23") == ["fy", "2023", "and", "fy", "2023"]
    assert "2023" in looked_up("FY23 capex") and terms("fy234") == ["fy234"]


def test_signs_alone_are_no_empty_term() -> None:
    assert all(terms("a ﹽ b")) and all(terms("ـ"))  # Arabic signs without a letter
    assert all(looked_up("ـ"))


def test_what_is_no_code() -> None:
    assert terms("and/or the end.Next") == ["and", "or", "the", "end", "next"]
    long = "a-1-b-2-c-3-d-4-e-5"
    assert terms(long) == long.split("-")


def test_function_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert looked_up("what is the budget") == {"budget"}
    assert looked_up("to be or not to be") == {"to", "be", "or", "not"}
    assert "company" not in looked_up("what's the company's policy")
    assert "s" not in looked_up("what's the company's policy")


@settings(deadline=None)
@given(st.text(max_size=80))
def test_terms_of_any_text(text: str) -> None:
    found = terms(text)
    assert all(term and not any(c.isspace() for c in term) for term in found)
    # looking for a text finds it: some form of every token of the query is a term of the text or is stemmed
    # in another language
    assert all(variants for _, variants in query_tokens(text))


@given(st.text(string.ascii_letters + " ", max_size=60))
def test_case_makes_no_difference(text: str) -> None:
    assert terms(text.upper()) == terms(text.lower())


def test_stems_are_distinct() -> None:
    assert stems("running", ("english", "german", "english")) == ["run", "running"]


# --- an index of words, and queries against it -------------------------------------------------------

RECORDS = {
    "fees": "The harbour fee for E-1042 berths is paid each spring. Cancellations are free until the day before.",
    "fees-old": "The harbour fee for E-1043 berths was abolished. E 1042 is another matter.",
    "german": "Die Krankenversicherung zahlt für die Behandlung in der Klinik und für das Medikament.",
    "german-meter": "Die Stromrechnung kommt im Januar und ist nicht sofort, aber bis zum Ende des Monats zu bezahlen.",
    "german-company": "Die Gesellschaft wird durch den Vorstand vertreten, der auf drei Jahre gewählt ist.",
    "german-card": "Eine Karte ist an Bord zu zeigen, wenn der Steuermann sie sehen will.",
    "chinese": "渡轮在冬季停航。乘客可以在码头退票。",
    "chinese-other": "博物馆每天上午九点开门。",
    "japanese": "冬の間、フェリーは運休します。",
    "thai": "เรือข้ามฟากหยุดให้บริการในฤดูหนาว",
    "russian": "Паромы не ходят зимой, билеты можно вернуть в кассе порта.",
    "engine": "The thermostat of the auxiliary engine opens at 82 degrees. Maintenance is due every 500 hours.",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    with of_records(tmp_path_factory.mktemp("retrieval"), RECORDS) as taken:
        yield taken


def first(snapshot: Snapshot, query: str) -> str:
    return by_words(snapshot, query)[0]


def by_words(snapshot: Snapshot, query: str) -> list[str]:
    return [hit.passage.source.partition("#")[2] for hit in retrieve(snapshot, query, None, 5).hits]


@pytest.mark.parametrize(
    ("query", "record"),
    [
        ("E-1042", "fees"),
        ("E-1043", "fees-old"),
        ("Wer zahlt die Behandlungen?", "german"),
        ("码头退票", "chinese"),
        ("博物馆几点开门", "chinese-other"),
        ("フェリーの運休", "japanese"),
        ("เรือข้ามฟาก", "thai"),
        ("вернуть билет", "russian"),
        ("termostat", "engine"),  # a letter too few
        ("thermotsat opening", "engine"),  # two letters changed places
        ("maintenanse interval", "engine"),
        ("Behandlungskarte", "german"),  # a compound of two words that are there
        ("Versicherung", "german"),  # the head of a compound that is there
        ("Wann ist die Rechnung fällig?", "german-meter"),  # whose ending the compound's stem has lost
        ("Autokrankenversicherung", "german"),  # a compound whose head is there
    ],
)
def test_words_alone_find_the_passage(snapshot: Snapshot, query: str, record: str) -> None:
    assert first(snapshot, query) == record


def test_the_end_of_a_word_is_not_always_a_word(snapshot: Snapshot) -> None:
    assert by_words(snapshot, "Haft") == []  # not of a Gesellschaft
    assert query_terms("Stand", snapshot).compounds == {}  # vor is no part


def test_what_is_guessed_counts_less(snapshot: Snapshot) -> None:
    assert query_terms("thermostat engine", snapshot).weights == {"thermostat": 1.0, "engin": 1.0}
    assert query_terms("termostat engine", snapshot).weights == {"thermostat": 0.6, "engin": 1.0}
    assert query_terms("xyzzy", snapshot).weights == {}
    assert by_words(snapshot, "xyzzyplugh") == []


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_distance_against_the_plain_recurrence(a: str, b: str) -> None:
    table = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    table[:, 0], table[0, :] = range(len(a) + 1), range(len(b) + 1)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = [table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1])]
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                cost.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(cost)
    assert distance(a, b, 2) == min(3, table[len(a), len(b)])


@pytest.mark.parametrize("query", ["the of and", "?", "E" * 7000, "Zq" * 20 + " zx" * 200, "\u0000", "🙂", "渡"])
@pytest.mark.parametrize("k", [1, 500])
def test_strange_queries_are_answered_or_find_nothing(snapshot: Snapshot, query: str, k: int) -> None:
    for embedder in (None, HashEmbedder()):
        found = retrieve(snapshot, query, embedder, k)
        assert len(found.hits) <= min(k, snapshot.n_passages)
        assert [hit.rank for hit in found.hits] == list(range(1, len(found.hits) + 1))


def test_an_empty_query_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="empty"):
        retrieve(snapshot, " \n", None, 3)
    with pytest.raises(UsageError, match="at least 1"):
        retrieve(snapshot, "fee", None, 0)


def test_a_broken_embedder_is_named(snapshot: Snapshot) -> None:
    class Broken(HashEmbedder):
        def embed_query(self, text: str) -> np.ndarray:
            return np.full(self.dim, np.nan, dtype=np.float32)

    with pytest.raises(EmbedderError, match="not made of numbers"):
        retrieve(snapshot, "harbour fee", Broken(), 3)


def test_every_hit_says_why(snapshot: Snapshot) -> None:
    found = retrieve(snapshot, "harbour fee", HashEmbedder(), 3)
    assert found.hits[0].why.lexical_rank == 1
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
    for hit in found.hits:
        assert hit.why.dense == pytest.approx(max(hit.sentence_scores), abs=1e-6)
    assert all(hit.why.dropped for hit in found.dropped)


def test_what_was_read_before_changes_no_answer(snapshot: Snapshot) -> None:
    queries = ["harbour fee", "engine thermostat", "spring"]
    first = [retrieve(snapshot, query, HashEmbedder(), 3) for query in queries]
    again = [retrieve(snapshot, query, HashEmbedder(), 3) for query in queries]
    for one, other in zip(first, again, strict=True):
        assert [hit.passage for hit in one.hits] == [hit.passage for hit in other.hits]
        assert [hit.score for hit in one.hits] == pytest.approx([hit.score for hit in other.hits], abs=1e-6)


# --- fusion, reranking, duplicates -------------------------------------------------------------------


def test_fusion_by_hand() -> None:
    # words: 4/4, 2/4, none; meaning over 0.2..0.7: 0, 1, 0.4
    fused = fuse({1: 4.0, 2: 2.0}, {1: 0.2, 2: 0.7, 3: 0.4}, [1, 2, 3, 4])
    assert fused == {1: pytest.approx(0.6), 2: pytest.approx(0.3 + 0.4), 3: pytest.approx(0.16), 4: 0.0}


def test_a_passage_without_vectors_is_judged_by_its_words() -> None:
    assert fuse({1: 3.0}, {}, [1]) == {1: 1.0}
    assert fuse({}, {}, [1]) == {1: 0.0}
    assert fuse({}, {1: 0.3}, [1]) == {1: pytest.approx(0.4)}


def test_similarities_of_an_embedder_that_cannot_read_the_query_count_less() -> None:
    words, meaning = {1: 4.0, 2: 3.0}, {1: 0.2, 2: 0.7, 3: 0.45}
    assert fuse(words, meaning, [1, 2])[2] > fuse(words, meaning, [1, 2])[1]
    half = fuse(words, meaning, [1, 2], familiarity=0.5)
    weight = 0.5 * (0.4 + 0.3 * (1.0 - 0.25))  # meaning is surer: it leads by 1, words by a quarter
    assert half == {1: pytest.approx(1 - weight), 2: pytest.approx(0.75 * (1 - weight) + weight)}
    nothing = fuse({}, meaning, [1, 2, 3], familiarity=0.0)  # no word led anywhere: what order there is stays
    assert nothing[2] > nothing[3] > nothing[1] == 0.0


def test_a_passage_gains_by_its_document() -> None:
    alone = {1: 0.5, 2: 0.5, 3: 0.4, 4: 0.3, 5: 0.2}
    found = supported(alone, {1: 1, 2: 2, 3: 2, 4: 2, 5: 2})
    assert found == {
        1: pytest.approx(0.8 * 0.5 + 0.2 * 0.5 / 3),
        **{n: pytest.approx(0.8 * alone[n] + 0.2 * 1.2 / 3) for n in (2, 3, 4, 5)},
    }


def test_the_embedder_is_asked_whether_it_can_read_the_query(snapshot: Snapshot) -> None:
    class Foreign(HashEmbedder):
        def familiarity(self, text: str) -> float:
            return 0.0

    own, foreign = (retrieve(snapshot, "harbour fee", embedder, 5) for embedder in (HashEmbedder(), Foreign()))
    words = [hit.why.lexical_rank for hit in foreign.hits if hit.why.lexical_rank]
    assert words == sorted(words)
    assert [hit.score for hit in own.hits] != [hit.score for hit in foreign.hits]


@given(
    st.dictionaries(st.integers(0, 9), st.floats(0, 50), max_size=8),
    st.dictionaries(st.integers(0, 9), st.floats(-1, 1), max_size=8),
)
def test_fused_scores_stay_between_zero_and_one(lexical: dict[int, float], dense: dict[int, float]) -> None:
    fused = fuse(lexical, dense, range(10))
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


def scored(text: str, number: int, fused: float, sentence_scores: Sequence[float] = ()) -> Hit:
    hit = hit_of(text, number)
    why = Why(fused=fused, dense=max(sentence_scores, default=None))
    return replace(hit, why=why, sentence_scores=tuple(sentence_scores))


def test_the_reranker_prefers_one_sentence_with_all_the_words() -> None:
    spread = scored("The fee is small. A berth is long. Spring comes.", 1, 0.51, (0.3, 0.3, 0.3))
    together = scored("The berth fee is due in spring. It rains.", 2, 0.5, (0.3, 0.3))
    scores = Features().rerank("berth fees in spring", [spread, together])
    assert scores[1] > scores[0]
    assert scores == [pytest.approx(0.51 / 1.2), pytest.approx((0.5 + 0.2) / 1.2)]


def test_the_reranker_takes_what_there_is() -> None:
    assert Features().rerank("fee", []) == []
    assert Features().rerank("?", [scored("A fee.", 1, 0.4)]) == [pytest.approx(0.4 / 1.2)]
    assert len(Features().rerank("费用", [scored("费用很高。", 1, 0.4), scored("没有。", 2, 0.4)])) == 2


def test_a_part_of_another_word_is_not_the_word() -> None:
    inside = scored("The coffee is hot.", 1, 0.5, (0.2,))
    word = scored("The fee is high.", 2, 0.5, (0.2,))
    scores = Features().rerank("fee", [inside, word])
    assert scores[1] > scores[0]


def test_rerankers_by_name() -> None:
    settings = Settings()
    assert none("", settings) is None
    assert isinstance(features("", settings), Features)
    for make in (none, features):
        with pytest.raises(UsageError):
            make("x", settings)
    with pytest.raises(UsageError, match="cross-encoder:NAME"):
        cross_encoder("", settings)


LONG = (
    "The deposit for a berth is paid on the first of the month and is returned when the boat leaves the harbour "
    "in good order, less the cost of cleaning and of any damage to the jetty that was found by the warden."
)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (LONG, True),
        (LONG.replace("good order", "good order again"), True),
        (LONG.upper(), False),  # names cannot be told from words any more: both stay
        (LONG.replace("the first", "the 1st"), False),
        (LONG.replace("is returned", "is not returned"), False),
        (LONG.replace("the harbour", "Northport"), False),
        ("Something else altogether.", False),
    ],
)
def test_near_duplicates_are_shown_once(other: str, alike: bool) -> None:
    kept, dropped = without_duplicates([hit_of(LONG, 1), hit_of(other, 2)], 5)
    assert (len(kept), len(dropped)) == ((1, 1) if alike else (2, 0))
    if alike:
        assert dropped[0].why.dropped == "same words as 1.txt"


def test_what_does_not_fit_is_dropped_with_the_reason() -> None:
    kept, dropped = without_duplicates([hit_of(f"Text number {n}.", n) for n in range(1, 5)], 2)
    assert [hit.rank for hit in kept] == [1, 2]
    assert {hit.why.dropped for hit in dropped} == {"not among the best 2"}
