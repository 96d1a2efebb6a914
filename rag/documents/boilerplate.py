"""What every press release and web page carries around its text: found, and kept out of answers."""

from __future__ import annotations

import re

from rag.documents.dates import DATE, iso_date
from rag.types import Span

__all__ = ["boilerplate_spans", "dateline_date", "dateline_length", "is_kicker", "is_reference", "release_date"]

# BEIJING, Feb. 6, 2026 /PRNewswire/ --     PARIS--(BUSINESS WIRE)--March 3, 2025     LONDON, 3 May 2024 –
# PARIS, le 2 mai 2024 /PRNewswire/ --      北京2025年3月4日 /美通社/ --      Rosenau, 4. November 2025. Die
_DATELINE = re.compile(
    rf"""^\s*[^\W\d_][\w .,'’()/-]{{0,60}}?
    (?:[,–-]\s*(?:-*\([A-Z ]+\)-*\s*)?(?:le\s+|den\s+)?|(?=(?:19|20)\d\d\s?[年년]))
    (?:{DATE.pattern})(?:\.\s+(?=[^\W\d_])|.{{0,40}}?(?:--|[–—-]|/|:))""",
    re.IGNORECASE | re.VERBOSE,
)
# what a dateline takes up in front of its sentence: with an agency (NORTHBROOK, Ill.--(BUSINESS WIRE)--, Paris
# (AFP) -), with a date (London, 3 May 2024 –), or with a place in capitals and what it is in (EDGEWOOD, N.Y. --)
_DAY = "(?ix:" + re.sub(r"\?P<\w+>", "?:", DATE.pattern) + ")"
_DASH = r"\.?\s*(?:--?|[–—])\s*"
_BEFORE_SENTENCE = re.compile(
    r"(?:[^\W\d_][^\n]{0,100}?"
    r"(?:/[A-Z][\w .&-]{1,40}/|\((?i:[\w .&-]*(?:wire|news|press)[\w .&-]*|dpa[\w/-]*|ots|ap|upi|afp|efe|ansa|tass|pti|"
    rf"ani|reuters|bloomberg|xinhua|kyodo|yonhap|adnkronos|europa press)\)){_DASH}(?:{_DAY}{_DASH})?"
    rf"|[^\W\d_][\w .'’()/-]{{1,40}},\s*(?i:(?:le|den|the)\s+)?{_DAY}{_DASH}"
    r"|[A-Z][A-Z .'-]{2,40}, [^\n]{0,40}?\s*(?:--|[–—])\s*)(?=\S)"
)
# Tuesday, April 8, 2025     Mar 04, 2025, 08:30 ET     Brussels, 12 June 2024
_DATE_ALONE = re.compile(
    rf"""^(?:[^\W\d_]{{3,12}},?\s+|[^\W\d_][\w .'’-]{{1,40}},\s*(?:le\s+|den\s+)?)?
    (?:{DATE.pattern})[,\s]*(?:\d{{1,2}}:\d\d.{{0,12}})?\.?$""",
    re.IGNORECASE | re.VERBOSE,
)
# Date: 18 September 2025   Time: 09:30     The Ledger | Published 9 February 2024     EMBARGOED UNTIL 6 MAY 2025
_DATE_LABELLED = re.compile(
    rf"""(?:^|[|·(–—-]\s*|\s{{2,}})(?=(?-i:[A-ZÀ-Þ]))
    (?:date|published|issued|released|datum|stand|veröffentlicht(?:\ am)?
    |publié(?:\ le)?|fecha|publicado(?:\ el)?|data|pubblicato(?:\ il)?|embargo(?:ed)?\b[^.]{{0,30}}?
    |sperrfrist\b[^.]{{0,30}}?)\s*:?\s+(?:on\s+)?(?P<date>{_DAY})""",
    re.IGNORECASE | re.VERBOSE,
)
_KICKER = re.compile(
    r"^(?:(?:for|not for) (?:immediate )?(?:release|publication)(?: (?:on|before|until)\b.{1,60})?"
    r"|(?:strictly )?embargo(?:ed)?\b(?! (?:on|against)\b).{0,60}"
    r"|(?:press|news|media) (?:release|notice|statement|advisory)|pressemitteilung"
    r"|presseinformation|medienmitteilung|zur sofortigen veröffentlichung|sperrfrist\b.{0,60}"
    r"|communiqué(?: de presse)?|pour (?:diffusion|publication) immédiate|sous embargo\b.{0,60}"
    r"|comunicado(?: de prensa)?|nota de prensa|para (?:su )?(?:publicación|difusión) inmediata|embargado hasta .{1,60}"
    r"|comunicato(?: stampa)?|per (?:la )?(?:pubblicazione|diffusione) immediata|persbericht"
    r"|news provided by|also from this source|#(?: ?#){2,}|-+\s?30\s?-+|-*\s?(?:ends?|ende|fin|fine)\s?-*)"
    r"(?:\s*[:,–-]?\s*(?:n(?:o|r|º|°|um)\.?\s*)?[\d/.-]{1,12})?\s*:?$",
    re.IGNORECASE,
)
_WHOLE_LINES = re.compile(
    r"""^(?:
      view\ (?:the\ )?(?:original|source)\ (?:content|release|version)\b.*
    | (?:an?\ |the\ )?(?:photo|video|image|infographic)s?\ accompanying\ this\ (?:announcement|release)\b.*
    | original-content\ von\b.* | 消息来源.* | (?:©|版权所有|版權所有|無断転載|著作権).{0,80}
    | (?:this\ )?(?:press\ release|news\ release|content)\ (?:was|is)\ (?:distributed|issued|provided)\ by\b.*
    | (?:copyright|\(c\)|©)\s*(?:\(c\)|©)?\s*(?:19|20)\d\d\b.{0,160}
    | .{0,120}\b(?:all\ rights\ reserved|alle\ rechte\ vorbehalten|tous\ droits\ réservés|alle\ rechten\ voorbehouden
      |todos\ los\ derechos\ reservados|todos\ os\ direitos\ reservados|tutti\ i\ diritti\ riservati
      |wszelkie\ prawa\ zastrzeżone|все\ права\ защищены)\.?
    | (?:source|fonte|quelle|fuente)\s*:?\s*https?://\S+
    | (?:https?://|www\.)\S+
    | (?:read|learn|find\ out)\ more(?:\ (?:at|here|on)\b.{0,120})?[.:]?
    | (?:share|tweet|print|e-?mail|subscribe|sign\ up|follow\ us|advertisement|cookie\ policy|privacy\ policy)
      (?:\ (?:this|now|here|on|via|to\ (?:our|the)|us|with|for\ (?:our|the))\b[^.]{0,40})?
    | (?:logo|photo|video|image|foto|bild|vidéo|imagen)s?\s*(?:-|–|:)\s*https?://\S+
    | (?:this\ )?(?:e-?mail|message)\b.{0,80}\bconfidential\b.*
    | you(?:\ are|['’]re|\ have)?\ (?:currently\ )?receiv(?:e|ed|ing)\ this\ (?:e-?mail|message|newsletter)\b.*
    | (?:--\ )?(?:ricevi\ questa|sie\ erhalten\ diese|vous\ recevez\ ce(?:tte)?|(?:usted\ )?recibe\ este)\b.{0,60}
      (?:e-?mail|mail|newsletter|message|nachricht|correo|boletín)\b.*
    | (?:(?:having|trouble)\ .{0,30}(?:reading|viewing|seeing)\ this|view\ (?:it|this).{0,20}\ (?:browser|online))\b.*
    | (?:(?:follow|find|like|connect\ with)\ us|suivez-nous|folgen\ sie\ uns|síg(?:a|ue)nos|seguici)\b[^.]{0,80}
    | (?:read\ more|more\ (?:news|from|on)\b|more\ [^\W\d_]+)\s*:[^.]*(?:https?://\S+.*|\|.*)
    | BC-[A-Z]{2,}.{0,60} | Eds?:\s+[A-Z]{3,}.{0,160}
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
# The distributor's notice: "sponsored press release, editorial responsibility …" in the languages of the
# services that add it.
_NOTICE = re.compile(
    r"comunicato stampa|responsabilità editoriale|pressemitteilung|communiqué de presse|comunicado de prensa"
    r"|perssbericht|persbericht|sponsored (?:content|release)|paid (?:content|release|advertisement)"
    r"|no responsibility for the content|not responsible for the content",
    re.IGNORECASE,
)

# "Surgery ......... 28", "Surgery … 28", "SURGERY3-17" (a tab was lost)
_CONTENTS = re.compile(
    r"(?:(?:[^\s.…·_](?:\s?[.…·_]){4,}\s*|\s…\s)(?:\d{1,4}|\d{1,2}-\d{1,3}|[ivxlc]{1,6})|[^\W\d_)]\d{1,2}-\d{1,3})$"
)
_LONGEST_CONTENTS = 200
_FEWEST_CONTENTS = 3  # lines of that form: one alone may be anything

# SOURCE Name of the Firm
_SOURCE = re.compile(r"^(?:SOURCE|FUENTE|QUELLE|FONTE|KÄLLA|BRON)[ :]+\S.{0,80}$")
_SOURCE_LAST = re.compile(r"^(?:source|quelle|fuente|fonte)\s*:\s*\S.{0,80}$", re.IGNORECASE)
_CONTACT = re.compile(
    r"^(?:(?:media|press|investor)s?(?: relations)?(?: (?:and|&) (?:media|investors?))?"
    r" (?:contacts?|enquiries|inquiries)"
    r"|contacts? for (?:the )?(?:media|press)|presse-?kontakt|pressestelle|ufficio stampa|service de presse"
    r"|kontakt für (?:medien|die presse)|contact presse"
    r"|contacto (?:para|de) (?:medios|prensa)|contatt[oi] stampa|contato (?:para a )?imprensa|perscontact"
    r"|presskontakt)\s*(?::.{0,120})?$",
    re.IGNORECASE,
)
_REACHED_AT = re.compile(
    r"^(?:\S+@\S+\.\w+|\+[\d ()/.-]{7,25}"
    r"|(?:tel|phone|telefon|mobile|fax|e-?mail|téléphone|teléfono)[.:]*\s*(?:\S+@\S+|\+?[\d ()/.-]{7,25}))$",
    re.IGNORECASE,
)
# an entry of a list of references, or a part of one: "Title" (https://…), Roberts, Iwan (27 April 2018)., Retrieved 8
# November 2007.
_REFERENCE = re.compile(
    rf"""(?:\[?\d{{1,3}}[\].]\s+|\^\s*)?(?:
      [“"«].{{3,200}}[”"»],?\s*\(?https?://
    | [^\W\d_][\w'’-]+,\s(?:[A-Z][\w.'’-]*,?\s*(?:[;&]\s*|and\s)?){{1,8}}
      (?:et\ al\.,?\s*)?\((?:{_DAY}|(?:19|20)\d\d[a-z]?)\)\.?\s*(?:["“].*)?$
    | (?:Retrieved|Accessed|Abgerufen\ am|Consulté\ le|Consultado\ el)\s+(?:on\s+)?{_DAY}
    | Archived\s+(?:\(https?://|from\ the\ original)
    )""",
    re.VERBOSE | re.DOTALL,
)


# See 11 U.S.C. §§ 341(c), 343; Fed. R. Bankr. P. 2003(a).
_LAW = re.compile(
    r"(?:u\.s\.c\.|c\.f\.r\.|fed\. r\. (?:bankr|civ|crim|evid|app)\.(?: p\.)?)|\bsee also\b", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]{4,}")


def is_reference(sentence: str) -> bool:
    """Whether a sentence is an entry of a list of references, or a citation of law alone: it names a text, and says
    nothing."""
    rest = _LAW.sub(" ", sentence)
    return bool(_REFERENCE.match(sentence)) or (rest != sentence and not _WORDS.search(rest))


def dateline_date(text: str) -> str:
    """The ISO date of a dateline at the start of a news text; "" when there is none."""
    match = _DATELINE.match(text.split("\n", 1)[0][:400])
    return iso_date(match.group()) if match else ""


def dateline_length(sentence: str) -> int:
    """How much of a sentence is the dateline that it begins with; 0 when it has none."""
    match = _BEFORE_SENTENCE.match(sentence)
    opens = match and sentence[0].isupper() and not sentence[match.end()].islower()
    return match.end() if match and opens else 0


def release_date(text: str) -> str:
    """The ISO date of the first dateline, or line that is a date, or that says it, among the first lines of a text."""
    lines = text[:1500].split("\n")[:14]
    return next((date for told in _TOLD_IN for line in lines if (date := told(line))), "")


def _alone(line: str) -> str:
    return iso_date(line) if len(line) < 80 and _DATE_ALONE.match(line.strip()) else ""


def _labelled(line: str) -> str:
    match = _DATE_LABELLED.search(line) if len(line) < 120 else None
    return iso_date(match["date"]) if match else ""


# a dateline goes before any other line with a date
_TOLD_IN = (lambda line: dateline_date(line) or _alone(line), _labelled)


def is_kicker(line: str) -> bool:
    """Whether a line stands above or below the text of a release without being part of it: its kind, its date."""
    return bool(_KICKER.match(line.strip()) or _alone(line))


def _contents_lines(lines: list[str]) -> set[int]:
    """The lines of a table of contents: a title, dots or nothing at all, and a page."""
    found = {n for n, line in enumerate(lines) if len(line) <= _LONGEST_CONTENTS and _CONTENTS.search(line.strip())}
    return found if len(found) >= _FEWEST_CONTENTS else set()


def boilerplate_spans(text: str) -> list[Span]:
    """Lines that are not part of what a text has to say, as spans in order."""
    spans = []
    lines = text.split("\n")
    first_of_tail = max(0, len(lines) - 8)
    named = _contact_lines(lines) | _contents_lines(lines)
    offset = 0
    for number, line in enumerate(lines):
        stripped = line.strip()
        is_last = number >= first_of_tail
        if (
            stripped
            and len(stripped) < 600
            and (
                number in named
                or _WHOLE_LINES.match(stripped)
                or _KICKER.match(stripped)
                or _SOURCE.match(stripped)
                or (is_last and (_NOTICE.search(stripped) or _SOURCE_LAST.match(stripped)))
            )
        ):
            start = offset + line.index(stripped)
            spans.append(Span(start, start + len(stripped)))
        offset += len(line) + 1
    return spans


def _contact_lines(lines: list[str]) -> set[int]:
    """The lines that say whom journalists reach: the heading, and what stands under it up to a blank line."""
    found: set[int] = set()
    number = 0
    while number < len(lines):
        if _CONTACT.match(lines[number].strip()):
            found.add(number)
            number += 1 if number + 1 < len(lines) and lines[number + 1].strip() else 2
            while number < len(lines) and 0 < len(lines[number].strip()) <= 60 and lines[number].strip()[-1] != ".":
                found.add(number)
                number += 1
        else:
            if _REACHED_AT.match(lines[number].strip()):
                found.add(number)
            number += 1
    return found
