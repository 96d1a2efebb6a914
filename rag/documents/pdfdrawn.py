"""What is drawn on a PDF page: runs of characters with their boxes, ruled lines, pictures.

``Segment`` is a run on one baseline without a wide gap. All lengths are PDF points, y grows upwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["WIDE_GAP", "PageText", "Segment"]

WIDE_GAP = 1.15  # in units of the font size: what separates columns and cells, not justified words
_FEW_CHARACTERS = 12  # a page number or a stamp on a scan


@dataclass(slots=True)
class Segment:
    """A run of characters: ``index[i]`` is the page's character that ``text[i]`` came from."""

    text: str
    index: list[int]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    is_bold: bool
    angle: int = 0  # quarter turns
    parts: list[Segment] | None = None  # what it was joined from

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return (self.y0 + self.y1) / 2


@dataclass(slots=True)
class PageText:
    """A page's segments in content order, the horizontal and vertical rules, and what stood out."""

    width: float
    height: float
    segments: list[Segment] = field(default_factory=list)
    across: list[tuple[float, float, float]] = field(default_factory=list)  # (y, x0, x1)
    upright: list[tuple[float, float, float]] = field(default_factory=list)  # (x, y0, y1)
    n_hidden: int = 0
    has_image: bool = False
    has_page_image: bool = False  # one that covers most of the page: a scan
    pictures: list[tuple[float, float, float, float]] = field(default_factory=list)  # boxes of the larger images
    is_cut: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether the page is a picture with no text to speak of."""
        return self.has_image and sum(len(segment.text) for segment in self.segments) < _FEW_CHARACTERS
