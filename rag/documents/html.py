"""HTML: the main text with its headings, lists and tables; no navigation, scripts or hidden words.

On the standard library's parser, which is the one that survives 100,000 nested elements; a page is read
into a flat list of blocks in one pass (``_PageParser``), and the blocks that are the page's own text are
chosen afterwards (``_main_blocks``). Not a browser: style sheets count only where they plainly hide.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rag.documents.boilerplate import boilerplate_spans, release_date
from rag.documents.canonical import Writer
from rag.documents.encodings import decode
from rag.documents.htmlpage import Block, PageParser, declared_encoding
from rag.documents.loading import FileLoader
from rag.documents.tables import write_table
from rag.types import Document

__all__ = ["Html", "write_html"]


class Html(FileLoader):
    """The loader for web pages."""

    suffixes = (".html", ".htm", ".xhtml", ".xht")

    def load(self, path: Path) -> Iterator[Document]:
        """The page as one document."""
        data = path.read_bytes()
        text, encoding, warnings = decode(data, declared_encoding(data))
        writer = Writer()
        fields = write_html(writer, text, whole=False)
        yield html_document(writer, fields, encoding=encoding, warnings=warnings)


def html_document(
    writer: Writer, fields: dict[str, str], *, encoding: str = "", warnings: list[str] | None = None
) -> Document:
    """The document of what ``write_html`` wrote, with the boilerplate lines in it marked.

    Raises:
        DocumentError: nothing was written.
    """
    title = fields.pop("title", "") or writer.leading_heading
    document = writer.document(
        title, mime="text/html", kind="web page", encoding=encoding, warnings=list(warnings or []), **fields
    )
    if "date" not in document.metadata and (date := release_date(document.text)):
        dict.update(document.metadata, {"date": date})
    if spans := boilerplate_spans(document.text):
        dict.update(document.metadata, {"boilerplate": [list(span) for span in spans]})
    return document


def write_html(writer: Writer, markup: str, *, whole: bool = True) -> dict[str, str]:
    """Write the text of a page; returns its title, author, date, language and url as far as it says.

    ``whole`` keeps everything that is visible; otherwise navigation and other page furniture is left out.
    """
    page = PageParser()
    page.feed(markup)
    page.close()
    page.finish()
    if page.n_hidden:
        writer.warn("hidden text was left out")
    for block in page.blocks if whole else _main_blocks(page.blocks):
        _write(writer, block)
    return page.fields()


def _write(writer: Writer, block: Block) -> None:
    if block.kind == "heading":
        writer.heading(block.text, block.level)
    elif block.kind == "item":
        writer.item(block.text)
    elif block.kind == "code":
        writer.code(block.text)
    elif block.kind == "table":
        write_table(writer, block.rows, max(0, block.level) if block.level else None)
    else:
        writer.paragraph(block.text)


def _main_blocks(blocks: list[Block]) -> list[Block]:
    """The blocks that are the page's own text, and what its footer says in words.

    An element that says it is the main text is believed when it holds a fair part of all words. Without
    one, blocks inside navigation, headers and asides go, and runs of bare links (menus) too, as long as
    something is left. An address or notice in the footer stays, its links do not.
    """
    footer = [b for b in blocks if "footer" in b.regions and b.kind == "paragraph" and _is_worth_keeping(b)]
    rest = [block for block in blocks if not block.regions & {"furniture", "footer"}]
    for region in ("article", "main"):
        inside = [block for block in rest if region in block.regions]
        if _weight(inside) > 0.4 * _weight(rest):
            return (_without_menus(_with_heading(blocks, inside)) or inside) + footer
    kept = _without_menus(rest) or rest
    if _weight(kept) < 0.1 * _weight(blocks) or not kept:
        return blocks
    return kept + footer


def _is_worth_keeping(block: Block) -> bool:
    return len(block.text) >= 20 and block.n_linked < 0.3 * len(block.text)


def _with_heading(blocks: list[Block], inside: list[Block]) -> list[Block]:
    """``inside``, led by the page's first top-level heading when that stands outside of it."""
    if inside and not any(block.kind == "heading" and block.level == 1 for block in inside):
        for block in blocks[: blocks.index(inside[0])]:
            if block.kind == "heading" and block.level == 1:
                return [block, *inside]
    return inside


def _without_menus(blocks: list[Block]) -> list[Block]:
    """Blocks without runs of four or more that consist of links only."""
    kept: list[Block] = []
    run: list[Block] = []
    for block in [*blocks, Block("paragraph", ".")]:
        if block.kind in ("item", "paragraph") and block.n_linked > 0.8 * len(block.text) and len(block.text) < 80:
            run.append(block)
            continue
        if len(run) < 4:
            kept += run
        run = []
        kept.append(block)
    return kept[:-1]


def _weight(blocks: list[Block]) -> int:
    return sum(
        max(0, len(block.text) - block.n_linked) + sum(len(cell) for row in block.rows for cell in row)
        for block in blocks
    )
