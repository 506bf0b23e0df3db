"""When the atria and the ventricles beat. Every rhythm takes the heart and a stretch of time and gives a `Timeline`."""

from dataclasses import dataclass, field

import numpy as np

from ecgclip_core.simulation.heart import Heart


@dataclass
class Timeline:
    """Onsets in seconds.

    Attributes
    ----------
    atrial : list of (float, str)
        P onset and kind: ``"sinus"``, ``"ectopic"`` or ``"retrograde"``.
    ventricular : list of (float, str)
        QRS onset and kind: ``"sinus"`` (conducted), ``"ectopic"``, ``"escape"`` or ``"paced"``.
    spikes : list of float
        Stimuli of a pacemaker.
    followed_by : dict
        P onset -> number of the ventricular beat that it leads to; P waves that lead to none are absent.
    also : list of str
        Findings that the drawn rhythm brings along.
    facts : dict
        What else was drawn: conduction ratio, atrial rate, ...
    """

    atrial: list[tuple[float, str]] = field(default_factory=list)
    ventricular: list[tuple[float, str]] = field(default_factory=list)
    spikes: list[float] = field(default_factory=list)
    followed_by: dict[float, int] = field(default_factory=dict)
    also: list[str] = field(default_factory=list)
    facts: dict = field(default_factory=dict)

    def conduct(self, p_onset: float, pr: float, kind: str = "sinus") -> None:
        self.followed_by[p_onset] = len(self.ventricular)
        self.ventricular.append((p_onset + pr, kind))


def _sinus(heart: Heart, rng: np.random.Generator, start: float, stop: float, rate: float | None = None) -> list[float]:
    """P onsets of a sinus node that breathing, slow blood pressure waves and chance speed up and slow down."""
    cycle = 60 / (rate or heart.rate)
    phase, times = rng.uniform(0, 2 * np.pi), [start - rng.uniform(0, cycle)]
    # A fast heart varies less.
    calm = np.clip(cycle / 0.85, 0.25, 1.3)
    while times[-1] < stop:
        now = times[-1]
        vary = heart.sinus_arrhythmia * heart.respiration(now) + 0.4 * heart.sinus_arrhythmia * np.sin(
            0.63 * now + phase
        )
        times.append(now + cycle * max(1 + calm * vary + 0.006 * rng.standard_normal(), 0.4))
    return times


def _pr(heart: Heart, rng: np.random.Generator) -> float:
    return heart.pr + 0.0015 * rng.standard_normal()


def sinus(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    line = Timeline()
    for p in _sinus(heart, rng, start, stop):
        line.atrial.append((p, "sinus"))
        line.conduct(p, _pr(heart, rng))
    return line


def atrial_fibrillation(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    """Ventricular intervals without memory: gamma-like, floored by the AV node's refractory time."""
    line = Timeline()
    cycle, spread = 60 / heart.rate, rng.uniform(0.17, 0.27)
    floor = max(0.29, 0.52 * cycle)
    now = start - rng.uniform(0, cycle)
    shape = ((cycle - floor) / (spread * cycle)) ** 2
    while now < stop:
        line.ventricular.append((now, "sinus"))
        now += floor + rng.gamma(shape, (cycle - floor) / shape)
    return line


def atrial_flutter(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    line = Timeline()
    atrial_rate = rng.uniform(245, 335)
    cycle = 60 / atrial_rate
    ratios = [(2,), (4,), (3,), (2, 4), (2, 2, 4), (2, 3, 4)][rng.choice(6, p=[0.30, 0.24, 0.08, 0.14, 0.12, 0.12])]
    irregular = len(ratios) > 1
    line.facts = {"atrial_rate": float(atrial_rate), "conduction": "variable" if irregular else f"{ratios[0]}:1"}
    now = start - rng.uniform(0, 1)
    lag = rng.uniform(0.0, cycle)
    line.facts["flutter_start"] = float(now - lag)
    while now < stop:
        line.ventricular.append((now + 0.003 * rng.standard_normal(), "sinus"))
        now += cycle * ratios[rng.integers(len(ratios))]
    return line


def supraventricular_tachycardia(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    line = Timeline()
    cycle, now = 60 / heart.rate, start
    where = heart.put_in["retrograde"]
    delay = {
        "hidden": 0.0,
        "end of QRS": heart.qrs_duration - 0.035,
        "in ST": heart.qrs_duration + rng.uniform(0.03, 0.06),
    }
    while now < stop:
        line.ventricular.append((now, "sinus"))
        if where != "hidden":
            line.atrial.append((now + delay[where], "retrograde"))
        now += cycle * (1 + 0.004 * rng.standard_normal())
    return line


def ventricular_tachycardia(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    """Ventricles and sinus node each for themselves."""
    rate = rng.uniform(132, 215)
    line = Timeline(facts={"ventricular_rate": float(rate)})
    now = start - rng.uniform(0, 60 / rate)
    while now < stop:
        line.ventricular.append((now, "ectopic"))
        now += 60 / rate * (1 + 0.006 * rng.standard_normal())
    if rng.random() < 0.7:
        sinus_rate = rng.uniform(62, 105)
        line.facts["atrial_rate"] = float(sinus_rate)
        line.atrial = [(p, "sinus") for p in _sinus(heart, rng, start, stop, sinus_rate)]
    heart.rate = float(rate)
    return line


def premature_atrial_beats(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    """Early atrial beats reset the sinus node: the pause after them is less than compensatory."""
    line = Timeline()
    now, cycle = start - rng.uniform(0, 60 / heart.rate), 60 / heart.rate
    early = rng.uniform(0.55, 0.74)
    share, wait = rng.uniform(0.12, 0.3), rng.integers(2, 4)
    longer = rng.uniform(0.0, 0.05)
    while now < stop:
        line.atrial.append((now, "sinus"))
        line.conduct(now, _pr(heart, rng))
        step = cycle * (1 + heart.sinus_arrhythmia * heart.respiration(now) + 0.006 * rng.standard_normal())
        wait -= 1
        if (wait <= 0 and rng.random() < share) or wait < -3:
            wait = rng.integers(2, 5)
            ectopic = now + step * early * (1 + 0.03 * rng.standard_normal())
            line.atrial.append((ectopic, "ectopic"))
            line.conduct(ectopic, heart.pr + longer)
            step = ectopic - now + cycle * rng.uniform(1.05, 1.2)
        now += step
    return line


def _with_ventricular_beats(
    heart: Heart, rng: np.random.Generator, start: float, stop: float, every: int | None
) -> Timeline:
    line = Timeline()
    coupling = rng.uniform(0.46, 0.66)
    share, wait = rng.uniform(0.12, 0.3), int(rng.integers(2, 5))
    blocked = False
    for p, following in zip(times := _sinus(heart, rng, start, stop), times[1:], strict=False):
        line.atrial.append((p, "sinus"))
        if blocked:
            # The sinus P falls into refractory tissue: the pause is compensatory.
            blocked = False
            continue
        line.conduct(p, _pr(heart, rng))
        wait -= 1
        due = wait <= 0 if every else (wait <= 0 and rng.random() < share) or wait < -3
        if due:
            wait = every or int(rng.integers(2, 5))
            cycle = following - p
            line.ventricular.append((p + heart.pr + coupling * cycle * (1 + 0.025 * rng.standard_normal()), "ectopic"))
            blocked = True
    return line


def premature_ventricular_beats(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    return _with_ventricular_beats(heart, rng, start, stop, None)


def ventricular_bigeminy(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    return _with_ventricular_beats(heart, rng, start, stop, 1)


def mobitz_i(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    """Wenckebach: PR grows by ever smaller steps until a P wave is not conducted."""
    line = Timeline()
    cycle = int(rng.integers(3, 6))
    base = float(np.clip(heart.pr + rng.uniform(0.02, 0.06), 0.16, 0.26))
    step = rng.uniform(0.05, 0.10)
    line.facts = {"conduction": f"{cycle}:{cycle - 1}", "first_pr_ms": round(1000 * base)}
    count = int(rng.integers(cycle))
    for p in _sinus(heart, rng, start, stop):
        line.atrial.append((p, "sinus"))
        if count < cycle - 1:
            line.conduct(p, base + step * sum(0.62**k for k in range(count)) + 0.002 * rng.standard_normal())
        count = (count + 1) % cycle
    return line


def mobitz_ii(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    """P waves fail without warning, PR is the same before and after."""
    line = Timeline()
    usual = int(rng.integers(3, 5))
    wait = int(rng.integers(1, usual))
    for p in _sinus(heart, rng, start, stop):
        line.atrial.append((p, "sinus"))
        if wait > 0:
            line.conduct(p, _pr(heart, rng))
            wait -= 1
        else:
            wait = usual - 1 if rng.random() < 0.6 else usual
    line.facts = {"conduction": f"mostly {usual}:{usual - 1}"}
    return line


def third_degree(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    rate = heart.put_in["escape_rate"]
    kind = "escape" if "escape" in heart.others else "sinus"
    line = Timeline(facts={"atrial_rate": float(heart.rate), "ventricular_rate": rate})
    line.atrial = [(p, "sinus") for p in _sinus(heart, rng, start, stop)]
    now = start - rng.uniform(0, 60 / rate)
    while now < stop:
        line.ventricular.append((now, kind))
        now += 60 / rate * (1 + 0.008 * rng.standard_normal())
    return line


def paced(heart: Heart, rng: np.random.Generator, start: float, stop: float) -> Timeline:
    """The ventricle paced: after each sinus P, at a fixed rate against a sinus rhythm, or in fibrillation."""
    line = Timeline()
    mode = str(rng.choice(["tracking", "fixed", "fibrillation"], p=[0.45, 0.2, 0.35]))
    latency = rng.uniform(0.008, 0.018)
    if mode == "tracking":
        delay = rng.uniform(0.13, 0.19)
        for p in _sinus(heart, rng, start, stop):
            line.atrial.append((p, "sinus"))
            line.spikes.append(p + delay)
            line.conduct(p, delay + latency, "paced")
    else:
        rate = float(rng.choice([60, 60, 65, 70, 70, 75, 80]))
        line.spikes = list(np.arange(start - rng.uniform(0, 60 / rate), stop, 60 / rate))
        if mode == "fixed":
            slow = rng.uniform(45, 58)
            line.atrial = [(p, "sinus") for p in _sinus(heart, rng, start, stop, slow)]
            line.facts["atrial_rate"] = float(slow)
        heart.rate = rate
        line.ventricular = [(spike + latency, "paced") for spike in line.spikes]
    if mode == "fibrillation":
        line.also.append("atrial_fibrillation")
    line.facts["mode"] = mode
    return line
