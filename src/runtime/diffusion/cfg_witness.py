"""One completion of a canvas: a derivation out of the rows, its terminals, and tokens that are lexed into them.

::

    rows      top ─> start END ─> ...       a derivation, top down; spans (symbol, p, q) that the rows have
    terminals "{" STRING ":" ...            with the places between which each one is emitted
    states    start ─> ... ─> start         lexer states before each token, forwards, then one path of them backwards
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...kernels.canvas.cfg_arrays import Chart, Rules
from ..vocabulary import Vocabulary
from .cfg_items import CanvasItems
from .cfg_keys import SET, ItemKind, key_kind, key_place
from .cfg_lattice import Lattice
from .cfg_nodes import TokenNodes, state_bits

__all__ = ["derived_path", "path_tokens"]

Step = tuple[int, int, int]
"""(node, terminal or -1 for an empty edge, node)."""


class _Rows:
    """Questions to a chart."""

    def __init__(self, rules: Rules, found: Lattice, chart: Chart) -> None:
        self.rules = rules
        self.graph = found.graph
        self.chart = chart

    def has(self, symbol: int, source: int, target: int) -> bool:
        """Whether a symbol derives some path from one node to another."""
        row = int(self.chart.number[symbol, source])
        low = int(self.graph.low[source])
        if row < 0 or target >> 6 < low:
            return False
        return bool(int(self.chart.bits[int(self.chart.begin[row]) + (target >> 6) - low]) >> (target & 63) & 1)

    def reached(self, symbol: int, source: int) -> list[int]:
        """The nodes of a row, ascending."""
        row = int(self.chart.number[symbol, source])
        if row < 0:
            return []
        low = int(self.graph.low[source])
        begin = int(self.chart.begin[row])
        words = self.chart.bits[begin : begin + len(self.chart.delta) - low]
        bits = np.unpackbits(words.view(np.uint8), bitorder="little")
        return [64 * low + int(bit) for bit in np.flatnonzero(bits)]

    def nullable(self, symbol: int) -> bool:
        return bool(self.rules.nullable[symbol])

    def units(self, symbol: int) -> list[int]:
        """Symbols that may stand for this one on the same span, all else being empty."""
        rules = self.rules
        found = rules.unit[rules.unit_offset[symbol] : rules.unit_offset[symbol + 1]].tolist()
        for one, other in self.pairs(symbol):
            if self.nullable(one):
                found.append(other)
            if self.nullable(other):
                found.append(one)
        return [int(one) for one in found]

    def pairs(self, symbol: int) -> list[tuple[int, int]]:
        rules = self.rules
        rows = rules.pair[rules.pair_offset[symbol] : rules.pair_offset[symbol + 1]].tolist()
        return [(one, other) for one, other in rows]


def derived_path(rules: Rules, found: Lattice, chart: Chart) -> list[Step]:
    """The edges of one text, from the start of a graph to its end; the graph has no cycles, and a text."""
    rows = _Rows(rules, found, chart)
    path: list[Step] = []
    pending = [(rules.start, found.graph.start, found.graph.final)]
    while pending:
        symbol, source, target = pending.pop()
        for other in _spanning(rows, symbol, source, target):
            if other <= rules.terminals:
                path.extend(_terminal_steps(rows, other, source, target))
                break
            split = _split(rows, other, source, target)
            if split is not None:
                one, two, middle = split
                pending.append((two, middle, target))
                pending.append((one, source, middle))
                break
    return path


def _spanning(rows: _Rows, symbol: int, source: int, target: int) -> list[int]:
    """A symbol and those that it leads to by rules whose other symbols are empty, all on the same span."""
    found = [symbol]
    for one in found:
        if one > rows.rules.terminals:
            found.extend(
                other
                for other in dict.fromkeys(rows.units(one))
                if other not in found and rows.has(other, source, target)
            )
    return found


def _split(rows: _Rows, symbol: int, source: int, target: int) -> tuple[int, int, int] | None:
    """A rule of two symbols, and the node between them, neither of them empty."""
    for one, two in rows.pairs(symbol):
        for middle in rows.reached(one, source):
            if source != middle != target and rows.has(two, middle, target):
                return one, two, middle
    return None


def _terminal_steps(rows: _Rows, terminal: int, source: int, target: int) -> list[Step]:
    """The empty edges before a terminal, and its edge."""
    graph = rows.graph
    steps: list[Step] = []
    while True:
        edges = graph.edge[graph.edge_offset[source] : graph.edge_offset[source + 1]].tolist()
        if [terminal, target] in edges:
            steps.append((source, terminal, target))
            return steps
        after = graph.empty[graph.empty_offset[source] : graph.empty_offset[source + 1]].tolist()
        following = next(node for node in after if rows.has(terminal, node, target))
        steps.append((source, -1, following))
        source = following


def path_tokens(
    nodes: TokenNodes,
    vocabulary: Vocabulary,
    found: Lattice,
    items: CanvasItems,
    fixed: Mapping[int, int],
    path: Sequence[Step],
) -> list[int]:
    """The tokens of a text with these edges, up to the position where it ends."""
    terminals = [terminal for _, terminal, _ in path if terminal >= 0][:-1]
    reached = {0: 0}
    count = 0
    for _, terminal, target in path:
        count += terminal >= 0
        key = int(found.keys[target])
        if key_kind(key) == SET:
            reached.setdefault(key_place(key), count)
    end = items.ends[key_place(int(found.keys[path[-1][0]]))]
    return _Speller(nodes, vocabulary, terminals, items, fixed, reached).tokens(end)


class _Speller:
    """Finds lexer states for every position, forwards, and tokens along one path of them, backwards."""

    def __init__(
        self,
        nodes: TokenNodes,
        vocabulary: Vocabulary,
        terminals: list[int],
        items: CanvasItems,
        fixed: Mapping[int, int],
        reached: Mapping[int, int],
    ) -> None:
        self._nodes = nodes
        self._vocabulary = vocabulary
        self._terminals = terminals
        self._items = items
        self._fixed = fixed
        self._reached = reached
        self._emissions = [frozenset(classes) for classes in nodes.sets.lexer.emissions]

    def tokens(self, end: int) -> list[int]:
        """Tokens of the positions before the end of the text."""
        # Hypotheses (lexer state, terminals emitted); each knows one predecessor and the token between.
        levels: list[dict[tuple[int, int], tuple[tuple[int, int], int]]] = [{(0, 0): ((0, 0), -1)}]
        for position in range(end):
            place = self._items.places[position]
            before = levels[-1]
            if self._items.items[place] is ItemKind.OPEN:
                levels.append(self._open(before, place))
            else:
                levels.append(self._written(before, position))
        last = next(one for one in levels[-1] if self._ends(one))
        tokens = []
        for level in reversed(levels[1:]):
            last, token = level[last]
            tokens.append(token)
        return tokens[::-1]

    def _ends(self, hypothesis: tuple[int, int]) -> bool:
        state, count = hypothesis
        left = self._terminals[count:]
        return any(
            (not left if one == 0 else len(left) == 1 and left[0] in self._emissions[one])
            for one in self._nodes.sets.lexer.endings(state)
        )

    def _written(
        self, before: Mapping[tuple[int, int], object], position: int
    ) -> dict[tuple[int, int], tuple[tuple[int, int], int]]:
        """Over a fixed token, byte after byte."""
        token = self._fixed[position]
        lexer = self._nodes.sets.lexer
        now = {one: one for one in before}
        for byte in self._vocabulary.token_bytes(token):
            following: dict[tuple[int, int], tuple[int, int]] = {}
            for (state, count), origin in now.items():
                for one, two, after in lexer.steps(state, byte):
                    total = self._matched(count, [number for number in (one, two) if number])
                    if total >= 0:
                        following.setdefault((after, total), origin)
            now = following
        return {one: (origin, token) for one, origin in now.items()}

    def _open(
        self, before: Mapping[tuple[int, int], object], place: int
    ) -> dict[tuple[int, int], tuple[tuple[int, int], int]]:
        """Over any token that emits what the path has from here to the next position."""
        count, total = self._reached[place], self._reached[place + 1]
        effects = self._nodes.effects
        states = [state for state, known in before if known == count]
        mask = state_bits(states, effects.origin.shape[1])
        hits = np.flatnonzero((effects.origin & mask).any(axis=1) & (effects.length[effects.sequence] == total - count))
        found: dict[tuple[int, int], tuple[tuple[int, int], int]] = {}
        for effect in hits.tolist():
            after = (int(effects.after[effect]), total)
            if after in found:
                continue
            if self._matched(count, effects.emissions(int(effects.sequence[effect]))) == total:
                origin = next(one for one in states if int(effects.origin[effect, one >> 6]) >> (one & 63) & 1)
                found[after] = ((origin, count), int(effects.token[effect]))
        return found

    def _matched(self, count: int, emissions: Sequence[int]) -> int:
        """The terminals emitted after some more emissions; -1 if they are not those of the path."""
        for emission in emissions:
            if count >= len(self._terminals) or self._terminals[count] not in self._emissions[emission]:
                return -1
            count += 1
        return count
