"""Exact determinisation of patterns with lookarounds and word boundaries, nested at will.

A *thread* is a place in a pattern together with *obligations*: statements about the rest of the text, each a formula
that must (or must not) come true. A *formula* is a set of threads, read as "one of them succeeds", interned as an int;
threads of one pattern with the same obligations are kept together, as a bit set of places::

    a(?=b|c).*x       after "a":   formula 7 = { after a }
                      after "ac":  formula 9 = { after . }                     the lookahead came true at once
    (?!.*--)\\w+       after "-":   formula 5 = { after \\w, owing not 3 }      3 = { after .*, after the first - }

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
_DONE = -1  # the body of threads that have matched: nothing is left but what they owe
_NONE: frozenset[int] = frozenset()
_STEP_COST = 10_000  # elementary steps that one step in Python is charged as

Owed = frozenset[int]  # obligations, each 2 * formula + (must not come true)
Group = tuple[int, Owed, int]  # body, obligations, places
Groups = dict[tuple[int, Owed], int]  # the same, while a formula is built


class _Context(NamedTuple):
    """What was read, as far as assertions ask.

    Attributes:
        words: the word sets that hold the last character, as a bit set; -1 at the start of the text.
        trackers: for each lookbehind, the formula of the matches begun so far.
    """

    words: int
    trackers: tuple[int, ...]


class _Body:
    """One regular expression: the whole pattern, or what stands in a lookaround.

    Attributes:
        open: anything may follow a match, which is then settled (search, lookahead).
        masks: for each class, the places that it may enter.
        finals: guard to the places after which a match may end under it.
        guarded: guard to place to the places that it leads to, for guards other than 0.
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
        starts = 1 << INITIAL | (1 << PREFIX if search else 0)
        self.finals = dict(last)
        for guard in null:
            self.finals[guard] = self.finals.get(guard, 0) | starts
        self.guarded: dict[int, dict[int, int]] = {}
        for position, edges in graph.guarded.items():
            for guard, targets in edges.items():
                self.guarded.setdefault(guard, {})[position] = targets
        for position in bits(starts):
            graph.follow[position] = first.get(0, 0) | starts & 1 << PREFIX
            for guard, targets in first.items():
                if guard:
                    self.guarded.setdefault(guard, {})[position] = targets
        self._reach: dict[int, int] = {}

    def reach(self, places: int) -> int:
        """All places that unguarded edges lead to."""
        found = self._reach.get(places)
        if found is None:
            found = 0
            follow = self.graph.follow
            for place in bits(places):
                found |= follow[place]
            self._reach[places] = found
        return found


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
        self.formulas: list[frozenset[Group]] = [frozenset(), frozenset({(_DONE, _NONE, 1)})]
        self._formula_ids = {groups: number for number, groups in enumerate(self.formulas)}
        self.initial = [self.intern({(k, _NONE): 1 << INITIAL}) for k in range(len(self.bodies))]
        self.contexts: list[_Context] = []
        self._context_ids: dict[_Context, int] = {}
        self._advanced: dict[tuple[int, int, int], int] = {}
        self._guards: dict[tuple[int, int, int, int], Owed | None] = {}
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
            body.masks = [0] * self.parts.size
            for k, members in enumerate(self.parts.members):
                for group in bits(members):
                    body.masks[group] |= of_set[k]
        self.word_bits = [0] * self.parts.size
        for k, chars in enumerate(self.words):
            for group in bits(self.parts.members[index[chars]]):
                self.word_bits[group] |= 1 << k

    def intern(self, groups: Groups) -> int:
        """The formula that one of the threads succeeds."""
        if (_DONE, _NONE) in groups:
            return _TRUE
        if len(groups) > 1:
            _subsume(groups)
        key = frozenset((k, owed, places) for (k, owed), places in groups.items() if places)
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
            moved = {(k, owed): places for k, owed, places in self.formulas[self.advance(formula, context, group)]}
            moved[k, _NONE] = moved.get((k, _NONE), 0) | 1 << INITIAL
            trackers.append(self.intern(moved))
        return self._intern_context(self.word_bits[group], tuple(trackers))

    def advance(self, formula: int, context: int, group: int) -> int:
        """What is left of a formula after a character of class ``group`` is read in ``context``."""
        if formula <= _TRUE:
            return formula
        key = (formula, context, group)
        found = self._advanced.get(key)
        if found is not None:
            return found
        moved: Groups = {}
        for k, owed, places in self.formulas[formula]:
            self._charge(places)
            carried = self._advance_all(owed, context, group)
            if carried is None:
                continue
            if k == _DONE:
                moved[k, carried] = 1
                continue
            body = self.bodies[k]
            _put(moved, k, carried, body.reach(places) & body.masks[group])
            for guard, edges in body.guarded.items():
                self._cross(moved, (k, carried, places), guard, edges, context, group)
            if body.open:
                for new in self._endings(k, places, context, group):
                    moved[_DONE, carried | new] = 1
        found = self._advanced[key] = self.intern(moved)
        return found

    def _cross(
        self, moved: Groups, threads: Group, guard: int, edges: dict[int, int], context: int, group: int
    ) -> None:
        """Add to ``moved`` the threads that a guarded edge leads to."""
        k, carried, places = threads
        mask = self.bodies[k].masks[group]
        entered = 0
        for place, targets in edges.items():
            if places >> place & 1:
                entered |= targets & mask
        if entered:
            new = self._guard(k, guard, context, group)
            if new is not None:
                _put(moved, k, carried | new, entered)

    def _charge(self, places: int) -> None:
        self.work += _STEP_COST + 10 * places.bit_count()
        if self.work > self.limits.work:
            raise LimitError(
                f"the lookarounds of the pattern take more than {self.limits.work} steps to resolve",
                hint="use fewer lookarounds, or put them in front of the repetition",
            )

    def _advance_all(self, owed: Owed, context: int, group: int) -> Owed | None:
        """Obligations after a character; None if one is broken."""
        if not owed:
            return owed
        left: set[int] = set()
        for obligation in owed:
            verdict = self._owe(self.advance(obligation >> 1, context, group), bool(obligation & 1))
            if verdict is None:
                return None
            left |= verdict
        return frozenset(left)

    @staticmethod
    def _owe(formula: int, negative: bool) -> Owed | None:
        """The obligation that a formula comes true, or does not: nothing, itself, or None if it is broken."""
        if formula <= _TRUE:
            return _NONE if (formula == _TRUE) != negative else None
        return frozenset({2 * formula + negative})

    def _endings(self, k: int, places: int, context: int, group: int) -> list[Owed]:
        """The obligations with which a match may end before a character of class ``group``, one set a way."""
        guards = (guard for guard, finals in self.bodies[k].finals.items() if finals & places)
        found = (self._guard(k, guard, context, group) for guard in guards)
        return [new for new in found if new is not None]

    def _guard(self, k: int, guard: int, context: int, group: int) -> Owed | None:
        """Obligations, after a character of class ``group``, of crossing a guard; None if it does not hold."""
        if guard == 0:
            return _NONE
        key = (k, guard, context, group)
        if key in self._guards:
            return self._guards[key]
        words, trackers = self.contexts[context]
        owed: Owed | None = _NONE
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
        ended: Groups = {}
        for k, owed, places in self.formulas[tracker]:
            endings = self._endings(k, places, context, group)
            carried = self._advance_all(owed, context, group) if endings else None
            if carried is not None:
                ended.update({(_DONE, carried | new): 1 for new in endings})
        return self.intern(ended)

    def accepts(self, formula: int, context: int) -> bool:
        """Whether a formula is true where the text ends."""
        for k, owed, places in self.formulas[formula]:
            if any(self.accepts(o >> 1, context) == bool(o & 1) for o in owed):
                continue
            if k == _DONE:
                return True
            finals = self.bodies[k].finals
            if any(finals[guard] & places and self._holds_at_end(k, guard, context) for guard in finals):
                return True
        return False

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


def _put(groups: Groups, k: int, owed: Owed, places: int) -> None:
    if places:
        groups[k, owed] = groups.get((k, owed), 0) | places


def _subsume(groups: Groups) -> None:
    """Remove the threads at whose place another one owes less."""
    for k, owed in list(groups):
        if owed:
            for (other, less), places in groups.items():
                if other == k and less < owed:
                    groups[k, owed] &= ~places


def compile_assertions(node: Node, *, search: bool, limits: RegexLimits) -> CharDfa:
    """The automaton of a pattern with any assertions; exact.

    Exponential in the worst case, as lookarounds are; a few milliseconds for typical ones.

    Raises:
        LimitError: too many states, or too much work.
    """
    machine = _Machine(node, search, limits)
    groups = machine.parts.size
    limit = limits.state_limit(groups)
    live = [group for group in range(groups) if machine.parts.members[0] >> group & 1]
    universal = [1 if group in live else 0 for group in range(groups)]
    start = (machine.intern({(0, _NONE): 1 << (PREFIX if search else INITIAL)}), machine.start_context)
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
