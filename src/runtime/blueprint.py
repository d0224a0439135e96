"""What the machines of one vocabulary have in common at their beginning, so that a machine is made by copying it.

A machine has forty columns. Those of the vocabulary are shared; the others lie in one block of memory, one behind the
other, and are bound by a single addition. A column that outgrows its place moves to an array of its own::

    header    [ addresses of shared columns ...  | offsets of own columns + address of the block | sizes | scalars ]
    block     [ CONFIG_OP | CONFIG_A | ... | CONFIG_HASH | ... | NODE | OBJECT_SPEC | ... ]
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..kernels.columns import COLUMN_DTYPES, COLUMNS, HEADER_LENGTH, SCALARS, Column, Scalar

__all__ = ["CONFIG_COLUMNS", "CONFIG_STRIDE", "FIRST_SIZES", "Blueprint"]

_ALIGNMENT = 64

_FIRST_CONFIGS = 1024
CONFIG_COLUMNS = (
    Column.CONFIG_OP,
    Column.CONFIG_A,
    Column.CONFIG_B,
    Column.CONFIG_C,
    Column.CONFIG_PARENT,
    Column.CONFIG_ROW,
    Column.CONFIG_MASK,
)
"""The columns with one element a configuration."""

FIRST_SIZES: Mapping[Column, int] = MappingProxyType(
    {
        Column.CONFIG_HASH: 2048,
        Column.LIST_HASH: 512,
        Column.LIST_OFFSET: 129,
        **dict.fromkeys(CONFIG_COLUMNS, _FIRST_CONFIGS),
        Column.LIST_KEY: 128,
        Column.LIST_DATA: 1024,
        Column.SCRATCH: 4096,
        Column.WORK: 1024,
        Column.FACTORS: 16,
        Column.QUOTIENT: 4096,
        Column.NODE: 1024,
        Column.OBJECT_SPEC: 256,
        Column.OBJECT_KEY: 256,
        Column.KEY_RANK: 128,
        Column.KEY_REQUIRED: 32,
        Column.CHAR_TRIE: 4096,
        Column.STRING_SPEC: 32,
        Column.NUMBER_SPEC: 64,
        Column.NUMBER_DIGITS: 64,
        Column.NUMBER_BOUNDS: 64,
        Column.ARRAY_SPEC: 64,
        Column.ARRAY_PREFIX: 16,
    }
)
"""Elements that the columns of every machine have at first."""


_BEHIND_CONFIGS = Column.LIST_KEY
CONFIG_STRIDE = 4 * _FIRST_CONFIGS
"""Bytes between the columns of the configurations, or half of it behind the one of eight bytes an element."""


class Blueprint:
    """The beginning of a machine.

    Attributes:
        header: int64[HEADER_LENGTH]; of columns of the block, offsets instead of addresses.
        shared: the columns that no machine writes to.
        offsets: where the other columns lie in the block, in bytes.
        own: int64[n], the numbers of those.
        nbytes: length of the block.
        cleared: bytes of the block that are zero at the beginning.
        configs: where the columns of the configurations lie, of which the first one, the dead one, is zero too. The
            other columns are written before they are read.

    Args:
        shared: columns that no machine writes to.
        sizes: elements of the columns of the block.
        scalars: values of scalars at the beginning.
    """

    __slots__ = ("cleared", "configs", "header", "nbytes", "offsets", "own", "shared")

    def __init__(
        self,
        shared: Mapping[Column, NDArray[np.generic]],
        sizes: Mapping[Column, int] = FIRST_SIZES,
        scalars: Mapping[Scalar, int] = MappingProxyType({}),
    ) -> None:
        self.header = np.zeros(HEADER_LENGTH, np.int64)
        self.shared = dict(shared)
        for column, array in shared.items():
            if array.dtype != COLUMN_DTYPES[column] or not array.flags.c_contiguous:
                raise TypeError(f"{column.name} takes contiguous {COLUMN_DTYPES[column]}, not {array.dtype}")
            self.header[column] = array.ctypes.data
            self.header[COLUMNS + column] = array.size
        self.offsets: dict[Column, int] = {}
        self.nbytes = 0
        for column, size in sizes.items():
            self.offsets[column] = self.nbytes
            self.header[column] = self.nbytes
            self.header[COLUMNS + column] = size
            self.nbytes += -(-size * COLUMN_DTYPES[column].itemsize // _ALIGNMENT) * _ALIGNMENT
        self.cleared = self.offsets[CONFIG_COLUMNS[0]]
        self.configs = slice(self.cleared, self.offsets[_BEHIND_CONFIGS])
        self.own = np.array(list(self.offsets), np.int64)
        for scalar, value in scalars.items():
            self.header[SCALARS + scalar] = value
