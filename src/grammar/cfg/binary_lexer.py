"""Lexing without context as an automaton that reads bytes and writes the terminals of the lexemes that end.

A span of a text can be lexed on its own only if the parser has no say in it, so every lexeme may be of any terminal.
For longest match an automaton state is (pool states within the lexeme, watchers): as in kernels/earley.py, a lexeme
that ends although it could have gone on leaves behind the states that must not come to accept. Each byte goes on with
the lexeme, or ends it and begins the next, or both::

    terminals "a" "abc" "bd"                 a b d                                 a b c
    start ──a──> (a) ──b──> (ab)                                     ──c──> start, writes "abc"
                     └─b──> (b; watcher ab), writes "a"  ──d──> start, writes "bd"     └─c──> dies: the watcher accepts

A lexeme that cannot go on is ended at once, so one byte writes at most two *emissions*, interned sets of classes of
terminals (binary.py); 0 writes nothing, which is what ignored terminals do. Dynamic lexing is the same automaton
without watchers: every accepting state may end its lexeme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError
from ..ir import Terminal
from .terminals import TerminalPool

__all__ = ["TokenLexer", "token_lexer"]

_MOST_STATES = 20_000
_States = frozenset[int]
_NONE: _States = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class TokenLexer:
    """The automaton; state 0 is the start, which is also "between two lexemes" without watchers.

    Attributes:
        byte_class: uint8[256].
        classes: number of classes of bytes.
        offset: int32[states * classes + 1] into ``edge``, by state and class.
        edge: int32[., 3]: two emissions, in order, and the state after them.
        final_offset, final: int32; the emissions (0 is one) with which the text may end, by state.
        emissions: classes of terminals by emission; the first is ().
    """

    byte_class: NDArray[np.uint8]
    classes: int
    offset: NDArray[np.int32]
    edge: NDArray[np.int32]
    final_offset: NDArray[np.int32]
    final: NDArray[np.int32]
    emissions: tuple[tuple[int, ...], ...]

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.final_offset) - 1

    def steps(self, state: int, byte: int) -> list[tuple[int, int, int]]:
        """The edges of a state for a byte: emission, emission, state."""
        at = state * self.classes + int(self.byte_class[byte])
        return [(one, two, after) for one, two, after in self.edge[self.offset[at] : self.offset[at + 1]].tolist()]

    def endings(self, state: int) -> list[int]:
        """The emissions with which the text may end."""
        return [int(number) for number in self.final[self.final_offset[state] : self.final_offset[state + 1]]]


def token_lexer(
    pool: TerminalPool,
    terminals: Sequence[Terminal],
    records: NDArray[np.int32],
    class_of: dict[str, int],
    follows: NDArray[np.bool_],
    *,
    dynamic: bool,
) -> TokenLexer:
    """The automaton of a grammar's terminals.

    Args:
        pool: automata of the terminals.
        terminals: in the order of the pool.
        records: int32[terminals, 3]; first state, rank, 1 if ignored (``CfgTables.terminal``).
        class_of: class of the terminals that rules mention, by name.
        follows: bool[classes, classes]; which can come directly after which; lexemes that cannot are not begun.
        dynamic: any split of the text counts, not only longest match.

    Raises:
        LimitError: it has more than 20,000 states.
    """
    classes = [class_of.get(terminal.name, -1) for terminal in terminals]
    return _Maker(pool, records, classes, follows, dynamic).lexer()


class _Maker:
    """Explores states, then drops those from which no text ends."""

    def __init__(
        self,
        pool: TerminalPool,
        records: NDArray[np.int32],
        class_of: list[int],
        follows: NDArray[np.bool_],
        dynamic: bool,
    ) -> None:
        self._trans = pool.trans
        self._pool = pool
        self._terminal = pool.terminal.tolist()
        self._accept = pool.accept.tolist()
        self._records = records.tolist()
        self._class_of = class_of
        self._follow = [sum(1 << int(u) for u in np.flatnonzero(row)) for row in follows]
        self._dynamic = dynamic
        self._emissions: dict[tuple[int, ...], int] = {(): 0}
        self._mask = [0]
        self._taken = [0]
        self._variants: dict[_States, tuple[int, ...]] = {}
        self._steps: dict[_States, list[_States]] = {}
        self._numbers: dict[tuple[_States, _States], int] = {}
        begun = frozenset(int(first) for first in pool.first if first)
        self._begin = begun

    def lexer(self) -> TokenLexer:
        """Explore and trim."""
        states = [(_NONE, _NONE)]
        self._numbers[states[0]] = 0
        edges: list[list[list[tuple[int, int, int]]]] = []
        while len(edges) < len(states):
            row = self._row(*states[len(edges)])
            edges.append([[(one, two, self._number(target, states)) for one, two, target in after] for after in row])
        finals = [self._endings(inside) for inside, _ in states]
        return self._trimmed(edges, finals)

    def _number(self, state: tuple[_States, _States], states: list[tuple[_States, _States]]) -> int:
        known = self._numbers.get(state)
        if known is None:
            if len(states) >= _MOST_STATES:
                raise LimitError(
                    f"the lexer of the grammar has more than {_MOST_STATES:,} states",
                    hint="write repetitions with great counts as rules",
                )
            known = self._numbers[state] = len(states)
            states.append(state)
        return known

    def _row(self, inside: _States, watched: _States) -> list[list[tuple[int, int, tuple[_States, _States]]]]:
        """The edges of a state, by class of bytes."""
        row = []
        longer = self._after(inside)
        watching = self._after(watched)
        fresh = self._after(self._begin)
        ends = self._variant(inside) if inside else (0,)
        for cls in range(self._pool.classes):
            found: list[tuple[int, int, tuple[_States, _States]]] = []
            row.append(found)
            if self._accepting(watching[cls]):
                continue
            if longer[cls]:
                self._enter(found, 0, longer[cls], watching[cls])
            if not fresh[cls] or (inside and not self._dynamic and self._accepting(longer[cls])):
                continue
            still = watching[cls] if self._dynamic or not inside else watching[cls] | longer[cls]
            for emission in ends:
                self._enter(found, emission, fresh[cls], still)
        return row

    def _enter(
        self,
        found: list[tuple[int, int, tuple[_States, _States]]],
        emission: int,
        inside: _States,
        watched: _States,
    ) -> None:
        """Add an edge into a lexeme; one that cannot go on is ended at once."""
        if any(self._after(inside)):
            if self._possible(emission, inside):
                found.append((emission, 0, (inside, watched)))
            return
        found.extend(
            (emission, other, (_NONE, watched))
            for other in self._variant(inside)
            if not emission or not other or self._taken[emission] & self._mask[other]
        )

    def _possible(self, emission: int, inside: _States) -> bool:
        """Whether a lexeme of some terminal of `inside` can stand behind an emission."""
        if not emission:
            return True
        terminals = {self._terminal[state] for state in inside}
        return any(
            self._records[t][2] or (self._class_of[t] >= 0 and self._taken[emission] >> self._class_of[t] & 1)
            for t in terminals
        )

    def _after(self, states: _States) -> list[_States]:
        """The automaton states after one more byte, by its class."""
        known = self._steps.get(states)
        if known is None:
            columns = self._trans[sorted(states)].T.tolist() if states else [[]] * self._pool.classes
            known = [frozenset(state for state in column if state) for column in columns]
            self._steps[states] = known
        return known

    def _accepting(self, states: _States) -> bool:
        return any(self._accept[state] for state in states)

    def _variant(self, states: _States) -> tuple[int, ...]:
        """The emissions of a lexeme that ends here: its terminals, nothing if one is ignored, or either."""
        known = self._variants.get(states)
        if known is not None:
            return known
        accepting = [self._terminal[state] for state in states if self._accept[state]]
        best = max((self._records[terminal][1] for terminal in accepting), default=0)
        if not self._dynamic:
            accepting = [terminal for terminal in accepting if self._records[terminal][1] == best]
        taken = tuple(sorted({self._class_of[terminal] for terminal in accepting} - {-1}))
        variants = [self._emission(taken)] if taken else []
        if any(self._records[terminal][2] for terminal in accepting):
            variants.append(0)
        self._variants[states] = tuple(variants)
        return self._variants[states]

    def _emission(self, classes: tuple[int, ...]) -> int:
        known = self._emissions.get(classes)
        if known is None:
            known = self._emissions[classes] = len(self._emissions)
            self._mask.append(sum(1 << cls for cls in classes))
            after = 0
            for cls in classes:
                after |= self._follow[cls]
            self._taken.append(after)
        return known

    def _endings(self, inside: _States) -> tuple[int, ...]:
        return self._variant(inside) if inside else (0,)

    def _trimmed(self, edges: list[list[list[tuple[int, int, int]]]], finals: list[tuple[int, ...]]) -> TokenLexer:
        """Without edges into states from which no text ends; the states keep their order."""
        sources: list[set[int]] = [set() for _ in edges]
        for state, row in enumerate(edges):
            for found in row:
                for _, _, target in found:
                    sources[target].add(state)
        live = {state for state, endings in enumerate(finals) if endings}
        pending = list(live)
        while pending:
            new = sources[pending.pop()] - live
            live |= new
            pending.extend(new)
        blocks = _bisimilar(edges, finals, live | {0})
        kept = [min(members) for members in blocks]
        number = {state: index for index, members in enumerate(blocks) for state in members}
        offset = [0]
        rows: list[tuple[int, int, int]] = []
        for state in kept:
            for found in edges[state]:
                rows.extend({(one, two, number[target]): None for one, two, target in found if target in number})
                offset.append(len(rows))
        endings = [finals[state] for state in kept]
        final_offset = np.cumsum([0, *map(len, endings)]).astype(np.int32)
        return TokenLexer(
            byte_class=self._pool.byte_class,
            classes=self._pool.classes,
            offset=np.array(offset, np.int32),
            edge=np.array(rows, np.int32).reshape(-1, 3),
            final_offset=final_offset,
            final=np.array([one for some in endings for one in some], np.int32),
            emissions=tuple(self._emissions),
        )


def _bisimilar(
    edges: list[list[list[tuple[int, int, int]]]], finals: list[tuple[int, ...]], states: set[int]
) -> list[list[int]]:
    """The coarsest blocks of states whose edges and endings agree, by Moore's refinement; the block of 0 is first."""
    order = sorted(states)
    block = dict.fromkeys(order, 0)
    count = 0
    signatures: dict[int, object] = {state: frozenset(finals[state]) for state in order}
    while True:
        numbers: dict[object, int] = {}
        block = {state: numbers.setdefault((block[state], signatures[state]), len(numbers)) for state in order}
        if len(numbers) == count:
            break
        count = len(numbers)
        signatures = {
            state: tuple(
                tuple(sorted({(one, two, block[target]) for one, two, target in found if target in block}))
                for found in edges[state]
            )
            for state in order
        }
    members: list[list[int]] = [[] for _ in range(count)]
    for state in order:
        members[block[state]].append(state)
    return members
