r"""Tokens in which a key of an object ends and a later key of it begins: ``": 1, "a``.

Walks of the vocabulary do not remember the keys that they go through (``kernels/key_views.py``), so these tokens, of
which most vocabularies have none, are looked at by themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from .vocabulary_tables import VocabularyTables

__all__ = ["key_tokens"]

_TWO_KEYS = re.compile(rb'"[ \t\n\r]*:.*,[ \t\n\r]*".', re.DOTALL)


def key_tokens(tables: VocabularyTables, token_bytes: Callable[[int], bytes]) -> NDArray[np.int32]:
    """Their ids, int32[n]; a few milliseconds."""
    with_all: NDArray[np.int64] | None = None
    for mark in b':,"':
        places = np.flatnonzero(tables.token_buffer == mark)
        tokens = np.unique(np.searchsorted(tables.token_offsets, places, side="right") - 1)
        with_all = tokens if with_all is None else np.intersect1d(with_all, tokens, assume_unique=True)
    found = [] if with_all is None else [token for token in with_all.tolist() if _TWO_KEYS.search(token_bytes(token))]
    return np.array(found, np.int32)
