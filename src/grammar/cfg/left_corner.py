"""Left corners: which nonterminals a nonterminal can begin with, and the components that begin with one another.

A *begins with* B if B stands in a rule of A behind nothing but nullable symbols. The strongly connected components of
that relation (Tarjan 1972) are the left-recursive ones; earley_return.py solves each as one system of return nodes. ::

    sum:  sum "+" term | term           sum -> sum, term        components  {sum} recursive
    term: atom | call                   term -> atom, call                  {term}
    call: term "(" ")"                  call -> term                        {term, call} recursive, {atom}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Corner", "LeftCorners", "left_corners"]


@dataclass(frozen=True, slots=True)
class Corner:
    """A place where one symbol begins a rule.

    Attributes:
        origin: nonterminal of the rule.
        dot: the dot after the symbol.
        ends: the rest of the rule can be empty.
    """

    origin: int
    dot: int
    ends: bool


@dataclass(frozen=True, slots=True)
class LeftCorners:
    """The relation "begins with" over nonterminals 0 to n - 1.

    Attributes:
        reach: bit m of ``reach[n]`` is set if n can begin with m, itself included.
        component: component of each nonterminal.
        members: nonterminals of each component.
        recursive: whether each component begins with itself.
        unit: nonterminals of the same component that can end where this one ends, itself first.
        ancestors: one nonterminal of each component that can begin with this one, outermost first, its own last.
    """

    reach: list[int]
    component: list[int]
    members: list[list[int]]
    recursive: list[bool]
    unit: list[list[int]]
    ancestors: list[list[int]]


def left_corners(parents: list[list[Corner]]) -> LeftCorners:
    """The relation, given for each nonterminal the rules that it begins.

    Linear in the relation, times n / 64 for the closure.
    """
    count = len(parents)
    begins: list[list[int]] = [[] for _ in range(count)]
    for name, corners in enumerate(parents):
        for corner in corners:
            if name not in begins[corner.origin]:
                begins[corner.origin].append(name)
    members = list(_components(begins))
    component = [0] * count
    for index, names in enumerate(members):
        for name in names:
            component[name] = index
    # Tarjan's order is innermost first, so what a component reaches is known before the component itself.
    reach = [0] * count
    for names in members:
        bits = 0
        for name in names:
            bits |= 1 << name
            for inner in begins[name]:
                bits |= reach[inner]
        for name in names:
            reach[name] = bits
    recursive = [len(names) > 1 or names[0] in begins[names[0]] for names in members]
    outermost_first = [names[0] for names in reversed(members)]
    ancestors = [[outer for outer in outermost_first if reach[outer] >> name & 1] for name in range(count)]
    unit = [_unit_closure(name, parents, component) for name in range(count)]
    return LeftCorners(reach, component, members, recursive, unit, ancestors)


def _unit_closure(name: int, parents: list[list[Corner]], component: list[int]) -> list[int]:
    closure = [name]
    for inner in closure:
        for corner in parents[inner]:
            if corner.ends and component[corner.origin] == component[name] and corner.origin not in closure:
                closure.append(corner.origin)
    return closure


def _components(edges: list[list[int]]) -> Iterator[list[int]]:
    """Strongly connected components, each after all that it leads to. Tarjan's algorithm without recursion."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    waiting: set[int] = set()
    for root in range(len(edges)):
        if root in order:
            continue
        path = [(root, iter(edges[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        waiting.add(root)
        while path:
            node, following = path[-1]
            for target in following:
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    waiting.add(target)
                    path.append((target, iter(edges[target])))
                    break
                if target in waiting:
                    low[node] = min(low[node], order[target])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == order[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    waiting.difference_update(component)
                    yield sorted(component)
