"""Toys for the tests of diffusion decoding: models with known laws over small vocabularies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gramarye import Vocabulary

LETTERS = [bytes([byte]) for byte in b'abcxyz0123456789{}[]":,+-*/() \n;='] + [b'":', b"ab", b'"}', b"12"]
MASK, END = len(LETTERS), len(LETTERS) + 1


def small_vocabulary() -> Vocabulary:
    """Single characters, four longer tokens, a mask token and an end token."""
    return Vocabulary.from_bytes([*LETTERS, b"", b""], eos_ids=[END], special_ids=[MASK])


class NoisyModel:
    """Laws that depend on the whole canvas, by hashing it; sharp or flat, always the same for the same ids."""

    shift = False

    def __init__(self, vocabulary: Vocabulary, *, seed: int = 0, sharpness: float = 3.0, shift: bool = False) -> None:
        self.vocabulary = vocabulary
        self.mask_id = MASK
        self.seed = seed
        self.sharpness = sharpness
        self.shift = shift
        self.fed: list[np.ndarray] = []

    def forward(self, ids, attention):
        self.fed.append(ids.copy())
        rows = []
        for row in ids:
            mixed = [self.seed, *(int(token) for token in row)]
            rng = np.random.default_rng(mixed)
            rows.append(rng.normal(size=(len(row), len(self.vocabulary))) * self.sharpness)
        return np.stack(rows)


class FixedModel:
    """The same laws whatever the canvas: ``laws[position]`` maps tokens to probabilities."""

    shift = False
    mask_id = MASK

    def __init__(self, vocabulary: Vocabulary, laws: Mapping[int, Mapping[bytes, float]]) -> None:
        self.vocabulary = vocabulary
        self.laws = laws

    def forward(self, ids, attention):
        size = len(self.vocabulary)
        probabilities = np.full((*ids.shape, size), 1e-6)
        for position, law in self.laws.items():
            for data, value in law.items():
                token = END if data == b"" else LETTERS.index(data)
                probabilities[:, position, token] = value
        return np.log(probabilities / probabilities.sum(axis=-1, keepdims=True))
