"""What a document says of itself: its date, where it was issued and by whom, its title, address and rights.

Such things stand in datelines, by-lines and notices, which are no answer to any other question and are kept out of
it. Here they are looked for by their form and quoted as they stand. What only the file's properties tell (the
author field of a PDF) is said as such, without a citation, for there are no words to point at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rag.documents.boilerplate import boilerplate_spans, dateline_date
from rag.generation.dates import find_dates
from rag.generation.scanning import Found, Scan, listing
from rag.index import DocumentEntry, Snapshot
from rag.types import Document, Passage, Span

__all__ = ["DOCUMENT", "KINDS", "state"]

# what a document may be called in a question about it
DOCUMENT = (
    r"(?:press release|news release|media release|documents?|files?|release|article|report|text|paper|page|letter|"
    r"contract|agreement|memo|e-?mail|message|book|manual|handbook|guide|policy|publication|story|pdf|brochure|"
    r"presentation|spreadsheet|statement|announcement|pressemitteilung|dokument|datei|bericht|artikel|"
    r"communiqué|rapport|comunicato|documento|informe)"
)
# groups hold what tells documents apart: "the CGTN press release on trade"
_OF = rf"(?:this|the|that|my) ((?:[\w'-]+ ){{0,3}}?{DOCUMENT}(?: .+)?)"
_REACHED = r"(?:e-?mail(?: address)?|(?:tele)?phone(?: number)?|number|address|name|details)"
_PRESS = r"(?:press|media|news|investor(?: relations)?)"
_KIND_OF_QUESTION = {
    "date": rf"when (?:was|is) {_OF} (?:published|issued|released|written|dated|sent|made|created)"
    rf"|(?:what is )?the (?:publication |release |issue )?date of {_OF}"
    rf"|what date (?:does|is) {_OF} (?:carry|bear|have|from)",
    "place": rf"where (?:was|is) {_OF} (?:published|issued|released|written|sent|dated|from)"
    rf"|(?:what is )?the dateline(?: of {_OF})?",
    "author": rf"who (?:wrote|authored|signed|sent|is the author of|are the authors of) {_OF}"
    rf"|(?:who|what) (?:is|are) the authors?(?: of {_OF})?",
    "publisher": rf"who (?:issued|released|distributed|is the publisher of) {_OF}",
    "title": rf"(?:what is )?the (?:title|headline) of {_OF}",
    "address": rf"(?:what is )?the (?:url|link|web address|original address) (?:of|to) {_OF}"
    rf"|where (?:can i|do i|to) (?:find|read|see) the original(?: (?:content|version|text|of {_OF}))?",
    "rights": rf"(?:what (?:is|does) )?the copyright(?: notice| line| say)?(?: (?:of|in) {_OF})?"
    rf"|who (?:holds|owns|has) the (?:copyright|rights)(?: (?:of|in|to) {_OF})?",
    "contact": rf"(?:who|what) (?:is|are) the (?:press|media|news)? ?contacts?(?:'s|’s)? ?{_REACHED}?"
    rf"(?: (?:of|for|in|from) {_OF})?"
    rf"|(?:who|what) (?:is|are) the {_PRESS} contacts?(?:['’]s)? ?{_REACHED}? (?:of|for|from|at) (.+)"
    rf"|(?:who|what) (?:is|are) (.+?)['’]s? {_PRESS} contacts?"
    r"|wer ist der pressekontakt(?: (?:von|der|des|bei) (.+))?|qui est le contact presse(?: (?:de|du|des) (.+))?"
    r"|quién es el contacto de prensa(?: (?:de|del) (.+))?|chi è il contatto stampa(?: (?:di|del|della) (.+))?"
    rf"|(?:what is )?the {_REACHED} (?:of|for) the (?:press|media) (?:contact|office)"
    rf"(?: (?:of|in) {_OF})?|(?:who|how) (?:can|do|should) (?:i|journalists|the press|media) (?:contact|reach)"
    r"(?: for (?:more information|questions|press inquiries))?",
    "notice": rf"who is responsible for the contents?(?: of {_OF})?"
    r"|chi è responsabile del contenuto(?: del comunicato.*| .*)?|wer ist (?:verantwortlich für den|für den) inhalt.*"
    r"|qui est responsable du contenu.*|quién es responsable del contenido.*",
}  # fmt: skip
# one pattern a kind, for a whole question without its final mark
KINDS = {
    kind: re.compile(rf"(?:so |and |please )?(?:{pattern})", re.IGNORECASE)
    for kind, pattern in _KIND_OF_QUESTION.items()
}

_RIGHTS = re.compile(r"^.*(?:\bcopyright\b|©|\(c\) ?\d{4}|\ball rights reserved\b).*$", re.IGNORECASE | re.MULTILINE)
_NOTICE = re.compile(
    r"^.*\b(?:responsib\w+|responsabil\w+|verantwort\w+|responsable\w*|liable|haft\w+)\b.*$",
    re.IGNORECASE | re.MULTILINE,
)
_CONTACT = re.compile(
    r"^.*\b(?:(?:press|media|news|investor)(?: (?:office|relations))? contacts?|"
    r"contacts? (?:for|presse|stampa|de prensa)|pressekontakt|contacts?:|kontakt:|ansprechpartner).*$"
    r"|^\s*contacts?\s*$|^(?:investors?|media|press)(?: relations| inquiries)?:.*$",
    re.IGNORECASE | re.MULTILINE,
)
_REACH = re.compile(r"\S+@\S+|\+?\d[\d ()/.-]{6,}\d")
_CONTACT_LINES = 6
_ADDRESS = re.compile(r"https?://\S+")
_WIRE = re.compile(r"/([A-Z][\w .-]{2,30})/|\(([A-Z][A-Z .-]{4,30})\)")
_DATED = re.compile(
    r"\b(date|dated|issued|published|released|updated|stand|datum|publié|pubblicato|fecha)\b", re.IGNORECASE
)
# characters at the beginning, where a document says when and by whom it was written
_HEAD, _HEAD_LINES = 2_500, 12
# passages that are looked at: what is sought stands at the beginning or at the end
_FIRST, _LAST = 60, 20


class _Place(NamedTuple):
    """Where a particular stands in the document, and which words of it were asked for."""

    span: Span
    fact: Span


def state(snapshot: Snapshot, entries: Sequence[DocumentEntry], kind: str) -> Scan | None:
    """The particular of each document that tells it, quoted; None when none does."""
    found: list[Found] = []
    unquoted: list[str] = []
    for entry in entries:
        document = snapshot.document(entry.document_id)
        if document is None:
            continue
        place = _FINDERS[kind](document)
        quoted = _as_found(snapshot, document, place) if place else None
        if quoted:
            found.append(quoted)
        elif value := _property(document, kind):
            unquoted.append(f"{document.name}: {value}")
    note = "taken from what the document says of itself: dateline, by-line, notices"
    if found:
        return listing(found, note, named=len(entries) > 1)
    if unquoted:
        said = "; ".join(unquoted)
        return Scan((), (f"{said} (by the properties of the file; its text does not say it).",), note)
    return None


def _as_found(snapshot: Snapshot, document: Document, place: _Place) -> Found | None:
    numbers = snapshot.passages_of(document.id)
    looked_at = numbers if len(numbers) <= _FIRST + _LAST else [*numbers[:_FIRST], *numbers[-_LAST:]]
    for passage in snapshot.passages(looked_at).values():
        if passage.start <= place.fact.start < passage.end:
            span, fact = _within(place.span, passage), _within(place.fact, passage)
            return Found(passage, span, fact if fact != span else None)
    return None


def _within(span: Span, passage: Passage) -> Span:
    return Span(max(span.start, passage.start), min(span.end, passage.end))


def _property(document: Document, kind: str) -> str:
    """What the file's properties say; "" when they say nothing."""
    if kind == "title":
        return document.title or f"no title; the file is called {document.source}"
    names = {"date": "date", "author": "author", "publisher": "publisher", "address": "url"}
    return str(document.metadata.get(names.get(kind, ""), "") or "")


# -- one finder a kind -------------------------------------------------------------------------------------


def _dateline(document: Document) -> Span | None:
    """The line that says where and when the text was issued, among the first few."""
    start = 0
    for line in document.text[:_HEAD].split("\n")[:_HEAD_LINES]:
        if dateline_date(line):
            return _trimmed(document.text, start, start + len(line))
        start += len(line) + 1
    return None


def _date(document: Document) -> _Place | None:
    """The date in the dateline, else the date that the properties give where the text has it too, else one that is
    said to be the date."""
    recorded = str(document.metadata.get("date", ""))[:10]
    head = document.text[:_HEAD]
    dateline = _dateline(document)
    for date in sorted(find_dates(head)[0], key=lambda date: date.start):
        line = _line(head, date.start)
        iso = {f"{y:04d}-{m:02d}-{d:02d}" for y, m, d in date.readings if y and d}
        said = dateline == line if dateline else not recorded and bool(_DATED.search(head[line.start : date.start]))
        if iso and (said or recorded in iso):
            fact = Span(date.start, date.start + len(date.text))
            return _Place(_short(document.text, line, fact), fact)
    return None


def _place(document: Document) -> _Place | None:
    line = _dateline(document)
    dates = find_dates(document.text[line.start : line.end])[0] if line else []
    if line is None or not dates:
        return None
    before = document.text[line.start : line.start + min(date.start for date in dates)]
    named = re.match(r"([^\W\d_][^\d(]*?)[\s,–—-]*(?:\(|$)", before)
    if not named:
        return None
    fact = Span(line.start, line.start + named.end(1))
    return _Place(_short(document.text, line, fact), fact)


def _author(document: Document) -> _Place | None:
    named = str(document.metadata.get("author", ""))
    if named and (at := document.text[:_HEAD].find(named)) >= 0:
        return _Place(_line(document.text, at), Span(at, at + len(named)))
    by = re.search(r"^(?:by|von|par|di|por|author:|autor:)\s+((?:[A-Z][\w.'’-]+\s*(?:,|and|&|und|et)?\s*){2,8})$",
                   document.text[:_HEAD], re.MULTILINE)  # fmt: skip
    return _Place(Span(by.start(), by.end()), Span(by.start(1), by.end(1))) if by else None


def _publisher(document: Document) -> _Place | None:
    line = _dateline(document)
    if line and (wire := _WIRE.search(document.text, line.start, min(line.end, line.start + 200))):
        fact = Span(*wire.span(1 if wire[1] else 2))
        return _Place(_short(document.text, line, fact), fact)
    return _rights(document)


def _title(document: Document) -> _Place | None:
    at = document.text[:_HEAD].find(document.title) if document.title else -1
    span = Span(at, at + len(document.title))
    return _Place(span, span) if at >= 0 else None


def _address(document: Document) -> _Place | None:
    lines = [_ADDRESS.search(document.text, span.start, span.end) for span in boilerplate_spans(document.text)]
    found = [match for match in lines if match]
    for match in found:  # a line that calls itself the original goes before any other
        line = _line(document.text, match.start())
        if re.search(r"original|source|quelle|fonte|fuente", document.text[line.start : match.start()], re.IGNORECASE):
            return _Place(line, Span(*match.span()))
    return _Place(Span(*found[0].span()), Span(*found[0].span())) if found else None


def _rights(document: Document) -> _Place | None:
    return _last(document, _RIGHTS)


def _notice(document: Document) -> _Place | None:
    return _last(document, _NOTICE)


def _contact(document: Document) -> _Place | None:
    """The lines from the one that names a contact to the last that says how to reach it."""
    for match in _CONTACT.finditer(document.text):
        end, start = match.end(), match.end() + 1
        for line in document.text[start:].split("\n", _CONTACT_LINES)[:_CONTACT_LINES]:
            if _REACH.search(line):
                end = start + len(line)
            start += len(line) + 1
        if _REACH.search(document.text, match.start(), end):
            span = _trimmed(document.text, match.start(), end)
            return _Place(span, span)
    return None


def _last(document: Document, pattern: re.Pattern[str]) -> _Place | None:
    """The last line of that form, which must be among the document's notices or stand at its end."""
    notices = boilerplate_spans(document.text)
    tail = len(document.text) - 600
    for match in reversed(list(pattern.finditer(document.text))):
        if match.start() >= tail or any(span.start < match.end() and match.start() < span.end for span in notices):
            span = _trimmed(document.text, match.start(), match.end())
            return _Place(span, span)
    return None


_FINDERS: dict[str, Callable[[Document], _Place | None]] = {
    "date": _date, "place": _place, "author": _author, "publisher": _publisher, "title": _title,
    "address": _address, "contact": _contact, "rights": _rights, "notice": _notice,
}  # fmt: skip


def _line(text: str, at: int) -> Span:
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return _trimmed(text, start, len(text) if end < 0 else end)


def _trimmed(text: str, start: int, end: int) -> Span:
    words = text[start:end]
    return Span(start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip()))


def _short(text: str, line: Span, fact: Span) -> Span:
    """A dateline without the sentence that it opens: up to the dash behind the fact."""
    dash = re.compile(r"\s(?:--|[–—])\s|--(?=\w)").search(text, fact.end, min(line.end, fact.end + 60))
    return _trimmed(text, line.start, dash.start()) if dash else line
