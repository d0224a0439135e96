"""Completions of a canvas, looked for where they are cheap to find first; exact all the same.

Open positions behind the last fixed one, its *tail*, may be cut off by an end token, so a completion within a part of
the tail is one of the whole canvas. In this order::

    1  every run of open positions a hole                 no completion: there is none    (lengths free: an upper bound)
    2  few tokens (cfg_core.py), a short tail             a completion: done              (a lower bound)
    3  all tokens, the tail a hole                        no completion: there is none
    4  few tokens, longer tails                           a completion: done
    5  all tokens, longer and longer tails                decides
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...errors import LimitError
from .canvas_protocol import End
from .cfg_items import CanvasItems, canvas_items
from .cfg_keys import FINAL, Item, ItemKind, node_key
from .cfg_nodes import TokenNodes
from .cfg_tables import TokenGrammar, reaches
from .cfg_witness import derived_path, path_tokens

__all__ = ["CompletionSearch"]

_SHORT_TAIL = 4
_MOST_TOKENS = 1 << 14
"""Tokens within which the shortest completion is looked for."""


class CompletionSearch:
    """Finds completions of the canvases of one grammar.

    Args:
        grammar: the tables.
        end: how texts end.
    """

    def __init__(self, grammar: TokenGrammar, end: End) -> None:
        self._grammar = grammar
        self._end = end

    def completion(self, fixed: Mapping[int, int], length: int) -> list[int] | None:
        """The tokens of some text of a canvas, end tokens left out; None if there is none."""
        items = self._items(fixed, length)
        grammar = self._grammar
        if items is None or not grammar.derives(grammar.text_lattice(items.free)):
            return None
        tails = list(_tails(items))
        found = self._within(grammar.core, items.cut(tails[0]), fixed)
        if found is not None:
            return found
        if len(tails) > 1:
            open_end: list[Item] = [*items.items[: items.places[items.earliest]], ItemKind.HOLE]
            if not grammar.derives(grammar.token_lattice(grammar.nodes, open_end, {len(open_end)})):
                return None
        for nodes in (grammar.core, grammar.nodes):
            for tail in tails[1:] if nodes is grammar.core else tails:
                found = self._within(nodes, items.cut(tail), fixed)
                if found is not None:
                    return found
        return None

    def shortest(self, fixed: Mapping[int, int], length: int) -> int | None:
        """The fewest tokens of any text that agrees with what is fixed, on a canvas as long as it takes.

        Raises:
            LimitError: none was found within 16,384 tokens, and it was not proved that there is none.
        """
        grammar = self._grammar
        size = max(fixed, default=-1) + 1
        while True:
            items = canvas_items(grammar.vocabulary, size, fixed, "padded")
            if items is None:
                return None
            items = items.any_end
            if not grammar.derives(grammar.text_lattice([*items.free, ItemKind.HOLE])):
                return None
            ended = self._ends(items)
            if ended:
                return ended[0]
            if items.latest < size or (size >= length and not self._extensible(items)):
                return None
            if size > _MOST_TOKENS:
                raise LimitError(f"no completion was found within {size:,} tokens")
            size = max(2, size + max(1, size // 4))

    def _extensible(self, items: CanvasItems) -> bool:
        """Whether some longer tail would do, of any bytes."""
        grammar = self._grammar
        open_end: list[Item] = [*items.items[: items.places[items.earliest]], ItemKind.HOLE]
        return grammar.derives(grammar.token_lattice(grammar.nodes, open_end, {len(open_end)}))

    def _items(self, fixed: Mapping[int, int], length: int) -> CanvasItems | None:
        return canvas_items(self._grammar.vocabulary, length, fixed, self._end)

    def _within(self, nodes: TokenNodes, items: CanvasItems, fixed: Mapping[int, int]) -> list[int] | None:
        """A completion with the given moves over tokens."""
        grammar = self._grammar
        found = grammar.token_lattice(nodes, items.items, items.ends)
        if found is None:
            return None
        chart = grammar.chart(found)
        if not reaches(grammar.rules, found, chart):
            return None
        path = derived_path(grammar.rules, found, chart)
        return path_tokens(nodes, grammar.vocabulary, found, items, fixed, path)

    def _ends(self, items: CanvasItems) -> list[int]:
        """Positions at which some text ends, ascending."""
        grammar = self._grammar
        found = grammar.token_lattice(grammar.nodes, items.items, items.ends)
        if found is None:
            return []
        chart = grammar.chart(found)
        end = grammar.grammar.end
        nodes = {position: found.node(node_key(place, FINAL, 0, 0)) for place, position in items.ends.items()}
        return sorted(position for position, node in nodes.items() if node >= 0 and chart.number[end, node] >= 0)


def _tails(items: CanvasItems) -> Iterator[int]:
    """Lengths of the tail to be tried, the whole one last."""
    whole = items.latest - items.earliest
    if items.can_end:
        tail = _SHORT_TAIL
        while tail < whole:
            yield tail
            tail *= 4
    yield whole
