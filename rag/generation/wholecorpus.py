"""Questions that a few passages cannot answer: how many documents mention …, which ones, what are they about.

Counts and lists come from a scan of the full text, so they are exact; each document is shown with the first
sentence that says it. A few documents are summarised (``summary``), of many an overview quotes how each begins and
says of how many it did so. What a document says of itself is looked up (``particulars``). A phrase is matched word
for word, whatever its case, hyphens and plural.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.generation.candidates import sentences_of
from rag.generation.documentquestions import DOCUMENT, particular_in
from rag.generation.particulars import state
from rag.generation.scanning import Found, Scan, listing
from rag.generation.summary import summarise
from rag.index import STOP_WORDS, DocumentEntry, Snapshot, terms
from rag.index.languages import FUNCTION_WORDS
from rag.types import Passage, Span

__all__ = ["Task", "recognise", "scan"]

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
    ("overview", rf"^(?:worum geht es (?:in|bei)|de quoi parlent|de qué tratan|di cosa parlano) (?:den|diesen|les|ces|"
    rf"los|estos|i|questi) {_DOCUMENTS}$"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _RULES)
_QUOTES = "\"'“”„‘’«»"
# documents shown in a list, and passages read for a count
_SHOWN = 20
_MOST_READ = 5_000
# characters at the beginning and at the end of a document in which it calls itself a letter, a report
_EDGE = 800
# passages in which a document's opening sentence is looked for
_OPENING_PASSAGES = 3
# so many documents at most are summarised together
_TOGETHER = 3

_SUMMARY = re.compile(
    r"(?:please |can you |could you |bitte )*(?:(?:summari[sz]e|sum up|(?:give|write|make)(?: me)? (?:a|an) "
    r"(?:short |brief )?(?:summary|overview) of|(?:what is )?the (?:summary|gist) of|zusammenfassung (?:von|des|der)|"
    r"r[eé]sume[rz]?|fais(?:-moi)? un résumé (?:de|du)|(?:haz|hazme) un resumen (?:de|del)|riassumi|resumir?|"
    r"fai un riassunto (?:di|del|della)) (.+?)(?: for me)?"
    r"|fass?e? (.+?) (?:kurz )?zusammen"
    rf"|(?:what (?:is|are)|what's) ((?:the|this|that|my) (?:[\w'-]+ ){{0,3}}?{DOCUMENT}(?: (?:on|from|of) .+)?) about"
    rf"|worum geht es (?:in|bei) ((?:der|dem|dieser|diesem) .*{DOCUMENT}.*)"
    rf"|de quoi (?:parle|traite|s['’]agit-il dans) ((?:le|la|ce|cette|cet|l['’]).*{DOCUMENT}.*)"
    rf"|de qué trata ((?:el|la|este|esta) .*{DOCUMENT}.*)"
    rf"|di (?:che )?cosa (?:parla|tratta) ((?:il|la|lo|questo|questa|l['’]).*{DOCUMENT}.*))",
    re.IGNORECASE,
)
_KIND_OF_DOCUMENT = re.compile(DOCUMENT, re.IGNORECASE)
_SMALL = frozenset().union(*FUNCTION_WORDS.values())


@dataclass(frozen=True, slots=True)
class Task:
    """What is wanted of whole documents. ``what`` is the thing mentioned, or for a summary and a particular the
    name of the document; "" for all documents. ``particular`` is what is asked of them
    (``documentquestions.particular_in``)."""

    kind: Literal["count", "list", "overview", "summary", "particular"]
    what: str = ""
    particular: str = ""

    @property
    def comes_second(self) -> bool:
        """Whether the passages are asked first: who wrote a report, or when a thing was announced, is often told."""
        return self.particular in ("author", "publisher", "announced")


def recognise(question: str) -> Task | None:
    """The task when ``question`` is about documents as such; None for a question about what they tell."""
    plain = " ".join(question.split()).strip("?.!¿¡ ")
    for kind, pattern in _PATTERNS:
        found = pattern.match(plain)
        if found:
            what = (found.groupdict().get("what") or "").strip().strip(_QUOTES)
            return Task(kind, re.sub(r"^(?:the|a|an|any|some) (?:word |term |phrase )?", "", what).strip(_QUOTES))
    if asked := particular_in(plain):
        return Task("particular", asked[1], asked[0])
    found = _SUMMARY.fullmatch(plain)
    return Task("summary", next(filter(None, found.groups()))) if found else None


def scan(snapshot: Snapshot, task: Task, collections: Sequence[str] = ()) -> Scan | None:
    """Carry out a task; None when it is about a document that there is not, and so a question like any other."""
    if task.kind in ("count", "list") and task.what:
        return _mentions(snapshot, task, collections)
    entries = _entries(snapshot, collections)
    if task.kind in ("summary", "particular"):
        chosen = _calling_themselves(snapshot, _named(entries, task.what), task.what)
        if not chosen and task.kind == "particular":
            chosen = _holding(snapshot, entries, task.what)
        if task.kind == "particular":
            return state(snapshot, chosen, task.particular) if 0 < len(chosen) <= _SHOWN else None
        if 0 < len(chosen) <= _TOGETHER:
            return summarise(snapshot, chosen)
        if _telling(task.what):
            return None
    if task.kind == "overview" and len(entries) <= _TOGETHER:
        return summarise(snapshot, entries)
    return _overview(snapshot, entries)


def _entries(snapshot: Snapshot, collections: Sequence[str]) -> list[DocumentEntry]:
    return [entry for entry in snapshot.documents() if not collections or entry.collection in collections]


def _named(entries: Sequence[DocumentEntry], name: str) -> list[DocumentEntry]:
    """The documents whose title or source has every telling word of ``name``; where it has none ("the press
    release"), those that are called so, else all."""
    known = [(entry, set(terms(f"{entry.title} {entry.source}"))) for entry in entries]
    wanted = set(_telling(name))
    if wanted:
        return [entry for entry, words in known if wanted <= words]
    called = set(terms(name)) - STOP_WORDS
    return [entry for entry, words in known if called and called <= words] or list(entries)


def _calling_themselves(snapshot: Snapshot, entries: Sequence[DocumentEntry], name: str) -> list[DocumentEntry]:
    """Of documents that are asked for by their kind alone, "the letter", those that call themselves so at their
    beginning or end; all of them where none does, or where they are too many to look at."""
    kind = _KIND_OF_DOCUMENT.search(name)
    if not kind or _telling(name) or not 1 < len(entries) <= _SHOWN:
        return list(entries)
    said = _pattern(kind[0])
    read = [(entry, snapshot.document(entry.document_id)) for entry in entries]
    edges = [(entry, document.text[:_EDGE] + document.text[-_EDGE:]) for entry, document in read if document]
    return [entry for entry, edge in edges if said.search(edge)] or list(entries)


def _holding(snapshot: Snapshot, entries: Sequence[DocumentEntry], name: str) -> list[DocumentEntry]:
    """The documents that say a name: of whose press office one asks, stands in the text and often in no title."""
    numbers = snapshot.holding(_telling(name))
    found = {passage.document_id for passage in snapshot.passages(numbers[:_MOST_READ]).values()}
    return [entry for entry in entries if entry.document_id in found]


def _telling(name: str) -> list[str]:
    """The terms of a document's name that do not just say that it is a document."""
    skipped = STOP_WORDS | {"about", "call", "titl", "content", "whole", "entir", "full"}
    words = [word for word in _KIND_OF_DOCUMENT.sub(" ", name).split() if word.casefold() not in _SMALL]
    return [term for term in terms(" ".join(words)) if term not in skipped]


def _overview(snapshot: Snapshot, entries: Sequence[DocumentEntry]) -> Scan:
    """How each document begins; the first few, when there are many."""
    numbers = [snapshot.passages_of(entry.document_id)[:_OPENING_PASSAGES] for entry in entries[:_SHOWN]]
    passages = snapshot.passages([number for found in numbers for number in found])
    begins = [[passages[number] for number in found if number in passages] for found in numbers]
    chosen = [pair for found in begins if (pair := _opening(found, begins, 2 if len(begins) <= _TOGETHER else 1))]
    head = f"There {'is 1 document' if len(entries) == 1 else f'are {len(entries)} documents'}"
    more = "" if len(chosen) >= len(entries) else f", of which {len(chosen)} begin like this"
    note = f"looked at how {len(chosen)} of {len(entries)} documents begin, not at all they say"
    return listing([Found(*pair) for pair in chosen], note, head=f"{head}{more}:")


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
    n = len(by_document)
    total = len(_entries(snapshot, collections)) if collections else snapshot.n_documents
    note = f"the full text of all {snapshot.n_passages:,} passages was searched for “{task.what}”"
    if len(numbers) > _MOST_READ:
        note = f"only the first {_MOST_READ:,} of {len(numbers):,} passages with “{task.what}” were counted"
    if not n:
        return Scan((), (f"None of the {total} documents mentions “{task.what}”.",), note)
    found = [Found(first, _saying(first, phrase)) for first, *_ in list(by_document.values())[:_SHOWN]]
    shown = "" if n <= _SHOWN else f" The first {_SHOWN}:"
    places = f" in {len(exact)} passages" if len(exact) > 1 else ""
    verb = "mentions" if n == 1 else "mention"
    head = f"{n} of {total} documents {verb} “{task.what}”{places}{'.' if shown else ':'}{shown}"
    return listing(found, note, head=head)


def _pattern(what: str) -> re.Pattern[str]:
    """Matches a phrase whatever its case, spaces, hyphens and plural."""
    words = [re.escape(word) for word in re.findall(r"\w+", what)]
    return re.compile(r"(?<!\w)" + r"[\W_]+".join(words) + r"(?:'s|’s|e?s)?(?!\w)", re.IGNORECASE)


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
