"""Columns and scalars of a machine's header: their numbers, dtypes and meanings. Plain names, no compiled code.

See ``memory.py`` for how kernels reach them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

__all__ = ["COLUMNS", "COLUMN_DTYPES", "HEADER_LENGTH", "SCALARS", "Column", "Scalar"]


class Column(IntEnum):
    """Arrays of a machine. The comment gives dtype and shape."""

    # configurations (intern.py)
    CONFIG_OP = 0  # int32[configs]
    CONFIG_A = 1  # int32[configs]
    CONFIG_B = 2  # int64[configs]
    CONFIG_C = 3  # int32[configs]
    CONFIG_PARENT = 4  # int32[configs]
    CONFIG_ROW = 5  # int32[configs] row of transitions, or UNFILLED
    CONFIG_MASK = 6  # int32[configs] slot in the mask pool, or UNFILLED
    CONFIG_HASH = 7  # int32[power of two] open addressing, 0 is free
    # interned lists of int64 (intern.py)
    LIST_OFFSET = 8  # int64[lists + 1]
    LIST_DATA = 9  # int64[...]
    LIST_KEY = 10  # int64[lists] hash of the content
    LIST_HASH = 11  # int32[power of two]
    # transitions (machine.py)
    ROW_DATA = 12  # int32[rows * 256] successor by byte, or UNFILLED
    # masks (masks.py)
    MASK_DATA = 13  # uint32[slots * words]
    MASK_OWNER = 14  # int32[slots] configuration
    # work space
    SCRATCH = 15  # int64[...]
    STACK = 16  # int32[longest token + 1] configuration by depth of the trie walk
    # vocabulary (runtime/vocabulary.py)
    TRIE = 17  # uint64[nodes]
    SUFFIX_TRIE = 18  # uint64[nodes]
    SUFFIX_OFFSETS = 19  # int32[suffixes + 1]
    SUFFIX_TOKENS = 20  # int32[...]
    SUFFIX_CHARS = 21  # int32[...]
    STRING_MASK = 22  # uint32[words]
    STRING_MASK_BY_CHARS = 23  # uint32[characters + 1, words]
    TOKEN_OFFSETS = 24  # int32[V + 1]
    TOKEN_BUFFER = 25  # uint8[...]
    DUPLICATE_OFFSETS = 26  # int32[groups + 1]
    DUPLICATE_FIRST = 27  # int32[groups]
    DUPLICATE_IDS = 28  # int32[...]
    EOS = 29  # int32[...]
    # byte automata (machine.py): one int32[DFA_WIDTH] record each, states pooled
    DFA = 30  # int32[automata * 4] first transition, classes, first class table entry, first acceptance entry
    DFA_CLASS = 31  # uint8[automata * 256]
    DFA_TRANS = 32  # int32[...] state * classes + class -> state, 0 dead
    DFA_ACCEPT = 33  # uint8[...]
    # character automata (json_string.py)
    CHAR_DFA = 34  # int32[automata * 17], see records.CharDfaField
    CHAR_TRANS = 35  # int32[...]
    CHAR_ACCEPT = 36  # uint8[...]
    CHAR_BOUND = 37  # int32[...] first code point of each interval, ascending
    CHAR_CLASS = 38  # int32[...] class of that interval
    CHAR_LENGTH = 62  # int32[...] lengths that lead to acceptance, by state (see json_string.py)
    # lowered schemas (grammar/schema)
    NODE = 39  # int32[nodes * 8], see json_machine.NodeField
    STRING_SPEC = 40  # int32[specs * 2] fewest and most characters (-1: no bound)
    NUMBER_SPEC = 41  # int32[specs * 6], see json_number.py
    NUMBER_DIGITS = 42  # uint8[...] significant digits of decimals to equal
    ARRAY_SPEC = 43  # int32[specs * 6], see json_machine.ArrayField
    ARRAY_PREFIX = 44  # int32[...] nodes of the leading items
    OBJECT_SPEC = 45  # int32[specs * 12], see json_machine.ObjectField
    OBJECT_KEY = 46  # int32[keys * 4], see json_machine.KeyField
    CHAR_TRIE = 47  # int32[nodes * 6], see json_string.TrieField
    KEY_RANK = 48  # int32[keys] key by rank in the order of code points
    KEY_REQUIRED = 49  # int64[...] bit set of the required keys of each object
    WORK = 50  # int64[...] alternatives being stepped, and their successors
    MASK_WORK = 51  # uint32[words] mask of one alternative
    KEY_LABEL = 54  # int32[...] by state of a key automaton: schema node of the value, or -1
    KEY_WORDS = 60  # int64[...] like KEY_LABEL: number of keys from there on, see key_words.py
    DOUBTFUL = 61  # int32[6 + ...] five groups of tokens that walks may let through, see runtime/doubtful_tokens.py
    FACTORS = 55  # int64[...] successors of the factors of a PRODUCT
    LAZY_TRANS = 56  # int32[states * 14], see lazy.py
    LAZY_ACCEPT = 57  # uint8[states] 1: the text may end there
    NUMBER_BOUNDS = 53  # int32[records * 10], see records.BoundsField
    ENTRY = 58  # int32[entries * 2], see records.EntryField
    SUCCESSOR = 59  # int32[... * 2] schema node of the value, spec of the object or array behind it
    STACK_ROW = 52  # int64[longest token + 1] first transition by depth of the trie walk
    # context-free grammars (earley*.py); the first ones come from grammar/cfg/tables.py
    EARLEY_CLASS = 64  # uint8[256] class of each byte
    EARLEY_SYMBOL = 65  # int32[dots] terminal, -1 - nonterminal, or ACCEPT
    EARLEY_NEXT = 66  # int32[dots] the dot after that symbol
    EARLEY_NULLABLE = 67  # uint8[dots] 1: all that follows the dot can be empty
    EARLEY_SKIP_OFFSET = 68  # int32[dots + 1]
    EARLEY_SKIP = 69  # int32[...] dots reached over nullable symbols, the dot itself first
    EARLEY_PARENT_OFFSET = 70  # int32[nonterminals + 1]
    EARLEY_PARENT = 71  # int32[... * 2] (nonterminal that begins with this one, the dot after this one)
    EARLEY_CORNER_OFFSET = 72  # int32[terminals + 1]
    EARLEY_CORNER = 73  # int32[... * 2] (nonterminal that begins with this terminal, the dot after it)
    EARLEY_FIRST_OFFSET = 74  # int32[nonterminals + 1]
    EARLEY_FIRST = 75  # int32[...] terminals that a nonterminal can begin with
    EARLEY_REACH = 76  # uint32[nonterminals, words] bit n of row b: b can begin with n
    EARLEY_COMPONENT = 77  # int32[nonterminals * 2] left-corner component, and whether it is recursive
    EARLEY_MEMBER_OFFSET = 78  # int32[components + 1]
    EARLEY_MEMBER = 79  # int32[...] nonterminals of a component
    EARLEY_UNIT_OFFSET = 80  # int32[nonterminals + 1]
    EARLEY_UNIT = 81  # int32[...] nonterminals of its component that end where this one ends
    EARLEY_ANCESTOR_OFFSET = 82  # int32[nonterminals + 1]
    EARLEY_ANCESTOR = 83  # int32[...] one nonterminal of each component that can begin with this one, outermost first
    EARLEY_TERMINAL = 84  # int32[terminals * 3] first automaton state, rank, 1: ignored
    EARLEY_DFA = 85  # int32[automaton states, classes] 0: dead
    EARLEY_STATE = 86  # int32[automaton states * 3] terminal, 1: accepting, fewest bytes to acceptance
    EARLEY_LEXER = 87  # int32[lexer states * 4], see earley_lexer.LexerField
    EARLEY_ROW = 88  # int32[lexer states, classes] next lexer state, 0: dead, or UNFILLED
    EARLEY_MEMO = 89  # int64[power of two * 3] see earley_memo.py
    EARLEY_LENGTH = 90  # int32[dots] fewest bytes that the rest after a dot takes
    # tokens that begin with blanks (runtime/blank_tokens.py)
    BLANK_MASK = 92  # uint32[words]
    BLANK_TRIE = 93  # uint64[nodes]
    BLANK_TOKENS = 94  # int32[rests + 1 + ...]
    TRIE_START = 95  # int32[257] first node of TRIE by first byte
    EARLEY_RELATION = 91  # int64[dots, terminals + 1] bit u of [d, t]: t before the dot, u last behind it; or empty
    EARLEY_REGION = 117  # int32[...] what lexer states do with subtrees of the trie, see earley_regions.py
    EARLEY_PENDING = 118  # int64[... * 3] parts of a mask left to the walk of configurations, see earley_mask.py
    # patterns in strings (quotient.py); the tables are described in runtime/quotient_tables.py
    LETTER_TRIE = 96  # uint64[nodes]
    LETTER_ENDS = 97  # int32[nodes + 1]
    LETTER_TOKENS = 98  # int32[...]
    CLASS_TRIE = 99  # uint64[nodes]
    CLASS_ENDS = 100  # int32[nodes + 1]
    CLASS_TOKENS = 101  # int32[...]
    CLASS_DENSE = 102  # int32[nodes] row of DENSE_MASKS, or -1
    DENSE_MASKS = 103  # uint32[rows, words rounded up to an even number]
    SPELLING = 104  # int32[...]
    SPELLING_STARTS = 105  # int32[tokens + 1]
    SPELLING_SHARED = 106  # uint8[tokens]
    PENDING_REACH = 107  # uint64[rows, 2]
    QUOTE_LETTERS = 108  # int32[...]
    QUOTE_STARTS = 109  # int32[quotes + 1]
    SUFFIX_QUOTE = 110  # int32[...]
    QUOTE_LIVE = 111  # int32[quotes] configuration behind a string that ends behind these letters, or 0
    COARSE_BOUND = 112  # int32[...] first code point of each interval of coarse classes
    COARSE_CLASS = 113  # int32[...] class of that interval
    QUOTIENT = 114  # int32[...] records of automata, see quotient.py
    QUOTIENT_STACK = 115  # int32[3 * (longest token + 2)] see quotient.py
    DEPTH_BOUND = 116  # int64[2 * (longest token + 2)] see pattern_masks.py


class Scalar(IntEnum):
    """Single numbers of a machine."""

    STATUS = 0
    DETAIL = 1
    CONFIGS = 2  # configurations interned, the dead one included
    LISTS = 3
    LIST_LENGTH = 4
    ROWS = 5
    MASKS = 6
    MASK_HAND = 7  # next slot to evict
    WORDS = 8  # 32-bit words of a mask
    TRIE_NODES = 9
    SUFFIX_NODES = 10
    STRING_MAX_CHARS = 11
    WHITESPACE = 12
    ORDERED = 13  # 1: properties come in the schema's order
    EOS_COUNT = 14
    DUPLICATE_GROUPS = 15
    PLAIN = 16  # 1: characters and numbers only in their plain spelling, see characters.plain
    MAX_CONFIGS = 17
    # counts that tests and benches read
    VISITED = 18  # trie nodes visited
    STEPS = 19  # transitions computed
    MASKS_BUILT = 20
    MASK_SLOTS = 21  # slots that the byte limit of the pool allows
    DOUBT = 32  # which groups of Column.DOUBTFUL matter: 0: keys, 1: items too, 2: items of few values too
    WORK_BASE = 33  # WORK is taken up to here by steps that wait for others
    RECORDS = 34  # RECORDs being stepped, one inside the other
    QUOTIENT_USED = 35  # length of QUOTIENT
    QUOTIENTS = 36  # walks of CLASS_TRIE, for tests and benches
    LETTER_BUDGET = 37  # nodes of LETTER_TRIE that a walk visits before it goes on by classes
    # addresses of compiled functions, for call_entry (entries.py)
    STEP_ENTRY = 22
    JSON_STEP_ENTRY = 23
    EARLEY_STEP_ENTRY = 24
    EARLEY_COMPLETE_ENTRY = 25
    VIEW_ENTRY = 38
    FILL_ENTRY = 39
    # context-free grammars (earley*.py)
    EARLEY_MEMOS = 40  # answers remembered
    EARLEY_LEXERS = 41  # lexer states, the dead one included
    EARLEY_CLASSES = 42  # classes of bytes
    EARLEY_TERMINALS = 43
    EARLEY_START = 44  # the dot before the start symbol
    EARLEY_DYNAMIC = 45  # 1: any split into lexemes counts, 0: only the longest match
    EARLEY_DOOMED = 46  # records that lexing may have doomed, so that each is searched. 0: none, 1: all, 2: watched
    EARLEY_WORDS = 47  # 32-bit words of a row of EARLEY_REACH
    EARLEY_SEARCH = 48  # records that one search may visit
    EARLEY_DROP_ENTRY = 49  # addresses of compiled functions, for call_entry (earley_entries.py)
    EARLEY_NODE_ENTRY = 50
    EARLEY_SCAN_ENTRY = 51
    EARLEY_BEGIN_ENTRY = 52
    EARLEY_LEXER_ENTRY = 53
    EARLEY_ENVIRONMENT_ENTRY = 54
    EARLEY_LIVE_ENTRY = 55
    EARLEY_BOUND_ENTRY = 56
    EARLEY_SEARCHES = 57  # searches begun, the serial number of the last one
    EARLEY_BASIC = 58  # 1: every terminal is a candidate everywhere
    EARLEY_MASK_ENTRY = 64
    EARLEY_REGIONS = 65  # elements of EARLEY_REGION that are taken, the first one included, which is none
    EARLEY_GENERATION = 66  # how often all regions were forgotten
    EARLEY_PENDINGS = 67
    EARLEY_ANY = 69  # the lexer state before any lexeme, 0: not known yet
    EARLEY_REGION_MASKS = 68  # MASKS_BUILT at that time


COLUMNS = 128
"""Room for columns in the header."""

_SCALARS = 96
HEADER_LENGTH = 2 * COLUMNS + _SCALARS
"""Length of a header."""

SCALARS = 2 * COLUMNS
"""Index of the first scalar in a header."""

_I32 = (
    "CONFIG_OP CONFIG_A CONFIG_C CONFIG_PARENT CONFIG_ROW CONFIG_MASK CONFIG_HASH LIST_HASH ROW_DATA MASK_OWNER STACK "
    "SUFFIX_OFFSETS SUFFIX_TOKENS SUFFIX_CHARS TOKEN_OFFSETS DUPLICATE_OFFSETS DUPLICATE_FIRST DUPLICATE_IDS EOS DFA "
    "DFA_TRANS CHAR_DFA CHAR_TRANS CHAR_BOUND CHAR_CLASS NODE STRING_SPEC NUMBER_SPEC ARRAY_SPEC ARRAY_PREFIX "
    "OBJECT_SPEC OBJECT_KEY ENTRY SUCCESSOR CHAR_TRIE KEY_RANK NUMBER_BOUNDS KEY_LABEL DOUBTFUL EARLEY_SYMBOL "
    "EARLEY_NEXT LAZY_TRANS EARLEY_SKIP_OFFSET EARLEY_SKIP CHAR_LENGTH "
    "EARLEY_PARENT_OFFSET EARLEY_PARENT EARLEY_CORNER_OFFSET EARLEY_CORNER EARLEY_FIRST_OFFSET EARLEY_FIRST "
    "EARLEY_COMPONENT EARLEY_MEMBER_OFFSET EARLEY_MEMBER EARLEY_UNIT_OFFSET EARLEY_UNIT EARLEY_ANCESTOR_OFFSET "
    "EARLEY_ANCESTOR EARLEY_TERMINAL EARLEY_DFA EARLEY_STATE EARLEY_LEXER EARLEY_ROW EARLEY_LENGTH "
    "EARLEY_REGION BLANK_TOKENS TRIE_START "
    "LETTER_ENDS LETTER_TOKENS CLASS_ENDS CLASS_TOKENS CLASS_DENSE SPELLING SPELLING_STARTS QUOTE_LETTERS "
    "QUOTE_STARTS SUFFIX_QUOTE QUOTE_LIVE COARSE_BOUND COARSE_CLASS QUOTIENT QUOTIENT_STACK"
)
_I64 = (
    "CONFIG_B LIST_OFFSET LIST_DATA LIST_KEY SCRATCH KEY_REQUIRED KEY_WORDS WORK FACTORS STACK_ROW "
    "EARLEY_MEMO EARLEY_RELATION EARLEY_PENDING DEPTH_BOUND"
)
_U8 = (
    "TOKEN_BUFFER DFA_CLASS DFA_ACCEPT CHAR_ACCEPT NUMBER_DIGITS LAZY_ACCEPT EARLEY_CLASS EARLEY_NULLABLE "
    "SPELLING_SHARED"
)
_U32 = "MASK_DATA STRING_MASK STRING_MASK_BY_CHARS MASK_WORK EARLEY_REACH BLANK_MASK DENSE_MASKS"
_U64 = "TRIE SUFFIX_TRIE BLANK_TRIE LETTER_TRIE CLASS_TRIE PENDING_REACH"

COLUMN_DTYPES: dict[Column, np.dtype[Any]] = {
    Column[name]: np.dtype(dtype)
    for names, dtype in ((_I32, "int32"), (_I64, "int64"), (_U8, "uint8"), (_U32, "uint32"), (_U64, "uint64"))
    for name in names.split()
}
"""dtype of every column."""
