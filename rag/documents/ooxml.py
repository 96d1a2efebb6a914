"""What Word, PowerPoint and Excel files have in common: relationships, properties, switches."""

from __future__ import annotations

import posixpath
from xml.etree.ElementTree import Element

from rag.documents.canonical import one_line
from rag.documents.packages import Package
from rag.errors import DocumentError

__all__ = ["core_properties", "find_main", "is_on", "relationships"]


def find_main(package: Package, usual: str) -> str:
    """The name of the main part: the usual one, else what the package's relationships say.

    Raises:
        DocumentError: there is no main part.
    """
    if usual in package:
        return usual
    for kind, target in relationships(package, "").values():
        if kind == "officeDocument" and target in package:
            return target
    raise DocumentError(f"is not what its name says: there is no {usual} in it")


def relationships(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """A part's relationships: id to (kind, name of the target part); links to the outside are left out."""
    folder, _, name = part.rpartition("/")
    root = package.xml_or_none(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
    found = {}
    for item in root if root is not None else ():
        if item.get("TargetMode", "Internal") == "External":
            continue
        target = item.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        found[item.get("Id", "")] = (item.get("Type", "").rpartition("/")[2], path)
    return found


def core_properties(package: Package) -> dict[str, str]:
    """Title, author and date of the document, as far as it says."""
    try:
        root = package.xml_or_none("docProps/core.xml")
    except DocumentError:
        return {}
    if root is None:
        return {}
    fields = {
        "title": one_line(root.findtext("title") or ""),
        "author": one_line(root.findtext("creator") or ""),
        "date": (root.findtext("modified") or root.findtext("created") or "")[:10],
    }
    if fields["author"].lower() in ("python-docx", "openpyxl", "unknown"):
        fields["author"] = ""
    if fields["title"].lower() in ("powerpoint presentation", "word document", "presentation", "untitled"):
        fields["title"] = ""
    return {key: value for key, value in fields.items() if value}


def is_on(switch: Element | None) -> bool:
    """Whether an on/off property is there and not switched off."""
    return switch is not None and switch.get("val", "true").lower() not in ("false", "0", "off", "none")
