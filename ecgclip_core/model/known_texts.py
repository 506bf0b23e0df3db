"""Outputs of the text encoder for the catalogue's sentences, kept beside a checkpoint.

A page that ranks findings asks hundreds of sentences: from a file that takes milliseconds, through the encoder seconds.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ecgclip_core.model.ecgclip import ECGCLIP

FILE = "texts.safetensors"
BATCH = 64


def save_known_texts(model: ECGCLIP, texts: Iterable[str], folder: str | Path, weights: str) -> None:
    """Write the outputs for `texts` in float16 (about 1 MB for the catalogue).

    Parameters
    ----------
    model : ECGCLIP
    texts : iterable of str
    folder : path
        The checkpoint's.
    weights : str
        Hash of its weights; outputs of other weights are never read.
    """
    texts = list(dict.fromkeys(texts))
    with model.lock, torch.no_grad():
        parts = [model.text_encoder(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    words = {"weights": weights, "texts": json.dumps(texts, ensure_ascii=False)}
    save_file({"features": torch.cat(parts).half()}, Path(folder) / FILE, metadata=words)


def load_known_texts(folder: str | Path, weights: str) -> dict[str, Tensor]:
    """The outputs by text; empty where there are none for these weights."""
    file = Path(folder) / FILE
    if not file.is_file():
        return {}
    try:
        with safe_open(file, framework="pt") as opened:
            words = opened.metadata()
            if words["weights"] != weights:
                return {}
            return dict(zip(json.loads(words["texts"]), opened.get_tensor("features").float(), strict=True))
    except (OSError, KeyError, TypeError, ValueError, SafetensorError):
        return {}
