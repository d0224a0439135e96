"""Joint sampling from a product of laws given an automaton by forward filtering, backward sampling; and its mode.

Position i has weights w_i(t) = exp(log_probs[i, t]). With alpha_0 = 0 at the start, and sums of the weights of sets::

    alpha_{i+1}(u) = log sum over edges (s, tokens, u) of exp(alpha_i(s)) * sum of w_i over tokens        filtering
    draw u_L ~ exp(alpha_L); then, for i = L-1 ... 0, an edge (s, tokens, u_{i+1}) ~ exp(alpha_i(s)) * its sum,
    a token of it ~ w_i, and u_i = s                                                                      sampling

Viterbi (1967) is the same with maxima for sums. Token sets overlap; *atoms* are the tokens that are in the same sets,
so that the weights of all sets take one pass over the vocabulary, and a token is drawn as an atom first. Everything is
in logarithms of base e and in float64; sums are relative to their largest term.
"""

from __future__ import annotations

import numpy as np
from numba import types

from ..compiling import entry, inner

__all__ = ["atom_weights", "filter_step", "pick_edge", "pick_weighted", "set_weights", "sets_of_atoms", "split_atoms"]

_INT = types.int64
_FLOAT = types.float64
_I4 = types.Array(types.int32, 1, "C")
_I8 = types.Array(types.int64, 1, "C")
_U1 = types.Array(types.uint8, 1, "C")
_F8 = types.Array(types.float64, 1, "C")


@entry(_INT(_I8, _I8, _I4, _I4, _I4))
def split_atoms(set_offsets, set_sizes, set_tokens, atoms, fresh):
    """Number the tokens so that two have one number iff they are in the same sets. O(tokens of all sets).

    Args:
        set_offsets: int64[N].
        set_sizes: int64[N].
        set_tokens: int32[T].
        atoms: int32[V], zero; written. Tokens in no set keep 0.
        fresh: int32[T + 2], zero; scratch.

    Returns:
        A bound of the numbers; not all below it are in use.
    """
    count = np.int64(1)
    for number in range(set_sizes.size):
        first = set_offsets[number]
        last = first + set_sizes[number]
        begun = count
        for i in range(first, last):
            atom = atoms[set_tokens[i]]
            if fresh[atom] < begun:
                fresh[atom] = np.int32(count)
                count += 1
            atoms[set_tokens[i]] = fresh[atom]
    return count


@entry(_INT(_I8, _I8, _I4, _I4, _I4, _I8, _I4))
def sets_of_atoms(set_offsets, set_sizes, set_tokens, atoms, seen, offsets, listed):
    """Write the atoms of each set, ``listed[offsets[k] : offsets[k + 1]]``; returns how many there are in all.

    Args:
        set_offsets: int64[N].
        set_sizes: int64[N].
        set_tokens: int32[T].
        atoms: int32[V].
        seen: int32[atoms], zero.
        offsets: int64[N + 1].
        listed: int32[T].
    """
    count = np.int64(0)
    for number in range(set_sizes.size):
        offsets[number] = count
        for i in range(set_offsets[number], set_offsets[number] + set_sizes[number]):
            atom = atoms[set_tokens[i]]
            if seen[atom] != number + 1:
                seen[atom] = np.int32(number + 1)
                listed[count] = atom
                count += 1
    offsets[set_sizes.size] = count
    return count


@entry(types.void(_F8, _I4, types.boolean, _F8, _F8))
def atom_weights(row, atoms, best, sums, weights):
    """Weight of each atom: the logarithm of the sum of ``exp(row)`` over its tokens, or, if ``best``, the largest.

    Args:
        row: float64[V].
        atoms: int32[V]; atom 0 is not looked at.
        best: whether maxima are wanted.
        sums: float64[atoms], scratch.
        weights: float64[atoms], written.
    """
    weights[:] = -np.inf
    for token in range(row.size):
        if row[token] > weights[atoms[token]]:
            weights[atoms[token]] = row[token]
    if best:
        return
    sums[:] = 0.0
    for token in range(row.size):
        atom = atoms[token]
        if atom != 0 and row[token] > -np.inf:
            sums[atom] += np.exp(row[token] - weights[atom])
    for atom in range(weights.size):
        if sums[atom] > 0.0:
            weights[atom] += np.log(sums[atom])


@inner(_FLOAT(_F8, _I4, _INT, _INT, types.boolean))
def combined(weights, listed, first, last, best):
    """Logarithm of the sum of the exponentials, or the largest, of ``weights[listed[first:last]]``."""
    most = -np.inf
    for i in range(first, last):
        most = max(most, weights[listed[i]])
    if best or most == -np.inf:
        return most
    total = 0.0
    for i in range(first, last):
        total += np.exp(weights[listed[i]] - most)
    return most + np.log(total)


@entry(types.void(_F8, _I8, _I4, _U1, types.boolean, _F8))
def set_weights(weights, offsets, listed, needed, best, result):
    """Weight of each set that is marked in ``needed``, from those of its atoms; -inf for the others."""
    for number in range(needed.size):
        result[number] = -np.inf
        if needed[number]:
            result[number] = combined(weights, listed, offsets[number], offsets[number + 1], best)


@entry(types.void(_F8, _U1, _I8, _I4, _I4, _F8, types.boolean, _F8, _F8))
def filter_step(before, allowed, edge_offsets, edge_targets, edge_sets, weights, best, sums, after):
    """One step of filtering over an open position.

    Args:
        before: float64[n], alpha of the states; -inf where there is no way.
        allowed: uint8[n], the states that may follow.
        edge_offsets: int64[n + 1].
        edge_targets: int32[E].
        edge_sets: int32[E].
        weights: float64[N] of the sets.
        best: whether maxima are wanted.
        sums: float64[n], scratch.
        after: float64[n], written.
    """
    after[:] = -np.inf
    for state in range(before.size):
        if before[state] > -np.inf:
            for edge in range(edge_offsets[state], edge_offsets[state + 1]):
                target = edge_targets[edge]
                if allowed[target]:
                    after[target] = max(after[target], before[state] + weights[edge_sets[edge]])
    if best:
        return
    sums[:] = 0.0
    for state in range(before.size):
        if before[state] > -np.inf:
            for edge in range(edge_offsets[state], edge_offsets[state + 1]):
                target = edge_targets[edge]
                if allowed[target] and after[target] > -np.inf:
                    sums[target] += np.exp(before[state] + weights[edge_sets[edge]] - after[target])
    for state in range(after.size):
        if sums[state] > 0.0:
            after[state] += np.log(sums[state])


@inner(_INT(_F8, _INT, _FLOAT))
def draw(weights, count, uniform):
    """Index below ``count`` drawn in proportion to ``exp(weights)``; see :func:`pick_weighted`."""
    most = -np.inf
    chosen = np.int64(-1)
    for i in range(count):
        if weights[i] > most:
            most = weights[i]
            chosen = np.int64(i)
    if uniform < 0.0 or chosen < 0:
        return chosen
    total = 0.0
    for i in range(count):
        total += np.exp(weights[i] - most)
    rest = uniform * total
    for i in range(count):
        share = np.exp(weights[i] - most)
        if share > 0.0:
            chosen = np.int64(i)
            if rest < share:
                return chosen
            rest -= share
    return chosen


@entry(_INT(_F8, _FLOAT))
def pick_weighted(weights, uniform):
    """Index drawn in proportion to ``exp(weights)`` by a number in [0, 1); that of the largest if it is negative.

    -1 where all weights are -inf.
    """
    return draw(weights, weights.size, uniform)


@entry(_INT(_F8, _I4, _I4, _I4, _I4, _F8, _INT, _F8, _FLOAT))
def pick_edge(before, edge_owners, edge_targets, edge_sets, candidates, weights, target, work, uniform):
    """The edge into ``target`` drawn in proportion to ``exp(alpha + weight)``, or, if ``uniform`` < 0, the best.

    Args:
        before: float64[n], alpha one position back.
        edge_owners: int32[E], the state that each edge leaves.
        edge_targets: int32[E].
        edge_sets: int32[E].
        candidates: int32[E], scratch.
        weights: float64[N] of the sets.
        target: the state that is reached.
        work: float64[E], scratch.
        uniform: a number in [0, 1), or a negative one.

    Returns:
        An edge; -1 where there is none.
    """
    count = np.int64(0)
    for edge in range(edge_targets.size):
        if edge_targets[edge] == target and before[edge_owners[edge]] > -np.inf:
            weight = before[edge_owners[edge]] + weights[edge_sets[edge]]
            if weight > -np.inf:
                candidates[count] = np.int32(edge)
                work[count] = weight
                count += 1
    chosen = draw(work, count, uniform)
    return np.int64(candidates[chosen]) if chosen >= 0 else np.int64(-1)
