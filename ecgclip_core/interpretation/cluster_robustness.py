"""Whether the clusters of a recording stay where they are when its input changes a little.

Entropy says how near a moment lies to the border between clusters; this says whether changes that leave the meaning of
the recording alone carry it across.
"""

import numpy as np

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.interpretation.activations import activations
from ecgclip_core.interpretation.clusters import ClusterDictionary
from ecgclip_core.model.ecgclip import ECGCLIP

GAINS = (0.93, 1.07)
SHIFTS_S = (-0.03, -0.01, 0.01, 0.03)  # off the grid of the moments, which are 0.04 s apart
NOISE_MV = 0.02
WANDER_MV = 0.05
WANDER_HZ = 0.3
NOISE_SEED = 0  # the same recording always gets the same answer


def robustness(model: ECGCLIP, ecg: ECG, dictionary: ClusterDictionary) -> np.ndarray:
    """How often each moment keeps its cluster under small changes of the input.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
    dictionary : ClusterDictionary
        Of this model.

    Returns
    -------
    ndarray of float32, shape (t,)
        For the moments of `segment`: the share of changed copies (gain, shifts by less than a moment, noise, wander of
        the baseline) in which the likeliest cluster is the same.
    """
    signal = model.preprocessing.prepare(ecg)
    samples = signal.shape[1]
    padded = np.pad(signal, ((0, 0), (0, max(model.preprocessing.length - samples, 0))))
    rate = model.preprocessing.sampling_rate
    found = activations(model, np.concatenate([padded[None], changed_copies(padded, rate)]))
    labels = dictionary.responsibilities(found.values).argmax(axis=2)
    inside = min(int(np.ceil(samples / (found.step_s * rate))), labels.shape[1])
    return (labels[1:, :inside] == labels[0, :inside]).mean(axis=0, dtype=np.float32)


def changed_copies(signal: np.ndarray, sampling_rate: float) -> np.ndarray:
    """Copies of a prepared signal that mean the same, shape (copies, 12, samples), for one of shape (12, samples)."""
    random = np.random.default_rng(NOISE_SEED)
    seconds = np.arange(signal.shape[1]) / sampling_rate
    phases = random.uniform(0, 2 * np.pi, (len(signal), 1))
    copies = [gain * signal for gain in GAINS]
    copies += [np.roll(signal, round(shift * sampling_rate), axis=1) for shift in SHIFTS_S]
    copies.append(signal + random.normal(0, NOISE_MV, signal.shape))
    copies.append(signal + WANDER_MV * np.sin(2 * np.pi * WANDER_HZ * seconds + phases))
    return np.stack(copies).astype(np.float32)
