"""Can longest match doom a text that the parser would still accept? A sufficient check, on automata alone.

``NAME NAME`` with nothing ignored between them can be parsed but never be lexed: the first lexeme swallows the
second. A grammar is *separable* if that cannot happen: wherever the lexer is, the lexeme can be ended so that a
terminal that the parser takes next can be begun, directly or after an ignored lexeme, without having been swallowed.

The check looks at *joint states*: (P, F), P the states of the automata of all terminals of F after the same bytes.
What the machine really has at such a place is a part of P, since the parser may take fewer terminals, and whatever
separates the whole separates every part. With FOLLOW of LL parsing, and "survives" for "no terminal of higher rank
accepts here"::

    begun(F, b)    terminals v of which a lexeme that begins with b can be ended well
    next(P, F)     union of begun(F', b) over the bytes b that end every lexeme of P           F' = what follows here
                   and the same behind an ignored lexeme
    ended(P, F)    terminals v that accept and survive at P, with FOLLOW(v) within next(P, F)
    begun(F, b) =  terminals that reach, from the joint state after b, one where they are in ended(P, F)

``begun`` is the greatest solution. The grammar is separable if from every joint state every terminal in it reaches
one where it accepts and all that may follow there is in ``next``. Hypotheses with a watcher (kernels/earley.py) are
not covered; the machine decides those one by one.

Two attempts are made: with F always all terminals, which is quick, and with the terminals that may really follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .analysis import first_terminals, following_terminals, nullable_names
from .reduce import Productions
from .terminals import TerminalPool, row_keys

__all__ = ["Lexicon", "Separation", "separation"]

_MOST_JOINT_STATES = 4_000


@dataclass(frozen=True, slots=True)
class Separation:
    """Outcome of the check.

    Attributes:
        proved: no text without a watcher can be doomed.
        culprits: pairs of terminals (first, then) that could not be separated, where the proof failed.
    """

    proved: bool
    culprits: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the check needs to know of a grammar; sets of terminals are bit sets.

    Attributes:
        names: of the terminals.
        ranks: order of preference of the terminals.
        ignored: the ignored terminals.
        first: terminals that can come first.
        follow: per terminal, those that can come next; none for ignored ones.
        pool: automata.
    """

    names: tuple[str, ...]
    ranks: tuple[int, ...]
    ignored: int
    first: int
    follow: tuple[int, ...]
    pool: TerminalPool

    @classmethod
    def of(
        cls, productions: Productions, names: tuple[str, ...], ranks: tuple[int, ...], ignored: int, pool: TerminalPool
    ) -> Lexicon:
        """From the reduced rules; the first nonterminal is the start."""
        bit = {name: 1 << index for index, name in enumerate(names)}
        nullable = nullable_names(productions)
        first = first_terminals(productions, nullable)[next(iter(productions))]
        follow = following_terminals(productions, nullable)
        return cls(
            names,
            ranks,
            ignored,
            sum(bit[name] for name in first),
            tuple(sum(bit[other] for other in follow.get(name, ())) for name in names),
            pool,
        )


@dataclass(slots=True)
class _Joint:
    """A joint state.

    Attributes:
        states: the automaton states.
        context: the terminals F at whose lexemes' beginning it started.
        targets: joint state after each class of bytes, -1 if none.
        alive: terminals of the states.
        accept: terminals that accept.
        survive: those of them that no accepting one outranks.
        after: the context behind a lexeme that ends here.
        needed: terminals that the parser may ask for behind a lexeme that ends here.
        ended, next: see the module.
    """

    states: NDArray[np.int32]
    context: int
    alive: int
    accept: int
    survive: int
    after: int
    needed: int
    targets: list[int] = field(default_factory=list)
    ended: int = 0
    next: int = 0


class _TooManyError(Exception):
    """There are more joint states than the check is worth."""


def separation(lexicon: Lexicon) -> Separation:
    """Whether a grammar is separable."""
    everything = sum(1 << index for index, first in enumerate(lexicon.pool.first) if first)
    outcome = _Check(lexicon, everything).outcome()
    if outcome.proved:
        return outcome
    try:
        return _Check(lexicon, None).outcome()
    except _TooManyError:
        return outcome


class _Check:
    """One attempt; `everything` is the only context, or None for contexts by what may follow."""

    def __init__(self, lexicon: Lexicon, everything: int | None) -> None:
        self._lexicon = lexicon
        self._everything = everything
        self._joints: list[_Joint] = []
        self._numbers: dict[tuple[int, bytes], int] = {}
        self._starts: dict[int, int] = {}
        self._initial = self._context(lexicon.first)
        self._start(self._initial)
        self._explore()

    def outcome(self) -> Separation:
        """Solve, then look for a joint state from which some terminal gets nowhere."""
        self._solve()
        reached = self._backward({i: j.accept for i, j in enumerate(self._joints) if not j.needed & ~j.next})
        starts = set(self._starts.values())
        stuck = any(joint.alive & ~reached[index] for index, joint in enumerate(self._joints) if index not in starts)
        first = self._joints[self._starts[self._initial]]
        if not stuck and not self._lexicon.first & ~self._next_of(first, first.context):
            return Separation(True)
        return Separation(False, tuple(dict.fromkeys(self._culprits())))

    def _context(self, follow: int) -> int:
        return self._everything if self._everything is not None else follow | self._lexicon.ignored

    def _start(self, context: int) -> int:
        """The joint state before the first byte of a lexeme."""
        known = self._starts.get(context)
        if known is None:
            first = self._lexicon.pool.first
            states = np.array([first[t] for t in _bits(context) if first[t]], np.int32)
            known = self._starts[context] = self._joint(states, context)
        return known

    def _joint(self, states: NDArray[np.int32], context: int) -> int:
        key = (context, states.tobytes())
        known = self._numbers.get(key)
        if known is not None:
            return known
        if self._everything is None and len(self._joints) >= _MOST_JOINT_STATES:
            raise _TooManyError
        lexicon, pool = self._lexicon, self._lexicon.pool
        terminals = pool.terminal[states].tolist()
        accepting = [t for t, accepts in zip(terminals, pool.accept[states].tolist(), strict=True) if accepts]
        best = max((lexicon.ranks[t] for t in accepting), default=0)
        accept = sum(1 << t for t in accepting)
        needed = 0
        for terminal in accepting:
            ignored = lexicon.ignored >> terminal & 1
            needed |= context & ~lexicon.ignored if ignored else 0
            needed |= lexicon.follow[terminal]
        number = self._numbers[key] = len(self._joints)
        self._joints.append(
            _Joint(
                states=states,
                context=context,
                alive=sum(1 << t for t in terminals),
                accept=accept,
                survive=sum(1 << t for t in accepting if lexicon.ranks[t] == best),
                after=self._context(needed),
                needed=needed,
            )
        )
        return number

    def _explore(self) -> None:
        """Make all joint states and their transitions."""
        trans = self._lexicon.pool.trans
        done = 0
        while done < len(self._joints):
            joint = self._joints[done]
            done += 1
            by_class = np.ascontiguousarray(trans[joint.states].T)
            keys = row_keys(by_class)
            known: dict[bytes, int] = {}
            for key in dict.fromkeys(keys):
                column = np.frombuffer(key, np.int32)
                states = column[column > 0]
                known[key] = self._joint(states, joint.context) if states.size else -1
            joint.targets = [known[key] for key in keys]
            if joint.accept:
                self._start(joint.after)
        self._sources: list[set[int]] = [set() for _ in self._joints]
        for index, joint in enumerate(self._joints):
            for target in set(joint.targets) - {-1}:
                self._sources[target].add(index)

    def _solve(self) -> None:
        """Find the greatest ``begun``; a joint state's ``ended`` and ``next`` are then those of the module's text."""
        self._begun = [joint.alive for joint in self._joints]
        while True:
            self._behind_ignored = self._backward(
                {
                    index: self._directly(joint, joint.after)
                    for index, joint in enumerate(self._joints)
                    if joint.survive & self._lexicon.ignored
                }
            )
            for joint in self._joints:
                if joint.accept:
                    joint.next = self._next_of(joint, joint.after)
                    joint.ended = sum(1 << t for t in _bits(joint.survive) if not self._lexicon.follow[t] & ~joint.next)
            begun = self._backward({i: joint.ended for i, joint in enumerate(self._joints) if joint.ended})
            begun = [new & old for new, old in zip(begun, self._begun, strict=True)]
            if begun == self._begun:
                return
            self._begun = begun

    def _openings(self, joint: _Joint, context: int) -> Iterator[int]:
        """Joint states after one byte of a new lexeme, for the bytes that end every lexeme of this joint state."""
        opening = self._joints[self._starts[context]].targets
        ends = joint.targets if joint.accept else [-1] * len(opening)
        return (target for target, end in zip(opening, ends, strict=True) if end < 0 and target >= 0)

    def _directly(self, joint: _Joint, context: int) -> int:
        """Terminals that can be begun right behind a lexeme that ends at a joint state."""
        found = 0
        for target in self._openings(joint, context):
            found |= self._begun[target]
        return found

    def _next_of(self, joint: _Joint, context: int) -> int:
        """The same, or behind an ignored lexeme."""
        found = 0
        for target in self._openings(joint, context):
            found |= self._begun[target] | self._behind_ignored[target]
        return found

    def _backward(self, found: dict[int, int]) -> list[int]:
        """Per joint state, what is found at the joint states that it leads to within the lexeme.

        A terminal that is alive at a joint state was alive all the way to it, so it need not be looked at.
        """
        total = [found.get(index, 0) for index in range(len(self._joints))]
        pending = [index for index, bits in enumerate(total) if bits]
        while pending:
            index = pending.pop()
            for source in self._sources[index]:
                merged = total[source] | total[index]
                if merged != total[source]:
                    total[source] = merged
                    pending.append(source)
        return total

    def _culprits(self) -> Iterator[tuple[str, str]]:
        names = self._lexicon.names
        for joint in self._joints:
            for terminal in _bits(joint.survive & ~joint.ended):
                for other in _bits(self._lexicon.follow[terminal] & ~joint.next):
                    yield names[terminal], names[other]


def _bits(mask: int) -> Iterator[int]:
    """Numbers of the set bits, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
