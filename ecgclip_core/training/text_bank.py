"""All sentences of a training run, and what the frozen text encoder makes of each, computed once."""

import hashlib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from ecgclip_core.model.text_encoder import TextEncoder

BATCH = 64


class TextBank:
    """Text features by sentence.

    Parameters
    ----------
    encoder : TextEncoder
        Not trained further.
    texts : iterable of str
    cache : path
        A folder; features found there are not computed again.
    """

    def __init__(self, encoder: TextEncoder, texts: list[str], cache: Path):
        unique = sorted(set(texts), key=lambda text: (len(text), text))
        self.row = {text: row for row, text in enumerate(unique)}
        file = cache / f"texts-{hashlib.sha256(chr(10).join(unique).encode()).hexdigest()[:12]}.safetensors"
        if not file.is_file():
            cache.mkdir(parents=True, exist_ok=True)
            save_file({"features": text_features(encoder, unique)}, file)
        self.features = load_file(file)["features"]

    def __getitem__(self, texts: list[str]) -> Tensor:
        """Features of shape (m, width)."""
        return self.features[[self.row[text] for text in texts]]


@torch.no_grad()
def text_features(encoder: TextEncoder, texts: list[str]) -> Tensor:
    """What the text encoder makes of each text, shape (m, width), without gradients."""
    parts = []
    with tqdm(total=len(texts), desc="Reading texts", unit="text") as bar:
        for start in range(0, len(texts), BATCH):
            parts.append(encoder(texts[start : start + BATCH]))
            bar.update(len(parts[-1]))
    return torch.cat(parts)
