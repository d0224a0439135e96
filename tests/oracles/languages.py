"""Grammars as plain data: random ones, their language by enumeration, and their text in each dialect.

The language is computed from the meaning of the operators as sets of strings up to a length, by iterating the rules
from empty sets until nothing changes. It shares nothing with the readers but the classes of the expression tree.
"""

from __future__ import annotations

import itertools
import random

from gramarye.grammar.expression import (
    Characters,
    Choice,
    Difference,
    Expression,
    Reference,
    Repeat,
    Sequence,
    Text,
)

__all__ = ["RULES", "all_texts", "language", "prefixes", "random_rules", "to_gbnf", "to_iso", "to_lark", "to_w3c"]

RULES = ("root", "left", "right")
Rules = dict[str, Expression]


def all_texts(alphabet: str, longest: int) -> list[str]:
    return ["".join(letters) for length in range(longest + 1) for letters in itertools.product(alphabet, repeat=length)]


def language(rules: Rules, start: str, alphabet: str, longest: int) -> set[str]:
    """All strings of the language up to a length."""
    found: dict[str, set[str]] = {name: set() for name in rules}
    while True:
        new = {name: _strings(expression, found, alphabet, longest) for name, expression in rules.items()}
        if new == found:
            return found[start]
        found = new


def _strings(expression: Expression, known: dict[str, set[str]], alphabet: str, longest: int) -> set[str]:
    def of(part: Expression) -> set[str]:
        return _strings(part, known, alphabet, longest)

    match expression:
        case Text(text):
            return {text} if len(text) <= longest else set()
        case Characters(ranges):
            return {letter for letter in alphabet if any(first <= ord(letter) <= last for first, last in ranges)}
        case Reference(name):
            return known[name]
        case Sequence(items):
            strings = {""}
            for item in items:
                strings = {a + b for a in strings for b in of(item) if len(a + b) <= longest}
            return strings
        case Choice(items):
            return set().union(*map(of, items))
        case Repeat(item, low, high):
            once, power, total = of(item), {""}, set()
            for count in range((low + longest + 1 if high is None else high) + 1):
                if count >= low:
                    total |= power
                power = {a + b for a in power for b in once if len(a + b) <= longest}
            return total
        case Difference(kept, removed):
            return of(kept) - of(removed)
    raise TypeError(expression)


def prefixes(rules: Rules, start: str, alphabet: str, longest: int) -> set[str]:
    """All strings up to a length that some string of the language begins with; every rule must derive something."""
    words = {name: language(rules, name, alphabet, longest) for name in rules}
    found: dict[str, set[str]] = {name: set() for name in rules}
    while True:
        new = {name: _prefixes(expression, words, found, alphabet, longest) for name, expression in rules.items()}
        if new == found:
            return found[start]
        found = new


def _prefixes(
    expression: Expression, words: dict[str, set[str]], known: dict[str, set[str]], alphabet: str, longest: int
) -> set[str]:
    """A prefix of a sequence is some whole items and a prefix of the next one."""
    match expression:
        case Text(text):
            return {text[:end] for end in range(min(len(text), longest) + 1)}
        case Characters():
            return {"", *_strings(expression, words, alphabet, longest)}
        case Reference(name):
            return known[name]
        case Choice(items):
            return set().union(*(_prefixes(item, words, known, alphabet, longest) for item in items))
        case Repeat(item, _, high):
            return _prefixes(
                Sequence((item,) * (longest + 1 if high is None else high)), words, known, alphabet, longest
            )
        case Sequence(items):
            found, whole = {""}, {""}
            for item in items:
                ends = _prefixes(item, words, known, alphabet, longest)
                found |= {a + b for a in whole for b in ends if len(a + b) <= longest}
                whole = {
                    a + b for a in whole for b in _strings(item, words, alphabet, longest) if len(a + b) <= longest
                }
            return found
    raise TypeError(expression)


def random_rules(rng: random.Random, alphabet: str, differences: bool = False) -> Rules:
    """Rules named RULES, which may refer to one another; the last one refers to none and derives something."""
    rules: Rules = {name: _random(rng, alphabet, 3, RULES, differences) for name in RULES[:-1]}
    rules[RULES[-1]] = _random(rng, alphabet, 2, (), differences)
    return rules


def _random(rng: random.Random, alphabet: str, depth: int, names: tuple[str, ...], differences: bool) -> Expression:
    def inner(names: tuple[str, ...] = names) -> Expression:
        return _random(rng, alphabet, depth - 1, names, differences)

    kind = rng.random()
    if depth == 0 or kind < 0.15:
        if names and rng.random() < 0.5:
            return Reference(rng.choice(names))
        if rng.random() < 0.3:
            first, last = sorted(rng.choices(alphabet, k=2))
            return Characters(((ord(first), ord(last)),))
        return Text("".join(rng.choices(alphabet, k=rng.choice((1, 1, 1, 2)))))
    if kind < 0.45:
        return Sequence(tuple(inner() for _ in range(rng.choice((2, 2, 3)))))
    if kind < 0.7:
        return Choice(tuple(inner() for _ in range(rng.choice((2, 2, 3)))))
    if differences and kind < 0.8:
        return Difference(inner(()), inner(()))
    return Repeat(inner(), *rng.choice(((0, 1), (0, None), (1, None), (2, 2))))


def to_gbnf(rules: Rules) -> str:
    def text(part: Expression) -> str:
        match part:
            case Text(value):
                return f'"{value}"'
            case Characters(ranges):
                return "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges) + "]"
            case Reference(name):
                return name
            case Sequence(items):
                return "(" + " ".join(map(text, items)) + ")"
            case Choice(items):
                return "(" + " | ".join(map(text, items)) + ")"
            case Repeat(item, low, high):
                marks = {(0, 1): "?", (0, None): "*", (1, None): "+"}
                return text(item) + marks.get((low, high), f"{{{low},{'' if high is None else high}}}")
        raise TypeError(part)

    return "".join(f"{name} ::= {text(expression)}\n" for name, expression in rules.items())


def to_w3c(rules: Rules) -> str:
    def text(part: Expression) -> str:
        match part:
            case Text(value):
                return f"'{value}'"
            case Characters(ranges):
                return "[" + "".join(f"#x{first:X}-{chr(last)}" for first, last in ranges) + "]"
            case Reference(name):
                return name
            case Sequence(items):
                return "(" + " ".join(map(text, items)) + ")"
            case Choice(items):
                return "(" + " | ".join(map(text, items)) + ")"
            case Repeat(item, 2, 2):
                return f"({text(item)} {text(item)})"
            case Repeat(item, low, high):
                return text(item) + {(0, 1): "?", (0, None): "*", (1, None): "+"}[low, high]
            case Difference(kept, removed):
                return f"({text(kept)} - {text(removed)})"
        raise TypeError(part)

    return "\n".join(f"{name} ::= {text(expression)}" for name, expression in rules.items())


def to_iso(rules: Rules) -> str:
    def text(part: Expression) -> str:
        match part:
            case Text(value):
                return f'"{value}"'
            case Characters(((first, last),)):
                return "(" + " | ".join(f"'{chr(code)}'" for code in range(first, last + 1)) + ")"
            case Reference(name):
                return name
            case Sequence(items):
                return "(" + ", ".join(map(text, items)) + ")"
            case Choice(items):
                return "(" + " | ".join(map(text, items)) + ")"
            case Repeat(item, 0, 1):
                return f"[ {text(item)} ]"
            case Repeat(item, 0, None):
                return f"{{ {text(item)} }}"
            case Repeat(item, 1, None):
                return f"({text(item)}, {{ {text(item)} }})"
            case Repeat(item, 2, 2):
                return f"2 * ({text(item)})"
            case Difference(kept, removed):
                return f"({text(kept)} - {text(removed)})"
        raise TypeError(part)

    return "\n".join(f"{name} = {text(expression)} ;" for name, expression in rules.items())


def to_lark(rules: Rules) -> str:
    def text(part: Expression) -> str:
        match part:
            case Text(value):
                return f'"{value}"'
            case Characters(((first, last),)):
                return f'"{chr(first)}".."{chr(last)}"'
            case Reference(name):
                return name
            case Sequence(items):
                return "(" + " ".join(map(text, items)) + ")"
            case Choice(items):
                return "(" + " | ".join(map(text, items)) + ")"
            case Repeat(item, 0, 1):
                return f"[{text(item)}]"
            case Repeat(item, 2, 2):
                return f"({text(item)})~2"
            case Repeat(item, low, high):
                return f"({text(item)})" + {(0, None): "*", (1, None): "+"}[low, high]
        raise TypeError(part)

    return "".join(f"{name}: {text(expression)}\n" for name, expression in rules.items())
