"""Token healing: the boundary between prompt and output is tokenized as the model would have done it.

A prompt that ends in the middle of what the model sees as one token (``http:`` before ``//``) forces an
unnatural continuation. So the last tokens of the prompt are taken back, and the first generated tokens must
begin with their bytes::

    prompt ids   [ "see" | " http" | ":" ]           the vocabulary holds "://"
    fed          [ "see" | " http" ]
    respell      ":"                                  bytes that the output must start with, not part of the
    text generated    [ "://" | "example" | ...            ":" belongs to the prompt, "//" is text and must
    fit the constraint

The bytes taken back are the longest run of whole tokens at the end of the prompt that some vocabulary token
properly extends with bytes that the constraint allows; if there is none, nothing is healed. ``HealedMatcher``
is a matcher like any other, so the decoding loop does not know. Tokens that respell the prompt count as
generated tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .protocol import BitMask, Matcher, TrieTables, Vocabulary

__all__ = ["Boundary", "HealedMatcher", "heal"]

_BYTE, _DEPTH_SHIFT, _TOKEN_SHIFT, _SIZE_SHIFT = 0xFF, 8, 20, 41
_DEPTH, _TOKEN = 0xFFF, 0x1FFFFF


class Boundary(NamedTuple):
    """A healed prompt: the ids to feed, the bytes taken back, and the matcher that respells them first."""

    prompt: list[int]
    respell: bytes
    matcher: Matcher


def heal(prompt: Sequence[int], matcher: Matcher, vocabulary: Vocabulary) -> Boundary:
    """Take back the end of the prompt where a token could span the boundary.

    At least one prompt token stays, and special tokens are never taken back. O(bytes taken back x subtree
    walked): the trie below the respelled bytes is walked with the matcher until the first token that fits.
    """
    trie = _Trie(vocabulary.tables)
    best = Boundary(list(prompt), b"", matcher)
    respell = b""
    for kept in range(len(prompt) - 1, 0, -1):
        data = vocabulary.token_bytes(prompt[kept])
        if not data:  # a control token
            break
        respell = data + respell
        node = trie.find(respell)
        if node < 0:
            break
        if next(trie.completions(node, matcher), None) is not None:
            best = Boundary(list(prompt[:kept]), respell, HealedMatcher(matcher.fork(), respell, vocabulary))
    return best


class HealedMatcher:
    """A matcher for ``respell`` followed by the language of ``inner``; see the module's docstring."""

    __slots__ = ("_history", "_inner", "_rest", "_vocabulary")

    def __init__(self, inner: Matcher, respell: bytes, vocabulary: Vocabulary) -> None:
        self._inner = inner
        self._rest = respell
        self._vocabulary = vocabulary
        self._history: list[tuple[Matcher, bytes]] = []

    @property
    def accepting(self) -> bool:
        """Whether the prompt is respelled and the text may end."""
        return not self._rest and self._inner.accepting

    @property
    def finished(self) -> bool:
        """Whether the text may end and nothing else may come."""
        return not self._rest and self._inner.finished

    def mask(self, out: BitMask | None = None, budget: int | None = None) -> BitMask:
        """uint32[W]: tokens that respell the prompt, wholly or before going on within the constraint."""
        if not self._rest:
            return self._inner.mask(out, budget)
        words = np.zeros(-(-len(self._vocabulary) // 32), np.uint32) if out is None else out
        words[:] = 0
        for token in self._allowed(budget):
            words[token >> 5] |= np.uint32(1 << (token & 31))
        return words

    def _allowed(self, budget: int | None) -> Iterator[int]:
        trie = _Trie(self._vocabulary.tables)
        for end in range(1, len(self._rest) + 1):
            node = trie.find(self._rest[:end])
            if node < 0:
                return
            if budget is None or self._plan_length(self._rest[end:]) < budget:
                yield from trie.tokens_at(node)
        for spanning, matcher in trie.completions(trie.find(self._rest), self._inner):
            if budget is None or len(matcher.shortest_tokens()) < budget:
                yield from trie.tokens_at(spanning)

    def _plan_length(self, rest: bytes) -> int:
        respelled = len(self._vocabulary.encode(rest)) if rest else 0
        return respelled + len(self._inner.shortest_tokens())

    def advance(self, token: int) -> bool:
        """Move by one token; False, and nothing changed, where it is refused."""
        if not self._rest:
            moved = self._inner.fork()
            if not moved.advance(token):
                return False
            return self._move(moved, b"")
        data = self._vocabulary.token_bytes(token)
        return bool(data) and token not in self._vocabulary.eos_ids and self.advance_bytes(data)

    def advance_bytes(self, data: bytes) -> bool:
        """Move by bytes, as one step of the history."""
        shared = min(len(data), len(self._rest))
        if data[:shared] != self._rest[:shared]:
            return False
        moved = self._inner.fork()
        if len(data) > shared and not moved.advance_bytes(data[shared:]):
            return False
        return self._move(moved, self._rest[shared:])

    def _move(self, inner: Matcher, rest: bytes) -> bool:
        self._history.append((self._inner, self._rest))
        self._inner, self._rest = inner, rest
        return True

    def rollback(self, n_tokens: int) -> None:
        """Undo the last ``n_tokens`` steps."""
        if n_tokens:
            self._inner, self._rest = self._history[-n_tokens]
            del self._history[-n_tokens:]

    def fork(self) -> HealedMatcher:
        """An independent copy."""
        copy = HealedMatcher(self._inner.fork(), self._rest, self._vocabulary)
        copy._history = list(self._history)
        return copy

    def forced_tokens(self) -> list[int]:
        """Those of the constraint; none while respelling, where the model is to choose the tokens."""
        return [] if self._rest else self._inner.forced_tokens()

    def shortest_tokens(self, limit: int | None = None) -> list[int]:
        """The bytes still to respell as tokens of their own, then a plan of the constraint."""
        respelled = self._vocabulary.encode(self._rest) if self._rest else []
        left = None if limit is None else max(0, limit - len(respelled))
        return [*respelled, *self._inner.shortest_tokens(left)]


class _Trie:
    """Reading the vocabulary's preorder trie: a node is an index, its children begin at node + 1."""

    __slots__ = ("_nodes", "_tables")

    def __init__(self, tables: TrieTables) -> None:
        self._tables = tables
        self._nodes = tables.trie

    def find(self, data: bytes) -> int:
        """The node that spells ``data``, or -1; O(256 len(data))."""
        node = 0
        for byte in data:
            node = next((child for child in self._children(node) if self._byte(child) == byte), -1)
            if node < 0:
                return -1
        return node

    def tokens_at(self, node: int) -> list[int]:
        """All token ids that are spelled exactly by a node, [] for none or for node -1."""
        first = (int(self._nodes[node]) >> _TOKEN_SHIFT & _TOKEN) - 1 if node >= 0 else -1
        if first < 0:
            return []
        tables = self._tables
        groups = np.flatnonzero(tables.duplicate_first == first)
        return [
            first,
            *(int(t) for g in groups for t in tables.duplicate_ids[slice(*tables.duplicate_offsets[g : g + 2])]),
        ]

    def completions(self, node: int, matcher: Matcher) -> Iterator[tuple[int, Matcher]]:
        """Token nodes below ``node`` whose further bytes the matcher accepts, with the matcher after them."""
        stack = [(node, matcher)]
        while stack:
            parent, before = stack.pop()
            for child in self._children(parent):
                after = before.fork()
                if not after.advance_bytes(bytes([self._byte(child)])):
                    continue
                if int(self._nodes[child]) >> _TOKEN_SHIFT & _TOKEN:
                    yield child, after
                stack.append((child, after))

    def _children(self, node: int) -> Iterator[int]:
        end = node + self._size(node)
        child = node + 1
        while child < end:
            yield child
            child += self._size(child)

    def _byte(self, node: int) -> int:
        return int(self._nodes[node]) & _BYTE

    def _size(self, node: int) -> int:
        return int(self._nodes[node]) >> _SIZE_SHIFT
