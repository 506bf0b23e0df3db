"""Zero-shot answers: how near an ECG is to what was asked, as a score with its interval."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import torch
from scipy.special import expit
from torch import Tensor

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.findings.catalogue import children
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query, ask
from ecgclip_core.model.space import CommonSpace

# Small changes of the input that leave its meaning alone: shifts in seconds, gains, the highest frequency kept is the
# preprocessing's. The spread of the answers over them and over earlier states of the training is the interval.
VIEW_SHIFTS_S = (0.0, -0.04, 0.04, -0.15, 0.15, 0.0, 0.0)
VIEW_GAINS = (1.0, 1.0, 1.0, 1.0, 1.0, 0.93, 1.07)
INTERVAL_Z = 1.96
REPEATED_SHARE = 0.5
# How much a text in other words counts itself, beside what it is likely to mean (shares that sum to 1). Chosen, with
# the prior of `places`, on the first, third, fifth and seventh wordings of benchmarks/paraphrases.py.
OWN_WEIGHT = 0.25


@dataclass(frozen=True, eq=False)
class Views:
    """One recording as the model sees it.

    Attributes
    ----------
    own : Tensor, shape (v, d)
        Vectors of length 1 of the recording as it is, first, and of slightly changed copies of it.
    earlier : list of Tensor, shape (1, d)
        The recording as it is, as each snapshot of the training sees it.
    """

    own: Tensor
    earlier: list[Tensor]


def evidence(model: ECGCLIP, signal: Tensor, query: Query, space: CommonSpace | None = None) -> Tensor:
    """How likely the question holds, in logits before calibration: that of its likeliest statement.

    Parameters
    ----------
    model : ECGCLIP
    signal : Tensor, shape (b, d)
        Vectors of length 1 from ``embed_signal``; the result is differentiable in them.
    query : Query
    space : CommonSpace, optional
        The snapshot that the vectors come from; the model itself where left out.

    Returns
    -------
    Tensor, shape (b,)
        Of a denial the negative; of several parts the least of those joined by "and", the greatest of those by "or".
    """
    return _over_parts(query, lambda part: _plain_evidence(model, signal, part, space or model))


def margin(model: ECGCLIP, signal: Tensor, query: Query) -> Tensor:
    """How much nearer an ECG is to the question than to its contrast: what an attribution explains.

    Scores rest on `evidence` alone: on fold 8 of PTB-XL, trained on folds 1-7, subtracting the contrast lowered the
    macro PRAUC of the superclasses from 0.726 to 0.682.

    Parameters and result as in `evidence`.
    """

    def one(part: Query) -> Tensor:
        opposite = model.logits(signal, _mean_vector(model, part.contrast, model)[None])[:, 0]
        return _plain_evidence(model, signal, part, model) - opposite

    return _over_parts(query, one)


def _over_parts(query: Query, value) -> Tensor:
    total = None
    for part in query.each:
        own = -value(part) if part.negated else value(part)
        if total is None:
            total = own
        else:
            total = torch.maximum(total, own) if part.joined == "or" else torch.minimum(total, own)
    return total


def _plain_evidence(model: ECGCLIP, signal: Tensor, query: Query, space: CommonSpace) -> Tensor:
    text = torch.stack([_mean_vector(model, wordings, space) for wordings in query.statements])
    own = space.logits(signal, text).amax(dim=1)
    if not query.near:
        return own
    lent = sum(share * _plain_evidence(model, signal, near, space) for near, share in query.near)
    return (OWN_WEIGHT * own + lent) / (OWN_WEIGHT + sum(share for _, share in query.near))


def _mean_vector(model: ECGCLIP, wordings: tuple[str, ...], space: CommonSpace) -> Tensor:
    """The mean direction of several wordings; kept for a space whose weights are fixed."""
    kept = _MEANS.setdefault(space, {}) if not space.log_scale.requires_grad else {}
    if wordings not in kept:
        with torch.no_grad():
            vectors = space.embed_text_features(model.text_features(list(wordings)))
            kept[wordings] = torch.nn.functional.normalize(vectors.mean(dim=0), dim=0)
    return kept[wordings]


_MEANS: WeakKeyDictionary[CommonSpace, dict[tuple[str, ...], Tensor]] = WeakKeyDictionary()


def views(model: ECGCLIP, ecg: ECG) -> Views:
    """What the model makes of the recording, of slightly changed copies of it, and made of it earlier in training."""
    windows, _ = model.preprocessing.windows(ecg)
    rate = model.preprocessing.sampling_rate
    changed = np.concatenate(
        [
            gain * np.roll(windows, round(shift * rate), axis=2)
            for shift, gain in zip(VIEW_SHIFTS_S, VIEW_GAINS, strict=True)
        ]
    )
    vectors = torch.from_numpy(model.encode_windows(changed)).reshape(len(VIEW_GAINS), len(windows), -1)
    with model.lock, torch.no_grad():
        earlier = [space.embed_signal(torch.from_numpy(windows)).mean(dim=0, keepdim=True) for space in model.snapshots]
    normalize = torch.nn.functional.normalize
    return Views(normalize(vectors.mean(dim=1), dim=1), [normalize(vector, dim=1) for vector in earlier])


def answer(model: ECGCLIP, seen: Views, query: Query) -> tuple[float, float, float, float]:
    """Score, low, high and similarity of one recording, from its `views`.

    Several parts are answered one by one: their least score counts where they are joined by "and", their greatest
    where by "or".
    """
    total = None
    for part in query.each:
        own = _answer_one(model, seen, part)
        total = own if total is None else (np.maximum if part.joined == "or" else np.minimum)(total, own)
    with torch.no_grad():
        similarity = evidence(model, seen.own[:1], query).item()
    score, low, high = (float(value) for value in total)
    return score, low, high, similarity


def _answer_one(model: ECGCLIP, seen: Views, query: Query) -> np.ndarray:
    """Score, low and high of one part."""
    with torch.no_grad():
        logits = _plain_evidence(model, seen.own, query, model).numpy()
        earlier = [
            _plain_evidence(model, vector, query, space).numpy()
            for space, vector in zip(model.snapshots, seen.earlier, strict=True)
        ]
    slope, intercept = _calibration_of(model, query)
    half = INTERVAL_Z * spread_of(model, logits, np.array(earlier).reshape(-1))
    score, low, high = expit(slope * (logits[0] + np.array([0, -half, half])) + intercept)
    return np.array([1 - score, 1 - high, 1 - low] if query.negated else [score, low, high])


def spread_of(model: ECGCLIP, copies: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """How far answers about one recording lie apart, as a standard deviation in logits.

    Parameters
    ----------
    model : ECGCLIP
    copies : ndarray, shape (v, ...)
        Logits of the recording and of slightly changed copies.
    earlier : ndarray, shape (s, ...)
        Logits of the snapshots, each on its own scale; calibration found what brings them onto the model's.
    """
    scales = model.calibration.get("snapshots") or [{"slope": 1.0, "intercept": 0.0}] * len(earlier)
    scaled = [scale["slope"] * logit + scale["intercept"] for scale, logit in zip(scales, earlier, strict=True)]
    return np.stack([*copies, *scaled]).std(axis=0, ddof=1)


def zero_shot(model: ECGCLIP, ecgs: list[ECG], queries: list[str | Query]) -> pd.DataFrame:
    """Ask every recording every question.

    Parameters
    ----------
    model : ECGCLIP
    ecgs : list of ECG
        n recordings.
    queries : list of str or Query
        m questions.

    Returns
    -------
    DataFrame, n * m rows, ECG by ECG
        ``ecg`` (its name), ``query``, ``score`` in [0, 1], ``low`` and ``high`` (95 % interval over small changes of
        the input and earlier states of the training), ``similarity`` (the evidence in logits), ``understood``,
        ``scope``, ``basis``, ``n``, ``offered`` (False where the score tells simulated recordings from real ones rather
        than the finding), ``name``, ``finding``.
    """
    asked = [query if isinstance(query, Query) else ask(model, query) for query in queries]
    rows = []
    for ecg in ecgs:
        seen = views(model, ecg)
        for query in asked:
            score, low, high, similarity = answer(model, seen, query)
            rows.append(
                {
                    "ecg": ecg.name,
                    "query": query.text,
                    "score": score,
                    "low": low,
                    "high": high,
                    "similarity": similarity,
                    "understood": query.understood,
                    "scope": query.scope,
                    "basis": query.basis,
                    "n": query.n,
                    "offered": query.offered,
                    "name": query.name,
                    "finding": query.finding,
                }
            )
    return pd.DataFrame(rows)


def ranked_findings(model: ECGCLIP) -> list[str]:
    """Identifiers of the findings a page may rank: checked on real recordings and found better than chance there."""
    return [finding for finding, entry in model.calibration["findings"].items() if entry["better_than_chance"]]


def most_specific_first(answers: pd.DataFrame) -> pd.DataFrame:
    """Answers about one recording, likeliest first, with classes that only repeat one of their members at the end.

    Parameters
    ----------
    answers : DataFrame
        Rows of `zero_shot` about catalogue entries.

    Returns
    -------
    DataFrame
        The same rows. A class repeats a member whose score is at least `REPEATED_SHARE` of its own: "conduction
        disturbance" has little to add to "left bundle branch block".
    """
    scores = dict(zip(answers["finding"], answers["score"], strict=True))

    def repeats(row) -> bool:
        members = (entry.id for entry in children(row.finding) if entry.id != row.finding)
        return any(scores.get(member, 0.0) >= REPEATED_SHARE * row.score for member in members)

    repeated = np.array([repeats(row) for row in answers.itertuples()], dtype=bool)
    return answers.iloc[np.lexsort((-answers["score"], repeated))].reset_index(drop=True)


def _calibration_of(model: ECGCLIP, query: Query) -> tuple[float, float]:
    """Slope and intercept of a finding; other words borrow them from the findings they may mean."""
    levels = (model.calibration["findings"], model.calibration["simulated"])
    entry = next((level[query.finding] for level in levels if query.finding in level), None)
    if entry is None and query.finding is None:
        return _borrowed(model, query)
    entry = entry or model.calibration["other"]
    return entry["slope"], entry["intercept"]


def _borrowed(model: ECGCLIP, query: Query) -> tuple[float, float]:
    """The calibrations of the findings that a text is likely to mean, as far as they were checked."""
    entries = model.calibration["findings"]
    known = {near.finding: share for near, share in query.near if near.finding in entries}
    rest = model.calibration["other"]
    pairs = np.array([[entry["slope"], entry["intercept"]] for entry in (*map(entries.get, known), rest)])
    slope, intercept = np.array([*known.values(), 1 - sum(known.values())]) @ pairs
    return float(slope), float(intercept)
