"""Context-free grammars to tables of the constraint machine.

The files are the pipeline::

    Grammar (grammar/ir.py)
      | terminals.py     each terminal -> automaton over bytes, and the classes of bytes
      | reduce.py        rules that matter, fewer and shorter
      | analysis.py      nullable, first, follow, fewest bytes
      | liveness.py      whether longest match can doom a text; adjacency.py, if it can
      | left_corner.py   which nonterminals begin with which, left-recursive components
      v
    CfgTables (tables.py)
"""

from .tables import CfgTables, build_tables

__all__ = ["CfgTables", "build_tables"]
