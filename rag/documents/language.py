"""The language of a text as ISO 639-1: by script and common words where they are sure, else py3langid.

Most texts are settled by their first words in microseconds; the classifier takes milliseconds and a second to
load.
"""

from __future__ import annotations

import re

__all__ = ["language_of"]

_SAMPLE = 600
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they "
    "which you were there we their been has when who will no more if can so said what its about into them than "
    "your may our only these other any after all over such also most do how should must each between".split()
)
_OTHERS = frozenset(  # words that look English but are at home elsewhere
    "der die das und de la le les el los que en het een og att det som van con per por une des".split()
)
_COMMON = _ENGLISH | _OTHERS
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja", 0.05),
    (re.compile("[\uac00-\ud7af]"), "ko", 0.2),
    (re.compile("[\u0e00-\u0e7f]"), "th", 0.3),
    (re.compile("[\u0590-\u05ff]"), "he", 0.3),
    (re.compile("[\u0370-\u03ff]"), "el", 0.3),
    (re.compile("[\u4e00-\u9fff]"), "zh", 0.2),
)


def language_of(text: str) -> str:
    """The language, "" where the text is too short or no language to tell."""
    sample = text[:_SAMPLE]
    words = _WORD.findall(sample.lower())
    n_letters = sum(map(len, words))
    if n_letters < 20:
        return ""
    if not sample.isascii():
        for script, language, share in _SCRIPTS:
            if len(script.findall(sample)) > share * n_letters:
                return language
    known = [word for word in words if word in _COMMON]
    n_english = sum(map(_ENGLISH.__contains__, known))
    n_different = len(set(known) & _ENGLISH)  # "a" alone is at home in Hungarian and Portuguese too
    if (
        len(words) >= 12
        and n_different >= 3
        and n_english > 0.15 * len(words)
        and len(known) - n_english < 0.2 * n_english
    ):
        return "en"
    if len(words) < 8:
        return ""
    import py3langid

    return next((str(name) for name, _ in py3langid.rank(sample) if len(name) == 2), "")
