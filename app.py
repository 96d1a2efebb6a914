"""Start the web chat: ``python app.py``, with the options of ``rag serve``."""

import sys

from rag.cli import run

if __name__ == "__main__":
    sys.exit(run(["serve", *sys.argv[1:]]))
