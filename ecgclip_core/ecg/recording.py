"""One 12-lead recording as everything else in the project sees it."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ecgclip_core.ecg.leads import LEADS


@dataclass(frozen=True)
class Patient:
    """What a file says of the person, kept out of every representation that could reach a log.

    Attributes
    ----------
    age : float or None
        Years.
    sex : str or None
        ``"female"``, ``"male"`` or None.
    identity : dict
        Name, identifier, dates: shown only when a reader asks for them.
    """

    age: float | None = None
    sex: str | None = None
    identity: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "Patient(hidden)"


@dataclass(frozen=True, eq=False)
class ECG:
    """A 12-lead recording.

    Attributes
    ----------
    signal : ndarray of float32, shape (12, n)
        In the order of ``LEADS``; NaN throughout a lead that is missing.
    sampling_rate : float
        Hz.
    units : str
        ``"mV"``, or ``"unscaled"`` where the scale is lost: shapes and times hold, voltages do not.
    name : str
        What to call it on the screen; never a patient's name.
    patient : Patient
    notes : tuple of str
        What was repaired or assumed while reading, in words.
    truth : object or None
        For simulated recordings: where the waves are and what was put in.
    """

    signal: np.ndarray
    sampling_rate: float
    units: str = "mV"
    name: str = "recording"
    patient: Patient = field(default_factory=Patient)
    notes: tuple[str, ...] = ()
    truth: Any = field(default=None, repr=False)

    def __post_init__(self):
        signal = np.ascontiguousarray(self.signal, dtype=np.float32)
        if signal.ndim != 2 or signal.shape[0] != len(LEADS):
            raise ValueError(f"an ECG has shape (12, n), not {signal.shape}")
        signal = signal.view()
        signal.setflags(write=False)
        object.__setattr__(self, "signal", signal)

    def __repr__(self) -> str:
        return f"ECG({self.name!r}, {self.duration:g} s at {self.sampling_rate:g} Hz, {self.units})"

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.signal.shape[1] / self.sampling_rate

    @property
    def times(self) -> np.ndarray:
        """Seconds from the start, shape (n,)."""
        return np.arange(self.signal.shape[1]) / self.sampling_rate

    @property
    def calibrated(self) -> bool:
        """Whether the signal is in millivolts."""
        return self.units == "mV"

    @property
    def missing_leads(self) -> tuple[str, ...]:
        """Leads without a single finite sample."""
        return tuple(lead for lead, row in zip(LEADS, self.signal, strict=True) if not np.isfinite(row).any())

    def lead(self, name: str) -> np.ndarray:
        """The samples of one lead, shape (n,)."""
        return self.signal[LEADS.index(name)]

    def with_notes(self, *notes: str) -> "ECG":
        """The same recording with further notes."""
        return replace(self, notes=self.notes + notes)
