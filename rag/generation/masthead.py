"""Where a document says of itself when, where and by whom it was issued, whom to reach, and under which reference.

Such things stand in datelines, by-lines, signatures and notices. They are found by their form, as line or block, and
given as places in the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from rag.documents.boilerplate import boilerplate_spans, dateline_date, release_date
from rag.documents.language import language_of
from rag.generation.dates import find_dates
from rag.types import Document, Span

__all__ = ["FINDERS", "LANGUAGES", "Place"]

# languages in which a text may have a part beside its own, by their names in English and in themselves
LANGUAGES = {
    "en": "english|englischen?", "de": "german|deutschen?", "fr": "french|français|französischen?",
    "it": "italian|italiano?|italienischen?", "es": "spanish|español|spanischen?", "pt": "portuguese|português",
    "nl": "dutch|nederlandse?|niederländischen?", "pl": "polish|polski", "sv": "swedish|svenska", "zh": "chinese",
    "ja": "japanese",
}  # fmt: skip

_RIGHTS = re.compile(r"^.*(?:\bcopyright\b|©|\(c\) ?\d{4}|\ball rights reserved\b).*$", re.IGNORECASE | re.MULTILINE)
_NOTICE = re.compile(
    r"^.*\b(?:responsib\w+|responsabil\w+|verantwort\w+|responsable\w*|liable|haft\w+)\b.*$",
    re.IGNORECASE | re.MULTILINE,
)
_FOR_PRESS = r"(?:press|media|news|editors?|journalists?|press[ae]|medien|prensa|medios|stampa|imprensa|pers)"
_FOR_INVESTORS = r"(?:investors?|investisseurs?|investoren|inversores|investitori|analysts?)"
_CONTACT = re.compile(
    rf"""^[ \t]*(?:.{{0,40}}\b(?:{_FOR_PRESS}|{_FOR_INVESTORS}|public|customer|general)\b.{{0,20}}?\b
        (?:contacts?|relations|office|en?quiries|inquiries|queries|(?:tele)?phone|desk)\b.{{0,160}}
    | (?:.{{0,20}}\b)?(?:contacts?|contacto|contatt[oi]|contato|kontakt|ansprechpartner(?:in)?)\b
        (?:\ (?:for|para|per|für|de|du|der)\b.{{0,120}}|\ {_FOR_PRESS}\b.{{0,120}}|\s*:.{{0,160}}|[ \t]*)
    | (?:presse|medien|presses)-?kontakt\b.{{0,160}}
    | (?:ufficio\ stampa|pressestelle|service\ de\ presse|(?:gabinete|oficina)\ de\ (?:prensa|comunicación))\b.{{0,160}}
    | (?:{_FOR_PRESS}|{_FOR_INVESTORS})\ ?(?:relations|inquiries)?:.{{0,160}})$""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_PRESS = re.compile(rf"\b(?:{_FOR_PRESS}\b|presse)", re.IGNORECASE)
_INVESTORS = re.compile(rf"\b{_FOR_INVESTORS}\b", re.IGNORECASE)
_REACH = re.compile(r"\S+@\S+|\+?\(?\d[\d ()/.-]{6,}\d")
_CONTACT_LINES = 6
_ADDRESS = re.compile(r"https?://\S+")
_ORIGINAL = re.compile(r"original|source|quelle|fonte|fuente", re.IGNORECASE)
_WIRE = re.compile(r"/([A-Z][\w .-]{2,30})/|\(([A-Z][A-Z .-]{4,30})\)")
_SOURCE = re.compile(r"^(?:SOURCE|QUELLE|FUENTE|FONTE)[ :]+(?!https?:)(\S.{1,80})$", re.MULTILINE)
_DISTRIBUTED = re.compile(
    r"^.*\b(?:distributed|transmitted|übermittelt|diffusé|distribuid[oa]|distribuit[oa]|sponsored|sponsorizzat[oa]|"
    r"verbreitet)\b.*$",
    re.IGNORECASE | re.MULTILINE,
)
_DATED = re.compile(
    r"\b(date|dated|issued|published|released|updated|stand|datum|publié|pubblicato|fecha)\b", re.IGNORECASE
)
_NAME = r"(?:[A-ZÀ-Þ][\w.'’-]+(?:[ \t]+(?:de|del|van|von|di|da|la)\b)?[ \t]*(?:,|and|&|und|et|y|e)?[ \t]*){2,8}"
_BY = re.compile(rf"^[ \t]*(?i:by|von|par|di|por|author:|autor:|auteur:)[ \t]+({_NAME})$", re.MULTILINE)
# a line that closes a letter ("Yours sincerely,"), and the name below it
_SIGNED = re.compile(
    r"^[^\W\d_][^\d\n]{2,120}[ \t]*\n+((?:[A-ZÀ-Þ][\w.'’-]+[ \t]*){2,4})(?:\n([^\d\n]{3,60}))?$", re.MULTILINE
)
_CLOSING = re.compile(
    r"\b(?:sincerely|faithfully|truly|regards|wishes|soon|yours|love|thanks|grüßen?|hochachtungsvoll|cordialement|"
    r"salutations|amicalement|bientôt|atentamente|cordialmente|saludos?|saluti|abrazos?)\b[^\n]{0,30}$",
    re.IGNORECASE,
)
_DEAR = re.compile(
    r"^(?:(?=(?:monsieur|madame|messieurs|mesdames)\b[^.\n]{0,60},$)|(?:dear|sehr geehrte[rsn]?|liebe[rs]?|chère?s?|"
    r"cher|querid[oa]s?|estimad[oa]s?|gentile|egregi[oa]|hello|to:)\s+)(.{3,80}?)[,:!]?$",
    re.IGNORECASE | re.MULTILINE,
)
_REFERENCE = re.compile(
    r"^.{0,40}?\b(?:our ref|your ref|ref|reference(?: (?:no|number|code))?|aktenzeichen|geschäftszeichen|unser zeichen|"
    r"(?:notre )?réf(?:érence)?|n/réf|(?:n° de )?dossier|expediente|protocollo|"
    r"(?:case|file|docket) (?:no|number)|(?:nuestra )?referencia|rif(?:erimento)?)\b\.?(?: ?n[o°º]\.?)?"
    r"\s*[:.]\s*(\S.{1,50})$",
    re.IGNORECASE | re.MULTILINE,
)
_TICKER = re.compile(
    r"\(?\b(?:NYSE|NASDAQ|Nasdaq|LSE|AIM|TSXV?|ASX|OTC\w*|Euronext|Xetra|FWB|SIX|HKEX|SEHK|SGX|JSE|BME|TSE|NSE|BSE|B3)\b"
    r"[^:)\n]{0,20}:\s*([A-Z0-9][A-Z0-9.-]{0,7})\b\)?"
)
_EMBARGO = re.compile(r"^.*\b(?:embargo(?:ed)?|sperrfrist|embargad[oa])\b.*$", re.IGNORECASE | re.MULTILINE)
_AGREED = re.compile(
    r"^.*\b(?:agreement|contract|deed|lease|tenancy|vertrag|contrat|contrato|contratto|bail)\b.*"
    r"\b(?:between|zwischen|entre|tra)\b.*"
    r"(?:(?:\n+[ \t]*(?:and |und |et |y |e )?\(\w{1,3}\).+){1,6}|(?:\n+\w{1,2}[.)] .+){2}|"
    r"(?:\n+.{3,300})?\n+(?:and|und|et|y|e)\b[^\S\n]*(?:\n+)?.{3,300})?",
    re.IGNORECASE | re.MULTILINE,
)
# what stands before the date of a dateline: "Wolfach, den", "ESBJERG, Denmark,"
_NAMED_PLACE = re.compile(r"([^\W\d_][^\d(]*?)(?:,? (?:le|den))?[\s,–—-]*(?:\(|$)")
_ENDS_DATELINE = re.compile(r"\.?\s?(?:--|[–—])\s|--(?=\w)|\.-\s|\.\s(?=[^\W\d_])")
# the beginning, in characters and lines, and the end, where a document says when and by whom it was written
_HEAD, _HEAD_LINES = 2_500, 12
_FOOT = 600
_LETTER = 20_000  # what is longer is no letter, and quotes one where somebody signs


class Place(NamedTuple):
    """Where a particular stands in the document, and which words of it were asked for."""

    span: Span
    fact: Span


def _dateline(document: Document) -> Span | None:
    """The line that says where and when the text was issued, among the first few."""
    start = 0
    for line in document.text[:_HEAD].split("\n")[:_HEAD_LINES]:
        if dateline_date(line):
            return _trimmed(document.text, start, start + len(line))
        start += len(line) + 1
    return None


def _date(document: Document) -> Place | None:
    """The date in the dateline, else the date that the properties give where the text has it too, else one that is
    said to be the date."""
    recorded = str(document.metadata.get("date", ""))[:10] or release_date(document.text)
    head = document.text[:_HEAD]
    dateline = _dateline(document)
    for date in sorted(find_dates(head)[0], key=lambda date: date.start):
        readings = {f"{y:04d}-{m:02d}-{d:02d}" for y, m, d in date.readings if y and d}
        if not readings:
            continue
        line = _line(head, date.start)
        is_labelled = bool(_DATED.search(head[line.start : date.start]))
        is_said = line == dateline if dateline else is_labelled and not recorded
        if is_said or recorded in readings:
            fact = Span(date.start, date.start + len(date.text))
            return Place(_short(document.text, line, fact), fact)
    return None


def _place(document: Document) -> Place | None:
    line = _dateline(document)
    dates = find_dates(document.text[line.start : line.end])[0] if line else []
    if line is None or not dates:
        return None
    before = document.text[line.start : line.start + min(date.start for date in dates)]
    named = _NAMED_PLACE.match(before)
    if not named:
        return None
    fact = Span(line.start, line.start + named.end(1))
    return Place(_short(document.text, line, fact), fact)


def _author(document: Document) -> Place | None:
    """The by-line, or who signed, or who the properties or the head of a mail name."""
    text = document.text
    if by := _BY.search(text[:_HEAD]):
        return Place(_trimmed(text, *by.span()), _trimmed(text, *by.span(1)))
    for signed in _SIGNED.finditer(text, len(text) // 3):
        if len(text) < _LETTER and _CLOSING.search(text[signed.start() : signed.start(1)].rstrip(" \t\n,")):
            return Place(_trimmed(text, signed.start(1), signed.end()), _trimmed(text, *signed.span(1)))
    named = str(document.metadata.get("author", ""))
    if named and (at := text[:_HEAD].find(named)) >= 0:
        return Place(_line(text, at), Span(at, at + len(named)))
    return None


def _publisher(document: Document) -> Place | None:
    """Who says it: the source that a wire names at the end, else as who distributed it."""
    if source := _SOURCE.search(document.text, max(0, len(document.text) - _FOOT)):
        return Place(Span(*source.span()), Span(*source.span(1)))
    return _distributor(document)


def _distributor(document: Document) -> Place | None:
    line = _dateline(document)
    if line and (wire := _WIRE.search(document.text, line.start, min(line.end, line.start + 200))):
        fact = Span(*wire.span(1 if wire[1] else 2))
        return Place(_short(document.text, line, fact), fact)
    told = _last(document, _DISTRIBUTED) or _in_head(document, _DISTRIBUTED, group=0)
    return told or _last(document, _RIGHTS)


def _title(document: Document) -> Place | None:
    at = document.text[:_HEAD].find(document.title) if document.title else -1
    if at < 0:
        return None
    span = Span(at, at + len(document.title))
    return Place(span, span)


def _address(document: Document) -> Place | None:
    """The address in the notices; one whose line calls it the original goes before any other."""
    text = document.text
    found = [match for span in boilerplate_spans(text) if (match := _ADDRESS.search(text, span.start, span.end))]
    for match in found:
        line = _line(text, match.start())
        if _ORIGINAL.search(text, line.start, match.start()):
            return Place(line, Span(*match.span()))
    return Place(Span(*found[0].span()), Span(*found[0].span())) if found else None


def _contact(document: Document, wanted: re.Pattern[str] | None = None) -> Place | None:
    """The lines from one that names a contact to the last that says how to reach it; of several contacts the one for
    those that are ``wanted``, or one that is for nobody in particular."""
    text = document.text
    found = [span for match in _CONTACT.finditer(text) if (span := _block(text, match))]
    if wanted is not None:
        heads = {span: text[span.start : span.end].split("\n", 1)[0] for span in found}
        own = [span for span in found if wanted.search(heads[span])]
        found = own or [s for s in found if not _PRESS.search(heads[s]) and not _INVESTORS.search(heads[s])]
    return Place(found[0], found[0]) if found else None


def _block(text: str, heading: re.Match[str]) -> Span | None:
    """A contact's lines; None when they do not say how to reach it."""
    end, start = heading.end(), heading.end() + 1
    for line in text[start:].split("\n", _CONTACT_LINES)[:_CONTACT_LINES]:
        is_told = bool(_REACH.search(text, heading.start(), end))
        if line.startswith(("--", "##", "__")) or (is_told and _CONTACT.match(line)):
            break
        if _REACH.search(line) and len(line) < 120:
            end = start + len(line)
        start += len(line) + 1
    return _trimmed(text, heading.start(), end) if _REACH.search(text, heading.start(), end) else None


def _ticker(document: Document) -> Place | None:
    return _matched(document, _TICKER.search(document.text))


def _in_head(document: Document, pattern: re.Pattern[str], group: int = 1) -> Place | None:
    """The first words of that form at the beginning; ``group`` holds what was asked for."""
    return _matched(document, pattern.search(document.text[:_HEAD]), group)


def _matched(document: Document, match: re.Match[str] | None, group: int = 1) -> Place | None:
    if match is None:
        return None
    return Place(_trimmed(document.text, *match.span()), _trimmed(document.text, *match.span(group)))


def _last(document: Document, pattern: re.Pattern[str]) -> Place | None:
    """The last line of that form, which must be among the document's notices or stand at its end."""
    notices = boilerplate_spans(document.text)
    tail = len(document.text) - _FOOT
    for match in reversed(list(pattern.finditer(document.text))):
        if match.start() >= tail or any(span.start < match.end() and match.start() < span.end for span in notices):
            span = _trimmed(document.text, match.start(), match.end())
            return Place(span, span)
    return None


def _in_language(document: Document, language: str) -> Place | None:
    """The first lines of a foreign language at the end of a text, or else at its beginning."""
    text = document.text
    if language_of(text[: len(text) // 2]) == language:
        return None
    for start, end in ((max(0, len(text) - _HEAD), len(text)), (0, _HEAD)):
        for line in re.finditer(r"^.+$", text[start:end], re.MULTILINE):
            if language_of(line[0]) == language:
                span = _trimmed(text, start + line.start(), start + line.end())
                return Place(span, span)
    return None


# one finder a kind
FINDERS: dict[str, Callable[[Document], Place | None]] = {
    "date": _date,
    "announced": _date,
    "place": _place,
    "author": _author,
    "publisher": _publisher,
    "distributor": _distributor,
    "title": _title,
    "address": _address,
    "contact": _contact,
    "press contact": partial(_contact, wanted=_PRESS),
    "investor contact": partial(_contact, wanted=_INVESTORS),
    "recipient": partial(_in_head, pattern=_DEAR),
    "reference": partial(_in_head, pattern=_REFERENCE),
    "embargo": partial(_in_head, pattern=_EMBARGO, group=0),
    "parties": partial(_in_head, pattern=_AGREED, group=0),
    "ticker": _ticker,
    "rights": partial(_last, pattern=_RIGHTS),
    "notice": partial(_last, pattern=_NOTICE),
    **{f"in {code}": partial(_in_language, language=code) for code in LANGUAGES},
}


def _line(text: str, at: int) -> Span:
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return _trimmed(text, start, len(text) if end < 0 else end)


def _trimmed(text: str, start: int, end: int) -> Span:
    words = text[start:end]
    return Span(start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip()))


def _short(text: str, line: Span, fact: Span) -> Span:
    """A dateline without the sentence that it opens: up to the dash behind the fact."""
    dash = _ENDS_DATELINE.search(text, fact.end, min(line.end, fact.end + 60))
    return _trimmed(text, line.start, dash.start()) if dash else line
