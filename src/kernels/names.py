r"""Texts that are remembered, and sets of them: both hash-consed, so that equal ones are one int.

A text is a chain of NAME configurations, one a character, each above the one before; what texts begin with alike is
shared. A text that is in a set is marked by one more NAME behind it, so that a set can hold what its members begin
with besides::

    ROOT <── "i" <── "d" <── MARK                   the set of "id" and "is":  ROOT, i, id, id MARK, is, is MARK
                └─── "s" <── MARK

A set of NAMEs is a big-endian Patricia tree over their indices (Okasaki and Gill, *Fast mergeable integer maps*,
1998): one shape for one set, and 31 new nodes at most for one more member::

    NAMES   a: left   parent: right   b: the bits that all below share, then a one where they part   c: see WEIGHT
    a NAME  is a tree of itself; 0 is the empty set
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .intern import find_config, intern_config, reserve_scratch
from .memory import HEADER, Column, get_i32, get_i64, put_i64
from .opcodes import Op

__all__ = [
    "MARK",
    "UNKNOWN",
    "name_child",
    "name_root",
    "names_add",
    "names_add_unknown",
    "names_below",
    "names_below_in",
    "names_count",
    "names_have",
    "names_have_text",
    "names_plain",
]

_INT = types.int64

ROOT = -1
"""``a`` of the empty text."""
MARK = -2
"""``a`` of the mark that a text is in a set."""
UNKNOWN = -3
"""``a`` of the first text of which nothing is remembered; the second one has one less, and so on."""
WEIGHT = 2
"""``c`` of NAMES: WEIGHT for each text in the set, and 1 more if there are characters beyond ASCII."""
TREE_DEPTH = 32
"""Nodes that a path from the root of a set to a NAME has at most."""


@inner(_INT(HEADER))
def name_root(header):
    """The empty text."""
    return intern_config(header, Op.NAME, ROOT, 0, 0, 0)


@inner(_INT(HEADER, _INT, _INT))
def name_child(header, name, code):
    """The text with one more character."""
    return intern_config(header, Op.NAME, code, 0, 0, name)


@inner(_INT(HEADER, _INT))
def weight(header, tree):
    """WEIGHT for each text in a set, and 1 more if there are characters beyond ASCII."""
    if tree == 0:
        return 0
    a = np.int64(get_i32(header, Column.CONFIG_A, tree))
    if get_i32(header, Column.CONFIG_OP, tree) == Op.NAMES:
        return np.int64(get_i32(header, Column.CONFIG_C, tree))
    if a <= MARK:
        return WEIGHT
    return 1 if a >= 128 else 0


@inner(_INT(HEADER, _INT))
def names_count(header, tree):
    """Number of texts in a set."""
    return weight(header, tree) // WEIGHT


@inner(types.boolean(HEADER, _INT))
def names_plain(header, tree):
    """True if all characters of the texts in a set are ASCII."""
    return weight(header, tree) % WEIGHT == 0


@inner(types.boolean(_INT, _INT))
def matches(prefix, name):
    """True if a NAME is below a node with these shared bits, or would be."""
    branch = prefix & -prefix
    return ((name & ~(2 * branch - 1)) | branch) == prefix


@inner(_INT(HEADER, _INT, _INT))
def descend(header, tree, name):
    """The child of a NAMES node on the way to a NAME."""
    prefix = get_i64(header, Column.CONFIG_B, tree)
    if name & prefix & -prefix == 0:
        return np.int64(get_i32(header, Column.CONFIG_A, tree))
    return np.int64(get_i32(header, Column.CONFIG_PARENT, tree))


@inner(types.boolean(HEADER, _INT, _INT), inline=False)
def names_have(header, tree, name):
    """True if a NAME is in a set: a text in it begins so, or the NAME is the mark of one. O(1)."""
    while tree != 0 and get_i32(header, Column.CONFIG_OP, tree) == Op.NAMES:
        if not matches(get_i64(header, Column.CONFIG_B, tree), name):
            return False
        tree = descend(header, tree, name)
    return tree == name and name != 0


@inner(types.boolean(HEADER, _INT, _INT))
def names_have_text(header, tree, name):
    """True if a text is in a set."""
    return tree != 0 and names_have(header, tree, find_config(header, Op.NAME, MARK, 0, 0, name))


@inner(_INT(HEADER, _INT, _INT, _INT))
def names_below(header, tree, name, code):
    """The text with one more character if a text in the set begins so, otherwise 0."""
    longer = find_config(header, Op.NAME, code, 0, 0, name)
    return longer if names_have(header, tree, longer) else np.int64(0)


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT), inline=False)
def names_below_in(header, tree, name, low, high):
    """True if a text in the set begins like ``name`` with one more character in ``low`` .. ``high``.

    O(n) for n characters in the set.
    """
    if tree == 0 or not reserve_scratch(header, TREE_DEPTH):
        return False
    put_i64(header, Column.SCRATCH, 0, tree)
    depth = np.int64(1)
    while depth > 0:
        depth -= 1
        tree = get_i64(header, Column.SCRATCH, depth)
        while get_i32(header, Column.CONFIG_OP, tree) == Op.NAMES:
            put_i64(header, Column.SCRATCH, depth, np.int64(get_i32(header, Column.CONFIG_PARENT, tree)))
            depth += 1
            tree = np.int64(get_i32(header, Column.CONFIG_A, tree))
        code = get_i32(header, Column.CONFIG_A, tree)
        if low <= code <= high and get_i32(header, Column.CONFIG_PARENT, tree) == name:
            return True
    return False


@inner(_INT(HEADER, _INT, _INT, _INT))
def node(header, left, right, prefix):
    """The NAMES node of two trees."""
    one, other = weight(header, left), weight(header, right)
    total = (one // WEIGHT + other // WEIGHT) * WEIGHT + max(one % WEIGHT, other % WEIGHT)
    return intern_config(header, Op.NAMES, left, prefix, total, right)


@inner(_INT(HEADER, _INT, _INT), inline=False)
def names_insert(header, tree, name):
    """The set with one more NAME. 0 with the status set if there is no room."""
    if tree == 0 or name == 0 or not reserve_scratch(header, TREE_DEPTH):
        return name
    depth = np.int64(0)
    key = tree
    while get_i32(header, Column.CONFIG_OP, tree) == Op.NAMES:
        key = get_i64(header, Column.CONFIG_B, tree)
        if not matches(key, name):
            break
        put_i64(header, Column.SCRATCH, depth, tree)
        depth += 1
        tree = descend(header, tree, name)
        key = tree
    if tree != name:
        branch = np.int64(1)
        while (key ^ name) >> 1 >= branch:
            branch <<= 1
        prefix = (name & ~(2 * branch - 1)) | branch
        tree = node(header, tree, name, prefix) if name & branch != 0 else node(header, name, tree, prefix)
    while depth > 0 and tree != 0:
        depth -= 1
        above = get_i64(header, Column.SCRATCH, depth)
        prefix = get_i64(header, Column.CONFIG_B, above)
        if name & prefix & -prefix == 0:
            tree = node(header, tree, np.int64(get_i32(header, Column.CONFIG_PARENT, above)), prefix)
        else:
            tree = node(header, np.int64(get_i32(header, Column.CONFIG_A, above)), tree, prefix)
    return tree


@inner(_INT(HEADER, _INT, _INT), inline=False)
def names_add(header, tree, name):
    """The set with one more text. O(n) for n characters; meaningless if it leaves a status."""
    tree = names_insert(header, tree, name_child(header, name, MARK))
    while name != 0 and tree != 0 and not names_have(header, tree, name):
        tree = names_insert(header, tree, name)
        name = np.int64(get_i32(header, Column.CONFIG_PARENT, name))
    return tree


@inner(_INT(HEADER, _INT), inline=False)
def names_add_unknown(header, tree):
    """The set with one more text of which nothing is remembered, taken for different from all others."""
    mark = np.int64(UNKNOWN)
    while True:
        name = intern_config(header, Op.NAME, mark, 0, 0, 0)
        if name == 0 or not names_have(header, tree, name):
            return names_insert(header, tree, name)
        mark -= 1
