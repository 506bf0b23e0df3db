"""The signal encoder of MERL (Liu et al. 2024, arXiv 2403.06659), as a control and for comparing speed.

A residual network whose four stages end at a stride of 16, a 1x1 convolution, and attention pooling: one learned token
asks all cells. The last linear layer of the published pooling is the head of the common space. Written anew from the
published source's description of layers; every ReLU is a module used once.
"""

import math

import torch
from torch import Tensor, nn

from ecgclip_core.model.signal_encoder import STEM_STRIDE, residual_stages, stem

STAGE_STRIDES = (1, 2, 2, 2)
HEADS = 4


class MerlEncoder(nn.Module):
    """Twelve leads in, one vector out.

    Parameters
    ----------
    layout : str
        ``"resnet18"`` or ``"resnet34"``.
    widths : sequence of int
        Channels of the four stages.
    width : int
        Of the vector.
    length : int
        Samples of a window: each cell of the last stage has a learned position. Published: 5,000 at 500 Hz.

    Attributes
    ----------
    strides : tuple of int
        Of the stem and of each stage.
    views : nn.ModuleList
        The two linear maps under which training compares a recording with itself (`objectives.contrastive`).
    """

    def __init__(
        self,
        layout: str = "resnet18",
        widths: tuple[int, ...] = (64, 128, 256, 512),
        width: int = 256,
        length: int = 1000,
    ):
        super().__init__()
        self.width = width
        self.strides = (STEM_STRIDE, *STAGE_STRIDES)
        self.stem = stem(widths[0])
        self.stages = residual_stages(layout, widths, STAGE_STRIDES)
        self.narrow = nn.Conv1d(widths[-1], width, 1)
        cells = math.ceil(length / math.prod(self.strides))
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, cells + 1, width) / width)
        self.attention = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.views = nn.ModuleList([nn.Linear(width, width, bias=False) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        """Vectors of shape (b, width) for signals of shape (b, 12, length) in the units of the preprocessing."""
        return self._attended(self._cells(x))

    def with_mean(self, x: Tensor) -> Tensor:
        """The same and the mean over time of the cells beside it, shape (b, 2 * width): what training compares."""
        cells = self._cells(x)
        return torch.cat([self._attended(cells), cells.mean(dim=1)], dim=1)

    def _cells(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.narrow(x).transpose(1, 2)

    def _attended(self, cells: Tensor) -> Tensor:
        tokens = torch.cat([self.token.expand(len(cells), -1, -1), cells], dim=1) + self.positions
        return self.attention(tokens[:, :1], tokens, tokens, need_weights=False)[0][:, 0]
