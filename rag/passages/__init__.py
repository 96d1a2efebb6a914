"""Document -> Passages: structure-aware, within what the embedder reads, and never a character lost.

``split`` runs a chunker and holds it to its contract; ``embedded_text`` is what the embedder is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from math import ceil

from rag.errors import RagError
from rag.passages.encoding import encoding
from rag.passages.paragraphs import ParagraphChunker
from rag.passages.sentences import halves, sentences, trimmed
from rag.plugins import Chunker, Embedder
from rag.types import Document, Passage, Span

__all__ = ["ParagraphChunker", "embedded_text", "encoding", "split"]


def split(document: Document, chunker: Chunker, embedder: Embedder | None = None) -> list[Passage]:
    """The passages of a document, in order.

    With an embedder, passages that are longer than it reads, counted in its own tokens, are cut further,
    between sentences where that can be: nothing is cut off in silence.

    Raises:
        RagError: the chunker returned spans that are not in the text, overlap or leave words out.
    """
    pieces = list(_checked(document, chunker))
    if embedder is not None:
        pieces = _readable(document.text, pieces, embedder)
    document_id, title = document.id, document.name  # each is found out anew whenever it is asked for
    headings = _heading_paths(document)
    passages: list[Passage] = []
    at = 0
    for span, inner in pieces:
        while at + 1 < len(headings) and headings[at + 1][0] <= span.start:
            at += 1
        passages.append(
            Passage(
                id=_passage_id(document_id, span),
                document_id=document_id,
                source=document.source,
                title=title,
                text=document.text[span.start : span.end],
                start=span.start,
                end=span.end,
                page=document.page_at(span.start),
                heading=headings[at][1],
                sentences=inner,
                collection=document.collection,
            )
        )
    return passages


def embedded_text(passage: Passage) -> tuple[str, list[Span]]:
    """What the embedder is given for a passage, and where the passage's sentences are in it.

    That is the passage alone: with its heading in front, MRR@10 over the 201 questions of a set of company
    PDFs fell from 0.891 to 0.879, with the path of headings to 0.873.
    """
    return passage.text, [Span(start - passage.start, end - passage.start) for start, end in passage.sentences]


_Piece = tuple[Span, tuple[Span, ...]]


def _passage_id(document_id: str, span: Span) -> str:
    return hashlib.sha256(f"{document_id}:{span.start}:{span.end}".encode()).hexdigest()[:20]


def _checked(document: Document, chunker: Chunker) -> Iterator[_Piece]:
    """The chunker's spans, trimmed; sentences are found here where the chunker gives none."""
    text = document.text
    previous = 0
    for raw, inner in chunker.split(document):
        if not previous <= raw[0] <= raw[1] <= len(text) or text[previous : raw[0]].strip():
            raise RagError(
                f"chunker {chunker.fingerprint!r} returned the passage {tuple(raw)} of {document.source!r}, which "
                f'overlaps, leaves words out or is outside the text: choose another with chunker = "paragraphs"'
            )
        previous = raw[1]
        span = trimmed(text, *raw)
        if span is None:
            continue
        yield span, tuple(_inside(text, span, inner) or sentences(text, span.start, span.end))
    if text[previous:].strip():
        raise RagError(f"chunker {chunker.fingerprint!r} left out the end of {document.source!r}")


def _inside(text: str, span: Span, inner: Sequence[Span]) -> list[Span]:
    """The chunker's sentences, or none when they are not in order, inside the passage, and all of it."""
    found: list[Span] = []
    previous = span.start
    for start, end in inner:
        if not previous <= start < end <= span.end or text[previous:start].strip():
            return []
        found.append(Span(start, end))
        previous = end
    return [] if text[previous : span.end].strip() else found


def _readable(text: str, pieces: Sequence[_Piece], embedder: Embedder) -> list[_Piece]:
    """The pieces, those that are too long for the embedder cut into some that are not."""
    counts = embedder.count_tokens([text[span.start : span.end] for span, _ in pieces])
    out: list[_Piece] = []
    for piece, n_tokens in zip(pieces, counts, strict=True):
        out.extend(_cut(text, piece, n_tokens, embedder) if n_tokens > embedder.max_tokens else [piece])
    return out


def _cut(text: str, piece: _Piece, n_tokens: int, embedder: Embedder) -> Iterator[_Piece]:
    """A piece of ``n_tokens`` in parts of about equal length, none longer than the embedder reads."""
    span, inner = piece
    if len(inner) < 2:
        parts = halves(text, inner[0] if inner else span)
        if parts is None:  # a single character: nothing is left to cut
            yield piece
            return
        groups: list[tuple[Span, ...]] = [(part,) for part in parts]
    else:
        lengths = embedder.count_tokens([text[start:end] for start, end in inner])
        groups = _even(inner, lengths, ceil(n_tokens / embedder.max_tokens))
    spans = [Span(group[0].start, group[-1].end) for group in groups]
    counts = embedder.count_tokens([text[start:end] for start, end in spans])
    for part, group, count in zip(spans, groups, counts, strict=True):
        if count > embedder.max_tokens:
            yield from _cut(text, (part, group), count, embedder)
        else:
            yield part, group


def _even(inner: Sequence[Span], lengths: Sequence[int], n_parts: int) -> list[tuple[Span, ...]]:
    """The sentences in at least two and about ``n_parts`` runs of about equal length."""
    share = sum(lengths) / max(2, n_parts)
    groups: list[list[Span]] = [[]]
    filled = 0.0
    for sentence, length in zip(inner, lengths, strict=True):
        if groups[-1] and filled + length / 2 > share * len(groups):
            groups.append([])
        groups[-1].append(sentence)
        filled += length
    if len(groups) == 1:  # one sentence outweighs the rest
        groups = [groups[0][:-1], groups[0][-1:]]
    return [tuple(group) for group in groups]


def _heading_paths(document: Document) -> list[tuple[int, str]]:
    """Where each heading starts, with the path of headings down to it; before the first it is empty."""
    paths: list[tuple[int, str]] = [(-1, "")]
    above: list[tuple[int, str]] = []
    for start, end, level in document.headings:
        name = " ".join(document.text[start:end].strip("#=- \t\n").split())
        above = [(outer, title) for outer, title in above if outer < level]
        above.append((level, name))
        paths.append((start, " > ".join(title for _, title in above)))
    return paths
