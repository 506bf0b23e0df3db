"""What a checkpoint's clusters over time are worth, on recordings that neither the model nor the clusters saw.

    python benchmarks/clusters.py --data FOLDER_OF_PTBXL --ludb FOLDER_OF_LUDB [--checkpoint NAME] [--cache FOLDER]

Folds 1-8 teach the forest and give the thresholds, fold 9 reports. LUDB's waves by hand (doi:10.13026/eegm-h675) only
report. Goes on where it was stopped. Writes ``clusters_checks.json`` into the checkpoint's folder, which the clusters
page shows; ``docs/clusters.md`` says what is measured.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from measurement import beats_by_hand, drawn_by_hand
from tqdm import tqdm

import ecgclip_core as ecgclip
from ecgclip_core.corpora.corpus import UNKNOWN, Corpus
from ecgclip_core.corpora.folder import read_folder
from ecgclip_core.evaluation.cluster_checks import (
    best_thresholds,
    occlusion_agreement,
    repeated_decisions,
    wave_agreement,
    write_checks,
    wrong_labels_found,
)
from ecgclip_core.evaluation.tasks import task_named
from ecgclip_core.evaluation.zero_shot import query_of
from ecgclip_core.interpretation.cluster_description import description_of
from ecgclip_core.interpretation.cluster_forest import Forest, fit_forest
from ecgclip_core.interpretation.cluster_occlusion import mean_activation, occlude_each, proportions_without
from ecgclip_core.interpretation.cluster_proportions import Proportions, in_batches, joined
from ecgclip_core.interpretation.clusters import clusters_of, segment
from ecgclip_core.interpretation.waves import WAVES, wave_at
from ecgclip_core.model.checkpoint import load_model
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.model.zero_shot import evidence

TAUGHT, REPORTED = range(1, 9), 9
OCCLUDED = 60  # recordings
MEAN_OF = 128  # recordings, for the mean activation
KEPT_EVERY = 8  # batches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="PTB-XL, or a folder of its form")
    parser.add_argument("--ludb", type=Path, help="left out: no waves by hand")
    parser.add_argument("--checkpoint")
    parser.add_argument("--cache", type=Path, default=Path("runs/clusters"))
    parser.add_argument("--signals", type=Path, help="cache of prepared signals, if not the same")
    parser.add_argument("--taught", type=int, help="at most so many recordings of folds 1-8")
    chosen = parser.parse_args()
    model = load_model(chosen.checkpoint)
    corpus = read_folder(chosen.data, model.preprocessing, chosen.signals or chosen.cache)
    corpus = corpus.where(_chosen_rows(corpus.folds, chosen.taught))
    held = _held(model, corpus, chosen.cache)
    questions = [label.finding for label in task_named("ptbxl-super").labels]
    scores = _scores(model, held.vectors)
    taught, reported = np.isin(corpus.folds, TAUGHT), corpus.folds == REPORTED
    forest = fit_forest(held.proportions[taught], scores[taught])
    checks = {"checkpoint": model.hash, "clusters": clusters_of(model).k, "questions": questions}
    checks["corpus"] = {"taught": int(taught.sum()), "reported": int(reported.sum()), "fold": REPORTED}
    checks["forest"] = _forest_check(corpus, held, scores, forest, taught, reported, questions)
    checks["mislabelled"] = wrong_labels_found(
        scores[reported],
        corpus.with_findings(tuple(questions)).labels[reported],
        questions,
        corpus.patients[reported],
        held.entropy[reported],
    )
    write_checks(model.folder, checks)
    checks["occlusion"] = _occlusion_check(model, corpus, held, scores, forest, taught, reported)
    write_checks(model.folder, checks)
    if chosen.ludb:
        checks["waves"] = _waves_check(model, chosen.ludb)
    print(json.dumps(json.loads(write_checks(model.folder, checks).read_text(encoding="utf-8")), indent=1))


def _chosen_rows(folds: np.ndarray, most: int | None) -> np.ndarray:
    """Fold 9 and all, or a random part, of folds 1-8."""
    chosen = np.isin(folds, TAUGHT)
    if most is not None:
        chosen[np.random.default_rng(0).permutation(np.flatnonzero(chosen))[most:]] = False
    return chosen | (folds == REPORTED)


def _held(model: ECGCLIP, corpus: Corpus, cache: Path) -> Proportions:
    """Clusters and vectors of every recording; kept as the work goes on."""
    file = cache / f"{model.hash}-{len(corpus)}.npz"
    cache.mkdir(parents=True, exist_ok=True)
    names = ("proportions", "entropy", "vectors")
    parts = [Proportions(*(np.load(file)[name] for name in names))] if file.is_file() else []
    done = sum(len(part) for part in parts)
    with tqdm(total=len(corpus), initial=done, desc="Reading clusters", unit="recording") as bar:
        rest = corpus.where(np.arange(len(corpus)) >= done)
        for number, part in enumerate(in_batches(model, clusters_of(model), rest.signals), start=1):
            parts.append(part)
            bar.update(len(part))
            if number % KEPT_EVERY == 0 or bar.n == len(corpus):
                parts = [joined(parts)]
                np.savez(file.with_suffix(".new.npz"), **{name: getattr(parts[0], name) for name in names})
                file.with_suffix(".new.npz").replace(file)
    return joined(parts)


def _scores(model: ECGCLIP, vectors: np.ndarray) -> np.ndarray:
    """The model's logits of the superclasses, shape (..., f)."""
    flat = torch.from_numpy(vectors.reshape(-1, vectors.shape[-1]))
    queries = [query_of(model, label) for label in task_named("ptbxl-super").labels]
    with torch.no_grad():
        columns = [evidence(model, flat, query).numpy() for query in queries]
    return np.stack(columns, axis=1).astype(float).reshape(*vectors.shape[:-1], len(queries))


def _forest_check(
    corpus: Corpus,
    held: Proportions,
    scores: np.ndarray,
    forest: Forest,
    taught: np.ndarray,
    reported: np.ndarray,
    questions: list[str],
) -> dict:
    labels = corpus.with_findings(tuple(questions)).labels
    truth, known = labels == 1, labels != UNKNOWN
    thresholds = best_thresholds(truth[taught], known[taught], scores[taught])
    answered = forest.scores(held.proportions[reported])
    return repeated_decisions(
        scores[reported], answered, thresholds, truth[reported], known[reported], corpus.patients[reported]
    )


def _occlusion_check(
    model: ECGCLIP,
    corpus: Corpus,
    held: Proportions,
    scores: np.ndarray,
    forest: Forest,
    taught: np.ndarray,
    reported: np.ndarray,
) -> dict:
    """Answers with each cluster taken away, beside what the forest makes of the proportions that are left."""
    dictionary = clusters_of(model)
    random = np.random.default_rng(0)
    mean = mean_activation(model, corpus.signals[np.sort(random.permutation(np.flatnonzero(taught))[:MEAN_OF])])
    replaced_by = dictionary.responsibilities(mean)
    rows = np.sort(random.permutation(np.flatnonzero(reported))[:OCCLUDED])
    seen, foretold = [], []
    for row in tqdm(rows, desc="Taking clusters away", unit="recording"):
        vectors = occlude_each(model, dictionary, corpus.signals[[row]][0].astype(np.float32), mean)
        seen.append((_scores(model, vectors) - scores[row]) / forest.scale)
        without = proportions_without(held.proportions[row], replaced_by)
        before = forest.scores(held.proportions[row][None])
        foretold.append((forest.scores(without) - before) / forest.scale)
    return occlusion_agreement(np.array(foretold), np.array(seen), corpus.patients[rows])


def _waves_check(model: ECGCLIP, folder: Path) -> dict:
    """Clusters and waves by hand at every moment between the first and the last beat that was annotated."""
    dictionary, named = clusters_of(model), description_of(model).waves
    tables = []
    headers = sorted((folder / "data").glob("*.hea"), key=lambda path: int(path.stem))
    for header in tqdm(headers, desc="Waves by hand", unit="recording"):
        ecg = ecgclip.read_ecg(header)
        hand = drawn_by_hand(header.with_suffix(""), ecg.sampling_rate)
        beats = beats_by_hand(hand)
        found = segment(model, ecg, dictionary)
        inside = (found.times >= beats[0]) & (found.times <= beats[-1])
        table = np.zeros((dictionary.k, len(WAVES)))
        np.add.at(table, (found.labels[inside], wave_at(hand, found.times[inside], ecg.sampling_rate)), 1)
        tables.append(table)
    return wave_agreement(np.array(tables), np.nan_to_num(named).argmax(axis=1))


if __name__ == "__main__":
    main()
