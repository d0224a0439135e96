"""Decoders: which open positions a step commits. One algorithm a file, all behind ``protocol.Decoder``.

=============  =====================================================  ==================
name           commits                                                paper
=============  =====================================================  ==================
confidence     the quota's most confident positions                   LLaDA, 2502.09992
margin         those with the widest margin                           2502.06768
entropy        those of least entropy                                 Dream, 2508.15487
threshold      all above a confidence                                 Fast-dLLM, 2505.22618
frechet        the longest safe prefix of the confidence profile      Fast-dLLM++, 2606.02955
localleap      below the threshold too, around confident anchors      LocalLeap, 2510.07081
adablock       as threshold, in blocks that end at delimiters         AdaBlock, 2509.26432
prophet        everything at once when the answer is decided          Prophet, 2508.19982
freedave       one a step, several steps verified in one pass         FreeDave, 2510.00294
leftmost       the first open position: autoregressive order          -
=============  =====================================================  ==================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ....errors import GramaryeError
from .adablock import AdaBlock
from .confidence import Confidence
from .entropy import Entropy
from .frechet import Frechet
from .freedave import FreeDave
from .leftmost import Leftmost
from .localleap import LocalLeap
from .margin import Margin
from .prophet import Prophet
from .protocol import BlockSizing, Decoder, Drafting
from .threshold import Threshold

__all__ = [
    "DECODERS",
    "AdaBlock",
    "BlockSizing",
    "Confidence",
    "Decoder",
    "Drafting",
    "Entropy",
    "Frechet",
    "FreeDave",
    "Leftmost",
    "LocalLeap",
    "Margin",
    "Prophet",
    "Threshold",
    "decoder_of",
]

DECODERS: Mapping[str, Callable[[], Decoder]] = {
    "confidence": Confidence,
    "margin": Margin,
    "entropy": Entropy,
    "threshold": Threshold,
    "frechet": Frechet,
    "localleap": LocalLeap,
    "adablock": AdaBlock,
    "prophet": Prophet,
    "freedave": FreeDave,
    "leftmost": Leftmost,
}


def decoder_of(decoder: str | Decoder) -> Decoder:
    """A decoder by its name, with its paper's settings; or the decoder itself.

    Raises:
        GramaryeError: there is no decoder of that name.
    """
    if not isinstance(decoder, str):
        return decoder
    if decoder not in DECODERS:
        raise GramaryeError(f"there is no decoder {decoder!r}", expected=tuple(DECODERS))
    return DECODERS[decoder]()
