"""The parts of the page, without a browser: what is refused, what is escaped, what is kept."""

from __future__ import annotations

import asyncio
import base64
import errno
import io
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from dataclasses import replace
from difflib import SequenceMatcher
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import pdf_of

from rag.errors import DocumentError, UsageError
from rag.settings import Settings
from rag.types import Answer, Citation, Claim, Document, Heading, Span
from rag.web import library, serve, strings
from rag.web.answer import duration, turn_html
from rag.web.conversations import Conversations
from rag.web.engine import Engine
from rag.web.export import exported, turn_text
from rag.web.feedback import Feedback
from rag.web.guard import Guard
from rag.web.live import answer_view
from rag.web.pdfpages import Drawer
from rag.web.reader import section_at, text_html

ATTACK = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


class Shape(HTMLParser):
    """Reads HTML strictly enough to see what a browser would: text by tag, and tags that do not close."""

    VOID = ("img", "input", "br")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.marked: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self.open:
            self.marked.append(data)


def letters(text: str) -> str:
    return "".join(text.split())


def alnum(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


# -- the guard ---------------------------------------------------------------------------------------


def call(
    path: str = "/",
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    pieces: int = 1,
    host: str = "127.0.0.1",
    password: str = "",
) -> tuple[int, dict[str, str], bytes]:
    """One request through the guard to an application that reads the body and answers 200."""
    received = b""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal received
        while True:
            message = await receive()
            received += message.get("body", b"")
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        start_headers = [(b"access-control-allow-origin", b"*"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": start_headers})
        await send({"type": "http.response.body", "body": b"ok"})

    given = {"host": "127.0.0.1:7860", **(headers or {})}
    size = -(-len(body) // pieces) or 1
    parts = [body[i : i + size] for i in range(0, len(body), size)] or [b""]
    messages = [{"type": "http.request", "body": part, "more_body": i + 1 < len(parts)} for i, part in enumerate(parts)]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    asyncio.run(Guard(application, host, upload_bytes=5_000_000, password=password)(scope, receive, send))
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, received


def event(data: Any) -> dict[str, Any]:
    return {"method": "POST", "body": json.dumps({"data": data, "fn_index": 0}).encode()}


@pytest.mark.parametrize(
    "request_,status",
    [
        ({"headers": {"host": "evil.example"}}, 421),
        ({"headers": {"host": "127.0.0.1.evil.example:7860"}}, 421),
        ({"headers": {"host": ""}}, 421),
        ({"headers": {"host": "192.168.1.7"}}, 421),
        ({"headers": {"origin": "http://evil.example"}}, 403),
        ({"headers": {"origin": "null"}}, 403),
        ({"headers": {"origin": "http://127.0.0.1:9999"}}, 403),
        ({"method": "POST", "headers": {"sec-fetch-site": "cross-site"}}, 403),
        ({"path": "/gradio_api/file=http://evil.example/x"}, 403),
        ({"path": "/gradio_api/file/https:/evil.example/x"}, 403),
        ({"path": "/gradio_api/file=/etc/passwd"}, 403),
        ({"path": "/GRADIO_API/file=/etc/passwd"}, 403),
        ({"path": "/gradio_api/upload", "method": "POST"}, 403),
        ({"path": "/gradio_api/proxy=http://evil.example"}, 403),
        ({"path": "/gradio_api/queue/join", **event([{"path": "http://evil.example", "meta": {}}])}, 403),
        ({"path": "/api/ask", "method": "POST", "headers": {"content-length": "99999999"}}, 413),
        ({"path": "/api/ask", "method": "POST", "headers": {"content-length": "many"}}, 413),
        ({"path": "/gradio_api/queue/join", "method": "POST", "body": b"x" * 1_100_000, "pieces": 9}, 413),
        ({}, 200),
        ({"headers": {"host": "localhost:7860", "origin": "http://localhost:7860"}}, 200),
        ({"headers": {"host": "[::1]:7860"}}, 200),
        ({"headers": {"host": "192.168.1.7"}, "host": "0.0.0.0"}, 200),
        ({"headers": {"host": "evil.example"}, "host": "0.0.0.0"}, 421),
        ({"path": "/gradio_api/queue/join", **event(["what is a gradio.FileData path?", "{}"])}, 200),
        ({"path": "/api/documents", "method": "POST", "body": b"x" * 2_000_000, "pieces": 4}, 200),
    ],
)
def test_the_guard_lets_only_the_page_in(request_: dict[str, Any], status: int) -> None:
    got, headers, _ = call(**request_)
    assert got == status
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert not any(name.startswith("access-control-") for name in headers)


@pytest.mark.parametrize(
    "authorization,status",
    [
        (None, 401),
        ("Basic " + base64.b64encode("anyone:Größe 7:8".encode()).decode(), 200),
        ("basic " + base64.b64encode(b"anyone:wrong").decode(), 401),
        ("Basic " + base64.b64encode("Größe 7:8".encode()).decode(), 401),
        ("Basic ###", 401),
        ("Bearer Größe 7:8", 401),
    ],
)
def test_a_password_is_asked_for(authorization: str | None, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.web.guard._PAUSE", 0.0)
    headers = {"host": "docs.example"} | ({"authorization": authorization} if authorization else {})
    got, answered, received = call("/api/ask", method="POST", body=b"{}", headers=headers, password="Größe 7:8")
    assert got == status
    assert received == (b"{}" if status == 200 else b"")
    assert ("www-authenticate" in answered) == (status == 401)


def test_an_endless_body_is_cut_off() -> None:
    _, _, received = call("/api/ask", method="POST", body=b"x" * 3_000_000, pieces=30)
    assert len(received) <= 1 << 20
    _, _, received = call("/api/documents", method="POST", body=b"x" * 9_000_000, pieces=30)
    assert len(received) <= 5_000_000


# -- answers -----------------------------------------------------------------------------------------


def cited(number: int, quote: str = "some words", support: str = "verbatim", **more: Any) -> Citation:
    values = {"title": "T", "source": "t.txt", "page": None, **more}
    return Citation(number, "p", "d", values["source"], values["title"], values["page"], 0, len(quote), quote, support)  # type: ignore[arg-type]


def drawn(answer: Answer, **more: Any) -> str:
    return turn_html("en", answer_view(answer), {}, **more)


def test_everything_that_comes_from_elsewhere_is_escaped() -> None:
    answer = Answer(
        question=ATTACK,
        query=ATTACK + "!",
        text=f"{ATTACK} [1]",
        citations=(cited(1, ATTACK, title=ATTACK, source=ATTACK),),
        claims=(Claim(0, len(ATTACK), (1,), "weak", (ATTACK,)),),
        notes=(ATTACK,),
        generator=ATTACK,
    )
    shape = Shape(drawn(answer))
    assert not {"img", "script"} & set(shape.tags)
    assert ATTACK in shape.text


def test_markers_are_links_with_names_and_states() -> None:
    text = "Sure. [1] Maybe. [2] Never said. [9]"
    claims = (Claim(0, 9, (1,), "verbatim"), Claim(10, 20, (2,), "weak", ("number 4 not in the source",)))
    answer = Answer("q", "q", text, (cited(1), cited(2, page=3)), claims=claims)
    html = drawn(answer, turn_id=7)
    assert re.findall(r'id="(turn-7-mark-\d)"', html) == ["turn-7-mark-1", "turn-7-mark-2"]
    assert 'aria-label="Source 1: T (word for word)"' in html
    assert 'aria-label="Source 2: T, page 3 (weakly supported: number 4 not in the source)"' in html
    assert 'class="cite cite-weak"' in html
    assert "[9]" in Shape(html).text  # a number that cites nothing stays text
    assert "1 of 2 sentences supported" in html


def test_a_sentence_without_a_source_is_flagged() -> None:
    text = "~~It is free.~~ It is. [1]"
    claims = (Claim(0, 15, (), "unsupported", ("no source",)), Claim(16, 22, (1,), "supported"))
    html = drawn(Answer("q", "q", text, (cited(1),), claims=claims))
    assert 'aria-label="not supported: no source">?</span>' in html
    assert "<s>It is free.</s>" in html


@given(
    st.lists(
        st.sampled_from(["word ", "**", "~~", "[1]", " [2]", "[33]", "<b>", "&", '"', "\n\n", "é", "["]), max_size=25
    ),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4),
)
def test_any_text_becomes_well_formed_html(pieces: list[str], edges: list[tuple[int, int]]) -> None:
    text = "".join(pieces)
    claims = tuple(Claim(min(e), max(e), (1,), "weak") for e in edges)
    shape = Shape(
        drawn(Answer("q", "q", text, (cited(1), cited(2)), claims=claims)).split('<ol class="sources"')[0]
        + "</article>"
    )
    shown = shape.text.removeprefix("q")
    wanted = re.sub(r"\s?\[([12])\]", r"\1", text).replace("**", "").replace("~~", "")
    assert "".join(shown.split()) == "".join(wanted.split())  # white space between blocks is the page's own


def test_an_abstention_shows_passages_as_no_answer(assistant: Any) -> None:
    answer = assistant.ask("Who is the president of Brazil?")
    assert answer.abstained
    html = drawn(answer)
    assert "The documents do not say." in html and "Closest passages, not an answer" in html
    assert "cite-" not in html


@pytest.mark.parametrize("seconds,text", [(0.0381, "38 ms"), (1.44, "1.4 s"), (125, "2 min 5 s"), (0.9997, "1.0 s")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


# -- the reader --------------------------------------------------------------------------------------


@given(st.data())
def test_the_reader_marks_exactly_the_cited_words(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ab <&;:\n.", min_size=1, max_size=200))
    offsets = st.integers(0, len(text))
    start, end = sorted((data.draw(offsets), data.draw(offsets)))
    cuts = sorted(data.draw(st.lists(offsets, max_size=6, unique=True)))
    spans = [Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    headings = tuple(Heading(a, b, 1) for a, b in spans[:1])
    pages = tuple(sorted({0, *data.draw(st.lists(offsets, max_size=2))})) if data.draw(st.booleans()) else ()
    document = Document("s", text, headings=headings, blocks=tuple(spans[1:]), page_starts=pages)
    shape = Shape(text_html(document, start, end, "en"))
    assert all(piece in text[start:end] for piece in shape.marked)
    if not spans:  # in tables the separators of cells are layout, not text
        assert letters("".join(shape.marked)) == letters(text[start:end])


def test_a_line_that_only_wraps_is_not_broken_in_the_original() -> None:
    long = (
        "The committee that the members of the whole assembly elected\nin the spring of last year was dissolved in May."
    )
    text = f"{long}\nShort line.\n\nOver the hill, the moon\nrises late tonight."
    document = Document(source="a.txt", text=text, metadata={"kind": "text"})
    shown = text_html(document, 0, len(long), "en")
    assert f"<mark>{long.replace(chr(10), ' ')}</mark>\nShort line." in shown
    assert "Over the hill, the moon\nrises late tonight." in shown, "verses keep their lines"
    code = Document(source="a.py", text=text, metadata={"kind": "code"})
    assert f"<mark>{long}</mark>" in text_html(code, 0, len(long), "en")


def test_rows_become_a_table_with_the_cell_marked() -> None:
    text = "Hut: Larch; Beds: 18\nHut: Cairn; Beds: 42"
    rows = (Span(0, 20), Span(21, 41))
    html = text_html(Document("s", text, blocks=rows), 21, 41, "en")
    assert re.findall(r"<th[^>]*>(\w+)", html) == ["Hut", "Beds"]
    assert re.findall(r"<mark>(\w+)", html) == ["Cairn", "42"]


def test_the_original_shows_each_table_with_its_own_columns() -> None:
    """Sections head their rows, a name that comes twice has two columns, another table begins with other names."""
    lines = [
        "Costs:",
        "Costs: Rent; 2024: 30; %: 40; 2023: 28; %: 35",
        "Profit; 2024: 7; 2023: 9",
        "Port: Holm; Ships: 12",
        "Port: Skerra; Ships: 4",
    ]
    text = "\n".join(lines)
    starts = [text.index(line) for line in lines]
    rows = tuple(Span(at, at + len(line)) for at, line in zip(starts, lines, strict=True))
    start = text.index("9\n")
    html = text_html(Document("s", text, blocks=rows), start, start + 1, "en")
    tables = re.findall(r"<table>.*?</table>", html, re.DOTALL)
    cells = [[re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t", table)] for table in tables]
    assert cells == [
        ["", "2024", "%", "2023", "%", "Costs:", "Costs: Rent", "30", "40", "28", "35", "Profit", "7", "", "9", ""],
        ["Port", "Ships", "Holm", "12", "Skerra", "4"],
    ]
    assert "<mark>9</mark>" in html


def test_a_value_with_a_semicolon_stays_in_its_cell() -> None:
    text = "Topic: Cash flow; Period: FY 22; FY 23; Page: 5"
    html = text_html(Document("s", text, blocks=(Span(0, len(text)),)), 0, 0, "en")
    assert re.findall(r"<td[^>]*>([^<]+)", html) == ["Cash flow", "FY 22; FY 23", "5"]


def test_a_page_begins_where_its_first_block_does() -> None:
    text = "One\n\nwords\n\nTwo\n\nmore"
    headings = (Heading(0, 3, 1), Heading(12, 15, 1))
    document = Document("s", text, headings=headings, page_starts=(0, 12), page_labels=("Slide 1", "Slide 2"))
    shape = Shape(text_html(document, 0, 0, "en"))
    assert shape.text == "Slide 1OnewordsSlide 2Twomore"


def test_a_long_document_is_shown_in_part() -> None:
    text = "\n\n".join(f"Paragraph number {i} says little." for i in range(4000))
    html = text_html(Document("s", text), 60_000, 60_020, "en")
    assert len(html) < 40_000
    assert html.count('data-do="window"') == 2


def test_the_section_is_the_path_of_headings() -> None:
    text = "A\n\nB\n\nwords\n\nC\n\nmore"
    document = Document("s", text, headings=(Heading(0, 1, 1), Heading(3, 4, 2), Heading(13, 14, 2)))
    assert section_at(document, 7) == "A › B"
    assert section_at(document, 17) == "A › C"


def test_fifty_citations_are_boxed_on_the_right_page_over_the_right_words(data: Path) -> None:
    import pypdfium2

    from rag import documents, plugins

    folder = data / "northwind" / "docs"
    names = ("Benefit_Options", "PerksPlus", "employee_handbook", "role_library")
    settings = Settings()
    chunker = plugins.load("chunkers", settings.chunker, settings)
    choices = [
        (file.path, document, sentence)
        for file in documents.walk([folder / f"{name}.pdf" for name in names])
        for document in documents.read(file, settings=settings)
        for _, sentences in chunker.split(document)
        for sentence in sentences
        if sentence.end - sentence.start > 25
    ]
    drawer = Drawer()
    for path, document, (start, end) in random.Random(7).sample(choices, 50):
        page = document.page_at(start)
        assert page is not None
        _, boxes = drawer.marks(path, document, page, start, end)
        sheet = pypdfium2.PdfDocument(path)[page - 1]
        width, height = sheet.get_size()
        text = sheet.get_textpage()
        drawn = "".join(
            text.get_text_bounded(x0 * width - 0.5, (1 - y1) * height + 1, x1 * width + 0.5, (1 - y0) * height - 1)
            for x0, y0, x1, y1 in boxes
        )
        on_page = end if document.page_at(end - 1) == page else document.page_starts[page]
        wanted = document.text[start:on_page]
        alike = SequenceMatcher(None, alnum(drawn), alnum(wanted), autojunk=False).ratio()
        assert alike > 0.95, (path.name, page, wanted)
    drawer.close()


def test_a_page_that_cannot_be_drawn_leaves_the_drawer_working(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 and nothing more")
    drawer = Drawer()
    with pytest.raises(DocumentError):
        drawer.image(broken, 1, 1.0)
    drawer._process.kill()  # type: ignore[union-attr]
    with pytest.raises(DocumentError):
        drawer.marks(broken, Document("broken.pdf", "words", page_starts=(0,)), 1, 0, 5)
    drawer.close()


# -- the library -------------------------------------------------------------------------------------

HOSTILE_NAMES = [
    ("../../etc/passwd", "etc/passwd"),
    ("/absolute/name.txt", "absolute/name.txt"),
    ("C:\\windows\\evil.txt", "C_/windows/evil.txt"),
    ("a\x00b\n.txt", "ab.txt"),
    ("\u202etxt.exe.pdf", "txt.exe.pdf"),
    ("CON.txt", "_CON.txt"),
    ("...", "document"),
    (".hidden.md", "hidden.md"),
    ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
    ("x" * 500 + ".pdf", "x" * 176 + ".pdf"),
]


@pytest.mark.parametrize("name,safe", HOSTILE_NAMES)
def test_hostile_names_stay_in_the_collection(tmp_path: Path, name: str, safe: str) -> None:
    added = library.add(tmp_path, "../up", [(name, io.BytesIO(b"words"))])
    assert added.saved == [f"_up/{safe}"] or added.saved == [f"up/{safe}"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / added.saved[0]]


def test_an_existing_file_is_replaced_only_when_told(tmp_path: Path) -> None:
    def send(body: bytes, **more: Any) -> library.Added:
        return library.add(tmp_path, "", [("a.txt", io.BytesIO(body))], **more)

    assert send(b"one").saved == ["uploads/a.txt"]
    assert send(b"one").same == ["uploads/a.txt"]
    assert send(b"two").conflicts == ["uploads/a.txt"]
    assert (tmp_path / "uploads" / "a.txt").read_bytes() == b"one"
    assert send(b"two", replace=True).replaced == ["uploads/a.txt"]
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["a.txt"]


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "corpus" / "uploads").symlink_to(tmp_path / "outside")
    added = library.add(tmp_path / "corpus", "uploads", [("a.txt", io.BytesIO(b"x"))])
    assert added.refused and list((tmp_path / "outside").iterdir()) == []
    with pytest.raises(UsageError, match="outside"):
        library.remove(tmp_path / "corpus", tmp_path / "outside" / "a.txt")


def test_a_zip_is_unpacked_and_a_bomb_is_not(tmp_path: Path) -> None:
    def zipped(members: dict[str, bytes]) -> io.BytesIO:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, body in members.items():
                archive.writestr(name, body)
        file.seek(0)
        return file

    good = zipped({"in/one.txt": b"1", "../two.txt": b"2", "__MACOSX/._one.txt": b"junk", "in/": b""})
    added = library.add(tmp_path, "zips", library.unzipped("papers.zip", good))
    assert sorted(added.saved) == ["zips/papers/in/one.txt", "zips/papers/two.txt"]
    with pytest.raises(UsageError, match="unpacks to far more"):
        list(library.unzipped("bomb.zip", zipped({"a.txt": b"0" * 30_000_000})))
    with pytest.raises(UsageError, match="not a ZIP"):
        list(library.unzipped("no.zip", io.BytesIO(b"PK but not really")))


# -- conversations, export, feedback -----------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations.sqlite")


def add(store: Conversations, owner: str = "", conversation: str | None = None, question: str = "What?") -> Any:
    answer = Answer(question, question, "It is **50%** of it. [1]", (cited(1, "it was 50% of it", page=2),))
    return store.add(owner, conversation, question, answer_view(answer), {})


def test_conversations_survive_and_are_found(store: Conversations, tmp_path: Path) -> None:
    first = add(store)
    add(store, conversation=first.conversation_id, question="And then?")
    other = add(store, question="Something else")
    again = Conversations(tmp_path / "conversations.sqlite")
    assert [entry.title for entry in again.listed("")] == ["Something else", "What?"]
    assert [turn.question for turn in again.turns("", first.conversation_id)] == ["What?", "And then?"]
    assert [entry.id for entry in again.listed("", "then")] == [first.conversation_id]
    assert len(again.listed("", "50%")) == 2 and again.listed("", "51%") == again.listed("", "5_%") == []
    assert [turn.question for turn in again.history("", first.conversation_id)] == ["What?", "And then?"]
    assert again.rename("", other.conversation_id, "Better") and again.delete("", first.conversation_id)
    assert [entry.title for entry in again.listed("")] == ["Better"]
    assert again.turn("", first.id) is None


def test_one_owner_does_not_see_anothers(store: Conversations) -> None:
    mine = add(store, owner="a" * 32)
    assert store.listed("b" * 32) == [] and store.turn("b" * 32, mine.id) is None
    assert not store.delete("b" * 32, mine.conversation_id)
    stolen = add(store, owner="b" * 32, conversation=mine.conversation_id)
    assert stolen.conversation_id != mine.conversation_id


def test_exports_carry_numbered_references(store: Conversations) -> None:
    turn = add(store, question=f"What? {ATTACK}")
    conversation = store.get("", turn.conversation_id)
    assert conversation is not None
    markdown = exported("md", conversation, [turn], "en")
    assert "It is 50% of it. [1]" in markdown and "1. **T, page 2** (t.txt)" in markdown
    assert "<script" not in markdown
    shape = exported("html", conversation, [turn], "en")
    assert "<script" not in shape and f'href="#ref-{turn.id}-1"' in shape and "it was 50% of it" in unescape(shape)
    assert json.loads(exported("json", conversation, [turn], "en"))["turns"][0]["citations"][0]["page"] == 2
    assert turn_text(turn.answer, "en").endswith("[1] T, page 2 (t.txt): “it was 50% of it”")


def test_a_link_or_picture_that_a_source_holds_stays_text_when_exported(store: Conversations) -> None:
    turn = add(store, question="What?")
    quoted = "See ![pixel](https://evil.example/x.png) and [click](https://evil.example/). [1]"
    turn = replace(turn, answer={**turn.answer, "text": quoted})
    conversation = store.get("", turn.conversation_id)
    assert conversation is not None
    markdown = exported("md", conversation, [turn], "en")
    assert "](" not in markdown.replace("\\](", "") and markdown.count("[1]") == 1


def test_feedback_is_what_the_evaluation_reads(tmp_path: Path) -> None:
    from rag.evaluation import feedback

    file = Feedback(tmp_path / "feedback.jsonl")
    span = {"source": "a.txt", "start": 3, "end": 9, "more": "ignored"}
    assert file.add("wrong source", "Why?", (), [span, span]) == 2
    assert file.add("not in documents", "Who?") == 1
    with pytest.raises(UsageError, match="needs a source"):
        file.add("right", "What?")
    cases = feedback.read(file.path)
    assert [(case.verdict, case.source, case.span) for case in cases] == [
        ("wrong source", "a.txt", Span(3, 9)),
        ("wrong source", "a.txt", Span(3, 9)),
        ("not in documents", "", None),
    ]


# -- the server --------------------------------------------------------------------------------------


def client(index: Path, corpus: Path, host: str = "127.0.0.1") -> Any:
    """The whole application, called without a network."""
    from starlette.testclient import TestClient

    from rag.web.application import application

    return TestClient(application(Settings(index=str(index), corpus=str(corpus), host=host)), "http://127.0.0.1")


@pytest.fixture
def own_index(small_index: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_index, tmp_path / "index"))


def test_programs_get_the_json_of_the_command_line(own_index: Path, small_corpus: Path, assistant: Any) -> None:
    server = client(own_index, small_corpus)
    question = "Who leads the crew?"
    answer = server.post("/api/ask", json={"question": question}).json()
    expected = assistant.ask(question).to_dict()
    assert {**answer, "timings": 0} == {**json.loads(json.dumps(expected)), "timings": 0}
    hits = server.post("/api/search", json={"question": question, "k": 2}).json()["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2]
    assert server.get("/api/status").json()["n_documents"] == 3
    assert server.post("/api/ask", json={"question": " "}).json() == {"error": "the question is empty"}
    assert server.post("/api/ask", json={"question": "x" * 100_000}).status_code == 400
    assert server.post("/api/ask", json={"question": "Who?", "generator": "parrot"}).status_code == 400
    many = server.post("/api/search", json={"question": "Who?", "k": 101})
    assert many.json() == {"error": "k: Input should be less than or equal to 100"} and many.status_code == 422
    as_json = {"Content-Type": "application/json"}
    for body in ('{"question": "Who?", "k": NaN}', '{"question": "who \\ud800 was"}', "no json"):
        assert server.post("/api/search", content=body, headers=as_json).status_code == 422


def test_the_library_says_what_is_known_of_each_file(tmp_path: Path) -> None:
    from rag import Assistant

    corpus = tmp_path / "corpus"
    corpus.mkdir()
    text = (
        "The harbour of Holm was dredged in spring. It is now six metres deep, and the larger boats can come in again."
    )
    for name in ("one.txt", "two.txt"):
        (corpus / name).write_text(text, encoding="utf-8")
    Assistant.open(tmp_path / "index").build(corpus)
    server = client(tmp_path / "index", corpus)
    html = server.get("/api/documents").json()["html"]
    assert html.count("en · utf-8") == 2
    assert html.count("Holds the same as one.txt") == 1
    [(document_id, source)] = re.findall(r'data-document="(\w+)" data-source="(two.txt)"', html)
    assert server.delete(f"/api/documents/{document_id}?source={source}").json() == {"removed": "two.txt"}
    assert [path.name for path in corpus.iterdir()] == ["one.txt"]
    assert server.app.app.state.engine.wait(60)


def test_a_page_for_others_is_locked_and_keeps_people_apart(own_index: Path, small_corpus: Path) -> None:
    server = client(own_index, small_corpus, "0.0.0.0")
    entry = server.app.app.state.engine.assistant.documents()[0]
    assert server.delete(f"/api/documents/{entry.document_id}").status_code == 403
    assert server.put("/api/settings", json={"k": 1}).status_code == 403
    assert server.post("/api/ask", json={"question": "Who?", "generator": "extractive"}).status_code == 403
    assert 'data-do="remove"' not in server.get("/api/documents").json()["html"]
    cookie = server.get("/").headers["set-cookie"]
    assert "footnote_owner=" in cookie and "HttpOnly" in cookie and "SameSite=strict" in cookie
    store = server.app.app.state.engine.conversations
    turn = add(store, owner=server.cookies["footnote_owner"])
    assert len(server.get("/api/conversations").json()) == 1
    server.cookies.clear()
    assert server.get("/api/conversations").json() == []
    assert server.get(f"/api/turns/{turn.id}/text").status_code == 404


def test_the_very_last_document_can_be_removed_and_nothing_but_what_was_meant_goes(tmp_path: Path) -> None:
    from rag import Assistant

    corpus, drive = tmp_path / "corpus", tmp_path / "drive"
    for path, text in ((corpus / "one.txt", "The gate opens at six."), (drive / "owl.txt", "Owls sleep by day.")):
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    Assistant.open(tmp_path / "index").build(corpus, drive)
    server = client(tmp_path / "index", corpus)
    engine = server.app.app.state.engine

    def remove(name: str) -> str:
        [entry] = [entry for entry in engine.assistant.documents() if entry.source.endswith(name)]
        assert server.delete(f"/api/documents/{entry.document_id}").json() == {"removed": name}
        assert engine.wait(60)
        return str(server.get("/api/build").json()["error"])

    away = drive.rename(tmp_path / "unplugged")
    drive.mkdir()
    assert f"there is no document in {drive} any more" in remove("one.txt")
    assert len(engine.assistant.documents()) == 2
    drive.rmdir()
    away.rename(drive)
    server.post("/api/build")
    assert engine.wait(60) and server.get("/api/build").json()["error"] == ""
    assert [entry.source for entry in engine.assistant.documents()] == ["drive/owl.txt"]

    drive.joinpath("owl.txt").rename(corpus / "owl.txt")
    Assistant.open(tmp_path / "index").build(corpus)
    assert remove("owl.txt") == ""
    assert server.get("/api/documents").json()["n_documents"] == 0
    assert b"sleep by day" not in (tmp_path / "index" / "footnote.sqlite").read_bytes()
    assert server.get("/api/welcome").json()["problem"] == ""
    server.post("/api/build")  # looking again, or starting anew, finds nothing to complain of either
    assert engine.wait(60) and server.get("/api/build").json()["error"] == ""
    answer = server.post("/api/ask", json={"question": "When do owls sleep?"}).json()
    assert answer["citations"] == [] and not answer["grounded"]
    sent = {"files": ("new.txt", b"The lamp is green.")}
    assert server.post("/api/documents", files=sent).json()["saved"] == ["uploads/new.txt"]
    assert engine.wait(60) and server.get("/api/documents").json()["n_documents"] == 1


def test_a_document_whose_file_is_out_of_reach_is_read_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag import Assistant

    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "gate.pdf").write_bytes(pdf_of([[(72, 700, 12, "The gate opens at six.")]]))
    Assistant.open(tmp_path / "index").build(corpus)
    server = client(tmp_path / "index", corpus)
    [entry] = server.app.app.state.engine.assistant.documents()
    asked = f"/api/reader?document={entry.document_id}&start=0&end=8"
    assert server.get(asked).json()["view"] == "page"

    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(Path, "unlink", refuse)
    shown = server.get(asked).json()
    assert shown["view"] == "text" and "The gate" in shown["html"]
    assert server.get(shown["original"]).status_code == 404
    refused = server.delete(f"/api/documents/{entry.document_id}")
    assert refused.status_code == 400 and "gate.pdf cannot be removed: Permission denied" in refused.text


def test_settings_that_cannot_be_used_change_nothing(own_index: Path, small_corpus: Path) -> None:
    server = client(own_index, small_corpus)
    engine = server.app.app.state.engine
    for values in ({"generator": "parrot"}, {"strictness": 7}, {"k": "many"}, {"embedder": "x"}, {"corpus": "/"}):
        assert server.put("/api/settings", json=values).status_code == 400
    assert engine.settings == engine.assistant.settings and engine.settings.generator == "extractive"
    assert engine.conversations.preferences() == {}


def test_what_was_chosen_in_the_page_yields_to_flags(tmp_path: Path) -> None:
    Engine(Settings(index=str(tmp_path))).change({"k": 3, "strictness": 0.7})
    settings = Engine(Settings(index=str(tmp_path), k=5)).settings
    assert (settings.k, settings.strictness) == (5, 0.7)


def test_the_reader_serves_only_documents_of_the_index(own_index: Path, small_corpus: Path) -> None:
    server = client(own_index, small_corpus)
    assert server.get("/api/reader?document=../../etc/passwd").json() == {"gone": True}
    assert server.get("/api/original/..%2F..%2Fetc%2Fpasswd").status_code == 404
    entry = next(e for e in server.app.app.state.engine.assistant.documents() if e.source.endswith("moon.md"))
    original = server.get(f"/api/original/{entry.document_id}")
    assert original.headers["content-type"].startswith("text/plain") and "Lunar survey" in original.text
    table = next(e for e in server.app.app.state.engine.assistant.documents() if e.source.endswith(".csv"))
    assert "attachment" in server.get(f"/api/original/{table.document_id}?download=1").headers["content-disposition"]


# -- the rest ----------------------------------------------------------------------------------------


def test_every_text_is_there_in_every_language() -> None:
    english = strings.table("en")
    for language in strings.LANGUAGES:
        texts = strings.table(language)
        for key, text in texts.items():
            assert text.strip(), (language, key)
            assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", english[key])), (language, key)
            assert ("|" in text) == ("|" in english[key]), (language, key)
    assert strings.say("en", "n_passages", n=1) == "1 passage"
    assert strings.say("xx", "n_passages", n=2) == "2 passages"


def test_the_script_uses_only_texts_that_exist() -> None:
    static = Path(strings.__file__).parent / "static"
    used = set()
    for file in static.glob("*.js"):
        used |= set(re.findall(r'\bt\("(\w+)"', file.read_text()))
    for file in static.glob("*.html"):
        used |= set(re.findall(r'data-t(?:-label|-placeholder)?="(\w+)"', file.read_text()))
    assert used and used <= set(strings.table("en"))


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"cannot listen on 127.0.0.1:{port}.*--port"):
            serve(Settings(index=str(tmp_path)), port=port)
        app = Path(__file__).resolve().parent.parent / "app.py"
        command = [sys.executable, str(app), "--port", str(port), "--index", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("rag: cannot listen on") and done.stderr.count("\n") == 1
    with pytest.raises(UsageError, match="cannot listen"):
        serve(Settings(index=str(tmp_path)), host="203.0.113.9", port=7999)
