"""A constraint machine over one vocabulary: an arena, the vocabulary's tables in it, and the calls into the kernels.

Configurations are ints; 0 is dead. Everything here is safe to call from several threads: a call that may add to the
arena holds its lock, and the kernels release the interpreter lock meanwhile.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import batch, entries, forced, intern, machine, masks
from ..kernels.coarse_classes import COARSE_BOUNDS, COARSE_CLASSES
from ..kernels.columns import SCALARS, Column, Scalar
from ..kernels.opcodes import Op, Whitespace
from .arena import Arena
from .blueprint import FIRST_SIZES, Blueprint
from .limits import Limits
from .vocabulary import Vocabulary

__all__ = ["Machine"]


_PIECE = 256
"""Bytes that are read at a time: when a piece needs room, or something lowered, it is read again from its beginning."""


_LETTER_BUDGET = 1500
"""Characters that are walked one by one for the mask of a pattern before classes of characters are: some 5 us."""


class Machine:
    """The machine of one compiled constraint.

    Attributes:
        arena: its memory.
        vocabulary: the tokens.
        ordered: whether properties come in the schema's order.
        plain: whether JSON is confined to its plain spelling.
        end: the configuration that accepts, and that nothing may follow.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        limits: Limits,
        *,
        whitespace: Whitespace = Whitespace.ANY,
        ordered: bool = False,
        plain: bool = False,
    ) -> None:
        blueprint = vocabulary.blueprints.get(plain)
        if blueprint is None:
            blueprint = vocabulary.blueprints[plain] = _blueprint(vocabulary, plain=plain)
        self.arena = Arena(limits, vocabulary.spare, blueprint)
        self.ordered = ordered
        self.plain = plain
        self.vocabulary = vocabulary
        self.words = vocabulary.words
        self._work = np.empty(self.words, np.uint32)
        self._bind_masks(limits)
        self.arena.set(Scalar.WHITESPACE, whitespace)
        self.arena.set(Scalar.ORDERED, int(ordered))
        self.end = self.intern(Op.END)

    def _bind_masks(self, limits: Limits) -> None:
        """Reserve the whole pool: address space costs nothing, and pages come as masks are kept. Growing would copy."""
        slots = max(1, limits.bytes // (4 * self.words))
        self.arena.set(Scalar.MASK_SLOTS, slots)
        self.arena.bind(Column.MASK_DATA, self.arena.spare.take(np.uint32, slots * self.words))
        self.arena.bind(Column.MASK_OWNER, np.empty(slots, np.int32))

    def intern(self, op: Op, a: int = 0, b: int = 0, c: int = 0, parent: int = 0) -> int:
        """The configuration with these fields."""
        return int(self.arena.run(intern.intern_entry, int(op), a, b, c, parent))

    def step(self, config: int, byte: int) -> int:
        """Successor by one byte."""
        return int(self.arena.run(machine.advance_entry, config, byte))

    def advance_bytes(self, config: int, data: bytes) -> tuple[int, int]:
        """Successor by several bytes, and how many were read; ``(0, n)`` if byte n is refused."""
        for first in range(0, len(data), _PIECE):
            piece = data[first : first + _PIECE]
            config = int(self.arena.run(machine.advance_bytes, config, np.frombuffer(piece, np.uint8)))
            if config <= 0:
                return 0, first - 1 - config
        return config, len(data)

    def advance_token(self, config: int, token: int) -> int:
        """Successor by a token's bytes; 0 if it is refused or has none."""
        return int(self.arena.run(masks.advance_token, config, token))

    def sketched(self, config: int) -> int:
        """The configuration as walks of the vocabulary see it: less is known of the key that it reads."""
        return int(self.arena.run(machine.sketched_entry, config))

    def item_over(self, config: int) -> int:
        """The configuration behind an item that may be over, where its text is remembered; otherwise itself."""
        return int(self.arena.run(machine.item_over, config))

    def accepting(self, config: int) -> bool:
        """True if the text may end here."""
        return bool(self.arena.run(machine.accepting_entry, config))

    def continues(self, config: int) -> bool:
        """True if some byte may come next."""
        return bool(self.arena.run(forced.continues, config))

    def mask(self, config: int, out: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Write the token mask of a configuration to ``out`` (uint32[words], contiguous) and return it."""
        self.arena.run(batch.fill_one, config, self._work, out)
        return out

    def successors(self, config: int) -> NDArray[np.int32]:
        """Successor by every token, int32[V]; 0 where refused. One walk of the trie."""
        targets = np.zeros(len(self.vocabulary), np.int32)
        self.arena.run(masks.token_successors, config, targets)
        return targets

    def fields(self, config: int) -> tuple[Op, int, int, int, int]:
        """Opcode, ``a``, ``b``, ``c`` and parent of a configuration."""
        arena = self.arena
        return (
            Op(int(arena.column(Column.CONFIG_OP)[config])),
            int(arena.column(Column.CONFIG_A)[config]),
            int(arena.column(Column.CONFIG_B)[config]),
            int(arena.column(Column.CONFIG_C)[config]),
            int(arena.column(Column.CONFIG_PARENT)[config]),
        )

    def members(self, config: int) -> list[int]:
        """The configurations of a SET or PRODUCT; the configuration itself otherwise."""
        op, listed, *_ = self.fields(config)
        if op not in (Op.SET, Op.PRODUCT):
            return [config]
        offsets = self.arena.column(Column.LIST_OFFSET)
        return [int(x) for x in self.arena.column(Column.LIST_DATA)[offsets[listed] : offsets[listed + 1]]]

    def live_bytes(self, config: int) -> list[int]:
        """The bytes that may come next, ascending."""
        return [byte for byte in range(256) if self.step(config, byte)]


def _blueprint(vocabulary: Vocabulary, *, plain: bool) -> Blueprint:
    """What the machines of a vocabulary begin with."""
    tables, blanks = vocabulary.tables, vocabulary.blank_tokens
    strings = vocabulary.plain_strings if plain else tables
    shared: dict[Column, NDArray[Any]] = {
        Column.TRIE: tables.trie,
        Column.SUFFIX_TRIE: tables.suffix_trie,
        Column.SUFFIX_OFFSETS: strings.suffix_offsets,
        Column.SUFFIX_TOKENS: strings.suffix_tokens,
        Column.SUFFIX_CHARS: strings.suffix_chars,
        Column.STRING_MASK: strings.string_mask,
        Column.STRING_MASK_BY_CHARS: strings.string_mask_by_chars,
        Column.TOKEN_OFFSETS: tables.token_offsets,
        Column.TOKEN_BUFFER: tables.token_buffer,
        Column.DUPLICATE_OFFSETS: tables.duplicate_offsets,
        Column.DUPLICATE_FIRST: tables.duplicate_first,
        Column.DUPLICATE_IDS: tables.duplicate_ids,
        Column.EOS: tables.eos,
        Column.DOUBTFUL: vocabulary.doubtful_tokens,
        Column.BLANK_MASK: blanks.mask,
        Column.BLANK_TRIE: blanks.trie,
        Column.BLANK_TOKENS: blanks.tokens,
        Column.TRIE_START: blanks.starts,
        Column.LETTER_TRIE: tables.letter_trie,
        Column.LETTER_ENDS: tables.letter_ends,
        Column.LETTER_TOKENS: tables.letter_tokens,
        Column.CLASS_TRIE: tables.class_trie,
        Column.CLASS_ENDS: tables.class_ends,
        Column.CLASS_TOKENS: tables.class_tokens,
        Column.CLASS_DENSE: tables.class_dense,
        Column.DENSE_MASKS: tables.dense_masks,
        Column.SPELLING: tables.spelling,
        Column.SPELLING_STARTS: tables.spelling_starts,
        Column.SPELLING_SHARED: tables.spelling_shared,
        Column.PENDING_REACH: tables.pending_reach,
        Column.QUOTE_LETTERS: tables.quote_letters,
        Column.QUOTE_STARTS: tables.quote_starts,
        Column.SUFFIX_QUOTE: strings.suffix_quote,
        Column.COARSE_BOUND: COARSE_BOUNDS,
        Column.COARSE_CLASS: COARSE_CLASSES,
    }
    deepest = vocabulary.longest + 2
    scalars = {
        Scalar.TRIE_NODES: tables.trie.size,
        Scalar.SUFFIX_NODES: tables.suffix_trie.size,
        Scalar.STRING_MAX_CHARS: tables.string_max_chars,
        Scalar.EOS_COUNT: tables.eos.size,
        Scalar.DUPLICATE_GROUPS: tables.duplicate_first.size,
        Scalar.WORDS: vocabulary.words,
        Scalar.PLAIN: int(plain),
        Scalar.LETTER_BUDGET: _LETTER_BUDGET,
    }
    sizes = {
        Column.STACK: deepest,
        Column.STACK_ROW: deepest,
        Column.QUOTIENT_STACK: 3 * deepest,
        Column.DEPTH_BOUND: 2 * deepest,
        Column.QUOTE_LIVE: tables.quote_starts.size - 1,
    }
    blueprint = Blueprint(shared, {**FIRST_SIZES, **sizes}, scalars)
    entries.install_entries(blueprint.header)
    blueprint.header[SCALARS + Scalar.FILL_ENTRY] = batch.fill_address.address
    return blueprint
