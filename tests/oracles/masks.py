"""Token masks by their definition: every token of the vocabulary, byte by byte.

``step(state, byte)`` is any machine: the engine's own, or an independent oracle. All tokens move forward together,
one byte a round, and each pair of a state and a byte is stepped once, so that 262,144 tokens take under a second.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramarye import Vocabulary

__all__ = ["TokenTable", "allowed_by", "bits", "differences", "mask_by_steps"]


class TokenTable:
    """The tokens of a vocabulary as a matrix of bytes, made once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        tokens = [vocabulary.token_bytes(token) for token in range(len(vocabulary))]
        self.vocabulary = vocabulary
        self.lengths = np.array([len(token) for token in tokens])
        self.bytes = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
        for token, text in enumerate(tokens):
            self.bytes[token, : len(text)] = list(text)


def mask_by_steps(
    table: TokenTable, state: Hashable, step: Callable[[Any, int], Any], *, accepting: bool
) -> NDArray[np.bool_]:
    """bool[V]: the tokens that lead somewhere from ``state``; the end tokens if the text may end there.

    A step leads nowhere if its result is false.
    """
    numbers: dict[Hashable, int] = {state: 0}
    states: list[Any] = [state]
    at = np.zeros(len(table.lengths), np.int64)
    alive = table.lengths > 0
    for place in range(table.bytes.shape[1]):
        moving = np.flatnonzero(alive & (table.lengths > place))
        if not moving.size:
            break
        pairs, which = np.unique(at[moving] * 256 + table.bytes[moving, place], return_inverse=True)
        targets = np.empty(len(pairs), np.int64)
        for index, pair in enumerate(pairs.tolist()):
            after = step(states[pair >> 8], pair & 255)
            if not after:
                targets[index] = -1
                continue
            if after not in numbers:
                numbers[after] = len(states)
                states.append(after)
            targets[index] = numbers[after]
        at[moving] = targets[which]
        alive[moving] = targets[which] >= 0
    alive[list(table.vocabulary.eos_ids)] = accepting
    return alive


def bits(mask: NDArray[np.uint32], size: int) -> NDArray[np.bool_]:
    """The bits of a mask as bool[size]; those beyond must be clear."""
    found = np.unpackbits(mask.view(np.uint8), bitorder="little").astype(bool)
    if found[size:].any():
        raise ValueError("a bit beyond the vocabulary is set")
    return found[:size]


def allowed_by(matcher: Any, budget: int | None = None) -> set[int]:
    """The tokens that a matcher's mask allows."""
    mask = matcher.mask() if budget is None else matcher.mask(budget=budget)
    return set(np.flatnonzero(bits(mask, len(matcher.constraint.vocabulary))).tolist())


def differences(
    table: TokenTable, found: NDArray[np.uint32], wanted: NDArray[np.bool_]
) -> list[tuple[int, bytes, bool]]:
    """Tokens on which two masks differ: id, bytes, and whether it should be allowed."""
    wrong = np.flatnonzero(bits(found, len(wanted)) != wanted)
    return [(int(token), table.vocabulary.token_bytes(int(token)), bool(wanted[token])) for token in wrong]
