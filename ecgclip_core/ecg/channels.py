"""What a reader of one format hands on: the channels as the file has them, before they become an ECG."""

from dataclasses import dataclass, field

import numpy as np

from ecgclip_core.ecg.recording import Patient


@dataclass(frozen=True, eq=False)
class Channels:
    """Channels as they stand in a file.

    Attributes
    ----------
    names : tuple of str
        As the file spells them.
    signal : ndarray, shape (k, n)
        In the unit of each channel, NaN where a sample is invalid.
    units : tuple of (str or None)
        As the file spells them; None where the file does not say and a person has to be asked.
    sampling_rate : float or None
        Hz; None where the file does not say.
    patient : Patient
    notes : tuple of str
        What was repaired or assumed while decoding.
    recorded : str
        A sentence on the device and its filters; empty where the file does not say.
    """

    names: tuple[str, ...]
    signal: np.ndarray = field(repr=False)
    units: tuple[str | None, ...]
    sampling_rate: float | None
    patient: Patient = field(default_factory=Patient)
    notes: tuple[str, ...] = ()
    recorded: str = ""
