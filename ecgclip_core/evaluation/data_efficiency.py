"""Linear probes and fine-tuning with few labels and with many, beside controls that get the same."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN, Corpus
from ecgclip_core.corpora.folder import read_folder
from ecgclip_core.corpora.tables import read_table
from ecgclip_core.errors import EcgclipError
from ecgclip_core.evaluation.compare import pooled
from ecgclip_core.evaluation.contenders import Contender, Study, from_nothing, identity_of, pretrained
from ecgclip_core.evaluation.few_labels_entry import NOTHING, RANDOM, entry_of
from ecgclip_core.evaluation.finetune import MOST_STEPS, finetune_scores
from ecgclip_core.evaluation.label_shares import (
    FEWEST_RECORDINGS,
    Folds,
    beginnings,
    round_of_folds,
    rounds_by_person,
    worthwhile,
)
from ecgclip_core.evaluation.probe import Trial, probe_scores
from ecgclip_core.evaluation.tasks import Task, labels_of
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.training.untrained import MOST_RECORDINGS

FEWEST_POSITIVES = 5
FRACTIONS = (0.01, 0.1, 1.0)
# One draw of a few recordings is luck; a cross-validation draws anew in every round.
DRAWS, FEW_RECORDINGS = 3, 100
UNTRAINED_SEEDS = 3
WAYS = ("probe", "finetune")


@dataclass(frozen=True, eq=False)
class Row:
    """A line of the table: a model, how it learns, and how often with other weights or labels."""

    contender: Contender
    way: str
    seeds: int = 1


def compare_with_few_labels(
    kind: str,
    model: ECGCLIP,
    folder: str | Path,
    task: Task,
    log: str | Path,
    cache: str | Path,
    fractions: tuple[float, ...] = FRACTIONS,
    against: tuple[ECGCLIP, ...] = (),
    folds: Folds | None = None,
    corpus_name: str | None = None,
    most_steps: int = MOST_STEPS,
) -> dict:
    """Teach a task to a checkpoint and to its controls from fractions of the labels, and compare.

    The controls: ``random``, a probe on the same network never trained; ``supervised from nothing``, the same network
    fine-tuned from newly drawn weights; and the models of `against`, taught as the checkpoint is. All get the same
    recordings, steps and search of settings.

    Parameters
    ----------
    kind : str
        ``"probe"`` or ``"finetune"``: how the checkpoint and the models of `against` are taught.
    model : ECGCLIP
        A checkpoint.
    folder : path
        Labelled recordings.
    task : Task
    log : path
        A folder; runs that stand there are not repeated.
    cache : path
        A folder for prepared signals.
    fractions : tuple of float
        Of the labels, by person; those that leave too few recordings are left out.
    against : tuple of ECGCLIP
    folds : Folds, optional
        For a corpus with folds; PTB-XL's usual ones where left out. One without is cross-validated by person.
    corpus_name : str, optional
        What the recordings are, in words.
    most_steps : int
        Of one fine-tuning, the same for every model.

    Returns
    -------
    dict
        An entry of ``evaluation.json``.

    Raises
    ------
    EcgclipError
        Where the folder, its labels, folds or fractions do not allow it.
    """
    if kind not in WAYS:
        raise EcgclipError(f"No way of teaching {kind!r}; there are {', '.join(WAYS)}.")
    corpus = read_folder(folder, model.preprocessing, cache)
    rows = read_table(Path(folder)).drop_duplicates("record").set_index("record").loc[list(corpus.records)]
    study, kept = study_of(corpus, task, rows.reset_index(), folds)
    own = corpus.where(kept)
    train = study.rounds[0].train[:MOST_RECORDINGS]
    table = [Row(pretrained(model, own), kind)]
    names = {RANDOM, NOTHING, model.name}
    for other in against:
        seen = own if other.preprocessing == model.preprocessing else read_folder(folder, other.preprocessing, cache)
        name = other.name if other.name not in names else f"{other.name} {other.hash}"
        names.add(name)
        table.append(Row(pretrained(other, seen if seen is own else seen.where(kept), name), kind))
    table.append(Row(from_nothing(model, own, train, NOTHING), "finetune"))
    table.append(Row(from_nothing(model, own, train, RANDOM), "probe", UNTRAINED_SEEDS))
    smallest = min(len(round.train) for round in study.rounds)
    wanted, fractions = fractions, worthwhile(list(fractions), smallest)
    ways = {row.contender.name: row.way for row in table}
    found = _all_fractions(study, table, fractions, Path(log), most_steps)
    return entry_of(kind, model, task, corpus_name or Path(folder).name, study, ways, fractions, found) | {
        "notes": [*_left_out(wanted, fractions, smallest), *_notes(own, study, (model, *against))]
    }


def study_of(corpus: Corpus, task: Task, rows: pd.DataFrame, folds: Folds | None) -> tuple[Study, np.ndarray]:
    """The labelled recordings of a corpus with their parts, and a mask of shape (n,) that picks them.

    Raises
    ------
    EcgclipError
        Where no finding of the task has `FEWEST_POSITIVES` recordings with and without it among those that report.
    """
    findings, labels = labels_of(task, rows)
    kept = (labels != UNKNOWN).any(axis=1)
    if not kept.any():
        raise EcgclipError(f"No readable recording of this folder has a label of the task {task.name!r}.")
    labels = labels[kept]
    names = np.array(corpus.records)[kept]
    persons = np.where(corpus.patients[kept] == "", names, corpus.patients[kept])
    numbers = corpus.folds[kept]
    rounds = (
        [round_of_folds(numbers, persons, folds or Folds())] if numbers.any() else rounds_by_person(persons, labels)
    )
    reporting = labels[np.concatenate([round.test for round in rounds])]
    enough = np.minimum((reporting == HOLDS).sum(axis=0), (reporting == ABSENT).sum(axis=0)) >= FEWEST_POSITIVES
    if not enough.any():
        raise EcgclipError(
            f"No finding of the task {task.name!r} has {FEWEST_POSITIVES} recordings with it and as many without among "
            "those that report."
        )
    asked = tuple(finding for finding, keep in zip(findings, enough, strict=True) if keep)
    labels = labels[:, enough]
    recordings = identity_of(list(names))
    return Study(identity_of(recordings, asked, labels), recordings, asked, labels, persons, rounds), kept


def _all_fractions(study: Study, table: list[Row], fractions: list[float], log: Path, most_steps: int) -> list[dict]:
    """For each fraction: the rows that teach in each draw and round, and the scores of every model."""
    draws = [
        [
            beginnings(study.persons, study.labels, round.train, fractions, seed=1000 * draw + number)
            for number, round in enumerate(study.rounds)
        ]
        for draw in range(DRAWS)
    ]
    found = []
    for place, fraction in enumerate(fractions):
        few = len(draws[0][0][place]) < FEW_RECORDINGS and fraction < 1 and len(study.rounds) == 1
        taught = [[rows[place] for rows in draw] for draw in draws[: DRAWS if few else 1]]
        scores = {}
        for row in tqdm(table, desc=f"{fraction:.0%} of the labels", unit="model"):
            runs = max(len(taught), row.seeds)
            scores[row.contender.name] = [
                _run(study, row, taught[run % len(taught)], run, log, most_steps) for run in range(runs)
            ]
        found.append({"taught": taught, "scores": scores})
    return found


def _run(study: Study, row: Row, taught: list[np.ndarray], seed: int, log: Path, most_steps: int) -> dict:
    """One model, one draw: all rounds pooled."""
    trials = [Trial(round, rows, seed) for round, rows in zip(study.rounds, taught, strict=True)]
    if row.way == "probe":
        rounds = [probe_scores(study, row.contender, trial, log) for trial in trials]
    else:
        rounds = [finetune_scores(study, row.contender, trial, log, most_steps) for trial in trials]
    scores, decided = pooled(rounds, [study.labels[round.choose] for round in study.rounds])
    return {"scores": scores, "decided": decided, "chosen": [scored.noted for scored in rounds]}


def _left_out(wanted: tuple[float, ...], kept: list[float], recordings: int) -> list[str]:
    small = sorted(set(wanted) - set(kept))
    words = " and ".join(f"{fraction:.0%}" for fraction in small)
    return [f"{words} of {recordings} recordings are fewer than {FEWEST_RECORDINGS} and left out."] if small else []


def _notes(corpus: Corpus, study: Study, models: tuple[ECGCLIP, ...]) -> list[str]:
    """What a reader of the table has to know, in sentences."""
    notes = []
    if len(study.rounds) > 1:
        notes.append(
            f"Cross-validated by person in {len(study.rounds)} rounds: in each, one part chose, one reported and the "
            "others taught."
        )
    for each in models:
        seen = set(each.config.get("trained_on", {}).get("folds", ()))
        for part, words in (("test", "report"), ("choose", "choose")):
            rows = np.concatenate([getattr(round, part) for round in study.rounds])
            if shared := seen & set(corpus.folds[rows].tolist()):
                notes.append(
                    f"The checkpoint {each.name} was pre-trained on the folds {', '.join(map(str, sorted(shared)))} "
                    f"of its corpus; if this is the same corpus, recordings that {words} are not new to it."
                )
    return notes
