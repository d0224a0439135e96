"""Which canvas stands behind ``Constraint.canvas``: one maker a check and a family of constraints.

::

    check="exact"         regex, choice, schema ──> canvas.exact_canvas        forward and backward sets
                          lark, ebnf, gbnf ───────> cfg_canvas.exact_canvas    the token lattice of the grammar
    check="intersection"  all ────────────────────> cfg_canvas.intersection_canvas
    check="lookahead"     all ────────────────────> lookahead.lookahead_canvas

Every maker is called ``maker(constraint, length, fixed, end, **options)``, ``fixed`` being checked.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from ...errors import GramaryeError
from .canvas_protocol import Canvas, Check, End, checked_fixed

if TYPE_CHECKING:
    from ..constraint import Constraint

__all__ = ["make_canvas"]

_CONTEXT_FREE = frozenset({"lark", "ebnf", "gbnf"})


def make_canvas(
    constraint: Constraint,
    length: int,
    fixed: Mapping[int, int] | None,
    *,
    end: End,
    check: Check,
    **options: Any,
) -> Canvas:
    """See :meth:`gramarye.runtime.constraint.Constraint.canvas`."""
    if end not in get_args(End):
        raise GramaryeError(f"end is {end!r}", expected=list(get_args(End)))
    if check not in get_args(Check):
        raise GramaryeError(f"check is {check!r}", expected=list(get_args(Check)))
    given = checked_fixed(length, fixed, len(constraint.vocabulary))
    return _maker(constraint.kind, check)(constraint, length, given, end, **options)


def _maker(kind: str, check: Check) -> Callable[..., Canvas]:
    """The function that makes a canvas; its module is loaded when it is first asked for."""
    if check == "exact":
        module, name = "cfg_canvas" if kind in _CONTEXT_FREE else "canvas", "exact_canvas"
    elif check == "intersection":
        module, name = "cfg_canvas", "intersection_canvas"
    else:
        module, name = "lookahead", "lookahead_canvas"
    maker: Callable[..., Canvas] = getattr(importlib.import_module(f".{module}", __package__), name)
    return maker
