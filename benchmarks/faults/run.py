"""The long form of tests/test_faults.py: ``python benchmarks/faults/run.py [--share 0.1] [--out results.json]``.

Every violation of the rules ends the run with a traceback. ``--share`` scales all counts. Results are written after
each kind of fault, and after every tenth of the killed builds and of the damage.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import faulting  # noqa: E402  # the tests' own machinery


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full counts")
    parser.add_argument("--only", action="append", help="one kind of fault; may be repeated")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footnote-faults-") as name:
        base = Path(name)
        given = faulting.Fixture(base)
        share = arguments.share
        every = max(1, round(1 / share))
        kinds: dict[str, Callable[[], Any]] = {
            "SIGKILL at a random moment": lambda: (
                faulting.kill_at_random(given, round(300 * share), seed, 5) for seed in range(10)
            ),
            "die at every commit": lambda: faulting.die_at_every(given, "commit"),
            "die at every file operation": lambda: faulting.die_at_every(given, "file operation"),
            "die at every SQL statement": lambda: faulting.die_at_every(given, "statement", every),
            "full while the log is moved and pages are given back": lambda: faulting.fill_the_disk(
                given, list(range(1, 400_000, 4096 * every)), late=True
            ),
            "a file system that is full": lambda: faulting.fill_a_volume(
                given, list(range(240_000, 1_200_000, 8192 * every))
            ),
            "disk full": lambda: faulting.fill_the_disk(given, list(range(1, 400_000, 4096 * every))),
            "damaged files": lambda: (faulting.mutate(given, round(2_000 * share), seed) for seed in range(10)),
            "damaged approximate index": lambda: faulting.mutate_approximate(given, round(4_000 * share), 1),
            "readers while building": lambda: faulting.read_while_building(given, 60 * share, 4, 2),
            "readers without a build": lambda: faulting.read_while_building(given, 20 * share, 4, 2, build=False),
            "no byte left of a removed document": lambda: faulting.leave_no_trace(base, round(60 * share), 1),
            "suspended builder": lambda: faulting.suspend_the_builder(given),
        }
        found = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
        for kind, run in kinds.items():
            if arguments.only and kind not in arguments.only:
                continue
            begun = time.monotonic()
            result = run()
            outcome = None
            for outcome in added_up(result) if isinstance(result, Iterator) else [result]:
                seconds = round(time.monotonic() - begun, 1)
                found[kind] = {"outcome": outcome, "seconds": seconds}
                arguments.out.write_text(json.dumps(found, indent=1) + "\n")
            print(f"{kind}: {outcome} in {seconds} s", flush=True)


def added_up(parts: Iterator[Counter[str]]) -> Iterator[Counter[str]]:
    """The sums of the first part, the first two, …"""
    total: Counter[str] = Counter()
    for part in parts:
        total = total + part
        yield total


if __name__ == "__main__":
    main()
