"""One simulated recording from a finding and a seed."""

import difflib
import hashlib
import itertools
import math

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.ecg.recording import ECG, Patient
from ecgclip_core.errors import CatalogueError, RecordingError
from ecgclip_core.findings.catalogue import ancestors, catalogue, find
from ecgclip_core.simulation import atria
from ecgclip_core.simulation.basic_beat import basic_beat
from ecgclip_core.simulation.conditions import CONDITIONS, Condition
from ecgclip_core.simulation.heart import Complex, Heart, drawn_heart, seated
from ecgclip_core.simulation.noise import NoiseLevels, drawn_levels, electrode_noise
from ecgclip_core.simulation.rhythms import Timeline
from ecgclip_core.simulation.torso import LEADS_FROM_ELECTRODES, frontal_axis, leads, mirrored
from ecgclip_core.simulation.truth import Truth, peak_of, wave_table
from ecgclip_core.simulation.waves import Wave, dipole

# The heart beats before the recording begins and after it ends, and filters settle outside it.
_MARGIN_S = 1.5
# The simulation runs at least this fast; slower recordings are low-passed and thinned, as a recorder does.
_INNER_RATE_HZ = 500
_RECORDER_BAND_HZ = 150.0
_SPIKE_S = 0.002


def simulate(finding: str, seed: int = 0, sampling_rate: float = 500, duration: float = 10.0) -> ECG:
    """A simulated 12-lead recording that shows a finding.

    Parameters
    ----------
    finding : str
        The id, name, a synonym or a code of a finding in the catalogue; `CONDITIONS` has the ids that can be simulated.
    seed : int
        Draws the person, the severity, the rhythm and the noise; the same seed gives the same recording.
    sampling_rate : float
        Hz, 50 to 4000.
    duration : float
        Seconds, 2 to 600.

    Returns
    -------
    ECG
        In mV, with `Truth` in ``.truth``.

    Raises
    ------
    CatalogueError
        The finding cannot be simulated; the message names near ones.
    RecordingError
        The sampling rate or the duration is out of range.
    """
    condition = CONDITIONS[finding_id(finding)]
    if not 50 <= sampling_rate <= 4000:
        raise RecordingError(
            f"A simulated recording has 50 to 4000 Hz, not {sampling_rate:g}: choose one in that range."
        )
    if not 2 <= duration <= 600:
        raise RecordingError(f"A simulated recording lasts 2 to 600 s, not {duration:g}: choose one in that range.")
    rng = _generator(condition.finding, seed)

    heart = drawn_heart(rng)
    condition.shape(heart, rng)
    own = seated(heart, rng)
    if heart.mirrored:
        heart.torso = mirrored(heart.torso)
    complexes = {"sinus": own, **heart.others}
    line = condition.rhythm(heart, rng, -_MARGIN_S - 2, duration + _MARGIN_S)
    levels = drawn_levels(rng)

    thinning = max(1, math.ceil(_INNER_RATE_HZ / sampling_rate))
    inner_rate = sampling_rate * thinning
    before = round(_MARGIN_S * sampling_rate) * thinning
    wanted = round(duration * sampling_rate)
    total = next_fast_len(before * 2 + wanted * thinning, real=True)
    times = (np.arange(total) - before) / inner_rate
    breathing = heart.respiration(times)

    lobes, rows = _beats(heart, complexes, line, rng, duration)
    vector = dipole(lobes, times)
    vector += _restless_atria(condition, heart, line, times, rng)
    vector = _breathed(vector, breathing, rng)
    vector += _spikes(heart, line, times)
    electrodes = heart.torso @ vector + electrode_noise(levels, times, breathing, rng)
    recorded = _recorder(electrodes, inner_rate, sampling_rate)[:, before::thinning][:, :wanted]

    put_in = _put_in(condition, heart, complexes, line, levels, duration)
    truth = Truth(wave_table(rows, duration), _findings(condition, heart, line, put_in, duration), put_in)
    return ECG(
        signal=LEADS_FROM_ELECTRODES @ recorded,
        sampling_rate=float(sampling_rate),
        name=f"Simulated: {catalogue()[condition.finding].name} (seed {seed})",
        patient=Patient(age=float(round(heart.age)), sex=heart.sex),
        notes=("Simulated recording: no person's heart made it.",),
        truth=truth,
    )


def finding_id(text: str) -> str:
    """The id of a finding that can be simulated, from its id, name, synonym or code.

    Raises
    ------
    CatalogueError
        Naming the nearest findings that can.
    """
    found = find(text)
    if found is not None and found.id in CONDITIONS:
        return found.id
    names = [catalogue()[finding].name for finding in CONDITIONS]
    near = difflib.get_close_matches(text.casefold().replace("_", " "), names, n=3, cutoff=0.3)
    what = found.name if found is not None else text[:80]
    advice = f"Near ones that can: {', '.join(near)}." if near else f"These can: {', '.join(names)}."
    raise CatalogueError(f"“{what}” cannot be simulated. {advice}")


def _generator(finding: str, seed: int) -> np.random.Generator:
    digest = hashlib.sha256(f"{finding} {int(seed)}".encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))


def _intervals(heart: Heart, complexes: dict[str, Complex], line: Timeline) -> tuple[np.ndarray, np.ndarray]:
    """QRS duration and QT of every beat in seconds; QT follows the last cycles, not only the last one."""
    onsets = np.array([time for time, _ in line.ventricular])
    cycles = np.diff(onsets, prepend=2 * onsets[0] - onsets[1])
    cycles[0] = np.median(cycles)
    usual = 0.5 * np.median(cycles) + 0.5 * cycles
    qrs = np.array([complexes[kind].duration for _, kind in line.ventricular])
    qt = np.array([complexes[kind].qtc for _, kind in line.ventricular]) * np.cbrt(np.clip(usual, 0.25, 2.0))
    # However fast the heart, repolarisation takes some time, and no longer than until about the next beat.
    return qrs, np.clip(qt, qrs + 0.14, np.maximum(qrs + 0.15, 0.93 * np.median(cycles) + 0.03))


def _beats(
    heart: Heart, complexes: dict[str, Complex], line: Timeline, rng: np.random.Generator, duration: float
) -> tuple[Wave, list[tuple]]:
    """Lobes of all waves in seconds, and the rows of the table of waves."""
    placed, rows = [], []
    qrs, qt = _intervals(heart, complexes, line)
    for beat, (onset, kind) in enumerate(line.ventricular):
        own = complexes[kind]
        qt_now = qt[beat] + 0.003 * rng.standard_normal()
        size = 1 + 0.02 * rng.standard_normal()
        depolarised = own.qrs.placed(onset, qrs[beat]) * size
        repolarised = own.repolarisation.placed(onset + qrs[beat], qt_now - qrs[beat]) * (
            size + 0.03 * rng.standard_normal()
        )
        placed += [depolarised, repolarised]
        end = onset + qrs[beat]
        rows.append(("all", beat, "QRS", onset, peak_of(depolarised, onset, end), end, kind))
        start, stop = _t_bounds(own.repolarisation, end, onset + qt_now)
        peak = peak_of(repolarised, start, stop)
        following = line.ventricular[beat + 1][0] if beat + 1 < len(line.ventricular) else np.inf
        if peak < following:
            rows.append(("all", beat, "T", start, peak, min(stop, following), kind))
    for time, kind in line.atrial:
        wave = (heart.p if kind == "sinus" else heart.other_p).placed(time, heart.p_duration)
        placed.append(wave * (1 + 0.04 * rng.standard_normal()))
        end = time + heart.p_duration
        rows.append(("all", line.followed_by.get(time, -1), "P", time, peak_of(wave, time, end), end, kind))
    lobes = Wave(*(np.concatenate([getattr(wave, name) for wave in placed]) for name in ("vectors", "times", "sharp")))
    # No two beats are quite alike, lobe by lobe.
    vectors = lobes.vectors * (1 + 0.02 * rng.standard_normal((len(lobes.vectors), 1)))
    return Wave(vectors, lobes.times, lobes.sharp), rows


def _t_bounds(repolarisation: Wave, j_point: float, end: float) -> tuple[float, float]:
    """T begins where the first lobe that starts after J does; a U wave, which starts after T, is no part of it."""
    starts = repolarisation.times[:, 0]
    first = starts[(starts >= 0) & (starts < 1)].min(initial=1.0)
    return j_point + (first if first < 1 else 0.1) * (end - j_point), end


def _restless_atria(
    condition: Condition, heart: Heart, line: Timeline, times: np.ndarray, rng: np.random.Generator
) -> np.ndarray | float:
    if condition.atria == "fibrillation" or line.facts.get("mode") == "fibrillation":
        return atria.fibrillation(heart.atrial_waves, times, rng)
    if condition.atria == "flutter":
        return atria.flutter(heart.atrial_waves, line.facts["atrial_rate"], line.facts["flutter_start"], times, rng)
    return 0.0


def _breathed(vector: np.ndarray, breathing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Breathing turns the heart a little and changes its distance to the electrodes."""
    axis = rng.standard_normal(3)
    axis *= np.deg2rad(rng.uniform(1, 5)) / np.linalg.norm(axis)
    turn = np.cross(axis, vector, axisb=0, axisc=0)
    return vector * (1 + rng.uniform(0.01, 0.05) * breathing) + turn * breathing


def _spikes(heart: Heart, line: Timeline, times: np.ndarray) -> np.ndarray | float:
    """Stimuli of a pacemaker: rectangles of 2 ms."""
    if not line.spikes:
        return 0.0
    step = times[1] - times[0]
    out = np.zeros_like(times)
    for spike in line.spikes:
        first = math.floor((spike - times[0]) / step)
        for sample in range(max(first, 0), min(first + math.ceil(_SPIKE_S / step) + 2, len(times))):
            covered = min(spike + _SPIKE_S, times[sample] + step) - max(spike, times[sample])
            out[sample] += max(covered, 0) / step
    return heart.put_in["spike_mv"] * np.array([[0.55], [0.75], [-0.3]]) * out


def _recorder(electrodes: np.ndarray, inner_rate: float, sampling_rate: float) -> np.ndarray:
    """The recorder's low-pass, without delay: 150 Hz, or below half the sampling rate."""
    n = electrodes.shape[1]
    edge = min(_RECORDER_BAND_HZ, 0.42 * sampling_rate)
    gain = 1 / (1 + (rfftfreq(n, 1 / inner_rate) / edge) ** 8)
    return irfft(rfft(electrodes, axis=1) * gain, n=n, axis=1)


def _rate(line: Timeline, duration: float) -> float:
    """Ventricular beats per minute, from all cycles that reach into the recording."""
    onsets = np.array([time for time, _ in line.ventricular])
    reach = (onsets[1:] > 0) & (onsets[:-1] < duration)
    return float(60 / np.diff(onsets)[reach].mean())


def _findings(condition: Condition, heart: Heart, line: Timeline, put_in: dict, duration: float) -> tuple[str, ...]:
    """The finding asked for, what came with it, what rate, PR and axis amount to, and the parents of them all."""
    holds = [condition.finding, *condition.also, *heart.also, *line.also]
    if condition.sinus:
        rate = 60 / _sinus_cycle(line, duration)
        named = {"sinus_rhythm", "sinus_bradycardia", "sinus_tachycardia", "sinus_arrhythmia"}
        if not named & set(holds):
            holds.append("sinus_bradycardia" if rate < 60 else "sinus_tachycardia" if rate > 100 else "sinus_rhythm")
        if put_in["pr_ms"] < 120:
            holds.append("short_pr_interval")
        if heart.pr > 0.2 and condition.finding != "mobitz_i_av_block":
            holds.append("first_degree_av_block")
    if not 60 <= put_in["rate"] <= 100:
        holds.append("bradycardia" if put_in["rate"] < 60 else "tachycardia")
    # The late forces of a blocked right bundle are no part of the axis that readers name.
    holds.append(_axis_name(put_in["axis_degrees"] if heart.late_qrs is None else heart.axis))
    parents = [parent.id for finding in holds for parent in ancestors(finding)]
    return tuple(dict.fromkeys(holds + parents))


def _sinus_cycle(line: Timeline, duration: float) -> float:
    """Median time in seconds between two neighbouring sinus P waves; pauses after ectopic ones do not count."""
    cycles = [
        later[0] - earlier[0]
        for earlier, later in itertools.pairwise(line.atrial)
        if earlier[1] == later[1] == "sinus" and earlier[0] < duration and later[0] >= 0
    ]
    return float(np.median(cycles))


def _axis_name(axis: float) -> str:
    # Surawicz et al. 2009: normal from -30 to 90 degrees.
    if -30 <= axis <= 90:
        return "normal_axis"
    if -90 <= axis < -30:
        return "left_axis_deviation"
    return "right_axis_deviation" if axis > 90 else "extreme_axis_deviation"


def _put_in(
    condition: Condition,
    heart: Heart,
    complexes: dict[str, Complex],
    line: Timeline,
    levels: NoiseLevels,
    duration: float,
) -> dict:
    kinds = [kind for time, kind in line.ventricular if -_MARGIN_S <= time < duration]
    # The basic beat, not the premature ones: measurements describe it.
    kind = "sinus" if "sinus" in kinds else max(sorted(set(kinds)), key=kinds.count)
    main, entry = complexes[kind], catalogue()[condition.finding]
    qrs, qt = _intervals(heart, complexes, line)
    of_kind = [i for i, (time, own) in enumerate(line.ventricular) if own == kind and -_MARGIN_S <= time < duration]
    pr = [line.ventricular[beat][0] - p for p, beat in line.followed_by.items() if -_MARGIN_S <= p < duration]
    mean_qt = float(np.mean(qt[of_kind]))
    at_j = main.qrs.placed(0, main.duration) + main.repolarisation.placed(main.duration, mean_qt - main.duration)
    j_point = dipole(at_j, main.duration + np.array([0.0, 0.002]))[:, 0]
    return {
        "rate": _rate(line, duration),
        "pr_ms": 1000 * float(np.mean(pr)) if pr else None,
        "qrs_ms": 1000 * float(np.mean(qrs[of_kind])),
        "qt_ms": 1000 * float(np.mean(qt[of_kind])),
        "qtc_ms": 1000 * main.qtc,
        "axis_degrees": float(frontal_axis(heart.torso, main.qrs.net)),
        "st_mv": dict(zip(LEADS, leads(heart.torso, j_point).round(4).tolist(), strict=True)),
        "noise": vars(levels),
        "carriers": {"leads": heart.carrier_leads or entry.leads, "waves": entry.waves},
        "age": float(round(heart.age)),
        "sex": heart.sex,
        "p_ms": 1000 * heart.p_duration,
        "u_wave": _u_wave(main),
        "basic_kind": kind,
        "basic_beat": basic_beat(
            heart.torso,
            heart.p,
            heart.p_duration,
            float(np.mean(pr)) if pr and kind == "sinus" else None,
            main.qrs,
            main.duration,
            main.repolarisation,
            mean_qt,
        ),
        "atria": "fibrillation" if line.facts.get("mode") == "fibrillation" else condition.atria,
        "atrial_waves_mv": heart.atrial_waves,
        **{name: value for name, value in line.facts.items() if name != "flutter_start"},
        **heart.put_in,
    }


def _u_wave(own: Complex) -> float:
    """Size of the U wave's dipole in mV: of the lobes that begin after T has ended; 0 where there are none."""
    late = own.repolarisation.times[:, 0] >= 1
    return float(np.linalg.norm(own.repolarisation.vectors[late], axis=1).max(initial=0.0))
