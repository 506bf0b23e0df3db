"""Findings that must not be overlooked, from measurements alone."""

from dataclasses import dataclass, field

import numpy as np

from ecgclip_core.ecg.analysis import Analysis, analyse
from ecgclip_core.ecg.beats import MedianBeat, median_beat
from ecgclip_core.ecg.filters import WORKING_RATE
from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.measure import Measurements, measure
from ecgclip_core.ecg.recording import ECG, Patient

# Contiguous leads: the frontal plane in Cabrera's order, the chest from right to left.
CONTIGUOUS = (
    *(("aVL", "I"), ("II", "aVF"), ("aVF", "III")),
    *(("V1", "V2"), ("V2", "V3"), ("V3", "V4"), ("V4", "V5"), ("V5", "V6")),
)
BROAD_QRS = 120.0  # ms
LONG_QTC = 500.0  # ms; AHA/ACCF/HRS 2009, doi:10.1161/CIRCULATIONAHA.108.191096
TACHYCARDIA = 100.0  # bpm
SLOWEST_SINUS = 45.0  # bpm; slower "P waves" are not believed
FASTEST_ESCAPE = 60.0  # bpm; junctional and ventricular escape rhythms are slower
CONCORDANT_ST = 0.1  # mV; Sgarbossa et al. 1996, doi:10.1056/NEJM199602223340801
_ST_HOLDS = 0.040  # s after J, through which the elevation must last
_ST_KEEPS = 0.7  # of the threshold at its end, so that the foot of an S wave is not taken for ST elevation


@dataclass(frozen=True)
class RedFlag:
    """One finding to be pinned on top.

    Attributes
    ----------
    name : str
        ``"ST elevation"``, ``"complete AV block"``, ``"ventricular tachycardia"`` or ``"long QTc"``.
    sentence : str
        What was measured, and what else could explain it.
    leads : tuple of str
        Where to look; empty where it is a matter of rhythm.
    measured : dict of str to float
        The numbers behind it.
    """

    name: str
    sentence: str
    leads: tuple[str, ...] = ()
    measured: dict[str, float] = field(default_factory=dict)


def red_flags(ecg: ECG, measurements: Measurements | None = None) -> list[RedFlag]:
    """Everything dangerous that the measurements show, gravest first.

    Parameters
    ----------
    ecg : ECG
    measurements : Measurements or None
        Those of this recording, where they are at hand already.

    Returns
    -------
    list of RedFlag
        Empty where nothing is found, which does not mean that nothing is there.
    """
    found, beat = analyse(ecg), median_beat(ecg)
    if beat is None:
        return []
    m = measurements if measurements is not None else measure(ecg)
    flags = [
        ventricular_tachycardia(found),
        complete_av_block(found),
        st_elevation(ecg, beat, m),
        long_qtc(m),
    ]
    return [flag for flag in flags if flag is not None]


def st_threshold(lead: str, patient: Patient) -> float:
    """ST elevation at J that counts, in mV.

    0.1 mV, but in V2 and V3 0.25 in men under 40, 0.2 in other men, 0.15 in women (Fourth Universal Definition of
    Myocardial Infarction, Thygesen et al. 2018, doi:10.1161/CIR.0000000000000617). Where age or sex is unknown, the
    highest of those that could apply.
    """
    if lead not in ("V2", "V3"):
        return 0.1
    if patient.sex == "female":
        return 0.15
    return 0.25 if patient.age is None or patient.age < 40 else 0.2


def st_elevation(ecg: ECG, beat: MedianBeat, m: Measurements) -> RedFlag | None:
    """ST elevation at the J point in two contiguous leads; with a broad QRS only where both point the same way."""
    if not ecg.calibrated or m.qrs.value is None:
        return None
    broad = m.qrs.value >= BROAD_QRS
    levels = {}
    for lead in LEADS:
        level = m.st[lead].value
        threshold = CONCORDANT_ST if broad else st_threshold(lead, ecg.patient)
        if level is not None and level >= threshold and _lasts(beat, lead, _ST_KEEPS * threshold):
            if broad and not _upright(beat, lead):
                continue
            if level < _restless(beat, lead):
                continue  # flutter waves, or a tall P wave, lift the line before the QRS as much
            levels[lead] = level
    leads = {lead for pair in CONTIGUOUS if all(lead in levels for lead in pair) for lead in pair}
    if not leads:
        return None
    shown = tuple(lead for lead in LEADS if lead in leads)
    listed = ", ".join(f"{lead} {levels[lead]:.2f} mV" for lead in shown)
    sentence = f"ST elevation at the J point in contiguous leads: {listed}."
    if broad:
        sentence += f" The QRS is broad ({m.qrs.value:.0f} ms), but these ST segments point the way of their QRS."
    else:
        sentence += " Infarction, pericarditis and early repolarisation can look like this."
    if ecg.patient.sex is None or ecg.patient.age is None:
        sentence += " Age or sex is not known; the highest thresholds for V2 and V3 were used."
    return RedFlag("ST elevation", sentence, shown, {f"st_{lead}": levels[lead] for lead in shown})


def _lasts(beat: MedianBeat, lead: str, level: float) -> bool:
    j = beat.marks["QRS"][2]
    inside = (beat.times >= j) & (beat.times <= j + _ST_HOLDS)
    row = beat.signal[LEADS.index(lead)][inside]
    return bool(len(row)) and bool(np.isfinite(row).all()) and float(row.min()) >= level


def _restless(beat: MedianBeat, lead: str) -> float:
    """Swing of the line in the 200 ms before the QRS, mV."""
    onset = beat.marks["QRS"][0]
    row = beat.signal[LEADS.index(lead)][(beat.times >= onset - 0.2) & (beat.times <= onset - 0.02)]
    return float(np.ptp(row)) if len(row) and np.isfinite(row).all() else 0.0


def _upright(beat: MedianBeat, lead: str) -> bool:
    on, _, off = beat.marks["QRS"]
    row = beat.signal[LEADS.index(lead)][(beat.times >= on) & (beat.times <= off)]
    return float(row.sum()) > 0


def complete_av_block(found: Analysis) -> RedFlag | None:
    """P waves at a regular rate above that of a slow, regular rhythm of the ventricles, without relation to it."""
    if found.alone is None or len(found.rr) < 3:
        return None
    ventricular, atrial = 60.0 / found.rr.mean(), found.alone.rate
    regular = np.abs(found.rr / np.median(found.rr) - 1).max() < 0.12
    if not regular or ventricular > FASTEST_ESCAPE or atrial < SLOWEST_SINUS:
        return None
    return RedFlag(
        "complete AV block",
        f"P waves at {atrial:.0f}/min and QRS complexes at {ventricular:.0f}/min, both regular, "
        "without relation to each other.",
        ("II", "V1"),
        {"atrial_rate": atrial, "heart_rate": ventricular},
    )


def ventricular_tachycardia(found: Analysis) -> RedFlag | None:
    """Three beats or more in a row with a QRS of 120 ms or more, faster than 100 a minute, not led by P waves.

    A whole recording of one broad shape counts only where it is regular and without P waves; it may then also be a
    supraventricular tachycardia with aberrant conduction, as the sentence says.
    """
    if len(found.r) < 3:
        return None
    width = np.array([1000 * (s.qrs.together[2] - s.qrs.together[0]) for s in found.shapes])
    own_rhythm = np.array([number > 0 or not found.conducted for number in range(len(found.shapes))])
    suspect = (width >= BROAD_QRS) & own_rhythm
    fast = np.concatenate([[False], found.rr < 60.0 / TACHYCARDIA])
    best: tuple[int, int] = (0, 0)
    start = 0
    for i in range(len(found.r)):
        # The first beat of a run may come late; the others follow fast.
        if not suspect[found.group[i]]:
            start = i + 1
            continue
        if i > start and not fast[i]:
            start = i
        if i + 1 - start > best[1] - best[0]:
            best = (start, i + 1)
    first, last = best
    count = last - first
    if count < 3:
        return None
    rr = np.diff(found.r[first:last]) / WORKING_RATE
    if count >= 6 and np.median(np.abs(np.diff(rr))) > 0.08 * np.median(rr):
        return None  # irregular: atrial fibrillation with a broad QRS
    rate, broad = 60.0 / float(rr.mean()), float(np.median(width[found.group[first:last]]))
    return RedFlag(
        "ventricular tachycardia",
        f"{count} beats in a row with broad QRS complexes ({broad:.0f} ms) at {rate:.0f}/min "
        "and no P waves before them. A supraventricular tachycardia with aberrant conduction can look the same.",
        ("II", "V1"),
        {"beats": float(count), "rate": rate, "qrs": broad, "start_s": float(found.r[first] / WORKING_RATE)},
    )


def long_qtc(m: Measurements) -> RedFlag | None:
    """QTc by Fridericia above 500 ms."""
    if m.qtc.value is None or m.qtc.value <= LONG_QTC:
        return None
    sentence = f"QTc {m.qtc.value:.0f} ms (Fridericia; QT {m.qt.value:.0f} ms at {m.heart_rate.value:.0f}/min)."
    if m.qrs.value is not None and m.qrs.value >= BROAD_QRS:
        sentence += f" Part of it is the broad QRS ({m.qrs.value:.0f} ms)."
    return RedFlag("long QTc", sentence, (), {"qtc": m.qtc.value, "qt": m.qt.value})
