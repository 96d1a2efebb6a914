"""Words that turn a statement round when one stands for the other (English)."""

from __future__ import annotations

from rag.generation.words import stem

__all__ = ["opposites"]

_PAIRS = """increase decrease|increase decline|increase drop|increase reduce|increase fall|rise fall|rise drop
rise decline|rose fell|rise decrease|grow shrink|grew shrank|grew fell|grew declined|expand contract|expand shrink
more less|more fewer|most least|higher lower|high low|highest lowest|above below|over under|before after|first last
win lose|won lost|allow forbid|allow prohibit|allow prevent|allow deny|permit prohibit|permit forbid|include exclude
open close|accept reject|accept refuse|approve reject|gain lose|gained lost|start end|begin end|begin stop|start stop
start finish|always never|all none|everyone nobody|north south|northern southern|east west|eastern western
left right|maximum minimum|largest smallest|larger smaller|large small|big small|bigger smaller|longest shortest
longer shorter|long short|up down|buy sell|bought sold|early late|earlier later|earliest latest|true false
required optional|mandatory optional|mandatory voluntary|enable disable|success failure|succeed fail|succeeded failed
support oppose|supported opposed|import export|profit loss|surplus deficit|male female|man woman|men women|wet dry
hot cold|warm cool|strong weak|stronger weaker|rich poor|old new|older younger|oldest youngest|public private
legal illegal|safe dangerous|with without|add remove|added removed|upper lower|inside outside|internal external
better worse|best worst|strengthen weaken|improve worsen|easy hard|easy difficult|fast slow|faster slower
majority minority|ancient modern|positive negative|few many|love hate|push pull|attack defend|victory defeat
arrive depart|enter leave|ascend descend|create destroy|active passive|visible invisible|encrypt decrypt
heavy light|heavier lighter|thick thin|deep shallow|full empty|married divorced|life death|born died|father mother
son daughter|brother sister|king queen|husband wife|same different|common rare|often rarely|usually rarely"""


def _table() -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for pair in _PAIRS.replace("\n", "|").split("|"):
        one, other = pair.split()
        for a, b in ((one, other), (other, one)):
            table.setdefault(stem(a), set()).add(stem(b))
    return table


_OPPOSITE = _table()


def opposites(term: str) -> set[str]:
    """The stems that mean the opposite of a stem; empty for most."""
    return _OPPOSITE.get(term, set())
