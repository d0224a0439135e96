"""Forced text: bytes that must come whatever the model prefers, and the tokens that are safe to put for them.

{"name": "Ann", |      forced bytes:  "age":␣        if age is the one key left
tokens            ","  "age"  ":"  …                 the last one is kept back if what follows could be merged into it
"""

from __future__ import annotations

import numpy as np

from ..kernels.forced import forced_path
from ..kernels.trie import SIZE_SHIFT
from .machine import Machine
from .vocabulary import Vocabulary

__all__ = ["forced_bytes", "stable_tokens"]

_ROOM = 64
"""Forced bytes for which there is room at first."""


def forced_bytes(machine: Machine, config: int) -> bytes:
    """The bytes that must follow a configuration: see :func:`gramarye.kernels.forced.forced_path`."""
    room = _ROOM
    while True:
        path = np.empty(room, np.uint8)
        count = int(machine.arena.run(forced_path, config, path))
        if count < room:
            return path[:count].tobytes()
        room *= 4


def stable_tokens(vocabulary: Vocabulary, data: bytes) -> list[int]:
    """Canonical tokens of ``data``, cut before the first that what follows ``data`` might change.

    A tokenizer may merge the end of the forced bytes with what comes next. Where some token begins with all the bytes
    from a place on and is longer, it may take their place, also in the middle of a token: ``{"`` before ``"`` becomes
    ``{`` and ``""``. So tokens are kept up to the one that holds the first such place.
    """
    first = next((place for place in range(len(data)) if _is_proper_prefix(vocabulary, data[place:])), len(data))
    kept = []
    at = 0
    for token in vocabulary.encode(data):
        at += len(vocabulary.token_bytes(token))
        if at > first:
            break
        kept.append(token)
    return kept


def _is_proper_prefix(vocabulary: Vocabulary, data: bytes) -> bool:
    """True if some token begins with ``data`` and is longer. O(256 n)."""
    trie = vocabulary.tables.trie
    node = 0
    for byte in data:
        end = node + (int(trie[node]) >> SIZE_SHIFT)
        child = node + 1
        while child < end and int(trie[child]) & 255 != byte:
            child += int(trie[child]) >> SIZE_SHIFT
        if child >= end:
            return False
        node = child
    return int(trie[node]) >> SIZE_SHIFT > 1
