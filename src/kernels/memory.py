"""One header array holds a whole machine: addresses, capacities and scalars; typed loads and stores go through it.

A numba call with thirty array arguments costs 3 us, with one array 0.2 us. So every kernel takes one ``int64`` array::

    header:  [ address of column 0, 1, ... | capacity of column 0, 1, ... | scalar 0, 1, ... ]
                        |
                        v
              Column.CONFIG_OP: int32[capacity]   ...   each a numpy array that arena.py owns

``get_i32(header, Column.CONFIG_OP, i)`` is ``config_op[i]``. With ``GRAMARYE_BOUNDS=1`` in the environment when the
package is first imported, each access is checked against the column's capacity (an out-of-bounds access then stops the
process with a message); without it an access is one load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from .columns import COLUMN_DTYPES, COLUMNS, HEADER_LENGTH, SCALARS, Column, Scalar
from .compiling import CHECKED, inner

__all__ = [
    "COLUMNS",
    "COLUMN_DTYPES",
    "HEADER",
    "HEADER_LENGTH",
    "SCALARS",
    "Column",
    "Scalar",
    "address_32",
    "address_64",
    "call_entry",
    "get_i32",
    "get_i64",
    "get_u8",
    "get_u32",
    "get_u64",
    "header_at",
    "load_i32",
    "load_i64",
    "load_u32",
    "load_u64",
    "put_i32",
    "put_i64",
    "put_u32",
    "put_u64",
    "store_i32",
    "store_i64",
    "store_u32",
    "words_at",
]

HEADER = types.Array(types.int64, 1, "C")
"""numba type of the header."""


def _address(context: Any, builder: Any, signature: Any, args: Any, bits: int) -> Any:
    """IR for the address of element ``args[2]`` of column ``args[1]``."""
    header = context.make_array(signature.args[0])(context, builder, args[0])
    base = builder.load(builder.gep(header.data, [args[1]]))
    if CHECKED:
        at = builder.add(args[1], ir.Constant(ir.IntType(64), COLUMNS))
        capacity = builder.load(builder.gep(header.data, [at]))
        outside = builder.icmp_unsigned(">=", args[2], capacity)
        with builder.if_then(outside, likely=False):
            cgutils.printf(builder, "gramarye: column %lld has %lld elements, index %lld\n", args[1], capacity, args[2])
            trap = builder.module.declare_intrinsic("llvm.trap", (), ir.FunctionType(ir.VoidType(), []))
            builder.call(trap, [])
    pointer = builder.inttoptr(base, ir.IntType(bits).as_pointer())
    return builder.gep(pointer, [args[2]])


def _loader(element: Any, bits: int) -> Callable[..., Any]:
    @intrinsic
    def load(typing_context: Any, header: Any, column: Any, index: Any) -> Any:
        signature = element(header, types.int64, types.int64)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.load(_address(context, builder, signature, args, bits))

        return signature, generate

    return cast(Callable[..., Any], load)


def _storer(element: Any, bits: int) -> Callable[..., Any]:
    @intrinsic
    def store(typing_context: Any, header: Any, column: Any, index: Any, value: Any) -> Any:
        signature = types.void(header, types.int64, types.int64, element)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            builder.store(args[3], _address(context, builder, signature, args, bits))
            return context.get_dummy_value()

        return signature, generate

    return cast(Callable[..., Any], store)


get_i32 = _loader(types.int32, 32)
get_i64 = _loader(types.int64, 64)
get_u8 = _loader(types.uint8, 8)
get_u32 = _loader(types.uint32, 32)
get_u64 = _loader(types.uint64, 64)
put_i32 = _storer(types.int32, 32)
put_i64 = _storer(types.int64, 64)
put_u32 = _storer(types.uint32, 32)
put_u64 = _storer(types.uint64, 64)


def _addresser(bits: int) -> Callable[..., Any]:
    """Address of an element of a column of such words, for loops that move neither the header nor the column.

    A load through the header cannot leave a loop that stores, for all that the compiler knows of aliases: copying a
    mask element by element through it takes 4 us, through its address 0.5.
    """

    @intrinsic
    def address(typing_context: Any, header: Any, column: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.ptrtoint(_address(context, builder, signature, args, bits), ir.IntType(64))

        return types.int64(header, types.int64, types.int64), generate

    made: Callable[..., Any] = address
    return made


address_32 = _addresser(32)
address_64 = _addresser(64)


def _load_at(element: Any, bits: int) -> Callable[..., Any]:
    @intrinsic
    def load(typing_context: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], ir.IntType(bits).as_pointer())
            return builder.load(builder.gep(pointer, [args[1]]))

        return element(types.int64, types.int64), generate

    made: Callable[..., Any] = load
    return made


def _store_at(element: Any, bits: int) -> Callable[..., Any]:
    @intrinsic
    def store(typing_context: Any, address: Any, index: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], ir.IntType(bits).as_pointer())
            builder.store(args[2], builder.gep(pointer, [args[1]]))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, element), generate

    made: Callable[..., Any] = store
    return made


load_i32 = _load_at(types.int32, 32)
load_i64 = _load_at(types.int64, 64)
load_u32 = _load_at(types.uint32, 32)
load_u64 = _load_at(types.uint64, 64)
store_i32 = _store_at(types.int32, 32)
store_i64 = _store_at(types.int64, 64)
store_u32 = _store_at(types.uint32, 32)


@intrinsic
def call_entry(typing_context: Any, header: Any, scalar: Any, x: Any, y: Any, z: Any) -> Any:
    """``entry(header, x, y, z)`` for the compiled function whose address is in a scalar of the header.

    A direct call makes numba compile the callee into every caller again; calls through an address keep the time of the
    first import down (28 s of CPU without them).
    """
    signature = types.int64(header, types.int64, types.int64, types.int64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        word = ir.IntType(64)
        slot = builder.add(args[1], ir.Constant(word, SCALARS))
        address = builder.load(builder.gep(array.data, [slot]))
        function = builder.inttoptr(address, ir.FunctionType(word, [word] * 4).as_pointer())
        return builder.call(function, [builder.ptrtoint(array.data, word), *args[2:]])

    return signature, generate


@intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    """An integer as a void pointer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@inner(HEADER(types.int64))
def header_at(address: Any) -> Any:
    """The header at an address."""
    return carray(_pointer(address), (HEADER_LENGTH,), np.int64)


@inner(types.Array(types.uint32, 1, "C")(types.int64, types.int64))
def words_at(address: Any, count: Any) -> Any:
    """``count`` words of a mask at an address."""
    return carray(_pointer(address), (count,), np.uint32)
