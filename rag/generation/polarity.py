"""Does a sentence deny what its source says, or say what its source denies?

A denial reaches over the next words of content in its clause. What a denial of the one side reaches over must
stand beside some denial on the other side, if it stands there at all; a word and its opposite must not stand
for each other unless exactly one of them is denied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.generation.facts import read_facts
from rag.generation.opposites import opposites, without_prefix
from rag.generation.words import (
    STOPWORDS,
    is_content,
    is_denying,
    is_limiting,
    is_negated_word,
    is_negation,
    is_soft_negation,
    stem,
    words,
)

__all__ = ["polarity_differs"]

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"'“(\[]?[A-ZÄÖÜ])|\n{2,}")
_CLAUSE = re.compile(r"[,;:()–—]\s|\b(?:but|while|whereas|although|though|because|since|if|unless|aber|mais|pero)\b")
# what denies in form and not in sense
_IDLE = re.compile(
    r"\b(?:(?:no|not) (?:later|longer|more|less|fewer|earlier|sooner|greater|higher) than|not only|no doubt"
    r"|whether or not"
    r"|no matter|nothing but|almost no|next to no|if not)\b",
    re.IGNORECASE,
)
_ALL_BUT = re.compile(r"\b((?:all|every|each|any|nothing|none|everyone|everything|anyone)(?:\s\w+){0,2})\s+but\b", re.I)
# "at most" is how "may not exceed" is said without a denial
_CAP = re.compile(
    r"\b(?:at most|no more than|not more than|up to|a maximum of|the maximum|höchstens|maximal|au plus|au maximum|"
    r"como máximo|al massimo)\b",
    re.IGNORECASE,
)
_NOT_OVER = re.compile(
    r"\b(?:not|never|nicht|ne|no|non)\b[^.;]{0,40}?\b(?:exceed|more than|über|überschreit\w+|mehr als|dépass\w+|"
    r"plus de|super\w+|más de|più di)\b",
    re.IGNORECASE,
)
_REACH = 4  # words of content that a denial reaches over
_SUBJECT = 2  # words of content before a denial that it is said of
_UNABLE = frozenset("fail failed fails unable".split())
_BARE = frozenset("without ohne sans sin".split())  # deny what comes after them, not the verb before
_NEAR = 6  # words from what is denied to a word that may stand for a denial
_EXCEPTIONS = frozenset("unless except other than without if until but only otherwise beyond".split())
_CONDITIONS = frozenset("without unless until ohne sans sin".split())  # "not without" demands
_INSIDE, _OUTSIDE = (re.compile(rf"\b{way}[ -](\w+)", re.IGNORECASE) for way in ("in", "out[ -]of"))
_ENDS = {"from": {"to"}, "to": {"from"}}


def polarity_differs(sentence: str, source: str) -> list[str]:
    """A denial on one side only, and opposites in place of words."""
    nearest = _nearest(sentence, source)
    said, told = read_facts(sentence), read_facts(nearest)
    ours, theirs = _denials(sentence), _denials(nearest)
    reasons = []
    own = [denial for denial in ours if denial.is_hard]  # a paraphrase may well say "rejected" for "did not accept"
    if _denied_alone(own, nearest, lenient=bool(theirs) and not _EXCEPTIONS.isdisjoint(said.words)):
        reasons.append("denies what the source says")
    elif _CAP.search(sentence) and _NOT_OVER.search(nearest):
        pass
    elif _CONDITIONS.isdisjoint(told.words) and _denied_alone(theirs, sentence, lenient=True):
        reasons.append("says what the source denies")
    turned = _turned(said.words, told.words)
    if turned:
        reasons.append(f"“{turned}” where the source has the opposite")
    opposite = _opposed(sentence, nearest)
    if opposite:
        reasons.append(f"the opposite of “{opposite}” in the source")
    return reasons


@dataclass(frozen=True, slots=True)
class _Denial:
    word: str
    reach: frozenset[str]  # stems of the content words that it reaches over
    subject: frozenset[str]  # and of those before it
    is_hard: bool


@lru_cache(maxsize=2048)
def _clauses(text: str) -> tuple[tuple[str, ...], ...]:
    plain = _ALL_BUT.sub(r"\1 except", _IDLE.sub(" ", text))
    parts = [part for whole in _SENTENCE_END.split(plain) for part in _CLAUSE.split(whole)]
    return tuple(tuple(words(part)) for part in parts if part and part.strip())


def _denials(text: str) -> list[_Denial]:
    found = []
    for clause in _clauses(text):
        for i, word in enumerate(clause):
            hard = is_negation(word) and not (
                word == "no" and (i == 0 and len(_clauses(text)) > 1 and len(clause) == 1)
            )
            if not hard and not is_denying(word):
                continue
            if hard and any(is_denying(after) or is_negated_word(after) for after in clause[i + 1 : i + 3]):
                continue  # "not excluded", "not unlike"
            if is_denying(word) and any(is_negation(before) for before in clause[max(0, i - 2) : i]):
                continue
            after = [stem(other) for other in clause[i + 1 :] if is_content(other)][:_REACH]
            before = [stem(other) for other in clause[:i] if is_content(other)][-_REACH:]
            found.append(
                _Denial(word, frozenset(after or before), frozenset(before[-_SUBJECT:]), hard or word in _UNABLE)
            )
    return found


def _denied_alone(denials: list[_Denial], other: str, lenient: bool) -> bool:
    """Whether something that one side denies stands on the ``other`` without any denial near it."""
    clauses = [(frozenset(map(stem, clause)), clause) for clause in _clauses(other)]
    everywhere = frozenset().union(*(stems for stems, _ in clauses)) if clauses else frozenset()
    for denial in denials:
        common = denial.reach & everywhere
        if len(common) < max(1, (len(denial.reach) + 1) // 2):
            continue
        near = [(stems & common, clause) for stems, clause in clauses if stems & (common | denial.subject)]
        if not any(_denies(clause, denial, words_here, lenient) for words_here, clause in near):
            return True
    return False


def _denies(clause: tuple[str, ...], denial: _Denial, here: frozenset[str], lenient: bool) -> bool:
    """Whether a clause denies in any way: by a word, by a prefix, or by an opposite of what is denied."""
    at = [i for i, word in enumerate(clause) if stem(word) in here]
    for i, word in enumerate(clause):
        ends = opposites(stem(word))
        if word in _BARE and not here & {stem(after) for after in clause[i + 1 : i + 1 + _NEAR]}:
            continue
        if is_negation(word) or ends & denial.reach or word == denial.word or ends & opposites(stem(denial.word)):
            return True
        is_near = not at or min(abs(i - j) for j in at) <= _NEAR
        if is_near and is_soft_negation(word) and (lenient or not is_limiting(word)):
            return True
    return False


def _opposed(sentence: str, source: str) -> str:
    """A word of the source whose opposite the sentence has in its place, or ""."""
    said, told = read_facts(sentence).terms, read_facts(source).terms
    for ours, theirs in ((_INSIDE, _OUTSIDE), (_OUTSIDE, _INSIDE)):
        here = {match[1].lower() for match in ours.finditer(sentence)}
        outside = {match[1].lower(): match[0] for match in theirs.finditer(source)}
        common = here & set(outside) - {match[1].lower() for match in ours.finditer(source)}
        if common:
            return outside[min(common)]
    # "unused" for "used": the stem of the one and the stem of the other, both ways
    prefixed, denied_form = _prefixed(source), _unprefixed(sentence)
    for term in sorted(said - told):
        others = opposites(term) | prefixed.get(term, frozenset())
        there = (others & (told - said)) | (denied_form.get(term, frozenset()) & told)
        if not there or any(opposites(other) & told for other in there):  # both ends are in the source: see ``binding``
            continue
        if any(_is_denied(term, sentence) == _is_denied(other, source) for other in there):
            return min(there)
    return ""


def _prefixed(text: str) -> dict[str, frozenset[str]]:
    """For a stem, the stem of the word in ``text`` that a prefix makes its opposite."""
    pairs = ((word, without_prefix(word)) for word in read_facts(text).words)
    return {stem(base): frozenset([stem(word)]) for word, base in pairs if base}


def _unprefixed(text: str) -> dict[str, frozenset[str]]:
    """For the stem of a word in ``text`` with such a prefix, the stem without it."""
    pairs = ((word, without_prefix(word)) for word in read_facts(text).words)
    return {stem(word): frozenset([stem(base)]) for word, base in pairs if base}


def _is_denied(term: str, text: str) -> bool:
    for clause in _clauses(text):
        for i, word in enumerate(clause):
            if stem(word) == term and any(is_negation(b) or is_denying(b) for b in clause[max(0, i - 4) : i]):
                return True
    return False


def _turned(said: tuple[str, ...], told: tuple[str, ...]) -> str:
    """A small word before something that has its opposite before it in the source ("before July",
    "from Bern to Zug"), or ""."""
    ours, theirs = _led(said), _led(told)
    for lead, followers in ours:
        others = opposites(stem(lead)) | _ENDS.get(lead, set())
        near = 1 if lead in _ENDS else 3
        reach = set(followers[:near])
        if any(stem(a) == stem(lead) and reach & set(b[:near]) for a, b in theirs):
            continue
        if any(a in others or stem(a) in others for a, _ in ours) and any(a == lead for a, _ in theirs):
            continue  # "before and after" on both sides
        if any((a in others or stem(a) in others) and reach & set(b[:near]) for a, b in theirs):
            return f"{lead} {followers[0]}"
    return ""


def _led(all_words: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """Each small word that has an opposite, with the stems of the next words of content after it."""
    found = []
    for i, word in enumerate(all_words):
        if word in STOPWORDS and (word in _ENDS or opposites(stem(word))):
            followers = [stem(after) for after in all_words[i + 1 : i + 6] if is_content(after)]
            if followers:
                found.append((word, followers))
    return found


def _nearest(sentence: str, source: str) -> str:
    """The sentence of the source that says most of what the sentence says; the whole source when the
    sentence takes from several."""
    said = read_facts(sentence).terms
    parts = _SENTENCE_END.split(source)
    common = [len(said & read_facts(part).terms) for part in parts]
    together = len(said & read_facts(source).terms)
    return parts[common.index(max(common))] if max(common) >= 0.7 * together else source
