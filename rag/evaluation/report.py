"""The record of a run as one HTML page that asks nothing of any other host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rag.evaluation import plots
from rag.evaluation.text import NO_GOLD

__all__ = ["html"]

STYLE = """
:root { color-scheme: light dark; --ink:#1d2433; --soft:#626b7d; --rule:#d9dde5; --page:#fff;
  --c0:#2f5fd0; --c1:#d97706; --c2:#0f8a6a; --c3:#8a3ffc; --c4:#c2255c; --c5:#64748b }
@media (prefers-color-scheme: dark) { :root { --ink:#e6e9ef; --soft:#9aa3b5; --rule:#343b4a; --page:#14181f;
  --c0:#7aa2ff; --c1:#f5a742; --c2:#3cc79f; --c3:#b98aff; --c4:#ff7aa8; --c5:#94a3b8 } }
body { font:16px/1.5 system-ui,sans-serif; color:var(--ink); background:var(--page); margin:2rem auto;
  max-width:60rem; padding:0 1rem }
h1 { margin-bottom:0 } h2 { margin-top:2.5rem; border-top:1px solid var(--rule); padding-top:1rem }
.soft, figcaption { color:var(--soft) } figure { margin:1rem 0; overflow-x:auto }
svg { width:100%; height:auto } .many { min-width:30rem }
@media (max-width:40rem) { svg { --text:18px } .many { --text:13px } }
svg text { font-size:var(--text, 11px); fill:var(--ink) } svg .tick { fill:var(--soft) } .grid { stroke:var(--rule) }
.l0 { fill:none; stroke:var(--c0); stroke-width:2 }
.s0{fill:var(--c0)} .s1{fill:var(--c1)} .s2{fill:var(--c2)} .s3{fill:var(--c3)} .s4{fill:var(--c4)} .s5{fill:var(--c5)}
.scroll { overflow-x:auto } table { border-collapse:collapse; font-variant-numeric:tabular-nums }
th, td { text-align:right; padding:.25rem .7rem; border-bottom:1px solid var(--rule) }
th:first-child, td:first-child { text-align:left } summary { cursor:pointer }
details { border-bottom:1px solid var(--rule); padding:.4rem 0 } blockquote { margin:.4rem 0 .4rem 1rem }
"""


def html(record: Mapping[str, Any]) -> str:
    """A whole page: plots, tables, and the worst questions with what was retrieved instead."""
    parts = [f"<h1>Footnote evaluation</h1><p class=soft>{escape(_headline(record))}</p>"]
    if "retrieval" in record:
        parts += _retrieval(record)
    if record.get("answers"):
        parts += _answers(record["answers"])
    if record.get("baseline"):
        parts += _baseline(record["baseline"])
    if record.get("verification"):
        parts += _verification(record["verification"])
    if record.get("feedback"):
        parts += _feedback(record["feedback"])
    if record.get("worst"):
        parts += ["<h2>Worst questions</h2>", *map(_worst, record["worst"])]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Footnote evaluation</title><style>{STYLE}</style><body>{''.join(parts)}</body></html>\n"
    )


def _headline(record: Mapping[str, Any]) -> str:
    if "n_questions" not in record:
        return "feedback replayed" if record.get("feedback") else "sentences verified"
    return (
        f"{record['n_questions']} questions ({record['n_answerable']} answerable) of {record['queries']} over "
        f"{record['n_documents']} documents, {record['n_passages']} passages; Footnote {record['footnote']}"
    )


def _retrieval(record: Mapping[str, Any]) -> list[str]:
    parts = ["<h2>Retrieval</h2>"]
    for level, legs in record["retrieval"].items():
        judged = any(legs.values())
        parts += [plots.bars(f"Each leg, judged by {level}", legs), _table(legs) if judged else f"<p>{NO_GOLD}</p>"]
    if record["coverage"]:
        parts += ["<h3>Evidence covered within a budget</h3>", _table(record["coverage"])]
    if len(record["by_type"]) > 1:
        parts += [f"<h3>By type of question ({record['level']}, final ranking)</h3>", _table(record["by_type"])]
    if record["follow_ups"]:
        ways = {name: row for name, row in record["follow_ups"].items() if isinstance(row, dict)}
        closed = record["follow_ups"]["gap closed"]
        parts += [plots.bars("Follow-up questions", ways), _table(ways)]
        if closed is not None:
            parts.append(f"<p>The rewriting closes {closed:.0%} of the gap in R@5 to a human rewrite.</p>")
    seconds = [row["seconds"] * 1000 for row in record["questions"]]
    parts += [plots.histogram("Time of a warm search", seconds, "ms"), _table({"ms": record["latency_ms"]}, 1)]
    return parts


def _answers(answers: Mapping[str, Any]) -> list[str]:
    plain = {name: {"value": value} for name, value in answers.items() if isinstance(value, int | float)}
    shares = {name: {"refused": share} for name, share in answers["refused by type"].items()}
    points = answers["coverage-accuracy"]
    title = "Accuracy of the questions answered, the surest first"
    return [
        "<h2>Answers</h2>",
        _table(plain),
        plots.curve(title, points, "share of questions answered", "share of these that are right"),
        *(["<h3>Refused by type of question</h3>", _table(shares)] if len(shares) > 1 else []),
        "<h3>Support of the sentences</h3>",
        _table({"share": answers["claims"]}),
    ]


def _baseline(differences: Mapping[str, Any]) -> list[str]:
    rows = {
        f"{name} *" if row["real"] else name: {"difference": row["mean"], **{c: row[c] for c in ("low", "high", "n")}}
        for name, row in differences.items()
    }
    head = (
        "<h2>Against the baseline</h2><p>With 95 % intervals by paired bootstrap; a star: chance does not explain it."
    )
    return [f"{head}</p>", _table(rows, 4)]


def _verification(kinds: Mapping[str, Any]) -> list[str]:
    """The share of altered sentences that were flagged, and those that were misjudged."""
    rows = {f"{kind} ({row['wanted']})": {"flagged": row["flagged"], "n": row["n"]} for kind, row in kinds.items()}
    parts = [
        "<h2>Verification</h2><p>Sentences of these documents, altered in one place, and untouched ones.</p>",
        plots.bars("Share flagged", {"flagged": {kind: row["flagged"] for kind, row in kinds.items()}}),
        _table(rows),
    ]
    for kind, row in kinds.items():
        wrong = "".join(
            f"<blockquote>{escape(case['sentence'])} <span class=soft>{escape(case['support'])} "
            f"{escape('; '.join(case['reasons']))}</span></blockquote>"
            for case in row["misjudged"]
        )
        if wrong:
            parts.append(f"<details><summary>Misjudged: {escape(kind)}</summary>{wrong}</details>")
    return parts


def _feedback(feedback: Mapping[str, Any]) -> list[str]:
    rows = "".join(
        f"<tr><td>{escape(case['question'])}</td><td>{escape(case['verdict'])}</td>"
        f"<td>{'as wanted' if case['passed'] else 'not yet'}</td><td>{escape(case['seen'])}</td></tr>"
        for case in feedback["cases"]
    )
    head = f"<h2>Feedback</h2><p>{feedback['passed']} of {feedback['n']} cases are as their users want them.</p>"
    return [head, f"<div class=scroll><table>{rows}</table></div>"]


def _worst(case: Mapping[str, Any]) -> str:
    found = "".join(
        f"<blockquote><b>{rank}. {escape(_place(hit))}</b> <span class=soft>{hit['score']}</span><br>"
        f"{escape(hit['text'])}</blockquote>"
        for rank, hit in enumerate(case["instead"], 1)
    )
    answer = f"<p>Answer: {escape(case['answers'][0])}</p>" if case["answers"] else ""
    return (
        f"<details><summary>{escape(case['question'])} <span class=soft>RR@10 {case['RR@10']:.2f}</span></summary>"
        f"<p class=soft>Gold: {escape(', '.join(case['gold']))}</p>{answer}{found or '<p>Nothing was found.</p>'}"
        "</details>"
    )


def _place(hit: Mapping[str, Any]) -> str:
    return f"{hit['source']}, page {hit['page']}" if hit["page"] else str(hit["source"])


def _table(rows: Mapping[str, Mapping[str, float | None]], places: int = 3) -> str:
    rows = {name: row for name, row in rows.items() if row}
    columns: Sequence[str] = list(next(iter(rows.values()), {}))
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(f'<td>{_number(row.get(c), places)}</td>' for c in columns)}</tr>"
        for name, row in rows.items()
    )
    return f"<div class=scroll><table><tr><th></th>{head}</tr>{body}</table></div>" if columns else ""


def _number(value: float | None, places: int) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:.{places}f}"
