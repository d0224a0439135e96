"""Which tokens end a text: those that the tokenizer and the files beside it declare, and common names.

A chat model ends a turn with another token than the one its tokenizer calls ``eos``; its
``generation_config.json`` lists both. Where that file is at hand it is believed; where it is not, special
tokens of well-known names are added to what the tokenizer declares. An end token too many does no harm: it
may only come where the text may end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...errors import VocabularyError

__all__ = ["find_end_tokens", "read_json_object"]

_NAMES = (
    "</s>",
    "<eos>",
    "<|eos|>",
    "[EOS]",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<end_of_turn>",
    "<turn|>",
    "<|end_of_turn|>",
    "<|END_OF_TURN_TOKEN|>",
    "<｜end▁of▁sentence｜>",
    "<|eot|>",
)
_SEPARATOR = "[SEP]"
"""Ends a text in models of BERT's kind, which have no end token of their own."""


def find_end_tokens(
    special: Mapping[str, int], *, declared: Iterable[int] = (), directory: Path | None = None
) -> tuple[int, ...]:
    """Collect the end tokens of a tokenizer.

    Args:
        special: ids of its control tokens by name.
        declared: the end tokens that the tokenizer object itself declares.
        directory: where its configuration files are, if anywhere.

    Returns:
        Ids, ascending; empty where nothing was found.

    Raises:
        VocabularyError: a configuration file is malformed.
    """
    found = set(declared)
    listed: set[int] = set()
    if directory is not None:
        if (directory / "generation_config.json").is_file():
            listed = _listed_ids(directory / "generation_config.json")
        if (directory / "config.json").is_file():
            found |= _listed_ids(directory / "config.json")
        for file in ("tokenizer_config.json", "special_tokens_map.json"):
            if (directory / file).is_file():
                name = read_json_object(directory / file).get("eos_token")
                content = name.get("content") if isinstance(name, dict) else name
                if isinstance(content, str) and content in special:
                    found.add(special[content])
    found |= listed
    if not listed:
        found |= {special[name] for name in _NAMES if name in special}
    if not found and _SEPARATOR in special:
        found.add(special[_SEPARATOR])
    return tuple(sorted(found))


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Raises:
        VocabularyError: it cannot be read, or holds something else.
    """
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise VocabularyError(f"{path} cannot be read: {error.strerror}", expected=["a JSON file"]) from error
    except (ValueError, RecursionError) as error:
        raise VocabularyError(
            f"{path} is not JSON: {error}", expected=["a JSON object"], hint="was it downloaded completely?"
        ) from error
    if not isinstance(value, dict):
        raise VocabularyError(f"{path} holds {type(value).__name__}", expected=["a JSON object"])
    return value


def _listed_ids(path: Path) -> set[int]:
    """``eos_token_id`` of a model's configuration: an id, a list of ids, or nothing."""
    value = read_json_object(path).get("eos_token_id")
    ids = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(token, int) and not isinstance(token, bool) for token in ids):
        raise VocabularyError(
            f"{path} has a malformed end token",
            pointer="/eos_token_id",
            expected=["an integer or a list of integers"],
        )
    return set(ids)
