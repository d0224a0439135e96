"""Byte automata of keywords: chains, in any case if asked, without the way through regular expressions.

::

    "as"i   1 --a,A--> 2 --s,S----> 3 accepting
                         --C5--> 4 --BF--> 3            U+017F, the long s, matches s under the flag i
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..regex import ByteDfa
from ..regex.casefold import python_close
from ..regex.charset import CharSet

__all__ = ["spelled"]


def spelled(text: str, *, fold: bool) -> ByteDfa:
    """The automaton of one text, or of all that it matches under the flag i of ``re``. O(len(text)).

    Empty if the text contains a surrogate.
    """
    rows: list[dict[int, int]] = [{}, {}]
    state = 1
    for char in text:
        variants = _variants(char, fold)
        if not variants:
            return ByteDfa(np.zeros((1, 256), np.int32), np.zeros(1, np.uint8), 0)
        rows.append({})
        following = len(rows) - 1
        for variant in variants:
            at = state
            for byte in variant[:-1]:
                if byte not in rows[at]:
                    rows.append({})
                    rows[at][byte] = len(rows) - 1
                at = rows[at][byte]
            rows[at][variant[-1]] = following
        state = following
    trans = np.zeros((len(rows), 256), np.int32)
    for number, row in enumerate(rows):
        for byte, target in row.items():
            trans[number, byte] = target
    accept = np.zeros(len(rows), np.uint8)
    accept[state] = 1
    return ByteDfa(trans, accept, 1)


@lru_cache(maxsize=1024)
def _variants(char: str, fold: bool) -> tuple[bytes, ...]:
    """UTF-8 of the characters that one stands for; none for a surrogate."""
    if "\ud800" <= char <= "\udfff":
        return ()
    chars = CharSet.char(ord(char))
    if fold:
        chars = python_close(chars, False)
    return tuple(chr(point).encode() for low, high in chars.ranges for point in range(low, high + 1))
