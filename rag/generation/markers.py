"""The stream of a language model, read as sentences with their markers.

Understands ``[1]``, ``[1, 2]``, ``[1][2]``, ``[1-3]``, ``[^1]``, ``[Source 1]`` and ``【1】``; holds back
what may still become one; leaves code (``arr[0]``, backticks, fences) alone; turns links into their
text and removes images and HTML tags. Every decision waits until no further character could change it,
so the outcome does not depend on how the stream was cut into pieces. No other character is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Code", "Reader", "Sentence"]

_BRACKET_LIMIT = 300  # characters within which a bracket must close to be a marker or a link
_TARGET_LIMIT = 4000  # the same for the address of a link or image, and for a tag
_CODE_LIMIT = 2000  # the same for inline code
_SENTENCE_LIMIT = 1500  # a sentence that is longer is cut at the next space

_WORD = r"(?:sources?|passages?|documents?|docs?|evidence|refs?|references?|citations?|quellen?|fuentes?)"
_NUMBER = rf"(?:{_WORD}\.?\s*(?:no\.?|nr\.?)?\s*:?\s*)?#?\s*\d{{1,3}}"
_SEPARATOR = r"\s*(?:,\s*and|,|;|/|&|and|und|-|–|—|to)\s*"
_MARKER = re.compile(rf"\s*\^?\s*{_NUMBER}(?:{_SEPARATOR}{_NUMBER})*\s*(?:†.*)?", re.IGNORECASE)
_RANGE = re.compile(r"(\d+)\s*(?:-|–|—|\bto\b)\s*#?\s*(\d+)|(\d+)", re.IGNORECASE)
_TARGET = re.compile(r"\s*<?[^\s<>]*>?(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^)]*\)))?\s*")
_SPECIAL = re.compile(r"[`\[【!<]|~~~")
_TAGS = (
    "a|abbr|audio|b|base|blockquote|body|br|button|center|code|details|div|em|embed|font|form|frame|h[1-6]|"
    "head|hr|html|i|iframe|img|input|ins|label|li|link|mark|math|meta|object|ol|option|p|picture|pre|q|s|"
    "script|select|small|source|span|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|"
    "tfoot|th|thead|title|tr|track|u|ul|video"
)
_ATTRIBUTES = r"""[\s/](?:[^<>"']|"[^"]*"|'[^']*')*"""
_TAG = re.compile(
    rf"</?(?:{_TAGS})(?:{_ATTRIBUTES}|[\s/][^<>]*)?>|<!--.*?-->|<![a-z][^<>]*>", re.IGNORECASE | re.DOTALL
)
_BEGUN = re.compile(rf"</?(?:{_TAGS})[\s/]|<!--", re.IGNORECASE)  # a tag that the end of the text cut off
_TAG_OPENING = re.compile(
    rf"""<(?:/?[a-z0-9]{{0,10}}|/?(?:{_TAGS}){_ATTRIBUTES}(?:"[^"]*|'[^']*)?|!|!-|!--.*|![a-z][^<>]*)""",
    re.IGNORECASE | re.DOTALL,
)
_IDENTIFIER = re.compile(r"(?:\w*[_\d]\w*|[a-z]+[A-Z]\w*|\w|arr|array|args|argv|buf|ptr|vec|list|dict|data)$")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Nos?|Nr|Figs?|Sec|Art|Vol|pp?|vs|cf|ca|approx|"
    r"e\.g|i\.e|Inc|Ltd|Co|Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Gen|Col|Sen|Rep|Gov|"
    r"U\.S|U\.K|E\.U|z\.B|d\.h|bzw|Abs|Bd|(?:[A-Z]\.)+[A-Z])\.$"
)
_LEAD = re.compile(r"(?:\s|[-*•–](?=\s)|\d{1,3}[.)](?=\s)|#{1,6}(?=\s)|>)*\s*")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*$")
_WIDE_ENDS = re.compile(r"[。！？][\"'”’»）」』]*$")


@dataclass(slots=True)
class Sentence:
    """A sentence without its markers. ``markers`` says where in ``text`` each stood and what it numbers
    (nothing, when it numbers no evidence); ``lead`` is the white space and list bullet before it."""

    lead: str = ""
    text: str = ""
    markers: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Code:
    """Fenced code, to be passed on as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class _Marker:
    numbers: tuple[int, ...]


class Reader:
    """Feed it text, take sentences. ``n_evidence`` is the largest number that cites something."""

    def __init__(self, n_evidence: int) -> None:
        self._n = n_evidence
        self._held = ""  # read but not decided
        self._before = ""  # the last characters that were decided
        self._after_marker = False  # the last of them were one
        self._fence = ""  # the fence that closes the code we are in
        self._sentence = Sentence()
        self._spaced = False  # white space or a marker came after the last word

    def feed(self, piece: str) -> Iterator[Sentence | Code]:
        """The sentences that ``piece`` completes."""
        self._held += piece.replace("\r\n", "\n").replace("\r", "\n")
        yield from self._assemble(final=False)

    def close(self) -> Iterator[Sentence | Code]:
        """What is left, the stream (or this stretch of text) being over."""
        yield from self._assemble(final=True)
        while self._sentence.text or self._sentence.markers or self._sentence.lead:
            sentence = self._take()
            if not (sentence.text or sentence.markers):
                self._sentence.lead = ""
            yield sentence
        self._before = self._fence = ""

    # -- from characters to tokens

    def _tokens(self, final: bool) -> Iterator[str | _Marker | Code]:
        while self._held:
            found = self._fenced(final) if self._fence else self._next(final)
            if found is None:
                return
            length, token = found
            taken, self._held = self._held[:length], self._held[length:]
            self._before = (self._before + taken)[-80:]
            self._after_marker = isinstance(token, _Marker)
            if token:
                yield token

    def _next(self, final: bool) -> tuple[int, str | _Marker | Code] | None:
        """The length and meaning of the next token; None while more text could change it."""
        special = _SPECIAL.search(self._held)
        end = special.start() if special else len(self._held)
        if special is None and not final:
            end = len(self._held.rstrip("~"))
        if end:
            return end, self._held[:end]
        if self._held[0] in "`~":
            return self._code(final)
        if self._held[0] == "<":
            return self._tag(final)
        return self._bracket(final)

    def _code(self, final: bool) -> tuple[int, str | Code] | None:
        run = len(self._held) - len(self._held.lstrip(self._held[0]))
        mark = self._held[:run]
        line, newline, _ = self._held.partition("\n")
        if run == len(self._held) and not final:
            return None
        if run >= 3 and not self._before.rpartition("\n")[2].strip():
            if not newline and not final:
                return None
            self._fence = mark
            return len(line + newline), Code(line + newline)
        if mark[0] == "~":
            return run, mark
        close = re.search(rf"(?<!`){mark}(?!`)", line[run:])
        if close and (newline or final or run + close.end() < len(line)):
            return run + close.end(), line[: run + close.end()]
        open_ended = not newline and not final and len(line) < _CODE_LIMIT
        return None if open_ended else (run, mark)

    def _fenced(self, final: bool) -> tuple[int, Code] | None:
        line, newline, _ = self._held.partition("\n")
        if not newline and not final:
            return None
        if line.strip().startswith(self._fence) and not line.strip().strip(self._fence[0]):
            self._fence = ""
        return len(line + newline), Code(line + newline)

    def _tag(self, final: bool) -> tuple[int, str] | None:
        tag = _TAG.match(self._held)
        if tag:
            return tag.end(), ""
        is_open = len(self._held) < _TARGET_LIMIT and _TAG_OPENING.fullmatch(self._held)
        if final and is_open and _BEGUN.match(self._held):
            return len(self._held), ""
        return None if is_open and not final else (1, "<")

    def _bracket(self, final: bool) -> tuple[int, str | _Marker] | None:
        held = self._held
        image = held[0] == "!"
        if image and held[1:2] != "[":
            return None if len(held) == 1 and not final else (1, "!")
        close = _closing(held, int(image), "[]" if held[0] != "【" else "【】", _BRACKET_LIMIT)
        if close is None or (close > 0 and close + 1 == len(held)):  # still open, or its next sign unknown
            if not final:
                return None
            close = close or -1
        if close < 0:
            return 1, held[0]
        inner, end = held[int(image) + 1 : close], close + 1
        numbers = self._numbers(inner, held[end : end + 1])
        if held[end : end + 1] == "(" or (image and held[end : end + 1] == "["):
            target = _closing(held, end, "()" if held[end] == "(" else "[]", _TARGET_LIMIT)
            if target is None and not final:
                return None
            target = len(held) if target is None else target
            if target > 0 and _TARGET.fullmatch(held[end + 1 : target]):
                if image or numbers is not None:
                    return target + 1, "" if image else _Marker(numbers or ())
                self._held = inner + held[target + 1 :]  # a link: its text is read on as text
                return 0, ""
        if image or numbers is None:
            return 1, held[0]
        return end, _Marker(numbers)

    def _numbers(self, inner: str, following: str) -> tuple[int, ...] | None:
        """What a bracket numbers (nothing when all was invented), or None when it is no marker."""
        if not _MARKER.fullmatch(inner):
            return None
        numbers: list[int] = []
        for first, last, single in _RANGE.findall(inner.partition("†")[0]):
            low, high = int(first or single), int(last or single)
            numbers += range(low, high + 1) if 0 <= high - low <= 20 else [low, high]
        known = tuple(dict.fromkeys(number for number in numbers if number <= self._n))
        word = re.search(r"\w+$", self._before)
        if numbers == [0] and self._after_marker:  # "[1][0]"; by itself it may be an index or an interval
            return ()
        if 0 in numbers or (word and (not known or following in ("=", "(") or _IDENTIFIER.match(word.group()))):
            return None
        return known

    # -- from tokens to sentences

    def _assemble(self, final: bool) -> Iterator[Sentence | Code]:
        for token in self._tokens(final):
            if isinstance(token, Code):
                if self._sentence.text or self._sentence.markers:
                    yield self._take()
                yield Code(self._take().lead + token.text)
            elif isinstance(token, _Marker):
                self._sentence.markers.append((len(self._sentence.text), token.numbers))
                self._spaced = True
            else:
                for character in token:
                    yield from self._add(character)

    def _add(self, character: str) -> Iterator[Sentence]:
        begun = bool(self._sentence.text or self._sentence.markers)
        if begun and (character == "\n" or (not character.isspace() and self._is_over(character))):
            yield self._take()
            begun = False
        if not begun and character.isspace():
            self._sentence.lead += character
            return
        self._sentence.text += character
        self._spaced = character.isspace()

    def _is_over(self, following: str) -> bool:
        text = self._sentence.text.rstrip()
        if _WIDE_ENDS.search(text[-20:]):
            return following not in "。！？\"'”’»）」』"
        if not self._spaced:
            return False
        if len(text) > _SENTENCE_LIMIT:
            return True
        if not _ENDS.search(text[-20:]) or following.islower() or following in ",;:)":
            return False
        return not _ABBREVIATION.search(text[-20:]) and not _LEAD.fullmatch(text + " ")

    def _take(self) -> Sentence:
        """The sentence as it stands; the white space after it leads the next one."""
        sentence, self._sentence, self._spaced = self._sentence, Sentence(), False
        lead = _LEAD.match(sentence.text)
        cut = lead.end() if lead else 0
        last = max(cut, sentence.markers[-1][0] if sentence.markers else 0)
        body = sentence.text[:last] + sentence.text[last:].rstrip()
        self._sentence.lead = sentence.text[len(body) :]
        sentence.lead, sentence.text = sentence.lead + body[:cut], body[cut:]
        sentence.markers = [(max(0, at - cut), numbers) for at, numbers in sentence.markers]
        return sentence


def _closing(text: str, start: int, pair: str, limit: int) -> int | None:
    """Where the bracket opened at ``start`` closes: -1 when it cannot, None while that is open."""
    depth, reach = 0, min(len(text), start + limit)
    if text.find(pair[1], start, reach) < 0:
        return -1 if reach == start + limit or text.find("\n", start, reach) >= 0 else None
    for i in range(start, reach):
        if text[i] == "\n":
            return -1
        depth += (text[i] == pair[0]) - (text[i] == pair[1])
        if depth == 0:
            return i
    return -1 if len(text) >= start + limit else None
