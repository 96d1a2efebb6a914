"""Fit the small linear models behind extractive answers: ``rag/generation/weights.json``.

    python benchmarks/train_answers.py --data ../shared/data --indexes /tmp/indexes --manuals /tmp/manuals

Builds what index is missing (about two minutes on two cores), retrieves for every question, and fits

- "sentence": which sentence answers, a conditional logit over the sentences of a question's evidence, also with the
  questions of ``benchmarks/reading``;
- "fact": which words of the answering sentence are the short answer, the same over candidate spans;
- "confidence": whether the evidence answers at all, a logistic regression.

Negatives for the last: the sets' own unanswerable questions; answerable ones whose answering passages are taken
away; questions of one set put to the documents of another. squad2_dev is asked twice, of all its paragraphs and of
corpora of a dozen, because scores are smaller in a small corpus; ``plain`` is everyday questions of everyday
documents. The sets count alike, however many questions each has. Every number printed is cross-validated by article,
booklet or document: no group is scored by weights that saw it.

Needs scipy (comes with sentence-transformers), which is not used at run time.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from rag import Assistant
from rag.evaluation import measures
from rag.generation import abstention, candidates, choice, model, rarity, spans
from rag.index import STOP_WORDS, terms
from rag.types import Hit

PLAIN, QUESTIONS = Path(__file__).parent / "plain", "questions.tsv"
READING = Path(__file__).parent / "reading"
WEIGHTS = Path(__file__).parents[1] / "rag" / "generation" / "weights.json"
SETS = {"squad2_dev": "corpus.jsonl", "northwind": "docs", "chroma_dev": "corpus.jsonl"}
K = 8
WIDE = 24  # so that enough is left when the answering passages are taken away
FOLDS = 8
SMALL = 12  # paragraphs of a small corpus
EVERY = 3  # of so many small corpora one is asked
TIMES = 2  # a question of the development sets counts so often beside one of the reading sets, which are more
STRANGE = 40  # of so many questions to held-out documents one is asked of another set
FALSE_REFUSALS = 0.042  # share of answerable questions below the threshold 0.5; rules refuse another hundredth
# what a kind of unanswerable question weighs in the fit, whatever number there is of it
IMPORTANCE = {
    "unanswerable": 6.0,
    "unanswerable_near": 5.0,
    "unanswerable_plain": 5.0,
    "gold taken away": 0.6,
    "other set": 2.5,
}


# What may only speak for an answer, and what only against it.
FOR = frozenset(
    "similarity, similarity x length, terms with context, terms around, terms of passage, terms alike, "
    "pairs of terms, passage score, passage rank, first passage, type, type x short, focus, cue, fact, "
    "pronoun first x terms before, covered, defines".split(", ")
)
AGAINST = frozenset(
    "similarity below best, passage score below best, unknown terms, rarest missing, carrier missing, "
    "names missing in passage, "
    "names missing in sentence, numbers unmatched, asks, opposites, polarity differs, other number, other name, "
    "corpus size".split(", ")
)


@dataclass
class Asked:
    """One question with what was retrieved for it. ``label`` is 1 answerable, 0 not, for the confidence."""

    where: str
    record: dict[str, Any]
    hits: tuple[Hit, ...]
    frequency: dict[str, int]
    n_passages: int
    label: int
    group: str
    kind: str  # "own", "unanswerable…", "gold taken away", "other set"

    def reading(self) -> choice.Reading:
        return choice.read(self.record["question"], self.hits[:K], self.frequency, self.n_passages)


def retrieved(assistant: Assistant, questions: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each question with its hits, frequencies and the corpus's size."""
    with assistant.snapshot() as snapshot:
        for record in questions:
            hits = assistant._components.retrieve(snapshot, record["question"], WIDE, ()).hits
            frequency = snapshot.frequencies(rarity.telling(record["question"]))
            yield record, (hits, frequency, snapshot.n_passages)


def collect(data: Path, indexes: Path) -> list[Asked]:
    """Everything that is asked, of its own documents and of others'."""
    records = {name: [json.loads(line) for line in (data / name / "queries.jsonl").open()] for name in SETS}
    asked: list[Asked] = []
    for name, source in SETS.items():
        assistant = Assistant.open(indexes / name)
        if not (indexes / name).exists():
            assistant.build(data / name / source)
        for record, (hits, frequency, n) in retrieved(assistant, records[name]):
            label = int(record["answerable"])
            kind = "own" if label else str(record.get("type"))
            asked.append(Asked(name, record, hits, frequency, n, label, group(name, record), kind))
            if label and name != "northwind":  # two booklets say the same: taking one away proves nothing
                rest = tuple(hit for hit in hits if not is_gold(name, record, hit))
                asked.append(Asked(name, record, rest, frequency, n, 0, group(name, record), "gold taken away"))
        strange = [r for other in SETS if other != name for r in records[other] if r["answerable"]]
        for record, (hits, frequency, n) in retrieved(assistant, strange[:: max(1, len(strange) // 300)]):
            asked.append(Asked(name, record, hits, frequency, n, 0, "other " + str(record["id"])[-1], "other set"))
    return [*asked, *collect_small(data / "squad2_dev", indexes, records["squad2_dev"]), *collect_plain(indexes)]


def collect_plain(indexes: Path) -> list[Asked]:
    """Everyday questions of everyday documents, each folder of ``benchmarks/plain`` a corpus of its own."""
    asked: list[Asked] = []
    for folder in sorted(path for path in PLAIN.iterdir() if path.is_dir()):
        assistant = Assistant.open(indexes / f"plain-{folder.name}")
        assistant.build(*(file for file in folder.iterdir() if file.name != QUESTIONS))
        pairs = [line.split("\t") for line in (folder / QUESTIONS).read_text(encoding="utf-8").splitlines()]
        records = [{"id": q, "question": q, "answers": [a], "answerable": bool(a)} for q, a in pairs]
        for record, (hits, frequency, n) in retrieved(assistant, records):
            label = int(record["answerable"])
            kind = "own" if label else "unanswerable_plain"
            asked.append(Asked("plain", record, hits, frequency, n, label, f"plain {folder.name}", kind))
    return asked


def collect_reading(indexes: Path, manuals: Path | None, only_held: bool = False) -> Iterator[Asked]:
    """The questions of ``benchmarks/reading``; those of its manuals where ``gather.py`` has copied them to
    ``manuals``. What is asked about a held-out document is also asked, now and then, of another set."""
    sets = {file.parent.name: (file, file.with_name("documents")) for file in sorted(READING.glob("*/queries.jsonl"))}
    if manuals:
        sets |= {file.stem: (file, manuals / file.stem) for file in sorted((READING / "manuals").glob("*.jsonl"))}
    held = {tuple(line.split("\t")) for line in (READING / "held-out.tsv").read_text(encoding="utf-8").splitlines()}
    records: dict[str, list[dict[str, Any]]] = {}
    for name, (file, _) in sets.items():
        for record in map(json.loads, file.open(encoding="utf-8")):
            about = (record.get("gold_ids") or [record["context_id"]])[0]
            record |= {"set": name, "about": about, "held": (name, about) in held}
            if record["held"] or not only_held:
                records.setdefault(name, []).append(record)
    for name, (_, documents) in sets.items():
        assistant = Assistant.open(indexes / f"reading-{name}")
        assistant.build(documents)
        for record, (hits, frequency, n) in retrieved(assistant, records[name]):
            label = int("gold_ids" in record)
            group = f"reading {name} {record['about']}"
            kind = "own" if label else "unanswerable"
            yield Asked("reading", record, hits, frequency, n, label, group, kind)
        strange = [r for other in sets if other != name for r in records[other] if r["held"] and "gold_ids" in r]
        for record, (hits, frequency, n) in retrieved(assistant, strange[::STRANGE]):
            yield Asked("reading", record, hits, frequency, n, 0, f"reading other {name}", "other set")


def collect_small(data: Path, indexes: Path, records: Sequence[dict[str, Any]]) -> list[Asked]:
    """The squad questions, each asked of a corpus of a dozen paragraphs of its article, and a few of another's."""
    paragraphs = [json.loads(line) for line in (data / "corpus.jsonl").open()]
    asked: list[Asked] = []
    for low in range(0, len(paragraphs), SMALL * EVERY):
        piece = paragraphs[low : low + SMALL]
        folder = indexes / f"small-{low}"
        assistant = Assistant.open(folder)
        if not folder.exists():
            source = indexes / f"small-{low}.jsonl"
            source.write_text("".join(json.dumps(paragraph) + "\n" for paragraph in piece))
            assistant.build(source)
        inside = {paragraph["id"] for paragraph in piece}
        own = [record for record in records if record["context_id"] in inside]
        for record, (hits, frequency, n) in retrieved(assistant, own):
            label = int(record["answerable"])
            kind = "own" if label else str(record["type"])
            asked.append(Asked("small", record, hits, frequency, n, label, group("squad2_dev", record), kind))
        strange = [record for record in records if record["answerable"] and record["context_id"] not in inside]
        for record, (hits, frequency, n) in retrieved(assistant, strange[low % 70 :: 70]):
            asked.append(Asked("small", record, hits, frequency, n, 0, group("squad2_dev", record), "other set"))
    return asked


def group(name: str, record: dict[str, Any]) -> str:
    """What a question is about, for cross-validation: an article, a booklet, a document."""
    source = (record.get("gold_ids") or [record.get("context_id") or record["id"][-1]])[0]
    return f"{name} {source.split('#')[0]}"


def is_gold(name: str, record: dict[str, Any], hit: Hit) -> bool:
    """Whether a hit is of the document (and place) that answers."""
    passage = hit.passage
    gold = record["gold_ids"][0]
    if passage.source.split("#", 1)[-1] != gold.split("#page=")[0]:
        return False
    if name == "chroma_dev":
        return any(passage.start < item["end"] and item["start"] < passage.end for item in record["evidence"])
    return True


# -- which sentence -------------------------------------------------------------------------------------------


def sentence_labels(item: Asked, reading: choice.Reading) -> np.ndarray:
    """How well each candidate answers, 0 to 1: holds the gold span, or shares its words where gold is prose."""
    record = item.record
    labels = np.zeros(len(reading.candidates))
    wanted = set(terms(" ".join(record.get("answers", ())[:1]))) - STOP_WORDS - set(terms(record["question"]))
    for i, candidate in enumerate(reading.candidates):
        if item.where == "plain":
            labels[i] = record["answers"][0].casefold() in candidate.text.casefold()
            continue
        if not is_gold(item.where, record, reading.evidence[candidate.number - 1]) and item.where != "northwind":
            continue
        if item.where == "reading":
            labels[i] = told_in(record, candidate.start, candidate.end)
        elif item.where == "squad2_dev":
            labels[i] = candidate.start <= record["answer_start"] < candidate.end
        elif item.where == "chroma_dev":
            inside = sum(
                max(0, min(candidate.end, e["end"]) - max(candidate.start, e["start"])) for e in record["evidence"]
            )
            labels[i] = inside > 0.5 * (candidate.end - candidate.start)
        else:
            same = candidate.terms & wanted
            f1 = 2 * len(same) / max(1, len(wanted) + len(candidate.terms - STOP_WORDS))
            booklet = is_gold(item.where, record, reading.evidence[candidate.number - 1])
            labels[i] = min(1.0, 2 * f1) * (1.0 if booklet else 0.5)
    return labels


def told_in(record: dict[str, Any], start: int, end: int) -> float:
    """1 where a span of the document is the sentence that answers best, and has the short answer where there is one;
    a little less for further sentences that answer."""
    if "answer_start" in record:
        first = record["answer_start"]
        if not start <= first <= first + len(record["answers"][0]) <= end:
            return 0.0
    for i, told in enumerate(record["evidence"]):
        same = min(end, told["end"]) - max(start, told["start"])
        if same > 0.5 * min(end - start, told["end"] - told["start"]):
            return 0.8 if i else 1.0
    return 0.0


def bounds(names: Sequence[str]) -> list[tuple[float | None, float | None]]:
    """The sign that common sense gives a coefficient; what a few data sets say against it is their accident."""
    return [(0, None) if name in FOR else (None, 0) if name in AGAINST else (None, None) for name in names]


def conditional_logit(
    blocks: Sequence[np.ndarray], labels: Sequence[np.ndarray], l2: float, names: Sequence[str]
) -> np.ndarray:
    """Coefficients that make good rows likely among the rows of their block (McFadden 1974), with an L2 prior
    on standardised features."""
    kept = [i for i, label in enumerate(labels) if label.max(initial=0) > 0.3]
    rows = np.concatenate([blocks[i] for i in kept]).astype(float)
    scale = rows.std(0) + 1e-9
    scale[rows.std(0) < 1e-9] = np.inf
    rows = (rows - rows.mean(0)) / scale
    starts = np.cumsum([0] + [len(blocks[i]) for i in kept])
    which = np.repeat(np.arange(len(kept)), np.diff(starts))
    target = np.concatenate([(t := np.where(labels[i] > 0.3, labels[i] ** 2, 0)) / t.sum() for i in kept])

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        z = rows @ beta
        z -= np.maximum.reduceat(z, starts[:-1])[which]
        e = np.exp(z)
        total = np.add.reduceat(e, starts[:-1])[which]
        gradient = rows.T @ (e / total - target)
        return float(-(target * (z - np.log(total))).sum() + l2 * beta @ beta), gradient + 2 * l2 * beta

    start = np.zeros(rows.shape[1])
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds(names), options={"maxiter": 300}).x
    return np.asarray(fitted / scale)


def logistic(rows: np.ndarray, label: np.ndarray, importance: np.ndarray, l2: float) -> np.ndarray:
    """Coefficients of a weighted logistic regression with a free bias, which is left out of the result."""
    scale = rows.std(0) + 1e-9
    inputs = np.c_[(rows - rows.mean(0)) / scale, np.ones(len(rows))]
    prior = np.r_[np.full(rows.shape[1], l2), 0]

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        z = inputs @ beta
        gradient = inputs.T @ (importance * (1 / (1 + np.exp(-z)) - label)) + 2 * prior * beta
        return float((importance * (np.logaddexp(0, z) - label * z)).sum() + prior @ beta**2), gradient

    limits = [*bounds(abstention.FEATURES), (None, None)]
    start = np.zeros(inputs.shape[1])
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 500}).x
    return np.asarray(fitted[:-1] / scale)


def folds(groups: Sequence[str]) -> np.ndarray:
    """The fold of each item; a group is never split."""
    order = {name: i % FOLDS for i, name in enumerate(sorted(set(groups)))}
    return np.array([order[name] for name in groups])


def cross_validated(
    blocks: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    groups: Sequence[str],
    l2: float,
    names: Sequence[str],
    times: Sequence[int],
) -> list[np.ndarray]:
    """The scores of each block by coefficients that did not see its group, but others ``times`` each."""
    fold = folds(groups)
    scores: list[np.ndarray] = [np.zeros(0)] * len(blocks)
    for k in range(FOLDS):
        train = [i for i in range(len(blocks)) if fold[i] != k for _ in range(times[i])]
        beta = conditional_logit([blocks[i] for i in train], [labels[i] for i in train], l2, names)
        for i in np.flatnonzero(fold == k):
            scores[i] = blocks[i] @ beta
    return scores


# -- whether at all ---------------------------------------------------------------------------------------------


def fit_confidence(
    items: Sequence[Asked], rows: np.ndarray, false_refusals: float = FALSE_REFUSALS
) -> tuple[np.ndarray, float]:
    """Coefficients and bias of a logistic regression. Kinds of questions count by ``IMPORTANCE``, not by their
    number; the bias is such that ``false_refusals`` of the answerable lie below 0.5."""
    label = np.array([item.label for item in items])
    kinds = [(item.where, item.kind) for item in items]
    size = {kind: kinds.count(kind) for kind in set(kinds)}
    importance = np.array([IMPORTANCE.get(kind[1], 1.0) / size[kind] for kind in kinds])
    importance[label == 1] *= importance[label == 0].sum() / importance[label == 1].sum()
    beta = logistic(rows, label, importance / importance.mean(), 20.0)
    answerable = label == 1
    value, counts = (rows @ beta)[answerable], importance[answerable]
    order = np.argsort(value)
    share = np.cumsum(counts[order]) / counts.sum()
    return beta, -float(value[order][np.searchsorted(share, false_refusals)])


def report_confidence(items: Sequence[Asked], value: np.ndarray) -> None:
    """Refusals by kind at the threshold, and how well the squad questions are told apart."""
    for kind in sorted({(item.where, item.kind) for item in items}):
        chosen = np.array([(item.where, item.kind) == kind for item in items])
        print(f"  refused {np.mean(value[chosen] < 0):.3f} of {chosen.sum():4d}  {kind[0]}: {kind[1]}")
    label = np.array([item.label for item in items])
    for name in ("squad2_dev", "reading"):
        own = np.array([item.where == name and item.kind in ("own", "unanswerable") for item in items])
        if own.any():
            found = measures.auroc(value[own & (label == 1)], value[own & (label == 0)])
            print(f"  AUROC of {name} {found:.3f}")


# -- all together ------------------------------------------------------------------------------------------------


def by_name(names: Sequence[str], beta: np.ndarray) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in zip(names, beta, strict=True) if abs(value) > 1e-6}


def save(**models: dict[str, float]) -> None:
    """Write models into the file beside those that are there."""
    known = json.loads(WEIGHTS.read_text()) if WEIGHTS.exists() else {"sentence": {}, "fact": {}, "confidence": {}}
    WEIGHTS.write_text(json.dumps(known | models, indent=1) + "\n")
    model._weights.cache_clear()
    model.coefficients.cache_clear()


def train_sentences(items: Sequence[Asked]) -> None:
    own = [item for item in items if item.kind == "own" and item.where in (*SETS, "plain")]
    read = [item for item in items if item.kind == "own" and item.where == "reading" and not item.record["held"]]
    own += read[::2]  # more of them say no more
    readings = [item.reading() for item in own]
    labels = [sentence_labels(item, reading) for item, reading in zip(own, readings, strict=True)]
    use = [i for i, reading in enumerate(readings) if reading.candidates]
    blocks = [readings[i].features for i in use]
    targets, groups = [labels[i] for i in use], [own[i].group for i in use]
    times = [1 if own[i].where == "reading" else TIMES for i in use]
    scores = cross_validated(blocks, targets, groups, 3.0, candidates.FEATURES, times)
    print("sentence: the first choice is right (northwind: mean likeness)")
    for name in (*SETS, "plain", "reading"):
        right = [targets[j][np.argmax(scores[j])] for j, i in enumerate(use) if own[i].where == name]
        print(f"  {name} {np.mean(right) if right else math.nan:.3f}")
    chosen = [j for j, n in enumerate(times) for _ in range(n)]
    beta = conditional_logit([blocks[j] for j in chosen], [targets[j] for j in chosen], 3.0, candidates.FEATURES)
    save(sentence=by_name(candidates.FEATURES, beta))


def train_facts(items: Sequence[Asked]) -> None:
    own = [item for item in items if item.kind == "own" and item.where == "squad2_dev"]
    blocks, targets, groups, short = [], [], [], []
    for item in own:
        reading = item.reading()
        labels = sentence_labels(item, reading)
        if not labels.any():
            continue
        text = reading.candidates[int(np.argmax(labels))].text
        options = spans.facts(reading.asked, text, reading.weight)
        if options:
            blocks.append(np.array([option.features for option in options]))
            answers = item.record["answers"]
            targets.append(np.array([measures.token_f1(text[o.start : o.end], answers) for o in options]))
            groups.append(item.group)
            short.append(reading.asked.is_short)
    scores = cross_validated(blocks, targets, groups, 20.0, spans.FEATURES, [1] * len(blocks))
    f1 = np.array([t[np.argmax(s)] for t, s in zip(targets, scores, strict=True)])
    print(f"fact: token F1 within the right sentence {f1[short].mean():.3f} (short answers), {f1.mean():.3f} (all)")
    save(fact=by_name(spans.FEATURES, conditional_logit(blocks, targets, 20.0, spans.FEATURES)))


def train_confidence(items: Sequence[Asked]) -> None:
    used = [item for item in items if len(item.hits) and item.where != "reading"]
    readings = [item.reading() for item in used]
    pairs = [(i, r) for i, r in zip(used, readings, strict=True) if r.candidates]
    used = [item for item, _ in pairs]
    rows = np.array([abstention.signals(reading) for _, reading in pairs])
    fold = folds([item.group for item in used])
    value = np.zeros(len(used))
    for k in range(FOLDS):
        train = np.flatnonzero(fold != k)
        beta, bias = fit_confidence([used[i] for i in train], rows[train])
        value[fold == k] = rows[fold == k] @ beta + bias
    print("confidence, cross-validated:")
    report_confidence(used, value)
    beta, bias = fit_confidence(used, rows)
    save(confidence={"bias": round(bias, 4)} | by_name(abstention.FEATURES, beta))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with squad2_dev, northwind, chroma_dev")
    parser.add_argument("--indexes", type=Path, required=True, help="where the indexes are or will be built")
    parser.add_argument("--manuals", type=Path, help="where reading/manuals/gather.py has copied them to")
    given = parser.parse_args()
    items = [*collect(given.data, given.indexes), *collect_reading(given.indexes, given.manuals)]
    print(f"{len(items)} questions", flush=True)
    train: Callable[[Sequence[Asked]], None]
    for train in (train_sentences, train_facts, train_confidence):
        train(items)
    print(f"wrote {WEIGHTS} ({math.ceil(WEIGHTS.stat().st_size / 1024)} kB)")


if __name__ == "__main__":
    main()
