"""All completions of a small canvas, by enumeration: what its masks, its commits and its joint law must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stepper", "completions", "masks_of", "random_pattern", "token_rows"]

TOO_MANY = 400_000
"""Completions from which on a case is given up."""


class Stepper(NamedTuple):
    """A language read byte by byte: a state is anything; None is dead."""

    start: Any
    step: Callable[[Any, int], Any]
    accepting: Callable[[Any], bool]


def completions(
    tokens: Sequence[bytes], eos_ids: Sequence[int], length: int, end: str, language: Stepper
) -> NDArray[np.int64] | None:
    """int64[M, length]: every way to fill an open canvas; None if there are more than TOO_MANY."""
    rows = []
    for row in _completions(tokens, eos_ids, length, end, language):
        rows.append(row)
        if len(rows) > TOO_MANY:
            return None
    return np.array(rows, np.int64).reshape(-1, length)


def _completions(
    tokens: Sequence[bytes], eos_ids: Sequence[int], length: int, end: str, language: Stepper
) -> Iterator[tuple[int, ...]]:
    waiting: list[tuple[tuple[int, ...], Any]] = [((), language.start)]
    while waiting:
        row, state = waiting.pop()
        if language.accepting(state):
            if len(row) == length:
                yield row
            elif end == "padded":
                yield from (row + rest for rest in product(eos_ids, repeat=length - len(row)))
        if len(row) == length:
            continue
        for token, text in enumerate(tokens):
            if token in eos_ids or not text:
                continue
            after = state
            for byte in text:
                after = language.step(after, byte)
                if after is None:
                    break
            else:
                waiting.append(((*row, token), after))


def masks_of(rows: NDArray[np.int64], tokens: int) -> NDArray[np.bool_]:
    """bool[L, V]: the tokens that stand at each position of some completion."""
    masks = np.zeros((rows.shape[1], tokens), np.bool_)
    for position in range(rows.shape[1]):
        masks[position, rows[:, position]] = True
    return masks


def token_rows(masks: NDArray[np.uint32], tokens: int) -> NDArray[np.bool_]:
    """The bits of uint32[L, W] as bool[L, V]."""
    data = np.ascontiguousarray(masks).view(np.uint8)
    bits = np.unpackbits(data.reshape(len(masks), -1), axis=1, bitorder="little")
    assert not bits[:, tokens:].any()
    return bits[:, :tokens].astype(np.bool_)


def random_pattern(rng: Any, letters: str, depth: int = 3) -> str:
    """A regular expression over a few letters, with alternatives, repeats, classes and optional parts."""
    kind = rng.random()
    if depth == 0 or kind < 0.3:
        if rng.random() < 0.3:
            return "[" + "".join(rng.sample(letters, 2)) + "]"
        return "".join(rng.choice(letters) for _ in range(rng.randrange(1, 4)))
    inner = [random_pattern(rng, letters, depth - 1) for _ in range(rng.choice([2, 2, 3]))]
    if kind < 0.65:
        return "".join(inner)
    if kind < 0.8:
        return f"({'|'.join(inner)})"
    return f"({inner[0]}){rng.choice(['*', '+', '?', '{2}', '{1,3}'])}"
