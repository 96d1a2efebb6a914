"""Is what a sentence says of one thing said of another in its source? And is one thing named in place of another?

"Tom Barlow will cut the hedge" of a text in which GreenEdge cuts it and Barlow made another offer: every word is
there, and the wrong one does it. A source is cut into clauses; where one clause says what the sentence says, of
another than the sentence names, and the one it names stands in clauses that say nothing of it, the two were
confused. And in a sentence that otherwise runs as its source does, a noun in the place of another is looked at: the
same thing in other words is near it in meaning, another thing is not, or stands beside it in the source.

Both can be mistaken (a company may be called by its name in one clause and "the company" in the next), so what they
find makes a sentence weak, never unsupported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from rag.generation.dates import MONTHS
from rag.generation.rarity import related_to
from rag.generation.words import STOPWORDS, fold, is_content, is_german, stem
from rag.index.languages import FUNCTION_WORDS

__all__ = ["confused", "substituted"]

_TOKEN = re.compile(r"\d+(?:[.,'’]\d+)*|[^\W\d_]+")
_END = re.compile(r"[.!?;][\"'”’)\]]*\s|\n{2,}")
_BREAK = re.compile(
    r",(?!\d)|[:()–—]|\b(?:and|but|while|whereas|und|aber|während|et|mais|tandis|y|pero|mientras|e|ma|mentre)\b",
    re.IGNORECASE,
)
_FUNCTIONS = STOPWORDS | {fold(word) for words in FUNCTION_WORDS.values() for word in words}
_PRONOUNS = frozenset("it they he she them him her es er sie il elle ils elles ella ello".split())
_SAID = 0.6  # share of what a sentence says that a clause must say of another
_LONG = 18  # words beyond which a sentence says several things of several
_OWN = 1 / 3  # and at most so much the clauses of the one it names
_NEAR = 0.6  # share of the sentence's words that must run as in the source
# cosine of two nouns from which they are taken for the same: of 18 pairs that mean the same 16 are above, of 20 that
# do not 16 below
_ALIKE = 0.6
# what stands before a noun
_ARTICLES = frozenset(
    """the a an his her its their our my your every each no any this that these those der die das den dem des ein eine
    einen einem einer eines kein keine le la les l un une des el los las una il lo gli i uno""".split()
)
_BEFORE_NOUNS = _ARTICLES | frozenset(
    """of in at on to for from with by and or as than into under over per im am zum zur vom von mit für bei aus du de au
    aux dans pour par sur del al en con por dei nel""".split()
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str  # folded
    stem: str
    is_name: bool
    is_content: bool


@lru_cache(maxsize=2048)
def _tokens(text: str) -> tuple[_Token, ...]:
    german = is_german(text)
    found = []
    for match in _TOKEN.finditer(text):
        plain = fold(match[0])
        content = plain not in _FUNCTIONS and is_content(plain)
        opens = not text[: match.start()].strip() or bool(re.search(r"[.!?;:]\W*$", text[: match.start()]))
        name = match[0][0].isupper() and content and not german and plain not in MONTHS and not opens
        found.append(_Token(plain, stem(plain), name, content))
    return tuple(found)


@lru_cache(maxsize=2048)
def _clauses(text: str) -> tuple[tuple[int, tuple[_Token, ...]], ...]:
    """The clauses of a text, each with the number of its sentence; what is no clause of its own, because it is a name
    or says one thing only, with the one before it."""
    found: list[tuple[int, str]] = []
    for number, sentence in enumerate(part for part in _END.split(f"{text} ") if part.strip()):
        for piece in _BREAK.split(sentence):
            tokens = _tokens(piece)
            telling = [token for token in tokens if token.is_content and not token.is_name]
            if found and found[-1][0] == number and len(telling) < 2:
                found[-1] = (number, f"{found[-1][1]} , {piece}")
            else:
                found.append((number, piece))
    return tuple((number, _tokens(piece)) for number, piece in found)


def confused(sentence: str, source: str) -> str:
    """Whom or what the source says it of, where a sentence, or a clause of it, says it of another; "" when it does
    not."""
    if len(sentence.split()) > _LONG:
        return ""
    pieces = [piece for piece in _BREAK.split(sentence) if piece != sentence]
    return _confused(sentence, source, _SAID) or next(filter(None, (_confused(p, source, 1.0) for p in pieces)), "")


def _confused(sentence: str, source: str, share: float) -> str:
    tokens = _tokens(sentence)
    said = [token for token in tokens if token.is_content]
    clauses = _clauses(source)
    if len(said) < 2 or len(clauses) < 2:
        return ""
    everything = {token.stem for token in said}
    by_pronoun = tokens[0].text in _PRONOUNS  # whom that is, the sentence before may tell
    for anchor in _anchors(said)[by_pronoun and not said[0].is_name :]:
        names = {token.stem for token in anchor}
        rest = everything - names
        if not rest:
            continue
        held = [_held(rest, tokens) for _, tokens in clauses]
        best = max(range(len(clauses)), key=lambda i: held[i])
        own = [i for i, (_, tokens) in enumerate(clauses) if names <= {token.stem for token in tokens}]
        if not own or held[best] < share or max(held[i] for i in own) > _OWN:
            continue
        if rival := _rival(clauses, best, anchor, everything):
            return rival
    return ""


def _anchors(said: Sequence[_Token]) -> list[list[_Token]]:
    """Whom or what a sentence is about: its first word of content, or names; each name whole."""
    runs: list[list[_Token]] = []
    for i, token in enumerate(said):
        if token.is_name and i and said[i - 1].is_name:
            runs[-1].append(token)
        elif token.is_name or i == 0:
            runs.append([token])
    return runs


def _held(rest: set[str], clause: Sequence[_Token]) -> float:
    """The share of ``rest`` that a clause says; a pronoun in it, unless it comes first, stands for one word."""
    common = len(rest & {token.stem for token in clause})
    stands_in = any(token.text in _PRONOUNS for token in clause[1:]) and 0 < common < len(rest)
    return (common + stands_in) / len(rest)


def _rival(
    clauses: Sequence[tuple[int, tuple[_Token, ...]]], best: int, anchor: Sequence[_Token], said: set[str]
) -> str:
    """What stands in the clause in the place of ``anchor``: another name for a name, another subject for a noun."""
    number, tokens = clauses[best]
    names = {token.stem for token in anchor}
    if names <= {token.stem for token in tokens} or (tokens and tokens[0].text in _PRONOUNS):
        return ""
    content = [token for token in tokens if token.is_content]
    if not anchor[0].is_name:
        first = content[0] if content else None
        begins = best == 0 or clauses[best - 1][0] != number or tokens[0].text in _ARTICLES
        return first.text if first and begins and first.stem not in said and not first.is_name else ""
    before = clauses[best - 1] if best and clauses[best - 1][0] == number else (number, ())
    if names & {token.stem for token in before[1]}:
        return ""
    begins_with_subject = bool(content) and content[0].stem not in said
    for part in (content, [] if begins_with_subject else before[1]):
        if strangers := [token for token in part if token.is_name and token.stem not in said]:
            return strangers[0].text
    return ""


def substituted(sentence: str, source: str, around: str, similarity: Callable[[str, str], float]) -> str:
    """The noun of a sentence that stands where its source has another that means something else, or ""."""
    said, told = _tokens(sentence), _tokens(source)
    matcher = SequenceMatcher(None, [token.text for token in said], [token.text for token in told], autojunk=False)
    if sum(block.size for block in matcher.get_matching_blocks()) < _NEAR * len(said):
        return ""
    known, beside = {token.stem for token in told}, {token.stem for token in _tokens(around)}
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        here, there = said[i1:i2], told[j1 : j2 if i2 < len(said) else j1 + 1]  # the source may go on
        if kind != "replace" or len(here) != 1 or len(there) > 2 or not _is_noun_at(said, i1):
            continue
        one, others = here[0], [token for token in there if token.is_content]
        if not one.is_content or one.stem in known or not others or any(c.isdigit() for c in one.text):
            continue
        if related_to([one.stem], frozenset(token.stem for token in others)) and one.stem not in beside:
            continue
        other = " ".join(token.text for token in there)
        if one.stem in beside or similarity(one.text, other) < _ALIKE:
            return f"“{one.text}” where the source has “{other}”"
    return ""


def _is_noun_at(said: Sequence[_Token], i: int) -> bool:
    """Whether a word stands where a noun, or what describes one, would."""
    if i == 0:
        return said[1].text not in _ARTICLES if len(said) > 1 else False
    return said[i - 1].text in _BEFORE_NOUNS or said[i - 1].text.isdigit()
