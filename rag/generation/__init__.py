"""Hits -> cited text: generators, exact citations, verification, abstention."""

from rag.generation.abstention import confidence_in
from rag.generation.citing import Writer
from rag.generation.freshness import wants_newest
from rag.generation.rarity import telling
from rag.generation.rewriting import rewritten
from rag.generation.smalltalk import small_talk
from rag.generation.wholecorpus import recognise, scan

__all__ = ["Writer", "confidence_in", "recognise", "rewritten", "scan", "small_talk", "telling", "wants_newest"]
