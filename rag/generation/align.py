"""Lays a sentence beside its source, word for word, where the two nearly agree.

What differs between texts that otherwise run alike is what was changed: another number or name in the
same place, a denial put in or left out, an opposite, two names exchanged, halves of two sentences
joined. A sentence in other words is left to the comparison of facts (``compare``).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from rag.generation.dates import MONTHS
from rag.generation.numbers import readings
from rag.generation.numberwords import value_of
from rag.generation.opposites import converses, opposites
from rag.generation.words import fold, is_content, is_german, is_negation, is_soft_negation, stem

__all__ = ["alterations", "foreign", "stitched"]

NEAR = 0.7  # share of the sentence's words that must run as in the source
_SAME = 0.9  # share of the sentence's words, in any order, below which it was written anew
_RUN = 5  # words in a row that make a run copied rather than met by chance
_SHORT_RUN = 3  # as long as that beside a run copied
_GAP = 4  # source words left out at one place, beyond which a clause was left out rather than changed
_STRANGE = 4  # words that the source has not, beside a run copied, from which half a sentence is foreign
_TOKEN = re.compile(r"\d+(?:[.,'’]\d+)*|%|[^\W\d_]+(?:['’][^\W\d_]+)*")
_LINKS = frozenset("of the for de la van von der und".split())
_LIST = frozenset(["and", "or"])
_JOINTS = frozenset("and or but while whereas which who as so then because also".split())
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*\s+(?=[\"'“(\[]?[A-Z])")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str  # folded; a number as plain digits
    is_number: bool
    is_capital: bool  # and not merely the first of its sentence
    sentence: int
    after_comma: bool


@lru_cache(maxsize=2048)
def _words(text: str) -> tuple[_Word, ...]:
    found: list[_Word] = []
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    n, end = 0, 0
    opens, german = True, is_german(text)
    for match in _TOKEN.finditer(text):
        while n < len(ends) and match.start() >= ends[n]:
            n, opens = n + 1, True
        raw = match.group()
        plain = "percent" if raw == "%" else fold(raw).removesuffix("'s")
        value = max(readings(raw)) if raw[0].isdecimal() else value_of(plain)
        is_number = value is not None
        if value is not None:
            plain = f"{value:g}"
        elif plain in MONTHS:
            plain, is_number = f"month {MONTHS[plain]}", raw[0].isupper()
        joined = re.match(r"['’]s |[ -][A-Z]", text[match.end() :])  # "Maria Lindqvist" at the start is a name
        stands_out = bool(joined) and is_content(plain) if opens or german else True
        capital = raw[0].isupper() and stands_out and not is_number
        found.append(
            _Word(plain, is_number, capital, n, "," in text[end : match.start()] or ";" in text[end : match.start()])
        )
        end, opens = match.end(), False
    return tuple(found)


def alterations(sentence: str, source: str) -> list[str]:
    """What was changed in a sentence that otherwise runs as its source does; empty when it does not."""
    said, told = _words(sentence), _words(source)
    if not said or not told:
        return []
    reasons = _exchanged(said, told)
    matcher = SequenceMatcher(None, [word.text for word in said], [word.text for word in told], autojunk=False)
    blocks = matcher.get_matching_blocks()
    if sum(block.size for block in blocks) < NEAR * len(said):
        return reasons
    denials = 0
    soft = False
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            continue
        here, there = said[i1:i2], told[j1:j2]
        is_inside = i1 > 0 and i2 < len(said)
        if kind == "replace" and len(there) <= len(here) + _GAP:
            reasons += _replaced(here, there)
        if j2 - j1 <= _GAP and (is_inside or here):
            denials += sum(is_negation(word.text) for word in here) - _denials_left_out(there)
            soft = soft or any(is_soft_negation(word.text) for word in (*here, *there))
        else:
            denials += sum(is_negation(word.text) for word in here)
    if denials and not soft:
        reasons.append("denies what the source says" if denials > 0 else "says what the source denies")
    return reasons


def _denials_left_out(there: tuple[_Word, ...]) -> int:
    """How many denials words left out hold, not counting those of what was left out with them ("not torn down but")."""
    return sum(
        is_negation(word.text) and not any(is_content(after.text) for after in there[i + 1 :])
        for i, word in enumerate(there)
    )


def _replaced(here: tuple[_Word, ...], there: tuple[_Word, ...]) -> list[str]:
    """Numbers, names and opposites that stand where the source has others."""
    ours = [word.text for word in here if word.is_number or word.is_capital]
    theirs = [word.text for word in there if word.is_number or word.is_capital]
    reasons = []
    if ours and theirs and not any(_alike(a, b) for a in ours for b in theirs):
        reasons.append(f"{' '.join(ours)} where the source has {' '.join(theirs)}")
    for a in here:
        turned = (opposites(stem(a.text)) | converses(stem(a.text))) & {stem(b.text) for b in there}
        if turned:
            reasons.append(f"“{a.text}” where the source has the opposite")
    return reasons


def _alike(a: str, b: str) -> bool:
    return a == b or stem(a) == stem(b) or (len(a) > 3 and a[:4] == b[:4] and not a[0].isdigit())


def _exchanged(said: tuple[_Word, ...], told: tuple[_Word, ...]) -> list[str]:
    """Names, numbers or dates that have taken each other's place: what stood before the one stands before
    the other, and what stood after the other after the one."""
    ours, theirs = [word.text for word in said], [word.text for word in told]
    if sum((Counter(ours) & Counter(theirs)).values()) < _SAME * len(ours):
        return []
    edged, edged_theirs = ["", *ours, ""], ["", *theirs, ""]
    theirs = [word.text if word.is_number or word.is_capital or word.text in _LINKS else "" for word in told]
    runs = _runs(said)
    for n, (a1, a2) in enumerate(runs):
        for b1, b2 in runs[n + 1 :]:
            one, two = ours[a1:a2], ours[b1:b2]
            if a2 > b1 or one == two or all(word in _LIST for word in ours[a2:b1]):
                continue
            if said[a1].is_number != said[b1].is_number:
                continue
            for p in _places(two, theirs):
                for q in _places(one, theirs):
                    before = edged[a1] == edged_theirs[p] or not edged[a1]
                    after = edged[b2 + 1] == edged_theirs[q + len(one) + 1] or not edged[b2 + 1]
                    if p < q and before and after and not _same_order(one, two, theirs):
                        return [f"{' '.join(one)} and {' '.join(two)} have changed places"]
    return []


def _same_order(one: list[str], two: list[str], theirs: list[str]) -> bool:
    """Whether the source has the two in this order as well, not far apart."""
    return any(0 < q - p <= 12 for p in _places(one, theirs) for q in _places(two, theirs))


def _places(words: list[str], among: list[str]) -> list[int]:
    return [i for i in range(len(among) - len(words) + 1) if among[i : i + len(words)] == words]


def _runs(words: tuple[_Word, ...]) -> list[tuple[int, int]]:
    """Every run of names, numbers or dates, up to six words; "of" and the like may stand inside."""
    marked = [word.is_capital or word.is_number for word in words]
    linked = [mark or word.text in _LINKS for mark, word in zip(marked, words, strict=True)]
    return [
        (i, j)
        for i in range(len(words))
        for j in range(i + 1, min(i + 6, len(words)) + 1)
        if marked[i] and marked[j - 1] and all(linked[i:j])
    ]


def stitched(sentence: str, source: str) -> str:
    """The word after which a sentence goes over from the words of one sentence of the source to those of
    another without a word that joins them, or ""."""
    said, told = _words(sentence), _words(source)
    ours, theirs = [word.text for word in said], [word.text for word in told]
    runs: list[tuple[int, int, int]] = []  # where in the sentence, where in the source, how long
    i = 0
    while i < len(ours):
        j, size = _longest_at(ours, i, theirs)
        if size >= _SHORT_RUN:
            runs.append((i, j, size))
        i += size if size >= _SHORT_RUN else 1
    for (i1, j1, n1), (i2, j2, n2) in pairwise(runs):
        here = told[j1 + n1 - 1].sentence
        if max(n1, n2) < _RUN or i2 - (i1 + n1) > 2 or here == told[j2].sentence:
            continue
        if any(told[place].sentence == here for place in _places(ours[i2 : i2 + min(n2, _RUN)], theirs)):
            continue
        if not any(word.text in _JOINTS for word in said[i1 + n1 : i2 + 1]):
            return said[i1 + n1 - 1].text
    return ""


def foreign(sentence: str, source: str) -> str:
    """The words with which a sentence that begins or ends as its source does goes on where the source
    has nothing like them; "" when there are none to speak of."""
    said, told = _words(sentence), [word.text for word in _words(source)]
    ours = [word.text for word in said]
    known = {stem(word) for word in told}
    copied, i = set[int](), 0
    while i < len(ours):
        _, size = _longest_at(ours, i, told)
        if size >= _RUN:
            copied |= set(range(i, i + size))
        i += max(1, size if size >= _RUN else 1)
    rest = [word for i, word in enumerate(ours) if i not in copied and is_content(word) and not said[i].is_number]
    strange = [word for word in rest if stem(word) not in known]
    is_foreign = len(copied) >= 0.35 * len(ours) and len(strange) >= _STRANGE and len(strange) >= 0.6 * len(rest)
    return " ".join(strange[:4]) if is_foreign else ""


def _longest_at(ours: list[str], i: int, theirs: list[str]) -> tuple[int, int]:
    """Where in the source the longest run that begins at ``i`` stands, and its length."""
    best, length = 0, 0
    for j, word in enumerate(theirs):
        if word != ours[i]:
            continue
        n = 1
        while i + n < len(ours) and j + n < len(theirs) and ours[i + n] == theirs[j + n]:
            n += 1
        if n > length:
            best, length = j, n
    return best, length
