"""Source code and configuration: kept as it is, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rag.documents.canonical import Writer, clean
from rag.documents.encodings import decode
from rag.documents.loading import FileLoader
from rag.types import Document

__all__ = ["Code"]


class Code(FileLoader):
    """The loader for programs, scripts, styles, configuration and data definitions."""

    suffixes = tuple(
        ".py .pyi .js .mjs .cjs .ts .tsx .jsx .java .kt .kts .scala .c .h .cc .cpp .cxx .hpp .cs .go .rs .rb .php "
        ".pl .pm .sh .bash .zsh .fish .ps1 .bat .cmd .sql .r .jl .lua .swift .m .mm .dart .ex .exs .erl .hs .clj "
        ".lisp .el .vim .css .scss .sass .less .vue .svelte .yaml .yml .toml .ini .cfg .conf .properties .env "
        ".gradle .cmake .mk .dockerfile .tf .proto .graphql .asm .s .f90 .f .vb .groovy .nim .zig .diff .patch "
        ".tex .sty .bib".split()
    )

    def load(self, path: Path) -> Iterator[Document]:
        """The file as one document; stretches between blank lines are blocks."""
        text, encoding, warnings = decode(path.read_bytes())
        writer = Writer()
        for stretch in clean(text).split("\n\n"):
            writer.code(stretch)
        kind = "configuration" if path.suffix.lower() in _CONFIGURATION else "source code"
        yield writer.document("", mime="text/plain", kind=kind, encoding=encoding, warnings=warnings)


_CONFIGURATION = frozenset(".yaml .yml .toml .ini .cfg .conf .properties .env".split())
