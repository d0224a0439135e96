"""Vocabulary tables on disk: content-addressed, memory-mapped, checked when read, replaced atomically.

One file holds the tables of one vocabulary; its name is the vocabulary's fingerprint and the version of the
tables::

    0       8        12       16                  multiple of 64                          end
    +-------+--------+--------+--------+----------+----------------------+-------+--------+
    | magic | CRC-32 | length | header | padding  | array                | pad.  | array  |
    +-------+--------+--------+--------+----------+----------------------+-------+--------+
                     `--------- the CRC covers all of this: length, header, arrays -------'

    header (JSON): {"fingerprint": ..., "arrays": {name: [dtype, shape, offset from the first array], ...}}

Two processes that write at once each write a file of their own and rename it over the name: readers see the
old file, one or the other, never a mixture. A file that fails a check is as good as none: the tables are
built and written again. A directory that cannot be written is tolerated.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.folders import default_cache_directory
from .vocabulary_tables import TABLE_FORMAT, VocabularyTables

__all__ = ["TableCache", "default_cache_directory"]

_MAGIC = b"GRMTABLE"
_PREFIX = struct.Struct("<8sII")
_CRC_END = 12  # the CRC covers the bytes from here on
_ALIGNMENT = 64


class TableCache:
    """A directory of table files. Holds no state but its path.

    Args:
        directory: where the files are; by default :func:`default_cache_directory`.
    """

    __slots__ = ("directory",)

    def __init__(self, directory: str | PathLike[str] | None = None) -> None:
        self.directory = default_cache_directory() if directory is None else Path(directory)

    def path(self, fingerprint: str) -> Path | None:
        """The file for a vocabulary, or None where there is no place for one."""
        if self.directory is None:
            return None
        return self.directory / f"vocabulary-{fingerprint}-{TABLE_FORMAT}.tables"

    def load(self, fingerprint: str) -> VocabularyTables | None:
        """Map the tables of a vocabulary; None where there are none, or the file fails a check."""
        found = self.load_arrays(
            self.path(fingerprint), fingerprint, [field.name for field in fields(VocabularyTables)]
        )
        return None if found is None else VocabularyTables(**found)

    def load_arrays(self, path: Path | None, fingerprint: str, names: Sequence[str]) -> dict[str, Any] | None:
        """Map the arrays of a file; None where there is none, or it fails a check or has other arrays."""
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # absent, not readable; empty
            return None
        return _decode(content, fingerprint, names)

    def store(self, fingerprint: str, tables: VocabularyTables) -> bool:
        """Write the tables of a vocabulary. Returns False where the directory or the disk does not let us."""
        return self.store_arrays(self.path(fingerprint), fingerprint, tables.arrays())

    def store_arrays(self, path: Path | None, fingerprint: str, arrays: Mapping[str, NDArray[Any]]) -> bool:
        """Write arrays to a file. Returns False where the directory or the disk does not let us."""
        if path is None:
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        except OSError:
            return False
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_encode(fingerprint, arrays))
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            return False
        return True


def _aligned(position: int) -> int:
    return -(-position // _ALIGNMENT) * _ALIGNMENT


def _encode(fingerprint: str, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The content of a table file."""
    layout: dict[str, tuple[str, tuple[int, ...], int]] = {}
    payload = bytearray()
    for name, array in arrays.items():
        payload.extend(bytes(_aligned(len(payload)) - len(payload)))
        layout[name] = (array.dtype.str, array.shape, len(payload))
        payload.extend(array.tobytes())
    header = json.dumps({"fingerprint": fingerprint, "arrays": layout}).encode()
    start = _PREFIX.size + len(header)
    body = header + bytes(_aligned(start) - start) + payload
    checksum = zlib.crc32(body, zlib.crc32(len(header).to_bytes(4, "little")))
    return _PREFIX.pack(_MAGIC, checksum, len(header)) + body


def _decode(content: mmap.mmap, fingerprint: str, names: Sequence[str]) -> dict[str, Any] | None:
    """The arrays in a mapped file, as read-only views of it; None where the file fails a check."""
    if len(content) < _PREFIX.size:
        return None
    magic, checksum, length = _PREFIX.unpack_from(content)
    with memoryview(content) as view:
        if magic != _MAGIC or zlib.crc32(view[_CRC_END:]) != checksum:
            return None
    header = json.loads(content[_PREFIX.size : _PREFIX.size + length])
    if header["fingerprint"] != fingerprint or list(header["arrays"]) != list(names):
        return None
    start = _aligned(_PREFIX.size + length)
    arrays: dict[str, Any] = {}
    for name, (dtype, shape, offset) in header["arrays"].items():
        if np.dtype(dtype).byteorder not in "=|":
            return None  # written by a machine of the other byte order
        arrays[name] = _array(content, dtype, shape, start + offset)
    return arrays


def _array(content: mmap.mmap, dtype: str, shape: list[int], offset: int) -> NDArray[np.generic]:
    """One array of the file, without copying."""
    count = int(np.prod(shape))
    if count == 0:
        empty: NDArray[np.generic] = np.empty(shape, np.dtype(dtype))
        empty.flags.writeable = False
        return empty
    return np.frombuffer(content, np.dtype(dtype), count, offset).reshape(shape)
