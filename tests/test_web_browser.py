"""The page in a real Chromium, over a real index: what a person does, and what must never happen."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rag.settings import Settings

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ATTACK = "<img src=x onerror=window.hacked=1>"
OBSERVATORY = f"""# Kestrel Ridge Observatory

## Instruments

The main telescope of Kestrel Ridge has a mirror of 3.6 metres. It was installed in 1994.
The spectrograph is called Wren and weighs 412 kilograms.

## Access

Visitors reach the summit by a cable car that runs every 20 minutes. The last car leaves at 21:40.
The guard hut keeps a note that reads {ATTACK} and <script>window.hacked=1</script>.

## Staff

The director of the observatory is Marta Ilves. She was appointed in 2019.
"""
HOSTILE_NAMES = [
    f"{ATTACK}.txt",
    "${window.hacked=1}.txt",
    "{{window.hacked=1}}.txt",
    "'onmouseover='window.hacked=1.txt",
    '"><script>window.hacked=1<\\script>.txt',
    "javascript:window.hacked=1.txt",
    "&lt;b&gt;&amp;.txt",
    "\u202etxt.exe.txt",
    "line\nbreak.txt",
]
HUTS = "Hut,Height,Beds\nLarch,1240,18\nCairn,1875,42\nBrook,960,11\n"
UPLOAD = "The harbour crane of Port Selby was built in 1931. It lifts 85 tonnes.\n"


def pdf(*pages: list[str]) -> bytes:
    """A PDF with a page for each list of lines, set in Helvetica."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    kids = []
    for lines in pages:
        shown = " ".join(f"({line}) Tj 0 -18 Td" for line in lines)
        stream = f"BT /F1 12 Tf 72 720 Td {shown} ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    tail = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{tail}".encode()


def corpus_in(folder: Path) -> Path:
    """A small corpus: text with an attack in it, a table, and a PDF of two pages."""
    (folder / "ridge").mkdir(parents=True)
    (folder / "valley").mkdir()
    (folder / "ridge" / "observatory.md").write_text(OBSERVATORY)
    (folder / "valley" / "huts.csv").write_text(HUTS)
    for number, name in enumerate(HOSTILE_NAMES, 1):
        (folder / "valley" / name).write_text(
            f"The ferry number {number} to Osprey Island sails at {number} in the morning.\n"
        )
    first = ["Ridge Railway: timetable and rules", "The railway opened in 1902 with two engines."]
    second = ["Luggage on the railway", "Each traveller may carry 23 kilograms of luggage without charge."]
    (folder / "valley" / "railway.pdf").write_bytes(pdf(first, second))
    (folder / ".examples.txt").write_text("Who is the director of the observatory?\n")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The page over a small corpus, served on a free port until the module is done."""
    from rag.web import start

    folder = tmp_path_factory.mktemp("web")
    # the page is under test here, not where the threshold of an answer lies
    settings = Settings(corpus=str(corpus_in(folder / "corpus")), index=str(folder / "index"), strictness=0.2)
    process, listener, address = start(settings, port=0)
    thread = threading.Thread(target=process.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    engine = process.config.app.app.state.engine
    assert engine.warm.wait(120)
    assert engine.wait(120)
    assert engine.build_state.error == ""
    yield {"address": address, "engine": engine, "folder": folder}
    process.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        reason = "no Chromium or Chrome here: the page was not driven in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, server: dict[str, Any], width: int = 1280, height: int = 860, **options: Any) -> Iterator[Any]:
    """A fresh visitor's page; afterwards: no error, no request to another host, nothing hostile ran."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US", **options)
    page = context.new_page()
    page.set_default_timeout(30_000)
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("requestfailed", lambda r: None if r.failure == "net::ERR_ABORTED" else wrong.append(f"failed: {r.url}"))
    own = (server["address"], "data:", "blob:")
    page.on("request", lambda r: wrong.append(f"other host: {r.url}") if not r.url.startswith(own) else None)
    page.goto(server["address"])
    page.wait_for_selector("body[data-ready]")
    yield page
    assert page.evaluate("window.hacked") is None
    assert wrong == []
    context.close()


def ask(page: Any, question: str) -> Any:
    """Ask and wait for the finished turn."""
    n = page.locator(".turn").count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    turn = page.locator(".turn").nth(n)
    turn.wait_for()
    page.wait_for_function("() => !document.body.dataset.busy && !document.querySelector('#turn-live')")
    assert page.locator(".turn").nth(n).get_attribute("id") != "turn-failed", turn.inner_text()
    return page.locator(".turn").nth(n)


def test_ask_cite_read_and_go_back(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        page.click(".examples :text('Who is the director of the observatory?')")
        page.wait_for_selector(".turn-done")
        turn = page.locator(".turn").first
        assert "Marta Ilves" in turn.locator(".answer").inner_text()
        assert turn.locator(".searched").first.inner_text().startswith("Searched ")
        marker = turn.locator("a.cite").first
        assert marker.get_attribute("aria-label").startswith("Source 1: Kestrel Ridge Observatory")
        assert turn.locator(".source").first.inner_text().startswith("1")
        quote = turn.locator(".source").first.get_attribute("data-quote")
        marker.click()
        page.wait_for_selector("#panel-body mark")
        assert " ".join("".join(page.locator("#panel-body mark").all_inner_texts()).split()) == " ".join(quote.split())
        box = page.locator("#panel-body mark").first.bounding_box()
        assert 0 < box["y"] < 860, "the marked words are in view"
        assert "Staff" in page.locator(".where").inner_text()
        page.keyboard.press("Escape")
        assert not page.locator("#reader .panel").is_visible()
        assert page.evaluate("document.activeElement.matches('a.cite')")


def test_a_hover_shows_the_words(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        turn = ask(page, "How heavy is the spectrograph Wren?")
        turn.locator("a.cite").first.hover()
        page.wait_for_selector("#card:not([hidden])")
        assert "412 kilograms" in page.locator("#card .quote").inner_text()


def test_a_follow_up_is_understood_and_kept(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        ask(page, "Who is the director of the observatory?")
        turn = ask(page, "When was she appointed?")
        assert "2019" in turn.locator(".answer").inner_text()
        chip = turn.locator(".query")
        chip.click()
        assert page.input_value("#question textarea") == chip.inner_text()
        page.reload()
        page.wait_for_selector("body[data-ready]")
        page.wait_for_selector(".turn >> nth=1")
        assert page.locator(".asked").all_inner_texts() == [
            "Who is the director of the observatory?",
            "When was she appointed?",
        ]
        page.locator(".turn").first.locator("a.cite").first.click()
        page.wait_for_selector("#panel-body mark")


def test_no_answer_says_so(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        turn = ask(page, "Who is the president of Brazil?")
        assert "do not say" in turn.locator(".verdict").inner_text()
        assert turn.locator("a.cite").count() == 0
        turn.locator(".passage").first.click()
        page.wait_for_selector("#panel-body mark")


def test_a_greeting_has_no_sources(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        turn = ask(page, "Hello!")
        assert turn.locator(".answer").inner_text().strip()
        assert turn.locator(".sources, .foot, .searched").count() == 0


def test_a_pdf_page_is_drawn_with_the_words_boxed(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        turn = ask(page, "How many kilograms of luggage may each traveller carry without charge?")
        assert "23 kilograms" in turn.locator(".answer").inner_text()
        assert "page 2" in turn.locator(".source").first.inner_text()
        turn.locator("a.cite").first.click()
        page.wait_for_selector(".page .box")
        assert page.locator(".page").get_attribute("data-page") == "2"
        page.wait_for_function("() => document.querySelector('.page img').naturalWidth > 0")
        sheet, box = page.locator(".page").bounding_box(), page.locator(".page .box").last.bounding_box()
        # the line begins at 72 of 612 points from the left; its base line is 54 points below 720 of 792
        assert (box["x"] - sheet["x"]) / sheet["width"] == pytest.approx(72 / 612, abs=0.02)
        assert (box["y"] - sheet["y"]) / sheet["height"] == pytest.approx((792 - 720 + 18 - 12) / 792, abs=0.03)
        page.click("[data-do=page-back]")
        page.wait_for_selector(".page[data-page='1']")
        assert page.locator(".page .box").count() == 0
        page.click("[data-do=as-text]")
        page.wait_for_selector("#panel-body mark")


def test_a_table_is_a_table(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        turn = ask(page, "How many beds does the hut Cairn have?")
        assert "42" in turn.locator(".answer").inner_text()
        turn.locator(".source[data-quote*='42']").click()
        page.wait_for_selector("#panel-body table mark")
        assert page.locator("#panel-body th").all_inner_texts() == ["Hut", "Height", "Beds"]
        assert page.locator("#panel-body tr:has(mark) td").first.inner_text() == "Cairn"


def test_documents_cannot_run_anything(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        turn = ask(page, "What does the note in the guard hut read?")
        assert ATTACK in turn.inner_text()
        turn.locator("a.cite, .passage").first.click()
        page.wait_for_selector("#panel-body mark")
        assert ATTACK in page.locator("#panel-body").inner_text()
        turn = ask(page, f"When does the ferry number 1 to Osprey Island sail? {ATTACK}")
        assert ATTACK in turn.locator(".asked").inner_text()
        page.keyboard.press("Escape")
        for tab in ("cited", "found", "why"):
            turn.locator("[data-do=panel]").click()
            page.click(f"#tab-{tab}")
            page.wait_for_timeout(150)
        page.click("#top [data-view=documents]")
        page.wait_for_selector(".library tbody tr >> nth=11")
        names = page.locator(".library tbody .from").all_inner_texts()
        for name in HOSTILE_NAMES[:-2]:
            assert f"valley/{name}" in names
        assert {"valley/%E2%80%AEtxt.exe.txt", "valley/line%0Abreak.txt"} <= set(names)
        for link in page.locator(".library tbody .link").all():
            link.click()
            page.wait_for_selector("#panel-body .sheet, #panel-body .page")
        assert page.locator("img[src=x]").count() == 0


def test_upload_is_answerable_without_a_restart(browser: Any, server: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / 'harbour "crane".txt'
    file.write_text(UPLOAD)
    with opened(browser, server) as page:
        before = ask(page, "How many tonnes does the harbour crane of Port Selby lift?")
        assert "85 tonnes" not in before.inner_text()
        page.click("#top [data-view=documents]")
        page.set_input_files("[data-upload=files]", str(file))
        page.wait_for_selector(".library :text('harbour')")
        saved = server["folder"] / "corpus" / "uploads" / "harbour crane .txt"
        assert saved.read_text() == UPLOAD
        page.click("#top [data-view=ask]")
        turn = ask(page, "How many tonnes does the harbour crane of Port Selby lift?")
        assert "85 tonnes" in turn.locator(".answer").inner_text()

        file.write_text(UPLOAD.replace("85", "97"))
        page.click("#top [data-view=documents]")
        page.set_input_files("[data-upload=files]", str(file))
        page.click("#dialog [value=replace]")
        page.wait_for_function("() => document.querySelector('.upload .line').textContent.startsWith('Done')")
        assert "97" in saved.read_text()

        page.locator(".library tr", has_text="harbour").locator("[data-do=remove]").click()
        page.click("#dialog [value=remove]")
        page.wait_for_selector(".library :text('harbour')", state="detached")
        assert not saved.exists()
        page.click("#top [data-view=ask]")
        # the old answer keeps the evidence of its time
        page.locator(".turn").last.locator(".source[data-quote*='85']").click()
        page.wait_for_selector("#panel-body blockquote")
        assert "85 tonnes" in page.locator("#panel-body blockquote").inner_text()


def test_an_answer_keeps_its_words_when_the_document_is_deleted(browser: Any, server: dict[str, Any]) -> None:
    engine, note = server["engine"], server["folder"] / "corpus" / "valley" / "quarry.txt"

    def rebuild() -> None:
        engine.build()
        assert engine.wait(120)

    note.write_text("The quarry of Dunmore sold slate from 1871 onwards.\n")
    rebuild()
    with opened(browser, server) as page:
        turn = ask(page, "What did the quarry of Dunmore sell?")
        assert "slate" in turn.locator(".answer").inner_text()
        note.unlink()
        rebuild()
        for _ in range(2):  # as it stands, and as it is kept
            page.locator("a.cite").first.click()
            page.wait_for_selector("#panel-body [role=alert]")
            assert "no longer in the corpus" in page.locator("#panel-body").inner_text()
            assert "sold slate from 1871" in page.locator("#panel-body blockquote").inner_text()
            page.reload()
            page.wait_for_selector("body[data-ready]")
            page.wait_for_selector(".turn")
        again = ask(page, "What did the quarry of Dunmore sell?")
        assert "do not say" in again.locator(".verdict").inner_text()


def test_a_folder_and_a_zip_keep_their_shape(browser: Any, server: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "trip" / "day one").mkdir(parents=True)
    (tmp_path / "trip" / "day one" / "notes.txt").write_text("The tent of the trip weighs 1900 grams.\n")
    with zipfile.ZipFile(tmp_path / "later.zip", "w") as archive:
        archive.writestr("day two/notes.txt", "The stove of the trip burns for 55 minutes.\n")
    with opened(browser, server) as page:
        page.click("#top [data-view=documents]")
        page.fill(".into input", "travel")
        page.set_input_files("[data-upload=folder]", str(tmp_path / "trip"))
        page.wait_for_selector(".library :text('travel/trip/day one/notes.txt')")
        page.set_input_files("[data-upload=files]", str(tmp_path / "later.zip"))
        page.wait_for_selector(".library :text('travel/later/day two/notes.txt')")
        page.select_option(".filters select", "travel")
        page.wait_for_function("() => document.querySelectorAll('.library tbody tr').length === 2")
        page.click("#top [data-view=ask]")
        page.check(".scope input[value=travel]")
        assert "1900 grams" in ask(page, "How many grams does the tent of the trip weigh?").inner_text()
        page.uncheck(".scope input[value=travel]")
        page.check(".scope input[value=ridge]")
        assert "1900" not in ask(page, "How many grams does the tent of the trip weigh?").inner_text()


def test_conversations_are_kept_renamed_exported_and_deleted(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        ask(page, "What is the mirror of the main telescope?")
        current = page.locator(".conversations li:has([aria-current])")
        current.locator("button").click()
        page.click("#dialog [value=rename]")
        page.fill("#dialog input", "About mirrors")
        page.click("#dialog [value=rename]")
        page.wait_for_selector(".conversations >> text=About mirrors")
        page.fill("#find-conversation", "3.6 metres")
        page.wait_for_function("() => document.querySelectorAll('.conversations a').length === 1")
        for format, sign in (("Markdown", "## "), ("HTML", "<!doctype html>"), ("JSON", '"citations"')):
            current.locator("button").click()
            page.click("#dialog [value=export]")
            with page.expect_download() as download:
                page.click(f"#dialog [value={format}]")
            text = Path(download.value.path()).read_text()
            assert sign in text and "3.6 metres" in text and "observatory.md" in text
        current.locator("button").click()
        page.click("#dialog [value=delete]")
        page.click("#dialog [value=delete]")
        page.wait_for_selector(".conversations .empty")
        assert page.locator(".turn").count() == 0


def test_a_verdict_becomes_a_case(browser: Any, server: dict[str, Any]) -> None:
    from rag.evaluation import feedback

    with opened(browser, server) as page:
        turn = ask(page, "When was the director of the observatory appointed?")
        turn.locator("[data-do=wrong]").click()
        page.click("#dialog [value=wrong_source]")
        if turn.locator(".source").count() > 1:  # then it is to be said which
            page.locator("#panel-body [data-do=wrong-this]").first.click()
        turn.locator(".thanks").wait_for()
        turn.locator("[data-do=wrong]").click()
        page.click("#dialog [value=should_have_found]")
        page.locator("#panel-body .should").first.click()
        page.wait_for_function("() => document.querySelector('#panel-body li').textContent.includes('Thank you')")
    cases = feedback.read(server["engine"].feedback.path)
    assert [case.verdict for case in cases] == ["wrong source", "should have found"]
    assert cases[0].question == "When was the director of the observatory appointed?"
    assert cases[0].source == "ridge/observatory.md"


def test_everything_by_keyboard(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("/")
        page.keyboard.type("What weighs 412 kilograms?")
        page.keyboard.press("Enter")
        page.wait_for_selector(".turn-done")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("]")
        page.wait_for_selector("#panel-body mark")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.matches('a.cite')")
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-reader] #panel-body mark")
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        page.wait_for_selector("#tab-cited[aria-selected=true]")
        page.press("#tab-cited", "ArrowRight")
        page.wait_for_selector("#tab-found[aria-selected=true]")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open] kbd")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")


@pytest.mark.parametrize("scheme,width", [("light", 1440), ("dark", 1440), ("light", 390)])
def test_nothing_stands_in_the_way_of_assistive_technology(
    browser: Any, server: dict[str, Any], scheme: str, width: int
) -> None:
    import axe_playwright_python

    axe = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
    with opened(browser, server, width, 844, color_scheme=scheme) as page:
        page.evaluate(axe)

        def check(place: str) -> None:
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            serious = [v for v in found if v["impact"] in ("serious", "critical")]
            assert not serious, f"{place}: " + json.dumps(
                [{"id": v["id"], "nodes": [n["html"][:200] for n in v["nodes"][:4]]} for v in serious], indent=1
            )
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{place}: scrolls sideways"

        check("empty page")
        ask(page, "Who is the president of Brazil?")
        check("no answer")
        turn = ask(page, "How many beds does the hut Cairn have?")
        check("answer")
        turn.locator("a.cite").first.click()
        page.wait_for_selector("#panel-body mark")
        check("reader")
        for tab in ("cited", "found", "why"):
            page.click(f"#tab-{tab}")
            page.wait_for_function("() => document.querySelector('#panel-body').childElementCount > 0")
            check(tab)
        page.keyboard.press("Escape")
        for view, ready in (("documents", ".library tbody tr"), ("settings", ".settings fieldset")):
            page.click(f"#top [data-view={view}]")
            page.wait_for_selector(ready)
            check(view)


@pytest.mark.parametrize("locale,send", [("de-DE", "Fragen"), ("zh-CN", "提问")])
def test_the_page_speaks_other_languages(browser: Any, server: dict[str, Any], locale: str, send: str) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(server["address"])
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#send").inner_text() == send
    assert page.get_attribute("html", "lang") == locale[:2]
    context.close()


def test_a_full_queue_says_so_at_once(browser: Any, server: dict[str, Any]) -> None:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(server["address"])
    page.wait_for_selector("body[data-ready]")
    full = {"status": 503, "content_type": "application/json", "body": '{"detail": "Queue is full."}'}
    page.route("**/gradio_api/queue/join*", lambda route: route.fulfill(**full))
    page.fill("#question textarea", "Who is the director?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector(".turn-failed [role=alert]")
    assert "Too many" in page.locator(".turn-failed").inner_text()
    assert page.input_value("#question textarea") == "Who is the director?"
    context.close()


def test_a_server_that_is_gone_is_said_to_be_gone(browser: Any, server: dict[str, Any]) -> None:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(server["address"])
    page.wait_for_selector("body[data-ready]")
    context.set_offline(True)
    page.fill("#question textarea", "Who is the director?")
    page.press("#question textarea", "Enter")
    page.wait_for_selector(".turn-failed [role=alert]")
    assert "does not answer" in page.locator(".turn-failed").inner_text()
    assert page.input_value("#question textarea") == "Who is the director?"
    context.close()


def test_settings_are_used_and_kept(browser: Any, server: dict[str, Any]) -> None:
    engine = server["engine"]
    with opened(browser, server) as page:
        page.click("#top [data-view=settings]")
        page.wait_for_selector(".settings")
        page.fill("[name=k]", "3")
        page.click(".settings button")
        page.wait_for_function("() => document.querySelector('.settings [role=status]').textContent === 'Saved.'")
    deadline = time.monotonic() + 10
    while engine.settings.k != 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert engine.settings.k == 3
    assert engine.conversations.preferences()["k"] == 3


def test_why_and_find_support(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        turn = ask(page, "How heavy is the spectrograph Wren?")
        turn.locator("[data-do=panel]").click()
        page.click("#tab-why")
        page.wait_for_selector(".why tbody tr")
        assert page.locator(".why thead th").all_inner_texts()[:2] == ["Words", "Meaning"]
        page.select_option(".why-not select", "ridge/observatory.md")
        page.click(".why-not button")
        page.wait_for_function("() => document.querySelector('.why-not [role=status]').textContent !== ''")
        assert "rank 1" in page.locator(".why-not [role=status]").inner_text()
        page.keyboard.press("Escape")
        page.evaluate("getSelection().selectAllChildren(document.querySelector('.turn .answer'))")
        page.click("#find-support")
        page.wait_for_selector("#panel-body .words")
        assert "412 kilograms" in page.locator("#panel-body .words").first.inner_text()


def test_stop_leaves_what_was_there(browser: Any, server: dict[str, Any]) -> None:
    with opened(browser, server) as page:
        page.route("**/gradio_api/queue/data*", lambda route: None)  # an answer that never comes
        page.fill("#question textarea", "Who is the director?")
        page.press("#question textarea", "Enter")
        page.wait_for_selector("#turn-live")
        page.click("#stop")
        page.wait_for_selector(".turn .note:text('Stopped')")
        assert page.locator("#send").is_visible()
