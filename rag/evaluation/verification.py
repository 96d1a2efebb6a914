"""How well does verification do on the documents at hand? Perturbed sentences of the index (see ``perturb``),
judged as the sentences of a model would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.evaluation import perturb
from rag.types import Passage

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = ["measure"]

_PASSAGES = 2000  # as many passages, evenly spaced, are enough to draw from
_SHOWN = 5  # misjudged sentences kept for each kind


def measure(assistant: Assistant, n: int) -> dict[str, Any]:
    """By kind of alteration: how many of about ``n`` cases were flagged, whether that was wanted, and some
    that were misjudged."""
    found = perturb.rates(_drawn(assistant), n=n, similarity=assistant.similarity())
    return {
        kind: {
            "n": found[kind].n,
            "flagged": round(found[kind].share, 4),
            "wanted": "not flagged" if kind in perturb.CONTROLS else "flagged",
            "misjudged": [
                {"sentence": sentence, "support": verdict.support, "reasons": list(verdict.reasons)}
                for sentence, verdict in found[kind].misjudged[:_SHOWN]
            ],
        }
        for kind in (*perturb.CONTROLS, *perturb.KINDS)
        if kind in found
    }


def _drawn(assistant: Assistant) -> list[Passage]:
    """The passages of the index, or so many of them, evenly spaced."""
    with assistant.snapshot() as snapshot:
        ids = dict.fromkeys(entry.document_id for entry in snapshot.documents())
        numbers = [number for document_id in ids for number in snapshot.passages_of(document_id)]
        step = max(1, len(numbers) // _PASSAGES)
        return list(snapshot.passages(numbers[::step]).values())
