"""Hits -> cited text: generators, exact citations, verification, abstention."""

from rag.generation.abstention import confidence
from rag.generation.candidates import telling
from rag.generation.choice import read
from rag.generation.citing import Writer
from rag.generation.smalltalk import small_talk
from rag.generation.wholecorpus import recognise, scan

__all__ = ["Writer", "confidence", "read", "recognise", "scan", "small_talk", "telling"]
