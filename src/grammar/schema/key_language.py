"""The keys of an object that are not declared: which are allowed, and what their values must be.

The patterns of ``patternProperties``, the names of ``propertyNames`` and the declared keys are automata over code
points; they are run side by side, and a state is labelled by what holds of the keys that end in it::

    patternProperties ^x-  and  z$        "x-a" {^x-}     "x-z" {^x-, z$}     "b" {}: additionalProperties

States from which no allowed key can be reached are dead, so every prefix of a key that is let through can be finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..regex import CharDfa, RegexLimits, side_by_side

__all__ = ["ENDLESS", "KeyLanguage", "finite_automaton", "key_language"]

_MOST_STATES = 65_536

ENDLESS = -1
"""More keys than an object can have."""

_MOST_WORDS = 1 << 31

Label = TypeVar("Label")


@dataclass(frozen=True, slots=True, eq=False)
class KeyLanguage(Generic[Label]):
    """An automaton whose accepting states say what the value of a key must be.

    Attributes:
        automaton: the keys that are allowed; state 0 is dead.
        labels: by state, what the value must be; None where no key ends.
    """

    automaton: CharDfa
    labels: tuple[Label | None, ...]

    @property
    def empty(self) -> bool:
        """True if no key is allowed."""
        return self.automaton.start == 0

    def kept(self, keep: Callable[[Label], bool]) -> KeyLanguage[Label]:
        """The language without the keys whose values cannot exist."""
        labels = [label if label is not None and keep(label) else None for label in self.labels]
        trans = self.automaton.trans.copy()
        alive = _alive(trans, labels)
        trans[~alive[trans]] = 0
        accept = np.array([label is not None for label in labels], np.uint8)
        start = self.automaton.start if self.automaton.start and alive[self.automaton.start] else 0
        automaton = CharDfa(trans, accept, self.automaton.bounds, self.automaton.classes, start)
        return KeyLanguage(automaton, tuple(labels))

    def words(self) -> NDArray[np.int64]:
        """By state, the number of keys that are accepted from there; ENDLESS if an object cannot have them all.

        O(states * classes) for each step of the longest path to a state that is in no cycle.
        """
        trans = self.automaton.trans
        characters = _class_sizes(self.automaton)
        words = np.zeros(len(trans), np.int64)
        known = np.zeros(len(trans), np.bool_)
        known[0] = True
        while True:
            ready = np.flatnonzero(~known & known[trans].all(axis=1))
            if not ready.size:
                break
            words[ready] = np.minimum(self.automaton.accept[ready] + words[trans[ready]] @ characters, _MOST_WORDS)
            known[ready] = True
        words[~known | (words >= _MOST_WORDS)] = ENDLESS
        return words

    def names(self, wanted: int) -> Iterator[tuple[str, Label]]:
        """Allowed keys, shortest first, with what their values must be.

        Of characters that make no difference, and of beginnings of one length that lead to one state, as many as keys
        are wanted: so many there are if the language has them.
        """
        automaton = self.automaton
        letters = [_letters(automaton, cls, wanted) for cls in range(automaton.trans.shape[1])]
        level = [("", automaton.start)] if automaton.start else []
        while level:
            following: dict[int, list[str]] = {}
            for name, state in level:
                label = self.labels[state]
                if label is not None:
                    yield name, label
                for cls, target in enumerate(automaton.trans[state].tolist()):
                    names = following.setdefault(target, [])
                    if target and len(names) < wanted:
                        names.extend(name + letter for letter in letters[cls][: wanted - len(names)])
            level = [(name, state) for state, names in following.items() for name in names]


def _class_sizes(automaton: CharDfa) -> NDArray[np.int64]:
    """Number of characters of each class; surrogates are none."""
    edges = np.append(automaton.bounds, 0x110000).astype(np.int64)
    low, high = edges[:-1], edges[1:]
    surrogates = np.maximum(np.minimum(high, 0xE000) - np.maximum(low, 0xD800), 0)
    sizes = np.zeros(automaton.trans.shape[1], np.int64)
    np.add.at(sizes, automaton.classes, high - low - surrogates)
    return sizes


def _letters(automaton: CharDfa, cls: int, most: int) -> str:
    """Characters of a class, the readable ones first."""
    ends = [*automaton.bounds[1:].tolist(), 0x110000]
    found: list[int] = []
    others: list[int] = []
    for low, end, one in zip(automaton.bounds.tolist(), ends, automaton.classes.tolist(), strict=True):
        if one == cls:
            found.extend(range(low, min(end, 128)))
            if len(others) < most:
                codes = (code for code in range(max(low, 128), end) if not 0xD800 <= code <= 0xDFFF)
                others.extend(islice(codes, most))
    found.sort(key=lambda code: (not 97 <= code < 123, not 48 <= code < 58, not 32 < code < 127, code))
    return "".join(map(chr, (*found, *others)[:most]))


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


def key_language(automata: Sequence[CharDfa], label: Callable[[tuple[bool, ...]], Label | None]) -> KeyLanguage[Label]:
    """Run automata side by side.

    Args:
        automata: which keys each of them accepts.
        label: what the value of a key must be that exactly these accept; None: the key is not allowed.

    Raises:
        LimitError: the joint automaton is too large.
    """
    joint = side_by_side(automata, RegexLimits(states=_MOST_STATES))
    accepts = np.stack([one.accept[joint.states[:, k]] for k, one in enumerate(automata)], axis=1)
    kinds, kind_of = np.unique(accepts, axis=0, return_inverse=True)
    by_kind = [label(tuple(kind)) for kind in kinds.astype(np.bool_).tolist()]
    labels: list[Label | None] = [None, *(by_kind[kind] for kind in kind_of.reshape(-1)[1:].tolist())]
    trans = joint.trans
    alive = _alive(trans, labels)
    trans[~alive[trans]] = 0
    accept = np.array([one is not None for one in labels], np.uint8)
    automaton = CharDfa(trans, accept, joint.bounds, joint.classes, 1 if alive[1] else 0)
    return KeyLanguage(automaton, tuple(labels))


def _alive(trans: NDArray[np.int32], labels: Sequence[object]) -> NDArray[np.bool_]:
    """States from which a labelled state can be reached."""
    alive = np.array([label is not None for label in labels])
    alive[0] = False
    while True:
        more = alive | alive[trans].any(axis=1)
        more[0] = False
        if np.array_equal(more, alive):
            return alive
        alive = more
