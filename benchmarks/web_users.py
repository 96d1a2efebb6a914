"""Users at once on a running page: time to the first words of each answer, and what was dropped.

    rag serve --port 7860 &
    python benchmarks/web_users.py http://127.0.0.1:7860 "A question" --users 20 --rounds 3

Speaks Gradio's queue protocol as the page does: join, then read the events until the answer is whole.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import threading
import time
import urllib.request
import uuid

# the answer's element with something in it
WORDS = re.compile(r'class=\\"answer\\"[^>]*>[^<]')


def post(url: str, value: object) -> None:
    body = json.dumps(value).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).read()


def ask(address: str, fn_index: int, question: str) -> tuple[float, float]:
    """Seconds to the first words and to the end of the answer."""
    session = uuid.uuid4().hex[:12]
    started = time.perf_counter()
    first = 0.0
    join = {"data": [question, "{}"], "fn_index": fn_index, "session_hash": session, "event_data": None}
    post(f"{address}/gradio_api/queue/join", join)
    with urllib.request.urlopen(f"{address}/gradio_api/queue/data?session_hash={session}", timeout=60) as stream:
        for line in stream:
            if not line.startswith(b"data:"):
                continue
            event = json.loads(line[5:])
            text = json.dumps(event.get("output", {}))
            if not first and WORDS.search(text):
                first = time.perf_counter() - started
            if event["msg"] == "process_completed":
                if not event["success"]:
                    raise RuntimeError(str(event))
                return first or time.perf_counter() - started, time.perf_counter() - started
    raise RuntimeError("the stream ended early")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("question")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    config = json.loads(urllib.request.urlopen(f"{options.address}/config").read())
    # the event that streams: its output is the component whose element is #live
    live = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "live")
    fn_index = next(d["id"] for d in config["dependencies"] if d["outputs"] == [live])
    times: list[tuple[float, float]] = []
    failures: list[str] = []

    def user() -> None:
        for _ in range(options.rounds):
            try:
                times.append(ask(options.address, fn_index, options.question))
            except (OSError, RuntimeError, ValueError) as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=user) for _ in range(options.users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, column in (("first words", 0), ("whole answer", 1)):
        values = sorted(pair[column] for pair in times)
        p95 = values[int(0.95 * (len(values) - 1))]
        print(f"{name}: median {statistics.median(values):.2f} s, p95 {p95:.2f} s, n = {len(values)}")
    print(f"dropped: {len(failures)}", *failures[:3])


if __name__ == "__main__":
    main()
