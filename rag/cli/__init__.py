"""The command line: ``rag build``, ``ask``, ``search``, ``status``, ``serve``, ``eval``, ``plugins``, ``doctor``,
``export``, ``import``.

Data goes to stdout, chatter to stderr, and ``--json`` makes the data machine-readable. What goes wrong is one
line on stderr. Exit status: 0 done, 1 the world said no, 2 the call has to change, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import logging
import os
import sys

import click

from rag.cli import ask, build, care, look
from rag.cli.shared import app
from rag.errors import RagError

__all__ = ["app", "ask", "build", "care", "look", "main", "run"]


def main() -> None:
    """Entry point of the ``rag`` command."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("rag").setLevel(logging.INFO)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and turn whatever happens into an exit status and at most one line."""
    try:
        code = app.main(arguments, prog_name="rag", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except RagError as error:
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        # an interrupt that fell into a string being executed, as when a data class is made, would end "python -m rag"
        # by SIGINT whatever we return; CPython forgets it with the next such string
        exec("")
        return _complain("stopped", 130)
    except BrokenPipeError:
        # whoever read our output has had enough; say nothing, also not when Python closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        return 2
    except click.ClickException as error:  # a usage error of the command line itself
        return _complain(f"{error.format_message()} (rag --help says how)", 2)


def _complain(message: str, code: int) -> int:
    print(f"rag: {' '.join(message.split())}", file=sys.stderr)
    return code
