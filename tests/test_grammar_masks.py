"""Masks of grammars against the definition, on every token of the real vocabularies.

A token is allowed iff the text so far plus its bytes begins some word, an end token iff the text is a word. That is
asked of the recognisers of tests/oracles/grammar_prefix.py, which read nothing but the meaning of the random grammars.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import TOKENIZER_NAMES
from tests.grammar_sources import FRONT_ENDS, Source
from tests.oracles.grammar_prefix import ByteOracle, UndecidedError
from tests.oracles.masks import TokenTable, differences, mask_by_steps
from tests.real_vocabularies import load_table

from gramarye import GrammarError, LimitError, engine

CHARACTERS = 'abcdAB( "éêë日本ñ語☃😀🎉'
PREFIXES = 3
LONGEST = 9


def random_prefix(rng: random.Random, oracle: ByteOracle) -> tuple[bytes, Any]:
    """The beginning of a word and the oracle's state behind it; half of them end within a character if they can."""
    text, state = b"", oracle.start()
    within = rng.random() < 0.5
    for _ in range(rng.randrange(LONGEST)):
        options = []
        for character in CHARACTERS:
            after = feed(oracle, state, character.encode())
            if after is not None:
                options.append((character.encode(), after))
        if not options:
            break
        spelt, after = rng.choice(options)
        if within and len(spelt) > 1 and rng.random() < 0.5:
            cut = spelt[: rng.randrange(1, len(spelt))]
            return text + cut, feed(oracle, state, cut)
        text, state = text + spelt, after
    return text, state


def feed(oracle: ByteOracle, state: Any, data: bytes) -> Any:
    for byte in data:
        if state is None:
            break
        state = oracle.step(state, byte)
    return state


class Tally:
    """What was compared, by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[tuple[Any, ...]] = []

    def compare(self, seed: int, source: Source, tables: list[TokenTable]) -> None:
        """Compare the masks of all vocabularies behind some prefixes of one grammar.

        Raises:
            UndecidedError: the oracle gave up; nothing is counted then.
        """
        oracle = source.oracle()
        empty = oracle.start() is None
        rng = random.Random(seed)
        prefixes = [] if empty else [random_prefix(rng, oracle) for _ in range(PREFIXES)]
        prefixes = list(dict(prefixes).items())
        expected = [
            [mask_by_steps(table, state, oracle.step, accepting=oracle.complete(state)) for _, state in prefixes]
            for table in tables
        ]
        for table, masks in zip(tables, expected, strict=True):
            try:
                constraint = engine.compile(**source.options, vocabulary=table.vocabulary)
            except GrammarError as error:
                if not empty and not source.flawed:
                    self.wrong.append((seed, "refused", error.message))
                self.counts["refused"] += 1
                return
            except LimitError:
                self.counts["stopped"] += 1
                return
            if empty:
                self.wrong.append((seed, "an empty language is not refused"))
                continue
            for (text, state), wanted in zip(prefixes, masks, strict=True):
                matcher = constraint.matcher()
                try:
                    if not matcher.advance_bytes(text):
                        self.wrong.append((seed, text, "refused"))
                        continue
                    found = differences(table, matcher.mask(), wanted)
                except LimitError:
                    self.counts["stopped"] += 1
                    continue
                if found:
                    self.wrong.append((seed, text, len(found), found[:3]))
                self.counts["pairs"] += 1
                self.counts["allowed"] += int(wanted.sum())
                self.counts["words"] += oracle.complete(state)
                self.counts["within a character"] += state[1] != b""
        self._note(source)

    def _note(self, source: Source) -> None:
        """Count the grammar by what is special in it."""
        assert source.meaning is not None
        alternatives = source.meaning.alternatives
        self.counts["grammars"] += 1
        self.counts["ignore"] += bool(source.meaning.ignore)
        self.counts["nullable"] += any(() in bodies for bodies in alternatives.values())
        self.counts["left-recursive"] += any(
            body[:1] == (origin,) for origin, bodies in alternatives.items() for body in bodies
        )
        self.counts["recursive"] += any(origin in body for origin, bodies in alternatives.items() for body in bodies)
        self.counts["beyond ASCII"] += any(not terminal.pattern.isascii() for terminal in source.meaning.terminals)


def compare(front_end: str, first_seed: int, pairs: int, tables: list[TokenTable]) -> Tally:
    """Compare random grammars until there are so many pairs for each vocabulary."""
    tally = Tally()
    seed = first_seed
    while tally.counts["pairs"] < pairs * len(tables):
        source = FRONT_ENDS[front_end](random.Random(f"{front_end} {seed}"))
        if source.meaning is not None:
            try:
                tally.compare(seed, source, tables)
            except UndecidedError:
                tally.counts["undecided"] += 1
        seed += 1
    return tally


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_masks_are_the_definition(front_end: str, real_tokenizer_json: Path) -> None:
    tally = compare(
        front_end, TOKENIZER_NAMES.index(real_tokenizer_json.parent.name), 5, [load_table(real_tokenizer_json)]
    )
    assert tally.wrong == []
    assert tally.counts["stopped"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_many_masks_are_the_definition(front_end: str, tokenizer_json: Callable[[str], Path]) -> None:
    tally = compare(front_end, 1000, 200, [load_table(tokenizer_json(name)) for name in TOKENIZER_NAMES])
    assert tally.wrong == []
    for kind in ("words", "within a character", "nullable", "left-recursive", "recursive", "beyond ASCII"):
        assert tally.counts[kind] >= 10, (kind, tally.counts)
    if front_end.startswith("lark"):
        assert tally.counts["ignore"] >= 10, tally.counts
