"""The pool of masks that were computed: as many slots as the byte limit allows; when it is full, taken over in turn.

::

    CONFIG_MASK   configuration -> slot, or UNFILLED
    MASK_OWNER    slot -> configuration
    MASK_DATA     slot -> uint32[words]
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .memory import HEADER, SCALARS, Column, Scalar, address_32, get_i32, put_i32, store_u32
from .opcodes import UNFILLED

__all__ = ["keep_mask"]

_INT = types.int64
_MASK = types.Array(types.uint32, 1, "C")


@inner(_INT(HEADER))
def take_slot(header):
    """A free slot of the mask pool; when all that the pool may have are taken, the next one in turn."""
    slot = header[SCALARS + Scalar.MASKS]
    if slot < header[SCALARS + Scalar.MASK_SLOTS]:
        header[SCALARS + Scalar.MASKS] = slot + 1
        return slot
    slot = header[SCALARS + Scalar.MASK_HAND]
    header[SCALARS + Scalar.MASK_HAND] = (slot + 1) % header[SCALARS + Scalar.MASK_SLOTS]
    put_i32(header, Column.CONFIG_MASK, np.int64(get_i32(header, Column.MASK_OWNER, slot)), UNFILLED)
    return slot


@inner(types.void(HEADER, _INT, _MASK))
def keep_mask(header, config, mask):
    """Keep a mask in the pool."""
    words = header[SCALARS + Scalar.WORDS]
    slot = take_slot(header)
    header[SCALARS + Scalar.MASKS_BUILT] += 1
    put_i32(header, Column.MASK_OWNER, slot, config)
    put_i32(header, Column.CONFIG_MASK, config, slot)
    kept = address_32(header, Column.MASK_DATA, slot * words)
    for i in range(words):
        store_u32(kept, i, mask[i])
