"""Numbers of a set by the text alone: membership by fractions, and by trial of every short continuation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Rule", "is_number"]

_NUMBER = re.compile(r"(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?")


@dataclass(frozen=True)
class Rule:
    """What is asked of a number; bounds are (value, excluded)."""

    minimum: tuple[Fraction, bool] | None = None
    maximum: tuple[Fraction, bool] | None = None
    multiples: tuple[Fraction, ...] = ()
    not_multiples: tuple[Fraction, ...] = ()
    excluded: tuple[Fraction, ...] = ()
    fraction: bool = True
    exponent: bool = True
    marked: bool = False

    def holds(self, value: Fraction) -> bool:
        """True if a value belongs to it."""
        if self.minimum is not None and (value < self.minimum[0] or (self.minimum[1] and value == self.minimum[0])):
            return False
        if self.maximum is not None and (value > self.maximum[0] or (self.maximum[1] and value == self.maximum[0])):
            return False
        if any((value / one).denominator != 1 for one in self.multiples):
            return False
        return value not in self.excluded and all((value / one).denominator != 1 for one in self.not_multiples)


def is_number(rule: Rule, text: str) -> bool:
    """True if a text is a number that keeps a rule, and is spelled as the rule wants it."""
    match = _NUMBER.fullmatch(text)
    if not match:
        return False
    sign, whole, fraction, exponent = match.groups()
    if (fraction is not None and not rule.fraction) or (exponent is not None and not rule.exponent):
        return False
    if rule.marked and fraction is None and exponent is None:
        return False
    digits = int(whole + (fraction or ""))
    value = Fraction(digits) * Fraction(10) ** (int(exponent or "0") - len(fraction or ""))
    return rule.holds(-value if sign else value)
