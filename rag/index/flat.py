"""Vectors that are all compared with a query.

They are compared twice: every one as whole numbers of eight bits, which FAISS does in a quarter of the time that 16-bit
floats take, and the nearest of these as they are recorded. On 26,000 passages and 150 questions the hundred nearest
were among the 108 nearest by the first look; some more than are wanted are looked at closely, and many more where they
are so near each other that the first look may have misjudged them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.index.packing import dots, row_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.plugins import Rows

    Found = tuple[NDArray[np.int64], NDArray[np.float32]]  # numbers of vectors and their cosines
    Block = tuple[NDArray[np.int64], NDArray[np.void]]  # numbers of vectors, and the vectors as they are recorded

__all__ = ["Flat"]

_MORE = 64


class Flat:
    """The vectors of some blocks, each in one version."""

    def __init__(self, blocks: Mapping[int, Block], versions: Mapping[int, int], dim: int) -> None:
        import faiss

        self.versions = dict(versions)
        self._ends = dict(
            zip(blocks, np.cumsum([len(numbers) for numbers, _ in blocks.values()]).tolist(), strict=True)
        )
        self._numbers = np.concatenate([np.empty(0, np.int64), *(numbers for numbers, _ in blocks.values())])
        self._packed = np.concatenate([np.empty(0, row_type(dim)), *(rows for _, rows in blocks.values())])
        kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
        self._faiss: Any = faiss.IndexScalarQuantizer(dim, kind, faiss.METRIC_INNER_PRODUCT)
        # the largest component of all vectors becomes 127, which is what each row has made of its own
        self._scale = max(1e-9, float(self._packed["scale"].max(initial=0)))
        for _, rows in blocks.values():  # one by one: as floats all of them would take four times the memory
            numbers = np.rint(rows["numbers"] * (rows["scale"][:, None] / self._scale))
            self._faiss.add_sa_codes((numbers + 128).astype(np.uint8))  # which is how FAISS keeps them

    def blocks(self) -> dict[int, Block]:
        """The blocks that this was made of."""
        starts = [0, *self._ends.values()]
        return {
            block: (self._numbers[start:end], self._packed[start:end])
            for start, (block, end) in zip(starts, self._ends.items(), strict=False)
        }

    def nearest(self, query: Rows, k: int, among: NDArray[np.int64] | None) -> Found:
        """The ``k`` vectors that are nearest to ``query``, nearest first: their numbers and cosines; ``among`` are the
        numbers to choose from."""
        import faiss

        # questions come from many threads at once: one core for each is faster than all cores for one
        faiss.omp_set_num_threads(1)
        n, options = len(self._numbers), {}
        if among is not None:
            chosen = np.flatnonzero(np.isin(self._numbers, among))
            n = len(chosen)
            options["params"] = faiss.SearchParameters(sel=faiss.IDSelectorBatch(chosen))  # type: ignore[call-arg]
        scale = max(1e-9, float(np.abs(query).max())) / 127
        rounded = np.rint(query[None, :] / scale)
        k, wide = min(k, n), min(k + _MORE, n)
        while k:
            products, places = self._faiss.search(rounded, wide, **options)
            seem = products[0] * (self._scale * scale)
            cosines = dots(self._packed[places[0]].tobytes(), query)
            best = np.argsort(-cosines, kind="stable")[:k]
            # what was not looked at seems no nearer than the last, and is misjudged no more than these
            if wide == n or cosines[best[-1]] - seem[-1] >= np.abs(cosines - seem).max():
                return self._numbers[places[0][best]], cosines[best]
            wide = min(n, 2 * wide)
        return self._numbers[:0], query[:0]
