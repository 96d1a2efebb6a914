"""The shape of the project: layers, the public door, light imports, settings, seams."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rag
from rag import plugins
from rag.errors import MissingExtra, RagError, SettingsError, UsageError
from rag.settings import Settings
from rag.types import title_of

PACKAGE = Path(rag.__file__).parent

# DESIGN, 3: a layer imports only from those before it; the faces do not know each other
LAYERS = [
    ["version"],
    ["errors"],
    ["types"],
    ["settings", "plugins"],
    ["documents"],
    ["passages"],
    ["vectors"],
    ["index"],
    ["retrieval"],
    ["generation"],
    ["components"],
    ["inquiry"],
    ["assistant"],
    ["cli"],
    ["web"],
    ["evaluation"],
    ["__init__", "__main__", "testing"],
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FACES = {"cli", "web", "evaluation"}
# a command starts its face only when it is asked for, inside a function
ALLOWED = {("cli", "web"), ("cli", "evaluation"), ("plugins", "settings")}


def _imports(path: Path) -> set[str]:
    """The first-level parts of rag that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "rag":
            parts = node.module.split(".")
            names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
            found.update(name for name in names if name in LEVEL)
        elif isinstance(node, ast.Import):
            found.update(a.name.split(".")[1] for a in node.names if a.name.startswith("rag."))
    return found


def test_imports_only_point_to_earlier_layers() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        assert part in LEVEL, f"{path} belongs to no layer"
        for other in _imports(path) - {part}:
            if (part, other) in ALLOWED or part in ("__init__", "__main__", "testing"):
                continue
            if LEVEL[other] >= LEVEL[part] or {part, other} <= FACES:
                wrong.append(f"{path.relative_to(PACKAGE)} imports rag.{other}")
    assert not wrong


def test_the_public_names_are_these() -> None:
    assert rag.__all__ == [
        "Answer",
        "Assistant",
        "Citation",
        "Document",
        "Hit",
        "Passage",
        "RagError",
        "Settings",
        "Turn",
        "__version__",
    ]
    assert all(getattr(rag, name) is not None for name in rag.__all__)


@pytest.mark.parametrize(
    "statement",
    [
        "import rag",
        "import rag.cli",
        "import rag.assistant",
        "from rag import Assistant; Assistant.open('nowhere')",
        "from rag import plugins; from rag.settings import Settings; plugins.load('embedders', 'minilm', Settings())",
    ],
)
def test_importing_costs_no_heavy_library(statement: str) -> None:
    heavy = ("torch", "transformers", "sentence_transformers", "gradio", "onnxruntime", "faiss", "openai")
    script = f"{statement}\nimport sys; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_error_is_a_rag_error_with_an_exit_code() -> None:
    from rag import errors

    for name in errors.__all__:
        kind = getattr(errors, name)
        assert issubclass(kind, RagError)
        assert kind.exit_code == (2 if issubclass(kind, UsageError) else 1)
        assert name in (errors.__doc__ or "")


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load(tmp_path).k == Settings().k
    (tmp_path / "pyproject.toml").write_text("[tool.rag]\nk = 3\nport = 99\n")
    assert Settings.load(tmp_path).k == 3
    (tmp_path / "rag.toml").write_text("k = 4\nstrictness = 1\n")
    assert Settings.load(tmp_path).k == 4
    assert Settings.load(tmp_path).strictness == 1.0
    monkeypatch.setenv("RAG_K", "5")
    assert Settings.load(tmp_path).k == 5
    assert Settings.load(tmp_path, k=6).k == 6
    assert Settings.load(tmp_path, k=None).k == 5
    assert Settings.load(tmp_path).port == 99


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"colour": "red"}, "there is no setting 'colour'"),
        ({"k": 0}, "k must be between 1 and"),
        ({"k": "many"}, "k must be of type int"),
        ({"k": True}, "k must be of type int"),
        ({"comments": "perhaps"}, "comments must be of type bool"),
        ({"strictness": 2.0}, "strictness must be between"),
        ({"unsupported": "hide"}, "unsupported must be strike, drop or keep"),
    ],
)
def test_a_bad_setting_is_one_clear_line(flags: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        Settings.load(**flags)
    assert "\n" not in str(caught.value)


def test_a_broken_settings_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "rag.toml").write_text("k = = 3")
    with pytest.raises(SettingsError, match=r"rag\.toml cannot be read"):
        Settings.load(tmp_path)


def test_an_unknown_component_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no generator named 'oracle'; known: .*extractive"):
        plugins.load("generators", "oracle:7b", Settings())


def test_a_component_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name = "absent"

        def load(self) -> object:
            raise ImportError("no module named absent", name="absent_package")

    monkeypatch.setattr(plugins, "_entry_points", lambda kind: {"absent": Point()})
    with pytest.raises(MissingExtra, match="pip install absent_package"):
        plugins.load("generators", "absent", Settings())


def test_a_record_that_is_only_numbered_is_named_with_its_file() -> None:
    assert title_of("data/orders.jsonl#97") == "orders 97"
    assert title_of("data/orders.jsonl#late-fee") == "late-fee"
    assert title_of("news/press-release.txt") == "press-release"
