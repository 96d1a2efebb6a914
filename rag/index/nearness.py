"""How near passages are to a query: by their own vectors, and by those of their sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rag.index.packing import dots, row_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.plugins import Rows

__all__ = ["Nearness"]


class Nearness:
    """The cosines of ``packed`` vectors, by passage its own and then its sentences', with ``query``.

    ``own`` and ``best`` have a cosine for each of ``numbers``: that of the passage as a whole, and that of its best
    sentence, or its own again where there is none.
    """

    def __init__(self, packed: Mapping[int, bytes], query: Rows) -> None:
        size = row_type(len(query)).itemsize
        ends = np.cumsum([len(rows) // size for rows in packed.values()], dtype=np.int64)
        starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        near = dots(b"".join(packed.values()), query).astype(np.float64)
        self.numbers = list(packed)
        self.own = near[starts]
        self.best = np.where(ends - starts > 1, _most(near, starts + 1, ends), self.own)
        self._near = near
        self._spans = dict(zip(self.numbers, zip(starts.tolist(), ends.tolist(), strict=True), strict=True))

    def sentences(self, number: int) -> tuple[float, ...]:
        """The cosines of a passage's sentences, in their order; none for a passage that is not here."""
        start, end = self._spans.get(number, (0, 0))
        return tuple(self._near[start + 1 : end].tolist())


def _most(values: NDArray[np.float64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
    """The largest of the values from each start to its end, or any where there is none between them."""
    if not len(starts):
        return values
    edges = np.stack([starts, ends], axis=1).ravel()
    return np.asarray(np.maximum.reduceat(np.append(values, 0.0), edges)[::2])
