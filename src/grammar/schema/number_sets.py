"""Sets of numbers that need an automaton of their own: multiples, what is no multiple, all but some.

::

    {"multipleOf": 0.01, "minimum": 0, "exclusiveMaximum": 10, "not": {"enum": [3]}}
        = NumberSet(low=0, high=10, multiple=0.01, excluded={3, 10})

An integer is a multiple of 1, and what is no integer is no multiple of 1, except in draft 4, where the spelling
decides: ``1.0`` is no integer there.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ...kernels.opcodes import NumberKind
from .decimals import ONE, Number, common_multiple, decimal_of, decimal_parts, is_multiple
from .shapes import Shape

__all__ = ["NumberSet", "number_set", "single_number"]


@dataclass(frozen=True, slots=True)
class NumberSet:
    """Numbers, and how they may be spelled.

    Attributes:
        low: none is less.
        high: none is greater.
        multiple: they are multiples of this.
        avoided: they are multiples of none of these.
        excluded: single numbers that do not belong to it.
        fraction: whether a point and digits behind it may be written.
        exponent: whether an exponent may be written.
        marked: whether one of the two must be.
    """

    low: Number | None = None
    high: Number | None = None
    multiple: Number | None = None
    avoided: frozenset[Number] = frozenset()
    excluded: frozenset[Number] = frozenset()
    fraction: bool = True
    exponent: bool = True
    marked: bool = False

    def holds(self, number: Number) -> bool:
        """True if a number belongs to the set, however it is spelled."""
        if number in self.excluded or (self.multiple is not None and not is_multiple(number, self.multiple)):
            return False
        if any(is_multiple(number, one) for one in self.avoided):
            return False
        value = decimal_of(number)
        return (self.low is None or decimal_of(self.low) <= value) and (
            self.high is None or value <= decimal_of(self.high)
        )

    @property
    def words(self) -> str:
        """What the numbers are."""
        parts = []
        if self.multiple is not None:
            parts.append("an integer" if self.multiple == ONE else f"a multiple of {_shown(self.multiple)}")
        parts.extend("no integer" if one == ONE else f"no multiple of {_shown(one)}" for one in sorted(self.avoided))
        if self.marked:
            parts.append("written with a fraction or an exponent")
        if self.low is not None or self.high is not None:
            parts.append("between the bounds")
        if self.excluded:
            parts.append("not excluded")
        return "a number that is " + " and ".join(parts) if parts else "a number"


def _shown(number: Number) -> str:
    return format(decimal_of(number), "f" if abs(number[2]) < 20 else "e")


def number_set(shape: Shape, *, plain: bool) -> NumberSet | None:
    """The numbers of a shape, ``shape.numbers`` aside; None if there plainly are none.

    Args:
        shape: the shape.
        plain: in plain spelling: no exponents, integers without fraction.
    """
    literal = shape.number is NumberKind.INTEGER_LITERAL
    if literal and shape.fractional:
        return None
    multiple = shape.multiple
    if shape.number is not NumberKind.ANY:
        multiple = ONE if multiple is None else common_multiple(multiple, ONE)
    integers = multiple is not None and multiple[2] >= 0
    whole = literal or (plain and integers and not shape.fractional)
    if multiple is not None and any(is_multiple(multiple, one) for one in shape.not_multiples):
        return None
    low, excluded = _inclusive(shape.minimum, shape.excluded_numbers)
    high, excluded = _inclusive(shape.maximum, excluded)
    if low is not None and high is not None and decimal_of(low) > decimal_of(high):
        return None
    wide = NumberSet(low, high, multiple, shape.not_multiples)
    return NumberSet(
        low,
        high,
        multiple,
        shape.not_multiples,
        frozenset(one for one in excluded if wide.holds(one)),
        fraction=not whole,
        exponent=not whole and not plain,
        marked=shape.fractional,
    )


def _inclusive(
    bound: tuple[Decimal, bool] | None, excluded: frozenset[Number]
) -> tuple[Number | None, frozenset[Number]]:
    """A bound that holds itself, and what it leaves out."""
    if bound is None:
        return None, excluded
    value = decimal_parts(bound[0])
    return value, excluded | {value} if bound[1] else excluded


def single_number(shape: Shape, number: Number, *, plain: bool) -> NumberSet | None:
    """One number of a shape as a set, for its spellings; None if it has none."""
    literal = shape.number is NumberKind.INTEGER_LITERAL
    if literal and (shape.fractional or number[2] < 0):
        return None
    whole = literal or (plain and number[2] >= 0 and not shape.fractional)
    return NumberSet(number, number, fraction=not whole, exponent=not whole and not plain, marked=shape.fractional)
