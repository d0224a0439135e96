"""Every kind of tokenizer, made small: a token's bytes are what the tokenizer's own decoder writes for it."""

from __future__ import annotations

import base64
import json
from importlib import import_module

import pytest
import sentencepiece
import tiktoken
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from gramarye import Vocabulary, VocabularyError
from gramarye.runtime.tokenizers.piece_decoders import byte_level_alphabet

UNKNOWN, BERT_UNKNOWN, END, PAD = "<unk>", "[UNK]", "</s>", "<|pad|>"
BYTE_PIECES = [f"<0x{byte:02X}>" for byte in range(256)]


def byte_level() -> Tokenizer:
    """As in GPT-2, Llama 3, Qwen, SmolLM2."""
    alphabet = {byte: character for character, byte in byte_level_alphabet().items()}
    pieces = [alphabet[byte] for byte in range(256)]
    merges = [("c", "d"), ("b", "c"), ("Ġ", "a"), ("Ã", "©")]
    vocabulary = {piece: token for token, piece in enumerate(pieces + ["".join(merge) for merge in merges])}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_end|>", "<|pad|>"])
    tokenizer.add_tokens(["<think>", "two words", "ï¼", AddedToken(" é", normalized=False)])
    return tokenizer


def sentence_piece_bpe(*, prefix: bool) -> Tokenizer:
    """As in Llama 2 (with the prefix space) and Gemma (without)."""
    pieces = ["<unk>", "<s>", "</s>", *BYTE_PIECES, "▁", "a", "b", "▁a", "▁▁", "é", "<", ">"]
    merges = [("▁", "a"), ("▁", "▁")]
    model = models.BPE(
        {piece: token for token, piece in enumerate(pieces)},
        merges,
        unk_token=UNKNOWN,
        fuse_unk=True,
        byte_fallback=True,
    )
    tokenizer = Tokenizer(model)
    steps = [normalizers.Replace(" ", "▁")]
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if prefix:
        steps.insert(0, normalizers.Prepend("▁"))
        parts.append(decoders.Strip(" ", 1, 0))
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.decoder = decoders.Sequence(parts)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.add_tokens(["<b>", "\n\n"])
    return tokenizer


def unigram() -> Tokenizer:
    """As in T5 and XLNet: Unigram with metaspace."""
    scores = [
        ("<unk>", 0.0),
        ("</s>", 0.0),
        *((piece, -2.0) for piece in ["▁", "a", "b", "▁ab", "ab", "c▁d"]),
    ]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(["</s>"])
    return tokenizer


def word_piece(*, cleanup: bool) -> Tokenizer:
    """As in BERT."""
    pieces = ["[UNK]", "[SEP]", "[CLS]", "a", "##a", "ab", "##b", ".", "##.", "##", "n't", "'", "do not"]
    tokenizer = Tokenizer(
        models.WordPiece({piece: token for token, piece in enumerate(pieces)}, unk_token=BERT_UNKNOWN)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=cleanup)
    tokenizer.add_special_tokens(["[UNK]", "[SEP]", "[CLS]"])
    return tokenizer


def end_of_word() -> Tokenizer:
    """As in CLIP: BPE with an end-of-word suffix."""
    pieces = ["a", "b", "a</w>", "ab</w>", "<|endoftext|>"]
    model = models.BPE(
        {piece: token for token, piece in enumerate(pieces)}, [("a", "b</w>")][:0], end_of_word_suffix="</w>"
    )
    tokenizer = Tokenizer(model)
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def word_level() -> Tokenizer:
    """No decoder: words are joined by spaces."""
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "word": 1, "</s>": 2}, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["</s>"])
    return tokenizer


def stripped() -> Tokenizer:
    """Strip before Fuse acts on each piece."""
    pieces = ["b", "__a_", "a__", "a_b", "</s>"]
    tokenizer = Tokenizer(models.WordLevel({piece: token for token, piece in enumerate(pieces)}, unk_token=END))
    tokenizer.decoder = decoders.Sequence([decoders.Strip("_", 1, 1), decoders.Fuse()])
    tokenizer.add_special_tokens(["</s>"])
    return tokenizer


KINDS = {
    "byte-level": byte_level,
    "llama 2": lambda: sentence_piece_bpe(prefix=True),
    "gemma": lambda: sentence_piece_bpe(prefix=False),
    "unigram": unigram,
    "wordpiece": lambda: word_piece(cleanup=False),
    "wordpiece with cleanup": lambda: word_piece(cleanup=True),
    "end of word": end_of_word,
    "no decoder": word_level,
    "strip": stripped,
}


@pytest.fixture(params=KINDS, name="tokenizer")
def _tokenizer(request):
    return KINDS[request.param]()


@pytest.fixture(name="path")
def _path(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def special_ids(tokenizer: Tokenizer) -> set[int]:
    return {token for token, added in tokenizer.get_added_tokens_decoder().items() if added.special}


def test_bytes_are_what_the_decoder_writes(tokenizer):
    vocabulary = Vocabulary.from_tokenizer(tokenizer, cache=False)
    assert len(vocabulary) == tokenizer.get_vocab_size()
    control = special_ids(tokenizer)
    unknown = tokenizer.token_to_id("<unk>")
    anchor = next(token for token in range(len(vocabulary)) if vocabulary.token_bytes(token).strip().isalpha())
    before = tokenizer.decode([anchor])
    behind = tokenizer.decode([anchor, anchor]).removeprefix(before)
    compared = 0
    for token in range(len(vocabulary)):
        if token in control:
            assert vocabulary.token_bytes(token) == b""
            continue
        written = tokenizer.decode([anchor, token, anchor])
        if "\ufffd" not in written and token != unknown:
            assert written.encode() == before.encode() + vocabulary.token_bytes(token) + behind.encode()
            compared += 1
    assert compared >= min(2, len(vocabulary) - len(control))


def test_file_and_object_agree(tokenizer, path):
    from_file = Vocabulary.from_tokenizer(path, cache=False)
    from_directory = Vocabulary.from_tokenizer(str(path.parent), cache=False)
    from_object = Vocabulary.from_tokenizer(tokenizer, cache=False)
    assert from_file.fingerprint == from_directory.fingerprint == from_object.fingerprint
    assert from_file.special_ids == from_object.special_ids
    for text in ["ab", " a", "a b", "ab.", "é"]:
        try:
            expected = from_object.encode(text)
        except VocabularyError:
            with pytest.raises(VocabularyError):
                from_file.encode(text)
        else:
            assert from_file.encode(text) == expected
            assert from_file.decode(expected) == text.encode()


def test_transformers_tokenizers_agree(tokenizer):
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    plain = Vocabulary.from_tokenizer(tokenizer, eos_ids=[0], cache=False)
    vocabulary = Vocabulary.from_tokenizer(fast, eos_ids=0, cache=False)
    assert vocabulary.fingerprint == plain.fingerprint
    assert vocabulary.encode("") == []


def test_byte_level_tokens():
    vocabulary = Vocabulary.from_tokenizer(byte_level(), cache=False)
    assert vocabulary.byte_complete
    added = [vocabulary.token_bytes(token) for token in range(263, 267)]
    # The decoder reads an added token as bytes where it can: the third is U+FF1C's beginning, not text.
    assert added == [b"<think>", b"two words", b"\xef\xbc", " é".encode()]
    assert vocabulary.eos_ids == (260, 261)
    assert vocabulary.special_ids == {260, 261, 262}


@pytest.mark.parametrize("prefix", [True, False])
def test_encode_puts_no_space_before(prefix):
    vocabulary = Vocabulary.from_tokenizer(sentence_piece_bpe(prefix=prefix), cache=False)
    by_bytes = {vocabulary.token_bytes(token): token for token in range(259, len(vocabulary))}
    assert vocabulary.encode("ab") == [by_bytes[b"a"], by_bytes[b"b"]]
    assert vocabulary.encode(" a") == [by_bytes[b" a"]]
    assert vocabulary.encode("€") == [3 + byte for byte in "€".encode()]
    assert vocabulary.encode(b"\xff") == [3 + 0xFF]
    added = by_bytes[b" <b>" if prefix else b"<b>"]  # the decoder writes a normalized added token as normalized
    assert vocabulary.encode(vocabulary.token_bytes(added)) == [added]


def test_the_text_of_a_special_token_is_spelled():
    vocabulary = Vocabulary.from_tokenizer(byte_level(), cache=False)
    tokens = vocabulary.encode("a<|im_end|>")
    assert vocabulary.decode(tokens) == b"a<|im_end|>"
    assert not vocabulary.special_ids.intersection(tokens)


def test_canonical_and_not_only_shortest(tmp_path):
    tokenizer = byte_level()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    for given in (tokenizer, tmp_path, fast):
        vocabulary = Vocabulary.from_tokenizer(given, cache=False)
        assert vocabulary.encode("bcd") == [98, 256]  # c and d are merged first, b and c then cannot be
        assert vocabulary.encode(b"bcd\xff") == [
            257,
            100,
            255,
        ]  # without the tokenizer the longest comes first
        assert vocabulary.encode("two wordss") == [264, 115]


def test_truncation_and_padding_of_the_users_tokenizer_are_left_alone():
    tokenizer = byte_level()
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=8, pad_id=262, pad_token=PAD)
    vocabulary = Vocabulary.from_tokenizer(tokenizer, cache=False)
    assert vocabulary.encode("bcd<think>b") == [98, 256, 263, 98]
    assert tokenizer.truncation["max_length"] == 2
    assert tokenizer.padding["length"] == 8


def test_a_normalizer_that_changes_the_text():
    tokenizer = byte_level()
    tokenizer.normalizer = normalizers.NFC()
    vocabulary = Vocabulary.from_tokenizer(tokenizer, cache=False)
    assert vocabulary.encode("e\u0301") == list("e\u0301".encode())
    assert vocabulary.encode("\u00e9") == [259]


def test_duplicate_bytes():
    vocabulary = Vocabulary.from_tokenizer(sentence_piece_bpe(prefix=False), cache=False)
    first = BYTE_PIECES.index("<0x61>") + 3
    group = vocabulary.tables.duplicate_first.tolist().index(first)
    start, end = vocabulary.tables.duplicate_offsets[group : group + 2]
    assert [vocabulary.token_bytes(token) for token in vocabulary.tables.duplicate_ids[start:end]] == [b"a"]


def test_size_of_the_logits():
    tokenizer = byte_level()
    count = tokenizer.get_vocab_size()
    padded = Vocabulary.from_tokenizer(tokenizer, size=count + 40, cache=False)
    assert len(padded) == count + 40
    assert padded.token_bytes(count + 39) == b""
    with pytest.raises(VocabularyError, match=r"size=266 leaves out token 266 .* spells b' \\xc3\\xa9'"):
        Vocabulary.from_tokenizer(tokenizer, size=count - 1, cache=False)
    tokenizer = end_of_word()
    without = Vocabulary.from_tokenizer(tokenizer, size=4, eos_ids=(), cache=False)
    assert len(without) == 4
    with pytest.raises(VocabularyError, match="eos_ids names token 4"):
        Vocabulary.from_tokenizer(tokenizer, size=4, eos_ids=[4], cache=False)


def test_tiktoken():
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256, b" ab": 257, b"\xf0\x9f": 258}
    special = {"<|endoftext|>": 300, "<|im_end|>": 301}
    encoding = tiktoken.Encoding("tiny", pat_str=r" ?\w+|\W", mergeable_ranks=ranks, special_tokens=special)
    vocabulary = Vocabulary.from_tokenizer(encoding, cache=False)
    assert len(vocabulary) == 302
    assert all(vocabulary.token_bytes(rank) == text for text, rank in ranks.items())
    assert vocabulary.token_bytes(280) == vocabulary.token_bytes(300) == b""
    assert vocabulary.eos_ids == (300, 301)
    assert vocabulary.byte_complete
    for text in ["ab ab", "😀", "<|endoftext|>"]:
        assert vocabulary.encode(text) == encoding.encode_ordinary(text)


def test_tiktoken_file(tmp_path):
    path = tmp_path / "tiny.tiktoken"
    tokens = [b"a", b"b", b"ab", b"\xff"]
    lines = [base64.b64encode(token) + b" %d\n" % (rank + 1) for rank, token in enumerate(tokens)]
    path.write_bytes(b"".join(lines))
    vocabulary = Vocabulary.from_tokenizer(tmp_path, eos_ids=(), size=8, cache=False)
    assert [vocabulary.token_bytes(token) for token in range(8)] == [b"", *tokens, b"", b"", b""]
    assert vocabulary.encode("aab") == [1, 3]


@pytest.fixture(scope="module", name="sentencepiece_model")
def _sentencepiece_model(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sentencepiece")
    corpus = directory / "corpus.txt"
    corpus.write_text("the cat sat on the mat\nthat cat is that fat cat\n" * 50)
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(directory / "tokenizer"),
        vocab_size=300,
        model_type="bpe",
        byte_fallback=True,
        user_defined_symbols=["<b>", "a▁b"],
        hard_vocab_limit=False,
        minloglevel=3,
    )
    return directory / "tokenizer.model"


def test_sentencepiece(sentencepiece_model):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(sentencepiece_model), add_bos=True)
    vocabulary = Vocabulary.from_tokenizer(processor, cache=False)
    assert vocabulary.eos_ids == (2,)
    assert vocabulary.special_ids == {0, 1, 2}
    assert vocabulary.byte_complete
    anchor = processor.piece_to_id("t")
    for token in range(3, len(vocabulary)):
        written = processor.decode([anchor, token])
        if "\ufffd" not in written:
            assert written.encode() == b"t" + vocabulary.token_bytes(token), token
    cat = processor.piece_to_id("▁cat")
    assert vocabulary.encode(" cat") == [cat]
    assert vocabulary.decode(vocabulary.encode("cat <b>…")) == "cat <b>…".encode()
    assert cat not in vocabulary.encode("cat")
    from_file = Vocabulary.from_tokenizer(sentencepiece_model.parent, cache=False)
    assert from_file.fingerprint == vocabulary.fingerprint
    assert from_file.encode("the cat") == vocabulary.encode("the cat")
    with pytest.raises(VocabularyError, match="has no model loaded"):
        Vocabulary.from_tokenizer(sentencepiece.SentencePieceProcessor())


def test_slow_sentencepiece_tokenizer(sentencepiece_model):
    slow = transformers.BertGenerationTokenizer(
        str(sentencepiece_model), pad_token=UNKNOWN, sep_token=END, extra_special_tokens=["<extra>"]
    )
    vocabulary = Vocabulary.from_tokenizer(slow, cache=False)
    plain = Vocabulary.from_tokenizer(sentencepiece_model, cache=False)
    count = len(plain)
    assert [vocabulary.token_bytes(token) for token in range(count)] == [
        plain.token_bytes(token) for token in range(count)
    ]
    assert vocabulary.eos_ids == (2,)
    assert slow.convert_tokens_to_ids("<extra>") in vocabulary.special_ids
    assert vocabulary.encode(" cat") == plain.encode(" cat")
    assert vocabulary.decode(vocabulary.encode("cat…")) == "cat…".encode()


def test_slow_wordpiece_tokenizer(tmp_path):
    legacy = import_module("transformers.models.bert.tokenization_bert_legacy")
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cat", "##s", "s", "##cat"]))
    vocabulary = Vocabulary.from_tokenizer(legacy.BertTokenizerLegacy(str(path)), cache=False)
    assert [vocabulary.token_bytes(token) for token in range(5, 9)] == [b" cat", b"s", b" s", b"cat"]
    assert vocabulary.special_ids == set(range(5))
    assert vocabulary.eos_ids == (3,)
    assert vocabulary.encode(" cats") == [5, 6]


def test_a_slow_tokenizer_of_another_kind_is_refused():
    with pytest.raises(VocabularyError, match="ByT5Tokenizer does not say which bytes its tokens are"):
        Vocabulary.from_tokenizer(transformers.ByT5Tokenizer())


def save(directory, **files):
    byte_level().save(str(directory / "tokenizer.json"))
    for name, content in files.items():
        (directory / f"{name}.json").write_text(json.dumps(content))
    return Vocabulary.from_tokenizer(directory, cache=False).eos_ids


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, (260, 261)),
        ({"generation_config": {"eos_token_id": 262}}, (262,)),
        ({"generation_config": {"eos_token_id": [262, 261]}}, (261, 262)),
        ({"generation_config": {}}, (260, 261)),
        ({"generation_config": {"eos_token_id": None}, "config": {"eos_token_id": 262}}, (260, 261, 262)),
        (
            {"generation_config": {"eos_token_id": 261}, "tokenizer_config": {"eos_token": "<|pad|>"}},
            (261, 262),
        ),
        ({"special_tokens_map": {"eos_token": {"content": "<|pad|>"}}}, (260, 261, 262)),
        ({"tokenizer_config": {"eos_token": "no such token"}}, (260, 261)),
    ],
)
def test_end_tokens(tmp_path, files, expected):
    assert save(tmp_path, **files) == expected


def test_end_tokens_of_a_transformers_tokenizer(tmp_path):
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=byte_level(), eos_token=PAD)
    assert Vocabulary.from_tokenizer(fast, cache=False).eos_ids == (260, 261, 262)
    fast.save_pretrained(tmp_path)
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": 261}')
    loaded = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path)
    assert Vocabulary.from_tokenizer(loaded, cache=False).eos_ids == (261, 262)
    assert Vocabulary.from_tokenizer(loaded, eos_ids=[5], cache=False).eos_ids == (5,)


@pytest.mark.parametrize("unknown", [0, 3])
def test_the_unknown_token_is_a_control_token(tmp_path, unknown):
    scores = [(piece, -1.0) for piece in ["a", "b", "c", "<?>"]]
    names = {piece: token for token, (piece, _) in enumerate(scores)}
    for model in (
        models.Unigram(scores, unk_id=unknown),
        models.WordLevel(names, unk_token=scores[unknown][0]),
        models.BPE(names, [], unk_token=scores[unknown][0]),
    ):
        tokenizer = Tokenizer(model)
        tokenizer.decoder = decoders.Fuse()
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        for given in (tokenizer, tmp_path):
            vocabulary = Vocabulary.from_tokenizer(given, eos_ids=(), cache=False)
            assert vocabulary.special_ids == {unknown}
            assert vocabulary.token_bytes(unknown) == b""


def test_no_end_token():
    tokenizer = Tokenizer(models.WordLevel({UNKNOWN: 0, "a": 1}, unk_token=UNKNOWN))
    tokenizer.decoder = decoders.Fuse()
    with pytest.raises(VocabularyError, match="does not say which token ends a text"):
        Vocabulary.from_tokenizer(tokenizer, cache=False)
    assert Vocabulary.from_tokenizer(tokenizer, eos_ids=(), cache=False).eos_ids == ()
