"""The commands as a person types them: data on stdout, one line for what goes wrong, the right exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rag import cli


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit status, stdout, stderr of ``rag ARGUMENTS``."""
    code = cli.run([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_ask_prints_the_answer_and_its_sources(small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("ask", "Who leads the crew?", "--index", small_index, capsys=capsys)
    assert code == 0
    assert "Ilse Brandt" in out
    assert "[1] space/moon.md: \u201c" in out


def test_ask_json_has_the_documented_shape(small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run("ask", "Who leads the crew?", "--index", small_index, "--json", "-k", 2, capsys=capsys)
    answer = json.loads(out)
    assert len(answer["hits"]) == 2
    assert answer["citations"][0]["source"] == "space/moon.md"


def test_a_batch_is_answered_in_order(small_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {
            "id": "b",
            "question": "How long does it last?",
            "history": [{"question": "Who leads the crew?", "answer": ""}],
        },
        {"id": "a", "question": "What does the Family plan cost?"},
        {"id": 3, "question": "hello"},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", encoding="utf-8")
    code, out, _ = run("ask", "--batch", path, "--json", "--index", small_index, capsys=capsys)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [answer["id"] for answer in answers] == ["b", "a", 3]
    assert "29 euros" in answers[1]["text"].replace("**", "")
    assert answers[0]["query"] != answers[0]["question"]
    code, out, _ = run("search", "--batch", path, "--json", "--index", small_index, capsys=capsys)
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["b", "a", 3]


def test_a_bad_line_of_a_batch_is_named_and_the_rest_is_answered(
    small_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": 1, "question": ""}\nnonsense\n{"id": 2, "question": "Who leads the crew?"}\n')
    code, out, err = run("ask", "--batch", path, "--json", "--index", small_index, capsys=capsys)
    first, second, third = (json.loads(line) for line in out.splitlines())
    assert code == 1 and "2 lines" in err
    assert first == {"id": 1, "error": "the question is empty"}
    assert "line 2" in second["error"]
    assert "Ilse Brandt" in third["text"]


def test_build_status_and_search(small_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = tmp_path / "index"
    code, out, _ = run("build", small_corpus, "--index", index, capsys=capsys)
    assert code == 0 and "3 documents" in out
    code, out, _ = run("build", "--index", index, "--json", capsys=capsys)
    report = json.loads(out)
    assert report["n_embedded"] == 0
    assert {file["status"] for file in report["files"]} == {"unchanged"}
    code, out, _ = run("status", "--index", index, "--json", "--files", capsys=capsys)
    status = json.loads(out)
    assert (status["n_documents"], status["n_embedded"]) == (3, status["n_passages"])
    assert [file["source"] for file in status["files"]] == ["garden/bees.txt", "prices.csv", "space/moon.md"]
    code, out, _ = run("search", "Carniolan race", "--index", index, "-k", 1, capsys=capsys)
    assert "garden/bees.txt" in out and "words #1" in out


def test_a_server_that_is_not_there_is_said_and_the_sources_answer(
    small_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_BASE_URL", "http://127.0.0.1:9/v1")
    arguments = ("ask", "Who leads the crew?", "--index", small_index, "--generator", "openai:any")
    code, out, err = run(*arguments, capsys=capsys)
    assert code == 1
    assert "Ilse Brandt" in out
    assert err.count("\n") == 1 and "openai:any at http://127.0.0.1:9/v1 cannot be reached" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ask", "x", "--index", "/no/such/index"], 1, "there is no index in /no/such/index"),
        (["build", "/no/such/folder", "--index", "INDEX"], 2, "/no/such/folder"),
        (["build", "EMPTY", "--index", "INDEX"], 2, "there are no documents in"),
        (["ask", "--index", "INDEX"], 2, "what is the question?"),
        (["ask", "x", "--index", "INDEX", "--generator", "oracle"], 2, "there is no generator named 'oracle'"),
        (["ask", "x", "--index", "INDEX", "-k", "0"], 2, "k must be between 1"),
        (["ask", "x", "--batch", "FILE", "--index", "INDEX"], 2, "add --json"),
        (["fly"], 2, "fly"),
        (["ask", "x", "--colour"], 2, "--colour"),
    ],
)
def test_what_goes_wrong_is_one_line(
    arguments: list[str],
    code: int,
    message: str,
    small_index: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"INDEX": str(small_index), "EMPTY": str(tmp_path / "empty"), "FILE": str(tmp_path / "file")}
    if arguments[0] == "build":
        places["INDEX"] = str(tmp_path / "new")
    found, out, err = run(*(places.get(argument, argument) for argument in arguments), capsys=capsys)
    assert found == code
    assert not out
    assert message in err and err.count("\n") == 1 and err.startswith("rag: ")


def test_plugins_lists_what_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run("plugins", "--json", capsys=capsys)
    known = json.loads(out)
    assert {"extractive", "openai"} <= set(known["generators"])
    assert "minilm" in known["embedders"]


def test_help_and_version_cost_no_model() -> None:
    for arguments, words in ((["--help"], "build"), (["--version"], "Footnote"), (["ask", "--help"], "--batch")):
        done = subprocess.run([sys.executable, "-m", "rag", *arguments], capture_output=True, text=True, check=True)
        assert words in done.stdout


def test_a_reader_that_leaves_early_is_no_error(small_index: Path) -> None:
    command = f'"{sys.executable}" -m rag status --files --index "{small_index}" | true'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
