"""Forced text: all of it and nothing more, and tokens that whatever follows leaves as they are."""

from __future__ import annotations

import random

import pytest
from tests.real_vocabularies import load_table, toy_vocabulary

from gramarye import engine
from gramarye.runtime.forced import stable_tokens

VOCABULARY = toy_vocabulary(b'{"', b'":', b"name", b"true")
SCHEMA = {
    "type": "object",
    "properties": {"name": {"const": "Ann"}, "size": {"enum": ["small", "smart"]}},
    "required": ["name", "size"],
    "additionalProperties": False,
}
OPTIONS = {"whitespace": "compact", "spelling": "plain", "property_order": "schema"}


@pytest.mark.parametrize(
    ("options", "text", "forced"),
    [
        ({"schema": SCHEMA, **OPTIONS}, b"", b'{"name":"Ann","size":"sma'),
        ({"schema": SCHEMA, **OPTIONS}, b'{"name":"Ann","size":"smal', b'l"}'),
        ({"schema": SCHEMA}, b"", b""),
        ({"schema": {"const": True}, "whitespace": "compact"}, b"", b"true"),
        ({"regex": "ab(cd|ce)f*"}, b"", b"abc"),
        ({"regex": "ab(cd|ce)f*"}, b"abc", b""),
        ({"regex": "ab(cd|ce)f*"}, b"abcd", b""),
        ({"choice": ["日本", "日曜"]}, b"", b"\xe6\x97\xa5\xe6\x9c\xac"[:4]),
    ],
)
def test_forced_bytes(options, text, forced):
    matcher = engine.compile(vocabulary=VOCABULARY, **options).matcher()
    assert matcher.advance_bytes(text)
    assert matcher.forced_bytes() == forced


def test_forced_bytes_by_brute_force():
    for seed in range(60):
        rng = random.Random(seed)
        words = {"".join(rng.choice("abé") for _ in range(rng.randrange(1, 7))) for _ in range(rng.randrange(1, 5))}
        constraint = engine.compile(choice=words, vocabulary=VOCABULARY)
        encoded = [word.encode() for word in words]
        for text in {word[:length] for word in encoded for length in range(len(word) + 1)}:
            rest = [word[len(text) :] for word in encoded if word.startswith(text)]
            common = rest[0]
            while not all(one.startswith(common) for one in rest):
                common = common[:-1]
            matcher = constraint.matcher()
            assert matcher.advance_bytes(text)
            assert matcher.forced_bytes() == common


def test_an_endless_forced_text_stops():
    """Where the text may end nothing is forced, though only one byte can follow."""
    matcher = engine.compile(regex="(ab)*", vocabulary=VOCABULARY).matcher()
    assert matcher.forced_bytes() == b""
    assert matcher.advance_bytes(b"a")
    assert matcher.forced_bytes() == b"b"


@pytest.mark.parametrize("length", [63, 64, 65, 255, 256, 257, 5000])
def test_a_long_forced_text_is_whole(length):
    word = "".join(random.Random(length).choice("abc") for _ in range(length))
    matcher = engine.compile(choice=[word], vocabulary=VOCABULARY).matcher()
    assert matcher.forced_bytes() == word.encode()
    assert matcher.advance_bytes(word.encode())
    assert matcher.finished
    assert matcher.forced_bytes() == b""


FORCED = [
    b'{"name": "',
    b'","name":"',
    b"true",
    b'":',
    b'{"first_name":{"',
    b"</think>\n\n",
    b"null}",
    b'"]}',
    b"def f(x):\n    return ",
    b' "additionalProperties": false',
    b"2024-01-",
    "日本語".encode(),
    b'{"',
    b"   ",
    b"\n\n",
    b"ing",
    b"<|im_end|>",
]
FOLLOWING = [
    "",
    " ",
    "a",
    "A",
    "1",
    "\n",
    "\n\n  x",
    '"',
    "é",
    "ing the",
    "日本",
    "://x",
    '":"',
    "  a",
    ".5",
    "_b",
    "'s",
    "\u0301",
]


@pytest.mark.parametrize("text", FORCED)
def test_kept_tokens_survive_what_follows(real_tokenizer_json, text):
    vocabulary = load_table(real_tokenizer_json).vocabulary
    kept = stable_tokens(vocabulary, text)
    written = vocabulary.decode(kept)
    assert text.startswith(written)
    for more in FOLLOWING:
        assert vocabulary.encode(text + more.encode())[: len(kept)] == kept, more


def test_most_of_a_long_forced_text_is_kept(real_tokenizer_json):
    vocabulary = load_table(real_tokenizer_json).vocabulary
    text = b'{"firstName":"Ann","lastName":"Lee","address":{"street":"Main Street"},"age":42}'
    assert len(vocabulary.decode(stable_tokens(vocabulary, text))) >= len(text) - 12


def test_forced_tokens_of_a_matcher(real_tokenizer_json):
    vocabulary = load_table(real_tokenizer_json).vocabulary
    constraint = engine.compile(schema=SCHEMA, vocabulary=vocabulary, **OPTIONS)
    matcher = constraint.matcher()
    tokens = matcher.forced_tokens()
    assert tokens
    assert b'{"name":"Ann","size":"sma'.startswith(vocabulary.decode(tokens))
    for token in tokens:
        assert matcher.advance(token)
