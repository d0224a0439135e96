"""Token effects of a grammar and a vocabulary: built once (kernels/canvas/cfg_effects.py), kept on disk.

::

    effect   sequence of emissions | lexer state after | origins: lexer states before
    atom     the effects of a token; tokens with the same atom are interchangeable

    sequence   head (first emission)   tail (the rest, a sequence)   length
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ...grammar.cfg.binary import BinaryGrammar
from ...grammar.cfg.binary_lexer import TokenLexer
from ...kernels.canvas.cfg_effects import walk_effects
from ..table_cache import TableCache
from ..vocabulary import Vocabulary

__all__ = ["TokenEffects", "emission_pairs", "token_effects"]

_FORMAT = 1
"""Version of the meaning of the tables; part of the name of their file."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenEffects:
    """What the tokens of a vocabulary do to a lexer.

    Attributes:
        head, tail, length: int32[sequences].
        sequence, after: int32[effects].
        origin: uint64[effects, words].
        atom_offset, atom: int32; effects of each atom, ascending. Atom 0 has none.
        token_atom: int32[V].
        token: int32[effects]; the first token with each effect.
    """

    head: NDArray[np.int32]
    tail: NDArray[np.int32]
    length: NDArray[np.int32]
    sequence: NDArray[np.int32]
    after: NDArray[np.int32]
    origin: NDArray[np.uint64]
    atom_offset: NDArray[np.int32]
    atom: NDArray[np.int32]
    token_atom: NDArray[np.int32]
    token: NDArray[np.int32]

    def of_token(self, token: int) -> NDArray[np.int32]:
        """The effects of a token."""
        number = self.token_atom[token]
        return self.atom[self.atom_offset[number] : self.atom_offset[number + 1]]

    def emissions(self, sequence: int) -> tuple[int, ...]:
        """The emissions of a sequence."""
        found = []
        while sequence:
            found.append(int(self.head[sequence]))
            sequence = int(self.tail[sequence])
        return tuple(found)


def emission_pairs(grammar: BinaryGrammar, lexer: TokenLexer) -> NDArray[np.uint8]:
    """uint8[emissions, emissions]: which can come directly after which; any behind none."""
    member = np.zeros((len(lexer.emissions), grammar.terminals), np.bool_)
    for number, classes in enumerate(lexer.emissions):
        member[number, list(classes)] = True
    pairs = (member.astype(np.int64) @ grammar.follows.astype(np.int64) @ member.T.astype(np.int64)) > 0
    pairs[0, :] = True
    return pairs.astype(np.uint8)


def token_effects(
    grammar: BinaryGrammar, lexer: TokenLexer, vocabulary: Vocabulary, cache: TableCache | None = None
) -> TokenEffects:
    """The effects of all tokens, from the cache where it has them.

    Args:
        grammar: which terminals can follow which.
        lexer: the automaton of its terminals.
        vocabulary: the tokens.
        cache: where tables are kept; None keeps none.
    """
    pairs = emission_pairs(grammar, lexer)
    name = _fingerprint(pairs, lexer, vocabulary)
    directory = None if cache is None else cache.directory
    path = None if directory is None else directory / f"effects-{name}-{_FORMAT}.tables"
    if cache is not None:
        found = cache.load_arrays(path, name, [field.name for field in fields(TokenEffects)])
        if found is not None:
            return TokenEffects(**found)
    effects = _build(pairs, lexer, vocabulary)
    if cache is not None:
        cache.store_arrays(path, name, {field.name: getattr(effects, field.name) for field in fields(TokenEffects)})
    return effects


def _fingerprint(pairs: NDArray[np.uint8], lexer: TokenLexer, vocabulary: Vocabulary) -> str:
    """SHA-256 of what determines the effects."""
    digest = hashlib.sha256(vocabulary.fingerprint.encode())
    for array in (pairs, lexer.byte_class, lexer.offset, lexer.edge, lexer.final_offset, lexer.final):
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _build(pairs: NDArray[np.uint8], lexer: TokenLexer, vocabulary: Vocabulary) -> TokenEffects:
    """The effects of all tokens, those of equal bytes included."""
    tables = vocabulary.tables
    work = walk_effects(
        tables.trie,
        len(vocabulary),
        lexer.byte_class,
        lexer.classes,
        lexer.offset,
        lexer.edge,
        pairs,
    )
    sequences, effects, atoms = work.counts[:3].tolist()
    head, tail, length = _heads(work.parent[:sequences].tolist(), work.label[:sequences].tolist())
    token_atom = work.token_atom
    counts = np.diff(tables.duplicate_offsets)
    token_atom[tables.duplicate_ids] = np.repeat(token_atom[tables.duplicate_first], counts)
    return TokenEffects(
        head=head,
        tail=tail,
        length=length,
        sequence=work.sequence[:effects].copy(),
        after=work.after[:effects].copy(),
        origin=work.origin[:effects].copy(),
        atom_offset=work.atom_offset[: atoms + 1].copy(),
        atom=work.atom[: work.atom_offset[atoms]].copy(),
        token_atom=token_atom,
        token=_first_tokens(token_atom, work.atom_offset[: atoms + 1], work.atom, effects),
    )


def _first_tokens(
    token_atom: NDArray[np.int32], atom_offset: NDArray[np.int32], atom: NDArray[np.int32], effects: int
) -> NDArray[np.int32]:
    """int32[effects]: the first token whose atom has each effect."""
    first = np.full(len(atom_offset) - 1, len(token_atom), np.int32)
    np.minimum.at(first, token_atom, np.arange(len(token_atom), dtype=np.int32))
    found = np.full(effects, len(token_atom), np.int32)
    np.minimum.at(found, atom[: atom_offset[-1]], np.repeat(first, np.diff(atom_offset)))
    return found


def _heads(parent: list[int], label: list[int]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """First emission, rest and length of sequences given as (all but the last, the last); rests are added to them."""
    numbers = {
        (before, last): number for number, (before, last) in enumerate(zip(parent, label, strict=True)) if number
    }
    head, tail, length = [0], [0], [0]
    at = 1
    while at < len(parent):
        before, last = parent[at], label[at]
        if before == 0:
            head.append(last)
            tail.append(0)
        else:
            key = (tail[before], last)
            if key not in numbers:
                numbers[key] = len(parent)
                parent.append(key[0])
                label.append(last)
            head.append(head[before])
            tail.append(numbers[key])
        length.append(length[before] + 1)
        at += 1
    return np.array(head, np.int32), np.array(tail, np.int32), np.array(length, np.int32)
