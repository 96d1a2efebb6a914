"""Who is asking, and in which language: read from the request's cookies and headers."""

from __future__ import annotations

import re
from typing import Any

from rag.web.strings import LANGUAGES

__all__ = ["language_of", "owner_of"]

OWNER_COOKIE = "footnote_owner"
LANGUAGE_COOKIE = "footnote_language"
_OWNER = re.compile(r"[0-9a-f]{32}")


def language_of(request: Any) -> str:
    """The language chosen in the page, else the first one of the browser that we speak, else English."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return str(chosen)
    for entry in request.headers.get("accept-language", "").split(","):
        name = entry.split(";")[0].strip().lower().split("-")[0]
        if name in LANGUAGES:
            return str(name)
    return "en"


def owner_of(request: Any) -> str:
    """Whose conversations these are: "" on a page for this machine alone, where no cookie is given."""
    cookie = request.cookies.get(OWNER_COOKIE, "")
    return str(cookie) if _OWNER.fullmatch(cookie) else ""
