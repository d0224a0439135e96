"""A constraint with finitely many states as arrays: which token leads where, and the mask of every state.

Most tokens behave alike in all states, so tokens are put into classes, and a state has a row of pairs (class, target),
by class ascending; tokens of a class that is not in the row are refused::

    tokens   "1" "2" "," " " ...            state 0   (1: 4) (2: 7)
    class     1   1   2   0                 state 1   (1: 4)             row_start   [0, 2, 3, ...]
              \\_ class_of int32[V] _/        ...                        row_class   [1, 2, 1, ...]
                                                                        row_target  [4, 7, 4, ...]

Class 0 is refused everywhere. Masks that are equal are kept once; ``mask_of[state]`` says which is whose.

Classes are found while the states are: the walk of a state (one pass over the vocabulary's trie) splits those classes
whose tokens it tells apart, as in Hopcroft's partition refinement, and its row is written in the classes of that
moment. In the end rows are rewritten in the final classes, last state first, for the class that a class was split off
from is remembered.

The end tokens lead from the states where the text may end to one state ``ended``, where only they are allowed and, as
by ``Matcher.advance``, nothing is accepted any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError

if TYPE_CHECKING:
    from ..constraint import Constraint
    from ..machine import Machine

__all__ = ["Automaton", "export"]

_HINTS = {
    "schema": 'compile with spelling="plain" (an integer may otherwise be 10e-1); give objects "additionalProperties": '
    "false, and numbers both bounds or none; recursion and uniqueItems have no finite automaton, large bounds of "
    "lengths need a state each",
    "regex": "large counts such as {1,5000} need a state each",
    "choice": "long lists of long texts need a state for each common beginning",
}
_GRAMMAR_HINT = "a grammar that nests without bound has no finite automaton; a matcher on the host runs it"


@dataclass(frozen=True)
class Automaton:
    """A finite constraint over tokens; state 0 is the start.

    Attributes:
        size: tokens of the vocabulary.
        class_of: int32[V].
        row_start: int64[S + 1], where a state's row begins.
        row_class: int32[n], ascending within a row.
        row_target: int32[n].
        masks: uint32[M, W], distinct.
        mask_of: int64[S].
        accepting: bool[S], whether the text may end; True for ``ended``.
        ended: the state after an end token.
    """

    size: int
    class_of: NDArray[np.int32]
    row_start: NDArray[np.int64]
    row_class: NDArray[np.int32]
    row_target: NDArray[np.int32]
    masks: NDArray[np.uint32]
    mask_of: NDArray[np.int64]
    accepting: NDArray[np.bool_]
    ended: int

    def __len__(self) -> int:
        """The number of states."""
        return len(self.mask_of)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.class_of, self.row_start, self.row_class, self.row_target, self.masks, self.mask_of)
        return sum(array.nbytes for array in arrays) + self.accepting.nbytes

    def step(self, state: int, token: int) -> int | None:
        """The state after a token, None if it is refused."""
        if not 0 <= token < self.size:
            return None
        first, last = int(self.row_start[state]), int(self.row_start[state + 1])
        wanted = self.class_of[token]
        place = first + int(np.searchsorted(self.row_class[first:last], wanted))
        return int(self.row_target[place]) if place < last and self.row_class[place] == wanted else None


def export(constraint: Constraint, *, max_states: int = 4096, max_bytes: int = 256 << 20) -> Automaton:
    """All states of a constraint that tokens reach. One walk of the vocabulary a state.

    Args:
        constraint: of any kind; whether it is finite is found out.
        max_states: states at most, ``ended`` included.
        max_bytes: bytes of rows and masks at most.

    Raises:
        LimitError: there are more; or the constraint remembers keys or items of the text, which has no bound.
    """
    found = _Exploration(constraint, max_states, max_bytes)
    while found.pending():
        found.explore()
    return found.finish()


class _Exploration:
    """States found so far, breadth first, and the classes of tokens that they tell apart."""

    def __init__(self, constraint: Constraint, max_states: int, max_bytes: int) -> None:
        self._constraint = constraint
        self._machine: Machine = constraint.machine
        self._max_states = max_states
        self._max_bytes = max_bytes
        self._configs = [constraint.start]
        self._state_of = {constraint.start: 0}
        self._classes = _Classes(len(constraint.vocabulary))
        self._rows: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self._mask_ids: dict[bytes, int] = {}
        self._mask_of: list[int] = []
        self._accepting: list[bool] = []
        self._entries = 0

    def pending(self) -> bool:
        return len(self._rows) < len(self._configs)

    def explore(self) -> None:
        """The row and the mask of the next state."""
        machine, config = self._machine, self._configs[len(self._rows)]
        targets = machine.successors(config).astype(np.int64)
        accepting = machine.accepting(config)
        if accepting:
            targets[list(self._constraint.end_tokens)] = -1
        tokens = np.flatnonzero(targets)
        classes, reached, first = self._classes.split(tokens, targets[tokens], len(self._rows))
        for target, token in zip(reached.tolist(), first.tolist(), strict=True):
            if target >= 0 and machine.advance_token(config, token) != target:
                raise self._refusal("the constraint remembers what keys or items of the text were")
        self._rows.append((classes, self._numbered(reached)))
        self._accepting.append(accepting)
        self._mask_of.append(self._mask(targets != 0))
        self._entries += len(classes)
        self._check_size()

    def finish(self) -> Automaton:
        """The arrays, with ``ended`` as the last state."""
        ended = len(self._rows)
        end_bits = np.zeros(len(self._constraint.vocabulary), np.bool_)
        end_bits[list(self._constraint.end_tokens)] = True
        self._mask_of.append(self._mask(end_bits))
        rows = self._classes.finished(self._rows)
        lengths = [len(classes) for classes, _ in rows]
        targets = np.concatenate([targets for _, targets in rows])
        words = self._machine.words
        return Automaton(
            size=len(self._constraint.vocabulary),
            class_of=self._classes.of_token.astype(np.int32),
            row_start=np.concatenate([[0], np.cumsum(lengths), [sum(lengths)]]).astype(np.int64),
            row_class=np.concatenate([classes for classes, _ in rows]).astype(np.int32),
            row_target=np.where(targets < 0, ended, targets).astype(np.int32),
            masks=np.frombuffer(b"".join(self._mask_ids), np.uint32).reshape(-1, words).copy(),
            mask_of=np.array(self._mask_of, np.int64),
            accepting=np.array([*self._accepting, True]),
            ended=ended,
        )

    def _numbered(self, configs: NDArray[np.int64]) -> NDArray[np.int64]:
        """States of configurations, those not met before put in line; -1 stays."""
        states = []
        for config in configs.tolist():
            state = -1 if config < 0 else self._state_of.setdefault(config, len(self._configs))
            if state == len(self._configs):
                self._configs.append(config)
            states.append(state)
        if len(self._configs) >= self._max_states:
            raise self._refusal(f"the constraint has more than {self._max_states:,} states")
        return np.array(states, np.int64)

    def _mask(self, bits: NDArray[np.bool_]) -> int:
        """Number of a mask, kept once."""
        padded = np.zeros(32 * self._machine.words, np.bool_)
        padded[: len(bits)] = bits
        words = np.packbits(padded, bitorder="little").view("<u4").astype(np.uint32)
        return self._mask_ids.setdefault(words.tobytes(), len(self._mask_ids))

    def _check_size(self) -> None:
        size = 8 * self._entries + 4 * self._machine.words * len(self._mask_ids)
        if size > self._max_bytes:
            raise self._refusal(f"the constraint's tables take more than {self._max_bytes:,} bytes")

    def _refusal(self, message: str) -> LimitError:
        return LimitError(
            f"{message}: it cannot live on a device", hint=_HINTS.get(self._constraint.kind, _GRAMMAR_HINT)
        )


class _Classes:
    """A partition of the tokens that is refined state by state.

    Attributes:
        of_token: int64[V], the class of each token.
    """

    def __init__(self, size: int) -> None:
        self.of_token: NDArray[np.int64] = np.zeros(size, np.int64)
        self._sizes = np.array([size], np.int64)
        self._parents: list[NDArray[np.int64]] = []

    def split(
        self, tokens: NDArray[np.int64], targets: NDArray[np.int64], state: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Tell tokens of different targets apart, and from those that are not listed.

        Args:
            tokens: int64[n], ascending.
            targets: int64[n].
            state: numbered without gaps from call to call.

        Returns:
            For each class of these tokens its number, its target and one of its tokens.
        """
        span = int(targets.max(initial=0)) + 2
        keys = self.of_token[tokens] * span + (targets + 1)
        groups, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        before = groups // span
        known = len(self._sizes)
        whole = np.zeros(known, np.int64)
        np.add.at(whole, before, counts)
        leads = np.ones(len(groups), np.bool_)
        leads[1:] = before[1:] != before[:-1]
        stays = leads & (whole[before] == self._sizes[before])  # the first part of a class that is listed as a whole
        stays &= before != 0
        numbers = np.where(stays, before, known - 1 + np.cumsum(~stays))
        self._sizes = np.concatenate([self._sizes, np.zeros(int((~stays).sum()), np.int64)])
        np.subtract.at(self._sizes, before, np.where(stays, 0, counts))
        self._sizes[numbers[~stays]] = counts[~stays]
        self.of_token[tokens] = numbers[inverse]
        self._parents.append(before[~stays])
        if len(self._parents) != state + 1:
            raise IndexError(f"state {state} is out of turn")
        return numbers, groups % span - 1, tokens[first]

    def finished(
        self, rows: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
    ) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Rows in the classes of their moment rewritten in the final ones, ascending."""
        ancestor = np.arange(len(self._sizes))
        used = self._sizes > 0
        known = len(self._sizes)
        done = []
        for (classes, targets), parents in zip(reversed(rows), reversed(self._parents), strict=True):
            target_of = np.full(known, np.iinfo(np.int64).min)
            target_of[classes] = targets
            found = target_of[ancestor]
            listed = np.flatnonzero((found != np.iinfo(np.int64).min) & used)
            done.append((listed, found[listed]))
            known -= len(parents)
            later = ancestor >= known
            ancestor[later] = parents[ancestor[later] - known]
        return done[::-1]
