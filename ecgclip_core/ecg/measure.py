"""Rate, intervals, axes and ST levels, each with the reason where there is none."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecgclip_core.ecg.analysis import Analysis, analyse
from ecgclip_core.ecg.beats import MedianBeat, median_beat
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG

MEASURED, ABSENT, NOT_MEASURABLE = "measured", "absent", "not measurable"

UNSCALED = "The amplitude of this recording is not calibrated; shapes and times hold, voltages do not."
NO_BEATS = "No heart beat stands out of the tracing."
NO_P = "No P waves stand at a constant distance before the QRS complexes."
DISSOCIATED = "P waves come independently of the QRS complexes."
FLUTTER = "The atria flutter; there are no P waves."
VARYING = "The distance from P wave to QRS complex changes from beat to beat, and some P waves lead to none."
NO_T = "No T wave can be told from the baseline."

_SMALLEST_AREA = 0.4e-3  # mV s in the frontal plane; 10 microvolts over 40 ms, less is noise
_J_WINDOW = 0.004  # s to each side of the point at which an ST level is read


@dataclass(frozen=True)
class Measurement:
    """One number, or why there is none.

    Attributes
    ----------
    value : float or None
    unit : str
        ``"bpm"``, ``"ms"``, ``"degrees"``, ``"mV"`` or ``"%"``.
    status : str
        ``"measured"``, ``"absent"`` (there is no such thing in this recording) or ``"not measurable"``.
    reason : str
        A sentence; empty where measured.
    """

    value: float | None
    unit: str
    status: str
    reason: str = ""

    def __str__(self) -> str:
        return self.status if self.value is None else f"{self.value:.4g} {self.unit}"


@dataclass(frozen=True)
class Measurements:
    """What was measured in one recording, on the median of its dominant beats.

    Attributes
    ----------
    heart_rate : Measurement
        Mean ventricular rate, bpm.
    atrial_rate : Measurement
        bpm.
    rr_irregularity : Measurement
        Root mean square of successive RR differences over the mean RR, %.
    pr, qrs, qt : Measurement
        ms, over all leads: earliest onset to latest offset, one or two stray leads left aside.
    qtc : Measurement
        ms, by Fridericia, as `qtc_fridericia`.
    qtc_bazett, qtc_fridericia, qtc_framingham, qtc_hodges : Measurement
        ms.
    p_axis, qrs_axis, t_axis : Measurement
        Degrees in the frontal plane, -180 to 180, from net areas in I and aVF.
    st, st60 : dict of str to Measurement
        Level of each lead at the J point and 60 ms later against the level before the QRS, mV.
    remarks : tuple of str
        What a reader of these numbers should know.
    """

    heart_rate: Measurement
    atrial_rate: Measurement
    rr_irregularity: Measurement
    pr: Measurement
    qrs: Measurement
    qt: Measurement
    qtc: Measurement
    qtc_bazett: Measurement
    qtc_fridericia: Measurement
    qtc_framingham: Measurement
    qtc_hodges: Measurement
    p_axis: Measurement
    qrs_axis: Measurement
    t_axis: Measurement
    st: dict[str, Measurement]
    st60: dict[str, Measurement]
    remarks: tuple[str, ...] = ()

    def items(self) -> Iterator[tuple[str, Measurement]]:
        """Name and measurement of all but the ST levels."""
        return ((name, m) for name, m in vars(self).items() if isinstance(m, Measurement))

    def __getitem__(self, name: str) -> Measurement:
        return dict(self.items())[name]

    def to_frame(self) -> pd.DataFrame:
        """One row a measurement, ST levels last (``st_V1``): name, value, unit, status, reason."""
        named = [*self.items()]
        for prefix, levels in (("st_", self.st), ("st60_", self.st60)):
            named += [(prefix + lead, m) for lead, m in levels.items()]
        return pd.DataFrame(
            [(name, m.value, m.unit, m.status, m.reason) for name, m in named],
            columns=["name", "value", "unit", "status", "reason"],
        ).astype({"value": float})


def measure(ecg: ECG) -> Measurements:
    """Measure one recording.

    Parameters
    ----------
    ecg : ECG

    Returns
    -------
    Measurements
        Every number is there, or says why it is not; no recording raises.
    """
    found = analyse(ecg)
    beat = median_beat(ecg)
    if beat is None:
        return _nothing(NO_BEATS, _remarks(ecg, found))
    rate = _heart_rate(found)
    rr = 60.0 / rate.value if rate.value else None
    p, qrs, t = (beat.marks[wave] for wave in ("P", "QRS", "T"))
    without_p = _without_p(found)
    qt = _interval(qrs[0], t[2] if t else None, NOT_MEASURABLE, NO_T)
    corrected = {name: _corrected(qt, rr, formula) for name, formula in QT_FORMULAS.items()}
    return Measurements(
        heart_rate=rate,
        atrial_rate=_atrial_rate(found, rate),
        rr_irregularity=_irregularity(found),
        pr=_interval(p[0] if p else None, qrs[0], *without_p),
        qrs=_interval(qrs[0], qrs[2], NOT_MEASURABLE, NO_BEATS),
        qt=qt,
        qtc=corrected["fridericia"],
        **{f"qtc_{name}": value for name, value in corrected.items()},
        p_axis=_axis(ecg, beat, p, *without_p),
        qrs_axis=_axis(ecg, beat, qrs, NOT_MEASURABLE, NO_BEATS),
        t_axis=_axis(ecg, beat, t, NOT_MEASURABLE, NO_T),
        st=_st_levels(ecg, beat, 0.0),
        st60=_st_levels(ecg, beat, 0.060),
        remarks=_remarks(ecg, found),
    )


def bazett(qt: float, rr: float) -> float:
    """QT corrected for rate (Bazett 1920), ms; `qt` in ms, `rr` in s."""
    return qt / rr**0.5


def fridericia(qt: float, rr: float) -> float:
    """QT corrected for rate (Fridericia 1920, doi:10.1111/j.0954-6820.1920.tb18266.x), ms; `qt` in ms, `rr` in s."""
    return qt / rr ** (1 / 3)


def framingham(qt: float, rr: float) -> float:
    """QT corrected for rate (Sagie et al. 1992, doi:10.1016/0002-9149(92)90562-D), ms; `qt` in ms, `rr` in s."""
    return qt + 154.0 * (1.0 - rr)


def hodges(qt: float, rr: float) -> float:
    """QT corrected for rate (Hodges et al. 1983), ms; `qt` in ms, `rr` in s."""
    return qt + 1.75 * (60.0 / rr - 60.0)


QT_FORMULAS = {"bazett": bazett, "fridericia": fridericia, "framingham": framingham, "hodges": hodges}


def _measured(value: float, unit: str) -> Measurement:
    return Measurement(float(value), unit, MEASURED)


def _without(unit: str, status: str, reason: str) -> Measurement:
    return Measurement(None, unit, status, reason)


def _heart_rate(found: Analysis) -> Measurement:
    if len(found.r) < 2:
        return _without("bpm", NOT_MEASURABLE, "A rate needs two beats; the recording shows one.")
    return _measured(60.0 / found.rr.mean(), "bpm")


def _atrial_rate(found: Analysis, ventricular: Measurement) -> Measurement:
    if found.alone is not None:
        return _measured(found.alone.rate, "bpm")
    if found.flutter is not None:
        return _measured(60.0 / found.flutter, "bpm")
    if len(found.dropped) and found.train is not None:
        return _measured(60.0 / np.diff(found.train.times).mean(), "bpm")
    if len(found.dropped):
        return _measured(ventricular.value * (1 + len(found.dropped) / len(found.rr)), "bpm")
    if not found.conducted:
        return _without("bpm", ABSENT, NO_P)
    return ventricular


def _without_p(found: Analysis) -> tuple[str, str]:
    """Status and reason where no P wave stands at a constant distance."""
    if found.alone is not None:
        return NOT_MEASURABLE, DISSOCIATED
    if found.flutter is not None:
        return ABSENT, FLUTTER
    return (NOT_MEASURABLE, VARYING) if found.varying else (ABSENT, NO_P)


def _irregularity(found: Analysis) -> Measurement:
    if len(found.r) < 3:
        return _without("%", NOT_MEASURABLE, "Irregularity needs three beats.")
    return _measured(100.0 * np.sqrt((np.diff(found.rr) ** 2).mean()) / found.rr.mean(), "%")


def _interval(start: float | None, end: float | None, status: str, reason: str) -> Measurement:
    if start is None or end is None or end <= start:
        return _without("ms", status, reason)
    return _measured(1000.0 * (end - start), "ms")


def _corrected(qt: Measurement, rr: float | None, formula) -> Measurement:
    if qt.value is None:
        return qt
    if rr is None:
        return _without("ms", NOT_MEASURABLE, "QTc needs a heart rate; the recording shows one beat.")
    return _measured(formula(qt.value, rr), "ms")


def _axis(ecg: ECG, beat: MedianBeat, mark: tuple[float, float, float] | None, status: str, reason: str) -> Measurement:
    """Direction of the net area of a wave; aVF is 2/sqrt(3) times smaller than the vertical component it reads."""
    if mark is None:
        return _without("degrees", status, reason)
    if not ecg.calibrated:
        return _without("degrees", NOT_MEASURABLE, UNSCALED)
    inside = (beat.times >= mark[0]) & (beat.times <= mark[2])
    lead_i, avf = (beat.signal[LEADS.index(lead)][inside] for lead in ("I", "aVF"))
    if inside.sum() < 3 or not (np.isfinite(lead_i).all() and np.isfinite(avf).all()):
        return _without("degrees", NOT_MEASURABLE, "An axis needs leads I and aVF.")
    if mark is beat.marks["P"]:  # the PR segment need not be level with the line before the P wave
        ramp = np.linspace(0, 1, inside.sum())
        lead_i = lead_i - (lead_i[0] * (1 - ramp) + lead_i[-1] * ramp)
        avf = avf - (avf[0] * (1 - ramp) + avf[-1] * ramp)
    step = float(np.median(np.diff(beat.times)))
    x, y = lead_i.sum() * step, 2 / np.sqrt(3) * avf.sum() * step
    if np.hypot(x, y) < _SMALLEST_AREA:
        return _without("degrees", NOT_MEASURABLE, "The wave is as much up as down in the limb leads.")
    return _measured(np.degrees(np.arctan2(y, x)), "degrees")


def _st_levels(ecg: ECG, beat: MedianBeat, after_j: float) -> dict[str, Measurement]:
    at = beat.marks["QRS"][2] + after_j
    near = np.abs(beat.times - at) <= _J_WINDOW
    levels = {}
    for lead, row in zip(LEADS, beat.signal, strict=True):
        if not ecg.calibrated:
            levels[lead] = _without("mV", NOT_MEASURABLE, UNSCALED)
        elif not near.any() or not np.isfinite(row[near]).all():
            levels[lead] = _without("mV", NOT_MEASURABLE, f"Lead {lead} is missing or flat.")
        else:
            levels[lead] = _measured(row[near].mean(), "mV")
    return levels


def _remarks(ecg: ECG, found: Analysis) -> tuple[str, ...]:
    remarks = []
    if ecg.sampling_rate < 250:
        step = 1000 / ecg.sampling_rate
        remarks.append(f"Recorded at {ecg.sampling_rate:g} Hz: intervals are good to about {step:.0f} ms.")
    if not ecg.calibrated:
        remarks.append(UNSCALED)
    members = int((found.group == 0).sum())
    if len(found.r) and members < len(found.r):
        remarks.append(f"Intervals are those of {members} beats of one shape, out of {len(found.r)}.")
    if 0 < members < 3:
        remarks.append(f"Measured on {'one beat' if members == 1 else 'two beats'} only.")
    return tuple(remarks)


def _nothing(reason: str, remarks: tuple[str, ...]) -> Measurements:
    units = {"heart_rate": "bpm", "atrial_rate": "bpm", "rr_irregularity": "%"}
    units |= dict.fromkeys(["p_axis", "qrs_axis", "t_axis"], "degrees")
    names = [name for name in Measurements.__dataclass_fields__ if name not in ("st", "st60", "remarks")]
    levels = {lead: _without("mV", NOT_MEASURABLE, reason) for lead in LEADS}
    return Measurements(
        **{name: _without(units.get(name, "ms"), NOT_MEASURABLE, reason) for name in names},
        st=levels,
        st60=dict(levels),
        remarks=remarks,
    )
