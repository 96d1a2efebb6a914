"""Dates as people write them, to ISO: "May 2, 2024", "2. Mai 2024", "le 2 mai 2024", "2024年5月2日", "02.05.2024"."""

from __future__ import annotations

import re

__all__ = ["DATE", "iso_date"]

_NAMES = {  # English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish and Danish, Polish, Turkish
    1: "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari stycznia ocak",
    2: "february feb februar februar février févr febrero febbraio febbr fevereiro fev februari lutego şubat",
    3: "march mar märz mars marzo março maart marts marca mart",
    4: "april apr avril avr abril abr aprile kwietnia nisan",
    5: "may mai mayo maggio mag maio mei maj maja mayıs",
    6: "june jun juni juin junio giugno giu junho czerwca haziran",
    7: "july jul juli juillet juil julio luglio lug julho lipca temmuz",
    8: "august aug août agosto ago augustus augusti sierpnia ağustos",
    9: "september sept sep septembre septiembre settembre sett setembro set września eylül",
    10: "october oct oktober okt octobre octubre ottobre ott outubro out października ekim",
    11: "november nov novembre noviembre novembro nov listopada kasım",
    12: "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia aralık",
}
_MONTHS = {name: number for number, names in _NAMES.items() for name in names.split()}
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
DATE = re.compile(
    rf"""(?P<iso>(?:19|20)\d\d-\d\d-\d\d)
    | (?P<a_month>{_NAME})\.?\s+(?P<a_day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<a_year>(?:19|20)\d\d)
    | (?P<b_day>\d{{1,2}})(?:\.|er|º|st|nd|rd|th)?\s+(?:of\s+|de\s+)?(?P<b_month>{_NAME})\.?,?\s+(?:de\s+)?
      (?P<b_year>(?:19|20)\d\d)
    | (?P<c_year>(?:19|20)\d\d)\s?[年년]\s?(?P<c_month>\d{{1,2}})\s?[月월]\s?(?P<c_day>\d{{1,2}})\s?[日일]
    | (?P<d_day>\d{{1,2}})\.(?P<d_month>\d{{1,2}})\.(?P<d_year>(?:19|20)\d\d)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def iso_date(text: str) -> str:
    """The first date in ``text`` as ISO, "" when there is none."""
    if not (match := DATE.search(text)):
        return ""
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
    else:
        kind = next(kind for kind in "abcd" if match[f"{kind}_year"])
        name = match[f"{kind}_month"].lower()
        year, month, day = int(match[f"{kind}_year"]), int(_MONTHS.get(name, name)), int(match[f"{kind}_day"])
    return f"{year}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else ""
