r"""The string tables of a vocabulary in plain spelling: without the tokens that escape what needs no escape.

``{"a\u0062"`` and ``"a\/b"`` are legal JSON that no serialiser writes; see ``characters.plain``. Only tokens with a
backslash can differ from the tables of all spellings, so those are looked at and the rest is taken over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from .vocabulary_tables import VocabularyTables

__all__ = ["PlainStrings", "plain_strings"]

_WHOLE = rb'(?:[^\\"]|\\(?:["\\bfnrt]|u00[01][0-9a-fA-F]))*'
_INSIDE = re.compile(_WHOLE + rb"(?:\\(?:u(?:0(?:0[01]?)?)?)?)?", re.DOTALL)
_CLOSED = re.compile(_WHOLE + rb'"', re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class PlainStrings:
    """The tables of ``VocabularyTables`` of the same names, with fewer tokens."""

    string_mask: NDArray[np.uint32]
    string_mask_by_chars: NDArray[np.uint32]
    suffix_offsets: NDArray[np.int32]
    suffix_tokens: NDArray[np.int32]
    suffix_chars: NDArray[np.int32]
    suffix_quote: NDArray[np.int32]


def plain_strings(tables: VocabularyTables, token_bytes: Callable[[int], bytes]) -> PlainStrings:
    """Make the tables; a few milliseconds."""
    backslashes = np.flatnonzero(tables.token_buffer == ord("\\"))
    escaping = np.unique(np.searchsorted(tables.token_offsets, backslashes, side="right") - 1)
    refused = np.zeros(tables.string_mask.size, np.uint32)
    open_ = set()
    for token in escaping.tolist():
        data = token_bytes(token)
        if _INSIDE.fullmatch(data) is None:
            refused[token >> 5] |= np.uint32(1 << (token & 31))
        if _CLOSED.match(data) is None:
            open_.add(token)
    keep = ~np.isin(tables.suffix_tokens, list(open_))
    kept_before = np.concatenate([[0], np.cumsum(keep)]).astype(np.int32)
    return PlainStrings(
        tables.string_mask & ~refused,
        np.ascontiguousarray(tables.string_mask_by_chars & ~refused),
        kept_before[tables.suffix_offsets],
        tables.suffix_tokens[keep],
        tables.suffix_chars[keep],
        tables.suffix_quote[keep],
    )
