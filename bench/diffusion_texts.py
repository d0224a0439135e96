"""Made-up texts that the small diffusion model learns from: JSON objects, arithmetic, C functions, Python expressions.

Nothing is copied from anywhere: every text is drawn from the word lists below by a random generator, so the model
that is trained on them carries no licence but this repository's. A text has a prompt, which says in one line what is
to come::

    json name string, age integer, tags array, home object(city string)
    {"name": "Nora Weber", "age": 31, "tags": ["blue", "old"], "home": {"city": "Lisbon"}}

    expr                    c max                       python
    (x+12)*3-4/y            int max(int a, int b) {     [x * 2 for x in items if x > 3]
                            ...
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

__all__ = ["KINDS", "Text", "draw", "prompt_of_schema"]

NAMES = (
    "Ada Alan Alice Anton Bela Bob Carla Chen Clara David Dora Elena Emil Emma Erik Eva Finn Frank Grace Hana "
    "Hugo Ida Igor Ines Ivan Jack Jane John Jonas Julia Karl Kofi Lara Leo Lena Liam Lina Luca Mara Maria Max Mia "
    "Mina Nora Noah Olga Omar Otto Paul Petra Rosa Sam Sara Sven Tara Theo Tom Uma Vera Yuki Zoe"
).split()
SURNAMES = (
    "Baker Bauer Brown Costa Cruz Diaz Fischer Garcia Green Haas Ito Jones King Klein Kovacs Lee Lopez Martin "
    "Meyer Moore Novak Olsen Patel Reed Rossi Sato Schmidt Silva Smith Stone Tanaka Weber White Wolf Young"
).split()
CITIES = (
    "Athens Berlin Boston Cairo Dakar Delhi Dublin Hanoi Kyoto Lagos Lima Lisbon London Madrid Milan Oslo Paris "
    "Prague Quito Rome Seoul Sofia Sydney Tokyo Turin Vienna Zurich"
).split()
WORDS = (
    "red blue green old new small large fast slow warm cold open closed active pending done north south east west "
    "first last main test draft final public private daily weekly simple double metal wood paper glass stone "
    "water fire air book table river garden music coffee bread winter summer morning evening order report system "
    "network server client button window letter number color price market school office engine light sound world "
    "house apple orange lemon silver gold"
).split()
STRING_KEYS = (
    "name title description label type status category color unit currency language country city street email "
    "phone url path version author owner brand model mode level role state comment note message subject format "
    "code key id source target firstName lastName username password address company department position gender "
    "species motto skill genre summary date time start end location text content value"
).split()
INTEGER_KEYS = (
    "id age count size year month day hour minute width height depth length quantity number index total port "
    "level rank score points pages seats floors weight limit offset page timeout retries capacity population "
    "duration amount stock"
).split()
NUMBER_KEYS = (
    "price cost rate ratio score value amount weight height width temperature latitude longitude balance total "
    "discount tax speed distance area volume rating min max mean x y z radius angle"
).split()
BOOLEAN_KEYS = (
    "active enabled visible public done required valid open available admin verified debug verbose optional "
    "default archived"
).split()
ARRAY_KEYS = (
    "tags items names colors values scores ids labels keywords skills genres codes numbers points options roles".split()
)
OBJECT_KEYS = (
    "address owner author user product location position size settings config details contact item data meta".split()
)
VARIABLES = (
    "a b c i j k n m x y z s p q t count size total result value index length sum left right low high data".split()
)
FUNCTIONS = (
    "max min add sub mul swap clamp abs sum count find first last length power factorial gcd even odd sign square "
    "scale total average copy fill search"
).split()
PYTHON_NAMES = (
    "x y z n i k a b items names values data text line lines key value result total user words rows f g s d".split()
)
PYTHON_CALLS = "len sum max min sorted str int float abs list set tuple range print any all round".split()


class Text(NamedTuple):
    """One document.

    Attributes:
        kind: a key of `KINDS`.
        prompt: one line, its line break included.
        text: what follows it.
    """

    kind: str
    prompt: str
    text: str


def draw(rng: random.Random, kind: str | None = None) -> Text:
    """A text of a kind, or of any."""
    return KINDS[kind or rng.choice(tuple(KINDS))](rng)


def prompt_of_schema(schema: Mapping[str, Any]) -> str:
    """The prompt that asks for an object of a JSON Schema: names and types of its properties."""
    return f"json {_signature(schema)}\n"


def _signature(schema: Mapping[str, Any], depth: int = 0) -> str:
    """``name string, home object(city string)``."""
    parts = []
    for name, value in schema.get("properties", {}).items():
        rule = value if isinstance(value, Mapping) else {}
        kind = rule.get("type", "string" if "enum" in rule else "any")
        kind = kind[0] if isinstance(kind, list) else kind
        inner = _signature(rule, depth + 1) if kind == "object" and depth < 2 else ""
        parts.append(f"{name} {kind}({inner})" if inner else f"{name} {kind}")
    return ", ".join(parts)


def _words(rng: random.Random, most: int = 4) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, most)))


def _string(rng: random.Random, key: str) -> str:
    """A value that suits the key."""
    match key:
        case "name" | "author" | "owner":
            return f"{rng.choice(NAMES)} {rng.choice(SURNAMES)}"
        case "firstName" | "username":
            return rng.choice(NAMES)
        case "lastName":
            return rng.choice(SURNAMES)
        case "city" | "location" | "country":
            return rng.choice(CITIES)
        case "email":
            return f"{rng.choice(NAMES).lower()}@{rng.choice(WORDS)}.com"
        case "url":
            return f"https://{rng.choice(WORDS)}.org/{rng.choice(WORDS)}"
        case "date" | "start" | "end":
            return f"{rng.randint(1990, 2029)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        case "version":
            return f"{rng.randint(0, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}"
        case "id" | "code" | "key":
            return f"{rng.choice('ABCDEFGHKMNPRSTXZ')}{rng.randint(1, 999)}"
        case "phone":
            return f"+{rng.randint(1, 99)} {rng.randint(100, 999)} {rng.randint(1000, 9999)}"
        case "description" | "comment" | "note" | "message" | "summary" | "text" | "content" | "motto":
            return (_words(rng, 6).capitalize() + rng.choice([".", "", "!"])).strip()
        case _:
            return _words(rng, 2)


def _schema(rng: random.Random, depth: int = 0) -> dict[str, Any]:
    """A random schema of an object."""
    properties: dict[str, Any] = {}
    for _ in range(rng.randint(1, 5 if depth == 0 else 3)):
        kind = rng.choices(
            ["string", "integer", "number", "boolean", "array", "object"], [8, 5, 3, 2, 2, 2 if depth == 0 else 0]
        )[0]
        keys = {
            "string": STRING_KEYS,
            "integer": INTEGER_KEYS,
            "number": NUMBER_KEYS,
            "boolean": BOOLEAN_KEYS,
            "array": ARRAY_KEYS,
            "object": OBJECT_KEYS,
        }[kind]
        key = rng.choice(keys)
        if rng.random() < 0.1:
            key = rng.choice([*STRING_KEYS, *WORDS])
        if rng.random() < 0.1:
            key = f"{rng.choice(WORDS)}{rng.choice(['_', ''])}{key if rng.random() < 0.5 else key.capitalize()}"
        properties[key] = _schema(rng, depth + 1) if kind == "object" else {"type": kind}
    return {"type": "object", "properties": properties}


def _instance(rng: random.Random, schema: Mapping[str, Any]) -> dict[str, Any]:
    """An object of a schema that `_schema` made."""
    result: dict[str, Any] = {}
    for key, rule in schema["properties"].items():
        match rule["type"]:
            case "string":
                result[key] = _string(rng, key)
            case "integer":
                result[key] = rng.choice([rng.randint(0, 9), rng.randint(10, 99), rng.randint(100, 3000)])
            case "number":
                result[key] = round(rng.choice([rng.uniform(0, 10), rng.uniform(-100, 1000)]), rng.randint(1, 2))
            case "boolean":
                result[key] = rng.random() < 0.5
            case "array":
                numbers = key in {"values", "scores", "ids", "numbers", "points", "codes"}
                result[key] = [rng.randint(0, 99) if numbers else rng.choice(WORDS) for _ in range(rng.randint(0, 4))]
            case _:
                result[key] = _instance(rng, rule)
    return result


def _json(rng: random.Random) -> Text:
    schema = _schema(rng)
    return Text("json", prompt_of_schema(schema), json.dumps(_instance(rng, schema)))


def _sum(rng: random.Random, depth: int) -> str:
    terms = [_product(rng, depth) for _ in range(rng.choices([1, 2, 3], [3, 4, 2])[0])]
    text = terms[0]
    for term in terms[1:]:
        text += rng.choice("+-") + term
    return text


def _product(rng: random.Random, depth: int) -> str:
    factors = [_factor(rng, depth) for _ in range(rng.choices([1, 2, 3], [5, 4, 1])[0])]
    text = factors[0]
    for factor in factors[1:]:
        text += rng.choice("**/") + factor
    return text


def _factor(rng: random.Random, depth: int) -> str:
    sign = "-" if rng.random() < 0.08 else ""
    if depth > 0 and rng.random() < 0.35:
        return f"{sign}({_sum(rng, depth - 1)})"
    if rng.random() < 0.4:
        return sign + rng.choice("abcdfghxyz")
    whole = rng.choice([rng.randint(0, 9), rng.randint(10, 99), rng.randint(100, 999)])
    return f"{sign}{whole}.{rng.randint(1, 99)}" if whole and rng.random() < 0.15 else f"{sign}{whole}"


def _arithmetic(rng: random.Random) -> Text:
    return Text("expr", "expr\n", _sum(rng, rng.randint(0, 3)))


def _c_value(rng: random.Random, names: list[str], depth: int = 1) -> str:
    roll = rng.random()
    if depth == 0 or roll < 0.4:
        return rng.choice(names) if rng.random() < 0.7 else str(rng.choice([0, 1, 2, 10, rng.randint(3, 99)]))
    if roll < 0.8:
        operator = rng.choice(["+", "-", "*", "/", "%"])
        return f"{_c_value(rng, names, depth - 1)} {operator} {_c_value(rng, names, depth - 1)}"
    if roll < 0.9:
        return f"({_c_value(rng, names, depth - 1)} {rng.choice('+-')} {_c_value(rng, names, 0)})"
    return f"{rng.choice(FUNCTIONS)}({_c_value(rng, names, 0)}, {_c_value(rng, names, 0)})"


def _c_condition(rng: random.Random, names: list[str]) -> str:
    return f"{rng.choice(names)} {rng.choice(['<', '>', '<=', '>=', '==', '!='])} {_c_value(rng, names, 0)}"


def _c_statement(rng: random.Random, names: list[str], indent: str, depth: int) -> str:
    inner = indent + "    "
    match rng.choices(["declare", "assign", "if", "for", "while", "return"], [3, 4, 3, 2, 1, 1])[0]:
        case "declare":
            name = rng.choice(VARIABLES)
            line = f"{indent}int {name} = {_c_value(rng, names)};\n"
            names.append(name)
            return line
        case "if" if depth:
            body = _c_statement(rng, list(names), inner, depth - 1)
            return f"{indent}if ({_c_condition(rng, names)}) {{\n{body}{indent}}}\n"
        case "for" if depth:
            body = _c_statement(rng, [*names, "i"], inner, depth - 1)
            return f"{indent}for (int i = 0; i < {rng.choice(names)}; i++) {{\n{body}{indent}}}\n"
        case "while" if depth:
            body = _c_statement(rng, list(names), inner, depth - 1)
            return f"{indent}while ({_c_condition(rng, names)}) {{\n{body}{indent}}}\n"
        case "return":
            return f"{indent}return {_c_value(rng, names)};\n"
        case _:
            return f"{indent}{rng.choice(names)} {rng.choice(['=', '=', '+=', '-='])} {_c_value(rng, names)};\n"


def _c(rng: random.Random) -> Text:
    function = rng.choice(FUNCTIONS)
    kind = rng.choice(["int", "int", "long", "double", "void"])
    names = rng.sample(VARIABLES, rng.randint(1, 3))
    parameters = ", ".join(f"{rng.choice(['int', 'int', 'long', 'double'])} {name}" for name in names)
    body = "".join(_c_statement(rng, names, "    ", 1) for _ in range(rng.randint(0, 2)))
    if kind != "void":
        body += f"    return {_c_value(rng, names)};\n"
    return Text("c", f"c {function}\n", f"{kind} {function}({parameters}) {{\n{body}}}\n")


def _python_value(rng: random.Random, depth: int) -> str:
    roll = rng.random()
    if depth == 0 or roll < 0.2:
        atoms = [rng.choice(PYTHON_NAMES), str(rng.randint(0, 99)), f'"{rng.choice(WORDS)}"', "None", "True"]
        return rng.choices(atoms, [6, 3, 2, 0.4, 0.4])[0]
    if roll < 0.4:
        return f"{rng.choice(PYTHON_CALLS)}({_python_value(rng, depth - 1)})"
    if roll < 0.6:
        operator = rng.choice(["+", "-", "*", "==", "<", "and", "or", "in"])
        return f"{_python_value(rng, depth - 1)} {operator} {_python_value(rng, depth - 1)}"
    if roll < 0.7:
        items = ", ".join(_python_value(rng, 0) for _ in range(rng.randint(0, 4)))
        return f"[{items}]" if rng.random() < 0.7 else f"({_python_value(rng, 0)}, {_python_value(rng, 0)})"
    if roll < 0.8:
        source = rng.choice(["items", "names", "values", "rows", "lines", "range(n)"])
        guard = f" if x {rng.choice(['>', '<', '==', '!='])} {_python_value(rng, 0)}" if rng.random() < 0.4 else ""
        return f"[{rng.choice(['x', 'x + 1', 'x * 2', 'f(x)', 'str(x)', 'x.name'])} for x in {source}{guard}]"
    if roll < 0.9:
        index = rng.choice(["0", "-1", "i", "1:", ":n", '"key"', "x"])
        return f"{rng.choice(PYTHON_NAMES)}{f'[{index}]' if rng.random() < 0.6 else '.' + rng.choice(PYTHON_NAMES)}"
    if roll < 0.95:
        return f'{{"{rng.choice(WORDS)}": {_python_value(rng, 0)}, "{rng.choice(WORDS)}": {_python_value(rng, 0)}}}'
    return f"{_python_value(rng, 0)} if {_python_value(rng, depth - 1)} else {_python_value(rng, 0)}"


def _python(rng: random.Random) -> Text:
    return Text("python", "python\n", _python_value(rng, rng.randint(1, 3)))


KINDS: Mapping[str, Callable[[random.Random], Text]] = {
    "json": _json,
    "expr": _arithmetic,
    "c": _c,
    "python": _python,
}
