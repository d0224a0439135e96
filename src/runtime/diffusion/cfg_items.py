"""A canvas as the items of a lattice: which bytes are fixed, which tokens are open, and where the text may end.

::

    canvas     '{"a'   open   '":'   open   open   <eos>  open         end="padded"
    items      { " a   OPEN   " :    OPEN   OPEN                       the text ends at the latest before the end token
    ends                                ^      ^      ^                and at the earliest behind the last fixed token
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..vocabulary import Vocabulary
from .canvas_protocol import End
from .cfg_keys import Item, ItemKind

__all__ = ["CanvasItems", "canvas_items"]


@dataclass(frozen=True, slots=True)
class CanvasItems:
    """The text of a canvas.

    Attributes:
        items: bytes and open tokens.
        places: for each position of the text, and its end, the place of its first item.
        earliest, latest: positions at which the text may end.
        can_end: whether it may end anywhere between the two; if not, only at the latest.
    """

    items: tuple[Item, ...]
    places: tuple[int, ...]
    earliest: int
    latest: int
    can_end: bool

    @property
    def ends(self) -> dict[int, int]:
        """Positions at which the text may end, by place."""
        first = self.earliest if self.can_end else self.latest
        return {self.places[position]: position for position in range(first, self.latest + 1)}

    @property
    def any_end(self) -> CanvasItems:
        """The same text, free to end anywhere behind what is fixed."""
        return replace(self, can_end=True)

    def cut(self, tail: int) -> CanvasItems:
        """The text with only the first positions of its tail."""
        latest = self.earliest + tail
        return replace(self, items=self.items[: self.places[latest]], places=self.places[: latest + 1], latest=latest)

    def windowed(self, width: int) -> CanvasItems:
        """The text with holes for all open tokens behind the first `width`: a bound, lengths being free there."""
        opened = [place for place, item in enumerate(self.items) if item is ItemKind.OPEN]
        if len(opened) <= width:
            return self
        edge = opened[width]
        rest = _with_holes(self.items[edge:])
        position = self.places.index(edge)
        places = self.places[: position + 1]
        if self.can_end and self.earliest <= position:
            return replace(self, items=(*self.items[:edge], ItemKind.HOLE), places=places, latest=position)
        return replace(self, items=(*self.items[:edge], *rest), places=places, latest=position, can_end=False)

    @property
    def free(self) -> list[Item]:
        """The items with a hole for every run of open tokens."""
        return _with_holes(self.items)


def _with_holes(items: Sequence[Item]) -> list[Item]:
    """A hole for every run of open tokens."""
    found: list[Item] = []
    for item in items:
        if item is not ItemKind.OPEN:
            found.append(item)
        elif not found or found[-1] is not ItemKind.HOLE:
            found.append(ItemKind.HOLE)
    return found


def canvas_items(vocabulary: Vocabulary, length: int, fixed: Mapping[int, int], end: End) -> CanvasItems | None:
    """The text of a canvas; None if its fixed tokens contradict each other or spell nothing.

    Args:
        vocabulary: the tokens.
        length: L.
        fixed: token by position.
        end: how texts end.
    """
    finished = [position for position, token in fixed.items() if token in vocabulary.eos_ids]
    written = [position for position in fixed if fixed[position] not in vocabulary.eos_ids]
    latest = min(finished, default=length)
    earliest = max(written, default=-1) + 1
    if earliest > latest or (finished and end == "exact"):
        return None
    items: list[Item] = []
    places = [0]
    for position in range(latest):
        if position in fixed:
            text = vocabulary.token_bytes(fixed[position])
            if not text:
                return None
            items.extend(text)
        else:
            items.append(ItemKind.OPEN)
        places.append(len(items))
    padded = end == "padded" and bool(vocabulary.eos_ids)
    return CanvasItems(tuple(items), tuple(places), earliest, latest, padded)
