"""Masks are computed while the model is busy: both run without the interpreter lock.

What a course has written so far decides its next mask, so that it can be asked for before the forward pass whose logits
it restricts::

    this thread   ... draw | forward pass ................ | mask: remembered, draw | forward pass ...
    a helper               | mask of every course |                                 | mask of every ...

The helper only asks the constraints, which remember the answer; drawing asks again, and gets a copy. So results are
the same to the last bit whether the helper came in time, late or not at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np

from ...errors import GramaryeError
from .. import matcher as exact
from ..workers import Workers
from .protocol import Matcher

__all__ = ["Overlap"]


class Overlap:
    """One helper thread that computes masks ahead. To be closed."""

    def __init__(self) -> None:
        self._workers = Workers(2)

    def ask(self, matchers: Sequence[Matcher]) -> Question:
        """Begin to compute the masks of some matchers, as they stand now.

        The caller may move the matchers; it withdraws the question when it needs the masks itself.
        """
        question = Question([matcher.fork() for matcher in matchers if isinstance(matcher, exact.Matcher)])
        if question.matchers:
            self._workers.invite(question, 2)
        return question

    def close(self) -> None:
        """End the thread."""
        self._workers.close()


class Question:
    """Masks that a helper is to compute.

    Attributes:
        matchers: copies of the matchers.
        withdrawn: set once it is too late to begin.
    """

    __slots__ = ("matchers", "withdrawn")

    def __init__(self, matchers: Sequence[exact.Matcher]) -> None:
        self.matchers = matchers
        self.withdrawn = False

    def withdraw(self) -> None:
        """Nobody needs to begin any more."""
        self.withdrawn = True

    def __call__(self) -> None:
        """Compute the masks; what goes wrong is left for whoever needs them to meet again."""
        from ..batch import fill_masks

        if not self.withdrawn:
            rows = np.empty((len(self.matchers), self.matchers[0].constraint.machine.words), np.uint32)
            with contextlib.suppress(GramaryeError):
                fill_masks(self.matchers, rows, threads=1)
