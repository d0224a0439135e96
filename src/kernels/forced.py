"""Forced text: the bytes that must come, one after another, because each is the only one that may.

::

    {"na  --m-->  {"nam  --e-->  {"name  --"-->  {"name"          :, or a blank: a choice
          only m         only e          only "
"""

from __future__ import annotations

from numba import types

from .compiling import entry, inner
from .machine import accepting, advance, transition
from .memory import HEADER, SCALARS, Scalar

__all__ = ["continues", "forced_path"]

_INT = types.int64
_BYTES = types.Array(types.uint8, 1, "C")

NONE = -1
SEVERAL = -2


@inner(_INT(HEADER, _INT))
def only_byte(header, config):
    """The byte that may come next; NONE, or SEVERAL."""
    only = NONE
    for byte in range(256):
        if transition(header, config, byte) != 0:
            if only != NONE:
                return SEVERAL
            only = byte
        if header[SCALARS + Scalar.STATUS] != 0:
            return NONE
    return only


@entry(types.boolean(HEADER, _INT))
def continues(header, config):
    """True if some byte may come next. Meaningless if it leaves a status."""
    for byte in range(256):
        if transition(header, config, byte) != 0:
            return True
        if header[SCALARS + Scalar.STATUS] != 0:
            return False
    return False


@entry(_INT(HEADER, _INT, _BYTES))
def forced_path(header, config, path):
    """Write the forced bytes after a configuration to ``path`` and return how many there are.

    They end where the text may end, where there is a choice, and where a configuration comes round again (Brent 1980,
    *An improved Monte Carlo factorization algorithm*: it is compared with that of the last power of two). If ``path``
    is too short for them, it is full. Meaningless if it leaves a status.
    """
    landmark = config
    power = 1
    for count in range(path.size):
        if accepting(header, config):
            return count
        byte = only_byte(header, config)
        if byte < 0:
            return count
        config = advance(header, config, byte)
        if header[SCALARS + Scalar.STATUS] != 0:
            return count
        path[count] = byte
        if config == landmark:
            return count + 1
        if count + 1 == power:
            landmark = config
            power *= 2
    return path.size
