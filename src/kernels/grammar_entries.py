"""The two functions of context-free grammars that the machine calls through an address (see ``memory.call_entry``).

Apart from ``entries.py``, so that a process without grammars never compiles them.
"""

from __future__ import annotations

import numpy as np
from numba import cfunc, types
from numpy.typing import NDArray

from .columns import SCALARS, Scalar
from .earley import earley_complete, earley_step
from .memory import header_at

__all__ = ["install_grammar_entries"]

_ENTRY = types.int64(types.int64, types.int64, types.int64, types.int64)
_OPTIONS = {"cache": True, "nopython": True, "error_model": "numpy"}


@cfunc(_ENTRY, **_OPTIONS)
def _step(address, config, byte, _unused):
    return earley_step(header_at(address), config, byte)


@cfunc(_ENTRY, **_OPTIONS)
def _complete(address, config, _unused, _unused_too):
    return 1 if earley_complete(header_at(address), config) else 0


def install_grammar_entries(header: NDArray[np.int64]) -> None:
    """Write the addresses of this process's compiled functions into a header."""
    header[SCALARS + Scalar.EARLEY_STEP_ENTRY] = _step.address
    header[SCALARS + Scalar.EARLEY_COMPLETE_ENTRY] = _complete.address
