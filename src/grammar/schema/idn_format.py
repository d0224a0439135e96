"""The format ``idn-hostname``: internationalised host names of IDNA 2008 (RFC 5890 to 5893).

A machine over classes of characters, which are derived from the interpreter's ``unicodedata`` as RFC 5892 says::

    label   letters, digits and marks that normalisation and case folding leave alone, in normal form C, no mark first,
            no hyphen first, last, or third and fourth; up to 63 characters, 59 if they are not all ASCII
    next to middle dot between two l, keraia before Greek, geresh after Hebrew, katakana middle dot beside kana or Han,
            joiners after a virama, the non-joiner between letters that join
    name    labels between any of the four full stops; the rule of RFC 5893 where one of them is written right to left

It has fewer names than the RFCs where those ask for more memory than that: a label that is spelled in Punycode
(``xn--``) is refused, the marks U+0300 to U+036F are (their precomposed letters are not), and the letters that join are
those with presentation forms. It has more in one way: a label counts its own characters, not those of its Punycode.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..regex import CharDfa, compile_regex, intersect
from ..regex.charset import CharSet, union
from ..regex.explicit import explicit_automaton
from ..regex.unicode_properties import property_set

__all__ = ["idn_hostname_automaton"]

_LABEL = "(?:[^.\u3002\uff0e\uff61\x80-\U0010ffff]{1,63}|[^.\u3002\uff0e\uff61]{1,59})"
_LENGTHS = f"{_LABEL}(?:[.\u3002\uff0e\uff61]{_LABEL})*"
_FOURTH = 4
_LATIN_MARKS = range(0x300, 0x370)
_VIRAMA = 9
_BANDS = (1, 7, 8, 9, 10, 21, 27, 33, 34, 84, 202, 220, 221, 230, 231)
"""First combining class of each band; marks of one band follow each other only if it has one class."""
_SINGLE_BANDS = frozenset((7, 8, 9, 33, 220, 230))
_VALID = {0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007}
_INVALID = {0x640, 0x7FA, 0x302E, 0x302F, *range(0x3031, 0x3036), 0x303B}
_IGNORED = ((0x20D0, 0x20FF), (0x1D100, 0x1D1FF), (0x1D200, 0x1D24F))
_OLD_JAMO = ((0x1100, 0x11FF), (0xA960, 0xA97C), (0xD7B0, 0xD7FB))
_CONTEXTUAL = {0xB7: "dot", 0x375: "keraia", 0x5F3: "geresh", 0x5F4: "geresh", 0x30FB: "kana dot"}
_JOINERS = {0x200C: "non-joiner", 0x200D: "joiner"}
_SEPARATORS = CharSet.of(*((code, code) for code in (0x2E, 0x3002, 0xFF0E, 0xFF61)))


class _Letter(NamedTuple):
    """What the machine asks of a character.

    Attributes:
        kind: "separator", "hyphen", "upper", a contextual rule, or "letter".
        ascii: whether it is ASCII.
        direction: L, R, EN or AN; NSM; "" for what is neutral.
        band: of its combining class; 0 for a starter.
        mark: whether it is a mark.
        script: "l", "Greek", "Hebrew", "kana" (or Han), "virama" or "".
        joins: whether it joins the letter before it, and the one after it.
        first: what it composes with if that follows, as a set.
        second: bits of the letters that it composes with if those come before.
    """

    kind: str
    ascii: bool = True
    direction: str = ""
    band: int = 0
    mark: bool = False
    script: str = ""
    joins: tuple[bool, bool] = (False, False)
    first: frozenset[int] = frozenset()
    second: int = 0


class _State(NamedTuple):
    """A place in a name.

    Attributes:
        length: characters of the label, up to the fourth.
        alphabet: "lower" while all were lower-case ASCII, "ascii" after a capital, "any" after another character.
        direction: "" at the start, "L", "R", "R EN", "R AN", or "X" for a label that breaks the rule of RFC 5893.
        names: "R" after a label written right to left, "X" after one that breaks the rule, or "".
        last: the last character's script, or what it asks of the next: "l!", "Greek!", "kana!", "join!".
        band: its band; 0 for a starter.
        joins: whether the last letter joins the next, marks in between apart.
        first: what the last character composes with.
    """

    length: int = 0
    alphabet: str = "lower"
    direction: str = ""
    names: str = ""
    last: str = ""
    band: int = 0
    joins: bool = False
    first: frozenset[int] = frozenset()


def _follows(state: _State, letter: _Letter) -> bool:
    """Whether a character may stand where it stands, by what is next to it."""
    kind, last = letter.kind, state.last
    if state.length == 0 and (letter.mark or kind in ("hyphen", "joiner", "non-joiner", "dot", "geresh")):
        return False
    if state.length == 3 and last == kind == "hyphen":
        return False
    if last == "join!":
        return letter.joins[0] or (letter.mark and letter.band > state.band)
    if last.endswith("!") and letter.script != last[:-1]:
        return False
    before = {"dot": "l", "geresh": "Hebrew", "joiner": "virama"}
    if last != before.get(kind, last):
        return False
    if kind == "non-joiner":
        return last == "virama" or state.joins
    if letter.second and letter.second in state.first:
        return False
    if letter.second and letter.band:
        return state.band == 0
    if letter.band and state.band:
        return letter.band > state.band or (letter.band == state.band and letter.band in _SINGLE_BANDS)
    return True


def _last(state: _State, letter: _Letter) -> str:
    """What is remembered of a character."""
    if letter.kind == "kana dot":
        return "" if state.last == "kana" else "kana!"
    if letter.kind == "non-joiner" and state.last != "virama":
        return "join!"
    if state.last == "join!" and letter.mark:
        return "join!"
    after = {"hyphen": "hyphen", "dot": "l!", "keraia": "Greek!", "geresh": "Hebrew"}
    return after.get(letter.kind, letter.script)


def _direction(state: _State, letter: _Letter) -> str | None:
    """The direction of the label after a character, by RFC 5893; None if no name may have such a label."""
    label, way = state.direction, letter.direction
    if way == "NSM" or letter.kind in ("joiner", "non-joiner"):
        return label
    if label == "":
        return {"L": "L", "R": "R", "AN": None}.get(way, "X")
    if not label.startswith("R"):
        if way in ("R", "AN"):
            return None
        return label if way in ("L", "EN") or letter.kind == "hyphen" else "X"
    if way in ("EN", "AN"):
        return f"R {way}" if label in ("R", f"R {way}") else None
    return label if way == "R" or letter.kind == "hyphen" else None


def _step(state: _State, letter: _Letter) -> _State | None:
    if letter.kind == "separator":
        if not _ends(state):
            return None
        return _State(names=state.names or {"L": ""}.get(state.direction, state.direction[:1]))
    alphabet = state.alphabet
    if not letter.ascii:
        alphabet = "any" if alphabet != "ascii" else ""
    elif letter.kind == "upper":
        alphabet = "ascii" if alphabet != "any" else ""
    if not alphabet:
        return None
    direction = _direction(state, letter)
    if direction is None or not _follows(state, letter) or {direction[:1], state.names} == {"R", "X"}:
        return None
    joins = state.joins if letter.mark else letter.joins[1]
    last = _last(state, letter)
    return _State(
        min(state.length + 1, _FOURTH), alphabet, direction, state.names, last, letter.band, joins, letter.first
    )


def _ends(state: _State) -> bool:
    return state.length > 0 and state.last != "hyphen" and not state.last.endswith("!")


def _stable(code: int) -> bool:
    """RFC 5892, section 2.2: whether normalisation and case folding leave a character alone."""
    char = chr(code)
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())
    return normal == char


def _property(name: str) -> CharSet:
    return property_set(name) or CharSet(())


def _valid() -> tuple[CharSet, CharSet]:
    """The characters of RFC 5892 that are PVALID beyond ASCII: those to be looked at one by one, and Han and Hangul."""
    letters = union(map(_property, ("Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"))) - CharSet.of((0, 127))
    ignored = union(map(_property, ("Default_Ignorable_Code_Point", "White_Space", "Noncharacter_Code_Point")))
    letters = letters - ignored - CharSet.of(*_IGNORED, *_OLD_JAMO) - CharSet.of(*((c, c) for c in _INVALID))
    alike = letters & (_property("Unified_Ideograph") | CharSet.of((0xAC00, 0xD7A3)))
    known = (code for code in (letters - alike).code_points() if unicodedata.bidirectional(chr(code)))
    singles = CharSet.of(*((code, code) for code in (*filter(_stable, known), *_VALID, *_CONTEXTUAL, *_JOINERS)))
    return singles, alike


def _compositions() -> Iterator[tuple[int, int]]:
    """Pairs of characters that normal form C composes, the second one outside of the Latin marks."""
    for code in range(0xC0, 0x20000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) != 2 or parts[0].startswith("<") or unicodedata.normalize("NFC", chr(code)) != chr(code):
            continue
        first, second = (int(part, 16) for part in parts)
        if second not in _LATIN_MARKS:
            yield first, second


def _joining() -> tuple[frozenset[int], frozenset[int]]:
    """Letters with a final form join the one before them, those with an initial or medial form the one after."""
    before, after = set(), set()
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00)):
        form, *parts = unicodedata.decomposition(chr(code)).split() or ("",)
        if len(parts) == 1:
            if form in ("<final>", "<medial>"):
                before.add(int(parts[0], 16))
            if form in ("<initial>", "<medial>"):
                after.add(int(parts[0], 16))
    return frozenset(before), frozenset(after)


def _script_of(code: int, scripts: Iterable[tuple[str, CharSet]]) -> str:
    if unicodedata.combining(chr(code)) == _VIRAMA:
        return "virama"
    return next((name for name, chars in scripts if code in chars), "")


def _alphabet() -> dict[_Letter, CharSet]:
    """The characters by what the machine asks of them."""
    singles, alike = _valid()
    kana = _property("Script=Hiragana") | _property("Script=Katakana") | _property("Script=Han")
    scripts = (("Greek", _property("Script=Greek")), ("Hebrew", _property("Script=Hebrew")), ("kana", kana))
    composed: dict[int, set[int]] = defaultdict(set)
    seconds: dict[int, int] = {}
    for first, second in _compositions():
        composed[first].add(seconds.setdefault(second, second))
    before, after = _joining()
    directions = {"L": "L", "R": "R", "AL": "R", "EN": "EN", "AN": "AN", "NSM": "NSM"}
    members: dict[_Letter, list[int]] = defaultdict(list)
    for code in singles.code_points():
        if code in _LATIN_MARKS:
            continue
        char = chr(code)
        combining = unicodedata.combining(char)
        letter = _Letter(
            kind=_CONTEXTUAL.get(code) or _JOINERS.get(code) or "letter",
            ascii=False,
            direction=directions.get(unicodedata.bidirectional(char), ""),
            band=_BANDS[bisect_right(_BANDS, combining) - 1] if combining else 0,
            mark=unicodedata.category(char).startswith("M"),
            script=_script_of(code, scripts),
            joins=(code in before, code in after),
            first=frozenset(composed.get(code, ())),
            second=seconds.get(code, 0),
        )
        members[letter].append(code)
    sets = {letter: CharSet.of(*((code, code) for code in codes)) for letter, codes in members.items()}
    han = _Letter("letter", ascii=False, direction="L", script="kana")
    return sets | {
        _Letter("separator"): _SEPARATORS,
        _Letter("hyphen", direction="ES"): CharSet.char(0x2D),
        _Letter("upper", direction="L"): CharSet.of((65, 90)),
        _Letter("letter", direction="EN"): CharSet.of((48, 57)),
        _Letter("letter", direction="L", script="l"): CharSet.char(0x6C),
        _Letter("letter", direction="L"): CharSet.of((97, 107), (109, 122)),
        han: sets.get(han, CharSet(())) | (alike & kana),
        _Letter("letter", ascii=False, direction="L", script="Hangul"): alike - kana,
    }


def idn_hostname_automaton() -> CharDfa:
    """The host names, whatever their whole length."""
    names = explicit_automaton(_State(), _alphabet(), _step, _ends)
    return intersect(names, compile_regex(_LENGTHS))
