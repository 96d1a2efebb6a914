"""What users marked, as lines of JSON beside the index: ``rag eval --feedback`` replays the file."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.types import Turn

__all__ = ["VERDICTS", "Feedback"]

VERDICTS = ("right", "wrong source", "not in documents", "should have found")


class Feedback:
    """The file of cases. Safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def add(
        self,
        verdict: str,
        question: str,
        history: Sequence[Turn] = (),
        spans: Sequence[Mapping[str, Any]] = (),
    ) -> int:
        """Note a verdict, one line for each span (``source``, ``start``, ``end``); how many were written.

        Raises:
            UsageError: the verdict is not known, or it needs a source and has none.
        """
        if verdict not in VERDICTS:
            raise UsageError(f"the verdict must be one of {', '.join(VERDICTS)}")
        if verdict != "not in documents" and not spans:
            raise UsageError(f"the verdict {verdict!r} needs a source")
        case = {
            "question": question,
            "verdict": verdict,
            "history": [{"question": turn.question, "answer": turn.answer} for turn in history],
            "time": round(time.time()),
        }
        names = ("source", "start", "end")
        cases = [{**case, **{name: span[name] for name in names}} for span in spans] or [case]
        lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in cases)
        with self._lock, self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(lines)
        return len(cases)
