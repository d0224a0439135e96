"""Owns the arrays of one machine, and grows them.

A kernel that finds an array full sets a status and stops; :meth:`Arena.run` doubles what was full and calls it again::

    Arena.run(kernel, ...) --> kernel(header, ...) --> status GROW_ROWS
         ^                                                   |
         +------------- grow: allocate, copy, rehash <-------+

Tables that a front end emits are appended in Python (:meth:`Arena.append`) and only read in kernels.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import LimitError
from ..kernels.columns import COLUMN_DTYPES, COLUMNS, HEADER_LENGTH, SCALARS, Column, Scalar
from ..kernels.intern import rehash
from ..kernels.opcodes import UNFILLED, Status
from .limits import Limits
from .spare import SpareArrays

__all__ = ["Arena"]

_FIRST_ROWS = 16384 * 256
_REUSED = (Column.ROW_DATA, Column.MASK_DATA)
_LEAST_REUSED = 1 << 16
"""Elements of the smallest array that is worth keeping."""
_RELEASED_ROWS = 16
_RELEASED_MASKS = 4

_CONFIGS = (
    Column.CONFIG_OP,
    Column.CONFIG_A,
    Column.CONFIG_B,
    Column.CONFIG_C,
    Column.CONFIG_PARENT,
    Column.CONFIG_ROW,
    Column.CONFIG_MASK,
)
_INITIAL = {
    **dict.fromkeys(_CONFIGS, 1024),
    Column.CONFIG_HASH: 4096,
    Column.LIST_OFFSET: 129,
    Column.LIST_KEY: 128,
    Column.LIST_HASH: 512,
    Column.LIST_DATA: 1024,
    Column.SCRATCH: 4096,
    Column.WORK: 1024,
    Column.FACTORS: 16,
}


class Arena:
    """The memory of one machine: a header and the arrays that it points to.

    Attributes:
        header: ``int64[HEADER_LENGTH]``, the first argument of every kernel.
        address: where the header lies.
        lock: held while a kernel runs that may add to the arena.

    Args:
        limits: what the machine may use.
        spare: where large arrays come from and go to.
    """

    def __init__(self, limits: Limits, spare: SpareArrays) -> None:
        self.header: NDArray[np.int64] = np.zeros(HEADER_LENGTH, np.int64)
        self.address: int = self.header.ctypes.data
        self.lock = threading.RLock()
        self.limits = limits
        self._arrays: dict[Column, NDArray[Any]] = {}
        self._lengths: dict[Column, int] = {}
        self._handlers: dict[int, Callable[[int], None]] = {}
        for column, capacity in _INITIAL.items():
            self.bind(column, np.zeros(capacity, COLUMN_DTYPES[column]))
        self.spare = spare
        self.bind(Column.ROW_DATA, spare.take(np.int32, _FIRST_ROWS))
        weakref.finalize(self, _give_back, spare, self._arrays).atexit = False
        self.set(Scalar.CONFIGS, 1)
        self.set(Scalar.LISTS, 1)

    def bind(self, column: Column, array: NDArray[Any]) -> None:
        """Let ``column`` be ``array`` (C-contiguous, of the column's dtype); the arena keeps it alive."""
        if array.dtype != COLUMN_DTYPES[column] or not array.flags.c_contiguous:
            raise TypeError(f"{column.name} takes contiguous {COLUMN_DTYPES[column]}, not {array.dtype}")
        self._arrays[column] = array
        self.header[column] = array.ctypes.data
        self.header[COLUMNS + column] = array.size

    def column(self, column: Column) -> NDArray[Any]:
        """The array behind ``column``; valid until the next growth."""
        return self._arrays[column]

    def get(self, scalar: Scalar) -> int:
        """Value of a scalar."""
        return int(self.header[SCALARS + scalar])

    def set(self, scalar: Scalar, value: int) -> None:
        """Set a scalar."""
        self.header[SCALARS + scalar] = value

    def append(self, column: Column, values: ArrayLike) -> int:
        """Append elements to a table; returns the index of the first. Amortised linear in what is appended."""
        new = np.asarray(values, COLUMN_DTYPES[column]).ravel()
        start = self._lengths.get(column, 0)
        end = start + new.size
        array = self._arrays.get(column)
        if array is None or end > array.size:
            larger = np.zeros(max(end, 2 * start, 16), COLUMN_DTYPES[column])
            if array is not None:
                larger[:start] = array[:start]
            self.bind(column, larger)
            array = larger
        array[start:end] = new
        self._lengths[column] = end
        return start

    def length(self, column: Column) -> int:
        """Elements appended to a table so far."""
        return self._lengths.get(column, 0)

    def on(self, status: Status, handler: Callable[[int], None]) -> None:
        """Call ``handler(detail)`` when a kernel stops with ``status``, then run the kernel again."""
        self._handlers[int(status)] = handler

    def run(self, kernel: Callable[..., Any], *args: Any) -> Any:
        """``kernel(header, *args)``, repeated for as long as it asks for room or for something to be lowered.

        Raises:
            LimitError: the machine would need more configurations than its limit.
        """
        header = self.header
        with self.lock:
            while True:
                result = kernel(header, *args)
                if header[SCALARS] == 0:
                    return result
                self.resolve(self.take_status())

    def take_status(self) -> int:
        """The status that a kernel left, 0 if it finished; it is cleared. The caller holds the lock."""
        status = int(self.header[SCALARS])
        self.header[SCALARS] = 0
        return status

    def release(self) -> None:
        """Give the large arrays back: their transitions and masks are forgotten, and computed again if asked for."""
        with self.lock:
            small = {
                Column.ROW_DATA: np.zeros(_RELEASED_ROWS * 256, np.int32),
                Column.MASK_DATA: np.zeros(_RELEASED_MASKS * self.get(Scalar.WORDS), np.uint32),
            }
            for column, array in small.items():
                if column in self._arrays and self._arrays[column].size > array.size:
                    self.spare.give(self._arrays[column])
                    self.bind(column, array)
            self._arrays[Column.CONFIG_ROW].fill(UNFILLED)
            self._arrays[Column.CONFIG_MASK].fill(UNFILLED)
            for scalar in (Scalar.ROWS, Scalar.MASKS, Scalar.MASK_HAND):
                self.set(scalar, 0)
            self.set(Scalar.MASK_SLOTS, min(self.get(Scalar.MASK_SLOTS), _RELEASED_MASKS))

    def nbytes(self) -> int:
        """Bytes of all arrays that this arena owns or refers to."""
        return sum(array.nbytes for array in self._arrays.values())

    def resolve(self, status: int) -> None:
        """Do what a kernel asked for, so that it can be called again. The caller holds the lock.

        Raises:
            LimitError: the machine would need more configurations than its limit.
        """
        handler = self._handlers.get(status)
        if handler is not None:
            handler(self.get(Scalar.DETAIL))
        elif status == Status.GROW_CONFIGS:
            self._grow_configs()
        elif status == Status.GROW_LISTS:
            self._grow(Column.LIST_KEY, 2)
            self._grow(Column.LIST_OFFSET, 2)
            self._rehash(Column.LIST_HASH)
        elif status == Status.GROW_LIST_DATA:
            self._grow(Column.LIST_DATA, 2)
        elif status == Status.GROW_ROWS:
            self._grow_rows()
        elif status == Status.GROW_SCRATCH:
            self._grow(Column.SCRATCH, 2)
        elif status == Status.GROW_WORK:
            self._grow(Column.WORK, 2)
            self._grow(Column.FACTORS, 2)
        else:
            raise LimitError(f"the constraint machine stopped: {Status(status).name.lower()}")

    def _grow_configs(self) -> None:
        if self._arrays[Column.CONFIG_OP].size >= self.limits.configs:
            raise LimitError(
                f"the constraint needs more than {self.limits.configs:,} configurations",
                hint="raise Limits(configs=...), or make the constraint less ambiguous",
            )
        for column in _CONFIGS:
            self._grow(column, 2)
        self._rehash(Column.CONFIG_HASH)

    def _grow_rows(self) -> None:
        old = self._arrays[Column.ROW_DATA]
        new = self.spare.take(old.dtype, 4 * old.size)
        new[: old.size] = old
        self.bind(Column.ROW_DATA, new)
        self.spare.give(old)

    def _grow(self, column: Column, factor: int) -> None:
        old = self._arrays[column]
        new = np.zeros(old.size * factor, old.dtype)
        new[: old.size] = old
        self.bind(column, new)

    def _rehash(self, column: Column) -> None:
        self.bind(column, np.zeros(self._arrays[column].size * 2, np.int32))
        other = Column.LIST_HASH if column is Column.CONFIG_HASH else Column.CONFIG_HASH
        self.bind(other, np.zeros(self._arrays[other].size, np.int32))
        rehash(self.header)


def _give_back(spare: SpareArrays, arrays: dict[Column, NDArray[Any]]) -> None:
    for column in _REUSED:
        if column in arrays and arrays[column].size >= _LEAST_REUSED:
            spare.give(arrays[column])
