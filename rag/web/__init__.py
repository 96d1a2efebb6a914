"""The web chat: ``serve()`` starts it. Gradio is imported when it is called, not before."""

from __future__ import annotations

import os
import socket
import sys
import threading
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import UsageError
from rag.settings import Settings
from rag.web.guard import is_loopback

if TYPE_CHECKING:
    import uvicorn

__all__ = ["serve", "start"]


def serve(
    settings: Settings | None = None,
    *,
    index: str | Path | None = None,
    host: str | None = None,
    port: int | None = None,
    watch: bool = False,
    open_browser: bool = False,
    quiet: bool = False,
) -> None:
    """Serve the page until it is stopped (Ctrl-C).

    The page is up at once; models are loaded and the index is brought up to date behind it.

    Args:
        settings: ready-made settings; otherwise environment and files are read.
        index: the index folder, when it is not the one in settings.
        host: the address to listen on; anything but loopback lets other machines in.
        port: the port; 0 takes a free one.
        watch: bring the index up to date whenever a file of the corpus changes.
        open_browser: open the page in the browser.
        quiet: do not print the address.

    Raises:
        UsageError: the port is in use, or the host is not an address of this machine.
    """
    server, listener, address = start(settings, index=index, host=host, port=port, watch=watch)
    if not quiet:
        print(f"Footnote is at {address} (Ctrl-C stops it)", file=sys.stderr, flush=True)
        if not is_loopback(listener.getsockname()[0]) and not os.environ.get("RAG_PASSWORD"):
            print(
                "anyone in this network can read the documents: set RAG_PASSWORD to ask for a password", file=sys.stderr
            )
    if open_browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def start(
    settings: Settings | None = None,
    *,
    index: str | Path | None = None,
    host: str | None = None,
    port: int | None = None,
    watch: bool = False,
) -> tuple[uvicorn.Server, socket.socket, str]:
    """Everything that ``serve`` needs, not yet running: the server, its socket, and the address."""
    settings = settings or Settings.load()
    settings = replace(
        settings,
        index=str(index) if index is not None else settings.index,
        host=host or settings.host,
        port=settings.port if port is None else port,
    )
    listener = _listen(settings.host, settings.port)
    number = listener.getsockname()[1]
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    # Gradio reads these when it is imported; without them it calls home, or opens itself to the world
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for name in ("GRADIO_SHARE", "GRADIO_ALLOWED_PATHS", "GRADIO_ROOT_PATH", "GRADIO_SERVER_NAME"):
        os.environ.pop(name, None)
    import uvicorn

    from rag.web.application import application

    config = uvicorn.Config(
        application(settings, watch=watch),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,  # an open page keeps a stream open; Ctrl-C does not wait for it
    )
    return uvicorn.Server(config), listener, f"http://{shown}:{number}"


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, before anything slow is done.

    Raises:
        UsageError: it cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(
            f"cannot listen on {host}:{port}: {why}; choose another port (rag serve --port {port + 1}) or stop "
            "what is using it"
        ) from error
    return listener
