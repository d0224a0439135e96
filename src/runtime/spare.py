"""Large arrays that outlive the machines that used them, so that the next machine of the vocabulary starts with them.

A machine's transitions and masks take megabytes that the operating system hands out page by page, zeroed; growing
them copies. An array given back is taken by the next machine as it is: its pages are there, and it has the size that
the last machine needed::

    Arena ── dropped ──> give(array) ──> [ 4 MB, 1 MB ] ──> take(dtype, 256 KB) ──> the largest, 4 MB ──> Arena
"""

from __future__ import annotations

import mmap
import sys
import threading
from bisect import insort
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["SpareArrays"]


def _reserved(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array of address space: its pages come one by one as they are written.

    NumPy asks for huge pages, which are zeroed at once: writing the first of 16 KiB took milliseconds every 2 MiB.
    """
    length = max(size * dtype.itemsize, mmap.PAGESIZE)
    if sys.platform == "win32":
        return np.frombuffer(mmap.mmap(-1, length), dtype, size)
    # Private pages: the first write to a shared one costs several times as much.
    return np.frombuffer(mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), dtype, size)


class SpareArrays:
    """Arrays that nobody uses. Safe to share between threads.

    Attributes:
        nbytes: bytes kept.

    Args:
        limit: bytes of address space kept at most; what is given beyond that is let go.
    """

    __slots__ = ("_arrays", "_limit", "_lock", "nbytes")

    def __init__(self, limit: int = 256 << 20) -> None:
        self._arrays: dict[np.dtype[Any], list[NDArray[Any]]] = {}
        self._limit = limit
        self.nbytes = 0
        # Reentrant: an allocation below may collect a machine whose array is then given back in the middle of it.
        self._lock = threading.RLock()

    def take(self, dtype: DTypeLike, size: int) -> NDArray[Any]:
        """A one-dimensional array of at least ``size`` elements of undefined content; the largest there is."""
        wanted = np.dtype(dtype)
        with self._lock:
            kept = self._arrays.get(wanted)
            if kept and kept[-1].size >= size:
                array = kept.pop()
                self.nbytes -= array.nbytes
                return array
        return _reserved(size, wanted)

    def give(self, array: NDArray[Any]) -> None:
        """Keep an array for others. The caller must not use it any more."""
        with self._lock:
            if self.nbytes + array.nbytes <= self._limit:
                self.nbytes += array.nbytes
                insort(self._arrays.setdefault(array.dtype, []), array, key=_size)


def _size(array: NDArray[Any]) -> int:
    return array.size
