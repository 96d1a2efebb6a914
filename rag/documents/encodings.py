"""Bytes to text when nobody says which encoding it is.

Rules in order, each cheap and each stricter than a guess by letter frequencies: byte order mark, UTF-16 or
UTF-32 by where the NULs are, UTF-8 (also written twice), UTF-8 with damage, EBCDIC by its spaces, the
double-byte encodings of Japanese, Korean and Chinese by their common characters, other scripts by letter
frequencies (charset-normalizer, with the code pages of DOS ruled out), and Windows-1252 for the rest.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter

from rag.documents.language import language_of
from rag.documents.mojibake import mended
from rag.errors import DocumentError

__all__ = ["decode", "is_binary"]

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SJIS_KANA = re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]")
_SJIS_KANJI = re.compile(rb"[\x81-\x9f\xe0-\xea][\x40-\x7e\x80-\xfc]")
_EUC_PAIR = re.compile(rb"[\xa1-\xfe][\xa1-\xfe]")
_GB_FOUR = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")
_BIG5_PAIR = re.compile(rb"[\xa1\xa4-\xc6\xc9-\xf9][\x40-\x7e\xa1-\xfe]")
# The letters around a text's accents tell its language, whatever the accents were decoded to.
_OF_LANGUAGE = {
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro"), "cp1250"),
    **dict.fromkeys(("tr", "az"), "cp1254"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
}
_SMALL_THEN_CAPITAL = re.compile(r"[a-zß-öø-ÿа-яё][À-ÖØ-ÞŠŽŸА-ЯЁ]")
_LETTER_IN_WORD = re.compile(
    r"(?<=[A-Za-zß-ž])[ß-öø-ÿąćęłńśźżčďěňřšťůžőűœ](?=[\w\s.,;:!?)])|\b[ß-öø-ÿąćęłńśźżčřšž](?=[a-z])"
)
_SIGN_IN_WORD = re.compile(r"(?<=[a-z])[^\w\s\x00-\x7f’‘“”«»–—…·\u00ad\u00a0](?=[a-z])|[a-z][\ufffd\x80-\x9f]")
_SINGLE_BYTE = [
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r", "koi8_u", "iso8859_5",
    "iso8859_7", "tis_620",
]  # fmt: skip
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})


def is_binary(data: bytes) -> bool:
    """Whether the bytes are no text in any encoding: control bytes in number, and not UTF-16 or -32."""
    head = data[:65536].rstrip(b"\0")
    if head.startswith(tuple(mark for mark, _ in _BOMS)) or not head:
        return False
    if _wide_encoding(head):
        return False
    return len(head) - len(head.translate(None, _CONTROLS)) > len(head) * 0.05


def decode(data: bytes, declared: str = "") -> tuple[str, str, list[str]]:
    """The text, the name of the encoding, and warnings. ``declared`` is what the file says of itself.

    Raises:
        DocumentError: the bytes are no text.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _lossy(data, name)
    if name := _wide_encoding(data[:65536]):
        return _lossy(data, name)
    if is_binary(data):
        raise DocumentError("is a binary file, not text")
    if name := _escaped(data[:65536]):
        return _lossy(data, name)
    if text := _strict(data, "utf-8"):
        if single := mended(text):
            return single, "utf-8", ["the text was encoded twice; it was read as it was meant"]
        return text, "utf-8", []
    if declared and (text := _strict(data, declared)):
        return text, codecs.lookup(declared).name, []
    if _mostly_utf8(data):
        return _lossy(data, "utf-8")
    return _legacy(data)


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except (UnicodeDecodeError, LookupError):
        return ""


def _lossy(data: bytes, name: str) -> tuple[str, str, list[str]]:
    """Decoded with U+FFFD for what is damaged, and a warning that counts it."""
    text = data.decode(name, "replace")
    plain = name.removesuffix("-sig")
    if not _damaged(data, name):
        return text, plain, []
    n = max(1, text.count("\ufffd"))
    return text, plain, [f"{n} character{'s were' if n > 1 else ' was'} not valid {plain}"]


def _damaged(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return True
    return False


def _wide_encoding(head: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, by the positions of NUL bytes; "" when it is neither."""
    if len(head) < 4 or b"\0" not in head.rstrip(b"\0"):
        return ""
    quarters = [head[k::4].count(0) / max(1, len(head[k::4])) for k in range(4)]
    if len(head) % 4 == 0 and min(quarters[1:]) > 0.9 > quarters[0] * 2:
        return "utf-32-le"
    if len(head) % 4 == 0 and min(quarters[:3]) > 0.9 > quarters[3] * 2:
        return "utf-32-be"
    if len(head) % 2 == 0 and (name := _utf16_of_one_script(head)):
        return name
    even, odd = (head[k::2].count(0) / max(1, len(head[k::2])) for k in range(2))
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    return ""


def _mostly_utf8(data: bytes) -> bool:
    """Whether most bytes above ASCII form UTF-8 sequences: damaged UTF-8 rather than something else."""
    high = sum(1 for byte in data[:1_000_000] if byte >= 0x80)
    n_valid = sum(
        len(match.group())
        for match in re.finditer(
            rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", data[:1_000_000]
        )
    )
    return n_valid > high * 0.5


def _legacy(data: bytes) -> tuple[str, str, list[str]]:
    """The encodings of before Unicode, most telling first."""
    sample = data[:200_000]
    for name in (_ebcdic(sample), _east_asian(sample)):
        if name and (text := _strict(data, name)):
            return text, name, []
    letters = sum(1 for byte in sample if byte >= 0x80 or chr(byte).isalpha())
    high = sum(1 for byte in sample if byte >= 0x80)
    name = (_cyrillic(sample) or _guessed(sample)) if high > 0.4 * letters else _western(sample)
    return data.decode(name, "replace"), name, []


def _cyrillic(sample: bytes) -> str:
    """The encoding in which a text is made of the commonest Russian letters, in words that are not wRiTtEn so."""
    best, best_share = "", 0.45
    for name in ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"):
        text = sample.decode(name, "replace")
        n = sum(1 for char in text if char >= "\x80")
        common = sum(map(text.count, "оеаинтсрвл")) - 2 * len(_SMALL_THEN_CAPITAL.findall(text))
        if common > best_share * n:
            best, best_share = name, common / n
    return best


def _western(sample: bytes) -> str:
    """Windows-1252, unless its signs would stand inside words that another encoding makes of letters, or the
    language is one that is written in another one."""
    best, most = "cp1252", _n_letters_in_words(sample, "cp1252")
    for name in ("cp850", "mac_roman", "iso8859_2"):
        n = _n_letters_in_words(sample, name)
        if n > most + max(1, 0.1 * abs(most)):
            best, most = name, n
    if best == "cp1252" and _LETTER_IN_WORD.search(sample.decode("cp1252", "replace")):
        best = _OF_LANGUAGE.get(language_of(sample.decode("cp1252", "replace")), best)
    if best in ("iso8859_2", "cp1250"):
        return max(("cp1250", "iso8859_2"), key=lambda name: _n_letters_in_words(sample, name))
    return best


def _n_letters_in_words(sample: bytes, name: str) -> int:
    """How many bytes above ASCII are small letters next to letters, less those that are signs there."""
    text = sample.decode(name, "replace")
    good = len(_LETTER_IN_WORD.findall(text))
    return good - 2 * len(_SIGN_IN_WORD.findall(text)) - 2 * len(_SMALL_THEN_CAPITAL.findall(text))


def _utf16_of_one_script(head: bytes) -> str:
    """UTF-16 of letters beyond Latin, such as Cyrillic: every second byte is one of two low ones."""
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = Counter(head[start::2])
        common = half.most_common(2)
        if (
            len(common) == 2
            and all(byte < 0x20 and byte not in b"\t\n\r" for byte, _ in common)
            and sum(count for _, count in common) > 0.95 * len(head) / 2
            and len(set(head[1 - start :: 2])) > 8
        ):
            return name
    return ""


def _escaped(sample: bytes) -> str:
    """Japanese mail: seven bits, and escapes that change the character set."""
    return "iso2022_jp_2" if b"\x1b$" in sample and sample.isascii() else ""


def _ebcdic(sample: bytes) -> str:
    """IBM mainframes: the space is 0x40, and 0x20 is rare."""
    return "cp500" if sample.count(0x40) > 0.05 * len(sample) and sample.count(0x20) < 0.005 * len(sample) else ""


def _east_asian(sample: bytes) -> str:
    """The double-byte encoding whose strict reading gives common characters; "" when none does."""
    sample = sample[:20_000]
    high = sum(1 for byte in sample if byte >= 0x80)
    if high < 0.2 * len(sample) or high < 4:
        return ""
    kana = len(_SJIS_KANA.findall(sample))
    if 2 * kana > 0.15 * high and _decodes(sample, "cp932"):
        return "cp932"
    leads = Counter(match[0] for match in _EUC_PAIR.findall(sample))
    n = sum(leads.values())
    if n * 2 > 0.9 * high:
        if leads[0xA4] + leads[0xA5] > 0.15 * n and _decodes(sample, "euc_jp"):
            return "euc_jp"
        words = {lead: count for lead, count in leads.items() if lead >= 0xB0}
        common = sum(words.values())
        hangul = sum(count for lead, count in words.items() if lead <= 0xC8)
        if common and hangul > 0.97 * common and _decodes(sample, "cp949"):
            return "cp949"
        if common and sum(count for lead, count in words.items() if lead <= 0xD7) > 0.85 * common:
            return "gb18030" if _decodes(sample, "gb18030") else ""
    kanji = _SJIS_KANJI.findall(sample)
    usual = sum(1 for pair in kanji if 0x88 <= pair[0] <= 0x97)  # characters of the first level
    if 2 * len(kanji) > 0.85 * high and usual > 0.5 * len(kanji) and _decodes(sample, "cp932"):
        return "cp932"
    if _GB_FOUR.search(sample) and _decodes(sample, "gb18030"):
        return "gb18030"
    big5 = _BIG5_PAIR.findall(sample)
    if 2 * len(big5) > 0.9 * high and _decodes(sample, "big5hkscs"):
        return "big5hkscs"
    return ""


def _decodes(sample: bytes, name: str) -> bool:
    """Whether the sample is valid; a character cut at its end does not count."""
    try:
        codecs.getincrementaldecoder(name)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _guessed(sample: bytes) -> str:
    """A single-byte encoding by the letter frequencies of languages, code pages of DOS ruled out."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(sample[:20_000], cp_isolation=_SINGLE_BYTE).best()
    return best.encoding if best else "cp1252"
