"""Owns the arrays of one machine, and grows them.

A kernel that finds an array full sets a status and stops; :meth:`Arena.run` doubles what was full and calls it again::

    Arena.run(kernel, ...) --> kernel(header, ...) --> status GROW_ROWS
         ^                                                   |
         +------------- grow: allocate, copy, rehash <-------+

Tables that a front end emits are appended in Python (:meth:`Arena.append`) and only read in kernels. What is appended
waits in a list until a kernel runs or somebody looks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import LimitError
from ..kernels.columns import COLUMN_DTYPES, COLUMNS, SCALARS, Column, Scalar
from ..kernels.intern import rehash
from ..kernels.opcodes import Status
from .blueprint import CONFIG_COLUMNS, CONFIG_STRIDE, Blueprint
from .limits import Limits
from .spare import SpareArrays

__all__ = ["Arena"]

_FIRST_ROWS = 16384 * 256
_REUSED = (Column.ROW_DATA, Column.MASK_DATA, Column.EARLEY_REGION)


class Arena:
    """The memory of one machine: a header and the arrays that it points to.

    Attributes:
        header: ``int64[HEADER_LENGTH]``, the first argument of every kernel.
        address: where the header lies.
        lock: held while a kernel runs that may add to the arena.

    Args:
        limits: what the machine may use.
        spare: where large arrays come from and go to.
        blueprint: what it begins with; None: with columns of its own only.
    """

    def __init__(self, limits: Limits, spare: SpareArrays, blueprint: Blueprint | None = None) -> None:
        blueprint = blueprint or Blueprint({})
        self.header: NDArray[np.int64] = blueprint.header.copy()
        self.address: int = self.header.ctypes.data
        self.lock = threading.RLock()
        self.limits = limits
        self.spare = spare
        self._blueprint = blueprint
        self._block = spare.take(np.uint8, blueprint.nbytes)
        self._block[: blueprint.cleared] = 0
        self._block[blueprint.configs].reshape(-1, CONFIG_STRIDE)[:, :8] = 0
        self.header[blueprint.own] += self._block.ctypes.data
        self._arrays: dict[Column, NDArray[Any]] = {}
        self._lengths: dict[Column, int] = {}
        self._waiting: dict[Column, list[int]] = {}
        self._handlers: dict[int, Callable[[int], None]] = {}
        self.bind(Column.ROW_DATA, spare.take(np.int32, _FIRST_ROWS))
        self.set(Scalar.CONFIGS, 1)
        self.set(Scalar.LISTS, 1)

    def __del__(self) -> None:
        self.spare.give(self._block)
        for column in _REUSED:
            if column in self._arrays:
                self.spare.give(self._arrays[column])

    def bind(self, column: Column, array: NDArray[Any]) -> None:
        """Let ``column`` be ``array`` (C-contiguous, of the column's dtype); the arena keeps it alive."""
        if array.dtype != COLUMN_DTYPES[column] or not array.flags.c_contiguous:
            raise TypeError(f"{column.name} takes contiguous {COLUMN_DTYPES[column]}, not {array.dtype}")
        self._arrays[column] = array
        self.header[column] = array.ctypes.data
        self.header[COLUMNS + column] = array.size

    def column(self, column: Column) -> NDArray[Any]:
        """The array behind ``column``; valid until the next growth."""
        if self._waiting:
            self.flush()
        return self._array(column)

    def _array(self, column: Column) -> NDArray[Any]:
        found = self._arrays.get(column)
        if found is None:
            found = self._blueprint.shared.get(column)
        if found is None:
            first = self._blueprint.offsets[column]
            dtype = COLUMN_DTYPES[column]
            last = first + int(self.header[COLUMNS + column]) * dtype.itemsize
            found = self._arrays[column] = self._block[first:last].view(dtype)
        return found

    def get(self, scalar: Scalar) -> int:
        """Value of a scalar."""
        return int(self.header[SCALARS + scalar])

    def set(self, scalar: Scalar, value: int) -> None:
        """Set a scalar."""
        self.header[SCALARS + scalar] = value

    def append(self, column: Column, values: Sequence[int] | NDArray[Any]) -> int:
        """Append elements to a table; returns the index of the first. Amortised linear in what is appended."""
        start = self._lengths.get(column, 0)
        if isinstance(values, np.ndarray):
            waiting = self._waiting.pop(column, None)
            if waiting is not None:
                self._store(column, start - len(waiting), waiting)
            new = values.ravel()
            self._lengths[column] = start + new.size
            self._store(column, start, new)
            return start
        if values:
            self._lengths[column] = start + len(values)
            waiting = self._waiting.get(column)
            if waiting is None:
                self._waiting[column] = list(values)
            else:
                waiting.extend(values)
        return start

    def write(self, column: Column, first: int, values: Sequence[int]) -> None:
        """Write over elements of a table."""
        waiting = self._waiting.get(column)
        at = first if waiting is None else first - self._lengths[column] + len(waiting)
        if waiting is None or at < 0:
            self.column(column)[first : first + len(values)] = values
        else:
            waiting[at : at + len(values)] = values

    def length(self, column: Column) -> int:
        """Elements appended to a table so far."""
        return self._lengths.get(column, 0)

    def flush(self) -> None:
        """Store what was appended, before a kernel is called other than by :meth:`run`. The caller holds the lock."""
        waiting, self._waiting = self._waiting, {}
        for column, values in waiting.items():
            self._store(column, self._lengths[column] - len(values), values)

    def _store(self, column: Column, start: int, values: list[int] | NDArray[Any]) -> None:
        """Write elements at the end of a table, which grows."""
        end = start + len(values)
        if end > self.header[COLUMNS + column]:
            larger = np.zeros(max(end, 2 * start, 16), COLUMN_DTYPES[column])
            if start:
                larger[:start] = self._array(column)[:start]
            self.bind(column, larger)
        self._array(column)[start:end] = values

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
                if self._waiting:
                    self.flush()
                result = kernel(header, *args)
                if header[SCALARS] == 0:
                    return result
                self.resolve(self.take_status())

    def take_status(self) -> int:
        """The status that a kernel left, 0 if it finished; it is cleared. The caller holds the lock."""
        status = int(self.header[SCALARS])
        self.header[SCALARS] = 0
        return status

    def nbytes(self) -> int:
        """Bytes of all arrays that this arena owns or refers to."""
        arrays = {**self._blueprint.shared, **self._arrays}
        return self._block.nbytes + sum(one.nbytes for one in arrays.values() if one.base is not self._block)

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
        elif status == Status.GROW_QUOTIENT:
            self._grow(Column.QUOTIENT, 4)
        elif status == Status.GROW_WORK:
            self._grow(Column.WORK, 2)
            self._grow(Column.FACTORS, 2)
        else:
            raise LimitError(f"the constraint machine stopped: {Status(status).name.lower()}")

    def _grow_configs(self) -> None:
        if self.header[COLUMNS + Column.CONFIG_OP] >= self.limits.configs:
            raise LimitError(
                f"the constraint needs more than {self.limits.configs:,} configurations",
                hint="raise Limits(configs=...), or make the constraint less ambiguous",
            )
        for column in CONFIG_COLUMNS:
            self._grow(column, 2)
        self._rehash(Column.CONFIG_HASH)

    def _grow_rows(self) -> None:
        old = self._arrays[Column.ROW_DATA]
        new = self.spare.take(old.dtype, 4 * old.size)
        new[: old.size] = old
        self.bind(Column.ROW_DATA, new)
        self.spare.give(old)

    def _grow(self, column: Column, factor: int) -> None:
        old = self._array(column)
        new = np.zeros(old.size * factor, old.dtype)
        new[: old.size] = old
        self.bind(column, new)

    def _rehash(self, column: Column) -> None:
        self.bind(column, np.zeros(self._array(column).size * 2, np.int32))
        other = Column.LIST_HASH if column is Column.CONFIG_HASH else Column.CONFIG_HASH
        self.bind(other, np.zeros(self._array(other).size, np.int32))
        rehash(self.header)
