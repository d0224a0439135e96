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
from .json_machine import is_blank, top_op
from .machine import advance
from .memory import HEADER, SCALARS, Column, Scalar, get_i32, get_i64, get_u8
from .names import name_root
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


@inner(_INT(HEADER, _INT))
def first_letter(header, config):
    """The byte behind the opening quotation mark of a string that a RECORD reads.

    Returns:
        The byte; -1 if it is the next one; -2 for anything but a RECORD of a string at a character boundary.
    """
    if get_i32(header, Column.CONFIG_OP, config) != Op.RECORD:
        return -2
    inside = np.int64(get_i32(header, Column.CONFIG_A, config))
    op = get_i32(header, Column.CONFIG_OP, inside)
    if (op != Op.STRING and op != Op.PATTERN and op != Op.CHOICE) or get_i32(header, Column.CONFIG_C, inside) != 0:
        return -2
    name = get_i64(header, Column.CONFIG_B, config)
    root = name_root(header)
    second = np.int64(-1)
    first = np.int64(-1)
    while name != root:
        second = first
        first = np.int64(get_i32(header, Column.CONFIG_A, name))
        name = np.int64(get_i32(header, Column.CONFIG_PARENT, name))
    return second if first == 34 else np.int64(-2)


@inner(_INT(HEADER, _INT, _INT))
def past_blanks(header, at, last):
    """The first byte of the tokens at ``at`` .. ``last - 1`` that is no blank."""
    while at < last and is_blank(np.int64(get_u8(header, Column.TOKEN_BUFFER, at))):
        at += 1
    return at


@inner(types.boolean(HEADER, _INT, _INT))
def begins_differently(header, token, letter):
    """True if a token ends a string item that begins with a letter, and begins one next item that begins with another.

    ``letter`` as :func:`first_letter` gives it. Then which value the first one has is nothing to the second one.
    """
    at = np.int64(get_i32(header, Column.TOKEN_OFFSETS, token))
    last = np.int64(get_i32(header, Column.TOKEN_OFFSETS, token + 1))
    if letter == -1 and at < last:
        letter = np.int64(get_u8(header, Column.TOKEN_BUFFER, at))
    while at < last and get_u8(header, Column.TOKEN_BUFFER, at) != 34:
        at += 2 if get_u8(header, Column.TOKEN_BUFFER, at) == 92 else 1
    at = past_blanks(header, at + 1, last)
    if at >= last or get_u8(header, Column.TOKEN_BUFFER, at) != 44:
        return False
    at = past_blanks(header, at + 1, last)
    if at + 1 >= last or get_u8(header, Column.TOKEN_BUFFER, at) != 34:
        return False
    other = np.int64(get_u8(header, Column.TOKEN_BUFFER, at + 1))
    for i in range(at + 1, last):
        if get_u8(header, Column.TOKEN_BUFFER, i) == 44:
            return False
    return letter != other and letter != 92 and other != 92


@inner(types.void(HEADER, _INT, _INT, _MASK))
def try_doubtful(header, config, sketch, mask):
    """Try the tokens that walks may be wrong about byte by byte."""
    both = header[SCALARS + Scalar.DOUBT] >= 2
    inside = in_string(header, sketch)
    letter = first_letter(header, config) if not both else np.int64(-2)
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
            if (not allowed and not both) or (letter != -2 and begins_differently(header, token, letter)):
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
