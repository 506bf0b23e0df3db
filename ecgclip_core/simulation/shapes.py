"""What each condition does to the shape of the waves. Every function changes a `Heart` and draws how severe it is.

Directions and durations follow the definitions of the AHA/ACCF/HRS recommendations: intraventricular conduction
(Surawicz et al. 2009, doi:10.1161/CIRCULATIONAHA.108.191095), ST, T and U waves and the QT interval (Rautaharju et al.
2009, doi:10.1161/CIRCULATIONAHA.108.191096), chamber hypertrophy (Hancock et al. 2009,
doi:10.1161/CIRCULATIONAHA.108.191097), acute ischaemia (Wagner et al. 2009, doi:10.1161/CIRCULATIONAHA.108.191098).
"""

import numpy as np

from ecgclip_core.ecg.leads import LEADS
from ecgclip_core.simulation.heart import NORMAL_QRS, NORMAL_T, RETROGRADE_P, U_WAVE, Complex, Heart
from ecgclip_core.simulation.torso import leads
from ecgclip_core.simulation.waves import Wave, rotation, varied, wave


def segment(heart: Heart, lead: str, millivolts: float, direction, slope: float = 0.0, dome: float = 0.0) -> Wave:
    """An ST segment shifted along a direction, so that one lead is shifted by so many mV at the J point.

    `slope` > 0 lets it rise towards T (of its own height), `dome` > 0 bulges it (convex).
    """
    direction = np.asarray(direction, dtype=float)
    direction = direction / np.linalg.norm(direction)
    size = millivolts / leads(heart.torso, direction)[LEADS.index(lead)]
    lobes = [(size, direction, -0.16, (0.0, 0.45), 0.97)]
    if slope:
        lobes.append((slope * size, direction, 0.02, 0.62, 0.98))
    if dome:
        lobes.append((dome * size, direction, 0.0, 0.40, 0.95))
    return wave(*lobes)


# --- conduction ---


def left_bundle_branch_block(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(70, 11), 35, 94))
    heart.qrs_duration = rng.uniform(0.124, 0.172)
    heart.qtc += 0.6 * (heart.qrs_duration - 0.09)
    heart.axis = float(np.clip(rng.normal(-5, 28), -60, 70))
    heart.turn = rng.normal(-4, 7)
    notch = rng.uniform(0.5, 1.0)
    heart.qrs = varied(
        wave(
            (rng.uniform(0.05, 0.22), (0.15, 0.25, 0.9), 0.0, 0.12, 0.30),
            (0.95, (0.80, 0.15, -0.60), 0.04, 0.36, 0.66),
            (0.85 + 0.25 * notch, (0.85, 0.05, -0.50), 0.34, 0.70 + 0.03 * notch, 1.0),
            (0.50, (0.35, 0.20, -0.95), 0.20, 0.52, 0.86),
            sharp=0.25,
        ),
        rng,
        0.10,
        0.015,
    )
    depth = rng.uniform(0.7, 1.3)
    heart.st_t = varied(
        wave(
            (0.10 * depth, (-0.75, -0.10, 0.65), -0.15, (0.02, 0.30), 0.9),
            (0.34 * depth, (-0.78, -0.10, 0.60), 0.12, 0.66, 1.0),
        ),
        rng,
        0.10,
    )


def _terminal_right(heart: Heart, rng: np.random.Generator, size: float, duration: float) -> None:
    """The right ventricle last: its forces, to the right and front, are left over at the end of the complex."""
    usual = heart.qrs_duration
    heart.qrs_duration = duration
    # The left ventricle keeps its own time.
    share = min(0.9 * usual / duration, 0.82)
    heart.qrs = heart.qrs.part(0.0, share)
    heart.late_qrs = varied(
        wave(
            (0.72 * size, (-0.44, -0.05, 0.88), 0.70 * share, 0.42 + 0.45 * share, 1.0),
            (0.32 * size, (-0.68, 0.05, 0.70), share, 0.35 + 0.6 * share, 1.0),
            sharp=0.2,
        ),
        rng,
        0.10,
        0.01,
    )


def right_bundle_branch_block(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(66, 14), 25, 94))
    _terminal_right(heart, rng, rng.uniform(0.80, 1.30), rng.uniform(0.122, 0.158))
    heart.qtc += 0.5 * (heart.qrs_duration - 0.09)
    heart.axis = float(np.clip(heart.axis, 0, 80))
    heart.turn = rng.normal(0, 8)
    heart.st_t = heart.st_t + wave(
        (rng.uniform(0.16, 0.28), (0.35, 0.0, -0.94), 0.02, 0.58, 0.98),
        (rng.uniform(0.01, 0.04), (0.3, 0.0, -0.94), -0.1, (0.05, 0.25), 0.8),
    )


def incomplete_right_bundle_branch_block(heart: Heart, rng: np.random.Generator) -> None:
    _terminal_right(heart, rng, rng.uniform(0.40, 0.62), rng.uniform(0.100, 0.117))
    heart.axis = float(np.clip(heart.axis, 10, 80))
    heart.turn = rng.normal(2, 6)


def left_anterior_fascicular_block(heart: Heart, rng: np.random.Generator) -> None:
    heart.qrs_duration = rng.uniform(0.092, 0.116)
    heart.axis = rng.uniform(-78, -47)
    heart.turn = rng.normal(-4, 8)
    heart.qrs = varied(
        wave(
            (0.34, (-0.35, 0.85, 0.40), 0.0, 0.16, 0.36),
            (0.55, (0.70, -0.05, 0.60), 0.10, 0.34, 0.60),
            (1.15, (0.80, -0.62, -0.25), 0.24, 0.54, 0.84),
            (0.45, (0.20, -0.75, -0.60), 0.55, 0.78, 1.0),
            sharp=0.5,
        ),
        rng,
        0.10,
    )
    heart.st_t = varied(NORMAL_T, rng, 0.10).turned(rotation(45)) * rng.uniform(0.8, 1.2)


def left_posterior_fascicular_block(heart: Heart, rng: np.random.Generator) -> None:
    heart.qrs_duration = rng.uniform(0.092, 0.116)
    heart.axis = rng.uniform(97, 135)
    heart.turn = rng.normal(0, 6)
    heart.qrs = varied(
        wave(
            (0.34, (0.55, -0.75, 0.35), 0.0, 0.16, 0.36),
            (0.45, (0.35, 0.55, 0.70), 0.10, 0.34, 0.60),
            (1.20, (0.05, 0.90, -0.42), 0.24, 0.54, 0.84),
            (0.45, (-0.60, 0.60, -0.50), 0.55, 0.78, 1.0),
            sharp=0.5,
        ),
        rng,
        0.10,
    )
    heart.st_t = varied(NORMAL_T, rng, 0.10).turned(rotation(-25)) * rng.uniform(0.8, 1.2)


# First forces and repolarisation of the pre-excited wall, by where the pathway lies.
_PATHWAYS = {
    "left lateral": (-0.45, 0.50, 0.75),
    "posteroseptal": (0.60, -0.60, 0.50),
    "right free wall": (0.85, 0.15, -0.45),
    "anteroseptal": (0.60, 0.75, -0.15),
}


def wolff_parkinson_white(heart: Heart, rng: np.random.Generator) -> None:
    place = list(_PATHWAYS)[rng.choice(4, p=[0.42, 0.28, 0.16, 0.14])]
    direction = np.array(_PATHWAYS[place])
    usual = heart.qrs_duration
    degree = rng.uniform(0.6, 1.2)
    lead_in = 0.028 + 0.022 * degree
    heart.pr = rng.uniform(0.082, 0.116)
    heart.p_duration = min(heart.p_duration, heart.pr - 0.008)
    heart.qrs_duration = usual + lead_in
    heart.qtc += 0.02
    heart.age = float(np.clip(rng.normal(35, 14), 18, 75))
    start = lead_in / heart.qrs_duration
    normal = heart.qrs.part(start * 0.85, 1.0) * (1.05 - 0.15 * degree)
    size = 0.36 * degree
    heart.qrs = normal + varied(
        wave(
            (size, direction, 0.0, (start, start + 0.12), start + 0.42),
            (0.9 * size, direction, start * 0.7, start + 0.25, start + 0.55),
        ),
        rng,
        0.08,
        0.01,
    )
    heart.axis_is_drawn = False
    heart.st_t = heart.st_t + wave(
        (0.24 * degree, -direction, 0.05, 0.6, 1.0), (0.05 * degree, -direction, -0.1, (0.02, 0.3), 0.9)
    )
    heart.put_in["pathway"] = place


# --- ventricular beats ---

# Main direction of the spread away from where a ventricular beat begins.
ORIGINS = {
    "right ventricular outflow tract": (0.28, 0.88, -0.38),
    "right ventricular apex": (0.62, -0.68, -0.48),
    "left ventricular inferior wall": (-0.25, -0.75, 0.65),
    "left ventricular lateral wall": (-0.85, 0.35, 0.45),
    "left ventricular apex": (-0.45, -0.72, -0.45),
    "left ventricular outflow tract": (-0.25, 0.88, 0.42),
}


def ventricular_complex(direction, duration: float, size: float, rng: np.random.Generator, qtc: float) -> Complex:
    """A beat spreading through muscle: slow, broad, its repolarisation against it."""
    direction = np.asarray(direction, dtype=float)
    direction = direction / np.linalg.norm(direction)
    aside = np.cross(direction, rng.standard_normal(3))
    aside /= np.linalg.norm(aside)
    late = 0.8 * direction + rng.uniform(0.3, 0.8) * aside
    early = 0.8 * direction - rng.uniform(0.0, 0.7) * aside
    qrs = varied(
        wave(
            (0.45 * size, early, 0.0, 0.20, 0.50),
            (1.15 * size, direction, 0.10, 0.42, 0.78),
            (0.65 * size, late, 0.40, rng.uniform(0.64, 0.72), 1.0),
            sharp=0.4,
        ),
        rng,
        0.08,
        0.015,
    )
    against = -(direction + 0.25 * rng.standard_normal(3))
    repolarisation = varied(
        wave(
            (0.13 * size, against, -0.15, (0.02, 0.25), 0.9),
            (0.42 * size, against, 0.02, rng.uniform(0.5, 0.6), 1.0),
        ),
        rng,
        0.08,
    )
    return Complex(qrs, repolarisation, duration, qtc)


def _origin(heart: Heart, rng: np.random.Generator, weights) -> np.ndarray:
    place = list(ORIGINS)[rng.choice(len(ORIGINS), p=weights)]
    heart.put_in["origin"] = place
    return np.array(ORIGINS[place]) + 0.15 * rng.standard_normal(3)


def ventricular_ectopy(heart: Heart, rng: np.random.Generator) -> None:
    direction = _origin(heart, rng, [0.38, 0.10, 0.14, 0.12, 0.06, 0.20])
    duration = rng.uniform(0.128, 0.175)
    size = np.sqrt(heart.gain) * rng.uniform(1.0, 1.5)
    heart.others["ectopic"] = ventricular_complex(direction, duration, size, rng, heart.qtc + 0.05)
    heart.other_p = RETROGRADE_P


def ventricular_tachycardia(heart: Heart, rng: np.random.Generator) -> None:
    direction = _origin(heart, rng, [0.20, 0.18, 0.20, 0.14, 0.16, 0.12])
    duration = rng.uniform(0.138, 0.186)
    size = rng.uniform(1.0, 1.7)
    heart.others["ectopic"] = ventricular_complex(direction, duration, size, rng, 0.47)
    heart.age = float(np.clip(rng.normal(62, 13), 25, 92))


def ventricular_pacing(heart: Heart, rng: np.random.Generator) -> None:
    direction = np.array((0.60, -0.70, -0.50)) + 0.14 * rng.standard_normal(3)
    duration = rng.uniform(0.148, 0.192)
    size = rng.uniform(0.9, 1.4)
    heart.others["paced"] = ventricular_complex(direction, duration, size, rng, 0.465)
    heart.age = float(np.clip(rng.normal(76, 9), 40, 95))
    heart.atrial_waves = rng.uniform(0.015, 0.06)
    unipolar = rng.random() < 0.3
    heart.put_in["pacing"] = "unipolar" if unipolar else "bipolar"
    heart.put_in["spike_mv"] = float(rng.uniform(1.2, 2.6) if unipolar else rng.uniform(0.35, 0.9))


def escape(heart: Heart, rng: np.random.Generator) -> None:
    """The escape rhythm below a complete block: junctional (narrow) or ventricular (broad and slower)."""
    heart.age = float(np.clip(rng.normal(73, 12), 25, 95))
    if rng.random() < 0.45:
        heart.put_in["escape"] = "junctional"
        heart.put_in["escape_rate"] = float(rng.uniform(38, 52))
    else:
        heart.put_in["escape"] = "ventricular"
        heart.put_in["escape_rate"] = float(rng.uniform(27, 42))
        direction = np.array([(0.7, -0.3, -0.6), (-0.6, 0.4, 0.6), (-0.35, -0.7, 0.5)][rng.integers(3)])
        heart.others["escape"] = ventricular_complex(
            direction, rng.uniform(0.128, 0.165), rng.uniform(1.0, 1.5), rng, 0.45
        )


# --- infarction and inflammation ---


def anterior_st_elevation_infarction(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(63, 12), 33, 92))
    heart.rate = rng.uniform(62, 108)
    heart.turn = rng.normal(-4, 6)
    level = float(np.clip(rng.lognormal(np.log(0.32), 0.35), 0.22, 0.75))
    lateral = rng.uniform(0.05, 0.45)
    direction = (lateral, rng.uniform(-0.22, 0.05), 0.85)
    heart.st = segment(heart, "V2", level, direction, slope=rng.uniform(0.4, 1.0), dome=rng.uniform(0, 0.4))
    heart.st_t = heart.st_t * rng.uniform(0.6, 1.1)
    if rng.random() < 0.5:
        # Forces of the front wall are already lost: Q waves or poor R waves.
        heart.qrs = heart.qrs + wave((rng.uniform(0.25, 0.55), (0.0, 0.0, -1.0), 0.02, 0.26, 0.56), sharp=0.4)
    heart.put_in["st_target_mv"] = level


def inferior_st_elevation_infarction(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(64, 12), 33, 92))
    heart.rate = rng.uniform(52, 96)
    heart.axis = float(np.clip(rng.normal(35, 20), -10, 75))
    level = float(np.clip(rng.lognormal(np.log(0.25), 0.35), 0.15, 0.6))
    right = rng.random() < 0.8
    heart.put_in["artery"] = "right coronary" if right else "circumflex"
    side = rng.uniform(-0.30, 0.0) if right else rng.uniform(0.12, 0.3)
    direction = (side, 0.95, rng.uniform(-0.35, 0.0))
    heart.st = segment(heart, "III" if right else "II", level, direction, rng.uniform(0.3, 0.9), rng.uniform(0, 0.4))
    heart.st_t = heart.st_t * rng.uniform(0.7, 1.0)
    if rng.random() < 0.4:
        heart.qrs = heart.qrs + wave((rng.uniform(0.12, 0.3), (0.0, -1.0, 0.0), 0.0, 0.2, 0.46), sharp=0.4)
    if rng.random() < 0.2:
        heart.pr = rng.uniform(0.204, 0.27)
    heart.put_in["st_target_mv"] = level


def posterior_st_elevation_infarction(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(64, 12), 33, 92))
    heart.rate = rng.uniform(58, 98)
    heart.turn = rng.uniform(6, 22)
    level = rng.uniform(0.10, 0.28)
    direction = (rng.uniform(-0.05, 0.10), rng.uniform(0.0, 0.16), -0.9)
    heart.st = segment(heart, "V2", -level, direction, slope=rng.uniform(-0.7, -0.3))
    heart.qrs = heart.qrs + varied(
        wave((rng.uniform(0.55, 0.85), (-0.55, 0.1, 0.83), 0.24, 0.54, 0.92), sharp=0.4), rng
    )
    heart.gain = min(heart.gain, 1.1)
    heart.st_t = heart.st_t * rng.uniform(0.7, 1.0) + wave((rng.uniform(0.04, 0.14), (0.1, 0.1, 1.0), 0.2, 0.68, 1.0))
    heart.put_in["st_target_mv"] = -level


def old_inferior_infarction(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(67, 11), 38, 92))
    heart.axis_is_drawn = False
    heart.turn = rng.normal(0, 8)
    depth = rng.uniform(0.38, 0.75)
    kept = NORMAL_QRS.turned(rotation(rng.uniform(-32, -18)))
    heart.qrs_duration = rng.uniform(0.092, 0.112)
    heart.qrs = varied(
        kept + wave((depth, (-0.05, -1.0, 0.05), 0.0, 0.22, 0.50), sharp=0.4) + wave((0.25, (0, 1, 0), 0.4, 0.62, 0.9)),
        rng,
        0.08,
        0.01,
    )
    heart.st_t = heart.st_t.turned(rotation(-25)) + wave((rng.uniform(0.05, 0.30), (0.1, -1.0, 0.0), 0.12, 0.64, 1.0))


def old_anterior_infarction(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(67, 11), 38, 92))
    heart.turn = rng.normal(-6, 4)
    heart.qrs_duration = rng.uniform(0.092, 0.114)
    kept = wave(
        (rng.uniform(0.35, 0.75), (0.05, -0.05, -1.0), 0.0, 0.24, 0.52),
        (0.45, (0.50, 0.75, -0.10), 0.10, 0.38, 0.64),
        (1.15, (0.74, 0.45, -0.62), 0.24, 0.50, 0.80),
        (0.40, (-0.10, -0.25, -0.80), 0.52, 0.74, 1.0),
        sharp=0.5,
    )
    heart.qrs = varied(kept, rng, 0.10)
    heart.st_t = heart.st_t * 0.7 + wave((rng.uniform(0.25, 0.50), (-0.25, 0.0, -0.95), 0.12, 0.62, 1.0))
    if rng.random() < 0.5:
        heart.st = segment(heart, "V2", rng.uniform(0.05, 0.12), (0.1, 0.0, 0.9))


def pericarditis(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(38, 14), 18, 75))
    heart.rate = rng.uniform(68, 116)
    heart.axis = float(np.clip(rng.normal(50, 14), 15, 75))
    level = rng.uniform(0.11, 0.26)
    direction = (0.85 + rng.normal(0, 0.08), 0.72 + rng.normal(0, 0.08), rng.uniform(0.15, 0.4))
    heart.st = segment(heart, "II", level, direction, slope=rng.uniform(0.2, 0.6))
    # The injured atria: PR depressed where ST is raised, PR raised in aVR.
    down = segment(heart, "II", -rng.uniform(0.35, 0.6) * min(level, 0.16), direction).vectors[0]
    heart.p = heart.p + wave((np.linalg.norm(down), down, 0.45, (1.0, 1.45), 1.9))
    heart.put_in["st_target_mv"] = level


def st_depression(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(66, 12), 35, 92))
    heart.rate = rng.uniform(62, 112)
    level = rng.uniform(0.10, 0.25)
    direction = (0.85, rng.uniform(0.3, 0.65), rng.uniform(0.05, 0.4))
    heart.st = segment(heart, "V5", -level, direction, slope=rng.uniform(-0.3, 0.4))
    heart.st_t = heart.st_t * rng.uniform(0.5, 0.9)


def t_wave_inversion(heart: Heart, rng: np.random.Generator) -> None:
    place = rng.random()
    if place < 0.45:
        heart.put_in["territory"], heart.carrier_leads = "anterior", ("V2", "V3", "V4")
        size, direction = rng.uniform(0.30, 0.60), (-0.30, -0.05, -0.95)
    elif place < 0.8:
        heart.put_in["territory"], heart.carrier_leads = "lateral", ("I", "aVL", "V4", "V5", "V6")
        size, direction = rng.uniform(0.35, 0.65), (-0.90, -0.20, -0.10)
    else:
        heart.put_in["territory"], heart.carrier_leads = "inferior", ("II", "III", "aVF")
        size, direction = rng.uniform(0.30, 0.50), (0.15, -0.97, 0.15)
    heart.st_t = varied(wave((size, direction, 0.10, 0.58, 1.0)), rng, 0.08) + heart.st_t * rng.uniform(0.3, 0.6)
    heart.qtc = min(heart.qtc + 0.015, 0.455)


# --- chambers ---


def left_ventricular_hypertrophy(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(66, 12), 30, 92))
    heart.qrs_duration = rng.uniform(0.096, 0.116)
    heart.axis = float(np.clip(rng.normal(14, 18), -25, 60))
    heart.turn = rng.normal(-12, 5)
    heart.sokolow = (3.6, 5.6)
    heart.gain = rng.uniform(1.3, 1.8)
    heart.p = heart.p + wave((rng.uniform(0.0, 0.09), (0.45, 0.2, -0.85), 0.45, 0.74, 1.0))
    strain = rng.uniform(0.8, 1.5)
    heart.st_t = wave(
        (0.055 * strain, (-0.80, -0.30, 0.50), -0.12, (0.05, 0.20), 0.7),
        (0.10 * strain, (-0.80, -0.30, 0.50), 0.02, 0.45, 0.95),
        (0.20 * strain, (-0.78, -0.25, 0.55), 0.15, 0.68, 1.0),
    )
    heart.st_t = varied(heart.st_t, rng, 0.08)


def right_ventricular_hypertrophy(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(54, 15), 20, 88))
    heart.qrs_duration = rng.uniform(0.088, 0.112)
    heart.axis = rng.uniform(98, 145)
    heart.sokolow = None
    heart.gain = rng.uniform(0.85, 1.15)
    heart.turn = rng.normal(0, 5)
    heart.qrs = varied(
        wave(
            (0.22, (-0.1, -0.5, 0.7), 0.0, 0.16, 0.36),
            (1.05, (-0.30, 0.50, 0.85), 0.10, 0.42, 0.72),
            (0.55, (0.10, 0.85, -0.30), 0.25, 0.50, 0.78),
            (0.75, (-0.85, 0.15, 0.10), 0.42, 0.70, 1.0),
            sharp=0.45,
        ),
        rng,
        0.10,
    )
    strain = rng.uniform(0.7, 1.4)
    heart.st_t = (
        wave(
            (0.30 * strain, (0.50, -0.20, -0.85), 0.12, 0.66, 1.0),
            (0.04 * strain, (0.4, -0.3, -0.85), -0.1, (0.05, 0.2), 0.8),
        )
        + NORMAL_T.turned(rotation(-20)) * 0.5
    )
    if rng.random() < 0.5:
        right_atrial_enlargement(heart, rng)


def right_atrial_enlargement(heart: Heart, rng: np.random.Generator) -> None:
    heart.p = heart.p * 0.9 + wave((rng.uniform(0.19, 0.30), (0.10, 0.95, 0.38), 0.0, 0.45, 0.95), sharp=0.2)
    heart.p_duration = rng.uniform(0.095, 0.112)


def left_atrial_enlargement(heart: Heart, rng: np.random.Generator) -> None:
    heart.p_duration = rng.uniform(0.124, 0.150)
    heart.pr = max(heart.pr, min(heart.p_duration + 0.03, 0.196))
    size = rng.uniform(0.9, 1.4)
    heart.p = varied(
        wave(
            (0.095, (0.35, 0.85, 0.45), 0.0, 0.28, 0.58),
            (0.140 * size, (0.72, 0.48, -0.60), 0.42, 0.73, 1.0),
        ),
        rng,
        0.08,
    )


def low_voltage(heart: Heart, rng: np.random.Generator) -> None:
    heart.limb_voltage = rng.uniform(0.26, 0.46)
    heart.p = heart.p * rng.uniform(0.5, 0.8)
    heart.qrs = heart.qrs.turned(rotation(0, rng.normal(0, 8)))


# --- repolarisation ---


def long_qt(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(44, 18), 18, 90))
    heart.qtc = float(np.clip(rng.normal(0.53, 0.03), 0.485, 0.61))
    heart.rate = rng.uniform(56, 86)
    form = rng.choice(["broad", "notched", "late"])
    heart.put_in["t_form"] = str(form)
    size = rng.uniform(0.8, 1.25)
    if form == "broad":
        lobes = [(0.36, (0.62, 0.52, 0.42), 0.06, 0.60, 1.0)]
    elif form == "notched":
        lobes = [(0.17, (0.6, 0.5, 0.6), 0.12, 0.52, 0.86), (0.15, (0.6, 0.5, 0.35), 0.48, 0.80, 1.0)]
    else:
        lobes = [(0.36, (0.62, 0.52, 0.42), 0.46, 0.78, 1.0)]
    heart.st_t = varied(wave(*lobes) * size, rng, 0.10)


def hyperkalaemia(heart: Heart, rng: np.random.Generator) -> None:
    severity = rng.uniform(0.25, 1.0)
    heart.age = float(np.clip(rng.normal(68, 12), 25, 92))
    heart.rate = rng.uniform(54, 92)
    heart.p = heart.p * float(np.clip(1.05 - severity, 0.12, 1))
    heart.pr = float(np.clip(heart.pr + 0.09 * severity, 0.14, 0.28))
    heart.p_duration += 0.02 * severity
    usual = heart.qrs_duration
    heart.qrs_duration = usual + 0.055 * severity
    heart.qrs = varied(heart.qrs * 0.9, rng, 0.05)
    size = rng.uniform(0.70, 1.15)
    heart.st_t = varied(wave((size, (0.50, 0.50, 0.68), 0.34, 0.68, 1.0), sharp=0.35), rng, 0.08)
    heart.qtc = rng.uniform(0.385, 0.435)
    heart.put_in["severity"] = float(severity)


def hypokalaemia(heart: Heart, rng: np.random.Generator) -> None:
    severity = rng.uniform(0.4, 1.0)
    heart.rate = rng.uniform(58, 96)
    heart.p = heart.p * 1.2
    heart.st_t = heart.st_t * (0.55 - 0.45 * severity) + U_WAVE * (3.0 + 4.0 * severity)
    heart.st = segment(heart, "V5", -0.04 - 0.07 * severity, (0.8, 0.5, 0.3), slope=-0.3)
    heart.put_in["severity"] = float(severity)


# --- rhythm shapes ---


def atrial_ectopy(heart: Heart, rng: np.random.Generator) -> None:
    low = rng.random() < 0.5
    direction = (0.1, -0.8, 0.3) if low else (-0.35, 0.5, 0.75)
    heart.other_p = varied(
        wave((0.09, direction, 0.0, 0.42, 0.85), (0.06, np.add(direction, (0.3, 0.2, -0.4)), 0.3, 0.65, 1.0)), rng, 0.12
    )
    heart.put_in["focus"] = "low atrial" if low else "left atrial"


def supraventricular_tachycardia(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(45, 17), 18, 88))
    heart.rate = rng.uniform(150, 215)
    heart.qtc = min(heart.qtc, 0.42)
    heart.other_p = varied(RETROGRADE_P, rng, 0.1) * rng.uniform(0.8, 1.3)
    heart.st = segment(heart, "V5", -rng.uniform(0.03, 0.14), (0.8, 0.55, 0.2), slope=0.2)
    heart.st_t = heart.st_t * rng.uniform(0.5, 0.9)
    heart.put_in["retrograde"] = str(rng.choice(["hidden", "end of QRS", "in ST"], p=[0.3, 0.4, 0.3]))


def fibrillating(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(72, 11), 35, 95))
    heart.rate = rng.uniform(56, 152)
    heart.atrial_waves = float(np.clip(rng.lognormal(np.log(0.065), 0.5), 0.02, 0.14))


def fluttering(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(69, 11), 35, 92))
    heart.atrial_waves = rng.uniform(0.10, 0.24)
    heart.st_t = heart.st_t * rng.uniform(0.5, 0.9)


def healthy(heart: Heart, rng: np.random.Generator) -> None:
    """Nothing to change."""


def slow(heart: Heart, rng: np.random.Generator) -> None:
    heart.rate = rng.uniform(39, 58)
    heart.sinus_arrhythmia *= 1.2


def fast(heart: Heart, rng: np.random.Generator) -> None:
    heart.rate = rng.uniform(103, 148)
    heart.sinus_arrhythmia *= 0.4
    heart.pr = max(heart.pr - 0.015, 0.115)
    heart.age = float(np.clip(rng.normal(48, 18), 18, 90))


def breathing_in_the_rhythm(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(34, 13), 18, 75))
    heart.rate = rng.uniform(62, 84)
    heart.sinus_arrhythmia = rng.uniform(0.13, 0.22)
    heart.respiration_rate = rng.uniform(0.17, 0.26)


def slow_av_node(heart: Heart, rng: np.random.Generator) -> None:
    heart.age = float(np.clip(rng.normal(68, 13), 25, 93))
    heart.pr = float(np.clip(0.206 + rng.exponential(0.045), 0.206, 0.36))
    heart.rate = min(heart.rate, 88)


def wenckebach(heart: Heart, rng: np.random.Generator) -> None:
    heart.rate = rng.uniform(62, 94)
    heart.sinus_arrhythmia = min(heart.sinus_arrhythmia, 0.03)


def failing_bundle(heart: Heart, rng: np.random.Generator) -> None:
    """Mobitz II fails below the AV node, so most have a bundle branch block as well."""
    heart.age = float(np.clip(rng.normal(74, 10), 40, 95))
    heart.rate = rng.uniform(62, 96)
    heart.sinus_arrhythmia = min(heart.sinus_arrhythmia, 0.025)
    draw = rng.random()
    if draw < 0.35:
        right_bundle_branch_block(heart, rng)
        heart.also.append("right_bundle_branch_block")
    elif draw < 0.6:
        left_bundle_branch_block(heart, rng)
        heart.also.append("left_bundle_branch_block")


def mirrored_heart(heart: Heart, rng: np.random.Generator) -> None:
    heart.axis = float(np.clip(heart.axis, 20, 75))
    heart.age = float(np.clip(rng.normal(45, 18), 18, 88))
    heart.mirrored = True
