"""The tiktoken encoding that sizes passages and prompts.

The default, "footnote", comes with the package (``tiktoken_ext/footnote.py``). Any other name that
tiktoken knows is used as it is; tiktoken downloads those once, which fails offline.
"""

from __future__ import annotations

from functools import cache

import tiktoken

from rag.errors import SettingsError
from tiktoken_ext import footnote

__all__ = ["encoding"]


@cache
def encoding(name: str = "footnote") -> tiktoken.Encoding:
    """The encoding called ``name``.

    Raises:
        SettingsError: tiktoken does not know the name, or its file is neither here nor to be had.
    """
    if name == "footnote":  # not through the registry: another package's plug-in cannot break it
        return tiktoken.Encoding(**footnote.footnote())
    if name not in (known := tiktoken.list_encoding_names()):
        raise SettingsError(f"there is no encoding named {name!r}; known: {', '.join(sorted(known))}")
    try:
        return tiktoken.get_encoding(name)
    except Exception as error:  # requests' errors, tiktoken's ValueError for a bad hash, an unwritable cache
        raise SettingsError(
            f"encoding {name!r} is not on this machine and could not be downloaded "
            f'({type(error).__name__}): use encoding = "footnote", or put its file into a folder named '
            f"by TIKTOKEN_CACHE_DIR"
        ) from error
