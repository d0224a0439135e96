"""Adapters with tiny random weights of the true architectures, and the re-noised canvas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers

from diffusion_toys import LETTERS, MASK, small_vocabulary
from gramarye import Vocabulary, engine
from gramarye.errors import ModelError, VocabularyError
from gramarye.runtime.diffusion.adapters import MaskedModel, shape_of
from gramarye.runtime.diffusion.model_protocol import DiffusionModel, position_log_probs
from gramarye.runtime.diffusion.renoise import RenoisedModel, Renoising, renoise
from gramarye.runtime.diffusion.renoised_model import DiffusionGemma
from gramarye.runtime.diffusion.resolve import is_diffusion_model, resolve_diffusion_model
from gramarye.runtime.diffusion.rxnfp import SmilesModel

COMMON = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "initializer_range": 0.6,
    "pad_token_id": MASK,
    "bos_token_id": None,
    "eos_token_id": None,
}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return small_vocabulary()


def tiny(kind: str, vocabulary: Vocabulary, **options):
    torch.manual_seed(0)
    return getattr(transformers, f"{kind}Config")(**{**COMMON, "vocab_size": len(vocabulary), **options})


@pytest.mark.parametrize("kind", ["Bert", "ModernBert", "MPNet", "Roberta"])
def test_masked_models_of_transformers_fill_canvases(vocabulary, kind) -> None:
    config = tiny(kind, vocabulary, **({"pad_token_id": 0} if kind == "MPNet" else {}))
    model = getattr(transformers, f"{kind}ForMaskedLM")(config).eval()
    assert is_diffusion_model(model)
    adapted = MaskedModel(model, vocabulary=vocabulary, mask_id=MASK)
    assert isinstance(adapted, DiffusionModel)
    ids = np.array([[0, 1, MASK, 3, MASK]])
    with torch.inference_mode():
        expected = torch.log_softmax(model(input_ids=torch.from_numpy(ids)).logits.double(), dim=-1)[0, [2, 4]]
    assert np.allclose(position_log_probs(adapted, ids, np.array([2, 4]))[0], expected.numpy(), atol=1e-6)
    result = engine.generate(adapted, '{"', schema=SCHEMA, length=16, temperature=0, decoder="threshold")
    assert isinstance(result.value["a"], int)


class LladaShaped(torch.nn.Module):
    """The shape of LLaDA's own code: ``model_type`` llada, bidirectional, logits of each position in its row."""

    def __init__(self, size: int, *, shift: bool = False, family: str = "llada") -> None:
        super().__init__()
        self.config = transformers.PretrainedConfig(model_type=family)
        self.config.model_type = family
        self.embedding = torch.nn.Embedding(size, 8)
        self.mix = torch.nn.Linear(8, size)
        self.shift = shift
        self.device = torch.device("cpu")

    def forward(self, input_ids, attention_mask=None):
        states = self.embedding(input_ids)
        states = states + states.mean(dim=1, keepdim=True) + torch.arange(states.shape[1])[:, None] * 0.1
        logits = self.mix(states)
        if self.shift:  # row i holds the law of position i + 1
            logits = torch.cat([logits[:, 1:], logits[:, -1:]], dim=1)
        return transformers.modeling_outputs.MaskedLMOutput(logits=logits)


@pytest.mark.parametrize(("family", "shift"), [("llada", False), ("Dream", True)])
def test_families_are_known_by_their_configuration(vocabulary, family, shift) -> None:
    torch.manual_seed(1)
    model = LladaShaped(len(vocabulary), shift=shift, family=family).eval()
    shape = shape_of(model.config)
    assert shape.shift == shift
    assert shape.mask_id == (151666 if shift else 126336)
    assert is_diffusion_model(model)
    adapted = MaskedModel(model, vocabulary=vocabulary, mask_id=MASK)
    assert adapted.shift == shift
    torch.manual_seed(1)
    plain = MaskedModel(LladaShaped(len(vocabulary)).eval(), vocabulary=vocabulary, mask_id=MASK)
    ids = np.array([[0, 1, MASK, 3, MASK]])
    where = np.array([2, 4])
    assert np.allclose(position_log_probs(adapted, ids, where), position_log_probs(plain, ids, where))
    assert engine.generate(adapted, "", schema=SCHEMA, length=16, temperature=0).valid


def test_models_without_what_is_needed_are_refused(vocabulary) -> None:
    model = transformers.BertForMaskedLM(tiny("Bert", vocabulary))
    with pytest.raises(ModelError, match="training mode"):
        MaskedModel(model, vocabulary=vocabulary, mask_id=MASK)
    with pytest.raises(ModelError, match="names a mask token"):
        MaskedModel(model.eval(), vocabulary=vocabulary)
    with pytest.raises(ModelError, match="needs its tokenizer"):
        MaskedModel(model, mask_id=MASK)
    with pytest.raises(ModelError, match="no diffusion model 'gpt2'"):
        resolve_diffusion_model("gpt2")
    with pytest.raises(ModelError, match="a list is no diffusion model"):
        resolve_diffusion_model([])


def gemma(size: int):
    """DiffusionGemma with tiny random weights."""
    text = {
        "vocab_size": size,
        "hidden_size": 16,
        "intermediate_size": 16,
        "moe_intermediate_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "num_global_key_value_heads": 1,
        "head_dim": 8,
        "global_head_dim": 8,
        "num_experts": 2,
        "top_k_experts": 1,
        "sliding_window": 16,
        "layer_types": ["sliding_attention", "full_attention"],
        "initializer_range": 0.6,
        "pad_token_id": 0,
    }
    torch.manual_seed(0)
    config = transformers.DiffusionGemmaConfig(text_config=text, canvas_length=12)
    return transformers.DiffusionGemmaForBlockDiffusion(config).eval()


@pytest.fixture(scope="module")
def gemma_model(vocabulary):
    return DiffusionGemma(gemma(len(vocabulary)), vocabulary=vocabulary)


def test_the_prefix_cache_of_diffusion_gemma_is_exact(gemma_model) -> None:
    """Two steps from one cache give what the whole model gives when it reads the prompt again."""
    model = gemma_model.model
    prompt = [3, 1, 4, 1, 5]
    state = gemma_model.begin(prompt)
    rng = np.random.default_rng(0)
    previous = None
    for _ in range(2):
        canvas = rng.integers(0, 30, 6)
        found = gemma_model.denoise(state, canvas, previous)
        with torch.inference_mode():
            whole = model(
                input_ids=torch.tensor([prompt]),
                decoder_input_ids=torch.from_numpy(canvas)[None],
                self_conditioning_logits=None if previous is None else torch.from_numpy(previous)[None],
                decoder_position_ids=torch.arange(5, 11, dtype=torch.int32)[None],
            )
        assert np.allclose(found, whole.logits[0].numpy(), atol=1e-4)
        previous = found


@pytest.mark.parametrize("seed", range(3))
def test_diffusion_gemma_ends_in_the_language(gemma_model, seed) -> None:
    assert isinstance(gemma_model, RenoisedModel)
    result = engine.generate(gemma_model, "ab", schema=SCHEMA, length=14, seed=seed)
    assert result.valid
    assert result.retries == 0
    assert 1 <= result.passes <= 48


class Denoiser:
    """Knows the text: every step sees through any canvas, but not quite at first."""

    def __init__(self, vocabulary: Vocabulary, text: list[bytes]) -> None:
        self.vocabulary = vocabulary
        self.text = [LETTERS.index(data) for data in text]
        self.steps = 0

    def begin(self, prompt):
        return None

    def denoise(self, state, canvas, previous):
        self.steps += 1
        logits = np.zeros((len(canvas), len(self.vocabulary)))
        right = (canvas == self.text).sum()
        for position, token in enumerate(self.text):
            logits[position, token] = 3.0 + 2.0 * right
        return logits


def test_renoising_ends_when_the_canvas_is_stable_and_certain(vocabulary) -> None:
    text = [b"1", b"+", b"2"]
    constraint = engine.compile(regex="[0-9][+*][0-9]", vocabulary=vocabulary)
    model = Denoiser(vocabulary, text)
    seen: list[np.ndarray] = []
    run = renoise(
        model, [], lambda: constraint.canvas(3, end="exact"), 0, Renoising(steps=40), lambda ids, step: seen.append(ids)
    )
    assert [run.canvas.fixed[position] for position in range(3)] == model.text
    assert model.steps == run.passes == len(seen) < 40


def test_renoising_takes_the_most_likely_text_of_the_language(vocabulary) -> None:
    """The model is certain of what the constraint forbids: Viterbi picks the best that is left, not the best place by
    place."""
    constraint = engine.compile(choice=["ab", "xy"], vocabulary=vocabulary)
    laws = np.full((2, len(vocabulary)), -9.0)
    for position, data, value in ((0, b"a", 2.0), (1, b"b", -2.0), (0, b"x", 1.0), (1, b"y", 1.0), (0, b"z", 5.0)):
        laws[position, LETTERS.index(data)] = value

    class Certain:
        def __init__(self) -> None:
            self.vocabulary = vocabulary

        def begin(self, prompt):
            return None

        def denoise(self, state, canvas, previous):
            return laws

    run = renoise(Certain(), [], lambda: constraint.canvas(2, end="exact"), 0, Renoising(steps=4))
    assert vocabulary.decode(run.canvas.fixed[position] for position in range(2)) == b"xy"


def test_smiles_prompts_are_tokens_of_the_model() -> None:
    tokens = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "C", "c", "1", "(", ")", "[13CH3]", ">>", "Br", "O", "="]
    config = transformers.BertConfig(**{**COMMON, "pad_token_id": 0, "vocab_size": len(tokens)})
    torch.manual_seed(0)
    model = SmilesModel(transformers.BertForMaskedLM(config).eval(), tokens)
    assert model.encode_prompt("[13CH3]Br>>") == [1, 9, 11, 10]
    assert model.mask_id == 3
    assert model.vocabulary.token_bytes(9) == b"[13CH3]"
    with pytest.raises(VocabularyError, match="no SMILES"):
        model.encode_prompt("C[Xe]")
    result = engine.generate(model, "C>>", regex="C(C|O|=O)*", length=6, temperature=0)
    assert len(result.tokens) == 6
    assert result.valid
