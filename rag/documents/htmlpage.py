"""One pass over a page's markup: a flat list of blocks, each with where it stood and what it links."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from rag.documents.canonical import one_line
from rag.documents.htmlfields import PageFields
from rag.documents.htmltables import Cell, cell_text, grid_of, header_rows, labelled_rows

__all__ = ["Block", "PageParser", "declared_encoding"]

Attributes = list[tuple[str, str | None]]

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_DROPPED = frozenset(
    "script style template noscript svg math canvas iframe object embed audio video map select datalist "
    "button head".split()
)
_FURNITURE = frozenset("nav aside menu dialog".split())
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table "
    "tbody td tfoot th thead tr ul".split()
)
_CLOSES = {  # a start tag that ends an element left open before it
    "p": {"p"}, "li": {"li", "p"}, "dt": {"dt", "dd", "p"}, "dd": {"dt", "dd", "p"},
    "tr": {"td", "th", "tr", "p"}, "td": {"td", "th", "p"}, "th": {"td", "th", "p"},
    "option": {"option"}, "tbody": {"td", "th", "tr", "thead"}, "thead": {"tr"},
}  # fmt: skip
_FURNITURE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|navbox|menu|sidebar|footer|breadcrumbs?|cookies?|consent|share|"
    r"sharing|social|advert|advertisement|ads?|promo|newsletter|subscribe|related|popup|modal|toc|"
    r"editsection|mw-editsection|noprint|skip|skip-link|banner|masthead|catlinks|printfooter|jump-link)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_CELL_ROLES = ("cell", "gridcell", "columnheader", "rowheader")
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$|!)|font-size\s*:\s*0"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0",
    re.IGNORECASE,
)
_CLASS_RULE = re.compile(r"\.([\w-]{1,80})\s*\{([^{}]{0,500})\}")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_HEADINGS_IN = 500  # blocks at the beginning, among whose headings the title is looked for
_MAX_TERM = 80  # characters of a term that is read in front of its definition
_MAX_TEXT = 50_000_000
_REGIONS = ("article", "main", "furniture", "footer")
_RAW_END = re.compile(r"</(script|style)\b[^>]{0,200}>", re.IGNORECASE)


def declared_encoding(data: bytes) -> str:
    """The encoding that a page's head or XML declaration names, "" when it names none."""
    head = data[:4096]
    match = _CHARSET.search(head) or re.search(rb"encoding\s*=\s*[\"']([\w.:-]+)", head[:200])
    name = match[1].decode("ascii", "replace").lower() if match else ""
    return {"iso-8859-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030"}.get(name, name)


@dataclass(slots=True)
class Block:
    """A stretch of a page. ``kind`` is paragraph, heading, item, code or table; ``level`` the depth of a
    heading or the number of a table's header rows (0: not known, -1: none); ``regions`` the kinds of
    element it stands in."""

    kind: str
    text: str = ""
    level: int = 0
    n_linked: int = 0
    regions: frozenset[str] = frozenset()
    rows: list[list[str]] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    rows: list[list[Cell]] = field(default_factory=list)
    is_layout: bool = False


class PageParser(HTMLParser):
    """Collects ``blocks``; call ``feed``, ``close`` and ``finish``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.n_hidden = 0
        self._open: list[tuple[str, str]] = []  # (tag, effect): effect is "", drop, hide, or a region
        self._counts: dict[str, int] = {}  # open elements by tag
        self._effects: dict[str, int] = {}  # open elements by effect
        self._buffer: list[str] = []
        self._n_linked = 0
        self._n_characters = 0
        self._tables: list[_Table] = []
        self._lists: list[int] = []  # per open list: 0 for bullets, else the next number
        self._bullet = ""
        self._terms: list[str] = []  # of a list of definitions, waiting for what they mean
        self._hidden_classes: set[str] = set()
        self._about = PageFields()
        self._cell: tuple[bool, int, int] | None = None

    def feed(self, data: str) -> None:
        """Read the page's markup; a sloppy end of a script or style ends it all the same."""
        super().feed(_RAW_END.sub(r"</\1>", data))

    # ---- what html.parser calls

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """An element begins."""
        values = {name: value or "" for name, value in attrs[:200]}
        self._about.note(tag, values, in_article=bool(self._counts.get("article")))
        if tag == "br":
            self._buffer.append("\n")
        elif values.get("role") in _CELL_ROLES:
            self._buffer.append(" ")
        if tag in _VOID:
            if tag == "hr":
                self._flush()
            return
        if tag in _BLOCKS and self._counts.get("head"):
            self.handle_endtag("head")
        while self._open and self._open[-1][0] in _CLOSES.get(tag, ()):
            self._pop()
        if tag in _BLOCKS and self._open and self._open[-1][0] == "p":
            self._pop()
        if tag in _BLOCKS:
            self._flush()
        self._push(tag, self._effect(tag, values))
        if tag == "table" and not self._is_off():
            if self._tables:
                self._spill(self._tables[-1])
            self._tables.append(_Table())
        elif tag == "tr" and self._tables:
            self._tables[-1].rows.append([])
        elif tag in ("td", "th"):
            self._cell = (tag == "th", _span(values.get("colspan")), _span(values.get("rowspan")))
        elif tag in ("ul", "ol"):
            self._lists.append(_span(values.get("start")) if tag == "ol" else 0)
        elif tag == "li":
            self._bullet = self._next_bullet()

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        """An element that is closed at once."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and with it those left open inside."""
        if not self._counts.get(tag):
            return
        while self._open:
            closed = self._open[-1][0]
            self._pop()
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        """Words."""
        if self._counts.get("title") and not self._counts.get("svg") and not self._counts.get("body"):
            self._about.title.append(data)
            return
        if self._counts.get("style"):
            self._note_style(data)
        if self._counts.get("script") and self._open[-1][1] == "linked data":
            self._about.note_linked_data(data)
        if self._effects.get("hide"):
            self.n_hidden += bool(data.strip())
        if self._is_off() or self._n_characters > _MAX_TEXT:
            return
        text = data if self._counts.get("pre") else _SPACE.sub(" ", data)
        self._n_characters += len(text)
        self._buffer.append(text)
        if self._counts.get("a"):
            self._n_linked += len(text.strip())

    def finish(self) -> None:
        """What is still open ends with the page."""
        while self._open:
            self._pop()
        self._flush()
        self._end_terms()
        while self._tables:
            self._end_table()

    # ---- the stack of open elements

    def _push(self, tag: str, effect: str) -> None:
        self._open.append((tag, effect))
        self._counts[tag] = self._counts.get(tag, 0) + 1
        self._effects[effect] = self._effects.get(effect, 0) + 1

    def _pop(self) -> None:
        tag, effect = self._open[-1]
        if tag in _BLOCKS:
            self._flush()
        if tag == "table" and self._tables and not self._is_off():
            self._end_table()
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "dl":
            self._end_terms()
        elif tag in ("td", "th") and self._tables and not self._is_off():
            self._end_cell()
        self._open.pop()
        self._counts[tag] -= 1
        self._effects[effect] -= 1

    def _effect(self, tag: str, values: dict[str, str]) -> str:
        if tag == "script" and values.get("type", "").strip().lower() == "application/ld+json":
            return "linked data"
        if (tag in _DROPPED and tag != "head") or tag == "del":
            return "drop"
        classes = values.get("class", "")[:500]
        if (
            "hidden" in values
            or _HIDING_STYLE.search(values.get("style", "")[:2000])
            or (self._hidden_classes and not self._hidden_classes.isdisjoint(classes.split()))
        ):
            return "hide"
        role = values.get("role", "")
        if tag in ("main", "article") or role == "main":
            return "article" if tag == "article" else "main"
        if tag == "sup" and "reference" in classes.split():
            return "drop"
        in_text = self._effects.get("article") or self._effects.get("main")
        if tag in _FURNITURE or role in ("navigation", "banner", "complementary", "search"):
            return "furniture"
        if role == "contentinfo" or (tag == "footer" and not in_text):
            return "footer"
        if tag == "header" and not in_text:
            return "furniture"
        if tag not in ("html", "body") and (
            _FURNITURE_NAMES.search(classes) or _FURNITURE_NAMES.search(values.get("id", "")[:200])
        ):
            return "furniture"
        return ""

    def _is_off(self) -> bool:
        effects = self._effects
        return bool(effects.get("drop") or effects.get("hide") or effects.get("linked data")) or bool(
            self._counts.get("head")
        )

    # ---- blocks

    def _flush(self) -> None:
        """What was collected becomes a block, of the kind that the open elements say."""
        text = "".join(self._buffer)
        n_linked = self._n_linked
        if not text.strip():
            if not self._counts.get("pre"):
                self._buffer.clear()
            return
        if self._tables and not self._tables[-1].is_layout and (self._counts.get("td") or self._counts.get("th")):
            if not text.endswith("\n"):
                self._buffer.append("\n")
            return  # a cell keeps its words until it ends
        self._buffer.clear()
        self._n_linked = 0
        if self._counts.get("dt") and self._is_term(text):
            self._terms.append(_SPACE.sub(" ", text).strip().rstrip(":"))
            return
        regions = frozenset(e for e in _REGIONS if self._effects.get(e))
        heading = next((t for t in ("h1", "h2", "h3", "h4", "h5", "h6") if self._counts.get(t)), "")
        if self._terms and self._counts.get("dd") and not heading and not self._counts.get("pre"):
            text = f"{', '.join(self._terms)}: {text.strip()}"
            self._terms.clear()
        self._end_terms()
        if self._counts.get("pre"):
            self.blocks.append(Block("code", text, 0, n_linked, regions))
        elif heading:
            self.blocks.append(Block("heading", text, int(heading[1]), n_linked, regions))
        elif self._counts.get("li") or self._counts.get("dd") or self._counts.get("dt"):
            self.blocks.append(Block("item", self._bullet + text.strip(), 0, n_linked, regions))
            self._bullet = ""
        else:
            self.blocks.append(Block("paragraph", text, 0, n_linked, regions))

    def _end_terms(self) -> None:
        """Terms that nothing defines are items of their own."""
        if self._terms:
            regions = frozenset(e for e in _REGIONS if self._effects.get(e))
            self.blocks.append(Block("item", ", ".join(self._terms), 0, 0, regions))
            self._terms.clear()

    def _is_term(self, text: str) -> bool:
        """Whether a title in a list of definitions goes in front of its definition: a question stands by itself."""
        return len(text.strip()) <= _MAX_TERM and not text.rstrip().endswith(("?", ".", "!"))

    def _next_bullet(self) -> str:
        if not self._lists or not self._lists[-1]:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1] - 1}. "

    # ---- tables

    def _end_cell(self) -> None:
        table = self._tables[-1]
        if table.is_layout or self._cell is None:
            return
        is_name, columns, rows = self._cell
        self._cell = None
        text = "".join(self._buffer)
        self._buffer.clear()
        self._n_linked = 0
        if not table.rows:
            table.rows.append([])
        table.rows[-1].append(Cell(cell_text(text), is_name, columns, rows))

    def _spill(self, table: _Table) -> None:
        """A table that holds another is layout: its cells are running text."""
        table.is_layout = True
        regions = frozenset(e for e in _REGIONS if self._effects.get(e))
        for row in table.rows:
            for cell in row:
                if cell.text.strip():
                    self.blocks.append(Block("paragraph", cell.text, 0, 0, regions))
        table.rows.clear()
        self._flush()

    def _end_table(self) -> None:
        self._end_terms()
        table = self._tables.pop()
        if table.is_layout or not any(table.rows):
            return
        longest = max(len(cell.text) for row in table.rows for cell in row)
        width = max(len([c for c in row if c.text.strip()]) for row in table.rows)
        if width <= 1 or longest > 2000:
            table.rows, rows = [], table.rows
            self._spill(_Table(rows))
            return
        regions = frozenset(e for e in _REGIONS if self._effects.get(e))
        if labelled := labelled_rows(table.rows):
            self.blocks.append(Block("table", "", -1, 0, regions, labelled))
            return
        n_header = header_rows(table.rows)
        grid = grid_of(table.rows)
        self.blocks.append(Block("table", "", n_header if n_header < len(grid) else 0, 0, regions, grid))

    def _note_style(self, css: str) -> None:
        for name, rules in _CLASS_RULE.findall(css[:200_000]):
            if _HIDING_STYLE.search(rules):
                self._hidden_classes.add(name)

    def fields(self) -> dict[str, str]:
        """Title, author, date, url and language, as far as the page says."""
        headings = [(one_line(b.text), b.level, b.regions) for b in self.blocks[:_HEADINGS_IN] if b.kind == "heading"]
        own = [text for text, level, regions in headings if level == 1 and not regions & {"furniture", "footer"}]
        return self._about.fields(own, [text for text, _, _ in headings])


def _span(value: str | None) -> int:
    try:
        return max(1, min(int(value or 1), 1000))
    except ValueError:
        return 1
