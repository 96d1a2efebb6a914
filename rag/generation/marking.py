"""Which words of a sentence are the short answer: the best fact of ``spans``, made whole, or the right cell of a row.

A wrong fact in bold is worse than none: what is not of the kind asked for is never marked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.documents.rows import read_row
from rag.generation import spans
from rag.generation.clauses import number_length, said_with
from rag.generation.model import coefficients
from rag.generation.question import SPANS, UNITS, Asked
from rag.generation.rarity import is_common, related_to
from rag.generation.spans import MAGNITUDES, SYMBOLS, TIME_NOUNS, Fact, Word, is_number, is_time, read_words
from rag.index import terms

__all__ = ["is_row", "kind_fits", "mark"]

# "how many cars": a number of cars goes before any other number, however the weights stand
_UNIT_BONUS = 3.0
# words of the clause that says what was asked go before those of another, figures above all. Marked facts of
# squad2_dev in the right sentence have a token F1 of .624 without, .652 with these (561 questions); 4 for a time
# as well loses .03 of its .713
_CLAUSE_BONUS, _CLAUSE_BONUS_NUMBER = 1.5, 4.0
# "when": the weekday on which something was said has nothing to do with it
_WEEKDAY_MALUS = 5.0
_DAY_ASKED = re.compile(r"(?i)\bday|tag\b|\bjours?\b|\bd[ií]as?\b|\bgiorn[oi]\b")
# "which knee": what has the word before what has not
_FOCUS_BONUS = 2.0
# how many words from a number its unit may stand
_NEAR = 3
# an hour of the day, where one is asked for
_CLOCK_ASKED = re.compile(r"\b(what time|wie ?viel uhr|quelle heure|qué hora|che ora)\b", re.IGNORECASE)
_CLOCK = re.compile(
    r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2}(?:[:.]\d\d)? ?(?:[ap]\.?m\b|o['’]clock|uhr\b|h(?:eures?|oras?)?\b)|"
    r"\b(?:noon|midday|midnight|mittag|mitternacht|midi|minuit|mediodía|medianoche|mezzogiorno|mezzanotte)\b|"
    r"\b(?:alle|all['’]|a las?|at|um|à)\s?\d{1,2}\b(?! ?(?:%|€|\$|euro))",
    re.IGNORECASE,
)
_HOUR = re.compile(
    r"(?<![\d.:])\d{1,2}(?::\d\d(?!\d)(?: ?[ap]\.?m\b\.?)?|\.\d\d(?= ?(?:[ap]\.?m\b|uhr\b)))", re.IGNORECASE
)
_POINTS_TO = frozenset(
    "within after before every each in until nach innerhalb binnen vor alle bis dans après avant sous tous chaque en "
    "dentro tras después antes cada hasta entro dopo prima ogni fra".split()
)
_AFTER_NAMES = frozenset(
    """is was has had will would can and of who wrote made became took gave led won built began saw went came held kept
    brought taught left found sold bought said told drew grew knew chose met ran got put set lost paid sent spent stood
    thought felt fought rose fell broke spoke sang swam flew""".split()
)
_BY = frozenset("by von vom durch par por da dal dalla".split())
_CONTACT = re.compile(
    r"\b(phone|telephone|fax|telefon\w*|téléphone|teléfono|telefono)\b.*\?|(phone|fax) number", re.IGNORECASE
)
_DIGITS_TO_CALL = 6
# the score of a fact that is a cell, on the scale of the model: as sure as one next to all words of the question
_CELL_SCORE = 6.0


def is_row(text: str) -> bool:
    """Whether a sentence is a row of a table."""
    return bool(read_row(text))


def mark(
    asked: Asked, text: str, weight: Mapping[str, float], language: str | None = None
) -> tuple[Fact, float] | None:
    """The short answer in a sentence with its score; None when nothing there could be one."""
    if is_row(text):
        cell = _cell(asked, text, weight, language)
        return (cell, _CELL_SCORE) if cell else None
    words = read_words(text, language)
    options = [o for o in spans.facts(asked, text, weight, language) if _fits(asked, text, words, o, language)]
    if not options:
        return None
    values = np.array([option.features for option in options]) @ coefficients("fact", spans.FEATURES)
    values += [_UNIT_BONUS * _has_unit(asked, words, option) for option in options]
    best = int(np.argmax(values + _belonging(asked, words, options, weight)))
    fact = _whole(options[best], text, words, asked)
    known = frozenset(terms(asked.text, language))
    if all(word.is_function or known.issuperset(word.terms) for word in _inside(words, fact)):
        return None  # made whole, it is what the question said already
    return fact, float(values[best])


def _belonging(
    asked: Asked, words: Sequence[Word], options: Sequence[Fact], weight: Mapping[str, float]
) -> NDArray[np.float64]:
    """What speaks for each fact beside the others of its sentence; nothing that tells one sentence from another."""
    said = dict(zip((word.start for word in words), said_with(words, weight, asked.kind == "number"), strict=True))
    bonus = _CLAUSE_BONUS_NUMBER if asked.kind == "number" else _CLAUSE_BONUS
    found = bonus * np.array([max(said[word.start] for word in _inside(words, one)) for one in options], dtype=float)
    column = {name: i for i, name in enumerate(spans.FEATURES)}
    if asked.kind == "choice":
        found += [_FOCUS_BONUS * option.features[column["focus inside"]] for option in options]
    if not _DAY_ASKED.search(asked.text):
        found -= [_WEEKDAY_MALUS * option.features[column["weekday"]] for option in options]
    return found


def kind_fits(asked: Asked, words: Sequence[Word], weight: Mapping[str, float]) -> float:
    """1 when words hold something of the very kind asked for that the question does not hold itself (a number of the
    things counted, a measure with its unit, a date, a name, a telephone number), -1 when they do not, and 0 where
    anything might be an answer."""
    if _CONTACT.search(asked.text):
        return 1.0 if sum(c.isdigit() for word in words for c in word.text) >= _DIGITS_TO_CALL else -1.0
    new = [word for word in words if not weight.keys() >= set(word.terms) or not word.terms]
    if "daily" in asked.units:
        return 1.0 if any(word.lower in asked.units for word in new) else -1.0
    if asked.kind == "number":
        return 1.0 if any(_measures(asked, words, i) for i, word in enumerate(words) if word in new) else -1.0
    if asked.kind == "time":
        return 1.0 if any(is_time(word) or is_number(word) or word.lower in TIME_NOUNS for word in new) else -1.0
    if asked.kind == "person":
        return 1.0 if any(word.is_capital and not word.is_function for word in new) else -1.0
    return 0.0


def _measures(asked: Asked, words: Sequence[Word], i: int) -> bool:
    """Whether word ``i`` is a number with what was asked for around it."""
    if not is_number(words[i]):
        return False
    after = words[i + 1 : i + 1 + _NEAR]
    if asked.counted:
        near = frozenset(term for word in (*words[max(0, i - _NEAR) : i], *after) for term in word.terms)
        return bool(related_to(asked.counted, near))
    if asked.units:
        return any(word.lower in asked.units for word in after)
    if asked.wants_money:
        return any(word.text in SYMBOLS or word.lower in MAGNITUDES for word in (*words[max(0, i - 1) : i], *after))
    return True


def _inside(words: Sequence[Word], fact: Fact) -> list[Word]:
    return [word for word in words if word.start < fact.end and word.end > fact.start]


def _fits(asked: Asked, text: str, words: Sequence[Word], fact: Fact, language: str | None) -> bool:
    """Whether a fact is of the kind asked for, as far as that shows."""
    piece = _inside(words, fact)
    if fact.start < number_length(text):
        return False
    after = [word for word in words if word.start >= fact.end][:1]
    is_date = all(is_time(word) or word.is_function for word in piece)
    if len(text[fact.start : fact.end]) == 1 and not piece[0].text.isdigit():
        return False
    if fact.shape == "name" and language != "german" and not any(_names(words, words.index(word)) for word in piece):
        return False
    if asked.kind == "number":
        others = any(is_number(word) and not is_time(word) for word in words)
        return any(is_number(word) and not (others and is_time(word)) for word in piece) and not (
            is_date and asked.units
        )
    if asked.kind == "time":
        if _CLOCK_ASKED.search(asked.text):
            return any(at.start() < fact.end and fact.start < at.end() for at in _CLOCK.finditer(text))
        is_timed = any(is_time(word) or word.lower in TIME_NOUNS for word in (*piece, *after)) or any(
            at.start() < fact.end and fact.start < at.end() for at in _HOUR.finditer(text)
        )
        return is_timed and not _lasts(words, piece, after)
    if asked.kind == "choice":
        return any(not (is_time(word) or is_number(word) or word.is_function) for word in piece)
    if asked.kind == "person" and language != "german":
        return any(_names(words, words.index(word)) for word in piece) or _is_agent(words, words.index(piece[0]))
    return True


def _lasts(words: Sequence[Word], piece: Sequence[Word], after: Sequence[Word]) -> bool:
    """Whether a time is how long something took, not when it was: "two hours", but not "within two hours"."""
    if any(is_time(word) or (word.lower not in TIME_NOUNS and word.is_capital) for word in piece):
        return False
    at = words.index(piece[0])
    counted = any(is_number(word) for word in piece) or (
        at > 0 and is_number(words[at - 1]) and piece[0].lower in SPANS
    )
    measured = counted and any(word.lower in SPANS for word in (*piece, *after))
    return measured and not any(word.lower in _POINTS_TO for word in words[max(0, at - 2) : at + 1])


def _names(words: Sequence[Word], i: int) -> bool:
    """Whether a word is part of a name: its capital is not merely that of the first word of a sentence."""
    word = words[i]
    if not word.is_capital or word.is_function:
        return False
    opens = i == 0 or any(mark in word.gap for mark in ".!?\n") or is_number(words[i - 1])
    following = words[i + 1] if i + 1 < len(words) else None
    if not opens or word.text.isupper():
        return True
    return following is not None and (following.is_capital or _may_follow_name(following, word))


def _may_follow_name(word: Word, name: Word) -> bool:
    """Whether a word may stand behind the one name that opens a sentence: "Brandt designed", not "Wipe the"."""
    is_verb = word.lower in _AFTER_NAMES or (not word.is_function and word.lower.endswith(("ed", "s")))
    return is_verb and not is_common(name.terms)


def _is_agent(words: Sequence[Word], i: int) -> bool:
    """Whether a word is who did it, without a name: "by the shift supervisor"."""
    before = [word.lower for word in words[max(0, i - 2) : i]]
    return bool(before) and (before[-1] in _BY or (before[0] in _BY and words[i - 1].is_function))


def _has_unit(asked: Asked, words: Sequence[Word], fact: Fact) -> bool:
    """Whether a number has the very unit that the question asks for, in it or right behind it."""
    if asked.kind not in ("number", "time") or fact.shape not in ("number", "quantity", "time"):
        return False
    last = max((i for i, word in enumerate(words) if word.start < fact.end), default=0)
    near = [*_inside(words, fact), *words[last + 1 : last + 2]]
    if asked.units:
        return any(word.lower in asked.units or word.lower.rstrip(".") in asked.units for word in near)
    column = {name: i for i, name in enumerate(spans.FEATURES)}
    beside = fact.features[column["unit beside"]] or fact.features[column["focus inside"]]
    return asked.kind == "number" and bool(beside) and fact.shape != "time"


# -- rows of tables ---------------------------------------------------------------------------------------------


def _cell(asked: Asked, text: str, weight: Mapping[str, float], language: str | None) -> Fact | None:
    """The cell whose name is asked for, or the only one of the kind asked for; not one that the question names."""
    best, best_score = None, 0.0
    for named, span in read_row(text):
        name, value = text[named.start : named.end], text[span.start : span.end]
        held = frozenset(terms(value, language))
        if held and held <= weight.keys():
            continue
        words = read_words(value, language)
        score = sum(weight[term] for term in related_to(weight, frozenset(terms(name, language))))
        score += 0.3 * _kind_of_cell(asked, words) if asked.is_short else 0.0
        if score > best_score:
            best, best_score = span, score
    return Fact(best.start, best.end, "cell", ()) if best else None


def _kind_of_cell(asked: Asked, words: Sequence[Word]) -> float:
    numbers = any(is_number(word) for word in words)
    if asked.kind == "number":
        money = any(word.text in SYMBOLS or word.lower in MAGNITUDES for word in words)
        return (1.0 if money else 0.3) if asked.wants_money and numbers else float(numbers)
    if asked.kind == "time":
        return float(any(is_time(word) or word.lower in TIME_NOUNS for word in words))
    return float(not numbers and any(word.is_capital for word in words))


# -- facts made whole -------------------------------------------------------------------------------------------


def _whole(fact: Fact, text: str, words: Sequence[Word], asked: Asked) -> Fact:
    """The fact, grown to the whole of a name, an enumeration, a date or an amount that it cuts, and without what leads
    up to a number: nobody wants half a name in bold."""
    a = next((i for i, word in enumerate(words) if word.start >= fact.start), None)
    b = next((i + 1 for i in range(len(words) - 1, -1, -1) if words[i].end <= fact.end), None)
    if a is None or b is None or a >= b:
        return fact
    if asked.kind == "time":
        hours = [at for at in _HOUR.finditer(text) if at.start() < fact.end and fact.start < at.end()]
        if hours:
            return Fact(*hours[0].span(), fact.shape, fact.features)
    if words[b - 1].is_capital and words[a].is_capital and asked.kind != "time":
        a, b = _whole_name(words, a, b)
    if asked.kind == "time":
        times = [(c, d) for c, d, shape in spans.runs(words) if shape == "time" and c < b and a < d]
        a, b = max([*times, (a, b)], key=lambda pair: pair[1] - pair[0])
        if b < len(words) and is_number(words[b - 1]) and words[b].lower in TIME_NOUNS and words[b].gap == " ":
            b += 1
    if asked.is_plural:
        found = [(c, _end_of_names(words, c, d)) for c, d, shape in spans.runs(words) if shape == "series"]
        a, b = max([*((c, d) for c, d in found if c <= a < d), (a, b)], key=lambda pair: pair[1] - pair[0])
    if asked.kind == "number" and any(is_number(word) for word in words[a:b]):
        while not is_number(words[a]) and words[a].text not in SYMBOLS:
            a += 1
        while b < len(words) and words[b].lower in MAGNITUDES | UNITS and words[b].gap in (" ", "-", "\u00a0"):
            b += 1
        return Fact(*spans.with_symbols(text, words[a].start, words[b - 1].end), fact.shape, fact.features)
    if a > 1 and words[a].is_capital and words[a - 1].lower in ("of", "de") and words[a - 2].is_capital:
        a -= 2
    start, end = words[a].start, max(words[b - 1].end, fact.end if not asked.is_plural else 0)
    return Fact(start, end, fact.shape, fact.features)


def _whole_name(words: Sequence[Word], a: int, b: int) -> tuple[int, int]:
    joins = (" ", " & ")
    while b < len(words) and words[b].is_capital and not words[b].is_function and words[b].gap in joins:
        b += 1
    while a > 0 and words[a - 1].is_capital and not words[a - 1].is_function and words[a].gap in joins and (
        a > 1 or words[a].gap == " & "
    ):  # fmt: skip
        a -= 1
    return a, b


def _end_of_names(words: Sequence[Word], first: int, end: int) -> int:
    """Where an enumeration that begins with a name leaves off naming: "Norway and Iceland signed" ends at "Iceland"."""
    if words[first].is_capital:
        end = next((i for i in range(first, end) if not words[i].is_capital and not words[i].is_function), end)
    while end > first + 1 and words[end - 1].is_function:
        end -= 1
    return end
