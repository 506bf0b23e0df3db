"""Saliency: which samples of which leads carry a model's answer.

The methods are those of Captum (Kokhlikyan et al. 2020, arXiv:2009.07896). All have one signature: the margin to
explain and the prepared windows in, one value for each sample of them out. A further method is one function and one
line of `METHODS`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.interpretation.target import ContrastMargin, Progress
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query, ask
from ecgclip_core.model.signal_encoder import STAGE_STRIDES, STEM_STRIDE
from ecgclip_core.model.zero_shot import margin

INTEGRATION_STEPS = 50
INTEGRATION_BATCH = 25
SMOOTHING_COPIES = 20
SMOOTHING_NOISE = 0.05  # of a lead's range; more drowns the P wave
OCCLUSION_WIDTH_S = 0.16  # two cells of the last stage, about a QRS complex with its edges
OCCLUSION_STEP_S = 0.08
OCCLUSION_BATCH = 24


@dataclass(frozen=True)
class Saliency:
    """How much each sample of each lead carries an answer.

    Attributes
    ----------
    values : ndarray of float32, shape (12, n)
        On the samples and in the lead order of the recording's signal. A value belongs to one sample at the
        checkpoint's rate; between those it is interpolated. Leads that the recording lacks are 0.
    method : str
        A key of `METHODS`.
    query : Query
    resolution_s : float
        Seconds; detail finer than this is interpolation.
    target : float
        The margin that is explained, in logits: above 0 the question is nearer than its contrast.
    delta : float or None
        For integrated gradients: the sum of the attributions less the difference of the margin between the recording
        and the baseline; 0 where the integral is exact. The largest of all windows.
    sampling_rate : float
        Hz, of `values`.
    """

    values: np.ndarray = field(repr=False)
    method: str
    query: Query
    resolution_s: float
    target: float
    delta: float | None
    sampling_rate: float


@dataclass(frozen=True)
class Method:
    """One way to compute a map.

    Attributes
    ----------
    label, note : str
        What a reader calls it, and what its maps can and cannot show.
    function : callable
        ``function(target, x) -> (values, delta)``: `ContrastMargin` and windows (w, 12, length) in, values of the same
        shape and the convergence delta (w,) or None out.
    resolution : callable
        ``resolution(model) -> float``, seconds.
    signed : bool
        Whether values below 0 speak against the question; otherwise only size counts.
    by_lead, by_time : bool
        Whether the map tells leads, and moments, apart.
    """

    label: str
    note: str
    function: Callable[[ContrastMargin, Tensor], tuple[Tensor, Tensor | None]]
    resolution: Callable[[ECGCLIP], float]
    signed: bool
    by_lead: bool = True
    by_time: bool = True


def saliency(
    model: ECGCLIP,
    ecg: ECG,
    query: str | Query,
    method: str = "integrated_gradients",
    progress: Progress | None = None,
) -> Saliency:
    """Where in a recording the model found its answer to a question.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
        Of any length: one longer than the model's window is explained window by window, each by its own margin; of one
        shorter, the padding is left out.
    query : str or Query
    method : str
        A key of `METHODS`.
    progress : callable, optional
        Called with the share of the work done, in [0, 1]. An exception that it raises stops the work.

    Returns
    -------
    Saliency

    Raises
    ------
    QuestionError
        Where the question is empty or too long.
    ValueError
        For a method that does not exist.
    """
    if method not in METHODS:
        raise ValueError(f"no saliency method {method!r}; there are {', '.join(METHODS)}")
    query = query if isinstance(query, Query) else ask(model, query)
    windows, _ = model.preprocessing.windows(ecg)
    x = torch.from_numpy(windows)
    target = ContrastMargin(model, query, progress)
    values, delta = METHODS[method].function(target, x)
    laid = model.preprocessing.over_recording(values.detach().numpy(), ecg)
    laid[~np.isfinite(ecg.signal).any(axis=1)] = 0
    vector = torch.from_numpy(model.encode_windows(windows)).mean(dim=0, keepdim=True)
    return Saliency(
        values=laid,
        method=method,
        query=query,
        resolution_s=METHODS[method].resolution(model),
        target=float(margin(model, torch.nn.functional.normalize(vector, dim=1), query)[0]),
        delta=None if delta is None else float(delta[delta.abs().argmax()]),
        sampling_rate=ecg.sampling_rate,
    )


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


def integrated_gradients(target: ContrastMargin, x: Tensor) -> tuple[Tensor, Tensor]:
    """x times the mean gradient on the straight way from a flat line to x (Sundararajan et al. 2017, arXiv:1703.01365).

    The values sum to the margin of x less that of a flat line, up to the delta. What is flat has value 0: an absent
    wave cannot be seen in this map.
    """
    from captum.attr import IntegratedGradients

    target.expected = len(x) * (INTEGRATION_STEPS + 2)
    return IntegratedGradients(target).attribute(
        _leaf(x),
        baselines=torch.zeros_like(x),
        n_steps=INTEGRATION_STEPS,
        internal_batch_size=max(INTEGRATION_BATCH, len(x)),
        return_convergence_delta=True,
    )


def grad_cam(target: ContrastMargin, x: Tensor) -> tuple[Tensor, None]:
    """Channels of the last stage, weighted by their mean gradient (Selvaraju et al. 2017, arXiv:1610.02391).

    What speaks against the question is cut off. The last stage has no leads: every lead gets the same curve.
    """
    from captum.attr import LayerGradCam

    target.expected = len(x)
    layer = target.model.signal_encoder.stages[-1]
    with target.model.lock:  # from setting the hook to its removal
        cells = LayerGradCam(target, layer).attribute(_leaf(x), relu_attributions=True)[:, 0].detach().numpy()
    # With odd kernels and symmetric padding, cell i is centred on sample i * stride.
    stride = -(-x.shape[2] // cells.shape[1])
    at = np.arange(x.shape[2])
    curves = np.stack([np.interp(at, np.arange(len(row)) * stride, row) for row in cells])
    return torch.from_numpy(curves)[:, None, :].expand_as(x).float(), None


def occlusion(target: ContrastMargin, x: Tensor) -> tuple[Tensor, None]:
    """How much the margin falls when a stretch of one lead is flattened (Zeiler and Fergus 2014, arXiv:1311.2901).

    A sample has the mean of the stretches that cover it.
    """
    from captum.attr import Occlusion

    rate = target.model.preprocessing.sampling_rate
    width, step = round(OCCLUSION_WIDTH_S * rate), round(OCCLUSION_STEP_S * rate)
    positions = 1 + -(-(x.shape[2] - width) // step)
    target.expected = len(x) * (1 + x.shape[1] * positions)
    return (
        Occlusion(target).attribute(
            x, sliding_window_shapes=(1, width), strides=(1, step), baselines=0, perturbations_per_eval=OCCLUSION_BATCH
        ),
        None,
    )


def lead_ablation(target: ContrastMargin, x: Tensor) -> tuple[Tensor, None]:
    """How much the margin falls when a whole lead is flattened; one value a lead."""
    from captum.attr import FeatureAblation

    target.expected = len(x) * (1 + x.shape[1])
    mask = torch.arange(x.shape[1])[None, :, None].expand(1, -1, x.shape[2])
    return FeatureAblation(target).attribute(x, baselines=0, feature_mask=mask, perturbations_per_eval=12), None


def _leaf(x: Tensor) -> Tensor:
    return x.detach().clone().requires_grad_(True)


def _sample(model: ECGCLIP) -> float:
    return 1 / model.preprocessing.sampling_rate


def _last_cell(model: ECGCLIP) -> float:
    return math.prod((STEM_STRIDE, *STAGE_STRIDES)) / model.preprocessing.sampling_rate


METHODS: dict[str, Method] = {
    "integrated_gradients": Method(
        "Integrated gradients",
        "Adds up to the answer, up to the delta. An absent or flat wave gets nothing.",
        integrated_gradients,
        _sample,
        signed=True,
    ),
    "gradient": Method(
        "Gradient",
        "How sensitive the answer is to each sample; says nothing about for or against.",
        gradient,
        _sample,
        signed=False,
    ),
    "smoothgrad": Method(
        "SmoothGrad",
        f"The gradient, averaged over {SMOOTHING_COPIES} copies with a little noise.",
        smoothgrad,
        _sample,
        signed=False,
    ),
    "grad_cam": Method(
        "Grad-CAM",
        "When, not in which lead: the last stage of the encoder has no leads, so all twelve show the same curve.",
        grad_cam,
        _last_cell,
        signed=False,
        by_lead=False,
    ),
    "occlusion": Method(
        "Occlusion",
        "How much the answer falls when a stretch of one lead is flattened. Slow. An absent or flat wave gets nothing.",
        occlusion,
        lambda model: OCCLUSION_WIDTH_S,
        signed=True,
    ),
    "lead_ablation": Method(
        "Lead ablation",
        "How much the answer falls when a whole lead is flattened: which leads, not when.",
        lead_ablation,
        lambda model: model.preprocessing.length / model.preprocessing.sampling_rate,
        signed=True,
        by_time=False,
    ),
}
