"""unevaluatedProperties and unevaluatedItems, rewritten, and written as plain JSON for another validator."""

from __future__ import annotations

import io
import json
import random
import tarfile

import jsonschema_rs
import pytest

from gramarye.errors import LimitError, SchemaError
from gramarye.grammar.schema.dialects import children
from gramarye.grammar.schema.document import SAME, Document
from gramarye.grammar.schema.unevaluated import Unevaluated

KEYWORDS = {"unevaluatedProperties", "unevaluatedItems"}
VALIDATORS = {2019: jsonschema_rs.Draft201909Validator, 2020: jsonschema_rs.Draft202012Validator}
IDENTIFIERS = {"$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$defs", "definitions", SAME}
REFERENCES = {"$ref", "$dynamicRef", "$recursiveRef"}


def plain(schema, draft):
    """The rewritten schema as JSON: every subschema that can be reached is a definition of its own."""
    document = Document(schema, draft=draft)
    unevaluated = Unevaluated(document)
    waiting, definitions = [document.root], {}

    def name(subschema):
        if f"s{subschema.index}" not in definitions:
            waiting.append(subschema)
        return {"$ref": f"#/$defs/s{subschema.index}"}

    while waiting:
        subschema = waiting.pop()
        rewritten = unevaluated.rewrite(subschema)
        assert rewritten is unevaluated.rewrite(subschema)
        found = rewritten.schema
        if not isinstance(found, bool):
            assert KEYWORDS.isdisjoint(found)
            held = [name(target) for target in document.references(rewritten)]
            held += [name(document.subschemas[index]) for index in found.get(SAME, ())]
            # Through JSON: a copy of its own, so that putting references into it changes nothing else.
            found = json.loads(
                json.dumps({key: value for key, value in found.items() if key not in IDENTIFIERS | REFERENCES})
            )
            for path, _ in children(found, rewritten.resource.dialect):
                place = found
                for token in path[:-1]:
                    place = place[token]
                place[path[-1]] = name(document.child(rewritten, *path))
            if held:
                found["allOf"] = found.get("allOf", []) + held
        definitions[f"s{subschema.index}"] = found
    return {"$ref": f"#/$defs/s{document.root.index}", "$defs": definitions}


def verdicts(schema, draft, instances):
    validator = VALIDATORS[draft](plain(schema, draft))
    return [validator.is_valid(instance) for instance in instances]


def suite(shared_data, draft, kind):
    packed = shared_data / "json-schema-test-suite.tar.xz"
    if not packed.exists():
        pytest.skip(f"the test suite is absent: no file {packed}")
    with tarfile.open(packed) as archive:
        member = archive.extractfile(f"tests/draft{draft}/unevaluated{kind}.json")
        return json.load(io.TextIOWrapper(member, "utf-8"))


@pytest.mark.parametrize("kind", ["Items", "Properties"])
@pytest.mark.parametrize(("draft", "name"), [(2019, "2019-09"), (2020, "2020-12")])
def test_official_suite(shared_data, draft, name, kind):
    groups = suite(shared_data, name, kind)
    assert len(groups) > 20
    for group in groups:
        found = verdicts(group["schema"], draft, [test["data"] for test in group["tests"]])
        assert found == [test["valid"] for test in group["tests"]], group["description"]


NAMES = ("a", "b", "ab", "c")
PATTERNS = ("^a", "b$", "c", "^x?$")
SIMPLE = (True, False, {"type": "integer"}, {"type": "string"}, {"const": 1}, {"minimum": 2})
DEFINITIONS = ("one", "two", "three")


class Schemas:
    """Random schemas in which much is evaluated under conditions."""

    def __init__(self, rng, draft):
        self.rng = rng
        self.draft = draft

    def document(self):
        """Definitions refer in place to later ones only; as the values of members, to any."""
        definitions = {}
        for index, name in enumerate(DEFINITIONS):
            definitions[name] = self.schema(2, DEFINITIONS[index + 1 :])
        return {**self.schema(0, DEFINITIONS), **self.unevaluated(), "$defs": definitions}

    def unevaluated(self):
        keyword = self.rng.choice(["unevaluatedProperties", "unevaluatedItems"])
        return {keyword: self.rng.choice([False, False, {"type": "integer"}])}

    def schema(self, depth, names):
        schema = {}
        makers = [self.keys, self.listed, self.said] * 2 + ([self.in_place] * 6 if depth < 3 else [])
        for _ in range(self.rng.randrange(1, 4)):
            schema.update(self.rng.choice(makers)(depth, names))
        if self.rng.random() < 0.1:
            schema.update(self.unevaluated())
        return schema

    def value(self, depth):
        if self.rng.random() < 0.05 and depth < 3:
            return {"$ref": f"#/$defs/{self.rng.choice(DEFINITIONS)}"}
        return self.rng.choice(SIMPLE)

    def keys(self, depth, names):
        kind = self.rng.randrange(12)
        if kind < 7:
            return {
                "properties": {name: self.value(depth) for name in self.rng.sample(NAMES, self.rng.randrange(1, 3))}
            }
        if kind < 11:
            return {"patternProperties": {self.rng.choice(PATTERNS): self.value(depth)}}
        return {"additionalProperties": self.value(depth)}

    def listed(self, depth, names):
        kind = self.rng.randrange(8)
        some = [self.value(depth) for _ in range(self.rng.randrange(1, 4))]
        if kind < 4:
            return {"prefixItems" if self.draft == 2020 else "items": some}
        if kind < 7 and self.draft == 2020:
            return {"contains": self.value(depth), **self.rng.choice([{}, {}, {"minContains": 0}])}
        return {"items": some[0]} if self.draft == 2020 else {"items": some[:2], "additionalItems": some[0]}

    def said(self, depth, names):
        return self.rng.choice(
            [{"required": [self.rng.choice(NAMES)]}, {"minItems": self.rng.randrange(3)}, {"maxProperties": 2}]
        )

    def in_place(self, depth, names):
        kind = self.rng.randrange(9)
        if kind < 4:
            keyword = ("allOf", "anyOf", "anyOf", "oneOf")[kind]
            branches = [self.branch(depth, names) for _ in range(self.rng.randrange(1, 4))]
            return {keyword: branches}
        if kind < 6:
            found = {"if": self.branch(depth, names)}
            for keyword in self.rng.sample(["then", "else"], self.rng.randrange(3)):
                found[keyword] = self.branch(depth, names)
            return found
        if kind < 7:
            return {"dependentSchemas": {self.rng.choice(NAMES): self.branch(depth, names)}}
        if kind < 8 and names:
            return {"$ref": f"#/$defs/{self.rng.choice(names)}"}
        return {"not": self.branch(depth, names)}

    def branch(self, depth, names):
        return self.schema(depth + 1, names) if self.rng.random() < 0.93 else self.rng.choice([True, False])


def some_instances(rng):
    values = (1, 2, "s", None, {"a": 1}, [1])
    objects = [
        {name: rng.choice(values) for name in rng.sample((*NAMES, "x", ""), rng.randrange(5))} for _ in range(14)
    ]
    arrays = [[rng.choice(values) for _ in range(rng.randrange(5))] for _ in range(14)]
    return [*objects, *arrays, 1, "s"]


@pytest.mark.parametrize("draft", [2019, 2020])
def test_random_schemas(draft):
    rng = random.Random(draft)
    counts = {True: 0, False: 0}
    telling = refused = 0
    for _ in range(1500):
        schema = Schemas(rng, draft).document()
        instances = some_instances(rng)
        validator = VALIDATORS[draft](schema)
        wanted = [validator.is_valid(instance) for instance in instances]
        try:
            found = verdicts(schema, draft, instances)
        except LimitError:
            refused += 1
            continue
        assert found == wanted, json.dumps(schema)
        counts[True] += sum(wanted)
        counts[False] += len(wanted) - sum(wanted)
        top = VALIDATORS[draft]({key: value for key, value in schema.items() if key not in KEYWORDS})
        telling += [top.is_valid(instance) for instance in instances] != wanted
    assert min(counts.values()) > 5_000
    assert telling > 400
    assert refused < 10


def test_contains_evaluates_nothing_in_2019():
    schema = {"contains": {"type": "integer"}, "unevaluatedItems": {"type": "string"}}
    assert verdicts(schema, 2019, [[1], [1, "s"], ["s"]]) == [False, False, False]
    assert verdicts(schema, 2020, [[1], [1, "s"], ["s"]]) == [True, True, False]


def test_dynamic_references():
    schema = {
        "$id": "https://example.org/closed",
        "$dynamicAnchor": "node",
        "$ref": "tree",
        "unevaluatedProperties": False,
        "$defs": {
            "tree": {
                "$id": "tree",
                "$dynamicAnchor": "node",
                "properties": {"value": True, "next": {"$dynamicRef": "#node"}},
            }
        },
    }
    instances = [{"value": 1}, {"next": {"value": 1}}, {"next": {"values": 1}}, {"other": 1}]
    assert verdicts(schema, 2020, instances) == [True, True, False, False]


def test_recursion_through_members():
    schema = {
        "properties": {"left": {"$ref": "#"}},
        "anyOf": [{"required": ["right"], "properties": {"right": {"$ref": "#"}}}, True],
        "unevaluatedProperties": False,
    }
    instances = [{}, {"left": {"right": {}}}, {"left": {"right": {"up": 1}}}, {"up": 1}, {"right": 1}]
    assert verdicts(schema, 2020, instances) == [True, True, False, False, True]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#", "unevaluatedProperties": False},
        {"anyOf": [{"properties": {"a": True}}, {"$ref": "#"}], "unevaluatedItems": False},
        {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"if": {"$ref": "#/$defs/a"}}}, "unevaluatedItems": False},
    ],
)
def test_a_cycle_in_place_is_an_error(schema):
    document = Document(schema)
    with pytest.raises(SchemaError, match="leads back to itself without reading anything"):
        Unevaluated(document).rewrite(document.root)


def test_others_stay_as_they_are():
    document = Document({"properties": {"a": {"unevaluatedProperties": False}}, "anyOf": [True, False]})
    unevaluated = Unevaluated(document)
    for subschema in (document.root, *(document.child(document.root, "anyOf", index) for index in range(2))):
        assert unevaluated.rewrite(subschema) is subschema


def test_what_says_nothing_goes():
    schema = {"anyOf": [{"properties": {"a": True}}], "unevaluatedProperties": {}, "unevaluatedItems": True}
    document = Document(schema)
    rewritten = Unevaluated(document).rewrite(document.root)
    assert rewritten.schema == {"anyOf": schema["anyOf"]}


def test_a_member_that_every_branch_evaluates_has_no_clause():
    branches = [{"properties": {"p": {"const": index}}, "required": ["p"]} for index in range(3)]
    document = Document({"oneOf": branches, "unevaluatedProperties": False})
    rest, cover = Unevaluated(document).rewrite(document.root).schema[SAME]
    assert document.subschemas[rest].schema == {"oneOf": branches}
    assert document.subschemas[cover].schema == {"properties": {"p": True}, "additionalProperties": False}


def size(count):
    branches = [{"properties": {f"p{index}": True, f"q{index}": True}} for index in range(count)]
    document = Document({"anyOf": [*branches, True], "unevaluatedProperties": False})
    Unevaluated(document).rewrite(document.root)
    return sum(len(json.dumps(one.schema)) for one in document.subschemas)


def test_the_size_is_linear_in_the_branches():
    assert size(64) < 2.2 * size(32) < 5 * size(16)


def test_many_names_at_once():
    branches = [{"required": [f"p{index}"], "properties": {f"p{index}": True}} for index in range(30)]
    schema = {"anyOf": branches, "unevaluatedProperties": False}
    some = dict.fromkeys(("p3", "p17", "p29"), 1)
    assert verdicts(schema, 2020, [some, {**some, "q": 1}, {}, {"p0": 1}]) == [True, False, False, True]


def test_too_many_conditions_of_contains():
    branches = [{"contains": {"const": index}} for index in range(12)]
    document = Document({"anyOf": branches, "unevaluatedItems": False})
    with pytest.raises(LimitError, match="contains") as caught:
        Unevaluated(document).rewrite(document.root)
    assert caught.value.pointer == "/unevaluatedItems"
