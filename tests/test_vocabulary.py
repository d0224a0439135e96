"""Vocabularies of given bytes: accessors, tables against brute force, encoding, bad input."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramarye import Vocabulary, VocabularyError
from gramarye.kernels.trie import MAX_DEPTH, build_trie_reference, unpack_nodes

TOKENS = st.lists(st.one_of(st.none(), st.binary(max_size=4), st.sampled_from([b"a", b"ab", b"b"])), min_size=1)


def test_accessors():
    vocabulary = Vocabulary.from_bytes([b"a", b"ab", None, b"</s>", b""], eos_ids=[3])
    assert len(vocabulary) == 5
    assert vocabulary.words == 1
    assert vocabulary.eos_ids == (3,)
    assert vocabulary.special_ids == {3}
    assert [vocabulary.token_bytes(token) for token in range(5)] == [b"a", b"ab", b"", b"", b""]
    assert vocabulary.decode([1, 3, 0]) == b"aba"
    assert vocabulary.tables.eos.tolist() == [3]
    assert repr(vocabulary).startswith("Vocabulary(5 tokens, eos_ids=[3]")


@pytest.mark.parametrize(("count", "words", "columns"), [(32, 1, 2), (33, 2, 2), (64, 2, 2), (65, 3, 4)])
def test_mask_words_are_even_in_the_tables(count, words, columns):
    vocabulary = Vocabulary.from_bytes([b"x"] * count)
    assert vocabulary.words == words
    assert vocabulary.tables.string_mask.shape == (columns,)
    assert vocabulary.tables.string_mask_by_chars.shape == (2, columns)
    assert int(np.bitwise_count(vocabulary.tables.string_mask).sum()) == count


def test_special_tokens_and_ends_spell_nothing():
    vocabulary = Vocabulary.from_bytes([b"a", b"b", b"c"], eos_ids=[2], special_ids=[1])
    assert [vocabulary.token_bytes(token) for token in range(3)] == [b"a", b"", b""]
    assert [node.value for node in unpack_nodes(vocabulary.tables.trie)] == [-1, 0]


@given(TOKENS)
def test_trie_and_duplicates(tokens):
    tables = Vocabulary.from_bytes(tokens).tables
    spelling = [(text, token) for token, text in enumerate(tokens) if text]
    assert unpack_nodes(tables.trie) == build_trie_reference(
        [text for text, _ in spelling], [token for _, token in spelling]
    )
    groups: dict[bytes, list[int]] = {}
    for text, token in spelling:
        groups.setdefault(text, []).append(token)
    expected = sorted(group for group in groups.values() if len(group) > 1)
    bounds = tables.duplicate_offsets.tolist()
    found = [
        [first, *tables.duplicate_ids[start:end].tolist()]
        for first, start, end in zip(tables.duplicate_first.tolist(), bounds, bounds[1:], strict=False)
    ]
    assert found == expected
    assert tables.token_buffer.tobytes() == b"".join(token or b"" for token in tokens)
    assert tables.token_offsets.tolist() == [
        sum(len(token or b"") for token in tokens[:index]) for index in range(len(tokens) + 1)
    ]


def test_tables_are_read_only_and_contiguous():
    tables = Vocabulary.from_bytes([b"a", b'x"', b'":', b"a"], eos_ids=[]).tables
    dtypes = {name: str(array.dtype) for name, array in tables.arrays().items()}
    assert dtypes == {
        "trie": "uint64",
        "duplicate_first": "int32",
        "duplicate_offsets": "int32",
        "duplicate_ids": "int32",
        "token_offsets": "int32",
        "token_buffer": "uint8",
        "eos": "int32",
        "string_mask": "uint32",
        "string_mask_by_chars": "uint32",
        "suffix_trie": "uint64",
        "suffix_offsets": "int32",
        "suffix_tokens": "int32",
        "suffix_chars": "int32",
        "letter_trie": "uint64",
        "letter_ends": "int32",
        "letter_tokens": "int32",
        "class_trie": "uint64",
        "class_ends": "int32",
        "class_tokens": "int32",
        "class_dense": "int32",
        "dense_masks": "uint32",
        "spelling": "int32",
        "spelling_starts": "int32",
        "spelling_shared": "uint8",
        "pending_reach": "uint64",
        "quote_letters": "int32",
        "quote_starts": "int32",
        "suffix_quote": "int32",
    }
    for array in tables.arrays().values():
        assert array.flags.c_contiguous
        assert not array.flags.writeable


def test_fingerprint_is_of_the_content():
    def fingerprint(tokens, eos_ids=()):
        return Vocabulary.from_bytes(tokens, eos_ids).fingerprint

    assert fingerprint([b"a", b"b", b"x"], [2]) == fingerprint([b"a", b"b", None], [2])
    others = [
        ([b"a", b"b"], ()),
        ([b"ab", b""], ()),
        ([b"", b"ab"], ()),
        ([b"a", b"b", b""], ()),
        ([b"b", b"a"], ()),
    ]
    assert len({fingerprint(*other) for other in others}) == len(others)
    assert fingerprint([b"a", b""], [1]) != fingerprint([b"a", b""])
    assert len(fingerprint([b"a"])) == 64


def test_spellable_bytes():
    every = [bytes([byte]) for byte in range(256)]
    vocabulary = Vocabulary.from_bytes([*every, b"ab"])
    assert vocabulary.byte_complete
    vocabulary = Vocabulary.from_bytes([b"ab", *every[1:]])
    assert not vocabulary.byte_complete
    assert np.flatnonzero(~vocabulary.spellable).tolist() == [0]
    assert not Vocabulary.from_bytes(every, eos_ids=[65]).spellable[65]


def test_encode_without_a_tokenizer():
    vocabulary = Vocabulary.from_bytes([b"a", b"ab", b"abc", b"\xc3", b"\xa9", b"c"])
    assert vocabulary.encode("") == []
    assert vocabulary.encode("abcc") == [2, 5]
    assert vocabulary.encode("é") == [3, 4]
    assert vocabulary.encode(b"\xa9") == [4]
    assert vocabulary.encode(bytearray(b"ab")) == [1]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [([2, 1], [2, 1]), ([0, 3, 2], [0, 2]), ([0, 1], [0, 2]), ([9], [0, 2]), ([], [0, 2])],
)
def test_the_tokenizers_answer_is_checked(answer, expected):
    tokens = [
        b"ab",
        b"b",
        b"a",
        b"",
        b"",
    ]  # 3 ends the text, 4 is padding
    vocabulary = Vocabulary(tokens, eos_ids=[3], special_ids=[], encoder=lambda text: answer)
    text = b"ab" if answer == [2, 1] else b"aba"
    assert vocabulary.encode(text) == expected


def test_encode_what_cannot_be_spelled():
    vocabulary = Vocabulary.from_bytes([b"a", b"bc"])
    with pytest.raises(VocabularyError, match="cannot spell b'ab'") as caught:
        vocabulary.encode("ab")
    assert caught.value.hint == "no token is the single byte 0x62"
    with pytest.raises(VocabularyError, match="lone surrogate at character 1"):
        vocabulary.encode("a\ud800")


@pytest.mark.parametrize("token", [-1, 2])
def test_ids_out_of_range(token):
    vocabulary = Vocabulary.from_bytes([b"a", b"b"])
    with pytest.raises(VocabularyError, match="does not exist"):
        vocabulary.token_bytes(token)
    with pytest.raises(VocabularyError, match=f"eos_ids names token {token}, which does not exist"):
        Vocabulary.from_bytes([b"a", b"b"], eos_ids=[token])
    with pytest.raises(VocabularyError, match=f"special_ids names token {token}"):
        Vocabulary.from_bytes([b"a", b"b"], special_ids=[token])


def test_sizes_out_of_range():
    with pytest.raises(VocabularyError, match="a vocabulary of 0 tokens"):
        Vocabulary.from_bytes([])
    with pytest.raises(VocabularyError, match=f"token 1 is {MAX_DEPTH + 1} bytes long"):
        Vocabulary.from_bytes([b"a", b"x" * (MAX_DEPTH + 1)])


def test_threads_share_a_vocabulary():
    vocabulary = Vocabulary.from_bytes([bytes([byte]) for byte in range(256)] + [b"ab", b"cd"])
    texts = [b"abcd" * count for count in range(40)]
    expected = [vocabulary.encode(text) for text in texts]
    found: dict[int, list[list[int]]] = {}

    def work(worker):
        found[worker] = [vocabulary.encode(text) for text in texts]

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(found.values()) == [expected] * 8
