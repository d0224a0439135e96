"""Methods that do not keep their objects alive: what belongs to an object may call it without a reference cycle.

What is compiled is in no cycle, so that it goes when its last user does, and nothing waits for the garbage collector.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["weakly"]

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def weakly(method: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """A bound method, for an owner of which the caller is a part.

    Raises:
        ReferenceError: when called after its object is gone.
    """
    held = weakref.WeakMethod(method)

    def call(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        there = held()
        if there is None:
            raise ReferenceError("the object of this method is gone")
        return there(*args, **kwargs)

    return call
