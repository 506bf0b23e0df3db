"""ECGCLIP: a signal encoder and a text encoder that meet in one space."""

import threading
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import QuestionError
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.model.space import CommonSpace
from ecgclip_core.model.text_encoder import TextEncoder

LONGEST_TEXT = 1000
BATCH = 32
SCOPES = ("ecg", "beyond", "none")
NEAREST_PLACES = 5
UNCALIBRATED = {"findings": {}, "simulated": {}, "other": {"slope": 1.0, "intercept": 0.0}, "snapshots": []}


class ECGCLIP(CommonSpace):
    """A recording and a sentence as vectors of length 1; the sentence holds where their product is large.

    Parameters
    ----------
    signal_encoder : SignalEncoder or MerlEncoder
    text_encoder : TextEncoder
    dimensions : int
        Of the common space.
    preprocessing : Preprocessing
    text_hidden : int, optional
        As of `CommonSpace`.

    Attributes
    ----------
    name, hash : str
        Of the checkpoint it came from.
    config, calibration : dict
        The checkpoint's ``config.json`` and ``calibration.json``.
    learned_simulator : dict of str to float
        Findings that are not offered: only simulated recordings taught them, and the score tells such from real ones
        where both lack the finding, with this AUROC (``evaluation/simulated_only.py``).
    snapshots : list of CommonSpace
        Earlier states of the same training, whose disagreement widens the interval of an answer.
    lock : threading.RLock
        Held by every call on the model and every attribution: hooks on a shared model mix maps between threads.
    """

    def __init__(
        self,
        signal_encoder: nn.Module,
        text_encoder: TextEncoder,
        dimensions: int = 256,
        preprocessing: Preprocessing | None = None,
        text_hidden: int | None = None,
    ):
        super().__init__(signal_encoder, text_encoder.width, dimensions, text_hidden)
        self.preprocessing = preprocessing or Preprocessing()
        self.text_encoder = text_encoder
        # Whether a text is about an ECG, about medicine beyond it, or neither: from the text encoder's output and how
        # near it is to what states or excludes a finding (model/scope.py).
        self.scope_head = nn.Linear(text_encoder.width + NEAREST_PLACES, len(SCOPES))
        self.name = "untrained"
        self.hash = ""
        self.config: dict = {}
        self.calibration: dict = UNCALIBRATED
        self.learned_simulator: dict[str, float] = {}
        self.folder = None
        # A plain list: the snapshots are no part of the model's own weights.
        self.snapshots: list[CommonSpace] = []
        self.lock = threading.RLock()
        # Outputs of the text encoder that came with the checkpoint, by text.
        self.known_texts: dict[str, Tensor] = {}
        self._text_feature = lru_cache(maxsize=20_000)(self._one_text_feature)

    def embed_text(self, texts: list[str]) -> Tensor:
        """Vectors of length 1, shape (m, d), remembered between calls. Not differentiable."""
        with torch.no_grad():
            return self.embed_text_features(self.text_features(texts))

    def text_features(self, texts: list[str]) -> Tensor:
        """Outputs of the text encoder, shape (m, width), remembered between calls. Not differentiable."""
        with self.lock, torch.no_grad():
            return torch.stack([self._text_feature(text) for text in texts])

    def _one_text_feature(self, text: str) -> Tensor:
        known = self.known_texts.get(text)
        return self.text_encoder([text])[0] if known is None else known

    def encode_ecg(self, ecgs: list[ECG]) -> np.ndarray:
        """One vector for each recording.

        Parameters
        ----------
        ecgs : list of ECG
            Of any length and sampling rate; one longer than the model's window is read in windows, whose vectors are
            averaged.

        Returns
        -------
        ndarray of float32, shape (n, d), rows of length 1
        """
        windows = [self.preprocessing.windows(ecg)[0] for ecg in ecgs]
        owner = np.repeat(np.arange(len(ecgs)), [len(w) for w in windows])
        vectors = self.encode_windows(np.concatenate(windows))
        sums = np.zeros((len(ecgs), vectors.shape[1]), dtype=np.float32)
        np.add.at(sums, owner, vectors)
        return sums / np.linalg.norm(sums, axis=1, keepdims=True)

    def encode_windows(self, windows: np.ndarray) -> np.ndarray:
        """Vectors of length 1, shape (w, d), for prepared windows of shape (w, 12, length)."""
        with self.lock, torch.no_grad():
            parts = [
                self.embed_signal(
                    torch.from_numpy(np.asarray(windows[start : start + BATCH], dtype=np.float32)).to(self.bias.device)
                )
                for start in range(0, len(windows), BATCH)
            ]
            return torch.cat(parts).cpu().numpy()

    def encode_text(self, texts: list[str]) -> np.ndarray:
        """One vector for each sentence.

        Returns
        -------
        ndarray of float32, shape (m, d), rows of length 1

        Raises
        ------
        QuestionError
            Where a text is empty or longer than `LONGEST_TEXT` characters.
        """
        for text in texts:
            if not text.strip():
                raise QuestionError("The question is empty. Ask about a finding, for example: atrial fibrillation")
            if len(text) > LONGEST_TEXT:
                raise QuestionError(
                    f"The question has {len(text):,} characters; at most {LONGEST_TEXT:,} can be read. "
                    "Ask about one finding at a time."
                )
        return self.embed_text(texts).numpy()
