"""The real tokenizers' vocabularies and token tables, made once a session."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.oracles.masks import TokenTable

from gramarye import Vocabulary

__all__ = ["BYTES", "JSON_PIECES", "load_table", "toy_vocabulary"]

BYTES = [bytes([byte]) for byte in range(256)]
JSON_PIECES = (
    b'{"',
    b'":',
    b'"}',
    b'","',
    b"true",
    b"12",
    b"[[",
    b"]]",
    b'a"',
    b"\\u00",
    b"  ",
    b"\n\t",
    b"e-",
    b"\xc3\xa9",
    b"0.",
    b"}]",
)
"""Tokens that cross the borders of JSON's own."""


@cache
def load_table(path: Path) -> TokenTable:
    return TokenTable(Vocabulary.from_tokenizer(path, cache=False))


def toy_vocabulary(*extra: bytes) -> Vocabulary:
    """All single bytes, some longer tokens, and an end token, the last."""
    tokens = [*BYTES, *extra, b""]
    return Vocabulary.from_bytes(tokens, eos_ids=[len(tokens) - 1])
