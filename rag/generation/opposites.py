"""Words that turn a statement round when one stands for the other: English, with the commonest of three others."""

from __future__ import annotations

import re

from rag.generation.words import fold, stem

__all__ = ["converses", "opposites", "without_prefix"]

# One line an axis, what lies at its two ends on either side of the bar.
_AXES = """
increase rise rose risen rising grow grew grown growth climb climbed gain expand surge soar jump steigen stieg stiegen
  gestiegen zunehmen zunahm nahm anstieg augmenter augmente augmenta hausse aumentar aumento subio crecio
  | decrease decline drop dropped fall fell fallen falling reduce shrink shrank shrunk plunge slump sink sank sunk
  sinken sinkt sank sanken gesunken fiel fielen gefallen abnahm ruckgang diminuer diminue baisse disminuyo cayo bajo
more mehr plus mas | less fewer weniger moins menos
most | least fewest
high higher highest hoch hoher hochste eleve alto | low lower lowest niedrig niedriger niedrigste bas bajo
above over exceed exceeded exceeds exceeding surpass surpassed uber | below under unter within
before prior avant antes vor | after apres despues nach
first | last
early earlier earliest | late later latest
allow allowed permit permitted authorize authorise erlaubt erlauben permis autorise permitido
  | forbid forbidden prohibit prohibited prevent ban banned disallow verboten interdit prohibido
allow grant granted | deny denied refuse refused
accept accepted approve approved pass passed adopt adopted angenommen genehmigt
  | reject rejected refuse refused decline declined defeat defeated deny denied veto abgelehnt
admit admitted confirm confirmed acknowledge acknowledged affirm | deny denied dispute disputed
include included including includes | exclude excluded excluding excludes except excepting
open opened opens opening reopen reopened reopens offnen offnet geoffnet
  | close closed closes closing schliessen schliesst geschlossen
start started begin began begun begins commence resume resumed
  | end ended stop stopped finish finished cease ceased halt halted suspend suspended
arrive arrived reach reached enter entered come came join joined | leave left depart departed quit exit exited
create created add added insert install installed build built
  | delete deleted remove removed destroy destroyed uninstall demolish demolished
honor honour honored honoured keep kept fulfil fulfilled | break broke broken breach breached violate violated
always immer toujours siempre | never nie jamais nunca
all every everyone everybody both alle tous todos | none nobody neither
north northern | south southern
east eastern | west western
left | right
maximum largest biggest greatest longest oldest strongest best | minimum smallest shortest youngest weakest worst
larger bigger greater | smaller
large big | small little
longer langer | shorter kurzer
spatestens | fruhestens
mieter mieterin | vermieter vermieterin
locataire | bailleur proprietaire
tenant lessee | landlord lessor
buyer purchaser kaufer | seller vendor verkaufer
employer arbeitgeber | employee arbeitnehmer
lender creditor | borrower debtor
einzug | auszug
ouvert ouverte ouverts ouvertes | ferme fermee fermes fermees
abierto abierta | cerrado cerrada
survive survived | lost destroyed perish perished
succeeded pass passed | fail failed
suitable | unsuitable
long | short
strengthen strengthened improve improved | weaken weakened worsen worsened deteriorate
better | worse
strong stronger | weak weaker
heavy heavier | light lighter
thick thicker | thin thinner
deep deeper | shallow shallower
wide wider | narrow narrower
fast faster quick quicker | slow slower
hot hotter warm warmer | cold colder cool cooler
wet | dry
rich richer wealthy | poor poorer
old older | new young younger
up | down
required mandatory compulsory obligatory | optional voluntary
enable enabled activate activated | disable disabled deactivate deactivated
success succeed succeeded successful | failure fail failed unsuccessful
support supported supportive favor favored endorse friendly | oppose opposed hostile
attack attacked | defend defended
import imported | export exported
profit profitable | loss
surplus | deficit shortage
male man men | female woman women
father son brother king husband | mother daughter sister queen wife
public | private
legal lawful | illegal unlawful
safe | dangerous unsafe
with mit avec con | without ohne sans sin
upper | lower
inside internal indoor indoors | outside external outdoor outdoors
easy simple | hard difficult
majority | minority
ancient | modern
positive | negative
many | few
often frequently usually commonly | rarely seldom
common | rare uncommon
love loved | hate hated
push | pull
ascend | descend
active | passive inactive
immediate immediately | delayed
encrypt encrypted | decrypt decrypted
full | empty
born birth | died death
married | divorced
same identical | different
true | false
cause caused | prevent prevented
appoint appointed hire hired elect elected | dismiss dismissed fire fired sack sacked
praise praised welcome welcomed | criticise criticize criticised criticized condemn condemned blame blamed
agree agreed | disagree disagreed
free | cost costs charge charged fee
guilty | innocent
cheap cheaper | expensive costly dear
dismiss dismissed overturn overturned | uphold upheld allow allowed grant granted
alive | dead
presence present | absence absent
advance advanced | retreat retreated delay delayed
"""
# The same event seen from its other side: "A bought from B" is "B sold to A".
_CONVERSE = """
win won victory beat defeated | lose lost defeat
buy bought purchase purchased acquire acquired kaufte gekauft | sell sold verkaufte verkauft
lend lent | borrow borrowed
send sent | receive received
"""
_PREFIX = re.compile(r"^(?:un|in|im|il|ir|non-?|dis|anti)(?=[a-z]{4})")


def _table(lines: str) -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for line in re.sub(r"\n\s+", " ", lines.strip()).split("\n"):
        one, other = ({stem(fold(word)) for word in side.split()} for side in line.split("|"))
        for here, there in ((one, other), (other, one)):
            for word in here:
                table.setdefault(word, set()).update(there - {word})
    return {word: frozenset(others) for word, others in table.items()}


_OPPOSITE = _table(_AXES)
_OTHER_SIDE = _table(_CONVERSE)


def opposites(term: str) -> frozenset[str]:
    """The stems that mean the opposite of a stem; empty for most."""
    return _OPPOSITE.get(term, frozenset())


def converses(term: str) -> frozenset[str]:
    """The stems of verbs that tell the same event with the parts exchanged ("sell" for "buy")."""
    return _OTHER_SIDE.get(term, frozenset())


def without_prefix(word: str) -> str:
    """The word that a prefix turns into its opposite in ``word`` ("licensed" for "unlicensed"), or ""."""
    return _PREFIX.sub("", word) if _PREFIX.match(word) else ""
