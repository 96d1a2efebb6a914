"""What the README and the handbook say is true: their code runs, their transcripts and tables are the program's.

``python tests/test_readme.py`` writes the transcripts anew.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rag import Assistant
from rag.cli import app
from rag.settings import Settings
from rag.vectors.weights import cache_folder

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
HANDBOOK = ROOT / "corpus" / "handbook"
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = dict(app.commands)


def transcript(block: str, folder: Path) -> str:
    """The commands of a console block, each followed by what it prints now."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(cache_folder().parent),  # the graphs that are there are not exported once more
        "LANG": "C.UTF-8",
    }
    shown = []
    for command in re.findall(r"^\$ (.+)$", block, re.MULTILINE):
        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        shown.append(f"$ {command}\n{done.stdout.rstrip()}\n".replace(str(folder), "~/footnote"))
    return "\n".join(shown)


def timeless(text: str) -> str:
    """Without what differs from run to run, or from processor to processor: seconds, dates, sizes, scores."""
    text = re.sub(r"in \d+\.\d s|\d\d:\d\d:\d\d\S*|\b[01]\.\d{2,}\b", "#", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]?|\d+\.\d MB", "#", text)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of a new user who did with the starter corpus what the README shows, and what that printed."""
    folder = tmp_path_factory.mktemp("new-user")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    return folder, [transcript(block, folder) for block in CONSOLE.findall(README.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def folder(printed: tuple[Path, list[str]]) -> Path:
    """A folder with the starter corpus and its index, as a new user has them."""
    return printed[0]


def test_transcripts_of_the_readme_are_what_is_printed(printed: tuple[Path, list[str]]) -> None:
    blocks = CONSOLE.findall(README.read_text(encoding="utf-8"))
    assert [*map(timeless, printed[1])] == [*map(timeless, blocks)], "python tests/test_readme.py writes them anew"


@pytest.mark.parametrize("page", [README, HANDBOOK / "python.md"], ids=lambda page: page.name)
def test_python_examples_run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    for block in PYTHON.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, page.name, "exec"), names)
    assert isinstance(names["assistant"], Assistant)


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *HANDBOOK.glob("*.md")], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_handbook_lists_the_settings_there_are() -> None:
    text = (HANDBOOK / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", text, re.MULTILINE)
    shown = {name: default.strip("` ") for name, default in rows}
    assert list(shown) == [field.name for field in dataclasses.fields(Settings)]
    for field in dataclasses.fields(Settings):
        if field.name != "embedder":  # "that of the index"
            assert shown[field.name] == (
                f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
            )


def test_the_handbook_lists_the_commands_and_options_there_are() -> None:
    text = (HANDBOOK / "command-line.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## rag (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == set(COMMANDS)
    for name, section in sections.items():
        there = {option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("-")}
        named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*\b", " ".join(re.findall(r"`([^`]*)`", section))))
        assert named <= there, name
        table = set(re.findall(r"^\| `(--?[a-z-]+)", section, re.MULTILINE))
        assert not table or table == there, name


@pytest.mark.parametrize("page", [README, *HANDBOOK.glob("*.md")], ids=lambda page: page.name)
def test_commands_in_the_documentation_exist(page: Path) -> None:
    for command, rest in re.findall(r"\brag ([a-z]+)\b([^`\n]*)", page.read_text(encoding="utf-8")):
        if command not in COMMANDS:
            continue
        there = {option for parameter in COMMANDS[command].params for option in parameter.opts}
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest)) <= there, f"rag {command}{rest}"


# The example questions of the web chat: from which document, and words that the answer must have.
EXAMPLES = {
    "How do I add documents?": ("handbook/adding-documents.md", "rag build"),
    "How many passengers did Tidewell Ferries carry in 2025?": ("ferries/annual-report-2025.pdf", "1,284,600"),
    "Why did fuel costs fall?": ("ferries/annual-report-2025.pdf", "more slowly"),
    "When will the electric ferry enter service?": ("news/electric-ferry.txt", "4 May 2026"),
    "How do I use a language model with Ollama?": ("handbook/generators.md", "start Ollama"),
    "What does a return ticket for an adult from Port Ansel to Skerra cost?": ("ferries/fares-2026.csv", "26.00"),
    "Who is the captain of the Kittiwake?": ("news/electric-ferry.txt", "Ines Halvard"),
    "How do I start the web chat on another port?": ("handbook/troubleshooting.md", "--port"),
    "Which file formats can be read?": ("handbook/adding-documents.md", "PDF"),
    "How many crossings were cancelled because of weather?": ("ferries/annual-report-2025.pdf", "151"),
}


def test_the_examples_are_those_of_the_corpus() -> None:
    lines = (ROOT / "corpus" / ".examples.txt").read_text(encoding="utf-8").splitlines()
    assert lines == list(EXAMPLES)


@pytest.mark.parametrize("question", EXAMPLES)
def test_the_examples_are_answered(question: str, folder: Path) -> None:
    source, words = EXAMPLES[question]
    answer = Assistant.open(folder / "index").ask(question)
    assert words in answer.text.replace("**", "")  # which mark the short answer
    assert source in [citation.source for citation in answer.citations]
    assert answer.grounded


@pytest.mark.parametrize("question", ["Who is the president of Brazil?", "How tall is Mount Everest?"])
def test_what_the_corpus_does_not_say_is_not_answered(question: str, folder: Path) -> None:
    answer = Assistant.open(folder / "index").ask(question)
    assert answer.abstained
    assert not answer.citations


def refresh() -> None:
    """Write the transcripts of the README anew."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(ROOT / "corpus", Path(name) / "corpus")
        text = README.read_text(encoding="utf-8")
        README.write_text(
            CONSOLE.sub(lambda match: f"```console\n{transcript(match[1], Path(name))}```", text), encoding="utf-8"
        )


if __name__ == "__main__":
    refresh()
