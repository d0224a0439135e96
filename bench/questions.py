"""What conformance is checked on: schemas with texts and labels, of the JSON Schema Test Suite and of MaskBench.

Both become questions of one form, a schema and texts that it admits or does not::

    suite      one text an instance, compact                   id "draft7/ref.json: nested refs"
    MaskBench  five spellings a valid instance, one an invalid  id of the schema in MaskBench
"""

from __future__ import annotations

import json
import lzma
import random
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .data import open_input

if TYPE_CHECKING:
    from referencing import Registry

SUITE = "json-schema-test-suite.tar.xz"
MASKBENCH = "maskbench-dev.jsonl.xz"
DRAFTS: Mapping[str, int] = MappingProxyType(
    {"draft2020-12": 2020, "draft2019-09": 2019, "draft7": 7, "draft6": 6, "draft4": 4}
)
_REMOTE = "http://localhost:1234/"


@dataclass(frozen=True, slots=True)
class Text:
    """A JSON text and whether the schema admits it.

    Attributes:
        label: names it among the texts of its question.
        text: the text.
        valid: the verdict that is right according to the data.
    """

    label: str
    text: str
    valid: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A schema and texts.

    Attributes:
        id: names it among all questions.
        schema: the schema.
        draft: its draft where it does not say so itself; None leaves that to ``$schema``.
        formats: whether ``format`` is asserted.
        texts: what is to be judged.
    """

    id: str
    schema: Any
    draft: int | None
    formats: bool
    texts: tuple[Text, ...]


def _members(folder: Path) -> Iterator[tuple[str, Any]]:
    """Path and contents of each JSON file of the Test Suite, by path; it is never unpacked to disk."""
    packed = lzma.decompress(open_input(folder, SUITE).read_bytes())
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        for member in sorted(archive.getmembers(), key=lambda one: one.name):
            file = archive.extractfile(member) if member.name.endswith(".json") else None
            if file is not None:
                yield member.name.removeprefix("./"), json.loads(file.read())


def _is_optional(name: str) -> bool:
    return "/optional/" in name


def suite(folder: Path) -> list[Question]:
    """The Test Suite, required tests first; formats are asserted where they are what is tested.

    Raises:
        DataMissingError: the suite is absent.
    """
    questions = []
    for path, groups in _members(folder):
        parts = path.split("/")
        if parts[0] != "tests" or parts[1] not in DRAFTS:
            continue
        name = path.removeprefix("tests/")
        for group in groups:
            schema = group["schema"]
            says = isinstance(schema, dict) and "$schema" in schema
            texts = tuple(
                Text(test["description"], json.dumps(test["data"], separators=(",", ":")), test["valid"])
                for test in group["tests"]
            )
            draft = None if says else DRAFTS[parts[1]]
            questions.append(
                Question(f"{name}: {group['description']}", schema, draft, "/optional/format/" in path, texts)
            )
    return sorted(questions, key=lambda one: (_is_optional(one.id), list(DRAFTS).index(one.id.partition("/")[0])))


def remotes(folder: Path) -> Registry[Any]:
    """The documents that the Test Suite refers to, under the addresses at which it expects them."""
    from referencing import Registry
    from referencing.jsonschema import DRAFT7, DRAFT201909, DRAFT202012

    found = []
    for path, document in _members(folder):
        parts = path.split("/")
        if parts[0] == "remotes":
            specification = {"draft2019-09": DRAFT201909, "draft2020-12": DRAFT202012}.get(parts[1], DRAFT7)
            found.append((_REMOTE + "/".join(parts[1:]), specification.create_resource(document)))
    registry: Registry[Any] = Registry()
    return registry.with_resources(found)


def _shuffled(value: Any, rng: random.Random) -> Any:
    """The same value with the members of every object in a random order."""
    if isinstance(value, dict):
        names = list(value)
        rng.shuffle(names)
        return {name: _shuffled(value[name], rng) for name in names}
    return [_shuffled(item, rng) for item in value] if isinstance(value, list) else value


def spellings(value: Any, seed: str) -> dict[str, str]:
    """Five ways to write a value: spaced, compact, indented, properties shuffled, non-ASCII escaped."""
    return {
        "spaced": json.dumps(value, ensure_ascii=False),
        "compact": json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        "indented": json.dumps(value, ensure_ascii=False, indent=2),
        "shuffled": json.dumps(_shuffled(value, random.Random(seed)), ensure_ascii=False),
        "escaped": json.dumps(value, ensure_ascii=True),
    }


def maskbench_questions(folder: Path, count: int | None = None, seed: int = 0) -> Iterator[Question]:
    """MaskBench's development part: all of it in its order, or ``count`` schemas drawn by ``seed``.

    Raises:
        DataMissingError: it is absent.
    """
    with lzma.open(open_input(folder, MASKBENCH), "rt", encoding="utf-8") as file:
        lines = file.readlines()
    if count is not None:
        random.Random(seed).shuffle(lines)
        lines = lines[:count]
    for line in lines:
        record = json.loads(line)
        texts = []
        for index, test in enumerate(record["tests"]):
            if test["valid"]:
                written = spellings(test["data"], f"{record['id']} {index}")
                texts += [Text(f"{index} {how}", text, True) for how, text in written.items()]
            else:
                texts.append(Text(f"{index} spaced", json.dumps(test["data"], ensure_ascii=False), False))
        yield Question(record["id"], record["schema"], None, True, tuple(texts))


_KEYWORDS = frozenset(
    "$ref $dynamicRef $recursiveRef additionalItems additionalProperties allOf anyOf const contains dependencies "
    "dependentRequired dependentSchemas else enum exclusiveMaximum exclusiveMinimum format if items maxContains "
    "maxItems maxLength maxProperties maximum minContains minItems minLength minProperties minimum multipleOf not "
    "oneOf pattern patternProperties prefixItems properties propertyNames required then type unevaluatedItems "
    "unevaluatedProperties uniqueItems".split()
)
_NAMED = frozenset("$defs definitions dependencies dependentSchemas patternProperties properties".split())
_HOLDERS = (_KEYWORDS | _NAMED) - {"enum", "const"}


def keywords_of(schema: Any) -> frozenset[str]:
    """The keywords that a schema uses, those of its definitions included, whatever its draft."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            found |= one.keys() & _KEYWORDS
            for keyword in one.keys() & _HOLDERS:
                value = one[keyword]
                named = isinstance(value, dict) and keyword in _NAMED
                waiting.extend(value.values() if named else [value])
    return frozenset(found)
