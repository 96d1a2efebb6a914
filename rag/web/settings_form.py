"""The settings that may be changed in the page, as a form. Keys of remote services are never in it."""

from __future__ import annotations

from html import escape
from importlib.util import find_spec

from rag import plugins
from rag.errors import RagError
from rag.web.engine import Engine
from rag.web.strings import LANGUAGES, say

__all__ = ["settings_html"]

# generators that need a package of their own; the extra has the same name
_NEEDS = ("anthropic", "openai", "transformers")


def settings_html(engine: Engine, language: str, *, locked: bool) -> str:
    """The form with the present values; what is not available says what to install."""
    settings = engine.settings
    chosen, _, model = settings.generator.partition(":")
    off = " disabled" if locked else ""
    generators = "".join(
        f'<label class="choice"><input type="radio" name="generator" value="{escape(name)}"'
        f"{' checked' if name == chosen else ''}{' disabled' if locked or problem else ''}> "
        f"<span><b>{escape(name)}</b> <small>{escape(problem or _about(name, language))}</small></span></label>"
        for name in sorted(plugins.names("generators"), key=lambda name: (name != "extractive", name))
        for problem in [_problem(name)]
    )
    languages = "".join(
        f'<option value="{code}"{" selected" if code == language else ""}>{name}</option>'
        for code, name in LANGUAGES.items()
    )
    note = f'<p class="note">{say(language, "locked")}</p>' if locked else ""
    return f"""{note}<form class="settings" data-form="settings">
<fieldset{off}><legend>{say(language, "generator")}</legend>{generators}
<label>{say(language, "model")}
<input name="model" value="{escape(model)}" autocomplete="off" spellcheck="false"></label>
<label>{say(language, "base_url")} <input name="base_url" value="{escape(settings.base_url)}" type="url"
 placeholder="http://127.0.0.1:11434/v1" autocomplete="off"></label></fieldset>
<fieldset{off}><legend>{say(language, "ask")}</legend>
<label>{say(language, "strictness")} <small>{say(language, "strictness_more")}</small>
<span class="slide"><input name="strictness" type="range" min="0" max="1" step="0.05" value="{settings.strictness}">
<output>{settings.strictness}</output></span></label>
<label>{say(language, "k")} <input name="k" type="number" min="1" max="100" value="{settings.k}"></label></fieldset>
<fieldset><legend>{say(language, "language")}</legend>
<label><span class="unseen">{say(language, "language")}</span>
<select name="language">{languages}</select></label></fieldset>
<p><button class="primary">{say(language, "save")}</button> <span role="status"></span></p></form>
<section class="facts"><h3>{say(language, "index")}</h3>{_facts(engine, language)}</section>"""


def _about(name: str, language: str) -> str:
    return say(language, "extractive") if name == "extractive" else ""


def _problem(name: str) -> str:
    return f"pip install {name}" if name in _NEEDS and find_spec(name) is None else ""


def _facts(engine: Engine, language: str) -> str:
    try:
        status = engine.assistant.status()
    except RagError as error:
        return f"<p>{escape(str(error))}</p>"
    line = say(
        language,
        "status_line",
        documents=say(language, "n_documents", n=status.n_documents),
        passages=say(language, "n_passages", n=status.n_passages),
        embedder=status.embedder,
    )
    return f"<p>{escape(line)} · {escape(status.built_at)}</p>"
