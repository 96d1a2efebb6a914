"""What a web page says about itself: title, author, date, address and language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rag.documents.canonical import one_line
from rag.documents.dates import iso_date

__all__ = ["PageFields"]

_META = {
    "og:title": "title",
    "dc.title": "title",
    "author": "author",
    "article:author": "author",
    "dc.creator": "author",
    "parsely-author": "author",
    "byl": "author",
    "article:published_time": "date",
    "parsely-pub-date": "date",
    "og:article:published_time": "date",
    "publish_date": "date",
    "publication_date": "date",
    "date.issued": "date",
    "dcterms.created": "date",
    "dcterms.issued": "date",
    "last-modified": "modified",
    "dcterms.creator": "author",
    "datepublished": "date",
    "date": "date",
    "dc.date": "date",
    "dcterms.date": "date",
    "pubdate": "date",
    "og:url": "url",
}
_FIELDS = ("author", "url", "language")


class PageFields:
    """Collects what ``html``, ``meta``, ``link``, ``time`` and linked data say; ``title`` are its words."""

    def __init__(self) -> None:
        self.title: list[str] = []
        self._found: dict[str, str] = {}

    def note(self, tag: str, values: Mapping[str, str], *, in_article: bool) -> None:
        """An element with its attributes."""
        if tag == "html" and values.get("lang"):
            self._found.setdefault("language", values["lang"].split("-")[0].lower()[:3])
        elif tag == "meta":
            name = (values.get("property") or values.get("name") or values.get("itemprop") or "").lower()
            content = one_line(values.get("content", ""))[:1000]
            if content and (known := _META.get(name)) and not (known == "author" and content.startswith("http")):
                self._found.setdefault(known, content)
        elif tag == "link" and values.get("rel", "").lower() == "canonical":
            self._found["url"] = values.get("href", "")[:2000]
        elif (
            tag == "time"
            and values.get("datetime")
            and (in_article or values.get("itemprop", "").lower() == "datepublished")
        ):
            self._found.setdefault("time", values["datetime"][:40])

    def note_linked_data(self, data: str) -> None:
        """A block of JSON-LD."""
        try:
            value = json.loads(data[:200_000])
        except (ValueError, RecursionError):
            return
        for item in _things(value):
            if isinstance(date := item.get("datePublished"), str):
                self._found.setdefault("date", date[:40])
                if authors := _people(item.get("author")):
                    self._found.setdefault("author", authors)

    def fields(self, own: Sequence[str], headings: Sequence[str]) -> dict[str, str]:
        """What is known. ``own`` are the first-level headings of the text; ``headings`` all, with the page header's."""
        fields = dict(self._found)
        plain = one_line("".join(self.title))[:300]
        title = fields.pop("title", "") or plain
        if plain and plain in headings:
            own = [plain]
        # the heading says which part of "Ducks | The Pond" is the title, and a lone one is it
        title = next((words for words in own if words in title), own[0] if len(own) == 1 else title) or title
        if not fields.get("url", "").startswith("http"):
            fields.pop("url", None)
        date = fields.pop("date", "") or fields.pop("time", "") or fields.pop("modified", "")
        fields = {key: value for key, value in fields.items() if key in _FIELDS}
        return {key: value for key, value in {**fields, "title": title, "date": iso_date(date)}.items() if value}


def _things(value: object) -> Iterator[dict[str, Any]]:
    """The objects in a page's linked data, those of its graph included."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (one for one in graph if isinstance(one, dict)) if isinstance(graph, list) else ()


def _people(value: object) -> str:
    """The names of authors, who are given as texts or as objects."""
    names = [
        one_line(name)
        for one in (value if isinstance(value, list) else [value])
        if isinstance(name := one.get("name") if isinstance(one, dict) else one, str)
    ]
    return ", ".join(name for name in names if name and not name.startswith("http"))[:300]
