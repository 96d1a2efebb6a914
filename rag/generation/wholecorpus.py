"""Questions that a few passages cannot answer: how many documents mention …, which ones, what are they about.

Counts and lists come from a scan of the full text, so they are exact; each document is shown with the first
sentence that says it. An overview quotes how each document begins and says of how many it did so. A phrase
is matched word for word, whatever its case, hyphens and plural.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.generation.candidates import sentences_of
from rag.index import STOP_WORDS, Snapshot, terms
from rag.plugins import Quote
from rag.types import Hit, Passage, Span, Why

__all__ = ["Scan", "Task", "recognise", "scan"]

_DOCUMENTS = (
    r"(?:documents?|files?|sources?|articles?|reports?|texts?|papers?|pages?|dokumente?n?|dateien|documents|"
    r"documentos|"
    r"documenti|passages?)"
)
_MENTION = (
    r"(?:that |which |do |does |actually |erwähnen|mentionnent|mencionan)*(?:mention|mentions|mentioning|"
    r"contain|contains|containing|"
    r"talk about|speak of|refer to|discuss|discusses|include|cover|say something about|are about|is about|deal "
    r"with|have|"
    r"has|erwähnen|enthalten|mentionnent|contiennent|mencionan|contienen|menzionano)"
)
_RULES: tuple[tuple[Literal["count", "list", "overview"], str], ...] = (
    ("count", rf"^(?:in )?(?:how many|wie viele|combien de|cuántos|quanti) (?:of (?:the|my|these) "
    rf")?{_DOCUMENTS} {_MENTION} (?P<what>.+)$"),
    ("count", rf"^in how many {_DOCUMENTS} (?:is|are|does|do) (?P<what>.+?) (?:mentioned|occur|appear|found|"
    rf"discussed)s?$"),
    ("count", r"^how (?:often|many times) (?:is|are|does|do) (?P<what>.+?) (?:mentioned|occur|appear|"
    r"named)s?(?: in .*)?$"),
    ("count", rf"^(?:how many|wie viele|combien de|cuántos) {_DOCUMENTS}(?: (?:are there|do (?:you|i) have|are "
    rf"(?:in .*|indexed)|gibt es))$"),
    ("list", rf"^(?:which|what|welche|quels|qué) (?:of (?:the|my|these) )?{_DOCUMENTS} {_MENTION} (?P<what>.+)$"),
    ("list", rf"^(?:please )?(?:list|name|show|find|give)(?: me)?(?: all| every| each)?(?: of)?(?: the| my)? "
    rf"{_DOCUMENTS} {_MENTION} (?P<what>.+)$"),
    ("list", r"^(?:please )?(?:list|find|show)(?: me)? (?:all|every|each)(?: the)? (?:mentions?|occurrences?|"
    r"references?) (?:of|to) (?P<what>.+)$"),
    ("list", rf"^(?:please )?(?:(?:list|show)(?: me)?(?: all)?(?: of)?(?: the| my)? {_DOCUMENTS}|(?:which|what) "
    rf"{_DOCUMENTS} (?:are there|do you have|are indexed))$"),
    ("overview", rf"^(?:please )?(?:summari[sz]e|give (?:me )?(?:a|an) (?:summary|overview) of|overview of|"
    rf"fasse)(?: all| everything| of)*(?: the| my| these| this)? ?(?:{_DOCUMENTS}|corpus|collection|everything|"
    rf"it all)?$"),
    ("overview", rf"^what (?:are|is) (?:the|these|my|this) {_DOCUMENTS} (?:all )?about$"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _RULES)
_QUOTES = "\"'“”„‘’«»"
# documents shown in a list, and passages read for a count
_SHOWN = 20
_MOST_READ = 5_000
# passages in which a document's opening sentence is looked for
_OPENING_PASSAGES = 3


@dataclass(frozen=True, slots=True)
class Task:
    """What is wanted of the whole corpus; ``what`` is the thing mentioned, "" for the documents themselves."""

    kind: Literal["count", "list", "overview"]
    what: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """The outcome: evidence, the pieces of the answer over it, and what was looked at."""

    hits: tuple[Hit, ...]
    pieces: tuple[str | Quote, ...]
    note: str


def recognise(question: str) -> Task | None:
    """The task when ``question`` is about the corpus as a whole; None for any other question."""
    plain = " ".join(question.split()).rstrip("?.! ")
    for kind, pattern in _PATTERNS:
        found = pattern.match(plain)
        if found:
            what = (found.groupdict().get("what") or "").strip().strip(_QUOTES)
            return Task(kind, re.sub(r"^(?:the|a|an|any|some) (?:word |term |phrase )?", "", what).strip(_QUOTES))
    return None


def scan(snapshot: Snapshot, task: Task, collections: Sequence[str] = ()) -> Scan:
    """Carry out a task over every document."""
    if task.what:
        return _mentions(snapshot, task, collections)
    entries = [e for e in snapshot.documents() if not collections or e.collection in collections]
    numbers = [snapshot.passages_of(entry.document_id)[:_OPENING_PASSAGES] for entry in entries[:_SHOWN]]
    passages = snapshot.passages([number for found in numbers for number in found])
    begins = [[passages[number] for number in found if number in passages] for found in numbers]
    chosen = [pair for found in begins if (pair := _opening(found, begins, 2 if len(begins) <= 3 else 1))]
    hits = _as_hits([passage for passage, _ in chosen])
    head = f"There {'is 1 document' if len(entries) == 1 else f'are {len(entries)} documents'}"
    more = "" if len(hits) >= len(entries) else f", of which {len(hits)} begin like this"
    note = f"looked at how {len(hits)} of {len(entries)} documents begin, not at all they say"
    return Scan(tuple(hits), (f"{head}{more}:\n", *_items(hits, [span for _, span in chosen])), note)


def _mentions(snapshot: Snapshot, task: Task, collections: Sequence[str]) -> Scan:
    wanted = [term for term in terms(task.what) if term not in STOP_WORDS] or terms(task.what)
    numbers = snapshot.holding(list(dict.fromkeys(wanted)), collections)
    passages = list(snapshot.passages(numbers[:_MOST_READ]).values())
    phrase = _pattern(task.what)
    exact = [passage for passage in passages if phrase.search(passage.text)]
    exact = exact or [passage for passage in passages if phrase.search(f"{passage.title}\n{passage.heading}")]
    by_document: dict[str, list[Passage]] = {}
    for passage in sorted(exact, key=lambda passage: (passage.source, passage.start)):
        by_document.setdefault(passage.document_id, []).append(passage)
    n, total = len(by_document), snapshot.n_documents
    note = f"the full text of all {snapshot.n_passages:,} passages was searched for “{task.what}”"
    if len(numbers) > _MOST_READ:
        note = f"only the first {_MOST_READ:,} of {len(numbers):,} passages with “{task.what}” were counted"
    if not n:
        return Scan((), (f"None of the {total} documents mentions “{task.what}”.",), note)
    hits = _as_hits([found[0] for found in list(by_document.values())[:_SHOWN]])
    shown = "" if n <= _SHOWN else f" The first {_SHOWN}:"
    places = f" in {len(exact)} passages" if len(exact) > 1 else ""
    verb = "mentions" if n == 1 else "mention"
    head = f"{n} of {total} documents {verb} “{task.what}”{places}{'.' if shown else ':'}{shown}"
    return Scan(tuple(hits), (f"{head}\n", *_items(hits, [_saying(hit.passage, phrase) for hit in hits])), note)


def _pattern(what: str) -> re.Pattern[str]:
    """Matches a phrase whatever its case, spaces, hyphens and plural."""
    words = [re.escape(word) for word in re.findall(r"\w+", what)]
    return re.compile(r"(?<!\w)" + r"[\W_]+".join(words) + r"(?:'s|’s|e?s)?(?!\w)", re.IGNORECASE)


def _as_hits(passages: Sequence[Passage]) -> list[Hit]:
    return [Hit(passage, 1.0, rank, Why(fused=1.0)) for rank, passage in enumerate(passages, 1)]


def _items(hits: Sequence[Hit], spans: Sequence[Span]) -> Iterator[str | Quote]:
    for number, (hit, span) in enumerate(zip(hits, spans, strict=True), 1):
        yield f"\n- {hit.passage.title}: "
        yield Quote(number, span.start, span.end)


def _saying(passage: Passage, phrase: re.Pattern[str]) -> Span:
    """The first sentence with the phrase, else (it stands in the title or a heading) the first one."""
    sentences = sentences_of(passage)
    return next((span for text, span in sentences if phrase.search(text)), sentences[0][1])


def _opening(found: Sequence[Passage], all_begin: Sequence[Sequence[Passage]], n: int) -> tuple[Passage, Span] | None:
    """The first ``n`` sentences of a document that are sentences, and not how other documents begin too."""
    elsewhere = " ".join(passage.text for other in all_begin if other is not found for passage in other)
    for strict in (True, False):
        for passage in found:
            sentences = [span for text, span in sentences_of(passage) if _tells(text, elsewhere) or not strict]
            if sentences:
                following = [span for span in sentences[:n] if span.start - sentences[0].end < 3]
                return passage, Span(sentences[0].start, (following or sentences)[-1 if following else 0].end)
    return None


def _tells(text: str, elsewhere: str) -> bool:
    return len(text) > 50 and text.rstrip()[-1:] in ".!?。" and text.strip() not in elsewhere
