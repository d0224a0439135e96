"""Token effects against their definition, byte after byte, and from disk; the normal form against the grammar."""

from __future__ import annotations

import itertools
import random
from dataclasses import fields
from pathlib import Path

import numpy as np
from tests.grammar_machines import ALPHABET
from tests.test_canvas_cfg_exact import PIECES
from tests.test_canvas_cfg_fragments import grammars

from gramarye.grammar.cfg.binary import binary_grammar
from gramarye.grammar.cfg.binary_lexer import TokenLexer
from gramarye.grammar.cfg.tables import build_tables
from gramarye.runtime.diffusion.cfg_effects import TokenEffects, emission_pairs, token_effects
from gramarye.runtime.diffusion.cfg_tables import TokenGrammar
from gramarye.runtime.table_cache import TableCache
from gramarye.runtime.vocabulary import Vocabulary

Effect = tuple[tuple[int, ...], int]


def by_bytes(lexer: TokenLexer, pairs: np.ndarray, state: int, token: bytes) -> set[Effect]:
    """The reference in kernels/canvas/cfg_effects.py."""
    found: set[Effect] = {((), state)}
    for byte in token:
        following: set[Effect] = set()
        for emissions, before in found:
            for one, two, after in lexer.steps(before, byte):
                longer = (*emissions, *(emission for emission in (one, two) if emission))
                added = longer[max(0, len(emissions) - 1) :]
                if all(pairs[a, b] for a, b in itertools.pairwise(added)):
                    following.add((longer, after))
        found = following
    return found


def of_tables(effects: TokenEffects, state: int, token: int) -> set[Effect]:
    return {
        (effects.emissions(int(effects.sequence[effect])), int(effects.after[effect]))
        for effect in effects.of_token(token).tolist()
        if int(effects.origin[effect, state >> 6]) >> (state & 63) & 1
    }


def test_effects_are_those_of_their_bytes() -> None:
    rng = random.Random(81)
    compared = 0
    for number, grammar in grammars(81, 80, "dynamic", "basic"):
        tokens = [*rng.sample(PIECES, 8), "abcabd", "ab", "ab"]
        vocabulary = Vocabulary.from_bytes([*(token.encode() for token in tokens), b""], [len(tokens)])
        tables = TokenGrammar(build_tables(grammar), vocabulary)
        pairs = emission_pairs(tables.grammar, tables.lexer)
        effects = tables.nodes.effects
        for token, text in enumerate(tokens):
            for state in range(tables.lexer.states):
                expected = by_bytes(tables.lexer, pairs, state, text.encode())
                assert of_tables(effects, state, token) == expected, (number, text, state)
                compared += len(expected)
        assert not len(effects.of_token(len(tokens)))
        assert all(effect in effects.of_token(int(effects.token[effect])) for effect in range(len(effects.sequence)))
    assert compared > 1000


def test_effects_are_read_back_from_disk(tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_bytes([letter.encode() for letter in (*ALPHABET, "ab", "bc")])
    (_, grammar), (_, other) = grammars(82, 2, "basic")
    tables, different = (TokenGrammar(build_tables(one), vocabulary) for one in (grammar, other))
    cache = TableCache(tmp_path)
    made = token_effects(tables.grammar, tables.lexer, vocabulary, cache)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    read = token_effects(tables.grammar, tables.lexer, vocabulary, cache)
    assert file.stat().st_mtime_ns == written
    assert not read.origin.flags.writeable  # a view of the file
    for field in fields(TokenEffects):
        np.testing.assert_array_equal(getattr(made, field.name), getattr(read, field.name))
    token_effects(different.grammar, different.lexer, vocabulary, cache)
    assert len(list(tmp_path.iterdir())) == 2
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    again = token_effects(tables.grammar, tables.lexer, vocabulary, cache)
    np.testing.assert_array_equal(again.atom, made.atom)


def test_normal_form_has_at_most_two_symbols_and_shares_ends() -> None:
    for _, grammar in grammars(83, 40, "dynamic"):
        tables = build_tables(grammar)
        names = [terminal.name for terminal in tables.terminals]
        found = binary_grammar(tables.productions, names)
        size = sum(1 + len(production.symbols) for rules in tables.productions.values() for production in rules)
        assert found.rules <= size + 1
        nullable = {name for name, flag in zip(found.names, found.nullable, strict=True) if flag}
        assert (tables.nonterminals[0] in nullable) == bool(tables.nullable[tables.start])
        for index in range(len(found.names)):
            for child in found.unit[found.unit_offset[index] : found.unit_offset[index + 1]].tolist():
                assert not (found.first[child] & ~found.first[index]).any()
