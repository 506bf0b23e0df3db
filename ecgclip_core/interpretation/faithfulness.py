"""Whether a map names what the model's answer rests on: take it away and see.

Cells of 0.1 s in one lead are replaced by a flat line, the most important first (deletion), or put back onto a flat
line (insertion; Petsiuk et al. 2018, arXiv:1806.07421), and compared with the same number of cells in random order.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.interpretation.agreement import CELL_S, cells
from ecgclip_core.interpretation.saliency import METHODS, Saliency, saliency
from ecgclip_core.interpretation.target import Progress
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.query import Query
from ecgclip_core.model.zero_shot import margin

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the cells; symmetric, so that a random deletion is an insertion backwards
ORDERS = 19  # random ones: the best of 20 is as rare as 0.05
BATCH = 24
SENSITIVITY_DRAWS = 4
SENSITIVITY_NOISE = 0.02  # of a lead's standard deviation, less than any electrode's noise


@dataclass(frozen=True, eq=False)
class RandomOrders:
    """What happens to an answer when cells are taken away in random order.

    Attributes
    ----------
    orders : ndarray of int, shape (r, cells)
    margins : ndarray, shape (r, s)
        Logits, after the first `SHARES` of the cells have gone.
    whole, empty : float
        The margin of the recording as it is, and of a flat line.
    """

    orders: np.ndarray = field(repr=False)
    margins: np.ndarray = field(repr=False)
    whole: float
    empty: float


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Deletion and insertion by a map's order against random order.

    Attributes
    ----------
    shares : ndarray, shape (s + 2,)
        Of the cells, from 0 to 1.
    deletion, insertion : ndarray, shape (s + 2,)
        Margin in logits with the most important cells gone, and with only them.
    random_deletion, random_insertion : ndarray, shape (r, s + 2)
    infidelity : float
        1 less the squared correlation of what the map says of a random set of cells with what their removal does
        (sets of one size are compared with each other), 1 where it is not positive.
    direction : int
        -1 where a map without sign explains an answer below that of a flat line, else 1.
    """

    shares: np.ndarray = field(repr=False)
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray = field(repr=False)
    random_insertion: np.ndarray = field(repr=False)
    infidelity: float
    direction: int

    @property
    def deletion_gain(self) -> float:
        """Logits by which the mean margin lies below that of random order: above 0 the map is better than chance."""
        return float(-self._gains(self.deletion, self.random_deletion).mean())

    @property
    def insertion_gain(self) -> float:
        """Logits by which the mean margin lies above that of random order."""
        return float(self._gains(self.insertion, self.random_insertion).mean())

    @property
    def deletion_p(self) -> float:
        """Share of the orders, the map's own counted, that do at least as well as the map."""
        return _at_least(-self._gains(self.deletion, self.random_deletion))

    @property
    def insertion_p(self) -> float:
        """As `deletion_p`."""
        return _at_least(self._gains(self.insertion, self.random_insertion))

    def _gains(self, own: np.ndarray, random: np.ndarray) -> np.ndarray:
        return self.direction * (area(self.shares, own) - area(self.shares, random))


def area(shares: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """The area under curves over shares from 0 to 1: their mean height, in logits."""
    return np.trapezoid(margins, shares, axis=-1)


def _at_least(gains: np.ndarray) -> float:
    return float((1 + (gains <= 0).sum()) / (1 + len(gains)))


def random_orders(
    model: ECGCLIP, ecg: ECG, query: Query, progress: Progress | None = None, orders: int = ORDERS, seed: int = 0
) -> RandomOrders:
    """Take cells away in random order; the same for every map of one recording and question.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
    query : Query
    progress : callable, optional
    orders : int
    seed : int

    Returns
    -------
    RandomOrders
    """
    rng = np.random.default_rng(seed)
    signal, cell = _in_cells(model, ecg)
    number = 12 * (cell[-1] + 1)
    drawn = np.stack([rng.permutation(number) for _ in range(orders)])
    kept = [_kept(order, share) for order in drawn for share in SHARES]
    ends = _margins(model, query, signal, cell, [np.ones(number, bool), np.zeros(number, bool)])
    margins = _margins(model, query, signal, cell, kept, progress)
    return RandomOrders(drawn, margins.reshape(orders, len(SHARES)), float(ends[0]), float(ends[1]))


def faithfulness(
    model: ECGCLIP, ecg: ECG, found: Saliency, random: RandomOrders | None = None, progress: Progress | None = None
) -> Faithfulness:
    """Deletion and insertion by a map.

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
    found : Saliency
        Of that recording.
    random : RandomOrders, optional
        Of that recording and the map's question; drawn where left out.
    progress : callable, optional

    Returns
    -------
    Faithfulness
    """
    random = random or random_orders(model, ecg, found.query, progress)
    signal, cell = _in_cells(model, ecg)
    value = cells(found.values, found.sampling_rate)[:, : cell[-1] + 1].ravel()
    signed = METHODS[found.method].signed
    order = np.argsort(-(value if signed else np.abs(value)), kind="stable")
    kept = [_kept(order, share) for share in SHARES]
    deletion = _margins(model, found.query, signal, cell, kept)
    insertion = _margins(model, found.query, signal, cell, [~one for one in kept])
    direction = 1 if signed or random.whole >= random.empty else -1
    ends = (random.whole, random.empty)
    return Faithfulness(
        np.array([0.0, *SHARES, 1.0]),
        _with_ends(deletion, ends),
        _with_ends(insertion, ends[::-1]),
        _with_ends(random.margins, ends),
        _with_ends(random.margins[:, ::-1], ends[::-1]),
        _infidelity(direction * value, random),
        direction,
    )


def max_sensitivity(model: ECGCLIP, ecg: ECG, found: Saliency, progress: Progress | None = None) -> float:
    """How much a map can change, against its own size, under noise that nobody would see.

    The largest of `SENSITIVITY_DRAWS` draws (Yeh et al. 2019, arXiv:1901.09392).

    Parameters
    ----------
    model : ECGCLIP
    ecg : ECG
    found : Saliency
        Of that recording.
    progress : callable, optional

    Returns
    -------
    float
        0 for a map that does not move; NaN for an empty one.
    """
    rng = np.random.default_rng(0)
    size = float(np.linalg.norm(found.values))
    if size == 0:
        return float("nan")
    spread = SENSITIVITY_NOISE * np.nan_to_num(np.nanstd(ecg.signal, axis=1, keepdims=True))
    options = {"baseline": found.baseline} | ({"stage": found.stage} if found.stage else {})
    moved = []
    for draw in range(SENSITIVITY_DRAWS):
        noisy = replace(ecg, signal=ecg.signal + spread * rng.standard_normal(ecg.signal.shape))
        other = saliency(model, noisy, found.query, found.method, **options)
        moved.append(float(np.linalg.norm(other.values - found.values)) / size)
        if progress:
            progress((draw + 1) / SENSITIVITY_DRAWS)
    return max(moved)


def _infidelity(value: np.ndarray, random: RandomOrders) -> float:
    """After Yeh et al. (2019, arXiv:1901.09392), with the best scale; sets of one size compared with each other, as in
    the sensitivity-n of Ancona et al. (2018, arXiv:1711.06104)."""
    said, done = [], []
    for position, share in enumerate(SHARES):
        gone = [order[: round(share * len(order))] for order in random.orders]
        sums = np.array([value[one].sum() for one in gone])
        falls = random.whole - random.margins[:, position]
        said.append((sums - sums.mean()) / max(sums.std(), 1e-12))
        done.append((falls - falls.mean()) / max(falls.std(), 1e-12))
    correlation = float(np.mean(np.concatenate(said) * np.concatenate(done)))
    return 1 - max(correlation, 0.0) ** 2


def _with_ends(margins: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    first, last = (np.full((*margins.shape[:-1], 1), end) for end in ends)
    return np.concatenate([first, margins, last], axis=-1)


def _kept(order: np.ndarray, share: float) -> np.ndarray:
    """Which cells are left when the first share of an order has gone."""
    kept = np.ones(len(order), dtype=bool)
    kept[order[: round(share * len(order))]] = False
    return kept


def _in_cells(model: ECGCLIP, ecg: ECG) -> tuple[np.ndarray, np.ndarray]:
    """The prepared recording in the leads' own order, shape (12, n), and the cell of each sample, shape (n,)."""
    signal = model.preprocessing.prepare(ecg)
    seconds = np.arange(signal.shape[1]) / model.preprocessing.sampling_rate
    last = int(np.ceil(ecg.duration / CELL_S - 1e-9)) - 1
    return signal, np.minimum(np.floor(seconds / CELL_S + 1e-9).astype(int), last)


def _margins(
    model: ECGCLIP,
    query: Query,
    signal: np.ndarray,
    cell: np.ndarray,
    kept: list[np.ndarray],
    progress: Progress | None = None,
) -> np.ndarray:
    """The margin of the whole recording for each set of cells that is kept."""
    preprocessing = model.preprocessing
    starts = preprocessing.window_starts(signal.shape[1])
    missing = max(preprocessing.length - signal.shape[1], 0)
    found = []
    at_once = max(1, BATCH // len(starts))
    for first in range(0, len(kept), at_once):
        part = kept[first : first + at_once]
        masked = np.stack([signal * one.reshape(12, -1)[_rows(preprocessing)][:, cell] for one in part])
        masked = np.pad(masked, ((0, 0), (0, 0), (0, missing)))
        windows = np.stack([masked[:, :, start : start + preprocessing.length] for start in starts], axis=1)
        vectors = torch.from_numpy(model.encode_windows(windows.reshape(-1, 12, preprocessing.length)))
        whole = torch.nn.functional.normalize(vectors.reshape(len(part), len(starts), -1).mean(dim=1), dim=1)
        with torch.no_grad():
            found.append(margin(model, whole, query).numpy())
        if progress:
            progress(min((first + len(part)) / len(kept), 1.0))
    return np.concatenate(found)


def _rows(preprocessing) -> list[int]:
    """The checkpoint's leads as rows of a recording."""
    from ecgclip_core.ecg.leads import LEADS

    return [LEADS.index(lead) for lead in preprocessing.leads]
