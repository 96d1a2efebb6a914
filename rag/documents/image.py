"""Pictures of text, read by tesseract where it is installed; each picture in the file is a page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rag.documents import ocr
from rag.documents.canonical import Writer
from rag.documents.limits import beat
from rag.documents.loading import FileLoader
from rag.documents.ocrpage import page_of_words
from rag.documents.pdfpage import MAX_PIXELS
from rag.documents.pdftext import RECOGNISED, PdfText
from rag.errors import DocumentError
from rag.types import Document

__all__ = ["Image"]

MAX_PAGES = 500
_LARGE = 2000  # pixels along the longer side from which a picture is read as it is
_MAX_SIDE = 4500
_DOTS_PER_INCH = 300


class Image(FileLoader):
    """The loader for pictures."""

    suffixes = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif")

    def load(self, path: Path) -> Iterator[Document]:
        """The words on the pictures as one document."""
        if not ocr.is_available():
            raise DocumentError(f"holds no text; {ocr.INSTALL}")
        text = PdfText({})
        scale = _DOTS_PER_INCH / 72
        for picture in _pictures(path):
            text.take(page_of_words(ocr.recognise(picture, _DOTS_PER_INCH), scale))
            beat()
        writer = Writer()
        text.write(writer, [])
        if writer.n_characters:
            writer.warn(RECOGNISED)
        yield writer.document(text.title, mime=f"image/{path.suffix.lower().lstrip('.')}", kind="picture")


def _pictures(path: Path) -> Iterator[bytes]:
    """Each picture in the file as a grey PNG, upright as its camera says, small ones enlarged."""
    from PIL import Image as Pillow
    from PIL import ImageOps, ImageSequence

    try:
        with Pillow.open(path) as file:
            n_pages = MAX_PAGES if file.format == "TIFF" else 1  # a film has one picture too many
            for frame in islice(ImageSequence.Iterator(file), n_pages):
                if frame.width * frame.height > 10 * MAX_PIXELS:
                    raise DocumentError(f"is larger than {10 * MAX_PIXELS // 1_000_000} million pixels")
                coloured = ImageOps.exif_transpose(frame).convert("RGBA")
                paper = Pillow.new("RGBA", coloured.size, "white")
                grey = Pillow.alpha_composite(paper, coloured).convert("L")
                grey.thumbnail((_MAX_SIDE, _MAX_SIDE))
                if max(grey.size) < _LARGE:
                    grey = grey.resize((2 * grey.width, 2 * grey.height), Pillow.Resampling.LANCZOS)
                buffer = io.BytesIO()
                grey.save(buffer, "PNG")
                yield buffer.getvalue()
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise DocumentError("is damaged: it is no picture that can be opened") from error
