"""Which recordings teach, choose and report when labels are few: by person, the same for every model."""

from dataclasses import dataclass

import numpy as np

from ecgclip_core.corpora.corpus import HOLDS
from ecgclip_core.errors import EcgclipError

ROUNDS = 5
FEWEST_RECORDINGS = 10


@dataclass(frozen=True, eq=False)
class Round:
    """Rows of a corpus that teach, that choose settings and thresholds, and that report; no person in two of them."""

    train: np.ndarray
    choose: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Folds:
    """Values of ``strat_fold`` that teach, choose and report."""

    train: frozenset[int] = frozenset(range(1, 8))
    choose: frozenset[int] = frozenset({8})
    test: frozenset[int] = frozenset({9})


def round_of_folds(folds: np.ndarray, persons: np.ndarray, wanted: Folds) -> Round:
    """The one round of a corpus that comes with folds.

    Raises
    ------
    EcgclipError
        Where a part is empty, or a person stands in two.
    """
    parts = {}
    for name in ("train", "choose", "test"):
        numbers = getattr(wanted, name)
        parts[name] = np.flatnonzero(np.isin(folds, list(numbers)))
        if not len(parts[name]):
            there = ", ".join(map(str, sorted(set(folds.tolist()))))
            raise EcgclipError(
                f"No labelled recording is in the folds {', '.join(map(str, sorted(numbers)))} that {name} "
                f"(column 'strat_fold' has {there}). Choose others with --train-folds, --choose-folds and --folds."
            )
    for one, other in (("train", "choose"), ("train", "test"), ("choose", "test")):
        if shared := set(persons[parts[one]]) & set(persons[parts[other]]):
            raise EcgclipError(
                f"{len(shared)} persons have recordings in the folds that {one} and in those that {other}. Each person "
                "must be in one of them, or the result says how well a person is recognised."
            )
    return Round(**parts)


def rounds_by_person(persons: np.ndarray, labels: np.ndarray, seed: int = 0) -> list[Round]:
    """Cross-validation for a corpus without folds: each recording reports once.

    Parameters
    ----------
    persons : ndarray, shape (n,)
    labels : ndarray of int8, shape (n, f)
        The findings are spread evenly over the parts.
    seed : int

    Returns
    -------
    list of Round
        `ROUNDS` of them: of as many parts, one chooses, the next reports, the others teach.

    Raises
    ------
    EcgclipError
        With too few persons.
    """
    names, member = np.unique(persons, return_inverse=True)
    if len(names) < 2 * ROUNDS:
        raise EcgclipError(
            f"{len(names)} persons are too few to learn from some and report on others: at least {2 * ROUNDS} needed."
        )
    parts = np.array_split(order_of_persons(member, labels, np.random.default_rng(seed)), ROUNDS)
    rows = [np.flatnonzero(np.isin(member, part)) for part in parts]
    found = []
    for number in range(ROUNDS):
        choose, test = rows[number], rows[(number + 1) % ROUNDS]
        rest = [part for other, part in enumerate(rows) if other not in (number, (number + 1) % ROUNDS)]
        found.append(Round(np.sort(np.concatenate(rest)), choose, test))
    return found


def order_of_persons(member: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random order of persons of which every beginning has the findings in about the proportions of the whole.

    The next person is drawn from those with the finding that is furthest behind (iterative stratification after
    Sechidis et al. 2011, doi:10.1007/978-3-642-23808-6_10, here for beginnings in place of folds).

    Parameters
    ----------
    member : ndarray of int, shape (n,)
        Number of the person of each recording, from 0 without gaps.
    labels : ndarray of int8, shape (n, f)
    rng : Generator

    Returns
    -------
    ndarray of int, shape (persons,)
    """
    held = np.zeros((member.max() + 1, labels.shape[1]), dtype=bool)
    np.logical_or.at(held, member, labels == HOLDS)
    share = held.mean(axis=0)
    left = list(rng.permutation(len(held)))
    order, have = [], np.zeros(labels.shape[1])
    while left:
        behind = share * (len(order) + 1) - have
        # Halves: a finding of one person in a hundred need not be among the first ten, but among the first fifty.
        finding = int(behind.argmax()) if behind.size and behind.max() >= 0.5 else None
        place = next((at for at, person in enumerate(left) if finding is None or held[person, finding]), 0)
        person = left.pop(place)
        order.append(person)
        have += held[person]
    return np.array(order)


def beginnings(
    persons: np.ndarray, labels: np.ndarray, rows: np.ndarray, fractions: list[float], seed: int
) -> list[np.ndarray]:
    """The rows of each fraction of a training part; a smaller fraction lies within a larger one.

    Parameters
    ----------
    persons : ndarray, shape (n,)
    labels : ndarray of int8, shape (n, f)
    rows : ndarray of int
        The training part.
    fractions : list of float
        In (0, 1].
    seed : int
        Another one gives another draw.

    Returns
    -------
    list of ndarray of int
        All recordings of as many persons as are needed to reach the fraction.
    """
    _, member = np.unique(persons[rows], return_inverse=True)
    order = order_of_persons(member, labels[rows], np.random.default_rng(seed))
    counts = np.cumsum(np.bincount(member)[order])
    taken = []
    for fraction in fractions:
        number = int(np.searchsorted(counts, round(fraction * len(rows)), side="left")) + 1
        taken.append(rows[np.isin(member, order[:number])])
    return taken


def worthwhile(fractions: list[float], recordings: int) -> list[float]:
    """The fractions, ascending, that leave at least `FEWEST_RECORDINGS` of a training part.

    Raises
    ------
    EcgclipError
        Where one is not above 0 and at most 1, or none leaves enough.
    """
    for fraction in fractions:
        if not 0 < fraction <= 1:
            raise EcgclipError(f"A fraction of the labels lies above 0 and is at most 1; {fraction:g} does not.")
    enough = sorted({fraction for fraction in fractions if round(fraction * recordings) >= FEWEST_RECORDINGS})
    if not enough:
        raise EcgclipError(
            f"Of {recordings} labelled recordings to learn from, none of the fractions "
            f"{', '.join(f'{fraction:g}' for fraction in fractions)} leaves {FEWEST_RECORDINGS}. Choose larger ones."
        )
    return enough
