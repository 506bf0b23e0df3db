"""The signal encoder: a one-dimensional residual network over twelve leads.

He et al. 2016 (doi:10.1109/CVPR.2016.90) in one dimension, with a stem that halves the time axis once and no
max-pooling. The last stage keeps the time resolution of the one before it: at 100 Hz its cells are 80 ms wide, so
that clusters over time can tell a P wave from a QRS complex. Every ReLU is a module used once, since attribution
methods hook them.
"""

import torch
from torch import Tensor, nn

LAYOUTS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}
STAGE_STRIDES = (1, 2, 2, 1)
STEM_STRIDE = 2


class BasicBlock(nn.Module):
    """Two convolutions of kernel 3 with a shortcut around them."""

    def __init__(self, channels_in: int, channels_out: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv1d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm1d(channels_out)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv1d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm1d(channels_out)
        self.relu2 = nn.ReLU()
        self.shortcut = nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(
                nn.Conv1d(channels_in, channels_out, 1, stride=stride, bias=False), nn.BatchNorm1d(channels_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.bn2(self.conv2(y)) + self.shortcut(x))


def stem(width: int) -> nn.Sequential:
    """The first convolution, over all leads."""
    return nn.Sequential(
        nn.Conv1d(12, width, 7, stride=STEM_STRIDE, padding=3, bias=False), nn.BatchNorm1d(width), nn.ReLU()
    )


def residual_stages(layout: str, widths: tuple[int, ...], strides: tuple[int, ...]) -> nn.ModuleList:
    """The stages after the stem; only the first block of each changes width and time axis."""
    stages = []
    channels = widths[0]
    for depth, width, stride in zip(LAYOUTS[layout], widths, strides, strict=True):
        blocks = [BasicBlock(channels, width, stride)]
        blocks += [BasicBlock(width, width, 1) for _ in range(depth - 1)]
        stages.append(nn.Sequential(*blocks))
        channels = width
    return nn.ModuleList(stages)


class SignalEncoder(nn.Module):
    """Twelve leads in, one vector out.

    Parameters
    ----------
    layout : str
        ``"resnet18"`` or ``"resnet34"``.
    widths : sequence of int
        Channels of the four stages.

    Attributes
    ----------
    stages : nn.ModuleList
        The four residual stages; at 100 Hz their outputs have cells of 20, 40, 80 and 80 ms.
    strides : tuple of int
        Of the stem and of each stage.
    width : int
        Length of the output vector: mean and maximum over time of the last stage.
    """

    def __init__(self, layout: str = "resnet18", widths: tuple[int, ...] = (64, 128, 256, 512)):
        super().__init__()
        self.strides = (STEM_STRIDE, *STAGE_STRIDES)
        self.stem = stem(widths[0])
        self.stages = residual_stages(layout, widths, STAGE_STRIDES)
        self.width = 2 * widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Vectors of shape (b, width) for signals of shape (b, 12, n) in the units of the preprocessing."""
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)
