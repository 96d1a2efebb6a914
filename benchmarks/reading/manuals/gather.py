"""Gather the manuals that the questions of this folder are about: ``gather.py TARGET --data ../shared/data``.

Their texts belong to others and are not kept here. Those of ``cloud`` are pages of ``mtrag_dev``; the rest comes with
the packages debian-handbook, installation-guide-amd64, developers-reference, debian-policy, aptitude-doc-en,
gimp-help-en, gimp-help-nl, postgresql-doc-15, python3.11-doc and git-doc of Debian 12, which have to be installed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path

SOURCES, SHARE = Path(__file__).with_name("sources.tsv"), Path("/usr/share")


def gather(target: Path, data: Path) -> None:
    """Copy each document to ``target/NAME/SOURCE``, as ``sources.tsv`` names them."""
    pages = defaultdict(list)
    for line in (data / "mtrag_dev" / "corpus.jsonl").open(encoding="utf-8"):
        passage = json.loads(line)
        name, start, _ = re.fullmatch(r"(.*)-(\d+)-(\d+)", passage["id"]).groups()
        pages[f"{name}.md"].append((int(start), passage["text"]))
    for line in SOURCES.read_text(encoding="utf-8").splitlines():
        name, source, *path = line.split("\t")
        (target / name).mkdir(parents=True, exist_ok=True)
        if path and not (SHARE / path[0]).exists():
            sys.exit(f"{SHARE / path[0]} is not there: install the packages that this script names")
        if path:
            shutil.copyfile(SHARE / path[0], target / name / source)
        else:
            (target / name / source).write_text("\n\n".join(text for _, text in sorted(pages[source])))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    gather(**vars(parser.parse_args()))
