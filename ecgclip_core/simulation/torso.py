"""From the heart's dipole to nine electrodes, and from nine electrodes to twelve leads."""

import numpy as np

from ecgclip_core.ecg.leads import LIMB_FROM_I_AND_II

ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")

# Leads I, II, V1..V6 from Frank's X (left), Y (down), Z (here to the front, the sign turned): Dower 1968; printed in
# Edenbrandt & Pahlm, J Electrocardiol 1988;21:361.
_DOWER = np.array(
    [
        [0.632, -0.235, -0.059],
        [0.235, 1.066, 0.132],
        [-0.515, 0.157, 0.917],
        [0.044, 0.164, 1.387],
        [0.882, 0.098, 1.277],
        [1.213, 0.127, 0.601],
        [1.125, 0.127, 0.086],
        [0.831, 0.076, -0.230],
    ]
)
# Dower's field is that of a uniform torso. Against the median R, S and T of normal 12-lead recordings his lead I
# and V2 to V4, nearest to the heart, are too small, and V1 is too large.
_CALIBRATION = np.array([1.35, 1.00, 0.80, 1.32, 1.22, 1.15, 1.08, 1.00])[:, None]


def _leads_from_electrodes() -> np.ndarray:
    right, left, foot = np.eye(9)[:3]
    limb = LIMB_FROM_I_AND_II @ np.array([left - right, foot - right])
    return np.concatenate([limb, np.eye(9)[3:] - (right + left + foot) / 3])


LEADS_FROM_ELECTRODES = _leads_from_electrodes()


def electrodes_of(field: np.ndarray) -> np.ndarray:
    """Potentials of the nine electrodes against Wilson's terminal for a lead field of I, II, V1..V6.

    Parameters
    ----------
    field : ndarray, shape (8, 3)

    Returns
    -------
    ndarray, shape (9, 3)
    """
    right = -(field[0] + field[1]) / 3
    return np.concatenate([[right, field[0] + right, field[1] + right], field[2:]])


def drawn_torso(rng: np.random.Generator) -> np.ndarray:
    """The lead field of one person: built differently, electrodes placed differently.

    Returns
    -------
    ndarray, shape (9, 3)
        mV at each of `ELECTRODES` for 1 mV of dipole along (left, down, front).
    """
    field = _CALIBRATION * _DOWER
    field += 0.05 * rng.standard_normal(field.shape) * np.linalg.norm(field, axis=1, keepdims=True)
    field[2:] *= np.exp(0.10 * rng.standard_normal((6, 1)) + 0.08 * rng.standard_normal())
    # Electrodes a rib too high or low see the heart from above or below, all six together.
    field[2:, 1] += rng.normal(0, 0.12)
    # A shift along the row of electrodes mixes neighbours.
    shift = np.clip(rng.normal(0, 0.18), -0.4, 0.4)
    neighbours = np.roll(field[2:], -int(np.sign(shift)), axis=0)
    inner = slice(0, 5) if shift > 0 else slice(1, 6)
    field[2:][inner] = (1 - abs(shift)) * field[2:][inner] + abs(shift) * neighbours[inner]
    return electrodes_of(field)


def mirrored(torso: np.ndarray) -> np.ndarray:
    """The lead field over a heart on the right side, the electrodes where they always are.

    Left and right change places for the heart; V3 to V6 now move away from it and see it smaller.
    """
    mirror = torso * np.array([-1, 1, 1])
    mirror[3:] *= np.array([1.1, 0.95, 0.75, 0.55, 0.42, 0.34])[:, None]
    return mirror


def leads(torso: np.ndarray, dipole: np.ndarray) -> np.ndarray:
    """Twelve leads (mV) of a dipole of shape (3, n), or of one vector of shape (3,)."""
    return (LEADS_FROM_ELECTRODES @ torso) @ dipole


def frontal_axis(torso: np.ndarray, net: np.ndarray) -> np.ndarray:
    """Electrical axis in degrees, from the net areas in I and aVF; nets have shape (3,) or (3, m)."""
    seen = leads(torso, net)
    return np.rad2deg(np.arctan2(2 / np.sqrt(3) * seen[5], seen[0]))
