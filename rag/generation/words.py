"""Words, folded and stemmed; which carry meaning, which deny. English, with the denials of other languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rag.index.stemming import stem_word

__all__ = [
    "NEGATIONS",
    "STOPWORDS",
    "count_negations",
    "fold",
    "is_content",
    "is_denying",
    "is_german",
    "is_limiting",
    "is_negated_word",
    "is_negation",
    "is_soft_negation",
    "stem",
    "words",
]

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*", re.UNICODE)
_GERMAN = re.compile(r"\b(?:der|die|das|und|ist|nicht|ein|eine|einen|im|den|dem|wird|für|mit|auf|hat|sich|von)\b")

STOPWORDS = frozenset(
    """a an and are as at be been being both but by can could did do does doing for from had has have having he
    her hers him his how i if in into is it its itself just may me might more most must my of on once or other our
    out over own per shall she should so some such than that the their theirs them then there these they this
    those through to too under until up upon us very via was we were what when where which while who whom whose
    why will with within would you your also about after again all along already although among another any around
    because before between during each either even ever every few however many much next now only onto others
    rather same since still though thus together toward towards unless whether yet according said says say one
    der die das und ist sind war ein eine einen einem einer eines den dem des im in auf für mit von zu zum zur
    sich auch als bei aus nach wie es er sie wird werden wurde wurden hat haben""".split()
)
NEGATIONS = frozenset(
    """no not never none nobody nothing nowhere neither nor without cannot nicht kein keine keinen keinem keiner
    keines nie niemals niemand nichts ohne weder ne pas jamais aucun aucune sans ningún ninguna nunca jamás sin
    non senza mai nessun""".split()
)
# Words that deny without a negation: either may stand for the other in a paraphrase.
SOFT_NEGATIONS = frozenset(
    """fail failed fails failure failing lack lacks lacked lacking refuse refused refuses refusing deny denied
    denies prevent prevented prevents unable impossible hardly barely rarely seldom scarcely exclude excluded
    excludes excluding except exempt exempted absence absent avoid avoids avoided stop stopped stops cease ceased
    reject rejected rejects turned only limited restricted unless prohibit prohibited prohibits forbid forbidden
    forbids ban banned bans lost lose loses neglect missing miss missed nil free verboten
    destitute devoid against out away down off less minus end ended beyond instead rather fehlt fehlen manque""".split()
)
# Of these, the ones that deny what comes after them, whatever it is ...
_DENYING = frozenset(
    """fail failed fails failure unable refuse refused refuses refusing deny denied denies impossible exclude excluded
    excludes excluding except exempt exempted prohibit prohibited prohibits forbid forbidden forbids reject rejected
    rejects avoid avoids avoided neither verboten interdit interdite prohibido prohibida verbietet verweigert""".split()
)
# ... and the ones that leave something: "only members" is not "no members".
_LIMITING = frozenset("only limited restricted free turned unless rarely seldom".split())
_UN_WORD = re.compile(
    r"(?:un(?!i|der|til|less|cle)|in(?=cap|suff|valid|visib|activ|complet|corr|adequ|elig|abil|solub|accur|approp|consist)|"
    r"im(?=poss|proper|perf|mobil)|ir(?=reg|relev|respons)|non-?|"
    r"dis(?=agr|allow|appear|approv|believ|connect|contin|hon|like|loyal|obey|prov|qualif|regard|satisf|trust))[a-z]{3,}$"
)


def is_german(text: str) -> bool:
    """Whether a text looks German, where every noun has a capital and one alone names nothing."""
    return len(_GERMAN.findall(text)) >= 2


def fold(text: str) -> str:
    """Lower case, without accents and with plain quotes."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(character for character in plain if not unicodedata.combining(character))


def words(text: str) -> list[str]:
    """The folded words of a text in order, possessive endings removed."""
    return [fold(match).removesuffix("'s").removesuffix("'") for match in _WORDS.findall(text)]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of a folded word."""
    return stem_word(word, "english")


def is_content(word: str) -> bool:
    """Whether a folded word carries meaning of its own."""
    return (len(word) > 1 or word.isdigit()) and word not in STOPWORDS and not is_negation(word)


def is_negation(word: str) -> bool:
    """Whether a folded word denies ("not", "n't", "ohne")."""
    return word in NEGATIONS or word.endswith("n't")


def is_negated_word(word: str) -> bool:
    """Whether a prefix turns a folded word into its opposite ("unlikely", "impossible")."""
    return bool(_UN_WORD.match(word))


def count_negations(all_words: tuple[str, ...]) -> int:
    """How many words deny; "not only" does not, nor does an opening "No, …" or the "No." of a number."""
    if all_words[:1] == ("no",):
        all_words = all_words[1:]
    pairs = zip(all_words, (*all_words[1:], ""), strict=False)
    return sum(
        is_negation(word)
        and not (word == "not" and after == "only")
        and not (word == "no" and after.isdigit())
        and not (word == "nor" and "neither" in all_words)
        for word, after in pairs
    )


def is_denying(word: str) -> bool:
    """Whether a folded word denies what follows it as "not" does ("failed to", "except")."""
    return word in _DENYING


def is_limiting(word: str) -> bool:
    """Whether a folded word limits rather than denies ("only")."""
    return word in _LIMITING


def is_soft_negation(word: str) -> bool:
    """Whether a folded word may stand for a denial ("fail", "except", "unlikely")."""
    return word in SOFT_NEGATIONS or word in _DENYING or is_negated_word(word)
