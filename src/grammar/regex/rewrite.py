"""Rewriting of a syntax tree until only regular operators with assertions are left.

Python's ``$`` is the end of the text, or before a line feed that ends it. At the tail of a pattern no assertion is
needed; elsewhere it is spelled out::

    tail, the match must reach the end of the text      END
    tail, anything may follow the match                 \\n?END
    elsewhere                                           (?:END|(?=\\nEND))

Atomic groups and possessive repeats commit to the preferred match of their body. Where a body X has at most one match
at every place (no match is a prefix of another: *prefix-free*), the group means just X. The rest is lookahead::

    atomic(A|B)       atomic(A) | (?!A) atomic(B)
    atomic(A B)       A atomic(B)                        A prefix-free
    atomic(X?)        atomic(X) | (?!X)
    atomic(X{m,n})    X{n} | X{m,n-1} (?!X)              X prefix-free and not empty
    atomic(X{m,n}?)   X{m}                               X prefix-free, or m = 0
"""

from __future__ import annotations

from collections.abc import Callable

from ...errors import RegexError
from .charset import CharSet
from .nodes import (
    EPSILON,
    Alternate,
    Atomic,
    Boundary,
    Chars,
    Concat,
    Edge,
    EdgeKind,
    Look,
    Node,
    Repeat,
)

__all__ = ["rewrite"]

_NEWLINE = Chars(CharSet.char(10))
_END = Edge(EdgeKind.END)
_OPTIONAL_NEWLINE = Repeat(_NEWLINE, 0, 1, lazy=False)
_DOLLAR = Alternate((_END, Look(Concat((_NEWLINE, _END)), behind=False, negative=False)))

PrefixFree = Callable[[Node], bool]
Refuse = Callable[[Atomic], RegexError]


def rewrite(node: Node, *, open_end: bool, prefix_free: PrefixFree, refuse: Refuse) -> Node:
    """The same language without ``Atomic`` nodes and ``DOLLAR`` edges.

    Args:
        node: a whole pattern.
        open_end: anything may follow a match (search), or nothing (full match).
        prefix_free: decides whether the language of a subtree without assertions is prefix-free.
        refuse: makes the error for an atomic group that no rule covers.

    Raises:
        RegexError: from ``refuse``.
    """
    return _Rewriter(prefix_free, refuse).tail(node, open_end)


class _Rewriter:
    def __init__(self, prefix_free: PrefixFree, refuse: Refuse) -> None:
        self._is_prefix_free = prefix_free
        self._refuse = refuse

    def tail(self, node: Node, open_end: bool) -> Node:
        """Rewrite a subtree with which the pattern, or the body of a lookahead, ends."""
        if isinstance(node, Edge) and node.kind is EdgeKind.DOLLAR:
            return Concat((_OPTIONAL_NEWLINE, _END)) if open_end else _END
        if isinstance(node, Concat) and node.parts:
            return Concat((*map(self.inner, node.parts[:-1]), self.tail(node.parts[-1], open_end)))
        if isinstance(node, Alternate):
            return Alternate(tuple(self.tail(branch, open_end) for branch in node.branches))
        return self.inner(node)

    def inner(self, node: Node) -> Node:
        """Rewrite a subtree anywhere."""
        if isinstance(node, Chars | Boundary):
            return node
        if isinstance(node, Concat):
            return Concat(tuple(map(self.inner, node.parts)))
        if isinstance(node, Alternate):
            return Alternate(tuple(map(self.inner, node.branches)))
        if isinstance(node, Repeat):
            return node._replace(body=self.inner(node.body))
        if isinstance(node, Look):
            return node._replace(body=self.inner(node.body) if node.behind else self.tail(node.body, True))
        if isinstance(node, Atomic):
            return self._atomic(self.inner(node.body), node)
        return _DOLLAR if node.kind is EdgeKind.DOLLAR else node

    def _atomic(self, node: Node, group: Atomic) -> Node:
        if self._unique(node):
            return node
        if isinstance(node, Alternate):
            return self._atomic_alternate(node, group)
        if isinstance(node, Concat) and len(node.parts) > 1:
            head, rest = node.parts[0], Concat(node.parts[1:])
            if self._unique(head):
                return Concat((head, self._atomic(rest, group)))
        elif isinstance(node, Concat):
            return self._atomic(node.parts[0], group)
        elif isinstance(node, Repeat) and node.lazy and node.low < 2:
            return self._atomic(node.body, group) if node.low else EPSILON
        elif isinstance(node, Repeat) and not node.lazy and (node.low, node.high) == (0, 1):
            none = Look(node.body, behind=False, negative=True)
            return Alternate((self._atomic(node.body, group), none))
        elif isinstance(node, Repeat) and self._unique(node.body):
            body, low, high = node.body, node.low, node.high
            if node.lazy:
                return Repeat(body, low, low, lazy=False)
            if _zero_width(body):
                return body if low else EPSILON
            if not _nullable(body):
                stop = Look(body, behind=False, negative=True)
                if high is None:
                    return Concat((Repeat(body, low, None, lazy=False), stop))
                fewer = Concat((Repeat(body, low, high - 1, lazy=False), stop))
                return Alternate((Repeat(body, high, high, lazy=False), fewer))
        raise self._refuse(group)

    def _atomic_alternate(self, node: Alternate, group: Atomic) -> Node:
        branches: list[Node] = []
        earlier: list[Node] = []
        for branch in node.branches:
            guards = [Look(other, behind=False, negative=True) for other in earlier]
            branches.append(Concat((*guards, self._atomic(branch, group))))
            earlier.append(branch)
        return Alternate(tuple(branches))

    def _unique(self, node: Node) -> bool:
        """Whether the subtree has at most one match at every place, as far as is easily known."""
        if isinstance(node, Chars | Look | Boundary | Edge):
            return True
        if isinstance(node, Concat) and all(map(self._unique, node.parts)):
            return True
        if isinstance(node, Repeat) and node.low == node.high and self._unique(node.body):
            return True
        return not _asserts(node) and self._is_prefix_free(node)


def _asserts(node: Node) -> bool:
    if isinstance(node, Concat):
        return any(map(_asserts, node.parts))
    if isinstance(node, Alternate):
        return any(map(_asserts, node.branches))
    if isinstance(node, Repeat):
        return _asserts(node.body)
    return not isinstance(node, Chars)


def _zero_width(node: Node) -> bool:
    """Whether the subtree is made of assertions only."""
    if isinstance(node, Concat):
        return all(map(_zero_width, node.parts))
    if isinstance(node, Alternate):
        return all(map(_zero_width, node.branches))
    if isinstance(node, Repeat):
        return _zero_width(node.body)
    return not isinstance(node, Chars)


def _nullable(node: Node) -> bool:
    """Whether the subtree may match the empty string; assertions may."""
    if isinstance(node, Chars):
        return False
    if isinstance(node, Concat):
        return all(map(_nullable, node.parts))
    if isinstance(node, Alternate):
        return any(map(_nullable, node.branches))
    if isinstance(node, Repeat):
        return node.low == 0 or _nullable(node.body)
    return True
