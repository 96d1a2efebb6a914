"""Taking care of an index: export and import, the doctor, backups, and the commands for them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from indexing import CORPUS, QUERIES, PlainReader, build_plainly, results, state, write

from rag import cli
from rag.errors import IndexDamaged, UsageError
from rag.index import Index
from rag.index.backup import back_up, restore
from rag.index.doctor import examine, repair
from rag.index.exchange import export_index, import_index
from rag.index.record import database

pytestmark = pytest.mark.usefixtures("plain_reader")


def test_an_export_comes_back_the_same_and_the_next_build_reads_nothing(
    corpus: Path, folder: Path, tmp_path: Path
) -> None:
    write(corpus, {"copy/crane.txt": CORPUS["port/crane.txt"], "empty.txt": ""})
    build_plainly(folder, corpus)
    facts = export_index(folder, tmp_path / "export")
    assert np.load(tmp_path / "export" / "vectors.npy").shape == (facts["n_passages"], 16)
    [crane] = [p for p in map(json.loads, (tmp_path / "export" / "passages.jsonl").open()) if "crane" in p["text"]]
    assert crane["text"] == CORPUS["port/crane.txt"] and crane["vector"]["sentences"][1] > 0
    import_index(tmp_path / "again", tmp_path / "export")
    assert state(tmp_path / "again", QUERIES) == state(folder, QUERIES)
    assert examine(tmp_path / "again") == []
    PlainReader.n_read = 0
    report = build_plainly(tmp_path / "again", corpus)
    assert PlainReader.n_read == 0 and report.n_embedded == 0
    with pytest.raises(UsageError, match="not empty"):
        export_index(folder, tmp_path / "export")
    with pytest.raises(UsageError, match="already"):
        import_index(folder, tmp_path / "export")
    lines = (tmp_path / "export" / "passages.jsonl").read_text()
    (tmp_path / "export" / "passages.jsonl").write_text(lines.replace("12.5", "99.5"))
    with pytest.raises(IndexDamaged, match=r"passages\.jsonl is missing or damaged"):
        import_index(tmp_path / "third", tmp_path / "export")


DAMAGE = {
    "a word of a document": ("UPDATE documents SET text = replace(text, 'crane', 'plane')", 1),
    "a passage": ("UPDATE passages SET text = replace(text, 'crane', 'plane')", 1),
    "a source": ("UPDATE sources SET collection = 'other' WHERE source LIKE '%crane%'", 1),
    "a vector": ("UPDATE vectors SET passage = zeroblob(length(passage)) WHERE number = 1", 1),
    "a file": ("UPDATE files SET sha256 = 'x' WHERE source = 'notes.txt'", 0),
    "the full text": ("DELETE FROM postings WHERE term = 'crane'", 0),
    "the lengths": ("UPDATE lengths SET data = zeroblob(length(data))", 0),
    "the matrix": ("DELETE FROM matrix", 0),
    "what waits": ("INSERT INTO pending VALUES (x'00', 1)", 0),
    "the manifest": ("UPDATE manifest SET value = '7' WHERE key = 'n_passages'", 0),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_the_doctor_finds_and_repairs(corpus: Path, folder: Path, what: str) -> None:

    build_plainly(folder, corpus)
    before = state(folder, QUERIES)
    assert examine(folder) == []
    statement, n_embedded = DAMAGE[what]
    connection = sqlite3.connect(database(folder))
    connection.execute(statement)
    connection.commit()
    connection.close()
    assert examine(folder)
    assert repair(folder)
    report = build_plainly(folder, corpus)
    assert report.n_embedded <= n_embedded
    assert examine(folder) == []
    assert state(folder, QUERIES) == before


def test_a_backup_is_restored_whatever_became_of_the_index(corpus: Path, folder: Path, tmp_path: Path) -> None:
    build_plainly(folder, corpus)
    before = state(folder, QUERIES)
    index = Index(folder)
    with index.snapshot() as snapshot:
        results(snapshot, "crane")
    assert back_up(folder, tmp_path / "copy.sqlite") > 0
    write(corpus, {"notes.txt": "Something else."})
    build_plainly(folder)
    restore(folder, tmp_path / "copy.sqlite")
    assert state(folder, QUERIES) == before
    with index.snapshot() as snapshot:
        assert results(snapshot, "ferry fog") == before["results"]["ferry fog"]
    database(folder).write_bytes(b"gone")
    restore(folder, tmp_path / "copy.sqlite")
    assert state(folder, QUERIES) == before
    copy = (tmp_path / "copy.sqlite").read_bytes()
    (tmp_path / "copy.sqlite").write_bytes(copy.replace(b"32 euros", b"99 euros"))
    with pytest.raises(IndexDamaged, match="was not restored"):
        restore(folder, tmp_path / "copy.sqlite")
    assert state(folder, QUERIES) == before
    assert sorted(path.name for path in folder.iterdir() if "footnote" not in path.name) == ["builder.lock"]


def test_the_commands_that_take_care(corpus: Path, folder: Path, tmp_path: Path, capsys: Any) -> None:
    build_plainly(folder, corpus)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    assert run("doctor", "--index", folder)[:2] == (0, "the index is sound\n")
    assert run("doctor", "--index", folder, "--backup", tmp_path / "copy")[0] == 0
    assert run("export", tmp_path / "export", "--index", folder)[0] == 0
    assert run("import", tmp_path / "export", "--index", tmp_path / "other")[0] == 0
    assert state(tmp_path / "other", QUERIES) == state(folder, QUERIES)
    data = database(folder).read_bytes()
    database(folder).write_bytes(data.replace(b"12.5 tonnes", b"99.5 tonnes"))
    code, out, err = run("doctor", "--index", folder, "--json")
    assert code == 1 and not json.loads(out)["sound"]
    assert run("doctor", "--index", folder)[2].startswith("what to do: rag doctor --repair")
    assert run("doctor", "--index", folder, "--restore", tmp_path / "copy")[:2] == (0, "the index is sound\n")
    assert run("doctor", "--index", folder, "--repair", "--restore", tmp_path / "copy")[0] == 2
    assert run("build", "--watch", "--rebuild", "--index", folder)[0] == 2
    code, _, err = run("import", tmp_path / "corpus", "--index", tmp_path / "third")
    assert code == 2 and err.count("\n") == 1
