"""The record of a run as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["NO_GOLD", "table"]

NO_GOLD = "No question says where its answer is (gold_ids): what is found cannot be judged."


def table(record: Mapping[str, Any]) -> str:
    """Every table of the record, one below the other."""
    parts = []
    if "retrieval" in record:
        parts += _retrieval(record)
    if record.get("answers"):
        parts += _answers(record["answers"])
    if record.get("baseline"):
        parts += _baseline(record["baseline"])
    if record.get("verification"):
        rows = {kind: {name: row[name] for name in ("n", "flagged")} for kind, row in record["verification"].items()}
        parts += ["", *grid("verification", rows), "wanted: verbatim and shortened near 0, the others near 1"]
    if record.get("feedback"):
        parts += _feedback(record["feedback"])
    return "\n".join(parts).lstrip("\n")


def _retrieval(record: Mapping[str, Any]) -> list[str]:
    parts = [
        f"{record['n_questions']} questions ({record['n_answerable']} answerable) over "
        f"{record['n_documents']} documents, {record['n_passages']} passages"
    ]
    if record["gold_missing"]:
        parts.append(f"gold ids that are not in this corpus: {record['gold_missing']}; is it the right one?")
    for level, legs in record["retrieval"].items():
        parts += ["", *(grid(f"by {level}", legs) if any(legs.values()) else [NO_GOLD])]
    if record["coverage"]:
        parts += ["", *grid("evidence within", record["coverage"])]
    if len(record["by_type"]) > 1:
        parts += ["", *grid(f"type (final, {record['level']})", record["by_type"])]
    if record["follow_ups"]:
        ways = {name: row for name, row in record["follow_ups"].items() if isinstance(row, dict)}
        closed = record["follow_ups"]["gap closed"]
        parts += ["", *grid("follow-ups", ways)]
        parts += [f"gap in R@5 closed by the rewriting: {_number(closed)}"]
    return [*parts, "", "search, ms: " + _line(record["latency_ms"], 1)]


def _answers(answers: Mapping[str, Any]) -> list[str]:
    plain = {name: value for name, value in answers.items() if isinstance(value, int | float)}
    parts = ["", "answers"]
    parts += [f"  {name:<26}{_number(value)}" for name, value in plain.items()]
    if len(answers["refused by type"]) > 1:
        parts.append("  refused: " + _line(answers["refused by type"]))
    return [*parts, "  claims: " + _line(answers["claims"]), "  ms: " + _line(answers["latency ms"], 1)]


def _baseline(baseline: Mapping[str, Any]) -> list[str]:
    parts = ["", f"{'against the baseline':<26}{'difference':>12}{'95 % interval':>20}"]
    for name, row in baseline.items():
        interval = f"{row['low']:+.4f} … {row['high']:+.4f}"
        parts.append(f"  {name:<24}{row['mean']:>+12.4f}{interval:>20}{'  *' if row['real'] else ''}")
    return parts


def _feedback(feedback: Mapping[str, Any]) -> list[str]:
    parts = ["", f"feedback: {feedback['passed']} of {feedback['n']} cases are now as their users want them"]
    for case in feedback["cases"]:
        parts.append(f"  {'ok  ' if case['passed'] else 'NOT '} {case['verdict']}: {case['question']} ({case['seen']})")
    return parts


def grid(name: str, rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A table with a row for each key; numbers to three places."""
    rows = {key: row for key, row in rows.items() if row}
    columns: Sequence[str] = list(next(iter(rows.values()), {}))
    width = max([len(name), *map(len, rows)]) + 2
    widths = [max(len(column), 7) + 2 for column in columns]
    lines = [f"{name:<{width}}" + "".join(f"{c:>{w}}" for c, w in zip(columns, widths, strict=True))]
    for key, row in rows.items():
        cells = "".join(f"{_number(row[c]):>{w}}" for c, w in zip(columns, widths, strict=True))
        lines.append(f"{key:<{width}}{cells}")
    return lines


def _line(values: Mapping[str, float | None], places: int = 3) -> str:
    return ", ".join(f"{name} {_number(value, places)}" for name, value in values.items())


def _number(value: float | None, places: int = 3) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:.{places}f}"
