"""The formats ``time`` and ``date-time`` of RFC 3339, leap seconds included.

A leap second is the last second of a day in UTC, so the machine keeps the local time until it has seen that the second
is not 60, and then the offset that makes 23:59 of it::

    "08:59"  --:60-->  owed "+09:00" or "-15:00"        "08:59" --:59-->  any offset
"""

from __future__ import annotations

from typing import NamedTuple

from ..regex import CharDfa
from ..regex.charset import CharSet
from ..regex.explicit import explicit_automaton

__all__ = ["date_time_automaton", "time_automaton"]

_DAY = 24 * 60
_LAST_MINUTE = _DAY - 1
_ANY = -1

_ALPHABET = {
    **{str(digit): CharSet.char(48 + digit) for digit in range(10)},
    ":": CharSet.char(0x3A),
    ".": CharSet.char(0x2E),
    "+": CharSet.char(0x2B),
    "-": CharSet.char(0x2D),
    "T": CharSet.of((0x54, 0x54), (0x74, 0x74)),
    "Z": CharSet.of((0x5A, 0x5A), (0x7A, 0x7A)),
}


class _State(NamedTuple):
    """A place in a time.

    Attributes:
        part: "date", "clock", "second", "after", "point", "fraction", "offset" or "end".
        text: what was read of a clock or an offset, as far as it matters; of a date, the state of its automaton.
        owed: minutes of the day, in the clock 0; _ANY: any offset will do.
    """

    part: str
    text: str = ""
    owed: int = _ANY


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5])


def _clock(text: str, letter: str) -> str | None:
    """``hh:mm`` with one more character."""
    if len(text) == 2:
        return text + letter if letter == ":" else None
    tens = {0: "012", 3: "012345"}.get(len(text), "0123456789")
    if len(text) == 1 and text == "2":
        tens = "0123"
    return text + letter if letter in tens else None


def _step(state: _State, letter: str) -> _State | None:
    part, text, owed = state
    if part == "clock":
        if len(text) == 5:
            return _State("second", text) if letter == ":" else None
        after = _clock(text, letter)
        return None if after is None else _State("clock", after)
    if part == "second":
        return _second(text, letter)
    if letter.isdigit() and part in ("point", "fraction"):
        return _State("fraction", owed=owed)
    if part == "after" and letter == ".":
        return _State("point", owed=owed)
    if part in ("after", "fraction"):
        return _offset(owed, letter)
    return _offset_digit(text, owed, letter) if part == "offset" else None


def _second(text: str, letter: str) -> _State | None:
    """After the colon: the clock while the second may be 60; then its first digit, where it is not."""
    if len(text) == 5:
        if letter == "6":
            return _State("second", text + letter)
        return _State("second", letter) if letter in "012345" else None
    if len(text) == 6:
        return _State("after", owed=_minutes(text)) if letter == "0" else None
    return _State("after") if letter.isdigit() else None


def _offset(owed: int, letter: str) -> _State | None:
    """The sign of the offset, or Z. ``owed`` is the local time of a leap second."""
    if letter == "Z":
        return _State("end") if owed in (_ANY, _LAST_MINUTE) else None
    if letter not in "+-":
        return None
    ahead = owed - _LAST_MINUTE if letter == "+" else _LAST_MINUTE - owed
    return _State("offset", owed=_ANY if owed == _ANY else ahead % _DAY)


def _offset_digit(text: str, owed: int, letter: str) -> _State | None:
    after = _clock(text, letter)
    if after is None or (owed != _ANY and not f"{owed // 60:02}:{owed % 60:02}".startswith(after)):
        return None
    if len(after) == 5:
        return _State("end")
    return _State("offset", after, owed)


def time_automaton() -> CharDfa:
    """Times of day with an offset."""
    return explicit_automaton(_State("clock"), _ALPHABET, _step, lambda state: state.part == "end")


def date_time_automaton(dates: CharDfa) -> CharDfa:
    """Dates, a T, and times of day.

    Args:
        dates: the automaton of the dates.
    """

    def step(state: _State, letter: str) -> _State | None:
        if state.part != "date":
            return _step(state, letter)
        place = int(state.text)
        if letter == "T":
            return _State("clock") if dates.accept[place] else None
        after = dates.step(place, ord(letter))
        return _State("date", str(after)) if after else None

    return explicit_automaton(_State("date", str(dates.start)), _ALPHABET, step, lambda state: state.part == "end")
