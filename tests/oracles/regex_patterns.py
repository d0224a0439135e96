"""Random patterns and texts for differential tests of the regex front end; everything is drawn from a seeded Random."""

from __future__ import annotations

from random import Random

from gramarye.grammar.regex import CharDfa

SCALARS = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
PYTHON_ALPHABET = "abAB1_- \n.éſKß😀"
ECMA_ALPHABET = "abAB1_- \n\r.éſKß\u2028😀"

_COMMON_ATOMS = [
    "a",
    "b",
    "c",
    "A",
    "1",
    "_",
    "-",
    " ",
    r"\n",
    ".",
    "é",
    r"\.",
    r"\d",
    r"\w",
    r"\s",
    r"\D",
    r"\W",
    r"\S",
]
_COMMON_CLASSES = [
    "[ab]",
    "[^a]",
    "[a-c]",
    "[A-Z]",
    r"[\d_]",
    r"[^\w]",
    r"[\s-]",
    "[a-c1-3]",
    r"[\]a]",
    "[é-ſ]",
    r"[^\n]",
]
_PYTHON_ATOMS = [*_COMMON_ATOMS, r"\x61", r"\u0062", r"\N{LATIN SMALL LETTER A}", r"\101", "😀", "ſ", "K", "ß"]
_PYTHON_CLASSES = [*_COMMON_CLASSES, "[]a]", "[^]a]", "[a-]", r"[\x61-\x63]"]
_ECMA_ATOMS = [*_COMMON_ATOMS, r"\x61", r"\u0062", r"\u{62}", r"\cJ", r"\ud83d\ude00", "😀", "ſ", "K", "ß", r"\/"]
_ECMA_CLASSES = [*_COMMON_CLASSES, r"[\b]", r"[^]", r"[\p{Lu}]", r"[\u{61}-c]", r"[^\p{L}]"]
_ECMA_PROPERTIES = [r"\p{L}", r"\P{Lu}", r"\p{Script=Latin}", r"\p{ASCII}", r"\p{Nd}", r"\p{Emoji}"]
_BOUNDS = ["*", "+", "?", "{2}", "{1,2}", "{0,2}", "{1,}", "{0}"]


def python_pattern(rng: Random, depth: int, *, assertions: bool = True, atomic: bool = False) -> str:
    """A pattern of Python's ``re``, nested up to ``depth`` operators."""
    kinds = "atom class cat cat cat alt repeat repeat group".split()
    if assertions:
        kinds += "edge look flags".split()
    if atomic:
        kinds += "atomic possessive".split()
    kind = rng.choice(kinds) if depth else rng.choice(["atom", "atom", "class"])

    def inner(**options: bool) -> str:
        return python_pattern(rng, depth - 1, **{"assertions": assertions, "atomic": atomic, **options})

    match kind:
        case "atom" | "class":
            return rng.choice(_PYTHON_ATOMS if kind == "atom" else _PYTHON_CLASSES)
        case "cat":
            return inner() + inner()
        case "alt":
            return f"(?:{inner()}|{inner()})"
        case "repeat" | "possessive":
            suffix = "+" if kind == "possessive" else rng.choice(["", "", "?"])
            return f"(?:{inner()}){rng.choice(_BOUNDS)}{suffix}"
        case "atomic":
            return f"(?>{inner()})"
        case "group":
            return f"({inner()}|)" if rng.random() < 0.2 else f"({inner()})"
        case "edge":
            return rng.choice(["^", "$", r"\b", r"\B", r"\A", r"\Z"])
        case "look":
            if rng.random() < 0.4:  # re wants lookbehinds of fixed width
                return f"(?{rng.choice(['<=', '<!'])}{rng.choice(_PYTHON_ATOMS)}{rng.choice(['', '[ab]', '(?:a|b)'])})"
            return f"(?{rng.choice(['=', '!'])}{inner()})"
        case _:
            return f"(?{rng.choice(['i', 's', 'm', 'a', 'is', '-i', 'i-s'])}:{inner()})"


def ecma_pattern(rng: Random, depth: int, *, properties: bool = True) -> str:
    """A pattern of ECMA-262 with the flag u."""
    kind = rng.choice("atom class cat cat cat alt repeat repeat group edge look".split()) if depth else "atom"

    def inner() -> str:
        return ecma_pattern(rng, depth - 1, properties=properties)

    match kind:
        case "atom":
            if properties and rng.random() < 0.15:
                return rng.choice(_ECMA_PROPERTIES)
            return rng.choice(_ECMA_ATOMS)
        case "class":
            return rng.choice(_ECMA_CLASSES)
        case "cat":
            return inner() + inner()
        case "alt":
            return f"(?:{inner()}|{inner()})"
        case "repeat":
            bounds = rng.choice(_BOUNDS)
            # regress may hang on, or miscount, loops whose body can be empty, and nested lazy bounds.
            safe = "" if bounds in ("?", "{0}") else rng.choice("ab1")
            lazy = "?" if bounds in ("*", "+") and rng.random() < 0.3 else ""
            return f"(?:{inner()}{safe}){bounds}{lazy}"
        case "group":
            return f"({inner()}|)" if rng.random() < 0.2 else f"(?<n{rng.randrange(10**9)}>{inner()})"
        case "edge":
            return rng.choice(["^", "$", r"\b", r"\B"])
        case _:
            return f"(?{rng.choice(['=', '!', '<=', '<!'])}{inner()})"


def texts(rng: Random, alphabet: str, count: int, longest: int = 6) -> list[str]:
    """Random texts, short ones more often, always with the empty one; drawn from a small part of the alphabet."""
    found = [""]
    while len(found) < count:
        letters = rng.sample(alphabet, rng.randint(1, 5))
        found.append("".join(rng.choices(letters, k=min(rng.randint(0, longest), rng.randint(0, longest + 2)))))
    return found


_SALAD = (
    "( ) [ ] { } * + ? | \\ ^ $ . - , a b 1 0 2 x : = ! < > P N # i (? (?: (?= (?! (?<= (?<! "
    "\\d \\w \\b \\B {1 {1,2} {,2} [^"
).split()


def salad(rng: Random, extra: str = "") -> str:
    """A string of fragments of syntax, mostly no pattern at all."""
    pieces = [*_SALAD, *extra.split()]
    return "".join(rng.choices(pieces, k=rng.randint(1, 7)))


def accepted_runs(dfa: CharDfa) -> list[tuple[int, int]]:
    """The one-character texts that an automaton accepts, as half-open runs of offsets in SCALARS."""
    bounds = [*dfa.bounds.tolist(), 0x110000]
    runs: list[tuple[int, int]] = []
    for low, high, group in zip(bounds, bounds[1:], dfa.classes.tolist(), strict=False):
        if dfa.accept[dfa.trans[dfa.start, group]]:
            begin, end = (c if c < 0xD800 else max(c, 0xE000) - 0x800 for c in (low, high))
            if runs and runs[-1][1] == begin:
                runs[-1] = (runs[-1][0], end)
            else:
                runs.append((begin, end))
    return runs
