"""Questions for what a document says of itself: when, where and by whom it was issued, its title, whom to reach."""

from __future__ import annotations

import re
from functools import cache

from rag.generation.masthead import LANGUAGES

__all__ = ["DOCUMENT", "particular_in"]

# what a document may be called in a question about it
DOCUMENT = (
    r"\b(?:press (?:release|notice|statement)|news release|media release|documents?|files?|release|articles?|reports?|"
    r"texts?|papers?|pages?|letters?|contracts?|agreements?|memo|e-?mail|message|book|manual|handbook|guide|policy|"
    r"publication|story|pdf|brochure|presentation|spreadsheet|statement|announcement|notice|briefing|transcript|"
    r"newsletter|obituary|summary|anuncio|bulletin|circular|lease|pressemitteilung|presseinformation|mitteilung|"
    r"meldung|dokument|datei|bericht|artikel|schreiben|brief|vertrag|"
    r"communiqué(?: de presse)?|rapport|article|lettre|contrat|"
    r"comunicato(?: stampa)?|documento|lettera|contratto|articolo|informe|comunicado(?: de prensa)?|nota de prensa|"
    r"carta|contrato|artículo)\b"
)
_THE = (
    r"(?:(?:this|the|that|my|an?|die|der|das|dem|den|des|diese[rsmn]?|le|la|ce|cet|cette|du|de la|el|este|esta|del|"
    r"il|lo|questo|questa|dello|della|nel|nella) |(?:dell|quest|de l|l)['’])"
)
# "it", or a document and in the group what tells it from others: "the CGTN press release on trade"
_A_DOCUMENT = re.compile(rf"{_THE}((?:[\w'-]+ ){{0,3}}?{DOCUMENT}(?: .+)?)|it", re.IGNORECASE)
# where ``_A_DOCUMENT`` has to stand in a question; to spell it out at each place takes a sixth of a second to compile
_OF = "(?P<document>it|.+)"
_REACHED = r"(?:e-?mail(?: address)?|(?:tele)?phone(?: number)?|number|address|name|details|person)"
_DESK = r"(?:contacts?|office|en?quiries|inquiries|quer(?:y|ies)|questions|team|desk)"


def _contact_of(role: str, german: str, others: str) -> tuple[str, ...]:
    """Questions for the contact of somebody; the groups hold of which firm or document."""
    return (
        rf"(?:who|what) (?:is|are) (?:the )?{role}contacts?(?:['’]s)? ?{_REACHED}?(?: (?:of|for|in|from|at) (.+))?",
        rf"(?:who|what) (?:is|are) (.+?)['’]s? {role}contacts?",
        rf"(?:what is )?the {_REACHED} (?:of|for) (?:the )?{role}{_DESK}(?: (?:of|in|at) (.+))?",
        rf"wer ist (?:der|die) (?:{german})(?:in|person)?(?: (?:von|der|des|bei|für) (.+))?",
        rf"(?:qui est|quel est) le contact(?: de la)? {others}(?: (?:de|du|des) (.+))?",
        rf"quién es el contacto (?:de |para )?(?:la |los )?{others}(?: (?:de|del) (.+))?",
        rf"chi è il contatto (?:per )?(?:la )?{others}(?: (?:di|del|della) (.+))?",
    )


_QUESTIONS: dict[str, tuple[str, ...]] = {
    "date": (
        rf"when (?:was|is) {_OF} (?:published|issued|released|written|dated|sent|made|created|announced|from)",
        rf"(?:what is )?the (?:publication |release |issue )?date (?:of|on) {_OF}",
        rf"what date (?:does|is) {_OF} (?:carry|bear|have|from)",
        rf"(?:von wann|aus welchem jahr) (?:ist|stammt) {_OF}",
        rf"welches datum (?:hat|trägt) {_OF}",
        rf"wann (?:wurde|ist) {_OF} (?:veröffentlicht|herausgegeben|erschienen|geschrieben|verschickt)",
        rf"(?:quelle est )?la date (?:de (?:publication|parution) )?{_OF}",
        rf"de quand date {_OF}",
        rf"quand {_OF} a-t-(?:il|elle) été (?:publié|diffusé|écrit|envoyé)e?",
        rf"quand a été (?:publié|écrit)e? {_OF}",
        rf"(?:cuál es )?la fecha (?:de )?{_OF}",
        rf"de qué fecha es {_OF}",
        rf"cuándo se (?:publicó|escribió|envió) {_OF}",
        rf"(?:qual è )?la data (?:di )?{_OF}",
        rf"di che data è {_OF}",
        rf"quando è stat[oa] (?:pubblicat|scritt)[oa] {_OF}",
    ),
    "announced": (
        r"when (?:was|were|is) (.+?) (?:announced|made public|disclosed|reported|unveiled)",
        r"wann wurden? (.+?) (?:angekündigt|bekannt gegeben|bekanntgegeben|gemeldet)",
        r"quand .+? a(?:-t-(?:il|elle))? été annoncée?",
        r"cuándo se anunció (.+)",
        r"quando è stat[oa] annunciat[oa] (.+)",
    ),
    "place": (
        rf"where (?:was|is) {_OF} (?:published|issued|released|written|sent|dated|from)",
        rf"(?:what is )?the dateline(?: of {_OF})?",
    ),
    "author": (
        rf"who (?:wrote|authored|signed|sent|is the author of|are the authors of) {_OF}",
        rf"(?:who|what) (?:is|are) the authors?(?: of {_OF})?",
        rf"who (?:is|was) {_OF} (?:written|signed|sent) by",
        rf"wer hat {_OF} (?:geschrieben|verfasst|unterschrieben|unterzeichnet)",
        rf"qui a (?:écrit|rédigé|signé) {_OF}",
        rf"quién (?:escribió|firmó|firma|envió) {_OF}",
        rf"chi ha (?:scritto|firmato) {_OF}",
    ),
    "publisher": (
        rf"who (?:issued|released|published|is the publisher of|is the issuer of) {_OF}",
        rf"wer hat {_OF} (?:herausgegeben|veröffentlicht)",
        rf"qui a (?:publié|diffusé) {_OF}",
        rf"quién (?:publicó|emitió) {_OF}",
        rf"chi ha pubblicato {_OF}",
    ),
    "ticker": (
        r"(?:what is )?(?:the |its )?(?:(.+?)['’]s )?(?:stock |ticker |trading )(?:symbol|ticker|code)"
        r"(?: (?:of|for) (.+))?",
        r"(?:what is )?(?:the |its )?(?:(.+?)['’]s )?ticker",
        r"under (?:what|which) (?:symbol|ticker) (?:is|are|does) (.+?) (?:traded|listed|trade)",
    ),
    "distributor": (
        rf"who (?:distributed|circulated|transmitted) {_OF}",
        rf"wer hat {_OF} (?:übermittelt|verbreitet|verteilt)",
        rf"(?:by|through) which (?:agency|wire|service) was {_OF} (?:distributed|published|released)",
    ),
    "title": (rf"(?:what is )?the (?:title|headline) of {_OF}",),
    "address": (
        rf"(?:what is )?the (?:url|link|web address|original address) (?:of|to) {_OF}",
        rf"where (?:can i|do i|to) (?:find|read|see) the original(?: (?:content|version|text|of {_OF}))?",
    ),
    "rights": (
        rf"(?:what (?:is|does) )?the copyright(?: notice| line| say)?(?: (?:of|in) {_OF})?",
        rf"who (?:holds|owns|has) the (?:copyright|rights)(?: (?:of|in|to) {_OF})?",
    ),
    "press contact": (
        *_contact_of(
            r"(?:press|media|news)(?: relations)? ",
            r"(?:presse|medien)kontakt|ansprechpartner(?:in)? für (?:die )?(?:presse|medien)",
            r"(?:presse|medios|prensa|stampa)",
        ),
        r"(?:who|how) (?:can|do|should) (?:journalists|reporters|editors|the press|the media) (?:contact|reach|call)"
        r"(?: for .+)?",
    ),
    "investor contact": _contact_of(
        r"investors?(?: relations)? ", r"investor(?:en)?kontakt", r"(?:investisseurs|inversores|investitori)"
    ),
    "contact": (
        rf"(?:who|what) (?:is|are) the contacts?(?:['’]s)? ?{_REACHED}?(?: (?:of|for|in|from) {_OF})?",
        r"(?:who|how) (?:can|do|should) i (?:contact|reach)(?: for (?:more information|questions|press inquiries))?",
        rf"wer ist (?:der |die )?ansprechpartner(?:in)?(?: (?:in|für|bei) {_OF})?",
    ),
    "recipient": (
        rf"(?:to )?who(?:m)? (?:is|was) {_OF} (?:addressed|sent|written)(?: to)?",
        rf"who(?:m)? is {_OF} (?:to|for)",
        rf"who (?:received|is the recipient of) {_OF}",
        rf"an wen (?:ist|war|richtet sich) {_OF}(?: (?:gerichtet|adressiert))?",
        rf"à qui (?:est|s['’]adresse)(?: adressée?)? {_OF}(?: adressée?)?",
        rf"a quién (?:va|está|se) dirig(?:id[oa]|e) {_OF}",
    ),
    "reference": (
        r"(?:what is )?the (?:ref(?:erence)?(?: number| code| no)?|(?:case|file|docket) number)"
        rf"(?: (?:of|on|in) {_OF})?",
        rf"(?:wie lautet )?das (?:aktenzeichen|geschäftszeichen)(?: {_OF})?",
        rf"(?:quelle est )?la référence(?: {_OF})?",
        rf"(?:cuál es )?(?:la referencia|el número de (?:expediente|referencia))(?: {_OF})?",
        rf"(?:quel est )?le numéro de (?:dossier|référence)(?: {_OF})?",
    ),
    "embargo": (
        rf"(?:when|until when) (?:does|is|was|will) the embargo(?: (?:on|of) {_OF})? "
        r"(?:end|ends|expire|lifted|over|be lifted)",
        rf"(?:until when|is) (?:is )?{_OF} (?:under )?embargo(?:ed)?",
        r"bis wann gilt die sperrfrist",
        r"wann endet die sperrfrist",
    ),
    "parties": (
        rf"who are the (?:contract(?:ing)? )?parties(?: (?:to|of|in) {_OF})?",
        rf"between whom is {_OF}(?: made)?",
        rf"wer sind die (?:vertrags)?parteien(?: {_OF})?",
        rf"(?:quelles|qui) sont les parties(?: {_OF})?",
        rf"quiénes son las partes(?: {_OF})?",
    ),
    "notice": (
        rf"(?:who is|is (.+?)) responsible for the contents?(?: of {_OF})?",
        r"chi è responsabile del contenuto(?: del comunicato.*| .*)?",
        r"wer ist (?:verantwortlich für den|für den) inhalt.*",
        r"qui est responsable du contenu.*",
        r"quién es responsable del contenido.*",
    ),
}


_PART = (
    r"(?:part|text|section|paragraph|sentences?|lines?|note|notice|trailer|passage|footer|disclaimer|bit|teil|absatz)"
)
_NAMED = rf"(?P<language>{'|'.join(LANGUAGES.values())})"
_QUESTIONS["in"] = (
    rf"(?:what (?:is|does) )?the {_NAMED} {_PART}"
    r"(?: (?:of|in|at the end of|at the bottom of) (?P<document>it|.+?))?"
    r"(?: (?:say|tell|about|mean))?",
    rf"what (?:is|does it say) (?:written |said )?in {_NAMED}(?: (?:in|at the end of) {_OF})?",
    rf"(?:worum geht es im|was (?:steht|sagt) (?:im|der)) {_NAMED} {_PART}",
)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The kinds and their patterns, each for a whole question without its marks."""
    return tuple(
        (kind, re.compile(rf"(?:so |and |please |et |und |y )?(?:{asked})", re.IGNORECASE))
        for kind, questions in _QUESTIONS.items()
        for asked in questions
    )


def particular_in(question: str) -> tuple[str, str] | None:
    """What a question, without its marks, asks of a document, and the words that tell which document is meant."""
    for kind, pattern in _patterns():
        if (found := pattern.fullmatch(question)) and (meant := _meant(found)) is not None:
            return f"{kind} {_language(found)}".rstrip(), meant
    return None


def _language(asked: re.Match[str]) -> str:
    """The code of the language that a question names."""
    named = asked["language"] if "language" in asked.re.groupindex else ""
    return next((code for code, names in LANGUAGES.items() if re.fullmatch(names, named, re.IGNORECASE)), "")


def _meant(asked: re.Match[str]) -> str | None:
    """The words that tell which document is meant, "" for any; None when what is asked about is no document."""
    words = list(asked.groups(default=""))
    if "language" in asked.re.groupindex:
        words[asked.re.groupindex["language"] - 1] = ""
    place = asked.re.groupindex.get("document", 0) - 1
    if place >= 0 and words[place]:
        document = _A_DOCUMENT.fullmatch(words[place])
        if document is None:
            return None
        words[place] = document[1] or ""
    return " ".join(filter(None, words))
