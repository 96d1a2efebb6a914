"""What a question is about: its telling terms, how rare each is, and which words mean the same.

Rarity is counted in the corpus, but a small corpus hardly knows which words are rare: as far as it is small, the
English of everywhere speaks for it. ``common.json`` holds the word stems that stand in many kinds of text, by the
share of passages of some hundred words that hold them (counted over encyclopedia, manuals, speeches, leaflets and
package descriptions, without the kind of text that has each word most often).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from rag.index import STOP_WORDS, terms
from rag.index.languages import FUNCTION_WORDS, language_of
from rag.types import Hit

__all__ = ["is_common", "language_in", "related_to", "says_nothing", "telling", "weights"]

# Words that ask rather than say what about: a text that answers need not hold them.
_ASKING = {
    "english": "many much say said tell told know mean means please give list name describe explain show find happen "
    "happens happened about exactly actually according text document documents there any anyone somebody everything "
    "mention mentions mentioned outline outlined emphasize emphasized discussed stated described highlighted noted "
    "fy must may might now currently current latest newest today",
    "german": "viel viele viel bitte nenne erkläre beschreibe zeige sagt sagte heißt bedeutet lautet mir gibt genau",
    "french": "combien faut peut doit dit signifie donne explique décris liste y t-il",
    "spanish": "cuánto cuántos cuántas cuánta dice significa explica describe lista hay dime",
    "italian": "quanto quanti quanta quante dice significa spiega descrivi elenca c'è ci",
}
# "how long": the answer is a measure and seldom says the word
_HOW = re.compile(
    r"\bhow (long|old|often|far|big|large|high|tall|deep|wide|heavy|fast|much|many|late|early|soon|expensive)\b"
    r"|\bwie (lange?|alt|oft|weit|groß|hoch|tief|breit|schwer|schnell|viele?|teuer)\b",
    re.IGNORECASE,
)
# "according to the report", "in his address": where it is said, not what
_ATTRIBUTION = re.compile(
    r"\baccording to [^,?]{1,60}(?=[,?]|$)|\b(as )?(mentioned|described|outlined|stated|discussed|explained) in "
    r"[^,?]{1,60}(?=[,?]|$)|\bin (his|her|their|this|the) [^,?]{0,30}\b(address|speech|text|document|"
    r"passage|article|interview)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
# "peut-on", "a-t-il": a verb and its pronoun, not a code
_INVERTED = re.compile(r"-(?:t-)?(?:je|tu|il|elle|on|nous|vous|ils|elles|ce)\b", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
# short questions hold few function words, but one that asks
_QUESTION_WORDS = {
    word: language
    for language, words in {
        "english": "who what when where which why how is are does do did can whose",
        "german": "wer wen wem was wann wo wohin woher welche welcher welches warum wieso wie wieviel darf gibt",
        "french": "qui que quoi quand où quel quelle quels quelles pourquoi comment combien",
        "spanish": "quién quiénes qué cuándo dónde cuál cuáles cómo cuánto cuánta cuántos cuántas",
        "italian": "chi cosa quando dove quale quali perché quanto quanta quanti quante",
    }.items()
    for word in words.split()
}
# how many passages the English of everywhere counts for beside those of the corpus
_ELSEWHERE = 150
# words that stand for each other in questions and answers
_SAME = """
cost costs price priced fee charge charged pay paid pays payable expensive cheap cheaper rent rate amount amounts
begin begins began start starts commence opens opened launched | end ends ended finish expire expires terminate stop
buy purchase acquire order | company firm organisation organization business enterprise | doctor physician
build built construct constructed erected | found founded established created set | car vehicle automobile
wrote written author authors writer | make made manufactured produced manufacturer producer
repair repaired mend mended fix fixed | replace replaced replacement substitute spare renewed
allow allowed permit permitted may | forbid forbidden prohibited banned | help assist support
child children kid kids | boss head chief leader director chairman manager manages | job position role post
chair chairs chaired chairman chairwoman
lose lost losing missing | live reside residence dwelling | die died death dead | guarantee warranty
cable cord wire | holiday vacation leave | phone telephone call | mail email e-mail | licence license licensed
show display | choose select pick | delete remove removed | error fault problem issue failure trouble
need needs require requires required must | get obtain receive gets | give provide supply offer offers
increase increased rise rises rose grow grew raised growth | decrease decreased fall fell drop dropped decline reduced
fast quick speed second | weigh weighs weight heavy kg | long length duration | high height tall | old age aged
big large size square larger bigger | flat apartment | road street | city town | area region zone
employee employees staff worker workers personnel headcount | student pupil | rule rules regulation policy
run execute launch | install installation setup pip | use using usage utilise | maximum most limit highest
minimum least lowest smallest | check verify | clean cleaned wash rinse | turn switch switched
throw dispose discard | contact reach address | meeting session | happen occur took place | search find look
damage damages harm cracks | wife husband married | quick short brief | kind type sort | goal aim purpose
reason because due | method way how | result results outcome | latest newest current new now | each every per
monthly month | yearly year annual annually | weekly week | daily day | hour hours hourly | language languages
teach teaches taught teacher teachers instructor tutor class classes lesson lessons | grow grew grown
money dollars euros pounds | percent percentage share | salary wage earn earns | sell sold sale sales
study studied graduate graduated degree university college | honour honours honor honors award awards prize medal
match game fixture | won win wins beat defeat defeated victory | answer answered respond responds response reply
cap limit ceiling maximum exceed | bike bikes bicycle bicycles | profit profits earnings income | sum total
headquarters headquartered based seat | symbol ticker | subsidy grant funding fund
"""
# the same in other languages, in the words of offices and papers
_SAME_ELSEWHERE = {
    "german": """
kostet kosten preis preise gebühr investition investitionen investiert | mitarbeiter mitarbeiterinnen beschäftigte
beschäftigt angestellte personal | zuschuss förderung fördert fördermittel | beginnt beginn start startet anfang |
endet ende schluss läuft | sitz hauptsitz | eigentümer gehört gehören besitzt | gründung gegründet |
tod starb gestorben | gewinn ergebnis überschuss | umsatz erlös erlöse | steigt steigen stieg anstieg erhöhung erhöht |
sinkt sinken sank rückgang | spart sparen eingespart einsparung | dauert dauer lang | leiter leiterin chef chefin
geschäftsführer geschäftsführerin vorstand | darf dürfen erlaubt gestattet | verboten untersagt
""",
    "french": """
coûte coût prix tarif investissement montant | salariés employés effectif personnel emploie | commence début débute
démarre | fin termine | siège basé basée | fondé fondée créé créée création | directeur directrice dirigeant
président présidente patron | augmente hausse augmentation | baisse diminue recul | mort décès décédé décédée |
dure durée | subvention aide financement financé | interdit défense | autorisé permis droit
""",
    "spanish": """
cuesta costará coste costo precio precios inversión importe | empleados trabajadores plantilla | empieza comienza
inicio arranca | termina acaba fin | fundada fundó fundado creada creó | presidente presidenta director directora |
sube aumenta aumento subida | baja reduce descenso | murió muerte falleció fallecimiento | dura duración durará |
prohibido prohíbe | permitido permite
""",
    "italian": """
costa costo prezzo prezzi investimento importo | dipendenti lavoratori personale addetti | inizia comincia inizio
avvio | termina finisce fine | fondata fondato fondazione nata | presidente direttore direttrice amministratore |
aumenta aumento crescita | cala calo diminuisce | morto morta morte scomparsa | dura durata | vietato divieto
""",
}


@lru_cache(1)
def _common() -> dict[str, float]:
    bands: dict[str, str] = json.loads(Path(__file__).with_name("common.json").read_text(encoding="utf-8"))
    return {term: float(share) for share, found in bands.items() for term in found.split()}


def is_common(found: Iterable[str]) -> bool:
    """Whether one of these terms stands in many kinds of English text."""
    return any(term in _common() for term in found)


@lru_cache(1)
def _groups() -> dict[str, frozenset[int]]:
    """The numbers of the groups of ``_SAME`` that a stem is in."""
    found: dict[str, set[int]] = {}
    groups = [("english", group) for group in re.split(r"[|\n]", _SAME)]
    groups += [(name, group) for name, some in _SAME_ELSEWHERE.items() for group in some.split("|")]
    for number, (language, group) in enumerate(groups):
        for word in group.split():
            for term in terms(word, language):
                found.setdefault(term, set()).add(number)
    return {term: frozenset(numbers) for term, numbers in found.items()}


def language_in(text: str) -> str | None:
    """The language of a text as its function words tell, or the word that a question begins with; None when
    they do not."""
    words = [word.lower() for word in _WORD.findall(text)]
    return language_of(words) or _QUESTION_WORDS.get(words[0] if words else "")


@lru_cache(32)
def _passed_over(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """The function words and the asking words of a language, as words and as terms."""
    pairs = (FUNCTION_WORDS[language], _ASKING.get(language, "").split())
    words = [frozenset(found) | {t for word in found for t in terms(word, language)} for found in pairs]
    return words[0] | STOP_WORDS if language == "english" else words[0], words[1]


def telling(query: str) -> list[str]:
    """The distinct terms of a query that say what it is about, in order; all of them when none does."""
    language = language_in(query) or "english"
    query = _INVERTED.sub(" ", query) if language == "french" else query
    query = _ATTRIBUTION.sub(" ", query)
    query = _POSSESSIVE.sub("", query)
    function, asking = _passed_over(language)
    found = list(dict.fromkeys(terms(query, language)))
    measured = set(terms(" ".join(match[1] or match[2] for match in _HOW.finditer(query)), language))
    some = [term for term in found if term not in function]
    return [term for term in some if term not in asking and term not in measured] or some or found


def says_nothing(query: str) -> bool:
    """True when a query has only words that any sentence may have: "what is it?"."""
    language = language_in(query) or "english"
    function, _ = _passed_over(language)
    return all(term in function for term in terms(query, language))


def weights(
    query: str, frequency: Mapping[str, int], n_passages: int, evidence: Sequence[Hit] = ()
) -> dict[str, float]:
    """How telling each term of the query is, by rarity (the BM25 form of inverse document frequency,
    Robertson and Spärck Jones 1976); the weights sum to 1. Without corpus frequencies those among
    the evidence stand in."""
    asked = telling(query)
    if not frequency:
        held = Counter(term for hit in evidence for term in set(terms(hit.passage.text)) & set(asked))
        frequency, n_passages = held, len(evidence)
    common = _common()
    raw = {}
    for term in asked:
        df = min(frequency.get(term, 0), n_passages) + _ELSEWHERE * common.get(term, 0.0)
        raw[term] = math.log(1 + (n_passages + _ELSEWHERE - df + 0.5) / (df + 0.5))
    total = sum(raw.values()) or 1.0
    return {term: value / total for term, value in raw.items()}


def related_to(wanted: Iterable[str], bag: frozenset[str]) -> set[str]:
    """Those of ``wanted`` that are in ``bag``, or have a word of the same family ("colonize", "colonial") or of
    the same meaning ("cost", "price") there."""
    held = {term for term in wanted if term in bag}
    missing = [term for term in wanted if term not in held]
    if missing:
        families = {term[:5] for term in missing if len(term) > 4}
        present = {other[:5] for other in bag if other[:5] in families and len(other) > 4}
        groups = _groups()
        meanings = {number for other in bag if other in groups for number in groups[other]}
        held.update(
            term
            for term in missing
            if (len(term) > 4 and term[:5] in present) or (term in groups and not groups[term].isdisjoint(meanings))
        )
    return held
