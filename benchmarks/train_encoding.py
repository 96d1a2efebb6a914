"""Train the byte-pair encoding that sizes passages and prompts: ``tiktoken_ext/footnote.bpe``.

    pip install wordfreq && python benchmarks/train_encoding.py        # about two minutes

The training text is nobody's document: word frequencies of 25 languages from the package wordfreq
(Robyn Speer; data CC BY-SA 4.0), English weighing half, and the docstrings and source of the Python
standard library (PSF licence) for code, numbers and punctuation. Training is Sennrich's algorithm
(https://arxiv.org/abs/1508.07909) on bytes: again and again merge the most frequent adjacent pair,
ties going to the pair met first, so that the result is the same on every run.
"""

from __future__ import annotations

import ast
import base64
import heapq
import sysconfig
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import regex
from wordfreq import get_frequency_dict

from tiktoken_ext.footnote import PATTERN, RANKS

N_TOKENS = 32_768
TOTAL = 1_000_000_000  # the weight of all words together; only proportions matter
SHARE = {"en": 0.50, "de": 0.06, "fr": 0.06, "es": 0.06, "ru": 0.04, "zh": 0.04} | dict.fromkeys(
    ("it", "pt", "nl", "pl", "cs", "sv", "tr", "uk", "ja", "ar", "hi", "ko", "fi", "hu", "el", "vi",
     "he", "fa", "id"),
    0.24 / 19,
)  # fmt: skip
UNSPACED = ("zh", "ja")
RAREST = 400  # pieces below this weight cannot earn a token
CODE = 0.10  # the weight of the standard library, against the words


def words() -> Counter[bytes]:
    """Word frequencies as text would have them: after a space, some capitalised, some in capitals."""
    counts: Counter[bytes] = Counter()
    for language, share in SHARE.items():
        frequencies = get_frequency_dict(language, "best")
        scale = share * TOTAL / sum(frequencies.values())
        capitalised = 0.35 if language == "de" else 0.12
        for word, frequency in frequencies.items():
            weight = frequency * scale
            if weight < RAREST:
                continue
            forms = [(word, 1 - capitalised - 0.015), (word.capitalize(), capitalised), (word.upper(), 0.015)]
            spaced = 0.0 if language in UNSPACED else 0.85
            for form, part in forms:  # all three are the same word in a script without capitals
                for piece in regex.findall(PATTERN, form):
                    counts[b" " + piece.encode()] += int(weight * part * spaced)
                    counts[piece.encode()] += int(weight * part * (1 - spaced))
    return counts


def code() -> Counter[bytes]:
    """Pieces of the standard library: its docstrings twice, its source once."""
    counts: Counter[str] = Counter()
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        source = path.read_text(encoding="utf-8")
        counts.update(regex.findall(PATTERN, source))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                counts.update(regex.findall(PATTERN, ast.get_docstring(node) or ""))
    scale = CODE * TOTAL / sum(counts.values())
    return Counter({piece.encode(): int(n * scale) for piece, n in counts.items()})


def train(counts: Counter[bytes], n_tokens: int) -> dict[bytes, int]:
    """The ranks of a byte-pair encoding of ``n_tokens`` trained on weighted pieces."""
    tokens = [bytes([byte]) for byte in range(256)]
    pieces = [list(piece) for piece in counts]
    weights = list(counts.values())
    pairs: Counter[tuple[int, int]] = Counter()
    where: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for i, (piece, weight) in enumerate(zip(pieces, weights, strict=True)):
        for pair in pairwise(piece):
            pairs[pair] += weight
            where[pair].add(i)
    heap = [(-n, pair) for pair, n in pairs.items()]
    heapq.heapify(heap)
    ids = {token: i for i, token in enumerate(tokens)}
    while len(tokens) < n_tokens and heap:
        n, pair = heapq.heappop(heap)
        if pairs[pair] != -n:  # the entry is out of date; a fresh one follows
            continue
        token = tokens[pair[0]] + tokens[pair[1]]
        if token not in ids:  # else other merges made the same bytes: tiktoken ranks bytes, not pairs
            ids[token] = len(tokens)
            tokens.append(token)
            if len(tokens) % 1000 == 0:
                print(f"{len(tokens):,} tokens", flush=True)
        changed: set[tuple[int, int]] = set()
        for i in where.pop(pair):
            old = pieces[i]
            new = merged(old, pair, ids[token])
            for before in pairwise(old):
                pairs[before] -= weights[i]
                changed.add(before)
            for after in pairwise(new):
                pairs[after] += weights[i]
                where[after].add(i)
                changed.add(after)
            pieces[i] = new
        for other in changed:
            if pairs[other] > 0:
                heapq.heappush(heap, (-pairs[other], other))
    return ids


def merged(piece: list[int], pair: tuple[int, int], token: int) -> list[int]:
    """``piece`` with every occurrence of ``pair`` replaced by ``token``, from the left."""
    out: list[int] = []
    i = 0
    while i < len(piece):
        if i + 1 < len(piece) and (piece[i], piece[i + 1]) == pair:
            out.append(token)
            i += 2
        else:
            out.append(piece[i])
            i += 1
    return out


def main() -> None:
    counts = words() + code()
    for number in range(1000):  # every number of up to three digits, as the pattern cuts them
        counts[str(number).encode()] += TOTAL // 2_000 // (number + 1)
    counts = Counter({piece: n for piece, n in counts.items() if n >= RAREST})
    print(f"{len(counts):,} different pieces", flush=True)
    ranks = train(counts, N_TOKENS)
    lines = (f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in ranks.items())
    RANKS.write_text("".join(lines), encoding="ascii")
    print(f"{RANKS}: {len(ranks):,} tokens, {RANKS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
