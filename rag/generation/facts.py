"""The checkable facts in a text: numbers, dates, names, codes, denials and content words.

A rule-based reader for English with what German and other Latin-script texts need most. It over-reads
rather than under-reads: verification compares what it finds in a sentence with what it finds in the
source, so both are misread alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.generation.dates import MONTHS, Date, blank, find_dates
from rag.generation.numbers import Number, find_numbers, is_plain_quantity
from rag.generation.numberwords import NUMBER_WORDS
from rag.generation.words import NEGATIONS, STOPWORDS, count_negations, fold, is_content, is_german, stem, words

__all__ = ["Facts", "Name", "read_facts"]

_QUARTER = re.compile(r"\bQ([1-4])\b")
_CODE = re.compile(r"(?<![\w.])(?=[\w.:/-]*\d)(?=[\w.:/-]*[^\W\d_]|\d+\.\d+\.\d|\d+:\d)[^\W_][\w]*(?:[-./:]\w+)*")
_NAME_WORD = re.compile(r"(?<![\d_])(?![^\W\d_]+[\d_])[^\W\d_]+(?:[-'’.&][^\W\d_]+)*\.?")
# "Wang said", "Philip's fleet": at the start of a sentence these are names all the same
_SPEAKER = re.compile(
    r"(?!(?:Today|Yesterday|Tomorrow|Police|Management|Parliament|Government|Congress|Staff|Everyone|Everybody|Someone|"
    r"Somebody|Nobody|Anyone|Anybody|It|That|There|Here|What|Who|Let|He|She|One)\b)"
    r"[A-Z]\w+(?:['’]s\s+[a-z]|(?<!s)\s+(?:said|says|told|added|stressed|noted|wrote|argued|claimed|denied|replied|"
    r"responded|asked|admitted|explained|insisted|warned)\b)"
)
_NO_NAME = STOPWORDS | NEGATIONS | frozenset(NUMBER_WORDS)


@dataclass(frozen=True, slots=True)
class Name:
    """A proper name, an acronym or a code. ``opens`` when only the place at the start of a sentence
    may have made it a capital."""

    text: str
    parts: tuple[str, ...]
    start: int
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be checked in a text."""

    numbers: tuple[Number, ...]
    dates: tuple[Date, ...]
    names: tuple[Name, ...]
    codes: tuple[Name, ...]
    negations: int
    words: tuple[str, ...]  # folded, all of them, in order
    terms: frozenset[str]  # stems of the content words


@lru_cache(maxsize=4096)
def read_facts(text: str) -> Facts:
    """Everything in ``text`` that verification compares."""
    text = _QUARTER.sub(lambda match: f"quarter {match[1]}", text)
    dates, rest = find_dates(text)
    codes, rest = _codes(rest)
    all_words = tuple(words(text))
    return Facts(
        numbers=tuple(find_numbers(rest)),
        dates=tuple(dates),
        names=tuple(_names(text)),
        codes=tuple(codes),
        negations=count_negations(all_words),
        words=all_words,
        terms=frozenset(stem(word) for word in all_words if is_content(word)),
    )


def _codes(text: str) -> tuple[list[Name], str]:
    """Codes such as E-1042, COVID-19, v2.3.1 or 14:30, and the text with their places blanked."""
    found = []
    for match in _CODE.finditer(text):
        code = match.group()
        if is_plain_quantity(code) or re.fullmatch(r"[\d.,]+-[A-Za-z-]+|[a-z]+(-[a-z]+)*-?\d{4}", code):
            continue
        if re.fullmatch(r"\d+(?:[-/]\d+)+", code):
            continue
        found.append(Name(code, (re.sub(r"[\W_]", "", fold(code)),), match.start()))
        text = blank(text, match.start(), match.end())
    return found, text


def _names(text: str) -> list[Name]:
    """Runs of capitalised words, acronyms among them. Months are dates, not names."""
    found: list[Name] = []
    run: list[str] = []
    start = end = 0
    opens = True

    def close() -> None:
        is_doubtful = len(run) == 1 and (capitals_are_nouns or (opens and not _SPEAKER.match(text[start:])))
        found.append(Name(" ".join(run), tuple(fold(part) for part in run), start, is_doubtful))

    capitals_are_nouns = is_german(text)
    for match in _NAME_WORD.finditer(text):
        between = text[end : match.start()]
        sentence_start = not text[: match.start()].strip(" \t\"'“‘(«*") or bool(
            re.search(r"[.!?:;]['\"”’)]*\s+[\"'“‘(«]?$|\n\s*\W*$", text[: match.start()][-8:])
        )
        token = match.group().rstrip(".")
        capital = (token[0].isupper() or (len(token) > 3 and token[1:] != token[1:].lower())) and fold(
            token
        ) not in MONTHS
        end = match.end()
        plain = fold(token)
        if run and (between.strip(" \u00a0-") or sentence_start or not capital):
            close()
            run = []
        if not capital or (plain in _NO_NAME and not (token.isupper() and len(token) > 1)):
            continue
        if not run:
            start, opens = match.start(), sentence_start
        run.append(re.sub(r"['’]s?$", "", token))
    if run:
        close()
    return found
