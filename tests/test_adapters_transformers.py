"""The transformers adapter on tiny random models: cached, ragged, forked passes against whole texts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers
from tests.decoding_toys import regex_constraint
from tests.tiny_models import tiny_model, tiny_tokenizer

from gramarye.errors import ModelError
from gramarye.runtime.adapters.transformers import TransformersModel
from gramarye.runtime.decoding import Model, resolve_model, run


def whole(model, ids):
    """Logits after each token of one text, without a cache."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].numpy()


def assert_rows(lm, rows, histories, counts):
    for row, history, count in zip(rows, histories, counts, strict=True):
        assert len(row) == count
        np.testing.assert_allclose(row, whole(lm.model, history)[-count:], atol=2e-4)


@pytest.fixture(scope="module")
def lm():
    return TransformersModel(tiny_model(), tiny_tokenizer())


KINDS = [
    ("Llama", {}, None, True),
    ("Llama", {}, False, False),
    ("Mistral", {"sliding_window": 4}, None, False),
    ("GPTNeoX", {"rotary_pct": 1.0}, None, True),
]


@pytest.mark.parametrize(("kind", "options", "batched", "expected"), KINDS)
def test_ragged_passes_drops_forks_and_old_states(kind, options, batched, expected):
    lm = TransformersModel(tiny_model(kind, **options), tiny_tokenizer(), batched=batched)
    assert isinstance(lm, Model)
    assert lm.batched is expected
    texts = [[1, 2, 3, 4, 5, 6, 7], [9], [8, 7, 6]]
    rows, states = lm.forward(texts, [None] * 3)
    assert_rows(lm, rows, texts, [1, 1, 1])
    new = [[3], [5, 6, 7, 8], [4, 4]]
    rows, second = lm.forward(new, states)
    texts2 = [a + b for a, b in zip(texts, new, strict=True)]
    assert_rows(lm, rows, texts2, [1, 4, 2])
    # the first row is dropped, the order changes
    rows, third = lm.forward([[1], [2, 3]], [second[2], second[1]])
    assert_rows(lm, rows, [texts2[2] + [1], texts2[1] + [2, 3]], [1, 2])
    # forks of one state, an older state, and a new text beside it
    rows, _ = lm.forward([[10], [11], [12, 13], [14, 15]], [third[0], third[0], states[1], None])
    forked = texts2[2] + [1]
    assert_rows(lm, rows, [[*forked, 10], [*forked, 11], [9, 12, 13], [14, 15]], [1, 1, 2, 1])
    # and the newest states of the second pass still mean what they meant
    rows, _ = lm.forward([[20]] * 3, second)
    assert_rows(lm, rows, [[*text, 20] for text in texts2], [1, 1, 1])
    rows, _ = lm.forward([[21]] * 3, second)
    assert_rows(lm, rows, [[*text, 21] for text in texts2], [1, 1, 1])


def test_padding_does_not_pile_up(lm):
    rng = np.random.default_rng(0)
    texts = [[1], [2], [3], [4]]
    _, states = lm.forward(texts, [None] * 4)
    for step in range(60):
        new = [rng.integers(0, 200, 1 + 7 * (step % 4 == row)).tolist() for row in range(4)]
        rows, states = lm.forward(new, states)
        texts = [text + more for text, more in zip(texts, new, strict=True)]
    assert_rows(lm, rows, texts, [len(more) for more in new])
    assert states[0].batch.slots <= 2 * len(texts[0]) + 64 + 8


def test_a_model_without_a_cache_reads_the_text_again():
    config = transformers.MambaConfig(
        vocab_size=len(tiny_tokenizer()), hidden_size=8, state_size=4, num_hidden_layers=2, eos_token_id=264
    )
    lm = TransformersModel(transformers.MambaForCausalLM(config).eval(), tiny_tokenizer())
    assert not lm.batched
    _, states = lm.forward([[1, 2], [3]], [None, None])
    rows, _ = lm.forward([[4, 5], [6]], states)
    assert_rows(lm, rows, [[1, 2, 4, 5], [3, 6]], [2, 1])


def test_greedy_free_text_equals_the_models_own_generate(lm):
    prompts = ["hello ab", "x", "the hell"]
    results = run(lm, prompts, None, temperature=0.0, max_tokens=12, heal_prompt=False)
    for prompt, result in zip(prompts, results, strict=True):
        ids = lm.tokenizer(prompt, return_tensors="pt")
        own = lm.model.generate(**ids, max_new_tokens=12, do_sample=False)[0, ids["input_ids"].shape[1] :].tolist()
        own = own[:-1] if own[-1] == lm.tokenizer.eos_token_id else own
        assert list(result.tokens) == own
        log_probs = torch.log_softmax(torch.tensor(whole(lm.model, ids["input_ids"][0].tolist() + own)), -1)
        start = ids["input_ids"].shape[1] - 1
        score = sum(float(log_probs[start + n, t]) for n, t in enumerate(own))
        end = float(log_probs[-1, lm.tokenizer.eos_token_id]) if result.finish_reason == "stop" else 0.0
        assert result.log_prob == pytest.approx(score + end, abs=1e-3)


@pytest.mark.parametrize("batched", [None, False])
def test_constrained_batches_with_forced_text(batched):
    lm = TransformersModel(tiny_model(padding=7), tiny_tokenizer(), batched=batched)
    record = regex_constraint(r'\{"hell": [0-9]{1,4}, "ab": "[a-z]{0,9}"\}', lm.vocabulary)
    short = regex_constraint(r"(yes|no)!", lm.vocabulary)
    prompts = ["hello ", "ab", "12 12 12 12 12 12", "x"]
    results = run(lm, prompts, [record, short, record, short], seed=4, max_tokens=60)
    alone = [
        run(lm, p, c, seed=4 + i, max_tokens=60)
        for i, (p, c) in enumerate(zip(prompts, [record, short] * 2, strict=True))
    ]
    assert [r.text for r in results] == [r.text for r in alone]
    if batched is False:
        assert results == alone  # to the last bit
    for result, constraint in zip(results, [record, short] * 2, strict=True):
        matcher = constraint.matcher()
        assert matcher.advance_bytes(result.data)
        assert matcher.accepting
        assert result.forced > 0
        assert result.passes < len(result.tokens)


def test_prompts_are_encoded_as_the_tokenizer_does():
    lm = TransformersModel(tiny_model(), tiny_tokenizer(bos=True), vocabulary=None)
    begin = lm.tokenizer.bos_token_id
    assert lm.encode_prompt("ab") == [begin, *lm.vocabulary.encode("ab")]
    assert lm.encode_prompt("") == [begin]
    assert TransformersModel(tiny_model(), tiny_tokenizer()).encode_prompt("") == [tiny_tokenizer().eos_token_id]


def test_conversations_use_the_chat_template(lm):
    messages = [{"role": "user", "content": "hello"}]
    expected = lm.tokenizer.encode("<|user|>hello<end><|assistant|>")
    assert lm.encode_prompt(messages) == expected
    result = run(lm, messages, regex_constraint("(a|b){3}", lm.vocabulary), seed=0)
    assert result.prompt_tokens == len(expected)
    assert result.healed == 0
    answer = [*messages, {"role": "assistant", "content": "he"}]
    assert lm.encode_prompt(answer) == lm.tokenizer.encode("<|user|>hello<end><|assistant|>he")
    both = run(lm, [messages, "x"], regex_constraint("(a|b){3}", lm.vocabulary), seed=0)
    assert both[0].text == result.text
    bare = TransformersModel(lm.model, tiny_tokenizer(chat=False))
    with pytest.raises(ModelError, match="no chat template"):
        run(bare, messages, None)


def test_a_model_is_resolved_with_its_tokenizer(tmp_path):
    model, tokenizer = tiny_model(), tiny_tokenizer()
    assert isinstance(resolve_model(model, tokenizer), TransformersModel)
    with pytest.raises(ModelError, match="pass tokenizer="):
        resolve_model(model)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert resolve_model(loaded).vocabulary.fingerprint == resolve_model(model, tokenizer).vocabulary.fingerprint
    by_path = resolve_model(str(tmp_path))
    assert (
        run(by_path, "ab", None, seed=1, max_tokens=5).text
        == run(model, "ab", None, tokenizer=tokenizer, seed=1, max_tokens=5).text
    )


def test_unfit_models_are_refused():
    with pytest.raises(ModelError, match="training mode"):
        TransformersModel(tiny_model().train(), tiny_tokenizer())
    config = transformers.T5Config(vocab_size=300, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=1)
    with pytest.raises(ModelError, match="encoder-decoder"):
        TransformersModel(transformers.T5ForConditionalGeneration(config).eval(), tiny_tokenizer())
    small = TransformersModel(tiny_model(vocab_size=200, eos_token_id=199, pad_token_id=199), tiny_tokenizer())
    with pytest.raises(ModelError, match="200 logits, but the vocabulary has"):
        run(small, [1, 2], regex_constraint("a", small.vocabulary), fast_forward=False)


def test_end_tokens_come_from_the_generation_configuration():
    model = tiny_model()
    model.generation_config.eos_token_id = [3, 5]
    assert TransformersModel(model, tiny_tokenizer()).vocabulary.eos_ids == (3, 5, 264)
