"""One measurement in a fresh process: ``worker.py build|ask SYSTEM FOLDER FILE``.

``build`` reads records from FILE and prints one JSON line; ``ask`` reads questions, prints ``FIRST`` as
soon as the first one is answered, answers all, and prints one JSON line with hits and times.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from systems import SYSTEMS

K = 10


def main(verb: str, name: str, folder: str, file: str) -> None:
    system = SYSTEMS[name]()
    lines = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    begun = time.perf_counter()
    if verb == "build":
        result = {"n_passages": system.build(lines, Path(folder)), "seconds": time.perf_counter() - begun}
    else:
        system.open(Path(folder))
        result = ask(system, lines)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result), flush=True)


def ask(system, questions: list[dict]) -> dict:
    found, times = [], []
    for i, question in enumerate(questions):
        begun = time.perf_counter()
        found.append(system.search(question["question"], K))
        times.append(time.perf_counter() - begun)
        if i == 0:
            print("FIRST", flush=True)
    return {"found": found, "times": times}


if __name__ == "__main__":
    main(*sys.argv[1:])
