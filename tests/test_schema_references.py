"""What references name: identifiers, anchors, dynamic scopes, documents of a registry and their dialects."""

from __future__ import annotations

import pytest
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource
from referencing.jsonschema import DRAFT7, DRAFT202012

from gramarye.errors import SchemaError
from gramarye.grammar.schema.document import Document, Subschema
from gramarye.grammar.schema.keywords import Treatment, findings

D4 = "http://json-schema.org/draft-04/schema#"
D7 = "http://json-schema.org/draft-07/schema#"
D2019 = "https://json-schema.org/draft/2019-09/schema"
D2020 = "https://json-schema.org/draft/2020-12/schema"


def at(document: Document, *path: str | int) -> Subschema:
    """The subschema at a path of keywords, indices and names, entered schema by schema."""
    found = document.root
    tokens = list(path)
    while tokens:
        step = [tokens.pop(0)]
        value = found.schema[step[0]]
        if step[0] in ("properties", "$defs", "definitions", "patternProperties") or isinstance(value, list):
            step.append(tokens.pop(0))
        found = document.child(found, *step)
    return found


def target(document: Document, *path: str | int) -> Subschema:
    (found,) = document.references(at(document, *path))
    return found


def registry(**documents: object) -> Registry:
    return Registry().with_resources(
        (f"http://x/{name}", DRAFT202012.create_resource(document)) for name, document in documents.items()
    )


def test_the_same_place_is_the_same_subschema() -> None:
    document = Document({"$defs": {"a": {"type": "null"}}, "items": {"$ref": "#/$defs/a"}, "not": {"$ref": "#"}})
    found = target(document, "items")
    assert found is at(document, "$defs", "a")
    assert found.pointer == "/$defs/a"
    assert target(document, "not") is document.root
    assert document.references(document.root) == []


def test_relative_identifiers_nest() -> None:
    schema = {
        "$id": "http://x/a/",
        "$defs": {
            "one": {"$id": "b/", "$defs": {"two": {"$id": "c", "$anchor": "here"}}, "items": {"$ref": "c#here"}},
            "three": {"$ref": "b/c"},
        },
    }
    document = Document(schema)
    two = target(document, "$defs", "one", "items")
    assert two.pointer == "/$defs/one/$defs/two"
    assert two.resource.uri == "http://x/a/b/c"
    assert target(document, "$defs", "three") is two
    assert at(document, "$defs", "one", "$defs", "two") is two


def test_a_pointer_into_another_resource_takes_its_base() -> None:
    schema = {
        "$id": "http://x/",
        "$defs": {"a": {"$id": "y", "items": {"$ref": "#/not"}, "not": {"type": "null"}}},
        "items": {"$ref": "#/$defs/a/items"},
    }
    document = Document(schema)
    (inner,) = document.references(target(document, "items"))
    assert inner.pointer == "/$defs/a/not"


def test_what_is_no_schema_has_no_identifier() -> None:
    fake = {"$id": "http://x/real", "$anchor": "name", "type": "null"}
    real = {"$id": "http://x/real", "$anchor": "name", "type": "string"}
    schema = {
        "enum": [fake],
        "const": fake,
        "x-unknown": fake,
        "$defs": {"a": {"default": fake}, "b": real},
        "not": {"$ref": "http://x/real"},
        "items": {"$ref": "http://x/real#name"},
    }
    document = Document(schema)
    assert target(document, "not").schema is real
    assert target(document, "items").schema is real
    with pytest.raises(SchemaError, match="cannot be resolved"):
        Document({"const": {"$anchor": "name"}, "$ref": "#name"}).references(
            Document({"const": {"$anchor": "name"}, "$ref": "#name"}).root
        )


def test_a_reference_hides_what_stands_beside_it_up_to_draft_7() -> None:
    schema = {"$id": "http://x/a/", "definitions": {"n": {"$id": "b", "type": "null"}}}
    schema["items"] = {"$id": "http://x/", "$ref": "b", "type": "string"}
    old = Document({"$schema": D7, **schema})
    assert at(old, "items").schema == {"$ref": "b"}
    assert at(old, "items").written is schema["items"]
    assert target(old, "items").schema == {"$id": "b", "type": "null"}
    new = Document({"$schema": D2020, **schema})
    assert at(new, "items").schema is schema["items"]
    with pytest.raises(SchemaError, match="'b' cannot be resolved"):
        target(new, "items")


def test_identifiers_of_draft_4_and_names_in_identifiers() -> None:
    schema = {
        "$schema": D4,
        "id": "http://x/a",
        "definitions": {"n": {"id": "#name", "type": "null"}, "o": {"$id": "http://x/no", "id": "b#other"}},
        "items": {"$ref": "#name"},
        "not": {"$ref": "b#other"},
        "additionalItems": {"$ref": "http://x/no"},
    }
    document = Document(schema)
    assert target(document, "items").pointer == "/definitions/n"
    assert target(document, "not").pointer == "/definitions/o"
    with pytest.raises(SchemaError, match="cannot be resolved") as caught:
        target(document, "additionalItems")
    assert caught.value.pointer == "/additionalItems/$ref"


def test_pointers_are_unescaped_and_reach_unknown_keywords() -> None:
    schema = {"x/y": [{"%": {"type": "null"}}], "$ref": "#/x~1y/0/%25"}
    document = Document(schema)
    assert target(document).schema == {"type": "null"}
    assert target(document).pointer == "/x~1y/0/%"


@pytest.mark.parametrize("reference", ["#/a/b", "#/enum/7", "#/enum/x", "#nowhere", "http://[bad", "other.json"])
def test_what_names_nothing(reference: str) -> None:
    document = Document({"$ref": reference, "enum": [1]})
    with pytest.raises(SchemaError, match="cannot be resolved"):
        document.references(document.root)


def test_what_names_no_schema() -> None:
    document = Document({"$ref": "#/title", "title": "t"})
    with pytest.raises(SchemaError, match="object or a boolean"):
        document.references(document.root)
    document = Document({"$ref": 3})
    with pytest.raises(SchemaError, match="not a string"):
        document.references(document.root)


def test_documents_of_the_registry_have_their_own_dialect() -> None:
    old = {"$schema": D7, "items": [{"$ref": "#/definitions/n", "type": "string"}], "definitions": {"n": {}}}
    silent = {"items": {"dependentRequired": {}}}
    document = Document(
        {"allOf": [{"$ref": "http://x/old"}, {"$ref": "http://x/silent"}]}, registry=registry(old=old, silent=silent)
    )
    found = target(document, "allOf", 0)
    assert (document.draft, found.draft, found.pointer) == (2020, 7, "http://x/old#")
    inner = document.child(found, "items", 0)
    assert inner.schema == {"$ref": "#/definitions/n"}
    assert document.references(inner)[0].pointer == "http://x/old#/definitions/n"
    assert target(document, "allOf", 1).draft == 2020


def test_an_embedded_resource_may_switch_the_dialect() -> None:
    schema = {"$schema": D2020, "$defs": {"a": {"$id": "http://x/a", "$schema": D4, "not": {"const": 1}}}}
    document = Document(schema)
    assert at(document, "$defs", "a").draft == 4
    assert at(document, "$defs", "a", "not").schema == {}
    assert document.root.draft == 2020
    foreign = {"$defs": {"a": {"id": "b", "$schema": D4, "const": 1}}, "$ref": "#/$defs/a"}
    assert target(Document(foreign)).draft == 2020


def test_metaschemas_are_known() -> None:
    for uri, draft in ((D4, 4), (D7, 7), (D2019, 2019), (D2020, 2020)):
        document = Document({"$ref": uri})
        assert target(document).draft == draft


def test_registries_may_fail() -> None:
    def retrieve(uri: str) -> Resource:
        if uri == "http://x/there":
            return DRAFT7.create_resource({"type": "null"})
        raise NoSuchResource(ref=uri)

    document = Document({"$ref": "http://x/there", "not": {"$ref": "gone"}}, registry=Registry(retrieve=retrieve))
    assert target(document).schema == {"type": "null"}
    with pytest.raises(SchemaError, match="nothing is ever fetched"):
        target(document, "not")


TREE = {"$id": "http://x/tree", "$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}}


def test_dynamic_references_name_the_outermost() -> None:
    schema = {
        "$id": "http://x/strict",
        "$dynamicAnchor": "node",
        "allOf": [{"$ref": "tree"}],
        "$defs": {"tree": TREE},
    }
    document = Document(schema)
    tree = target(document, "allOf", 0)
    items = document.child(tree, "items")
    assert document.references(items) == [document.root]
    alone = Document(TREE)
    assert alone.references(at(alone, "items")) == [alone.root]


def test_one_place_in_two_scopes_is_two_subschemas() -> None:
    def strict(name: str) -> dict:
        return {"$id": name, "$dynamicAnchor": "node", "allOf": [{"$ref": "tree"}]}

    schema = {"$id": "http://x/", "properties": {"a": strict("a"), "b": strict("b")}, "$defs": {"tree": TREE}}
    document = Document(schema)
    trees = {name: target(document, "properties", name, "allOf", 0) for name in "ab"}
    assert trees["a"] is not trees["b"]
    assert trees["a"].schema is trees["b"].schema
    for name, tree in trees.items():
        assert document.references(document.child(tree, "items"))[0] is at(document, "properties", name)
    before = len(document.subschemas)
    assert target(document, "properties", "a", "allOf", 0) is trees["a"]
    assert len(document.subschemas) == before


def test_dynamic_references_without_a_dynamic_anchor_are_plain() -> None:
    schema = {
        "$id": "http://x/outer",
        "$dynamicAnchor": "node",
        "$ref": "inner",
        "$defs": {"inner": {"$id": "inner", "$anchor": "node", "items": {"$dynamicRef": "#node"}}},
    }
    document = Document(schema)
    inner = target(document)
    assert document.references(document.child(inner, "items")) == [inner]
    pointer = Document({"$dynamicAnchor": "node", "items": {"$dynamicRef": "#"}})
    assert pointer.references(at(pointer, "items")) == [pointer.root]


@pytest.mark.parametrize(("anchored", "outer"), [(True, True), (False, False)])
def test_recursive_references(anchored: bool, outer: bool) -> None:
    tree = {"$id": "http://x/tree", "$recursiveAnchor": True, "items": {"$recursiveRef": "#"}}
    schema = {"$schema": D2019, "$id": "http://x/o", "$recursiveAnchor": anchored, "$ref": "tree", "$defs": {"t": tree}}
    document = Document(schema)
    inner = target(document)
    (found,) = document.references(document.child(inner, "items"))
    assert (found is document.root) == outer
    assert (found is inner) != outer


def test_opposites() -> None:
    document = Document({"$schema": D7, "items": {"$ref": "#/definitions/n", "type": "null"}, "definitions": {"n": {}}})
    for one in (document.root, at(document, "items"), at(document, "definitions", "n")):
        opposite = document.opposite(one)
        assert opposite is document.opposite(one)
        assert document.child(opposite, "not") is one
        assert document.opposite(opposite) is one
        assert (opposite.draft, opposite.resource, opposite.scope) == (one.draft, one.resource, one.scope)
    true = Document(True)
    assert true.opposite(true.root).schema is False
    assert true.opposite(true.opposite(true.root)) is true.root


def test_opposites_of_resources_in_a_scope() -> None:
    schema = {"$id": "http://x/o", "$dynamicAnchor": "node", "$ref": "tree", "$defs": {"t": {**TREE, "then": {}}}}
    document = Document(schema)
    tree = target(document)
    assert document.child(document.opposite(tree), "not") is tree
    old = {"$id": "http://x/b", "$schema": D4, "const": 1, "type": "null"}
    document = Document({"items": {"id": "http://x/b", **old}})
    items = at(document, "items")
    assert items.schema == {"id": "http://x/b", "$id": "http://x/b", "$schema": D4, "type": "null"}
    assert document.child(document.opposite(items), "not") is items


def test_synthetic_subschemas_are_like_another() -> None:
    document = Document({"items": {"$id": "http://x/b", "$schema": D4, "items": {}}})
    made = document.synthetic({"not": {"const": 1}}, "/p", at(document, "items"))
    assert (made.draft, document.child(made, "not").schema) == (4, {})
    assert document.synthetic({}, "/p").draft == 2020


def test_vocabularies() -> None:
    def mine(**vocabularies: bool) -> Registry:
        named = {f"https://json-schema.org/draft/2020-12/vocab/{name}": need for name, need in vocabularies.items()}
        return registry(mine={"$schema": D2020, "$vocabulary": named})

    schema = {"$schema": "http://x/mine", "minimum": 3, "format": "date", "properties": {"a": {"type": "null"}}}
    document = Document(schema, registry=mine(core=True, applicator=True))
    assert document.root.schema.keys() == {"$schema", "properties"}
    assert at(document, "properties", "a").schema == {}
    status = {finding.keyword: finding for finding in findings(document)}
    assert status["minimum"].status is Treatment.ANNOTATION
    assert status["properties"].status is Treatment.ENFORCED
    assert "format" in Document(schema, registry=mine(**{"format-assertion": False})).root.schema
    with pytest.raises(SchemaError, match="required and not known"):
        Document(schema, registry=mine(odd=True))
    assert "minimum" in Document(schema, registry=mine(odd=False, validation=True)).root.schema


def test_findings_follow_references_and_tell_dialects_apart() -> None:
    old = {
        "$schema": D7,
        "allOf": [{"$ref": "#/definitions/n", "minimum": 3}],
        "definitions": {"n": {"unevaluatedItems": False}},
    }
    found = {
        finding.pointer: (finding.status, finding.note)
        for finding in findings(Document({"$ref": "http://x/old", "maxLength": 3}, registry=registry(old=old)))
    }
    assert found["/maxLength"] == (Treatment.ENFORCED, "")
    assert found["http://x/old#/allOf/0/minimum"] == (Treatment.ANNOTATION, "hidden by $ref in this dialect")
    assert found["http://x/old#/definitions/n/unevaluatedItems"] == (
        Treatment.ANNOTATION,
        "not a keyword of this dialect",
    )


def test_drafts_are_checked() -> None:
    with pytest.raises(SchemaError, match="no draft"):
        Document({}, draft=5)
    with pytest.raises(SchemaError, match="not supported"):
        Document({"$schema": "http://json-schema.org/draft-03/schema#"})
    assert Document({"$schema": "http://example.org/mine"}).draft == 2020
    assert Document({"$schema": D7}, draft=4).draft == 4
