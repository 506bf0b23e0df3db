"""Simulated recordings as a corpus: what was put in is what is known."""

import hashlib
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ecgclip_core.corpora.corpus import ABSENT, HOLDS, UNKNOWN, Corpus
from ecgclip_core.corpora.shards import Shards, facts_of, is_written, write_shard
from ecgclip_core.errors import EcgclipError
from ecgclip_core.findings.catalogue import ancestors, children
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.feature_truth import features_that_hold
from ecgclip_core.simulation.simulate import simulate

CHUNK = 256
WITH_FEATURES = 1536
NORMAL = "normal_ecg"


def simulate_corpus(number: int, preprocessing: Preprocessing, cache: str | Path, first_seed: int = 0) -> Corpus:
    """Simulate recordings, the conditions in turn, each with a seed of its own.

    Parameters
    ----------
    number : int
    preprocessing : Preprocessing
    cache : path
        A folder for the prepared signals; an interrupted call goes on where it stopped.
    first_seed : int
        Training keeps below 1,000,000; tests and benchmarks begin there.

    Returns
    -------
    Corpus
        A finding that no condition shows is `UNKNOWN` throughout.

    Raises
    ------
    EcgclipError
        Where none is asked for.
    """
    if number < 1:
        raise EcgclipError("A corpus of simulated recordings needs at least one; give a larger number.")
    conditions = list(CONDITIONS)
    place = Path(cache) / f"simulated-{_key(preprocessing)}"
    place.mkdir(parents=True, exist_ok=True)
    chunks = [range(start, min(start + CHUNK, number)) for start in range(0, number, CHUNK)]
    files = [place / f"{first_seed}-{chunk.start}-{chunk.stop}.npy" for chunk in chunks]
    with tqdm(total=number, desc="Simulating", unit="recording") as bar:
        for chunk, file in zip(chunks, files, strict=True):
            if not is_written(file):
                _simulate_chunk(chunk, conditions, first_seed, preprocessing, file)
            bar.update(len(chunk))
    facts = [facts_of(file) for file in files]
    records = [f"{conditions[row % len(conditions)]}/{first_seed + row}" for row in range(number)]
    held = [text.split() for part in facts for text in part["findings"]]
    held = [
        {name for finding in findings for name in (finding, *(entry.id for entry in ancestors(finding)))}
        for findings in held
    ]
    findings = tuple(sorted(set().union(*held)))
    labels = np.stack([_known(row, findings) for row in held])
    return Corpus(
        tuple(records),
        Shards(files, [len(chunk) for chunk in chunks]),
        np.ones(number, dtype=bool),
        findings,
        labels,
        ((),) * number,
        np.array([f"simulated-{row}" for row in range(number)]),
        np.zeros(number, dtype=int),
        np.concatenate([part["ages"] for part in facts]),
    )


def simulated_features(number: int, cache: str | Path, first_seed: int = 0) -> tuple[tuple[str, ...], np.ndarray]:
    """Whether each waveform feature of the catalogue holds in the recordings of `simulate_corpus`.

    Parameters
    ----------
    number, cache, first_seed
        As for `simulate_corpus`; an interrupted call goes on where it stopped.

    Returns
    -------
    features : tuple of str
        Those that the simulator's truth decides.
    labels : ndarray of int8, shape (number, g)
        `UNKNOWN` where the truth of a recording does not say, and beyond the first `WITH_FEATURES` recordings, which
        are enough to learn from.
    """
    conditions = list(CONDITIONS)
    place = Path(cache) / "simulated"
    place.mkdir(parents=True, exist_ok=True)
    held: list[dict[str, bool]] = []
    known = min(number, WITH_FEATURES)
    with tqdm(total=known, desc="Features of simulations", unit="recording") as bar:
        for start in range(0, known, CHUNK):
            rows = range(start, min(start + CHUNK, known))
            file = place / f"features-{first_seed}-{rows.start}-{rows.stop}.json"
            if not file.is_file():
                seeds = [(conditions[row % len(conditions)], first_seed + row) for row in rows]
                found = [features_that_hold(simulate(condition, seed).truth) for condition, seed in seeds]
                file.write_text(json.dumps(found), encoding="utf-8")
            held += json.loads(file.read_text(encoding="utf-8"))
            bar.update(len(rows))
    features = tuple(sorted(set().union(*held)))
    labels = np.full((number, len(features)), UNKNOWN, dtype=np.int8)
    for row, found in enumerate(held):
        labels[row] = [int(found.get(text, UNKNOWN)) for text in features]
    return features, labels


def _known(held: set[str], findings: tuple[str, ...]) -> np.ndarray:
    """What a simulated recording says of each finding.

    A simulated bundle branch block has ST-T changes that nobody put in as such. So of a recording that is not normal,
    the classes it does not hold are unknown; and whether it is normal is known only where a class excludes it.
    """
    excluding = {"myocardial_infarction", "st_t_change", "conduction_disturbance", "hypertrophy"}
    labels = np.full(len(findings), ABSENT, dtype=np.int8)
    for column, finding in enumerate(findings):
        if finding in held:
            labels[column] = HOLDS
        elif NORMAL not in held and (len(children(finding)) > 1 or (finding == NORMAL and not excluding & held)):
            labels[column] = UNKNOWN
    return labels


def _simulate_chunk(
    rows: range, conditions: list[str], first_seed: int, preprocessing: Preprocessing, file: Path
) -> None:
    signals = np.zeros((len(rows), 12, preprocessing.length), dtype=np.float16)
    findings, ages = [], []
    for place, row in enumerate(rows):
        ecg = simulate(conditions[row % len(conditions)], seed=first_seed + row)
        signals[place] = preprocessing.windows(ecg)[0][0]
        findings.append(" ".join(ecg.truth.findings))
        ages.append(ecg.patient.age if ecg.patient.age is not None else np.nan)
    write_shard(file, signals, findings=np.array(findings), ages=np.array(ages, dtype=float))


def _key(preprocessing: Preprocessing) -> str:
    return hashlib.sha256(json.dumps(preprocessing.to_dict(), sort_keys=True).encode()).hexdigest()[:12]
