"""Text -> the spans of its sentences, by rule.

A sentence ends at a stop that is one: not that of an abbreviation, an initial, a decimal, a version
or an address, and together with the quotes, brackets and reference marks that close after it. Lines
count where they mean something: a list item, a table row, a heading and a line that ends long before
its neighbours is a unit of its own, while a line break in wrapped prose is a space. An option or a term on a line
of its own, with its description set in below it, is one unit with the first sentence of that. Scripts without
capitals end sentences with their own stops (。！？ ؟ ۔ । ።); Thai, which has none, is left to its spaces'
paragraphs. Left out on purpose: statistics, a model, any guess about the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rag.types import Span

__all__ = ["BULLET", "announces", "halves", "is_label", "leans_back", "sentences", "trimmed"]

# Never the end of a sentence: something always follows.
_TITLES = frozenset(
    "mr mrs ms mx dr prof hon rev fr gen col maj capt cpt lt sgt cmdr adm sen rep gov supt "
    "messrs mme mlle hr frau sr sra dott ing dipl vs v cf e.g i.e viz approx ca resp incl excl esp "
    "z.b d.h u.a bzw vgl ggf sog usw p.ej".split()
)
# The end of a sentence unless a number follows: "No. 5", "Fig. 2", "pp. 3", "Feb. 24".
_BEFORE_NUMBER = frozenset(
    "no nos nr nrs fig figs eq eqs sec secs ch chap art arts vol vols p pp para par pt ref refs ex tab "
    "bd s abs str aufl ver rev ed jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# The end of a sentence only before a word that begins one: "Acme Inc. The board" / "Acme Inc. Chairman".
_MAYBE = frozenset(
    "inc ltd corp st ste av s.a co llc plc bros gmbh jr esq etc al dept univ assn est min max avg tel ext ave blvd rd "
    "mt ft ph.d m.d b.a m.a m.sc b.sc d.c a.m p.m u.s u.k u.n e.u u.s.a a.d b.c jan feb mar apr jun jul "
    "aug sep sept oct nov dec".split()
)
# The same where they have a capital: rules, courts, reporters and states in American citations of law.
_MAYBE_NAMES = frozenset(
    "fed bankr civ crim evid app proc supp stat cir ct rev ala ariz ark cal colo conn del fla ga ill ind kan ky la "
    "mass md mich minn miss mo mont neb nev okla ore pa tenn tex va vt wash wis wyo".split()
)
# and in front of what is counted: "14,5 Mio. Euro"
_MAGNITUDES = frozenset("mio mrd mia bio tsd mill mln mld".split())
_STARTERS = frozenset(
    "the a an this that these those it its he she they we i you his her their our my in on at for from "
    "with by as after before during when while if although because since however but and so then there "
    "what who where why how no not all some many most each every one two both another also".split()
)
_GERMAN_STARTERS = frozenset(
    "der die das ein eine im am an auf bei mit nach vor für von zu zum zur dies diese dieser damit dabei dazu davon "
    "darin zudem auch es er sie wir ihr als wenn weil doch aber und".split()
)
_MONTHS = frozenset(  # after an ordinal as German, Czech or Finnish write it: "am 3. Oktober"
    "januar februar märz april mai juni juli august september oktober november dezember jänner".split()
)

_CLOSERS = "\"'”’»›)\\]}」』）】》〉"
_STOP = re.compile(
    rf"(?P<full>[。！？｡]+[{_CLOSERS}]*)"
    rf"|(?P<stop>[.!?…‽؟۔।॥։።။។]+(?:[{_CLOSERS}*_]|[ \u00a0\u202f]»|\[\d{{1,3}}\])*)(?=\s|$)"
)
_WORD_BEFORE = re.compile(r"[\w.'’-]*$")
_NEXT_WORD = re.compile(r"[\s\"'“‘«‹(\[{*_¿¡$€£§¶#~@–—-]*([\w'’-]*)")
# what a line of a list begins with
BULLET = re.compile(r"\s*(?:[-*+•‣◦▪·–—]\s+|o(?: {2,}|\t\s*)|\(?\d{1,3}[.)]\s+|[a-zA-Z][.)]\s+|\([a-zA-Z]\)\s+)")
_PRONOUN = re.compile(
    r"^(it|its|they|their|them|he|his|him|she|her|this|these|those|such|that|there|both|here|er|sie|es|diese[rsnm]?|"
    r"il|elle|ils|cela|ce|cette|él|ella|esto|esta|este)\b",
    re.IGNORECASE,
)
_OPENS_UNIT = re.compile(
    r"[ \t]*(?:[-*+•‣◦▪·–—][ \t]|o(?: {2,}|\t)|(?:\d{1,3}|[a-zA-Z])[.)][ \t]|\(?(?:[ivxlc\d]{1,4}|[a-zA-Z])\)[ \t]"
    r"|#|\||>|```)"
)
# the number or letter of an item, and one that begins right here: "1. Open the lid. 2. Turn it. 3. Wait."
_ENUMERATOR = re.compile(r"\d{1,3}|[a-zA-Z]|[ivx]{2,4}")
_ITEM = re.compile(r"\s+(?:[a-z]|[ivx]{2,4})[.)]\s")
_ITEM_LENGTH = 1000  # characters of a first item at most
_SECOND = {"1": "2", "a": "b", "A": "B", "i": "ii"}
_IS_UNIT = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\||[=~-]{3,}[ \t]*$|```)")
# "--size-only    skip files that …", "-a, --archive": an option that a line begins with, alone or before a gap
_OPTION = re.compile(
    r"[ \t]*--?[A-Za-z0-9?][\w-]*(?:[=\[]\S*|,? (?:--?[A-Za-z0-9?]\S*|<[^>\n]+>|[A-Z][A-Z_]*\b))*(?:\t| {2,}|[ \t]*$)"
)
# "Station House: 480 a month", "Date: 3 May": one of several lines that each name something and tell it
_FIELD = re.compile(r"[ \t]*[A-ZÀ-Þ0-9][^:.!?;\n]{0,40}:[ \t]+\S")
_NARROW = 60  # characters; no prose is wrapped as narrow as that
# a line with cells far apart
_CELLS_IN = re.compile(r".*?\S {4,}\S")
# a line that names what is described below it, set in deeper than headings are
_TERM_INDENT, _LONGEST_TERM = 4, 60
_SEPARATORS = tuple(
    re.compile(pattern) for pattern in (r"\n+", r"[;；]\s*|\s[–—]\s", r":\s+|：", r"[,،]\s+|[，、]", r"\s+")
)


def sentences(text: str, start: int = 0, end: int | None = None, blocks: Iterable[Span] = ()) -> list[Span]:
    """The sentences of ``text[start:end]`` as spans of ``text``: trimmed, in order, disjoint, and
    together holding every character that is not white space. ``blocks`` are never read across."""
    end = len(text) if end is None else end
    edges = {edge for block in blocks for edge in block if start < edge < end}
    edges.update(_line_edges(text, start, end))
    for match in _STOP.finditer(text, start, end):
        if match.lastgroup == "full" or _stop_ends_sentence(text, match, start, end):
            edges.add(match.end())
    found: list[Span] = []
    left = start
    for right in (*sorted(edges), end):
        span = trimmed(text, left, right)
        if span is not None:
            found.append(span)
        left = right
    return found


def halves(text: str, span: Span) -> tuple[Span, Span] | None:
    """``span`` cut in two at the best place near its middle: a line break, then a semicolon, a colon, a
    comma, a space, and only then between two characters. None when there is nothing to cut."""
    length = span.end - span.start
    low, near, high = (span.start + length * tenths // 10 for tenths in (2, 4, 8))
    for separator in _SEPARATORS:
        match = next((one for one in separator.finditer(text, near, high) if _is_open(text, span, one)), None)
        if match is None:
            before = [one for one in separator.finditer(text, low, near) if _is_open(text, span, one)]
            match = before[-1] if before else None
        if match is not None and (cut := _cut(text, span, match.end())):
            return cut
    return _cut(text, span, span.start + length // 2)


def _is_open(text: str, span: Span, match: re.Match[str]) -> bool:
    """Whether a place is outside of brackets, or between words, where any place will do."""
    return match[0].isspace() or text.count("(", span.start, match.start()) <= text.count(
        ")", span.start, match.start()
    )


def _cut(text: str, span: Span, at: int) -> tuple[Span, Span] | None:
    left, right = trimmed(text, span.start, at), trimmed(text, at, span.end)
    return (left, right) if left is not None and right is not None else None


def is_label(text: str, span: Span) -> bool:
    """Whether a span is a heading, a name or a caption rather than something that is said: a short line of
    its own without a stop, which is neither a list item nor a row of a table."""
    line = text[span.start : span.end]
    alone = text[: span.start].rstrip(" \t")[-1:] in ("", "\n") and text[span.end :].lstrip(" \t")[:1] in ("", "\n")
    return (
        alone
        and len(line.split()) <= (20 if line.isupper() else 12)
        and line[-1] not in ".!?…。！？؟۔।:：;,"
        and not re.search(r"[:：;=]\s|\t|\|", line)
        and (line.startswith("#") or not _OPENS_UNIT.match(line + " "))
    )


def leans_back(sentence: str) -> bool:
    """Whether a sentence opens with a word that points to the one before it: "He …", "This …"."""
    return bool(_PRONOUN.match(sentence))


def announces(sentence: str) -> bool:
    """Whether a sentence leads up to the one behind it, or to a list: it ends in a colon."""
    return sentence.rstrip().endswith((":", "："))


def trimmed(text: str, start: int, end: int) -> Span | None:
    """``text[start:end]`` without the white space around it; None when nothing else is there."""
    piece = text[start:end]
    bare = piece.lstrip()
    start += len(piece) - len(bare)
    bare = bare.rstrip()
    return Span(start, start + len(bare)) if bare else None


def _stop_ends_sentence(text: str, match: re.Match[str], start: int, end: int) -> bool:
    stop = match["stop"]
    following = _NEXT_WORD.match(text, match.end(), end)
    word = following[1] if following else ""
    if not word:
        return True
    if word[0].islower() and not _ITEM.match(text, match.end(), end):  # "Stop!" he said; "and so on ... and on"
        return False
    if stop[0] != "." or stop.startswith(".."):
        return True
    before = _WORD_BEFORE.search(text, max(start, match.start() - 24), match.start())
    if before is None:
        return True
    return not _is_enumerator(text, before, start, end) and _dot_ends_sentence(before[0], word)


def _is_enumerator(text: str, before: re.Match[str], start: int, end: int) -> bool:
    """Whether ``before``, which a dot follows, is the number or letter of an item: it begins a line, comes after a
    sentence, or comes after a colon and has a successor, which the 5 of "Score: 5. The match ..." has not."""
    token = before[0]
    if not _ENUMERATOR.fullmatch(token):
        return False
    lead = text[max(start, before.start() - 24) : before.start()].rstrip(" \t\u00a0")
    if not lead or lead[-1] in "\n.!?;":
        return True
    second = _SECOND.get(token)
    return (
        lead[-1] == ":"
        and second is not None
        and bool(re.search(rf"[\s(]{second}[.)]\s", text[before.end() : min(end, before.end() + _ITEM_LENGTH)]))
    )


def _dot_ends_sentence(token: str, word: str) -> bool:
    """Whether the dot after ``token`` ends a sentence that ``word`` follows."""
    name = token.lower().rsplit("-", 1)[-1]
    if name in _TITLES:
        return False
    if name in _BEFORE_NUMBER and (word[0].isdigit() or (len(word) == 1 and word not in "AI")):  # "art. L. 121-1"
        return False
    if name in _MAGNITUDES:
        return word.casefold() in _GERMAN_STARTERS or word.lower() in _STARTERS
    if name in _MAYBE or (name in _MAYBE_NAMES and token[0].isupper()):
        return word.lower() in _STARTERS
    if len(token) == 1 and token.isalpha() and token.isupper():  # an initial, or "Plan B"
        return len(word) > 1 and word.lower() in _STARTERS
    if re.fullmatch(r"(?:\w\.)+\w", token):  # U.N.E.S.C.O
        return word.lower() in _STARTERS
    return not (token.isdigit() and len(token) <= 3 and word.lower() in _MONTHS)


def _line_edges(text: str, start: int, end: int) -> Iterator[int]:
    """Where lines end units: at blank lines, and around list items, table rows, headings and lines that
    stop although the next word would have fitted."""
    paragraph: list[Span] = []
    blank = start
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        if text[at:stop].strip():
            if paragraph and blank > paragraph[-1].end and not _runs_on(text, paragraph[-1], Span(at, stop)):
                yield from _paragraph_edges(text, paragraph)
                yield blank
                paragraph = []
            paragraph.append(Span(at, stop))
        else:
            blank = at
        at = stop + 1
    yield from _paragraph_edges(text, paragraph)


def _runs_on(text: str, line: Span, following: Span) -> bool:
    """Whether a sentence goes on after a blank line, as over the end of a page: a full line that ends in a
    word, and a next one that begins in lower case."""
    first = text[following.start : following.end].lstrip()[0]
    last = text[line.start : line.end].rstrip()[-1]
    return line.end - line.start >= 40 and first.islower() and (last.isalpha() or last in ",-–")


def _paragraph_edges(text: str, lines: list[Span]) -> Iterator[int]:
    written = [text[line.start : line.end].expandtabs() for line in lines]
    lengths = sorted(map(len, written))
    width = lengths[3 * len(lengths) // 4] if lengths else 0  # not the longest: two joined lines are longer
    for line, following in pairwise(lines):
        if _line_ends_unit(text[line.start : line.end], text[following.start : following.end], width):
            yield following.start


def _line_ends_unit(line: str, following: str, width: int) -> bool:
    """Whether a line break ends a unit, rather than wrapping prose that is ``width`` characters wide."""
    if following[0] in " \t" and _names_what_follows(line, following):
        return False
    if _OPENS_UNIT.match(following) or _IS_UNIT.match(line) or _OPTION.match(following):
        return True
    fields = [bool(_FIELD.match(one)) for one in (line, following)]
    if all(fields) or (_CELLS_IN.match(line) and _CELLS_IN.match(following)):
        return True
    if any(fields) and width < _NARROW:
        return not following[0].islower()
    if ("\t" in line.strip() or "\t" in following.strip()) and not _is_justified(line, following):
        return True
    first = following.split(None, 1)[0]
    if first[0].islower() or line.rstrip()[-1] in ",-–—(":
        return False
    return len(line.expandtabs()) + 1 + len(first) < 0.8 * width


def _names_what_follows(line: str, following: str) -> bool:
    """Whether a line names what the next, which is set in deeper, describes: "       --update, -u"."""
    at = _indent(line)
    return (
        _indent(following) >= at + 2
        and (at >= _TERM_INDENT or line.lstrip().startswith("-"))
        and len(line.strip()) <= _LONGEST_TERM
        and not re.search(r"[.!?:;,]$|\S(?:\t| {2,})\S", line.rstrip())
        and not _OPENS_UNIT.match(line)
        and not _OPENS_UNIT.match(following)
    )


def _is_justified(line: str, following: str) -> bool:
    """Whether tabs only stand for spaces, as in the output of ``man``: two lines of prose set in alike, or a bullet
    and what is set in deeper below it."""
    at, below = _indent(line), _indent(following)
    return 0 < at <= below and (at == below or bool(_OPENS_UNIT.match(line))) and not _OPTION.match(line)


def _indent(line: str) -> int:
    wide = line.expandtabs()
    return len(wide) - len(wide.lstrip())
