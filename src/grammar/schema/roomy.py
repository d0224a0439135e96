"""Whether arrays of distinct items have room: values enough that which ones are taken shows only in whole items.

::

    {"uniqueItems": true, "items": {"type": "string"}}                 room: , and , " may always follow an item
    {"uniqueItems": true, "items": {"enum": [1, 2, 3]}}                none: which items there were decides about ,
    {"uniqueItems": true, "items": {"type": ["null", "string"]}}       room, but of null and the like there is one

It is not known of all arrays that have room.
"""

from __future__ import annotations

from collections.abc import Callable

from ...kernels.opcodes import NumberKind
from .arrays import ArrayState
from .atoms import Unique
from .document import Document
from .shapes import Conjunction, Shape, Types
from .verdicts import joined

__all__ = ["Room"]

_MANY = 1_000_000
"""Values that an array has room for if its items are strings of any one character."""

_LITERALS = Types.NULL | Types.TRUE | Types.FALSE
_CONTAINERS = ((Types.ARRAY, "array"), (Types.OBJECT, "object"))


class Room:
    """Says which states have room.

    Args:
        document: the document.
        shapes: the alternatives of a conjunction.
        values: whether a conjunction has more different values than a number.
    """

    def __init__(
        self,
        document: Document,
        shapes: Callable[[Conjunction], list[Shape]],
        values: Callable[[Conjunction, int], bool],
    ) -> None:
        self._document = document
        self._shapes = shapes
        self._values = values
        self._counts: dict[Conjunction, int] = {}

    def holds(self, state: ArrayState) -> bool:
        """True if whether an item may follow, and how it may begin, does not hang on the values so far."""
        if state.clauses != ((Unique(),),):
            return False
        items = state.family.items
        ahead = max(items.fewest - state.index, 0)
        wanted = ahead + len(state.values) + 2
        last = max(state.index, min(state.index + ahead, len(items.prefix)))
        to_come = {items.at(index) for index in range(state.index, last + 1)}
        return wanted < _MANY and all(self._many(conjuncts, wanted) for conjuncts in to_come)

    def _many(self, conjuncts: Conjunction, wanted: int) -> bool:
        """True if a conjunction has more values than wanted of each type but the literals."""
        shapes = self._shapes(conjuncts)
        if not any(shape.types & ~_LITERALS for shape in shapes):
            return False
        if not all(_any_string(shape) and _any_number(shape) for shape in shapes):
            return False
        for bit, name in _CONTAINERS:
            there = [shape for shape in shapes if shape.types & bit]
            if there and not any(_anything(shape, bit) for shape in there):
                container = (self._document.synthetic({"type": name}, "").index,)
                if not self._more(joined(conjuncts, container), wanted):
                    return False
        return True

    def _more(self, conjuncts: Conjunction, wanted: int) -> bool:
        """True if a conjunction has more values than wanted. More are counted at once than are asked for."""
        known = self._counts.get(conjuncts, 0)
        if known <= wanted:
            known = self._counts[conjuncts] = 2 * wanted if self._values(conjuncts, 2 * wanted) else -1
        return known > wanted


def _any_string(shape: Shape) -> bool:
    if not shape.types & Types.STRING:
        return True
    return shape.strings is None and not shape.automatic and (shape.max_length is None or shape.max_length > 0)


def _any_number(shape: Shape) -> bool:
    """Whether any number, or any integer, may be; numbers that begin with a digit are as many as one likes then."""
    if not shape.types & Types.NUMBER:
        return True
    bounds = shape.numbers is None and shape.minimum is None and shape.maximum is None
    return bounds and shape.multiple is None and not shape.not_multiples and shape.number is not NumberKind.EQUAL


def _anything(shape: Shape, bit: int) -> bool:
    """True if nothing is said of the arrays or objects of a shape."""
    return not (shape.arrays or shape.array_clauses if bit == Types.ARRAY else shape.objects or shape.object_clauses)
