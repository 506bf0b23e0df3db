"""A person's heart: everything about one recording that is drawn before its beats are."""

from dataclasses import dataclass, field

import numpy as np

from ecgclip_core.simulation.torso import drawn_torso, frontal_axis, leads
from ecgclip_core.simulation.waves import Wave, dipole, rotation, varied, wave

P_WAVE = wave(
    (0.080, (0.42, 0.80, 0.34), 0.0, 0.38, 0.80),
    (0.075, (0.82, 0.48, -0.42), 0.30, 0.66, 1.0),
)
# Retrograde: from below, so upside down in the inferior leads.
RETROGRADE_P = wave((0.08, (0.05, -0.9, 0.3), 0.0, 0.35, 0.75), (0.07, (0.1, -0.8, 0.4), 0.3, 0.65, 1.0))

# Septum, apex and front wall, free wall of the left ventricle, base: Durrer et al. 1970, doi:10.1161/01.CIR.41.6.899.
NORMAL_QRS = wave(
    (0.22, (-0.60, -0.10, 0.70), 0.0, 0.17, 0.36),
    (0.60, (0.58, 0.65, 0.42), 0.10, 0.36, 0.62),
    (1.30, (0.76, 0.48, -0.50), 0.24, 0.50, 0.78),
    (0.42, (-0.25, -0.30, -0.80), 0.52, 0.72, 1.0),
    sharp=0.55,
)
# A slow climb out of the ST segment, then the T wave proper, which falls faster than it rises.
NORMAL_T = wave(
    (0.055, (0.55, 0.35, 0.80), 0.02, 0.50, 0.95),
    (0.22, (0.72, 0.42, 0.52), 0.22, 0.67, 0.98),
    (0.11, (0.72, 0.50, 0.32), 0.34, 0.75, 1.0),
)
U_WAVE = wave((0.035, (0.45, 0.45, 0.7), 1.02, 1.22, 1.55))


@dataclass(frozen=True)
class Complex:
    """One kind of ventricular beat.

    Attributes
    ----------
    qrs, repolarisation : Wave
        In fractions of the QRS complex, and of the time from J to the end of T.
    duration : float
        QRS duration in seconds.
    qtc : float
        QT at a rate of 60/min in seconds (Fridericia).
    """

    qrs: Wave
    repolarisation: Wave
    duration: float
    qtc: float


@dataclass
class Heart:
    """What a condition may change before the recording is made. Seconds, mV, degrees, beats per minute."""

    age: float
    sex: str
    torso: np.ndarray
    rate: float
    pr: float
    p_duration: float
    qrs_duration: float
    qtc: float
    axis: float
    turn: float
    gain: float
    p: Wave
    qrs: Wave
    st_t: Wave
    respiration_rate: float
    respiration_phase: float
    sinus_arrhythmia: float
    st: Wave | None = None
    late_qrs: Wave | None = None
    limb_voltage: float | None = None
    other_p: Wave | None = None
    others: dict[str, Complex] = field(default_factory=dict)
    atrial_waves: float = 0.0
    mirrored: bool = False
    axis_is_drawn: bool = True
    sokolow: tuple[float, float] | None = (0.0, 3.3)
    carrier_leads: tuple[str, ...] | None = None
    also: list[str] = field(default_factory=list)
    put_in: dict = field(default_factory=dict)

    def respiration(self, times: np.ndarray) -> np.ndarray:
        """Breathing between -1 and 1 at times in seconds."""
        phase = 2 * np.pi * self.respiration_rate * times + self.respiration_phase
        return np.sin(phase + 0.35 * np.sin(phase))


def drawn_heart(rng: np.random.Generator) -> Heart:
    """A healthy adult at rest.

    Ranges follow Rijnbeek et al. 2014 (doi:10.1016/j.jelectrocard.2014.07.022): normal limits by
    age and sex.
    """
    sex = "female" if rng.random() < 0.5 else "male"
    age = float(np.round(np.clip(rng.normal(56, 17), 18, 94)))
    woman = sex == "female"
    heart = Heart(
        age=age,
        sex=sex,
        torso=drawn_torso(rng),
        rate=float(np.clip(rng.normal(72 + 2 * woman, 10), 63, 97)),
        pr=float(np.clip(rng.normal(0.157 + 0.0003 * (age - 50), 0.019), 0.122, 0.197)),
        p_duration=float(np.clip(rng.normal(0.107, 0.008), 0.082, 0.119)),
        qrs_duration=float(np.clip(rng.normal(0.085 if woman else 0.092, 0.007), 0.070, 0.108)),
        qtc=float(np.clip(rng.normal(0.416 if woman else 0.406, 0.016), 0.36, 0.450)),
        axis=float(np.clip(rng.normal(52 - 0.6 * (age - 40), 24), -25, 88)),
        turn=float(np.clip(rng.normal(-6, 13), -30, 22)),
        gain=float(np.exp(rng.normal(0.04, 0.25) - 0.002 * (age - 50))),
        p=varied(P_WAVE, rng, 0.12) * float(np.exp(rng.normal(0.05, 0.2))),
        qrs=varied(NORMAL_QRS, rng, 0.14, 0.025),
        st_t=varied(NORMAL_T, rng, 0.12, 0.02).turned(rotation(rng.normal(0, 7), rng.normal(0, 11)))
        * float(np.exp(rng.normal(0, 0.25)) * (0.85 if woman else 1.05)),
        respiration_rate=float(rng.uniform(0.17, 0.32)),
        respiration_phase=float(rng.uniform(0, 2 * np.pi)),
        sinus_arrhythmia=float(np.exp(rng.normal(np.log(0.03), 0.5)) * np.clip(1.6 - age / 80, 0.4, 1.4)),
    )
    # Where ST leaves the complex differs between people, most to the front and in men: Rautaharju et al. 2009.
    level = np.array([0.010, 0.008, 0.022 if woman else 0.045]) + 0.016 * rng.standard_normal(3)
    heart.st_t = heart.st_t + wave((float(np.linalg.norm(level)), level, -0.03, (0.12, 0.42), 0.92))
    if rng.random() < 0.35:
        heart.st_t = heart.st_t + U_WAVE * float(rng.uniform(0.4, 1.2))
    # A notch or slur somewhere in the complex; its place differs, most people have some.
    at = rng.uniform(0.2, 0.75)
    notch = wave((rng.uniform(0.02, 0.12), rng.standard_normal(3), at, at + 0.1, at + 0.22), sharp=0.5)
    heart.qrs = heart.qrs + notch
    return heart


def seated(heart: Heart, rng: np.random.Generator) -> Complex:
    """Turn the heart in the chest to its axis, bring its voltage into bounds, and give its own complex."""
    across = rotation(0, heart.turn)
    qrs = heart.qrs.turned(across)
    turn = _turn_to_axis(heart, qrs) if heart.axis_is_drawn else 0.0
    qrs = qrs.turned(rotation(turn))
    if heart.late_qrs is not None:
        qrs = qrs + heart.late_qrs
    # Atria and repolarisation follow the turn of the ventricles in part.
    follow = float(np.clip(turn, -60, 60))
    st_t = heart.st_t.turned(rotation(0.5 * follow, 0.5 * heart.turn))
    heart.p = heart.p.turned(rotation(0.25 * follow + rng.normal(0, 6)))
    gain = heart.gain * _voltage_factor(heart, qrs * heart.gain, rng)
    st_t = st_t * float(np.sqrt(gain) if gain > 0.5 else gain**0.8)
    return Complex(qrs * gain, st_t + heart.st if heart.st else st_t, heart.qrs_duration, heart.qtc)


def _turn_to_axis(heart: Heart, qrs: Wave) -> float:
    """Degrees by which the complex must turn in the frontal plane to have the heart's axis."""
    angles = np.arange(-180.0, 180.0)
    nets = np.stack([rotation(angle) @ qrs.net for angle in angles], axis=1)
    away = np.abs((frontal_axis(heart.torso, nets) - heart.axis + 180) % 360 - 180)
    return float(angles[np.argmin(away)])


def _voltage_factor(heart: Heart, qrs: Wave, rng: np.random.Generator) -> float:
    """What brings the complex within the heart's bounds of voltage."""
    seen = leads(heart.torso, dipole(qrs.placed(0, 1), np.linspace(-0.1, 1.1, 121)))
    limb, chest = np.ptp(seen[:6], axis=1).max(), np.ptp(seen[6:], axis=1).max()
    if heart.limb_voltage is not None:
        return float(min(heart.limb_voltage / limb, 0.92 / chest))
    if heart.sokolow is None:
        return 1.0
    # S in V1 and R in V5 or V6, mV: Sokolow & Lyon 1949, doi:10.1016/0002-8703(49)90562-1.
    voltage = max(-seen[6].min(), 0) + max(seen[10].max(), seen[11].max())
    least, most = heart.sokolow
    factor = rng.uniform(0.8, 1.0) * most / voltage if voltage > most else 1.0
    factor = rng.uniform(1.0, 1.2) * least / voltage if voltage < least else factor
    return float(max(factor, rng.uniform(0.62, 0.8) / limb if limb < 0.62 else 0.0))
