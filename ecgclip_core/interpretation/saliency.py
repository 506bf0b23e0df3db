"""Saliency: which samples of which leads carry a model's answer.

A further method is one function in `saliency_methods` and one line of `METHODS`; a further baseline is one function and
one line in `saliency_baselines`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.interpretation import saliency_methods as methods
from ecgclip_core.interpretation.saliency_baselines import BASELINES
from ecgclip_core.interpretation.target import ContrastMargin, Progress
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query, ask
from ecgclip_core.model.signal_encoder import STAGE_STRIDES
from ecgclip_core.model.zero_shot import margin

# What the app shows first, with the baseline that `METHODS` gives it: the best by the rule in docs/saliency.md, as
# benchmarks/saliency.py found it.
DEFAULT = "integrated_gradients"
STAGES = tuple(range(1, len(STAGE_STRIDES) + 1))


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
    baseline : str or None
        A key of ``BASELINES`` for a method that compares the recording with one.
    stage : int or None
        Of the encoder, from 1, for a method that looks into one.
    """

    values: np.ndarray = field(repr=False)
    method: str
    query: Query
    resolution_s: float
    target: float
    delta: float | None
    sampling_rate: float
    baseline: str | None = None
    stage: int | None = None


@dataclass(frozen=True)
class Method:
    """One way to compute a map.

    Attributes
    ----------
    label, note : str
        What a reader calls it, and what its maps can and cannot show.
    function : callable
        ``function(target, x, ...) -> (values, delta)``: `ContrastMargin` and windows (w, 12, length) in, values of
        the same shape and the convergence delta (w,) or None out.
    resolution : callable
        ``resolution(model, stage) -> float``, seconds.
    signed : bool
        Whether values below 0 speak against the question; otherwise only size counts.
    by_lead, by_time : bool
        Whether the map tells leads, and moments, apart.
    slow : bool
        Whether a map takes more than about a second for ten seconds of ECG.
    uses : tuple of str
        Which of ``"baseline"`` and ``"stage"`` the function takes as keywords.
    baseline : str
        The key of ``BASELINES`` that is used where none is chosen.
    """

    label: str
    note: str
    function: Callable[..., tuple[Tensor, Tensor | None]]
    resolution: Callable[[ECGCLIP, int], float]
    signed: bool
    by_lead: bool = True
    by_time: bool = True
    slow: bool = False
    uses: tuple[str, ...] = ()
    baseline: str = "zero"


def saliency(
    model: ECGCLIP,
    ecg: ECG,
    query: str | Query,
    method: str = DEFAULT,
    progress: Progress | None = None,
    baseline: str | None = None,
    stage: int = STAGES[-1],
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
    baseline : str, optional
        A key of ``BASELINES``: what the recording is compared with, by methods that compare; that of `METHODS` where
        left out.
    stage : int
        Of the encoder, 1 to 4: where Grad-CAM looks. An earlier stage has finer cells and sees less of the beat.

    Returns
    -------
    Saliency

    Raises
    ------
    QuestionError
        Where the question is empty or too long.
    ValueError
        For a method, baseline or stage that does not exist.
    """
    query = query if isinstance(query, Query) else ask(model, query)
    target = ContrastMargin(model, query, progress)
    values, delta = attribute(target, ecg, method, baseline, stage)
    target.tell(1.0)
    how = METHODS[method]
    return Saliency(
        values=values,
        method=method,
        query=query,
        resolution_s=how.resolution(model, stage),
        target=_margin(model, ecg, query),
        delta=delta,
        sampling_rate=ecg.sampling_rate,
        baseline=(baseline or how.baseline) if "baseline" in how.uses else None,
        stage=stage if "stage" in how.uses else None,
    )


def attribute(
    target: ContrastMargin, ecg: ECG, method: str = DEFAULT, baseline: str | None = None, stage: int = STAGES[-1]
) -> tuple[np.ndarray, float | None]:
    """The map of any target, on the samples of a recording.

    Parameters
    ----------
    target : ContrastMargin
    ecg, method, baseline, stage
        As of `saliency`.

    Returns
    -------
    values : ndarray of float32, shape (12, n)
    delta : float or None
    """
    if method in METHODS:
        baseline = baseline or METHODS[method].baseline
    for what, chosen, known in (
        ("method", method, METHODS),
        ("baseline", baseline, BASELINES),
        ("stage", stage, STAGES),
    ):
        if chosen not in known:
            raise ValueError(f"no saliency {what} {chosen!r}; there are {', '.join(map(str, known))}")
    preprocessing = target.model.preprocessing
    windows, _ = preprocessing.windows(ecg)
    options = {}
    if "baseline" in METHODS[method].uses:
        options["baseline"] = torch.from_numpy(BASELINES[baseline].function(windows, ecg, preprocessing))
    if "stage" in METHODS[method].uses:
        options["stage"] = stage
    values, delta = METHODS[method].function(target, torch.from_numpy(windows), **options)
    laid = preprocessing.over_recording(values.detach().numpy(), ecg)
    laid[~np.isfinite(ecg.signal).any(axis=1)] = 0
    return laid, None if delta is None else float(delta[delta.abs().argmax()])


def _margin(model: ECGCLIP, ecg: ECG, query: Query) -> float:
    """The margin of the whole recording."""
    return float(margin(model, torch.from_numpy(model.encode_ecg([ecg])), query)[0])


def _sample(model: ECGCLIP, stage: int) -> float:
    return 1 / model.preprocessing.sampling_rate


def _cell(model: ECGCLIP, stage: int) -> float:
    return math.prod(model.signal_encoder.strides[: stage + 1]) / model.preprocessing.sampling_rate


def _window(model: ECGCLIP, stage: int) -> float:
    return model.preprocessing.length / model.preprocessing.sampling_rate


METHODS: dict[str, Method] = {
    "integrated_gradients": Method(
        "Integrated gradients",
        "Adds up to the difference between the recording and the baseline, up to the delta.",
        methods.integrated_gradients,
        _sample,
        signed=True,
        uses=("baseline",),
        baseline="normal",
    ),
    "gradient": Method(
        "Gradient",
        "How sensitive the answer is to each sample; says nothing about for or against.",
        methods.gradient,
        _sample,
        signed=False,
    ),
    "smoothgrad": Method(
        "SmoothGrad",
        f"The gradient, averaged over {methods.SMOOTHING_COPIES} copies with a little noise.",
        methods.smoothgrad,
        _sample,
        signed=False,
    ),
    "grad_cam": Method(
        "Grad-CAM",
        "When, not in which lead: the stages of the encoder have no leads, so all twelve show the same curve.",
        methods.grad_cam,
        _cell,
        signed=False,
        by_lead=False,
        uses=("stage",),
    ),
    "occlusion": Method(
        "Occlusion",
        "How much the answer falls when a stretch of one lead is replaced by the baseline. Slow.",
        methods.occlusion,
        lambda model, stage: methods.OCCLUSION_WIDTH_S,
        signed=True,
        slow=True,
        uses=("baseline",),
    ),
    "lead_ablation": Method(
        "Lead ablation",
        "How much the answer falls when a whole lead is replaced by the baseline: which leads, not when.",
        methods.lead_ablation,
        _window,
        signed=True,
        by_time=False,
        uses=("baseline",),
    ),
}
