"""Random walks over real grammars end in words, and the words are accepted however they are cut into tokens.

A walk draws uniformly among the allowed tokens, then takes the shortest completion. What comes out is given to a parser
that is not ours: `json`, `ast`, Lark's Earley parser, or the plain recognisers of tests/oracles/grammar_prefix.py.
"""

from __future__ import annotations

import ast
import json
import random
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.parsers import expat

import lark
import numpy as np
import pytest
from tests.conftest import TOKENIZER_NAMES
from tests.oracles.grammar_prefix import DynamicPrefixes, Letters, LongestPrefixes
from tests.oracles.masks import bits
from tests.real_vocabularies import load_table

from gramarye import Vocabulary, engine
from gramarye.grammar.ebnf_reader import read_ebnf
from gramarye.grammar.gbnf_reader import read_gbnf
from gramarye.grammar.lark_reader import read_lark

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
LARK = Path(lark.__file__).parent / "grammars"
WALKS = 2000
STEPS = 40
CUTS = 5
LONGEST_FOR_LARK = 200
BEYOND_GRAMMAR = {
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_TAG_MISMATCH,
        expat.errors.XML_ERROR_UNDEFINED_ENTITY,
        expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE,
        expat.errors.XML_ERROR_BAD_CHAR_REF,
        expat.errors.XML_ERROR_UNKNOWN_ENCODING,
    )
}
"""What makes words of xml.ebnf ill-formed."""

# The kinds of grammars that Lark's documentation shows: left recursion, ambiguity, imports, small languages.
CALCULATOR = r"""
start: assignment | sum
assignment: CNAME "=" sum
sum: product | sum ("+" | "-") product
product: atom | product ("*" | "/") atom
atom: NUMBER | "-" atom | CNAME | "(" sum ")"
%import common (CNAME, NUMBER, WS_INLINE)
%ignore WS_INLINE
"""
SETTINGS = r"""
start: section+
section: "[" NAME "]" _NEWLINE setting*
setting: NAME "=" VALUE? _NEWLINE
NAME: /\w+/
VALUE: /[^\s=][^\n]*/
_NEWLINE: /(\r?\n)+/
%ignore /[ \t]+/
"""
SENTENCES = r"""
start: subject verb object? | subject verb "like" object
subject: ADJECTIVE? NOUN | NOUN NOUN
object: ("a" | "the")? ADJECTIVE? NOUN
verb: VERB
ADJECTIVE: "fruit" | "time" | "big"
NOUN: "flies" | "fruit" | "time" | "bananas" | "arrow"
VERB: "flies" | "like" | "time"
%ignore " "
"""
TURTLE = r"""
start: command+
command: direction NUMBER -> move
       | "turn" ("left" | "right") NUMBER?
       | "repeat" NUMBER block
       | "colour" WORD [WORD]
!direction: "f" | "b" | "forward" | "back"
block: "{" command+ "}"
%import common.LETTER
%import common.INT -> NUMBER
WORD: LETTER+
%ignore /\s+/
"""

GRAMMARS: dict[str, dict[str, Any]] = {
    **{name: {"lark": SCHEMAS / name} for name in ("json.lark", "sql.lark", "c_subset.lark", "python_expr.lark")},
    **{name: {"gbnf": SCHEMAS / name} for name in ("json.gbnf", "arithmetic.gbnf")},
    **{name: {"ebnf": SCHEMAS / name} for name in ("arithmetic.ebnf", "xml.ebnf")},
    "lark.lark": {"lark": LARK / "lark.lark", "base_path": LARK},
    "python.lark": {"lark": LARK / "python.lark", "base_path": LARK, "start": "eval_input"},
    "calculator": {"lark": CALCULATOR},
    "settings": {"lark": SETTINGS},
    "sentences": {"lark": SENTENCES, "lexer": "dynamic"},
    "turtle": {"lark": TURTLE},
}


def options(name: str) -> dict[str, Any]:
    """The grammar's arguments of `compile`, files read."""
    return {
        key: value.read_text("utf-8") if isinstance(value, Path) and key != "base_path" else value
        for key, value in GRAMMARS[name].items()
    }


def allowed(constraint: engine.Constraint, mask: np.ndarray) -> np.ndarray:
    return np.flatnonzero(bits(mask, len(constraint.vocabulary)))


def walk(constraint: engine.Constraint, seed: int) -> bytes:
    """A word: random tokens, then the shortest completion."""
    rng = random.Random(seed)
    matcher = constraint.matcher()
    for _ in range(rng.randrange(1, 2 * STEPS)):
        tokens = allowed(constraint, matcher.mask())
        assert tokens.size, matcher.text_bytes
        token = int(rng.choice(tokens))
        if token in constraint.end_tokens:
            assert matcher.accepting, matcher.text_bytes
            return matcher.text_bytes
        assert matcher.advance(token), (matcher.text_bytes, token)
    assert matcher.advance_bytes(matcher.completion()), matcher.text_bytes
    assert matcher.accepting, matcher.text_bytes
    return matcher.text_bytes


@cache
def tokens_by_bytes(vocabulary: Vocabulary) -> dict[bytes, list[int]]:
    """Tokens that spell something."""
    found: dict[bytes, list[int]] = {}
    for token in range(len(vocabulary)):
        if vocabulary.token_bytes(token) and token not in vocabulary.eos_ids:
            found.setdefault(vocabulary.token_bytes(token), []).append(token)
    return found


def cut(vocabulary: Vocabulary, text: bytes, rng: random.Random, longest: int) -> list[int]:
    """A random way to spell a text with tokens of at most so many bytes."""
    known = tokens_by_bytes(vocabulary)
    tokens, place = [], 0
    while place < len(text):
        spelt = [text[place:end] for end in range(place + 1, place + longest + 1) if text[place:end] in known]
        chosen = rng.choice(list(dict.fromkeys(spelt)))
        tokens.append(rng.choice(known[chosen]))
        place += len(chosen)
    return tokens


def tokenizations(vocabulary: Vocabulary, text: bytes, seed: int) -> Iterator[list[int]]:
    """The canonical one, single bytes, and random ones."""
    rng = random.Random(seed)
    yield vocabulary.encode(text)
    yield cut(vocabulary, text, rng, 1)
    for number in range(CUTS):
        yield cut(vocabulary, text, rng, 2 + 4 * number)


def check_tokenizations(constraint: engine.Constraint, text: bytes, seed: int) -> None:
    mask = np.empty(constraint.machine.words, np.uint32)
    for tokens in tokenizations(constraint.vocabulary, text, seed):
        matcher = constraint.matcher()
        for token in tokens:
            matcher.mask(mask)
            assert mask[token >> 5] >> np.uint32(token & 31) & 1, (matcher.text_bytes, token)
            assert matcher.advance(token), (matcher.text_bytes, token)
        assert matcher.accepting, text
        assert matcher.text_bytes == text


def read_python(lexemes: list[str]) -> None:
    """Parse lexemes with blanks between them: contextual lexing reads `x interval` as `x in terval`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ast.parse(" ".join(lexemes).lstrip(" \t\f"), mode="eval")


def read_xml(text: str) -> None:
    """Parse what is ASCII (expat knows the names of an older edition), up to what a grammar does not say."""
    if not text.isascii():
        return
    try:
        expat.ParserCreate().Parse(text, True)
    except expat.ExpatError as error:
        if error.code not in BEYOND_GRAMMAR:
            raise


@cache
def recogniser(name: str) -> LongestPrefixes | DynamicPrefixes:
    given = options(name)
    start = given.get("start", "start")
    if "ebnf" in given:
        grammar = read_ebnf(given["ebnf"])
    elif "gbnf" in given:
        grammar = read_gbnf(given["gbnf"])
    else:
        grammar = read_lark(given["lark"], start=start, lexer=given.get("lexer"), base_path=given.get("base_path"))
    return (LongestPrefixes if grammar.lexer == "longest" else DynamicPrefixes)(grammar, Letters(()))


@cache
def parser(name: str) -> lark.Lark:
    """Lark's own, which takes every way to cut a text, so more than longest match does."""
    given = options(name)
    return lark.Lark(
        given["lark"], start=given.get("start", "start"), parser="earley", lexer="dynamic_complete", ambiguity="forest"
    )


def check_word(name: str, text: str) -> None:
    """Whether parsers that are not ours take it."""
    if name.startswith("json"):
        json.loads(text)
    if name == "xml.ebnf":
        read_xml(text)
        return
    if name.endswith((".gbnf", ".ebnf")):
        assert recogniser(name).accepts(text), text
        return
    if "lexer" not in GRAMMARS[name]:
        lexemes = recogniser(name).lexemes(text)
        assert lexemes is not None, text
        if name == "python_expr.lark":
            read_python(lexemes)
    if len(text) <= LONGEST_FOR_LARK and name != "python.lark":  # on which Lark's parser stops with an internal error
        parser(name).parse(text)


def constraint_of(name: str, path: Path) -> engine.Constraint:
    return engine.compile(**options(name), vocabulary=load_table(path).vocabulary)


@pytest.mark.parametrize("name", GRAMMARS)
def test_walks_end_in_words(name: str, real_tokenizer_json: Path) -> None:
    constraint = constraint_of(name, real_tokenizer_json)
    first = 10 * TOKENIZER_NAMES.index(real_tokenizer_json.parent.name)
    for seed in range(first, first + 2):
        text = walk(constraint, seed)
        check_word(name, text.decode())
        check_tokenizations(constraint, text, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAMMARS)
def test_many_walks_end_in_words(name: str, tokenizer_json: Callable[[str], Path]) -> None:
    constraints = [constraint_of(name, tokenizer_json(tokenizer)) for tokenizer in TOKENIZER_NAMES]
    for seed in range(1000, 1000 + WALKS // len(GRAMMARS) + 1):
        constraint = constraints[seed % len(constraints)]
        text = walk(constraint, seed)
        check_word(name, text.decode())
        check_tokenizations(constraint, text, seed)
