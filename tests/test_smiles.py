"""The SMILES grammar: its file, its language beside an independent reader, and what matchers draw from it."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from bench.smiles import lark, problems
from gramarye import Vocabulary, engine

ROOT = Path(__file__).resolve().parents[1]
PIECES = "C N O c n F Cl Br ( ) ( ) = # - . 1 2 3 1 2 [C@@H] [nH] [Na+] [13CH3] [Xx1] [O-] / \\ *".split()
RIGHT = (
    "C CCO C1CCCCC1 c1ccccc1-c1ccncc1 C(C)(C)C [C@@H](N)(C)C(=O)O C12CCC1CC2 C12CC1CC2.[Na+].[Cl-] F/C=C/F [13CH3] "
    "[NH4+] C(=O)(.C)C O=C(O)c1ccccc1OC(C)=O * [Se] [se] C=1CCCC=1 C(C)1CC1"
).split()
WRONG = "C( C1CC C11 CC) C= =C C..C (C) [Xx1] C() [C Q C1CC2 C((C)) C(C=)C C=(C) C.1CC1".split()


@pytest.fixture(scope="module")
def constraint():
    tokens = [piece.encode() for piece in dict.fromkeys(PIECES)]
    return engine.compile(lark=lark(), vocabulary=Vocabulary.from_bytes([*tokens, b""], eos_ids=[len(tokens)]))


def test_the_file_is_what_the_generator_writes() -> None:
    assert (ROOT / "schemas/smiles.lark").read_text("utf-8") == lark()


def test_molecules(constraint) -> None:
    assert [text for text in RIGHT if problems(text) or not constraint.accepts(text)] == ["C(C)1CC1"]
    assert [text for text in WRONG if not problems(text) or constraint.accepts(text)] == []


def test_random_texts_beside_the_reader(constraint) -> None:
    """The grammar agrees, but for ring bonds behind a branch, which the specification's grammar has not either."""
    rng = random.Random(5)
    verdicts = {True: 0, False: 0}
    while min(verdicts.values()) < 60:
        text = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 6)))
        if any(f"){bond}{label}" in text for bond in ("", *"-=#/\\") for label in "123"):
            continue
        right = not problems(text)
        assert constraint.accepts(text) == right, text
        verdicts[right] += 1


def test_walks_end_as_molecules(constraint) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        matcher = constraint.matcher()
        for left in range(24, 0, -1):
            mask = matcher.mask(budget=left)
            bits = np.unpackbits(mask.view(np.uint8), bitorder="little")[: len(constraint.vocabulary) - 1]
            choices = np.flatnonzero(bits)
            if choices.size == 0:
                break
            assert matcher.advance(int(rng.choice(choices)))
        text = (matcher.text_bytes + matcher.completion()).decode()
        assert problems(text) == []
