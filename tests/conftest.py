"""What several test files share: where the development data is, and an index over a small corpus."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag import Assistant

ROOT = Path(__file__).resolve().parent.parent

# nothing in the tests may look at the network; a library that tries to should fail at once
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
for name in [name for name in os.environ if name.startswith("RAG_")]:
    del os.environ[name]

MOON = """# Lunar survey

## Landing sites

The survey lists four landing sites. Site Amber lies at 12.5 degrees north and was chosen for its flat ground.
Site Cobalt lies near the south pole and is in shadow for most of the year.

## Crew

The crew of the first flight has three members. Commander Ilse Brandt leads the crew. The flight lasts 19 days.

## Budget

The budget for 2031 is $4.2 million. Of this, $1.1 million goes to the lander's engine.
"""

BEES = """Keeping bees in the city

A hive needs water within 200 metres. In June a strong colony brings in two kilograms of nectar a day.

Do not open the hive below 12 degrees Celsius, because the brood chills.

Bees of the Carniolan race are calm. They winter with little food.
"""


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of development data; the test is skipped, with the reason, where there is none."""
    folder = Path(os.environ.get("FOOTNOTE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no development data in {folder} (FOOTNOTE_DATA names another folder)")
    return folder


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short documents in two collections, and a table."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "space").mkdir()
    (folder / "garden").mkdir()
    (folder / "space" / "moon.md").write_text(MOON, encoding="utf-8")
    (folder / "garden" / "bees.txt").write_text(BEES, encoding="utf-8")
    (folder / "prices.csv").write_text("plan,price\nBasic,12 euros\nFamily,29 euros\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_index(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of ``small_corpus`` by the real embedder; do not build into it."""
    folder = tmp_path_factory.mktemp("index")
    Assistant.open(folder).build(small_corpus)
    return folder


@pytest.fixture
def assistant(small_index: Path) -> Assistant:
    """An assistant over ``small_index``."""
    return Assistant.open(small_index)
