"""Holes: what is left open between the fragments of an infilling."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import GramaryeError

__all__ = ["Hole"]


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap to be filled.

    ``Hole(12)`` has 12 tokens, ``Hole(most=12)`` at most 12, ``Hole(least=2, most=12)`` between, ``Hole()`` any number.

    Attributes:
        length: exact number of tokens; None: bounded by the others.
        least: fewest tokens.
        most: most tokens; None: up to the call's bound for free holes.

    Raises:
        GramaryeError: the bounds are negative or contradict each other.
    """

    length: int | None = None
    least: int = 0
    most: int | None = None

    def __post_init__(self) -> None:
        low, high = self.bounds(None)
        if low < 0 or (high is not None and high < low):
            raise GramaryeError(f"a hole of {low} to {high} tokens", expected=["0 <= least <= most"])
        if self.length is not None and (self.least or self.most is not None):
            raise GramaryeError("a hole has a length or bounds", expected=["Hole(12)", "Hole(most=12)", "Hole()"])

    def bounds(self, free: int | None) -> tuple[int, int | None]:
        """Fewest and most tokens; ``free`` where no upper bound was given."""
        if self.length is not None:
            return self.length, self.length
        return self.least, free if self.most is None else self.most
