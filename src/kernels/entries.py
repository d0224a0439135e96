"""The functions that kernels call through an address: compiled once, not once into every caller.

::

    walk ... transition --STEP_ENTRY--> step --JSON_STEP_ENTRY-----> json_step --STEP_ENTRY, VIEW_ENTRY--> ...
                                             --EARLEY_STEP_ENTRY---> earley_step   (earley_entries.py)
"""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from .compiling import address
from .json_machine import json_step
from .key_views import viewed
from .machine import step
from .memory import SCALARS, Scalar, header_at

__all__ = ["install_entries"]

_ENTRY = types.int64(types.int64, types.int64, types.int64, types.int64)


@address(_ENTRY)
def _step(address, config, byte, _unused):
    return step(header_at(address), config, byte)


@address(_ENTRY)
def _json_step(address, config, byte, at):
    return json_step(header_at(address), config, byte, at)


@address(_ENTRY)
def _view(address, config, byte, at):
    return viewed(header_at(address), config, byte, at)


def install_entries(header: NDArray[np.int64]) -> None:
    """Write the addresses of this process's compiled functions into a header."""
    header[SCALARS + Scalar.STEP_ENTRY] = _step.address
    header[SCALARS + Scalar.JSON_STEP_ENTRY] = _json_step.address
    header[SCALARS + Scalar.VIEW_ENTRY] = _view.address
