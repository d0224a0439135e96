"""Regular expressions to automata: python ``re`` and ECMA-262 syntax, exact over Unicode scalar values.

automata.py            CharNfa, CharDfa, ByteDfa, RegexLimits
compiler.py            compile_regex, compile_counted, compile_nfa: text to automaton
algebra.py             intersection, union, complement, concatenation, witnesses
utf8.py                code points to bytes

syntax_python.py       the parsers of the dialects, over scanner.py, to the tree of nodes.py
syntax_ecma.py
counted.py             a long bounded repeat as bounds on the length of the text
rewrite.py             atomic groups and python's $ in terms of the other operators
glushkov.py            tree to positions with guarded edges
determinise.py         positions to minimal automata, by the kernels subset.py and minimise.py
lookaround.py          the same with lookarounds and word boundaries
charset.py             sets of characters; casefold.py, unicode_properties.py, unicode_tables.py: which ones
"""

from .algebra import (
    complement,
    concat,
    difference,
    from_ranges,
    intersect,
    is_empty,
    is_subset,
    literal,
    side_by_side,
    symmetric_difference,
    union,
    witness,
)
from .automata import ByteDfa, CharDfa, CharNfa, RegexLimits
from .compiler import compile_counted, compile_nfa, compile_regex
from .counted import Counted
from .utf8 import to_bytes

__all__ = [
    "ByteDfa",
    "CharDfa",
    "CharNfa",
    "Counted",
    "RegexLimits",
    "compile_counted",
    "compile_nfa",
    "compile_regex",
    "complement",
    "concat",
    "difference",
    "from_ranges",
    "intersect",
    "is_empty",
    "is_subset",
    "literal",
    "side_by_side",
    "symmetric_difference",
    "to_bytes",
    "union",
    "witness",
]
