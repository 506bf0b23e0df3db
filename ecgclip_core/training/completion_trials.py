"""Completion tried on simulated recordings: right, wrong and invented proposals, and which are true.

The truth is what was put in (`simulation.feature_truth`): no measurement, nothing of the catalogue.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecgclip_core.bundled import ASSETS
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.findings.catalogue import ancestors, catalogue
from ecgclip_core.findings.feature_language import feature_sentence
from ecgclip_core.model.preprocessing import Preprocessing
from ecgclip_core.simulation.conditions import CONDITIONS
from ecgclip_core.simulation.feature_truth import feature_holds, features_that_hold
from ecgclip_core.simulation.simulate import simulate
from ecgclip_core.simulation.truth import Truth
from ecgclip_core.training.completion import measured_state
from ecgclip_core.training.proposers import Proposal, offline

CHUNK = len(CONDITIONS)  # one round of the conditions
# Half of them as most real recordings are stored, half as most are recorded.
SAMPLING_RATES = (500, 100)
COLUMNS = ("recording", "condition", "finding", "feature", "origin", "truth", "measured")
# Why a feature was proposed: for a finding that the recording has, for one that it does not have, or out of thin air.
RIGHT, WRONG, INVENTED = "finding held", "finding not held", "invented"
INVENTIONS = 4  # a recording


@dataclass(frozen=True, eq=False)
class Trials:
    """Simulated recordings and the proposals made for them.

    Attributes
    ----------
    rows : DataFrame
        One row a proposal: ``recording`` (its number), ``condition``, ``finding``, ``feature``, ``origin`` (`RIGHT`;
        `WRONG`, since each report states one finding too many; `INVENTED`), ``truth`` (1 true, 0 false, -1 undecided)
        and ``measured`` (a state of `completion.measured_state`).
    windows : ndarray of float16, shape (n, 12, length)
    sentences : tuple of str
        The catalogue's features.
    truth : ndarray of int8, shape (n, m)
        Of each sentence: 1 true, 0 false, -1 undecided.
    """

    rows: pd.DataFrame
    windows: np.ndarray
    sentences: tuple[str, ...]
    truth: np.ndarray


def try_completion(
    number: int, first_seed: int, preprocessing: Preprocessing, cache: str | Path, every: int = 1
) -> Trials:
    """Simulate recordings, the conditions in turn, and propose features for a report on each.

    Parameters
    ----------
    number, first_seed : int
    preprocessing : Preprocessing
    cache : path
        A folder; an interrupted call goes on where it stopped.
    every : int
        Proposals are made for every so many rounds of the conditions alone: measuring takes longest.

    Returns
    -------
    Trials
    """
    features = [feature for entry in catalogue().values() for feature in entry.features]
    sentences = tuple(dict.fromkeys(feature_sentence(feature) for feature in features))
    place = Path(cache) / f"completion-{_fingerprint(preprocessing)}"
    place.mkdir(parents=True, exist_ok=True)
    rows, windows, truth = [], [], []
    with tqdm(total=number, desc="Trying completion", unit="recording") as bar:
        for start in range(0, number, CHUNK):
            stop = min(start + CHUNK, number)
            proposed = start // CHUNK % every == 0
            file = place / f"{first_seed}-{start}-{stop}{'-proposed' if proposed else ''}.npz"
            if not file.is_file():
                _try_chunk(range(start, stop), first_seed, preprocessing, sentences, proposed, file, bar)
            else:
                bar.update(stop - start)
            with np.load(file, allow_pickle=False) as part:
                windows.append(part["windows"])
                truth.append(part["truth"])
                rows += json.loads(str(part["rows"]))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return Trials(table, np.concatenate(windows), sentences, np.concatenate(truth))


def report_on(truth: Truth, wrong: str | None = None) -> str:
    """A report that names what holds, the most specific findings alone, and one finding that does not."""
    implied = {parent.id for finding in truth.findings for parent in ancestors(finding)}
    stated = [finding for finding in truth.findings if finding not in implied]
    return ". ".join(catalogue()[finding].name for finding in [*stated, *([wrong] if wrong else [])])


def wrong_finding(truth: Truth, rng: np.random.Generator) -> str:
    """A finding that can be simulated and that this recording does not have."""
    others = [finding for finding in CONDITIONS if finding not in truth.findings]
    return others[int(rng.integers(len(others)))]


def _try_chunk(
    numbers: range,
    first_seed: int,
    preprocessing: Preprocessing,
    sentences: tuple[str, ...],
    proposed: bool,
    file: Path,
    bar: tqdm,
) -> None:
    conditions = list(CONDITIONS)
    windows = np.zeros((len(numbers), 12, preprocessing.length), dtype=np.float16)
    truth = np.full((len(numbers), len(sentences)), -1, dtype=np.int8)
    rows = []
    for place, number in enumerate(numbers):
        condition, seed = conditions[number % len(conditions)], first_seed + number
        ecg = simulate(condition, seed, SAMPLING_RATES[number // len(conditions) % len(SAMPLING_RATES)])
        windows[place] = preprocessing.windows(ecg)[0][0]
        held = features_that_hold(ecg.truth)
        truth[place] = [int(held[sentence]) if sentence in held else -1 for sentence in sentences]
        if proposed:
            rows += [(number, condition, *row) for row in _proposals(ecg, seed)]
        bar.update()
    partial = file.with_suffix(".part")
    with partial.open("wb") as opened:
        np.savez(opened, windows=windows, truth=truth, rows=np.array(json.dumps(rows)))
    partial.replace(file)


def _proposals(ecg: ECG, seed: int) -> list[tuple]:
    rng = np.random.default_rng(seed)
    proposals = offline(report_on(ecg.truth, wrong_finding(ecg.truth, rng)))
    origins = [RIGHT if proposal.finding in ecg.truth.findings else WRONG for proposal in proposals]
    inventions = _inventions(proposals, rng)
    rows = []
    for proposal, origin in zip(proposals + inventions, origins + [INVENTED] * len(inventions), strict=True):
        holds = feature_holds(proposal.feature, ecg.truth)
        state, _ = measured_state(ecg, proposal)
        rows.append((proposal.finding, proposal.feature, origin, -1 if holds is None else int(holds), state))
    return rows


def _inventions(proposals: list[Proposal], rng: np.random.Generator) -> list[Proposal]:
    """Features that belong to none of the findings, as a careless language model names them."""
    known = {proposal.feature for proposal in proposals}
    others = sorted({feature_sentence(feature) for entry in catalogue().values() for feature in entry.features} - known)
    return [Proposal("", others[place], "invented") for place in rng.choice(len(others), INVENTIONS, replace=False)]


def _fingerprint(preprocessing: Preprocessing) -> str:
    """Of what the results rest on besides the code: a changed catalogue, list of words or window is tried anew."""
    features = [
        (entry.id, feature.text, feature.leads, feature.measured)
        for entry in catalogue().values()
        for feature in entry.features
    ]
    words = (ASSETS / "features.toml").read_text(encoding="utf-8")
    return hashlib.sha256(json.dumps([features, words, repr(preprocessing)]).encode()).hexdigest()[:12]
