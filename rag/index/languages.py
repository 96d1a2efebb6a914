"""Which language is this, by its function words? Enough to choose a stemmer, and the words to leave out of a query.

The commonest words of a language make up a third of any text in it, so a passage gives itself away, and so do
most questions. Only languages in Latin script need telling apart here; another script chooses by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["FUNCTION_WORDS", "LATIN", "language_of"]

# by the name of their Snowball stemmer; lower case, accents as written
FUNCTION_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "english": """
            a an and are as at be been but by can could did do does for from had has have he her him his how i if in
            into is it its me my no not of on or our shall she should so than that the their them then there these
            they this those to was we were what when where which who whom whose why will with would you your
        """,
        "german": """
            aber als am an auch auf aus bei bis da das dass dem den der des die dies diese dieser doch durch ein
            eine einem einen einer er es für gibt haben hat ich ihr im in ist kann man mit muss nach nicht noch nur
            oder sein sich sie sind so um und unter viel viele vom von vor wann war waren warum was welche welcher
            welches wenn wer werden wie wird wo wurde wurden zu zum zur über
        """,
        "french": """
            a au aux avec ce ces cette combien comme comment d dans de des du elle en entre est et eu fait il ils je
            l la le les leur leurs lors mais n ne nous on ont ou où par pas plus pour pourquoi qu quand que quel
            quelle quelles quels qui s sa se ses son sont sur un une vous à était été
        """,
        "spanish": """
            a al como con cual cuales cuando cuantos cuál cuáles cuándo cuánto cuántos cómo de del desde donde dónde
            el ella en entre era es esta este esto está fue fueron ha hasta hay la las lo los más no o para pero por
            porque puede que quién qué se ser si sin sobre son su sus también un una uno y ya
        """,
        "portuguese": """
            a ao aos as com como da das de do dos e ela ele em entre era esta este está foi foram há isso mais mas
            na nas no nos não o onde os ou para pela pelo pode por porque quais qual quando quantos que quem se sem
            ser seu seus sobre sua suas são também tem um uma à é
        """,
        "italian": """
            a ad ai al alla alle anche c che chi come con cosa da dal dalla degli dei del della delle di dove e ed
            era essere gli ha hanno i il in io l la le lo loro ma nei nel nella non o per perché più può quale quali
            quando quanti quanto questa questo si sono stata stato su sua sul sulla suo tra un una è
        """,
        "dutch": """
            aan als bij dan dat de deze die dit door een en er had heeft het hij hoe hoeveel in is kan maar meer met
            naar niet nog of om onder ook op over te tot uit van veel voor waar waarom wanneer waren was wat welke
            werd werden wie worden wordt ze zich zij zijn
        """,
        "swedish": """
            att av de den denna dessa det detta du efter eller en ett från för ha hade han har hon hur i inte jag
            kan man med men mot mycket många när och om på sig sin ska som så till under vad var vara varför vem vid
            vilka vilken vilket är över
        """,
        "danish": """
            ad af at blev blive de den denne der det dette efter eller en er et for fra han har havde hun hvad hvem
            hvilke hvilken hvilket hvor hvordan hvorfor hvornår i ikke jeg kan man med men mod når og om på sig sin
            skal som til under var ved være
        """,
        "norwegian": """
            av ble blir da de den denne det dette du eller en enn er et etter for fra ha hadde han har hun hva hvem
            hvilke hvilken hvilket hvor hvordan hvorfor i ikke jeg kan kunne man med men mot når og også om på seg
            sin skal som til under var ved være å
        """,
        "finnish": """
            ei että ja joka jos jotka kanssa koska kuin kuinka kuka miksi mikä milloin missä mitkä mitä mukaan mutta
            myös ne niin näiden oli olivat on ovat se sekä sen siitä tai tämä tämän vain voi
        """,
        "hungarian": """
            a az azt be egy el ez ezt hogy hogyan hol is kell ki meg mely melyik mennyi mert mi mikor milyen mint
            mit miért nem s számára vagy van vannak volt voltak és
        """,
        "romanian": """
            a ai al ale au ca cand care ce cine cu cum când câte de despre din după e este fi fost la mai mult nu o
            pe pentru prin sau se sunt un unde unei unui în într şi ș și
        """,
        "turkish": """
            bir bu da daha de değil en gibi hangi ile için kadar kaç kim mi mu mı nasıl ne neden nerede olan olarak
            oldu olduğu sonra ve veya ya çok
        """,
        "polish": """
            a ale bez by być było co czy dla do gdzie i ich ile jak jaka jaki jakie jako jest już kiedy kto która
            które który lub ma na nie o od oraz po pod przez przy się są tak ten to tym w we z za ze że
        """,
        "czech": """
            a aby ale bez by byl byla bylo co do i jak jaká jaké jaký je jeho jejich jsou k kde kdo kdy když která
            které který na nebo než o od po pod pro proč při s se si své svůj tak to u v ve z za ze že
        """,
        "catalan": """
            a al amb aquest aquesta com d de del dels des el els en entre era fou ha han i l la les més no o on per
            perquè però quan quants que qui quin quina què s se ser seu seva són també un una va van és
        """,
        "indonesian": """
            ada adalah akan apa atau bagaimana berapa bisa dalam dan dapat dari dengan di dia ini itu juga kapan
            karena ke mana mengapa oleh pada para sebagai siapa telah tidak untuk yang
        """,
    }.items()
}
LATIN = tuple(FUNCTION_WORDS)

_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _words in FUNCTION_WORDS.items():
    for _word in _words:
        if len(_word) > 1:  # single letters are initials and leftovers of apostrophes more often than words
            _LANGUAGES_OF.setdefault(_word, []).append(_language)
_ENGLISH = FUNCTION_WORDS["english"]
# Turkish says much in few function words, and has letters that no other of these languages has. A word with one
# counts as a function word where those do not tell: in English, "Erdoğan" is a name.
_TURKISH = re.compile("[ğı]")

# function words that settle it: names and loan words give away one by chance
_ENOUGH = 2
# a word that comes again and again may be a unit in every row of a table: hectares are "ha"
_OF_ONE_WORD = 2
# a text with this share of English function words is English: the others come to a tenth
_SURE, _LONG = 0.25, 20


def language_of(words: Sequence[str]) -> str | None:
    """The Snowball name of the language with the most function words among ``words`` (lower case); None when
    there are too few to tell, or two languages have as many."""
    if len(words) >= _LONG and sum(map(_ENGLISH.__contains__, words)) >= _SURE * len(words):
        return "english"
    votes: dict[str, int] = {}
    for word, n in Counter(words).items():
        for language in _LANGUAGES_OF.get(word, ()):
            votes[language] = votes.get(language, 0) + min(n, _OF_ONE_WORD)
    best = sorted(votes.values(), reverse=True)[:2]
    if not best or best[0] < _ENOUGH or (len(best) > 1 and best[0] == best[1]):
        is_turkish = sum(not word.isascii() and bool(_TURKISH.search(word)) for word in words) >= _ENOUGH
        return "turkish" if is_turkish else None
    return max(votes, key=votes.__getitem__)
