"""All sentences of a training run, and what the frozen text encoder makes of each, computed once."""

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from ecgclip_core.model.text_encoder import TextEncoder

BATCH = 64
CHUNK = 2048


class TextBank:
    """Text features by sentence.

    Parameters
    ----------
    encoder : TextEncoder
        Not trained further.
    texts : list of str
    cache : Path
        A folder; features found there are not computed again, and an interrupted call goes on where it stopped.
    """

    def __init__(self, encoder: TextEncoder, texts: list[str], cache: Path):
        kept = _Kept(encoder, cache)
        missing = sorted(set(texts) - set(kept.texts), key=lambda text: (len(text), text))
        with tqdm(total=len(missing), desc="Reading texts", unit="text") as bar:
            for start in range(0, len(missing), CHUNK):
                chunk = missing[start : start + CHUNK]
                kept.add(chunk, text_features(encoder, chunk, bar))
        self.row = {text: row for row, text in enumerate(kept.texts)}
        self.features = kept.features.to(next(encoder.parameters()).device)

    def __getitem__(self, texts: list[str]) -> Tensor:
        """Features of shape (m, width), where the encoder is."""
        return self.features[[self.row[text] for text in texts]]


class _Kept:
    """Texts and their features on disk, under the encoder's own fingerprint."""

    def __init__(self, encoder: TextEncoder, cache: Path):
        digest = hashlib.sha256()
        for parameter in encoder.parameters():
            digest.update(parameter.detach().cpu().numpy().tobytes())
        name = f"texts-{digest.hexdigest()[:12]}"
        self.list, self.file = cache / f"{name}.json", cache / f"{name}.safetensors"
        self.texts: list[str] = []
        self.features = torch.zeros(0, encoder.width)
        cache.mkdir(parents=True, exist_ok=True)
        if self.list.is_file() and self.file.is_file():
            self.features = load_file(self.file)["features"]
            # The list is written first: after an interruption between the two it is the longer one.
            self.texts = json.loads(self.list.read_text(encoding="utf-8"))[: len(self.features)]

    def add(self, texts: list[str], features: Tensor) -> None:
        self.texts = self.texts + texts
        self.features = torch.cat([self.features, features])
        self.list.write_text(json.dumps(self.texts), encoding="utf-8")
        partial = self.file.with_suffix(".part")
        save_file({"features": self.features}, partial)
        partial.rename(self.file)


@torch.no_grad()
def text_features(encoder: TextEncoder, texts: list[str], bar: tqdm | None = None) -> Tensor:
    """What the text encoder makes of each text, shape (m, width), without gradients, on the CPU."""
    parts = []
    for start in range(0, len(texts), BATCH):
        parts.append(encoder(texts[start : start + BATCH]).cpu())
        if bar is not None:
            bar.update(len(parts[-1]))
    return torch.cat(parts)
