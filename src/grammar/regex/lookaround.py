"""Exact determinisation of patterns with lookarounds and word boundaries, nested at will.

A *thread* is a place in a pattern together with *obligations*: statements about the rest of the text, each a formula
that must (or must not) come true. A *formula* is a set of threads, read as "one of them succeeds", interned as an int::

    a(?=b|c).*x       after "a":   formula 7 = { (after a, {}) }
                      after "ac":  formula 9 = { (after ., {}) }       the lookahead came true at once
    (?!.*--)\\w+       after "-":   formula 5 = { (after \\w, {not 3}) }   3 = { (after .*, {}), (after the first -, {}) }

    advance(formula, context, class) -> formula          FALSE, TRUE, or a set of threads

Lookaheads become obligations when a thread crosses them. Lookbehinds look at what was read, so they are *tracked*: the
*context* holds, for each lookbehind, the formula of all its matches begun so far, and whether the last character is in
the word sets of ``\\b``. A lookbehind that itself looks ahead leaves obligations too. Since a formula moves
deterministically, negation is free: an obligation is just marked. A state of the result is a (formula, context).

This is the alternating automaton of the pattern (Chandra, Kozen and Stockmeyer 1981), run forwards, with its universal
branching kept as obligations, and with subsumption: a thread is dropped if another at its place owes less.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from ...errors import LimitError
from .automata import CharDfa, RegexLimits
from .charset import SCALARS, CharSet, partition
from .determinise import too_many_states
from .glushkov import BEGIN, END, INITIAL, PREFIX, PositionGraph, bits, build_positions
from .minimise import canonical
from .nodes import Boundary, Node

__all__ = ["compile_assertions"]

_FALSE = 0
_TRUE = 1
_MATCHED = -1
_NONE: frozenset[int] = frozenset()
_STEP_COST = 500  # elementary steps that one step of a thread, in Python, is charged as

Thread = tuple[int, int, frozenset[int]]  # body, place, obligations (2 * formula + negative)


class _Context(NamedTuple):
    """What was read, as far as assertions ask. ``words`` is a bit set over the word sets; -1 at the start of the text."""

    words: int
    trackers: tuple[int, ...]


class _Body:
    """One regular expression: the whole pattern, or what stands in a lookaround.

    Attributes:
        open: anything may follow a match, which is then settled (search, lookahead).
        masks: for each class, the positions that it may enter.
        finals: place to the guards under which a match may end there.
        edges: place to its guarded targets.
        look: assertion number to the body of the lookaround, and its tracker if it looks behind (else -1).
        word: assertion number to the index of its word set.
    """

    def __init__(self, graph: PositionGraph, *, is_open: bool, search: bool) -> None:
        self.graph = graph
        self.open = is_open
        self.masks: list[int] = []
        self.look: dict[int, tuple[int, int]] = {}
        self.word: dict[int, int] = {}
        first, last, null = graph.whole
        self.finals: dict[int, list[int]] = {}
        for guard, positions in last.items():
            for position in bits(positions):
                self.finals.setdefault(position, []).append(guard)
        start = dict(first)
        if search:
            start[0] = start.get(0, 0) | 1 << PREFIX
            self.finals[PREFIX] = list(null)
        self.finals[INITIAL] = list(null)
        self.edges: list[list[tuple[int, int]]] = []
        for position, targets in enumerate(graph.follow):
            edges = start if position <= PREFIX else {**graph.guarded.get(position, {})}
            if targets and position > PREFIX:
                edges[0] = targets
            self.edges.append(list(edges.items()))


class _Machine:
    """Threads, formulas and contexts of one pattern, all interned."""

    def __init__(self, node: Node, search: bool, limits: RegexLimits) -> None:
        self.limits = limits
        self.work = 0
        self.bodies: list[_Body] = []
        self.words: list[CharSet] = []
        self.tracked: list[int] = []
        self._add_body(node, is_open=search, search=search)
        self._classes()
        self.formulas: list[frozenset[Thread]] = [frozenset(), frozenset({(0, _MATCHED, _NONE)})]
        self._formula_ids = {threads: number for number, threads in enumerate(self.formulas)}
        self.initial = [self.intern({(k, INITIAL, _NONE)}) for k in range(len(self.bodies))]
        self.contexts: list[_Context] = []
        self._context_ids: dict[_Context, int] = {}
        self._advanced: dict[tuple[int, int, int], int] = {}
        self._guards: dict[tuple[int, int, int, int], frozenset[int] | None] = {}
        self.start_context = self._intern_context(-1, tuple(self.initial[k] for k in self.tracked))

    def _add_body(self, node: Node, *, is_open: bool, search: bool = False) -> int:
        number = len(self.bodies)
        body = _Body(build_positions(node, self.limits), is_open=is_open, search=search)
        self.bodies.append(body)
        for index, assertion in enumerate(body.graph.assertions):
            if isinstance(assertion, Boundary):
                if assertion.word not in self.words:
                    self.words.append(assertion.word)
                body.word[index] = self.words.index(assertion.word)
                continue
            tracker = -1
            child = self._add_body(assertion.body, is_open=not assertion.behind)
            if assertion.behind:
                tracker = len(self.tracked)
                self.tracked.append(child)
            body.look[index] = (child, tracker)
        return number

    def _classes(self) -> None:
        index: dict[CharSet, int] = {SCALARS: 0}
        for chars in [*self.words, *(c for body in self.bodies for c in body.graph.sets)]:
            index.setdefault(chars, len(index))
        self.parts = partition(tuple(index))
        for body in self.bodies:
            of_set = [0] * len(index)
            for position, k in enumerate(body.graph.set_of):
                if k >= 0:
                    of_set[index[body.graph.sets[k]]] |= 1 << position
            body.masks = [0] * self.parts.count
            for k, members in enumerate(self.parts.members):
                for group in bits(members):
                    body.masks[group] |= of_set[k]
        self.word_bits = [0] * self.parts.count
        for k, chars in enumerate(self.words):
            for group in bits(self.parts.members[index[chars]]):
                self.word_bits[group] |= 1 << k

    def intern(self, threads: set[Thread]) -> int:
        """The formula that one of the threads succeeds."""
        if (0, _MATCHED, _NONE) in threads:
            return _TRUE
        if len(threads) > 1:
            threads = _subsume(threads)
        key = frozenset(threads)
        found = self._formula_ids.get(key)
        if found is None:
            found = self._formula_ids[key] = len(self.formulas)
            self.formulas.append(key)
        return found

    def _intern_context(self, words: int, trackers: tuple[int, ...]) -> int:
        context = _Context(words, trackers)
        found = self._context_ids.get(context)
        if found is None:
            found = self._context_ids[context] = len(self.contexts)
            self.contexts.append(context)
        return found

    def next_context(self, context: int, group: int) -> int:
        """The context after a character of class ``group``."""
        trackers = []
        for k, formula in zip(self.tracked, self.contexts[context].trackers, strict=True):
            moved = self.formulas[self.advance(formula, context, group)]
            trackers.append(self.intern({*moved, (k, INITIAL, _NONE)}))
        return self._intern_context(self.word_bits[group], tuple(trackers))

    def advance(self, formula: int, context: int, group: int) -> int:
        """What is left of a formula after a character of class ``group`` is read in ``context``."""
        if formula <= _TRUE:
            return formula
        key = (formula, context, group)
        found = self._advanced.get(key)
        if found is not None:
            return found
        threads: set[Thread] = set()
        for k, place, owed in self.formulas[formula]:
            self._charge()
            carried = self._advance_all(owed, context, group)
            if carried is None:
                continue
            if place == _MATCHED:
                threads.add((0, _MATCHED, carried))
                continue
            body = self.bodies[k]
            for guard, targets in body.edges[place]:
                entered = targets & body.masks[group]
                if entered:
                    new = self._guard(k, guard, context, group)
                    if new is not None:
                        threads.update((k, position, carried | new) for position in bits(entered))
            if body.open:
                for new in self._endings(k, place, context, group):
                    threads.add((0, _MATCHED, carried | new))
        found = self._advanced[key] = self.intern(threads)
        return found

    def _charge(self) -> None:
        self.work += _STEP_COST
        if self.work > self.limits.work:
            raise LimitError(
                f"the lookarounds of the pattern take more than {self.limits.work} steps to resolve",
                hint="use fewer lookarounds, or put them in front of the repetition",
            )

    def _advance_all(self, owed: frozenset[int], context: int, group: int) -> frozenset[int] | None:
        """Obligations after a character; None if one is broken."""
        if not owed:
            return owed
        left = set()
        for obligation in owed:
            verdict = self._owe(self.advance(obligation >> 1, context, group), bool(obligation & 1))
            if verdict is None:
                return None
            left |= verdict
        return frozenset(left)

    @staticmethod
    def _owe(formula: int, negative: bool) -> frozenset[int] | None:
        """The obligation that a formula comes true, or does not: nothing, itself, or None if it is broken."""
        if formula <= _TRUE:
            return _NONE if (formula == _TRUE) != negative else None
        return frozenset({2 * formula + negative})

    def _endings(self, k: int, place: int, context: int, group: int) -> list[frozenset[int]]:
        """The obligations with which a match may end before a character of class ``group``, one set a way."""
        found = (self._guard(k, guard, context, group) for guard in self.bodies[k].finals.get(place, ()))
        return [new for new in found if new is not None]

    def _guard(self, k: int, guard: int, context: int, group: int) -> frozenset[int] | None:
        """Obligations, after a character of class ``group``, of crossing a guard; None if it does not hold."""
        if guard == 0:
            return _NONE
        key = (k, guard, context, group)
        if key in self._guards:
            return self._guards[key]
        words, trackers = self.contexts[context]
        owed: frozenset[int] | None = _NONE
        if guard & END or (guard & BEGIN and words >= 0):
            owed = None
        body = self.bodies[k]
        for index in bits(guard >> 2):
            if owed is None:
                break
            assertion = body.graph.assertions[index]
            if isinstance(assertion, Boundary):
                holds = self._differs(body.word[index], words, self.word_bits[group]) != assertion.negative
                owed = owed if holds else None
                continue
            child, tracker = body.look[index]
            if tracker < 0:
                formula = self.advance(self.initial[child], context, group)
            else:
                formula = self._behind(trackers[tracker], context, group)
            new = self._owe(formula, assertion.negative)
            owed = None if new is None else owed | new
        self._guards[key] = owed
        return owed

    @staticmethod
    def _differs(word: int, before: int, after: int) -> bool:
        return bool(((max(before, 0) ^ after) >> word) & 1)

    def _behind(self, tracker: int, context: int, group: int) -> int:
        """The formula that one of a lookbehind's matches ends before a character of class ``group``."""
        threads: set[Thread] = set()
        for k, place, owed in self.formulas[tracker]:
            endings = self._endings(k, place, context, group)
            carried = self._advance_all(owed, context, group) if endings else None
            if carried is not None:
                threads.update((0, _MATCHED, carried | new) for new in endings)
        return self.intern(threads)

    def accepts(self, formula: int, context: int) -> bool:
        """Whether a formula is true where the text ends."""
        return any(
            place == _MATCHED or any(self._holds_at_end(k, g, context) for g in self.bodies[k].finals.get(place, ()))
            for k, place, owed in self.formulas[formula]
            if all(self.accepts(o >> 1, context) != bool(o & 1) for o in owed)
        )

    def _holds_at_end(self, k: int, guard: int, context: int) -> bool:
        words, trackers = self.contexts[context]
        if guard & BEGIN and words >= 0:
            return False
        body = self.bodies[k]
        for index in bits(guard >> 2):
            assertion = body.graph.assertions[index]
            if isinstance(assertion, Boundary):
                differs = self._differs(body.word[index], words, 0)
                if differs == assertion.negative or (words < 0 and assertion.never_empty):
                    return False
                continue
            child, tracker = body.look[index]
            formula = self.initial[child] if tracker < 0 else trackers[tracker]
            if self.accepts(formula, context) == assertion.negative:
                return False
        return True


def _subsume(threads: set[Thread]) -> set[Thread]:
    """Without the threads at whose place another one owes less."""
    by_place: dict[tuple[int, int], list[frozenset[int]]] = {}
    for k, place, owed in threads:
        by_place.setdefault((k, place), []).append(owed)
    return {
        (k, place, owed)
        for (k, place), all_owed in by_place.items()
        for owed in all_owed
        if len(all_owed) == 1 or not any(other < owed for other in all_owed)
    }


def compile_assertions(node: Node, *, search: bool, limits: RegexLimits) -> CharDfa:
    """The automaton of a pattern with any assertions; exact.

    Exponential in the worst case, as lookarounds are; a few milliseconds for typical ones.

    Raises:
        LimitError: too many states, or too much work.
    """
    machine = _Machine(node, search, limits)
    groups = machine.parts.count
    limit = limits.state_limit(groups)
    live = [group for group in range(groups) if machine.parts.members[0] >> group & 1]
    universal = [1 if group in live else 0 for group in range(groups)]
    start = (machine.intern({(0, PREFIX if search else INITIAL, _NONE)}), machine.start_context)
    order = [(_FALSE, 0), (_TRUE, 0), start]
    number = {start: 2}
    rows = [[0] * groups, universal]
    accept = [0, 1]
    for formula, context in itertools.islice(order, 2, None):  # grows while it is read
        accept.append(machine.accepts(formula, context))
        row = [0] * groups
        for group in live:
            moved = machine.advance(formula, context, group)
            if moved <= _TRUE:
                row[group] = moved
                continue
            key = (moved, machine.next_context(context, group))
            target = number.get(key)
            if target is None:
                target = number[key] = len(order)
                order.append(key)
                if target > limit:
                    raise too_many_states(limit)
            row[group] = target
        rows.append(row)
    trans = np.array(rows, np.int32)
    return canonical(trans, np.array(accept, np.uint8), 2, machine.parts.bounds, machine.parts.classes)
