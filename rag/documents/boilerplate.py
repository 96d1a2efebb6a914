"""What every press release and web page carries around its text: found, and kept out of answers."""

from __future__ import annotations

import re

from rag.types import Span

__all__ = ["boilerplate_spans", "dateline_date"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
            "august aug", "september sept sep", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
# BEIJING, Feb. 6, 2026 /PRNewswire/ --     PARIS--(BUSINESS WIRE)--March 3, 2025     LONDON, 3 May 2024 –
_DATELINE = re.compile(
    r"^\s*[^\W\d_][\w .,'’()/-]{1,60}?[,-]\s*(?:-*\([A-Z ]+\)-*\s*)?"
    r"(?:(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?|"
    r"(?P<day2>\d{1,2})\s+(?P<month2>[A-Za-z]{3,9})\.?,?)\s+(?P<year>(?:19|20)\d\d)\b"
    r".{0,40}?(?:--|[–—-]|/|:)",
)
_WHOLE_LINES = re.compile(
    r"""^(?:
      view\ (?:the\ )?original\ (?:content|release|version)\b.*
    | (?:this\ )?(?:press\ release|news\ release|content)\ (?:was|is)\ (?:distributed|issued|provided)\ by\b.*
    | (?:copyright|\(c\)|©)\s*(?:\(c\)|©)?\s*(?:19|20)\d\d\b.{0,160}
    | .{0,120}\ball\ rights\ reserved\.?
    | (?:source|fonte|quelle)\s*:?\s*https?://\S+
    | (?:https?://|www\.)\S+
    | (?:read|learn|find\ out)\ more(?:\ (?:at|here|on)\b.{0,120})?[.:]?
    | (?:share|tweet|print|e-?mail|subscribe|sign\ up|follow\ us|advertisement|cookie\ policy|privacy\ policy)
      (?:\ (?:this|now|here|on|via|to\ (?:our|the)|us|with|for\ (?:our|the))\b[^.]{0,40})?
    | (?:logo|photo|video|image)s?\s*(?:-|–|:)\s*https?://\S+
    | (?:this\ )?(?:e-?mail|message)\b.{0,80}\bconfidential\b.*
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


def dateline_date(text: str) -> str:
    """The ISO date of a dateline at the start of a news text; "" when there is none."""
    if not (match := _DATELINE.match(text.split("\n", 1)[0][:400])):
        return ""
    month = _MONTHS.get((match["month"] or match["month2"]).lower())
    day = int(match["day"] or match["day2"])
    return f"{match['year']}-{month:02d}-{day:02d}" if month and 1 <= day <= 31 else ""


def boilerplate_spans(text: str) -> list[Span]:
    """Lines that are not part of what a text has to say, as spans in order."""
    spans = []
    lines = text.split("\n")
    first_of_tail = max(0, len(lines) - 8)
    offset = 0
    for number, line in enumerate(lines):
        stripped = line.strip()
        if (
            stripped
            and len(stripped) < 600
            and (_WHOLE_LINES.match(stripped) or (number >= first_of_tail and _NOTICE.search(stripped)))
        ):
            start = offset + line.index(stripped)
            spans.append(Span(start, start + len(stripped)))
        offset += len(line) + 1
    return spans
