"""The byte trie against its dictionary definition, and segmentation against a search over all splits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramarye.kernels.trie import (
    MAX_DEPTH,
    MAX_VALUE,
    Node,
    build_trie,
    build_trie_reference,
    segment,
    unpack_nodes,
)

STRINGS = st.lists(
    st.one_of(st.binary(min_size=1, max_size=6), st.text("ab", min_size=1, max_size=5).map(str.encode)),
    max_size=40,
)


def build(strings, values):
    order = sorted(range(len(strings)), key=lambda index: (strings[index], values[index]))
    sorted_strings = [strings[index] for index in order]
    offsets = np.concatenate([[0], np.cumsum([len(string) for string in sorted_strings])]).astype(np.int64)
    sorted_values = np.array([values[index] for index in order], np.int32)
    trie, first = build_trie(np.frombuffer(b"".join(sorted_strings), np.uint8), offsets, sorted_values)
    return trie, dict(zip(sorted_values.tolist(), first.tolist(), strict=True))


def test_the_drawing_in_the_docstring():
    trie, first = build([b"a", b"ab", b"b"], [7, 3, 5])
    assert unpack_nodes(trie) == [Node(0, 0, -1, 4), Node(97, 1, 7, 2), Node(98, 2, 3, 1), Node(98, 1, 5, 1)]
    assert first == {7: 7, 3: 3, 5: 5}


@given(STRINGS)
def test_equals_the_reference(strings):
    trie, first = build(strings, list(range(len(strings))))
    assert unpack_nodes(trie) == build_trie_reference(strings, list(range(len(strings))))
    assert first == {index: strings.index(string) for index, string in enumerate(strings)}
    assert trie.flags.c_contiguous
    assert trie.dtype == np.uint64


def test_no_strings():
    trie, first = build([], [])
    assert unpack_nodes(trie) == [Node(0, 0, -1, 1)]
    assert first == {}


def test_the_largest_fields_fit():
    longest = b"x" * MAX_DEPTH
    trie, _ = build([longest], [MAX_VALUE])
    assert unpack_nodes(trie)[-1] == Node(ord("x"), MAX_DEPTH, MAX_VALUE, 1)
    assert unpack_nodes(trie)[0].size == MAX_DEPTH + 1


@pytest.mark.parametrize(("string", "value"), [(b"x" * (MAX_DEPTH + 1), 0), (b"x", MAX_VALUE + 1)])
def test_what_does_not_fit_is_refused(string, value):
    with pytest.raises(OverflowError):
        build([string], [value])


def fewest(strings, text):
    """Number of strings in a shortest split of the text, by breadth-first search, or None."""
    reached, count = {0}, 0
    seen = set(reached)
    while reached:
        if len(text) in reached:
            return count
        reached = {at + len(s) for at in reached for s in strings if text.startswith(s, at)} - seen
        seen |= reached
        count += 1
    return None


@given(STRINGS, st.text("ab", max_size=12).map(str.encode))
def test_segmentation_is_shortest(strings, text):
    trie, _ = build(strings, list(range(len(strings))))
    values = segment(trie, np.array([len(string) for string in strings], np.int32), text)
    if values is None:
        assert fewest(strings, text) is None
    else:
        assert b"".join(strings[value] for value in values) == text
        assert len(values) == fewest(strings, text)


def test_segmentation_prefers_the_longest_first_string():
    strings = [b"a", b"ab", b"bc", b"c", b"abc"]
    lengths = np.array([len(string) for string in strings], np.int32)
    trie, _ = build(strings, list(range(5)))
    assert segment(trie, lengths, b"abcabc") == [4, 4]
    trie, _ = build(strings[:4], list(range(4)))
    assert segment(trie, lengths, b"abc") == [1, 3]  # not a, bc


def test_segmentation_of_a_long_text():
    trie, _ = build([b"a", b"aa"], [0, 1])
    assert segment(trie, np.array([1, 2], np.int32), b"a" * 100_001) == [1] * 50_000 + [0]
    assert segment(trie, np.array([1, 2], np.int32), b"a" * 1000 + b"b") is None
