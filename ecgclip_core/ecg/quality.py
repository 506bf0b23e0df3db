"""What is wrong with a recording, in sentences for the person who reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecgclip_core.ecg.analysis import Analysis, analyse
from ecgclip_core.ecg.beats import MedianBeat, median_beat
from ecgclip_core.ecg.filters import WORKING_RATE, band
from ecgclip_core.ecg.leads import LEADS, LIMB_LEADS, PRECORDIAL_LEADS
from ecgclip_core.ecg.recording import ECG

SHORT = 5.0  # s; rhythm and rate are judged on ten (Kligfield et al. 2007, doi:10.1161/CIRCULATIONAHA.106.180200)
LOW_RATE = 250.0  # Hz
SLOWEST, FASTEST = 25.0, 250.0  # bpm
NOISE_SHARE = 0.15  # of the height of the QRS
QUIET = 0.05  # mV; less does not disturb even where the QRS is small
WANDER = 1.5  # of the height of the QRS; or mV
MAINS_SHARE = 0.03  # of the height of the QRS
CLIPPED_SHARE = 0.005  # of all samples at one extreme value
TALLEST = 10.0  # mV; beyond it a unit was mistaken


@dataclass(frozen=True)
class QualityRemark:
    """One thing to know before reading on.

    Attributes
    ----------
    lead : str or None
        None where it concerns the whole recording.
    problem : str
        A short key: ``"missing"``, ``"flat"``, ``"clipped"``, ``"noise"``, ``"baseline wander"``, ``"mains"``,
        ``"limb lead reversal"``, ``"precordial reversal"``, ``"gaps"``, ``"short"``, ``"unscaled"``,
        ``"sampling rate"``, ``"rate"``, ``"no beats"``, ``"amplitude"`` or ``"pacing spikes"``.
    sentence : str
    """

    lead: str | None
    problem: str
    sentence: str


def check_quality(ecg: ECG) -> list[QualityRemark]:
    """Everything that limits what can be read from a recording.

    Parameters
    ----------
    ecg : ECG

    Returns
    -------
    list of QualityRemark
        Those that concern the whole recording first; empty where nothing was found.
    """
    found = analyse(ecg)
    beat = median_beat(ecg)
    return [
        *_as_a_whole(ecg, found),
        *_electrodes(beat),
        *(remark for row, lead in enumerate(LEADS) for remark in _in_one_lead(ecg, found, row, lead)),
    ]


def _as_a_whole(ecg: ECG, found: Analysis) -> Iterator[QualityRemark]:
    if not found.copy.usable.any():
        yield QualityRemark(None, "no beats", "No lead holds a signal.")
        return
    if ecg.duration < SHORT:
        sentence = f"The recording lasts {ecg.duration:.1f} s; rhythm and rate need about ten."
        yield QualityRemark(None, "short", sentence)
    if not ecg.calibrated:
        sentence = "The amplitude is not calibrated: axes, ST levels and voltages cannot be measured, times can."
        yield QualityRemark(None, "unscaled", sentence)
    if ecg.sampling_rate < LOW_RATE:
        sentence = (
            f"Recorded at {ecg.sampling_rate:g} Hz: intervals are good to about {1000 / ecg.sampling_rate:.0f} ms, and "
            "pacing spikes and fine notches cannot be judged."
        )
        yield QualityRemark(None, "sampling rate", sentence)
    if not len(found.r):
        yield QualityRemark(None, "no beats", "No heart beat stands out of the tracing; nothing can be measured.")
    elif len(found.r) > 1:
        rate = 60.0 / found.rr.mean()
        if not SLOWEST <= rate <= FASTEST:
            sentence = f"A rate of {rate:.0f}/min was found, which is hardly possible; look at the tracing yourself."
            yield QualityRemark(None, "rate", sentence)
    if len(found.copy.spikes) >= 3:
        yield QualityRemark(
            None, "pacing spikes", f"{len(found.copy.spikes)} sharp spikes look like those of a pacemaker."
        )
    if ecg.calibrated and np.isfinite(ecg.signal).any() and np.nanmax(np.abs(ecg.signal)) > TALLEST:
        highest = float(np.nanmax(np.abs(ecg.signal)))
        sentence = f"The signal reaches {highest:.0f} mV; the unit may be microvolts, or an electrode came off."
        yield QualityRemark(None, "amplitude", sentence)


def _in_one_lead(ecg: ECG, found: Analysis, row: int, lead: str) -> Iterator[QualityRemark]:
    samples = ecg.signal[row]
    finite = samples[np.isfinite(samples)]
    if not len(finite):
        yield QualityRemark(lead, "missing", f"Lead {lead} is missing.")
        return
    if len(finite) < len(samples):
        share = 100 * (1 - len(finite) / len(samples))
        yield QualityRemark(lead, "gaps", f"Lead {lead} has gaps ({share:.0f} % of it).")
    if not found.copy.usable[row]:
        yield QualityRemark(lead, "flat", f"Lead {lead} is flat.")
        return
    if _clipped(finite):
        sentence = f"Lead {lead} is cut off at its highest or lowest value; its amplitude is larger than drawn."
        yield QualityRemark(lead, "clipped", sentence)
    if not found.shapes:
        return
    x = found.copy.signal[row]
    height = _qrs_height(found, row)
    fast = band(x, 40.0, None)
    away = np.ones(len(x), bool)
    for r in found.r:
        away[max(0, r - WORKING_RATE // 8) : r + WORKING_RATE // 8] = False
    if away.sum() > WORKING_RATE // 2:
        noise = 6 * float(np.median(np.abs(fast[away]))) / 0.6745
        mains = _mains(x, ecg.sampling_rate)
        if mains > MAINS_SHARE * height:
            yield QualityRemark(lead, "mains", f"Lead {lead} carries mains hum.")
        elif noise > NOISE_SHARE * height and (noise > QUIET or not ecg.calibrated):
            yield QualityRemark(lead, "noise", f"Lead {lead} is noisy; small waves in it cannot be judged.")
    swing = float(np.ptp(band(x, None, 0.6)))
    if swing > WANDER * (max(height, 1.0) if ecg.calibrated else height):
        yield QualityRemark(lead, "baseline wander", f"The baseline of lead {lead} wanders; its ST level is unsure.")


def _clipped(samples: np.ndarray) -> bool:
    """Whether an extreme value is held for several samples again and again."""
    for extreme in (samples.max(), samples.min()):
        at = np.abs(samples - extreme) <= 1e-6 * max(1e-6, float(np.ptp(samples)))
        held = at[:-2] & at[1:-1] & at[2:]
        if held.sum() > max(3, CLIPPED_SHARE * len(samples)):
            return True
    return False


def _qrs_height(found: Analysis, row: int) -> float:
    beat = found.shapes[0].beat
    around = beat.signal[row, max(0, beat.origin - 60) : beat.origin + 60]
    return float(np.nanmax(around) - np.nanmin(around)) + 1e-9


def _mains(x: np.ndarray, sampling_rate: float) -> float:
    """Amplitude of a steady 50 or 60 Hz wave; 0 where the recording is too slow to hold one."""
    if sampling_rate < 140 or len(x) < WORKING_RATE:
        return 0.0
    times = np.arange(len(x)) / WORKING_RATE
    window = np.hanning(len(x))
    spectrum = [
        2 * abs(np.sum(window * x * np.exp(-2j * np.pi * f * times))) / window.sum()
        for f in (50.0, 60.0, 44.0, 55.0, 66.0)
    ]
    return float(max(spectrum[0], spectrum[1])) - float(np.median(spectrum[2:]))


def _electrodes(beat: MedianBeat | None) -> Iterator[QualityRemark]:
    """Signs of exchanged electrodes (Batchvarov et al. 2007, doi:10.1093/europace/eum198)."""
    if beat is None:
        return
    p = _area(beat, "P", LIMB_LEADS) if beat.marks["P"] is not None else None
    qrs = _area(beat, "QRS", LEADS)
    if p is not None and all(lead in p for lead in LIMB_LEADS) and all(lead in qrs for lead in LIMB_LEADS):
        inverted = qrs["I"] < 0 and p["I"] < -0.2 * max(abs(area) for area in p.values())
        chest_as_usual = qrs.get("V6", 0.0) > 0 and qrs.get("V6", 0.0) > qrs.get("V1", 0.0)
        if inverted and chest_as_usual:
            sentence = (
                "P waves and QRS complexes are upside down in lead I while the chest leads are as usual: the "
                "arm electrodes may be exchanged."
            )
            yield QualityRemark(None, "limb lead reversal", sentence)
        elif inverted:
            sentence = (
                "P waves and QRS complexes are upside down in lead I, and the chest leads are small to the left: "
                "dextrocardia, or exchanged arm electrodes."
            )
            yield QualityRemark(None, "limb lead reversal", sentence)
        elif p["II"] < 0 and qrs["II"] < 0 and p["I"] < 0 and qrs["III"] < 0 and p["aVR"] > 0:
            sentence = "P waves and QRS complexes are upside down in II: right arm and left leg may be exchanged."
            yield QualityRemark(None, "limb lead reversal", sentence)
    yield from _one_electrode_on_ground(beat)
    yield from _chest(beat)


def _area(beat: MedianBeat, wave: str, leads: tuple[str, ...]) -> dict[str, float]:
    """Net area of a wave in the leads that are there, in the recording's unit times samples."""
    on, _, off = beat.marks[wave]
    inside = (beat.times >= on) & (beat.times <= off)
    areas = {}
    for lead in leads:
        piece = beat.signal[LEADS.index(lead)][inside].astype(float)
        if len(piece) > 2 and np.isfinite(piece).all():
            if wave == "P":
                piece = piece - np.linspace(piece[0], piece[-1], len(piece))
            areas[lead] = float(piece.sum())
    return areas


def _one_electrode_on_ground(beat: MedianBeat) -> Iterator[QualityRemark]:
    """A limb lead that is nearly flat beside full ones tells that the right leg's electrode is on an arm or leg."""
    on, _, off = beat.marks["QRS"]
    inside = (beat.times >= on) & (beat.times <= off)
    heights = {lead: float(np.ptp(beat.signal[LEADS.index(lead)][inside])) for lead in ("I", "II", "III")}
    if not all(np.isfinite(list(heights.values()))):
        return
    smallest = min(heights, key=heights.get)
    if heights[smallest] < 0.05 * max(heights.values()):
        sentence = (
            f"Lead {smallest} is almost flat while the other limb leads are not: an electrode may be exchanged with "
            "that of the right leg."
        )
        yield QualityRemark(smallest, "limb lead reversal", sentence)


def _chest(beat: MedianBeat) -> Iterator[QualityRemark]:
    """R waves that shrink from one chest lead to the next and then grow again, both P and QRS, tell of an exchange."""
    rows = [beat.signal[LEADS.index(lead)] for lead in PRECORDIAL_LEADS]
    if not all(np.isfinite(row).any() for row in rows):
        return
    on, _, off = beat.marks["QRS"]
    inside = (beat.times >= on) & (beat.times <= off)
    shapes = np.array([row[inside] for row in rows], float)
    if not np.isfinite(shapes).all() or shapes.shape[1] < 5:
        return
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True) + 1e-12
    likeness = shapes @ shapes.T
    # Neighbours resemble each other; an exchange of two neighbours makes the order smoother when undone.
    for i in range(5):
        order = list(range(6))
        order[i], order[i + 1] = order[i + 1], order[i]
        gain = _smoothness(likeness, order) - _smoothness(likeness, range(6))
        if gain > 0.6:
            a, b = PRECORDIAL_LEADS[i], PRECORDIAL_LEADS[i + 1]
            sentence = (
                f"The chest leads follow each other more evenly with {a} and {b} exchanged: check these electrodes."
            )
            yield QualityRemark(a, "precordial reversal", sentence)
            return


def _smoothness(likeness: np.ndarray, order) -> float:
    order = list(order)
    return float(sum(likeness[a, b] for a, b in zip(order[:-1], order[1:], strict=True)))
