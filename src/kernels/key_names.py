"""What a KEY configuration knows of the key that it reads: its field ``b``.

::

    b:   name << 32 | state of the key automaton        name < 0:  all of the key so far, the NAME -name
                                                         name > 0:  the same, and some key of the object begins so
                                                         name = 0:  no key of the object begins so; more is not known

A key that has come must not come again, so texts are read with the first kind. The other two are what walks of the
vocabulary see (``key_views.py``): as far as the next key is concerned they let through the same,
and there are few of them, while every text of a key would make configurations of its own.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .memory import HEADER
from .names import name_child, names_below

__all__ = ["key_name", "key_state", "longer_name", "packed_key"]

_INT = types.int64

_STATE = np.int64(0xFFFFFFFF)


@inner(_INT(_INT))
def key_state(packed):
    """State of the key automaton."""
    return packed & _STATE


@inner(_INT(_INT))
def key_name(packed):
    """The key so far, see above."""
    return packed >> 32


@inner(_INT(_INT, _INT))
def packed_key(name, state):
    """Field ``b``."""
    return (name << 32) | state


@inner(_INT(HEADER, _INT, _INT, _INT))
def longer_name(header, names, name, code):
    """The key with one more character, of an object with these keys."""
    if name < 0:
        return -name_child(header, -name, code)
    return names_below(header, names, name, code) if name > 0 else np.int64(0)
