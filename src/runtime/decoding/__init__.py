"""Decoding: everything behind ``engine.generate``.

Start with ``protocol`` (the nouns), then ``loop`` (the decoding loop); ``generate.run`` ties the pieces
together.
"""

from .generate import run
from .models import resolve_model
from .protocol import Constraint, Matcher, Model
from .result import Chunk, FinishReason, GenerationResult
from .sampling import Sampling
from .values import JSON, TEXT, ValueReader, reader_for_schema

__all__ = [
    "JSON",
    "TEXT",
    "Chunk",
    "Constraint",
    "FinishReason",
    "GenerationResult",
    "Matcher",
    "Model",
    "Sampling",
    "ValueReader",
    "reader_for_schema",
    "resolve_model",
    "run",
]
