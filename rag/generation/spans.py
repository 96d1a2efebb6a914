"""Short facts inside a sentence: every stretch that could be the answer, and what speaks for it.

Candidates are found by light rules: dates and years, numbers with currency, magnitude and unit, runs of
capitalised words, quoted words, words in a row without a function word between them, and such pieces joined
by "of" or in an enumeration. ``Fact.features`` describe each against the question; a small model that
``benchmarks/train_answers.py`` made ranks them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.generation.question import Asked
from rag.generation.tokens import (
    DIGITS,
    MAGNITUDES,
    MONTHS,
    SYMBOLS,
    TIME_NOUNS,
    WEEKDAYS,
    YEAR,
    Word,
    is_number,
    is_time,
    read_words,
)

__all__ = ["FEATURES", "Fact", "facts", "runs", "with_symbols"]

_LINKS = frozenset("of the de la le du van von der den al el bin ibn da di des del for and & y und et e".split())
_AND = frozenset(("and", "or", "und", "oder", "et", "ou", "y", "e", "&"))
_BEFORE = {  # words before a fact that announce it
    "by": frozenset("by named called von par por da".split()),
    "in": frozenset("in at near from to into inside outside within on around dans à en aus nach".split()),
    "since": frozenset("in on since until by during from before after between around circa seit bis".split()),
    "about": frozenset("about around approximately nearly over almost some roughly least than only total to".split()),
    "is": frozenset("is are was were be been became become being ist sind war est son es".split()),
    "the": frozenset("the a an der die das le la el il lo un une una ein eine".split()),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """A candidate: offsets in the sentence, what it looks like, and its features."""

    start: int
    end: int
    shape: str
    features: tuple[float, ...]


# -- candidates -------------------------------------------------------------------------------------------------


def runs(words: Sequence[Word]) -> set[tuple[int, int, str]]:
    """The candidates as ``(first word, one past the last word, shape)``."""
    found: set[tuple[int, int, str]] = set()
    n = len(words)
    i = 0
    while i < n:  # content words in a row, without punctuation between
        if words[i].is_function:
            i += 1
            continue
        j = i + 1
        while j < n and not words[j].is_function and not words[j].gap.strip(" \u00a0-’'"):
            j += 1
        if j - i <= 5:
            found.update((a, b, "words") for a in range(i, j) for b in range(a + 1, j + 1))
        else:
            found.update((a, min(a + k, j), "words") for a in range(i, j) for k in (1, 2, 3))
            found.add((i, j, "words"))
        i = j
    found = {(a, b, _shape(words[a:b])) for a, b, _ in found}
    for i in range(n):
        for test, shape in ((_part_of_number, "number"), (_part_of_time, "time"), (_part_of_name, "name")):
            if test(words, i, i) and (i == 0 or not test(words, i - 1, i - 1) or words[i].gap.strip(" ,-–\u00a0$€£")):
                j = i + 1
                while (
                    j < n
                    and test(words, i, j)
                    and not words[j].gap.strip(" ,-–\u00a0’'." if shape != "number" else " ,-\u00a0")
                ):
                    j += 1
                while j > i + 1 and words[j - 1].lower in _LINKS:
                    j -= 1
                found.add((i, j, shape))
    found = {(a, b, "time" if shape == "name" and all(map(is_time, words[a:b])) else shape) for a, b, shape in found}
    return found | _joined(words, found)


def _part_of_number(words: Sequence[Word], first: int, i: int) -> bool:
    word = words[i]
    if word.text in SYMBOLS or is_number(word) or word.lower in MAGNITUDES:
        return i == first or "," not in word.gap
    return i > first and word.lower in ("and", "to", "or", "a") and i + 1 < len(words) and is_number(words[i + 1])


def _part_of_time(words: Sequence[Word], first: int, i: int) -> bool:
    word = words[i]
    if is_time(word) or (word.lower in TIME_NOUNS and i > first):
        return True
    if word.text.isdigit() and len(word.text) <= 2:
        near = words[max(0, i - 1) : i + 2 + (i + 1 < len(words) and words[i + 1].lower == "de")]
        return any(other.lower in MONTHS for other in near)
    return i > first and word.lower in ("and", "to", "of", "the", "de") and i + 1 < len(words) and is_time(words[i + 1])


def _part_of_name(words: Sequence[Word], first: int, i: int) -> bool:
    word = words[i]
    if "," in word.gap and i > first:
        return False
    if word.is_capital and not (word.is_function and i == 0):
        return True
    if i > first and word.lower in _LINKS:
        after = i + 1
        while after < len(words) and words[after].lower in _LINKS and after < i + 2:
            after += 1
        return after < len(words) and words[after].is_capital and not words[after].gap.strip()
    return i > first and bool(DIGITS.match(word.text)) and words[i - 1].is_capital


def _joined(words: Sequence[Word], found: set[tuple[int, int, str]]) -> set[tuple[int, int, str]]:
    """Pieces joined by "of", and enumerations: "Denmark, Iceland and Norway"."""
    joined: set[tuple[int, int, str]] = set()
    ends: dict[int, list[tuple[int, str]]] = {}
    longest: dict[int, int] = {}
    for a, b, shape in found:
        longest[a] = max(longest.get(a, b), b)
        ends.setdefault(b, []).append((a, shape))
    for a, b in list(longest.items()):
        if b < len(words) and words[b].lower in ("of", "for", "in", "de", "von") and not words[b].gap.strip():
            c = b + 1
            while c < len(words) and words[c].lower in ("the", "a", "its", "their", "la", "der") and c < b + 3:
                c += 1
            if c in longest and longest[c] - a <= 9:
                joined.add((a, longest[c], "phrase"))
        c = b
        items = 1
        while c < len(words) and items < 6:
            comma = "," in words[c].gap
            step = c + (words[c].lower in _AND)
            step += step < len(words) and words[step].lower in ("the", "a", "an") and step + 1 < len(words)
            if not (comma or step > c) or step not in longest or words[c].gap.strip(" ,"):
                break
            is_last = words[c].lower in _AND
            c = longest[step]
            items += 1
            joined.add((a, c, "series"))
            if is_last:
                break
    return joined


def _shape(piece: Sequence[Word]) -> str:
    if all(word.text in SYMBOLS or is_number(word) or word.lower in MAGNITUDES for word in piece):
        return "time" if len(piece) == 1 and YEAR.match(piece[0].text) else "number"
    if any(is_time(word) for word in piece):
        return "time"
    if any(is_number(word) for word in piece):
        return "quantity"
    return "name" if all(word.is_capital for word in piece) else "words"


# -- features ---------------------------------------------------------------------------------------------------

_SHAPES = ("number", "time", "quantity", "name", "words", "phrase", "series")
_NEVER: dict[str, tuple[str, ...]] = {"person": ("time", "number", "quantity"), "place": ("time", "number")}
_TOLD = ("person", "place", "time", "choice", "definition", "other")
_KINDS = ("person", "time", "number", "place", "choice", "other")
FEATURES = (
    *(f"{kind} {shape}" for kind in _KINDS for shape in _SHAPES),
    "in question", "all in question", "near", "nearest", "rare near", "before question words", "words", "words squared",
    "at start", "at end", "in brackets", "quoted", "focus inside", "focus beside", "unit beside", "money",
    "year for number", "full run", "starts run", "part of name",
    *(f"after {name}, {kind}" for name in _BEFORE for kind in ("person", "time", "number", "place", "other")),
    "after question word", "before question word", "capitals", "sentence start function", "many for plural",
    "one for plural", "weekday",
)  # fmt: skip


def facts(asked: Asked, text: str, weight: Mapping[str, float], language: str | None = None) -> list[Fact]:
    """The candidates in a sentence. ``weight`` says how telling each term of the question is (sum 1)."""
    words = read_words(text, language)
    if not words or len(words) > 120:
        return []
    asked_at = [i for i, word in enumerate(words) if any(term in weight for term in word.terms)]
    found: list[Fact] = []
    seen: set[tuple[int, int]] = set()
    longest_run = _content_runs(words)
    for a, b, shape in sorted(runs(words)):
        if ((a, b) in seen and shape in ("words", "quantity")) or shape in _NEVER.get(asked.kind, ()):
            continue
        if shape == "series" and asked.is_short and not asked.is_plural:
            continue
        inside = [any(term in weight for term in word.terms) for word in words[a:b] if not word.is_function]
        if not inside or _is_asked_about(asked, words[a:b], inside):
            continue
        seen.add((a, b))
        features = _features(asked, text, words, a, b, shape, inside, asked_at, weight, longest_run)
        start, end = with_symbols(text, words[a].start, words[b - 1].end)
        found.append(Fact(start, end, shape, features))
    return found


def _is_asked_about(asked: Asked, piece: Sequence[Word], inside: Sequence[bool]) -> bool:
    """Whether the question has half of a piece: "King Harold II" does not tell who killed Harold II. What has the noun
    asked for may be the answer all the same: "Furman University" where it asks for a university."""
    told = asked.kind in _TOLD and not any(asked.focus & set(word.terms) for word in piece)
    return all(inside) or (told and 2 * sum(inside) >= len(inside))


def with_symbols(text: str, start: int, end: int) -> tuple[int, int]:
    """The piece with the currency or percent sign and the closing bracket that belong to it."""
    if text[max(0, start - 3) : start].upper() == "US$":
        start -= 3
    elif start and text[start - 1] in SYMBOLS and text[start].isdigit():
        start -= 1
    if text[end : end + 1] == "%":
        end += 1
    if "(" in text[start:end] and ")" not in text[start:end] and text[end : end + 1] == ")":
        end += 1
    return start, end


def _content_runs(words: Sequence[Word]) -> dict[int, tuple[int, int]]:
    """For each content word the run of content words it stands in."""
    runs: dict[int, tuple[int, int]] = {}
    start = 0
    for i in range(len(words) + 1):
        if i == len(words) or words[i].is_function or (i > start and words[i].gap.strip(" \u00a0-’'")):
            for j in range(start, i):
                runs[j] = (start, i)
            start = i + (i < len(words) and words[i].is_function)
    return runs


def _features(
    asked: Asked,
    text: str,
    words: Sequence[Word],
    a: int,
    b: int,
    shape: str,
    inside: Sequence[bool],
    asked_at: Sequence[int],
    weight: Mapping[str, float],
    runs: Mapping[int, tuple[int, int]],
) -> tuple[float, ...]:
    kind = asked.kind if asked.kind in _KINDS else "other"
    one_hot = [0.0] * (len(_KINDS) * len(_SHAPES))
    one_hot[_KINDS.index(kind) * len(_SHAPES) + _SHAPES.index(shape)] = 1.0
    outside = [i for i in asked_at if not a <= i < b]
    distances = [(a - i) if i < a else (i - b + 1) for i in outside]
    near = rare_near = left = 0.0
    seen: set[str] = set()
    for i, distance in sorted(zip(outside, distances, strict=True), key=lambda pair: pair[1]):
        fresh = [term for term in words[i].terms if term in weight and term not in seen]
        seen.update(fresh)
        share = sum(weight[term] for term in fresh)
        near += share / distance
        rare_near += share * (distance <= 4)
        left += share * (i < a)
    piece = words[a:b]
    before = words[a - 1] if a else None
    after = words[b] if b < len(words) else None
    length = b - a
    run = runs.get(a, (a, b))
    group = kind if kind in ("person", "time", "number", "place") else "other"
    heads = [0.0] * (len(_BEFORE) * 5)
    preceding = before.lower if before and not words[a].gap.strip(" \"'“‘(") else ""
    skipped = words[a - 2].lower if a > 1 and preceding in _BEFORE["the"] else ""
    for j, names in enumerate(_BEFORE.values()):
        if preceding in names or skipped in names:
            heads[j * 5 + ("person", "time", "number", "place", "other").index(group)] = 1.0
    focus = asked.focus
    beside_list = shape != "series" and (
        (before is not None and (before.lower in ("and", "or") or "," in words[a].gap))
        or (after is not None and (after.lower in ("and", "or") or "," in after.gap))
    )
    beside = {term for word in (*words[max(0, a - 2) : a], *words[b : b + 2]) for term in word.terms}
    return (
        *one_hot,
        sum(inside) / len(inside),
        float(all(inside)),
        near,
        1 / min(distances, default=20),
        rare_near,
        left - (sum(weight[t] for t in seen) - left),
        min(length, 10) / 5,
        (min(length, 10) / 5) ** 2,
        float(a == 0),
        float(b == len(words)),
        float("(" in words[a].gap),
        float(words[a].gap[-1:] in "\"“‘'«" and words[a].gap[-1:] != ""),
        float(bool(focus) and any(focus & set(word.terms) for word in piece)),
        float(bool(focus & beside)),
        float(kind == "number" and after is not None and bool(focus & set(after.terms))),
        float(asked.wants_money and any(word.text in SYMBOLS for word in piece)),
        float(kind == "number" and shape == "time"),
        float(run == (a, b)),
        float(run[0] == a),
        float(
            (a > run[0] and words[a - 1].is_capital and words[a].is_capital)
            or (b < run[1] and words[b].is_capital and words[b - 1].is_capital)
        ),
        *heads,
        float(before is not None and any(term in weight for term in before.terms)),
        float(after is not None and any(term in weight for term in after.terms)),
        sum(word.is_capital for word in piece) / length,
        float(a == 1 and words[0].is_function),
        float(asked.is_plural and shape == "series"),
        float(asked.is_plural and beside_list),
        float(kind == "time" and any(word.lower in WEEKDAYS for word in piece)),
    )  # fmt: skip
