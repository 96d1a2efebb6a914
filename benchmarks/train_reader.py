"""Train the reader: low-rank changes to the embedder's weights, ``rag/generation/reader.npz``, 1.2 MB.

    python benchmarks/train_reader.py collect ITEMS.jsonl.gz --data ../shared/data --indexes /tmp/indexes
    python train_reader.py train ITEMS.jsonl.gz --model MINILM --out OUT --fold K    # K of 0 to 3, then without --fold
    python benchmarks/train_reader.py fit OUT --data ../shared/data --indexes /tmp/indexes

``collect`` asks what ``train_answers.py`` asks, and writes the best sentences of each question as the reader will see
them. ``train`` needs only torch, transformers and a GPU for a few minutes (CPUs take hours): with ``--fold`` it leaves
out a quarter of the articles, booklets and documents and scores those; without, it trains on all and writes
``reader.npz``. ``fit`` weighs the left-out scores against the linear models (``rag/generation/weights.json``).

A sentence's logit competes with those of the question's other sentences and with a constant 0 for "none of them"; the
short answer is two distributions over the sentence's word pieces, where it starts and where it ends (Devlin et al.
2019). The changes are of low rank (Hu et al. 2021, LoRA) so that a program that has the embedder needs 1.2 MB more.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import numpy as np

FOLDS = 4
CANDIDATES = 8  # sentences of a question that are trained on
BATCH = 16  # questions
EPOCHS, RANK, RATE = 4, 16, 6e-4
# what a kind of question weighs: half of all are answered by what was found, and taken away gold is easily an
# answer that stands somewhere else as well
IMPORTANCE = {"own": 1.0, "gold taken away": 0.35, "other set": 0.5}
UNANSWERABLE, PLAIN = 1.5, 2.0
GOLD = 0.3  # a label above this is an answer
# so much less sure than FALSE_REFUSALS of train_answers.py would have it: then as many of the questions that texts
# from elsewhere do not answer are refused as without the reader (42 of 57, 44 without), and fewer of the others (5 of
# 122, 8 without)
STRICTER = 0.2


# -- collect: on a machine with the indexes ---------------------------------------------------------------------


def collect(items: Path, data: Path, indexes: Path) -> None:
    """Write one line a question: its best sentences in word pieces, what they are worth, where the answer stands."""
    import train_answers as base

    from rag.generation.reader import encode, opened, surroundings

    tokenizer = opened(0).tokenizer
    with gzip.open(items, "wt", encoding="utf-8") as file:
        for number, item in enumerate(base.collect(data, indexes)):
            reading = item.reading()
            if not reading.candidates:
                continue
            own = item.kind == "own"
            labels = base.sentence_labels(item, reading) if own else np.zeros(len(reading.candidates))
            chosen = [int(i) for i in reading.ranked[:CANDIDATES]]
            if labels.max() > GOLD and not any(labels[i] > GOLD for i in chosen):
                chosen[-1] = int(labels.argmax())
            rows = []
            for i in chosen:
                seen = encode(
                    tokenizer, item.record["question"], *surroundings(reading.evidence, reading.candidates[i])
                )
                answer = answer_in(item, reading.candidates[i]) if labels[i] > GOLD else None
                inside = [j for j, (a, b) in enumerate(seen.offsets) if answer and a < answer[1] and answer[0] < b]
                span = (inside[0], inside[-1]) if inside else None
                rows.append({"i": i, "ids": seen.ids, "first": seen.first, "label": float(labels[i]), "span": span})
            line = {"number": number, "where": item.where, "kind": item.kind, "group": item.group, "rows": rows}
            file.write(json.dumps(line) + "\n")


def answer_in(item: Any, candidate: Any) -> tuple[int, int] | None:
    """Where the gold answer stands in a sentence, by offsets in its text."""
    answer = item.record["answers"][0]
    if item.where == "plain":
        start = candidate.text.casefold().find(answer.casefold())
    elif item.where in ("squad2_dev", "small"):
        start = item.record["answer_start"] - candidate.start
    else:
        return None
    said = candidate.text[start : start + len(answer)] if start >= 0 else ""
    return (start, start + len(answer)) if said.casefold() == answer.casefold() else None


# -- train: on a machine with a GPU -----------------------------------------------------------------------------


def train(items: Path, model: Path, out: Path, fold: int | None, rank: int, epochs: float) -> None:
    import torch
    from torch import nn
    from torch.nn import functional

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    random.seed(0)
    with gzip.open(items, "rt", encoding="utf-8") as file:
        questions = [json.loads(line) for line in file]
    folds = {name: i % FOLDS for i, name in enumerate(sorted({question["group"] for question in questions}))}
    seen = [question for question in questions if fold is None or folds[question["group"]] != fold]
    unseen = [question for question in questions if fold is not None and folds[question["group"]] == fold]
    net = network(model, rank).to(device)
    free = [parameter for parameter in net.parameters() if parameter.requires_grad]
    steps = int(epochs * len(seen) / BATCH)
    optimizer = torch.optim.AdamW(free, lr=RATE, weight_decay=0.01)
    warm = steps / 10
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / warm) * max(0.02, 1 - step / steps)
    )
    mixed = torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda")

    def tensors(batch: list[dict[str, Any]]) -> list[torch.Tensor]:
        rows = [row for question in batch for row in question["rows"]]
        shape = len(rows), max(len(row["ids"]) for row in rows)
        ids, mask, inside = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.float32)
        for at, row in enumerate(rows):
            n = len(row["ids"])
            ids[at, :n], mask[at, :n], inside[at, row["first"] : n - 1] = row["ids"], 1, 1
        return [torch.from_numpy(array).to(device) for array in (ids, mask, inside)]

    def loss_of(batch: list[dict[str, Any]]) -> torch.Tensor:
        with mixed:
            logits, spans = (found.float() for found in net(*tensors(batch)))
        total, at = logits.new_zeros(()), 0
        for question in batch:
            rows = question["rows"]
            labels = np.array([row["label"] for row in rows])
            target = np.where(labels > GOLD, labels**2, 0)
            if question["kind"] == "own" and not target.any():
                at += len(rows)
                continue  # the answer was not found at all
            target = np.append(target, float(not target.any()))
            odds = torch.log_softmax(torch.cat([logits[at : at + len(rows)], logits.new_zeros(1)]), 0)
            wanted = torch.tensor(target / target.sum(), device=device, dtype=torch.float32)
            weight = IMPORTANCE.get(question["kind"], UNANSWERABLE) * (PLAIN if question["where"] == "plain" else 1)
            total = total - weight * (wanted * odds).sum()
            for row in rows:
                if row["span"]:
                    for side in (0, 1):
                        place = torch.tensor([row["first"] + row["span"][side]], device=device)
                        total = total + functional.cross_entropy(spans[at, :, side][None], place) / 2
                at += 1
        return total / len(batch)

    start, order = time.time(), []
    net.train()
    for step in range(steps):
        if len(order) < BATCH:
            order = random.sample(seen, len(seen))
        batch, order = order[:BATCH], order[BATCH:]
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(free, 1.0)
        optimizer.step()
        rate.step()
        if step % 200 == 199:
            print(f"step {step + 1} of {steps}, loss {loss.item():.3f}, {time.time() - start:.0f} s", flush=True)
    net.eval()
    out.mkdir(parents=True, exist_ok=True)
    kept = {name: value.half().cpu().numpy() for name, value in net.changes()}
    np.savez_compressed(out / ("reader.npz" if fold is None else f"fold{fold}.npz"), **kept)
    if fold is None:
        return
    with torch.inference_mode(), mixed, gzip.open(out / f"fold{fold}.jsonl.gz", "wt") as file:
        for low in range(0, len(unseen), 32):
            batch = unseen[low : low + 32]
            logits, spans = (found.float().cpu().numpy() for found in net(*tensors(batch)))
            at = 0
            for question in batch:
                for row in question["rows"]:
                    places = spans[at, row["first"] : len(row["ids"]) - 1].round(2).tolist()
                    found = {"number": question["number"], "i": row["i"], "logit": round(float(logits[at]), 3)}
                    wants = question["kind"] == "own" and question["where"] in ("squad2_dev", "plain")
                    file.write(json.dumps(found | ({"spans": places} if wants else {})) + "\n")
                    at += 1


def network(model: Path, rank: int) -> Any:
    """The embedder's transformer with changes of rank ``rank`` to its linear maps, and the reader's two heads."""
    import torch
    from safetensors.torch import load_file
    from torch import nn
    from transformers import BertConfig, BertModel

    class Changed(nn.Module):
        def __init__(self, linear: nn.Linear) -> None:
            super().__init__()
            self.linear = linear
            self.a = nn.Parameter(torch.randn(rank, linear.in_features) / math.sqrt(linear.in_features))
            self.b = nn.Parameter(torch.zeros(linear.out_features, rank))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(x) + (x @ self.a.t()) @ self.b.t()

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            config = BertConfig(**json.loads((model / "config.json").read_text()))
            self.bert = BertModel(config, add_pooling_layer=False)
            weights = load_file(model / "model.safetensors")
            self.bert.load_state_dict({name: value.float() for name, value in weights.items()}, strict=False)
            for parameter in self.bert.parameters():
                parameter.requires_grad = False
            for path, module in list(self.bert.named_modules()):
                if isinstance(module, nn.Linear) and path.startswith("encoder."):
                    parent, _, name = path.rpartition(".")
                    setattr(self.bert.get_submodule(parent), name, Changed(module))
            self.rank, self.span = nn.Linear(2 * config.hidden_size, 1), nn.Linear(config.hidden_size, 2)

        def forward(self, ids: torch.Tensor, mask: torch.Tensor, inside: torch.Tensor) -> tuple[torch.Tensor, ...]:
            vectors = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            mean = (vectors * inside[..., None]).sum(1) / inside.sum(1, keepdim=True)
            logits = self.rank(torch.cat([vectors[:, 0], mean], -1))[:, 0]
            return logits, self.span(vectors).masked_fill(inside[..., None] == 0, -1e4)

        def changes(self) -> list[tuple[str, torch.Tensor]]:
            own = [(name.removeprefix("bert."), p) for name, p in self.named_parameters() if p.requires_grad]
            return [(name, parameter.detach()) for name, parameter in own]

    return Network()


# -- fit: how the reader's word weighs against the linear models -------------------------------------------------


class LeftOut:
    """What the reader says of an item's sentences that had not seen its article, booklet or document."""

    name = "left out"

    def __init__(self, item: Any, scores: dict[tuple[int, int], Any], number: int, tokenizer: Any) -> None:
        self._by_text, self._tokenizer = {}, tokenizer
        for i, candidate in enumerate(item.reading().candidates):
            if found := scores.get((number, i)):
                self._by_text[candidate.text] = found

    def read(self, question: str, sentences: Any) -> list[Any]:
        return [self._read(sentence) for _, _, sentence in sentences]

    def _read(self, sentence: str) -> Any:
        from rag.plugins import Read

        found = self._by_text.get(sentence, {"logit": -8.0})
        offsets = list(self._tokenizer.encode(sentence, add_special_tokens=False).offsets)
        spans = np.array(found.get("spans") or np.zeros((len(offsets), 2)))
        offsets = offsets[: len(spans)]  # as many as the reader was shown
        spans = spans - np.log(np.exp(spans - spans.max(0)).sum(0)) - spans.max(0)
        return Read(found["logit"], offsets, spans[:, 0].tolist(), spans[:, 1].tolist())


def fit(out: Path, data: Path, indexes: Path) -> None:
    """Fit the weights "… with reader" and print what the reader is worth to the marked fact."""
    import train_answers as base

    from rag.generation import abstention, choice, marking
    from rag.generation.reader import opened

    scores = {}
    for fold in range(FOLDS):
        with gzip.open(out / f"fold{fold}.jsonl.gz", "rt") as file:
            for found in map(json.loads, file):
                scores[found["number"], found["i"]] = found
    numbered = [(n, item) for n, item in enumerate(base.collect(data, indexes)) if item.reading().candidates]
    items = [item for _, item in numbered]
    readers = {id(item): LeftOut(item, scores, number, opened(0).tokenizer) for number, item in numbered}

    def read(item: Any) -> choice.Reading:
        given = item.record["question"], item.hits[: base.K], item.frequency, item.n_passages
        return choice.read(*given, reader=readers[id(item)])

    own = [item for item in items if item.kind == "own" and item.where in (*base.SETS, "plain")]
    blocks = [np.column_stack(choice.columns(item.reading().scores, read(item).reads)) for item in own]
    labels = [base.sentence_labels(item, item.reading()) for item in own]
    beta = base.conditional_logit(blocks, labels, 0.1, choice.WITH_READER)
    base.save(**{"sentence with reader": base.by_name(choice.WITH_READER, beta)})
    for name in (*base.SETS, "plain"):
        right = [(b[:, 0], b @ beta, t) for item, b, t in zip(own, blocks, labels, strict=True) if item.where == name]
        first = [
            np.mean([t[np.argmax(scored)] for scored, t in zip(side, gold, strict=True)])
            for side, gold in (
                ([a for a, _, _ in right], [t for *_, t in right]),
                ([b for _, b, _ in right], [t for *_, t in right]),
            )
        ]
        print(f"{name}: the first sentence is right {first[0]:.3f}, with the reader {first[1]:.3f}")
    for weight in (0.0, 0.25, 0.5, 1.0, 2.0):
        marking._READER = weight
        print(
            f"fact, weight {weight}:",
            *(f"{name} {fact_f1(own, labels, read, name):.3f}" for name in ("squad2_dev", "plain")),
        )
    marking._READER = 0.5
    choice._read.cache_clear()
    readings = [read(item) for item in items]
    rows = np.array([[abstention.linear(reading), abstention.most_told(reading)] for reading in readings])
    features, abstention.FEATURES = abstention.FEATURES, choice.WITH_READER
    beta, bias = base.fit_confidence(items, rows)
    abstention.FEATURES = features
    base.report_confidence(items, rows[:, 0])
    base.report_confidence(items, rows @ beta + bias)
    base.save(
        **{"confidence with reader": {"bias": round(bias - STRICTER, 4)} | base.by_name(choice.WITH_READER, beta)}
    )


def fact_f1(own: list[Any], labels: list[np.ndarray], read: Any, name: str) -> float:
    """The mean token F1 of the marked fact in the right sentence of each short question."""
    from rag.evaluation.measures import token_f1
    from rag.generation.marking import mark

    values = []
    for item, label in zip(own, labels, strict=True):
        reading = read(item)
        best = int(label.argmax())
        if item.where != name or label[best] <= GOLD or not reading.asked.is_short or best not in reading.reads:
            continue
        candidate = reading.candidates[best]
        found = mark(reading.asked, candidate.text, reading.weight, candidate.language, reading.reads[best])
        said = candidate.text[found[0].start : found[0].end] if found else ""
        values.append(token_f1(said, item.record["answers"]))
    return float(np.mean(values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    given = commands.add_parser("collect")
    given.add_argument("items", type=Path)
    given.add_argument("--data", type=Path, required=True)
    given.add_argument("--indexes", type=Path, required=True)
    given = commands.add_parser("train")
    given.add_argument("items", type=Path)
    given.add_argument("--model", type=Path, required=True, help="a folder with config.json and model.safetensors")
    given.add_argument("--out", type=Path, required=True)
    given.add_argument("--fold", type=int, choices=range(FOLDS))
    given.add_argument("--rank", type=int, default=RANK)
    given.add_argument("--epochs", type=float, default=EPOCHS)
    given = commands.add_parser("fit")
    given.add_argument("out", type=Path)
    given.add_argument("--data", type=Path, required=True)
    given.add_argument("--indexes", type=Path, required=True)
    asked = vars(parser.parse_args())
    {"collect": collect, "train": train, "fit": fit}[asked.pop("command")](**asked)


if __name__ == "__main__":
    main()
