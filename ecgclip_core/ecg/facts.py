"""Every fact that criteria ask for: of the whole recording and lead by lead, with its spread, or the reason why not."""

from weakref import WeakKeyDictionary

import numpy as np

from ecgclip_core.ecg.analysis import Analysis, analyse
from ecgclip_core.ecg.beats import isoelectric
from ecgclip_core.ecg.delineate import wave_shifts
from ecgclip_core.ecg.fact import Fact, Facts
from ecgclip_core.ecg.filters import WORKING_RATE
from ecgclip_core.ecg.lead_facts import MedianAndBeats, lead_facts
from ecgclip_core.ecg.leads import LEADS, PRECORDIAL_LEADS
from ecgclip_core.ecg.measure import (
    MEASURED,
    NO_BEATS,
    NOT_MEASURABLE,
    Measurement,
    Measurements,
    measure,
)
from ecgclip_core.ecg.recording import ECG, Patient
from ecgclip_core.ecg.rhythm_facts import rhythm_facts
from ecgclip_core.ecg.templates import Template, cut, template
from ecgclip_core.ecg.vocabulary import LEAD_FACTS, RECORDING_FACTS, YES_OR_NO
from ecgclip_core.ecg.waves import qrs_marks

_MEASURED_ALREADY = (
    "heart_rate",
    "atrial_rate",
    "rr_irregularity",
    "pr",
    "qrs",
    "qt",
    "qtc",
    "p_axis",
    "qrs_axis",
    "t_axis",
)
HIDDEN_FLUTTER = (120.0, 190.0)  # bpm of the ventricles; half of the atrial rate in flutter
_KNOWN: WeakKeyDictionary[ECG, Facts] = WeakKeyDictionary()


def facts(ecg: ECG) -> Facts:
    """Every fact that criteria may ask of a recording; kept as long as the recording itself is.

    Parameters
    ----------
    ecg : ECG

    Returns
    -------
    Facts
        Every name of ``docs/criteria.md`` is there, with a value or a reason; no recording raises.
    """
    if ecg not in _KNOWN:
        _KNOWN[ecg] = _facts(ecg)
    return _KNOWN[ecg]


def _facts(ecg: ECG) -> Facts:
    found, m = analyse(ecg), measure(ecg)
    if found.shapes:
        leads = lead_facts(ecg, found, m, median_and_beats(found))
    else:
        leads = {
            name: {lead: Fact(None, LEAD_FACTS[name].unit, NOT_MEASURABLE, NO_BEATS) for lead in LEADS}
            for name in LEAD_FACTS
        }
    leads["st_limit"] = {lead: st_limit(lead, ecg.patient) for lead in LEADS}
    recording = {
        **_measurements(m, found),
        **rhythm_facts(found, ecg.sampling_rate),
        **_of_the_p_wave(found, m, leads),
        "qrs_t_angle": _angle(m),
        "transition": _transition(leads["r_s_ratio"]),
        **_of_the_patient(ecg.patient),
    }
    return Facts({name: recording[name] for name in RECORDING_FACTS}, {name: leads[name] for name in LEAD_FACTS})


def median_and_beats(found: Analysis) -> MedianAndBeats:
    """The median of the dominant beats and those beats themselves, the level before each QRS at zero."""
    x = isoelectric(found)
    members = np.flatnonzero(found.group == 0)
    median = template(x, found.r, members)
    after = median.signal.shape[1] - median.origin
    return MedianAndBeats(median, cut(x, found.r[members], median.origin, after))


def _measurements(m: Measurements, found: Analysis) -> dict[str, Fact]:
    """What `measure` has measured, with the spread of its intervals over the beats."""
    beats = {name: np.array([]) for name in _MEASURED_ALREADY}
    beats["heart_rate"] = 60.0 / found.rr if len(found.rr) else np.array([])
    own = np.flatnonzero(found.group == 0)
    shifts = [shift for beat, shift in enumerate(wave_shifts(found)) if beat in own] if found.shapes else []
    for name, place, sign in (("pr", 0, -1), ("qt", 1, 1)):
        seen = [pair[place] for pair in shifts if pair[place] is not None]
        if m[name].value is not None:
            beats[name] = m[name].value + sign * 1000.0 * np.array(seen) / WORKING_RATE
    beats["qrs"] = _qrs_of_beats(found, own)
    named = {name: _fact(m[name], beats[name]) for name in _MEASURED_ALREADY}
    if found.train is not None and len(found.dropped):
        beats["pr"] = 1000.0 * found.train.pr(found.r / WORKING_RATE)
    return named | {"pr_range": _pr_range(m.pr, beats["pr"])}


def _fact(m: Measurement, beats: np.ndarray) -> Fact:
    unit = "°" if m.unit == "degrees" else m.unit
    if m.value is None:
        return Fact(None, unit, m.status, m.reason)
    return Fact(round(m.value, 3), unit, MEASURED, "", spread(beats), len(beats))


def spread(beats: np.ndarray) -> float | None:
    """Standard deviation, or None of fewer than two."""
    return round(float(np.std(beats, ddof=1)), 4) if len(beats) > 1 else None


def _qrs_of_beats(found: Analysis, own: np.ndarray) -> np.ndarray:
    """QRS duration of single beats, ms."""
    if not found.shapes:
        return np.array([])
    origin = found.shapes[0].beat.origin
    windows = cut(found.x, found.r[own], origin, origin)
    widths = []
    for window in windows[np.isfinite(windows).all(axis=(1, 2))]:
        marks = qrs_marks(Template(own[:1], window, np.zeros(12), origin), found.copy.usable)
        if marks is not None and marks.together is not None:
            widths.append(1000.0 * (marks.together[2] - marks.together[0]))
    return np.array(widths)


def _pr_range(pr: Measurement, beats: np.ndarray) -> Fact:
    if pr.value is None and not len(beats):
        return Fact(None, "ms", pr.status, pr.reason)
    if len(beats) < 2:
        return Fact(None, "ms", NOT_MEASURABLE, "It needs two beats with P waves.")
    return Fact(round(float(np.ptp(beats)), 3), "ms", MEASURED, "", None, len(beats))


def _of_the_p_wave(found: Analysis, m: Measurements, leads: dict[str, dict[str, Fact]]) -> dict[str, Fact]:
    terminal = leads.pop("p_terminal", {}).get("V1")
    if not found.shapes:
        nothing = {
            name: Fact(None, YES_OR_NO, NOT_MEASURABLE, NO_BEATS)
            for name in ("p_waves", "any_p_waves", "dissociated", "flutter_waves")
        }
        return nothing | {
            "p_duration": Fact(None, "ms", NOT_MEASURABLE, NO_BEATS),
            "p_terminal_v1": Fact(None, "mV·ms", NOT_MEASURABLE, NO_BEATS),
            "dropped_beats": Fact(None, "", NOT_MEASURABLE, NO_BEATS),
        }
    p = found.shapes[0].p
    if found.conducted and p is not None:
        on, _, off = p.together
        duration = Fact(round(1000.0 * (off - on), 3), "ms")
    else:
        duration = Fact(None, "ms", m.pr.status, m.pr.reason)
    return {
        "p_duration": duration,
        "p_terminal_v1": terminal,
        "p_waves": Fact(found.conducted or found.varying, YES_OR_NO),
        "any_p_waves": Fact(found.conducted or found.varying or found.alone is not None, YES_OR_NO),
        "dissociated": Fact(found.alone is not None, YES_OR_NO),
        "flutter_waves": _flutter_waves(found),
        "dropped_beats": Fact(len(found.dropped if found.alone is None else found.alone.times), ""),
    }


def _flutter_waves(found: Analysis) -> Fact:
    rate = 60.0 / found.rr.mean() if len(found.rr) else 0.0
    if found.flutter is None and found.steady and HIDDEN_FLUTTER[0] <= rate <= HIDDEN_FLUTTER[1]:
        reason = f"At a steady {rate:.0f}/min every second flutter wave may hide in a QRS complex."
        return Fact(None, YES_OR_NO, NOT_MEASURABLE, reason)
    return Fact(found.flutter is not None, YES_OR_NO)


def _angle(m: Measurements) -> Fact:
    for axis in (m.qrs_axis, m.t_axis):
        if axis.value is None:
            return Fact(None, "°", axis.status, axis.reason)
    return Fact(round(abs((m.qrs_axis.value - m.t_axis.value + 180) % 360 - 180), 1), "°")


def _transition(ratios: dict[str, Fact]) -> Fact:
    for number, lead in enumerate(PRECORDIAL_LEADS, start=1):
        ratio = ratios[lead]
        if ratio.value is None:
            return Fact(None, "", NOT_MEASURABLE, ratio.reason)
        if ratio.value >= 1:
            return Fact(number, "")
    return Fact(len(PRECORDIAL_LEADS) + 1, "")


def _of_the_patient(patient: Patient) -> dict[str, Fact]:
    def unknown(what: str, unit: str) -> Fact:
        return Fact(None, unit, NOT_MEASURABLE, f"The recording does not say the person's {what}.")

    age = Fact(patient.age, "years") if patient.age is not None else unknown("age", "years")
    if patient.sex is None:
        return {"age": age, "male": unknown("sex", YES_OR_NO), "female": unknown("sex", YES_OR_NO)}
    return {
        "age": age,
        "male": Fact(patient.sex == "male", YES_OR_NO),
        "female": Fact(patient.sex == "female", YES_OR_NO),
    }


def st_limit(lead: str, patient: Patient) -> Fact:
    """ST elevation at J that counts in a lead, mV, by age and sex; between bounds where those are not known.

    Fourth Universal Definition of Myocardial Infarction (Thygesen et al. 2018, doi:10.1161/CIR.0000000000000617).
    """
    if lead not in ("V2", "V3"):
        return Fact(0.1, "mV")
    possible = set()
    if patient.sex != "male":
        possible.add(0.15)
    if patient.sex != "female" and (patient.age is None or patient.age >= 40):
        possible.add(0.2)
    if patient.sex != "female" and (patient.age is None or patient.age < 40):
        possible.add(0.25)
    if len(possible) == 1:
        return Fact(possible.pop(), "mV")
    reason = "The limit in V2 and V3 depends on age and sex, which the recording does not say."
    return Fact(None, "mV", NOT_MEASURABLE, reason, bounds=(min(possible), max(possible)))
