"""What a question is about: telling terms, rarity in small and large corpora, languages, words of one meaning."""

from __future__ import annotations

import pytest

from rag.generation.rarity import language_in, related_to, says_nothing, telling, weights


@pytest.mark.parametrize(
    ("question", "language", "telling_terms"),
    [
        ("How long must passwords be?", "english", ["password"]),
        ("What is the current price of the Basic plan?", "english", ["price", "basic", "plan"]),
        ("Wer hat den Verein gegründet?", "german", ["verein", "gegrund"]),
        ("Combien de livres peut-on emprunter ?", "french", ["livr", "emprunt"]),
        ("Qui a inauguré la bibliothèque ?", "french", ["inaugur", "bibliothequ"]),
        ("¿Quién es la gerente?", "spanish", ["gerent"]),
        ("Chi è la direttrice?", "italian", ["direttr"]),
    ],
)
def test_function_words_and_words_that_ask_are_left_out(question: str, language: str, telling_terms: list[str]) -> None:
    assert language_in(question) == language
    assert telling(question) == telling_terms


def test_a_small_corpus_does_not_make_common_words_rare() -> None:
    """Nowhere in ten passages: "receive" says little by that, "anchorage" much."""
    weight = weights("Who will receive the anchorage fee?", {}, 10)
    assert weight["anchorag"] > 1.3 * weight["receiv"]
    assert sum(weight.values()) == pytest.approx(1)


def test_a_large_corpus_speaks_for_itself() -> None:
    weight = weights("receive anchorage", {"receiv": 3, "anchorag": 9000}, 20_000)
    assert weight["receiv"] > weight["anchorag"]


def test_words_of_one_family_or_meaning_are_found() -> None:
    bag = frozenset({"price", "coloni", "warranti"})
    assert related_to(["cost", "colon", "guarante", "weather", "price"], bag) == {"cost", "colon", "guarante", "price"}


def test_a_question_of_function_words_says_nothing() -> None:
    assert all(map(says_nothing, ["the of and", "Who is it?", "wer ist das?", "?"]))
    assert not any(map(says_nothing, ["E-1042", "Who is the mayor?", "价格"]))
