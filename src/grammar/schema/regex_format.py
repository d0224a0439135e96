"""The format ``regex``: strings that are regular expressions of ECMA-262, as far as an automaton can tell.

A machine over the characters of the pattern, and a count of open groups beside it::

    start --a--> atom --*--> done --?--> start          [ a - z ]     the lower end of a range is kept while it matters
      |                                                 { 2 , 5 }     so is the lower bound of a repeat
      '--(--> group --?--> kind --:--> start            ( ( ) )       groups open: 0 1 2 1 0

Regular expressions nest, so they are no regular language, and this one is not exactly theirs. It has fewer: groups
nest at most DEPTH deep, and of what only Annex B of ECMA-262 reads, escaped punctuation, repeated assertions and single
``]`` and ``}`` are let through and the rest is not. And it has more where the whole pattern would have to be
remembered: whether the group of a backreference exists, whether the names of groups differ, whether a property is
known, and the order of ranges whose ends are not both letters or digits of ASCII, and of repeats of a hundred and more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..regex import CharDfa
from ..regex.charset import SCALARS, CharSet, partition
from ..regex.explicit import explore
from ..regex.minimise import canonical
from ..regex.unicode_properties import property_set

__all__ = ["DEPTH", "regex_automaton"]

DEPTH = 16
"""Groups that may be open at once."""


class _State(NamedTuple):
    """A name, where an escape returns to, and a number whose meaning the name gives."""

    name: str
    place: int = 0
    number: int = 0


_OUTSIDE, _LOW, _HIGH = range(3)  # outside classes, in one, and in one as the upper end of a range
_OTHER = 128  # a character that is no letter or digit of ASCII
_HUNDRED = 100  # a hundred or more
_START, _ATOM, _DONE, _CLASS, _ENOUGH = map(_State, ("start", "atom", "done", "class", "enough"))
_HEX = frozenset("0123456789abcdefABCDEF")
_FLAGS = "ims"
_START_LETTERS, _CONTINUE_LETTERS, _REST = "letters", "marks", "rest"  # of names, beyond ASCII


def _digit(letter: str) -> bool:
    return len(letter) == 1 and "0" <= letter <= "9"


def _code(letter: str) -> int:
    return ord(letter) if len(letter) == 1 and letter.isalnum() else _OTHER


def _returned(state: _State) -> _State:
    """The state after an escape that stands for one character."""
    return (_ATOM, _State("low", number=_OTHER), _CLASS)[state.place]


def _returned_set(state: _State) -> _State:
    """The state after an escape that stands for several characters."""
    return (_ATOM, _State("set"), _CLASS)[state.place]


def _outside(_: _State, letter: str) -> _State | None:
    if letter in "^$|":
        return _START
    special = {"(": _State("group"), "[": _State("open"), "\\": _State("escape"), "{": None}
    return special.get(letter, _ATOM)


def _start(state: _State, letter: str) -> _State | None:
    return None if letter in ("*", "+", "?") else _outside(state, letter)


def _atom(state: _State, letter: str) -> _State | None:
    if letter in ("*", "+", "?"):
        return _DONE
    return _State("least", number=-1) if letter == "{" else _outside(state, letter)


def _done(state: _State, letter: str) -> _State | None:
    return _START if letter == "?" else _start(state, letter)


def _least(state: _State, letter: str) -> _State | None:
    if _digit(letter):
        return _State("least", number=min(max(state.number, 0) * 10 + int(letter), _HUNDRED))
    if state.number < 0 or letter not in (",", "}"):
        return None
    return _DONE if letter == "}" else _State("most", number=state.number)


def _most(state: _State, letter: str) -> _State | None:
    if letter == "}":
        return _DONE
    return _compared(state.number, int(letter)) if _digit(letter) else None


def _compared(least: int, most: int) -> _State:
    """The state after some digits of the upper bound of a repeat."""
    if most >= least:
        return _ENOUGH
    return _State("below", number=1000 * least + most if 10 * most < least else 1000 * _HUNDRED + 10)


def _below(state: _State, letter: str) -> _State | None:
    least, most = divmod(state.number, 1000)
    return _compared(least, 10 * most + int(letter)) if _digit(letter) else None


def _enough(state: _State, letter: str) -> _State | None:
    return state if _digit(letter) else _DONE if letter == "}" else None


def _group(state: _State, letter: str) -> _State | None:
    return _State("kind") if letter == "?" else _start(state, letter)


def _kind(_: _State, letter: str) -> _State | None:
    if letter in (":", "=", "!"):
        return _START
    return _State("angle") if letter == "<" else _flags(_State("on"), letter)


def _flags(state: _State, letter: str) -> _State | None:
    """``(?ims-ims:``: each letter once, and not none at all."""
    if letter == ":":
        return _START if state.number else None
    if letter == "-":
        return _State("off", number=state.number) if state.name == "on" else None
    bit = 1 << _FLAGS.index(letter) if letter in (*_FLAGS,) else 0
    return None if not bit or state.number & bit else _State(state.name, number=state.number | bit)


def _angle(_: _State, letter: str) -> _State | None:
    return _START if letter in ("=", "!") else _named(_State("name"), letter, first=True)


def _named(state: _State, letter: str, *, first: bool) -> _State | None:
    """A letter of the name of a group."""
    begins = letter in ("$", "_", _START_LETTERS) or (len(letter) == 1 and letter.isalpha())
    return state if begins or (not first and (letter == _CONTINUE_LETTERS or _digit(letter))) else None


def _name(state: _State, letter: str) -> _State | None:
    return _START if letter == ">" else _named(state, letter, first=False)


def _reference(state: _State, letter: str) -> _State | None:
    """``\\k<name>``; the number tells how far it is."""
    if state.number == 0:
        return _State("reference", number=1) if letter == "<" else None
    if state.number == 2 and letter == ">":
        return _ATOM
    return _named(_State("reference", number=2), letter, first=state.number == 1)


def _escape(state: _State, letter: str) -> _State | None:
    if len(letter) > 1:
        return None
    if letter in "dDsSwW":
        return _returned_set(state)
    if letter in "fnrtv":
        return _returned(state)
    if letter in "bB":
        return _START if state.place == _OUTSIDE else _returned(state) if letter == "b" else None
    if letter in "123456789":
        return _State("back") if state.place == _OUTSIDE else None
    if letter == "k":
        return _State("reference") if state.place == _OUTSIDE else None
    longer = {"c": "control", "0": "zero", "x": "hex", "u": "unicode", "p": "property", "P": "property"}
    if letter in longer:
        return _State(longer[letter], state.place, 2 if letter == "x" else 0)
    return _returned(state) if "!" <= letter <= "~" and not letter.isalnum() else None


def _control(state: _State, letter: str) -> _State | None:
    return _returned(state) if len(letter) == 1 and letter.isalpha() else None


def _zero(state: _State, letter: str) -> _State | None:
    return None if _digit(letter) else _step(_returned(state), letter)


def _back(state: _State, letter: str) -> _State | None:
    return state if _digit(letter) else _atom(state, letter)


def _hex(state: _State, letter: str) -> _State | None:
    """The number: digits that are missing."""
    if letter not in _HEX:
        return None
    if state.number > 1:
        return state._replace(number=state.number - 1)
    return _returned(state)


def _unicode(state: _State, letter: str) -> _State | None:
    return state._replace(name="braced") if letter == "{" else _hex(_State("hex", state.place, 4), letter)


def _braced(state: _State, letter: str) -> _State | None:
    """``\\u{...}`` up to 10FFFF. The number: 0, 1 after zeros, 10 + digits, 20 + digits if they begin with 1, 10."""
    if letter == "}":
        return _returned(state) if state.number else None
    number = state.number
    if letter not in _HEX or number in (15, 26):
        return None
    if number < 10:
        after = 1 if letter == "0" else 21 if letter == "1" else 11
    else:
        after = 12 if number == 21 and letter != "0" else number + 1
    return state._replace(number=after)


def _property(state: _State, letter: str) -> _State | None:
    """``\\p{Name=Value}``. The number: 0, 1 after the brace, 2 in the name, 3 after the sign, 4 in the value."""
    if state.number == 0:
        return state._replace(number=1) if letter == "{" else None
    if state.number in (2, 4) and letter == "}":
        return _returned_set(state)
    if state.number == 2 and letter == "=":
        return state._replace(number=3)
    word = len(letter) == 1 and (letter.isalnum() or letter == "_")
    return state._replace(number=2 if state.number < 3 else 4) if word else None


def _open(state: _State, letter: str) -> _State | None:
    return _CLASS if letter == "^" else _class(state, letter)


def _class(_: _State, letter: str) -> _State | None:
    if letter == "]":
        return _ATOM
    return _State("escape", _LOW) if letter == "\\" else _State("low", number=_code(letter))


def _low(state: _State, letter: str) -> _State | None:
    return _State("dash", number=state.number) if letter == "-" else _class(state, letter)


def _dash(state: _State, letter: str) -> _State | None:
    if letter == "]":
        return _ATOM
    if letter == "\\":
        return _State("escape", _HIGH)
    high = _code(letter)
    return None if high < state.number < _OTHER else _CLASS


def _set(state: _State, letter: str) -> _State | None:
    """After ``\\w`` and the like a hyphen is one, whatever follows."""
    return _State("dash", number=_OTHER) if letter == "-" else _class(state, letter)


_STEPS: dict[str, Callable[[_State, str], _State | None]] = {
    "start": _start,
    "atom": _atom,
    "done": _done,
    "least": _least,
    "most": _most,
    "below": _below,
    "enough": _enough,
    "group": _group,
    "kind": _kind,
    "on": _flags,
    "off": _flags,
    "angle": _angle,
    "name": _name,
    "reference": _reference,
    "escape": _escape,
    "control": _control,
    "zero": _zero,
    "back": _back,
    "hex": _hex,
    "unicode": _unicode,
    "braced": _braced,
    "property": _property,
    "open": _open,
    "class": _class,
    "low": _low,
    "dash": _dash,
    "set": _set,
}
_ENDS = frozenset(("start", "atom", "done", "group", "zero", "back"))
"""States outside classes in which a pattern, or a group of it, may end; in ``group`` only the group."""


def _step(state: _State, letter: str) -> _State | None:
    return _STEPS[state.name](state, letter)


def _alphabet() -> dict[str, CharSet]:
    """ASCII one by one, and the rest by what names of groups may have."""
    ascii_letters = CharSet.of((0, 127))
    starts = (property_set("ID_Start") or CharSet(())) - ascii_letters
    continues = ((property_set("ID_Continue") or CharSet(())) | CharSet.of((0x200C, 0x200D))) - ascii_letters - starts
    rest = SCALARS - ascii_letters - starts - continues
    singles = {chr(code): CharSet.char(code) for code in range(128)}
    return {**singles, _START_LETTERS: starts, _CONTINUE_LETTERS: continues, _REST: rest}


def regex_automaton() -> CharDfa:
    """The strings that pass for regular expressions."""
    alphabet = _alphabet()
    states, table = explore(_START, alphabet, _step)
    ends = np.array([state.name in _ENDS and state.place == _OUTSIDE for state in states])
    size = len(states)
    letters = list(alphabet)
    change = np.zeros(table.shape, np.int64)
    opens = letters.index("(")
    change[:, opens] = table[:, opens] == 1 + states.index(_State("group"))
    change[ends, letters.index(")")] = -1
    after = np.arange(DEPTH + 1)[:, None, None] + change
    whole = np.where((table > 0) & (after >= 0) & (after <= DEPTH), table + after * size, 0).reshape(-1, len(letters))
    parts = partition(tuple(alphabet.values()))
    trans = np.zeros((1 + len(whole), parts.size), np.int32)
    for column, members in enumerate(parts.members):
        trans[1:, [cls for cls in range(parts.size) if members >> cls & 1]] = whole[:, [column]]
    accept = np.zeros(len(trans), np.uint8)
    accept[1 : size + 1] = ends
    return canonical(trans, accept, 1, parts.bounds, parts.classes)
