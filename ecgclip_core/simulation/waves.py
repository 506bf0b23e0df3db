"""Waves as lobes of a dipole: what the heart's electrical vector does in one P, QRS, ST or T.

Directions are (left, down, front) of the patient. A lobe grows from its onset to the start of its top, stays until the
end of its top and falls to its offset. Its times are fractions of the wave's span: of the P wave, of the QRS complex,
or, for everything after the J point, of the time from J to the end of T. This is the sum of Gaussians of McSharry et
al. 2003 (doi:10.1109/TBME.2003.808805), as a dipole by Sameni et al. 2007 (doi:10.1155/2007/43407), with lobes that
end, so that a wave has a boundary.
"""

from dataclasses import dataclass, replace

import numpy as np

# A lobe is taken to begin where it reaches about 1 % of its height, as an eye would; the smooth foot lies outside.
_FOOT = 1 / (1 - 0.07)


@dataclass(frozen=True)
class Wave:
    """Lobes of one wave.

    Attributes
    ----------
    vectors : ndarray, shape (k, 3)
        mV along (left, down, front).
    times : ndarray, shape (k, 4)
        Onset, start of the top, end of the top, offset, as fractions of the wave's span (seconds once placed).
    sharp : ndarray, shape (k,)
        0 for a round top, 1 for a pointed one.
    """

    vectors: np.ndarray
    times: np.ndarray
    sharp: np.ndarray

    def __add__(self, other: "Wave") -> "Wave":
        return Wave(
            np.concatenate([self.vectors, other.vectors]),
            np.concatenate([self.times, other.times]),
            np.concatenate([self.sharp, other.sharp]),
        )

    def __mul__(self, factor: float) -> "Wave":
        return replace(self, vectors=self.vectors * factor)

    def turned(self, rotation: np.ndarray) -> "Wave":
        """The wave with every vector turned by a 3 x 3 matrix."""
        return replace(self, vectors=self.vectors @ rotation.T)

    def placed(self, start: float, span: float) -> "Wave":
        """The wave in seconds: fraction 0 at `start`, fraction 1 at `start + span`."""
        return replace(self, times=start + self.times * span)

    def part(self, start: float, stop: float) -> "Wave":
        """The wave squeezed into a part of its span."""
        return replace(self, times=start + self.times * (stop - start))

    @property
    def net(self) -> np.ndarray:
        """Net area of the wave, shape (3,): what an axis is measured from."""
        onset, top, top_end, offset = self.times.T
        return ((offset - onset + top_end - top) / 2) @ self.vectors


def wave(*lobes: tuple, sharp: float = 0.0) -> Wave:
    """A wave from lobes given as (amplitude mV, direction, onset, top, offset) or with (start, end) as the top.

    Directions are brought to length 1.
    """
    vectors, times = [], []
    for amplitude, direction, onset, top, offset in lobes:
        direction = np.asarray(direction, dtype=float)
        vectors.append(amplitude * direction / np.linalg.norm(direction))
        times.append((onset, *top, offset) if isinstance(top, tuple) else (onset, top, top, offset))
    return Wave(np.array(vectors), np.array(times, dtype=float), np.full(len(vectors), float(sharp)))


def varied(wave: Wave, rng: np.random.Generator, size: float = 0.1, timing: float = 0.02) -> Wave:
    """The same wave as another person has it: other lobe sizes, directions and moments; its ends stay."""
    k = len(wave.vectors)
    lengths = np.linalg.norm(wave.vectors, axis=1, keepdims=True)
    vectors = wave.vectors * np.exp(size * rng.standard_normal((k, 1)))
    vectors = vectors + lengths * size * rng.standard_normal((k, 3))
    inner = (wave.times > wave.times.min() + 1e-9) & (wave.times < wave.times.max() - 1e-9)
    times = np.sort(wave.times + inner * timing * rng.standard_normal((k, 1)), axis=1)
    return Wave(vectors, np.clip(times, wave.times.min(), wave.times.max()), wave.sharp)


def dipole(wave: Wave, times: np.ndarray) -> np.ndarray:
    """The dipole over time of lobes placed in seconds.

    Parameters
    ----------
    wave : Wave
        Times in seconds.
    times : ndarray, shape (n,)
        Seconds, evenly spaced and rising.

    Returns
    -------
    ndarray, shape (3, n)
        mV along (left, down, front).
    """
    out = np.zeros((3, len(times)))
    onset, top, top_end, offset = wave.times.T
    starts, ends = top - (top - onset) * _FOOT, top_end + (offset - top_end) * _FOOT
    step = times[1] - times[0]
    first = np.clip(np.ceil((starts - times[0]) / step), 0, len(times)).astype(int)
    last = np.clip(np.ceil((ends - times[0]) / step), 0, len(times)).astype(int)
    rise = 1 / np.maximum(top - starts, 1e-6)
    fall = 1 / np.maximum(ends - top_end, 1e-6)
    for i in np.flatnonzero(last > first):
        at = times[first[i] : last[i]]
        u = np.minimum((at - starts[i]) * rise[i], (ends[i] - at) * fall[i])
        np.clip(u, 0, 1, out=u)
        u = u * u * ((1 - wave.sharp[i]) * (3 - 2 * u) + wave.sharp[i])
        out[:, first[i] : last[i]] += wave.vectors[i][:, None] * u
    return out


def rotation(frontal: float = 0.0, horizontal: float = 0.0) -> np.ndarray:
    """Rotation of the heart in the chest.

    Parameters
    ----------
    frontal : float
        Degrees, clockwise as the reader sees the patient: to a more vertical axis.
    horizontal : float
        Degrees, seen from below: positive turns left towards the front (an earlier R in the chest leads).

    Returns
    -------
    ndarray, shape (3, 3)
    """
    f, h = np.deg2rad([frontal, horizontal])
    in_front = np.array([[np.cos(f), -np.sin(f), 0], [np.sin(f), np.cos(f), 0], [0, 0, 1]])
    across = np.array([[np.cos(h), 0, -np.sin(h)], [0, 1, 0], [np.sin(h), 0, np.cos(h)]])
    return in_front @ across
