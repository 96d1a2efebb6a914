"""What stands between the network and the page: a small ASGI middleware that refuses before anything runs.

A page on the loopback interface is still reachable from every web site that the user has open (by a
form, a ``fetch`` or DNS rebinding), and Gradio's own routes would read files and fetch addresses for
whoever asks. So: the ``Host`` must be ours (421), an ``Origin`` must be the page itself (403), a body
has a limit (413), and the file, upload and proxy routes of Gradio, which this page does not use, are
closed (403), as is the descriptor of a file in an event, which would make the server fetch it. Every
response says what the browser may load: this host and nothing else.

With a password (``RAG_PASSWORD``) whoever does not give it gets 401 and no more. Any ``Host`` is then ours: a
site that re-binds its name to us is not given the password by the browser, and a proxy may have any name.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Guard"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Gradio starts from an inline script and compiles the templates of gr.HTML in the browser, hence the
# two "unsafe" words; what keeps a document from running is that every character of it is escaped.
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_CLOSED = (
    "/gradio_api/file",
    "/gradio_api/upload",
    "/gradio_api/proxy",
    "/gradio_api/stream",
    "/gradio_api/deep_link",
    "/gradio_api/vibe",
    "/file",
    "/proxy",
    "/upload",
)
_MEGABYTE = 1 << 20
_PAUSE = 1.0  # seconds after a wrong password: guessing takes longer than the building stands
_SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Wraps an ASGI application. ``host`` is the address that the server listens on; ``upload_bytes``
    bounds the body of an upload, everything else may have one megabyte; ``password`` is asked for, with any
    user name, unless it is empty."""

    def __init__(self, app: Any, host: str, upload_bytes: int = 1 << 30, password: str = "") -> None:
        self.app = app
        self._password = password.encode()
        self._names = {"localhost", host.lower(), socket.gethostname().lower()}
        self._loopback = is_loopback(host)
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with the limits and headers in place."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # the page uses no web sockets
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if self._password and not self._is_given(headers.get(b"authorization", "")):
            if b"authorization" in headers:
                await asyncio.sleep(_PAUSE)
            await _refuse(send, 401, "this page asks for a password", {"www-authenticate": 'Basic realm="Footnote"'})
            return
        refusal = self._refusal(scope, headers)
        if refusal:
            await _refuse(send, *refusal)
            return
        limit = self._upload_bytes if scope["path"] == "/api/documents" else _MEGABYTE
        limited = _Limited(receive, limit)
        if scope["method"] == "POST" and scope["path"].startswith("/gradio_api/"):
            body = await limited.whole()
            if body is None:
                await _refuse(send, 413, "the request is too large")
                return
            if _names_a_file(body):
                await _refuse(send, 403, "events of this page carry no files")
                return
        await self.app(scope, limited, _with_headers(send))

    def _refusal(self, scope: Scope, headers: dict[bytes, str]) -> tuple[int, str] | None:
        host = headers.get(b"host", "")
        if not self._is_ours(host):
            return 421, "this server does not answer for that host name"
        origin = headers.get(b"origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, "requests from other sites are refused"
        if headers.get(b"sec-fetch-site") == "cross-site" and scope["method"] not in _SAFE:
            return 403, "requests from other sites are refused"
        path = scope["path"].lower()
        if any(path == closed or path.startswith((closed + "/", closed + "=")) for closed in _CLOSED):
            return 403, "this route is closed"
        length = headers.get(b"content-length", "0")
        limit = self._upload_bytes if path == "/api/documents" else _MEGABYTE
        if not length.isdigit() or int(length) > limit:
            return 413, "the request is too large"
        return None

    def _is_given(self, authorization: str) -> bool:
        """Whether the header of HTTP basic authentication (RFC 7617) has the password."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            _, _, given = base64.b64decode(encoded, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, self._password)

    def _is_ours(self, host: str) -> bool:
        """True for a name that cannot be re-bound: ours, or (beyond loopback) an address in figures; for any where
        the password was given."""
        if self._password:
            return True
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._loopback


def is_loopback(host: str) -> bool:
    """True when ``host`` is reached from this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Limited:
    """``receive`` that counts, and can read the whole body first and hand it on afterwards."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._left = receive, limit
        self._ready: list[Message] = []

    async def __call__(self) -> Message:
        if self._ready:
            return self._ready.pop(0)
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                return {"type": "http.disconnect"}
        return message

    async def whole(self) -> bytes | None:
        """The body, kept for the application to read again; None when it is over the limit."""
        messages, parts = [], []
        while True:
            message = await self()
            if message["type"] != "http.request":
                return None
            messages.append(message)
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._ready = messages
                return b"".join(parts)


def _names_a_file(body: bytes) -> bool:
    """True when the JSON body describes a file, which Gradio would fetch or copy."""
    try:
        waiting = [json.loads(body)]
    except (ValueError, RecursionError):
        return False  # not JSON: Gradio refuses it
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "path" in value or "url" in value:
                return True
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.encode(): value.encode() for name, value in _HEADERS.items()}
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if not name.lower().startswith(b"access-control-") and name.lower() not in own
            ]
            message = {**message, "headers": kept + list(own.items())}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, reason: str, more: Mapping[str, str] = MappingProxyType({})) -> None:
    body = json.dumps({"error": reason}).encode()
    own = {"content-type": "application/json", "content-length": str(len(body)), **more}
    headers = [(name.encode(), value.encode()) for name, value in own.items()]
    await _with_headers(send)({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
