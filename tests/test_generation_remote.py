"""Remote models against a scripted server that goes wrong in every way, and a real one that we did not write."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rag import plugins
from rag.errors import GeneratorError, MissingExtra, UsageError
from rag.generation import remote
from rag.generation.citing import Writer
from rag.generation.rewriting import rewritten
from rag.plugins import Prompt
from rag.settings import Settings
from rag.testing import check_generator, hit_of
from rag.types import Turn

pytest.importorskip("openai", reason="the openai client is not installed")

KEY = "sk-very-secret-0123456789"
EVIDENCE = (hit_of("The pier was closed on 14 March 2023. It has eleven pillars."),)
PROMPT = Prompt("When was the pier closed?", "When was the pier closed?", EVIDENCE)

Script = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Runs the next script; the last one is repeated."""

    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.server.requests.append(json.loads(self.rfile.read(length)))
        self.server.keys.append(self.headers.get("authorization", ""))
        scripts = self.server.scripts
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        try:
            script(self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.hung_up.set()

    def start(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/event-stream" if status == 200 else "application/json")
        self.send_header("connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, text: str | None, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
        data = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        self.raw(f"data: {json.dumps(data)}\n\n".encode())

    def raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    scripts: list[Script]
    requests: list[dict[str, Any]]
    keys: list[str]
    hung_up: threading.Event


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(remote, "BACK_OFF", 0.01)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    httpd = Server(("127.0.0.1", 0), Handler)
    httpd.requests, httpd.keys, httpd.hung_up = [], [], threading.Event()
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


def generator(server: Server, *scripts: Script, timeout: float = 5.0, **values: Any) -> Any:
    server.scripts = list(scripts)
    base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    return plugins.load("generators", "openai:tiny", Settings(base_url=base_url, timeout=timeout, **values))


def said(*pieces: str, finish: str | None = "stop", done: bool = True) -> Script:
    def script(handler: Handler) -> None:
        handler.start()
        for piece in pieces:
            handler.chunk(piece)
        if finish:
            handler.chunk(None, finish)
        if done:
            handler.raw(b"data: [DONE]\n\n")

    return script


def refused(status: int, message: str, **headers: str) -> Script:
    def script(handler: Handler) -> None:
        handler.start(status, **headers)
        handler.raw(json.dumps({"error": {"message": message}}).encode())

    return script


def test_an_answer_streams_and_is_cited(server: Server) -> None:
    model = generator(server, said("The pier was closed ", "on 14 March 2023 [", "1", "]. And [7] it", " sank."))
    writer = Writer(EVIDENCE)
    list(writer.events(model.generate(PROMPT)))
    assert writer.text == "The pier was closed on 14 March 2023 [1]. And it sank."
    assert writer.citations[0].quote == "The pier was closed on 14 March 2023."
    request = server.requests[0]
    assert request["model"] == "tiny" and request["stream"] is True and request["max_tokens"] == 512
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    assert "[1] Document 1" in request["messages"][1]["content"]
    assert server.keys == [f"Bearer {KEY}"]


def test_it_keeps_the_contract_of_generators(server: Server) -> None:
    citations = check_generator(generator(server, said("The pier was closed on 14 March 2023 [1].")))
    assert [citation.quote for citation in citations] == ["The pier was closed on 14 March 2023."]


def test_a_busy_server_is_asked_again(server: Server) -> None:
    model = generator(server, refused(429, "slow down", retry_after="0"), refused(503, "loading"), said("Yes."))
    assert "".join(model.generate(PROMPT)) == "Yes."
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("script", "message", "n_requests"),
    [
        (refused(429, "quota used up"), "busy or the quota is used up", 4),
        (refused(429, "come back tomorrow", retry_after="86400"), "busy", 1),
        (refused(500, "out of memory"), r"HTTP 500\): out of memory", 4),
        (refused(401, f"Incorrect API key provided: {KEY}"), "refuses the key", 1),
        (refused(404, "model 'tiny' not found"), "model 'tiny' not found", 1),
        (refused(400, f"bad prompt, key {KEY}"), "bad prompt", 1),
        (said(finish="stop"), "empty answer", 1),
        (said(finish=None), "broke off", 1),
        (said("Half an ", finish=None, done=False), "broke off", 1),
        (lambda h: (h.start(), h.raw(b'data: {"error": {"message": "CUDA died"}}\n\n')), "CUDA died", 1),
        (lambda h: (h.start(), h.raw(b"data: \xff\xfe\xff\n\n")), "not an answer", 1),
        (lambda h: (h.start(), h.raw(b"data: <html>no</html>\n\n")), "not an answer", 1),
        (lambda h: (h.start(), h.chunk("Half"), h.raw(b"data: [1, 2]\n\ndata: 7\n\n")), "broke off", 1),
        (lambda h: h.start(content_length="999") or h.chunk("Half"), "broke off|reached", 1),
        (lambda h: h.raw(b"SSH-2.0-not-http\r\n"), "cannot be reached", 2),
    ],
)
def test_what_goes_wrong_is_one_clear_line(server: Server, script: Script, message: str, n_requests: int) -> None:
    model = generator(server, script)
    with pytest.raises(GeneratorError, match=message) as caught:
        list(model.generate(PROMPT))
    assert len(server.requests) == n_requests
    told = str(caught.value)
    assert "\n" not in told and KEY not in told and "openai:tiny" in told
    assert caught.value.__cause__ is None


def test_silence_is_given_up(server: Server) -> None:
    def silent(handler: Handler) -> None:
        handler.start()
        handler.chunk("The pier ")
        time.sleep(2)

    model = generator(server, silent, timeout=0.3)
    pieces = model.generate(PROMPT)
    assert next(pieces) == "The pier "
    with pytest.raises(GeneratorError, match=r"did not answer within 0\.3 s"):
        list(pieces)


def test_a_server_that_never_begins_is_given_up_at_once(server: Server) -> None:
    model = generator(server, lambda handler: time.sleep(2), timeout=0.3)
    with pytest.raises(GeneratorError, match="did not answer within"):
        list(model.generate(PROMPT))
    assert len(server.requests) == 1


def test_a_stream_without_end_is_cut_and_the_connection_closed(server: Server) -> None:
    def endless(handler: Handler) -> None:
        handler.start()
        while True:
            handler.chunk("and on ")

    model = generator(server, endless, answer_tokens=20)
    text = "".join(model.generate(PROMPT))
    assert 100 < len(text) <= 20 * remote.CHARACTERS_PER_TOKEN
    assert server.hung_up.wait(5)


def test_a_stream_that_takes_too_long_in_all_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def trickle(handler: Handler) -> None:
        handler.start()
        while True:
            handler.chunk("")
            time.sleep(0.02)

    monkeypatch.setattr(remote, "TOTAL", 1)
    with pytest.raises(GeneratorError, match="took longer"):
        list(generator(server, trickle, timeout=0.3).generate(PROMPT))


def test_closing_the_answer_closes_the_connection(server: Server) -> None:
    def endless(handler: Handler) -> None:
        handler.start()
        while True:
            handler.chunk("word. ")

    pieces = generator(server, endless).generate(PROMPT)
    next(pieces)
    pieces.close()
    assert server.hung_up.wait(5)


def test_an_option_that_the_model_does_not_take_is_left_out(server: Server) -> None:
    model = generator(server, refused(400, "Unsupported parameter: 'temperature'"), said("Yes."))
    assert "".join(model.generate(PROMPT)) == "Yes."
    assert "temperature" not in server.requests[1]


def test_thoughts_are_not_answers(server: Server) -> None:
    model = generator(server, said("<thi", "nk>Hmm [1]", "</think>\n\nIn ", "2023."))
    assert "".join(model.generate(PROMPT)) == "In 2023."


FOLLOW_UP, HISTORY = "And in 2024?", [Turn("When was the pier closed in 2023?", "On 14 March. [1]")]


def test_a_follow_up_is_rewritten_by_the_server(server: Server) -> None:
    model = generator(server, said("When was the pier ", "closed in 2024?"))
    assert rewritten(model, FOLLOW_UP, HISTORY, "by rule", 5) == "When was the pier closed in 2024?"
    [request] = server.requests
    assert request["max_tokens"] < 100 and "Last question: And in 2024?" in request["messages"][1]["content"]


@pytest.mark.parametrize(
    "script",
    [
        refused(429, "slow down", retry_after="0"),
        refused(500, f"out of memory, key {KEY}"),
        said("When was the pier closed in 2024?", finish=None),
        said("The pier was closed in 2024 [99][1][1]."),
        said("When was the pier closed in 1999?"),
        lambda h: (h.start(), h.raw(b"data: \xff\xfe\xff\n\n")),
        lambda h: (h.start(), [h.chunk("Why? ") for _ in range(10_000)]),
        lambda h: (h.start(), h.chunk("When was "), time.sleep(2)),
        lambda h: time.sleep(2),
    ],
)
def test_a_server_that_cannot_rewrite_is_asked_once_and_changes_nothing(
    server: Server, script: Script, capfd: pytest.CaptureFixture[str]
) -> None:
    assert rewritten(generator(server, script), FOLLOW_UP, HISTORY, "by rule", 0.5) == "by rule"
    assert len(server.requests) == 1
    assert capfd.readouterr() == ("", "")


def test_nobody_listens(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = plugins.load("generators", "openai:tiny", Settings(base_url=f"http://127.0.0.1:{port}/v1", timeout=1))
    with pytest.raises(GeneratorError, match="cannot be reached"):
        list(model.generate(PROMPT))


def test_no_model_no_key_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="openai:MODEL"):
        plugins.load("generators", "openai", Settings(base_url="http://x"))
    with pytest.raises(GeneratorError, match="OPENAI_API_KEY"):
        plugins.load("generators", "openai:gpt", Settings())
    with pytest.raises(UsageError, match="http"):
        plugins.load("generators", "openai:gpt", Settings(base_url="localhost:8000"))
    with pytest.raises(UsageError, match="anthropic:MODEL"):
        plugins.load("generators", "anthropic", Settings())
    with pytest.raises(GeneratorError, match="ANTHROPIC_API_KEY"):
        plugins.load("generators", "anthropic:m", Settings())


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_missing_client_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setenv(f"{name.upper()}_API_KEY", KEY)
    with pytest.raises(MissingExtra, match=rf"pip install {name}"):
        plugins.load("generators", f"{name}:m", Settings())


def test_anthropic_streams(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("anthropic") is None:
        pytest.skip("the anthropic client is not installed")
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}")

    def script(handler: Handler) -> None:
        handler.start()
        events: list[dict[str, Any]] = [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}}
            for part in ("In 2023 ", "[1].")
        ]
        for event in (*events, {"type": "message_stop"}):
            handler.raw(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    server.scripts = [refused(529, "overloaded"), script]
    model = plugins.load("generators", "anthropic:tiny", Settings())
    assert "".join(model.generate(PROMPT)) == "In 2023 [1]."
    assert server.requests[1]["system"].startswith("You answer")
    server.scripts = [refused(500, f"broken {KEY}")]
    with pytest.raises(GeneratorError, match="HTTP 500") as caught:
        list(model.generate(PROMPT))
    assert KEY not in str(caught.value)


# -- a server that we did not write


@pytest.fixture(scope="module")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """``transformers serve`` with a tiny model made here: its address and the model's name."""
    for module in ("transformers", "fastapi", "uvicorn"):
        pytest.importorskip(module)
    from tiny_model import make_tiny_model

    folder = make_tiny_model(tmp_path_factory.mktemp("model"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path_factory.mktemp("hf"))}
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder), "--host", "127.0.0.1"]
    log = tmp_path_factory.mktemp("log") / "serve.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--device", "cpu"], env=environment, stdout=out, stderr=out
        )
    try:
        for _ in range(240):
            if process.poll() is not None:
                pytest.skip(f"transformers serve does not run here: {log.read_text()[-300:]}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1", str(folder)
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.slow
def test_a_real_server_answers_and_is_verified(real_server: tuple[str, str]) -> None:
    base_url, model = real_server
    made = plugins.load("generators", f"openai:{model}", Settings(base_url=base_url, answer_tokens=24))
    pieces = list(made.generate(PROMPT))
    assert len(pieces) > 1, "it streams"
    check_generator(made)
    said = "".join(
        made.complete([{"role": "system", "content": "Rewrite."}, {"role": "user", "content": "Why?"}], 8, 60)
    )
    assert said, "asked for anything else, it also says something"
    assert rewritten(made, FOLLOW_UP, HISTORY, "by rule", 60) == "by rule", "babble is not a question"


@pytest.mark.slow
def test_a_real_server_says_that_it_has_no_such_model(real_server: tuple[str, str]) -> None:
    base_url, _ = real_server
    made = plugins.load("generators", "openai:no/such-model", Settings(base_url=base_url, timeout=20))
    with pytest.raises(GeneratorError, match="openai:no/such-model"):
        list(made.generate(PROMPT))
