"""Does each number, name and direction of a sentence belong to what it belongs to in its source?

The words of a sentence may all be in the source and yet be put together wrongly: the rate of barley given for
wheat, the buyer taken for the seller. Two readings find that. A fact is looked at with the words around it; when
these stand around another fact of the same kind in the source, and none of them around its own, it was
exchanged. And where a verb or a comparison stands between two names, they must stand in the same order, or in
the other one if the verb was turned round ("was bought by", "sold" for "bought").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from rag.generation.facts import Name, read_facts
from rag.generation.opposites import converses, opposites
from rag.generation.words import fold, is_content, stem

__all__ = ["misbound"]

_TOKEN = re.compile(r"\d+(?:[.,'’]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_BREAK = re.compile(r"[,;:()–—]|\b(?:and|but|while|whereas|or|und|aber|et|mais|y|pero|compared|against|from)\b", re.I)
_END = re.compile(r"[.!?][\"'”’)\]]*\s+(?=[\"'“(\[]?[A-ZÄÖÜ])|\n{2,}")
_LISTED = re.compile(r"[\s,]*(?:,|and|or|&|/|-|–|und|oder|et|ou|y|e)[\s,]*(?:the\s+)?", re.I)
_RANGED = re.compile(r"\W*(?:to|and|or|of|out of|in|bis|von|à|sur|a|de)?\W*(?:the|den|der|los|las|les)?\W*", re.I)
_NOT = re.compile(
    r"(?i)\b(?:not|rather than|instead of|nicht|statt|non|no)\s+(?:by\s+|the\s+|in\s+|von\s+)?(?:\w+\.\s+)?$"
)
# units in which the same thing may be given
_FAMILY = {
    unit: family
    for family, units in {
        "money": "$ € £ ¥",
        "data": "kb mb gb tb",
        "length": "km meter cm mm mile foot inch yard",
        "weight": "kg gram tonne lb",
        "time": "second minute hour day week month year",
    }.items()
    for unit in units.split()
}
_PRONOUNS = frozenset("he she it they him her them his their its er sie ihm il elle ils elles lui ella ellos".split())
_BREAK_COSTS = 3  # words of distance that a comma or an "and" is worth
_FAR = 12  # words beyond which nothing belongs to a fact
_ENOUGH = (1, 2)  # words in common with another fact that convict a number, a name
_BETWEEN = 9  # words at most between two names that a verb joins


@dataclass(frozen=True, slots=True)
class _Item:
    kind: str
    key: frozenset[object]  # what makes two items the same
    text: str
    first: int  # tokens
    last: int
    clause: int = 0
    is_vague: bool = False  # a pronoun in its clause stands for another
    around: frozenset[str] = frozenset()


class _Token(NamedTuple):
    stem: str
    start: int
    end: int
    place: int  # position in words, breaks counted
    clause: int


def misbound(sentence: str, source: str) -> list[str]:
    """Facts of the sentence that the source gives of something else; empty when there are none."""
    if re.search(r"(?i)\brespectively\b|\bbeziehungsweise\b|\brespectivement\b", sentence + source):
        return []
    ours, theirs = _items(sentence), _items(source)
    for item in ours:
        own = [other for other in theirs if other.kind == item.kind and other.key & item.key]
        rivals = [other for other in theirs if other.kind == item.kind and not other.key & item.key]
        if item.kind == "name":
            clauses = {other.clause for other in own}
            rivals = [other for other in rivals if other.clause not in clauses and not other.is_vague]
        if own and rivals and (better := _better(item, own, rivals, _once(source))):
            return [f"{item.text} where the source has {better.text}"]
    return [*_turned_round(sentence, source), *_compared(sentence, source), *_ruled_out(sentence, source)]


def _better(item: _Item, own: Sequence[_Item], rivals: Sequence[_Item], telling: frozenset[str]) -> _Item | None:
    """The fact of the source that stands where ``item`` stands in the sentence, if that is another."""
    mine = frozenset().union(*(other.around for other in own))
    best = max(rivals, key=lambda other: len(item.around & (other.around - mine)))
    if not mine or item.around & (mine - best.around):
        return None
    evidence = item.around & (best.around - mine) & telling
    return best if len(evidence) >= _ENOUGH[item.kind == "name"] else None


@lru_cache(maxsize=2048)
def _once(text: str) -> frozenset[str]:
    """The stems that occur once in a text."""
    return frozenset(term for term, n in Counter(token.stem for token in _tokens(text)).items() if n == 1)


# -- what stands around a fact


@lru_cache(maxsize=2048)
def _items(text: str) -> tuple[_Item, ...]:
    tokens = _tokens(text)
    found = _facts(text, tokens)
    vague = {token.clause for token in tokens if token.stem in _PRONOUNS}
    placed = [replace(item, clause=tokens[item.first].clause, around=_around(item, found, tokens)) for item in found]
    return tuple(replace(item, is_vague=item.clause in vague) for item in placed)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place, end, clause = 0, 0, 0
    for match in _TOKEN.finditer(text):
        between = text[end : match.start()]
        breaks = len(_BREAK.findall(between)) + bool(_BREAK.fullmatch(match.group()))
        ends = bool(_END.search(text[max(0, end - 1) : match.start() + 1]))
        place += 1 + _BREAK_COSTS * breaks + 2 * _FAR * ends
        clause += bool(breaks or ends)
        found.append(_Token(stem(fold(match.group())), match.start(), match.end(), place, clause))
        end = match.end()
    return found


def _facts(text: str, tokens: list[_Token]) -> list[_Item]:
    """The numbers and names of a text, those that are listed together as one."""
    facts = read_facts(text)
    found: list[_Item] = []
    spans: list[tuple[str, frozenset[object], str, int, int]] = []
    for number in facts.numbers:
        if number.is_written and number.digits > 1 and len(number.values) > 1:  # a share: "a third"
            continue
        is_year = not number.unit and any(1500 <= value <= 2100 for value in number.values)
        kind = (
            "ordinal" if number.is_ordinal else "year" if is_year else f"number {_FAMILY.get(number.unit, number.unit)}"
        )
        spans.append((kind, frozenset(number.values), number.text, number.start, number.end))
    for date in facts.dates:
        years = frozenset(float(year) for year, _, _ in date.readings if year)
        if years:
            spans.append(("year", years, date.text, date.start, date.start + len(date.text)))
    for name in facts.names:
        if text[name.start - 1 : name.start] == "(" and name.text.isupper():  # the short form of what stands before it
            continue
        spans.append(("name", frozenset(name.parts), name.text, name.start, name.start + len(name.text)))
    for kind, key, said, start, end in sorted(spans, key=lambda span: span[3]):
        places = [i for i, token in enumerate(tokens) if token.start < end and start < token.end]
        if not places:
            continue
        item = _Item(kind, key, said, places[0], places[-1])
        before = found[-1] if found else None
        if (
            before
            and before.kind == kind
            and (_LISTED if kind == "name" else _RANGED).fullmatch(
                text[tokens[before.last].end : tokens[item.first].start]
            )
        ):
            found[-1] = _Item(kind, before.key | key, f"{before.text}, {said}", before.first, item.last)
        else:
            found.append(item)
    return found


def _around(item: _Item, items: Sequence[_Item], tokens: Sequence[_Token]) -> frozenset[str]:
    """The words of content that are nearer to ``item`` than to any other fact of its kind."""
    others = [other for other in items if other.kind == item.kind and other is not item]
    near = set()
    for i, token in enumerate(tokens):
        if item.first <= i <= item.last or not is_content(token.stem):
            continue
        elsewhere = token.clause != tokens[item.first].clause
        if (item.kind == "name" and (token.stem[0].isdigit() or elsewhere)) or (token.stem[0].isdigit() and elsewhere):
            continue  # numbers look for their names, not the other way; and a name is told of in its own clause
        distance = _distance(token, item, tokens)
        if distance <= _FAR and all(distance < _distance(token, other, tokens) for other in others):
            near.add(token.stem)
    return frozenset(near)


def _distance(token: _Token, item: _Item, tokens: Sequence[_Token]) -> int:
    return min(abs(token.place - tokens[item.first].place), abs(token.place - tokens[item.last].place))


# -- who did it to whom


class _Deed(NamedTuple):
    doer: frozenset[str]
    verb: str
    done_to: frozenset[str]


def _turned_round(sentence: str, source: str) -> list[str]:
    """Two names whose parts in what happened are exchanged."""
    ours, theirs = _deeds(sentence), _deeds(source)
    for deed in ours:
        same = [
            other for other in theirs
            if (_is_same(other.verb, deed.verb) or other.verb in converses(deed.verb))
            and {*other.doer, *other.done_to} & deed.doer and {*other.doer, *other.done_to} & deed.done_to
        ]  # fmt: skip
        straight = [_is_straight(deed, other) for other in same]
        if straight and not any(straight):
            return [f"who and whom are exchanged at “{deed.verb}”"]
    return []


def _is_straight(deed: _Deed, other: _Deed) -> bool:
    keeps_order = bool(deed.doer & other.doer and deed.done_to & other.done_to)
    return keeps_order if _is_same(other.verb, deed.verb) else not keeps_order


def _is_same(verb: str, other: str) -> bool:
    return verb == other or bool(converses(verb) & converses(other))


@lru_cache(maxsize=2048)
def _deeds(text: str) -> tuple[_Deed, ...]:
    """Each pair of names with the verbs between them, turned round where they are passive."""
    names = read_facts(text).names
    found = []
    for i, one in enumerate(names):
        for other in names[i + 1 : i + 4]:
            between = text[one.start + len(one.text) : other.start]
            if _END.search(between) or ";" in between:
                break
            words = [fold(word) for word in re.findall(r"[^\W\d_]+", between)]
            if len(words) > _BETWEEN or _LISTED.fullmatch(between):
                continue
            passive = "by" in words or "von" in words or "par" in words or "por" in words
            doer, done_to = (other, one) if passive else (one, other)
            verbs = [word for word in words if is_content(word) and not word.endswith("ly")]
            found += [_Deed(_parts(doer), stem(verb), _parts(done_to)) for verb in verbs[:1]]
    return tuple(found)


def _parts(name: Name) -> frozenset[str]:
    return frozenset(name.parts)


def _compared(sentence: str, source: str) -> list[str]:
    """ "X is lower than Y" where the source has Y lower than X."""
    for word, left, right in _comparisons(sentence):
        for other, left_there, right_there in _comparisons(source):
            same, turned = word == other, other in opposites(word)
            straight = bool(left & left_there) and bool(right & right_there)
            crossed = bool(left & right_there) and bool(right & left_there)
            if (same and crossed and not straight) or (turned and straight and not crossed):
                return [f"the two sides of “{word} than” are exchanged"]
    return []


def _comparisons(text: str) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    found = []
    for match in re.finditer(r"([^.;:!?]*?)\b([^\W\d_]+)\s+than\s+([^.;:!?,]*)", text):
        left, right = (
            frozenset(stem(fold(word)) for word in re.findall(r"[^\W\d_]+", part) if is_content(fold(word)))
            for part in (match[1].rpartition(",")[2], match[3])
        )
        found.append((stem(fold(match[2])), left, right))
    return found


def _ruled_out(sentence: str, source: str) -> list[str]:
    """ "X, not Y" where the source has "Y, not X"."""
    (ours, out_here), (theirs, out_there) = _named(sentence), _named(source)
    wrong = (out_here & (theirs - out_there)) | (out_there & (ours - out_here))
    return [f"{min(wrong)} is not the one that the source means"] if wrong else []


def _named(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The last parts of the names in a text, and of those that stand after "not" or "rather than"."""
    names = read_facts(text).names
    out = {name.parts[-1] for name in names if _NOT.search(text[: name.start])}
    return frozenset(name.parts[-1] for name in names), frozenset(out)
