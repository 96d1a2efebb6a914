"""Word documents: what the styles of paragraphs mean, and how lists are numbered."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from rag.documents.packages import Package

__all__ = ["Numbering", "Styles", "list_of", "styles_of"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(slots=True)
class Styles:
    """Which paragraph styles are headings, titles and lists, by their ids."""

    levels: dict[str, int] = field(default_factory=dict)  # style id -> heading level
    titles: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    numbers: dict[str, tuple[str, int]] = field(default_factory=dict)  # style id -> list and depth


@dataclass(frozen=True, slots=True)
class _Level:
    """How one depth of a list is numbered."""

    kind: str = "bullet"
    pattern: str = ""
    start: int = 1


class Numbering:
    """The numbers of a document's lists, as they come up from its beginning to its end."""

    def __init__(self, package: Package) -> None:
        self._formats = _numbering(package)
        self._counters: dict[tuple[str, int], int] = {}

    def marker(self, ident: str, depth: int) -> str:
        """What stands in front of the next item of a list: its number, or a dash."""
        return self.number(ident, depth) or "- "

    def number(self, ident: str, depth: int) -> str:
        """The next number of a list as it is shown ("4.2 "), "" for bullets."""
        level = self._formats.get((ident, depth), _Level())
        if level.kind in ("bullet", "none"):
            return ""
        for other in [key for key in self._counters if key[0] == ident and key[1] > depth]:
            del self._counters[other]
        self._counters[(ident, depth)] = self._counters.get((ident, depth), level.start - 1) + 1
        shown = level.pattern or f"%{depth + 1}."
        for above in range(depth + 1):
            n = self._counters.setdefault((ident, above), 1)
            shown = shown.replace(f"%{above + 1}", _counted(n, self._formats.get((ident, above), level).kind))
        return f"{shown.strip()} "


def list_of(properties: Element | None, default: tuple[str, int] | None) -> tuple[str, int] | None:
    """The list and depth that ``numPr`` names; list 0 takes a paragraph out of its style's list."""
    if properties is None:
        return default
    ident, depth = properties.find("numId"), properties.find("ilvl")
    digits = depth.get("val", "0") if depth is not None else "0"
    if ident is None:
        return (default[0], int(digits)) if default and digits.isdigit() else default
    name = ident.get("val", "0")
    return (name, int(digits) if digits.isdigit() else 0) if name != "0" else None


def styles_of(package: Package) -> Styles:
    """Which paragraph styles are headings, titles and lists, also through what they are based on."""
    result = Styles()
    root = package.xml_or_none("word/styles.xml")
    based: dict[str, str] = {}
    for style in root.iter("style") if root is not None else ():
        ident = style.get("styleId", "")
        name = style.find("name")
        words = (name.get("val", "") if name is not None else ident).lower()
        parent = style.find("basedOn")
        based[ident] = parent.get("val", "") if parent is not None else ""
        if (number := list_of(style.find("pPr/numPr"), None)) is not None:
            result.numbers[ident] = number
        outline = style.find("pPr/outlineLvl")
        level = outline.get("val", "") if outline is not None else ""
        if words.startswith("heading ") and words[8:].split(" ")[0].isdigit():
            result.levels[ident] = int(words[8:].split(" ")[0])
        elif level.isdigit() and int(level) < 9:
            result.levels[ident] = int(level) + 1
        elif words == "title":
            result.titles.add(ident)
        elif words.startswith("list ") and words != "list paragraph":
            result.lists.add(ident)
    for ident, parent_id in based.items():
        if ident not in result.levels and parent_id in result.levels:
            result.levels[ident] = result.levels[parent_id]
        if ident not in result.numbers and parent_id in result.numbers:
            result.numbers[ident] = result.numbers[parent_id]
    return result


def _numbering(package: Package) -> dict[tuple[str, int], _Level]:
    """How lists are numbered, by list and depth."""
    root = package.xml_or_none("word/numbering.xml")
    if root is None:
        return {}
    abstract: dict[str, dict[int, _Level]] = {}
    for item in root.iter("abstractNum"):
        levels = {}
        for level in item.iter("lvl"):
            kind, pattern, start = level.find("numFmt"), level.find("lvlText"), level.find("start")
            first = start.get("val", "1") if start is not None else "1"
            if level.get("ilvl", "").isdigit():
                levels[int(level.get("ilvl", "0"))] = _Level(
                    kind.get("val", "") if kind is not None else "bullet",
                    pattern.get("val", "")[:40] if pattern is not None else "",
                    int(first) if first.isdigit() else 1,
                )
        abstract[item.get("abstractNumId", "")] = levels
    formats = {}
    for item in root.iter("num"):
        reference = item.find("abstractNumId")
        for depth, name in abstract.get(reference.get("val", "") if reference is not None else "", {}).items():
            formats[(item.get("numId", ""), depth)] = name
    return formats


def _counted(n: int, kind: str) -> str:
    """The number as a figure, a letter or in Roman figures."""
    if kind.endswith("Letter"):
        letter = _LETTERS[(n - 1) % 26] * ((n - 1) // 26 + 1)
        return letter if kind.startswith("lower") else letter.upper()
    if kind.endswith("Roman") and 0 < n < 4000:
        roman = ""
        for value, figure in _ROMAN:
            roman += figure * (n // value)
            n %= value
        return roman if kind.startswith("lower") else roman.upper()
    return f"{n:02d}" if kind == "decimalZero" else str(n)
