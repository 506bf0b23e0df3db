"""What one simulated recording holds, ready for questions: its waves, kinds of beat and sizes in every lead."""

import numpy as np

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.simulation.truth import Truth

PLACE = {lead: place for place, lead in enumerate(LEADS)}


class Drawn:
    """What one simulated recording holds, as arrays over the leads."""

    def __init__(self, truth: Truth):
        self.put_in = truth.put_in
        self.findings = set(truth.findings)
        self.lead = {name: np.array([row[lead] for lead in LEADS]) for name, row in self.put_in["basic_beat"].items()}
        waves = truth.waves
        kinds, names = waves["kind"].to_numpy(str), waves["wave"].to_numpy(str)
        onsets, beats = waves["onset_s"].to_numpy(float), waves["beat"].to_numpy(int)
        self.qrs_kinds, self.qrs_beats = kinds[names == "QRS"], beats[names == "QRS"]
        self.qrs_onsets = onsets[names == "QRS"]
        self.p_kinds, self.p_beats, self.p_onsets = kinds[names == "P"], beats[names == "P"], onsets[names == "P"]
        self.rr = np.diff(self.qrs_onsets)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.lead[name]

    @property
    def has_p(self) -> bool:
        """Whether P waves of the sinus node are there."""
        return bool((self.p_kinds == "sinus").any())

    @property
    def conducted_share(self) -> float:
        """Share of the QRS complexes that a P wave of the sinus node leads to; the first may have lost its own."""
        later = self.qrs_beats[self.qrs_onsets > 0.45]
        led = set(self.p_beats[(self.p_kinds == "sinus") & (self.p_beats >= 0)])
        return float(np.mean([beat in led for beat in later])) if len(later) else 0.0

    @property
    def ectopic_qrs(self) -> bool:
        """Whether premature ventricular beats lie among others."""
        return self.put_in["basic_kind"] == "sinus" and bool((self.qrs_kinds == "ectopic").any())

    @property
    def qtc(self) -> float:
        """By Fridericia from QT and rate, ms."""
        return self.put_in["qt_ms"] / (60 / self.put_in["rate"]) ** (1 / 3)
