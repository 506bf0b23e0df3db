"""Zero-shot answers: a question becomes prompts and a contrast, and an ECG is nearer to one of the two."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.special import expit
from torch import Tensor

from ecgclip_core.ecg.recording import ECG
from ecgclip_core.errors import QuestionError
from ecgclip_core.findings.catalogue import Finding, children, find
from ecgclip_core.findings.translation import to_english
from ecgclip_core.model.ecgclip import ECGCLIP, LONGEST_TEXT

# Small changes of the input that leave its meaning alone: shifts in seconds, gains, the highest frequency kept is the
# preprocessing's. The spread of the answers over them is the interval of a score.
VIEW_SHIFTS_S = (0.0, -0.04, 0.04, -0.15, 0.15, 0.0, 0.0)
VIEW_GAINS = (1.0, 1.0, 1.0, 1.0, 1.0, 0.93, 1.07)
INTERVAL_Z = 1.96
REPEATED_SHARE = 0.5


@dataclass(frozen=True)
class Query:
    """A question as the model is asked it.

    Attributes
    ----------
    text : str
        What the reader wrote.
    name : str
        What it was understood as: a catalogue entry's name, or the text itself.
    finding : str or None
        Identifier of the catalogue entry.
    statements : tuple of tuples of str
        For each statement (an entry and those below it) its wordings; the question holds if one of them does.
    contrast : tuple of str
        Wordings of the opposite.
    understood : bool
        False for text that is not about an ECG.
    scope : str
        ``"ecg"``, ``"beyond"`` what an ECG can show, or ``"none"``.
    basis : str
        ``"real"``, ``"simulated"`` or ``"never taught"``: the recordings that taught the finding.
    n : int
        Real recordings with the finding that its score was checked on; 0 where there were too few to check.
    """

    text: str
    name: str
    finding: str | None
    statements: tuple[tuple[str, ...], ...]
    contrast: tuple[str, ...]
    understood: bool
    scope: str
    basis: str
    n: int


def ask(model: ECGCLIP, question: str) -> Query:
    """Turn a question into prompts.

    Parameters
    ----------
    model : ECGCLIP
    question : str
        The name, a synonym or a code of a catalogue entry, or any other words.

    Returns
    -------
    Query

    Raises
    ------
    QuestionError
        Where the question is empty or too long.
    """
    text = " ".join(question.split())
    if not text:
        raise QuestionError("The question is empty. Ask about a finding, for example: atrial fibrillation")
    if len(text) > LONGEST_TEXT:
        raise QuestionError(
            f"The question has {len(text):,} characters; at most {LONGEST_TEXT:,} can be read. "
            "Ask about one finding at a time."
        )
    finding = find(text)
    if finding is not None:
        return ask_finding(model, finding, text)
    english = to_english(text)
    finding = find(english)
    if finding is not None:
        return ask_finding(model, finding, text)
    scope, _ = model.scope_of(english)
    return Query(text, english, None, ((english,),), (f"no {english}",), scope == "ecg", scope, "never taught", 0)


def ask_finding(model: ECGCLIP, finding: Finding, text: str | None = None) -> Query:
    """The question for a catalogue entry: its own prompts and those of the entries below it."""
    entries = children(finding.id)
    real = set(model.config.get("taught_by_recordings", ()))
    if finding.id in real:
        # What only simulated recordings taught would add noise to a question that real ones taught.
        entries = [entry for entry in entries if entry.id in real]
    statements = tuple(tuple(entry.prompts) for entry in entries)
    basis, n = _basis(model, finding.id)
    return Query(
        text or finding.name, finding.name, finding.id, statements, tuple(finding.contrast), True, "ecg", basis, n
    )


def evidence(model: ECGCLIP, signal: Tensor, query: Query) -> Tensor:
    """How likely the question holds, in logits before calibration: that of its likeliest statement.

    Parameters
    ----------
    model : ECGCLIP
    signal : Tensor, shape (b, d)
        Vectors of length 1 from ``embed_signal``; the result is differentiable in them.
    query : Query

    Returns
    -------
    Tensor, shape (b,)
    """
    text = torch.stack([_mean_vector(model, wordings) for wordings in query.statements])
    return model.logits(signal, text).amax(dim=1)


def margin(model: ECGCLIP, signal: Tensor, query: Query) -> Tensor:
    """How much nearer an ECG is to the question than to its contrast: what an attribution explains.

    Scores rest on `evidence` alone: on fold 8 of PTB-XL, trained on folds 1-7, subtracting the contrast lowered the
    macro PRAUC of the superclasses from 0.726 to 0.682.

    Parameters and result as in `evidence`.
    """
    opposite = model.logits(signal, _mean_vector(model, query.contrast)[None])[:, 0]
    return evidence(model, signal, query) - opposite


def _mean_vector(model: ECGCLIP, wordings: tuple[str, ...]) -> Tensor:
    return torch.nn.functional.normalize(model.embed_text(list(wordings)).mean(dim=0), dim=0)


def views(model: ECGCLIP, ecg: ECG) -> Tensor:
    """Vectors of length 1, shape (v, d), of the recording as it is and of slightly changed copies of it."""
    windows, _ = model.preprocessing.windows(ecg)
    rate = model.preprocessing.sampling_rate
    changed = np.concatenate(
        [
            gain * np.roll(windows, round(shift * rate), axis=2)
            for shift, gain in zip(VIEW_SHIFTS_S, VIEW_GAINS, strict=True)
        ]
    )
    vectors = torch.from_numpy(model.encode_windows(changed)).reshape(len(VIEW_GAINS), len(windows), -1)
    return torch.nn.functional.normalize(vectors.mean(dim=1), dim=1)


def answer(model: ECGCLIP, vectors: Tensor, query: Query) -> tuple[float, float, float, float]:
    """Score, low, high and similarity of one recording, from its `views`."""
    with torch.no_grad():
        logits = evidence(model, vectors, query).numpy()
    slope, intercept = _calibration_of(model, query.finding)
    spread = INTERVAL_Z * logits.std(ddof=1)
    low, score, high = expit(slope * (logits[0] + np.array([-spread, 0, spread])) + intercept)
    return float(score), float(low), float(high), float(logits[0])


def zero_shot(model: ECGCLIP, ecgs: list[ECG], queries: list[str | Query]) -> pd.DataFrame:
    """Ask every recording every question.

    Parameters
    ----------
    model : ECGCLIP
    ecgs : list of ECG
        n recordings.
    queries : list of str or Query
        m questions.

    Returns
    -------
    DataFrame, n * m rows, ECG by ECG
        ``ecg`` (its name), ``query``, ``score`` in [0, 1], ``low`` and ``high`` (95 % interval over small changes of
        the input), ``similarity`` (the evidence in logits), ``understood``, ``scope``, ``basis``, ``n``, ``name``,
        ``finding``.
    """
    asked = [query if isinstance(query, Query) else ask(model, query) for query in queries]
    rows = []
    for ecg in ecgs:
        vectors = views(model, ecg)
        for query in asked:
            score, low, high, similarity = answer(model, vectors, query)
            rows.append(
                {
                    "ecg": ecg.name,
                    "query": query.text,
                    "score": score,
                    "low": low,
                    "high": high,
                    "similarity": similarity,
                    "understood": query.understood,
                    "scope": query.scope,
                    "basis": query.basis,
                    "n": query.n,
                    "name": query.name,
                    "finding": query.finding,
                }
            )
    return pd.DataFrame(rows)


def ranked_findings(model: ECGCLIP) -> list[str]:
    """Identifiers of the findings a page may rank: checked on real recordings and found better than chance there."""
    return [finding for finding, entry in model.calibration["findings"].items() if entry["better_than_chance"]]


def most_specific_first(answers: pd.DataFrame) -> pd.DataFrame:
    """Answers about one recording, likeliest first, with classes that only repeat one of their members at the end.

    Parameters
    ----------
    answers : DataFrame
        Rows of `zero_shot` about catalogue entries.

    Returns
    -------
    DataFrame
        The same rows. A class repeats a member whose score is at least `REPEATED_SHARE` of its own: "conduction
        disturbance" has little to add to "left bundle branch block".
    """
    scores = dict(zip(answers["finding"], answers["score"], strict=True))

    def repeats(row) -> bool:
        members = (entry.id for entry in children(row.finding) if entry.id != row.finding)
        return any(scores.get(member, 0.0) >= REPEATED_SHARE * row.score for member in members)

    repeated = np.array([repeats(row) for row in answers.itertuples()], dtype=bool)
    return answers.iloc[np.lexsort((-answers["score"], repeated))].reset_index(drop=True)


def _basis(model: ECGCLIP, finding: str) -> tuple[str, int]:
    entry = model.calibration["findings"].get(finding)
    if entry:
        return "real", int(entry["positives"])
    if finding in model.config.get("taught_by_recordings", ()):
        return "real", 0
    return ("simulated" if finding in model.config.get("taught_by_simulation", ()) else "never taught"), 0


def _calibration_of(model: ECGCLIP, finding: str | None) -> tuple[float, float]:
    levels = (model.calibration["findings"], model.calibration["simulated"])
    entry = next((level[finding] for level in levels if finding in level), model.calibration["other"])
    return entry["slope"], entry["intercept"]
