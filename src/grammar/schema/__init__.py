"""JSON Schema to tables of the constraint machine, lazily.

::

    dialects.py     drafts and vocabularies: which keywords mean something, and where schemas stand
    resources.py    identifiers, anchors, documents of the registry: what a reference names
    document.py     the subschemas, each with its draft and dynamic scope
    keywords.py     what becomes of each keyword: enforced, annotation, refused
    shapes.py       a conjunction of subschemas as alternatives, each with its bounds per type
    shortest.py     the shortest value of a conjunction; None if it has none (satisfiability)
    char_trie.py    sets of strings as tries of code points
    lower.py        alternatives to records of the machine's tables, when the machine first reaches them
"""

from .document import Document
from .lower import SchemaLowering

__all__ = ["Document", "SchemaLowering"]
