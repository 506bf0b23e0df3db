"""Scores of linear probes: settings chosen on recordings that choose, alike for every encoder."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgclip_core.corpora.corpus import HOLDS, UNKNOWN
from ecgclip_core.evaluation.contenders import Contender, Study
from ecgclip_core.evaluation.label_shares import Round
from ecgclip_core.evaluation.metrics import prauc
from ecgclip_core.evaluation.run_log import once
from ecgclip_core.training.probe import STRENGTHS, Probe, fit_probe, frozen_vectors, teachable

PLACES = ("encoder", "common")


@dataclass(frozen=True, eq=False)
class Trial:
    """One thing that every model is put through.

    Attributes
    ----------
    round : Round
    taught : ndarray of int
        The rows of the training part whose labels may be used.
    seed : int
        Of weights that are drawn and of the order of the recordings.
    """

    round: Round
    taught: np.ndarray
    seed: int

    @property
    def identity(self) -> str:
        """Changes with the recordings that teach, choose and report."""
        parts = (self.taught, self.round.choose, self.round.test)
        return hashlib.sha256(b"|".join(np.asarray(part, np.int64).tobytes() for part in parts)).hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class Scored:
    """Log-odds of one trial.

    Attributes
    ----------
    choose, test : ndarray of float, shape (recordings, f)
        0 for a finding that the recordings could not teach.
    noted : dict
        What was chosen.
    """

    choose: np.ndarray
    test: np.ndarray
    noted: dict


def probe_scores(study: Study, contender: Contender, trial: Trial, log: Path) -> Scored:
    """Fit probes on the vectors of a frozen encoder and keep the one that does best on the recordings that choose.

    Tried are the encoder's output and its vector in the common space, each with every one of `STRENGTHS`.
    """

    def run() -> tuple[dict, dict[str, np.ndarray]]:
        vectors = vectors_of(study, contender, trial.seed, log)
        best, chosen, tried = best_probe(study, trial, vectors, PLACES)
        seen = vectors[chosen["place"]]
        arrays = {"choose": best.score(seen[trial.round.choose]), "test": best.score(seen[trial.round.test])}
        return {"chosen": chosen, "tried": tried}, arrays

    noted, arrays = once(log, described("probe", study, contender, trial), run)
    return Scored(arrays["choose"], arrays["test"], noted["chosen"])


def best_probe(
    study: Study, trial: Trial, vectors: dict[str, np.ndarray], places: tuple[str, ...]
) -> tuple[Probe, dict, list[dict]]:
    """The probe that does best on the recordings that choose, its settings, and all that were tried."""
    labels, choose = study.labels[trial.taught], trial.round.choose
    best, tried = None, []
    for place in places:
        probe = None
        for strength in STRENGTHS:
            probe = fit_probe(vectors[place][trial.taught], labels, strength, probe)
            found = quality(study.labels[choose], probe.score(vectors[place][choose]), teachable(labels))
            tried.append({"place": place, "strength": strength, "quality": found})
            if best is None or found > best[1]["quality"]:
                best = probe, tried[-1]
    return *best, tried


def vectors_of(study: Study, contender: Contender, seed: int, log: Path) -> dict[str, np.ndarray]:
    """Vectors of every recording of a study, computed once."""
    settings = {"kind": "vectors", "recordings": study.recordings, "model": contender.identity}
    if contender.identity.startswith("untrained"):
        settings["seed"] = seed
    return once(log, settings, lambda: ({}, frozen_vectors(contender.network(seed), contender.signals)))[1]


def quality(labels: np.ndarray, scores: np.ndarray, taught: np.ndarray) -> float:
    """Macro-PRAUC over the taught findings that these recordings have; what every choice is made by."""
    found = []
    for column in np.flatnonzero(taught & teachable(labels)):
        known = labels[:, column] != UNKNOWN
        truth = labels[known, column] == HOLDS
        found.append(prauc(truth, scores[known, column], np.ones((1, len(truth))))[0])
    return float(np.mean(found)) if found else 0.0


def described(kind: str, study: Study, contender: Contender, trial: Trial) -> dict:
    """What a line of the log says of a run."""
    return {
        "kind": kind,
        "study": study.identity,
        "model": contender.identity,
        "trial": trial.identity,
        "recordings": len(trial.taught),
        "seed": trial.seed,
    }
