"""The encoding that sizes passages: it is tiktoken's algorithm, it loses nothing, and it is worth having."""

from __future__ import annotations

import subprocess
import sys

import pytest
import regex
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken._educational import bpe_encode

from rag.errors import SettingsError
from rag.passages.encoding import encoding
from tiktoken_ext.footnote import footnote

SAMPLES = {
    "en": "The committee meets every second Thursday; its minutes are published within ten working days.",
    "de": "Der Ausschuss tagt jeden zweiten Donnerstag, und die Protokolle werden veröffentlicht.",
    "fr": "Le comité se réunit un jeudi sur deux et publie ses comptes rendus sous dix jours.",
    "es": "El comité se reúne cada dos jueves y publica las actas en un plazo de diez días.",
    "ru": "Комитет собирается каждый второй четверг и публикует протоколы в течение десяти дней.",
    "el": "Η επιτροπή συνεδριάζει κάθε δεύτερη Πέμπτη και δημοσιεύει τα πρακτικά.",
    "ar": "تجتمع اللجنة كل يوم خميس ثان وتنشر محاضرها في غضون عشرة أيام عمل.",
    "hi": "समिति हर दूसरे गुरुवार को बैठती है और दस दिनों के भीतर कार्यवृत्त प्रकाशित करती है।",
    "zh": "委员会每隔一周的星期四开会，会议记录在十个工作日内公布。",
    "ja": "委員会は隔週の木曜日に開かれ、議事録は十営業日以内に公開されます。",
    "code": "def split(text: str) -> list[str]:\n    return [word for word in text.split() if word]\n",
    "numbers": "On 24 February 2025, $1,228.10 (up 3.5 %) was paid to A-4711/B.",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_equals_the_reference_algorithm(language: str) -> None:
    arguments = footnote()
    expected: list[int] = []
    for piece in regex.findall(arguments["pat_str"], SAMPLES[language]):
        expected += bpe_encode(arguments["mergeable_ranks"], piece.encode(), visualise=None)
    assert encoding().encode_ordinary(SAMPLES[language]) == expected


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_decodes_to_what_was_encoded(text: str) -> None:
    assert encoding().decode(encoding().encode_ordinary(text)) == text


def test_every_byte_is_a_token_and_ranks_are_a_count() -> None:
    ranks = footnote()["mergeable_ranks"]
    assert sorted(ranks.values()) == list(range(len(ranks)))
    assert all(bytes([byte]) in ranks for byte in range(256))


FLOORS = {"en": 4.5, "de": 3.5, "fr": 3, "es": 3, "ru": 2.5, "el": 1.5, "ar": 2, "hi": 1.5, "zh": 1, "code": 3}


@pytest.mark.parametrize("language", FLOORS)
def test_compresses(language: str) -> None:
    """At least so many characters a token, and far fewer tokens than bytes: no script is left out."""
    sample = SAMPLES[language]
    n_tokens = len(encoding().encode_ordinary(sample))
    assert len(sample) / n_tokens >= FLOORS[language]
    assert len(sample.encode()) / n_tokens >= 3


@pytest.mark.parametrize("run", ["a", " ", "\n", " \n", "x=", "7", ". ", "\u0301"])
def test_takes_long_runs(run: str) -> None:
    """Patterns with unbounded runs panic on a million spaces: https://github.com/openai/tiktoken/pull/587."""
    text = run * 500_000 + "x"
    assert encoding().decode(encoding().encode_ordinary(text)) == text


def test_is_known_to_tiktoken() -> None:
    assert tiktoken.get_encoding("footnote").encode("Hello") == encoding("footnote").encode("Hello")


def test_unknown_name_is_one_line_that_lists_the_known() -> None:
    with pytest.raises(SettingsError, match=r"no encoding named 'nonsense'; known: .*footnote") as caught:
        encoding("nonsense")
    assert "\n" not in str(caught.value)


def test_named_encoding_that_cannot_be_had_says_what_to_do(tmp_path) -> None:
    """In a process without a network: an address that refuses stands in for the one tiktoken would ask."""
    program = (
        "from rag.errors import SettingsError\n"
        "from rag.passages.encoding import encoding\n"
        "try:\n    encoding('cl100k_base')\n"
        "except SettingsError as error:\n    print(error)\n"
    )
    environment = {"TIKTOKEN_CACHE_DIR": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert "TIKTOKEN_CACHE_DIR" in done.stdout
    assert done.stdout.count("\n") == 1
