"""Operations on masked logits: Triton in its interpreter and torch, against loops over rows and tokens."""

from __future__ import annotations

import importlib
import math
import re

import numpy as np
import pytest
import torch
from tests.device_cases import ALL_CASES, CASES, make
from tests.oracles import device as oracle

from gramarye.errors import GramaryeError, ModelError
from gramarye.kernels.gpu import torch_paths
from gramarye.runtime.decoding.sampling import Sampling
from gramarye.runtime.device import operations

CLOSE = {"rtol": 1e-5, "atol": 2e-6}
EXACT = {"rtol": 1e-12, "atol": 1e-12}


@pytest.fixture(params=["triton", "torch"])
def implementation(request):
    """A function from the name of an operation to its implementation."""
    if request.param == "torch":
        return lambda name: getattr(torch_paths, name)
    pytest.importorskip("triton", reason="triton is not installed")
    return lambda name: getattr(importlib.import_module(f"gramarye.kernels.gpu.{name}"), name)


def words_of(case):
    return operations.mask_tensor(case.masks)


def spread(tensor):
    """The same values, a column and a row apart from each other."""
    wide = torch.zeros((2 * tensor.shape[0], 3 * tensor.shape[1]), dtype=tensor.dtype)
    view = wide[::2, ::3]
    view.copy_(tensor)
    return view


@pytest.mark.parametrize("case", CASES, ids=str)
def test_apply_mask(implementation, case):
    logits = spread(case.logits)
    implementation("apply_mask")(logits, spread(words_of(case)), None, None)
    np.testing.assert_array_equal(logits.double().numpy(), oracle.apply_mask(case.values, case.masks))


@pytest.mark.parametrize("case", CASES[::3], ids=str)
def test_apply_mask_to_some_rows(implementation, case):
    rows, mask_rows = [7, 0, 4], [1, 8, 1]
    logits = case.logits.clone()
    implementation("apply_mask")(logits, words_of(case), torch.tensor(rows), torch.tensor(mask_rows))
    expected = oracle.apply_mask(case.values, case.masks, rows, mask_rows)
    np.testing.assert_array_equal(logits.double().numpy(), expected)
    logits = case.logits.clone()
    implementation("apply_mask")(logits, words_of(case)[:3], torch.tensor(rows), None)
    np.testing.assert_array_equal(logits.double().numpy(), oracle.apply_mask(case.values, case.masks, rows))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_log_softmax_and_mass(implementation, case):
    law, mass = implementation("masked_log_softmax")(spread(case.logits), words_of(case), None, case.size)
    expected = oracle.masked_log_softmax(case.values, case.masks, case.size)
    np.testing.assert_allclose(law.numpy(), expected[0], **CLOSE)
    np.testing.assert_allclose(mass.numpy(), expected[1], **CLOSE)
    assert not (mass > 0).any()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_argmax_and_its_certainty(implementation, case):
    found = implementation("masked_argmax")(spread(case.logits), words_of(case), None, case.size)
    expected = oracle.masked_argmax(case.values, case.masks, case.size)
    assert found[0].tolist() == expected[0].tolist()
    for ours, theirs in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, **CLOSE)


def test_rows_longer_than_a_chunk(implementation):
    case = make(9001, 7, torch.float32)
    law, mass = implementation("masked_log_softmax")(case.logits, words_of(case), None, case.size)
    expected = oracle.masked_log_softmax(case.values, case.masks, case.size)
    np.testing.assert_allclose(law.numpy(), expected[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(mass.numpy(), expected[1], rtol=1e-5, atol=1e-5)
    found = implementation("masked_argmax")(case.logits, words_of(case), None, case.size)
    assert found[0].tolist() == oracle.masked_argmax(case.values, case.masks, case.size)[0].tolist()


SAMPLINGS = [
    Sampling(),
    Sampling(temperature=0.0),
    Sampling(temperature=0.7, top_k=3),
    Sampling(temperature=1.9, top_p=0.6),
    Sampling(min_p=0.2),
    Sampling(temperature=1.3, top_k=7, top_p=0.9, min_p=0.05),
    Sampling(top_k=1),
    Sampling(temperature=1e-300, top_p=1e-9),
    Sampling(top_k=10**9, top_p=1.0, min_p=0.0),
    Sampling(temperature=0.0, top_k=5, top_p=0.5, min_p=1.0),
]


def settings_of(samplings):
    columns = [(s.temperature, s.top_k or 0, s.top_p or 1.0, s.min_p or 0.0) for s in samplings]
    temperature, top_k, top_p, min_p = (torch.tensor(column) for column in zip(*columns, strict=True))
    return temperature.double(), top_k, top_p.double(), min_p.double()


def assert_samples(run, case, shift):
    samplings = [SAMPLINGS[(i + 3 * shift) % len(SAMPLINGS)] for i in range(len(case.kinds))]
    uniforms = np.random.default_rng((case.size, shift)).random(len(case.kinds))
    uniforms[shift] = [0.0, math.nextafter(1.0, 0.0), 0.5, 0.25][shift]
    settings = settings_of(samplings)
    found = run(spread(case.logits), words_of(case), None, torch.from_numpy(uniforms), settings, case.size)
    expected = oracle.masked_sample(case.values, case.masks, uniforms, samplings, case.size)
    assert found[0].tolist() == expected[0].tolist(), samplings
    np.testing.assert_allclose(found[1].numpy(), expected[1], **EXACT)
    np.testing.assert_allclose(found[2].numpy(), expected[2], **EXACT)


@pytest.mark.parametrize(("case", "shift"), [(case, i % 4) for i, case in enumerate(CASES[::2])], ids=str)
def test_samples_are_those_of_the_decoding_loop(implementation, case, shift):
    assert_samples(implementation("masked_sample"), case, shift)


@pytest.mark.slow
@pytest.mark.parametrize("case", ALL_CASES, ids=str)
def test_samples_at_length(implementation, case):
    for shift in range(4):
        assert_samples(implementation("masked_sample"), case, shift)


def test_ties_are_cut_off_by_id(implementation):
    """Of equal logits the lower ids are kept, in top-k as in top-p."""
    size = 50
    logits = torch.zeros((2, size))
    masks = torch.full((2, 2), -1, dtype=torch.int32)
    options = [Sampling(top_k=7), Sampling(top_p=0.13)]
    for uniform in (0.0, 0.3, 0.5, 0.999):
        uniforms = np.array([uniform] * 2)
        found = implementation("masked_sample")(
            logits, masks, None, torch.from_numpy(uniforms), settings_of(options), size
        )
        expected = oracle.masked_sample(logits.numpy(), masks.numpy().view(np.uint32), uniforms, options, size)
        assert found[0].tolist() == expected[0].tolist() == [int(uniform * 7)] * 2


def test_ties_below_the_largest_are_cut_off_by_weight(implementation):
    """Weights 1 and 40 times exp(-2): top-p keeps as many of the equals as their share asks for."""
    logits = torch.zeros((4, 41))
    logits[:, 40] = 2.0
    masks = torch.full((4, 2), -1, dtype=torch.int32)
    options = [Sampling(top_p=share) for share in (0.2, 0.3, 0.5, 0.9)]
    uniforms = np.array([0.1, 0.6, 0.6, 0.84])
    found = implementation("masked_sample")(logits, masks, None, torch.from_numpy(uniforms), settings_of(options), 41)
    expected = oracle.masked_sample(logits.numpy(), masks.numpy().view(np.uint32), uniforms, options, 41)
    assert found[0].tolist() == expected[0].tolist()


def test_masks_are_picked_by_row(implementation):
    case = make(100, 3, torch.float32, seed=5)
    logits, picks = case.logits[:4], torch.tensor([2, 2, 0, 9])
    masks = words_of(case)
    picked = masks[picks].contiguous()
    sampled = (torch.linspace(0, 0.9, 4, dtype=torch.float64), settings_of([SAMPLINGS[0]] * 4), case.size)
    for name, arguments in (
        ("masked_log_softmax", (case.size,)),
        ("masked_argmax", (case.size,)),
        ("masked_sample", sampled),
    ):
        run = implementation(name)
        for ours, theirs in zip(
            run(logits, masks, picks, *arguments), run(logits, picked, None, *arguments), strict=True
        ):
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_offsets_beyond_32_bits(implementation):
    """Two rows more than 2**31 elements apart, in memory that is reserved and not touched between them."""
    apart = 2**31 + 64
    logits = torch.empty(apart + 3, dtype=torch.bfloat16).as_strided((2, 3), (apart, 1))
    logits.copy_(torch.tensor([[1.0, 2.0, 3.0], [4.0, 6.0, 5.0]]))
    masks = torch.tensor([[0b001], [0b110]], dtype=torch.int32)
    tokens = implementation("masked_argmax")(logits, masks, None, 3)[0]
    assert tokens.tolist() == [0, 1]
    implementation("apply_mask")(logits, masks, None, None)
    assert logits.tolist() == [[1.0, -math.inf, -math.inf], [-math.inf, 6.0, 5.0]]


def test_nothing_to_do(implementation):
    masks, logits = torch.zeros((0, 1), dtype=torch.int32), torch.zeros((0, 5))
    implementation("apply_mask")(logits, masks, None, None)
    assert [len(each) for each in implementation("masked_log_softmax")(logits, masks, None, 5)] == [0, 0]
    assert [len(each) for each in implementation("masked_argmax")(logits, masks, None, 5)] == [0] * 4
    empty = tuple(torch.zeros(0) for _ in range(4))
    found = implementation("masked_sample")(logits, masks, None, torch.zeros(0, dtype=torch.float64), empty, 5)
    assert [len(each) for each in found] == [0] * 3


def test_the_dispatch_equals_the_reference():
    case = make(90, 6, torch.float32)
    logits, masks = case.logits, case.masks
    assert operations.backend_of(logits) == ("torch", "the Triton kernels run on CUDA and ROCm devices, not on cpu")
    found = operations.canvas_argmax(logits.numpy(), masks, size=case.size)
    assert isinstance(found.tokens, np.ndarray)
    assert found.tokens.tolist() == oracle.masked_argmax(case.values, masks, case.size)[0].tolist()
    law, mass = operations.masked_log_softmax(logits, torch.from_numpy(masks), size=case.size)
    expected = oracle.masked_log_softmax(case.values, masks, case.size)
    np.testing.assert_allclose(law.numpy(), expected[0], **CLOSE)
    np.testing.assert_allclose(mass.numpy(), expected[1], **CLOSE)
    sampling = Sampling(temperature=0.8, top_k=20, top_p=0.95, min_p=0.01)
    uniforms = np.linspace(0, 0.99, len(logits))
    drawn = operations.masked_sample(
        logits, masks, uniforms, temperature=0.8, top_k=20, top_p=0.95, min_p=torch.full((10,), 0.01), size=case.size
    )
    expected = oracle.masked_sample(case.values, masks, uniforms, [sampling] * 10, case.size)
    assert drawn.tokens.tolist() == expected[0].tolist()
    with pytest.raises(ModelError, match="-inf to every token that is allowed in row 1"):
        operations.check_tokens(drawn.tokens, drawn.log_masses)
    with pytest.raises(ModelError, match=r"NaN or \+inf logits in row 0"):
        operations.check_tokens(drawn.tokens[5:], drawn.log_masses[5:])
    operations.check_tokens(drawn.tokens[:1], drawn.log_masses[:1])
    masked = operations.apply_mask_(logits.clone(), masks[3], rows=torch.tensor([3], dtype=torch.int32))
    np.testing.assert_array_equal(masked[3].double().numpy(), oracle.apply_mask(case.values, masks)[3])
    np.testing.assert_array_equal(masked[:3].numpy(), logits[:3].numpy())
    assert len(operations.apply_mask_(torch.zeros(0, 5), np.zeros((0, 1), np.uint32))) == 0


@pytest.mark.parametrize(
    ("logits", "masks", "options", "message"),
    [
        (torch.zeros(2, 5), np.zeros((2, 2), np.uint32), {}, "masks of 2 words for 5 logits"),
        (torch.zeros(2, 5), np.zeros((3, 1), np.uint32), {}, "3 masks for 2 rows"),
        (torch.zeros(2, 5), torch.zeros(2, 1), {}, "masks are torch.float32"),
        (torch.zeros(5), np.zeros((1, 1), np.uint32), {}, "logits are torch.float32[5]"),
        (torch.zeros(2, 5, dtype=torch.int64), np.zeros((2, 1), np.uint32), {}, "logits are torch.int64[2, 5]"),
        (torch.zeros(2, 5), np.zeros((2, 1), np.uint32), {"size": 6}, "size is 6"),
        (torch.zeros(2, 5), np.zeros((2, 1), np.uint32), {"mask_rows": torch.zeros(1, dtype=int)}, "1 mask_rows for 2"),
        (torch.zeros(2, 5), np.zeros((2, 1), np.uint32), {"mask_rows": torch.zeros(2)}, "mask_rows are torch.float32"),
    ],
)
def test_what_does_not_fit_is_an_error(logits, masks, options, message):
    with pytest.raises(GramaryeError, match=re.escape(message)):
        operations.canvas_argmax(logits, masks, **options)


def test_settings_that_do_not_fit_are_errors():
    logits, masks = torch.zeros(2, 5), np.zeros((2, 1), np.uint32)
    with pytest.raises(GramaryeError, match="uniforms of shape"):
        operations.masked_sample(logits, masks, np.zeros(3))
    with pytest.raises(GramaryeError, match="top_p of shape"):
        operations.masked_sample(logits, masks, np.zeros(2), top_p=torch.ones(3))
