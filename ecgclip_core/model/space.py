"""The common space: what brings a recording and the features of a text together."""

import torch
from torch import Tensor, nn


class CommonSpace(nn.Module):
    """A signal encoder and the two projections that make its vectors and those of texts comparable.

    Parameters
    ----------
    signal_encoder : SignalEncoder or MerlEncoder
    text_width : int
        Width of the text encoder's output.
    dimensions : int
        Of the space.
    text_hidden : int, optional
        Width between the two layers of the projection of texts; twice `text_width` where left out.
    """

    def __init__(self, signal_encoder: nn.Module, text_width: int, dimensions: int, text_hidden: int | None = None):
        super().__init__()
        self.signal_encoder = signal_encoder
        self.signal_head = nn.Linear(signal_encoder.width, dimensions)
        hidden = text_hidden or 2 * text_width
        self.text_head = nn.Sequential(nn.Linear(text_width, hidden), nn.GELU(), nn.Linear(hidden, dimensions))
        # exp(log_scale) * product + bias is the logit that a sentence holds (sigmoid loss, Zhai et al. 2023,
        # doi:10.1109/ICCV51070.2023.01100); the start of the bias is that of a few true sentences in a hundred.
        self.log_scale = nn.Parameter(torch.tensor(10.0).log())
        self.bias = nn.Parameter(torch.tensor(-5.0))

    def embed_signal(self, x: Tensor) -> Tensor:
        """Vectors of length 1, shape (b, d), for prepared windows of shape (b, 12, length). Differentiable."""
        return nn.functional.normalize(self.signal_head(self.signal_encoder(x)), dim=1)

    def embed_text_features(self, features: Tensor) -> Tensor:
        """Vectors of length 1, shape (m, d), for outputs of the text encoder of shape (m, width). Differentiable."""
        return nn.functional.normalize(self.text_head(features), dim=1)

    def logits(self, signal: Tensor, text: Tensor) -> Tensor:
        """How likely each sentence holds, shape (b, m), before the sigmoid, for vectors of both sides."""
        return self.log_scale.exp() * signal @ text.T + self.bias
