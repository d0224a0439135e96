"""Malformed tokenizers: an error with the path, the place, what was expected and, where one helps, a hint."""

from __future__ import annotations

import base64
import json

import pytest

from gramarye import Vocabulary, VocabularyError

GOOD = {"model": {"vocab": {"a": 0, "b": 1}}, "decoder": {"type": "ByteLevel"}}


def read(tmp_path, content: object) -> VocabularyError:
    path = tmp_path / "tokenizer.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.from_tokenizer(path, eos_ids=(), cache=False)
    assert str(path) in caught.value.message
    assert caught.value.expected
    return caught.value


def test_the_good_one_is_good(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(GOOD))
    assert len(Vocabulary.from_tokenizer(path, eos_ids=(), cache=False)) == 2


def test_a_truncated_file(tmp_path):
    error = read(tmp_path, json.dumps(GOOD)[:-20])
    assert "is not JSON" in error.message
    assert error.hint == "was it downloaded completely?"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"model": None}, "/model"),
        ({"model": []}, "/model"),
        ({"model": {}}, "/model/vocab"),
        ({"model": {"vocab": "a"}}, "/model/vocab"),
        ({"model": {"vocab": {"a": "0"}}}, "/model/vocab/a"),
        ({"model": {"vocab": {"a": True}}}, "/model/vocab/a"),
        ({"model": {"vocab": {"a": -1}}}, "/model/vocab/a"),
        ({"model": {"vocab": {"a": 10**12}}}, "/model/vocab/a"),
        ({"model": {"vocab": {"a": 0, "b/~": 0}}}, "/model/vocab/b~1~0"),
        ({"model": {"vocab": [["a", 0.0], ["b"]]}}, "/model/vocab/1"),
        ({"model": {"vocab": [["a", 0.0]], "unk_id": 1}}, "/model/unk_id"),
        ({"model": {"vocab": {"a": 0}, "unk_token": 0}}, "/model/unk_token"),
        ({"added_tokens": {}}, None),
        ({"added_tokens": {"a": 0}}, "/added_tokens"),
        ({"added_tokens": ["a"]}, "/added_tokens/0"),
        ({"added_tokens": [{"content": "a"}]}, "/added_tokens/0/id"),
        ({"added_tokens": [{"id": 1}]}, "/added_tokens/0/content"),
        ({"added_tokens": [{"id": 1, "content": "a", "special": "yes"}]}, "/added_tokens/0/special"),
        ({"decoder": "ByteLevel"}, "/decoder"),
        ({"decoder": {}}, "/decoder/type"),
        ({"decoder": {"type": "CTC"}}, "/decoder/type"),
        ({"decoder": {"type": "Sequence"}}, "/decoder/decoders"),
        ({"decoder": {"type": "Sequence", "decoders": ["Fuse"]}}, "/decoder/decoders/0"),
        (
            {"decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Metaspace"}]}},
            "/decoder/decoders/1/replacement",
        ),
        ({"decoder": {"type": "Replace", "pattern": {"Regex": "a*"}, "content": ""}}, "/decoder/pattern"),
        ({"decoder": {"type": "Replace", "pattern": {"String": "a"}}}, "/decoder/content"),
        ({"decoder": {"type": "WordPiece", "prefix": "##"}}, "/decoder/cleanup"),
        ({"decoder": {"type": "Strip", "content": " ", "start": "1"}}, "/decoder/start"),
    ],
)
def test_a_malformed_section(tmp_path, change, pointer):
    if pointer is None:  # an empty section of the wrong type holds nothing to misread
        (tmp_path / "tokenizer.json").write_text(json.dumps(GOOD | change))
        Vocabulary.from_tokenizer(tmp_path, eos_ids=(), cache=False)
    else:
        assert read(tmp_path, GOOD | change).pointer == pointer


def test_a_lone_surrogate(tmp_path):
    error = read(tmp_path, '{"model": {"vocab": {"a": 0, "\\ud800": 1}}, "decoder": {"type": "Fuse"}}')
    assert error.message.startswith("token 1 of ")


def test_no_tokens(tmp_path):
    assert "has no tokens" in read(tmp_path, {"model": {"vocab": {}}}).message


def test_a_file_that_only_the_library_refuses(tmp_path):
    pytest.importorskip("tokenizers", reason="reads tokenizer files: pip install tokenizers")
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(GOOD | {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a c"]}}))
    vocabulary = Vocabulary.from_tokenizer(path, eos_ids=(), cache=False)
    with pytest.raises(VocabularyError, match=r"tokenizer\.json is malformed") as caught:
        vocabulary.encode("ab")
    assert str(path) in caught.value.message


def test_an_absent_file(tmp_path):
    with pytest.raises(VocabularyError, match="cannot be read: No such file or directory") as caught:
        Vocabulary.from_tokenizer(tmp_path / "absent.json")
    assert "from_pretrained" in caught.value.hint


def test_an_empty_directory(tmp_path):
    with pytest.raises(VocabularyError, match="holds no tokenizer") as caught:
        Vocabulary.from_tokenizer(tmp_path)
    assert caught.value.expected == ("tokenizer.json", "tokenizer.model", "*.tiktoken")


@pytest.mark.parametrize("content", [b"", b"hello world\n", bytes(range(256))])
def test_a_file_of_no_known_kind(tmp_path, content):
    pytest.importorskip("sentencepiece", reason="reads a SentencePiece model: pip install sentencepiece")
    path = tmp_path / "tokenizer.model"
    path.write_bytes(content)
    with pytest.raises(VocabularyError, match=r"tokenizer\.model is no tokenizer of a known kind"):
        Vocabulary.from_tokenizer(path)


@pytest.mark.parametrize("line", [b"YQ== x", b"YQ==", b"Y 1", b"YQ== -1", b"YQ== 0", b"= 1", b"YQ== 99999999"])
def test_a_malformed_file_of_ranks(tmp_path, line):
    path = tmp_path / "tokens.tiktoken"
    path.write_bytes(base64.b64encode(b"z") + b" 0\n\n" + line + b"\n")
    with pytest.raises(VocabularyError, match=r"tokens\.tiktoken is malformed") as caught:
        Vocabulary.from_tokenizer(path)
    assert caught.value.span.line == 3


@pytest.mark.parametrize("content", ["[]", "{", '{"eos_token_id": "x"}', '{"eos_token_id": [true]}'])
def test_a_malformed_generation_config(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(json.dumps(GOOD))
    (tmp_path / "generation_config.json").write_text(content)
    with pytest.raises(VocabularyError, match=r"generation_config\.json"):
        Vocabulary.from_tokenizer(tmp_path, cache=False)


@pytest.mark.parametrize("thing", [None, 3, b"path", object(), ["a"]])
def test_no_tokenizer_at_all(thing):
    with pytest.raises(VocabularyError, match="is no tokenizer of a known kind") as caught:
        Vocabulary.from_tokenizer(thing)
    assert "a path" in caught.value.expected
