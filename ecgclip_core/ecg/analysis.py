"""Everything that measuring, delineating and the median beat share, worked out once per recording."""

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from ecgclip_core.ecg import atria
from ecgclip_core.ecg.filters import WORKING_RATE, WorkingCopy, working_copy
from ecgclip_core.ecg.flutter import STEADY_RR, flutter_period
from ecgclip_core.ecg.p_train import LONGEST, PTrain, p_train
from ecgclip_core.ecg.r_peaks import find_beats
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.ecg.templates import Template, align_and_group, shapes, template
from ecgclip_core.ecg.waves import Marks, p_marks, qrs_marks, samples, t_marks

LONGEST_T_END = 0.75  # s after R
SLOW_RR = 0.80  # s; P waves without beats are looked for below 75 beats a minute
NARROWER = 0.020  # s
VARYING_PR = 0.025  # s, standard deviation
SLOWEST_ONE_TO_ONE = 1.2  # s; where steady beats come faster, a second hump to each is a U wave, and no block is 2:1
_LED = 0.6  # share of the beats that P waves lead to, where the others are dropped
_FASTER, _UNLOCKED = 1.15, 0.85  # of independent P waves: their rate over that of the beats, their locking to them
SHORTEST_PR = 0.14  # s from a P onset to its R peak, kept free of the T wave before


@dataclass(frozen=True)
class Shape:
    """One shape of beat with its waves; `p` and `t` are None where there is none to be seen."""

    beat: Template
    qrs: Marks
    p: Marks | None
    t: Marks | None


@dataclass(frozen=True)
class Analysis:
    """What is known of a recording before anything is measured.

    Attributes
    ----------
    copy : WorkingCopy
    x : ndarray, shape (12, n)
        The working copy, 0.5-40 Hz.
    r : ndarray of int, shape (k,)
        R peaks, samples of the working copy.
    group : ndarray of int, shape (k,)
        Which of `shapes` each beat has; 0 is the dominant one.
    shapes : tuple of Shape
        Empty where there are no beats.
    p_score : float
        Positive where the dominant beats have P waves at a constant distance.
    alone : IndependentAtria or None
        P waves that keep their own time while the ventricles beat more slowly.
    train : PTrain or None
        P waves one after the other, where beats are unsteady or not led by them; None elsewhere and where none are
        believed.
    flutter : float or None
        Interval from one flutter wave to the next, s.
    """

    copy: WorkingCopy
    x: np.ndarray
    r: np.ndarray
    group: np.ndarray
    shapes: tuple[Shape, ...]
    p_score: float
    alone: atria.IndependentAtria | None = None
    train: PTrain | None = None
    flutter: float | None = None

    @property
    def conducted(self) -> bool:
        """Whether P waves lead to the dominant beats at a constant distance."""
        return self.p_score > 0 and self.alone is None and self.flutter is None and not self.varying

    @property
    def steady(self) -> bool:
        """Whether the longest and the shortest interval between beats differ by no more than breathing makes them."""
        return len(self.r) < 3 or bool(np.ptp(self.rr) <= STEADY_RR * np.median(self.rr))

    @cached_property
    def dropped(self) -> np.ndarray:
        """Times of P waves that no beat follows while others are conducted, s."""
        if self.alone is not None or self.flutter is not None or not self.shapes:
            return np.zeros(0)
        if len(self.rr) == 0 or (self.steady and self.rr.mean() < SLOWEST_ONE_TO_ONE):
            return np.zeros(0)
        usual = self.group == 0
        if self.train is not None and (self.train.beat >= 0).sum() >= _LED * len(self.r):
            duration = min(self.x.shape[1] / WORKING_RATE, LONGEST)
            return self.train.dropped(self.r / WORKING_RATE, ~usual, duration)
        if self.p_score <= 0 or self.shapes[0].p is None:
            return np.zeros(0)
        return atria.p_waves_in_pauses(self.x, self.copy.usable, self.r, usual, self.shapes[0].p) / WORKING_RATE

    @cached_property
    def varying(self) -> bool:
        """Whether P waves lead to beats after different times and some to none, as in Wenckebach's periods."""
        return (
            self.train is not None
            and bool(len(self.dropped))
            and float(np.std(self.train.pr(self.r / WORKING_RATE))) > VARYING_PR
        )

    @property
    def rr(self) -> np.ndarray:
        """Intervals between beats, s."""
        return np.diff(self.r) / WORKING_RATE


_KNOWN: WeakKeyDictionary[ECG, Analysis] = WeakKeyDictionary()


def analyse(ecg: ECG) -> Analysis:
    """The analysis of a recording; kept as long as the recording itself is."""
    if ecg not in _KNOWN:
        _KNOWN[ecg] = _analyse(ecg)
    return _KNOWN[ecg]


def _analyse(ecg: ECG) -> Analysis:
    copy = working_copy(ecg)
    r = find_beats(copy)
    if not len(r):
        return Analysis(copy, copy.signal, r, np.zeros(0, int), (), -np.inf)
    x = shapes(copy)
    r, group = align_and_group(x, copy.usable, r)
    order = np.argsort(r)
    r, group = r[order], group[order]
    usual = float(np.median(np.diff(r))) / WORKING_RATE if len(r) > 1 else 1.0
    drawn = []
    for number in range(group.max() + 1):
        members = np.flatnonzero(group == number)
        drawn.append(_draw(template(x, r, members), copy.usable, usual))
    group, drawn = _narrow_first(group, drawn)
    score = -np.inf
    if drawn[0] is not None and drawn[0].p is not None:
        score = atria.p_wave_score(atria.p_segments(x, copy.usable, r[group == 0], drawn[0].p), r)
    if drawn[0] is None:
        return Analysis(copy, x, np.zeros(0, int), np.zeros(0, int), (), -np.inf)
    kept = [number for number, shape in enumerate(drawn) if shape is not None]
    keep = np.isin(group, kept)
    renumber = {old: new for new, old in enumerate(kept)}
    group = np.array([renumber[g] for g in group[keep]], int)
    r, drawn = r[keep], [drawn[number] for number in kept]
    flutter = flutter_period(x, copy.usable, r, [drawn[number].qrs.together[::2] for number in group])
    if flutter is not None:
        return Analysis(copy, x, r, group, tuple(drawn), score, None, None, flutter)
    train, alone = _atria(copy, x, r, _explained(r, group, drawn), score)
    return Analysis(copy, x, r, group, tuple(drawn), score, alone, train)


def _narrow_first(group: np.ndarray, drawn: list[Shape | None]) -> tuple[np.ndarray, list[Shape | None]]:
    """Of two shapes that are about as frequent, as in bigeminy, the narrower stands for the person's own beats."""
    if len(drawn) < 2 or drawn[0] is None or drawn[1] is None:
        return group, drawn
    widths = [shape.qrs.together[2] - shape.qrs.together[0] for shape in drawn[:2]]
    often = np.bincount(group)
    if often[1] >= 0.6 * often[0] and widths[1] < widths[0] - NARROWER:
        return np.where(group < 2, 1 - group, group), [drawn[1], drawn[0], *drawn[2:]]
    return group, drawn


def _explained(r: np.ndarray, group: np.ndarray, drawn: list[Shape]) -> list[tuple[int, np.ndarray]]:
    """For each beat the sample at which its QRST begins, and the QRST of its median."""
    explained = []
    for beat, number in zip(r, group, strict=True):
        shape = drawn[number]
        end = shape.t.together[2] if shape.t is not None else shape.qrs.together[2]
        first, last = samples(shape.qrs.together[0] - 0.02), samples(end + 0.04)
        first = max(first, -shape.beat.origin)
        explained.append((beat + first, shape.beat.signal[:, shape.beat.origin + first : shape.beat.origin + last]))
    return explained


def _atria(
    copy: WorkingCopy, x: np.ndarray, r: np.ndarray, explained: list[tuple[int, np.ndarray]], score: float
) -> tuple[PTrain | None, atria.IndependentAtria | None]:
    """P waves that need not lead to the beats, looked for where the rhythm is slow, unsteady or without P waves."""
    if len(r) < 3:
        return None, None
    rr = np.diff(r) / WORKING_RATE
    slow, unsteady = rr.mean() >= SLOW_RR, np.ptp(rr) > STEADY_RR * np.median(rr)
    if not (slow or unsteady or score <= 0):
        return None, None
    train = p_train(x, copy.usable, r, explained)
    if train is not None and train.believed:
        return train, _independent(train, r)
    return None, atria.independent_p_waves(x, copy.usable, r, explained) if slow else None


def _independent(train: PTrain, r: np.ndarray) -> atria.IndependentAtria | None:
    """The same from a train whose rate breathes: steady slow beats at no distance from faster P waves."""
    rr = np.diff(r) / WORKING_RATE
    faster = 60.0 / np.diff(train.times).mean() > _FASTER * 60.0 / rr.mean()
    steady = np.ptp(rr) < STEADY_RR * np.median(rr)
    if rr.mean() < SLOW_RR or not faster or not steady or train.locked(r / WORKING_RATE) > _UNLOCKED:
        return None
    return atria.IndependentAtria(train.times[train.seen], 60.0 / float(np.diff(train.times).mean()))


def _draw(beat: Template, usable: np.ndarray, rr: float) -> Shape | None:
    qrs = qrs_marks(beat, usable)
    if qrs is None or qrs.together is None:
        return None
    latest = min(LONGEST_T_END, max(rr - SHORTEST_PR, 0.6 * rr))
    t = t_marks(beat, usable, qrs, latest, rr)
    p = p_marks(beat, usable, qrs, (t.together[2] if t is not None else 0.3) - rr + 0.02)
    if p is not None and t is not None and 0.3 < rr + p.together[0] < latest:
        # The next beat's P wave is known now, and is no part of this T wave.
        t = t_marks(beat, usable, qrs, rr + p.together[0], rr)
    return Shape(beat, qrs, p, t)
