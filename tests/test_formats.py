"""Formats: the JSON Schema Test Suite where it is there, and by hand what it does not ask."""

from __future__ import annotations

import json
import random
import re
import tarfile
import unicodedata
from pathlib import Path

import pytest
from tests.oracles.regex_patterns import texts
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.grammar.regex import is_empty
from gramarye.grammar.schema.formats import FORMATS, format_of, format_strings
from gramarye.grammar.schema.regex_format import DEPTH

VOCABULARY = toy_vocabulary(b"http", b"://", b'a"', b"2020-")
DRAFTS = {"draft4": 4, "draft6": 6, "draft7": 7, "draft2019-09": 2019, "draft2020-12": 2020}
FOLDERS = ("optional/format/", "optional/ecmascript-regex", "optional/non-bmp-regex")


def accepts(name: str, text: str, draft: int = 2020) -> bool:
    meaning = format_of(name, draft)
    assert meaning is not None
    return format_strings(meaning).accepts(text)


def suite_failures(suite: Path) -> tuple[dict[str, int], list[tuple[str, str, str, bool]]]:
    """Tests by folder, and those whose verdict is not the engine's."""
    counts = dict.fromkeys(FOLDERS, 0)
    failures = []
    with tarfile.open(suite) as archive:
        for member in archive:
            parts = member.name.split("tests/", 1)[-1].split("/", 1)
            if parts[0] not in DRAFTS or not parts[1:] or not member.name.endswith(".json"):
                continue
            folder = next((folder for folder in FOLDERS if parts[1].startswith(folder)), None)
            content = archive.extractfile(member)
            if folder is None or content is None:
                continue
            for group in json.load(content):
                schema = group["schema"]
                written = isinstance(schema, dict) and "$schema" in schema
                draft = None if written else DRAFTS[parts[0]]
                constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, formats="assert", draft=draft)
                for test in group["tests"]:
                    counts[folder] += 1
                    if constraint.accepts(json.dumps(test["data"])) != test["valid"]:
                        failures.append((*parts, json.dumps(test["data"]), test["valid"]))
    return counts, failures


def test_the_test_suite_but_for_labels_in_punycode(shared_data):
    counts, failures = suite_failures(shared_data / "json-schema-test-suite.tar.xz")
    assert min(counts.values()) > 50
    assert counts["optional/format/"] > 2500
    others = [one for one in failures if not (one[3] and re.search(r'"xn--|\.xn--', one[2]) and "hostname" in one[1])]
    assert others == []
    assert len(failures) <= 0.02 * counts["optional/format/"]


def test_every_format_is_live_and_has_an_opposite():
    for name in sorted(FORMATS):
        for schema in ({"type": "string", "format": name}, {"type": "string", "not": {"format": name}}):
            constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, formats="assert")
            text = constraint.completer.shortest(constraint.start)
            assert constraint.accepts(text)
            assert accepts(name, json.loads(text)) == ("format" in schema)


@pytest.mark.parametrize("name", ["hostname", "ipv4", "date", "uuid", "regex"])
def test_the_opposite_of_a_format_is_the_rest_of_the_strings(name):
    positive = engine.compile(schema={"format": name}, vocabulary=VOCABULARY, formats="assert")
    negative = engine.compile(schema={"not": {"format": name}}, vocabulary=VOCABULARY, formats="assert")
    schema = {"anyOf": [{"format": name}, {"not": {"format": name}}]}
    either = engine.compile(schema=schema, vocabulary=VOCABULARY, formats="assert")
    rng = random.Random(name)
    good = [
        "a.b",
        "1.2.3.4",
        "2020-02-29",
        "12345678-1234-1234-1234-123456789abc",
        "(a|b)*",
        "a" * 63,
        ("ab." * 90)[:254],
    ]
    for text in [*good, *texts(rng, "a1-.:(*é", 60)]:
        data = json.dumps(text)
        assert positive.accepts(data) == accepts(name, text) != negative.accepts(data), text
        assert either.accepts(data)
    assert not negative.accepts("7")
    assert positive.accepts("7")


def test_formats_are_annotations_unless_they_are_asserted():
    schema = {"type": "string", "format": "date"}
    assert engine.compile(schema=schema, vocabulary=VOCABULARY).accepts('"x"')
    assert not engine.compile(schema=schema, vocabulary=VOCABULARY, formats="assert").accepts('"x"')
    assert format_of("colour", 2020) is None
    assert format_of(["odd"], 2020) is None
    assert engine.compile(schema={"format": "colour"}, vocabulary=VOCABULARY, formats="assert").accepts('"x"')


def minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5])


def is_time(text: str) -> bool:
    """RFC 3339, section 5.6, by arithmetic."""
    match = re.fullmatch(r"([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[Zz]|([+-])([0-9]{2}:[0-9]{2}))", text)
    if match is None:
        return False
    clock, second, sign, offset = match[1], int(match[2]), match[3], match[4] or "00:00"
    if any(int(part[:2]) > 23 or int(part[3:]) > 59 for part in (clock, offset)) or second > 60:
        return False
    ahead = minutes(offset) if sign == "+" else -minutes(offset)
    return second < 60 or (minutes(clock) - ahead) % 1440 == 1439


def test_leap_seconds_are_the_last_of_a_day_in_utc():
    leaps = 0
    for hour in range(25):
        for minute in range(0, 61, 7):
            for hours in range(25):
                for second in ("59", "60", "61"):
                    for sign in "+-":
                        ahead = (minute + 1) % 60 if sign == "+" else (59 - minute) % 60
                        text = f"{hour:02}:{minute:02}:{second}{sign}{hours:02}:{ahead:02}"
                        assert accepts("time", text) == is_time(text), text
                        assert accepts("date-time", f"2020-02-29T{text}") == is_time(text), text
                        leaps += second == "60" and is_time(text)
    assert leaps > 300
    for text in (
        "23:59:60Z",
        "23:59:60.5z",
        "23:58:60Z",
        "00:59:60+01:00",
        "15:59:60.123-08:00",
        "24:00:00Z",
        "1:00:00Z",
    ):
        assert accepts("time", text) == is_time(text), text


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("", True),
        ("([abc])+\\s+$", True),
        ("(?<n>a)\\k<n>", True),
        ("(?<=a+)b", True),
        ("(?i-s:a)", True),
        ("(?i)a", False),
        ("(?i-i:a)", False),
        ("(?-:a)", False),
        ("(?P<n>a)", False),
        ("(?#c)a", False),
        ("[]", True),
        ("[^]", True),
        ("[\\w-.]", True),
        ("[a-b-z]", True),
        ("[z-a]", False),
        ("[Z-a]", True),
        ("[а-я]", True),
        ("[\\B]", False),
        ("[a", False),
        ("^(abc]", False),
        ("a)", False),
        ("(" * DEPTH + ")" * DEPTH, True),
        ("(" * (DEPTH + 1) + ")" * (DEPTH + 1), False),
        ("*", False),
        ("a**", False),
        ("a*??", False),
        ("a|*", False),
        ("(*)", False),
        ("a{3}?", True),
        ("a{2,10}", True),
        ("a{2,1}", False),
        ("a{12,9}", False),
        ("a{12,11}", False),
        ("a{12,12}", True),
        ("a{7,}", True),
        ("a{,7}", False),
        ("a{100,99}", False),
        ("\\a", False),
        ("\\", False),
        ("\\cA", True),
        ("\\c1", False),
        ("\\0", True),
        ("\\00", False),
        ("\\x4", False),
        ("\\x4f", True),
        ("\\u{10FFFF}", True),
        ("\\u{110000}", False),
        ("\\u{0000061}", True),
        ("\\u{}", False),
        ("\\p{L}\\P{Script=Greek}", True),
        ("\\p{}", False),
        ("\\pL", False),
    ],
)
def test_regular_expressions(text, valid):
    assert accepts("regex", text) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("example.com", True),
        ("EXAMPLE.com", True),
        ("bücher.example", True),
        ("Bücher.example", False),  # a capital is not stable under case folding
        ("straße", True),
        ("सड़क.भारत", True),  # a nukta that normal form C leaves alone
        ("はひ.みんな", True),
        ("は\u3099", False),  # normal form C composes it
        ("a\u0301", False),
        ("שלום.קום", True),
        ("שלום.1a", False),  # RFC 5893: a name with a label written right to left
        ("1a.com", True),
        ("ab--cd", False),
        ("a-b", True),
        ("a_b", False),
        ("١٢", False),
        ("م١", True),
        ("م1", True),
        ("م1١", False),
        ("a" * 63, True),
        ("a" * 64, False),
        ("é" * 59, True),
        ("é" * 60, False),
        ("x." * 126 + "x", True),
        ("x." * 127, False),
        ("x." * 126 + "xy", False),
    ],
)
def test_internationalised_host_names(text, valid):
    assert accepts("idn-hostname", text) is valid


def test_internationalised_labels_are_in_normal_form():
    """Random runs of letters and marks that the automaton lets through stay what they are under NFC."""
    rng = random.Random(3)
    letters = [chr(code) for code in range(0x80, 0x3100) if unicodedata.category(chr(code)) in ("Ll", "Lo", "Lm")]
    marks = [chr(code) for code in range(0x300, 0x3100) if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    kept = 0
    for _ in range(60_000):
        text = "".join(rng.choice(letters if rng.random() < 0.5 else marks) for _ in range(rng.randint(1, 4)))
        if accepts("idn-hostname", text):
            kept += 1
            assert unicodedata.is_normalized("NFC", text), ascii(text)
    assert kept > 1000


@pytest.mark.parametrize(
    ("draft", "text", "valid"),
    [(4, "xn--X", True), (6, "xn--X.com", True), (7, "xn--X", False), (2020, "a.XN--b", False), (2020, "axn--b", True)],
)
def test_labels_in_punycode_are_refused_where_they_would_have_to_be_decoded(draft, text, valid):
    assert accepts("hostname", text, draft) is valid


@pytest.mark.parametrize(
    ("name", "text", "valid"),
    [
        ("email", "joe@example.com", True),
        ("email", "joe@[IPv6:::1]", True),
        ("email", "δοκιμή@example.com", False),
        ("idn-email", "δοκιμή@παράδειγμα.gr", True),
        ("idn-email", "δοκιμή.παράδειγμα.gr", False),
        ("idn-email", "a@-b.com", False),
        ("ipv6", "::ffff:1.2.3.4", True),
        ("ipv6", "1::2::3", False),
        ("uri", "http://[::1]:80/a?b#c", True),
        ("uri", "/a", False),
        ("uri-reference", "/a", True),
        ("iri", "http://é/", True),
        ("json-pointer", "/a~1b", True),
        ("json-pointer", "/a~2b", False),
        ("relative-json-pointer", "01/a", False),
        ("duration", "P1Y2M3DT4H", True),
        ("duration", "P1YT", False),
        ("date", "2100-02-29", False),
    ],
)
def test_other_formats(name, text, valid):
    assert accepts(name, text) is valid


def test_formats_are_intersected_with_lengths_and_patterns():
    schema = {"type": "string", "format": "email", "pattern": "^[^@]{3}@", "minLength": 9, "maxLength": 1024}
    constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, formats="assert")
    assert constraint.accepts('"abc@d.com"')
    assert not constraint.accepts('"abc@d.co"')
    assert not constraint.accepts('"ab@dd.com"')
    assert not is_empty(format_strings("email").automaton)
    text = json.loads(constraint.completer.shortest(constraint.start))
    assert len(text) == 9
    assert accepts("email", text)
