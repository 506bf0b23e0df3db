"""Scores of fine-tuned networks: the same steps and the same search of the learning rate for every model."""

from pathlib import Path

import numpy as np

from ecgclip_core.evaluation.contenders import Contender, Study
from ecgclip_core.evaluation.probe import PLACES, Scored, Trial, best_probe, described, quality, vectors_of
from ecgclip_core.evaluation.run_log import once
from ecgclip_core.training.finetune import BATCH, Classifier, finetune
from ecgclip_core.training.probe import fresh_head, teachable

# Where the head begins and the highest learning rate: gently from the probe, which a pre-trained encoder needs, and as
# networks are usually trained from nothing. Every model tries all.
SEARCH = (("probe", 1e-4), ("probe", 3e-4), ("fresh", 1e-3))
PASSES = 20
FEWEST_STEPS, MOST_STEPS = 60, 300


def steps_for(recordings: int, most: int = MOST_STEPS) -> int:
    """Steps of a fine-tuning: about `PASSES` over the recordings, but at least `FEWEST_STEPS` and at most `most`."""
    return min(max(PASSES * recordings // BATCH, FEWEST_STEPS), most)


def finetune_scores(
    study: Study, contender: Contender, trial: Trial, log: Path, most_steps: int = MOST_STEPS
) -> Scored:
    """Fine-tune with each setting of `SEARCH` and keep what does best on the recordings that choose."""
    steps = steps_for(len(trial.taught), most_steps)
    runs = [_run(study, contender, trial, head, rate, steps, log) for head, rate in SEARCH]
    noted, arrays = max(runs, key=lambda run: run[0]["quality"])
    chosen = {name: noted[name] for name in ("head", "learning_rate", "steps", "kept_step", "quality")}
    return Scored(arrays["choose"], arrays["test"], chosen)


def _run(
    study: Study, contender: Contender, trial: Trial, head: str, learning_rate: float, steps: int, log: Path
) -> tuple[dict, dict[str, np.ndarray]]:
    choose, test, taught = trial.round.choose, trial.round.test, teachable(study.labels[trial.taught])

    def scores(classifier: Classifier, rows: np.ndarray) -> np.ndarray:
        return np.where(taught, classifier.score(contender.signals[rows]), 0.0)

    def run() -> tuple[dict, dict[str, np.ndarray]]:
        vectors = vectors_of(study, contender, trial.seed, log)
        if head == "probe":
            probe, start, _ = best_probe(study, trial, vectors, PLACES)
        else:
            start = {"place": "encoder"}
            probe = fresh_head(vectors["encoder"].shape[1], len(taught), trial.seed)
        found = finetune(
            contender.network(trial.seed),
            probe,
            start["place"],
            contender.signals[trial.taught],
            contender.calibrated[trial.taught],
            study.labels[trial.taught],
            lambda classifier: quality(study.labels[choose], scores(classifier, choose), taught),
            steps,
            learning_rate,
            contender.sampling_rate,
            trial.seed,
        )
        noted = {"kept_step": found.step, "start": start, "checks": found.checks}
        noted["quality"] = max(check["quality"] for check in found.checks)
        return noted, {"choose": scores(found.classifier, choose), "test": scores(found.classifier, test)}

    settings = described("finetune", study, contender, trial) | {
        "head": head,
        "learning_rate": learning_rate,
        "steps": steps,
    }
    return once(log, settings, run)
