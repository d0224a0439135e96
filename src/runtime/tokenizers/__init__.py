"""Readers of tokenizers, one kind a file; each yields a `source.TokenSource`.

::

    source.py          what a reader yields
    piece_decoders.py  vocabulary pieces to bytes, as the `tokenizers` library's decoders define it
    huggingface.py     tokenizer.json, `tokenizers.Tokenizer`, transformers tokenizers
    tiktoken.py        tiktoken encodings and files of ranks
    sentencepiece.py   SentencePiece processors and model files
    end_tokens.py      which tokens end a text
"""
