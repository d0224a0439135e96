"""The nouns of the constraint machine: opcodes, and what the fields of a configuration mean under each.

A configuration is one hash-consed record, named by its index; ``0`` is the dead configuration::

      index   op        a            b          c        parent
        0     DEAD      .            .          .          .
        1     END       .            .          .          .
        2     VALUE     schema node  .          .          1        "a JSON value, then configuration 1"
        3     ARRAY     array spec   items      .          1
        4     STRING    string spec  characters decoder    3        "inside a string; then configuration 3"

``parent`` is what resumes when the record's own part of the text is over, so a chain of parents is a stack. A parent
may be a SET: one top above several stacks. Records with equal fields are one record, so equal states have equal ints.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["DEAD", "EOF", "UNFILLED", "Literal", "NumberKind", "Op", "Question", "Status", "Whitespace"]

DEAD = 0
"""The configuration from which nothing is accepted."""

UNFILLED = -1
"""Mark of a transition, row or mask that has not been computed yet."""

EOF = 256
"""Pseudo-byte of the end of the text, where an opcode needs one."""


class Op(IntEnum):
    """Opcodes. The fields named in a comment are ``a``, ``b``, ``c``; unnamed fields are 0."""

    DEAD = 0
    END = 1  # the text is over: accepting, no byte may follow
    SET = 2  # a: interned list of configurations (sorted). Alternatives: what any of them accepts
    PRODUCT = 3  # a: interned list of configurations. What all of them accept; only at the top, never a parent
    BYTES = 4  # a: byte automaton, b: its state
    # JSON text
    DOCUMENT = 5  # a: root node. Before the value
    FINISHED = 6  # after the value of the document
    SPACE = 7  # a: whitespace state (Whitespace.BOUNDED only), above the configuration that the whitespace precedes
    VALUE = 8  # a: schema node
    LITERAL = 9  # a: Literal, b: bytes read
    NUMBER = 10  # a: number spec, b: phase, c: digits that the exponent must make up for (see json_number.py)
    STRING = 11  # a: string spec, b: characters read, c: decoder state
    PATTERN = 12  # a: character automaton, b: its state and the characters read, c: decoder state
    CHOICE = 13  # a: node of a character trie, c: decoder state. A string that is one of several
    OBJECT = 14  # a: object spec, b: keys seen, c: names of the additional keys seen (NAMES). After "{"
    NEXT_KEY = 15  # like OBJECT; after ","
    KEY = 16  # a: key trie node or FREE_KEY, b: see key_names.py, c: decoder state; parent: its MEMBERS
    COLON = 17  # a: schema node of the value; parent: MEMBERS with the key already counted
    MEMBERS = 18  # like OBJECT; after a member's value
    ARRAY = 19  # a: array spec. After "["
    ITEMS = 20  # a: array spec, b: items read. After an item
    # context-free grammars
    EARLEY = 21  # a: interned list of (Earley set, lexer state, watcher) records
    # JSON text, continued
    LAZY = 22  # a: state of an automaton that is made as texts reach it (see lazy.py)
    RECORD = 23  # a: what reads the item, b: NAME of its bytes so far; parent: ITEMS that wait (see json_record.py)
    NAME = 24  # a: code point; parent: the NAME before it. A text that is remembered (see names.py), never stepped
    NAMES = 25  # a set of them, never stepped
    MEMO = 26  # a, b, c: a Question and what it is about; its row is the answer. Never stepped


class Status(IntEnum):
    """Why a kernel stopped before its answer was known. Nothing wrong was stored; grow or lower, and call again."""

    OK = 0
    GROW_CONFIGS = 1
    GROW_LISTS = 2
    GROW_LIST_DATA = 3
    GROW_ROWS = 4
    GROW_SCRATCH = 5
    LOWER_NODE = 6  # a schema node was reached whose record is not there yet: DETAIL holds its index
    GROW_MASKS = 7
    LIMIT = 8  # a typed limit was reached: DETAIL says which
    GROW_EARLEY = 9
    GROW_WORK = 10
    LOWER_STATE = 11  # a state of a LAZY automaton has no transitions yet: DETAIL is the state
    LOWER_ENTRY = 12  # an entry has no successors yet: DETAIL is the entry
    GROW_QUOTIENT = 13
    RECORDED = 14  # a remembered item is over and its value has to be looked at: DETAIL is the MEMO to answer


class Question(IntEnum):
    """What is asked of a MEMO; ``a`` and ``b`` in comments."""

    ITEM_READ = 0  # array spec, NAME of the text of its last item: the array spec behind it
    REBASED = 1  # configuration, bottom: the configuration moved onto that bottom
    OTHER_KEYS = 2  # MEMBERS, state of the key automaton: its mask is that of a key that no declared key begins like


class Whitespace(IntEnum):
    """What may stand between JSON tokens."""

    ANY = 0  # RFC 8259: any run of space, tab, line feed, carriage return
    BOUNDED = 1  # what pretty-printers write: one space, or one line feed and up to MAX_INDENT blanks
    COMPACT = 2  # nothing


class Literal(IntEnum):
    """The three literal names of JSON."""

    NULL = 0
    TRUE = 1
    FALSE = 2


class NumberKind(IntEnum):
    """What a number spec asks of a number."""

    ANY = 0
    INTEGER = 1  # its value is an integer, however it is spelled: 10, 1e1, 10.0, 100e-1
    EQUAL = 2  # its value is one given decimal, however it is spelled
    INTEGER_LITERAL = 3  # draft 4: no fraction and no exponent
    RANGE = 4  # between bounds (see json_range.py)
    LAZY = 5  # in a set that an automaton is made for (see lazy.py)
