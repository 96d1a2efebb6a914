"""How much of what is wrong does verification notice, and how much of what is right does it disturb?

Sentences of real passages are altered one fact at a time (a number, a date, a name, a denial, an opposite,
two names exchanged, two sentences stitched together) or left whole with their citation moved to another
passage; untouched sentences are the control. Each is verified as an answer's sentence would be: the best
span of the cited passage is chosen first. The rules here share nothing with the verifier's own reading.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.generation.verify import Similarity, Verdict, best_span, verify
from rag.types import Passage

__all__ = ["Case", "Rate", "altered", "cases", "rates"]

# kinds that a verifier should flag, and the controls that it should not
CONTROLS = ("verbatim", "shortened")
KINDS = ("number", "date", "name", "exchange", "negation", "opposite", "stitched", "moved", "moved near")

_MONTHS = "January February March April May June July August September October November December".split()
_YEAR = re.compile(r"(?<![\d,.$€£-])(1[5-9]\d\d|20[0-3]\d)(?![\d,%]|\.\d|-\d)")
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})(?= \d|, \d| of \d)")
_DAY = re.compile(rf"(?<=(?:{'|'.join(month[-3:] for month in _MONTHS)}) )(\d{{1,2}})(?=,|\s|\.|th|st)")
_DIGITS = re.compile(r"(?<![\w.,-])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\w)|(?<![\w.,/-])\d+(?:\.\d+)?(?![\w/-]|[.,]\d)")
_WRITTEN = "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred".split()
_IN_WORDS = re.compile(rf"\b({'|'.join(_WRITTEN)})\b")
_SCALE = re.compile(r"\b(million|billion|thousand)\b")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-zé]{2,}(?: (?:of |the )*[A-Z][a-zé]{2,})*\b")
_AUXILIARY = re.compile(
    r"(?<=[a-z)\d] )(is|are|was|were|has|have|had|can|could|will|would|should|may|must|does|did)(?= [a-z]+)(?! not)"
)
_DENIAL = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|may|must|does|did|do) not\b|\bcannot\b|n['’]t\b"
)
_INSERTED = re.compile(
    r", (?:which|who|such as|including|known as|called|for example|in particular)\b[^,;:()]*,(?= [a-z])"
)
_OPPOSITES = (
    "increased|decreased higher|lower more|less before|after largest|smallest rose|fell first|last north|south "
    "above|below include|exclude allowed|prohibited won|lost always|never increase|decrease eastern|western early|late"
).split()


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence to verify against the passage it cites; ``kind`` says what was done to it."""

    kind: str
    sentence: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class Rate:
    """How many cases of a kind were flagged (weak or unsupported), and some that were judged wrongly."""

    n: int
    flagged: int
    misjudged: tuple[tuple[str, Verdict], ...]

    @property
    def share(self) -> float:
        """The share flagged, 0 to 1."""
        return self.flagged / self.n if self.n else 0.0


def altered(kind: str, sentence: str, chance: random.Random, names: Sequence[str] = ()) -> str | None:
    """``sentence`` with one fact of that kind changed, or None where it has none."""
    return _ALTER[kind](sentence, chance, names)


def cases(passages: Sequence[Passage], n: int = 500, seed: int = 0) -> Iterator[Case]:
    """About ``n`` cases of each kind, as far as the passages yield them, and ``n`` untouched sentences."""
    chance = random.Random(seed)
    stock = [(passage, sentence) for passage in passages for sentence in _sentences(passage)]
    chance.shuffle(stock)
    names = sorted({name for _, sentence in stock for name in _NAME.findall(sentence)})
    near = defaultdict(list)
    for passage in passages:
        near[passage.document_id].append(passage)
    made: dict[str, int] = defaultdict(int)
    for passage, sentence in stock:
        for kind in (*CONTROLS, *KINDS):
            if made[kind] >= n:
                continue
            case = _case(kind, sentence, passage, chance, names, passages, near[passage.document_id])
            if case is not None:
                made[kind] += 1
                yield case


def rates(
    passages: Sequence[Passage], n: int = 500, seed: int = 0, similarity: Similarity | None = None
) -> dict[str, Rate]:
    """The share of cases flagged, by kind. The controls should be near 0, all others near 1."""
    n_cases: dict[str, int] = defaultdict(int)
    n_flagged: dict[str, int] = defaultdict(int)
    wrong: dict[str, list[tuple[str, Verdict]]] = defaultdict(list)
    for case in cases(passages, n, seed):
        verdict = judge(case, similarity)
        flagged = verdict.support in ("weak", "unsupported")
        n_cases[case.kind] += 1
        n_flagged[case.kind] += flagged
        if flagged == (case.kind in CONTROLS):
            wrong[case.kind].append((case.sentence, verdict))
    return {kind: Rate(n_cases[kind], n_flagged[kind], tuple(wrong[kind][:20])) for kind in n_cases}


def judge(case: Case, similarity: Similarity | None = None) -> Verdict:
    """The verdict on a case, its span chosen as for the sentence of a model."""
    passage = case.passage
    span = best_span(case.sentence, passage)
    quote = passage.text[span.start - passage.start : span.end - passage.start]
    context = f"{passage.title}\n{passage.heading}"
    return verify(case.sentence, [quote], context=context, around=passage.text, similarity=similarity)


def _sentences(passage: Passage) -> list[str]:
    """The sentences of a passage that are prose of some length."""
    texts = (" ".join(passage.text[a - passage.start : b - passage.start].split()) for a, b in passage.sentences)
    return [text for text in texts if 8 <= len(text.split()) <= 60 and text[-1] in ".!" and text[0].isupper()]


def _case(
    kind: str,
    sentence: str,
    passage: Passage,
    chance: random.Random,
    names: Sequence[str],
    passages: Sequence[Passage],
    near: Sequence[Passage],
) -> Case | None:
    if kind == "verbatim":
        return Case(kind, sentence, passage)
    if kind in ("moved", "moved near"):
        others = [other for other in (passages if kind == "moved" else near) if other.id != passage.id]
        if not others:
            return None
        other = chance.choice(others)
        return None if sentence in " ".join(other.text.split()) else Case(kind, sentence, other)
    if kind == "stitched":
        others_here = [other for other in _sentences(passage) if other != sentence]
        text = _stitched(sentence, chance.choice(others_here)) if others_here else None
    else:
        text = altered(kind, sentence, chance, names)
    whole = " ".join(passage.text.split())
    return Case(kind, text, passage) if text and text != sentence and text not in whole else None


def _stitched(one: str, other: str) -> str | None:
    """The first half of one sentence with the second half of another."""
    first, second = one.split(), other.split()
    if min(len(first), len(second)) < 12:
        return None
    return " ".join(first[: len(first) // 2] + second[len(second) // 2 :])


def _shortened(text: str, chance: random.Random, names: Sequence[str]) -> str | None:
    """The sentence without its opening phrase or without what stands between two commas, as models shorten it."""
    opening = re.match(
        r"(?:However|In addition|Additionally|Also|Moreover|Therefore|For example|In fact|Finally), (\w)", text
    )
    if opening:
        return opening[1].upper() + text[opening.end() :]
    inserted = [match for match in _INSERTED.finditer(text) if not _DENIAL.search(match.group())]
    if len(inserted) != 1 or len(inserted[0].group().split()) < 3:
        return None
    return text[: inserted[0].start()] + text[inserted[0].end() :]


def _replaced(pattern: re.Pattern[str], text: str, chance: random.Random, change: Callable[[str], str]) -> str | None:
    found = list(pattern.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    return text[: match.start()] + change(match.group()) + text[match.end() :]


def _number(text: str, chance: random.Random, names: Sequence[str]) -> str | None:
    def digits(number: str) -> str:
        if _YEAR.fullmatch(number):
            return str(int(number) + chance.choice((-7, -2, -1, 1, 3, 10)))
        places = [i for i, character in enumerate(number) if character.isdigit()]
        i = chance.choice(places)
        return number[:i] + chance.choice([d for d in "123456789" if d != number[i]]) + number[i + 1 :]

    def scale(word: str) -> str:
        return chance.choice([other for other in ("million", "billion", "thousand") if other != word])

    def written(word: str) -> str:
        return chance.choice([other for other in _WRITTEN if other != word])

    ways: list[tuple[re.Pattern[str], Callable[[str], str]]] = [
        (_DIGITS, digits), (_SCALE, scale), (_IN_WORDS, written)
    ]  # fmt: skip
    chance.shuffle(ways)
    return next((new for pattern, way in ways if (new := _replaced(pattern, text, chance, way))), None)


def _date(text: str, chance: random.Random, names: Sequence[str]) -> str | None:
    def year(number: str) -> str:
        return str(int(number) + chance.choice((-20, -3, -1, 1, 2, 11)))

    def month(name: str) -> str:
        return chance.choice([other for other in _MONTHS if other != name])

    def day(number: str) -> str:
        return str(chance.choice([other for other in range(1, 29) if other != int(number)]))

    ways = [(_YEAR, year), (_MONTH, month), (_DAY, day)]
    chance.shuffle(ways)
    return next((new for pattern, way in ways if (new := _replaced(pattern, text, chance, way))), None)


def _name(text: str, chance: random.Random, names: Sequence[str]) -> str | None:
    strange = [name for name in chance.sample(list(names), min(20, len(names))) if name not in text]
    return _replaced(_NAME, text, chance, lambda _: strange[0]) if strange else None


def _exchange(text: str, chance: random.Random, names: Sequence[str]) -> str | None:
    found = list(_NAME.finditer(text))
    pairs = [(a, b) for i, a in enumerate(found) for b in found[i + 1 :] if a.group() != b.group()]
    # names that are listed side by side mean the same in either order
    pairs = [
        (a, b) for a, b in pairs if not re.fullmatch(r"(?:,? and|,| or|&|[\w ,]{0,30},)\s*", text[a.end() : b.start()])
    ]
    if not pairs:
        return None
    a, b = chance.choice(pairs)
    return text[: a.start()] + b.group() + text[a.end() : b.start()] + a.group() + text[b.end() :]


def _negation(text: str, chance: random.Random, names: Sequence[str]) -> str | None:
    def drop(words: str) -> str:
        return "can" if words == "cannot" else words.removesuffix(" not") if words.endswith(" not") else ""

    return _replaced(_DENIAL, text, chance, drop) or _replaced(_AUXILIARY, text, chance, lambda word: f"{word} not")


def _opposite(text: str, chance: random.Random, names: Sequence[str]) -> str | None:
    found = []
    for pair in _OPPOSITES:
        one, other = pair.split("|")
        for word, instead in ((one, other), (other, one)):
            found += [(match, instead) for match in re.finditer(rf"\b{word}\b", text)]
    if not found:
        return None
    match, instead = chance.choice(found)
    return text[: match.start()] + instead + text[match.end() :]


_ALTER: dict[str, Callable[[str, random.Random, Sequence[str]], str | None]] = {
    "shortened": _shortened,
    "number": _number,
    "date": _date,
    "name": _name,
    "exchange": _exchange,
    "negation": _negation,
    "opposite": _opposite,
}
