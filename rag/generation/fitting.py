"""Whether words of a sentence are of the kind that a question asks for: a name for "who", a number of the things that
are counted for "how many". What is not is never marked, however well it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.generation.clauses import number_length
from rag.generation.question import SPANS, UNITS, Asked
from rag.generation.rarity import is_common, related_to
from rag.generation.spans import Fact
from rag.generation.tokens import MAGNITUDES, MONTHS, SYMBOLS, TIME_NOUNS, Word, is_number, is_time
from rag.index import terms

__all__ = ["HOUR", "ROLES", "fits", "inside"]

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
HOUR = re.compile(
    r"(?<![\d.:])\d{1,2}(?::\d\d(?!\d)(?: ?[ap]\.?m\b\.?)?|\.\d\d(?= ?(?:[ap]\.?m\b|uhr\b)))", re.IGNORECASE
)
# what stands in brackets behind a name: where a share is traded, an abbreviation
_SHORT_FORM = re.compile(r"\([A-Z][A-Z&.]*(?:[ :]+[A-Z&.]+)*\)|\([\w .]{2,30}: ?[A-Z.]{1,6}\)")
_SHORT_FORM_ASKED = re.compile(
    r"(?i)\b(?:abbrev\w+|acronym\w*|ticker|symbol|exchange|listed|short for|abkürzung|kürzel|börse|sigle|bourse|"
    r"siglas?|bolsa|borsa)\b"
)
_LEGAL_FORM = re.compile(
    r"(?:Inc|Ltd|Corp|Co|LLC|LLP|PLC|plc|GmbH|AG|KG|SE|SA|SAS|SARL|SpA|Srl|SL|BV|NV|AB|AS|Oy|Limited|Corporation|Company)\.?$"
)
ROLES = frozenset(
    """chief executive financial operating technology officer president vice senior deputy assistant director chair
    chairman chairwoman chairperson manager managing general secretary minister prime head mayor professor doctor judge
    captain board company founder co-founder cofounder owner treasurer spokesman
    spokeswoman geschäftsführer vorstand präsident präsidentin direktor direktorin leiter leiterin
    bürgermeister bürgermeisterin directeur directrice président présidente maire ministre presidente directora alcalde
    alcaldesa ministro direttore direttrice sindaco sindaca""".split()
)
# "Delivery: 14 days": what the value is called is not the value
_NAME_OF_VALUE = re.compile(r"[-*•\s]*[^:.!?;\n]{1,60}:\s")
_QUOTES = '"“‘«„'
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


def fits(asked: Asked, text: str, words: Sequence[Word], fact: Fact, language: str | None) -> bool:
    """Whether a fact is of the kind asked for, as far as that shows."""
    piece = inside(words, fact)
    if fact.start < number_length(text) or _is_aside(asked, text, words, piece, fact):
        return False
    after = [word for word in words if word.start >= fact.end][:1]
    is_date = all(_is_dated(words, word) or word.is_function for word in piece)
    if len(text[fact.start : fact.end]) == 1 and not piece[0].text.isdigit():
        return False
    if fact.shape == "name" and language != "german" and not any(_names(words, words.index(word)) for word in piece):
        return False
    if asked.kind == "number":
        if any(_has_other_unit(asked, words, word) for word in piece if is_number(word)):
            return False
        in_money = asked.wants_money and any(word.text in SYMBOLS and word.text != "%" for word in words)
        if in_money and any(word.text == "%" for word in piece):
            return False
        others = bool(asked.counted) or any(is_number(word) and not _is_dated(words, word) for word in words)
        return any(is_number(word) and not (others and _is_dated(words, word)) for word in piece) and not (
            is_date and asked.units
        )
    if asked.kind == "time":
        if _CLOCK_ASKED.search(asked.text):
            return any(at.start() < fact.end and fact.start < at.end() for at in _CLOCK.finditer(text))
        is_timed = any(is_time(word) or word.lower in TIME_NOUNS for word in (*piece, *after)) or any(
            at.start() < fact.end and fact.start < at.end() for at in HOUR.finditer(text)
        )
        return is_timed and not _lasts(words, piece, after)
    if asked.kind == "choice":
        return any(not (is_time(word) or is_number(word) or word.is_function) for word in piece)
    if asked.kind == "person" and language != "german":
        return any(_names(words, words.index(word)) for word in piece) or _is_agent(words, words.index(piece[0]))
    return True


def _has_other_unit(asked: Asked, words: Sequence[Word], number: Word) -> bool:
    """Whether a number measures something else than what is asked for: "180 g" with "how long", "4-day" with weeks."""
    following = words[words.index(number) + 1 :][:1]
    behind = (word.lower for word in following if word.gap in (" ", "\u00a0"))
    own = {number.lower.rpartition("-")[2], *behind} & UNITS
    if asked.counted:
        return "-" in number.text and bool(own) and not asked.counted & {t for unit in own for t in terms(unit)}
    return bool(asked.units and own) and not own & asked.units


def _is_dated(words: Sequence[Word], word: Word) -> bool:
    """Whether a word is a time or the day of a month."""
    at = words.index(word)
    is_day = word.text.isdigit() and any(other.lower in MONTHS for other in words[max(0, at - 1) : at + 2])
    return is_time(word) or is_day


def _is_aside(asked: Asked, text: str, words: Sequence[Word], piece: Sequence[Word], fact: Fact) -> bool:
    """Whether a fact is the label of a value, the short form of a name, the legal form of a firm, or a role where it
    is asked who has one."""
    if asked.kind in ("number", "time") and (label := _NAME_OF_VALUE.match(text)) and fact.end < label.end():
        return True
    if _LEGAL_FORM.match(text[fact.start : fact.end]):
        return True
    if asked.kind == "person" and piece[0].gap and piece[0].gap[-1] in _QUOTES:
        return True  # the title of a book, or what somebody said
    if asked.kind == "person" and (
        all(word.lower in ROLES or word.is_function for word in piece) or _modifies(words, piece)
    ):
        return True
    in_brackets = any(m.start() < fact.start and fact.end < m.end() for m in _SHORT_FORM.finditer(text))
    return in_brackets and not _SHORT_FORM_ASKED.search(asked.text)


def _modifies(words: Sequence[Word], piece: Sequence[Word]) -> bool:
    """Whether the one capitalised word of a fact only tells of which kind the next thing is: "British man"."""
    if len(piece) > 1 or words[-1] is piece[0]:
        return False
    following = words[words.index(piece[0]) + 1]
    is_verb = following.lower in _AFTER_NAMES or following.lower.endswith("ed")
    may_be_verb = is_verb or (following.lower.endswith("s") and not piece[0].text.isupper())
    return following.gap == " " and not (following.is_capital or following.is_function or may_be_verb)


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


def inside(words: Sequence[Word], fact: Fact) -> list[Word]:
    """The words of a sentence that a fact is made of."""
    return [word for word in words if word.start < fact.end and word.end > fact.start]
