"""What each cluster of a dictionary is like: its mean waveform, place in the beat, certainty, and what it goes with.

Beside the checkpoint: `clusters_description.safetensors` and `clusters_description.json`. Waveforms are means over many
recordings; a single recording is only ever named, never kept.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import CheckpointError
from ecgclip_core.interpretation.clusters import ClusterDictionary, segment
from ecgclip_core.interpretation.waves import WAVES, wave_at
from ecgclip_core.model.ecgclip import ECGCLIP

HALF_WIDTH_S = 0.4  # of the mean waveforms
BEAT_PARTS = 20
EXAMPLES = 6
LEAST_RECORDINGS = 5  # with a finding, for it to be said to go with a cluster
LEAST_LIFT = 1.25
FINDINGS_NAMED = 6
ARRAYS = ("waveforms", "times", "positions", "waves", "entropy", "share", "moments")


@dataclass(frozen=True)
class Described:
    """A recording as the description uses it.

    Attributes
    ----------
    record : str
        What to call it.
    ecg : ECG
    delineation : DataFrame
        As of ``delineate``, or the waves of a simulated recording's truth.
    findings : tuple of str
        Identifiers of all that hold.
    example : dict
        What is kept to find the recording again, e.g. ``{"finding": ..., "seed": ...}``; without it the recording is
        never an example.
    """

    record: str
    ecg: ECG
    delineation: pd.DataFrame
    findings: tuple[str, ...] = ()
    example: dict | None = None


@dataclass(frozen=True, eq=False)
class ClusterDescription:
    """The clusters of a dictionary over a set of recordings.

    Attributes
    ----------
    waveforms : ndarray of float32, shape (K, 12, m)
        Millivolts: mean of the prepared signal around the moments of each cluster; NaN where
        no recording had a sample.
    times : ndarray of float32, shape (m,)
        Seconds from the moment.
    positions : ndarray of float32, shape (K, b)
        Share of the cluster's moments in each part of the beat, from one R peak to the next; rows sum to 1.
    waves : ndarray of float32, shape (K, 4)
        Share of its moments between waves and in P, QRS and T (`WAVES`); rows sum to 1.
    entropy : ndarray of float32, shape (K,)
        Mean over its moments, in [0, 1].
    share : ndarray of float32, shape (K,)
        Share of all moments.
    moments : ndarray of int64, shape (K,)
    findings : list of DataFrame, length K
        ``finding``, ``lift`` (share of the cluster's time in recordings with the finding over that in all recordings),
        ``recordings``; largest lift first.
    examples : list of DataFrame, length K
        ``record``, ``start_s``, ``stop_s``, ``certainty`` and the fields that find the recording again: the surest long
        stretches, of different recordings.
    recordings : int
    checkpoint : str
    """

    waveforms: np.ndarray = field(repr=False)
    times: np.ndarray = field(repr=False)
    positions: np.ndarray = field(repr=False)
    waves: np.ndarray = field(repr=False)
    entropy: np.ndarray
    share: np.ndarray
    moments: np.ndarray = field(repr=False)
    findings: list[pd.DataFrame] = field(repr=False)
    examples: list[pd.DataFrame] = field(repr=False)
    recordings: int
    checkpoint: str

    @property
    def names(self) -> list[str]:
        """A name for each cluster: the wave it prefers, compared with all clusters, and a number along the beat."""
        return cluster_names(self.waves, self.positions, self.share)


def cluster_names(waves: np.ndarray, positions: np.ndarray, share: np.ndarray) -> list[str]:
    """Names such as ``"QRS 2"`` from the shares in waves (K, 4), in parts of the beat (K, b), and of all time (K,).

    A cluster is named after the wave that most of its moments lie in. Within a wave, numbers follow the beat from the
    middle before the R peak to the middle after it.
    """
    preferred = np.nan_to_num(waves).argmax(axis=1)
    # Angles, since the beat is a circle; turned so that it opens half a beat before R.
    angles = np.exp(2j * np.pi * (np.arange(positions.shape[1]) + 0.5) / positions.shape[1])
    place = np.angle(np.nan_to_num(positions) @ angles)
    names = [""] * len(waves)
    for wave, word in enumerate(WAVES):
        own = np.flatnonzero(preferred == wave)
        for number, cluster in enumerate(own[np.lexsort((-share[own], place[own]))], start=1):
            names[cluster] = f"{word.capitalize() if word == 'between' else word} {number}"
    return names


def describe_clusters(
    model: ECGCLIP,
    dictionary: ClusterDictionary,
    recordings: Iterable[Described],
    progress: Callable[[int], None] | None = None,
) -> ClusterDescription:
    """Describe the clusters of a dictionary by what they meet in recordings.

    Parameters
    ----------
    model : ECGCLIP
    dictionary : ClusterDictionary
    recordings : iterable of Described
        Each is read once and let go.
    progress : callable, optional
        Given the number of recordings that are done.

    Returns
    -------
    ClusterDescription
    """
    rate = model.preprocessing.sampling_rate
    half = round(HALF_WIDTH_S * rate)
    k = dictionary.k
    sums = np.zeros((k, 12, 2 * half + 1))
    drawn = np.zeros((k, 2 * half + 1))
    moments, entropy = np.zeros(k, dtype=np.int64), np.zeros(k)
    positions, waves = np.zeros((k, BEAT_PARTS)), np.zeros((k, len(WAVES)))
    proportions, findings = [], []
    examples: list[list[dict]] = [[] for _ in range(k)]
    for number, one in enumerate(recordings, start=1):
        found = segment(model, one.ecg, dictionary)
        np.add.at(moments, found.labels, 1)
        np.add.at(entropy, found.labels, found.entropy)
        np.add.at(waves, (found.labels, wave_at(one.delineation, found.times)), 1)
        part, inside = beat_parts(one.delineation, found.times)
        np.add.at(positions, (found.labels[inside], part[inside]), 1)
        if one.ecg.calibrated:
            at = np.round(found.times * rate).astype(int)
            _add_waveforms(sums, drawn, model.preprocessing.prepare(one.ecg), found.labels, at, half)
        if one.example is not None:
            for cluster, stretch in _surest_stretches(found):
                examples[cluster].append({"record": one.record, **stretch, **one.example})
        proportions.append(found.proportions)
        findings.append(set(one.findings))
        if progress:
            progress(number)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ClusterDescription(
            waveforms=(sums / drawn[:, None, :]).astype(np.float32),
            times=(np.arange(-half, half + 1) / rate).astype(np.float32),
            positions=(positions / positions.sum(axis=1, keepdims=True)).astype(np.float32),
            waves=(waves / waves.sum(axis=1, keepdims=True)).astype(np.float32),
            entropy=(entropy / moments).astype(np.float32),
            share=(moments / moments.sum()).astype(np.float32),
            moments=moments,
            findings=_lifts(np.array(proportions), findings),
            examples=[_best_examples(rows) for rows in examples],
            recordings=len(findings),
            checkpoint=model.hash,
        )


def beat_parts(delineation: pd.DataFrame, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of `BEAT_PARTS` equal parts of the beat, from R peak to R peak, each time lies in, and whether in any."""
    complexes = delineation[delineation["wave"] == "QRS"]
    r = np.sort(complexes.groupby("beat")["peak_s"].median().to_numpy())
    if len(r) < 2:
        return np.zeros(len(times), dtype=int), np.zeros(len(times), dtype=bool)
    after = np.searchsorted(r, times, side="right")
    inside = (after > 0) & (after < len(r))
    after = np.clip(after, 1, len(r) - 1)
    share = (times - r[after - 1]) / np.maximum(r[after] - r[after - 1], 1e-3)
    return np.clip(share * BEAT_PARTS, 0, BEAT_PARTS - 1).astype(int), inside


def _add_waveforms(
    sums: np.ndarray, drawn: np.ndarray, signal: np.ndarray, labels: np.ndarray, at: np.ndarray, half: int
) -> None:
    """Add the signal around the samples `at`; what lies outside the recording adds nothing."""
    padded = np.pad(signal, ((0, 0), (half, half)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=1)[:, at].transpose(1, 0, 2)
    np.add.at(sums, labels, np.nan_to_num(around))
    np.add.at(drawn, labels, np.isfinite(around[:, 0]))


def _surest_stretches(found) -> list[tuple[int, dict]]:
    """For each cluster of a recording, its unbroken stretch with the largest sum of certainty."""
    edges = np.flatnonzero(np.diff(found.labels)) + 1
    step = found.times[1] - found.times[0] if len(found.times) > 1 else 0.0
    best: dict[int, dict] = {}
    for start, stop in zip(np.append(0, edges), np.append(edges, len(found.labels)), strict=True):
        cluster = int(found.labels[start])
        certainty = 1 - found.entropy[start:stop]
        if cluster not in best or certainty.sum() > best[cluster]["weight"]:
            best[cluster] = {
                "start_s": round(max(float(found.times[start] - step / 2), 0.0), 3),
                "stop_s": round(float(found.times[stop - 1] + step / 2), 3),
                "certainty": round(float(certainty.mean()), 3),
                "weight": float(certainty.sum()),
            }
    return list(best.items())


def _best_examples(rows: list[dict]) -> pd.DataFrame:
    best = sorted(rows, key=lambda row: -row["weight"])[:EXAMPLES]
    kept = [{key: value for key, value in row.items() if key != "weight"} for row in best]
    return pd.DataFrame(kept, columns=None if kept else ["record", "start_s", "stop_s", "certainty"])


def _lifts(proportions: np.ndarray, findings: list[set[str]]) -> list[pd.DataFrame]:
    base = np.maximum(proportions.mean(axis=0), 1e-9)
    rows = []
    for finding in sorted(set().union(*findings)):
        own = np.array([finding in held for held in findings])
        if LEAST_RECORDINGS <= own.sum() < len(own):
            rows.append((finding, proportions[own].mean(axis=0) / base, int(own.sum())))
    tables = []
    for cluster in range(proportions.shape[1]):
        lifted = [(name, round(float(lift[cluster]), 3), n) for name, lift, n in rows if lift[cluster] >= LEAST_LIFT]
        lifted.sort(key=lambda row: -row[1])
        tables.append(pd.DataFrame(lifted[:FINDINGS_NAMED], columns=["finding", "lift", "recordings"]))
    return tables


def save_description(description: ClusterDescription, folder: str | Path) -> None:
    """Write a description into a checkpoint's folder."""
    folder = Path(folder)
    save_file(
        {name: np.ascontiguousarray(getattr(description, name)) for name in ARRAYS},
        folder / "clusters_description.safetensors",
    )
    words = {
        "checkpoint": description.checkpoint,
        "recordings": description.recordings,
        "findings": [table.to_dict("records") for table in description.findings],
        "examples": [table.to_dict("records") for table in description.examples],
    }
    (folder / "clusters_description.json").write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")


def load_description(folder: str | Path) -> ClusterDescription:
    """Read a description from a checkpoint's folder.

    Raises
    ------
    CheckpointError
        Where it is missing or damaged.
    """
    folder = Path(folder)
    if not (folder / "clusters_description.json").is_file():
        raise CheckpointError(
            f"The checkpoint {folder.name!r} has no description of its clusters (clusters_description.json). Make one."
        )
    try:
        words = json.loads((folder / "clusters_description.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "clusters_description.safetensors")
        return ClusterDescription(
            **{name: arrays[name] for name in ARRAYS},
            findings=[pd.DataFrame(rows, columns=["finding", "lift", "recordings"]) for rows in words["findings"]],
            examples=[
                pd.DataFrame(rows, columns=None if rows else ["record", "start_s", "stop_s", "certainty"])
                for rows in words["examples"]
            ],
            recordings=words["recordings"],
            checkpoint=words["checkpoint"],
        )
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"The description of the clusters of {folder.name!r} cannot be read ({type(error).__name__}). "
            "Make it again."
        ) from error


def description_of(model: ECGCLIP) -> ClusterDescription:
    """The description beside a model's checkpoint.

    Raises
    ------
    CheckpointError
        Where the model has none, or one of other weights.
    """
    if model.folder is None:
        raise CheckpointError(
            f"The model {model.name!r} was not loaded from a checkpoint: its clusters are not described."
        )
    description = _loaded(str(model.folder), model.hash)
    if description.checkpoint != model.hash:
        raise CheckpointError(
            f"The description of the clusters was made for checkpoint {description.checkpoint}, not for {model.name} "
            f"({model.hash}). Make it again for this checkpoint."
        )
    return description


@lru_cache(maxsize=4)
def _loaded(folder: str, _hash: str) -> ClusterDescription:
    return load_description(folder)
