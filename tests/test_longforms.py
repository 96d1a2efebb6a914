"""Long forms of abbreviations: asked for, and told beside the short ones."""

from __future__ import annotations

import pytest

from rag.generation.abstention import confidence
from rag.generation.choice import read
from rag.generation.extractive import Extractive
from rag.generation.longforms import asks_for_long_form
from rag.plugins import Prompt, Quote
from rag.testing import hit_of


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("What does SCO stand for?", "SCO"),
        ("What does the acronym “NATO” stand for?", "NATO"),
        ("What is API short for?", "API"),
        ("What is the full name of UNHCR?", "UNHCR"),
        ("Wofür steht BGB?", "BGB"),
        ("Que signifie le sigle TVA ?", "TVA"),
        ("¿Qué significan las siglas ONU?", "ONU"),
        ("Cosa significa la sigla IVA?", "IVA"),
        ("What does the mayor stand for?", ""),
        ("What does Anna stand for?", ""),
        ("What is the SCO?", ""),
    ],
)
def test_a_question_for_a_long_form(question: str, short: str) -> None:
    assert asks_for_long_form(question) == short


@pytest.mark.parametrize(
    ("short", "text", "long"),
    [
        ("SCO", "Within the Shanghai Cooperation Organization (SCO), it spoke.", "Shanghai Cooperation Organization"),
        ("SCO", "The SCO (Shanghai Cooperation Organization) met in May.", "Shanghai Cooperation Organization"),
        ("API", "API stands for application programming interface.", "application programming interface"),
        ("UNHCR", "The United Nations High Commissioner for Refugees (UNHCR) came.",
         "United Nations High Commissioner for Refugees"),
        ("ReAct", "We call it ReAct (Reasoning and Acting).", "Reasoning and Acting"),
        ("TVA", "La taxe sur la valeur ajoutée (TVA) augmente.", "taxe sur la valeur ajoutée"),
        ("VAT", "Short forms: VAT = value added tax; FX = foreign exchange", "value added tax"),
        ("SCO", "The board met in May (SCO), and the SCO thanked it.", ""),
        ("ReAct", "Four methods (Standard, CoT, Act, ReAct) were compared.", ""),
    ],
)  # fmt: skip
def test_the_long_form_has_the_letters_of_the_short_one(short: str, text: str, long: str) -> None:
    prompt = Prompt("q", f"What does {short} stand for?", (hit_of(text),))
    assert (confidence(read(prompt.query, prompt.evidence)) > 0.5) == bool(long)
    if long:
        [quote] = [piece for piece in Extractive().generate(prompt) if isinstance(piece, Quote)]
        assert quote.fact is not None and text[quote.fact.start : quote.fact.end] == long
