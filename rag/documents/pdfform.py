"""What is filled in in a PDF form: the fields of a page with their values."""

from __future__ import annotations

import ctypes
from typing import Any

__all__ = ["filled_fields"]

_MAX_FIELDS = 2000
_OFF = ("", "Off", "No", "0")


def filled_fields(form: Any, page: Any) -> list[str]:
    """``name: value`` for the fields that hold something, in the page's order. ``form`` is what
    ``PdfDocument.init_forms`` made, ``page`` a page loaded after it."""
    import pypdfium2.raw as pdfium

    rows: list[str] = []
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MAX_FIELDS)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        try:
            if pdfium.FPDFAnnot_GetSubtype(annotation) != pdfium.FPDF_ANNOT_WIDGET:
                continue
            value = _text(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
            name = _text(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation) or _text(
                pdfium.FPDFAnnot_GetFormFieldName, form, annotation
            )
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
        row = f"{name}: {value}" if name else value
        if value not in _OFF and row not in rows:
            rows.append(row)
    return rows


def _text(getter: Any, form: Any, annotation: Any) -> str:
    """A string that PDFium hands over in a buffer of UTF-16."""
    n = getter(form, annotation, None, 0)
    if not 2 < n < 100_000:
        return ""
    buffer = ctypes.create_string_buffer(n)
    getter(form, annotation, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), n)
    return buffer.raw[: n - 2].decode("utf-16-le", "replace").strip()
