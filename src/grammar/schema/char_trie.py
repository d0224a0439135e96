"""Sets of strings as tries of code points.

Strings are inserted in the order of their code points, so that siblings ascend and the strings below a node are those
of a range of ranks::

    "id", "is", "name"        root[0,3) ─ i[0,2) ─ d[0,1) value 0
                                 │          └───── s[1,2) value 1
                                 └─ n[2,3) ─ a ─ m ─ e value 2
"""

from __future__ import annotations

from collections.abc import Sequence

from ...kernels.records import TRIE_FIELDS, TrieField

__all__ = ["build_char_trie"]


def build_char_trie(strings: Sequence[str], first_node: int) -> tuple[list[int], list[int]]:
    """Trie of distinct strings; the value of a string is its place in ``strings``.

    Args:
        strings: the strings.
        first_node: index that the root will have in the table.

    Returns:
        The records (TRIE_FIELDS ints each) and the strings' places by rank.
    """
    order = sorted(range(len(strings)), key=strings.__getitem__)
    nodes = [[-1, -1, 0, -1, 0, len(strings)]]
    path = [0]
    last_child = [-1]
    previous = ""
    for rank, place in enumerate(order):
        text = strings[place]
        shared = 0
        while shared < len(previous) and shared < len(text) and previous[shared] == text[shared]:
            shared += 1
        for node in path[shared + 1 :]:
            nodes[node][TrieField.RANK_HIGH] = rank
        del path[shared + 1 :], last_child[shared + 1 :]
        for character in text[shared:]:
            new = len(nodes)
            nodes.append([-1, -1, ord(character), -1, rank, rank + 1])
            if last_child[-1] < 0:
                nodes[path[-1]][TrieField.CHILD] = first_node + new
            else:
                nodes[last_child[-1]][TrieField.SIBLING] = first_node + new
            last_child[-1] = new
            path.append(new)
            last_child.append(-1)
        nodes[path[-1]][TrieField.VALUE] = place
        previous = text
    for node in path:
        nodes[node][TrieField.RANK_HIGH] = len(strings)
    flat = [field for node in nodes for field in node]
    if len(flat) != TRIE_FIELDS * len(nodes):
        raise ValueError("a trie record has the wrong number of fields")
    return flat, order
