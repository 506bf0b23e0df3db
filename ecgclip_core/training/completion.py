"""FG-CLEP's completion: features that a report leaves out are proposed, and each is held against this very ECG.

A diagnosis has several possible features, of which an ECG shows some, and a language model invents others. So every
proposal is checked twice: by the measured ECG where the feature is measurable, and by a coarse model, whose similarity
to the sentence must pass a threshold (`thresholds`). What the measured ECG contradicts is rejected, whatever the model
says. What it confirms beyond the error of the measurement is kept unless the model sees hardly anything of it. All
else (near its limit, or not measurable) is kept only where the model is sure. Doi:10.48550/arXiv.2505.11939.
"""

import numpy as np
import pandas as pd

from ecgclip_core.ecg.facts import facts
from ecgclip_core.ecg.recording import ECG
from ecgclip_core.findings.catalogue import catalogue
from ecgclip_core.findings.criteria import values
from ecgclip_core.findings.expressions import evaluate
from ecgclip_core.findings.features import measurable
from ecgclip_core.findings.german_features import english
from ecgclip_core.findings.margins import with_margins
from ecgclip_core.model.ecgclip import ECGCLIP
from ecgclip_core.training.proposers import Proposal, Proposer, offline
from ecgclip_core.training.thresholds import CONFIRMED, NEAR_LIMIT, OPEN, Thresholds, load_thresholds

COLUMNS = ("feature", "finding", "source", "similarity", "threshold", "measured", "state", "reason")
KEPT, REJECTED = "kept", "rejected"
CONTRADICTED = "contradicted"
_WHY_KEPT = {
    CONFIRMED: "measured, and the model agrees",
    NEAR_LIMIT: "measured close to its limit, and the model is sure",
    OPEN: "not measurable, and the model is sure",
}
_WHY_REJECTED = {
    CONFIRMED: "measured, but the model sees next to nothing of it",
    NEAR_LIMIT: "measured close to its limit, and the model is not sure",
    OPEN: "not measurable, and the model is not sure",
}


def complete(ecg: ECG, report: str, model: ECGCLIP, proposer: Proposer = offline) -> pd.DataFrame:
    """The waveform features that a report leaves out, each kept or rejected with the reason.

    Parameters
    ----------
    ecg : ECG
    report : str
        In English, German or Swedish.
    model : ECGCLIP
        The coarse model, with the thresholds that ``ecgclip fit-completion`` wrote for it.
    proposer : callable, optional
        Takes the report and gives proposals: `offline` from the catalogue, or ``asking(endpoint, cache)``.

    Returns
    -------
    DataFrame
        One row a proposal: ``feature`` (a sentence), ``finding`` (what the report states and it belongs to),
        ``source`` ("catalogue" or "endpoint"), ``similarity`` of the sentence to this ECG (cosine), ``threshold`` that
        it has to reach, ``measured`` (the numbers that decide, or why there are none), ``state`` ("kept" or
        "rejected") and ``reason``. Without rows where the report states no finding.

    Raises
    ------
    EndpointError
        Where an endpoint is asked and does not answer.
    """
    return check_proposals(ecg, proposer(report), model, load_thresholds(model))


def check_proposals(ecg: ECG, proposals: list[Proposal], model: ECGCLIP, thresholds: Thresholds | None) -> pd.DataFrame:
    """Hold proposals against an ECG; parameters and result as in `complete`."""
    to_check = [proposal for proposal in proposals if not proposal.fault]
    similar = iter(similarities(ecg, [proposal.feature for proposal in to_check], model) if to_check else ())
    rows = []
    for proposal in proposals:
        name = catalogue()[proposal.finding].name if proposal.finding in catalogue() else proposal.finding
        start = (proposal.feature, name, proposal.source)
        if proposal.fault:
            rows.append((*start, np.nan, np.nan, "", REJECTED, proposal.fault))
        else:
            rows.append((*start, *_checked(ecg, proposal, float(next(similar)), model, thresholds)))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"similarity": float, "threshold": float})


def similarities(ecg: ECG, sentences: list[str], model: ECGCLIP) -> np.ndarray:
    """Cosine of an ECG with each of m sentences, shape (m,)."""
    return model.encode_text([english(sentence) for sentence in sentences]) @ model.encode_ecg([ecg])[0]


def measured_state(ecg: ECG, proposal: Proposal) -> tuple[str, str]:
    """What the measured ECG says of a proposal.

    Returns
    -------
    state : str
        `CONTRADICTED`, `CONFIRMED` (also with the error of every measurement), `NEAR_LIMIT`, or `OPEN` where it cannot
        tell.
    values : str
        The numbers it rests on, or why there are none.
    """
    check = measurable(proposal.feature, proposal.finding)
    if check is None:
        return OPEN, "no measurement says this"
    outcome = evaluate(check.expression, facts(ecg))
    if outcome.state is False:
        return CONTRADICTED, values(outcome.used)
    if outcome.state is None or not check.complete:
        return OPEN, values(outcome.used)
    surely = evaluate(check.expression, with_margins(facts(ecg))).state
    return (CONFIRMED if surely else NEAR_LIMIT), values(outcome.used)


def _checked(
    ecg: ECG, proposal: Proposal, similarity: float, model: ECGCLIP, thresholds: Thresholds | None
) -> tuple[float, float, str, str, str]:
    """Similarity, threshold, measured values, state and reason of one proposal."""
    state, numbers = measured_state(ecg, proposal)
    if state == CONTRADICTED:
        return similarity, np.nan, numbers, REJECTED, "the measured ECG contradicts it"
    if thresholds is None:
        if state == CONFIRMED:
            return similarity, np.nan, numbers, KEPT, "measured; this checkpoint has no thresholds to ask the model by"
        return similarity, np.nan, numbers, REJECTED, "this checkpoint has no thresholds (ecgclip fit-completion)"
    threshold = thresholds.of(english(proposal.feature), state, model)
    kept = similarity >= threshold
    return similarity, threshold, numbers, (KEPT if kept else REJECTED), (_WHY_KEPT if kept else _WHY_REJECTED)[state]
