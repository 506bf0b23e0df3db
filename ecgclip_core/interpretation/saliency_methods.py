"""The ways to compute a map.

All have one signature: the margin to explain and the prepared windows in, with the baseline windows or the stage as
keywords where a method uses one; one value for each sample, and the convergence delta or None, out. The methods are
those of Captum (Kokhlikyan et al. 2020, arXiv:2009.07896).
"""

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.interpretation.target import ContrastMargin

# Gauss-Legendre steps; the second number where the first misses the answer by more than a tenth.
INTEGRATION_STEPS = (20, 48)
INTEGRATION_BATCH = 24
DELTA_SHARE = 0.1  # of the difference to explain
DELTA_LOGITS = 0.1
SMOOTHING_COPIES = 20
SMOOTHING_NOISE = 0.05  # of a lead's range; more drowns the P wave
OCCLUSION_WIDTH_S = 0.16  # two cells of the last stage, about a QRS complex with its edges
OCCLUSION_STEP_S = 0.08
OCCLUSION_BATCH = 24


def gradient(target: ContrastMargin, x: Tensor) -> tuple[Tensor, None]:
    """|d margin / d x|: how much the answer would change with the sample (Simonyan et al. 2014, arXiv:1312.6034)."""
    from captum.attr import Saliency as Gradient

    target.expected = max(target.expected, len(x))
    return Gradient(target).attribute(_leaf(x), abs=True), None


def smoothgrad(target: ContrastMargin, x: Tensor) -> tuple[Tensor, None]:
    """The mean of `gradient` over copies with a little noise (Smilkov et al. 2017, arXiv:1706.03825).

    The noise comes from a generator of its own and not through Captum's ``NoiseTunnel``, which draws from the state
    that all threads share: the same recording always has the same map.
    """
    target.expected = SMOOTHING_COPIES * len(x)
    generator = torch.Generator().manual_seed(0)
    spread = SMOOTHING_NOISE * (x.amax(dim=2, keepdim=True) - x.amin(dim=2, keepdim=True))
    copies = (x + spread * torch.randn(x.shape, generator=generator) for _ in range(SMOOTHING_COPIES))
    return sum(gradient(target, copy)[0] for copy in copies) / SMOOTHING_COPIES, None


def integrated_gradients(target: ContrastMargin, x: Tensor, baseline: Tensor) -> tuple[Tensor, Tensor]:
    """Difference to the baseline times the mean gradient on the straight way from it (Sundararajan et al. 2017,
    arXiv:1703.01365).

    The values sum to the margin of x less that of the baseline, up to the delta. Steps are added until the delta is
    small against what there is to explain. Where x equals the baseline the value is 0.
    """
    from captum.attr import IntegratedGradients

    method = IntegratedGradients(target)
    target.expected = len(x) * (INTEGRATION_STEPS[0] + 2)
    for steps in INTEGRATION_STEPS:
        values, delta = method.attribute(
            _leaf(x),
            baselines=baseline,
            n_steps=steps,
            internal_batch_size=max(INTEGRATION_BATCH, len(x)),
            return_convergence_delta=True,
        )
        explained = (values.sum(dim=(1, 2)) - delta).abs()
        if bool((delta.abs() <= (DELTA_SHARE * explained).clamp(min=DELTA_LOGITS)).all()):
            break
    return values, delta


def grad_cam(target: ContrastMargin, x: Tensor, stage: int) -> tuple[Tensor, None]:
    """Channels of a stage, weighted by their mean gradient (Selvaraju et al. 2017, arXiv:1610.02391).

    What speaks against the question is cut off. A stage has no leads: every lead gets the same curve.
    """
    from captum.attr import LayerGradCam

    target.expected = len(x)
    layer = target.space.signal_encoder.stages[stage - 1]
    with target.model.lock:  # from setting the hook to its removal
        cells = LayerGradCam(target, layer).attribute(_leaf(x), relu_attributions=True)[:, 0].detach().numpy()
    # With odd kernels and symmetric padding, cell i is centred on sample i * stride.
    stride = -(-x.shape[2] // cells.shape[1])
    at = np.arange(x.shape[2])
    curves = np.stack([np.interp(at, np.arange(len(row)) * stride, row) for row in cells])
    return torch.from_numpy(curves)[:, None, :].expand_as(x).float(), None


def occlusion(target: ContrastMargin, x: Tensor, baseline: Tensor) -> tuple[Tensor, None]:
    """How much the margin falls when a stretch of one lead is replaced by the baseline (Zeiler and Fergus 2014,
    arXiv:1311.2901).

    A sample has the mean of the stretches that cover it.
    """
    from captum.attr import Occlusion

    rate = target.model.preprocessing.sampling_rate
    width, step = round(OCCLUSION_WIDTH_S * rate), round(OCCLUSION_STEP_S * rate)
    positions = 1 + -(-(x.shape[2] - width) // step)
    target.expected = len(x) * (1 + x.shape[1] * positions)
    return (
        Occlusion(target).attribute(
            x,
            sliding_window_shapes=(1, width),
            strides=(1, step),
            baselines=baseline,
            perturbations_per_eval=OCCLUSION_BATCH,
        ),
        None,
    )


def lead_ablation(target: ContrastMargin, x: Tensor, baseline: Tensor) -> tuple[Tensor, None]:
    """How much the margin falls when a whole lead is replaced by the baseline; one value a lead."""
    from captum.attr import FeatureAblation

    target.expected = len(x) * (1 + x.shape[1])
    mask = torch.arange(x.shape[1])[None, :, None].expand(1, -1, x.shape[2])
    ablation = FeatureAblation(target)
    return ablation.attribute(x, baselines=baseline, feature_mask=mask, perturbations_per_eval=12), None


def _leaf(x: Tensor) -> Tensor:
    return x.detach().clone().requires_grad_(True)
