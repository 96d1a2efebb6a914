"""Text -> search terms, the same way for passages and queries, in the world's scripts.

- Words are folded (Unicode compatibility forms, case, accents) and stemmed by Snowball in the language that
  the text is in, told by its function words (``languages``).
- Scripts without spaces become overlapping runs of characters: pairs for Han, kana and Hangul, triples for
  Thai, Lao, Khmer and Burmese, whose letters stand for sounds.
- Numbers stay as typed. Codes (E-1042, v2.1.0, 12(3), max_length, e-mail) give their parts and, as one more
  term, the whole: it is rare, so the passage that has it as typed comes first.
- In languages that write compounds as one word, an index has long words from their end as well (``index_terms``),
  so that a query for "Versicherung" meets "Haftpflichtversicherung" (``retrieval.compounds``).

Left out: dictionaries of any kind. Typos are met on the query's side (``retrieval.lexical``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import repeat

from rag.index.languages import FUNCTION_WORDS, LATIN, language_of
from rag.index.stemming import stem_word

__all__ = [
    "COMPOUNDING",
    "FINGERPRINT",
    "STOP_WORDS",
    "backwards",
    "index_terms",
    "query_tokens",
    "stems",
    "terms",
]

# raise it with every change of what ``terms`` returns: an index with another one finds its terms anew at the next
# build, and until then must take words out of the full text exactly as they went in
FINGERPRINT = "terms-8"

STOP_WORDS = FUNCTION_WORDS["english"]

# languages that write a compound as one word, its head last
COMPOUNDING = ("german", "dutch", "swedish", "danish", "norwegian", "finnish", "hungarian")
_COMPOUND = 8  # letters of the shortest stem that is kept from its end, too

_HAN = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_THAI = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
# signs that belong to a letter although Unicode does not count them as one: Arabic and Indic vowels
_SIGNS = r"\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_LETTER = rf"(?:(?![{_HAN}{_THAI}])[^\W_]|[{_SIGNS}])"
_TOKEN = re.compile(rf"([{_HAN}]+)|([{_THAI}]+)|{_LETTER}+")
_FAR = re.compile(rf"[{_HAN}{_THAI}{_SIGNS}]")  # what needs the two patterns around this line, which are slow
# parts held together by one sign each; an address or a table row has more parts than a code
_CODE = re.compile(rf"{_LETTER}+(?:[-‐‑–./_:(#@+&'’,]{_LETTER}+)+")
# a token or a code, in the lower case of ASCII and of scripts that need none of the above
_ASCII_RUN = re.compile(r"[a-z0-9]+(?:[-./_:(#@+&',][a-z0-9]+)*")
_NEAR_RUN = re.compile(r"[^\W_]+(?:[-‐‑–./_:(#@+&'’,][^\W_]+)*")
_NEAR_TOKEN = re.compile(r"[^\W_]+")
_JOINT = re.compile(r"[-‐‑–./_:(#@+&'’,]")
_SIGNED = re.compile(r"(?<![^\W_])[a-z](?:\+\+|#)(?![^\W_])")  # C++, C#: the letter alone is another language
_FISCAL = re.compile(r"fy((?:19|20)\d\d|\d\d)")  # FY2023 and FY23 are the year 2023
_MAX_PARTS, _MAX_CODE = 6, 40
_LONGEST = 48  # letters of a term; what is longer was not written by a person, and is known by its beginning
_DIGIT = re.compile(r"\d")
# accents of Latin, Greek and Cyrillic letters, Hebrew points, Arabic vowels and the stretch between letters
_ACCENTS = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
_INVISIBLE = re.compile(r"[\u00ad\u200c\u200d\u2060\ufeff]")

# the stemmers of scripts that need no telling of languages
_SCRIPTS = (
    (re.compile(r"[\u0400-\u04ff]"), "russian"),
    (re.compile(r"[\u0370-\u03ff]"), "greek"),
    (re.compile(r"[\u0600-\u06ff]"), "arabic"),
    (re.compile(r"[\u0900-\u097f]"), "hindi"),
    (re.compile(r"[\u0530-\u058f]"), "armenian"),
    (re.compile(r"[\u0b80-\u0bff]"), "tamil"),
)


def terms(text: str, language: str | None = None) -> list[str]:
    """The search terms of ``text``, with repeats: tokens in order, then codes. ``language`` is for a piece of a
    text whose language is known; otherwise it is told from the text."""
    return _terms(_tokens(text), language)[0]


def index_terms(text: str) -> list[str]:
    """The terms that an index keeps of ``text``: its search terms, and its long words ``backwards`` where they may
    be compounds."""
    tokens = _tokens(text)
    found, language = _terms(tokens)
    if language not in COMPOUNDING:
        return found
    words = (term for term, (_, is_word) in zip(found, tokens, strict=True) if is_word)
    return found + [backwards(term) for term in words if len(term) >= _COMPOUND]


def backwards(term: str) -> str:
    """``term`` from its end, with a mark that no other term has in front."""
    return f"<{term[::-1]}"


def _terms(tokens: list[tuple[str, bool]], language: str | None = None) -> tuple[list[str], str]:
    words = [token for token, is_word in tokens if is_word]
    language = language or language_of(words) or "english"
    if len(words) == len(tokens):
        return list(map(_stem, words, repeat(language))), language
    return [_stem(token, language) if is_word else token[:_LONGEST] for token, is_word in tokens], language


@lru_cache(256)
def query_tokens(query: str) -> tuple[tuple[str, list[str]], ...]:
    """The tokens to look up for a query, each with the terms it may stand as in the index.

    Function words are left out unless there is nothing else. A passage is stemmed in its own language; a
    query too short to show its own is looked up in the forms that its words take in each.
    """
    tokens = list(dict.fromkeys(_tokens(query)))
    language = language_of([token for token, is_word in tokens if is_word])
    skipped = FUNCTION_WORDS[language] | {"s", "t"} if language else STOP_WORDS
    telling = [(token, is_word) for token, is_word in tokens if not (is_word and token in skipped)] or tokens
    languages = (language, "english") if language else LATIN
    return tuple((token, stems(token, languages) if is_word else [token[:_LONGEST]]) for token, is_word in telling)


def stems(word: str, languages: tuple[str, ...] = LATIN) -> list[str]:
    """The distinct stems of a word in lower case in these languages, in their order."""
    return list(dict.fromkeys(_stem(word, language) for language in languages))


def _tokens(text: str) -> list[tuple[str, bool]]:
    """Words in lower case, numbers, codes and runs of characters; and for each whether it is a word."""
    signed = _SIGNED.findall(text.lower()) if "+" in text or "#" in text else ()
    return [*_unsigned_tokens(text), *((token, False) for token in signed)]


def _unsigned_tokens(text: str) -> list[tuple[str, bool]]:
    if text.isascii():
        return _spaced_tokens(text.lower(), _ASCII_RUN)
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold())
    if not _FAR.search(text):
        return _spaced_tokens(text, _NEAR_RUN)
    tokens = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if match[1] or match[2]:
            tokens += [(run, False) for run in _runs(token, 2 if match[1] else 3)]
        else:
            tokens += [(token, True)] if token.isalpha() else _numbers_and_words(token)
    return tokens + [token for code in _CODE.findall(text) for token in _code(code)]


def _spaced_tokens(text: str, run_like: re.Pattern[str]) -> list[tuple[str, bool]]:
    """``_tokens`` of a text in which all that is between words is no letter; much faster."""
    tokens: list[tuple[str, bool]] = []
    codes: list[tuple[str, bool]] = []
    for run in run_like.findall(text):
        if run.isalpha():
            tokens.append((run, True))
        else:
            own, whole = _apart(run)
            tokens += own
            codes += whole
    return tokens + codes


@lru_cache(1 << 14)
def _apart(run: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """The tokens in a run that is no plain word, and what it is as a whole when it is a code."""
    if run.isalnum():
        return _numbers_and_words(run), []
    return [token for part in _NEAR_TOKEN.findall(run) for token in _numbers_and_words(part)], _code(run)


def _numbers_and_words(token: str) -> list[tuple[str, bool]]:
    if not _DIGIT.search(token):
        return [(token, True)]
    if fiscal := _FISCAL.fullmatch(token):
        return [("fy", True), (f"20{fiscal[1]}" if len(fiscal[1]) == 2 else fiscal[1], False)]
    return [(_fold(token), False)]


def _runs(token: str, size: int) -> list[str]:
    return [token[i : i + size] for i in range(len(token) - size + 1)] or [token]


def _code(text: str) -> list[tuple[str, bool]]:
    """The whole of a code as one token: digits apart by ``_``, everything else together.

    Words apart by other signs than hyphens are no code ("and/or", "end.Next"); 1,000 is 1000.
    """
    parts, joints = _JOINT.split(text), _JOINT.findall(text)
    has_digits = bool(_DIGIT.search(text))
    if len(parts) > _MAX_PARTS or len(text) > _MAX_CODE or not (has_digits or set(joints) <= set("-‐‑_")):
        return []
    whole = parts[0]
    for joint, part in zip(joints, parts[1:], strict=True):
        both_digits = whole[-1].isdigit() and part[0].isdigit()
        thousands = joint in ",'’" and len(part) == 3
        whole += f"_{part}" if both_digits and not thousands else part
    return [(_fold(whole) if has_digits else whole, not has_digits)]


@lru_cache(1 << 17)
def _stem(word: str, language: str) -> str:
    if len(word) > _LONGEST:  # no word: stemming takes time with the square of the length
        return _fold(word[:_LONGEST])
    if word.isascii():
        return stem_word(word, language)
    for letters, other in _SCRIPTS:
        if letters.match(word):
            bare = _ACCENTS.sub("", word) if other == "arabic" else word
            return _fold(stem_word(bare, other)) or word  # signs alone leave nothing
    return _fold(stem_word(word, language)) or word


def _fold(word: str) -> str:
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", word)))
