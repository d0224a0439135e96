"""Which of several subschemas a value satisfies: the classes of values with one answer.

::

    a value of U, asked for T1 and T2        U and T1 and T2          (yes, yes)
                                             U and T1 and not T2      (yes, no)
                                             U and not T1 and T2      ...

Classes without values are left out, and a subschema that all or none of a class satisfy is not added to it: one class
stays where the questions do not divide the values. Of 2^n classes few have values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .document import Document
from .shapes import Conjunction

__all__ = ["Verdicts", "classes_of", "joined"]

Verdicts = dict[Conjunction, bool]
"""By what was asked for: whether the values satisfy it."""


def joined(one: Conjunction, other: Conjunction) -> Conjunction:
    """The conjunction of two conjunctions."""
    if not other or one == other:
        return one
    return tuple(sorted({*one, *other})) if one else other


def classes_of(
    document: Document, values: Conjunction, asked: Iterable[Conjunction], possible: Callable[[Conjunction], bool]
) -> list[tuple[Conjunction, Verdicts]]:
    """The classes of the values of a conjunction; none if it has no values.

    Args:
        document: the document.
        values: what the values satisfy.
        asked: what is asked for, each a single subschema or the conjunction of none.
        possible: whether a conjunction has values.

    Returns:
        The conjunction of each class and its answers. Time linear in the classes, for each question.
    """
    if not possible(values):
        return []
    never = document.nothing().index
    classes: list[tuple[Conjunction, Verdicts]] = [(values, {})]
    for question in dict.fromkeys(asked):
        divided: list[tuple[Conjunction, Verdicts]] = []
        for conjuncts, verdicts in classes:
            if not question or question[0] in conjuncts:
                divided.append((conjuncts, {**verdicts, question: True}))
                continue
            opposite = document.opposite(document.subschemas[question[0]]).index
            if question[0] == never or opposite in conjuncts:
                divided.append((conjuncts, {**verdicts, question: False}))
                continue
            yes, no = joined(conjuncts, question), joined(conjuncts, (opposite,))
            some, others = possible(yes), possible(no)
            if some:
                divided.append((yes if others else conjuncts, {**verdicts, question: True}))
            if others:
                divided.append((no if some else conjuncts, {**verdicts, question: False}))
        classes = divided
    return classes
