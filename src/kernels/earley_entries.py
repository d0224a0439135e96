"""The functions of context-free grammars that are called through an address, and those that Python calls.

Apart from ``entries.py``, so that a process without grammars never compiles them. What is called from several places is
called through an address, and so compiled once::

    earley_step --SCAN----> scan -------> --ENVIRONMENT--> environment_of
                                          --NODE---------> return_node    --DROP--> drop_subsumed (of any set of items)
                --BEGIN---> start_of ---> --ENVIRONMENT, LEXER
                --LEXER---> intern_lexer
                --LIVE----> record_live > --BOUND--------> record_bound
"""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from .columns import SCALARS, Scalar
from .compiling import address, entry
from .earley import earley_complete, earley_initial, earley_step
from .earley_bound import config_bound, record_bound
from .earley_items import drop_subsumed
from .earley_lexer import intern_lexer, start_of
from .earley_live import record_live
from .earley_mask import earley_mask
from .earley_return import return_node
from .earley_set import environment_of, scan
from .memory import HEADER, call_entry, header_at

__all__ = [
    "earley_bound_entry",
    "earley_complete_entry",
    "earley_initial_entry",
    "earley_step_entry",
    "install_earley_entries",
]

_INT = types.int64
_ENTRY = _INT(_INT, _INT, _INT, _INT)


@address(_ENTRY)
def _step(address, config, byte, _unused):
    return earley_step(header_at(address), config, byte)


@address(_ENTRY)
def _complete(address, config, _unused, _unused_too):
    return 1 if earley_complete(header_at(address), config) else 0


@address(_ENTRY)
def _drop(address, base, length, system):
    return drop_subsumed(header_at(address), base, length, system)


@address(_ENTRY)
def _node(address, nonterminal, environment, base):
    return return_node(header_at(address), nonterminal, environment, base)


@address(_ENTRY)
def _scan(address, earley_set, terminals, base):
    return scan(header_at(address), earley_set, terminals, base)


@address(_ENTRY)
def _begin(address, earley_set, base, _unused):
    return start_of(header_at(address), earley_set, base)


@address(_ENTRY)
def _lexer(address, base, length, _unused):
    return intern_lexer(header_at(address), base, length)


@address(_ENTRY)
def _environment(address, earley_set, base, _unused):
    return environment_of(header_at(address), earley_set, base)


@address(_ENTRY)
def _live(address, record, base, _unused):
    return record_live(header_at(address), record, base)


@address(_ENTRY)
def _bound(address, earley_set, lexer, base):
    return record_bound(header_at(address), earley_set, lexer, base)


@address(_ENTRY)
def _mask(address, config, mask, _unused):
    return earley_mask(header_at(address), config, mask)


@entry(_INT(HEADER, _INT, _INT))
def earley_initial_entry(header, grammar, parent):
    """See :func:`earley.earley_initial`."""
    return earley_initial(header, grammar, parent)


@entry(_INT(HEADER, _INT, _INT))
def earley_step_entry(header, config, byte):
    """See :func:`earley.earley_step`."""
    return call_entry(header, Scalar.EARLEY_STEP_ENTRY, config, byte, 0)


@entry(types.boolean(HEADER, _INT))
def earley_complete_entry(header, config):
    """See :func:`earley.earley_complete`."""
    return call_entry(header, Scalar.EARLEY_COMPLETE_ENTRY, config, 0, 0) != 0


@entry(_INT(HEADER, _INT))
def earley_bound_entry(header, config):
    """See :func:`earley_bound.config_bound`."""
    return config_bound(header, config)


def install_earley_entries(header: NDArray[np.int64]) -> None:
    """Write the addresses of this process's compiled functions into a header."""
    header[SCALARS + Scalar.EARLEY_STEP_ENTRY] = _step.address
    header[SCALARS + Scalar.EARLEY_COMPLETE_ENTRY] = _complete.address
    header[SCALARS + Scalar.EARLEY_DROP_ENTRY] = _drop.address
    header[SCALARS + Scalar.EARLEY_NODE_ENTRY] = _node.address
    header[SCALARS + Scalar.EARLEY_SCAN_ENTRY] = _scan.address
    header[SCALARS + Scalar.EARLEY_BEGIN_ENTRY] = _begin.address
    header[SCALARS + Scalar.EARLEY_LEXER_ENTRY] = _lexer.address
    header[SCALARS + Scalar.EARLEY_ENVIRONMENT_ENTRY] = _environment.address
    header[SCALARS + Scalar.EARLEY_LIVE_ENTRY] = _live.address
    header[SCALARS + Scalar.EARLEY_BOUND_ENTRY] = _bound.address
    header[SCALARS + Scalar.EARLEY_MASK_ENTRY] = _mask.address
