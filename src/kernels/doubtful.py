"""The tokens about which walks of the vocabulary may be wrong (``Column.DOUBTFUL``), tried byte by byte.

::

    group   0                     keys: always
            1 2                   items of arrays whose values matter: where there are such arrays
            3 4                   the same, where which values there were may decide whether an item follows
              2 4                 not from inside a string: no string ends in them before what matters

Where keys and items have room, walks let too much through, so only tokens that they allow are tried.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .json_machine import top_op
from .machine import advance
from .memory import HEADER, SCALARS, Column, Scalar, get_i32, get_u8
from .opcodes import Op

__all__ = ["clear_bit", "follow_doubtful", "follow_token", "set_bit", "try_doubtful"]

_INT = types.int64
_MASK = types.Array(types.uint32, 1, "C")
_TOKENS = types.Array(types.int32, 1, "C")

GROUPS = 5
"""See ``runtime/doubtful_tokens.py``."""


@inner(types.void(_MASK, _INT))
def set_bit(mask, token):
    """Allow a token."""
    mask[token >> 5] |= np.uint32(1) << np.uint32(token & 31)


@inner(types.void(_MASK, _INT))
def clear_bit(mask, token):
    """Refuse a token."""
    mask[token >> 5] &= ~(np.uint32(1) << np.uint32(token & 31))


@inner(_INT(HEADER, _INT, _INT))
def follow_token(header, config, token):
    """Successor by the bytes of a token; 0 if it is refused or has none."""
    first = np.int64(get_i32(header, Column.TOKEN_OFFSETS, token))
    last = np.int64(get_i32(header, Column.TOKEN_OFFSETS, token + 1))
    if first == last:
        return 0
    for i in range(first, last):
        config = advance(header, config, np.int64(get_u8(header, Column.TOKEN_BUFFER, i)))
        if config == 0:
            return 0
    return config


@inner(types.boolean(HEADER, _INT))
def in_string(header, config):
    """True for a configuration inside a string."""
    op = top_op(header, config)
    return op == Op.STRING or op == Op.PATTERN or op == Op.CHOICE or op == Op.KEY


@inner(types.boolean(HEADER, _INT, types.boolean))
def matters(header, group, inside):
    """True if walks may be wrong about a group of DOUBTFUL tokens; ``inside``: from inside a string."""
    if group == 0:
        return True
    least = 1 if group <= 2 else 2
    return header[SCALARS + Scalar.DOUBT] >= least and not (inside and group % 2 == 0)


@inner(types.void(HEADER, _INT, _INT, _MASK))
def try_doubtful(header, config, sketch, mask):
    """Try the tokens that walks may be wrong about byte by byte."""
    both = header[SCALARS + Scalar.DOUBT] >= 2
    inside = in_string(header, sketch)
    for group in range(GROUPS):
        if not matters(header, group, inside):
            continue
        for i in range(
            np.int64(get_i32(header, Column.DOUBTFUL, group)), np.int64(get_i32(header, Column.DOUBTFUL, group + 1))
        ):
            if header[SCALARS + Scalar.STATUS] != 0:
                return
            token = np.int64(get_i32(header, Column.DOUBTFUL, i))
            allowed = (mask[token >> 5] >> np.uint32(token & 31)) & np.uint32(1) != 0
            if not allowed and not both:
                continue
            if follow_token(header, config, token) == 0:
                clear_bit(mask, token)
            else:
                set_bit(mask, token)


@inner(types.void(HEADER, _INT, _INT, _TOKENS))
def follow_doubtful(header, config, sketch, targets):
    """Write the successors by the tokens that walks may be wrong about to ``targets``."""
    inside = in_string(header, sketch)
    for group in range(GROUPS):
        if not matters(header, group, inside):
            continue
        for i in range(
            np.int64(get_i32(header, Column.DOUBTFUL, group)), np.int64(get_i32(header, Column.DOUBTFUL, group + 1))
        ):
            token = np.int64(get_i32(header, Column.DOUBTFUL, i))
            targets[token] = follow_token(header, config, token)
