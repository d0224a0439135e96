"""Masks of many matchers in one call against one call each; the threads that fill them."""

from __future__ import annotations

import gc
import os
import random
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from tests.oracles.masks import allowed_by
from tests.real_vocabularies import JSON_PIECES, toy_vocabulary

from gramarye import GramaryeError, LimitError, Vocabulary, engine
from gramarye.kernels.columns import Column, Scalar
from gramarye.runtime.workers import Workers

SOURCES: tuple[dict[str, Any], ...] = (
    {"schema": True},
    {"schema": {"type": "integer"}},
    {"schema": {"type": "object", "properties": {"a": {"type": "string", "maxLength": 5}, "b": {"$ref": "#"}}}},
    {"schema": {"type": "array", "uniqueItems": True, "items": {"enum": [1, 12, "true", None]}}},
    {"regex": "(ab?|[0-9]{2,4}é)*"},
    {"choice": ["true", "tree", "12"]},
    {"lark": 'start: "(" start ")" start |'},
)


def constraints(vocabulary: Vocabulary) -> list[engine.Constraint]:
    return [engine.compile(vocabulary=vocabulary, **source) for source in SOURCES]


def walked(constraint: engine.Constraint, rng: random.Random) -> engine.Matcher:
    """A matcher some random tokens on, sometimes at the end of its text."""
    matcher = constraint.matcher()
    for _ in range(rng.randrange(9)):
        allowed = sorted(allowed_by(matcher))
        if not allowed or matcher.ended:
            break
        assert matcher.advance(rng.choice(allowed))
    return matcher


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_batches_are_filled_like_single_masks(threads: int | None) -> None:
    rng = random.Random(7)
    vocabulary = toy_vocabulary(*JSON_PIECES)
    ended = 0
    for _ in range(12):
        made, plain = constraints(vocabulary), constraints(vocabulary)
        chosen = [rng.randrange(len(made)) for _ in range(rng.choice([1, 3, 40]))]
        texts = [walked(plain[which], rng) for which in chosen]
        matchers = []
        for which, text in zip(chosen, texts, strict=True):
            matcher = made[which].matcher()
            assert not text.text_bytes or matcher.advance_bytes(text.text_bytes)
            if text.ended:
                assert matcher.advance(vocabulary.eos_ids[0])
                ended += 1
            matchers.append(matcher)
        out = engine.fill_masks(matchers, threads=threads)
        assert out.shape == (len(matchers), vocabulary.words)
        for row, text in zip(out, texts, strict=True):
            np.testing.assert_array_equal(row, text.mask())
    assert ended
    vocabulary.workers.close()


def test_machines_grow_and_lower_between_rounds() -> None:
    """A fresh constraint has nothing lowered and little room, so its kernels stop many times in one batch."""
    vocabulary = toy_vocabulary(*JSON_PIECES)
    schema = {"anyOf": [{"type": "array", "prefixItems": [{"const": [n] * n}] * 9} for n in range(40)]}
    made, plain = (engine.compile(schema=schema, vocabulary=vocabulary) for _ in range(2))
    others = constraints(vocabulary)
    texts = [b"", b"[", b"[[", b"[[1", b"[[3,3,3],[3,", b"[[39"]
    matchers = [made.matcher() for _ in texts] + [other.matcher() for other in others]
    for matcher, text in zip(matchers, texts, strict=False):
        matcher.advance_bytes(text)
    configs = made.machine.arena.get(Scalar.CONFIGS)
    out = engine.fill_masks(matchers, threads=2)
    assert made.machine.arena.get(Scalar.CONFIGS) > configs
    for row, text in zip(out, texts, strict=False):
        alone = plain.matcher()
        alone.advance_bytes(text)
        np.testing.assert_array_equal(row, alone.mask())


def test_equal_configurations_are_filled_once() -> None:
    vocabulary = toy_vocabulary()
    constraint = engine.compile(regex="[a-z]+x?", vocabulary=vocabulary)
    out = engine.fill_masks([constraint.matcher() for _ in range(50)])
    assert constraint.machine.arena.get(Scalar.MASKS_BUILT) == 1
    assert (out == out[0]).all()
    assert out.any()


def calls_of(work: Callable[[], object]) -> int:
    """Calls of Python and C functions made in ``work``, in all threads."""
    count = 0

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return count


def calls_of_batch(size: int, threads: int) -> tuple[int, int]:
    """Calls of a batch of masks that are built, and of the same batch remembered."""
    vocabulary = toy_vocabulary(*JSON_PIECES)
    made = [engine.compile(regex="[a-z]{200}|[0-9]{9}", vocabulary=vocabulary) for _ in range(5)]
    matchers = [made[i % 5].matcher() for i in range(size)]
    for i, matcher in enumerate(matchers):
        matcher.advance_bytes(b"a" * (i // 5))
    engine.fill_masks([one.matcher() for one in made])  # what is grown once is grown here
    out = np.empty((size, vocabulary.words), np.uint32)
    fill = partial(engine.fill_masks, matchers, out, threads=threads)
    vocabulary.workers.close()
    fresh = calls_of(fill)
    assert sum(one.machine.arena.get(Scalar.MASKS_BUILT) for one in made) > size // 2
    vocabulary.workers.close()
    return fresh, calls_of(fill)


@pytest.mark.parametrize("threads", [1, 2])
def test_no_python_runs_per_mask(threads: int) -> None:
    """The calls of a batch of 10 and of one of 200 are the same, built masks and remembered ones alike."""
    # A helper that is started late makes a few calls more or less, so the fewest of some runs are compared.
    runs = 1 if threads == 1 else 6
    small, large = (
        [min(counts) for counts in zip(*(calls_of_batch(size, threads) for _ in range(runs)), strict=True)]
        for size in (10, 200)
    )
    slack = 0 if threads == 1 else 8
    assert abs(small[0] - large[0]) <= slack
    assert abs(small[1] - large[1]) <= slack


def test_batches_share_constraints_between_threads() -> None:
    vocabulary = toy_vocabulary(*JSON_PIECES)
    made = constraints(vocabulary)
    rng = random.Random(3)
    matchers = [walked(made[i % len(made)], rng) for i in range(30)]
    expected = [matcher.mask() for matcher in matchers]
    failures: list[object] = []

    def fill(seed: int) -> None:
        order = list(range(len(matchers)))
        random.Random(seed).shuffle(order)
        for _ in range(40):
            out = engine.fill_masks([matchers[i] for i in order])
            failures.extend(i for i, row in zip(order, out, strict=True) if not np.array_equal(row, expected[i]))

    threads = [threading.Thread(target=fill, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_wrong_outputs_and_vocabularies_are_refused() -> None:
    vocabulary = toy_vocabulary()
    matcher = engine.compile(regex="a", vocabulary=vocabulary).matcher()
    for out in (np.empty((2, 9), np.uint32), np.empty((1, 9), np.int32), np.empty((1, 18), np.uint32)[:, ::2]):
        with pytest.raises(GramaryeError, match="out is"):
            engine.fill_masks([matcher], out)
    other = engine.compile(regex="a", vocabulary=toy_vocabulary(*JSON_PIECES, *[b"x" * n for n in range(2, 40)]))
    with pytest.raises(GramaryeError, match="vocabularies"):
        engine.fill_masks([matcher, other.matcher()])
    assert engine.fill_masks([]).shape == (0, 0)


def test_a_limit_in_one_machine_leaves_all_of_them_usable() -> None:
    vocabulary = toy_vocabulary(*JSON_PIECES)
    tight = engine.compile(regex="[a-z]{2000}", vocabulary=vocabulary, limits=engine.Limits(configs=8)).matcher()
    room = tight.constraint.machine.arena.column(Column.CONFIG_OP).size
    while tight.constraint.machine.arena.get(Scalar.CONFIGS) < room:
        tight.advance_bytes(b"a")
    made, plain = constraints(vocabulary), constraints(vocabulary)
    matchers = [one.matcher() for one in made]
    with pytest.raises(LimitError, match="configurations"):
        engine.fill_masks([*matchers[:3], tight, *matchers[3:]], threads=2)
    for row, one in zip(engine.fill_masks(matchers, threads=2), plain, strict=True):
        np.testing.assert_array_equal(row, one.matcher().mask())
    tight.rollback(9)
    assert allowed_by(tight) == {*range(ord("a"), ord("z") + 1), 256 + JSON_PIECES.index(b"true")}


def helpers_of(workers: Workers) -> set[threading.Thread]:
    """The helpers, two besides the caller, once they have all come to work."""
    came = threading.Barrier(3)
    found: list[threading.Thread] = []

    def work() -> None:
        found.append(threading.current_thread())
        came.wait(20)

    workers.invite(work, 3)
    work()
    return {*found} - {threading.current_thread()}


def test_helpers_end_when_the_workers_are_closed_or_dropped() -> None:
    workers = Workers(3)
    first = helpers_of(workers)
    assert len(first) == 2
    assert helpers_of(workers) == first
    workers.close()
    assert not any(thread.is_alive() for thread in first)
    second = helpers_of(workers)
    assert len(second) == 2
    assert not second & first
    del workers
    gc.collect()
    for thread in second:
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_helpers_of_its_own() -> None:
    vocabulary = toy_vocabulary()
    vocabulary.workers = Workers(2)
    matchers = [one.matcher() for one in constraints(vocabulary)]
    expected = engine.fill_masks(matchers)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(engine.fill_masks(matchers), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
