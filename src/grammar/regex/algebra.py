"""Boolean algebra and concatenation of languages, as canonical automata over Unicode scalar values.

Complement is relative to all strings of scalar values. All results are minimal and canonical, so ``==`` of two of them
is equality of languages. Two automata are first given joint classes::

    left   bounds 0 a m      classes 0 1 0
    right  bounds 0 f        classes 0 1
    joint  bounds 0 a f m    classes 0 1 2 3        left class 0 1 1 0    right class 0 0 1 1
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .automata import DEAD, DEFAULT_LIMITS, CharDfa, RegexLimits
from .charset import CharSet, partition
from .determinise import UNIVERSAL, determinise, grown, positions_of, too_many_states
from .glushkov import bits
from .minimise import canonical
from .positions import Positions

__all__ = [
    "complement",
    "concat",
    "difference",
    "from_ranges",
    "intersect",
    "is_empty",
    "is_subset",
    "literal",
    "side_by_side",
    "symmetric_difference",
    "union",
    "witness",
]

# Verdict for (neither, right only, left only, both).
_INTERSECTION = (0, 0, 0, 1)
_UNION = (0, 1, 1, 1)
_DIFFERENCE = (0, 0, 1, 0)
_SYMMETRIC_DIFFERENCE = (0, 1, 1, 0)


class _Joint(NamedTuple):
    """The coarsest common refinement of two automata's classes.

    Attributes:
        bounds: int32[m]; first code points of the pieces.
        classes: int32[m]; joint classes of the pieces.
        both: int32[2, K]; the left and the right class of each joint class.
    """

    bounds: NDArray[np.int32]
    classes: NDArray[np.int32]
    both: NDArray[np.int32]


def _join(left: CharDfa, right: CharDfa) -> _Joint:
    bounds = np.union1d(left.bounds, right.bounds)
    of_left = left.classes[np.searchsorted(left.bounds, bounds, "right") - 1]
    of_right = right.classes[np.searchsorted(right.bounds, bounds, "right") - 1]
    width = right.trans.shape[1]
    pairs, classes = np.unique(of_left.astype(np.int64) * width + of_right, return_inverse=True)
    both = np.stack([pairs // width, pairs % width]).astype(np.int32)
    return _Joint(bounds, classes.reshape(-1).astype(np.int32), both)


def _combine(left: CharDfa, right: CharDfa, verdicts: tuple[int, int, int, int], limits: RegexLimits) -> CharDfa:
    """The product with ``verdicts[2 * left accepts + right accepts]``."""
    joint = _join(left, right)
    needed = (verdicts[1] == 0) + 2 * (verdicts[2] == 0)
    pairs, trans = _explore(left, right, joint, needed, limits)
    accept = np.array(verdicts, np.uint8)[2 * left.accept[pairs[:, 0]] + right.accept[pairs[:, 1]]]
    accept[DEAD] = 0
    return canonical(trans, accept, 1, joint.bounds, joint.classes)


def _explore(
    left: CharDfa, right: CharDfa, joint: _Joint, needed: int, limits: RegexLimits
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The pairs of states that the starts lead to, and their transitions; ``needed`` as in kernels/product.py."""
    from ...kernels.product import DONE, product

    groups = joint.both.shape[1]
    limit = limits.state_limit(groups + 2)
    progress = np.array([1, 2], np.int64)
    pairs = np.zeros((2, 2), np.int32)
    pairs[1] = left.start, right.start
    trans = np.zeros((0, groups), np.int32)
    capacity = 64
    while True:
        capacity = max(capacity, 1 << (int(progress[1]) + groups).bit_length())
        pairs, trans = grown(pairs, capacity), grown(trans, capacity)
        table = np.zeros(2 * capacity, np.int32)
        status = product(left.trans, right.trans, joint.both, needed, pairs, trans, table, progress)
        count = int(progress[1])
        if count > limit:
            raise too_many_states(limit)
        if status == DONE:
            return pairs[:count], trans[:count]
        capacity *= 4


class SideBySide(NamedTuple):
    """Automata that read the same text.

    Attributes:
        trans: int32[n, K]; 0 is dead: no text of scalar values leads there. State 1 is the start.
        states: int32[n, automata]; the state of each automaton, 0 if it is dead.
        bounds: int32[m]; first code points of the pieces.
        classes: int32[m]; classes of the pieces.
    """

    trans: NDArray[np.int32]
    states: NDArray[np.int32]
    bounds: NDArray[np.int32]
    classes: NDArray[np.int32]


def side_by_side(automata: Iterable[CharDfa], limits: RegexLimits = DEFAULT_LIMITS) -> SideBySide:
    """The joint states of several automata, not minimised; LimitError if they are too many."""
    joined = UNIVERSAL
    states = np.zeros((len(UNIVERSAL.trans), 0), np.int32)
    for automaton in automata:
        joint = _join(joined, automaton)
        pairs, trans = _explore(joined, automaton, joint, 1, limits)
        states = np.hstack([states[pairs[:, 0]], pairs[:, 1:]])
        joined = CharDfa(trans, np.zeros(len(trans), np.uint8), joint.bounds, joint.classes, 1)
    return SideBySide(joined.trans, states, joined.bounds, joined.classes)


def intersect(left: CharDfa, right: CharDfa, limits: RegexLimits = DEFAULT_LIMITS) -> CharDfa:
    """The texts in both languages. O(n m K); LimitError if that is too many."""
    return _combine(left, right, _INTERSECTION, limits)


def union(left: CharDfa, right: CharDfa, limits: RegexLimits = DEFAULT_LIMITS) -> CharDfa:
    """The texts in one of the languages or in both."""
    return _combine(left, right, _UNION, limits)


def difference(left: CharDfa, right: CharDfa, limits: RegexLimits = DEFAULT_LIMITS) -> CharDfa:
    """The texts in ``left`` but not in ``right``."""
    return _combine(left, right, _DIFFERENCE, limits)


def symmetric_difference(left: CharDfa, right: CharDfa, limits: RegexLimits = DEFAULT_LIMITS) -> CharDfa:
    """The texts in exactly one of the languages; its witness tells two languages apart."""
    return _combine(left, right, _SYMMETRIC_DIFFERENCE, limits)


def complement(dfa: CharDfa, limits: RegexLimits = DEFAULT_LIMITS) -> CharDfa:
    """The strings of Unicode scalar values that are not in the language."""
    return difference(UNIVERSAL, dfa, limits)


def concat(left: CharDfa, right: CharDfa, limits: RegexLimits = DEFAULT_LIMITS) -> CharDfa:
    """The texts of ``left`` followed by those of ``right``. Exponential in ``right`` in the worst case."""
    if not left.start or not right.start:
        return from_ranges([])
    head, tail = positions_of(left), positions_of(right)
    shift = len(head.follow) - 1  # the tail's initial position is not kept
    entry = tail.follow[0] << shift
    follow = [targets | entry if head.accept >> p & 1 else targets for p, targets in enumerate(head.follow)]
    follow += [targets << shift for targets in tail.follow[1:]]
    accept = tail.accept >> 1 << 1 << shift
    if tail.accept & 1:
        accept |= head.accept
    joint = _join(left, right)
    masks = [head.masks[a] | tail.masks[b] << shift for a, b in joint.both.T.tolist()]
    bounds, classes = tuple(joint.bounds.tolist()), tuple(joint.classes.tolist())
    return determinise(Positions(follow, masks, accept, 0, False, [1] * len(masks), bounds, classes), limits)


def literal(text: str) -> CharDfa:
    """The language of one text; empty if the text contains a surrogate."""
    chars = [CharSet.char(ord(char)) for char in text]
    parts = partition(tuple(dict.fromkeys(chars)))
    of_char = dict(zip(dict.fromkeys(chars), parts.members, strict=True))
    trans = np.zeros((len(text) + 2, parts.size), np.int32)
    for state, char in enumerate(chars, 1):
        for group in bits(of_char[char]):
            trans[state, group] = state + 1
    accept = np.zeros(len(text) + 2, np.uint8)
    accept[-1] = 1
    return canonical(trans, accept, 1, parts.bounds, parts.classes)


def from_ranges(ranges: Iterable[tuple[int, int]]) -> CharDfa:
    """The texts of exactly one character, out of inclusive ranges of code points; surrogates are left out."""
    parts = partition((CharSet.of(*ranges),))
    trans = np.zeros((3, parts.size), np.int32)
    for group in bits(parts.members[0]):
        trans[1, group] = 2
    return canonical(trans, np.array([0, 0, 1], np.uint8), 1, parts.bounds, parts.classes)


def is_empty(dfa: CharDfa) -> bool:
    """Whether no text is in the language. O(1), since automata are trimmed."""
    return dfa.start == DEAD


def is_subset(left: CharDfa, right: CharDfa, limits: RegexLimits = DEFAULT_LIMITS) -> bool:
    """Whether every text of ``left`` is in ``right``."""
    return is_empty(difference(left, right, limits))


def witness(dfa: CharDfa) -> str | None:
    """The smallest (by code points) of the shortest texts of the language; None if it is empty. O(n K)."""
    if not dfa.start:
        return None
    rows = dfa.trans.tolist()
    sources: list[list[int]] = [[] for _ in rows]
    for state, row in enumerate(rows):
        for target in set(row) - {DEAD}:
            sources[target].append(state)
    distance = dict.fromkeys(np.flatnonzero(dfa.accept).tolist(), 0)
    queue = deque(distance)
    while queue:
        state = queue.popleft()
        for source in sources[state]:
            if source not in distance:
                distance[source] = distance[state] + 1
                queue.append(source)
    first_of_class: dict[int, int] = {}
    for bound, group in zip(dfa.bounds.tolist(), dfa.classes.tolist(), strict=True):
        first_of_class.setdefault(group, bound)
    text = []
    state = dfa.start
    while distance[state]:
        # Classes are numbered by their smallest character, so the first that leads closer is the smallest.
        group = next(g for g, t in enumerate(rows[state]) if t and distance[t] < distance[state])
        text.append(chr(first_of_class[group]))
        state = rows[state][group]
    return "".join(text)
