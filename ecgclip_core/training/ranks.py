"""Which part of a batch each process of a training encodes, and how their results come together.

Every process knows all labels and texts of the global batch and draws the same random numbers; only the signals are
shared out. Each then computes the same loss over the vectors of all, so that negatives come from the whole batch and
several processes learn what one would.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ecgclip_core.errors import EcgclipError


def start(devices: int = 1, nodes: int = 1):
    """Start the processes of a training, one a device.

    Parameters
    ----------
    devices : int
        Of this host: GPUs where it has any, else processes on its CPU.
    nodes : int
        Hosts. Each runs the same command and is told which it is (docs/training.md).

    Returns
    -------
    lightning_fabric.Fabric

    Raises
    ------
    EcgclipError
        Where Lightning Fabric is not installed, or the host has fewer GPUs.
    """
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise EcgclipError(
            "Training needs Lightning Fabric. Install the 'train' extra: pip install 'ecgclip-studio[train]'"
        ) from error
    gpus = torch.cuda.device_count()
    if devices > gpus > 0:
        raise EcgclipError(f"--devices {devices}: this host has {gpus} GPUs. Ask for {gpus} or fewer.")
    strategy = "ddp" if devices * nodes > 1 else "auto"
    fabric = Fabric(accelerator="cuda" if gpus else "cpu", strategy=strategy, devices=devices, num_nodes=nodes)
    fabric.launch()
    return fabric


@dataclass(frozen=True)
class Ranks:
    """The place of this process among those of a training; alone where left out.

    Attributes
    ----------
    rank, number : int
    """

    rank: int = 0
    number: int = 1

    def part(self, total: int) -> slice:
        """The rows of a batch of `total` that this process encodes; parts differ by one row at most."""
        return slice(self.rank * total // self.number, (self.rank + 1) * total // self.number)

    def gather(self, own: Tensor, total: int) -> Tensor:
        """The rows of all processes, shape (total, ...), from those of `part`. Differentiable.

        Every process must go on to the same loss: the gradient counts it once for each of them, as `average` undoes.
        """
        return own if self.number == 1 else _Gather.apply(own, self.part(total), total, self.number)

    def average(self, gradients: list[Tensor]) -> None:
        """Replace each gradient by its mean over the processes."""
        if self.number == 1:
            return
        joined = torch.cat([gradient.flatten() for gradient in gradients])
        torch.distributed.all_reduce(joined)
        joined /= self.number
        for gradient, mean in zip(gradients, joined.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))


class _Gather(torch.autograd.Function):
    """Rows of all processes, as a sum over what each has in its own place: parts of unequal length need no padding."""

    @staticmethod
    def forward(context, own: Tensor, part: slice, total: int, number: int) -> Tensor:
        context.part, context.number = part, number
        whole = own.new_zeros(total, *own.shape[1:])
        whole[part] = own
        torch.distributed.all_reduce(whole)
        return whole

    @staticmethod
    def backward(context, gradient: Tensor):
        return gradient[context.part] * context.number, None, None, None
