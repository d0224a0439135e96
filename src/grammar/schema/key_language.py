"""The keys of an object that are not declared: which are allowed, and what their values must be.

The patterns of ``patternProperties``, the names of ``propertyNames`` and the declared keys are automata over code
points; they are run side by side, and a state is labelled by what holds of the keys that end in it::

    patternProperties ^x-  and  z$        "x-a" {^x-}     "x-z" {^x-, z$}     "b" {}: additionalProperties

States from which no allowed key can be reached are dead, so every prefix of a key that is let through can be finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError
from ..regex import CharDfa
from .shapes import Conjunction

__all__ = ["KeyLanguage", "finite_automaton", "key_language"]

_MOST_STATES = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class KeyLanguage:
    """An automaton whose accepting states say what the value of a key must be.

    Attributes:
        automaton: the keys that are allowed; state 0 is dead.
        labels: by state, what the value must be; None where no key ends.
    """

    automaton: CharDfa
    labels: tuple[Conjunction | None, ...]

    @property
    def empty(self) -> bool:
        """True if no key is allowed."""
        return self.automaton.start == 0

    def kept(self, keep: Callable[[Conjunction], bool]) -> KeyLanguage:
        """The language without the keys whose values cannot exist."""
        labels = [label if label is not None and keep(label) else None for label in self.labels]
        trans = self.automaton.trans.copy()
        alive = _alive(trans, labels)
        trans[~alive[trans]] = 0
        accept = np.array([label is not None for label in labels], np.uint8)
        start = self.automaton.start if self.automaton.start and alive[self.automaton.start] else 0
        automaton = CharDfa(trans, accept, self.automaton.bounds, self.automaton.classes, start)
        return KeyLanguage(automaton, tuple(labels))

    def names(self) -> Iterator[tuple[str, Conjunction]]:
        """The allowed keys, shortest first, with what their values must be."""
        automaton = self.automaton
        letters = [_letter(automaton, cls) for cls in range(automaton.trans.shape[1])]
        level = [("", automaton.start)] if automaton.start else []
        while level:
            following: list[tuple[str, int]] = []
            for name, state in level:
                label = self.labels[state]
                if label is not None:
                    yield name, label
                for cls, target in enumerate(automaton.trans[state].tolist()):
                    if target:
                        following.extend((name + letter, target) for letter in letters[cls])
            level = following[:_MOST_STATES]


def _letter(automaton: CharDfa, cls: int) -> str:
    """Some characters of a class, the readable ones first."""
    bounds = [*automaton.bounds.tolist(), 0x110000]
    found: list[int] = []
    for index, one in enumerate(automaton.classes.tolist()):
        if one == cls:
            low, high = bounds[index], bounds[index + 1]
            found.extend(code for code in range(low, min(high, low + 64)) if not 0xD800 <= code <= 0xDFFF)
            found.extend(code for code in range(97, 123) if low <= code < high)
    ranked = sorted(set(found), key=lambda code: (not 97 <= code < 123, not 48 <= code < 58, not 32 < code < 127, code))
    return "".join(map(chr, ranked[:26]))


def finite_automaton(texts: Sequence[str]) -> CharDfa:
    """The automaton of some strings, as a trie."""
    letters = sorted({character for text in texts for character in text})
    index = {character: number for number, character in enumerate(letters, 1)}
    rows = [[0] * (len(letters) + 1), [0] * (len(letters) + 1)]
    accept = [0, 0]
    for text in texts:
        state = 1
        for character in text:
            cls = index[character]
            if not rows[state][cls]:
                rows[state][cls] = len(rows)
                rows.append([0] * (len(letters) + 1))
                accept.append(0)
            state = rows[state][cls]
        accept[state] = 1
    bounds = [0]
    classes = [0]
    for character, cls in index.items():
        if bounds[-1] == ord(character):
            classes[-1] = cls
        else:
            bounds.append(ord(character))
            classes.append(cls)
        bounds.append(ord(character) + 1)
        classes.append(0)
    return CharDfa(
        np.array(rows, np.int32), np.array(accept, np.uint8), np.array(bounds, np.int32), np.array(classes, np.int32), 1
    )


def key_language(automata: Sequence[CharDfa], label: Callable[[tuple[bool, ...]], Conjunction | None]) -> KeyLanguage:
    """Run automata side by side.

    Args:
        automata: which keys each of them accepts.
        label: what the value of a key must be that exactly these accept; None: the key is not allowed.

    Raises:
        LimitError: the joint automaton is too large.
    """
    bounds, columns = _joint_classes(automata)
    start = tuple(automaton.start for automaton in automata)
    numbers = {start: 1}
    waiting = [start]
    rows: list[list[int]] = [[0] * len(columns)]
    labels: list[Conjunction | None] = [None]
    while waiting:
        following: list[tuple[int, ...]] = []
        for state in waiting:
            accepts = tuple(bool(automaton.accept[s]) for automaton, s in zip(automata, state, strict=True))
            labels.append(label(accepts))
            row = []
            for column in columns:
                target = tuple(
                    int(automaton.trans[s, cls]) for automaton, s, cls in zip(automata, state, column, strict=True)
                )
                number = numbers.get(target)
                if number is None:
                    number = numbers[target] = len(numbers) + 1
                    following.append(target)
                row.append(number)
            rows.append(row)
        if len(numbers) > _MOST_STATES:
            raise LimitError("the patterns of an object's keys need too many states together")
        waiting = following
    classes = np.arange(len(columns), dtype=np.int32)
    trans = np.array(rows, np.int32)
    alive = _alive(trans, labels)
    trans[~alive[trans]] = 0
    accept = np.array([one is not None for one in labels], np.uint8)
    first = 1 if alive[1] else 0
    index = {column: number for number, column in enumerate(columns)}
    by_interval = np.array([index[column] for _, column in bounds], np.int32)
    automaton = CharDfa(trans, accept, np.array([low for low, _ in bounds], np.int32), classes[by_interval], first)
    return KeyLanguage(automaton, tuple(labels))


def _joint_classes(automata: Sequence[CharDfa]) -> tuple[list[tuple[int, tuple[int, ...]]], list[tuple[int, ...]]]:
    """Intervals of code points with each automaton's class, and the distinct combinations of classes."""
    edges = sorted({0, *(int(bound) for automaton in automata for bound in automaton.bounds)})
    bounds: list[tuple[int, tuple[int, ...]]] = []
    for low in edges:
        column = tuple(automaton.class_of(low) for automaton in automata)
        if not bounds or bounds[-1][1] != column:
            bounds.append((low, column))
    return bounds, list(dict.fromkeys(column for _, column in bounds))


def _alive(trans: NDArray[np.int32], labels: Sequence[Conjunction | None]) -> NDArray[np.bool_]:
    """States from which a labelled state can be reached."""
    alive = np.array([label is not None for label in labels])
    alive[0] = False
    while True:
        more = alive | alive[trans].any(axis=1)
        more[0] = False
        if np.array_equal(more, alive):
            return alive
        alive = more
