"""A few tokens with which nearly every text can be written: small lattices for quick positive answers.

Most canvases that can be completed can be completed with these: for every terminal the shortest token that writes it,
also with a blank before it, and for every lexer state the shortest token that ends the lexeme. A completion found with
them is a completion; that there is none says nothing, and the whole vocabulary is asked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...grammar.cfg.binary_lexer import TokenLexer
from ..vocabulary import Vocabulary
from .cfg_effects import TokenEffects

__all__ = ["core_effects"]

_BLANK = ord(" ")


def core_effects(effects: TokenEffects, lexer: TokenLexer, vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """bool[effects]: the effects of the chosen tokens."""
    tables = vocabulary.tables
    lengths = np.diff(tables.token_offsets).astype(np.int64)
    rank = lengths * len(vocabulary) + np.arange(len(vocabulary))
    firsts = tables.token_buffer[np.minimum(tables.token_offsets[:-1], len(tables.token_buffer) - 1)]
    chosen: set[int] = set()
    for usable in (lengths > 0, (lengths > 1) & (firsts == _BLANK)):
        best = _shortest_tokens(effects, np.where(usable, rank, np.iinfo(np.int64).max))
        chosen |= _chosen(effects, lexer, best, every_state=bool(usable[lengths == 1].any()))
    tokens = np.array(sorted(token % len(vocabulary) for token in chosen), np.int64)
    found = np.zeros(len(effects.sequence), np.bool_)
    for token in tokens.tolist():
        found[effects.of_token(token)] = True
    return found


def _shortest_tokens(effects: TokenEffects, rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """Least rank of a token with each effect."""
    atoms = np.full(len(effects.atom_offset) - 1, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(atoms, effects.token_atom, rank)
    best = np.full(len(effects.sequence), np.iinfo(np.int64).max, np.int64)
    np.minimum.at(best, effects.atom, np.repeat(atoms, np.diff(effects.atom_offset)))
    return best


def _chosen(effects: TokenEffects, lexer: TokenLexer, best: NDArray[np.int64], *, every_state: bool) -> set[int]:
    """Ranks of the tokens for terminals from the start, and of those that end a lexeme."""
    possible = best < np.iinfo(np.int64).max
    length = effects.length[effects.sequence]
    endings = [lexer.endings(state) for state in range(lexer.states)]
    ending = np.array([bool(some) for some in endings])
    whole = possible & (((length == 0) & ending[effects.after]) | ((length == 1) & (effects.after == 0)))
    chosen: dict[tuple[str, int], int] = {}
    candidates = np.flatnonzero(whole)
    for effect in candidates[np.argsort(best[candidates], kind="stable")].tolist():
        sequence = int(effects.sequence[effect])
        written = [int(effects.head[sequence])] if sequence else endings[int(effects.after[effect])]
        rank = int(best[effect])
        if int(effects.origin[effect, 0]) & 1:
            for emission in written:
                chosen.setdefault(("terminal", emission), rank)
        if every_state:
            bits = np.unpackbits(effects.origin[effect].view(np.uint8), bitorder="little")
            for state in np.flatnonzero(bits).tolist():
                chosen.setdefault(("state", state), rank)
    return set(chosen.values())
