"""What a question is about, and the same question about something else.

Small readings of English questions, with the articles and prepositions of German, French and Spanish: the noun
phrases and names in a question, which of them a pronoun stands for, and where a new one belongs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.index import STOP_WORDS, terms
from rag.types import Turn

__all__ = ["names", "plain", "replaced", "subject", "telling"]

YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_MARKER = re.compile(r"\s*\[\d+\]|\*\*|~~|\u2060")
_CODE = re.compile(r"\b(?=\w*[-.\d]*\d)[A-Za-z]+[-.]?\d[\w.-]*\b|\b[A-Z]\b(?=\W|$)")
_NAME = re.compile(
    r"(?<![.?!¿¡]\s)(?<!^)(?<![¿¡])\b[A-ZÄÖÜ][\w'’.&-]*(?:\s+(?:of |the |de |von )?[A-ZÄÖÜ0-9][\w'’.&-]*)*"
)
_ARTICLE = r"the|an?|my|our|your|der|die|das|den|dem|des|eine?[nmrs]?|le|la|les|un|une|du|el|los|las|una"
_PREPOSITION = (
    r"in|for|at|on|with|by|to|from|under|without|during|after|before|per|für|mit|bei|nach|aus|zu|zum|zur|im|am|"
    r"pour|en|dans|avec|chez|à|au|aux|depuis|para|con|desde|por"
)
_NOUNS = re.compile(rf"\b(?:(?P<article>{_ARTICLE})\s+|l['’])(?P<head>[^?!.,;:]+)", re.IGNORECASE)
_WITH_NAME = re.compile(rf"\s+(?i:{_PREPOSITION})\s+[A-ZÄÖÜ][\w'’-]*(?:\s+[A-ZÄÖÜ][\w'’-]*)*")
_STOPS = re.compile(
    rf"\s+(?:{_PREPOSITION}|and|or|und|et|y|is|are|was|were|do|does|did|has|have|had|can|cost|costs|cover|covers|mean|"
    r"means|work|works|that|which|who|when|if|ist|sind|war|wird|hat|est|sont|es|son|\w+en|\w+iert|ge\w+t)\b.*$",
    re.IGNORECASE,
)
# words that say little about what is asked, in any of four languages
_LITTLE = frozenset(
    """tell know need want give show explain describe more about also mean get use used using make work happen possible
    much many long often like please help thing things one ones another other same any all some when where why who
    whom how what which did does do is are was were can could will would should
    wann wo wer wem wen wie was warum welche welcher welches ist sind war wurde wird werden hat haben kann der die das
    den dem des ein eine und oder mit für von zu im in am es sie er viel hoch
    qui que quoi quand combien où est sont quel quelle quels quelles le la les de des du un une et ou en a il elle on
    quién cuándo cuánto cuánta qué cuál es son el los las y o para por se""".split()
)
_NO_NAME = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|[IVX]+|[A-Z]|January|February|March|April|May|June|July|August|"
    r"September|October|November|December)$"
)
_GERMAN_ARTICLE = re.compile(r"\b(?:der|die|das|den|dem|eine?[nmrs]?)\s+[A-ZÄÖÜ][\wäöüß-]+")


def plain(answer: str) -> str:
    """The words of an answer, without markers and emphasis."""
    return _MARKER.sub("", answer).strip()


def telling(text: str) -> list[str]:
    """The terms of a text that say what it is about."""
    words = (word.casefold() for word in re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", text))
    return [word for word in words if word not in STOP_WORDS and word not in _LITTLE and len(word) > 1]


def names(text: str) -> list[str]:
    """The names in a text, in order; the capital at its beginning makes none."""
    found = [match[0].rstrip(".'’") for match in _NAME.finditer(text.strip())]
    found = [re.sub(r"['’]s$", "", name) for name in found]
    found = [name for name in found if not _NO_NAME.match(name) and name.casefold() not in STOP_WORDS]
    return list(dict.fromkeys(found))


def subject(history: Sequence[Turn], pronoun: str, known: set[str]) -> str:
    """What a pronoun stands for: a name or noun phrase of the latest turn that has a new one, or ""."""
    for turn in reversed(history[-3:]):
        asked = turn.question.strip()
        in_question = [name for name in names(asked) if set(terms(name)) - known]
        answered = [name for name in names("- " + plain(turn.answer)) if name not in asked and set(terms(name)) - known]
        phrases = [phrase for phrase in noun_phrases(asked) if set(terms(phrase)) - known]
        if pronoun in _PERSONS and answered and _WHO.match(asked):
            return answered[0]
        if pronoun in _SEVERAL and len(in_question) == 2:
            return " and ".join(in_question)
        if pronoun in _PERSONS - _SEVERAL and in_question:
            return in_question[0]
        if phrases or in_question:
            return (phrases or in_question)[0]
    return ""


# "Who designed the bridge?" is answered with a name; "Who is Ilse Brandt?" has it
_WHO = re.compile(
    r"\W*(?:who|whose|wer|wessen|qui|quién)\b(?!['’]?s? (?:is|was|are|ist|war|est|es) (?-i:[A-ZÄÖÜ]))", re.IGNORECASE
)
_PERSONS = frozenset("he him his she her hers they them their er ihn ihm".split())
_SEVERAL = frozenset("they them their theirs these those ils elles".split())


def noun_phrases(question: str) -> list[str]:
    """The noun phrases with an article, what the question is about first; German ones by their capital."""
    german = _GERMAN_ARTICLE.findall(question)
    if german:
        return list(german)
    found = []
    for match in _NOUNS.finditer(question):
        head = _STOPS.sub("", match["head"]).strip()
        named = _WITH_NAME.match(match["head"], len(head))
        if telling(head):
            start = match[0][: match.start("head") - match.start()]
            found.append(start + " ".join(head.split()[:5]) + (named[0] if named else ""))
    return found


def replaced(earlier: str, new: str) -> str:
    """The earlier question with one thing changed: the year for a year, the name for a name, "the return fare" for
    "the single fare", "to Bergen" for "to Oslo"; what has no counterpart is added at the end."""
    new = new.strip(" ?!.,")
    for change in (_year, _whose, _shape, _head, _figure, _prepositional, _name, _article, _bare):
        changed = change(earlier, new)
        if changed:
            return changed
    fits = re.match(rf"(?:{_PREPOSITION}|if|when|last|next|this|today|now|wenn|si)\b", new, re.IGNORECASE)
    return f"{earlier.rstrip('?!. ')} {new}?" if fits else f"{earlier.rstrip('?!. ')} ({new})?"


def _whose(earlier: str, new: str) -> str:
    """ "Ann Lee's opponent" for "Ann Lee", when "her opponent" is asked for."""
    match, found = re.match(r"(?:his|her|its|their)\s+(.+)$", new, re.IGNORECASE), names(earlier)
    return earlier.replace(found[0], f"{found[0]}'s {match[1]}", 1) if match and len(found) == 1 else ""


def _year(earlier: str, new: str) -> str:
    old_years, new_years = YEAR.findall(earlier), YEAR.findall(new)
    if not (old_years and new_years):
        return ""
    if len(old_years) == 1:
        changed = YEAR.sub(new_years[0], earlier)
        rest = re.sub(rf"\s*(?:\b(?:{_PREPOSITION})\s+)?{YEAR.pattern}\s*", " ", new, flags=re.IGNORECASE).strip()
        return replaced(changed, rest) if telling(rest) else changed
    return f"{YEAR.sub('', earlier).rstrip('?!. ')} {new}?"


def _shape(earlier: str, new: str) -> str:
    """E-1043 for E-1042, "type II" for "type I"."""
    codes, mine = _CODE.findall(earlier), _CODE.fullmatch(new)
    if mine and len(codes) == 1:
        return earlier.replace(codes[0], new)
    numbered = re.fullmatch(r"(\w+) ([IVX]+|\d+|[A-Z])", new)
    return _once(rf"\b{re.escape(numbered[1])} (?:[IVX]+|\d+|[A-Z])\b", new, earlier) if numbered else ""


def _head(earlier: str, new: str) -> str:
    """The phrase that ends in the same noun: "the return fare" for "the single fare"."""
    words = re.sub(rf"^(?:{_PREPOSITION})\s+", "", new, flags=re.IGNORECASE).split()
    if len(words) < 2 or not telling(words[-1]):
        return ""
    head, phrase = re.escape(words[-1]), " ".join(words)
    changed = _once(rf"\b(?:{_ARTICLE})\s+(?:[\w-]+\s+){{0,2}}{head}\b", phrase, earlier)
    before = re.search(rf"\b([\w-]+)\s+{head}\b", earlier, re.IGNORECASE)  # "net income", without an article
    return changed or (_once(rf"\b[\w-]+\s+{head}\b", phrase, earlier) if before and telling(before[1]) else "")


_FIGURE = re.compile(
    r"(?P<ask>what\s+(?:is|was|are|were)\s+(?:the\s+)?)(?P<figure>(?:[\w'’&-]+\s+){0,4}?[\w'’&-]+)"
    r"(?P<when>\s+(?:in|at|for|during|as of)\s[^?]*\d[^?]*)\??",
    re.IGNORECASE,
)


def _figure(earlier: str, new: str) -> str:
    """ "What was revenue in 2022?" for "What was net income in 2022?"."""
    match = _FIGURE.fullmatch(earlier.strip())
    plain = re.sub(r"^the\s+", "", new, flags=re.IGNORECASE)
    is_noun = re.fullmatch(r"[a-z][\w'’&-]*(?:\s+[\w'’&-]+){0,3}", plain) and telling(plain)
    if not match or not is_noun or re.search(rf"\b(?:{_PREPOSITION})\b", plain, re.IGNORECASE):
        return ""
    return f"{match['ask']}{plain}{match['when']}?"


def _prepositional(earlier: str, new: str) -> str:
    match = re.match(rf"({_PREPOSITION})\s+(.+)$", new, re.IGNORECASE)
    if not match or len(re.findall(rf"\b{match[1]}\b", earlier, re.IGNORECASE)) != 1:
        return ""
    here = re.search(rf"\b{match[1]}\s+([^?!.,;]+)", earlier, re.IGNORECASE)
    if not here or (names(f"- {match[2]}") and not names(f"- {here[1]}")):
        return ""
    return earlier[: here.start()] + new + _STOPPED.sub(r"\1", earlier[here.start(1) :])


_STOPPED = re.compile(rf"^[^?!.,;]*?(\s+(?:{_PREPOSITION})\s.*|[?!.,;].*|)$", re.IGNORECASE | re.DOTALL)


def _name(earlier: str, new: str) -> str:
    word = re.sub(rf"^(?:{_PREPOSITION})\s+", "", new, flags=re.IGNORECASE)
    has_article = re.match(rf"(?:{_ARTICLE})\s", word, re.IGNORECASE)
    found = names(earlier)
    if has_article and word.split()[-1].isupper():  # "the CLI" is no counterpart of a name
        return ""
    bare = re.sub(rf"^(?:{_ARTICLE})\s+", "", word)
    if _GERMAN_ARTICLE.search(earlier):  # every noun has a capital
        return ""
    if not found or not bare[:1].isupper():
        return ""
    at = earlier.rindex(found[-1])
    return earlier[:at] + bare + earlier[at + len(found[-1]) :]


def _article(earlier: str, new: str) -> str:
    """The last phrase with an article for another such phrase: "die Kaution" for "die Miete"."""
    phrases = noun_phrases(earlier)
    if (
        not phrases
        or not re.match(rf"(?:{_ARTICLE})\s", new, re.IGNORECASE)
        or (names(earlier) and not _GERMAN_ARTICLE.match(new))
    ):
        return ""
    at = earlier.rindex(phrases[-1])
    rest = earlier[at + len(phrases[-1]) :]
    return earlier[:at] + new + rest


def _bare(earlier: str, new: str) -> str:
    """A single noun for a single noun at the end: "cover vision" for "cover dental"."""
    last = re.match(r"(?:do|does|did|can|could|will|would|should)\b.*\b([a-z]+) ([a-z]+)\W*$", earlier, re.IGNORECASE)
    is_single = last and telling(last[1]) and telling(last[2]) and re.fullmatch(r"[a-z]+", new)
    return earlier[: last.start(2)] + new + "?" if last and is_single else ""


def _once(pattern: str, new: str, text: str) -> str:
    changed, n = re.subn(pattern, lambda _: new, text, flags=re.IGNORECASE)
    return changed if n == 1 else ""
