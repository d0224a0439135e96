"""Slow, plain definitions for tests of automata: minimality, all texts up to a length, comparison with interegular."""

from __future__ import annotations

from itertools import pairwise
from itertools import product as tuples

import interegular
import numpy as np
from interegular.fsm import anything_else

from gramarye.grammar.regex import ByteDfa, CharDfa


def all_texts(alphabet: str, longest: int) -> list[str]:
    """Every text over the alphabet of at most so many characters."""
    return ["".join(chars) for length in range(longest + 1) for chars in tuples(alphabet, repeat=length)]


def assert_canonical(dfa: CharDfa | ByteDfa) -> None:
    """Trimmed, minimal (Moore's refinement ends with every state alone), numbered breadth first, columns distinct."""
    _, kept = np.unique(dfa.trans, axis=1, return_index=True)  # equal columns tell no states apart
    rows, accept = dfa.trans[:, np.sort(kept)].tolist(), dfa.accept.tolist()
    assert not any(rows[0])
    assert not accept[0]
    assert dfa.start == (1 if len(rows) > 1 else 0)
    order = [0, *([1] if dfa.start else [])]
    seen = set(order)
    for state in order:
        for target in rows[state]:
            if target not in seen:
                seen.add(target)
                order.append(target)
    assert order == list(range(len(rows)))
    part = accept
    while True:
        keys = [(part[state], *(part[target] for target in row)) for state, row in enumerate(rows)]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        if len(numbers) == len(set(part)):
            break
        part = [numbers[key] for key in keys]
    assert len(numbers) == len(rows)  # so none but state 0 is equal to the dead state
    if isinstance(dfa, CharDfa):
        columns = {column.tobytes() for column in np.ascontiguousarray(dfa.trans.T)}
        assert len(columns) == dfa.trans.shape[1]
        classes = dfa.classes.tolist()
        assert list(dict.fromkeys(classes)) == list(range(dfa.trans.shape[1]))
        assert all(a != b for a, b in pairwise(classes))
        bounds = dfa.bounds.tolist()
        assert bounds[0] == 0
        assert bounds == sorted(set(bounds))


def differs_from_interegular(dfa: CharDfa, pattern: str) -> str | None:
    """A text on which `dfa` and interegular's automaton of `pattern` disagree; None if their languages are equal."""
    fsm = interegular.parse_pattern(pattern).to_fsm()
    named = {symbol for symbol in fsm.alphabet if symbol is not anything_else}
    unnamed = next(chr(c) for c in range(0x4E00, 0x9FFF) if chr(c) not in named)
    samples = named | {unnamed} | {chr(bound) for bound in dfa.bounds.tolist() if not 0xD800 <= bound <= 0xDFFF}
    start = (dfa.start, fsm.initial)
    seen = {start}
    queue: list[tuple[tuple[int, object], str]] = [(start, "")]
    for (ours, theirs), text in queue:
        if bool(dfa.accept[ours]) != (theirs in fsm.finals):
            return text
        for char in samples:
            symbol = fsm.alphabet[char if char in named else anything_else]
            pair = (dfa.step(ours, ord(char)), fsm.map.get(theirs, {}).get(symbol))
            if pair not in seen:
                seen.add(pair)
                queue.append((pair, text + char))
    return None
