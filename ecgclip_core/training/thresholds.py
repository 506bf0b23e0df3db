"""From which similarity on the coarse model counts as seeing a feature, sentence by sentence.

A sentence's similarity means little by itself: some lie near to every ECG. So each is ranked among validation
recordings that are known not to show it, and its threshold is the similarity below which a chosen share of those lie.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ecgclip_core.errors import CheckpointError
from ecgclip_core.model.ecgclip import ECGCLIP

FILE, VECTORS = "completion.json", "completion.safetensors"
CONFIRMED, NEAR_LIMIT, OPEN = "confirmed", "near its limit", "open"
STATES = (CONFIRMED, NEAR_LIMIT, OPEN)
# Shares at which a sentence's similarities to recordings without it are kept.
GRID = tuple(np.round(np.arange(0.0, 1.0, 0.05), 2).tolist()) + (0.98, 0.99)
FEWEST = 30  # recordings without a feature from which on its own quantiles are trusted


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Thresholds of one checkpoint.

    Attributes
    ----------
    share : dict of str to float
        By what the measurement says (`STATES`): the share of recordings without a feature that must lie below its
        threshold. Above 1: never kept.
    quantiles : dict of str to list of float
        By sentence, its similarity at each share of `GRID` among the recordings without it.
    vectors : ndarray of float32, shape (n, d)
        Embeddings of the validation recordings, for sentences that `quantiles` does not know.
    """

    share: dict[str, float]
    quantiles: dict[str, list[float]]
    vectors: np.ndarray

    def of(self, sentence: str, state: str, model: ECGCLIP) -> float:
        """The threshold of a sentence; infinite where it cannot be kept.

        Parameters
        ----------
        sentence : str
            In English.
        state : str
            One of `STATES`.
        model : ECGCLIP
            Asked only where the sentence is new; all validation recordings then count as without it, which is strict.
        """
        share = self.share[state]
        if share > 1:
            return float("inf")
        if share <= 0:
            return -1.0
        known = self.quantiles.get(sentence)
        if known is None:
            return float(np.quantile(self.vectors @ model.encode_text([sentence])[0], share))
        return float(np.interp(share, GRID, known))


def quantiles(similarities: np.ndarray) -> list[float]:
    """Similarities of one sentence at each share of `GRID`."""
    return np.quantile(similarities, GRID).round(4).tolist()


def load_thresholds(model: ECGCLIP) -> Thresholds | None:
    """The thresholds that lie beside a checkpoint; None where there are none, or none for these weights.

    Raises
    ------
    CheckpointError
        Where they are damaged.
    """
    folder = None if model.folder is None else Path(model.folder)
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if kept["checkpoint"] != model.hash:
            return None
        vectors = load_file(folder / VECTORS)["vectors"].astype(np.float32)
        share = {state: float(kept["share"][state]) for state in STATES}
        return Thresholds(share, kept["quantiles"], vectors)
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"{FILE} or {VECTORS} of the checkpoint {folder.name!r} is damaged ({type(error).__name__}). "
            "Write them again with ecgclip fit-completion."
        ) from error


def save_thresholds(folder: Path, checkpoint: str, thresholds: Thresholds, chosen_on: dict) -> None:
    """Write thresholds beside a checkpoint, with what they were chosen on and what they reached there."""
    save_file({"vectors": np.ascontiguousarray(thresholds.vectors, dtype=np.float16)}, folder / VECTORS)
    content = {
        "checkpoint": checkpoint,
        "share": thresholds.share,
        "chosen_on": chosen_on,
        "quantiles": thresholds.quantiles,
    }
    (folder / FILE).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
