"""Words of a question that are written like code: options, names of variables and files, what stands in backticks.

``--update`` is another option than ``--delay-updates`` although both have the word: such things must be met as typed.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["literals"]

_LITERAL = re.compile(
    r"`([^`\n]{1,60})`|(?<![\w-])(--?[A-Za-z0-9][\w-]*)|(?<![\w/.@])((?=[\w./]*[_/])/?\w+(?:[._/]\w+)*\w)(?![\w@])"
)


@lru_cache(64)
def literals(query: str) -> tuple[re.Pattern[str], ...]:
    """What finds each of them in a text, whole and in the letters that were typed."""
    found = dict.fromkeys(one for match in _LITERAL.finditer(query) if (one := match[1] or match[2] or match[3]))
    return tuple(re.compile(rf"(?<![\w-]){re.escape(one)}(?![\w-])") for one in found)
