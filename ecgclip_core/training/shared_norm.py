"""Batch normalisation over the recordings of all processes, on any device.

torch's own SyncBatchNorm works on CUDA only. This one keeps the names of parameters and buffers, so that a checkpoint
is the same whichever trained it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class SharedBatchNorm(nn.BatchNorm1d):
    """BatchNorm1d whose statistics in training are those of all processes' rows."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        y, mean, variance, count = _Normalise.apply(x, self.weight, self.bias, self.eps)
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        return y


def share_statistics(module: nn.Module) -> None:
    """Put a `SharedBatchNorm` with the same parameters in the place of every BatchNorm1d of a module."""
    for name, child in module.named_children():
        share_statistics(child)
        if type(child) is nn.BatchNorm1d:
            shared = SharedBatchNorm(child.num_features, child.eps, child.momentum)
            for kept in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(shared, kept, getattr(child, kept))
            setattr(module, name, shared.train(child.training))


@contextmanager
def statistics_at_rest(module: nn.Module) -> Iterator[None]:
    """Inside, batches are normalised as in training and leave the running statistics as they are."""
    norms = [child for child in module.modules() if isinstance(child, nn.BatchNorm1d)]
    kept = [(norm.momentum, norm.num_batches_tracked.clone()) for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, kept, strict=True):
            norm.momentum = momentum
            norm.num_batches_tracked.copy_(count)


class _Normalise(torch.autograd.Function):
    """(x - mean) / deviation * weight + bias over rows and time; Ioffe & Szegedy 2015, arXiv 1502.03167."""

    @staticmethod
    def forward(context, x: Tensor, weight: Tensor, bias: Tensor, eps: float):
        whole = x.float()
        over = [0, *range(2, x.dim())]
        count = whole.new_tensor([x.numel() / max(x.shape[1], 1)])
        sums = torch.cat([whole.sum(over), count])
        torch.distributed.all_reduce(sums)
        count = sums[-1]
        mean = sums[:-1] / count
        variance = (whole - _along(mean, x)).square().sum(over)
        torch.distributed.all_reduce(variance)
        variance = variance / count
        scale = (variance + eps).rsqrt()
        context.save_for_backward(x, weight, mean, scale, count)
        context.mark_non_differentiable(mean, variance, count)
        y = (whole - _along(mean, x)) * _along(scale * weight, x) + _along(bias, x)
        return y.to(x.dtype), mean, variance, count

    @staticmethod
    def backward(context, gradient: Tensor, *_):
        x, weight, mean, scale, count = context.saved_tensors
        over = [0, *range(2, x.dim())]
        gradient = gradient.float()
        standard = (x.float() - _along(mean, x)) * _along(scale, x)
        of_bias, of_weight = gradient.sum(over), (gradient * standard).sum(over)
        shared = torch.stack([of_bias, of_weight])
        torch.distributed.all_reduce(shared)
        shared /= count
        centred = gradient - _along(shared[0], x) - standard * _along(shared[1], x)
        return (centred * _along(scale * weight, x)).to(x.dtype), of_weight, of_bias, None


def _along(values: Tensor, x: Tensor) -> Tensor:
    """One value a channel, shaped to meet `x`."""
    return values.view(1, -1, *[1] * (x.dim() - 2))
