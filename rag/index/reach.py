"""What is there but out of reach: documents below a folder that cannot be listed are not gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rag.documents import File
from rag.index.files import path_bytes

__all__ = ["held_back"]


def held_back(files: Sequence[File], known: Mapping[str, bytes]) -> dict[str, str]:
    """The ``known`` files, given by source and path, that were not seen since they lie in a folder that cannot be
    listed, each with the source of that folder. It is told by its name too, since the corpus may have been moved."""
    folders = [(file.source, path_bytes(file.path).rstrip(b"/") + b"/") for file in files if file.unreachable]
    if not folders:
        return {}
    seen = {file.source for file in files}
    unseen = ((source, path) for source, path in known.items() if source not in seen)
    return dict(_pairs(unseen, folders))


def _pairs(unseen: Iterable[tuple[str, bytes]], folders: Sequence[tuple[str, bytes]]) -> Iterable[tuple[str, str]]:
    for source, path in unseen:
        for folder, start in folders:
            if source.startswith(f"{folder}/") or path.startswith(start):
                yield source, folder
                break
