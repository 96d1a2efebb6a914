"""Does the cited text bear a sentence out? Facts first, then words, then meaning.

A number, date, name or code of the sentence that the cited words do not hold, a denial on one side only,
an opposite in place of a word, or quotation marks around words that do not stand together: each makes a
sentence ``unsupported``. What passes is ``verbatim`` when it is a run of the cited words, ``supported``
when enough of its content words (or its meaning, where an embedder is at hand) are there, else ``weak``,
and ``unsupported`` when next to nothing is. Rates on perturbed sentences: ``rag.evaluation.perturb``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rag.generation.align import alterations, foreign, stitched
from rag.generation.binding import misbound
from rag.generation.compare import missing_facts, shared
from rag.generation.facts import read_facts
from rag.generation.polarity import polarity_differs
from rag.generation.roles import confused, substituted
from rag.generation.words import is_negation, words
from rag.types import Passage, Span, Support

__all__ = ["Similarity", "Verdict", "best_span", "cannot_tell", "is_claim", "verify"]

Similarity = Callable[[str, str], float]

SUPPORTED = 0.55  # share of the content words that the cited text must hold (measured: see perturb)
SIMILAR = 0.7  # cosine from which the meaning is the same though the words differ
WEAK = 0.2  # below this share nothing ties the two together

_CUT_OFF = 2  # words before a run among which a denial would belong to it
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{12,}?)[\"”“»]")
_CANNOT_TELL = re.compile(
    r"(?i)\b(?:documents?|sources?|passages?|evidence|context|information|excerpts?|texts?|material)\b.{0,40}\b"
    r"(?:do|does|did|is|are|was|were|has|have|can)(?:\s+not|n't|not)\b.{0,30}\b(?:say|tell|mention|contain|provide|specif|"
    r"state|include|give|answer|address|available|enough|sufficient|given|mentioned|provided|stated|specified)"
    r"|\bno (?:information|mention|answer)\b|\bcannot (?:be )?(?:answer|find|found|determine)"
)


class Verdict(NamedTuple):
    """How far a sentence is borne out, and what is missing, in a few words each."""

    support: Support
    reasons: tuple[str, ...] = ()


def cannot_tell(sentence: str) -> bool:
    """Whether a sentence says that the documents do not answer."""
    return bool(_CANNOT_TELL.search(sentence))


def is_claim(sentence: str) -> bool:
    """Whether a sentence asserts something that a source could bear out.

    What leads on ("The steps are:"), asks, says that the documents do not tell, or has fewer than three
    words of content and no fact in it, does not.
    """
    text = sentence.strip()
    if not text or text.endswith((":", "?", "：", "？")) or cannot_tell(text):
        return False
    facts = read_facts(text)
    checkable = facts.numbers or facts.dates or facts.codes or any(not name.opens for name in facts.names)
    return len(facts.terms) >= (2 if checkable else 3)


def verify(
    sentence: str,
    quotes: Sequence[str],
    *,
    context: str = "",
    around: str = "",
    similarity: Similarity | None = None,
) -> Verdict:
    """Compare a sentence (without markers) with the words it cites.

    Args:
        sentence: one sentence of an answer.
        quotes: the cited spans, exactly.
        context: the title and headings above them, where a name may stand that the span leaves out.
        around: the passages that the quotes are from, in which words from two places may have been joined.
        similarity: the cosine of two texts; finds the meaning where the words differ.
    """
    if not quotes:
        return Verdict("unsupported", ("cites no source",))
    source = "\n".join(quotes)
    if any(_is_run(sentence, quote) for quote in quotes):
        return Verdict("verbatim")
    reasons = [*missing_facts(sentence, source, context), *_misquoted(sentence, quotes)]
    reasons += alterations(sentence, source) or polarity_differs(sentence, source)
    reasons += misbound(sentence, source) if not reasons else []
    if reasons:
        return Verdict("unsupported", tuple(reasons))
    score = shared(sentence, source)
    if WEAK <= score < SUPPORTED and similarity is not None and similarity(sentence, source) >= SIMILAR:
        score = SUPPORTED
    seam = stitched(sentence, around or source)
    if seam:
        return Verdict("weak", (f"joins words from two places after “{seam}”",))
    other = confused(sentence, around or source)
    if other:
        return Verdict("weak", (f"the source says it of “{other}”",))
    changed = substituted(sentence, source, around or source, similarity) if similarity else ""
    if changed:
        return Verdict("weak", (changed,))
    strange = foreign(sentence, source) if score < 0.95 else ""
    if strange:
        return Verdict("weak", (f"goes on in words the source does not have: {strange}",))
    if score >= SUPPORTED:
        return Verdict("supported")
    reason = (f"{score:.0%} of its words in the source",)
    return Verdict("weak" if score >= WEAK else "unsupported", reason)


def best_span(sentence: str, passage: Passage) -> Span:
    """The one to three neighbouring sentences of a passage that bear a sentence out best."""
    spans = passage.sentences or (Span(passage.start, passage.end),)
    context = f"{passage.title}\n{passage.heading}"

    def value(span: Span) -> float:
        text = passage.text[span.start - passage.start : span.end - passage.start]
        if _is_run(sentence, text):
            return 10.0
        facts = read_facts(sentence)
        n_facts = len(facts.numbers) + len(facts.dates) + len(facts.names) + len(facts.codes)
        missing = len(missing_facts(sentence, text, context)) / max(1, n_facts)
        return shared(sentence, text) + (1 - missing) - 0.1 * bool(polarity_differs(sentence, text))

    best, best_value = spans[0], float("-inf")
    for n in (1, 2, 3):
        for i in range(len(spans) - n + 1):
            span = Span(spans[i].start, spans[i + n - 1].end)
            found = value(span) - 0.12 * (n - 1)  # more words only where they bear out more
            if found > best_value + 1e-9:
                best, best_value = span, found
    return best


def _is_run(sentence: str, quote: str) -> bool:
    """Whether the sentence is a run of the quote's words, whole words, whatever the punctuation, from which no
    denial just before it was cut off."""
    inside, outside = words(sentence), words(quote)
    before, found, _ = f" {' '.join(outside)} ".partition(f" {' '.join(inside)} ")
    return bool(inside and found) and not any(map(is_negation, before.split()[-_CUT_OFF:]))


def _misquoted(sentence: str, quotes: Sequence[str]) -> list[str]:
    """Quotation marks around four words or more that do not stand together in the source."""
    return [
        f"“{quoted[:40]}” is not quoted exactly"
        for quoted in _QUOTED.findall(sentence)
        if len(words(quoted)) >= 4 and not any(_is_run(quoted, quote) for quote in quotes)
    ]
