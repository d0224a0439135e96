"""Fields of the records that front ends emit: int32 each, in the order of the enumeration.

A table is a column of records laid end to end: field f of record i is ``column[i * FIELDS + f]``.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "ARRAY_FIELDS",
    "BOUNDS_FIELDS",
    "CHAR_DFA_FIELDS",
    "ENTRY_FIELDS",
    "INLINE_KEYS",
    "KEY_FIELDS",
    "LAZY_LETTERS",
    "NODE_FIELDS",
    "NUMBER_FIELDS",
    "OBJECT_FIELDS",
    "TRIE_FIELDS",
    "ArrayField",
    "BoundsField",
    "CharDfaField",
    "EntryField",
    "KeyField",
    "LazyField",
    "NodeField",
    "NodeState",
    "NumberField",
    "ObjectField",
    "Phase",
    "RangeField",
    "TrieField",
]

NODE_FIELDS = 8
ARRAY_FIELDS = 8
ENTRY_FIELDS = 2


class EntryField(IntEnum):
    """int32 fields of an entry: what may follow a key, or come as the next item, where that changes what is to come.

    Fields that name a schema node name entry ``-2 - e`` instead where there are several successors, or another spec.
    """

    FIRST = 0  # index of the first successor in SUCCESSOR
    COUNT = 1  # how many, or -1: not lowered yet


class NodeState(IntEnum):
    """Whether the record of a schema node is there."""

    UNKNOWN = 0
    READY = 1


class NodeField(IntEnum):
    """int32 fields of one alternative of a schema node; -1: no such value."""

    STATE = 0
    NEXT = 1  # the next alternative, or -1
    STRING = 2  # opcode STRING, PATTERN or CHOICE, or -1
    STRING_SPEC = 3
    NUMBER = 4
    OBJECT = 5
    ARRAY = 6
    LITERALS = 7  # bit set over Literal


class ArrayField(IntEnum):
    """int32 fields of an array spec."""

    ITEMS = 0  # schema node of the items after the prefix, or -1: none may follow
    FEWEST = 1
    MOST = 2  # or -1
    PREFIX = 3  # index of the first node of the prefix in ARRAY_PREFIX
    PREFIX_LENGTH = 4
    COUNT_TO = 5  # items are counted up to here
    ENTRY = 6  # entry of the next item, which the other fields then say nothing of; or -1
    PENDING = 7  # 1: waits for the value of the last item (see json_record.py)


OBJECT_FIELDS = 10
KEY_FIELDS = 2
INLINE_KEYS = 62


class ObjectField(IntEnum):
    """int32 fields of an object spec."""

    TRIE = 0  # root of the key trie
    KEYS = 1  # number of declared keys
    FIRST_KEY = 2  # index of key 0 in OBJECT_KEY and of rank 0 in KEY_RANK
    ADDITIONAL = 3  # schema node of additional properties, or -1
    FEWEST = 4
    MOST = 5  # or -1
    REQUIRED = 6  # index of the first word in KEY_REQUIRED
    KEY_DFA = 7  # character automaton that additional keys go through, or -1
    KEY_LABELS = 8  # index in KEY_LABEL of the label of its state 0
    UNFINISHED = 9  # 1: more members must come


class KeyField(IntEnum):
    """int32 fields of a declared key; keys are numbered in the schema's order."""

    NODE = 0  # schema node of the value; -1: the key can never be used; -2 - e: entry e
    REQUIRED = 1


CHAR_DFA_FIELDS = 17
TRIE_FIELDS = 6


class CharDfaField(IntEnum):
    """int32 fields of a character automaton. State 0 of its own numbering is dead."""

    TRANSITIONS = 0  # index of state 0, class 0 in CHAR_TRANS
    CLASSES = 1
    ACCEPT = 2  # index of state 0 in CHAR_ACCEPT
    BOUNDS = 3  # index of the first interval in CHAR_BOUND and CHAR_CLASS
    INTERVALS = 4
    START = 5  # its start state
    FEWEST = 6  # code points of the strings that count, if the automaton is a PATTERN's
    MOST = 7  # or -1
    LENGTHS = 8  # index of row 0, state 0 in CHAR_LENGTH (see json_string.py); behind the rows, the longest by state
    ROWS = 9
    PERIOD = 10
    STATES = 11  # length of a row
    ANYTHING = 12  # the state from which everything is accepted, or 0
    STRING = 13  # string spec of that state
    ROOM = 14  # after so many characters and fewer, MOST can be kept from every live state; -1 without MOST
    SLACK = 15  # the greatest entry of CHAR_LENGTH but the longest
    QUOTIENT = 16  # its record in QUOTIENT, or 0: none yet


class TrieField(IntEnum):
    """int32 fields of a node of a character trie; siblings ascend by code point."""

    CHILD = 0  # first child, or -1
    SIBLING = 1  # next sibling, or -1
    CODE = 2  # code point on the edge that leads here
    VALUE = 3  # number of the string that ends here, or -1
    RANK_LOW = 4  # the strings below, this one included, are those of ranks RANK_LOW .. RANK_HIGH - 1
    RANK_HIGH = 5


NUMBER_FIELDS = 6
LAZY_LETTERS = 14
"""Transitions of a LAZY state: by the digits, ``.``, ``e`` or ``E``, ``+``, ``-``."""
BOUNDS_FIELDS = 10


class NumberField(IntEnum):
    """Fields of a number spec."""

    KIND = 0
    DIGITS = 1  # first of the significant digits in NUMBER_DIGITS
    LENGTH = 2  # how many; 0 for the value zero
    EXPONENT = 3  # k in D * 10^k
    NEGATIVE = 4
    LITERAL = 5  # EQUAL: 1: in plain spelling only (no exponent, no zeros that could be left out)


class LazyField(IntEnum):
    """Fields of a number spec of kind LAZY."""

    KIND = 0
    START = 1  # the start state, filled in


class RangeField(IntEnum):
    """Fields of a number spec of kind RANGE."""

    KIND = 0
    POSITIVE_SIDE = 1  # record of NUMBER_BOUNDS for positive numbers, or -1: none is allowed
    NEGATIVE_SIDE = 2  # the same for the magnitudes of negative numbers
    ZERO = 3  # 1: zero is allowed
    WHOLE = 4  # 1: integers only
    PLAIN = 5  # 1: no exponent; with WHOLE, no fraction


class BoundsField(IntEnum):
    """Fields of the bounds of a magnitude, 0.D * 10^E each."""

    HAS_LOW = 0
    LOW_DIGITS = 1  # first digit of D in NUMBER_DIGITS
    LOW_LENGTH = 2
    LOW_EXPONENT = 3
    LOW_STRICT = 4  # 1: the bound itself is excluded
    HAS_HIGH = 5
    HIGH_DIGITS = 6
    HIGH_LENGTH = 7
    HIGH_EXPONENT = 8
    HIGH_STRICT = 9


class Phase(IntEnum):
    """Where in the number the reader is."""

    SIGN = 0
    ZERO = 1
    WHOLE = 2
    POINT = 3
    FRACTION = 4
    EXPONENT = 5
    PLUS = 6
    MINUS = 7
    FREE = 8  # exponent digits, any
    UP = 9  # digits of a positive exponent that is not large enough yet
    DOWN = 10  # digits of a negative exponent that must not become too large
    EXACT = 11  # digits of an exponent that must become the wanted one
