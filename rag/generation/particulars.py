"""What a document says of itself: its date, where it was issued and by whom, its title, address and rights.

Such things stand in datelines, by-lines and notices, which are no answer to any other question and are kept out of
it. Here they are looked for by their form and quoted as they stand. What only the file's properties tell (the
author field of a PDF) is said as such, without a citation, for there are no words to point at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.generation.masthead import FINDERS, Place
from rag.generation.scanning import Found, Scan, listing
from rag.index import DocumentEntry, Snapshot
from rag.types import Document, Passage, Span

__all__ = ["DOCUMENT", "particular_in", "state"]

# what a document may be called in a question about it
DOCUMENT = (
    r"\b(?:press (?:release|notice|statement)|news release|media release|documents?|files?|release|articles?|reports?|"
    r"texts?|papers?|pages?|letters?|contracts?|agreements?|memo|e-?mail|message|book|manual|handbook|guide|policy|"
    r"publication|story|pdf|brochure|presentation|spreadsheet|statement|announcement|notice|briefing|transcript|"
    r"newsletter|obituary|summary|anuncio|bulletin|circular|lease|pressemitteilung|presseinformation|mitteilung|meldung|dokument|datei|"
    r"bericht|artikel|schreiben|brief|vertrag|communiqué(?: de presse)?|rapport|article|lettre|contrat|"
    r"comunicato(?: stampa)?|documento|lettera|contratto|articolo|informe|comunicado(?: de prensa)?|nota de prensa|"
    r"carta|contrato|artículo)\b"
)
# groups hold what tells documents apart: "the CGTN press release on trade"
_THE = (
    r"(?:(?:this|the|that|my|an?|die|der|das|dem|den|des|diese[rsmn]?|le|la|ce|cet|cette|du|de la|el|este|esta|del|"
    r"il|lo|questo|questa|dello|della|nel|nella) |(?:dell|quest|de l|l)['’])"
)
_OF = rf"(?:{_THE}((?:[\w'-]+ ){{0,3}}?{DOCUMENT}(?: .+)?)|it)"
_REACHED = r"(?:e-?mail(?: address)?|(?:tele)?phone(?: number)?|number|address|name|details|person)"
_DESK = r"(?:contacts?|office|en?quiries|inquiries|quer(?:y|ies)|questions|team|desk)"


def _contact_of(role: str, german: str, others: str) -> str:
    """A question for the contact of somebody; the groups hold of which firm or document."""
    return (
        rf"(?:who|what) (?:is|are) (?:the )?{role}contacts?(?:['’]s)? ?{_REACHED}?(?: (?:of|for|in|from|at) (.+))?"
        rf"|(?:who|what) (?:is|are) (.+?)['’]s? {role}contacts?"
        rf"|(?:what is )?the {_REACHED} (?:of|for) (?:the )?{role}{_DESK}(?: (?:of|in|at) (.+))?"
        rf"|wer ist (?:der|die) (?:{german})(?:in|person)?(?: (?:von|der|des|bei|für) (.+))?"
        rf"|(?:qui est|quel est) le contact(?: de la)? {others}(?: (?:de|du|des) (.+))?"
        rf"|quién es el contacto (?:de |para )?(?:la |los )?{others}(?: (?:de|del) (.+))?"
        rf"|chi è il contatto (?:per )?(?:la )?{others}(?: (?:di|del|della) (.+))?"
    )


_KIND_OF_QUESTION = {
    "date": rf"when (?:was|is) {_OF} (?:published|issued|released|written|dated|sent|made|created|announced|from)"
    rf"|(?:what is )?the (?:publication |release |issue )?date (?:of|on) {_OF}"
    rf"|what date (?:does|is) {_OF} (?:carry|bear|have|from)"
    rf"|(?:von wann|aus welchem jahr) (?:ist|stammt) {_OF}|welches datum (?:hat|trägt) {_OF}"
    rf"|wann (?:wurde|ist) {_OF} (?:veröffentlicht|herausgegeben|erschienen|geschrieben|verschickt)"
    rf"|(?:quelle est )?la date (?:de (?:publication|parution) )?{_OF}|de quand date {_OF}"
    rf"|quand {_OF} a-t-(?:il|elle) été (?:publié|diffusé|écrit|envoyé)e?|quand a été (?:publié|écrit)e? {_OF}"
    rf"|(?:cuál es )?la fecha (?:de )?{_OF}|de qué fecha es {_OF}|cuándo se (?:publicó|escribió|envió) {_OF}"
    rf"|(?:qual è )?la data (?:di )?{_OF}|di che data è {_OF}|quando è stat[oa] (?:pubblicat|scritt)[oa] {_OF}",
    "announced": r"when (?:was|were|is) (.+?) (?:announced|made public|disclosed|reported|unveiled)"
    r"|wann wurden? (.+?) (?:angekündigt|bekannt gegeben|bekanntgegeben|gemeldet)"
    r"|quand .+? a(?:-t-(?:il|elle))? été annoncée?|cuándo se anunció (.+)|quando è stat[oa] annunciat[oa] (.+)",
    "place": rf"where (?:was|is) {_OF} (?:published|issued|released|written|sent|dated|from)"
    rf"|(?:what is )?the dateline(?: of {_OF})?",
    "author": rf"who (?:wrote|authored|signed|sent|is the author of|are the authors of) {_OF}"
    rf"|(?:who|what) (?:is|are) the authors?(?: of {_OF})?|who (?:is|was) {_OF} (?:written|signed|sent) by"
    rf"|wer hat {_OF} (?:geschrieben|verfasst|unterschrieben|unterzeichnet)|qui a (?:écrit|rédigé|signé) {_OF}"
    rf"|quién (?:escribió|firmó|firma|envió) {_OF}|chi ha (?:scritto|firmato) {_OF}",
    "publisher": rf"who (?:issued|released|published|is the publisher of|is the issuer of) {_OF}"
    rf"|wer hat {_OF} (?:herausgegeben|veröffentlicht)|qui a (?:publié|diffusé) {_OF}|quién (?:publicó|emitió) {_OF}"
    rf"|chi ha pubblicato {_OF}",
    "ticker": r"(?:what is )?(?:the |its )?(?:(.+?)['’]s )?(?:stock |ticker |trading )(?:symbol|ticker|code)"
    r"(?: (?:of|for) (.+))?|(?:what is )?(?:the |its )?(?:(.+?)['’]s )?ticker"
    r"|under (?:what|which) (?:symbol|ticker) (?:is|are|does) (.+?)"
    r" (?:traded|listed|trade)",
    "distributor": rf"who (?:distributed|circulated|transmitted) {_OF}"
    rf"|wer hat {_OF} (?:übermittelt|verbreitet|verteilt)|(?:by|through) which (?:agency|wire|service) was"
    rf" {_OF} (?:distributed|published|released)",
    "title": rf"(?:what is )?the (?:title|headline) of {_OF}",
    "address": rf"(?:what is )?the (?:url|link|web address|original address) (?:of|to) {_OF}"
    rf"|where (?:can i|do i|to) (?:find|read|see) the original(?: (?:content|version|text|of {_OF}))?",
    "rights": rf"(?:what (?:is|does) )?the copyright(?: notice| line| say)?(?: (?:of|in) {_OF})?"
    rf"|who (?:holds|owns|has) the (?:copyright|rights)(?: (?:of|in|to) {_OF})?",
    "press contact": _contact_of(
        r"(?:press|media|news)(?: relations)? ",
        r"(?:presse|medien)kontakt|ansprechpartner(?:in)? für (?:die )?(?:presse|medien)",
        r"(?:presse|medios|prensa|stampa)",
    )
    + r"|(?:who|how) (?:can|do|should) (?:journalists|reporters|editors|the press|the media) (?:contact|reach|call)"
    r"(?: for .+)?",
    "investor contact": _contact_of(
        r"investors?(?: relations)? ", r"investor(?:en)?kontakt", r"(?:investisseurs|inversores|investitori)"
    ),
    "contact": r"(?:who|what) (?:is|are) the contacts?(?:['’]s)? "
    rf"?{_REACHED}?(?: (?:of|for|in|from) {_OF})?"
    r"|(?:who|how) (?:can|do|should) i (?:contact|reach)(?: for (?:more information|questions|press inquiries))?"
    rf"|wer ist (?:der |die )?ansprechpartner(?:in)?(?: (?:in|für|bei) {_OF})?",
    "recipient": rf"(?:to )?who(?:m)? (?:is|was) {_OF} (?:addressed|sent|written)(?: to)?|who(?:m)? is {_OF} (?:to|for)"
    rf"|who (?:received|is the recipient of) {_OF}|an wen (?:ist|war|richtet sich) {_OF}(?: (?:gerichtet|adressiert))?"
    rf"|à qui (?:est|s['’]adresse)(?: adressée?)? {_OF}(?: adressée?)?|a quién (?:va|está|se) dirig(?:id[oa]|e) {_OF}",
    "reference": rf"(?:what is )?the (?:ref(?:erence)?(?: number| code| no)?|(?:case|file|docket) number)"
    rf"(?: (?:of|on|in) {_OF})?"
    rf"|(?:wie lautet )?das (?:aktenzeichen|geschäftszeichen)(?: {_OF})?|(?:quelle est )?la référence(?: {_OF})?"
    rf"|(?:cuál es )?(?:la referencia|el número de (?:expediente|referencia))(?: {_OF})?"
    rf"|(?:quel est )?le numéro de (?:dossier|référence)(?: {_OF})?",
    "embargo": rf"(?:when|until when) (?:does|is|was|will) the embargo(?: (?:on|of) {_OF})? "
    rf"(?:end|ends|expire|lifted|over|be lifted)|(?:until when|is) (?:is )?{_OF} (?:under )?embargo(?:ed)?"
    r"|bis wann gilt die sperrfrist|wann endet die sperrfrist",
    "parties": rf"who are the (?:contract(?:ing)? )?parties(?: (?:to|of|in) {_OF})?|between whom is {_OF}(?: made)?"
    rf"|wer sind die (?:vertrags)?parteien(?: {_OF})?|(?:quelles|qui) sont les parties(?: {_OF})?"
    rf"|quiénes son las partes(?: {_OF})?",
    "notice": rf"(?:who is|is (.+?)) responsible for the contents?(?: of {_OF})?"
    r"|chi è responsabile del contenuto(?: del comunicato.*| .*)?|wer ist (?:verantwortlich für den|für den) inhalt.*"
    r"|qui est responsable du contenu.*|quién es responsable del contenido.*",
}  # fmt: skip
# A question of any kind names a document or has one of these words. To compile the patterns takes a sixth of a second,
# for which no other question need wait
_MAY_BE = re.compile(
    rf"{DOCUMENT}|\b(?:it|dateline|authors?|symbol|ticker|code|original|copyright|rights|number|embargo|sperrfrist|"
    r"part(?:y|ies|eien|es)|announced|made public|disclosed|reported|unveiled|angekündigt|bekannt|bekanntgegeben|"
    r"gemeldet|annoncée?|anunció|annunciat[oa]|responsible|responsable|responsabile|inhalt\w*|ref|r[eé]f[eé]r[eè]nc\w+|"
    r"reference|aktenzeichen|geschäftszeichen|vertragsparteien|número|numéro|press|presse\w*|medien\w*|media|news|"
    r"journalists|reporters|editors|invest\w+|inver\w+|inves\w+|cont[ar]\w+|reach|ansprechpartner\w*)\b",
    re.IGNORECASE,
)

# passages that are looked at: what is sought stands at the beginning or at the end
_FIRST, _LAST = 60, 20


@lru_cache(1)
def _patterns() -> dict[str, re.Pattern[str]]:
    """One pattern a kind, for a whole question without its marks."""
    return {
        kind: re.compile(rf"(?:so |and |please |et |und |y )?(?:{pattern})", re.IGNORECASE)
        for kind, pattern in _KIND_OF_QUESTION.items()
    }


def particular_in(question: str) -> tuple[str, str] | None:
    """What a question, without its marks, asks of a document, and the words that tell which document is meant."""
    if not _MAY_BE.search(question):
        return None
    for kind, pattern in _patterns().items():
        if found := pattern.fullmatch(question):
            return kind, " ".join(filter(None, found.groups()))
    return None


def state(snapshot: Snapshot, entries: Sequence[DocumentEntry], kind: str) -> Scan | None:
    """The particular of each document that tells it, quoted; None when none does."""
    found: list[Found] = []
    unquoted: list[str] = []
    for entry in entries:
        document = snapshot.document(entry.document_id)
        if document is None:
            continue
        place = FINDERS[kind](document)
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


def _as_found(snapshot: Snapshot, document: Document, place: Place) -> Found | None:
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
