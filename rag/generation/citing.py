"""What a generator yields becomes an answer: exact quotes, numbered citations, verified sentences.

``Writer`` takes pieces (``str`` or ``Quote``, see ``rag.plugins``) and gives ``Delta`` and ``Cited``
events as soon as they are final. The generator never holds a citation in its hands:

- A ``Quote`` names a span; the words are fetched here, from the passage.
- A marker ``[n]`` in the text of a model names a passage; the span cited is the sentence, or the few
  sentences, of that passage that bear the model's sentence out best.

Citations are numbered in order of appearance, one number for one distinct span. Each sentence is
verified before it is sent; what has no support is struck (``~~…~~``), dropped or kept, by setting. A
sentence without a marker is given one where the evidence bears it out, and only there: attribution is
never forced. ``guard`` says what notation ``Answer.text`` may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import GeneratorType

from rag.errors import GeneratorError
from rag.generation import guard
from rag.generation.markers import Code, Reader, Sentence
from rag.generation.verify import Similarity, Verdict, best_span, cannot_tell, is_claim, verify
from rag.plugins import Quote
from rag.types import Citation, Cited, Claim, Delta, Hit, Span, Support

__all__ = ["Writer"]

_RANK: dict[Support, int] = {"verbatim": 3, "supported": 2, "weak": 1, "unsupported": 0}
_REFERENCES = re.compile(r"[\W_]*(?:sources?|references?|citations?|quellen|fuentes)[\W_]*", re.IGNORECASE)


class Writer:
    """Writes one answer. ``text``, ``citations`` and ``claims`` grow while ``events`` is consumed.

    Args:
        evidence: the hits in the order in which the generator numbers them, from 1.
        unsupported: what becomes of a sentence without support: "strike", "drop" or "keep".
        page_at: the page of an offset in a document, ``(document_id, offset) -> page``; without it a
            citation carries the page on which its passage begins.
        similarity: how close two texts are in meaning, a cosine; verification is stricter without.
    """

    def __init__(
        self,
        evidence: Sequence[Hit],
        *,
        unsupported: str = "strike",
        page_at: Callable[[str, int], int | None] | None = None,
        similarity: Similarity | None = None,
    ) -> None:
        self._evidence = evidence
        self._unsupported = unsupported
        self._page_at = page_at
        self._similarity = similarity
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._gap = ""  # white space and list bullet that stand before the next words
        self._previous = ""  # the model's last sentence, for a marker on a line of its own
        self._in_references = False
        self._after_drop = False
        self.text = ""
        self.citations: list[Citation] = []
        self.claims: list[Claim] = []

    @property
    def grounded(self) -> bool:
        """Whether something is claimed and every claim is supported by what it cites."""
        return bool(self.claims) and all(_RANK[claim.support] >= 2 for claim in self.claims)

    @property
    def abstains(self) -> bool:
        """Whether there is text and it claims nothing but that the documents do not tell."""
        return bool(self.text) and not self.claims and cannot_tell(self.text)

    def events(self, pieces: Iterable[str | Quote]) -> Iterator[Delta | Cited]:
        """The answer, sentence by sentence. Called again, it goes on in a new paragraph.

        Raises:
            GeneratorError: a quote lies outside the evidence; or whatever ``pieces`` raises.
        """
        reader = Reader(len(self._evidence))
        self._gap, self._previous, self._in_references = "\n\n" if self.text else "", "", False
        try:
            for piece in pieces:
                if isinstance(piece, str):
                    yield from self._write(reader.feed(piece))
                else:
                    yield from self._write(reader.close(), before_quote=True)
                    yield from self._quote(piece)
            yield from self._write(reader.close(), is_last=True)
        finally:  # whoever stops listening stops the generator, and with it the server
            if isinstance(pieces, GeneratorType):
                pieces.close()

    # -- quotes

    def _quote(self, quote: Quote) -> Iterator[Delta | Cited]:
        hit, span = self._checked(quote)
        passage = hit.passage
        words = passage.text[span.start - passage.start : span.end - passage.start]
        text = guard.neutral(words)
        if quote.fact is not None and span.start <= quote.fact.start < quote.fact.end <= span.end:
            first, last = quote.fact.start - span.start, quote.fact.end - span.start
            fact = words[first:last]
            first += len(fact) - len(fact.lstrip())
            last = first + len(fact.strip())
            before, fact, after = (guard.neutral(part) for part in (words[:first], fact.strip(), words[last:]))
            text = f"{before}**{fact}**{after}" if fact else text
        if self.text and not self._gap and not self.text[-1].isspace():
            self._gap = " "
        events, number = self._cite(hit, span, "verbatim")
        yield from events
        yield from self._send(f"{text} [{number}]", claim=((number,), Verdict("verbatim")))

    def _checked(self, quote: Quote) -> tuple[Hit, Span]:
        """The hit and the span without white space at its ends."""
        if not 1 <= quote.number <= len(self._evidence):
            raise GeneratorError(f"the generator quoted evidence {quote.number}, which there is not")
        hit = self._evidence[quote.number - 1]
        start, end = quote.start - hit.passage.start, quote.end - hit.passage.start
        words = hit.passage.text[start:end] if 0 <= start < end <= len(hit.passage.text) else ""
        if not words.strip():
            raise GeneratorError(
                f"the generator quoted characters {quote.start} to {quote.end}, which hold no words of "
                f"evidence {quote.number} ({hit.passage.start} to {hit.passage.end})"
            )
        trimmed = quote.start + len(words) - len(words.lstrip())
        return hit, Span(trimmed, trimmed + len(words.strip()))

    # -- the text of models

    def _write(
        self, parts: Iterable[Sentence | Code], before_quote: bool = False, is_last: bool = False
    ) -> Iterator[Delta | Cited]:
        for part in parts:
            if is_last and isinstance(part, Sentence) and self.text and _is_broken_off(part):
                continue  # the model's tokens ran out
            if isinstance(part, Code):
                code = guard.visible(part.text)
                yield from self._send(code.rstrip("\n"))
                self._gap += code[len(code.rstrip("\n")) :]
            elif self._is_reference(part):
                continue
            else:
                yield from self._sentence(part, introduces=before_quote)

    def _is_reference(self, part: Sentence) -> bool:
        """Whether this is a line of the list of sources that models like to append; ours is better."""
        if part.text and _REFERENCES.fullmatch(part.text):
            self._in_references = True
        elif part.text and not (part.markers and part.markers[0][0] == 0) and "\n" in part.lead:
            self._in_references = False
        return self._in_references

    def _sentence(self, part: Sentence, introduces: bool) -> Iterator[Delta | Cited]:
        self._lead(guard.visible(part.lead))
        text = self._clean(part.text)
        if text != part.text:  # removed characters move the markers after them
            part = Sentence(part.lead, text, [(_moved(part.text, at, self._clean), n) for at, n in part.markers])
        plain = _tidy(text)
        claimed = plain or self._previous
        cites = [(at, n) for at, numbers in part.markers for n in numbers] if claimed else []
        if not cites and not (is_claim(plain) and not introduces):
            text = _closed_up(text) if part.markers else text
            yield from self._send(guard.literal_outside_code(text) if plain else "")
            return
        self._previous = plain or self._previous
        places = {(at, n): self._span(part, at, claimed, n) for at, n in dict.fromkeys(cites)}
        chosen = [(at, n, span) for (at, n), span in places.items()]
        if cites:
            verdict = self._verify(claimed, [(n, span) for _, n, span in chosen])
        else:
            verdict, chosen = self._attribute(part)
        if verdict.support == "unsupported" and self._unsupported == "drop":
            self._gap = self._gap[: len(self._gap) - len(self._gap.lstrip())]
            self._after_drop = True
            return
        yield from self._cited_sentence(part, chosen, verdict)

    def _lead(self, lead: str) -> None:
        """Take note of what stands before a sentence; where one was dropped, of one line break only."""
        if self._after_drop and "\n" in self._gap:
            lead = lead if "\n" in lead else ""
            self._gap = "" if lead else self._gap
        self._after_drop = False
        self._gap += lead

    def _clean(self, text: str) -> str:
        known = [hit.passage.text for hit in self._evidence]
        return guard.without_strange_addresses(guard.visible(text), known)

    def _span(self, part: Sentence, at: int, claimed: str, number: int) -> Span:
        """What a marker cites: the best words for the clause before it, or for its whole sentence."""
        start = max((other for other, _ in part.markers if other < at), default=0)
        clause = _tidy(part.text[start:at])
        passage = self._evidence[number - 1].passage
        return best_span(clause if len(clause.split()) > 3 else claimed, passage)

    def _verify(self, sentence: str, cited: Sequence[tuple[int, Span]]) -> Verdict:
        quotes, context = [], []
        for number, span in dict.fromkeys(cited):
            passage = self._evidence[number - 1].passage
            quotes.append(passage.text[span.start - passage.start : span.end - passage.start])
            context += [passage.title, passage.heading]
        passages = dict.fromkeys(self._evidence[number - 1].passage.text for number, _ in cited)
        return verify(
            sentence, quotes, context="\n".join(context), around="\n\n".join(passages), similarity=self._similarity
        )

    def _attribute(self, part: Sentence) -> tuple[Verdict, list[tuple[int, int, Span]]]:
        """The evidence that bears an unmarked sentence out, if any does."""
        plain = _tidy(part.text)
        best = Verdict("unsupported", ("cites no source",))
        chosen: list[tuple[int, int, Span]] = []
        for number, hit in enumerate(self._evidence, start=1):
            span = best_span(plain, hit.passage)
            verdict = self._verify(plain, [(number, span)])
            if _RANK[verdict.support] >= 2 and _RANK[verdict.support] > _RANK[best.support]:
                best, chosen = verdict, [(len(part.text), number, span)]
        return best, chosen

    def _cited_sentence(
        self, part: Sentence, chosen: Sequence[tuple[int, int, Span]], verdict: Verdict
    ) -> Iterator[Delta | Cited]:
        strike = verdict.support == "unsupported" and self._unsupported == "strike" and bool(_tidy(part.text))
        written, at, numbers = "", 0, []
        by_place = [*chosen, (len(part.text), 0, Span(0, 0))]
        for place, evidence, span in by_place:
            written += guard.literal_outside_code(part.text[at:place])
            at = place
            if not evidence:
                continue
            events, number = self._cite(self._evidence[evidence - 1], span, verdict.support)
            yield from events
            if not written.endswith(f"[{number}]"):
                space = "" if not written or written[-1].isspace() or written[-1] == "]" else " "
                written += f"{space}[{number}]" if place == len(part.text) else f"[{number}]"
            numbers.append(number)
        if not all(numbers for _, numbers in part.markers):
            written = _closed_up(written)
        if strike:
            ending = re.search(r"(?:\s*\[\d+\])*\s*$", written)
            cut = ending.start() if ending else len(written)
            written = f"~~{written[:cut]}~~{written[cut:]}"
        yield from self._send(written, claim=(tuple(dict.fromkeys(numbers)), verdict))

    # -- what both share

    def _cite(self, hit: Hit, span: Span, support: Support) -> tuple[list[Cited], int]:
        """The number of a span, and the event that announces it when it is new."""
        passage = hit.passage
        key = (passage.document_id, span.start, span.end)
        if key in self._numbers:
            return [], self._numbers[key]
        number = self._numbers[key] = len(self._numbers) + 1
        page = self._page_at(passage.document_id, span.start) if self._page_at else passage.page
        citation = Citation(
            number=number,
            passage_id=passage.id,
            document_id=passage.document_id,
            source=passage.source,
            title=passage.title,
            page=page,
            start=span.start,
            end=span.end,
            quote=passage.text[span.start - passage.start : span.end - passage.start],
            support=support,
        )
        self.citations.append(citation)
        return [Cited(citation)], number

    def _send(self, text: str, claim: tuple[tuple[int, ...], Verdict] | None = None) -> Iterator[Delta]:
        if not text:
            return
        gap, self._gap = (self._gap if self.text else self._gap.lstrip()), ""
        start = len(self.text) + len(gap)
        self.text += gap + text
        if claim:
            numbers, verdict = claim
            self.claims.append(Claim(start, len(self.text), numbers, verdict.support, verdict.reasons))
        yield Delta(gap + text)


def _is_broken_off(part: Sentence) -> bool:
    """Whether a sentence stops before its end, cites nothing and is no item of a list."""
    has_end = re.search(r"[.!?:…。！？][\W_]*$", part.text)
    return not has_end and not part.markers and not is_claim(_tidy(part.text)) and not part.lead.strip()


def _tidy(text: str) -> str:
    """A sentence as it reads without its markers and emphasis."""
    text = re.sub(r"\s+", " ", re.sub(r"\*\*|__|~~|`", "", text)).strip()
    return re.sub(r"\s+(?=[.,;:!?](?:\s|$))", "", text)


def _closed_up(text: str) -> str:
    """``text`` without the spaces that stood around a marker that was dropped."""
    return re.sub(r"(?<=\S) +(?=[.,;:!?](?:\s|\[|$))|(?<= ) +(?=\S)", "", text)


def _moved(text: str, at: int, clean: Callable[[str], str]) -> int:
    return len(clean(text[:at]))
