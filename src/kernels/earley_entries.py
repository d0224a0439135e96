"""The functions of context-free grammars that are called through an address (see ``memory.call_entry``).

::

    earley_step --SCAN--> scan -----> --ENVIRONMENT--> environment_of
                                      --NODE---------> return_node    --DROP--> drop_subsumed (of any set of items)
                --BEGIN-> start_of -> --ENVIRONMENT, LEXER
                --LEXER-> intern_lexer

Compiled into every caller instead, the kernels of grammars alone took 14 s of CPU at the first import.
"""

from __future__ import annotations

from numba import cfunc, types

from .columns import SCALARS, Scalar
from .earley_items import drop_subsumed
from .earley_lexer import intern_lexer, start_of
from .earley_live import record_live
from .earley_return import return_node
from .earley_set import environment_of, scan
from .memory import header_at

__all__ = ["install_earley_entries"]

_ENTRY = types.int64(types.int64, types.int64, types.int64, types.int64)
_OPTIONS = {"cache": True, "nopython": True, "error_model": "numpy"}


@cfunc(_ENTRY, **_OPTIONS)
def _drop(address, base, length, system):
    return drop_subsumed(header_at(address), base, length, system)


@cfunc(_ENTRY, **_OPTIONS)
def _node(address, nonterminal, environment, base):
    return return_node(header_at(address), nonterminal, environment, base)


@cfunc(_ENTRY, **_OPTIONS)
def _scan(address, earley_set, terminals, base):
    return scan(header_at(address), earley_set, terminals, base)


@cfunc(_ENTRY, **_OPTIONS)
def _begin(address, earley_set, base, _unused):
    return start_of(header_at(address), earley_set, base)


@cfunc(_ENTRY, **_OPTIONS)
def _lexer(address, base, length, _unused):
    return intern_lexer(header_at(address), base, length)


@cfunc(_ENTRY, **_OPTIONS)
def _environment(address, earley_set, base, _unused):
    return environment_of(header_at(address), earley_set, base)


@cfunc(_ENTRY, **_OPTIONS)
def _live(address, record, base, _unused):
    return record_live(header_at(address), record, base)


def install_earley_entries(header):
    """Write the addresses of this process's compiled functions into a header."""
    header[SCALARS + Scalar.EARLEY_DROP_ENTRY] = _drop.address
    header[SCALARS + Scalar.EARLEY_NODE_ENTRY] = _node.address
    header[SCALARS + Scalar.EARLEY_SCAN_ENTRY] = _scan.address
    header[SCALARS + Scalar.EARLEY_BEGIN_ENTRY] = _begin.address
    header[SCALARS + Scalar.EARLEY_LIVE_ENTRY] = _live.address
    header[SCALARS + Scalar.EARLEY_LEXER_ENTRY] = _lexer.address
    header[SCALARS + Scalar.EARLEY_ENVIRONMENT_ENTRY] = _environment.address
