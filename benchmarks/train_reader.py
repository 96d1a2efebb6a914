"""Train the reader: low-rank changes to the embedder's weights, ``rag/generation/reader.npz``, 1.2 MB.

    python benchmarks/reading/manuals/gather.py MANUALS --data ../shared/data
    python benchmarks/train_reader.py collect ITEMS.jsonl.gz --data ../shared/data --indexes INDEXES --manuals MANUALS
    python train_reader.py train ITEMS.jsonl.gz --model MINILM --out reader.npz
    python benchmarks/train_reader.py fit --indexes INDEXES --manuals MANUALS

``collect`` asks what ``train_answers.py`` asks and the questions of ``benchmarks/reading``, and writes the best
sentences of each as the reader will see them. ``train`` needs only torch and transformers; a GPU takes minutes, two
cores hours. It leaves out the documents of ``reading/held-out.tsv``. ``fit`` weighs what the reader says of those
against the linear models (``rag/generation/weights.json``).

The reader that ships was made in two passes. The first, on a GPU, went from the embedder's weights over the development
sets with RECIPE; the second went on from there for 41 minutes on two cores:

    train ITEMS.jsonl.gz --start reader.npz --epochs 1 --rate 3e-4 --rows 4 --share 0.75 --share-of-others 0.2
        --dropout 0

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
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

CANDIDATES = 8  # sentences of a question that are trained on
BATCH = 16  # questions
RANK = 16
# From the embedder's own weights. ``rows`` is how many sentences of a question are shown in one pass, ``share`` how
# many of the questions of benchmarks/reading are asked in one, and ``share_of_others`` of the others
RECIPE = {"epochs": 4, "rate": 6e-4, "rows": 8, "share": 1.0, "share_of_others": 1.0, "dropout": 0.1}
# what a kind of question weighs: half of all are answered by what was found, and taken away gold is easily an
# answer that stands somewhere else as well
IMPORTANCE = {"own": 1.0, "gold taken away": 0.35, "other set": 0.5}
UNANSWERABLE, PLAIN = 1.5, 2.0
GOLD = 0.3  # a label above this is an answer
# share of the answerable questions to held-out documents below the threshold 0.5, before the rules that may refuse more
FALSE_REFUSALS = 0.062


# -- collect: on a machine with the indexes ---------------------------------------------------------------------


def collect(items: Path, data: Path, indexes: Path, manuals: Path | None) -> None:
    """Write one line a question: its best sentences in word pieces, what they are worth, where the answer stands."""
    import train_answers as base

    from rag.generation.reader import encode, opened, surroundings

    tokenizer = opened(0).tokenizer
    with gzip.open(items, "wt", encoding="utf-8") as file:
        for item in chain(base.collect(data, indexes), base.collect_reading(indexes, manuals)):
            reading = item.reading()
            if not reading.candidates:
                continue
            own = item.kind == "own"
            labels = base.sentence_labels(item, reading) if own else np.zeros(len(reading.candidates))
            chosen = [int(i) for i in reading.ranked if labels[i] or not may_answer(item, reading.candidates[i])]
            chosen = chosen[:CANDIDATES]
            if not chosen:
                continue
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
            held = item.record.get("held", False)
            file.write(json.dumps({"where": item.where, "kind": item.kind, "held": held, "rows": rows}) + "\n")


def may_answer(item: Any, candidate: Any) -> bool:
    """Whether a sentence elsewhere has the short answer as well: nobody has said that it does not answer."""
    answers = item.record.get("answers") or [""] if item.where == "reading" and item.kind == "own" else [""]
    return len(answers[0]) > 2 and answers[0].casefold() in candidate.text.casefold()


def answer_in(item: Any, candidate: Any) -> tuple[int, int] | None:
    """Where the gold answer stands in a sentence, by offsets in its text."""
    answer = (item.record.get("answers") or [""])[0]
    if item.where == "plain":
        start = candidate.text.casefold().find(answer.casefold())
    elif "answer_start" in item.record:
        start = item.record["answer_start"] - candidate.start
    else:
        return None
    said = candidate.text[start : start + len(answer)] if start >= 0 else ""
    return (start, start + len(answer)) if said.casefold() == answer.casefold() else None


# -- train: on a machine with a GPU -----------------------------------------------------------------------------


def train(items: Path, model: Path, out: Path, start: Path | None, **recipe: float) -> None:
    import torch
    from torch import nn
    from torch.nn import functional

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    random.seed(0)
    with gzip.open(items, "rt", encoding="utf-8") as file:
        questions = [json.loads(line) for line in file]
    seen = [question for question in questions if not question["held"]]
    net = network(model, recipe["dropout"]).to(device)
    if start:
        net.take_up(start)
    free = [parameter for parameter in net.parameters() if parameter.requires_grad]
    steps = int(recipe["epochs"] * sum(recipe[share_of(question)] for question in seen) / BATCH)
    optimizer = torch.optim.AdamW(free, lr=recipe["rate"], weight_decay=0.01)
    warm = steps / 10
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / warm) * max(0.02, 1 - step / steps)
    )
    mixed = torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda")

    def read(rows: list[dict[str, Any]]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits and spans of rows, which go through the net by thirds of about one length."""
        logits, spans = [torch.empty(0)] * len(rows), [torch.empty(0)] * len(rows)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]["ids"]))
        size = math.ceil(len(rows) / 3)
        for part in (order[low : low + size] for low in range(0, len(order), size)):
            shape = len(part), max(len(rows[i]["ids"]) for i in part)
            ids, mask, inside = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.float32)
            for at, i in enumerate(part):
                n = len(rows[i]["ids"])
                ids[at, :n], mask[at, :n], inside[at, rows[i]["first"] : n - 1] = rows[i]["ids"], 1, 1
            with mixed:
                found = net(*(torch.from_numpy(array).to(device) for array in (ids, mask, inside)))
            for at, i in enumerate(part):
                logits[i], spans[i] = (one[at].float() for one in found)
        return torch.stack(logits), spans

    def loss_of(batch: list[dict[str, Any]]) -> torch.Tensor:
        shown = [some(question["rows"], int(recipe["rows"])) for question in batch]
        logits, spans = read([row for rows in shown for row in rows])
        total, at = logits.new_zeros(()), 0
        for question, rows in zip(batch, shown, strict=True):
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
                        total = total + functional.cross_entropy(spans[at][None, :, side], place) / 2
                at += 1
        return total / len(batch)

    started, order, losses = time.time(), [], []
    for step in range(steps):
        if len(order) < BATCH:
            order = [question for question in seen if random.random() < recipe[share_of(question)]]
            random.shuffle(order)
        batch, order = order[:BATCH], order[BATCH:]
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(free, 1.0)
        optimizer.step()
        rate.step()
        losses.append(loss.item())
        if step % 100 == 99:
            mean = np.mean(losses[-100:])
            print(f"step {step + 1} of {steps}, loss {mean:.3f}, {time.time() - started:.0f} s", flush=True)
    kept = {name: value.half().cpu().numpy() for name, value in net.changes()}
    np.savez_compressed(out, **kept)


def share_of(question: dict[str, Any]) -> str:
    """Which of the two shares of ``train`` a question falls under."""
    return "share" if question["where"] == "reading" else "share_of_others"


def some(rows: list[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    """At most ``n`` sentences of a question: those that answer, the best of the others, and one of the rest."""
    told = [row for row in rows if row["label"] > GOLD][: max(1, n - 2)]
    others = [row for row in rows if row["label"] <= GOLD]
    room = n - len(told)
    rest = others[max(0, room - 1) :]
    return told + others[: max(0, room - 1)] + random.sample(rest, min(len(rest), 1, room))


def network(model: Path, dropout: float) -> Any:
    """The embedder's transformer with changes of low rank to its linear maps, and the reader's two heads."""
    import torch
    from safetensors.torch import load_file
    from torch import nn
    from torch.nn import functional
    from transformers import BertConfig, BertModel

    class Changed(nn.Module):
        def __init__(self, linear: nn.Linear) -> None:
            super().__init__()
            self.linear = linear
            self.a = nn.Parameter(torch.randn(RANK, linear.in_features) / math.sqrt(linear.in_features))
            self.b = nn.Parameter(torch.zeros(linear.out_features, RANK))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            # one map: on CPUs two thin products take longer than it does
            return functional.linear(x, self.linear.weight + self.b @ self.a, self.linear.bias)

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            known = json.loads((model / "config.json").read_text())
            dropped = dict.fromkeys(("hidden_dropout_prob", "attention_probs_dropout_prob"), dropout)
            config = BertConfig(**(known | dropped))
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

        def take_up(self, start: Path) -> None:
            """Go on from changes that were learned before."""
            with np.load(start) as arrays, torch.no_grad():
                for name, parameter in self.changes():
                    parameter.copy_(torch.from_numpy(arrays[name].astype(np.float32)))

        def changes(self) -> list[tuple[str, torch.Tensor]]:
            own = [(name.removeprefix("bert."), p) for name, p in self.named_parameters() if p.requires_grad]
            return [(name, parameter.detach()) for name, parameter in own]

    return Network()


# -- fit: how the reader's word weighs against the linear models -------------------------------------------------


def fit(indexes: Path, manuals: Path | None) -> None:
    """Fit the weights "… with reader" to what it says of documents that it was not trained on, and print what it is
    worth."""
    import train_answers as base

    from rag.generation import abstention, choice, marking
    from rag.generation.reader import opened

    items, alone, read = [], [], []
    for item in base.collect_reading(indexes, manuals, only_held=True):
        given = item.record["question"], item.hits[: base.K], item.frequency, item.n_passages
        linear = choice.read(*given)
        if linear.candidates:
            items.append(item)
            alone.append(linear)
            read.append(choice.read(*given, reader=opened(0)))
    print(f"{len(items)} questions", flush=True)
    own = [i for i, item in enumerate(items) if item.kind == "own"]
    blocks = [np.column_stack(choice.columns(alone[i].scores, read[i].reads)) for i in own]
    labels = [base.sentence_labels(items[i], alone[i]) for i in own]
    beta = base.conditional_logit(blocks, labels, 0.1, choice.WITH_READER)
    base.save(**{"sentence with reader": base.by_name(choice.WITH_READER, beta)})
    for name in sorted({items[i].record["set"] for i in own}):
        chosen = [(b, t) for i, b, t in zip(own, blocks, labels, strict=True) if items[i].record["set"] == name]
        first = np.mean([t[np.argmax(b[:, 0])] > GOLD for b, t in chosen])
        print(f"{name}: the first sentence is right {first:.3f}, with the reader", end=" ")
        print(f"{np.mean([t[np.argmax(b @ beta)] > GOLD for b, t in chosen]):.3f} of {len(chosen)}")
    for weight in (0.0, 0.25, 0.5, 1.0, 2.0):
        marking._READER = weight
        print(f"fact, weight {weight}: {fact_f1([items[i] for i in own], labels, [read[i] for i in own]):.3f}")
    # the confidence looks at the sentence that comes first by the new weights
    read = [
        replace(one, scores=np.column_stack(choice.columns(linear.scores, one.reads)) @ beta)
        for linear, one in zip(alone, read, strict=True)
    ]
    rows = np.array([[abstention.linear(reading), abstention.told(reading)] for reading in read])
    features, abstention.FEATURES = abstention.FEATURES, choice.WITH_READER
    beta, bias = base.fit_confidence(items, rows, FALSE_REFUSALS)
    abstention.FEATURES = features
    base.report_confidence(items, rows[:, 0])
    base.report_confidence(items, rows @ beta + bias)
    base.save(**{"confidence with reader": {"bias": round(bias, 4)} | base.by_name(choice.WITH_READER, beta)})


def fact_f1(items: list[Any], labels: list[np.ndarray], readings: list[Any]) -> float:
    """The mean token F1 of the marked fact in the right sentence of each short question."""
    from rag.evaluation.measures import token_f1
    from rag.generation.marking import mark

    values = []
    for item, label, reading in zip(items, labels, readings, strict=True):
        best = int(label.argmax())
        asks = reading.asked.is_short and "answer_start" in item.record
        if not asks or label[best] <= GOLD or best not in reading.reads:
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
    given.add_argument("--manuals", type=Path, help="where reading/manuals/gather.py has copied them to")
    given = commands.add_parser("train")
    given.add_argument("items", type=Path)
    given.add_argument("--model", type=Path, required=True, help="a folder with config.json and model.safetensors")
    given.add_argument("--out", type=Path, required=True, help="reader.npz")
    given.add_argument("--start", type=Path, help="a reader.npz to go on from")
    for name, value in RECIPE.items():
        given.add_argument(f"--{name.replace('_', '-')}", type=float, default=value)
    given = commands.add_parser("fit")
    given.add_argument("--indexes", type=Path, required=True)
    given.add_argument("--manuals", type=Path)
    asked = vars(parser.parse_args())
    {"collect": collect, "train": train, "fit": fit}[asked.pop("command")](**asked)


if __name__ == "__main__":
    main()
